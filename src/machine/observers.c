/* Who watches the machine: log lines, the guest's output, each instruction. */
#include <string.h>

#include "machine/machine.h"

static void observed_step(void *owner, struct cpu *cpu, const uint8_t *bytes, unsigned length)
{
    struct tb_machine *machine = owner;

    if (machine->tap.step)
        machine->tap.step(machine->tap.owner, cpu, bytes, length);
    if (machine->step) {
        struct tb_step step = {
            .clock = machine->schedule.now, .rip = cpu->rip, .linear = machine_next_linear(cpu), .length = (uint8_t)length};

        memcpy(step.bytes, bytes, length < sizeof step.bytes ? length : sizeof step.bytes);
        machine->step(machine->step_owner, &step);
    }
}

void machine_observers_changed(struct tb_machine *machine)
{
    bool wanted = machine->step || machine->tap.step;

    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_on_step(machine->cpus[i], wanted ? observed_step : NULL, machine);
}

void tb_on_step(tb_machine *machine, void (*step)(void *owner, const struct tb_step *step), void *owner)
{
    machine->step = step;
    machine->step_owner = owner;
    machine_observers_changed(machine);
}

void tb_on_output(tb_machine *machine, enum tb_output output, void (*put)(void *owner, uint8_t byte), void *owner)
{
    if ((unsigned)output < TB_OUTPUT_COUNT)
        machine->outputs[output] = (struct output){put, owner};
}

/* The categories that `names` lists, or false for a name that is none. */
static bool parse_categories(const char *names, uint32_t *enabled)
{
    *enabled = 0;
    while (*names) {
        size_t length = strcspn(names, ",");
        bool known = length == 3 && !memcmp(names, "all", 3);

        if (known)
            *enabled = (UINT32_C(1) << LOG_CATEGORY_COUNT) - 1;
        for (unsigned i = 0; i < LOG_CATEGORY_COUNT && !known; i++) {
            const char *name = log_category_name((enum log_category)i);

            known = strlen(name) == length && !memcmp(names, name, length);
            if (known)
                *enabled |= UINT32_C(1) << i;
        }
        if (!known)
            return false;
        names += length;
        names += *names == ',';
    }
    return true;
}

bool tb_on_log(tb_machine *machine, const char *categories, void (*line)(void *owner, const char *text), void *owner)
{
    uint32_t enabled;

    if (!parse_categories(categories, &enabled))
        return false;
    machine->log.enabled = line ? enabled : 0;
    machine->log_line = line;
    machine->log_owner = owner;
    return true;
}

struct visit {
    void (*visit)(void *owner, const char *path, uint64_t value);
    void *owner;
};

static void visit_scalar(void *owner, const char *path, uint64_t value, enum state_visibility visibility)
{
    struct visit *visit = owner;

    (void)visibility;
    visit->visit(visit->owner, path, value);
}

void tb_machine_visit_state(const tb_machine *machine, void (*visit)(void *owner, const char *path, uint64_t value),
                            void *owner)
{
    struct visit both = {visit, owner};

    machine_prepare_state(machine);
    state_registry_visit(machine->bay.states, visit_scalar, &both);
}
