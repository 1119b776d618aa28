/* The ports for firmware and test programs. */
#include "devices/debug_ports.h"
#include "system_bench.h"

static struct bench bench;
static struct probe poweroff;
static struct debug_ports *debug;
static char console[16];
static unsigned console_length;
static uint32_t exit_values[4];
static unsigned exits;

static void put(void *owner, uint8_t byte)
{
    (void)owner;
    console[console_length++] = (char)byte;
}

static void leave(void *owner, uint32_t value)
{
    (void)owner;
    exit_values[exits++] = value;
}

static void setup(void)
{
    struct debug_ports_config config = {.exit_present = true, .exit_port = 0xf4, .console = put, .exit = leave};

    bench_open(&bench, 100000000);
    debug = debug_ports_new(&bench.bay, &config, probe_wire(&poweroff, &bench));
}

static void teardown(void)
{
    debug_ports_free(debug);
    bench_close(&bench);
}

TestSuite(debug_ports, .init = setup, .fini = teardown);

static void shutdown_letters(const char *letters)
{
    for (; *letters; letters++)
        out8(&bench, 0x8900, (uint8_t)*letters);
}

Test(debug_ports, consoles_and_post_code)
{
    cr_assert_eq(in8(&bench, 0xe9), 0xe9);
    cr_assert_eq(in8(&bench, 0x402), 0xe9);
    out8(&bench, 0xe9, 'a'), out8(&bench, 0x402, 'b');
    cr_assert_str_eq(console, "ab");
    out8(&bench, 0x80, 0x5c);
    cr_assert_eq(in8(&bench, 0x80), 0x5c);
    cr_assert_eq(debug_ports_post_code(debug), 0x5c);
}

Test(debug_ports, shutdown_word)
{
    shutdown_letters("Shutdow");
    shutdown_letters("Shutdowx");
    cr_assert_not(poweroff.level);
    shutdown_letters("SShutdown");
    cr_assert(poweroff.level);
}

Test(debug_ports, exit_device_takes_every_size)
{
    out8(&bench, 0xf4, 0x31);
    ports_write(bench.bay.ports, 0xf4, 0x1234, 2);
    ports_write(bench.bay.ports, 0xf4, 0x12345678, 4);
    cr_assert_eq(exits, 3);
    cr_assert_eq(exit_values[0], 0x31);
    cr_assert_eq(exit_values[1], 0x1234);
    cr_assert_eq(exit_values[2], 0x12345678);
    cr_assert_eq(in8(&bench, 0xf4), 0xff);
}
