/* The VGA's registers: who may be written when, the flip-flop, the DAC's order, retrace timing. */
#include <criterion/criterion.h>

#include "vga_modes.h"

static struct bench bench;
static struct vga *vga;

static void setup(void)
{
    bench_open(&bench);
    vga = vga_new(&bench.bay, bench_irq(&bench), BENCH_FRAME_BUFFER);
    vga_mode_set(&bench, &vga_mode_03);
}

static void teardown(void)
{
    vga_free(vga);
    bench_close(&bench);
}

TestSuite(vga_registers, .init = setup, .fini = teardown);

static uint8_t crtc_get(uint8_t index)
{
    out8(&bench, 0x3D4, index);
    return in8(&bench, 0x3D5);
}

Test(vga_registers, everything_programmed_reads_back)
{
    cr_assert_eq(in8(&bench, 0x3CC), 0x67);
    for (uint8_t i = 0; i < 25; i++)
        cr_assert_eq(crtc_get(i), vga_mode_03.crtc[i], "CR%02X", i);
    for (uint8_t i = 0; i < 5; i++) {
        out8(&bench, 0x3C4, i);
        cr_assert_eq(in8(&bench, 0x3C5), i ? vga_mode_03.sequencer[i] : 3, "SR%02X", i);
    }
    for (uint8_t i = 0; i < 9; i++) {
        out8(&bench, 0x3CE, i);
        cr_assert_eq(in8(&bench, 0x3CF), vga_mode_03.graphics[i], "GR%02X", i);
    }
    for (uint8_t i = 0; i < 21; i++) {
        in8(&bench, 0x3DA);
        out8(&bench, 0x3C0, i | 0x20);
        cr_assert_eq(in8(&bench, 0x3C1), vga_mode_03.attribute[i], "AR%02X", i);
        cr_assert_eq(in8(&bench, 0x3C0), i | 0x20);
    }
    sequencer_set(&bench, 2, 0xFF);
    cr_assert_eq(in8(&bench, 0x3C5), 0x0F, "bits that do not exist read 0");
}

Test(vga_registers, crtc_write_protection_spares_line_compare)
{
    cr_assert(crtc_get(0x11) & 0x80);
    crtc_set(&bench, 0x00, 0x12);
    crtc_set(&bench, 0x07, 0x00);
    cr_assert_eq(crtc_get(0x00), 0x5F);
    cr_assert_eq(crtc_get(0x07), 0x0F, "only bit 4 follows");
    crtc_set(&bench, 0x08, 0x05);
    cr_assert_eq(crtc_get(0x08), 0x05, "registers above 07 are never protected");
    crtc_set(&bench, 0x11, 0x0E);
    crtc_set(&bench, 0x00, 0x12);
    cr_assert_eq(crtc_get(0x00), 0x12);
}

Test(vga_registers, mono_and_colour_addresses_exclude_each_other)
{
    out8(&bench, 0x3D4, 0x0A);
    cr_assert_eq(in8(&bench, 0x3B4), 0xFF);
    cr_assert_eq(in8(&bench, 0x3B5), 0xFF);
    cr_assert_eq(in8(&bench, 0x3BA), 0xFF);
    out8(&bench, 0x3C2, 0x66);
    cr_assert_eq(in8(&bench, 0x3D4), 0xFF);
    cr_assert_eq(in8(&bench, 0x3B4), 0x0A);
    cr_assert_eq(in8(&bench, 0x3B5), 0x0D);
    out8(&bench, 0x3BA, 0x03);
    cr_assert_eq(in8(&bench, 0x3CA), 0x03);
}

Test(vga_registers, sleeping_adapter_answers_3c3_only)
{
    out8(&bench, 0x3C3, 0);
    cr_assert_eq(in8(&bench, 0x3CC), 0xFF);
    cr_assert_eq(in8(&bench, 0x3D5), 0xFF);
    cr_assert_eq(peek8(&bench, 0xB8000), 0xFF);
    cr_assert_eq(in8(&bench, 0x3C3), 0);
    out8(&bench, 0x3C3, 1);
    cr_assert_eq(in8(&bench, 0x3CC), 0x67);
}

Test(vga_registers, attribute_flip_flop)
{
    in8(&bench, 0x3DA);
    out8(&bench, 0x3C0, 0x31); /* index 11h, display on */
    out8(&bench, 0x3C0, 0x2A); /* data */
    out8(&bench, 0x3C0, 0x32); /* index again */
    cr_assert_eq(in8(&bench, 0x3C1), 0x0F);
    in8(&bench, 0x3DA);
    out8(&bench, 0x3C0, 0x31);
    cr_assert_eq(in8(&bench, 0x3C1), 0x2A);
    cr_assert_eq(in8(&bench, 0x3C1), 0x2A, "reading data does not move the flip-flop");
    in8(&bench, 0x3DA);
    out8(&bench, 0x3C0, 0x20); /* palette register 0 while the display uses the palette */
    out8(&bench, 0x3C0, 0x15);
    cr_assert_eq(in8(&bench, 0x3C1), 0x00);
    attribute_set(&bench, 0x00, 0x15);
    in8(&bench, 0x3DA);
    out8(&bench, 0x3C0, 0x20);
    cr_assert_eq(in8(&bench, 0x3C1), 0x15);
}

Test(vga_registers, dac_reads_and_writes_by_three)
{
    out8(&bench, 0x3C8, 0x10);
    const uint8_t written[6] = {1, 2, 0x43, 4, 5, 6};
    for (unsigned i = 0; i < 6; i++)
        out8(&bench, 0x3C9, written[i]);
    cr_assert_eq(in8(&bench, 0x3C8), 0x12);
    cr_assert_eq(in8(&bench, 0x3C7) & 3, 0);
    out8(&bench, 0x3C7, 0x10);
    cr_assert_eq(in8(&bench, 0x3C7) & 3, 3);
    for (unsigned i = 0; i < 6; i++)
        cr_assert_eq(in8(&bench, 0x3C9), written[i] & 63, "byte %u", i);
    /* Two of three components change nothing yet. */
    out8(&bench, 0x3C8, 0x10);
    out8(&bench, 0x3C9, 9);
    out8(&bench, 0x3C9, 9);
    out8(&bench, 0x3C7, 0x10);
    cr_assert_eq(in8(&bench, 0x3C9), 1);
    /* An address begins a new triple. */
    out8(&bench, 0x3C8, 0x11);
    out8(&bench, 0x3C9, 60);
    out8(&bench, 0x3C8, 0x11);
    for (uint8_t i = 1; i <= 3; i++)
        out8(&bench, 0x3C9, i);
    out8(&bench, 0x3C7, 0x11);
    for (uint8_t i = 1; i <= 3; i++)
        cr_assert_eq(in8(&bench, 0x3C9), i);
}

Test(vga_registers, dac_save_and_restore_between_components)
{
    out8(&bench, 0x3C8, 0x20);
    out8(&bench, 0x3C9, 11);
    out8(&bench, 0x3C9, 22);
    uint8_t *saved = bench_save(&bench);
    out8(&bench, 0x3C9, 1);
    out8(&bench, 0x3C8, 0x20);
    bench_restore(&bench, saved);
    out8(&bench, 0x3C9, 33);
    out8(&bench, 0x3C7, 0x20);
    cr_assert_eq(in8(&bench, 0x3C9), 11);
    cr_assert_eq(in8(&bench, 0x3C9), 22);
    cr_assert_eq(in8(&bench, 0x3C9), 33);
}

/* Mode 3: 28.322 MHz / (100 characters of 9 dots) / 449 lines = 70.09 Hz; 2 lines of retrace from line 412 on. */
Test(vga_registers, retrace_of_mode_3_by_the_clock)
{
    uint64_t begun[3] = {0}, ended = 0;
    unsigned count = 0;
    bool before = false;

    for (uint64_t when = 0; count < 3; when += 100) { /* every microsecond */
        clock_to(&bench, when);
        bool now = in8(&bench, 0x3DA) & 8;
        if (now && !before)
            begun[count++] = when;
        if (!now && before && count == 1)
            ended = when;
        before = now;
    }
    /* 100 MHz / 70.0866 Hz = 1,426,806 counts; 2 lines are 6,355 counts; the first retrace is 412 lines into the frame. */
    cr_assert_leq((uint64_t)llabs((long long)(begun[1] - begun[0]) - 1426806), 100);
    cr_assert_leq((uint64_t)llabs((long long)(begun[2] - begun[1]) - 1426806), 100);
    cr_assert_leq((uint64_t)llabs((long long)(ended - begun[0]) - 6355), 100);
    cr_assert_leq((uint64_t)llabs((long long)begun[0] - 1309219), 100);
}

/* Display enable: 720 of 900 dots on each of the first 400 lines. */
Test(vga_registers, display_enable_within_and_between_lines)
{
    uint64_t line = 3178; /* 900 dots, rounded up */

    clock_to(&bench, 100);
    cr_assert_eq(in8(&bench, 0x3DA) & 1, 0);
    clock_to(&bench, line * 8 / 10 + 20);
    cr_assert_eq(in8(&bench, 0x3DA) & 9, 1, "horizontal blanking");
    clock_to(&bench, line + 100);
    cr_assert_eq(in8(&bench, 0x3DA) & 1, 0);
    clock_to(&bench, line * 405 + 100);
    cr_assert_eq(in8(&bench, 0x3DA) & 9, 1, "below the picture, before retrace");
}

/* Bits 5 and 4 follow the picture under the beam, and the overscan colour outside of it. */
Test(vga_registers, video_feedback)
{
    static const struct {
        uint8_t mux, colour, bits;
    } rows[] = {{0, 0x01, 0x10}, {0, 0x04, 0x20}, {1, 0x10, 0x10}, {1, 0x20, 0x20}, {2, 0x02, 0x10},
                {2, 0x08, 0x20}, {3, 0x40, 0x10}, {3, 0x80, 0x20}, {3, 0x3F, 0x00}, {0, 0xFA, 0x00}};

    vga_mode_set(&bench, &vga_mode_13);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        attribute_set(&bench, 0x11, rows[i].colour);
        attribute_set(&bench, 0x12, (uint8_t)(0x0F | rows[i].mux << 4));
        poke8(&bench, 0xA0000 + 320 * 60 + 160, rows[i].colour);
        /* 25.175 MHz, 800 dots a line: line 120 (row 60), dot 320 (column 160). */
        bench.schedule.now = ((uint64_t)120 * 800 + 321) * 100000000 / 25175000;
        cr_assert_eq(in8(&bench, 0x3DA) & 0x31, rows[i].bits, "row %u in the picture", i);
        bench.schedule.now += 20; /* five dots on: column 163, black */
        cr_assert_eq(in8(&bench, 0x3DA) & 0x31, 0x00, "row %u beside it", i);
        bench.schedule.now = ((uint64_t)120 * 800 + 700) * 100000000 / 25175000;
        cr_assert_eq(in8(&bench, 0x3DA) & 0x31, rows[i].bits | 1, "row %u in the border", i);
    }
}

Test(vga_registers, retrace_interrupt)
{
    crtc_set(&bench, 0x11, 0x0E); /* clear, enable */
    clock_to(&bench, 1400000);
    cr_assert_not(bench.irq, "held clear");
    crtc_set(&bench, 0x11, 0x1E);
    clock_to(&bench, 2700000);
    cr_assert_not(bench.irq);
    uint8_t *saved = bench_save(&bench);
    clock_to(&bench, 2736200);
    cr_assert(bench.irq);
    cr_assert_eq(in8(&bench, 0x3C2) & 0x80, 0x80);
    crtc_set(&bench, 0x11, 0x0E);
    cr_assert_not(bench.irq);
    cr_assert_eq(in8(&bench, 0x3C2) & 0x80, 0);
    bench_restore(&bench, saved);
    bench.schedule.now = 2700000;
    clock_to(&bench, 2736200);
    cr_assert(bench.irq, "queued again by the restore");
}

Test(vga_registers, reset_keeps_memory)
{
    poke8(&bench, 0xB8000, 'x');
    vga_reset(vga);
    cr_assert_eq(in8(&bench, 0x3CC), 0);
    vga_mode_set(&bench, &vga_mode_03);
    cr_assert_eq(peek8(&bench, 0xB8000), 'x');
}
