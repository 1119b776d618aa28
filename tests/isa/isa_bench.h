/* A processor with RAM and nothing else, for tests of single instructions. */
#ifndef TRUEBOX_TESTS_ISA_BENCH_H
#define TRUEBOX_TESTS_ISA_BENCH_H

#include "cpu/cpu.h"
#include "cpu/engine.h"
#include "cpu/flags.h"
#include "devices/ports.h"
#include "mmu/physical_map.h"

#define BENCH_CODE 0x1000u /* where instructions are put: offset in CS, whose base is 0 */
#define BENCH_RAM 0x200000u

struct isa_bench {
    struct schedule schedule;
    struct physical_map *memory;
    struct ports *ports;
    struct cpu *cpu;
    uint8_t *ram;
};

/* Real mode, all segments at base 0 with 64 KiB limits, SP = 8000h, interrupt vector n at 0:2000h + 16 * n. */
void isa_bench_open(struct isa_bench *bench, const char *model, bool plain);
void isa_bench_close(struct isa_bench *bench);

/* Writes the instruction bytes to BENCH_CODE. */
void isa_bench_code(struct isa_bench *bench, const uint8_t *bytes, size_t count);

/* Sets IP to BENCH_CODE and executes one count. Returns the vector if an exception was delivered, else -1. */
int isa_bench_step(struct isa_bench *bench);

/* A small generator of test values (xorshift): the same everywhere. */
uint64_t isa_bench_random(uint64_t *state);

#endif
