/* INT 10h function 4Fh: VESA BIOS Extension 3.0 on the display's DISPI registers (ports 1CEh and 1CFh: index, data), its
 * linear frame buffer on PCI. Nothing is remembered outside the display: the current mode is read back from its registers.
 */
#include "vga.h"

enum {
    DISPI_ID,
    DISPI_XRES,
    DISPI_YRES,
    DISPI_BPP,
    DISPI_ENABLE,
    DISPI_BANK,
    DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT,
    DISPI_X_OFFSET,
    DISPI_Y_OFFSET,
    DISPI_MEMORY_64K
};
enum { ENABLED = 0x01, DAC_8_BITS = 0x20, LINEAR = 0x40, KEEP_MEMORY = 0x80 }; /* DISPI_ENABLE */
enum { MODE_NUMBER = 0x1FF, MODE_LINEAR = 0x4000, MODE_KEEP = 0x8000 };        /* BX of 4F02h */

struct vbe_mode {
    u16 number, width, height;
    u8 bits;
};
typedef const __seg_fs struct vbe_mode *vbeptr;

/* 100h-11Bh as VESA numbered them, the rest our own. */
static ROM struct vbe_mode modes[] = {
    {0x100, 640, 400, 8},    {0x101, 640, 480, 8},    {0x102, 800, 600, 4},    {0x103, 800, 600, 8},
    {0x104, 1024, 768, 4},   {0x105, 1024, 768, 8},   {0x106, 1280, 1024, 4},  {0x107, 1280, 1024, 8},
    {0x10D, 320, 200, 15},   {0x10E, 320, 200, 16},   {0x10F, 320, 200, 24},   {0x110, 640, 480, 15},
    {0x111, 640, 480, 16},   {0x112, 640, 480, 24},   {0x113, 800, 600, 15},   {0x114, 800, 600, 16},
    {0x115, 800, 600, 24},   {0x116, 1024, 768, 15},  {0x117, 1024, 768, 16},  {0x118, 1024, 768, 24},
    {0x119, 1280, 1024, 15}, {0x11A, 1280, 1024, 16}, {0x11B, 1280, 1024, 24}, {0x11C, 1600, 1200, 8},
    {0x11D, 1600, 1200, 15}, {0x11E, 1600, 1200, 16}, {0x11F, 1600, 1200, 24}, {0x140, 320, 200, 32},
    {0x141, 640, 400, 32},   {0x142, 640, 480, 32},   {0x143, 800, 600, 32},   {0x144, 1024, 768, 32},
    {0x145, 1280, 1024, 32}, {0x146, 320, 200, 8},    {0x147, 1600, 1200, 32}, {0x148, 1152, 864, 8},
    {0x149, 1152, 864, 16},  {0x14A, 1152, 864, 32},  {0x14B, 1280, 720, 16},  {0x14C, 1280, 720, 32},
    {0x14D, 1280, 800, 16},  {0x14E, 1280, 800, 32},  {0x14F, 1440, 900, 16},  {0x150, 1440, 900, 32},
    {0x151, 1680, 1050, 16}, {0x152, 1680, 1050, 32}, {0x153, 1920, 1080, 16}, {0x154, 1920, 1080, 32},
    {0x155, 1920, 1200, 16}, {0x156, 1920, 1200, 32},
};

static u16 dispi_read(u16 index)
{
    outw(0x1CE, index);
    return inw(0x1CF);
}

static void dispi_write(u16 index, u16 value)
{
    outw(0x1CE, index);
    outw(0x1CF, value);
}

static bool dispi_present(void)
{
    return (dispi_read(DISPI_ID) & 0xFFF0) == 0xB0C0;
}

bool vbe_active(void)
{
    return BDA_GET(video_mode) == VBE_VIDEO_MODE;
}

void vbe_off(void)
{
    if (dispi_present())
        dispi_write(DISPI_ENABLE, 0);
}

static u32 memory_size(void)
{
    return (u32)dispi_read(DISPI_MEMORY_64K) << 16;
}

static u16 line_bytes(u16 width, u8 bits)
{
    return bits == 4 ? width / 8 : (u16)(width * ((bits + 7) / 8));
}

static bool fits(vbeptr m)
{
    return (u32)line_bytes(m->width, m->bits) * m->height <= memory_size() / (m->bits == 4 ? 4 : 1);
}

static vbeptr vbe_find(u16 number)
{
    for (u16 i = 0; i < ARRAY_LEN(modes); i++)
        if (modes[i].number == number)
            return fits(&modes[i]) ? &modes[i] : 0;
    return 0;
}

/* The mode that the display is in; NULL: none of ours. */
static vbeptr vbe_current(void)
{
    u16 width = dispi_read(DISPI_XRES), height = dispi_read(DISPI_YRES), bits = dispi_read(DISPI_BPP);
    if (!(dispi_read(DISPI_ENABLE) & ENABLED))
        return 0;
    for (u16 i = 0; i < ARRAY_LEN(modes); i++)
        if (modes[i].width == width && modes[i].height == height && modes[i].bits == bits)
            return &modes[i];
    return 0;
}

/* Base address register 0 of the display, found by its ids; the caller's configuration address stays. */
static u32 frame_buffer(void)
{
    u32 old = inl(0xCF8), base = 0;
    for (u32 device = 0; device < 32 && !base; device++) {
        outl(0xCF8, 0x80000000 | device << 11);
        if (inl(0xCFC) != 0x11111234)
            continue;
        outl(0xCF8, 0x80000010 | device << 11);
        base = inl(0xCFC) & 0xFFFFFFF0;
    }
    outl(0xCF8, old);
    return base;
}

static void far_bytes(u16 seg, u16 off, romstr s)
{
    do
        poke8(seg, off++, (u8)*s);
    while (*s++);
}

/* 00h: VbeInfoBlock. The mode list stands in the block's reserved bytes, strings in the ROM or, for VBE 2, behind it. */
static void controller_information(struct regs *r)
{
    u16 es = r->es, di = r->di, at = (u16)(di + 0x22);
    bool vbe2 = peek32(es, di) == 0x32454256; /* "VBE2" */
    romstr maker = STR("Truebox");
    far_set8(es, di, 0, vbe2 ? 512 : 256);
    poke32(es, di, 0x41534556); /* "VESA" */
    poke16(es, (u16)(di + 0x04), 0x0300);
    poke16(es, (u16)(di + 0x06), (u16)(u32)maker);
    poke16(es, (u16)(di + 0x08), get_cs());
    poke32(es, (u16)(di + 0x0A), 1); /* the DAC can have 8 bits */
    poke16(es, (u16)(di + 0x0E), at);
    poke16(es, (u16)(di + 0x10), es);
    poke16(es, (u16)(di + 0x12), (u16)(memory_size() >> 16));
    for (u16 i = 0; i < ARRAY_LEN(modes); i++)
        if (fits(&modes[i])) {
            poke16(es, at, modes[i].number);
            at += 2;
        }
    poke16(es, at, 0xFFFF);
    if (!vbe2)
        return;
    poke16(es, (u16)(di + 0x14), 0x0100); /* software revision, then vendor, product and its revision */
    for (u16 i = 0; i < 3; i++) {
        poke16(es, (u16)(di + 0x16 + 4 * i), (u16)(di + 0x100 + 16 * i));
        poke16(es, (u16)(di + 0x18 + 4 * i), es);
    }
    far_bytes(es, (u16)(di + 0x100), maker);
    far_bytes(es, (u16)(di + 0x110), STR("Truebox VGA"));
    far_bytes(es, (u16)(di + 0x120), STR("1"));
}

/* Sizes and positions of red, green, blue and what is left over. */
static ROM u8 fields15[8] = {5, 10, 5, 5, 5, 0, 1, 15}, fields16[8] = {5, 11, 6, 5, 5, 0, 0, 0},
              fields24[8] = {8, 16, 8, 8, 8, 0, 0, 0}, fields32[8] = {8, 16, 8, 8, 8, 0, 8, 24};

extern const __seg_fs u8 vbe_window[];

/* 01h: ModeInfoBlock. */
static bool mode_information(struct regs *r)
{
    u16 es = r->es, di = r->di;
    vbeptr m = vbe_find(r->cx & MODE_NUMBER);
    if (!m)
        return false;
    bool planar = m->bits == 4, direct = m->bits > 8;
    u16 pitch = line_bytes(m->width, m->bits);
    u32 pages = memory_size() / (planar ? 4 : 1) / ((u32)pitch * m->height) - 1;
    if (pages > 255)
        pages = 255;
    far_set8(es, di, 0, 256);
    poke16(es, di, planar ? 0x1B : 0x9B); /* supported, colour, graphics, linear frame buffer; no text functions */
    poke8(es, (u16)(di + 0x02), 7);       /* window A: there, readable, writable */
    poke16(es, (u16)(di + 0x04), 64);
    poke16(es, (u16)(di + 0x06), 64);
    poke16(es, (u16)(di + 0x08), 0xA000);
    poke16(es, (u16)(di + 0x0C), (u16)(u32)vbe_window);
    poke16(es, (u16)(di + 0x0E), get_cs());
    poke16(es, (u16)(di + 0x10), pitch);
    poke16(es, (u16)(di + 0x12), m->width);
    poke16(es, (u16)(di + 0x14), m->height);
    poke8(es, (u16)(di + 0x16), 8);
    poke8(es, (u16)(di + 0x17), 16);
    poke8(es, (u16)(di + 0x18), planar ? 4 : 1);
    poke8(es, (u16)(di + 0x19), m->bits);
    poke8(es, (u16)(di + 0x1A), 1);
    poke8(es, (u16)(di + 0x1B), planar ? 3 : direct ? 6 : 4); /* planar, direct colour, packed pixel */
    poke8(es, (u16)(di + 0x1D), (u8)pages);
    poke8(es, (u16)(di + 0x1E), 1);
    poke8(es, (u16)(di + 0x34), (u8)pages);
    if (!planar) {
        poke32(es, (u16)(di + 0x28), frame_buffer());
        poke16(es, (u16)(di + 0x32), pitch);
        poke8(es, (u16)(di + 0x35), (u8)pages);
        poke32(es, (u16)(di + 0x3E), 230000000);
    }
    if (direct) {
        const __seg_fs u8 *fields = m->bits == 15   ? fields15
                                    : m->bits == 16 ? fields16
                                    : m->bits == 24 ? fields24
                                                    : fields32;
        for (u16 i = 0; i < 8; i++) {
            poke8(es, (u16)(di + 0x1F + i), fields[i]);
            poke8(es, (u16)(di + 0x36 + i), fields[i]);
        }
        poke8(es, (u16)(di + 0x27), m->bits == 32 ? 2 : 0); /* what is left over may be used by programs */
    }
    return true;
}

/* 02h. The VGA behind it is put into mode 12h or 13h, which says how A0000 is reached: in planes or in one piece. */
static bool vbe_set(u16 wanted)
{
    u16 number = wanted & MODE_NUMBER;
    if (number < 0x100) {
        if ((number & 0x80) || !mode_known((u8)number))
            return false;
        mode_set((u8)(number | (wanted & MODE_KEEP ? 0x80 : 0)));
        return true;
    }
    vbeptr m = vbe_find(number);
    if (!m || ((wanted & MODE_LINEAR) && m->bits == 4))
        return false;
    mode_set(m->bits == 4 ? 0x92 : 0x93);
    dispi_write(DISPI_XRES, m->width);
    dispi_write(DISPI_YRES, m->height);
    dispi_write(DISPI_BPP, m->bits);
    dispi_write(DISPI_ENABLE, ENABLED | (wanted & MODE_LINEAR ? LINEAR : 0) | (wanted & MODE_KEEP ? KEEP_MEMORY : 0));
    BDA_SET(video_mode, VBE_VIDEO_MODE);
    BDA_SET(columns, m->width / 8);
    BDA_SET(rows_minus_1, (u8)(m->height / 16 - 1));
    BDA_SET(char_height, 16);
    BDA_SET(video_control, (BDA_GET(video_control) & 0x7F) | (wanted & MODE_KEEP ? 0x80 : 0));
    return true;
}

/* 03h */
static u16 vbe_get(void)
{
    vbeptr m = vbe_current();
    u16 enable = dispi_read(DISPI_ENABLE);
    if (!m)
        return BDA_GET(video_mode) | (BDA_GET(video_control) & 0x80 ? MODE_KEEP : 0);
    return m->number | (enable & LINEAR ? MODE_LINEAR : 0) | (enable & KEEP_MEMORY ? MODE_KEEP : 0);
}

/* 05h: which 64 KiB stand at A0000. */
static bool window_control(struct regs *r)
{
    if (!vbe_current() || r->bl || r->bh > 1 || (dispi_read(DISPI_ENABLE) & LINEAR))
        return false;
    if (r->bh == 1) {
        r->dx = dispi_read(DISPI_BANK);
        return true;
    }
    dispi_write(DISPI_BANK, r->dx);
    return dispi_read(DISPI_BANK) == r->dx;
}

/* 06h: the logical line, in pixels (BL 0) or bytes (BL 2). */
static bool line_length(struct regs *r)
{
    vbeptr m = vbe_current();
    if (!m || r->bl > 3)
        return false;
    u32 memory = memory_size() / (m->bits == 4 ? 4 : 1), most = memory / m->height;
    u16 bytes = (m->bits + 7) / 8;
    most = m->bits == 4 ? most * 8 : most / bytes;
    most = most > 0xFFF8 / bytes ? (0xFFF8 / bytes) & ~7u : most & ~7u; /* a line's bytes are 16 bits too */
    u16 pixels = r->bl == 2 ? (m->bits == 4 ? (u16)(r->cx * 8) : (u16)((r->cx + bytes - 1) / bytes)) : r->cx;
    if (r->bl == 3) {
        pixels = (u16)most;
    } else {
        if (r->bl != 1) {
            if (pixels > most)
                return false;
            dispi_write(DISPI_VIRT_WIDTH, (u16)((pixels + 7) & ~7));
        }
        pixels = dispi_read(DISPI_VIRT_WIDTH);
    }
    r->cx = pixels;
    r->bx = line_bytes(pixels, m->bits);
    u32 lines = memory / r->bx;
    r->dx = lines > 0xFFFF ? 0xFFFF : (u16)lines;
    return true;
}

/* 07h: the pixel at the upper left corner; BL 80h waits for the vertical retrace first. */
static bool display_start(struct regs *r)
{
    if (!vbe_current())
        return false;
    switch (r->bl) {
    case 0x80:
        while (inb(0x3DA) & 8)
            ;
        while (!(inb(0x3DA) & 8))
            ;
        /* fall through */
    case 0x00:
        dispi_write(DISPI_X_OFFSET, r->cx);
        dispi_write(DISPI_Y_OFFSET, r->dx);
        return dispi_read(DISPI_X_OFFSET) == r->cx && dispi_read(DISPI_Y_OFFSET) == r->dx;
    case 0x01:
        r->bh = 0;
        r->cx = dispi_read(DISPI_X_OFFSET);
        r->dx = dispi_read(DISPI_Y_OFFSET);
        return true;
    default: return false;
    }
}

/* 08h: 6 or 8 bits of each colour in the DAC. Direct colour modes have no use for it. */
static bool dac_width(struct regs *r)
{
    vbeptr m = vbe_current();
    u16 enable = dispi_read(DISPI_ENABLE);
    if (r->bl > 1 || (m && m->bits > 8))
        return false;
    if (r->bl == 0) {
        enable = r->bh >= 8 ? enable | DAC_8_BITS : enable & ~DAC_8_BITS;
        dispi_write(DISPI_ENABLE, enable | KEEP_MEMORY);
    }
    r->bh = enable & DAC_8_BITS ? 8 : 6;
    return true;
}

/* 09h: palette entries of blue, green, red and a byte between. */
static bool palette_data(struct regs *r)
{
    u16 at = r->di;
    vbeptr m = vbe_current();
    if ((r->bl & 0x7F) > 1 || r->cx > 256 || r->dx > 255 || r->cx + r->dx > 256 || (m && m->bits > 8))
        return false;
    outb(r->bl == 1 ? 0x3C7 : 0x3C8, (u8)r->dx);
    for (u16 i = 0; i < r->cx; i++, at += 4) {
        if (r->bl == 1) {
            poke8(r->es, (u16)(at + 2), inb(0x3C9));
            poke8(r->es, (u16)(at + 1), inb(0x3C9));
            poke8(r->es, at, inb(0x3C9));
            poke8(r->es, (u16)(at + 3), 0);
        } else {
            outb(0x3C9, peek8(r->es, (u16)(at + 2)));
            outb(0x3C9, peek8(r->es, (u16)(at + 1)));
            outb(0x3C9, peek8(r->es, at));
        }
    }
    return true;
}

void vbe_request(struct regs *r)
{
    bool done = true;
    if (!dispi_present())
        return;
    switch (r->al) {
    case 0x00: controller_information(r); break;
    case 0x01: done = mode_information(r); break;
    case 0x02: done = vbe_set(r->bx); break;
    case 0x03: r->bx = vbe_get(); break;
    case 0x05: done = window_control(r); break;
    case 0x06: done = line_length(r); break;
    case 0x07: done = display_start(r); break;
    case 0x08: done = dac_width(r); break;
    case 0x09: done = palette_data(r); break;
    default: return; /* AL is not 4Fh: no such function */
    }
    r->ax = done ? 0x004F : 0x014F;
}
