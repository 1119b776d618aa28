/* Memory as slow paths see it: segment checks, paging, MMIO, page crossings, faults. Hot bodies probe the TLB themselves
   (body.h) and come here only on a miss, through their cold twins.

   Sizes are 1, 2, 4 or 8 bytes (memory_read_bytes and memory_write_bytes: any up to 64). Values are zero-extended.
   All of these raise on failure and then have changed nothing, except accessed and dirty bits as the manual allows. */
#ifndef TRUEBOX_CPU_ACCESS_H
#define TRUEBOX_CPU_ACCESS_H

#include "cpu/cpu.h"

/* Through a segment register, at an offset already masked to the address size. */
uint64_t memory_read(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned size);
void memory_write(struct cpu *cpu, unsigned segment, uint64_t offset, uint64_t value, unsigned size);

/* Read-modify-write: checks and translates for write, then reads (R4). memory_write_back stores to where the last
   memory_read_for_write pointed; it cannot fail. */
uint64_t memory_read_for_write(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned size);
void memory_write_back(struct cpu *cpu, uint64_t value);

/* Checks that a write would succeed (segment and paging, sets A and D), so that several writes can be committed together. */
void memory_probe_write(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned size);

/* Linear accesses. `user` decides the page-level check: descriptor tables and TSS are always accessed with false (SDM 3A 4.6.1:
   implicit supervisor accesses), a new stack with the new CPL == 3. */
uint64_t linear_read(struct cpu *cpu, uint64_t linear, unsigned size, bool user);
void linear_write(struct cpu *cpu, uint64_t linear, uint64_t value, unsigned size, bool user);
void linear_probe_write(struct cpu *cpu, uint64_t linear, unsigned size, bool user);
/* Read-modify-write of one byte of a descriptor (accessed, busy bits) goes through linear_read and linear_write: on one
   processor at a time they are atomic. */

/* Without side effects and without raising: false where not mapped. For debuggers and explanations. */
bool linear_peek_physical(struct cpu *cpu, uint64_t linear, uint64_t *physical);

/* --- the stack, by SS and the stack address size -------------------------------------------------------------------------- */

ALWAYS_INLINE uint64_t stack_offset(const struct cpu *cpu, int64_t delta)
{
    return (cpu->gpr[RSP] + (uint64_t)delta) & cpu->stack_mask;
}

/* Sets RSP (ESP, SP) to `offset`, keeping the bits that the stack size does not reach. */
ALWAYS_INLINE void stack_set(struct cpu *cpu, uint64_t offset)
{
    uint64_t mask = cpu->stack_mask;

    cpu->gpr[RSP] = mask == 0xffff ? (cpu->gpr[RSP] & ~mask) | (offset & mask) : offset & mask;
}

/* PUSH and POP of `size` bytes with full checks. push commits RSP after the write. */
void stack_push(struct cpu *cpu, uint64_t value, unsigned size);
uint64_t stack_pop(struct cpu *cpu, unsigned size);
/* The value `depth` bytes above the top, without popping. */
uint64_t stack_peek(struct cpu *cpu, unsigned depth, unsigned size);

#endif
