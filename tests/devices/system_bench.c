/* The bench for chip tests. */
#include "system_bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void bench_open(struct bench *bench, uint64_t frequency)
{
    memset(bench, 0, sizeof *bench);
    schedule_initialise(&bench->schedule, frequency);
    bench->bay.schedule = &bench->schedule;
    bench->bay.states = state_registry_new(&bench->schedule);
    bench->bay.ports = ports_new(NULL);
    bench->bay.memory = physical_map_new(UINT64_C(2) << 20, NULL);
    cr_assert(bench->bay.memory);
    physical_map_route_ram(bench->bay.memory, 0, UINT64_C(2) << 20, 0);
}

void bench_close(struct bench *bench)
{
    physical_map_free(bench->bay.memory);
    ports_free(bench->bay.ports);
    state_registry_free(bench->bay.states);
}

void bench_run_to(struct bench *bench, uint64_t count)
{
    while (schedule_deadline(&bench->schedule) <= count) {
        if (schedule_deadline(&bench->schedule) > bench->schedule.now)
            bench->schedule.now = schedule_deadline(&bench->schedule);
        schedule_run_due(&bench->schedule);
    }
    bench->schedule.now = count;
}

uint8_t *bench_save(struct bench *bench, size_t *size)
{
    uint8_t *bytes;

    *size = state_registry_size(bench->bay.states);
    bytes = memory_new(*size);
    state_registry_save(bench->bay.states, bytes);
    return bytes;
}

void bench_restore(struct bench *bench, uint8_t *saved, size_t size, uint64_t now)
{
    bench->schedule.now = now;
    cr_assert(state_registry_restore(bench->bay.states, saved, size));
    free(saved);
}

static void probe_set(void *owner, unsigned line, bool level)
{
    struct probe *probe = owner;

    (void)line;
    if (level == probe->level)
        return;
    probe->level = level;
    if (level) {
        probe->rises++;
        probe->last_rise = probe->bench->schedule.now;
    } else {
        probe->falls++;
        probe->last_fall = probe->bench->schedule.now;
    }
}

struct wire probe_wire(struct probe *probe, struct bench *bench)
{
    memset(probe, 0, sizeof *probe);
    probe->bench = bench;
    return (struct wire){probe_set, probe, 0};
}
