/* MC146818A against Motorola's data sheet. */
#include <stdio.h>

#include "devices/mc146818.h"
#include "system_bench.h"

/* A clock of 32768 * 1000 counts a second: a crystal tick is 1000 counts. */
enum { TICK = 1000 };
#define SECOND (UINT64_C(32768) * TICK)

static struct bench bench;
static struct probe irq, nmi;
static struct mc146818 *rtc;

static const struct mc146818_config config = {
    .seconds = 1772323198, /* 2026-02-28T23:59:58, a Saturday */
    .memory_below_4g = UINT64_C(64) << 20,
    .memory_above_4g = UINT64_C(0x123450000),
    .floppies = {CMOS_FLOPPY_1440K, CMOS_FLOPPY_360K},
    .disks = {{.cylinders = 1000, .heads = 16, .sectors = 63}},
    .boot_order = "cd",
    .coprocessor = true,
    .processors = 2,
};

static void setup(void)
{
    bench_open(&bench, SECOND);
    rtc = mc146818_new(&bench.bay, &config, probe_wire(&irq, &bench), probe_wire(&nmi, &bench));
}

static void teardown(void)
{
    mc146818_free(rtc);
    bench_close(&bench);
}

TestSuite(mc146818, .init = setup, .fini = teardown);

static uint8_t get(uint8_t index)
{
    out8(&bench, 0x70, index);
    return in8(&bench, 0x71);
}

static void put(uint8_t index, uint8_t value)
{
    out8(&bench, 0x70, index);
    out8(&bench, 0x71, value);
}

static void assert_time(const char *expected)
{
    char text[40];

    snprintf(text, sizeof text, "%02x%02x-%02x-%02x %02x:%02x:%02x/%x", get(0x32), get(9), get(8), get(7), get(4), get(2),
             get(0), get(6));
    cr_assert_str_eq(text, expected, "%s", text);
}

/* Sets the time with the update stopped. */
static void set_time(uint8_t century, uint8_t year, uint8_t month, uint8_t day, uint8_t hour, uint8_t minute, uint8_t second)
{
    put(0x0b, 0x82);
    put(0x32, century), put(9, year), put(8, month), put(7, day), put(4, hour), put(2, minute), put(0, second);
    put(0x0b, 0x02);
}

Test(mc146818, starts_at_the_configured_time_and_runs)
{
    assert_time("2026-02-28 23:59:58/7");
    bench_run_to(&bench, SECOND - 1);
    assert_time("2026-02-28 23:59:58/7");
    bench_run_to(&bench, 2 * SECOND);
    assert_time("2026-03-01 00:00:00/1");
    bench_run_to(&bench, 2 * SECOND + UINT64_C(86400) * 400 * SECOND);
    assert_time("2027-04-05 00:00:00/2");
    cr_assert_eq(get(0x0d), 0x80);
    cr_assert_eq(get(0x0a), 0x26);
}

Test(mc146818, leap_years_and_century)
{
    set_time(0x20, 0x28, 0x02, 0x28, 0x23, 0x59, 0x59);
    bench_run_to(&bench, SECOND);
    cr_assert_eq(get(7), 0x29);
    set_time(0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59);
    bench_run_to(&bench, 2 * SECOND);
    cr_assert_eq(get(0x32), 0x20);
    cr_assert_eq(get(9), 0x00);
    cr_assert_eq(get(8), 0x01);
}

Test(mc146818, twelve_hours_binary)
{
    put(0x0b, 0x84);
    put(4, 0x80 | 11), put(2, 59), put(0, 58), put(7, 10), put(8, 10), put(9, 26), put(6, 3);
    put(0x0b, 0x04);
    bench_run_to(&bench, 2 * SECOND);
    cr_assert_eq(get(4), 12, "midnight is 12 AM");
    cr_assert_eq(get(7), 11);
    bench_run_to(&bench, 2 * SECOND + 3600 * SECOND);
    cr_assert_eq(get(4), 1);
    bench_run_to(&bench, 2 * SECOND + 12 * 3600 * SECOND);
    cr_assert_eq(get(4), 0x8c, "noon is 12 PM");
    cr_assert_eq(get(7), 11);
}

Test(mc146818, update_in_progress)
{
    bench_run_to(&bench, SECOND - 73 * TICK - 1);
    cr_assert_eq(get(0x0a), 0x26);
    bench_run_to(&bench, SECOND - 73 * TICK);
    cr_assert_eq(get(0x0a), 0xa6);
    cr_assert_eq(get(0), 0x58);
    bench_run_to(&bench, SECOND - 1);
    cr_assert_eq(get(0x0a), 0xa6);
    put(0x0b, 0x82);
    cr_assert_eq(get(0x0a), 0x26, "SET aborts the update");
    bench_run_to(&bench, SECOND);
    cr_assert_eq(get(0), 0x58);
    put(0x0b, 0x02);
    bench_run_to(&bench, 2 * SECOND);
    cr_assert_eq(get(0), 0x59);
}

Test(mc146818, divider_reset_gives_half_a_second)
{
    bench_run_to(&bench, SECOND / 4);
    put(0x0a, 0x70);
    bench_run_to(&bench, 10 * SECOND);
    cr_assert_eq(get(0), 0x58);
    put(0x0a, 0x26);
    bench_run_to(&bench, 10 * SECOND + SECOND / 2 - 1);
    cr_assert_eq(get(0), 0x58);
    bench_run_to(&bench, 10 * SECOND + SECOND / 2);
    cr_assert_eq(get(0), 0x59);
}

Test(mc146818, update_ended_interrupt)
{
    put(0x0b, 0x12);
    bench_run_to(&bench, 3 * SECOND / 2);
    cr_assert_eq(irq.rises, 1);
    cr_assert_eq(irq.last_rise, SECOND);
    cr_assert_eq(get(0x0c), 0xd0, "PF comes by itself, at 1024 Hz");
    cr_assert_not(irq.level);
    cr_assert_eq(get(0x0c), 0x00);
    bench_run_to(&bench, 2 * SECOND);
    cr_assert_eq(irq.last_rise, 2 * SECOND);
    put(0x0b, 0x92);
    cr_assert_eq(get(0x0b), 0x82, "SET clears UIE");
    cr_assert_not(irq.level);
}

Test(mc146818, periodic_interrupt)
{
    put(0x0b, 0x42);
    for (unsigned i = 1; i <= 5; i++) {
        bench_run_to(&bench, i * 32 * TICK + 5);
        cr_assert_eq(irq.rises, i);
        cr_assert_eq(irq.last_rise, i * 32 * TICK, "1024 Hz");
        cr_assert_eq(get(0x0c), 0xc0);
    }
    bench_run_to(&bench, SECOND / 2);
    cr_assert_eq(irq.rises, 6, "not acknowledged: no further edge");
    put(0x0a, 0x21);
    get(0x0c);
    bench_run_to(&bench, SECOND / 2 + 128 * TICK);
    cr_assert_eq(irq.last_rise, SECOND / 2 + 128 * TICK, "rate 1 is 256 Hz");
    put(0x0b, 0x02);
    get(0x0c);
    bench_run_to(&bench, SECOND);
    cr_assert_eq(get(0x0c), 0x50, "flags come without enables; they raise nothing");
    cr_assert_not(irq.level);
}

Test(mc146818, alarm)
{
    put(1, 0x03), put(3, 0x00), put(5, 0x00);
    put(0x0b, 0x22);
    bench_run_to(&bench, 4 * SECOND);
    cr_assert_eq(irq.rises, 0);
    bench_run_to(&bench, 6 * SECOND);
    cr_assert_eq(irq.last_rise, 5 * SECOND);
    cr_assert_eq(get(0x0c), 0xf0);
    put(1, 0xff), put(3, 0xc0), put(5, 0xc0);
    bench_run_to(&bench, 7 * SECOND);
    cr_assert_eq(irq.last_rise, 7 * SECOND, "don't care: every second");
}

Test(mc146818, reset_keeps_time)
{
    put(0x0b, 0x72);
    bench_run_to(&bench, SECOND);
    cr_assert(irq.level);
    mc146818_reset(rtc);
    cr_assert_not(irq.level);
    cr_assert_eq(get(0x0b), 0x02);
    cr_assert_eq(get(0x0c), 0x00);
    cr_assert_eq(get(0), 0x59);
}

Test(mc146818, nmi_mask)
{
    cr_assert(nmi.level, "held off at power-on");
    out8(&bench, 0x70, 0x0f);
    cr_assert_not(nmi.level);
    out8(&bench, 0x70, 0x8f);
    cr_assert(nmi.level);
    out8(&bench, 0x71, 0x5a);
    cr_assert_eq(get(0x0f), 0x5a, "bit 7 is no part of the address");
}

Test(mc146818, configuration)
{
    unsigned sum = 0;

    cr_assert_eq(get(0x10), 0x41);
    cr_assert_eq(get(0x12), 0xf0);
    cr_assert_eq(get(0x14), 0x43);
    cr_assert_eq(get(0x15) | get(0x16) << 8, 640);
    cr_assert_eq(get(0x17) | get(0x18) << 8, 63 * 1024);
    cr_assert_eq(get(0x30) | get(0x31) << 8, 63 * 1024);
    cr_assert_eq(get(0x34) | get(0x35) << 8, 48 * 16);
    cr_assert_eq(get(0x19), 47);
    cr_assert_eq(get(0x1a), 0);
    cr_assert_eq(get(0x1b) | get(0x1c) << 8, 1000);
    cr_assert_eq(get(0x1d), 16);
    cr_assert_eq(get(0x23), 63);
    cr_assert_eq(get(0x3d), 0x32);
    cr_assert_eq(get(0x38), 0x01);
    cr_assert_eq(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16, 0x12345);
    cr_assert_eq(get(0x5f), 1);
    for (uint8_t i = 0x10; i <= 0x2d; i++)
        sum += get(i);
    cr_assert_eq(get(0x2e) << 8 | get(0x2f), sum);
    cr_assert_eq(mc146818_peek(rtc, 0x10), 0x41);
}

Test(mc146818, saved_in_the_middle)
{
    size_t size;
    uint8_t *saved;
    uint64_t hash;

    put(0x0b, 0x52);
    bench_run_to(&bench, SECOND / 3);
    saved = bench_save(&bench, &size);
    bench_run_to(&bench, 5 * SECOND);
    assert_time("2026-03-01 00:00:03/1");
    hash = state_registry_hash(bench.bay.states);
    set_time(0x20, 0, 1, 1, 0, 0, 0);
    bench_restore(&bench, saved, size, SECOND / 3);
    bench_run_to(&bench, 5 * SECOND);
    assert_time("2026-03-01 00:00:03/1");
    cr_assert_eq(state_registry_hash(bench.bay.states), hash);
}
