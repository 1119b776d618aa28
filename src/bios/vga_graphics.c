/* Graphics modes: glyphs, pixels and scrolling for the CGA's interleaved, the EGA's planar and the VGA's linear memory. */
#include "vga.h"

/* Interrupt 43h holds the font; in modes 4-6 only its lower half, 1Fh has the upper. */
static u8 font_row(modeptr m, u8 c, u8 y, u8 height)
{
    u32 v = peek32(0, 0x43 * 4);
    if ((m->layout == CGA4 || m->layout == CGA2) && c >= 128) {
        v = peek32(0, 0x1F * 4);
        c -= 128;
    }
    return peek8((u16)(v >> 16), (u16)((u16)v + c * height + y));
}

static u16 cga_line(u16 y)
{
    return (u16)((y & 1) * 0x2000 + (y >> 1) * 80);
}

/* Two bits for each bit of the glyph. */
static u16 widen(u8 bits, u8 color)
{
    u16 v = 0;
    for (int i = 0; i < 8; i++)
        if (bits & (0x80 >> i))
            v |= (u16)((color & 3) << (14 - 2 * i));
    return v;
}

static void row_planar(u16 at, u8 bits, u8 color, bool xor)
{
    gc_write(5, 0x02); /* write mode 2: the byte is a colour, the mask chooses pixels */
    gc_write(3, xor? 0x18 : 0);
    gc_write(8, bits);
    (void)peek8(0xA000, at);
    poke8(0xA000, at, color);
    if (!xor) {
        gc_write(8, (u8)~bits);
        (void)peek8(0xA000, at);
        poke8(0xA000, at, 0);
    }
}

static void planar_end(void)
{
    gc_write(3, 0);
    gc_write(5, 0);
    gc_write(8, 0xFF);
}

void glyph_draw(modeptr m, u8 page, u8 c, u8 color, u8 row, u8 column)
{
    u8 height = (u8)BDA_GET(char_height);
    u16 columns = BDA_GET(columns), top = row * height;
    bool xor = color & 0x80;
    for (u8 y = 0; y < height; y++) {
        u8 bits = font_row(m, c, y, height);
        u16 at;
        switch (m->layout) {
        case CGA4: {
            u16 v = widen(bits, color);
            at = cga_line(top + y) + column * 2;
            v = (u16)(v << 8 | v >> 8);
            poke16(m->seg, at, xor? peek16(m->seg, at) ^ v : v);
            break;
        }
        case CGA2:
            at = cga_line(top + y) + column;
            bits = color & 1 ? bits : 0;
            poke8(m->seg, at, xor? peek8(m->seg, at) ^ bits : bits);
            break;
        case PLANAR:
            at = (u16)(page * BDA_GET(page_size) + (top + y) * columns + column);
            row_planar(at, bits, color & 0x0F, xor);
            break;
        default:
            at = (u16)((top + y) * 320 + column * 8);
            for (int x = 0; x < 8; x++)
                poke8(m->seg, (u16)(at + x), bits & (0x80 >> x) ? color : 0);
        }
    }
    if (m->layout == PLANAR)
        planar_end();
}

static u8 row_bits(modeptr m, u8 page, u16 y, u8 column)
{
    u8 bits = 0;
    switch (m->layout) {
    case CGA4: {
        u16 v = peek16(m->seg, cga_line(y) + column * 2);
        v = (u16)(v << 8 | v >> 8);
        for (int i = 0; i < 8; i++)
            if (v & (0xC000 >> (2 * i)))
                bits |= 0x80 >> i;
        return bits;
    }
    case CGA2: return peek8(m->seg, cga_line(y) + column);
    case PLANAR: /* read mode 1 against colour 0: ones where the background is */
        gc_write(5, 0x08);
        gc_write(2, 0);
        gc_write(7, 0x0F);
        bits = (u8)~peek8(0xA000, (u16)(page * BDA_GET(page_size) + y * BDA_GET(columns) + column));
        gc_write(5, 0);
        return bits;
    default:
        for (int x = 0; x < 8; x++)
            if (peek8(m->seg, (u16)(y * 320 + column * 8 + x)))
                bits |= 0x80 >> x;
        return bits;
    }
}

/* 08h in graphics: the character whose glyph looks like the cell, 0 if none. */
u8 glyph_read(modeptr m, u8 page, u8 row, u8 column)
{
    u8 height = (u8)BDA_GET(char_height), shape[32];
    for (u8 y = 0; y < height && y < 32; y++)
        shape[y] = row_bits(m, page, row * height + y, column);
    for (u32 c = 0; c < 256; c++) {
        u8 y = 0;
        while (y < height && font_row(m, (u8)c, y, height) == shape[y])
            y++;
        if (y == height)
            return (u8)c;
    }
    return 0;
}

/* One scan line of the window: copied from another line, or filled. */
static void line_copy(modeptr m, u8 page, u16 to, u16 from, u8 left, u16 width)
{
    u16 columns = BDA_GET(columns), base = (u16)(page * BDA_GET(page_size));
    switch (m->layout) {
    case CGA4: far_copy(m->seg, cga_line(to) + left * 2, m->seg, cga_line(from) + left * 2, width * 2); break;
    case CGA2: far_copy(m->seg, cga_line(to) + left, m->seg, cga_line(from) + left, width); break;
    case PLANAR: /* write mode 1 moves all planes through the latches */
        gc_write(5, 0x01);
        far_copy(m->seg, (u16)(base + to * columns + left), m->seg, (u16)(base + from * columns + left), width);
        gc_write(5, 0);
        break;
    default: far_copy(m->seg, (u16)(to * 320 + left * 8), m->seg, (u16)(from * 320 + left * 8), width * 8);
    }
}

static void line_fill(modeptr m, u8 page, u16 to, u8 color, u8 left, u16 width)
{
    u16 columns = BDA_GET(columns), base = (u16)(page * BDA_GET(page_size));
    switch (m->layout) {
    case CGA4: far_set8(m->seg, cga_line(to) + left * 2, (color & 3) * 0x55, width * 2); break;
    case CGA2: far_set8(m->seg, cga_line(to) + left, color & 1 ? 0xFF : 0, width); break;
    case PLANAR:
        gc_write(5, 0x02);
        far_set8(m->seg, (u16)(base + to * columns + left), color & 0x0F, width);
        gc_write(5, 0);
        break;
    default: far_set8(m->seg, (u16)(to * 320 + left * 8), color, width * 8);
    }
}

void graphics_scroll(modeptr m, u8 page, u8 lines, u8 attr, u8 top, u8 left, u8 bottom, u8 right, bool down)
{
    u16 height = BDA_GET(char_height), first = top * height, count = (bottom - top + 1) * height, by = lines * height;
    u16 width = right - left + 1;
    for (u16 i = 0; i < count; i++) {
        u16 y = down ? first + count - 1 - i : first + i;
        if (i + by < count)
            line_copy(m, page, y, down ? y - by : y + by, left, width);
        else
            line_fill(m, page, y, attr, left, width);
    }
}

/* 0Ch: AL colour (bit 7: XOR), CX column, DX row, BH page. */
void pixel_write(struct regs *r)
{
    modeptr m = mode_current();
    u16 x = r->cx, y = r->dx, at;
    u8 color = r->al, shift, mask;
    switch (m->layout) {
    case CGA4:
    case CGA2: {
        bool two = m->layout == CGA2;
        at = cga_line(y) + x / (two ? 8 : 4);
        shift = two ? 7 - (x & 7) : (3 - (x & 3)) * 2;
        mask = two ? 1 : 3;
        u8 v = peek8(m->seg, at), bits = (u8)((color & mask) << shift);
        poke8(m->seg, at, color & 0x80 ? v ^ bits : (u8)((v & ~(mask << shift)) | bits));
        break;
    }
    case PLANAR:
        at = (u16)(r->bh * BDA_GET(page_size) + y * BDA_GET(columns) + x / 8);
        gc_write(5, 0x02);
        gc_write(3, color & 0x80 ? 0x18 : 0);
        gc_write(8, 0x80 >> (x & 7));
        (void)peek8(0xA000, at);
        poke8(0xA000, at, color & 0x0F);
        planar_end();
        break;
    case LINEAR8: poke8(m->seg, (u16)(y * 320 + x), color); break;
    default: break;
    }
}

void pixel_read(struct regs *r)
{
    modeptr m = mode_current();
    u16 x = r->cx, y = r->dx, at;
    switch (m->layout) {
    case CGA4: r->al = peek8(m->seg, cga_line(y) + x / 4) >> ((3 - (x & 3)) * 2) & 3; break;
    case CGA2: r->al = peek8(m->seg, cga_line(y) + x / 8) >> (7 - (x & 7)) & 1; break;
    case PLANAR:
        at = (u16)(r->bh * BDA_GET(page_size) + y * BDA_GET(columns) + x / 8);
        r->al = 0;
        for (u8 plane = 0; plane < 4; plane++) {
            gc_write(4, plane);
            if (peek8(0xA000, at) & (0x80 >> (x & 7)))
                r->al |= 1 << plane;
        }
        gc_write(4, 0);
        break;
    case LINEAR8: r->al = peek8(m->seg, (u16)(y * 320 + x)); break;
    default: break;
    }
}
