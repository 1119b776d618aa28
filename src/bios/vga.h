/* The video BIOS's own declarations. */
#ifndef BIOS_VGA_H
#define BIOS_VGA_H
#include "bda.h"
#include "regs.h"

/* IBM's 64-byte video parameter entry. */
struct vga_params {
    u8 columns, rows_minus_1, char_height;
    u16 page_size;
    u8 seq[4]; /* from index 1 */
    u8 misc, crtc[25], attr[20], gc[9];
} PACKED;
_Static_assert(sizeof(struct vga_params) == 64, "video parameter table");

enum layout { TEXT, CGA4, CGA2, PLANAR, LINEAR8 };
enum dac_set { DAC_EGA, DAC_CGA, DAC_MONO, DAC_256 };
struct vga_mode {
    u8 number;
    u8 params, params350, params200;
    u8 layout, dac;
    u16 seg;
    u8 pages;
    u16 colors;
};

typedef const __seg_fs struct vga_mode *modeptr;
modeptr mode_find(u8 number);
modeptr mode_current(void);
bool mode_known(u8 number);
void mode_set(u8 number);
extern const __seg_fs u8 font8[], font14[], font16[];
extern const __seg_fs struct vga_params vga_params[];

/* vga_text.c */
void cursor_shape(u8 start, u8 end);
void cursor_set(u8 page, u8 row, u8 column);
void page_select(u8 page);
void scroll(struct regs *r, bool down);
void scroll_window(u8 page, u8 lines, u8 attr, u8 top, u8 left, u8 bottom, u8 right, bool down);
void char_write(u8 page, u8 c, u8 attr, bool with_attr, u16 count);
u16 char_read(u8 page);
void teletype(u8 c, u8 color, u8 page);
void write_string(struct regs *r);

/* vga_graphics.c */
void glyph_draw(modeptr m, u8 page, u8 c, u8 color, u8 row, u8 column);
u8 glyph_read(modeptr m, u8 page, u8 row, u8 column);
void graphics_scroll(modeptr m, u8 page, u8 lines, u8 attr, u8 top, u8 left, u8 bottom, u8 right, bool down);
void pixel_write(struct regs *r);
void pixel_read(struct regs *r);

/* vga_palette.c */
void palette_request(struct regs *r);
void cga_palette(u8 bh, u8 bl);
void dac_load(u8 set);
void dac_to_gray(u16 first, u16 count);
void attr_write(u8 index, u8 v);
u8 attr_read(u8 index);
void attr_screen_on(void);

/* vga_font.c */
void font_request(struct regs *r);
void font_load(const __seg_fs u8 *rom, u16 seg, u16 off, u16 count, u16 first, u8 block, u8 height);

/* vga_state.c */
void alternate_select(struct regs *r);
void display_combination(struct regs *r);
void state_information(struct regs *r);

/* vga_vbe.c */
enum { VBE_VIDEO_MODE = 0x7E }; /* in 40:49 while a VBE mode is set */
void vbe_request(struct regs *r);
bool vbe_active(void);
void vbe_off(void);

INLINE u16 crtc_port(void)
{
    return BDA_GET(crtc);
}
INLINE void crtc_write(u8 index, u8 v)
{
    u16 p = crtc_port();
    outb(p, index);
    outb(p + 1, v);
}
INLINE u8 crtc_read(u8 index)
{
    u16 p = crtc_port();
    outb(p, index);
    return inb(p + 1);
}
INLINE void seq_write(u8 index, u8 v)
{
    outw(0x3C4, (u16)(v << 8 | index));
}
INLINE u8 seq_read(u8 index)
{
    outb(0x3C4, index);
    return inb(0x3C5);
}
INLINE void gc_write(u8 index, u8 v)
{
    outw(0x3CE, (u16)(v << 8 | index));
}

#endif
