/* The one way to raise an exception (R5): it does not return, and it knows why. */
#ifndef TRUEBOX_CPU_RAISE_H
#define TRUEBOX_CPU_RAISE_H

#include "cpu/cpu.h"

/* Raises `vector` for the instruction being executed (cpu->in) or, between instructions, for cpu->rip. Nothing guest-visible may
   have been changed since the last boundary or REP iteration, except what the manual says stays changed (R4). The error code is
   pushed for the vectors that have one (SDM 3A table 6-1). */
_Noreturn void raise_exception(struct cpu *cpu, unsigned vector, uint32_t error_code, enum reason reason, uint64_t detail0,
                               uint64_t detail1);

/* #PF: sets CR2 on delivery. */
_Noreturn void raise_page_fault(struct cpu *cpu, uint64_t linear, uint32_t error_code, enum reason reason, uint64_t entry);

/* RIP of the instruction being executed, or the next one between instructions. */
uint64_t cpu_current_rip(const struct cpu *cpu);

/* The clock as the instruction being executed sees it: counts executed before it. */
uint64_t cpu_current_clock(const struct cpu *cpu);

bool vector_has_error_code(unsigned vector);

#endif
