/* INT 10h function 11h: fonts, in plane 2 for text, behind vector 43h for graphics. */
#include "vga.h"

/* Opens plane 2 at A0000, 32 bytes a character, eight blocks of 8 KiB in the VGA's order; puts text access back. */
static void plane2_open(void)
{
    seq_write(0, 0x01);
    seq_write(2, 0x04);
    seq_write(4, 0x07);
    seq_write(0, 0x03);
    gc_write(4, 0x02);
    gc_write(5, 0x00);
    gc_write(6, 0x04);
}

static void plane2_close(void)
{
    seq_write(0, 0x01);
    seq_write(2, 0x03);
    seq_write(4, 0x02);
    seq_write(0, 0x03);
    gc_write(4, 0x00);
    gc_write(5, 0x10);
    gc_write(6, crtc_port() == 0x3B4 ? 0x0A : 0x0E);
}

/* rom: one of our fonts; null: the caller's at seg:off. */
void font_load(const __seg_fs u8 *rom, u16 seg, u16 off, u16 count, u16 first, u8 block, u8 height)
{
    if (rom) {
        seg = get_cs();
        off = (u16)(u32)rom;
    }
    u16 to = (u16)((block & 3) * 0x4000 + (block & 4 ? 0x2000 : 0) + first * 32);
    plane2_open();
    for (u16 i = 0; i < count && height <= 32; i++, off += height, to += 32) {
        far_copy(0xA000, to, seg, off, height);
        far_set8(0xA000, to + height, 0, 32 - height);
    }
    plane2_close();
}

/* 1xh: the screen gets as many rows as the scan lines of the mode hold. */
static void recalculate(u8 height)
{
    u8 lines = BDA_GET(mode_options) & 0x90;
    u16 scan = lines == 0x80 ? 200 : lines == 0x10 ? 400 : 350;
    u8 rows = (u8)(scan / height);
    u16 end = rows * height;
    u8 max = crtc_read(0x09);
    crtc_write(0x09, (max & 0xE0) | (height - 1));
    if (max & 0x80)
        end *= 2;
    end--;
    crtc_write(0x12, (u8)end);
    crtc_write(0x07, (crtc_read(0x07) & ~0x42) | (end >> 8 & 1) << 1 | (end >> 9 & 1) << 6);
    crtc_write(0x14, crtc_port() == 0x3B4 ? (u8)(height - 1) : 0x1F);
    BDA_SET(char_height, height);
    BDA_SET(rows_minus_1, rows - 1);
    BDA_SET(page_size, (u16)((rows * BDA_GET(columns) * 2 + 0x100) & 0xFF00));
    cursor_shape(6, 7);
    crtc_write(0x0A, height >= 14 ? height - 3 : height - 2);
    crtc_write(0x0B, height >= 14 ? height - 2 : height - 1);
    BDA_SET(cursor_shape, 0x0607);
    if (height >= 14)
        BDA_SET(cursor_shape, (u16)((height - 3) << 8 | (height - 2)));
}

static u8 rows_of(struct regs *r)
{
    static ROM u8 rows[] = {0, 14, 25, 43};
    return r->bl < 4 && r->bl ? rows[r->bl] : r->dl;
}

static void graphics_font(const __seg_fs u8 *font, u8 height, struct regs *r)
{
    poke32(0, 0x43 * 4, font ? (u32)get_cs() << 16 | (u16)(u32)font : (u32)r->es << 16 | r->bp);
    BDA_SET(char_height, height);
    BDA_SET(rows_minus_1, rows_of(r) - 1);
}

static void information(struct regs *r)
{
    const __seg_fs u8 *font = 0;
    u32 v = 0;
    switch (r->bh) {
    case 0: v = peek32(0, 0x1F * 4); break;
    case 1: v = peek32(0, 0x43 * 4); break;
    case 2: font = font14; break;
    case 3: font = font8; break;
    case 4: font = font8 + 1024; break;
    case 5: /* the 9x14 and 9x16 supplements are empty lists: 8-dot glyphs look right with a ninth column */
    case 7: {
        extern const __seg_fs u8 font_none[];
        font = font_none;
        break;
    }
    case 6: font = font16; break;
    default: return;
    }
    r->es = font ? get_cs() : (u16)(v >> 16);
    r->bp = font ? (u16)(u32)font : (u16)v;
    r->cx = BDA_GET(char_height);
    r->dl = BDA_GET(rows_minus_1);
}

void font_request(struct regs *r)
{
    switch (r->al) {
    case 0x00:
    case 0x10:
        font_load(0, r->es, r->bp, r->cx, r->dx, r->bl, r->bh);
        if (r->al & 0x10)
            recalculate(r->bh);
        break;
    case 0x01:
    case 0x11:
        font_load(font14, 0, 0, 256, 0, r->bl, 14);
        if (r->al & 0x10)
            recalculate(14);
        break;
    case 0x02:
    case 0x12:
        font_load(font8, 0, 0, 256, 0, r->bl, 8);
        if (r->al & 0x10)
            recalculate(8);
        break;
    case 0x04:
    case 0x14:
        font_load(font16, 0, 0, 256, 0, r->bl, 16);
        if (r->al & 0x10)
            recalculate(16);
        break;
    case 0x03: seq_write(3, r->bl); break;
    case 0x20: poke32(0, 0x1F * 4, (u32)r->es << 16 | r->bp); break;
    case 0x21: graphics_font(0, (u8)r->cx, r); break;
    case 0x22: graphics_font(font14, 14, r); break;
    case 0x23: graphics_font(font8, 8, r); break;
    case 0x24: graphics_font(font16, 16, r); break;
    case 0x30: information(r); break;
    default: break;
    }
}
