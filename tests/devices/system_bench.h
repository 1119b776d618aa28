/* A bench for one chip: a real schedule, port space, registry and memory, and probes to hang on its wires. */
#ifndef TRUEBOX_TESTS_SYSTEM_BENCH_H
#define TRUEBOX_TESTS_SYSTEM_BENCH_H

#include <criterion/criterion.h>
#include <stdint.h>

#include "devices/bay.h"

struct bench {
    struct bay bay;
    struct schedule schedule;
};

void bench_open(struct bench *bench, uint64_t frequency);
void bench_close(struct bench *bench);

/* Lets the clock run to `count` as the machine does: every event at its own count. */
void bench_run_to(struct bench *bench, uint64_t count);

/* The whole registry saved; restore takes the clock back too and frees `saved`. */
uint8_t *bench_save(struct bench *bench, size_t *size);
void bench_restore(struct bench *bench, uint8_t *saved, size_t size, uint64_t now);

static inline uint8_t in8(struct bench *bench, uint16_t port)
{
    return (uint8_t)ports_read(bench->bay.ports, port, 1);
}

static inline void out8(struct bench *bench, uint16_t port, uint8_t value)
{
    ports_write(bench->bay.ports, port, value, 1);
}

/* A wire's far end: its level and the counts of its last edges. */
struct probe {
    struct bench *bench;
    bool level;
    unsigned rises, falls;
    uint64_t last_rise, last_fall;
};

struct wire probe_wire(struct probe *probe, struct bench *bench);

#endif
