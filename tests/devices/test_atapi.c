/* The CD-ROM drive by its ports: packet protocol, sense, medium changes, reading, reports (ATA/ATAPI-6, MMC-3). */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bits.h"
#include "devices/ata.h"
#include "storage_bench.h"

#define BASE 0x170
#define CONTROL 0x376
#define LIMIT_NS 50000000u
#define BLOCKS 100u

static struct bench *bench;
static struct ata_channel *channel;
static struct block *image;
static uint8_t data[65536];
static unsigned drq_blocks;

static void set_up(bool medium)
{
    bench = bench_new();
    channel = ata_channel_new(&bench->bay, "ide.secondary", BASE, CONTROL, bench_irq(bench, 15));
    if (medium)
        image = block_open(&bench->blocks, temporary_image(BLOCKS * 2048), BLOCK_READ_ONLY, NULL, NULL);
    ata_channel_attach_cdrom(channel, 0, medium ? image : NULL);
    bench_run(bench, 1000000);
    cr_assert_eq(in8(bench, CONTROL), 0, "status 00 after reset");
}

static void start(const uint8_t *packet, uint16_t limit)
{
    out8(bench, BASE + 1, 0);
    out8(bench, BASE + 4, (uint8_t)limit);
    out8(bench, BASE + 5, (uint8_t)(limit >> 8));
    out8(bench, BASE + 6, 0xA0);
    out8(bench, BASE + 7, 0xA0);
    bench_run(bench, 5000); /* 50 us */
    cr_assert_eq(in8(bench, CONTROL) & 0x88, 0x08, "packet not asked for: %02x", in8(bench, CONTROL));
    cr_assert_eq(in8(bench, BASE + 2) & 3, 1, "CD = 1, IO = 0");
    cr_assert(!bench->irq[15]);
    for (unsigned i = 0; i < 6; i++)
        bench_out(bench, BASE, load_le16(packet + 2 * i), 2);
}

/* Takes all data into `data`; returns the number of bytes, or -1 after CHECK CONDITION. */
static int finish(uint16_t limit)
{
    unsigned total = 0;

    drq_blocks = 0;
    for (;;) {
        uint8_t status, reason;
        unsigned count;

        cr_assert(bench_wait_irq(bench, 15, LIMIT_NS), "no interrupt, status %02x", in8(bench, CONTROL));
        status = in8(bench, BASE + 7);
        reason = in8(bench, BASE + 2) & 7;
        if (!(status & 8)) {
            cr_assert_eq(reason, 3, "completion: CD and IO");
            return status & 1 ? -1 : (int)total;
        }
        cr_assert_eq(reason, 2, "data to the host");
        count = in8(bench, BASE + 4) | in8(bench, BASE + 5) << 8;
        cr_assert(count >= 1 && count <= limit, "%u bytes against a limit of %u", count, limit);
        for (unsigned i = 0; i < count; i += 2) {
            uint16_t word = (uint16_t)bench_in(bench, BASE, 2);

            cr_assert(total + i + 1 < sizeof data);
            store_le16(data + total + i, word);
        }
        total += count;
        drq_blocks++;
    }
}

static int packet_limited(uint16_t limit, const uint8_t *bytes)
{
    memset(data, 0xEE, sizeof data);
    start(bytes, limit);
    return finish(limit == 0 ? 0xFFFE : limit);
}
#define PACKET(...) packet_limited(0xFFFE, (const uint8_t[12]){__VA_ARGS__})

static void expect_sense(uint8_t key, uint8_t asc, uint8_t ascq)
{
    cr_assert_eq(in8(bench, BASE + 1) >> 4, key, "sense key in the error register");
    cr_assert_eq(PACKET(0x03, 0, 0, 0, 18), 18);
    cr_expect_eq(data[0], 0x70);
    cr_expect_eq(data[2], key, "key %x", data[2]);
    cr_expect_eq(data[12], asc, "asc %02x", data[12]);
    cr_expect_eq(data[13], ascq, "ascq %02x", data[13]);
}

static void clear_attention(void)
{
    cr_assert_eq(PACKET(0x00), -1);
    expect_sense(6, 0x29, 0);
    cr_assert_eq(PACKET(0x00), 0);
}

static void expect_blocks(unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count * 2048; i++)
        cr_assert_eq(data[i], pattern_byte(first * 2048 + i), "byte %u", i);
}

Test(atapi, signature_and_identify)
{
    uint8_t words[512];

    set_up(true);
    cr_expect_eq(in8(bench, BASE + 4), 0x14);
    cr_expect_eq(in8(bench, BASE + 5), 0xEB);
    out8(bench, BASE + 4, 0);
    out8(bench, BASE + 7, 0xEC);
    cr_assert(bench_wait_irq(bench, 15, LIMIT_NS));
    cr_expect_eq(in8(bench, BASE + 7) & 0x89, 0x01, "IDENTIFY DEVICE is aborted");
    cr_expect_eq(in8(bench, BASE + 4), 0x14);
    cr_expect_eq(in8(bench, BASE + 5), 0xEB);
    out8(bench, BASE + 7, 0xA1);
    cr_assert(bench_wait_irq(bench, 15, LIMIT_NS));
    cr_expect_eq(in8(bench, BASE + 7), 0x58);
    for (unsigned i = 0; i < 256; i++)
        store_le16(words + 2 * i, (uint16_t)bench_in(bench, BASE, 2));
    cr_expect_eq(load_le16(words), 0x85C0);
    out8(bench, BASE + 4, 0);
    out8(bench, BASE + 7, 0x08); /* DEVICE RESET */
    bench_run(bench, 100000);
    cr_expect_eq(in8(bench, BASE + 7), 0);
    cr_expect_eq(in8(bench, BASE + 5), 0xEB);
    cr_expect(!bench->irq[15]);
}

Test(atapi, attention_then_ready)
{
    set_up(true);
    cr_expect_eq(PACKET(0x12, 0, 0, 0, 36), 36, "INQUIRY goes past a unit attention");
    cr_expect_eq(data[0], 5);
    cr_expect(memcmp(data + 8, "TRUEBOX ", 8) == 0);
    clear_attention();
    cr_expect_eq(PACKET(0x03, 0, 0, 0, 18), 18);
    cr_expect_eq(data[2], 0, "sense was taken");
    cr_expect_eq(PACKET(0x12, 0, 0, 0, 5), 5, "allocation length cuts");
    cr_expect_eq(PACKET(0xF0), -1);
    expect_sense(5, 0x20, 0);
}

Test(atapi, reads_within_the_byte_count_limit)
{
    set_up(true);
    clear_attention();
    cr_expect_eq(PACKET(0x25), 8);
    cr_expect_eq(data[3], BLOCKS - 1);
    cr_expect_eq(data[6], 8);
    cr_expect_eq(PACKET(0x28, 0, 0, 0, 0, 10, 0, 0, 9), 9 * 2048);
    expect_blocks(10, 9);
    cr_expect_eq(drq_blocks, 3);
    cr_expect_eq(packet_limited(2048, (const uint8_t[12]){0xA8, 0, 0, 0, 0, 50, 0, 0, 0, 3}), 3 * 2048);
    expect_blocks(50, 3);
    cr_expect_eq(drq_blocks, 3);
    cr_expect_eq(packet_limited(513, (const uint8_t[12]){0x28, 0, 0, 0, 0, 7, 0, 0, 1}), 2048);
    expect_blocks(7, 1);
    cr_expect_eq(drq_blocks, 4, "an odd limit counts as one less");
    cr_expect_eq(packet_limited(0, (const uint8_t[12]){0x28, 0, 0, 0, 0, 7, 0, 0, 1}), 2048);
    cr_expect_eq(PACKET(0x28, 0, 0, 0, 0, BLOCKS - 1, 0, 0, 1), 2048);
    cr_expect_eq(PACKET(0x28, 0, 0, 0, 0, BLOCKS - 1, 0, 0, 2), -1);
    expect_sense(5, 0x21, 0);
    cr_expect_eq(PACKET(0x28, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 2), -1);
    expect_sense(5, 0x21, 0);
    cr_expect_eq(PACKET(0x28, 0, 0, 0, 0, 5, 0, 0, 0), 0, "no blocks, no data");
}

Test(atapi, table_of_contents)
{
    set_up(true);
    clear_attention();
    cr_expect_eq(PACKET(0x43, 0, 0, 0, 0, 0, 0, 0x10, 0), 20);
    cr_expect_arr_eq(data, ((uint8_t[]){0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xAA, 0, 0, 0, 0, BLOCKS}), 20);
    cr_expect_eq(PACKET(0x43, 2, 0, 0, 0, 0, 0xAA, 0x10, 0), 12);
    cr_expect_arr_eq(data + 8, ((uint8_t[]){0, 0, 3, 25}), 4); /* 250 frames */
    cr_expect_eq(PACKET(0x43, 0, 0, 0, 0, 0, 2, 0x10, 0), -1);
    expect_sense(5, 0x24, 0);
    cr_expect_eq(PACKET(0x43, 0, 1, 0, 0, 0, 0, 0x10, 0), 12);
    cr_expect_eq(PACKET(0x43, 2, 2, 0, 0, 0, 0, 0x10, 0), 48);
    cr_expect_arr_eq(data + 4 + 22, ((uint8_t[]){1, 0x14, 0, 0xA2, 0, 0, 0, 0, 0, 3, 25}), 11);
    cr_expect_eq(PACKET(0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40), 12, "format in byte 9 as SFF-8020 has it");
}

/* Every P and Q word of a Reed-Solomon code has vanishing sums; checked from the definition (ECMA-130 annex A). */
static uint8_t times(uint8_t a, unsigned exponent)
{
    while (exponent--)
        a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1D : 0));
    return a;
}

Test(atapi, raw_sectors_carry_valid_parity)
{
    uint32_t code = 0;

    set_up(true);
    clear_attention();
    cr_assert_eq(PACKET(0xBE, 0, 0, 0, 0, 60, 0, 0, 2, 0xF8), 2 * 2352);
    cr_expect_arr_eq(data, ((uint8_t[]){0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0x00, 0x02, 0x60, 1}), 16);
    cr_expect_eq(data[16 + 99], pattern_byte(60 * 2048 + 99));
    cr_expect_eq(data[2352 + 14], 0x61);
    for (unsigned i = 0; i < 2064 + 4; i++) { /* a CRC over data and its own code leaves nothing */
        code ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            code = code & 1 ? code >> 1 ^ 0xD8018001 : code >> 1;
    }
    cr_expect_eq(code, 0);
    for (unsigned plane = 0; plane < 2; plane++) {
        for (unsigned column = 0; column < 43; column++) { /* P: 24 rows and 2 parity rows of 43 words */
            uint8_t sum = 0, weighted = 0;

            for (unsigned row = 0; row < 26; row++) {
                uint8_t byte = data[12 + 2 * (row * 43 + column) + plane];

                sum ^= byte;
                weighted ^= times(byte, 25 - row);
            }
            cr_assert(sum == 0 && weighted == 0, "P word %u.%u", column, plane);
        }
        for (unsigned diagonal = 0; diagonal < 26; diagonal++) { /* Q: words (44 m + 43 n) mod 1118, parity after P */
            uint8_t sum = 0, weighted = 0;

            for (unsigned m = 0; m < 45; m++) {
                unsigned word = m < 43 ? (44 * m + 43 * diagonal) % 1118 : 1118 + (m - 43) * 26 + diagonal;
                uint8_t byte = data[12 + 2 * word + plane];

                sum ^= byte;
                weighted ^= times(byte, 44 - m);
            }
            cr_assert(sum == 0 && weighted == 0, "Q word %u.%u", diagonal, plane);
        }
    }
    cr_expect_eq(PACKET(0xBE, 0, 0, 0, 0, 60, 0, 0, 1, 0x10), 2048);
    expect_blocks(60, 1);
    cr_expect_eq(PACKET(0xBE, 0, 0, 0, 0, 60, 0, 0, 1, 0x00), 0);
    cr_expect_eq(PACKET(0xBE, 0x04, 0, 0, 0, 60, 0, 0, 1, 0x10), -1); /* CD-DA expected */
    expect_sense(5, 0x64, 0);
}

Test(atapi, no_medium_tray_and_change)
{
    struct block *second;

    set_up(false);
    cr_assert_eq(PACKET(0x00), -1);
    expect_sense(6, 0x29, 0);
    cr_assert_eq(PACKET(0x00), -1);
    expect_sense(2, 0x3A, 1);
    second = block_open(&bench->blocks, temporary_image(7 * 2048 - 512), BLOCK_READ_ONLY, NULL, NULL);
    cr_expect_null(ata_channel_change_cd(channel, 0, second));
    cr_assert_eq(PACKET(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8), 8);
    cr_expect_eq(data[4], 2, "new media");
    cr_expect_eq(data[5], 2, "medium present, tray closed");
    cr_assert_eq(PACKET(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8), 8);
    cr_expect_eq(data[4], 0, "told once");
    cr_assert_eq(PACKET(0x25), -1);
    expect_sense(6, 0x28, 0);
    cr_assert_eq(PACKET(0x25), 8);
    cr_expect_eq(data[3], 6, "a partial last sector is filled up with zeros");
    cr_assert_eq(PACKET(0x1E, 0, 0, 0, 1), 0);
    cr_assert_eq(PACKET(0x1B, 0, 0, 0, 2), -1);
    expect_sense(5, 0x53, 2);
    cr_assert_eq(PACKET(0x1E, 0, 0, 0, 0), 0);
    cr_assert_eq(PACKET(0x1B, 0, 0, 0, 2), 0);
    cr_assert_eq(PACKET(0x00), -1);
    expect_sense(2, 0x3A, 2);
    cr_assert_eq(PACKET(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8), 8);
    cr_expect_eq(data[1], 0x10, "door open");
    cr_assert_eq(PACKET(0x1B, 0, 0, 0, 3), 0);
    cr_assert_eq(PACKET(0x00), -1);
    expect_sense(6, 0x28, 0);
    cr_assert_eq(PACKET(0x00), 0);
}

Test(atapi, taken_out_in_the_middle_of_a_read)
{
    const uint8_t packet[12] = {0x28, 0, 0, 0, 0, 0, 0, 0, 20};

    set_up(true);
    clear_attention();
    start(packet, 2048);
    cr_assert(bench_wait_irq(bench, 15, LIMIT_NS));
    in8(bench, BASE + 7);
    for (unsigned i = 0; i < 1024; i++)
        bench_in(bench, BASE, 2);
    cr_expect_eq(ata_channel_change_cd(channel, 0, NULL), image);
    cr_expect_eq(finish(2048), -1);
    cr_expect_eq(in8(bench, BASE + 1) >> 4, 2);
}

Test(atapi, mode_pages)
{
    const uint8_t select[12] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 16};
    uint8_t list[16] = {0, 14, 0, 0, 0, 0, 0, 0, 1, 6, 0x20, 5, 0, 0, 0, 0};

    set_up(true);
    clear_attention();
    cr_expect_eq(PACKET(0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 255), 28);
    cr_expect_eq(data[1], 26);
    cr_expect_eq(data[8], 0x2A);
    cr_expect_eq(PACKET(0x5A, 0, 0x3F, 0, 0, 0, 0, 0, 255), 8 + 8 + 16 + 20);
    cr_expect_eq(PACKET(0x5A, 0, 0x05, 0, 0, 0, 0, 0, 255), -1);
    expect_sense(5, 0x24, 0);
    cr_expect_eq(PACKET(0x5A, 0, 0xC1, 0, 0, 0, 0, 0, 255), -1);
    expect_sense(5, 0x39, 0);
    for (unsigned pass = 0; pass < 2; pass++) {
        start(select, 0xFFFE);
        cr_assert(bench_wait_irq(bench, 15, LIMIT_NS));
        cr_assert_eq(in8(bench, BASE + 7) & 9, 8);
        cr_assert_eq(in8(bench, BASE + 2) & 3, 0, "data from the host");
        cr_assert_eq(in8(bench, BASE + 4), 16);
        for (unsigned i = 0; i < 8; i++)
            bench_out(bench, BASE, load_le16(list + 2 * i), 2);
        cr_expect_eq(finish(0xFFFE), pass == 0 ? 0 : -1);
        list[9] = 7; /* a page longer than the list */
    }
    expect_sense(5, 0x26, 0);
    cr_expect_eq(PACKET(0x5A, 0, 0x01, 0, 0, 0, 0, 0, 255), 16);
    cr_expect_eq(data[10], 0x20);
    cr_expect_eq(data[11], 5);
}

Test(atapi, configuration_and_other_reports)
{
    set_up(true);
    cr_expect_eq(PACKET(0x46, 0, 0, 0, 0, 0, 0, 1, 0), 8 + 8 + 8 + 8 + 12 + 8 + 4);
    cr_expect_eq(data[7], 8, "CD-ROM profile");
    cr_expect_eq(data[3], 52);
    cr_expect_eq(PACKET(0x46, 2, 0, 0x1E, 0, 0, 0, 1, 0), 16);
    cr_expect_eq(data[9], 0x1E);
    clear_attention();
    cr_expect_eq(PACKET(0x51, 0, 0, 0, 0, 0, 0, 0, 34), 34);
    cr_expect_eq(data[2], 0x0E);
    cr_expect_eq(PACKET(0x52, 1, 0, 0, 0, 1, 0, 0, 28), 28);
    cr_expect_eq(data[27], BLOCKS);
    cr_expect_eq(PACKET(0x42, 0, 0x40, 1, 0, 0, 0, 0, 16), 16);
    cr_expect_eq(data[1], 0x15);
    cr_expect_eq(PACKET(0x44, 2, 0, 0, 0, 75, 0, 0, 8), 8);
    cr_expect_arr_eq(data, ((uint8_t[]){1, 0, 0, 0, 0, 0, 3, 0}), 8);
    cr_expect_eq(PACKET(0x2B, 0, 0, 0, 0, 5), 0);
    cr_expect_eq(PACKET(0x2B, 0, 0, 0, 1, 5), -1);
    expect_sense(5, 0x21, 0);
    cr_expect_eq(PACKET(0x4A, 0, 0, 0, 0x10, 0, 0, 0, 8), -1);
    expect_sense(5, 0x24, 0);
    cr_expect_eq(PACKET(0x45), -1);
    expect_sense(5, 0x64, 0);
}

Test(atapi, save_and_restore_in_mid_transfer)
{
    const uint8_t packet[12] = {0x28, 0, 0, 0, 0, 30, 0, 0, 10};
    uint64_t hash = 0, end = 0;

    set_up(true);
    clear_attention();
    start(packet, 4096);
    cr_assert(bench_wait_irq(bench, 15, LIMIT_NS));
    in8(bench, BASE + 7);
    for (unsigned i = 0; i < 2048; i++)
        bench_in(bench, BASE, 2);
    bench_save(bench);
    for (unsigned pass = 0; pass < 2; pass++) {
        cr_expect_eq(finish(4096), 8 * 2048);
        expect_blocks(32, 8);
        if (pass == 0) {
            hash = bench_hash(bench);
            end = bench->schedule.now;
            bench_restore(bench);
        }
    }
    cr_expect_eq(bench_hash(bench), hash);
    cr_expect_eq(bench->schedule.now, end);
}
