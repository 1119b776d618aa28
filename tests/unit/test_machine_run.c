/* The run loop: exact clocks, stops, and that neither slices nor engines nor neighbours can be told from inside (R2, R3,
 * R12). */
#include <string.h>

#include "machine_bench.h"

enum { LENGTH = 60000 };

static uint64_t hash_after(const struct rom *rom, enum tb_engine engine, uint64_t slice, uint64_t clock)
{
    tb_machine *machine = machine_with(rom, engine);
    uint64_t hash;

    for (uint64_t at = 0; at < clock;) {
        at = clock - at < slice ? clock : at + slice;
        cr_assert_eq(tb_machine_run(machine, at), TB_STOP_CLOCK);
        cr_assert_eq(tb_machine_clock(machine), at);
    }
    hash = tb_machine_state_hash(machine);
    cr_assert(tb_machine_free(machine, NULL));
    return hash;
}

static void check_rom(const struct rom *rom)
{
    uint64_t hash = hash_after(rom, TB_ENGINE_FAST, LENGTH, LENGTH);

    cr_expect_eq(hash, hash_after(rom, TB_ENGINE_FAST, LENGTH, LENGTH), "twice the same");
    cr_expect_eq(hash, hash_after(rom, TB_ENGINE_PLAIN, LENGTH, LENGTH), "plain engine");
    cr_expect_eq(hash, hash_after(rom, TB_ENGINE_FAST, 1, LENGTH), "slices of 1");
    cr_expect_eq(hash, hash_after(rom, TB_ENGINE_FAST, 7, LENGTH), "slices of 7");
    cr_expect_eq(hash, hash_after(rom, TB_ENGINE_PLAIN, 1013, LENGTH), "slices of 1013");
    cr_expect_neq(hash, hash_after(rom, TB_ENGINE_FAST, LENGTH, LENGTH + 1), "another clock");
}

Test(machine_run, busy_is_the_same_in_any_slices_and_engine)
{
    check_rom(&rom_busy);
}

Test(machine_run, halting_is_the_same_in_any_slices_and_engine)
{
    check_rom(&rom_timer);
}

Test(machine_run, steps_are_a_run)
{
    tb_machine *stepped = machine_with(&rom_busy, TB_ENGINE_FAST), *run = machine_with(&rom_busy, TB_ENGINE_FAST);

    for (unsigned i = 1; i <= 5000; i++) {
        cr_assert_eq(tb_machine_step(stepped), TB_STOP_CLOCK);
        cr_assert_eq(tb_machine_clock(stepped), i);
    }
    tb_machine_run(run, 5000);
    cr_expect_eq(tb_machine_state_hash(stepped), tb_machine_state_hash(run));
    tb_machine_free(stepped, NULL);
    tb_machine_free(run, NULL);
}

Test(machine_run, two_machines_in_one_process_do_not_meet)
{
    tb_machine *one = machine_with(&rom_busy, TB_ENGINE_FAST), *two = machine_with(&rom_timer, TB_ENGINE_PLAIN);

    for (uint64_t at = 100; at <= LENGTH; at += 100) {
        cr_assert_eq(tb_machine_run(one, at), TB_STOP_CLOCK);
        cr_assert_eq(tb_machine_run(two, at), TB_STOP_CLOCK);
    }
    cr_expect_eq(tb_machine_state_hash(one), hash_after(&rom_busy, TB_ENGINE_FAST, LENGTH, LENGTH));
    cr_expect_eq(tb_machine_state_hash(two), hash_after(&rom_timer, TB_ENGINE_FAST, LENGTH, LENGTH));
    tb_machine_free(one, NULL);
    tb_machine_free(two, NULL);
}

Test(machine_run, hostile_cache_sizes_change_nothing)
{
    struct tb_config config = machine_config(TB_ENGINE_FAST);
    tb_machine *machine;

    config.tlb_entries = 2;
    config.trace_length = 1;
    machine = machine_configured(&rom_timer, &config);
    tb_machine_run(machine, LENGTH);
    cr_expect_eq(tb_machine_state_hash(machine), hash_after(&rom_timer, TB_ENGINE_FAST, LENGTH, LENGTH));
    tb_machine_free(machine, NULL);
}

/* 1000 ticks of 1193182 Hz are 83809.5 counts at 100 MHz: after a virtual 1/10 second 119 interrupts. */
Test(machine_run, timer_interrupts_wake_the_processor)
{
    tb_machine *machine = machine_with(&rom_timer, TB_ENGINE_FAST);
    uint16_t counters[2];

    cr_assert_eq(tb_machine_run(machine, 10000000), TB_STOP_CLOCK);
    cr_expect_eq(tb_machine_virtual_ns(machine), 100000000);
    tb_memory_read(machine, 0x500, counters, sizeof counters);
    cr_expect_eq(counters[1], 119, "%u", counters[1]);
    cr_expect_eq(counters[0], counters[1]);
    tb_machine_free(machine, NULL);
}

Test(machine_run, halted_for_good_stops)
{
    for (unsigned engine = 0; engine < 2; engine++) {
        tb_machine *machine = machine_with(&rom_hello, (enum tb_engine)engine);
        uint64_t clock;

        cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_HALTED);
        clock = tb_machine_clock(machine);
        cr_expect_eq(clock, 7); /* jmp, 2 x (mov, out), cli, hlt */
        cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_HALTED, "and again");
        cr_expect_eq(tb_machine_step(machine), TB_STOP_HALTED);
        cr_expect_eq(tb_machine_clock(machine), clock);
        tb_machine_reset(machine);
        cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_HALTED);
        cr_expect_eq(tb_machine_clock(machine), 2 * clock, "the reset button wakes it");
        tb_machine_free(machine, NULL);
    }
}

Test(machine_run, poweroff_stops_until_the_button)
{
    tb_machine *machine = machine_with(&rom_poweroff, TB_ENGINE_FAST);
    uint64_t clock;

    cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_POWEROFF);
    clock = tb_machine_clock(machine);
    cr_expect_eq(clock, 3 + 7 * 5 + 4, "at the end of the OUT: %u", (unsigned)clock);
    cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_POWEROFF);
    cr_expect_eq(tb_machine_clock(machine), clock);
    tb_machine_reset(machine);
    cr_expect_eq(tb_machine_run(machine, clock + 5), TB_STOP_CLOCK);
    tb_machine_free(machine, NULL);
}

Test(machine_run, debug_exit_reports_its_value_and_goes_on)
{
    tb_machine *machine = machine_with(&rom_debug_exit, TB_ENGINE_FAST);

    cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_DEBUG_EXIT);
    cr_expect_eq(tb_machine_exit_code(machine), 5 << 1 | 1);
    cr_expect_eq(tb_machine_clock(machine), 3);
    cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_CLOCK);
    tb_machine_free(machine, NULL);
}

Test(machine_run, triple_fault_stops_or_resets_as_configured)
{
    struct tb_config config = machine_config(TB_ENGINE_FAST);
    tb_machine *machine;
    char why[2000];

    config.shutdown_resets = false;
    machine = machine_configured(&rom_triple, &config);
    cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_SHUTDOWN);
    cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_SHUTDOWN, "and again");
    cr_expect_gt(tb_explain(machine, why, sizeof why), 0);
    cr_expect(strstr(why, "TRIPLE_FAULT"), "%s", why);
    cr_expect(strstr(why, "F000:6") || strstr(why, "f000:6"), "%s", why);
    tb_machine_free(machine, NULL);

    config.shutdown_resets = true;
    machine = machine_configured(&rom_triple, &config);
    cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_CLOCK, "again and again from the reset vector");
    tb_machine_free(machine, NULL);
}

static void collect(void *owner, uint8_t byte)
{
    char *text = owner;
    size_t length = strlen(text);

    text[length] = (char)byte;
    text[length + 1] = 0;
}

Test(machine_run, debug_console_reaches_its_listener)
{
    tb_machine *machine = machine_with(&rom_hello, TB_ENGINE_FAST);
    char text[16] = "";

    tb_on_output(machine, TB_OUTPUT_DEBUGCON, collect, text);
    tb_machine_run(machine, LENGTH);
    cr_expect_str_eq(text, "hi");
    tb_machine_free(machine, NULL);
}

static void stop_at_output(void *owner, uint8_t byte)
{
    (void)byte;
    tb_machine_stop(owner);
}

Test(machine_run, stop_from_a_callback_ends_behind_its_instruction)
{
    for (unsigned engine = 0; engine < 2; engine++) {
        tb_machine *machine = machine_with(&rom_hello, (enum tb_engine)engine);

        tb_on_output(machine, TB_OUTPUT_DEBUGCON, stop_at_output, machine);
        cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_REQUEST);
        cr_expect_eq(tb_machine_clock(machine), 3);
        cr_expect_eq(machine_register(machine, "rip"), 4);
        cr_expect_eq(tb_machine_run(machine, LENGTH), TB_STOP_REQUEST);
        cr_expect_eq(tb_machine_clock(machine), 5);
        tb_machine_free(machine, NULL);
    }
}

Test(machine_run, breakpoints_stop_before_and_are_left_behind)
{
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST), *free_running = machine_with(&rom_busy, TB_ENGINE_FAST);

    tb_breakpoint_add(machine, 0xf0007);
    tb_breakpoint_add(machine, 0xf0007);
    tb_breakpoint_remove(machine, 0xf0007);
    cr_expect_eq(tb_machine_run(machine, 1000), TB_STOP_BREAKPOINT);
    cr_expect_eq(tb_machine_clock(machine), 4);
    cr_expect_eq(machine_register(machine, "rip"), 7);
    cr_expect_eq(machine_register(machine, "rbx"), 0);
    cr_expect_eq(tb_machine_run(machine, 1000), TB_STOP_BREAKPOINT);
    cr_expect_eq(tb_machine_clock(machine), 9, "five instructions a turn");
    cr_expect_eq(machine_register(machine, "rbx"), 2);
    cr_expect_eq(tb_machine_step(machine), TB_STOP_CLOCK, "a step leaves it");
    cr_expect_eq(tb_machine_clock(machine), 10);
    tb_breakpoint_remove(machine, 0xf0007);
    cr_expect_eq(tb_machine_run(machine, 1000), TB_STOP_CLOCK);
    tb_machine_run(free_running, 1000);
    cr_expect_eq(tb_machine_state_hash(machine), tb_machine_state_hash(free_running));
    tb_machine_free(machine, NULL);
    tb_machine_free(free_running, NULL);
}

struct steps {
    unsigned count;
    uint64_t last_clock, last_linear;
    uint8_t first;
};

static void count_step(void *owner, const struct tb_step *step)
{
    struct steps *steps = owner;

    steps->count++;
    steps->last_clock = step->clock;
    steps->last_linear = step->linear;
    steps->first = step->bytes[0];
}

Test(machine_run, step_observer_sees_each_instruction_and_changes_nothing)
{
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST);
    struct steps steps = {0};

    tb_on_step(machine, count_step, &steps);
    tb_machine_run(machine, LENGTH);
    cr_expect_eq(steps.count, LENGTH);
    cr_expect_eq(steps.last_clock, LENGTH - 1);
    cr_expect_eq(steps.last_linear, 0xf0007, "%x", (unsigned)steps.last_linear); /* 59999 = 4 + 5 * 11999 */
    cr_expect_eq(steps.first, 0xff);
    tb_on_step(machine, NULL, NULL);
    cr_expect_eq(tb_machine_state_hash(machine), hash_after(&rom_busy, TB_ENGINE_FAST, LENGTH, LENGTH));
    tb_machine_free(machine, NULL);
}
