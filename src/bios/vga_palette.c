/* Colours: the attribute controller's palette, the DAC, INT 10h functions 0Bh and 10h. */
#include "vga.h"

static void attr_reset(void)
{
    (void)inb(crtc_port() + 6);
} /* next write to 3C0 is an index */

void attr_write(u8 index, u8 v)
{
    attr_reset();
    outb(0x3C0, index);
    outb(0x3C0, v);
    attr_screen_on();
}

u8 attr_read(u8 index)
{
    attr_reset();
    outb(0x3C0, index);
    u8 v = inb(0x3C1);
    attr_screen_on();
    return v;
}

/* Index bit 5 gives the palette back to the display. */
void attr_screen_on(void)
{
    attr_reset();
    outb(0x3C0, 0x20);
    attr_reset();
}

static void dac_out(u8 red, u8 green, u8 blue)
{
    outb(0x3C9, red);
    outb(0x3C9, green);
    outb(0x3C9, blue);
}

/* 64 colours as the EGA's six wires gave them: rgbRGB, two thirds and one third. */
static void dac_ega(void)
{
    for (u8 i = 0; i < 64; i++)
        dac_out((i >> 2 & 1) * 0x2A + (i >> 5 & 1) * 0x15, (i >> 1 & 1) * 0x2A + (i >> 4 & 1) * 0x15,
                (i & 1) * 0x2A + (i >> 3 & 1) * 0x15);
}

/* The CGA's: RGB and an intensity in bit 4; dark yellow is brown. */
static void dac_cga_entry(u8 i)
{
    u8 bright = i & 0x10 ? 0x15 : 0;
    u8 green = (i & 7) == 6 && !bright ? 0x15 : (i >> 1 & 1) * 0x2A;
    dac_out((i >> 2 & 1) * 0x2A + bright, green + bright, (i & 1) * 0x2A + bright);
}

static void dac_mono(void)
{
    static ROM u8 level[] = {0x00, 0x2A, 0x15, 0x3F};
    for (u8 i = 0; i < 64; i++)
        dac_out(level[i >> 3 & 3], level[i >> 3 & 3], level[i >> 3 & 3]);
}

/* Mode 13h: 16 CGA colours, 16 greys, then 24 hues in three saturations at three intensities, and 8 black. */
static void dac_256(void)
{
    static ROM u8 grey[16] = {0x00, 0x05, 0x08, 0x0B, 0x0E, 0x11, 0x14, 0x18,
                              0x1C, 0x20, 0x24, 0x28, 0x2D, 0x32, 0x38, 0x3F};
    static ROM u8 level[9][5] = {
        {0x00, 0x10, 0x1F, 0x2F, 0x3F}, {0x1F, 0x27, 0x2F, 0x37, 0x3F}, {0x2D, 0x31, 0x36, 0x3A, 0x3F},
        {0x00, 0x07, 0x0E, 0x15, 0x1C}, {0x0E, 0x11, 0x15, 0x18, 0x1C}, {0x14, 0x16, 0x18, 0x1A, 0x1C},
        {0x00, 0x04, 0x08, 0x0C, 0x10}, {0x08, 0x0A, 0x0C, 0x0E, 0x10}, {0x0B, 0x0C, 0x0D, 0x0F, 0x10},
    };
    /* One component round the circle in 24 steps, from blue through red and green. */
    static ROM u8 wave[24] = {0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    for (u8 i = 0; i < 16; i++)
        dac_cga_entry((i & 7) | (i & 8 ? 0x10 : 0));
    for (u8 i = 0; i < 16; i++)
        dac_out(grey[i], grey[i], grey[i]);
    for (u32 group = 0; group < 9; group++)
        for (u32 hue = 0; hue < 24; hue++)
            dac_out(level[group][wave[hue]], level[group][wave[(hue + 16) % 24]], level[group][wave[(hue + 8) % 24]]);
    for (u8 i = 0; i < 8; i++)
        dac_out(0, 0, 0);
}

void dac_load(u8 set)
{
    outb(0x3C8, 0);
    u16 count = 64;
    if (set == DAC_EGA) {
        dac_ega();
    } else if (set == DAC_CGA) {
        for (u8 i = 0; i < 64; i++)
            dac_cga_entry(i);
    } else if (set == DAC_MONO) {
        dac_mono();
    } else {
        dac_256();
        count = 256;
    }
    if (BDA_GET(mode_options) & 0x02)
        dac_to_gray(0, count);
}

/* 30 % red, 59 % green, 11 % blue. */
void dac_to_gray(u16 first, u16 count)
{
    for (u16 i = first; i < first + count && i < 256; i++) {
        outb(0x3C7, (u8)i);
        u32 red = inb(0x3C9), green = inb(0x3C9), blue = inb(0x3C9);
        u8 v = (u8)((red * 77 + green * 151 + blue * 28 + 128) >> 8);
        outb(0x3C8, (u8)i);
        dac_out(v, v, v);
    }
}

/* 0Bh: BH 0 background and border, BH 1 one of the two palettes of mode 4. */
void cga_palette(u8 bh, u8 bl)
{
    modeptr m = mode_current();
    u8 state = BDA_GET(cga_palette);
    if (bh == 0) {
        u8 color = (bl & 7) | (bl & 8 ? 0x10 : 0);
        state = (state & 0xE0) | (bl & 0x1F);
        if (m->layout != TEXT)
            attr_write(0, color);
        attr_write(0x11, color);
    } else if (bh == 1) {
        state = (state & 0xDF) | (bl & 1 ? 0x20 : 0);
    }
    BDA_SET(cga_palette, state);
    if (m->layout == CGA4) {
        u8 bright = state & 0x10;
        for (u8 i = 1; i < 4; i++)
            attr_write(i, bright | i * 2 | (state & 0x20 ? 1 : 0));
    }
}

static void blink(u8 on)
{
    attr_write(0x10, on ? attr_read(0x10) | 0x08 : attr_read(0x10) & ~0x08);
    BDA_SET(cga_mode, on ? BDA_GET(cga_mode) | 0x20 : BDA_GET(cga_mode) & ~0x20);
}

static void dac_block(struct regs *r, bool write)
{
    u16 off = r->dx;
    outb(write ? 0x3C8 : 0x3C7, r->bl);
    for (u16 i = 0; i < r->cx * 3; i++, off++) {
        if (write)
            outb(0x3C9, peek8(r->es, off));
        else
            poke8(r->es, off, inb(0x3C9));
    }
}

/* 13h: BL 0 selects four blocks of 64 or sixteen of 16 (attribute mode bit 7), BL 1 which one. */
static void dac_page(u8 bl, u8 bh)
{
    u8 mode = attr_read(0x10);
    if (bl == 0)
        attr_write(0x10, (mode & 0x7F) | bh << 7);
    else
        attr_write(0x14, mode & 0x80 ? bh & 15 : (bh & 3) << 2);
}

void palette_request(struct regs *r)
{
    switch (r->al) {
    case 0x00:
        if (r->bl < 0x15)
            attr_write(r->bl, r->bh);
        break;
    case 0x01: attr_write(0x11, r->bh); break;
    case 0x02:
        for (u8 i = 0; i < 16; i++)
            attr_write(i, peek8(r->es, (u16)(r->dx + i)));
        attr_write(0x11, peek8(r->es, (u16)(r->dx + 16)));
        break;
    case 0x03: blink(r->bl & 1); break;
    case 0x07: r->bh = attr_read(r->bl); break;
    case 0x08: r->bh = attr_read(0x11); break;
    case 0x09:
        for (u8 i = 0; i < 16; i++)
            poke8(r->es, (u16)(r->dx + i), attr_read(i));
        poke8(r->es, (u16)(r->dx + 16), attr_read(0x11));
        break;
    case 0x10:
        outb(0x3C8, r->bl);
        dac_out(r->dh, r->ch, r->cl);
        break;
    case 0x12: dac_block(r, true); break;
    case 0x13: dac_page(r->bl, r->bh); break;
    case 0x15:
        outb(0x3C7, r->bl);
        r->dh = inb(0x3C9);
        r->ch = inb(0x3C9);
        r->cl = inb(0x3C9);
        break;
    case 0x17: dac_block(r, false); break;
    case 0x18: outb(0x3C6, r->bl); break;
    case 0x19: r->bl = inb(0x3C6); break;
    case 0x1A:
        r->bl = attr_read(0x10) >> 7;
        r->bh = r->bl ? attr_read(0x14) & 15 : attr_read(0x14) >> 2 & 3;
        break;
    case 0x1B: dac_to_gray(r->bx, r->cx); break;
    default: break;
    }
}
