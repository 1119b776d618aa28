/* The coprocessor error logic: FERR#, IRQ 13, port F0h, IGNNE# (82371SB data sheet; SDM 1 D.2.1.2). */
#include "devices/coprocessor_error.h"
#include "system_bench.h"

static struct bench bench;
static struct probe irq, ignne;
static struct coprocessor_error *logic;

static void setup(void)
{
    bench_open(&bench, 100000000);
    logic = coprocessor_error_new(&bench.bay, probe_wire(&irq, &bench), probe_wire(&ignne, &bench));
}

static void teardown(void)
{
    coprocessor_error_free(logic);
    bench_close(&bench);
}

TestSuite(coprocessor_error, .init = setup, .fini = teardown);

Test(coprocessor_error, handler_sequence)
{
    coprocessor_error_ferr(logic, true);
    cr_expect(irq.level);
    cr_expect(!ignne.level);
    out8(&bench, 0xf0, 0);
    cr_expect(!irq.level, "the write takes the interrupt back");
    cr_expect(ignne.level, "and lets the handler's instructions through");
    coprocessor_error_ferr(logic, false);
    cr_expect(!ignne.level);
    cr_expect_eq(irq.rises, 1);
    coprocessor_error_ferr(logic, true);
    cr_expect_eq(irq.rises, 2);
}

Test(coprocessor_error, write_without_error)
{
    out8(&bench, 0xf0, 0xff);
    cr_expect(!ignne.level);
    coprocessor_error_ferr(logic, true);
    coprocessor_error_ferr(logic, false);
    cr_expect(irq.level, "the request stays until the write");
    out8(&bench, 0xf0, 0);
    cr_expect(!irq.level);
    cr_expect(!ignne.level);
}

Test(coprocessor_error, save_and_reset)
{
    size_t size;
    uint8_t *saved;

    coprocessor_error_ferr(logic, true);
    out8(&bench, 0xf0, 0);
    saved = bench_save(&bench, &size);
    coprocessor_error_reset(logic);
    cr_expect(!ignne.level);
    bench_restore(&bench, saved, size, 0);
    coprocessor_error_ferr(logic, false); /* the restored logic knows that IGNNE# was held */
    coprocessor_error_ferr(logic, true);
    out8(&bench, 0xf0, 0);
    cr_expect(ignne.level);
}
