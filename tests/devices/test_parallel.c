/* The parallel port: handshake, interrupt at the end of ACK, nothing plugged in. */
#include <criterion/criterion.h>

#include "devices/parallel.h"
#include "display_bench.h"

static struct bench bench;
static struct parallel *port;
static uint8_t printed[16];
static unsigned printed_count;

static void print(void *owner, uint8_t byte)
{
    (void)owner;
    printed[printed_count++ % 16] = byte;
}

static void setup(void)
{
    printed_count = 0;
    bench_open(&bench);
    port = parallel_new(&bench.bay, "lpt1", 0x378, bench_irq(&bench), (struct byte_sink){print, NULL});
    out8(&bench, 0x37A, 0x0C);
}

static void teardown(void)
{
    parallel_free(port);
    bench_close(&bench);
}

TestSuite(parallel, .init = setup, .fini = teardown);

Test(parallel, registers)
{
    out8(&bench, 0x378, 0xA5);
    cr_assert_eq(in8(&bench, 0x378), 0xA5);
    cr_assert_eq(in8(&bench, 0x379), 0xDF);
    cr_assert_eq(in8(&bench, 0x37A), 0xEC);
    out8(&bench, 0x379, 0x00);
    cr_assert_eq(in8(&bench, 0x379), 0xDF);
    cr_assert_eq(printed_count, 0);
}

Test(parallel, strobe_prints_once)
{
    out8(&bench, 0x378, 'a');
    out8(&bench, 0x37A, 0x0D);
    out8(&bench, 0x37A, 0x0D);
    cr_assert_eq(printed_count, 1);
    cr_assert_eq(printed[0], 'a');
    cr_assert_eq(in8(&bench, 0x379) & 0xC0, 0x40, "busy");
    out8(&bench, 0x37A, 0x0C);
    clock_step_ns(&bench, 6000);
    cr_assert_eq(in8(&bench, 0x379) & 0xC0, 0x00, "busy, ACK low");
    clock_step_ns(&bench, 5000);
    cr_assert_eq(in8(&bench, 0x379) & 0xC0, 0xC0);
    cr_assert_eq(bench.irq_edges, 0, "not enabled");
}

Test(parallel, interrupt_for_each_byte_across_save_and_restore)
{
    out8(&bench, 0x37A, 0x1C);
    cr_assert_not(bench.irq, "enabling alone is no edge");
    out8(&bench, 0x378, 'b');
    out8(&bench, 0x37A, 0x1D);
    out8(&bench, 0x37A, 0x1C);
    clock_step_ns(&bench, 6000);
    uint8_t *saved = bench_save(&bench);
    uint64_t then = bench.schedule.now;
    cr_assert_not(bench.irq);
    clock_step_ns(&bench, 5000);
    cr_assert(bench.irq);
    in8(&bench, 0x379);
    cr_assert_not(bench.irq);
    bench_restore(&bench, saved);
    bench.schedule.now = then;
    clock_step_ns(&bench, 5000);
    cr_assert(bench.irq);
    cr_assert_eq(bench.irq_edges, 2);
    out8(&bench, 0x37A, 0x1D);
    cr_assert_not(bench.irq);
    cr_assert_eq(printed_count, 2);
}

Test(parallel, initialise_ends_busy)
{
    out8(&bench, 0x37A, 0x0D);
    out8(&bench, 0x37A, 0x08);
    cr_assert_eq(in8(&bench, 0x379) & 0x80, 0);
    out8(&bench, 0x37A, 0x0C);
    cr_assert_eq(in8(&bench, 0x379), 0xDF);
}

Test(parallel, nothing_plugged_in)
{
    struct parallel *open = parallel_new(&bench.bay, "lpt2", 0x278, (struct wire){0}, (struct byte_sink){0});
    out8(&bench, 0x27A, 0x0C);
    cr_assert_eq(in8(&bench, 0x279), 0x7F);
    out8(&bench, 0x27A, 0x0D);
    cr_assert_eq(in8(&bench, 0x279), 0x7F);
    parallel_free(open);
}
