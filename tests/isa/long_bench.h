/* protected_bench.h's processor in long mode: the 2 MiB of RAM mapped as they are by one large page, 16-byte gates. */
#ifndef TRUEBOX_TESTS_LONG_BENCH_H
#define TRUEBOX_TESTS_LONG_BENCH_H

#include "protected_bench.h"

/* Beside protected_bench.h's places: tables that a test may rewrite. LONG_PAGE_DIRECTORY's second entry maps 2 MiB-4 MiB. */
enum { LONG_ROOT = 0x30000, LONG_POINTERS = 0x31000, LONG_DIRECTORY = 0x32000, LONG_TABLE = 0x33000, LONG_IDT = 0x34000, LONG_TSS = 0x35000 };

/* In the GDT, in the order that SYSCALL and SYSRET want. */
enum { LONG_CODE0 = 0x08, LONG_DATA0 = 0x10, LONG_COMPAT3 = 0x1b, LONG_DATA3 = 0x23, LONG_CODE3 = 0x2b, LONG_TSS_SELECTOR = 0x30, LONG_COMPAT0 = 0x40 };

/* 64-bit mode at `cpl` on model max. */
struct bench *long_bench_new(unsigned cpl);
void long_write(struct bench *bench, uint32_t address, uint64_t value);
uint64_t long_read(const struct bench *bench, uint32_t address);
/* Vector n's gate: to HANDLERS + 16 n. */
void long_gate(struct bench *bench, unsigned vector, unsigned type, unsigned dpl, unsigned ist);
/* Qword `index` from the top of the stack. */
uint64_t long_stack(const struct bench *bench, unsigned index);
/* As bench_expect_fault, with the frame of long mode. */
void long_expect_fault(struct bench *bench, unsigned vector, int64_t error_code);

#endif
