/* A processor with RAM, ports and tables laid out for tests of the protected mode. */
#ifndef TRUEBOX_TESTS_PROTECTED_BENCH_H
#define TRUEBOX_TESTS_PROTECTED_BENCH_H

#include "base/schedule.h"
#include "cpu/cpu.h"
#include "cpu/flags.h"
#include "devices/ports.h"
#include "mmu/physical_map.h"

/* Where things lie. */
enum {
    GDT = 0x1000,
    IDT = 0x2000,
    LDT = 0x3000,
    TSS = 0x4000,          /* the running task's, 80386 */
    TSS_OTHER = 0x5000,    /* another task's */
    USER_STACK = 0x6800,   /* initial ESP at CPL 3 */
    KERNEL_STACK = 0x7800, /* ESP0 in the TSS */
    HANDLERS = 0x8000,     /* vector n at + 16 n: HLT */
    STACK_TOP = 0x9800,        /* initial ESP at CPL 0 */
    CODE = 0x10000,
    TARGET = 0x12000, /* HLT: where gates lead */
    DATA = 0x20000
};

/* Selectors in the GDT. FREE and above are for the test. */
enum {
    CODE0 = 0x08,
    DATA0 = 0x10,
    CODE3 = 0x1b,
    DATA3 = 0x23,
    TSS_SELECTOR = 0x28,
    LDT_SELECTOR = 0x30,
    TSS_OTHER_SELECTOR = 0x38,
    FREE = 0x40
};

/* Descriptor attributes as in enum segment_attribute. */
enum { ATTRIBUTES_CODE32 = 0xc09b, ATTRIBUTES_DATA32 = 0xc093, ATTRIBUTES_DPL3 = 0x60 };

struct bench {
    struct schedule schedule;
    struct physical_map *memory;
    struct ports *ports;
    struct cpu *cpu;
    uint8_t *ram;
    uint8_t interrupt_vector; /* what INTA answers */
    unsigned port_reads, port_writes;
    uint32_t port_value;  /* last written */
    uint64_t port_clock;  /* of the last access */
    uint64_t instruction; /* RIP of the last bench_code */
};

/* Real mode after reset; all RAM mapped at 0. */
struct bench *bench_new(const char *model);
void bench_free(struct bench *bench);

/* Protected mode at `cpl`, flat 32-bit segments, LDT and TSS loaded. */
void bench_protected(struct bench *bench, unsigned cpl);
/* Virtual-8086 mode at CS = CODE >> 4, SS = 0x600, with IOPL. */
void bench_v86(struct bench *bench, unsigned iopl);

void bench_descriptor(struct bench *bench, uint32_t address, uint32_t base, uint32_t limit, uint16_t attributes);
void bench_gate(struct bench *bench, uint32_t address, uint16_t selector, uint32_t offset, unsigned type, unsigned dpl,
                unsigned count);

/* Puts instruction bytes at the code address and goes there. */
void bench_code(struct bench *bench, const uint8_t *bytes, size_t size);
#define INSTRUCTION(bench, ...) bench_code(bench, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* Executes `counts` instructions; stops early at HLT. */
void bench_run(struct bench *bench, unsigned counts);

uint32_t bench_read(const struct bench *bench, uint32_t address, unsigned size);
void bench_write(struct bench *bench, uint32_t address, uint32_t value, unsigned size);
uint32_t bench_stack(const struct bench *bench, unsigned index); /* dword `index` from the top */

/* The next count ends in a fault: the handler of `vector` is entered (its HLT perhaps executed: delivering an interrupt
   takes no count) with the instruction's own address and this error code (-1: none). */
void bench_expect_fault(struct bench *bench, unsigned vector, int64_t error_code);

#endif
