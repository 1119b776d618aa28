/* PIIX3 IDE: configuration space, descriptor tables, bus master status, by ports (82371SB data sheet, 2.6). */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bits.h"
#include "devices/piix3_ide.h"
#include "storage_bench.h"

#define BASE 0x1F0
#define CONTROL 0x3F6
#define BUS_MASTER 0xC000
#define TABLE 0x8000u
#define LIMIT_NS 50000000u

static struct bench *bench;
static struct pci_bus *bus;
static struct block *image;

static void config_select(unsigned offset)
{
    bench_out(bench, 0xCF8, 0x80000000u | 1 << 11 | 1 << 8 | (offset & 0xFC), 4);
}

static void set_up(void)
{
    struct ata_channel *primary, *secondary;
    struct piix3_ide *ide;

    bench = bench_new();
    bus = pci_bus_new(&bench->bay, (struct wire){NULL, NULL, 0});
    primary = ata_channel_new(&bench->bay, "ide.primary", BASE, CONTROL, bench_irq(bench, 14));
    secondary = ata_channel_new(&bench->bay, "ide.secondary", 0x170, 0x376, bench_irq(bench, 15));
    ide = piix3_ide_new(&bench->bay, primary, secondary);
    piix3_ide_attach(ide, bus);
    image = block_open(&bench->blocks, temporary_image(2000 * 512), 0, NULL, NULL);
    ata_channel_attach_disk(primary, 0, image);
    ata_channel_attach_cdrom(secondary, 0,
                             block_open(&bench->blocks, temporary_image(100 * 2048), BLOCK_READ_ONLY, NULL, NULL));
    bench_run(bench, 1000000);
    config_select(0x20);
    bench_out(bench, 0xCFC, BUS_MASTER, 4);
    config_select(0x04);
    bench_out(bench, 0xCFC, 5, 2);
}

static void descriptor(unsigned index, uint32_t address, uint32_t count, bool last)
{
    uint8_t bytes[8];

    store_le32(bytes, address);
    store_le32(bytes + 4, (count & 0xFFFF) | (last ? 0x80000000u : 0));
    physical_write(bench->bay.memory, TABLE + 8 * index, bytes, 8);
}

static void command(uint8_t count, uint8_t low, uint8_t opcode)
{
    const uint8_t bytes[] = {0, count, low, 0, 0, 0xE0, opcode};

    for (unsigned i = 0; i < 7; i++)
        out8(bench, (uint16_t)(BASE + 1 + i), bytes[i]);
}

static void expect_memory(uint32_t address, uint64_t offset, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte;

        physical_read(bench->bay.memory, address + i, &byte, 1);
        cr_assert_eq(byte, pattern_byte(offset + i), "byte %u", i);
    }
}

Test(piix3_ide, configuration_space)
{
    set_up();
    config_select(0x00);
    cr_expect_eq(bench_in(bench, 0xCFC, 4), 0x70108086);
    config_select(0x08);
    cr_expect_eq(bench_in(bench, 0xCFC, 4) >> 8, 0x010180);
    config_select(0x20);
    cr_expect_eq(bench_in(bench, 0xCFC, 4), BUS_MASTER | 1);
    bench_out(bench, 0xCFC, UINT32_MAX, 4);
    cr_expect_eq(bench_in(bench, 0xCFC, 4), 0xFFFFFFF1, "16 ports");
}

Test(piix3_ide, reads_by_a_descriptor_table)
{
    set_up();
    descriptor(0, 0x30000, 1000, false); /* regions need not be sectors */
    descriptor(1, 0x50002, 40 * 512 - 1000, true);
    bench_out(bench, BUS_MASTER + 4, TABLE, 4);
    out8(bench, BUS_MASTER, 8);
    command(40, 7, 0xC8);
    cr_expect(!bench_wait_irq(bench, 14, LIMIT_NS), "not before the bus master starts");
    out8(bench, BUS_MASTER, 9);
    cr_expect_eq(in8(bench, BUS_MASTER + 2), 1, "active");
    cr_assert(bench_wait_irq(bench, 14, LIMIT_NS));
    cr_expect_eq(in8(bench, BUS_MASTER + 2), 4, "interrupt, no longer active");
    cr_expect_eq(in8(bench, BASE + 7), 0x50);
    cr_expect_eq(in8(bench, BUS_MASTER + 2), 4, "latched");
    out8(bench, BUS_MASTER, 0);
    out8(bench, BUS_MASTER + 2, 0x64);
    cr_expect_eq(in8(bench, BUS_MASTER + 2), 0x60);
    expect_memory(0x30000, 7 * 512, 1000);
    expect_memory(0x50002, 7 * 512 + 1000, 40 * 512 - 1000);
}

Test(piix3_ide, writes_and_a_region_larger_than_needed)
{
    uint8_t bytes[1024], back[1024];

    set_up();
    memset(bytes, 0x6B, sizeof bytes);
    physical_write(bench->bay.memory, 0x40000, bytes, sizeof bytes);
    descriptor(0, 0x40000, 0, true); /* 64 KiB */
    bench_out(bench, BUS_MASTER + 4, TABLE, 4);
    out8(bench, BUS_MASTER, 1);
    command(2, 100, 0xCA);
    cr_assert(bench_wait_irq(bench, 14, LIMIT_NS));
    cr_expect_eq(in8(bench, BUS_MASTER + 2), 5, "interrupt with the table not used up: still active");
    out8(bench, BUS_MASTER, 0);
    cr_expect_eq(in8(bench, BUS_MASTER + 2), 4);
    block_read(image, 100, 2, back);
    cr_expect_arr_eq(back, bytes, 1024);
}

Test(piix3_ide, table_too_short_leaves_the_drive_waiting)
{
    set_up();
    descriptor(0, 0x40000, 512, true);
    bench_out(bench, BUS_MASTER + 4, TABLE, 4);
    command(2, 0, 0xC8);
    out8(bench, BUS_MASTER, 9);
    cr_expect(!bench_wait_irq(bench, 14, LIMIT_NS));
    cr_expect_eq(in8(bench, BUS_MASTER + 2), 0, "not active, no interrupt");
    cr_expect_eq(in8(bench, CONTROL) & 0x88, 0x08, "the drive still has its request up");
    out8(bench, CONTROL, 4);
    out8(bench, CONTROL, 0);
    bench_run(bench, 1000000);
    cr_expect_eq(in8(bench, CONTROL), 0x50);
}

Test(piix3_ide, needs_the_master_bit)
{
    set_up();
    config_select(0x04);
    bench_out(bench, 0xCFC, 1, 2);
    descriptor(0, 0x40000, 512, true);
    bench_out(bench, BUS_MASTER + 4, TABLE, 4);
    command(1, 9, 0xC8);
    out8(bench, BUS_MASTER, 9);
    cr_expect(!bench_wait_irq(bench, 14, LIMIT_NS));
    bench_out(bench, 0xCFC, 5, 2);
    cr_expect(bench_wait_irq(bench, 14, LIMIT_NS));
    expect_memory(0x40000, 9 * 512, 512);
}

static void packet(const uint8_t *bytes)
{
    out8(bench, 0x171, 1); /* DMA */
    out8(bench, 0x174, 0);
    out8(bench, 0x175, 0);
    out8(bench, 0x176, 0xA0);
    out8(bench, 0x177, 0xA0);
    bench_run(bench, 5000);
    for (unsigned i = 0; i < 6; i++)
        bench_out(bench, 0x170, load_le16(bytes + 2 * i), 2);
}

Test(piix3_ide, packets_by_dma)
{
    set_up();
    packet((uint8_t[12]){0x00});
    cr_assert(bench_wait_irq(bench, 15, LIMIT_NS));
    cr_expect_eq(in8(bench, 0x177) & 1, 1, "the unit attention");
    descriptor(0, 0x40000, 20 * 2048, true);
    bench_out(bench, BUS_MASTER + 12, TABLE, 4);
    packet((uint8_t[12]){0x28, 0, 0, 0, 0, 33, 0, 0, 20});
    out8(bench, BUS_MASTER + 8, 9);
    bench_run(bench, 3000);
    bench_save(bench);
    for (unsigned pass = 0; pass < 2; pass++) {
        cr_assert(bench_wait_irq(bench, 15, LIMIT_NS));
        cr_expect_eq(in8(bench, BUS_MASTER + 10) & 7, 4);
        cr_expect_eq(in8(bench, 0x177), 0x50);
        cr_expect_eq(in8(bench, 0x172) & 3, 3);
        expect_memory(0x40000, 33 * 2048, 20 * 2048);
        if (pass == 0)
            bench_restore(bench);
    }
}
