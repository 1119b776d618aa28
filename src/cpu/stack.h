/* The stack as hot bodies use it: by stack kind (seg: any SS, size by stack_mask; f32: flat, 32 bits; f64: 64-bit mode). */
#ifndef TRUEBOX_CPU_STACK_H
#define TRUEBOX_CPU_STACK_H

#include "cpu/body.h"

ALWAYS_INLINE uint64_t stack_hot_linear(const struct cpu *cpu, uint64_t offset, unsigned kind, unsigned bytes, bool write)
{
    const struct segment *ss = &cpu->segment[SS];

    if (kind != KIND_SEG)
        return offset;
    if (UNLIKELY(offset + bytes > (write ? ss->write_end : ss->read_end)))
        return LINEAR_NONE;
    return (uint32_t)(ss->base + offset);
}

ALWAYS_INLINE uint64_t stack_hot_offset(const struct cpu *cpu, int64_t delta, unsigned kind)
{
    uint64_t sum = cpu->gpr[RSP] + (uint64_t)delta;

    return kind == KIND_F64 ? sum : kind == KIND_F32 ? (uint32_t)sum : sum & cpu->stack_mask;
}

ALWAYS_INLINE void stack_hot_set(struct cpu *cpu, uint64_t offset, unsigned kind)
{
    if (kind == KIND_SEG)
        stack_set(cpu, offset);
    else
        cpu->gpr[RSP] = offset;
}

/* Host address of the `bytes` below the top (to be pushed) or at the top (to be popped), NULL on a miss. */
ALWAYS_INLINE void *stack_hot_push(const struct cpu *cpu, unsigned kind, unsigned bytes, uint64_t *offset)
{
    *offset = stack_hot_offset(cpu, -(int64_t)bytes, kind);
    return hot_write(cpu, stack_hot_linear(cpu, *offset, kind, bytes, true), bytes);
}

ALWAYS_INLINE const void *stack_hot_top(const struct cpu *cpu, unsigned kind, unsigned bytes)
{
    return hot_read(cpu, stack_hot_linear(cpu, stack_hot_offset(cpu, 0, kind), kind, bytes, false), bytes);
}

/* Every width and kind that a BYW_STACK column names. */
#define STACK_FORMS(FORM)   \
    FORM(16, seg, KIND_SEG) \
    FORM(16, f32, KIND_F32) \
    FORM(16, f64, KIND_F64) \
    FORM(32, seg, KIND_SEG) \
    FORM(32, f32, KIND_F32) \
    FORM(64, f64, KIND_F64)

#endif
