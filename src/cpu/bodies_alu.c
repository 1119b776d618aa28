/* ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NOT NEG: one value function each, the templates do the rest. */
#include "cpu/body.h"

ALWAYS_INLINE uint64_t op_add(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result = a + b;

    flags_add(cpu, a, b, result, width);
    return result;
}

ALWAYS_INLINE uint64_t op_adc(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result = a + b + flag_cf(cpu);

    flags_add(cpu, a, b, result, width);
    return result;
}

ALWAYS_INLINE uint64_t op_sub(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result = a - b;

    flags_subtract(cpu, a, b, result, width);
    return result;
}

ALWAYS_INLINE uint64_t op_sbb(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t result = a - b - flag_cf(cpu);

    flags_subtract(cpu, a, b, result, width);
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
    flags_subtract(cpu, a, b, a - b, width);
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

    flags_add(cpu, a, 1, result, width);
    cpu->flag_aux = flags_aux_with_cf(cpu->flag_aux, cf);
    return result;
}

ALWAYS_INLINE uint64_t op_dec(struct cpu *cpu, uint64_t a, uint64_t none, unsigned width)
{
    bool cf = flag_cf(cpu);
    uint64_t result = a - 1 - none;

    flags_subtract(cpu, a, 1, result, width);
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

    flags_subtract(cpu, none, a, result, width);
    return result;
}

FAMILY_BINARY(add, op_add)
FAMILY_BINARY(or, op_or)
FAMILY_BINARY(adc, op_adc)
FAMILY_BINARY(sbb, op_sbb)
FAMILY_BINARY(and, op_and)
FAMILY_BINARY(sub, op_sub)
FAMILY_BINARY(xor, op_xor)
FAMILY_CONSUME(cmp, op_cmp)
FAMILY_CONSUME(test, op_test)
FAMILY_UNARY(inc, op_inc, SOURCE_NONE)
FAMILY_UNARY(dec, op_dec, SOURCE_NONE)
FAMILY_UNARY(not, op_not, SOURCE_NONE)
FAMILY_UNARY(neg, op_neg, SOURCE_NONE)
