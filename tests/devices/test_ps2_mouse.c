/* PS/2 mouse against IBM's reference, over the controller's ports. */
#include "devices/i8042.h"
#include "devices/ps2_mouse.h"
#include "system_bench.h"

#define MILLISECOND 100000u

static struct bench bench;
static struct probe irq1, irq12;
static struct i8042 *kbc;
static struct ps2_mouse *mouse;

static void setup(void)
{
    bench_open(&bench, 100000000);
    kbc = i8042_new(&bench.bay, probe_wire(&irq1, &bench), probe_wire(&irq12, &bench), (struct wire){0}, (struct wire){0});
    mouse = ps2_mouse_new(&bench.bay, kbc);
}

static void teardown(void)
{
    ps2_mouse_free(mouse);
    i8042_free(kbc);
    bench_close(&bench);
}

TestSuite(ps2_mouse, .init = setup, .fini = teardown);

static int receive(void)
{
    for (unsigned i = 0; i < 2000; i++) {
        if (in8(&bench, 0x64) & 1)
            return in8(&bench, 0x60);
        bench_run_to(&bench, bench.schedule.now + MILLISECOND / 20);
    }
    return -1;
}

static void write_controller(uint16_t port, uint8_t byte)
{
    for (unsigned i = 0; i < 1000 && in8(&bench, 0x64) & 2; i++)
        bench_run_to(&bench, bench.schedule.now + MILLISECOND / 20);
    out8(&bench, port, byte);
}

static void expect(const char *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int byte = receive();

        cr_assert_eq(byte, (uint8_t)bytes[i], "byte %u is %x", i, (unsigned)byte);
    }
}

static void nothing_more(void)
{
    cr_assert_eq(receive(), -1);
}

static void tell(uint8_t byte)
{
    write_controller(0x64, 0xd4);
    write_controller(0x60, byte);
}

static void say(uint8_t byte)
{
    tell(byte);
    expect("\xfa", 1);
}

static void begin(void)
{
    write_controller(0x64, 0x60);
    write_controller(0x60, 0x02);
    expect("\xaa\x00", 2);
    cr_assert_eq(irq12.rises, 2);
    cr_assert_eq(irq1.rises, 0);
}

static void knock(uint8_t first, uint8_t second, uint8_t third)
{
    say(0xf3), say(first), say(0xf3), say(second), say(0xf3), say(third);
}

Test(ps2_mouse, identification_and_status)
{
    begin();
    say(0xf2), expect("\x00", 1);
    say(0xe9), expect("\x00\x02\x64", 3);
    say(0xe8), say(3), say(0xf3), say(40), say(0xe7), say(0xf4);
    ps2_mouse_buttons(mouse, PS2_MOUSE_RIGHT);
    expect("\x0a\x00\x00", 3);
    say(0xe9), expect("\x31\x03\x28", 3);
    say(0xf6);
    say(0xe9), expect("\x01\x02\x64", 3);
    say(0xff), expect("\xaa\x00", 2);
    nothing_more();
}

Test(ps2_mouse, stream_reports_at_the_sampling_rate)
{
    uint64_t first;

    begin();
    ps2_mouse_move(mouse, 5, 5, 0);
    nothing_more();
    say(0xf4);
    nothing_more();
    ps2_mouse_move(mouse, 3, -2, 0);
    first = bench.schedule.now;
    expect("\x08\x03\x02", 3);
    ps2_mouse_move(mouse, -1, 4, 1);
    ps2_mouse_buttons(mouse, PS2_MOUSE_LEFT | PS2_MOUSE_MIDDLE);
    bench_run_to(&bench, first + 10 * MILLISECOND + 87999);
    cr_assert_not(in8(&bench, 0x64) & 1, "100 a second, and the byte's own time");
    bench_run_to(&bench, first + 10 * MILLISECOND + 88000);
    expect("\x3d\xff\xfc", 3);
    nothing_more();
    ps2_mouse_move(mouse, 600, 0, 0);
    expect("\x0d\xff\x00\x0d\xff\x00\x0d\x5a\x00", 9);
    cr_assert(ps2_mouse_idle(mouse));
}

Test(ps2_mouse, wheel_and_five_buttons)
{
    begin();
    knock(200, 200, 80);
    say(0xf2), expect("\x00", 1);
    knock(200, 100, 80);
    say(0xf2), expect("\x03", 1);
    say(0xf4);
    ps2_mouse_move(mouse, 0, 0, -1);
    expect("\x08\x00\x00\xff", 4);
    ps2_mouse_buttons(mouse, PS2_MOUSE_FOURTH);
    nothing_more();
    knock(200, 200, 80);
    say(0xf2), expect("\x04", 1);
    ps2_mouse_buttons(mouse, PS2_MOUSE_FIFTH);
    ps2_mouse_move(mouse, 0, 0, 1);
    expect("\x08\x00\x00\x21", 4);
}

Test(ps2_mouse, remote_wrap_and_scaling)
{
    begin();
    say(0xf0), say(0xf4);
    ps2_mouse_move(mouse, 7, 0, 0);
    nothing_more();
    say(0xeb), expect("\x08\x07\x00", 3);
    say(0xeb), expect("\x08\x00\x00", 3);
    say(0xee);
    tell(0xf2), expect("\xf2", 1);
    tell(0x12), expect("\x12", 1);
    say(0xec);
    say(0xea), say(0xe7);
    ps2_mouse_move(mouse, 4, -10, 0);
    expect("\x08\x06\x14", 3);
}

Test(ps2_mouse, errors)
{
    begin();
    tell(0x77), expect("\xfe", 1);
    tell(0x77), expect("\xfc", 1);
    say(0xf3);
    tell(33), expect("\xfe", 1);
    say(50 + 50);
    say(0xf2), expect("\x00", 1);
    tell(0xfe), expect("\xfa\x00", 2);
}

Test(ps2_mouse, saved_in_the_middle_of_a_report)
{
    begin();
    say(0xf4);
    ps2_mouse_move(mouse, 300, 1, 0);
    for (unsigned i = 0; i < 6; i++) {
        uint64_t hash, now = bench.schedule.now + 30000;
        size_t size;
        uint8_t *saved;

        bench_run_to(&bench, now);
        saved = bench_save(&bench, &size);
        bench_run_to(&bench, now + 2 * MILLISECOND);
        hash = state_registry_hash(bench.bay.states);
        receive();
        tell(0xff);
        receive();
        bench_restore(&bench, saved, size, now);
        bench_run_to(&bench, now + 2 * MILLISECOND);
        cr_assert_eq(state_registry_hash(bench.bay.states), hash);
        in8(&bench, 0x60);
    }
}
