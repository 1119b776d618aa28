/* Life of a machine: made from a configuration, run to an exact clock, stopped by what its board or its owner asks.

   The order at each boundary is fixed, so that how a run is cut into slices cannot be seen by the guest (R2): events that
   are due, then requests of the board (power, reset, exit), then the limit, then the processor. */
#include "machine/machine.h"

#include <config.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "machine/configuration.h"

const char *tb_version(void)
{
    return PACKAGE_VERSION;
}

static const struct state_field machine_fields[] = {
    STATE_BOOL(struct tb_machine, powered_off),
    STATE_BOOL(struct tb_machine, reset_requested),
    STATE_U32(struct tb_machine, exit_value),
};
static STATE_TABLE(machine_state_table, "machine", 1, machine_fields, NULL);

/* ------------------------------------------------------------------------------------------------------------------
   What the board asks of the machine */

static struct cpu *running_cpu(const struct tb_machine *machine)
{
    return machine->cpus[0];
}

/* Makes cpu_run return at the end of the instruction that is being executed. */
static void attention(struct tb_machine *machine)
{
    struct cpu *cpu = running_cpu(machine);

    cpu->leave = cpu->attention = true;
}

static void board_power_off(void *owner)
{
    struct tb_machine *machine = owner;

    machine->powered_off = true;
    log_write(&machine->log, LOG_MACHINE, "the guest powered the machine off");
    attention(machine);
}

static void board_reset(void *owner)
{
    struct tb_machine *machine = owner;

    machine->reset_requested = true;
    attention(machine);
}

static void board_debug_exit(void *owner, uint32_t value)
{
    struct tb_machine *machine = owner;

    machine->exit_value = value;
    machine->debug_exit_requested = true;
    attention(machine);
}

static void board_output(void *owner, enum tb_output output, uint8_t byte)
{
    struct tb_machine *machine = owner;
    struct output *to = &machine->outputs[output];

    if (to->put)
        to->put(to->owner, byte);
}

/* ------------------------------------------------------------------------------------------------------------------
   Making and ending */

static void log_to_owner(void *owner, enum log_category category, const char *line)
{
    struct tb_machine *machine = owner;
    char text[600];

    snprintf(text, sizeof text, "%llu %s: %s", (unsigned long long)machine->schedule.now, log_category_name(category), line);
    if (machine->log_line)
        machine->log_line(machine->log_owner, text);
}

static void wire_bay(struct tb_machine *machine)
{
    schedule_initialise(&machine->schedule, machine->config.ips);
    machine->log.sink = log_to_owner;
    machine->log.owner = machine;
    machine->bay.log = &machine->log;
    machine->bay.schedule = &machine->schedule;
    machine->bay.states = state_registry_new(&machine->schedule);
    machine->bay.ports = ports_new(&machine->log);
    state_registry_add(machine->bay.states, "machine", &machine_state_table, machine);
}

static bool make_cpus(struct tb_machine *machine, const struct cpu_model *model, struct tb_error *error)
{
    static const char *const names[MACHINE_MAXIMUM_CPUS] = {"cpu0"};
    const struct cpu_options options = {
        .plain = machine->config.engine == TB_ENGINE_PLAIN,
        .tlb_entries = machine->config.tlb_entries,
        .trace_length = machine->config.trace_length,
    };
    const struct cpu_wiring wiring = {
        .schedule = &machine->schedule,
        .memory = machine->bay.memory,
        .ports = machine->bay.ports,
        .log = &machine->log,
        .acknowledge = board_acknowledge,
        .acknowledge_owner = &machine->board,
    };

    for (unsigned i = 0; i < MACHINE_MAXIMUM_CPUS; i++) {
        machine->cpus[i] = cpu_new(i, model, &wiring, &options);
        if (!machine->cpus[i])
            return error_set(error, TB_STATUS_SOFTWARE, "cpu: not enough memory for its tables");
        machine->cpu_count++;
        state_registry_add(machine->bay.states, names[i], &cpu_state_table, machine->cpus[i]);
    }
    return true;
}

/* RAM beyond what the processor can address would only be weight. */
static uint64_t reachable_memory(uint64_t size, const struct cpu_model *model)
{
    uint64_t space = UINT64_C(1) << model->address_bits;

    return size < space ? size : space;
}

static bool build(struct tb_machine *machine, const struct cpu_model *model, struct tb_error *error)
{
    struct board_wiring wiring = {
        .config = &machine->config,
        .model = model,
        .bay = &machine->bay,
        .owner = machine,
        .power_off = board_power_off,
        .reset = board_reset,
        .debug_exit = board_debug_exit,
        .output = board_output,
    };

    machine->bay.memory = physical_map_new(machine->config.memory_size, &machine->log);
    if (!machine->bay.memory)
        return error_set(error, TB_STATUS_USAGE, "memory: the host has no %lluM to spare",
                         (unsigned long long)(machine->config.memory_size >> 20));
    if (!make_cpus(machine, model, error))
        return false;
    wiring.cpu = machine->cpus[0];
    return board_build(&machine->board, &wiring, error);
}

tb_machine *tb_machine_new(const struct tb_config *config, struct tb_error *error)
{
    const struct cpu_model *model;
    struct tb_machine *machine;

    if (!configuration_check(config, &model, error))
        return NULL;
    machine = memory_new(sizeof *machine);
    configuration_copy(&machine->config, config);
    machine->config.memory_size = reachable_memory(config->memory_size, model);
    wire_bay(machine);
    if (!build(machine, model, error)) {
        tb_machine_free(machine, NULL);
        return NULL;
    }
    return machine;
}

bool tb_machine_free(tb_machine *machine, struct tb_error *error)
{
    struct tb_error ignored;
    bool written = true;

    if (!machine)
        return true;
    if (machine->tap.end)
        written = machine->tap.end(machine, error);
    written = board_close(&machine->board, written ? error : &ignored) && written;
    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_free(machine->cpus[i]);
    physical_map_free(machine->bay.memory);
    ports_free(machine->bay.ports);
    state_registry_free(machine->bay.states);
    configuration_free(&machine->config);
    free(machine->breakpoints);
    free(machine);
    return written;
}

/* ------------------------------------------------------------------------------------------------------------------
   Running */

void tb_machine_reset(tb_machine *machine)
{
    machine->powered_off = false;
    machine->reset_requested = true;
}

static void perform_reset(struct tb_machine *machine)
{
    machine->reset_requested = false;
    log_write(&machine->log, LOG_MACHINE, "reset");
    board_reset_chips(&machine->board);
    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_reset(machine->cpus[i]);
}

void tb_machine_stop(tb_machine *machine)
{
    machine->stop_requested = true;
    attention(machine);
}

/* Stops that the board or the owner asked for, in order of finality. */
static bool requested_stop(struct tb_machine *machine, enum tb_stop *stop)
{
    if (machine->powered_off) {
        *stop = TB_STOP_POWEROFF;
        return true;
    }
    if (machine->debug_exit_requested) {
        machine->debug_exit_requested = false;
        *stop = TB_STOP_DEBUG_EXIT;
        return true;
    }
    if (machine->stop_requested) {
        machine->stop_requested = false;
        *stop = TB_STOP_REQUEST;
        return true;
    }
    return false;
}

/* The shutdown cycle after a triple fault: AT boards and the PIIX answer it by INIT, which is how 80286 programs got back to
   real mode. */
static bool answer_shutdown(struct tb_machine *machine, struct cpu *cpu, enum tb_stop *stop)
{
    if (!machine->config.shutdown_resets) {
        *stop = TB_STOP_SHUTDOWN;
        return false;
    }
    log_write(&machine->log, LOG_MACHINE, "shutdown of cpu%u: INIT", cpu->number);
    cpu_init(cpu);
    return true;
}

/* A halted processor that masks interrupts wakes by NMI, INIT or reset only, and nothing on this board drives those by
 * itself. */
static bool can_wake(const struct tb_machine *machine, const struct cpu *cpu)
{
    return (cpu->eflags & FLAG_IF) && schedule_deadline(&machine->schedule) != SCHEDULE_NEVER;
}

/* Nobody runs: time passes up to the next event or `clock`. */
static bool idle(struct tb_machine *machine, struct cpu *cpu, uint64_t limit, enum tb_stop *stop)
{
    if (cpu->activity == CPU_SHUTDOWN)
        return answer_shutdown(machine, cpu, stop);
    if (!can_wake(machine, cpu)) {
        *stop = TB_STOP_HALTED;
        return false;
    }
    machine->idle_counts += limit - machine->schedule.now;
    machine->schedule.now = limit;
    return true;
}

uint64_t machine_next_linear(const struct cpu *cpu)
{
    uint64_t linear = cpu->segment[CS].base + cpu->rip;

    return cpu_code64(cpu) ? linear : (uint32_t)linear;
}

/* Going on from a breakpoint: its own instruction runs without it. */
static enum cpu_exit run_past_breakpoint(struct tb_machine *machine, struct cpu *cpu)
{
    uint64_t linear = machine_next_linear(cpu);
    enum cpu_exit exit;

    for (size_t i = 0; i < machine->breakpoint_count; i++)
        if (machine->breakpoints[i].linear == linear) {
            cpu_breakpoint_remove(cpu, linear);
            exit = cpu_run(cpu, machine->schedule.now + 1);
            cpu_breakpoint_add(cpu, linear);
            return exit;
        }
    return cpu_run(cpu, machine->schedule.now + 1);
}

static enum cpu_exit run_cpu(struct tb_machine *machine, struct cpu *cpu, uint64_t limit)
{
    bool past_breakpoint = machine->at_breakpoint && machine->breakpoint_clock == machine->schedule.now;

    machine->at_breakpoint = false;
    return past_breakpoint ? run_past_breakpoint(machine, cpu) : cpu_run(cpu, limit);
}

/* One pass: up to the next event, or `clock`, or a stop. True: go on. */
static bool run_once(struct tb_machine *machine, uint64_t clock, enum tb_stop *stop)
{
    struct cpu *cpu = running_cpu(machine);
    uint64_t deadline, limit, before = machine->schedule.now;

    schedule_run_due(&machine->schedule);
    if (requested_stop(machine, stop))
        return false;
    if (machine->reset_requested)
        perform_reset(machine);
    if (machine->schedule.now >= clock) {
        *stop = TB_STOP_CLOCK;
        return false;
    }
    deadline = schedule_deadline(&machine->schedule);
    limit = deadline < clock ? deadline : clock;
    if (limit <= machine->schedule.now)
        return true;        /* the reset queued something that is due */
    cpu->attention = false; /* this is the look that it asks for */
    switch (run_cpu(machine, cpu, limit)) {
    case CPU_EXIT_BREAKPOINT:
        machine->at_breakpoint = true;
        machine->breakpoint_clock = machine->schedule.now;
        *stop = TB_STOP_BREAKPOINT;
        return false;
    case CPU_EXIT_WATCHPOINT: *stop = TB_STOP_WATCHPOINT; return false;
    case CPU_EXIT_CLOCK:
    case CPU_EXIT_ATTENTION: break;
    }
    /* One that ran and fell asleep (again) is looked at anew: what it queued or asked for comes before the old limit. */
    if (cpu->activity == CPU_RUNNING || machine->schedule.now != before)
        return true;
    return idle(machine, cpu, limit, stop);
}

enum tb_stop tb_machine_run(tb_machine *machine, uint64_t clock)
{
    enum tb_stop stop = TB_STOP_CLOCK;

    machine->stop_requested = false; /* outside a run there is nothing to stop */
    while (run_once(machine, clock, &stop))
        continue;
    return stop;
}

enum tb_stop tb_machine_step(tb_machine *machine)
{
    struct cpu *cpu = running_cpu(machine);
    uint64_t before = machine->schedule.now, deadline;
    enum tb_stop stop = TB_STOP_CLOCK;

    if (!machine->at_breakpoint) { /* a step begins by leaving where it stands, breakpoint or not */
        machine->at_breakpoint = true;
        machine->breakpoint_clock = before;
    }
    while (machine->schedule.now == before) {
        deadline = schedule_deadline(&machine->schedule);
        if (!run_once(machine,
                      cpu->activity == CPU_HALTED && deadline != SCHEDULE_NEVER && deadline > before ? deadline : before + 1,
                      &stop) &&
            stop != TB_STOP_CLOCK)
            return stop;
    }
    schedule_run_due(&machine->schedule);
    return TB_STOP_CLOCK;
}

void machine_prepare_state(const struct tb_machine *machine)
{
    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_state_prepare(machine->cpus[i]);
}

uint64_t tb_machine_clock(const tb_machine *machine)
{
    return machine->schedule.now;
}

uint64_t tb_machine_virtual_ns(const tb_machine *machine)
{
    return schedule_ticks(&machine->schedule, 1000000000);
}

uint64_t tb_machine_idle(const tb_machine *machine)
{
    return machine->idle_counts;
}

int tb_machine_exit_code(const tb_machine *machine)
{
    return (int)(uint8_t)(machine->exit_value << 1 | 1);
}
