/* Breakpoints, watchpoints and the step observer (R9): they make the loop run by single records or withhold TLB tags, and
   cost nothing when absent. */
#include <stdlib.h>

#include "base/memory.h"
#include "cpu/engine.h"

static void observers_changed(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;

    engine->observing = engine->breakpoint_count || engine->step;
    tlb_flush_all(cpu); /* tags of watched pages must go */
}

void cpu_breakpoint_add(struct cpu *cpu, uint64_t linear)
{
    struct engine *engine = cpu->engine;

    engine->breakpoints = memory_resize(engine->breakpoints, (engine->breakpoint_count + 1) * sizeof *engine->breakpoints);
    engine->breakpoints[engine->breakpoint_count++] = linear;
    observers_changed(cpu);
}

void cpu_breakpoint_remove(struct cpu *cpu, uint64_t linear)
{
    struct engine *engine = cpu->engine;

    for (size_t i = 0; i < engine->breakpoint_count; i++)
        if (engine->breakpoints[i] == linear) {
            engine->breakpoints[i] = engine->breakpoints[--engine->breakpoint_count];
            break;
        }
    observers_changed(cpu);
}

void cpu_watchpoint_add(struct cpu *cpu, uint64_t linear, uint64_t length, unsigned kind)
{
    struct engine *engine = cpu->engine;

    engine->watches = memory_resize(engine->watches, (engine->watch_count + 1) * sizeof *engine->watches);
    engine->watches[engine->watch_count++] = (struct watch){linear, length, kind};
    observers_changed(cpu);
}

void cpu_watchpoint_remove(struct cpu *cpu, uint64_t linear, uint64_t length, unsigned kind)
{
    struct engine *engine = cpu->engine;

    for (size_t i = 0; i < engine->watch_count; i++)
        if (engine->watches[i].linear == linear && engine->watches[i].length == length && engine->watches[i].kind == kind) {
            engine->watches[i] = engine->watches[--engine->watch_count];
            break;
        }
    observers_changed(cpu);
}

void cpu_watchpoint_hit(const struct cpu *cpu, uint64_t *linear, unsigned *kind)
{
    *linear = cpu->engine->watch_linear;
    *kind = cpu->engine->watch_kind;
}

void cpu_on_step(struct cpu *cpu, void (*step)(void *owner, struct cpu *cpu, const uint8_t *bytes, unsigned length),
                 void *owner)
{
    cpu->engine->step = step;
    cpu->engine->step_owner = owner;
    observers_changed(cpu);
}
