/* Keyboard controller and AT keyboard against IBM's references, over the ports. */
#include "devices/a20.h"
#include "devices/at_keyboard.h"
#include "devices/i8042.h"
#include "devices/port92.h"
#include "system_bench.h"

#define MILLISECOND 100000u

static struct bench bench;
static struct probe irq1, irq12, gate, init;
static struct a20 *a20;
static struct i8042 *kbc;
static struct port92 *port92;
static struct at_keyboard *keyboard;

static void setup(void)
{
    struct wire reset;

    bench_open(&bench, 100000000);
    a20 = a20_new(&bench.bay, probe_wire(&gate, &bench));
    reset = probe_wire(&init, &bench);
    kbc = i8042_new(&bench.bay, probe_wire(&irq1, &bench), probe_wire(&irq12, &bench),
                    (struct wire){a20_set, a20, A20_KEYBOARD_CONTROLLER}, reset);
    port92 = port92_new(&bench.bay, (struct wire){a20_set, a20, A20_PORT92}, reset);
    keyboard = at_keyboard_new(&bench.bay, kbc);
}

static void teardown(void)
{
    at_keyboard_free(keyboard);
    port92_free(port92);
    i8042_free(kbc);
    a20_free(a20);
    bench_close(&bench);
}

TestSuite(i8042, .init = setup, .fini = teardown);

static void wait_ms(unsigned ms)
{
    bench_run_to(&bench, bench.schedule.now + (uint64_t)ms * MILLISECOND);
}

static void wait_input(void)
{
    for (unsigned i = 0; i < 1000 && in8(&bench, 0x64) & 2; i++)
        bench_run_to(&bench, bench.schedule.now + MILLISECOND / 20);
    cr_assert_not(in8(&bench, 0x64) & 2);
}

static void command(uint8_t byte)
{
    wait_input();
    out8(&bench, 0x64, byte);
}

static void data(uint8_t byte)
{
    wait_input();
    out8(&bench, 0x60, byte);
}

/* The next byte, or -1 if none comes within 100 ms. */
static int receive(void)
{
    for (unsigned i = 0; i < 2000; i++) {
        if (in8(&bench, 0x64) & 1)
            return in8(&bench, 0x60);
        bench_run_to(&bench, bench.schedule.now + MILLISECOND / 20);
    }
    return -1;
}

static void say(uint8_t byte, int answer)
{
    int got;

    data(byte);
    got = receive();
    cr_assert_eq(got, answer, "to %x the keyboard answers %x", byte, (unsigned)got);
}

/* Self-test over, keyboard on, command byte as given. */
static void begin(uint8_t command_byte)
{
    wait_ms(50);
    command(0x60);
    data(command_byte);
    cr_assert_eq(receive(), 0xaa);
    irq1.rises = irq12.rises = 0;
}

static void expect(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int byte = receive();

        cr_assert_eq(byte, (uint8_t)bytes[i], "byte %u is %x", (unsigned)i, (unsigned)byte);
    }
    cr_assert_eq(receive(), -1, "and nothing more");
}

static void tap(uint16_t key)
{
    cr_assert(at_keyboard_key(keyboard, key, true));
    cr_assert(at_keyboard_key(keyboard, key, false));
}

Test(i8042, power_on)
{
    cr_assert_eq(in8(&bench, 0x64), 0x10);
    wait_ms(100);
    cr_assert_eq(in8(&bench, 0x64), 0x10, "the keyboard is held off");
    command(0xaa);
    cr_assert_eq(in8(&bench, 0x64) & 1, 0, "the answer takes a moment");
    cr_assert_eq(receive(), 0x55);
    cr_assert_eq(in8(&bench, 0x64) & 0x0c, 0x0c, "system flag; the last write was a command");
    command(0xab);
    cr_assert_eq(receive(), 0x00);
    command(0xae);
    cr_assert_eq(receive(), 0xaa, "the keyboard's own self-test comes through now");
    cr_assert_eq(irq1.rises, 0, "interrupts are off");
    data(0xff);
    cr_assert_eq(receive(), 0xfa);
    cr_assert_eq(receive(), 0xaa);
}

Test(i8042, memory_and_tests)
{
    command(0x60), data(0x74);
    command(0x20);
    cr_assert_eq(receive(), 0x74);
    cr_assert_eq(in8(&bench, 0x64) & 4, 4);
    command(0x7f), data(0xa5);
    command(0x3f);
    cr_assert_eq(receive(), 0xa5);
    command(0xc0);
    cr_assert_eq(receive(), 0xb0);
    command(0xe0);
    cr_assert_eq(receive(), 0x00);
    command(0xae), command(0xa8), command(0xe0);
    cr_assert_eq(receive(), 0x03);
    command(0xad), command(0xa7), command(0x20);
    cr_assert_eq(receive(), 0x74);
    command(0xa9);
    cr_assert_eq(receive(), 0x00);
    command(0xd2), data(0x42);
    cr_assert_eq(receive(), 0x42);
    command(0xd3), data(0x43);
    wait_ms(1);
    cr_assert_eq(in8(&bench, 0x64) & 0x21, 0x21);
    cr_assert_eq(receive(), 0x43);
}

Test(i8042, password)
{
    begin(0x41);
    command(0xa4);
    cr_assert_eq(receive(), 0xf1);
    command(0xa5), data(0x1e), data(0x30), data(0x00);
    command(0xa4);
    cr_assert_eq(receive(), 0xfa);
    command(0xa6);
    tap(0x2e), tap(0x1e), tap(0x30), tap(0x10);
    expect("\xb0\x10\x90", 3);
}

Test(i8042, a20_and_reset)
{
    cr_assert(gate.level);
    command(0xd1), data(0xdd);
    cr_assert_not(gate.level);
    command(0xd0);
    cr_assert_eq(receive() & 3, 1);
    out8(&bench, 0x92, 2);
    cr_assert(gate.level, "either will do");
    command(0xdf), out8(&bench, 0x92, 0);
    cr_assert(gate.level);
    command(0xdd);
    cr_assert_not(gate.level);
    init.rises = 0;
    command(0xfe);
    cr_assert_eq(init.rises, 1);
    command(0xff);
    cr_assert_eq(init.rises, 1, "nothing pulsed");
    out8(&bench, 0x92, 1);
    cr_assert_eq(init.rises, 2);
    out8(&bench, 0x92, 1);
    cr_assert_eq(init.rises, 2, "only the rising bit");
    cr_assert_eq(in8(&bench, 0x92), 1);
}

Test(i8042, key_with_translation)
{
    begin(0x45);
    tap(0x1e);
    cr_assert_not(at_keyboard_idle(keyboard));
    bench_run_to(&bench, bench.schedule.now + 87999);
    cr_assert_not(irq1.level, "eleven bits at 12.5 kHz");
    bench_run_to(&bench, bench.schedule.now + 1);
    cr_assert(irq1.level);
    wait_ms(100);
    cr_assert_eq(irq1.rises, 1, "the buffer is full: the keyboard is held off");
    cr_assert_eq(in8(&bench, 0x60), 0x1e);
    cr_assert_not(irq1.level);
    wait_ms(10);
    cr_assert_eq(irq1.rises, 2);
    cr_assert_eq(in8(&bench, 0x60), 0x9e);
    cr_assert_eq(in8(&bench, 0x60), 0x9e, "the last byte stays readable");
    cr_assert(at_keyboard_idle(keyboard));
}

Test(i8042, break_code_survives_disable_and_commands)
{
    begin(0x45);
    cr_assert(at_keyboard_key(keyboard, 0x1e, true));
    cr_assert_eq(receive(), 0x1e);
    cr_assert(at_keyboard_key(keyboard, 0x1e, false));
    bench_run_to(&bench, bench.schedule.now + 90000); /* F0 has arrived */
    command(0xad);
    wait_ms(5);
    command(0xae);
    data(0xed);
    cr_assert_eq(receive(), 0xfa);
    data(0x02);
    cr_assert_eq(receive(), 0xfa);
    cr_assert_eq(receive(), 0x9e);
    cr_assert_eq(at_keyboard_lights(keyboard), AT_LED_NUM_LOCK);
}

Test(i8042, prefixed_keys)
{
    begin(0x45);
    tap(0xe048);
    expect("\xe0\x48\xe0\xc8", 4);
    tap(0xe11d);
    expect("\xe1\x1d\x45\xe1\x9d\xc5", 6);
    tap(0xe037);
    expect("\xe0\x2a\xe0\x37\xe0\xb7\xe0\xaa", 8);
    cr_assert(at_keyboard_key(keyboard, 0x1d, true));
    tap(0xe11d);
    expect("\x1d\xe0\x46\xe0\xc6", 5);
    cr_assert(at_keyboard_key(keyboard, 0x1d, false));
    expect("\x9d", 1);
    cr_assert(at_keyboard_key(keyboard, 0x38, true));
    tap(0xe037);
    expect("\x38\x54\xd4", 3);
    cr_assert_not(at_keyboard_key(keyboard, 0x0000, true));
    cr_assert_not(at_keyboard_key(keyboard, 0x0080, true));
    cr_assert_not(at_keyboard_key(keyboard, 0xe02a, true));
    cr_assert_not(at_keyboard_key(keyboard, 0x1234, true));
}

Test(i8042, grey_keys_and_made_up_shifts)
{
    begin(0x45);
    cr_assert(at_keyboard_key(keyboard, 0x2a, true));
    tap(0xe053);
    expect("\x2a\xe0\xaa\xe0\x53\xe0\xd3\xe0\x2a", 9);
    cr_assert(at_keyboard_key(keyboard, 0x2a, false));
    expect("\xaa", 1);
    say(0xed, 0xfa);
    say(0x02, 0xfa);
    tap(0xe053);
    expect("\xe0\x2a\xe0\x53\xe0\xd3\xe0\xaa", 8);
}

Test(i8042, every_key_translates_back_to_itself)
{
    begin(0x45);
    for (unsigned code = 1; code < 0x80; code++) {
        tap((uint16_t)code);
        cr_assert_eq(receive(), (int)code);
        cr_assert_eq(receive(), (int)(code | 0x80));
    }
}

Test(i8042, scan_sets)
{
    begin(0x05); /* no translation */
    tap(0x1e), tap(0xe04d), tap(0x41);
    expect("\x1c\xf0\x1c\xe0\x74\xe0\xf0\x74\x83\xf0\x83", 11);
    say(0xf0, 0xfa);
    say(0x01, 0xfa);
    tap(0x1e), tap(0xe04d);
    expect("\x1e\x9e\xe0\x4d\xe0\xcd", 6);
    say(0xf0, 0xfa);
    say(0x03, 0xfa);
    say(0xf0, 0xfa);
    say(0x00, 0xfa);
    cr_assert_eq(receive(), 0x03);
    tap(0x1e), tap(0x2a), tap(0xe04d);
    expect("\x1c\x12\xf0\x12\x6a", 5);
    say(0xfc, 0xfa);
    say(0x1c, 0xfa);
    say(0xf4, 0xfa);
    tap(0x1e);
    expect("\x1c\xf0\x1c", 3);
    say(0xf9, 0xfa);
    tap(0x2a);
    expect("\x12", 1);
}

Test(i8042, keyboard_commands)
{
    begin(0x05);
    say(0xee, 0xee);
    say(0xf2, 0xfa);
    cr_assert_eq(receive(), 0xab);
    cr_assert_eq(receive(), 0x83);
    say(0xfe, 0x83);
    say(0xef, 0xfe);
    say(0xf5, 0xfa);
    tap(0x1e);
    cr_assert_eq(receive(), -1, "disabled: the key is lost");
    say(0xf4, 0xfa);
    say(0xf3, 0xfa);
    say(0xf4, 0xfa);
    tap(0x1e);
    expect("\x1c\xf0\x1c", 3);
}

Test(i8042, typematic_repeat)
{
    uint64_t pressed;

    begin(0x45);
    say(0xf3, 0xfa);
    say(0x00, 0xfa); /* 250 ms, then every 33.36 ms */
    pressed = bench.schedule.now;
    cr_assert(at_keyboard_key(keyboard, 0x1e, true));
    cr_assert_eq(receive(), 0x1e);
    bench_run_to(&bench, pressed + 250 * MILLISECOND + 88000 - 1);
    cr_assert_eq(in8(&bench, 0x64) & 1, 0);
    bench_run_to(&bench, pressed + 250 * MILLISECOND + 88000);
    cr_assert_eq(in8(&bench, 0x60), 0x1e);
    bench_run_to(&bench, pressed + 250 * MILLISECOND + 3336000 + 88000);
    cr_assert_eq(irq1.last_rise, bench.schedule.now);
    cr_assert_eq(in8(&bench, 0x60), 0x1e);
    cr_assert(at_keyboard_key(keyboard, 0x1e, true), "already down: the host's own repeat is no key");
    cr_assert(at_keyboard_key(keyboard, 0x1e, false));
    expect("\x9e", 1);
    wait_ms(1000);
    expect("", 0);
}

Test(i8042, overrun)
{
    begin(0x45);
    for (unsigned i = 0; i < 8; i++)
        cr_assert(at_keyboard_key(keyboard, (uint16_t)(2 + i), true));
    cr_assert(at_keyboard_key(keyboard, 2, false));
    cr_assert(at_keyboard_key(keyboard, 3, false));
    cr_assert(at_keyboard_key(keyboard, 4, false));
    cr_assert(at_keyboard_key(keyboard, 5, false), "sixteen bytes");
    cr_assert_not(at_keyboard_key(keyboard, 6, false));
    cr_assert(at_keyboard_key(keyboard, 0x1f, true) == false);
    wait_ms(2);
    cr_assert(at_keyboard_key(keyboard, 0x1f, true), "one byte has gone into the controller");
    wait_ms(600);
    for (unsigned i = 0; i < 14; i++)
        cr_assert_eq(receive(), (uint8_t) "\x02\x03\x04\x05\x06\x07\x08\x09\x82\x83\x84\x85\x1f\xff"[i]);
    cr_assert_eq(receive(), 0x1f, "the key held down goes on repeating");
}

Test(i8042, no_auxiliary_device)
{
    begin(0x47);
    command(0xd4), data(0xf2);
    wait_ms(2);
    cr_assert_eq(in8(&bench, 0x64) & 0x61, 0x61, "timeout, auxiliary");
    cr_assert(irq12.level);
    cr_assert_eq(receive(), 0xfe);
}

Test(i8042, second_write_waits)
{
    begin(0x05);
    out8(&bench, 0x60, 0xed);
    cr_assert_eq(in8(&bench, 0x64) & 2, 0);
    out8(&bench, 0x60, 0x07);
    cr_assert_eq(in8(&bench, 0x64) & 2, 2, "the first is still on the line");
    wait_ms(2);
    cr_assert_eq(in8(&bench, 0x64) & 2, 0);
    wait_ms(2);
    cr_assert_eq(at_keyboard_lights(keyboard), 7);
}

Test(i8042, saved_in_the_middle_of_everything)
{
    begin(0x45);
    tap(0xe048);
    tap(0x1e);
    cr_assert(at_keyboard_key(keyboard, 0x1f, true));
    for (unsigned i = 0; i < 10; i++) {
        uint64_t now, hash;
        size_t size;
        uint8_t *saved;

        bench_run_to(&bench, bench.schedule.now + 61234);
        now = bench.schedule.now;
        saved = bench_save(&bench, &size);
        bench_run_to(&bench, now + 300000);
        hash = state_registry_hash(bench.bay.states);
        in8(&bench, 0x60);
        out8(&bench, 0x60, 0xff);
        wait_ms(30);
        bench_restore(&bench, saved, size, now);
        bench_run_to(&bench, now + 300000);
        cr_assert_eq(state_registry_hash(bench.bay.states), hash);
        in8(&bench, 0x60);
    }
}
