/* Guest memory as debuggers and embedders see it, and where they want the machine to stop. */
#include <stdlib.h>

#include "base/memory.h"
#include "cpu/access.h"
#include "machine/machine.h"

void tb_memory_read(tb_machine *machine, uint64_t physical, void *bytes, size_t size)
{
    physical_read(machine->bay.memory, physical, bytes, size);
}

void tb_memory_write(tb_machine *machine, uint64_t physical, const void *bytes, size_t size)
{
    physical_write(machine->bay.memory, physical, bytes, size);
}

bool tb_linear_to_physical(tb_machine *machine, unsigned cpu, uint64_t linear, uint64_t *physical)
{
    struct cpu *from = machine_cpu(machine, cpu);

    return from && linear_peek_physical(from, linear, physical);
}

/* Bytes from `linear` to the end of its page, at most `size`. */
static size_t in_page(uint64_t linear, size_t size)
{
    size_t room = PHYSICAL_PAGE_SIZE - (size_t)(linear % PHYSICAL_PAGE_SIZE);

    return size < room ? size : room;
}

size_t tb_linear_read(tb_machine *machine, unsigned cpu, uint64_t linear, void *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t piece = in_page(linear + done, size - done);
        uint64_t physical;

        if (!tb_linear_to_physical(machine, cpu, linear + done, &physical) ||
            !physical_peek(machine->bay.memory, physical, (char *)bytes + done, piece))
            break;
        done += piece;
    }
    return done;
}

size_t tb_linear_write(tb_machine *machine, unsigned cpu, uint64_t linear, const void *bytes, size_t size)
{
    size_t done = 0;
    uint8_t probe;

    while (done < size) {
        size_t piece = in_page(linear + done, size - done);
        uint64_t physical;

        if (!tb_linear_to_physical(machine, cpu, linear + done, &physical) ||
            !physical_peek(machine->bay.memory, physical, &probe, 1))
            break;
        physical_write(machine->bay.memory, physical, (const char *)bytes + done, piece);
        done += piece;
    }
    return done;
}

/* ------------------------------------------------------------------------------------------------------------------
   Breakpoints and watchpoints: every processor has them all */

static struct breakpoint *find_breakpoint(struct tb_machine *machine, uint64_t linear)
{
    for (size_t i = 0; i < machine->breakpoint_count; i++)
        if (machine->breakpoints[i].linear == linear)
            return &machine->breakpoints[i];
    return NULL;
}

void tb_breakpoint_add(tb_machine *machine, uint64_t linear)
{
    struct breakpoint *known = find_breakpoint(machine, linear);

    if (known) {
        known->count++;
        return;
    }
    machine->breakpoints =
        memory_resize(machine->breakpoints, (machine->breakpoint_count + 1) * sizeof *machine->breakpoints);
    machine->breakpoints[machine->breakpoint_count++] = (struct breakpoint){linear, 1};
    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_breakpoint_add(machine->cpus[i], linear);
}

void tb_breakpoint_remove(tb_machine *machine, uint64_t linear)
{
    struct breakpoint *known = find_breakpoint(machine, linear);

    if (!known || --known->count)
        return;
    *known = machine->breakpoints[--machine->breakpoint_count];
    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_breakpoint_remove(machine->cpus[i], linear);
}

void tb_watchpoint_add(tb_machine *machine, uint64_t linear, uint64_t length, enum tb_watch kind)
{
    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_watchpoint_add(machine->cpus[i], linear, length, kind);
}

void tb_watchpoint_remove(tb_machine *machine, uint64_t linear, uint64_t length, enum tb_watch kind)
{
    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_watchpoint_remove(machine->cpus[i], linear, length, kind);
}

void tb_watchpoint_hit(const tb_machine *machine, uint64_t *linear, enum tb_watch *kind)
{
    unsigned bits = 0;

    cpu_watchpoint_hit(machine->cpus[0], linear, &bits);
    *kind = (enum tb_watch)bits;
}
