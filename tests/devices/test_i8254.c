/* 8254 against the data sheet (Intel 231164): the waveforms of its figures, and a tick-by-tick model under random programs.
 */
#include "devices/i8254.h"
#include "devices/port61.h"
#include "system_bench.h"

enum { COUNTS_PER_TICK = 10 };

static struct bench bench;
static struct probe out[3];
static struct i8254 *pit;
static struct port61 *port61;

static void setup(void)
{
    struct wire wires[3];

    bench_open(&bench, I8254_HERTZ * COUNTS_PER_TICK);
    for (unsigned i = 0; i < 3; i++)
        wires[i] = probe_wire(&out[i], &bench);
    pit = i8254_new(&bench.bay, wires);
    port61 = port61_new(&bench.bay, pit);
}

static void teardown(void)
{
    port61_free(port61);
    i8254_free(pit);
    bench_close(&bench);
}

TestSuite(i8254, .init = setup, .fini = teardown);

static void to_tick(uint64_t tick)
{
    bench_run_to(&bench, tick * COUNTS_PER_TICK);
}

static void program(unsigned counter, unsigned mode, bool bcd, uint16_t count)
{
    out8(&bench, 0x43, (uint8_t)(counter << 6 | 0x30 | mode << 1 | bcd));
    out8(&bench, (uint16_t)(0x40 + counter), (uint8_t)count);
    out8(&bench, (uint16_t)(0x40 + counter), (uint8_t)(count >> 8));
}

static uint16_t latched(unsigned counter)
{
    uint8_t low;

    out8(&bench, 0x43, (uint8_t)(counter << 6));
    low = in8(&bench, (uint16_t)(0x40 + counter));
    return (uint16_t)(low | in8(&bench, (uint16_t)(0x40 + counter)) << 8);
}

static uint8_t status(unsigned counter)
{
    out8(&bench, 0x43, (uint8_t)(0xe0 | 2u << counter));
    return in8(&bench, (uint16_t)(0x40 + counter));
}

static void assert_edges(unsigned counter, unsigned rises, uint64_t rise_tick, unsigned falls, uint64_t fall_tick)
{
    const struct probe *p = &out[counter];

    cr_assert_eq(p->rises, rises, "%u rises", p->rises);
    cr_assert_eq(p->falls, falls, "%u falls", p->falls);
    if (rises)
        cr_assert_eq(p->last_rise, rise_tick * COUNTS_PER_TICK, "rose at %lu", (unsigned long)p->last_rise);
    if (falls)
        cr_assert_eq(p->last_fall, fall_tick * COUNTS_PER_TICK, "fell at %lu", (unsigned long)p->last_fall);
}

static void forget_edges(unsigned counter)
{
    out[counter].rises = out[counter].falls = 0;
}

Test(i8254, mode_0_interrupt_on_terminal_count)
{
    forget_edges(0);
    to_tick(100);
    program(0, 0, false, 5);
    cr_assert_not(out[0].level, "low without a clock");
    cr_assert_eq(status(0), 0x70, "null count, both bytes, mode 0");
    to_tick(101);
    cr_assert_eq(latched(0), 5, "loaded at the next clock");
    cr_assert_eq(status(0), 0x30);
    to_tick(105);
    cr_assert_eq(latched(0), 1);
    to_tick(200);
    assert_edges(0, 1, 106, 1, 100);
    cr_assert_eq(latched(0), (uint16_t)(5 - 99), "and goes on from FFFF");
    out8(&bench, 0x40, 3);
    cr_assert_not(out[0].level, "the first byte of a new count: low at once");
    to_tick(300);
    cr_assert_eq(latched(0), (uint16_t)(5 - 99), "and stopped");
    out8(&bench, 0x40, 0);
    to_tick(400);
    assert_edges(0, 2, 304, 2, 200);
}

Test(i8254, mode_0_gate_suspends)
{
    to_tick(10);
    forget_edges(2);
    program(2, 0, false, 4);
    to_tick(50);
    cr_assert_eq(latched(2), 4, "loaded, but the gate is low");
    out8(&bench, 0x61, 1);
    to_tick(52);
    out8(&bench, 0x61, 0);
    to_tick(60);
    cr_assert_eq(latched(2), 2);
    out8(&bench, 0x61, 1);
    to_tick(100);
    assert_edges(2, 1, 62, 1, 10);
}

Test(i8254, mode_1_one_shot_is_retriggerable)
{
    program(2, 1, false, 3);
    to_tick(10);
    forget_edges(2);
    cr_assert(out[2].level);
    cr_assert_eq(status(2) & 0x40, 0x40, "no trigger, no load");
    out8(&bench, 0x61, 1);
    to_tick(13);
    assert_edges(2, 0, 0, 1, 11);
    out8(&bench, 0x61, 0);
    out8(&bench, 0x61, 1);
    to_tick(50);
    assert_edges(2, 1, 17, 1, 11);
}

Test(i8254, mode_2_rate_generator)
{
    to_tick(1000);
    program(0, 2, false, 3);
    forget_edges(0);
    to_tick(1003);
    assert_edges(0, 0, 0, 1, 1003);
    to_tick(1004);
    assert_edges(0, 1, 1004, 1, 1003);
    cr_assert_eq(latched(0), 3);
    out8(&bench, 0x40, 5);
    out8(&bench, 0x40, 0);
    cr_assert_eq(status(0) & 0x40, 0x40);
    to_tick(1007);
    assert_edges(0, 2, 1007, 2, 1006);
    cr_assert_eq(latched(0), 5, "the new count from the next period on");
    cr_assert_eq(status(0) & 0x40, 0);
    to_tick(1012);
    assert_edges(0, 3, 1012, 3, 1011);
}

Test(i8254, mode_2_full_count_gives_the_dos_tick)
{
    program(0, 2, false, 0);
    forget_edges(0);
    to_tick(1 + 65536 * 3);
    assert_edges(0, 3, 1 + 65536 * 3, 3, 65536 * 3);
}

Test(i8254, mode_3_even_and_odd)
{
    program(0, 3, false, 4);
    forget_edges(0);
    to_tick(3);
    assert_edges(0, 0, 0, 1, 3);
    cr_assert_eq(latched(0), 4);
    to_tick(5);
    assert_edges(0, 1, 5, 1, 3);
    program(0, 3, false, 5);
    forget_edges(0);
    cr_assert(out[0].level);
    for (unsigned i = 0; i < 3; i++) {
        static const uint16_t counts[5] = {4, 2, 0, 4, 2};

        for (unsigned n = 0; n < 5; n++) {
            to_tick(6 + 5 * i + n);
            cr_assert_eq(latched(0), counts[n]);
            cr_assert_eq(out[0].level, n < 3);
        }
    }
}

Test(i8254, mode_3_gate_low_raises_out)
{
    out8(&bench, 0x61, 1);
    program(2, 3, false, 100);
    to_tick(60);
    cr_assert_not(out[2].level);
    cr_assert_eq(i8254_tone(pit), 100);
    out8(&bench, 0x61, 0);
    cr_assert(out[2].level);
    cr_assert_eq(i8254_tone(pit), 0);
    to_tick(1000);
    forget_edges(2);
    out8(&bench, 0x61, 1);
    to_tick(1100);
    assert_edges(2, 0, 0, 1, 1051);
}

Test(i8254, mode_4_and_5_strobe)
{
    forget_edges(0);
    program(0, 4, false, 3);
    to_tick(20);
    assert_edges(0, 1, 5, 1, 4);
    program(2, 5, false, 3);
    to_tick(30);
    forget_edges(2);
    out8(&bench, 0x61, 1);
    to_tick(70000);
    assert_edges(2, 1, 35, 1, 34);
    assert_edges(0, 1, 5, 1, 4);
}

/* What Linux does to time its TSC: the first read of the high byte must already see the new count. */
Test(i8254, count_is_readable_at_once)
{
    program(2, 0, false, 0x1234);
    to_tick(2);
    out8(&bench, 0x61, 1);
    program(2, 0, false, 0xffff);
    in8(&bench, 0x42);
    cr_assert_eq(in8(&bench, 0x42), 0xff);
    cr_assert_eq(status(2) & 0x40, 0x40);
    to_tick(2 + 1 + 255);
    in8(&bench, 0x42);
    cr_assert_eq(in8(&bench, 0x42), 0xff);
    to_tick(2 + 1 + 256);
    in8(&bench, 0x42);
    cr_assert_eq(in8(&bench, 0x42), 0xfe);
}

Test(i8254, bcd)
{
    program(0, 2, true, 0x1000);
    to_tick(2);
    cr_assert_eq(latched(0), 0x0999);
    to_tick(1001);
    cr_assert_eq(latched(0), 0x1000);
    program(0, 0, true, 0);
    to_tick(1003);
    cr_assert_eq(latched(0), 0x9999);
}

Test(i8254, latch_holds_and_read_back_combines)
{
    program(0, 2, false, 0x1234);
    to_tick(1);
    out8(&bench, 0x43, 0x00);
    to_tick(5);
    out8(&bench, 0x43, 0x00);
    cr_assert_eq(in8(&bench, 0x40), 0x34, "the second latch command is ignored");
    to_tick(9);
    cr_assert_eq(in8(&bench, 0x40), 0x12);
    out8(&bench, 0x43, 0xc2);
    to_tick(20);
    cr_assert_eq(in8(&bench, 0x40), 0xb4, "status comes first");
    cr_assert_eq(in8(&bench, 0x40), 0x34 - 8);
    cr_assert_eq(in8(&bench, 0x40), 0x12);
    cr_assert_eq(in8(&bench, 0x40), 0x34 - 19, "then the count itself");
    out8(&bench, 0x43, 0x24);
    out8(&bench, 0x40, 0x07);
    to_tick(21);
    cr_assert_eq(latched(0), 0x0707, "high byte only: 0700 read as that byte, twice");
}

Test(i8254, port_61_reads_out_and_refresh)
{
    unsigned toggles = 0;
    uint8_t before;

    program(2, 3, false, 20);
    out8(&bench, 0x61, 3);
    cr_assert_eq(in8(&bench, 0x61) & 0xef, 0x23);
    to_tick(11);
    cr_assert_eq(in8(&bench, 0x61) & 0xef, 0x03);
    cr_assert_not(port61_speaker_level(port61));
    before = in8(&bench, 0x61) & 0x10;
    for (unsigned tick = 12; tick < 12 + 180; tick++) {
        to_tick(tick);
        toggles += (in8(&bench, 0x61) & 0x10) != before;
        before = in8(&bench, 0x61) & 0x10;
    }
    cr_assert_eq(toggles, 10, "every 18 clocks");
    cr_assert_eq(port61_speaker_tone(port61), 20);
}

/* The data sheet's counter, one clock at a time. */
struct model {
    unsigned mode, modulus, reload, element, period;
    bool gate, out, pending, armed, written, null;
};

static void model_load(struct model *m)
{
    m->period = m->reload;
    m->element = m->mode == 3 ? (m->period & ~1u) % m->modulus : m->period % m->modulus;
    m->null = false;
}

static void model_clock(struct model *m)
{
    if (m->pending) {
        m->pending = false;
        m->armed = true;
        m->out = m->mode > 1;
        model_load(m);
        return;
    }
    if (m->mode >= 4)
        m->out = true;
    if (!m->period || (!m->gate && m->mode != 1 && m->mode != 5))
        return;
    if (m->mode == 2 && m->element == 1) {
        model_load(m);
        m->out = true;
    } else if (m->mode == 3 && (m->period & 1 && m->out ? m->element == 0 : m->element == 2)) {
        m->out = !m->out;
        model_load(m);
    } else {
        m->element = (m->element + m->modulus - (m->mode == 3 ? 2 : 1)) % m->modulus;
        if (m->mode == 2)
            m->out = m->element != 1;
        else if (m->mode != 3 && m->element == 0 && m->armed) {
            m->armed = false;
            m->out = m->mode < 2;
        }
    }
}

static void model_count(struct model *m, unsigned count)
{
    m->reload = count;
    m->written = m->null = true;
    if (m->mode == 0)
        m->out = m->armed = false;
    if (m->mode == 0 || m->mode == 4 || ((m->mode == 2 || m->mode == 3) && !m->period))
        m->pending = true;
}

static void model_gate(struct model *m, bool gate)
{
    if (gate && !m->gate && m->written && m->mode != 0 && m->mode != 4)
        m->pending = true;
    if (!gate && m->gate && (m->mode == 2 || m->mode == 3))
        m->out = true;
    m->gate = gate;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

Test(i8254, agrees_with_the_model_at_every_clock)
{
    uint32_t seed = 12345;
    uint64_t tick = 0;

    for (unsigned run = 0; run < 600; run++) {
        struct model m = {.mode = run % 6, .modulus = 0x10000, .null = true};
        unsigned count = 2 + next_random(&seed) % 12;

        out8(&bench, 0x61, 0);
        out8(&bench, 0x43, (uint8_t)(0x90 | m.mode << 1)); /* low byte only */
        m.out = m.mode != 0;
        m.element = latched(2) & 0xff;
        model_count(&m, count);
        out8(&bench, 0x42, (uint8_t)count);
        for (unsigned step = 0; step < 60; step++) {
            if (next_random(&seed) % 8 == 0) {
                bool gate = next_random(&seed) & 1;

                model_gate(&m, gate);
                out8(&bench, 0x61, gate);
            }
            if (next_random(&seed) % 16 == 0) {
                count = 2 + next_random(&seed) % 12;
                model_count(&m, count);
                out8(&bench, 0x42, (uint8_t)count);
            }
            if (next_random(&seed) % 32 == 0) {
                size_t size;
                uint8_t *saved = bench_save(&bench, &size);

                to_tick(tick + 7);
                out8(&bench, 0x61, 1);
                program(2, 2, false, 7);
                bench_restore(&bench, saved, size, tick * COUNTS_PER_TICK);
                out[2].level = m.out;
            }
            to_tick(++tick);
            model_clock(&m);
            cr_assert_eq(out[2].level, m.out, "run %u step %u mode %u: the wire", run, step, m.mode);
            if (next_random(&seed) & 1) {
                cr_assert_eq(in8(&bench, 0x61) >> 5 & 1, m.out);
                if (m.period)
                    cr_assert_eq(in8(&bench, 0x42), m.element & 0xff, "run %u step %u mode %u", run, step, m.mode);
                cr_assert_eq(status(2), m.out << 7 | m.null << 6 | 0x10 | m.mode << 1);
            }
        }
    }
}
