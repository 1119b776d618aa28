/* Machines that run a few bytes of ROM: what the machine's tests have in common. */
#ifndef TRUEBOX_TESTS_UNIT_MACHINE_BENCH_H
#define TRUEBOX_TESTS_UNIT_MACHINE_BENCH_H

#include <criterion/criterion.h>
#include <truebox/truebox.h>

struct rom {
    const uint8_t *code; /* runs at F000:0000 in real mode from reset */
    size_t size;
};

/* Counts, adds timer counts, writes all over 1000:0000. Never ends. */
extern const struct rom rom_busy;
/* Timer interrupts wake HLT: ticks at 0:502, wakings at 0:500. Never ends. */
extern const struct rom rom_timer;
extern const struct rom rom_poweroff;   /* "Shutdown" to port 8900h */
extern const struct rom rom_debug_exit; /* 5 to port F4h, then a loop */
extern const struct rom rom_triple;     /* INT3 with an empty IDT */
extern const struct rom rom_hello;      /* "hi" to port E9h, CLI, HLT */

/* A machine of 1 MiB with that ROM in the given engine; asserts that it can be made. */
tb_machine *machine_with(const struct rom *rom, enum tb_engine engine);
/* The same with more of the configuration set; bios and VGA BIOS are filled in. */
tb_machine *machine_configured(const struct rom *rom, struct tb_config *config);
struct tb_config machine_config(enum tb_engine engine);
uint64_t machine_register(tb_machine *machine, const char *name);

#endif
