/* The picture: what the CRT controller fetches, the graphics controller shifts out and the attribute controller and DAC
   colour, for every text and graphics mode that the registers can express.

   A row of the picture is a scan line, except that lines which the hardware shows twice (200-line modes on a 400-line
   monitor) are one row, and that a 256-colour pixel, two dots wide, is one column. */
#include "devices/vga_internal.h"

enum {
    LINE_PIXELS_MAX = (256 + 3) * 9, /* characters of a line, partly visible ones at both ends included */
    CURSOR_BLINK_FRAMES = 8,         /* on for eight frames, off for eight */
    TEXT_BLINK_FRAMES = 16
};

bool vga_text_mode(const struct vga *vga)
{
    return !vga_dispi_active(vga) && !(vga->graphics[6] & 1);
}

unsigned vga_columns(const struct vga *vga)
{
    return vga->crtc[0x01] + 1u;
}

static bool colours_256(const struct vga *vga)
{
    return vga->graphics[6] & 1 && vga->graphics[5] & 0x40 && vga->attribute[0x10] & 0x40;
}

/* Scan lines that one count of the row scan counter lasts. */
static unsigned line_repeat(const struct vga *vga)
{
    return (vga->crtc[0x17] & 4 ? 2 : 1) * (vga->crtc[0x09] & 0x80 ? 2 : 1);
}

unsigned vga_row_lines(const struct vga *vga)
{
    return ((vga->crtc[0x09] & 0x1Fu) + 1) * line_repeat(vga);
}

/* How many scan lines make one row of the picture: 2 where all lines come in equal pairs. */
static unsigned lines_per_picture_row(const struct vga *vga)
{
    bool row_scan_addresses = (vga->crtc[0x17] & 3) != 3;

    if (line_repeat(vga) > 1)
        return 2;
    return !vga_text_mode(vga) && !row_scan_addresses && vga->crtc[0x09] & 1 ? 2 : 1;
}

/* The linear modes have no use for the sequencer's and the CRT controller's reset bits; what blanks the attribute
   controller's output blanks them, too. */
static bool screen_is_off(const struct vga *vga)
{
    bool held = (vga->sequencer[0] & 3) != 3 || !(vga->crtc[0x17] & 0x80);

    return !(vga->attribute_index & 0x20) || vga->sequencer[1] & 0x20 || (held && !vga_dispi_active(vga));
}

static unsigned dots_per_character(const struct vga *vga)
{
    if (colours_256(vga))
        return 4;
    return vga_text_mode(vga) && !(vga->sequencer[1] & 1) ? 9 : 8;
}

/* --- The CRT controller's addresses ------------------------------------------------------------------------------ */
struct vga_scan_line vga_scan_line_get(const struct vga *vga, unsigned line)
{
    const uint8_t *cr = vga->crtc;
    unsigned rows = (cr[0x09] & 0x1Fu) + 1, pitch = cr[0x13] * 2u;
    unsigned counter = line / (cr[0x17] & 4 ? 2 : 1);
    unsigned line_compare = cr[0x18] | (cr[0x07] & 0x10u) << 4 | (cr[0x09] & 0x40u) << 3;
    bool split = counter > line_compare;
    unsigned start = 0, scans;

    if (split) {
        scans = (counter - line_compare - 1) / (cr[0x09] & 0x80 ? 2 : 1);
    } else {
        start = vga_start_address(vga) + (cr[0x08] >> 5 & 3u);
        scans = counter / (cr[0x09] & 0x80 ? 2 : 1) + (cr[0x08] & 0x1Fu) % rows;
    }
    if (split && !(vga->attribute[0x10] & 0x20))
        start = cr[0x08] >> 5 & 3u; /* byte panning ends at the line compare only with pixel panning compatibility set */
    return (struct vga_scan_line){(uint16_t)(start + scans / rows * pitch), scans % rows, split};
}

uint32_t vga_plane_offset(const struct vga *vga, uint16_t counter, unsigned row_scan)
{
    const uint8_t *cr = vga->crtc;
    uint32_t address = counter;

    if (cr[0x14] & 0x40)
        address = (uint32_t)counter << 2;
    else if (!(cr[0x17] & 0x40))
        address = (uint32_t)counter << 1 | (counter >> (cr[0x17] & 0x20 ? 15 : 13) & 1);
    if (!(cr[0x17] & 1)) /* the CGA's interleaved banks: row scan bit 0 for address bit 13 */
        address = (address & ~0x2000u) | (row_scan & 1) << 13;
    if (!(cr[0x17] & 2)) /* and bit 1 for bit 14, as on the Hercules card */
        address = (address & ~0x4000u) | (row_scan & 2) << 13;
    return address & VGA_PLANE_MASK;
}

/* The counter of character `column`: some EGA modes clock it at a half or a quarter of the rate. */
static uint16_t counter_at(const struct vga *vga, uint16_t row_address, unsigned column)
{
    unsigned shift = vga->crtc[0x14] & 0x20 ? 2 : vga->crtc[0x17] & 8 ? 1 : 0;

    return (uint16_t)(row_address + (column >> shift));
}

static uint32_t fetch(const struct vga *vga, const struct vga_scan_line *scan, unsigned column)
{
    return load_le32(vga->memory + 4 * vga_plane_offset(vga, counter_at(vga, scan->address, column), scan->row_scan));
}

/* --- Colours ----------------------------------------------------------------------------------------------------- */
static void dac_colours(const struct vga *vga, uint32_t colours[256])
{
    bool eight_bits = vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC;

    for (unsigned i = 0; i < 256; i++) {
        const uint8_t *entry = vga->dac[i & vga->pel_mask];
        uint32_t colour = 0;

        /* Six bits, in the upper part of the byte, spread over the whole range. */
        for (unsigned c = 0; c < 3; c++)
            colour = colour << 8 | (eight_bits ? entry[c] : (entry[c] & 0xFCu) | entry[c] >> 6);
        colours[i] = colour;
    }
}

/* The DAC index for each four-bit pixel: colour plane enable, palette, colour select. */
static void attribute_colours(const struct vga *vga, uint8_t indices[16])
{
    uint8_t select = vga->attribute[0x14];

    for (unsigned pixel = 0; pixel < 16; pixel++) {
        unsigned index = vga->attribute[pixel & vga->attribute[0x12] & 15];

        if (vga->attribute[0x10] & 0x80)
            index = (index & 0x0F) | (select & 3u) << 4;
        indices[pixel] = (uint8_t)(index | (select & 0x0Cu) << 4);
    }
}

static bool blink_phase_off(const struct vga *vga)
{
    return vga_frame_number(vga) / TEXT_BLINK_FRAMES & 1;
}

/* --- Text -------------------------------------------------------------------------------------------------------- */
static bool cursor_visible_now(const struct vga *vga)
{
    return !(vga->crtc[0x0A] & 0x20) && !(vga_frame_number(vga) / CURSOR_BLINK_FRAMES & 1);
}

/* Offset of a font in plane 2 from its three-bit number. */
static uint32_t font_offset(unsigned number)
{
    return (number & 3) * 0x4000 + (number >> 2) * 0x2000;
}

/* Pixels 0-15 of one scan line of text, `columns` characters from the line's address on. */
static void text_line(const struct vga *vga, const struct vga_scan_line *scan, unsigned columns, uint8_t *line)
{
    uint8_t map = vga->sequencer[3], mode = vga->attribute[0x10];
    uint32_t font_b = font_offset((map & 3u) | (map >> 2 & 4u)), font_a = font_offset((map >> 2 & 3u) | (map >> 3 & 4u));
    unsigned dots = dots_per_character(vga), skew = vga->crtc[0x0B] >> 5 & 3;
    uint16_t cursor = (uint16_t)((vga->crtc[0x0E] << 8 | vga->crtc[0x0F]) + skew);
    bool cursor_line = cursor_visible_now(vga) && scan->row_scan >= (vga->crtc[0x0A] & 0x1Fu) &&
                       scan->row_scan <= (vga->crtc[0x0B] & 0x1Fu);
    bool blink_off = blink_phase_off(vga), underline_line = scan->row_scan == (vga->crtc[0x14] & 0x1Fu);

    for (unsigned column = 0; column < columns; column++) {
        uint16_t counter = counter_at(vga, scan->address, column);
        uint32_t cell = load_le32(vga->memory + 4 * vga_plane_offset(vga, counter, scan->row_scan));
        uint8_t code = (uint8_t)cell, attribute = (uint8_t)(cell >> 8);
        uint32_t glyph = (attribute & 8 ? font_a : font_b) + code * 32u + scan->row_scan;
        unsigned bits = vga->memory[4 * glyph + 2] << 1;
        unsigned foreground = attribute & 15, background = attribute >> 4;

        if (mode & 4 && (code & 0xE0) == 0xC0)
            bits |= bits >> 1 & 1; /* line graphics: the ninth dot repeats the eighth */
        if (underline_line && (attribute & 0x77) == 0x01)
            bits = 0x1FF;
        if (mode & 8) {
            background &= 7;
            if (attribute & 0x80 && blink_off)
                bits = 0;
        }
        if (cursor_line && counter == cursor)
            bits = 0x1FF;
        for (unsigned dot = 0; dot < dots; dot++)
            *line++ = (uint8_t)(bits >> (8 - dot) & 1 ? foreground : background);
    }
}

/* --- Graphics ---------------------------------------------------------------------------------------------------- */
static void planar_character(uint32_t lanes, uint8_t *line)
{
    for (unsigned bit = 8; bit-- > 0;) {
        uint32_t pixel = lanes >> bit;
        *line++ = (uint8_t)((pixel & 1) | (pixel >> 7 & 2) | (pixel >> 14 & 4) | (pixel >> 21 & 8));
    }
}

/* The CGA's packed pairs of bits: planes 0 and 1 one after the other, planes 2 and 3 above them. */
static void interleaved_character(uint32_t lanes, uint8_t *line)
{
    for (unsigned half = 0; half < 2; half++, lanes >>= 8)
        for (unsigned shift = 8; shift > 0; shift -= 2)
            *line++ = (uint8_t)((lanes >> (shift - 2) & 3) | (lanes >> (14 + shift) & 3) << 2);
}

/* The 256-colour shift order, four bits at a time: what shows when the attribute controller is not told to pair them. */
static void nibble_character(uint32_t lanes, uint8_t *line)
{
    for (unsigned plane = 0; plane < 4; plane++, lanes >>= 8) {
        *line++ = lanes >> 4 & 15;
        *line++ = lanes & 15;
    }
}

static void graphics_line(const struct vga *vga, const struct vga_scan_line *scan, unsigned columns, uint8_t *line)
{
    uint8_t *first = line;

    for (unsigned column = 0; column < columns; column++, line += 8) {
        uint32_t lanes = fetch(vga, scan, column);

        if (vga->graphics[5] & 0x40)
            nibble_character(lanes, line);
        else if (vga->graphics[5] & 0x20)
            interleaved_character(lanes, line);
        else
            planar_character(lanes, line);
    }
    /* Blinking in graphics: pixels with bit 3 set lose it every other phase. */
    if (vga->attribute[0x10] & 8 && blink_phase_off(vga))
        while (first < line)
            *first++ &= 7;
}

/* DAC indices of a 256-colour line. Each half of a byte passes through the palette, as the chip does it. */
static void packed_line(const struct vga *vga, const struct vga_scan_line *scan, unsigned columns, uint8_t *line)
{
    const uint8_t *palette = vga->attribute;
    unsigned enable = vga->attribute[0x12] & 15;

    for (unsigned column = 0; column < columns; column++) {
        uint32_t lanes = fetch(vga, scan, column);

        for (unsigned plane = 0; plane < 4; plane++, lanes >>= 8)
            *line++ = (uint8_t)((palette[lanes >> 4 & enable] & 15) << 4 | (palette[lanes & enable] & 15));
    }
}

/* --- The whole picture ------------------------------------------------------------------------------------------- */
/* Picture columns by which the line is moved to the left. */
static unsigned pixel_panning(const struct vga *vga, bool split)
{
    unsigned panning = vga->attribute[0x13];

    if (split && vga->attribute[0x10] & 0x20)
        panning = dots_per_character(vga) == 9 ? 8 : 0;
    if (colours_256(vga))
        return panning >> 1 & 3;
    if (dots_per_character(vga) == 9)
        return panning >= 8 ? 0 : panning + 1;
    return panning & 7;
}

static void picture_size(const struct vga *vga, unsigned *width, unsigned *height)
{
    if (screen_is_off(vga)) {
        *width = *height = 0;
    } else if (vga_dispi_active(vga)) {
        *width = vga->dispi[DISPI_XRES];
        *height = vga->dispi[DISPI_YRES];
    } else {
        unsigned rows = vga_timing_get(vga).display_lines / lines_per_picture_row(vga);
        *width = vga_columns(vga) * dots_per_character(vga);
        *height = rows ? rows : 1;
    }
}

void vga_screen_render(struct vga *vga, uint32_t *pixels, size_t stride)
{
    uint32_t colours[256];
    uint8_t indices[16], line[LINE_PIXELS_MAX];
    unsigned width, height, columns = vga_columns(vga) + 1, step = lines_per_picture_row(vga);

    picture_size(vga, &width, &height);
    dac_colours(vga, colours);
    attribute_colours(vga, indices);
    if (vga_dispi_active(vga) && width) {
        vga_dispi_render(vga, colours, pixels, stride);
        return;
    }
    for (unsigned y = 0; y < height; y++) {
        struct vga_scan_line scan = vga_scan_line_get(vga, y * step);
        const uint8_t *source = line + pixel_panning(vga, scan.split);
        uint32_t *row = pixels + y * stride;

        if (colours_256(vga)) {
            packed_line(vga, &scan, columns, line);
            for (unsigned x = 0; x < width; x++)
                row[x] = colours[source[x]];
            continue;
        }
        if (vga_text_mode(vga))
            text_line(vga, &scan, columns, line);
        else
            graphics_line(vga, &scan, columns, line);
        for (unsigned x = 0; x < width; x++)
            row[x] = colours[indices[source[x]]];
    }
}

uint8_t vga_beam_pixel(const struct vga *vga, unsigned line, unsigned dot)
{
    struct vga_scan_line scan = vga_scan_line_get(vga, line);
    unsigned pixels = dots_per_character(vga), dots = vga_timing_get(vga).dots_per_character;
    unsigned x = dot / dots * pixels + dot % dots * pixels / dots + pixel_panning(vga, scan.split);
    uint8_t character[16], indices[16];

    scan.address = counter_at(vga, scan.address, x / pixels);
    if (colours_256(vga)) {
        packed_line(vga, &scan, 1, character);
        return character[x % pixels];
    }
    if (vga_text_mode(vga))
        text_line(vga, &scan, 1, character);
    else
        graphics_line(vga, &scan, 1, character);
    attribute_colours(vga, indices);
    return indices[character[x % pixels]];
}

/* --- For observers ----------------------------------------------------------------------------------------------- */
/* What of the picture depends on the clock alone. */
static uint64_t picture_phase(const struct vga *vga)
{
    uint64_t start = vga_start_address(vga);
    bool blinks = vga_text_mode(vga) || vga->attribute[0x10] & 8;

    return start | (blinks ? vga_frame_number(vga) / CURSOR_BLINK_FRAMES << 16 : 0);
}

static void reduce(unsigned *a, unsigned *b)
{
    unsigned x = *a, y = *b;

    while (y) {
        unsigned rest = x % y;
        x = y;
        y = rest;
    }
    *a /= x;
    *b /= x;
}

void vga_screen_get(struct vga *vga, struct tb_screen *screen)
{
    uint64_t phase = vga_dispi_active(vga) ? 0 : picture_phase(vga);

    if (phase != vga->told_phase) {
        vga->told_phase = phase;
        vga->generation++;
    }
    *screen = (struct tb_screen){.aspect_x = 1, .aspect_y = 1, .generation = vga->generation};
    picture_size(vga, &screen->width, &screen->height);
    screen->text_mode = vga_text_mode(vga);
    if (screen->text_mode) {
        unsigned rows = vga_timing_get(vga).display_lines / vga_row_lines(vga);
        screen->columns = vga_columns(vga);
        screen->rows = rows ? rows : 1;
    }
    /* A VGA's picture fills a 4:3 screen whatever its size; linear modes are drawn with square pixels. */
    if (screen->width && !vga_dispi_active(vga)) {
        screen->aspect_x = 4 * screen->height;
        screen->aspect_y = 3 * screen->width;
        reduce(&screen->aspect_x, &screen->aspect_y);
    }
}
