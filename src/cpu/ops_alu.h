/* The value functions of the commonest instructions: OP(cpu, a, b, width) returns the new destination and sets flags. Their
   bodies are instantiated in bodies_alu.c and bodies_move.c, and with registers as constants in bodies_constant.c. */
#ifndef TRUEBOX_CPU_OPS_ALU_H
#define TRUEBOX_CPU_OPS_ALU_H

#include "cpu/body.h"

/* Operands come without bits above the width (reg_read, host_load, width_mask), results with the carry in the bit above it. */
ALWAYS_INLINE void op_flags_add(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t result, unsigned width)
{
    if (width == 64)
        flags_add(cpu, a, b, result, width);
    else
        flags_of_sum(cpu, a, b, result, width);
}

ALWAYS_INLINE void op_flags_subtract(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t result, unsigned width)
{
    if (width == 64)
        flags_subtract(cpu, a, b, result, width);
    else
        flags_of_sum(cpu, a, b, result, width);
}

ALWAYS_INLINE uint64_t op_add(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result = a + b;

    op_flags_add(cpu, a, b, result, width);
    return result;
}

ALWAYS_INLINE uint64_t op_adc(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result = a + b + flag_cf(cpu);

    op_flags_add(cpu, a, b, result, width);
    return result;
}

ALWAYS_INLINE uint64_t op_sub(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result = a - b;

    op_flags_subtract(cpu, a, b, result, width);
    return result;
}

ALWAYS_INLINE uint64_t op_sbb(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result = a - b - flag_cf(cpu);

    op_flags_subtract(cpu, a, b, result, width);
    return result;
}

ALWAYS_INLINE uint64_t op_or(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    flags_logic(cpu, a | b, width);
    return a | b;
}

ALWAYS_INLINE uint64_t op_and(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    flags_logic(cpu, a & b, width);
    return a & b;
}

ALWAYS_INLINE uint64_t op_xor(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    flags_logic(cpu, a ^ b, width);
    return a ^ b;
}

ALWAYS_INLINE void op_cmp(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    op_flags_subtract(cpu, a, b, a - b, width);
}

ALWAYS_INLINE void op_test(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    flags_logic(cpu, a & b, width);
}

/* INC and DEC keep CF. */
ALWAYS_INLINE uint64_t op_inc(struct cpu *cpu, uint64_t a, uint64_t none, unsigned width)
{
    bool cf = flag_cf(cpu);
    uint64_t result = a + 1 + none;

    op_flags_add(cpu, a, 1, result, width);
    cpu->flag_aux = flags_aux_with_cf(cpu->flag_aux, cf);
    return result;
}

ALWAYS_INLINE uint64_t op_dec(struct cpu *cpu, uint64_t a, uint64_t none, unsigned width)
{
    bool cf = flag_cf(cpu);
    uint64_t result = a - 1 - none;

    op_flags_subtract(cpu, a, 1, result, width);
    cpu->flag_aux = flags_aux_with_cf(cpu->flag_aux, cf);
    return result;
}

ALWAYS_INLINE uint64_t op_not(struct cpu *cpu, uint64_t a, uint64_t none, unsigned width)
{
    (void)cpu;
    (void)width;
    return ~a | none;
}

ALWAYS_INLINE uint64_t op_neg(struct cpu *cpu, uint64_t a, uint64_t none, unsigned width)
{
    uint64_t result = none - a;

    op_flags_subtract(cpu, none, a, result, width);
    return result;
}

ALWAYS_INLINE uint64_t op_mov(struct cpu *cpu, uint64_t old, uint64_t source, unsigned width)
{
    (void)cpu;
    (void)old;
    (void)width;
    return source;
}

#endif
