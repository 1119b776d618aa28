/* 82077AA by its ports, from the data sheet. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "devices/i82077.h"
#include "storage_bench.h"

#define DOR 0x3F2
#define MSR 0x3F4
#define FIFO 0x3F5
#define DIR 0x3F7
#define BUFFER 0x20000u
#define SECOND 1000000000u

static struct bench *bench;
static struct i82077 *fdc;
static struct block *image;
static uint8_t result[10];

static void command(unsigned count, const uint8_t *bytes)
{
    for (unsigned i = 0; i < count; i++) {
        cr_assert_eq(in8(bench, MSR) & 0xC0, 0x80, "byte %u: MSR %02x", i, in8(bench, MSR));
        out8(bench, FIFO, bytes[i]);
    }
}
#define COMMAND(...) command(sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__})

static void take_result(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        cr_assert_eq(in8(bench, MSR), 0xD0, "result byte %u: MSR %02x", i, in8(bench, MSR));
        result[i] = in8(bench, FIFO);
    }
    cr_assert_eq(in8(bench, MSR) & 0xD0, 0x80);
}

#define EXPECT_RESULT(...)                                                                                   \
    do {                                                                                                     \
        const uint8_t wanted[] = {__VA_ARGS__};                                                              \
        take_result(sizeof wanted);                                                                          \
        for (unsigned n = 0; n < sizeof wanted; n++)                                                         \
            cr_expect_eq(result[n], wanted[n], "result byte %u is %02x, not %02x", n, result[n], wanted[n]); \
    } while (0)

static void wait_result(void)
{
    cr_assert(bench_wait_irq(bench, 6, 5ull * SECOND), "no interrupt; MSR %02x", in8(bench, MSR));
}

/* Channel 2: `mode` 46 writes memory (reads the disk), 4A reads memory. */
static void program_dma(uint8_t mode, unsigned count)
{
    out8(bench, 0x0A, 6);
    out8(bench, 0x0C, 0);
    out8(bench, 0x0B, mode);
    out8(bench, 0x04, BUFFER & 0xFF);
    out8(bench, 0x04, BUFFER >> 8 & 0xFF);
    out8(bench, 0x81, BUFFER >> 16);
    out8(bench, 0x05, (uint8_t)(count - 1));
    out8(bench, 0x05, (uint8_t)((count - 1) >> 8));
    out8(bench, 0x0A, 2);
}

static void seek(uint8_t cylinder)
{
    COMMAND(0x0F, 0x00, cylinder);
    wait_result();
    COMMAND(0x08);
    EXPECT_RESULT(0x20, cylinder);
}

static void reset_controller(void)
{
    out8(bench, DOR, 0x00);
    out8(bench, DOR, 0x1C); /* motor A, DMA gate, out of reset */
    cr_assert(bench_wait_irq(bench, 6, SECOND));
    for (uint8_t unit = 0; unit < 4; unit++) {
        COMMAND(0x08);
        EXPECT_RESULT((uint8_t)(0xC0 | unit), 0);
    }
    cr_assert(!bench->irq[6]);
}

static void set_up(uint64_t size, enum floppy_drive_type type, unsigned options)
{
    bench = bench_new();
    fdc = i82077_new(&bench->bay, bench_irq(bench, 6), bench->dma, 2);
    i82077_attach(fdc, 0, type);
    if (size) {
        image = block_open(&bench->blocks, temporary_image(size), options, NULL, NULL);
        cr_assert(image && i82077_insert(fdc, 0, image));
    }
    out8(bench, 0xD6, 0xC0); /* cascade */
    out8(bench, 0xD4, 0);
    reset_controller();
    out8(bench, DIR, 0); /* 500 kbit/s */
    COMMAND(0x03, 0xDF, 0x02);
}

static void set_up_144(void)
{
    set_up(1474560, FLOPPY_DRIVE_1440K, 0);
}

static void expect_memory(unsigned sectors, uint64_t lba)
{
    uint8_t bytes[512];

    for (unsigned n = 0; n < sectors; n++) {
        physical_read(bench->bay.memory, BUFFER + n * 512, bytes, 512);
        for (unsigned i = 0; i < 512; i++)
            cr_assert_eq(bytes[i], pattern_byte((lba + n) * 512 + i), "sector %u byte %u", n, i);
    }
}

Test(fdc, reset_polls_four_drives_once)
{
    set_up_144();
    COMMAND(0x08);
    EXPECT_RESULT(0x80); /* nothing more to sense */
    cr_expect_eq(in8(bench, 0x3F0), 0xFF, "no SRA in AT mode");
    out8(bench, DOR, 0x18);
    cr_expect_eq(in8(bench, MSR), 0, "no RQM while in reset");
    out8(bench, DOR, 0x1C);
    bench_run(bench, 1000);
    cr_expect(!bench->irq[6], "the first poll takes its time");
    cr_expect(bench_wait_irq(bench, 6, SECOND));
    COMMAND(0x08);
    cr_expect(!bench->irq[6]);
    take_result(2);
}

Test(fdc, version_configure_dumpreg_lock)
{
    set_up_144();
    COMMAND(0x10);
    EXPECT_RESULT(0x90);
    COMMAND(0x13, 0x00, 0x57, 0x20); /* EIS, FIFO on, poll off, threshold 8 */
    COMMAND(0x12, 0x84);             /* OW, drive 0 perpendicular */
    COMMAND(0x94);
    EXPECT_RESULT(0x10);
    COMMAND(0x0E);
    EXPECT_RESULT(0, 0, 0, 0, 0xDF, 0x02, 0, 0x84, 0x57, 0x20);
    out8(bench, 0x3F4, 0x80); /* software reset by DSR clears itself */
    cr_assert(bench_wait_irq(bench, 6, SECOND));
    for (unsigned i = 0; i < 4; i++) {
        COMMAND(0x08);
        take_result(2);
    }
    COMMAND(0x0E);
    EXPECT_RESULT(0, 0, 0, 0, 0xDF, 0x02, 0, 0x84, 0x07, 0x20); /* locked: FIFO and PRETRK survive; EIS and POLL do not */
    COMMAND(0x14);
    EXPECT_RESULT(0x00);
    COMMAND(0x18);
    EXPECT_RESULT(0x80); /* PART ID is the 82078's */
    COMMAND(0x1F);
    EXPECT_RESULT(0x80);
}

Test(fdc, recalibrate_and_seek_interrupt_and_disk_change)
{
    set_up_144();
    cr_expect_eq(in8(bench, DIR) & 0x80, 0x80, "DSKCHG until the first step");
    COMMAND(0x07, 0x00);
    cr_expect_eq(in8(bench, MSR), 0x81, "drive 0 busy, controller not");
    wait_result();
    cr_expect_eq(in8(bench, MSR), 0x80);
    COMMAND(0x08);
    EXPECT_RESULT(0x20, 0);
    cr_expect_eq(in8(bench, DIR) & 0x80, 0x80, "already at track 0: no step pulse");
    seek(5);
    cr_expect_eq(in8(bench, DIR) & 0x80, 0);
    COMMAND(0x04, 0x00);
    EXPECT_RESULT(0x28); /* not at track 0, not protected */
    COMMAND(0xCF, 0x00, 3);
    wait_result();
    COMMAND(0x08);
    EXPECT_RESULT(0x20, 8);
    COMMAND(0x8F, 0x00, 8);
    wait_result();
    COMMAND(0x08);
    EXPECT_RESULT(0x20, 0);
    COMMAND(0x04, 0x04);
    EXPECT_RESULT(0x3C);
    out8(bench, DOR, 0x2D); /* drive B is not there: 79 pulses, no TRK0 */
    COMMAND(0x07, 0x01);
    wait_result();
    COMMAND(0x08);
    EXPECT_RESULT(0x71, 0);
}

Test(fdc, step_rate_follows_specify)
{
    uint64_t start, slow;

    set_up_144();
    COMMAND(0x03, 0x0F, 0x02); /* 16 ms a step */
    start = bench->schedule.now;
    seek(40);
    slow = bench->schedule.now - start;
    COMMAND(0x03, 0xFF, 0x02); /* 1 ms */
    start = bench->schedule.now;
    seek(0);
    cr_expect_eq(slow, 16 * (bench->schedule.now - start));
    cr_expect_eq(slow, 40 * 1600000 / I82077_HASTE, "16 ms are 1.6 million counts, hastened");
}

Test(fdc, reads_a_track_by_dma)
{
    set_up_144();
    seek(10);
    program_dma(0x46, 18 * 512);
    COMMAND(0xE6, 0x00, 10, 0, 1, 2, 18, 0x1B, 0xFF);
    cr_expect_eq(in8(bench, MSR), 0x10, "busy, no RQM in DMA mode");
    wait_result();
    EXPECT_RESULT(0x00, 0, 0, 10, 1, 1, 2); /* MT: side 1 comes next */
    cr_expect(!bench->irq[6]);
    expect_memory(18, 10 * 36);
}

Test(fdc, multi_track_crosses_to_side_1)
{
    set_up_144();
    program_dma(0x46, 4 * 512);
    COMMAND(0xE6, 0x00, 0, 0, 17, 2, 18, 0x1B, 0xFF);
    wait_result();
    EXPECT_RESULT(0x04, 0, 0, 0, 1, 3, 2);
    expect_memory(4, 16);
}

Test(fdc, end_of_cylinder_without_terminal_count)
{
    set_up_144();
    program_dma(0x46, 4 * 512);
    COMMAND(0x46, 0x00, 0, 0, 17, 2, 18, 0x1B, 0xFF); /* no MT */
    wait_result();
    EXPECT_RESULT(0x40, 0x80, 0, 1, 0, 1, 2);
}

Test(fdc, masked_dma_overruns)
{
    set_up_144();
    out8(bench, 0x0A, 6);
    COMMAND(0xE6, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    wait_result();
    EXPECT_RESULT(0x40, 0x10, 0, 0, 0, 1, 2);
}

Test(fdc, sector_errors)
{
    set_up_144();
    program_dma(0x46, 512);
    COMMAND(0xE6, 0x00, 0, 0, 19, 2, 30, 0x1B, 0xFF); /* no such sector */
    wait_result();
    EXPECT_RESULT(0x40, 0x04, 0, 0, 0, 19, 2);
    COMMAND(0xE6, 0x00, 5, 0, 1, 2, 18, 0x1B, 0xFF); /* head stands over cylinder 0 */
    wait_result();
    EXPECT_RESULT(0x40, 0x04, 0x10, 5, 0, 1, 2);
    COMMAND(0xE6, 0x00, 0, 0, 1, 3, 18, 0x1B, 0xFF); /* wrong size */
    wait_result();
    EXPECT_RESULT(0x40, 0x04, 0, 0, 0, 1, 3);
    COMMAND(0x86, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF); /* FM */
    wait_result();
    EXPECT_RESULT(0x40, 0x01, 0, 0, 0, 1, 2);
    out8(bench, DIR, 2); /* 250 kbit/s */
    COMMAND(0x4A, 0x00);
    wait_result();
    take_result(7);
    cr_expect_eq(result[0], 0x40);
    cr_expect_eq(result[1], 0x01);
}

Test(fdc, read_id_follows_the_rotation)
{
    bool seen[19] = {false};

    set_up_144();
    seek(33);
    for (unsigned i = 0; i < 200; i++) {
        COMMAND(0x4A, 0x04);
        wait_result();
        take_result(7);
        cr_assert_eq(result[0], 0x04);
        cr_assert_eq(result[3], 33);
        cr_assert_eq(result[4], 1);
        cr_assert(result[5] >= 1 && result[5] <= 18);
        cr_assert_eq(result[6], 2);
        seen[result[5]] = true;
        bench_run(bench, 54321 + i * 1009);
    }
    for (unsigned r = 1; r <= 18; r++)
        cr_expect(seen[r], "sector %u never came by", r);
}

Test(fdc, writes_and_deleted_marks)
{
    uint8_t bytes[512], back[512];

    set_up_144();
    memset(bytes, 0x3C, sizeof bytes);
    physical_write(bench->bay.memory, BUFFER, bytes, 512);
    program_dma(0x4A, 512);
    COMMAND(0xC9, 0x00, 0, 0, 3, 2, 18, 0x1B, 0xFF); /* WRITE DELETED DATA */
    wait_result();
    EXPECT_RESULT(0x00, 0, 0, 0, 0, 4, 2);
    cr_assert(block_read(image, 2, 1, back));
    cr_expect_arr_eq(back, bytes, 512);
    program_dma(0x46, 3 * 512);
    COMMAND(0xC6, 0x00, 0, 0, 2, 2, 18, 0x1B, 0xFF); /* SK = 0: reads it, then stops; address not incremented */
    wait_result();
    EXPECT_RESULT(0x00, 0, 0x40, 0, 0, 3, 2);
    program_dma(0x46, 2 * 512);
    COMMAND(0xE6, 0x00, 0, 0, 2, 2, 18, 0x1B, 0xFF); /* SK = 1: sectors 2 and 4 */
    wait_result();
    EXPECT_RESULT(0x00, 0, 0x40, 0, 0, 5, 2);
    physical_read(bench->bay.memory, BUFFER + 512, back, 512);
    cr_expect_eq(back[100], pattern_byte(3 * 512 + 100));
    program_dma(0x46, 512);
    COMMAND(0xCC, 0x00, 0, 0, 3, 2, 18, 0x1B, 0xFF); /* READ DELETED DATA wants exactly this one */
    wait_result();
    EXPECT_RESULT(0x00, 0, 0, 0, 0, 4, 2);
    physical_read(bench->bay.memory, BUFFER, back, 512);
    cr_expect_eq(back[0], 0x3C);
}

Test(fdc, terminal_count_within_a_sector_fills_with_zeros)
{
    uint8_t bytes[512], back[512];

    set_up_144();
    memset(bytes, 0xEE, sizeof bytes);
    physical_write(bench->bay.memory, BUFFER, bytes, 512);
    program_dma(0x4A, 100);
    COMMAND(0xC5, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    wait_result();
    EXPECT_RESULT(0x00, 0, 0, 0, 0, 2, 2);
    block_read(image, 0, 1, back);
    cr_expect_eq(back[99], 0xEE);
    cr_expect_eq(back[100], 0);
}

Test(fdc, write_protection)
{
    set_up(1474560, FLOPPY_DRIVE_1440K, BLOCK_READ_ONLY);
    COMMAND(0x04, 0x00);
    EXPECT_RESULT(0x78);
    program_dma(0x4A, 512);
    COMMAND(0xC5, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    wait_result();
    EXPECT_RESULT(0x40, 0x02, 0, 0, 0, 1, 2);
    COMMAND(0x4D, 0x00, 2, 18, 0x54, 0xF6);
    wait_result();
    take_result(7);
    cr_expect_eq(result[1], 0x02);
}

Test(fdc, format_track)
{
    uint8_t ids[18 * 4], back[512];

    set_up_144();
    seek(2);
    for (uint8_t r = 0; r < 18; r++)
        memcpy(ids + 4 * r, (uint8_t[]){2, 1, (uint8_t)(r + 1), 2}, 4);
    physical_write(bench->bay.memory, BUFFER, ids, sizeof ids);
    program_dma(0x4A, sizeof ids);
    COMMAND(0x4D, 0x04, 2, 18, 0x54, 0xF6);
    wait_result();
    take_result(7);
    cr_expect_eq(result[0], 0x04);
    cr_expect_eq(result[1], 0);
    block_read(image, 2 * 36 + 18, 1, back);
    cr_expect_eq(back[0], 0xF6);
    block_read(image, 2 * 36 + 35, 1, back);
    cr_expect_eq(back[511], 0xF6);
    block_read(image, 2 * 36 + 17, 1, back);
    cr_expect_eq(back[0], pattern_byte((2 * 36 + 17) * 512));
}

Test(fdc, scan_and_verify)
{
    uint8_t bytes[512];

    set_up_144();
    for (unsigned i = 0; i < 512; i++)
        bytes[i] = pattern_byte(4 * 512 + i);
    bytes[9] = 0xFF; /* matches anything */
    for (unsigned n = 0; n < 8; n++)
        physical_write(bench->bay.memory, BUFFER + n * 512, bytes, 512);
    program_dma(0x4A, 8 * 512);
    COMMAND(0x51, 0x00, 0, 0, 3, 2, 8, 0x1B, 1); /* SCAN EQUAL from sector 3: hits sector 5 */
    wait_result();
    EXPECT_RESULT(0x00, 0, 0x08, 0, 0, 5, 2);
    program_dma(0x4A, 8 * 512);
    COMMAND(0x51, 0x00, 0, 0, 6, 2, 8, 0x1B, 1);
    wait_result();
    take_result(7);
    cr_expect_eq(result[0], 0x00);
    cr_expect_eq(result[2], 0x04, "not satisfied");
    COMMAND(0x56, 0x80, 0, 0, 1, 2, 18, 0x1B, 4); /* VERIFY with EC: four sectors */
    wait_result();
    EXPECT_RESULT(0x00, 0, 0, 0, 0, 5, 2);
    COMMAND(0x56, 0x80, 0, 0, 17, 2, 18, 0x1B, 4); /* only two are left */
    wait_result();
    take_result(7);
    cr_expect_eq(result[0] & 0xC0, 0x40);
    cr_expect_eq(result[1], 0x80);
}

Test(fdc, implied_seek_and_read_track)
{
    set_up_144();
    COMMAND(0x13, 0x00, 0x60, 0x00);
    program_dma(0x46, 512);
    COMMAND(0xE6, 0x00, 20, 0, 1, 2, 18, 0x1B, 0xFF);
    wait_result();
    EXPECT_RESULT(0x20, 0, 0, 20, 0, 2, 2);
    expect_memory(1, 720);
    program_dma(0x46, 18 * 512);
    COMMAND(0x42, 0x00, 20, 0, 1, 2, 3, 0x1B, 0xFF); /* READ TRACK: three sectors from the index */
    wait_result();
    take_result(7);
    cr_expect_eq(result[0] & 0xC0, 0);
    expect_memory(3, 720);
}

Test(fdc, no_diskette_waits_until_one_comes)
{
    set_up(0, FLOPPY_DRIVE_1440K, 0);
    program_dma(0x46, 512);
    COMMAND(0xE6, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    cr_expect(!bench_wait_irq(bench, 6, 3ull * SECOND), "no index pulses, no end");
    bench_run(bench, 300000000);
    cr_expect_eq(in8(bench, MSR), 0x10);
    image = block_open(&bench->blocks, temporary_image(1474560), 0, NULL, NULL);
    cr_assert(i82077_insert(fdc, 0, image));
    wait_result();
    EXPECT_RESULT(0x00, 0, 0, 0, 0, 2, 2);
    cr_expect_eq(i82077_eject(fdc, 0), image);
    cr_expect_eq(in8(bench, DIR) & 0x80, 0x80);
}

Test(fdc, non_dma_mode)
{
    uint64_t end;

    set_up_144();
    COMMAND(0x03, 0xDF, 0x03);
    COMMAND(0x66, 0x00, 0, 0, 18, 2, 18, 0x1B, 0xFF);
    for (unsigned i = 0; i < 512; i++) {
        cr_assert(bench_wait_irq(bench, 6, SECOND), "byte %u", i);
        cr_assert_eq(in8(bench, MSR), 0xF0, "RQM, DIO, non-DMA, busy: %02x", in8(bench, MSR));
        cr_assert_eq(in8(bench, FIFO), pattern_byte(17 * 512 + i), "byte %u", i);
        cr_assert(i == 511 || !bench->irq[6]);
    }
    wait_result();
    EXPECT_RESULT(0x40, 0x80, 0, 1, 0, 1, 2); /* there is no TC: end of cylinder */
    COMMAND(0x66, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    cr_assert(bench_wait_irq(bench, 6, SECOND));
    end = bench->schedule.now + 10000; /* 100 us: several byte times */
    while (bench->schedule.now < end)
        bench_run(bench, 100);
    EXPECT_RESULT(0x40, 0x10, 0, 0, 0, 1, 2); /* overrun */
}

Test(fdc, non_dma_write_with_fifo)
{
    uint8_t back[512];

    set_up_144();
    COMMAND(0x13, 0x00, 0x07, 0x00); /* FIFO on, threshold 8 */
    COMMAND(0x03, 0xDF, 0x03);
    COMMAND(0x45, 0x00, 0, 0, 18, 2, 18, 0x1B, 0xFF);
    for (unsigned i = 0; i < 512; i++) {
        cr_assert(bench_wait_irq(bench, 6, SECOND), "byte %u", i);
        cr_assert_eq(in8(bench, MSR), 0xB0);
        out8(bench, FIFO, (uint8_t)(i ^ 0x55));
    }
    wait_result();
    EXPECT_RESULT(0x40, 0x80, 0, 1, 0, 1, 2);
    block_read(image, 17, 1, back);
    for (unsigned i = 0; i < 512; i++)
        cr_assert_eq(back[i], (uint8_t)(i ^ 0x55));
}

Test(fdc, geometries)
{
    static const struct {
        uint32_t size;
        enum floppy_drive_type type;
        uint8_t rate, cylinder, last;
    } rows[] = {
        {163840, FLOPPY_DRIVE_360K, 2, 39, 8},    {184320, FLOPPY_DRIVE_360K, 2, 39, 9},
        {327680, FLOPPY_DRIVE_360K, 2, 39, 8},    {368640, FLOPPY_DRIVE_360K, 2, 39, 9},
        {737280, FLOPPY_DRIVE_720K, 2, 79, 9},    {1228800, FLOPPY_DRIVE_1200K, 0, 79, 15},
        {1474560, FLOPPY_DRIVE_1440K, 0, 79, 18}, {2949120, FLOPPY_DRIVE_2880K, 3, 79, 36},
        {737280, FLOPPY_DRIVE_1440K, 2, 79, 9},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t head = rows[i].size > 184320;

        set_up(rows[i].size, rows[i].type, 0);
        cr_expect_eq(in8(bench, DIR) & 0x80, rows[i].type == FLOPPY_DRIVE_360K ? 0 : 0x80,
                     "360K drives have no change line");
        out8(bench, DIR, rows[i].rate);
        seek(rows[i].cylinder);
        program_dma(0x46, 512);
        COMMAND(0x46, (uint8_t)(head << 2), rows[i].cylinder, head, rows[i].last, 2, rows[i].last, 0x1B, 0xFF);
        wait_result();
        EXPECT_RESULT((uint8_t)(head << 2), 0, 0, (uint8_t)(rows[i].cylinder + 1), head, 1, 2);
        expect_memory(1, rows[i].size / 512 - 1);
    }
}

Test(fdc, double_step_for_360k_in_a_1200k_drive)
{
    set_up(368640, FLOPPY_DRIVE_1200K, 0);
    out8(bench, DIR, 1); /* 300 kbit/s */
    seek(20);
    program_dma(0x46, 512);
    COMMAND(0x46, 0x00, 10, 0, 1, 2, 9, 0x1B, 0xFF);
    wait_result();
    EXPECT_RESULT(0x00, 0, 0, 10, 0, 2, 2);
    expect_memory(1, 180);
}

Test(fdc, full_host_disk_is_a_write_fault)
{
    struct rlimit limit = {0, 0};

    set_up(512, FLOPPY_DRIVE_360K, 0);
    out8(bench, DIR, 2);
    signal(SIGXFSZ, SIG_IGN);
    limit.rlim_cur = limit.rlim_max = 512;
    setrlimit(RLIMIT_FSIZE, &limit);
    program_dma(0x4A, 512);
    COMMAND(0x45, 0x00, 0, 0, 2, 2, 8, 0x1B, 0xFF);
    wait_result();
    EXPECT_RESULT(0x50, 0, 0, 0, 0, 2, 2);
}

Test(fdc, small_image_has_zeros_to_its_geometry)
{
    uint8_t bytes[512];

    set_up(1296384, FLOPPY_DRIVE_1440K, 0);
    seek(79);
    program_dma(0x46, 512);
    COMMAND(0xE6, 0x04, 79, 1, 18, 2, 18, 0x1B, 0xFF);
    wait_result();
    take_result(7);
    cr_expect_eq(result[0] & 0xC0, 0);
    physical_read(bench->bay.memory, BUFFER, bytes, 512);
    cr_expect_eq(bytes[0], 0);
}

Test(fdc, save_and_restore_in_mid_transfer)
{
    uint64_t hash, end;

    set_up_144();
    seek(1);
    program_dma(0x46, 10 * 512);
    COMMAND(0xE6, 0x00, 1, 0, 1, 2, 18, 0x1B, 0xFF);
    bench_run(bench, 400000); /* some sectors have come */
    cr_assert(!bench->irq[6]);
    bench_save(bench);
    wait_result();
    end = bench->schedule.now;
    EXPECT_RESULT(0x00, 0, 0, 1, 0, 11, 2);
    hash = bench_hash(bench);
    bench_restore(bench);
    bench->irq[6] = false;
    wait_result();
    cr_expect_eq(bench->schedule.now, end);
    EXPECT_RESULT(0x00, 0, 0, 1, 0, 11, 2);
    cr_expect_eq(bench_hash(bench), hash);
    expect_memory(10, 36);
}

Test(fdc, nonsense_never_gets_out_of_hand)
{
    uint32_t random = 12345;

    set_up_144();
    for (unsigned i = 0; i < 300000; i++) {
        random = random * 1664525 + 1013904223;
        if (random >> 30 == 0)
            bench_run(bench, random >> 12 & 0xFFFF);
        else if (random >> 30 == 1)
            in8(bench, (uint16_t)(0x3F0 + (random >> 8) % 8));
        else
            out8(bench, (random >> 20) % 64 ? FIFO : (uint16_t)(0x3F0 + (random >> 8) % 8), (uint8_t)(random >> 12));
    }
}

/* A snapshot is foreign data: whatever its bytes say, nothing may leave our arrays. */
Test(fdc, hostile_snapshots)
{
    unsigned taken = 0;
    uint32_t random = 7;

    set_up_144();
    for (unsigned round = 0; round < 2000; round++) {
        bench_save(bench);
        for (unsigned i = 0; i < bench->saved_size; i++) {
            random = random * 1664525 + 1013904223;
            if (random >> 27 == 0)
                bench->saved[i] = (uint8_t)(random >> 16);
        }
        bench->schedule.now = bench->saved_clock;
        taken += state_registry_restore(bench->bay.states, bench->saved, bench->saved_size); /* not if a version was hit */
        for (unsigned i = 0; i < 30; i++) {
            random = random * 1664525 + 1013904223;
            if (random >> 30 == 0)
                bench_run(bench, random >> 12 & 0xFFFF);
            else if (random >> 30 == 1)
                in8(bench, FIFO);
            else
                out8(bench, FIFO, (uint8_t)(random >> 12));
        }
    }
    cr_expect(taken > 100, "%u", taken);
}
