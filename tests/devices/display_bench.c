/* The bench of display_bench.h. */
#include "display_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>

void bench_open(struct bench *bench)
{
    *bench = (struct bench){.irq = false};
    schedule_initialise(&bench->schedule, 100000000);
    bench->bay.log = &bench->log;
    bench->bay.schedule = &bench->schedule;
    bench->bay.states = state_registry_new(&bench->schedule);
    bench->bay.ports = ports_new(&bench->log);
    bench->bay.memory = physical_map_new(0x100000, &bench->log);
}

void bench_close(struct bench *bench)
{
    state_registry_free(bench->bay.states);
    ports_free(bench->bay.ports);
    physical_map_free(bench->bay.memory);
}

static void irq_set(void *owner, unsigned line, bool level)
{
    struct bench *bench = owner;

    cr_assert_eq(line, 4);
    if (level && !bench->irq)
        bench->irq_edges++;
    bench->irq = level;
}

struct wire bench_irq(struct bench *bench)
{
    return (struct wire){irq_set, bench, 4};
}

uint8_t in8(struct bench *bench, uint16_t port)
{
    return (uint8_t)ports_read(bench->bay.ports, port, 1);
}

uint16_t in16(struct bench *bench, uint16_t port)
{
    return (uint16_t)ports_read(bench->bay.ports, port, 2);
}

void out8(struct bench *bench, uint16_t port, uint8_t value)
{
    ports_write(bench->bay.ports, port, value, 1);
}

void out16(struct bench *bench, uint16_t port, uint16_t value)
{
    ports_write(bench->bay.ports, port, value, 2);
}

uint8_t peek8(struct bench *bench, uint64_t address)
{
    uint8_t value;

    physical_read(bench->bay.memory, address, &value, 1);
    return value;
}

void poke8(struct bench *bench, uint64_t address, uint8_t value)
{
    physical_write(bench->bay.memory, address, &value, 1);
}

void clock_to(struct bench *bench, uint64_t when)
{
    while (schedule_deadline(&bench->schedule) <= when) {
        uint64_t deadline = schedule_deadline(&bench->schedule);
        if (deadline > bench->schedule.now)
            bench->schedule.now = deadline;
        schedule_run_due(&bench->schedule);
    }
    bench->schedule.now = when;
}

void clock_step_ns(struct bench *bench, uint64_t nanoseconds)
{
    clock_to(bench, bench->schedule.now + schedule_counts_in_ns(&bench->schedule, nanoseconds));
}

uint8_t *bench_save(struct bench *bench)
{
    uint8_t *saved = malloc(state_registry_size(bench->bay.states));

    cr_assert_not_null(saved);
    state_registry_save(bench->bay.states, saved);
    return saved;
}

void bench_restore(struct bench *bench, uint8_t *saved)
{
    cr_assert(state_registry_restore(bench->bay.states, saved, state_registry_size(bench->bay.states)));
    free(saved);
}
