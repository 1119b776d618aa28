/* What only the 8086 does: multiplication and division as its microcode computes them, with their flags and the effect of a
   REP prefix, which the microcode takes for a sign. The routine names are those that US patent 4449184 gives. */
#include "cpu/operand.h"
#include "cpu/segment.h"

ALWAYS_INLINE uint64_t negate_if(bool condition, uint64_t value, uint64_t mask)
{
    return condition ? -value & mask : value;
}

/* CORX adds and shifts; then MULCOF (IMULCOF) adds nothing (the low half's sign) to the high half to see whether it is
   significant, and all flags but CF and OF stay as that addition left them. */
ALWAYS_INLINE void multiply_86(struct cpu *cpu, const struct insn *in, uint64_t operand, bool is_signed, unsigned width)
{
    uint64_t mask = width_mask(width), a = reg_read(cpu, RAX, width);
    bool negative = (in->flags & (INSN_REP | INSN_REPNE)) != 0;

    if (is_signed) {
        bool a_negative = a >> (width - 1) & 1, operand_negative = operand >> (width - 1) & 1;

        negative ^= a_negative ^ operand_negative;
        a = negate_if(a_negative, a, mask);
        operand = negate_if(operand_negative, operand, mask);
    }
    uint64_t product = negate_if(negative, a * operand, width_mask(2 * width));
    uint64_t low = product & mask, high = product >> width, carry = is_signed ? low >> (width - 1) & 1 : 0;
    uint64_t sum = (high + carry) & mask;

    if (width == 8) {
        reg_write(cpu, RAX, product, 16);
    } else {
        reg_write(cpu, RAX, low, width);
        reg_write(cpu, RDX, high, width);
    }
    flags_set_lazy(cpu, sign_extend(sum, width), (uint64_t)(sum != 0) << 63 | ((high & 0xf) + carry > 0xf ? 8 : 0));
}

struct division_86 {
    uint64_t quotient, remainder;
    bool fits;
};

/* CORD: divides high:low by `divisor` bit by bit; the flags are those of the last comparison that decided a bit, but CF says
   whether the quotient's top bit is clear. */
static NOINLINE struct division_86 divide_86(struct cpu *cpu, uint64_t high, uint64_t low, uint64_t divisor, unsigned width)
{
    uint64_t mask = width_mask(width), quotient = 0;

    flags_subtract(cpu, high, divisor, (high - divisor) & mask, width);
    if (!flag_cf(cpu))
        return (struct division_86){0, 0, false};
    for (unsigned step = 0; step < width; step++) {
        bool out = high >> (width - 1) & 1;

        high = (high << 1 | low >> (width - 1)) & mask;
        low = low << 1 & mask;
        uint64_t difference = (high - divisor) & mask;

        if (!out)
            flags_subtract(cpu, high, divisor, difference, width);
        bool fits = out || high >= divisor;

        if (fits)
            high = difference;
        quotient = quotient << 1 | fits;
    }
    cpu->flag_aux = flags_aux_with_cf(cpu->flag_aux, !(quotient >> (width - 1)));
    return (struct division_86){quotient, high, true};
}

/* PREIDIV takes the magnitudes; POSTIDIV refuses a quotient with its top bit set (so -128 and -32768 too), puts the signs
   back and clears CF and OF. */
static NOINLINE struct division_86 divide_signed_86(struct cpu *cpu, uint64_t high, uint64_t low, uint64_t divisor,
                                                    bool repeated, unsigned width)
{
    uint64_t mask = width_mask(width);
    bool negative = high >> (width - 1) & 1, divisor_negative = divisor >> (width - 1) & 1;
    uint64_t dividend = negate_if(negative, high << width | low, width_mask(2 * width));
    struct division_86 result =
        divide_86(cpu, dividend >> width, dividend & mask, negate_if(divisor_negative, divisor, mask), width);

    if (result.quotient >> (width - 1))
        result.fits = false;
    if (result.fits)
        cpu->flag_aux &= ~(UINT64_C(3) << 62);
    result.quotient = negate_if(negative ^ divisor_negative ^ repeated, result.quotient, mask);
    result.remainder = negate_if(negative, result.remainder, mask);
    return result;
}

/* Type 0 interrupt. */
_Noreturn static NOINLINE void raise_divide_86(struct cpu *cpu, uint64_t divisor)
{
    raise_exception(cpu, VECTOR_DE, 0, divisor ? REASON_DE_OVERFLOW : REASON_DE_ZERO, cpu->gpr[RAX] & 0xffff, divisor);
}

ALWAYS_INLINE void div_or_idiv_86(struct cpu *cpu, const struct insn *in, uint64_t divisor, bool is_signed, unsigned width)
{
    uint64_t low = reg_read(cpu, RAX, width), high = width == 8 ? cpu->gpr[RAX] >> 8 & 0xff : reg_read(cpu, RDX, 16);
    struct division_86 result = is_signed
                                    ? divide_signed_86(cpu, high, low, divisor, in->flags & (INSN_REP | INSN_REPNE), width)
                                    : divide_86(cpu, high, low, divisor, width);

    if (!result.fits)
        raise_divide_86(cpu, divisor);
    if (width == 8) {
        reg_write(cpu, RAX, result.remainder << 8 | result.quotient, 16);
    } else {
        reg_write(cpu, RAX, result.quotient, 16);
        reg_write(cpu, RDX, result.remainder, 16);
    }
}

#define BODY_86(name, helper, is_signed, W)                 \
    BODY(name##_86_##W)                                     \
    {                                                       \
        cpu->in = in;                                       \
        helper(cpu, in, rm_read(cpu, in, W), is_signed, W); \
        NEXT_COLD;                                          \
    }
#define BODIES_86(name, helper, is_signed) BODY_86(name, helper, is_signed, 8) BODY_86(name, helper, is_signed, 16)
BODIES_86(mul, multiply_86, false)
BODIES_86(imul, multiply_86, true)
BODIES_86(div, div_or_idiv_86, false)
BODIES_86(idiv, div_or_idiv_86, true)

/* AAM divides 00:AL by the immediate with CORD; its result's flags replace CORD's. */
BODY(aam_86)
{
    cpu->in = in;
    struct division_86 result = divide_86(cpu, 0, reg_read(cpu, RAX, 8), in->imm & 0xff, 8);

    if (!result.fits)
        raise_divide_86(cpu, 0);
    reg_write(cpu, RAX, result.quotient << 8 | result.remainder, 16);
    flags_logic(cpu, result.remainder, 8);
    NEXT;
}
