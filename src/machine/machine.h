/* The machine: a board with its processors, the clock they share, and what the public header promises about them.
   Everything of one machine hangs off this struct (R3). */
#ifndef TRUEBOX_MACHINE_MACHINE_H
#define TRUEBOX_MACHINE_MACHINE_H

#include <truebox/truebox.h>

#include "base/log.h"
#include "base/schedule.h"
#include "base/state.h"
#include "cpu/cpu.h"
#include "devices/bay.h"
#include "machine/board.h"

#define MACHINE_MAXIMUM_CPUS 1u /* the array stands ready for more */

struct breakpoint {
    uint64_t linear;
    unsigned count; /* how often it was added */
};

struct output {
    void (*put)(void *owner, uint8_t byte);
    void *owner;
};

/* Rooms above the machine (the oracle) that watch each instruction and have something to finish when the machine goes. */
struct machine_tap {
    void (*step)(void *owner, struct cpu *cpu, const uint8_t *bytes, unsigned length); /* NULL: nobody */
    bool (*end)(tb_machine *machine, struct tb_error *error);
    void *owner;
};

struct tb_machine {
    struct tb_config config; /* strings owned by the machine */
    struct schedule schedule;
    uint64_t idle_counts; /* of the clock, that passed while nobody ran; a figure for the host, no state of the guest's */
    struct log log;
    struct bay bay;
    struct cpu *cpus[MACHINE_MAXIMUM_CPUS];
    unsigned cpu_count;
    struct board board;

    /* What devices and the embedder asked for; looked at between instructions. */
    bool stop_requested;
    bool debug_exit_requested;
    bool powered_off; /* until the reset button */
    bool reset_requested;
    uint32_t exit_value; /* of isa-debug-exit */

    struct breakpoint *breakpoints;
    size_t breakpoint_count;
    bool at_breakpoint; /* the last run stopped before the instruction at... */
    uint64_t breakpoint_clock;

    struct output outputs[TB_OUTPUT_COUNT];
    void (*log_line)(void *owner, const char *text);
    void *log_owner;
    void (*step)(void *owner, const struct tb_step *step);
    void *step_owner;
    struct machine_tap tap;
};

/* The processor's observer is on while somebody listens: called when `step` or `tap` changed. */
void machine_observers_changed(struct tb_machine *machine);

/* At a breakpoint or between instructions: linear address of the instruction that comes next. */
uint64_t machine_next_linear(const struct cpu *cpu);

/* Before the state registry is read: some state has to be put into the form that is hashed and saved. */
void machine_prepare_state(const struct tb_machine *machine);

/* Any processor of the machine by number; NULL if there is none. */
struct cpu *machine_cpu(const struct tb_machine *machine, unsigned number);

#endif
