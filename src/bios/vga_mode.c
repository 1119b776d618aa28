/* INT 10h function 00h: a mode by its full register table, and the initialisation of the ROM. */
#include "vga.h"

extern const __seg_fs u8 vga_int10[], vga_int42[];

/* The table that 40:A8 points to; the second one holds the display combinations (PS/2 BIOS Interface, INT 10h). */
static ROM u8 combinations[] = {16, 1, 8, 0, 0, 0, 0, 1, 0, 2, 2, 1, 0, 4, 4, 1, 5, 0,
                                2,  5, 0, 6, 1, 6, 5, 6, 0, 8, 1, 8, 0, 7, 2, 7, 6, 7};
static FROZEN u16 save2[13] = {26};
static FROZEN u16 save1[14] = {0};

static void far_pointer(__seg_fs u16 *at, const __seg_fs void *to)
{
    at[0] = (u16)(u32)to;
    at[1] = get_cs();
}

void vga_init(void);
void vga_init(void)
{
    u16 cs = get_cs();
    far_pointer(save1, vga_params);
    far_pointer(save1 + 8, save2);
    far_pointer(save2 + 1, combinations);
    BDA_SET(video_save, (u32)cs << 16 | (u16)(u32)save1);
    BDA_SET(video_control, 0x60); /* 256 KiB, cursor emulation on */
    BDA_SET(video_switches, 0xF9);
    BDA_SET(mode_options, 0x11); /* 400 lines, VGA active */
    BDA_SET(dcc_index, 0x0B);
    BDA_SET(equipment, (BDA_GET(equipment) & ~0x30) | 0x20);
    poke32(0, 0x42 * 4, (u32)cs << 16 | (u16)(u32)vga_int42);
    poke32(0, 0x10 * 4, (u32)cs << 16 | (u16)(u32)vga_int10);
    poke32(0, 0x6D * 4, (u32)cs << 16 | (u16)(u32)vga_int10);
    mode_set(3);
}

static void registers_load(const __seg_fs struct vga_params *p)
{
    u16 crtc = p->misc & 1 ? 0x3D4 : 0x3B4;
    seq_write(0, 0x01); /* synchronous reset while the clock changes */
    seq_write(1, p->seq[0] | 0x20);
    outb(0x3C2, p->misc);
    for (u8 i = 1; i < 4; i++)
        seq_write(i + 1, p->seq[i]);
    seq_write(0, 0x03);
    outw(crtc, 0x0011); /* unlock CRTC 0-7 */
    for (u8 i = 0; i < 25; i++)
        outw(crtc, (u16)(p->crtc[i] << 8 | i));
    for (u8 i = 0; i < 9; i++)
        gc_write(i, p->gc[i]);
    (void)inb(0x3BA);
    (void)inb(0x3DA);
    for (u8 i = 0; i < 20; i++) {
        outb(0x3C0, i);
        outb(0x3C0, p->attr[i]);
    }
    outb(0x3C0, 0x14); /* colour select */
    outb(0x3C0, 0);
    outb(0x3C6, 0xFF);
}

static void memory_clear(modeptr m)
{
    if (m->layout == TEXT) {
        far_set16(m->seg, 0, 0x0720, 0x4000);
    } else {
        far_set16(m->seg, 0, 0, m->seg == 0xB800 ? 0x4000 : 0x8000);
    }
}

static const __seg_fs struct vga_params *params_of(modeptr m)
{
    u8 lines = BDA_GET(mode_options) & 0x90;
    return &vga_params[lines == 0x80 ? m->params200 : lines == 0x10 ? m->params : m->params350];
}

bool mode_known(u8 number)
{
    return mode_find(number) != 0;
}

void mode_set(u8 number)
{
    bool keep = number & 0x80;
    number &= 0x7F;
    modeptr m = mode_find(number);
    if (!m)
        return;
    vbe_off();
    const __seg_fs struct vga_params *p = params_of(m);
    u16 equipment = BDA_GET(equipment) & ~0x30;
    BDA_SET(equipment, equipment | (m->seg == 0xB000 || number == 0x0F      ? 0x30
                                    : p->columns == 40 && m->layout == TEXT ? 0x10
                                                                            : 0x20));
    BDA_SET(video_mode, number);
    BDA_SET(columns, p->columns);
    BDA_SET(page_size, p->page_size);
    BDA_SET(page_start, 0);
    BDA_SET(page, 0);
    BDA_SET(crtc, p->misc & 1 ? 0x3D4 : 0x3B4);
    BDA_SET(rows_minus_1, p->rows_minus_1);
    BDA_SET(char_height, p->char_height);
    BDA_SET(video_control, (BDA_GET(video_control) & 0x7F) | (keep ? 0x80 : 0));
    for (u32 i = 0; i < 8; i++)
        BDA_SET(cursor[i], 0);
    static ROM u8 cga_modes[] = {0x2C, 0x28, 0x2D, 0x29, 0x2A, 0x2E, 0x1E, 0x29};
    BDA_SET(cga_mode, number < 8 ? cga_modes[number] : 0);
    BDA_SET(cga_palette, number == 6 ? 0x3F : 0x30);
    registers_load(p);
    if (!(BDA_GET(mode_options) & 0x08)) /* default palette loading may be switched off: 12h BL = 31h */
        dac_load(m->dac == DAC_EGA && p->attr[8] == 0x10 ? DAC_CGA : m->dac);
    if (!keep)
        memory_clear(m);
    const __seg_fs u8 *font = p->char_height == 16 ? font16 : p->char_height == 14 ? font14 : font8;
    if (m->layout == TEXT) {
        font_load(font, 0, 0, 256, 0, 0, p->char_height);
        BDA_SET(cursor_shape, (u16)(p->crtc[10] << 8 | p->crtc[11]));
    } else {
        BDA_SET(cursor_shape, 0);
    }
    u16 cs = get_cs();
    poke32(0, 0x1F * 4, (u32)cs << 16 | (u16)(u32)(font8 + 1024));
    poke32(0, 0x43 * 4, (u32)cs << 16 | (u16)(u32)font);
    seq_write(1, p->seq[0]);
    (void)inb(crtc_port() + 6);
    attr_screen_on();
}
