/* Mode 13h: a plasma of four waves under a name written large, colours running round the palette. */
#include "demo.h"

static u8 wave_x[320], wave_y[200], ring[256];
static u8 glyphs[7][8];

/* The 8x8 font is where every PC ROM has its first half: F000:FA6E. */
static void glyphs_read(void)
{
    static const char name[] = "TRUEBOX";
    for (int i = 0; i < 7; i++)
        for (int y = 0; y < 8; y++)
            glyphs[i][y] = peek8(0xF000, 0xFA6Eu + name[i] * 8 + y);
}

static void dac(u8 index, int r, int g, int b)
{
    outb(0x3C8, index);
    outb(0x3C9, (u8)r);
    outb(0x3C9, (u8)g);
    outb(0x3C9, (u8)b);
}

/* 0-191: a smooth round through deep blue, violet, orange and gold; 224 the letters, 225 their shadow. */
static void palette(void)
{
    for (u32 i = 0; i < 192; i++) {
        u32 a = i * 256 / 192;
        int r = 31 + sine(a + 160) * 31 / 16384, g = 20 + sine(a + 120) * 20 / 16384, b = 34 + sine(a) * 29 / 16384;
        dac((u8)i, r, g, b);
    }
    dac(224, 63, 63, 58);
    dac(225, 6, 4, 14);
}

static bool letter(int x, int y)
{
    if (x < 0 || y < 0 || x >= 7 * 40 || y >= 8 * 5)
        return false;
    return glyphs[x / 40][y / 5] & (0x80 >> (x % 40 / 5));
}

bool plasma(void)
{
    struct bregs r = {.eax = 0x0013};
    bios(0x10, &r);
    glyphs_read();
    palette();
    for (u32 i = 0; i < 256; i++)
        ring[i] = (u8)(48 + sine(i) * 47 / 16384);
    u32 start = ticks(), t = 0;
    bool key = false;
    static u8 line[320];
    while (ticks() - start < 110 && !(key = key_waiting())) {
        int bounce = 80 + sine(t * 2) * 26 / 16384;
        for (u32 x = 0; x < 320; x++)
            wave_x[x] = ring[(x + t * 2) & 255] + ring[(x * 2 + 64 - t) & 255];
        for (u32 y = 0; y < 200; y++)
            wave_y[y] = ring[(y * 2 - t * 3) & 255] + ring[(y + (u32)sine(t + y) / 512) & 255];
        for (int y = 0; y < 200; y++) {
            u32 shift = (u32)(sine((u32)y + t) / 400) & 255;
            bool in_name = y >= bounce - 2 && y < bounce + 44;
            for (u32 x = 0; x < 320; x++) {
                u32 v = wave_x[x] + wave_y[y] + ring[(x + (u32)y + shift) & 255] + t;
                v %= 192;
                if (in_name) {
                    int lx = (int)x - 20, ly = y - bounce;
                    if (letter(lx, ly))
                        v = 224;
                    else if (letter(lx - 3, ly - 3))
                        v = 225;
                }
                line[x] = (u8)v;
            }
            u16 ds;
            asm("movw %%ds,%0" : "=r"(ds));
            far_copy(0xA000, (u16)(y * 320), ds, (u16)(u32)line, 320);
        }
        t++;
    }
    return key;
}
