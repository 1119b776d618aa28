/* ATA disks by their ports, from ATA/ATAPI-6 (and ATA-3 for CHS). */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/bits.h"
#include "devices/ata.h"
#include "storage_bench.h"

#define BASE 0x1F0
#define CONTROL 0x3F6
#define LIMIT_NS 50000000u

static struct bench *bench;
static struct ata_channel *channel;
static struct block *image;

static uint8_t status(void)
{
    return in8(bench, BASE + 7);
}

static uint8_t alternate(void)
{
    return in8(bench, CONTROL);
}

static void wait_ready(void)
{
    while (alternate() & 0x80) {
        cr_assert_neq(schedule_deadline(&bench->schedule), SCHEDULE_NEVER, "BSY for ever");
        bench_run(bench, schedule_deadline(&bench->schedule) - bench->schedule.now);
    }
}

static void set_up_size(uint64_t size, unsigned options)
{
    bench = bench_new();
    channel = ata_channel_new(&bench->bay, "ide.primary", BASE, CONTROL, bench_irq(bench, 14));
    image = block_open(&bench->blocks, temporary_image(size), options, NULL, NULL);
    cr_assert_not_null(image);
    ata_channel_attach_disk(channel, 0, image);
    wait_ready();
}

/* 40 cylinders of 16 heads, 63 sectors, and 100 sectors more */
static void set_up(void)
{
    set_up_size((40 * 16 * 63 + 100) * 512, 0);
}

static void command(uint8_t feature, uint8_t count, uint8_t low, uint8_t mid, uint8_t high, uint8_t device, uint8_t opcode)
{
    const uint8_t bytes[] = {feature, count, low, mid, high, device, opcode};

    for (unsigned i = 0; i < 7; i++)
        out8(bench, (uint16_t)(BASE + 1 + i), bytes[i]);
}

static void expect_irq(uint8_t wanted_status)
{
    cr_assert(bench_wait_irq(bench, 14, LIMIT_NS), "no interrupt, status %02x", alternate());
    cr_assert_eq(alternate(), wanted_status, "status %02x", alternate());
    cr_assert(bench->irq[14], "the alternate status leaves INTRQ");
    status();
    cr_assert(!bench->irq[14], "the status clears it");
}

static void read_words(uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        store_le16(bytes + 2 * i, (uint16_t)bench_in(bench, BASE, 2));
}

static void write_words(uint8_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bench_out(bench, BASE, value * 0x101u, 2);
}

static void expect_sector(const uint8_t *bytes, uint64_t lba)
{
    for (unsigned i = 0; i < 512; i++)
        cr_assert_eq(bytes[i], pattern_byte(lba * 512 + i), "sector %llu byte %u", (unsigned long long)lba, i);
}

static uint32_t lba_registers(void)
{
    return in8(bench, BASE + 3) | in8(bench, BASE + 4) << 8 | in8(bench, BASE + 5) << 16 |
           (in8(bench, BASE + 6) & 15u) << 24;
}

Test(ata, signature_after_reset_and_absent_slave)
{
    set_up();
    cr_expect_eq(alternate(), 0x50);
    cr_expect_eq(in8(bench, BASE + 1), 1);
    cr_expect_eq(in8(bench, BASE + 2), 1);
    cr_expect_eq(lba_registers(), 1);
    out8(bench, BASE + 6, 0xB0);
    cr_expect_eq(status(), 0, "device 0 answers for device 1 with status 00");
    cr_expect_eq(in8(bench, BASE + 6), 0xB0);
    out8(bench, BASE + 7, 0xEC);
    bench_run(bench, 100000);
    cr_expect_eq(status(), 0, "nobody takes the command");
    out8(bench, BASE + 6, 0xA0);
    cr_expect_eq(status(), 0x50);
    out8(bench, CONTROL, 0x04);
    cr_expect_eq(alternate(), 0x80);
    bench_run(bench, 1000000);
    cr_expect_eq(alternate(), 0x80, "held in reset");
    out8(bench, CONTROL, 0x00);
    cr_expect_eq(alternate(), 0x80);
    wait_ready();
    cr_expect_eq(alternate(), 0x50);
    cr_expect(!bench->irq[14], "a reset does not interrupt");
}

Test(ata, empty_channel_floats)
{
    bench = bench_new();
    channel = ata_channel_new(&bench->bay, "ide.secondary", 0x170, 0x376, bench_irq(bench, 15));
    cr_expect_eq(in8(bench, 0x177), 0x7F);
    cr_expect_eq(in8(bench, 0x376), 0x7F);
    out8(bench, 0x172, 0x55);
    out8(bench, 0x173, 0xAA);
    cr_expect_eq(in8(bench, 0x172), 0x7F, "nothing to be read back");
    out8(bench, 0x177, 0x90);
    bench_run(bench, 1000000);
    cr_expect(!bench->irq[15]);
}

Test(ata, identify)
{
    uint8_t bytes[512], sum = 0;

    set_up();
    command(0, 0, 0, 0, 0, 0xA0, 0xEC);
    cr_expect(alternate() & 0x80);
    expect_irq(0x58);
    read_words(bytes, 256);
    cr_expect_eq(alternate(), 0x50);
    cr_expect(!bench->irq[14], "no interrupt after the last word");
    cr_expect_eq(load_le16(bytes), 0x0040);
    cr_expect_eq(load_le16(bytes + 2), 40);
    cr_expect_eq(load_le16(bytes + 6), 16);
    cr_expect_eq(load_le16(bytes + 12), 63);
    cr_expect(memcmp(bytes + 54, "RTEUOB XAHDRIDKS", 16) == 0, "the model's bytes are swapped in each word");
    cr_expect_eq(load_le32(bytes + 120), 40 * 16 * 63 + 100);
    cr_expect_eq(load_le32(bytes + 200), 40 * 16 * 63 + 100);
    cr_expect_eq(load_le32(bytes + 114), 40 * 16 * 63);
    cr_expect_eq(load_le16(bytes + 98) & 0x300, 0x200, "LBA, and no DMA without a bus master");
    cr_expect_eq(load_le16(bytes + 118), 0, "no multiple mode yet");
    for (unsigned i = 0; i < 512; i++)
        sum = (uint8_t)(sum + bytes[i]);
    cr_expect_eq(sum, 0);
    cr_expect_eq(bytes[510], 0xA5);
}

Test(ata, geometry)
{
    struct ata_geometry g = ata_geometry_for(UINT64_C(1) << 32);

    cr_expect(g.cylinders == 16383 && g.heads == 16 && g.sectors == 63);
    g = ata_geometry_for(16384);
    cr_expect(g.cylinders == 16 && g.heads == 16 && g.sectors == 63);
    g = ata_geometry_for(100);
    cr_expect(g.cylinders == 1 && g.heads == 1 && g.sectors == 63);
    g = ata_geometry_for(1);
    cr_expect(g.cylinders == 1 && g.heads == 1 && g.sectors == 1);
}

Test(ata, reads_lba_with_an_interrupt_for_each_sector)
{
    uint8_t bytes[512];

    set_up();
    command(0, 3, 0x10, 0x27, 0, 0xE0, 0x20); /* 10000 */
    for (unsigned n = 0; n < 3; n++) {
        expect_irq(0x58);
        cr_expect_eq(lba_registers(), 10000 + n);
        read_words(bytes, 256);
        expect_sector(bytes, 10000 + n);
    }
    cr_expect_eq(alternate(), 0x50);
    cr_expect_eq(in8(bench, BASE + 2), 0);
    cr_expect_eq(bench_in(bench, BASE, 2), 0xFFFF, "no DRQ, no data");
}

Test(ata, reads_chs_and_by_32_bits)
{
    uint8_t bytes[512];

    set_up();
    command(0, 2, 63, 3, 0, 0xA0 | 15, 0x20); /* the last sector of cylinder 3, then the first of cylinder 4 */
    expect_irq(0x58);
    for (unsigned i = 0; i < 128; i++)
        store_le32(bytes + 4 * i, bench_in(bench, BASE, 4));
    expect_sector(bytes, 4 * 16 * 63 - 1);
    expect_irq(0x58);
    read_words(bytes, 256);
    expect_sector(bytes, 4 * 16 * 63);
    cr_expect_eq(in8(bench, BASE + 3), 1);
    cr_expect_eq(in8(bench, BASE + 4), 4);
    cr_expect_eq(in8(bench, BASE + 6), 0xA0);
    command(0, 1, 0, 3, 0, 0xA0, 0x20); /* there is no sector 0 */
    expect_irq(0x51);
    cr_expect_eq(in8(bench, BASE + 1), 0x10);
    command(0, 1, 1, 40, 0, 0xA0, 0x20); /* nor cylinder 40 */
    expect_irq(0x51);
    command(0, 17, 0, 0, 0, 0xA0 | 3, 0x91); /* 4 heads, 17 sectors */
    expect_irq(0x50);
    command(0, 1, 2, 1, 0, 0xA0 | 1, 0x20);
    expect_irq(0x58);
    read_words(bytes, 256);
    expect_sector(bytes, (1 * 4 + 1) * 17 + 1);
    command(0, 0, 0, 0, 0, 0xA0, 0xEC);
    expect_irq(0x58);
    read_words(bytes, 256);
    cr_expect_eq(load_le16(bytes + 2), 40, "the default translation stays");
    cr_expect_eq(load_le16(bytes + 108), (40 * 16 * 63 + 100) / 68);
    cr_expect_eq(load_le16(bytes + 110), 4);
    cr_expect_eq(load_le16(bytes + 112), 17);
}

Test(ata, end_of_disk)
{
    const uint32_t last = 40 * 16 * 63 + 99;
    uint8_t bytes[512];

    set_up();
    command(0, 2, (uint8_t)last, (uint8_t)(last >> 8), (uint8_t)(last >> 16), 0xE0, 0x20);
    expect_irq(0x58);
    read_words(bytes, 256);
    expect_sector(bytes, last);
    expect_irq(0x51);
    cr_expect_eq(in8(bench, BASE + 1), 0x10, "IDNF");
    cr_expect_eq(lba_registers(), last + 1);
    cr_expect_eq(in8(bench, BASE + 2), 1, "one sector was not transferred");
}

Test(ata, writes)
{
    uint8_t bytes[512];

    set_up();
    command(0, 2, 77, 0, 0, 0xE0, 0x30);
    wait_ready();
    cr_expect_eq(alternate(), 0x58);
    cr_expect(!bench->irq[14], "the first block is asked for without an interrupt");
    write_words(0xAB, 256);
    cr_expect(alternate() & 0x80);
    expect_irq(0x58);
    write_words(0xCD, 256);
    expect_irq(0x50);
    block_read(image, 77, 1, bytes);
    cr_expect_eq(bytes[511], 0xAB);
    block_read(image, 78, 1, bytes);
    cr_expect_eq(bytes[0], 0xCD);
    cr_expect_eq(block_written_count(image), 2);
    command(0, 0, 0, 0, 0, 0xE0, 0xE7);
    expect_irq(0x50);
}

Test(ata, lba48_and_hob)
{
    uint8_t bytes[512];

    set_up_size(300 * 512, 0);
    for (unsigned i = 2; i <= 5; i++)
        out8(bench, (uint16_t)(BASE + i), i == 2 ? 1 : 0); /* previous: count 01xx = 256 + 4 sectors */
    command(0, 4, 2, 0, 0, 0xE0, 0x24);
    for (unsigned n = 0; n < 260; n++) {
        expect_irq(0x58);
        read_words(bytes, 256);
        expect_sector(bytes, 2 + n);
    }
    cr_expect_eq(alternate(), 0x50);
    out8(bench, BASE + 3, 0x12);
    out8(bench, BASE + 3, 0x34);
    out8(bench, CONTROL, 0x80);
    cr_expect_eq(in8(bench, BASE + 3), 0x12);
    out8(bench, BASE + 2, 0); /* any write clears HOB */
    cr_expect_eq(in8(bench, BASE + 3), 0x34);
    for (unsigned i = 2; i <= 5; i++)
        out8(bench, (uint16_t)(BASE + i), i == 3 ? 1 : 0);
    command(0, 1, 0, 0, 0, 0xE0, 0x24); /* 01000000h: past the end */
    expect_irq(0x51);
    cr_expect_eq(in8(bench, BASE + 1), 0x10);
    out8(bench, CONTROL, 0x80);
    cr_expect_eq(in8(bench, BASE + 3), 1);
    command(0, 0, 0, 0, 0, 0xE0, 0x27);
    expect_irq(0x50);
    cr_expect_eq(lba_registers() & 0xFFFFFF, 299);
}

Test(ata, multiple_mode)
{
    uint8_t bytes[512];

    set_up();
    command(0, 8, 0, 0, 0, 0xE0, 0xC4);
    expect_irq(0x51);
    cr_expect_eq(in8(bench, BASE + 1), 0x04, "not before SET MULTIPLE");
    command(0, 3, 0, 0, 0, 0xE0, 0xC6);
    expect_irq(0x51);
    command(0, 32, 0, 0, 0, 0xE0, 0xC6);
    expect_irq(0x51);
    command(0, 4, 0, 0, 0, 0xE0, 0xC6);
    expect_irq(0x50);
    command(0, 6, 9, 0, 0, 0xE0, 0xC4);
    expect_irq(0x58);
    for (unsigned n = 0; n < 4; n++) {
        read_words(bytes, 256);
        expect_sector(bytes, 9 + n);
    }
    expect_irq(0x58);
    for (unsigned n = 4; n < 6; n++) {
        read_words(bytes, 256);
        expect_sector(bytes, 9 + n);
    }
    cr_expect_eq(alternate(), 0x50);
    command(0, 5, 100, 0, 0, 0xE0, 0xC5);
    wait_ready();
    write_words(1, 4 * 256);
    expect_irq(0x58);
    write_words(2, 256);
    expect_irq(0x50);
    block_read(image, 104, 1, bytes);
    cr_expect_eq(bytes[0], 2);
    cr_expect_eq(block_written_count(image), 5);
}

Test(ata, two_devices)
{
    uint8_t bytes[512];

    set_up();
    ata_channel_attach_disk(channel, 1, block_open(&bench->blocks, temporary_image(2000 * 512), 0, NULL, NULL));
    wait_ready();
    command(0, 1, 5, 0, 0, 0xE0, 0x20);
    cr_assert(bench_wait_irq(bench, 14, LIMIT_NS));
    out8(bench, BASE + 6, 0xF0);
    cr_expect(!bench->irq[14], "only the selected device drives INTRQ");
    cr_expect_eq(status(), 0x50);
    out8(bench, BASE + 6, 0xE0);
    cr_expect(bench->irq[14]);
    cr_expect_eq(status(), 0x58);
    read_words(bytes, 256);
    command(0, 0, 0, 0, 0, 0xF0, 0xEC);
    expect_irq(0x58);
    read_words(bytes, 256);
    cr_expect_eq(load_le32(bytes + 120), 2000);
    command(0, 0, 0, 0, 0, 0xF0, 0x90);
    expect_irq(0x50);
    cr_expect_eq(in8(bench, BASE + 1), 1);
    cr_expect_eq(in8(bench, BASE + 6) & 0x10, 0, "diagnostic selects device 0");
    out8(bench, BASE + 6, 0xB0);
    cr_expect_eq(in8(bench, BASE + 1), 1);
    cr_expect_eq(in8(bench, BASE + 3), 1);
}

Test(ata, interrupt_disable)
{
    set_up();
    out8(bench, CONTROL, 0x02);
    command(0, 0, 0, 0, 0, 0xE0, 0xE5);
    bench_run(bench, 100000);
    cr_expect(!bench->irq[14]);
    cr_expect_eq(in8(bench, BASE + 2), 0xFF, "active");
    out8(bench, CONTROL, 0x00);
    cr_expect(bench->irq[14], "it was pending all along");
    status();
    cr_expect(!bench->irq[14]);
}

Test(ata, small_commands)
{
    static const uint8_t aborted[] = {0x00, 0x08, 0x50, 0x22, 0xA0, 0xA1, 0xB0, 0xC8, 0xCA, 0xF1, 0xF6, 0xFF};
    uint8_t bytes[512];

    set_up();
    for (unsigned i = 0; i < sizeof aborted; i++) {
        command(0, 1, 1, 0, 0, 0xE0, aborted[i]);
        expect_irq(0x51);
        cr_expect_eq(in8(bench, BASE + 1), 0x04, "command %02x", aborted[i]);
    }
    command(0, 0, 0, 0, 0, 0xA0, 0x10); /* RECALIBRATE */
    expect_irq(0x50);
    command(0, 0, 1, 39, 0, 0xA0, 0x70); /* SEEK */
    expect_irq(0x50);
    command(0, 0, 1, 41, 0, 0xA0, 0x70);
    expect_irq(0x51);
    command(0, 0, 0, 0, 0, 0xE0, 0x40); /* VERIFY 256 */
    expect_irq(0x50);
    command(0, 0, 0, 0, 0, 0xE0, 0xE8);
    wait_ready();
    write_words(0x99, 256);
    expect_irq(0x50);
    command(0, 0, 0, 0, 0, 0xE0, 0xE4);
    expect_irq(0x58);
    read_words(bytes, 256);
    cr_expect_eq(bytes[300], 0x99);
    command(0, 0, 0, 0, 0, 0xE0, 0xE0);
    expect_irq(0x50);
    command(0, 0, 0, 0, 0, 0xE0, 0xE5);
    expect_irq(0x50);
    cr_expect_eq(in8(bench, BASE + 2), 0, "standby");
    command(0x03, 0x0C, 0, 0, 0, 0xE0, 0xEF);
    expect_irq(0x50);
    command(0x03, 0x22, 0, 0, 0, 0xE0, 0xEF);
    expect_irq(0x51);
    command(0x77, 0, 0, 0, 0, 0xE0, 0xEF);
    expect_irq(0x51);
    command(0, 0, 0, 0, 0, 0xE0, 0xE6); /* SLEEP */
    expect_irq(0x50);
    command(0, 0, 0, 0, 0, 0xE0, 0xEC);
    cr_expect(!bench_wait_irq(bench, 14, LIMIT_NS), "asleep until reset");
    out8(bench, CONTROL, 4);
    out8(bench, CONTROL, 0);
    wait_ready();
    command(0, 0, 0, 0, 0, 0xE0, 0xEC);
    expect_irq(0x58);
}

Test(ata, read_only_image_aborts_writes)
{
    set_up_size(1000 * 512, BLOCK_READ_ONLY);
    command(0, 1, 1, 0, 0, 0xE0, 0x30);
    wait_ready();
    write_words(0, 256);
    expect_irq(0x51);
    cr_expect_eq(in8(bench, BASE + 1), 0x04);
}

Test(ata, full_host_disk_is_a_device_fault)
{
    struct rlimit limit = {512, 512};

    set_up_size(512, 0);
    block_extend(image, 100);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    command(0, 1, 1, 0, 0, 0xE0, 0x30);
    wait_ready();
    write_words(0, 256);
    expect_irq(0x71);
    cr_expect_eq(lba_registers(), 1);
    command(0, 1, 0, 0, 0, 0xE0, 0x30);
    wait_ready();
    write_words(0, 256);
    expect_irq(0x50);
}

/* A bus master that takes up to `room` bytes. */
static uint8_t dma_memory[65536];
static size_t dma_at, dma_room;
static size_t dma_transfer(void *owner, uint8_t *bytes, size_t size, bool to_memory)
{
    size_t count = size < dma_room ? size : dma_room;

    (void)owner;
    if (to_memory)
        memcpy(dma_memory + dma_at, bytes, count);
    else
        memcpy(bytes, dma_memory + dma_at, count);
    dma_at += count;
    dma_room -= count;
    return count;
}

Test(ata, bus_master_seam)
{
    const struct ata_bus_master master = {dma_transfer, NULL, NULL};
    uint8_t bytes[512];

    set_up();
    ata_channel_connect_bus_master(channel, &master);
    command(0x03, 0x42, 0, 0, 0, 0xE0, 0xEF);
    expect_irq(0x50);
    command(0, 0, 0, 0, 0, 0xE0, 0xEC);
    expect_irq(0x58);
    read_words(bytes, 256);
    cr_expect_eq(load_le16(bytes + 176), 0x0407, "UDMA 2 of 0-2 selected");
    command(0, 40, 3, 0, 0, 0xE0, 0xC8);
    cr_expect(!bench_wait_irq(bench, 14, LIMIT_NS), "waits for the bus master");
    dma_room = sizeof dma_memory;
    ata_channel_dma_started(channel);
    expect_irq(0x50);
    cr_expect_eq(dma_at, 40 * 512);
    for (unsigned n = 0; n < 40; n++)
        expect_sector(dma_memory + n * 512, 3 + n);
    dma_at = 0;
    command(0, 2, 200, 0, 0, 0xE0, 0xCA);
    expect_irq(0x50);
    block_read(image, 201, 1, bytes);
    expect_sector(bytes, 4);
}

Test(ata, save_and_restore_in_mid_transfer)
{
    uint8_t bytes[512];
    uint64_t hash;

    set_up();
    command(0, 4, 50, 0, 0, 0xE0, 0x20);
    expect_irq(0x58);
    read_words(bytes, 256);
    expect_irq(0x58);
    read_words(bytes, 100);
    bench_save(bench);
    for (unsigned pass = 0; pass < 2; pass++) {
        read_words(bytes + 200, 156);
        expect_sector(bytes, 51);
        for (unsigned n = 2; n < 4; n++) {
            expect_irq(0x58);
            read_words(bytes, 256);
            expect_sector(bytes, 50 + n);
        }
        if (pass == 0) {
            hash = bench_hash(bench);
            bench_restore(bench);
            memset(bytes, 0, 512);
            for (unsigned i = 0; i < 200; i++)
                bytes[i] = pattern_byte(51 * 512 + i);
        } else {
            cr_expect_eq(bench_hash(bench), hash);
        }
    }
}

Test(ata, nonsense_never_gets_out_of_hand)
{
    uint32_t random = 4711;

    set_up_size(512 * 512, BLOCK_DISCARD_WRITES);
    ata_channel_attach_cdrom(channel, 1,
                             block_open(&bench->blocks, temporary_image(64 * 2048), BLOCK_READ_ONLY, NULL, NULL));
    for (unsigned i = 0; i < 300000; i++) {
        uint16_t port;

        random = random * 1664525 + 1013904223;
        port = (uint16_t)(BASE + (random >> 8) % 8);
        if (random >> 29 == 0)
            bench_run(bench, random >> 14 & 0x3FFF);
        else if (random >> 29 <= 2)
            bench_in(bench, BASE, 2);
        else if (random >> 29 <= 4)
            bench_out(bench, BASE, random >> 5, 4);
        else if (random >> 29 == 5)
            out8(bench, (random >> 20) % 500 ? port : CONTROL, (uint8_t)(random >> 12));
        else
            out8(bench, BASE + 7, (uint8_t)(random >> 12 & 1 ? 0xA0 : random >> 13));
    }
}

/* A snapshot is foreign data: whatever its bytes say, nothing may leave our arrays. */
Test(ata, hostile_snapshots)
{
    unsigned taken = 0;
    uint32_t random = 99;

    set_up_size(512 * 512, BLOCK_DISCARD_WRITES);
    ata_channel_attach_cdrom(channel, 1,
                             block_open(&bench->blocks, temporary_image(64 * 2048), BLOCK_READ_ONLY, NULL, NULL));
    for (unsigned round = 0; round < 300; round++) {
        bench_save(bench);
        for (unsigned i = 0; i < bench->saved_size; i++) {
            random = random * 1664525 + 1013904223;
            if (random >> 27 == 0)
                bench->saved[i] = (uint8_t)(random >> 16);
        }
        bench->schedule.now = bench->saved_clock;
        taken += state_registry_restore(bench->bay.states, bench->saved, bench->saved_size); /* not if a version was hit */
        for (unsigned i = 0; i < 200; i++) {
            random = random * 1664525 + 1013904223;
            if (random >> 30 == 0)
                bench_run(bench, random >> 16 & 0x3FFF);
            else if (random >> 30 == 1)
                bench_in(bench, BASE, 2);
            else if (random >> 30 == 2)
                bench_out(bench, BASE, random >> 3, 2);
            else
                out8(bench, (uint16_t)(BASE + 1 + (random >> 8) % 7), (uint8_t)(random >> 13));
        }
    }
    cr_expect(taken > 100, "%u", taken);
}
