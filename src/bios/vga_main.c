/* INT 10h: one line a function. */
#include "vga.h"

void int10_video(struct regs *r);
void int10_video(struct regs *r)
{
    u16 cursor;
    if (vbe_active() && ((r->ah >= 0x06 && r->ah <= 0x0E) || r->ah == 0x13))
        return; /* no text and no pixels by the BIOS in VBE modes: ModeAttributes says so */
    switch (r->ah) {
    case 0x00:
        mode_set(r->al);
        r->al = (r->al & 0x7F) > 7 ? 0x20 : (r->al & 0x7F) == 6 ? 0x3F : 0x30;
        break;
    case 0x01: cursor_shape(r->ch, r->cl); break;
    case 0x02: cursor_set(r->bh, r->dh, r->dl); break;
    case 0x03:
        cursor = BDA_GET(cursor[r->bh & 7]);
        r->cx = BDA_GET(cursor_shape);
        r->dx = cursor;
        r->ax = 0;
        break;
    case 0x04: /* no light pen */ r->ah = 0; break;
    case 0x05: page_select(r->al); break;
    case 0x06: scroll(r, false); break;
    case 0x07: scroll(r, true); break;
    case 0x08: r->ax = char_read(r->bh); break;
    case 0x09: char_write(r->bh, r->al, r->bl, true, r->cx); break;
    case 0x0A: char_write(r->bh, r->al, r->bl, false, r->cx); break;
    case 0x0B: cga_palette(r->bh, r->bl); break;
    case 0x0C: pixel_write(r); break;
    case 0x0D: pixel_read(r); break;
    case 0x0E: teletype(r->al, r->bl, BDA_GET(page)); break;
    case 0x0F:
        r->al = BDA_GET(video_mode) | (BDA_GET(video_control) & 0x80);
        r->ah = (u8)BDA_GET(columns);
        r->bh = BDA_GET(page);
        break;
    case 0x10: palette_request(r); break;
    case 0x11: font_request(r); break;
    case 0x12: alternate_select(r); break;
    case 0x13: write_string(r); break;
    case 0x1A: display_combination(r); break;
    case 0x1B: state_information(r); break;
    case 0x4F: vbe_request(r); break;
    default: /* 1Ch: AL keeps its value, which says "not supported" */ break;
    }
}
