/* Text straight into B8000, the BIOS calls, and the sine table. */
#include "demo.h"

void bios(u8 vector, struct bregs *r)
{
    /* INT takes an immediate: the four that are needed. ES = DS throughout. */
    switch (vector) {
#define CASE(n) \
    case n: asm volatile("int $" #n : "+a"(r->eax), "+b"(r->ebx), "+c"(r->ecx), "+d"(r->edx) : : "cc", "memory"); break;
        CASE(0x10)
        CASE(0x12)
        CASE(0x15)
        CASE(0x16)
        CASE(0x1A)
#undef CASE
    }
}

u32 ticks(void)
{
    return peek32(0x40, 0x6C);
}

bool key_waiting(void)
{
    u8 none;
    u32 ax = 0x0100;
    asm volatile("int $0x16; setz %b1" : "+a"(ax), "=q"(none) : : "cc");
    return !none;
}

u16 key_read(void)
{
    struct bregs r = {.eax = 0};
    bios(0x16, &r);
    return (u16)r.eax;
}

void text(int row, int column, u8 attr, const char *s)
{
    for (u32 at = (u32)(row * 160 + column * 2); *s; s++, at += 2)
        poke16(0xB800, at, (u16)(attr << 8 | (u8)*s));
}

void hex(int row, int column, u8 attr, u32 v, int digits)
{
    char s[9];
    s[digits] = 0;
    while (digits--) {
        s[digits] = "0123456789ABCDEF"[v & 15];
        v >>= 4;
    }
    text(row, column, attr, s);
}

void decimal(int row, int column, u8 attr, u32 v, int width)
{
    char s[12];
    s[width] = 0;
    for (int i = width - 1; i >= 0; i--) {
        s[i] = v || i == width - 1 ? (char)('0' + v % 10) : ' ';
        v /= 10;
    }
    text(row, column, attr, s);
}

void fill(int row, int column, int height, int width, u8 attr, u8 c)
{
    for (int y = 0; y < height; y++)
        far_set16(0xB800, (u16)((row + y) * 160 + column * 2), (u16)(attr << 8 | c), (u16)width);
}

void box(int row, int column, int height, int width, u8 attr, const char *title)
{
    fill(row, column, height, width, attr, ' ');
    fill(row, column + 1, 1, width - 2, attr, 0xC4);
    fill(row + height - 1, column + 1, 1, width - 2, attr, 0xC4);
    for (int y = 1; y < height - 1; y++) {
        fill(row + y, column, 1, 1, attr, 0xB3);
        fill(row + y, column + width - 1, 1, 1, attr, 0xB3);
    }
    fill(row, column, 1, 1, attr, 0xDA);
    fill(row, column + width - 1, 1, 1, attr, 0xBF);
    fill(row + height - 1, column, 1, 1, attr, 0xC0);
    fill(row + height - 1, column + width - 1, 1, 1, attr, 0xD9);
    text(row, column + 2, (attr & 0xF0) | 0x0F, title);
}

/* A point turned by a 256th of a circle again and again: no table, no floating point. */
static short table[256];

void sine_init(void)
{
    int x = 16384 << 4, y = 0;
    for (int i = 0; i < 256; i++) {
        table[i] = (short)(y / 16);
        /* cos = 0.999699, sin = 0.024541 in 4.12; the rounding error stays far below a pixel */
        int nx = x - x / 3322 - y / 41 + y / 6700, ny = y - y / 3322 + x / 41 - x / 6700;
        x = nx;
        y = ny;
    }
}

int sine(u32 angle)
{
    return table[angle & 255];
}
int cosine(u32 angle)
{
    return table[(angle + 64) & 255];
}
