/* 8237A pair against the data sheet (Intel 231466) and the PC/AT's wiring. */
#include <string.h>

#include "devices/i8237.h"
#include "system_bench.h"

static struct bench bench;
static struct i8237_pair *dma;

static void setup(void)
{
    bench_open(&bench, 100000000);
    dma = i8237_pair_new(&bench.bay);
    out8(&bench, 0xd6, 0xc0); /* channel 4: cascade, open */
    out8(&bench, 0xd4, 0x00);
}

static void teardown(void)
{
    i8237_pair_free(dma);
    bench_close(&bench);
}

TestSuite(i8237, .init = setup, .fini = teardown);

static void program_2(uint8_t mode, uint8_t page, uint16_t address, uint16_t count)
{
    out8(&bench, 0x0a, 0x06);
    out8(&bench, 0x0c, 0);
    out8(&bench, 0x0b, mode);
    out8(&bench, 0x04, (uint8_t)address);
    out8(&bench, 0x04, (uint8_t)(address >> 8));
    out8(&bench, 0x81, page);
    out8(&bench, 0x05, (uint8_t)count);
    out8(&bench, 0x05, (uint8_t)(count >> 8));
    out8(&bench, 0x0a, 0x02);
}

static uint16_t read16(uint16_t port)
{
    uint8_t low;

    out8(&bench, 0x0c, 0);
    low = in8(&bench, port);
    return (uint16_t)(low | in8(&bench, port) << 8);
}

Test(i8237, floppy_read)
{
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, memory[8];
    bool tc;

    program_2(0x46, 0x01, 0x2340, 5);
    cr_assert(i8237_ready(dma, 2));
    cr_assert_eq(i8237_transfer(dma, 2, bytes, 4, DMA_TO_MEMORY, &tc), 4);
    cr_assert_not(tc);
    cr_assert_eq(read16(0x04), 0x2344);
    cr_assert_eq(read16(0x05), 1);
    cr_assert_eq(i8237_transfer(dma, 2, bytes + 4, 4, DMA_TO_MEMORY, &tc), 2, "two bytes are left");
    cr_assert(tc);
    physical_read(bench.bay.memory, 0x12340, memory, 8);
    cr_assert_arr_eq(memory, "\1\2\3\4\5\6\0\0", 8);
    cr_assert_eq(read16(0x05), 0xffff);
    cr_assert_not(i8237_ready(dma, 2), "terminal count has masked the channel");
    cr_assert_eq(in8(&bench, 0x08), 0x04);
    cr_assert_eq(in8(&bench, 0x08), 0x00, "cleared by the read");
}

Test(i8237, floppy_write_and_verify)
{
    uint8_t bytes[4];
    bool tc;

    physical_write(bench.bay.memory, 0x20000, "abcd", 4);
    program_2(0x4a, 0x02, 0, 3);
    cr_assert_eq(i8237_transfer(dma, 2, bytes, 4, DMA_FROM_MEMORY, &tc), 4);
    cr_assert_arr_eq(bytes, "abcd", 4);
    program_2(0x42, 0x02, 0, 3);
    memcpy(bytes, "WXYZ", 4);
    cr_assert_eq(i8237_transfer(dma, 2, bytes, 4, DMA_TO_MEMORY, &tc), 4);
    cr_assert(tc);
    physical_read(bench.bay.memory, 0x20000, bytes, 4);
    cr_assert_arr_eq(bytes, "abcd", 4, "verify writes nothing");
}

Test(i8237, autoinitialize_decrement_and_wrap)
{
    uint8_t bytes[4] = {1, 2, 3, 4}, memory[4];
    bool tc;

    program_2(0x76, 0x01, 0x0001, 3); /* down from 10001: 10001, 10000, 1FFFF, 1FFFE */
    cr_assert_eq(i8237_transfer(dma, 2, bytes, 4, DMA_TO_MEMORY, &tc), 4);
    cr_assert(tc);
    cr_assert_eq(read16(0x04), 0x0001);
    cr_assert_eq(read16(0x05), 3);
    cr_assert(i8237_ready(dma, 2));
    physical_read(bench.bay.memory, 0x10000, memory, 2);
    cr_assert_arr_eq(memory, "\2\1", 2);
    physical_read(bench.bay.memory, 0x1fffe, memory, 2);
    cr_assert_arr_eq(memory, "\4\3", 2, "the page register does not count");
    program_2(0x46, 0x01, 0xfffe, 3);
    cr_assert_eq(i8237_transfer(dma, 2, bytes, 4, DMA_TO_MEMORY, &tc), 4);
    physical_read(bench.bay.memory, 0x10000, memory, 2);
    cr_assert_arr_eq(memory, "\3\4", 2);
}

Test(i8237, sixteen_bit_channel_counts_words)
{
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, memory[8];
    bool tc;

    out8(&bench, 0xd8, 0);
    out8(&bench, 0xd6, 0x45);
    out8(&bench, 0xc4, 0x00);
    out8(&bench, 0xc4, 0x10);
    out8(&bench, 0x8b, 0x03); /* bit 0 of the page is not wired */
    out8(&bench, 0xc6, 0x02);
    out8(&bench, 0xc6, 0x00);
    cr_assert_not(i8237_ready(dma, 5));
    out8(&bench, 0xd4, 0x01);
    cr_assert_eq(i8237_transfer(dma, 5, bytes, 8, DMA_TO_MEMORY, &tc), 6);
    cr_assert(tc);
    physical_read(bench.bay.memory, 0x22000, memory, 8);
    cr_assert_arr_eq(memory, "\1\2\3\4\5\6\0\0", 8);
    cr_assert_eq(in8(&bench, 0xd0), 0x02);
}

Test(i8237, gates_of_a_channel)
{
    program_2(0x46, 0, 0, 100);
    out8(&bench, 0xd4, 0x04);
    cr_assert_not(i8237_ready(dma, 2), "cascade masked");
    out8(&bench, 0xd4, 0x00);
    out8(&bench, 0x08, 0x04);
    cr_assert_not(i8237_ready(dma, 2), "controller disabled");
    out8(&bench, 0x08, 0x00);
    cr_assert(i8237_ready(dma, 2));
    out8(&bench, 0x0f, 0x04);
    cr_assert_not(i8237_ready(dma, 2));
    out8(&bench, 0x0e, 0);
    cr_assert(i8237_ready(dma, 2));
    out8(&bench, 0x0d, 0);
    cr_assert_not(i8237_ready(dma, 2), "master clear masks");
    cr_assert_eq(i8237_transfer(dma, 2, (uint8_t[1]){0}, 1, DMA_TO_MEMORY, NULL), 0);
    i8237_set_dreq(dma, 3, true);
    cr_assert_eq(in8(&bench, 0x08), 0x80, "requests show even when masked");
}

Test(i8237, memory_to_memory)
{
    uint8_t memory[4];

    physical_write(bench.bay.memory, 0x1000, "wxyz", 4);
    out8(&bench, 0x0c, 0);
    out8(&bench, 0x00, 0x00), out8(&bench, 0x00, 0x10);
    out8(&bench, 0x01, 0x03), out8(&bench, 0x01, 0x00);
    out8(&bench, 0x02, 0x00), out8(&bench, 0x02, 0x20);
    out8(&bench, 0x03, 0x03), out8(&bench, 0x03, 0x00);
    out8(&bench, 0x0b, 0x88), out8(&bench, 0x0b, 0x85);
    out8(&bench, 0x08, 0x01);
    out8(&bench, 0x09, 0x04);
    physical_read(bench.bay.memory, 0x2000, memory, 4);
    cr_assert_arr_eq(memory, "wxyz", 4);
    cr_assert_eq(in8(&bench, 0x0d), 'z', "the temporary register keeps the last byte");
    cr_assert_eq(in8(&bench, 0x08) & 0x02, 0x02);
}

Test(i8237, saved_between_the_halves_of_a_count)
{
    size_t size;
    uint8_t *saved;

    program_2(0x46, 0x01, 0x2340, 5);
    out8(&bench, 0x0c, 0);
    out8(&bench, 0x05, 0x34);
    saved = bench_save(&bench, &size);
    out8(&bench, 0x0d, 0);
    program_2(0x46, 0x03, 0, 1);
    bench_restore(&bench, saved, size, 0);
    out8(&bench, 0x05, 0x12);
    cr_assert_eq(read16(0x05), 0x1234);
    cr_assert_eq(in8(&bench, 0x81), 0x01);
}
