/* Cursor, pages, scrolling, characters and strings; graphics modes are passed on to vga_graphics.c. */
#include "vga.h"

/* Cursor emulation (40:87 bit 0 clear): shapes are given for 8-line cells and carried over to the cell's height.
 * What lies at the bottom stays at the bottom, a full block stays one, half a block stays half. */
static void emulate_shape(u8 *start, u8 *end, u8 height)
{
    u8 s = *start, e = *end;
    if (height <= 8 || s > e || e > 7 || e < 4)
        return;
    if (s <= 2) { /* block */
        *end = height - 1;
    } else if (e - s >= 2) { /* half */
        *start = height / 2;
        *end = height - 1;
    } else {
        u8 bottom = height - (height >= 14 ? 2 : 1);
        *end = bottom - (7 - e);
        *start = *end - (e - s);
    }
}

void cursor_shape(u8 start, u8 end)
{
    BDA_SET(cursor_shape, (u16)(start << 8 | end));
    u8 s = start & 0x1F, e = end & 0x1F;
    if (mode_current()->layout != TEXT)
        return;
    if (!(BDA_GET(video_control) & 0x01) && !(start & 0x60))
        emulate_shape(&s, &e, (u8)BDA_GET(char_height));
    crtc_write(0x0A, s | (start & 0x20));
    crtc_write(0x0B, e);
}

static void cursor_to_chip(u8 page, u8 row, u8 column)
{
    if (page != BDA_GET(page))
        return;
    u16 at = BDA_GET(page_start) / 2 + row * BDA_GET(columns) + column;
    crtc_write(0x0E, at >> 8);
    crtc_write(0x0F, (u8)at);
}

void cursor_set(u8 page, u8 row, u8 column)
{
    BDA_SET(cursor[page & 7], (u16)(row << 8 | column));
    cursor_to_chip(page & 7, row, column);
}

void page_select(u8 page)
{
    modeptr m = mode_current();
    if (page >= 8 || (m->layout != TEXT && page >= m->pages))
        return;
    u16 start = page * BDA_GET(page_size);
    BDA_SET(page, page);
    BDA_SET(page_start, start);
    u16 at = m->layout == PLANAR ? start : start / 2;
    crtc_write(0x0C, at >> 8);
    crtc_write(0x0D, (u8)at);
    u16 c = BDA_GET(cursor[page]);
    cursor_to_chip(page, c >> 8, (u8)c);
}

static u16 cell(u8 page, u8 row, u8 column)
{
    return (u16)(page * BDA_GET(page_size) + (row * BDA_GET(columns) + column) * 2);
}

void scroll_window(u8 page, u8 lines, u8 attr, u8 top, u8 left, u8 bottom, u8 right, bool down)
{
    modeptr m = mode_current();
    u16 columns = BDA_GET(columns);
    u8 last = BDA_GET(rows_minus_1);
    if (bottom > last)
        bottom = last;
    if (right >= columns)
        right = (u8)(columns - 1);
    if (top > bottom || left > right)
        return;
    u8 height = bottom - top + 1;
    if (!lines || lines > height)
        lines = height;
    if (m->layout != TEXT) {
        graphics_scroll(m, page, lines, attr, top, left, bottom, right, down);
        return;
    }
    u16 width = right - left + 1;
    for (u8 i = 0; i < height; i++) {
        u8 row = down ? bottom - i : top + i;
        u16 to = cell(page, row, left);
        if (i + lines < height)
            far_copy(m->seg, to, m->seg, cell(page, down ? row - lines : row + lines, left), width * 2);
        else
            far_set16(m->seg, to, (u16)(attr << 8 | ' '), width);
    }
}

void scroll(struct regs *r, bool down)
{
    scroll_window(BDA_GET(page), r->al, r->bh, r->ch, r->cl, r->dh, r->dl, down);
}

void char_write(u8 page, u8 c, u8 attr, bool with_attr, u16 count)
{
    modeptr m = mode_current();
    u16 at = BDA_GET(cursor[page & 7]);
    u8 row = at >> 8, column = (u8)at;
    if (m->layout == LINEAR8)
        page = 0;
    if (m->layout != TEXT) {
        for (; count; count--) {
            glyph_draw(m, m->pages > 1 ? page : 0, c, attr, row, column);
            if (++column >= BDA_GET(columns)) {
                column = 0;
                if (++row > BDA_GET(rows_minus_1))
                    return;
            }
        }
        return;
    }
    u16 to = cell(page & 7, row, column);
    if (with_attr) {
        far_set16(m->seg, to, (u16)(attr << 8 | c), count);
    } else {
        for (; count; count--, to += 2)
            poke8(m->seg, to, c);
    }
}

u16 char_read(u8 page)
{
    modeptr m = mode_current();
    u16 at = BDA_GET(cursor[page & 7]);
    if (m->layout != TEXT)
        return glyph_read(m, m->pages > 1 ? page : 0, at >> 8, (u8)at);
    return peek16(m->seg, cell(page & 7, at >> 8, (u8)at));
}

static void bell(void)
{
    outb(0x43, 0xB6);
    outb(0x42, 0x33);
    outb(0x42, 0x05);
    u8 old = inb(0x61);
    outb(0x61, old | 0x03);
    /* A quarter of a second by the refresh bit, 15 us each half period; a limit where it does not toggle. */
    u8 last = 0;
    for (u32 toggles = 0, guard = 0; toggles < 12000 && guard < 200000; guard++) {
        u8 now = inb(0x61) & 0x10;
        toggles += now != last;
        last = now;
    }
    outb(0x61, old);
}

void teletype(u8 c, u8 color, u8 page)
{
    modeptr m = mode_current();
    u16 at = BDA_GET(cursor[page & 7]);
    u8 row = at >> 8, column = (u8)at, last = BDA_GET(rows_minus_1);
    switch (c) {
    case 7: bell(); return;
    case 8:
        if (column)
            column--;
        break;
    case 10: row++; break;
    case 13: column = 0; break;
    default:
        if (m->layout == TEXT)
            poke8(m->seg, cell(page & 7, row, column), c);
        else
            glyph_draw(m, m->pages > 1 ? page : 0, c, color, row, column);
        if (++column >= BDA_GET(columns)) {
            column = 0;
            row++;
        }
    }
    if (row > last) { /* the new line takes the attribute at the cursor */
        u8 attr = m->layout == TEXT ? peek16(m->seg, cell(page & 7, last, column)) >> 8 : 0;
        row = last;
        scroll_window(page & 7, 1, attr, 0, 0, last, (u8)(BDA_GET(columns) - 1), false);
    }
    cursor_set(page, row, column);
}

/* 13h: AL bit 0 moves the cursor, bit 1: attributes are in the string. CR, LF, BS and BEL act. */
void write_string(struct regs *r)
{
    u8 page = r->bh & 7;
    u16 saved = BDA_GET(cursor[page]), off = r->bp;
    cursor_set(page, r->dh, r->dl);
    for (u16 i = 0; i < r->cx; i++) {
        u8 c = peek8(r->es, off++), attr = r->bl;
        if (r->al & 2)
            attr = peek8(r->es, off++);
        if (c != 7 && c != 8 && c != 10 && c != 13)
            char_write(page, c, attr, true, 1);
        teletype(c, attr, page);
    }
    if (!(r->al & 1))
        cursor_set(page, saved >> 8, (u8)saved);
}
