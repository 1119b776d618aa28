/* Mode 12h, 640x480 in 16 colours: boxes inside boxes, each turned a little, mirrored across the screen. */
#include "demo.h"

static void drawing_begin(void)
{
    outw(0x3CE, 0x0205); /* write mode 2 */
    outw(0x3C4, 0x0F02);
}

static void dot(int x, int y, u8 c)
{
    u32 at = (u32)(y * 80 + x / 8);
    outw(0x3CE, (u16)((0x80 >> (x & 7)) << 8 | 8));
    (void)peek8(0xA000, at);
    poke8(0xA000, at, c);
}

static void line(int x0, int y0, int x1, int y1, u8 c)
{
    int dx = x1 > x0 ? x1 - x0 : x0 - x1, dy = y1 > y0 ? y1 - y0 : y0 - y1, sx = x0 < x1 ? 1 : -1, sy = y0 < y1 ? 1 : -1;
    int error = dx - dy;
    for (;;) {
        dot(x0, y0, c);
        if (x0 == x1 && y0 == y1)
            return;
        int twice = 2 * error;
        if (twice > -dy) {
            error -= dy;
            x0 += sx;
        }
        if (twice < dx) {
            error += dx;
            y0 += sy;
        }
    }
}

/* A ramp from night blue over violet to gold in entries 1-15, through the EGA palette's indirection made straight. */
static void palette(u32 turn)
{
    for (u32 i = 0; i < 16; i++) {
        u32 a = (i * 16 + turn) & 255;
        outb(0x3C8, (u8)i);
        outb(0x3C9, i ? (u8)(36 + sine(a + 190) * 27 / 16384) : 2);
        outb(0x3C9, i ? (u8)(30 + sine(a + 140) * 24 / 16384) : 2);
        outb(0x3C9, i ? (u8)(38 + sine(a + 40) * 25 / 16384) : 8);
    }
}

/* Corners slide a twelfth along the sides: the classic pursuit curve. */
static void pursuit(int left, int top, int size, bool mirror)
{
    int x[4] = {left, left + size, left + size, left}, y[4] = {top, top, top + size, top + size};
    for (u8 n = 0; n < 45; n++) {
        int nx[4], ny[4];
        for (int i = 0; i < 4; i++) {
            int j = mirror ? (i + 3) & 3 : (i + 1) & 3;
            line(x[i] >> 4, y[i] >> 4, x[j] >> 4, y[j] >> 4, 1 + n / 3 % 15);
            nx[i] = x[i] + (x[j] - x[i]) / 12;
            ny[i] = y[i] + (y[j] - y[i]) / 12;
        }
        for (int i = 0; i < 4; i++)
            x[i] = nx[i], y[i] = ny[i];
    }
}

bool whirl(void)
{
    struct bregs r = {.eax = 0x0012};
    bios(0x10, &r);
    for (u8 i = 0; i < 16; i++) {
        r = (struct bregs){.eax = 0x1000, .ebx = (u32)i << 8 | i};
        bios(0x10, &r);
    }
    palette(0);
    drawing_begin();
    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 4; column++)
            pursuit(column * 160 << 4, row * 160 << 4, 159 << 4, (row + column) & 1);
    outw(0x3CE, 0x0005);
    outw(0x3CE, 0xFF08);
    u32 start = ticks(), last = start, turn = 0;
    bool key = false;
    while (ticks() - start < 90 && !(key = key_waiting())) {
        if (ticks() != last) {
            last = ticks();
            palette(turn += 5);
        }
        asm volatile("hlt");
    }
    return key;
}
