/* INT 10h functions 12h (alternate select), 1Ah (display combination), 1Bh (state information). */
#include "vga.h"

static void option(u8 bit, bool on)
{
    u8 v = BDA_GET(mode_options);
    BDA_SET(mode_options, on ? v | bit : v & ~bit);
}

void alternate_select(struct regs *r)
{
    u8 lines;
    switch (r->bl) {
    case 0x10:
        r->bh = crtc_port() == 0x3B4;
        r->bl = 3; /* 256 KiB */
        r->ch = 0;
        r->cl = BDA_GET(video_switches) & 15;
        return;
    case 0x20: /* print screen: INT 05h of the system BIOS knows every number of rows */ break;
    case 0x30:
        if (r->al > 2)
            return;
        lines = r->al == 0 ? 0x80 : r->al == 1 ? 0x00 : 0x10;
        BDA_SET(mode_options, (BDA_GET(mode_options) & ~0x90) | lines);
        break;
    case 0x31: option(0x08, r->al & 1); break;
    case 0x32: /* the processor's access to the display memory and ports */
        outb(0x3C2, r->al & 1 ? inb(0x3CC) & ~0x02 : inb(0x3CC) | 0x02);
        break;
    case 0x33: option(0x02, !(r->al & 1)); break;
    case 0x34: BDA_SET(video_control, (BDA_GET(video_control) & ~0x01) | (r->al & 1)); break;
    case 0x36: seq_write(1, r->al & 1 ? seq_read(1) | 0x20 : seq_read(1) & ~0x20); break;
    default: return;
    }
    r->al = 0x12;
}

void display_combination(struct regs *r)
{
    if (r->al == 0) {
        r->bl = crtc_port() == 0x3B4 ? 0x07 : 0x08; /* VGA with a mono or colour display, alone */
        r->bh = 0;
        r->al = 0x1A;
    } else if (r->al == 1) {
        r->al = 0x1A;
    }
}

/* Static functionality: modes 0-7, D-13; 200, 350, 400 lines; 8 blocks, 2 active; what is supported. */
static ROM u8 functionality[16] = {0xFF, 0xE0, 0x0F, 0, 0, 0, 0, 0x07, 0x02, 0x08, 0xE7, 0x0C, 0, 0, 0, 0};

void state_information(struct regs *r)
{
    u16 es = r->es, di = r->di;
    modeptr m = mode_current();
    if (r->bx != 0)
        return;
    for (u16 i = 0; i < 64; i++)
        poke8(es, (u16)(di + i), 0);
    poke16(es, di, (u16)(u32)functionality);
    poke16(es, (u16)(di + 2), get_cs());
    for (u16 i = 0; i < 30; i++) /* 40:49-40:66 */
        poke8(es, (u16)(di + 4 + i), peek8(BDA_SEG, 0x49 + i));
    poke8(es, (u16)(di + 0x22), BDA_GET(rows_minus_1) + 1);
    poke16(es, (u16)(di + 0x23), BDA_GET(char_height));
    poke8(es, (u16)(di + 0x25), crtc_port() == 0x3B4 ? 0x07 : 0x08);
    poke16(es, (u16)(di + 0x27), m->colors);
    poke8(es, (u16)(di + 0x29), m->pages);
    u16 height = (BDA_GET(rows_minus_1) + 1) * BDA_GET(char_height);
    poke8(es, (u16)(di + 0x2A), height <= 200 ? 0 : height <= 350 ? 1 : height <= 400 ? 2 : 3);
    u8 blocks = seq_read(3);
    poke8(es, (u16)(di + 0x2B), (blocks & 3) | (blocks >> 2 & 4));
    poke8(es, (u16)(di + 0x2C), (blocks >> 2 & 3) | (blocks >> 3 & 4));
    u8 options = BDA_GET(mode_options);
    poke8(es, (u16)(di + 0x2D),
          0x01 | (options & 0x02) | (options & 0x08) | (attr_read(0x10) & 0x08 ? 0x20 : 0) |
              (BDA_GET(video_control) & 1 ? 0 : 0x10));
    poke8(es, (u16)(di + 0x31), 3);
    r->al = 0x1B;
}
