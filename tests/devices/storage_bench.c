/* The board for testing drives. */
#include "storage_bench.h"

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define RAM (1u << 20)

static void irq_set(void *owner, unsigned line, bool level)
{
    struct bench *bench = owner;

    bench->irq_edges[line] += level && !bench->irq[line];
    bench->irq[line] = level;
}

struct wire bench_irq(struct bench *bench, unsigned line)
{
    return (struct wire){irq_set, bench, line};
}

struct bench *bench_new(void)
{
    struct bench *bench = memory_new(sizeof *bench);

    schedule_initialise(&bench->schedule, 100000000);
    bench->bay.schedule = &bench->schedule;
    bench->bay.states = state_registry_new(&bench->schedule);
    bench->bay.ports = ports_new(NULL);
    bench->bay.memory = physical_map_new(RAM, NULL);
    physical_map_route_ram(bench->bay.memory, 0, RAM, 0);
    bench->dma = i8237_pair_new(&bench->bay);
    return bench;
}

void bench_free(struct bench *bench)
{
    i8237_pair_free(bench->dma);
    physical_map_free(bench->bay.memory);
    ports_free(bench->bay.ports);
    state_registry_free(bench->bay.states);
    free(bench->saved);
    free(bench);
}

uint32_t bench_in(struct bench *bench, uint16_t port, unsigned size)
{
    return ports_read(bench->bay.ports, port, size);
}

void bench_out(struct bench *bench, uint16_t port, uint32_t value, unsigned size)
{
    ports_write(bench->bay.ports, port, value, size);
}

void bench_run(struct bench *bench, uint64_t counts)
{
    uint64_t end = bench->schedule.now + counts;

    while (schedule_deadline(&bench->schedule) <= end) {
        if (schedule_deadline(&bench->schedule) > bench->schedule.now)
            bench->schedule.now = schedule_deadline(&bench->schedule);
        schedule_run_due(&bench->schedule);
    }
    bench->schedule.now = end;
}

bool bench_wait_irq(struct bench *bench, unsigned line, uint64_t limit_ns)
{
    uint64_t end = bench->schedule.now + schedule_counts_in_ns(&bench->schedule, limit_ns);

    while (!bench->irq[line] && schedule_deadline(&bench->schedule) <= end) {
        if (schedule_deadline(&bench->schedule) > bench->schedule.now)
            bench->schedule.now = schedule_deadline(&bench->schedule);
        schedule_run_due(&bench->schedule);
    }
    return bench->irq[line];
}

void bench_save(struct bench *bench)
{
    free(bench->saved);
    bench->saved_size = state_registry_size(bench->bay.states);
    bench->saved = memory_new(bench->saved_size);
    state_registry_save(bench->bay.states, bench->saved);
    bench->saved_clock = bench->schedule.now;
}

void bench_restore(struct bench *bench)
{
    bench->schedule.now = bench->saved_clock;
    cr_assert(state_registry_restore(bench->bay.states, bench->saved, bench->saved_size));
}

uint64_t bench_hash(struct bench *bench)
{
    return state_registry_hash(bench->bay.states);
}

/* Test processes end without their exit handlers: the runner, their parent, removes what carries its number. */
#define NAME_FORMAT "storage-test-%ld-"

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    char pattern[64];
    glob_t found;

    (void)stats;
    snprintf(pattern, sizeof pattern, NAME_FORMAT "*", (long)getpid());
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

static const char *new_file(int *file)
{
    char name[64];

    snprintf(name, sizeof name, NAME_FORMAT "XXXXXX", (long)getppid());
    *file = mkstemp(name);
    cr_assert(*file >= 0);
    return memory_copy_string(name);
}

uint8_t pattern_byte(uint64_t offset)
{
    return (uint8_t)(offset / 512 * 7 + offset % 512 / 3 + offset / 65536);
}

const char *temporary_image(uint64_t size)
{
    int file;
    const char *name = new_file(&file);
    uint8_t bytes[4096];

    for (uint64_t at = 0; at < size; at += sizeof bytes) {
        size_t piece = size - at < sizeof bytes ? (size_t)(size - at) : sizeof bytes;

        for (size_t i = 0; i < piece; i++)
            bytes[i] = pattern_byte(at + i);
        cr_assert(write(file, bytes, piece) == (ssize_t)piece);
    }
    close(file);
    return name;
}

const char *temporary_file(const void *bytes, size_t size)
{
    int file;
    const char *name = new_file(&file);

    cr_assert(write(file, bytes, size) == (ssize_t)size);
    close(file);
    return name;
}
