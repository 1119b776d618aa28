/* The 16550A: its interrupts' exact conditions, FIFOs, time-outs, timing, loopback. */
#include <criterion/criterion.h>
#include <string.h>

#include "devices/uart16550.h"
#include "display_bench.h"

enum { RBR = 0x3F8, THR = 0x3F8, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

static struct bench bench;
static struct uart16550 *uart;
static char sent[64];
static unsigned sent_count;

static void put(void *owner, uint8_t byte)
{
    (void)owner;
    if (sent_count < sizeof sent - 1)
        sent[sent_count++] = (char)byte;
}

/* 115,200 baud, 8N1, OUT2 on; a character is 10 bits, 8,681 counts of a 100 MHz clock. */
enum { CHARACTER = 8681 };

static void line_set(uint16_t divisor, uint8_t lcr)
{
    out8(&bench, LCR, 0x80);
    out8(&bench, 0x3F8, (uint8_t)divisor);
    out8(&bench, 0x3F9, (uint8_t)(divisor >> 8));
    out8(&bench, LCR, lcr);
}

static void setup(void)
{
    memset(sent, 0, sizeof sent);
    sent_count = 0;
    bench_open(&bench);
    uart = uart16550_new(&bench.bay, "com1", 0x3F8, bench_irq(&bench), (struct byte_sink){put, NULL});
    line_set(1, 3);
    out8(&bench, MCR, 0x08);
    in8(&bench, MSR);
}

static void teardown(void)
{
    uart16550_free(uart);
    bench_close(&bench);
}

TestSuite(uart, .init = setup, .fini = teardown);

static void later(uint64_t counts)
{
    clock_to(&bench, bench.schedule.now + counts);
}

static void receive(const char *text)
{
    cr_assert_eq(uart16550_receive(uart, (const uint8_t *)text, strlen(text)), strlen(text));
}

Test(uart, registers_after_reset)
{
    uart16550_reset(uart);
    cr_assert_eq(in8(&bench, IER), 0x00);
    cr_assert_eq(in8(&bench, IIR), 0x01);
    cr_assert_eq(in8(&bench, LCR), 0x00);
    cr_assert_eq(in8(&bench, MCR), 0x00);
    cr_assert_eq(in8(&bench, LSR), 0x60);
    cr_assert_eq(in8(&bench, MSR), 0xB0);
}

Test(uart, register_bits_and_divisor_latch)
{
    out8(&bench, SCR, 0x5A);
    cr_assert_eq(in8(&bench, SCR), 0x5A);
    out8(&bench, MCR, 0xFF);
    cr_assert_eq(in8(&bench, MCR), 0x1F);
    out8(&bench, MCR, 0x08);
    out8(&bench, IER, 0xF5);
    cr_assert_eq(in8(&bench, IER), 0x05);
    line_set(0x1234, 0x83);
    cr_assert_eq(in8(&bench, 0x3F8), 0x34);
    cr_assert_eq(in8(&bench, 0x3F9), 0x12);
    out8(&bench, LCR, 0x03);
    cr_assert_eq(in8(&bench, IER), 0x05);
    out8(&bench, FCR, 0xC0); /* not enabled: stays a 16450 */
    cr_assert_eq(in8(&bench, IIR) & 0xC0, 0x00);
    out8(&bench, FCR, 0x01);
    cr_assert_eq(in8(&bench, IIR) & 0xC0, 0xC0);
}

Test(uart, transmission_takes_its_time)
{
    out8(&bench, THR, 'a');
    cr_assert_eq(in8(&bench, LSR), 0x20, "in the shift register: THR is empty again, the transmitter is not");
    out8(&bench, THR, 'b');
    cr_assert_eq(in8(&bench, LSR), 0x00);
    later(CHARACTER - 2);
    cr_assert_eq(in8(&bench, LSR), 0x00);
    later(3);
    cr_assert_eq(in8(&bench, LSR), 0x20);
    later(CHARACTER - 10);
    cr_assert_eq(in8(&bench, LSR), 0x20);
    later(10);
    cr_assert_eq(in8(&bench, LSR), 0x60);
    cr_assert_str_eq(sent, "ab");
}

Test(uart, character_length_follows_lcr)
{
    static const struct {
        uint16_t divisor;
        uint8_t lcr;
        unsigned half_bits;
    } rows[] = {{1, 0x03, 20}, {12, 0x03, 20}, {1, 0x00, 14}, {1, 0x04, 15}, {1, 0x1B, 22}, {1, 0x07, 22}, {1, 0x1E, 22}};

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t counts = (uint64_t)rows[i].half_bits * 8 * rows[i].divisor * 100000000 / 1843200;
        line_set(rows[i].divisor, rows[i].lcr);
        out8(&bench, THR, 0xFF);
        later(counts - 1);
        cr_assert_eq(in8(&bench, LSR) & 0x40, 0, "row %u", i);
        later(2);
        cr_assert_eq(in8(&bench, LSR) & 0x40, 0x40, "row %u", i);
        cr_assert_eq((uint8_t)sent[i], 0xFF, "word length never masks output");
    }
}

Test(uart, polling_does_not_wait)
{
    uint64_t begin = bench.schedule.now;
    unsigned polls = 0;

    for (unsigned i = 0; i < 20; i++) {
        while (!(in8(&bench, LSR) & 0x20)) {
            later(5);
            cr_assert_lt(++polls, 1000);
        }
        out8(&bench, THR, (uint8_t)('a' + i));
    }
    cr_assert_lt(bench.schedule.now - begin, 20 * 100);
    cr_assert_gt(polls, 20, "busy is seen all the same");
    cr_assert_str_eq(sent, "abcdefghijklmnopqrst");
}

Test(uart, nothing_written_is_lost)
{
    for (const char *c = "blind"; *c; c++)
        out8(&bench, THR, (uint8_t)*c);
    cr_assert_str_eq(sent, "blind");
}

Test(uart, thre_interrupt)
{
    out8(&bench, IER, 0x02);
    cr_assert(bench.irq, "enabling it with an empty THR raises it");
    cr_assert_eq(in8(&bench, IIR), 0x02);
    cr_assert_not(bench.irq, "reading IIR cleared it");
    cr_assert_eq(in8(&bench, IIR), 0x01);
    out8(&bench, IER, 0x02);
    cr_assert_not(bench.irq, "only 0 to 1 raises it");
    unsigned edges = bench.irq_edges;
    out8(&bench, THR, 'a');
    cr_assert(bench.irq, "moved on to the shift register at once: empty again");
    cr_assert_eq(bench.irq_edges, edges + 1);
    out8(&bench, THR, 'b');
    cr_assert_not(bench.irq, "the write takes it back");
    later(CHARACTER + 1);
    cr_assert(bench.irq, "and re-arms it");
    out8(&bench, IER, 0x00);
    cr_assert_not(bench.irq);
    out8(&bench, IER, 0x02);
    cr_assert(bench.irq);
}

Test(uart, iir_clears_thre_only_when_it_reports_it)
{
    out8(&bench, IER, 0x03);
    receive("x");
    later(CHARACTER + 1);
    cr_assert_eq(in8(&bench, IIR), 0x04, "received data is reported before THRE");
    cr_assert_eq(in8(&bench, IIR), 0x04);
    cr_assert_eq(in8(&bench, RBR), 'x');
    cr_assert(bench.irq);
    cr_assert_eq(in8(&bench, IIR), 0x02, "still pending");
    cr_assert_eq(in8(&bench, IIR), 0x01);
}

Test(uart, priorities)
{
    out8(&bench, IER, 0x0F);
    uart16550_set_modem_lines(uart, UART16550_DSR | UART16550_DCD); /* CTS falls */
    uart16550_receive_break(uart);
    later(CHARACTER + 1);
    cr_assert_eq(in8(&bench, IIR), 0x06);
    cr_assert_eq(in8(&bench, LSR) & 0x1F, 0x19, "data ready, framing, break");
    cr_assert_eq(in8(&bench, IIR), 0x04);
    cr_assert_eq(in8(&bench, RBR), 0);
    cr_assert_eq(in8(&bench, IIR), 0x02);
    cr_assert_eq(in8(&bench, IIR), 0x00);
    cr_assert_eq(in8(&bench, MSR), 0xA1);
    cr_assert_eq(in8(&bench, IIR), 0x01);
    cr_assert_not(bench.irq);
}

Test(uart, out2_gates_the_line)
{
    out8(&bench, MCR, 0x00);
    out8(&bench, IER, 0x02);
    cr_assert_not(bench.irq);
    cr_assert_eq(in8(&bench, IIR), 0x02, "the chip itself has its interrupt");
    out8(&bench, THR, 'a');
    out8(&bench, MCR, 0x08);
    cr_assert(bench.irq);
}

Test(uart, receives_at_line_rate_and_holds_back)
{
    receive("abc");
    later(CHARACTER - 1);
    cr_assert_eq(in8(&bench, LSR) & 1, 0);
    later(2);
    cr_assert_eq(in8(&bench, LSR), 0x61);
    later(10 * CHARACTER);
    cr_assert_eq(in8(&bench, LSR), 0x61, "no overrun");
    cr_assert_eq(in8(&bench, RBR), 'a');
    cr_assert_eq(in8(&bench, LSR) & 1, 0);
    later(CHARACTER + 1);
    cr_assert_eq(in8(&bench, RBR), 'b');
    later(CHARACTER + 1);
    cr_assert_eq(in8(&bench, RBR), 'c');
    cr_assert_eq(in8(&bench, RBR), 'c', "an empty RBR shows the last character");
}

Test(uart, host_queue_is_bounded)
{
    static uint8_t many[5000];
    size_t taken = uart16550_receive(uart, many, sizeof many);

    cr_assert_lt(taken, sizeof many);
    cr_assert_geq(taken, 1024);
    cr_assert_eq(uart16550_receive(uart, many, 1), 0);
}

Test(uart, fifo_trigger_levels_and_timeout)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};

    out8(&bench, IER, 0x01);
    for (unsigned i = 0; i < 4; i++) {
        out8(&bench, FCR, (uint8_t)(0x07 | i << 6));
        for (unsigned count = 1; count <= levels[i]; count++) {
            cr_assert_not(bench.irq, "level %u at %u", levels[i], count - 1);
            receive("x");
            later(CHARACTER + 1);
        }
        cr_assert(bench.irq);
        cr_assert_eq(in8(&bench, IIR), 0xC4);
        in8(&bench, RBR);
        cr_assert_not(bench.irq, "below the level");
        later(4 * CHARACTER + 2);
        cr_assert_eq(bench.irq, levels[i] > 1, "four character times without traffic, if something is left");
        if (levels[i] > 1) {
            cr_assert_eq(in8(&bench, IIR), 0xCC);
            in8(&bench, RBR);
            cr_assert_not(bench.irq);
        }
    }
}

Test(uart, timeout_counts_from_the_last_traffic)
{
    out8(&bench, IER, 0x01);
    out8(&bench, FCR, 0xC1);
    receive("ab");
    later(2 * CHARACTER + 2);
    later(3 * CHARACTER);
    in8(&bench, RBR);
    later(3 * CHARACTER);
    cr_assert_not(bench.irq);
    uint8_t *saved = bench_save(&bench);
    uint64_t then = bench.schedule.now;
    later(CHARACTER + 2);
    cr_assert_eq(in8(&bench, IIR), 0xCC);
    in8(&bench, RBR);
    bench_restore(&bench, saved);
    bench.schedule.now = then;
    later(CHARACTER + 2);
    cr_assert_eq(in8(&bench, IIR), 0xCC);
    cr_assert_eq(in8(&bench, RBR), 'b');
}

Test(uart, fifo_fills_to_16_and_loses_nothing)
{
    out8(&bench, FCR, 0x01);
    receive("0123456789abcdefghij");
    later(40 * CHARACTER);
    cr_assert_eq(in8(&bench, LSR) & 0x03, 0x01);
    for (const char *c = "0123456789abcdef"; *c; c++)
        cr_assert_eq(in8(&bench, RBR), *c);
    cr_assert_eq(in8(&bench, LSR) & 0x01, 0x00, "the rest comes at line rate");
    later(4 * CHARACTER + 4);
    for (const char *c = "ghij"; *c; c++)
        cr_assert_eq(in8(&bench, RBR), *c);
}

Test(uart, fifo_transmits_16)
{
    out8(&bench, FCR, 0x01);
    out8(&bench, IER, 0x02);
    in8(&bench, IIR);
    for (unsigned i = 0; i < 16; i++)
        out8(&bench, THR, (uint8_t)('a' + i));
    cr_assert_not(bench.irq);
    later(14 * CHARACTER);
    cr_assert_not(bench.irq);
    later(CHARACTER + 16);
    cr_assert(bench.irq, "empty when the last has gone to the shift register");
    cr_assert_eq(in8(&bench, LSR), 0x20);
    cr_assert_str_eq(sent, "abcdefghijklmnop");
}

Test(uart, fifo_control_clears)
{
    out8(&bench, FCR, 0x01);
    receive("ab");
    later(2 * CHARACTER + 2);
    out8(&bench, FCR, 0x03);
    cr_assert_eq(in8(&bench, LSR) & 1, 0);
    receive("c");
    later(CHARACTER + 1);
    out8(&bench, FCR, 0x00); /* switching the FIFOs off empties them */
    cr_assert_eq(in8(&bench, LSR) & 1, 0);
    receive("d");
    later(CHARACTER + 1);
    cr_assert_eq(in8(&bench, RBR), 'd');
}

Test(uart, break_waits_for_the_top_of_the_fifo)
{
    out8(&bench, FCR, 0x01);
    out8(&bench, IER, 0x04);
    receive("a");
    later(CHARACTER + 1);
    uart16550_receive_break(uart);
    later(CHARACTER + 1);
    cr_assert_not(bench.irq);
    cr_assert_eq(in8(&bench, LSR), 0xE1, "an error somewhere in the FIFO");
    cr_assert_eq(in8(&bench, RBR), 'a');
    cr_assert(bench.irq);
    cr_assert_eq(in8(&bench, IIR), 0xC6);
    cr_assert_eq(in8(&bench, LSR), 0xF9);
    cr_assert_eq(in8(&bench, LSR), 0x61);
    cr_assert_not(bench.irq);
}

Test(uart, loopback_data)
{
    out8(&bench, MCR, 0x18);
    line_set(1, 0x01); /* six bits */
    out8(&bench, THR, 0xFF);
    for (unsigned i = 0; i < 100; i++)
        cr_assert_eq(in8(&bench, LSR) & 1, 0, "polling does not hurry it here");
    later(CHARACTER);
    cr_assert_eq(in8(&bench, LSR), 0x61);
    cr_assert_eq(in8(&bench, RBR), 0x3F);
    cr_assert_eq(sent_count, 0, "nothing leaves the chip");
    out8(&bench, THR, 1);
    later(CHARACTER);
    out8(&bench, THR, 2);
    later(CHARACTER);
    cr_assert_eq(in8(&bench, LSR), 0x63, "overrun");
    cr_assert_eq(in8(&bench, LSR), 0x61);
    cr_assert_eq(in8(&bench, RBR), 2, "the later character took the earlier one's place");
    out8(&bench, LCR, 0x43);
    cr_assert_eq(in8(&bench, LSR) & 0x19, 0x19);
}

Test(uart, loopback_overrun_with_fifo_keeps_the_first_16)
{
    out8(&bench, MCR, 0x18);
    out8(&bench, FCR, 0x01);
    for (unsigned i = 0; i < 17; i++) {
        out8(&bench, THR, (uint8_t)('a' + i));
        later(CHARACTER + 1);
    }
    cr_assert_eq(in8(&bench, LSR) & 0x03, 0x03);
    for (unsigned i = 0; i < 16; i++)
        cr_assert_eq(in8(&bench, RBR), 'a' + i);
    cr_assert_eq(in8(&bench, LSR) & 0x03, 0x00);
}

Test(uart, loopback_modem_lines)
{
    static const struct {
        uint8_t mcr, msr;
    } rows[] = {{0x11, 0x20}, {0x12, 0x10}, {0x14, 0x40}, {0x18, 0x80}, {0x1F, 0xF0}, {0x10, 0x00}};

    for (unsigned i = 0; i < 6; i++) {
        out8(&bench, MCR, rows[i].mcr);
        cr_assert_eq(in8(&bench, MSR) & 0xF0, rows[i].msr);
    }
    out8(&bench, MCR, 0x10);
    in8(&bench, MSR);
    out8(&bench, MCR, 0x14);
    cr_assert_eq(in8(&bench, MSR), 0x40, "a ring's beginning is no delta");
    out8(&bench, MCR, 0x10);
    cr_assert_eq(in8(&bench, MSR), 0x04, "its end is");
    out8(&bench, MCR, 0x13);
    cr_assert_eq(in8(&bench, MSR), 0x33);
    cr_assert_eq(in8(&bench, MSR), 0x30);
}

Test(uart, host_input_waits_for_the_end_of_loopback)
{
    out8(&bench, MCR, 0x18);
    receive("x");
    later(10 * CHARACTER);
    cr_assert_eq(in8(&bench, LSR) & 1, 0);
    out8(&bench, MCR, 0x08);
    later(CHARACTER + 1);
    cr_assert_eq(in8(&bench, RBR), 'x');
}

/* Saved between two characters in both directions: the same future after the restore. */
Test(uart, save_and_restore_in_the_middle)
{
    out8(&bench, FCR, 0x41);
    out8(&bench, IER, 0x0F);
    receive("hello world");
    for (unsigned i = 0; i < 10; i++)
        out8(&bench, THR, (uint8_t)i);
    later(3 * CHARACTER + CHARACTER / 2);
    uint8_t *saved = bench_save(&bench);
    uint64_t then = bench.schedule.now, hashes[2];
    bool level = bench.irq;

    for (unsigned run = 0; run < 2; run++) {
        later(5 * CHARACTER);
        cr_assert_eq(in8(&bench, IIR), 0xC4);
        for (unsigned i = 0; i < 5; i++)
            in8(&bench, RBR);
        later(20 * CHARACTER);
        hashes[run] = state_registry_hash(bench.bay.states);
        if (run == 0) {
            bench_restore(&bench, saved);
            bench.schedule.now = then;
            bench.irq = level;
        }
    }
    cr_assert_eq(hashes[0], hashes[1]);
}

/* Any traffic: no lost event, no endless one, and a snapshot at any point has the same future. */
Test(uart, random_traffic_and_snapshots)
{
    uint64_t random = 4711;

    for (unsigned round = 0; round < 40; round++) {
        uint64_t then = bench.schedule.now, seed = random, hashes[2];
        bool level = bench.irq;
        uint8_t *saved = bench_save(&bench);

        for (unsigned run = 0; run < 2; run++) {
            random = seed;
            for (unsigned i = 0; i < 300; i++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
                uint16_t port = (uint16_t)(0x3F8 + (random >> 61));
                uint8_t value = (uint8_t)(random >> 40);

                switch (random >> 32 & 7) {
                case 0:
                case 1:
                case 2: in8(&bench, port); break;
                case 3: uart16550_receive(uart, &value, 1); break;
                case 4: uart16550_set_modem_lines(uart, value); break;
                case 5: uart16550_receive_break(uart); break;
                default: out8(&bench, port, value); break;
                }
                later(random >> 20 & 0x3FFF);
            }
            hashes[run] = state_registry_hash(bench.bay.states);
            if (run == 0) {
                bench_restore(&bench, saved);
                bench.schedule.now = then;
                bench.irq = level;
            }
        }
        cr_assert_eq(hashes[0], hashes[1], "round %u", round);
    }
    /* And it still works. */
    uart16550_reset(uart);
    line_set(1, 3);
    while (in8(&bench, LSR) & 1)
        in8(&bench, RBR);
    out8(&bench, MCR, 0x10);
    out8(&bench, THR, 0x5A);
    later(CHARACTER + 1);
    cr_assert_eq(in8(&bench, RBR), 0x5A);
}
