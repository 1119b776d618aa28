/* Pictures of hand-made screens, pixel by pixel; the text screen as text; the linear modes. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "vga_modes.h"

static struct bench bench;
static struct vga *vga;
static uint32_t *picture;
static struct tb_screen screen;

static void setup(void)
{
    bench_open(&bench);
    vga = vga_new(&bench.bay, (struct wire){0}, BENCH_FRAME_BUFFER);
}

static void teardown(void)
{
    free(picture);
    vga_free(vga);
    bench_close(&bench);
}

TestSuite(vga_render, .init = setup, .fini = teardown);

static void render(unsigned width, unsigned height)
{
    vga_screen_get(vga, &screen);
    cr_assert_eq(screen.width, width, "width %u", screen.width);
    cr_assert_eq(screen.height, height, "height %u", screen.height);
    free(picture);
    picture = calloc((size_t)width * height, sizeof *picture);
    vga_screen_render(vga, picture, width);
}

static uint32_t pixel(unsigned x, unsigned y)
{
    return picture[(size_t)y * screen.width + x];
}

#define EXPECT(x, y, index)                                                                                     \
    cr_assert_eq(pixel(x, y), dac_colour(index), "pixel %u,%u is %06x, not %06x", (unsigned)(x), (unsigned)(y), \
                 pixel(x, y), dac_colour(index))

/* A character of font `number`: `rows` bytes from its top. */
static void glyph_set(unsigned number, uint8_t code, const uint8_t *rows, unsigned count)
{
    static const uint16_t bases[8] = {0x0000, 0x4000, 0x8000, 0xC000, 0x2000, 0x6000, 0xA000, 0xE000};

    sequencer_set(&bench, 2, 4);
    sequencer_set(&bench, 4, 6);
    graphics_set(&bench, 5, 0);
    graphics_set(&bench, 6, 4);
    for (unsigned i = 0; i < count; i++)
        poke8(&bench, 0xA0000u + bases[number] + code * 32u + i, rows[i]);
    sequencer_set(&bench, 2, 3);
    sequencer_set(&bench, 4, 2);
    graphics_set(&bench, 5, 0x10);
    graphics_set(&bench, 6, 0x0E);
}

static void cell(unsigned column, unsigned row, uint8_t code, uint8_t attribute)
{
    poke8(&bench, 0xB8000 + 2 * (row * 80 + column), code);
    poke8(&bench, 0xB8000 + 2 * (row * 80 + column) + 1, attribute);
}

static const uint8_t checker[16] = {0x81, 0x42, 0x24, 0x18, 0x00, 0xFF, 0x01, 0x80};

Test(vga_render, text_9_dots)
{
    vga_mode_set(&bench, &vga_mode_03);
    crtc_set(&bench, 0x0A, 0x20);
    glyph_set(0, 'x', checker, 16);
    glyph_set(0, 0xC4, checker, 16);
    cell(0, 0, 'x', 0x1E);
    cell(1, 0, 0xC4, 0x42);
    cell(79, 24, 'x', 0x07);
    render(720, 400);
    cr_assert_eq(screen.columns, 80);
    cr_assert_eq(screen.rows, 25);
    cr_assert_eq(screen.aspect_x, 20);
    cr_assert_eq(screen.aspect_y, 27);
    for (unsigned y = 0; y < 16; y++)
        for (unsigned x = 0; x < 8; x++) {
            bool on = checker[y] >> (7 - x) & 1;
            EXPECT(x, y, on ? 0x3E : 0x01); /* palette 14 is 3E, 1 is 1 */
            EXPECT(9 + x, y, on ? 0x02 : 0x04);
            EXPECT(711 + x, 384 + y, on ? 0x07 : 0x00);
        }
    EXPECT(8, 0, 0x01);  /* the ninth dot is background ... */
    EXPECT(17, 0, 0x02); /* ... but repeats the eighth in C0h-DFh */
    EXPECT(17, 1, 0x04);
    glyph_set(0, 0xE0, checker, 16);
    cell(2, 0, 0xE0, 0x42);
    render(720, 400);
    EXPECT(25, 0, 0x02);
    EXPECT(26, 0, 0x04);               /* and not beyond */
    attribute_set(&bench, 0x10, 0x08); /* without line graphics */
    render(720, 400);
    EXPECT(17, 0, 0x04);
}

Test(vga_render, text_8_dots_underline_and_intensity)
{
    vga_mode_set(&bench, &vga_mode_03);
    sequencer_set(&bench, 1, 1);
    crtc_set(&bench, 0x0A, 0x20);
    crtc_set(&bench, 0x14, 15);
    attribute_set(&bench, 0x10, 0x04); /* no blinking: 16 backgrounds */
    cell(0, 0, 0, 0x01);
    cell(1, 0, 0, 0x09);
    cell(2, 0, 0, 0x02);
    cell(3, 0, 0, 0x9F);
    render(640, 400);
    EXPECT(0, 14, 0x00);
    EXPECT(0, 15, 0x01);
    EXPECT(7, 15, 0x01);
    EXPECT(8, 15, 0x39); /* intensity does not prevent it */
    EXPECT(16, 15, 0x00);
    EXPECT(24, 3, 0x39); /* bright background */
}

Test(vga_render, mode_07_monochrome)
{
    vga_mode_set(&bench, &vga_mode_07);
    crtc_set(&bench, 0x0A, 0x20);
    crtc_set(&bench, 0x14, 13);
    poke8(&bench, 0xB0000, ' ');
    poke8(&bench, 0xB0001, 0x01);
    poke8(&bench, 0xB0002, ' ');
    poke8(&bench, 0xB0003, 0x70);
    cr_assert_eq(peek8(&bench, 0xB8000), 0xFF);
    render(720, 400);
    EXPECT(0, 12, 0x00);
    EXPECT(0, 13, 0x08);
    EXPECT(8, 13, 0x08);
    EXPECT(9, 13, 0x08); /* reverse video */
    EXPECT(18, 13, 0x00);
}

Test(vga_render, blink_and_cursor_by_the_clock)
{
    static const uint8_t full[16] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    const uint64_t frame = 1426806;

    vga_mode_set(&bench, &vga_mode_03);
    glyph_set(0, 'x', full, 16);
    cell(0, 0, 'x', 0x97);
    cell(2, 0, ' ', 0x4A);
    crtc_set(&bench, 0x0E, 0);
    crtc_set(&bench, 0x0F, 2);
    render(720, 400);
    uint64_t generation = screen.generation;
    EXPECT(0, 0, 0x07);
    EXPECT(8, 0, 0x01);
    EXPECT(18, 12, 0x04);
    EXPECT(18, 13, 0x3A); /* cursor in the foreground colour, lines 13 and 14 */
    EXPECT(26, 14, 0x3A);
    EXPECT(18, 15, 0x04);
    vga_screen_get(vga, &screen);
    cr_assert_eq(screen.generation, generation, "nothing happened");
    clock_to(&bench, frame * 8 + 100);
    render(720, 400);
    cr_assert_neq(screen.generation, generation);
    EXPECT(18, 13, 0x04); /* the cursor is off for eight frames */
    EXPECT(0, 0, 0x07);
    clock_to(&bench, frame * 16 + 100);
    render(720, 400);
    EXPECT(18, 13, 0x3A);
    EXPECT(0, 0, 0x01); /* the character is off for sixteen */
    clock_to(&bench, frame * 32 + 100);
    render(720, 400);
    EXPECT(0, 0, 0x07);
}

Test(vga_render, cursor_shapes)
{
    unsigned column, row;

    vga_mode_set(&bench, &vga_mode_03);
    cell(4, 3, ' ', 0x07);
    crtc_set(&bench, 0x0E, 0);
    crtc_set(&bench, 0x0F, 3 * 80 + 3);
    crtc_set(&bench, 0x0A, 2);
    crtc_set(&bench, 0x0B, 0x23); /* lines 2-3, skewed by one character */
    render(720, 400);
    EXPECT(36, 48 + 1, 0);
    EXPECT(36, 48 + 2, 7);
    EXPECT(36, 48 + 3, 7);
    EXPECT(36, 48 + 4, 0);
    cr_assert(vga_screen_cursor(vga, &column, &row));
    cr_assert_eq(column, 4);
    cr_assert_eq(row, 3);
    crtc_set(&bench, 0x0B, 0x01); /* end before start: no cursor on a VGA */
    render(720, 400);
    EXPECT(27, 48 + 2, 0);
    cr_assert_not(vga_screen_cursor(vga, &column, &row));
    crtc_set(&bench, 0x0A, 0x22);
    crtc_set(&bench, 0x0B, 0x03);
    cr_assert_not(vga_screen_cursor(vga, &column, &row));
}

Test(vga_render, two_fonts_by_attribute_bit_3)
{
    static const uint8_t a[1] = {0xF0}, b[1] = {0x0F};

    vga_mode_set(&bench, &vga_mode_03);
    crtc_set(&bench, 0x0A, 0x20);
    glyph_set(3, 'x', a, 1);
    glyph_set(6, 'x', b, 1);
    cell(0, 0, 'x', 0x07);
    cell(1, 0, 'x', 0x0F);
    sequencer_set(&bench, 3, 0x03 | 0x08 | 0x20); /* B: 3 (bit 3 clear), A: 6 (2 with the high bit) */
    render(720, 400);
    EXPECT(0, 0, 0x07);
    EXPECT(4, 0, 0x00);
    EXPECT(9, 0, 0x00);
    EXPECT(13, 0, 0x3F);
}

Test(vga_render, text_scrolls_by_start_address_at_retrace)
{
    static const uint8_t full[1] = {0xFF};
    uint8_t code, attribute;

    vga_mode_set(&bench, &vga_mode_03);
    crtc_set(&bench, 0x0A, 0x20);
    glyph_set(0, 'x', full, 1);
    cell(0, 1, 'x', 0x07);
    clock_to(&bench, 100000);
    vga_screen_get(vga, &screen);
    crtc_set(&bench, 0x0D, 80);
    render(720, 400);
    uint64_t generation = screen.generation;
    EXPECT(0, 16, 0x07);
    EXPECT(0, 0, 0x00);
    uint8_t *saved = bench_save(&bench);
    clock_to(&bench, 1310000); /* the retrace begins at 1,309,222 */
    render(720, 400);
    cr_assert_neq(screen.generation, generation);
    EXPECT(0, 0, 0x07);
    cr_assert(vga_screen_cell(vga, 0, 0, &code, &attribute));
    cr_assert_eq(code, 'x');
    cr_assert_eq(attribute, 0x07);
    cr_assert_not(vga_screen_cell(vga, 80, 0, &code, &attribute));
    cr_assert_not(vga_screen_cell(vga, 0, 25, &code, &attribute));
    vga_reset(vga);
    bench_restore(&bench, saved);
    bench.schedule.now = 100000;
    render(720, 400);
    EXPECT(0, 16, 0x07);
    clock_to(&bench, 1310000);
    render(720, 400);
    EXPECT(0, 0, 0x07);
}

Test(vga_render, text_panning)
{
    static const uint8_t left[1] = {0x80};

    vga_mode_set(&bench, &vga_mode_03);
    crtc_set(&bench, 0x0A, 0x20);
    glyph_set(0, 'x', left, 1);
    for (unsigned i = 0; i < 80; i++)
        cell(i, 0, 'x', 0x07);
    attribute_set(&bench, 0x13, 2); /* 9 dots: three to the left */
    render(720, 400);
    EXPECT(6, 0, 0x07);
    EXPECT(0, 0, 0x00);
    crtc_set(&bench, 0x08, 0x20); /* and one character */
    cell(1, 0, ' ', 0x07);
    render(720, 400);
    EXPECT(6, 0, 0x07);
    EXPECT(0, 0, 0x00);
    cell(2, 0, ' ', 0x07);
    render(720, 400);
    EXPECT(6, 0, 0x00);
    crtc_set(&bench, 0x08, 0x03); /* smooth scrolling: row 0 starts at scan 3 */
    attribute_set(&bench, 0x13, 8);
    cell(0, 1, 'x', 0x07);
    render(720, 400);
    EXPECT(0, 0, 0x00);
    EXPECT(0, 13, 0x07);
}

Test(vga_render, text_as_utf_8)
{
    char text[8192], small[6];

    vga_mode_set(&bench, &vga_mode_03);
    for (unsigned row = 0; row < 25; row++)
        for (unsigned column = 0; column < 80; column++)
            cell(column, row, row == 1 ? 0 : ' ', 0x07);
    cell(0, 0, 'A', 7);
    cell(2, 0, 0xB3, 7);
    cell(3, 0, 0xE1, 7);
    cell(0, 1, 0x01, 7);
    cell(5, 24, 'z', 7);
    size_t length = vga_screen_text(vga, text, sizeof text);
    cr_assert_eq(length, strlen(text));
    cr_assert_eq(strncmp(text, "A \xE2\x94\x82\xC3\x9F\n\xE2\x98\xBA\n\n", 13), 0, "%s", text);
    cr_assert_str_eq(text + length - 8, "\n     z\n");
    cr_assert_eq(vga_screen_text(vga, NULL, 0), length);
    cr_assert_eq(vga_screen_text(vga, small, 5), length);
    cr_assert_str_eq(small, "A ", "no character is cut in two");
    cr_assert_eq(vga_screen_text(vga, small, 6), length);
    cr_assert_str_eq(small, "A \xE2\x94\x82");
    vga_mode_set(&bench, &vga_mode_13);
    cr_assert_eq(vga_screen_text(vga, text, sizeof text), 0);
    cr_assert_str_eq(text, "");
}

Test(vga_render, screen_off)
{
    vga_mode_set(&bench, &vga_mode_03);
    vga_screen_get(vga, &screen);
    cr_assert_eq(screen.width, 720);
    uint64_t generation = screen.generation;
    sequencer_set(&bench, 1, 0x20);
    vga_screen_get(vga, &screen);
    cr_assert_eq(screen.width, 0);
    cr_assert_eq(screen.height, 0);
    cr_assert_neq(screen.generation, generation);
    sequencer_set(&bench, 1, 0x00);
    in8(&bench, 0x3DA);
    out8(&bench, 0x3C0, 0x00);
    vga_screen_get(vga, &screen);
    cr_assert_eq(screen.width, 0);
    vga_reset(vga);
    vga_screen_get(vga, &screen);
    cr_assert_eq(screen.width, 0);
}

Test(vga_render, mode_04_cga_4_colours)
{
    vga_mode_set(&bench, &vga_mode_04);
    poke8(&bench, 0xB8000, 0x1B);      /* 0 1 2 3 */
    poke8(&bench, 0xB8001, 0xE4);      /* 3 2 1 0 */
    poke8(&bench, 0xBA000, 0xC0);      /* line 1: 3 */
    poke8(&bench, 0xB8000 + 80, 0x03); /* line 2 */
    render(320, 200);
    static const uint8_t line_0[8] = {0x00, 0x13, 0x15, 0x17, 0x17, 0x15, 0x13, 0x00};
    for (unsigned x = 0; x < 8; x++)
        EXPECT(x, 0, line_0[x]);
    EXPECT(0, 1, 0x17);
    EXPECT(1, 1, 0x00);
    EXPECT(3, 2, 0x17);
    EXPECT(0, 2, 0x00);
    cr_assert_eq(screen.aspect_x, 5);
    cr_assert_eq(screen.aspect_y, 6);
}

Test(vga_render, mode_06_cga_2_colours)
{
    vga_mode_set(&bench, &vga_mode_06);
    poke8(&bench, 0xB8001, 0x81);
    poke8(&bench, 0xBA000 + 79, 0x01);
    render(640, 200);
    EXPECT(8, 0, 0x17);
    EXPECT(9, 0, 0x00);
    EXPECT(15, 0, 0x17);
    EXPECT(639, 1, 0x17);
    EXPECT(638, 1, 0x00);
}

Test(vga_render, mode_0d_and_12_planar)
{
    vga_mode_set(&bench, &vga_mode_0d);
    for (unsigned plane = 0; plane < 4; plane++) {
        sequencer_set(&bench, 2, (uint8_t)(1 << plane));
        poke8(&bench, 0xA0000 + 40 * 199 + 39, (uint8_t)(0x55 << plane)); /* pixels of four overlapping colours */
    }
    render(320, 200);
    for (unsigned x = 0; x < 8; x++) {
        unsigned colour = 0;
        for (unsigned plane = 0; plane < 4; plane++)
            colour |= (uint8_t)(0x55 << plane) >> (7 - x) & 1 ? 1u << plane : 0;
        EXPECT(312 + x, 199, vga_mode_0d.attribute[colour]);
    }
    vga_mode_set(&bench, &vga_mode_12);
    poke8(&bench, 0xA0000 + 80 * 479 + 79, 0x01);
    render(640, 480);
    EXPECT(639, 479, 0x3F);
    EXPECT(638, 479, 0x00);
    cr_assert_eq(screen.aspect_x, 1);
    cr_assert_eq(screen.aspect_y, 1);
    attribute_set(&bench, 0x12, 0x7); /* colour plane enable */
    render(640, 480);
    EXPECT(639, 479, 0x07);
    attribute_set(&bench, 0x10, 0x81); /* palette bits 5:4 from colour select, 7:6 always */
    attribute_set(&bench, 0x14, 0x0D);
    render(640, 480);
    EXPECT(639, 479, 0xC0 | 0x10 | 0x07);
    out8(&bench, 0x3C6, 0x4F);
    render(640, 480);
    EXPECT(639, 479, 0x47);
    attribute_set(&bench, 0x13, 3);
    render(640, 480);
    EXPECT(636, 479, 0x47);
}

Test(vga_render, mode_13_and_mode_x)
{
    vga_mode_set(&bench, &vga_mode_13);
    poke8(&bench, 0xA0000, 0x21);
    poke8(&bench, 0xA0000 + 320 * 199 + 319, 0xFE);
    poke8(&bench, 0xA0000 + 320 * 100 + 5, 0x7F);
    render(320, 200);
    EXPECT(0, 0, 0x21);
    EXPECT(1, 0, 0x00);
    EXPECT(319, 199, 0xFE);
    EXPECT(5, 100, 0x7F);

    /* Mode X (320x240, unchained): byte mode, each plane a quarter of the pixels. */
    static const uint16_t tweak[] = {0x0D06, 0x3E07, 0x4109, 0xEA10, 0xAC11, 0xDF12, 0x0014, 0xE715, 0x0616, 0xE317};
    sequencer_set(&bench, 4, 0x06);
    out8(&bench, 0x3C2, 0xE3);
    crtc_set(&bench, 0x11, 0x0C);
    for (unsigned i = 0; i < sizeof tweak / sizeof tweak[0]; i++)
        out16(&bench, 0x3D4, tweak[i]);
    sequencer_set(&bench, 2, 0xF);
    for (uint32_t i = 0; i < 0x10000; i++)
        poke8(&bench, 0xA0000 + i, 0);
    sequencer_set(&bench, 2, 0x2);
    poke8(&bench, 0xA0000 + 80 * 239 + 79, 0x99); /* x = 317 */
    sequencer_set(&bench, 2, 0x8);
    poke8(&bench, 0xA0000 + 80 * 240 + 1, 0x55); /* second page: x = 7, y = 0 */
    render(320, 240);
    EXPECT(317, 239, 0x99);
    EXPECT(316, 239, 0x00);
    crtc_set(&bench, 0x0C, (80 * 240) >> 8);
    crtc_set(&bench, 0x0D, (80 * 240) & 0xFF);
    clock_step_ns(&bench, 20000000);
    render(320, 240);
    EXPECT(7, 0, 0x55);
    EXPECT(317, 239, 0x00);
    attribute_set(&bench, 0x13, 4); /* two pixels: values go in steps of two */
    render(320, 240);
    EXPECT(5, 0, 0x55);
    crtc_set(&bench, 0x13, 0x50); /* a virtual screen of 640 */
    sequencer_set(&bench, 2, 0x1);
    poke8(&bench, 0xA0000 + 80 * 240 + 160 + 1, 0x66);
    render(320, 240);
    EXPECT(2, 1, 0x66);
}

Test(vga_render, split_screen)
{
    vga_mode_set(&bench, &vga_mode_13);
    poke8(&bench, 0xA0000 + 2, 0x11);            /* top left of the lower screen */
    poke8(&bench, 0xA0000 + 320 * 50 + 2, 0x22); /* of the upper one */
    crtc_set(&bench, 0x0C, (80 * 50) >> 8);      /* 80 counts of four bytes each a line */
    crtc_set(&bench, 0x0D, (80 * 50) & 0xFF);
    crtc_set(&bench, 0x11, 0x0E);
    crtc_set(&bench, 0x07, 0x0F); /* line compare 0C7h = 199: the lower screen from line 200 = row 100 */
    crtc_set(&bench, 0x09, 0x01);
    crtc_set(&bench, 0x18, 0xC7);
    attribute_set(&bench, 0x13, 4); /* panned by two */
    clock_step_ns(&bench, 20000000);
    render(320, 200);
    EXPECT(0, 0, 0x22);
    EXPECT(0, 100, 0x11);
    attribute_set(&bench, 0x10, 0x61); /* panning ends at the split */
    render(320, 200);
    EXPECT(0, 0, 0x22);
    EXPECT(2, 100, 0x11);
    EXPECT(0, 100, 0x00);
}

Test(vga_render, line_compare_counts_scan_lines)
{
    static const uint8_t full[16] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    uint8_t code, attribute;

    vga_mode_set(&bench, &vga_mode_03);
    crtc_set(&bench, 0x0A, 0x20);
    glyph_set(0, 'x', full, 16);
    cell(0, 0, 'x', 0x07); /* only at address 0: first line of the lower screen */
    crtc_set(&bench, 0x0D, 160);
    crtc_set(&bench, 0x07, 0x0F);
    crtc_set(&bench, 0x11, 0x0E);
    crtc_set(&bench, 0x09, 0x0F);
    crtc_set(&bench, 0x18, 0x2F); /* line 47 is the upper screen's last */
    clock_step_ns(&bench, 20000000);
    render(720, 400);
    EXPECT(0, 0, 0x00);
    EXPECT(0, 47, 0x00);
    EXPECT(0, 48, 0x07);
    EXPECT(0, 63, 0x07);
    EXPECT(0, 64, 0x00);
    cr_assert(vga_screen_cell(vga, 0, 3, &code, &attribute));
    cr_assert_eq(code, 'x');
}

/* --- DISPI ------------------------------------------------------------------------------------------------------- */
static void dispi_set(uint16_t index, uint16_t value)
{
    out16(&bench, 0x1CE, index);
    out16(&bench, 0x1CF, value);
}

static uint16_t dispi_get(uint16_t index)
{
    out16(&bench, 0x1CE, index);
    return in16(&bench, 0x1CF);
}

static void dispi_mode(uint16_t width, uint16_t height, uint16_t bits, uint16_t flags)
{
    dispi_set(4, 0);
    dispi_set(1, width);
    dispi_set(2, height);
    dispi_set(3, bits);
    dispi_set(4, 1 | flags);
}

Test(vga_render, dispi_identification_and_limits)
{
    vga_mode_set(&bench, &vga_mode_03);
    cr_assert_eq(dispi_get(0), 0xB0C5);
    dispi_set(0, 0xB0C2);
    cr_assert_eq(dispi_get(0), 0xB0C2);
    dispi_set(0, 0x1234);
    cr_assert_eq(dispi_get(0), 0xB0C2);
    cr_assert_eq(dispi_get(10), 256);
    dispi_set(4, 2);
    cr_assert_eq(dispi_get(1), 2560);
    cr_assert_eq(dispi_get(2), 1600);
    cr_assert_eq(dispi_get(3), 32);
    dispi_set(4, 0);
    dispi_set(1, 8000);
    dispi_set(1, 0);
    dispi_set(3, 9);
    cr_assert_eq(dispi_get(1), 640);
    cr_assert_eq(dispi_get(3), 8);
    dispi_set(1, 1366);
    cr_assert_eq(dispi_get(1), 1360, "lines are whole groups of eight pixels");
    dispi_mode(800, 600, 32, 0x40);
    dispi_set(1, 1024);
    cr_assert_eq(dispi_get(1), 800, "fixed while enabled");
    cr_assert_eq(dispi_get(6), 800);
    cr_assert_eq(dispi_get(7), 0x1000000 / 3200);
    dispi_set(6, 4096);
    cr_assert_eq(dispi_get(6), 4096);
    cr_assert_eq(dispi_get(7), 1024);
    dispi_set(6, 0xFFF8); /* 65,528 pixels of 4 bytes: 64 lines */
    cr_assert_eq(dispi_get(6), 4096);
    dispi_set(9, 425);
    cr_assert_eq(dispi_get(9), 0);
    dispi_set(9, 424);
    cr_assert_eq(dispi_get(9), 424);
}

Test(vga_render, dispi_depths)
{
    static const struct {
        uint16_t bits;
        uint8_t bytes[4];
        unsigned count;
        uint32_t colour;
    } rows[] = {{15, {0x1F, 0x40}, 2, 0x8400FF},
                {16, {0xE0, 0x87}, 2, 0x84FF00},
                {24, {0x12, 0x34, 0x56}, 3, 0x563412},
                {32, {0x12, 0x34, 0x56, 0x78}, 4, 0x563412}};

    vga_mode_set(&bench, &vga_mode_03);
    for (unsigned i = 0; i < 4; i++) {
        dispi_mode(1024, 768, rows[i].bits, 0x40);
        physical_write(bench.bay.memory, BENCH_FRAME_BUFFER + (1024u * 767 + 1023) * rows[i].count, rows[i].bytes,
                       rows[i].count);
        render(1024, 768);
        cr_assert_not(screen.text_mode);
        cr_assert_eq(pixel(1023, 767), rows[i].colour, "%u bits: %06x", rows[i].bits, pixel(1023, 767));
        cr_assert_eq(pixel(1022, 767), 0);
    }
}

Test(vga_render, dispi_bank_window_panning_and_memory_clearing)
{
    vga_mode_set(&bench, &vga_mode_03);
    dispi_mode(640, 480, 8, 0);
    dispi_set(5, 2);
    poke8(&bench, 0xA0005, 0x33); /* offset 20005h: line 204, column 517 */
    cr_assert_eq(peek8(&bench, BENCH_FRAME_BUFFER + 0x20005), 0x33);
    cr_assert_eq(peek8(&bench, 0xB8000), 0xFF);
    render(640, 480);
    EXPECT(517, 204, 0x33);
    dispi_set(6, 1024);
    dispi_set(8, 5);
    dispi_set(9, 128);
    render(640, 480);
    EXPECT(0, 0, 0x33); /* 20005h is line 128, column 5 now */
    dispi_set(4, 0);
    dispi_set(4, 0x81);
    cr_assert_eq(peek8(&bench, BENCH_FRAME_BUFFER + 0x20005), 0x33, "NOCLEARMEM");
    dispi_set(4, 0);
    dispi_set(4, 0x01);
    cr_assert_eq(peek8(&bench, BENCH_FRAME_BUFFER + 0x20005), 0);
    dispi_set(4, 0);
    render(720, 400);
    cr_assert(screen.text_mode);
}

Test(vga_render, dispi_8_bit_dac)
{
    vga_mode_set(&bench, &vga_mode_03);
    dispi_mode(640, 480, 8, 0x20);
    out8(&bench, 0x3C8, 1);
    out8(&bench, 0x3C9, 0x81);
    out8(&bench, 0x3C9, 0x42);
    out8(&bench, 0x3C9, 0xFF);
    out8(&bench, 0x3C7, 1);
    cr_assert_eq(in8(&bench, 0x3C9), 0x81);
    poke8(&bench, 0xA0000, 1);
    render(640, 480);
    cr_assert_eq(pixel(0, 0), 0x8142FF);
}

Test(vga_render, dispi_4_bits_planar)
{
    vga_mode_set(&bench, &vga_mode_12);
    dispi_mode(1024, 768, 4, 0);
    sequencer_set(&bench, 2, 0x5);
    dispi_set(5, 1);
    poke8(&bench, 0xA0000 + 128 * 767 + 127 - 0x10000, 0x01);
    render(1024, 768);
    EXPECT(1023, 767, 0x05);
    EXPECT(1022, 767, 0x00);
}

Test(vga_render, all_of_video_memory_is_state)
{
    vga_mode_set(&bench, &vga_mode_03);
    poke8(&bench, BENCH_FRAME_BUFFER + 0x500000, 0x12);
    uint64_t hash = state_registry_hash(bench.bay.states);
    uint8_t *saved = bench_save(&bench);
    poke8(&bench, BENCH_FRAME_BUFFER + 0x500000, 0x00);
    poke8(&bench, BENCH_FRAME_BUFFER + 0x600000, 0x12);
    cr_assert_neq(state_registry_hash(bench.bay.states), hash);
    bench_restore(&bench, saved);
    cr_assert_eq(state_registry_hash(bench.bay.states), hash);
    cr_assert_eq(peek8(&bench, BENCH_FRAME_BUFFER + 0x500000), 0x12);
    cr_assert_eq(peek8(&bench, BENCH_FRAME_BUFFER + 0x600000), 0x00);
}

Test(vga_render, frame_buffer_moves)
{
    vga_mode_set(&bench, &vga_mode_03);
    poke8(&bench, BENCH_FRAME_BUFFER + 0xFFFFFF, 0x77);
    vga_map_frame_buffer(vga, UINT64_C(0xF0000000));
    cr_assert_eq(peek8(&bench, UINT64_C(0xF0FFFFFF)), 0x77);
    cr_assert_eq(peek8(&bench, BENCH_FRAME_BUFFER + 0xFFFFFF), 0xFF);
}

static uint32_t config_read(uint8_t offset)
{
    ports_write(bench.bay.ports, 0xCF8, 0x80001000u | offset, 4); /* device 2 */
    return ports_read(bench.bay.ports, 0xCFC, 4);
}

static void config_write(uint8_t offset, uint32_t value)
{
    ports_write(bench.bay.ports, 0xCF8, 0x80001000u | offset, 4);
    ports_write(bench.bay.ports, 0xCFC, value, 4);
}

Test(vga_render, pci_function_places_the_frame_buffer)
{
    struct pci_bus *bus = pci_bus_new(&bench.bay, (struct wire){0});
    static uint8_t image[38400] = {0x55, 0xAA, 75};

    image[38399] = 0x77;
    vga_attach(vga, bus, 2, physical_map_new_rom(bench.bay.memory, image, sizeof image), sizeof image);
    vga_mode_set(&bench, &vga_mode_03);
    cr_assert_eq(config_read(0x00), 0x11111234);
    cr_assert_eq(config_read(0x08) >> 8, 0x030000);
    cr_assert_eq(peek8(&bench, BENCH_FRAME_BUFFER), 0xFF, "not there any more");
    config_write(0x10, 0xFFFFFFFF);
    cr_assert_eq(config_read(0x10), 0xFF000008, "16 MiB, prefetchable");
    config_write(0x10, 0xE8000000);
    cr_assert_eq(peek8(&bench, 0xE8000000), 0xFF);
    config_write(0x04, 0x03);
    poke8(&bench, 0xE8000123, 0x42);
    cr_assert_eq(peek8(&bench, 0xE8000123), 0x42);
    uint8_t *saved = bench_save(&bench);
    config_write(0x10, 0xE9000000);
    cr_assert_eq(peek8(&bench, 0xE8000123), 0xFF);
    cr_assert_eq(peek8(&bench, 0xE9000123), 0x42);
    bench_restore(&bench, saved);
    cr_assert_eq(peek8(&bench, 0xE8000123), 0x42);
    cr_assert_eq(peek8(&bench, 0xE9000123), 0xFF);
    config_write(0x30, 0xFFFFFFFF);
    cr_assert_eq(config_read(0x30), 0xFFFF0001, "64 KiB of expansion ROM");
    config_write(0x30, 0xEA000001);
    cr_assert_eq(peek8(&bench, 0xEA000000), 0x55);
    poke8(&bench, 0xEA000000, 0x00);
    cr_assert_eq(peek8(&bench, 0xEA000000), 0x55);
    cr_assert_eq(peek8(&bench, 0xEA000000 + 38399), 0x77);
    config_write(0x30, 0xEA000000);
    cr_assert_eq(peek8(&bench, 0xEA000000), 0xFF);
    config_write(0x04, 0x01);
    cr_assert_eq(peek8(&bench, 0xE8000123), 0xFF);
    pci_bus_free(bus);
}

/* Whatever is programmed, rendering stays within what vga_screen_get announced. */
Test(vga_render, nonsense_is_survived)
{
    uint64_t random = 0x9E3779B97F4A7C15;
    uint16_t ports[] = {0x3C0, 0x3C2, 0x3C4, 0x3C5, 0x3CE, 0x3CF, 0x3D4, 0x3D5, 0x3B4, 0x3B5, 0x3C9, 0x1CE, 0x1CF, 0x3C7};
    char text[256];

    vga_mode_set(&bench, &vga_mode_03);
    for (unsigned i = 0; i < 60000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint16_t port = ports[(random >> 33) % (sizeof ports / sizeof ports[0])];
        out16(&bench, port, (uint16_t)(random >> 40));
        poke8(&bench, 0xA0000 + (random >> 20) % 0x20000, (uint8_t)random);
        peek8(&bench, 0xA0000 + (random >> 30) % 0x20000);
        bench.schedule.now += random >> 50;
        schedule_run_due(&bench.schedule);
        in8(&bench, 0x3DA);
        if (i % 600 == 0) {
            unsigned column, row;
            vga_screen_get(vga, &screen);
            free(picture);
            picture = malloc(((size_t)screen.width * screen.height + 1) * sizeof *picture);
            picture[(size_t)screen.width * screen.height] = 0xDEADBEEF;
            vga_screen_render(vga, picture, screen.width);
            cr_assert_eq(picture[(size_t)screen.width * screen.height], 0xDEADBEEF);
            vga_screen_text(vga, text, sizeof text);
            vga_screen_cursor(vga, &column, &row);
        }
    }
}

/* A snapshot is foreign bytes: any of them is either refused or leads to a machine that can be used. */
Test(vga_render, damaged_snapshots_are_survived)
{
    size_t size = state_registry_size(bench.bay.states);
    uint64_t random = 99;

    vga_mode_set(&bench, &vga_mode_03);
    uint8_t *saved = bench_save(&bench), *damaged = malloc(size);
    memcpy(damaged, saved, size);
    for (unsigned i = 0; i < 60; i++) {
        for (unsigned n = 0; n < 40; n++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            damaged[4 + (random >> 33) % 1400] = (uint8_t)(random >> 25); /* the registers; memory may hold anything */
        }
        cr_assert(state_registry_restore(bench.bay.states, damaged, size));
        vga_screen_get(vga, &screen);
        cr_assert_leq(screen.width, 2560);
        cr_assert_leq(screen.height, 2560);
        free(picture);
        picture = malloc(((size_t)screen.width * screen.height + 1) * sizeof *picture);
        vga_screen_render(vga, picture, screen.width);
        in8(&bench, 0x3C9);
        in8(&bench, 0x3DA);
        peek8(&bench, 0xA0000 + (random >> 40) % 0x20000);
        poke8(&bench, 0xA0000 + (random >> 40) % 0x20000, 1);
    }
    free(damaged);
    bench_restore(&bench, saved);
    render(720, 400);
}
