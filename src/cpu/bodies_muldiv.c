/* MUL, IMUL, DIV and IDIV (SDM 2), with the flags that the manual leaves undefined.

   MUL and IMUL leave SF, ZF, AF and PF undefined. Processors from the 80386 on follow what current Intel cores do: SF and PF
   from the low half of the product, ZF and AF 0. The 80286 sets SF, ZF and PF from the high half and AF to 1. DIV and IDIV
   leave all six undefined: unchanged from the 80386 on; the 80286 sets SF, ZF and PF from the remainder, AF to 1 and OF
   equal to CF. What the 8086 does follows from its microcode: bodies_8086.c. */
#include "cpu/operand.h"

__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

/* --- multiplication --------------------------------------------------------------------------------------------- */

/* CF and OF together tell that the high half is significant. */
ALWAYS_INLINE void flags_multiply(struct cpu *cpu, uint64_t low, bool significant, unsigned width)
{
    /* a result with the low byte's parity and no sign, but not zero, keeps ZF 0 */
    flags_set_lazy(cpu, low ? sign_extend(low, width) : 0x100, (uint64_t)significant << 63);
}

struct product {
    uint64_t low, high;
};

ALWAYS_INLINE struct product multiply_unsigned(uint64_t a, uint64_t b, unsigned width)
{
    if (width == 64) {
        uint128 product = (uint128)a * b;

        return (struct product){(uint64_t)product, (uint64_t)(product >> 64)};
    }
    uint64_t product = a * b;

    return (struct product){product & width_mask(width), product >> width & width_mask(width)};
}

ALWAYS_INLINE struct product multiply_signed(uint64_t a, uint64_t b, unsigned width)
{
    if (width == 64) {
        int128 product = (int128)(int64_t)a * (int64_t)b;

        return (struct product){(uint64_t)product, (uint64_t)((uint128)product >> 64)};
    }
    uint64_t product = sign_extend(a, width) * sign_extend(b, width);

    return (struct product){product & width_mask(width), product >> width & width_mask(width)};
}

ALWAYS_INLINE bool signed_significant(struct product product, unsigned width)
{
    return product.high != (product.low >> (width - 1) & 1 ? width_mask(width) : 0);
}

/* AX for bytes, else rDX:rAX. */
ALWAYS_INLINE void product_write(struct cpu *cpu, struct product product, unsigned width)
{
    if (width == 8) {
        reg_write(cpu, RAX, product.high << 8 | product.low, 16);
    } else {
        reg_write(cpu, RAX, product.low, width);
        reg_write(cpu, RDX, product.high, width);
    }
}

ALWAYS_INLINE void alu_mul(struct cpu *cpu, uint64_t operand, unsigned width)
{
    struct product product = multiply_unsigned(reg_read(cpu, RAX, width), operand, width);

    product_write(cpu, product, width);
    flags_multiply(cpu, product.low, product.high != 0, width);
}

ALWAYS_INLINE void alu_imul(struct cpu *cpu, uint64_t operand, unsigned width)
{
    struct product product = multiply_signed(reg_read(cpu, RAX, width), operand, width);

    product_write(cpu, product, width);
    flags_multiply(cpu, product.low, signed_significant(product, width), width);
}

ALWAYS_INLINE uint64_t alu_imul2(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    struct product product = multiply_signed(a, b, width);

    flags_multiply(cpu, product.low, signed_significant(product, width), width);
    return product.low;
}

/* One operand, read only: OP(cpu, operand, other, width). */
#define FAMILY_OPERAND_W(name, OP, W)             \
    BODY(name##_r_##W)                            \
    {                                             \
        OP(cpu, reg_read(cpu, in->dst, W), 0, W); \
        NEXT;                                     \
    }                                             \
    FORM_CONSUME(name, m, OP, W, CONSUME_MEMORY_FIRST, SOURCE_NONE)
#define FAMILY_OPERAND(name, OP) EACH_WIDTH(FAMILY_OPERAND_W, name, OP)

#define OP_MUL(cpu, a, other, width) alu_mul(cpu, a, width)
#define OP_IMUL(cpu, a, other, width) alu_imul(cpu, a, width)
FAMILY_OPERAND(mul, OP_MUL)
FAMILY_OPERAND(imul, OP_IMUL)

/* IMUL r, r/m and IMUL r, r/m, imm: the second multiplies the source by the immediate and does not read the destination. */
#define OP_IMUL3(cpu, a, b, width) alu_imul2(cpu, b, in->imm &width_mask(width), width)
#define FAMILY_IMUL(name, OP, W) TEMPLATE_RR(name, OP, W) FORM_RM(name, OP, W)
EACH_OPERAND_SIZE(FAMILY_IMUL, imul2, alu_imul2)
EACH_OPERAND_SIZE(FAMILY_IMUL, imul3, OP_IMUL3)

/* --- division --------------------------------------------------------------------------------------------------- */

_Noreturn static NOINLINE void raise_divide(struct cpu *cpu, const struct insn *in, uint64_t dividend, uint64_t divisor)
{
    cpu->in = in;
    raise_exception(cpu, VECTOR_DE, 0, divisor ? REASON_DE_OVERFLOW : REASON_DE_ZERO, dividend, divisor);
}

struct quotient {
    uint64_t quotient, remainder;
    bool fits;
};

ALWAYS_INLINE struct quotient divide_unsigned(uint64_t high, uint64_t low, uint64_t divisor, unsigned width)
{
    if (high >= divisor) /* a zero divisor too */
        return (struct quotient){0, 0, false};
    if (width == 64) {
        uint128 dividend = (uint128)high << 64 | low;

        if (!high)
            return (struct quotient){low / divisor, low % divisor, true};
        return (struct quotient){(uint64_t)(dividend / divisor), (uint64_t)(dividend % divisor), true};
    }
    uint64_t dividend = high << width | low;

    return (struct quotient){dividend / divisor, dividend % divisor, true};
}

/* By magnitudes; the remainder has the dividend's sign. -2^(width-1) is a quotient since the 80186. */
ALWAYS_INLINE struct quotient divide_signed(uint64_t high, uint64_t low, uint64_t divisor, unsigned width)
{
    uint64_t mask = width_mask(width);
    bool negative = high >> (width - 1) & 1, divisor_negative = divisor >> (width - 1) & 1;

    if (negative) {
        low = -low & mask;
        high = (~high + !low) & mask;
    }
    struct quotient result = divide_unsigned(high, low, divisor_negative ? -divisor & mask : divisor, width);

    if (result.quotient > (mask >> 1) + (negative != divisor_negative))
        result.fits = false;
    if (negative != divisor_negative)
        result.quotient = -result.quotient & mask;
    if (negative)
        result.remainder = -result.remainder & mask;
    return result;
}

ALWAYS_INLINE uint64_t dividend_high(const struct cpu *cpu, unsigned width)
{
    return width == 8 ? cpu->gpr[RAX] >> 8 & 0xff : reg_read(cpu, RDX, width);
}

ALWAYS_INLINE void quotient_write(struct cpu *cpu, struct quotient result, unsigned width)
{
    product_write(cpu, (struct product){result.quotient, result.remainder}, width);
}

ALWAYS_INLINE struct quotient alu_div(struct cpu *cpu, const struct insn *in, uint64_t divisor, unsigned width)
{
    uint64_t low = reg_read(cpu, RAX, width);
    struct quotient result = divide_unsigned(dividend_high(cpu, width), low, divisor, width);

    if (UNLIKELY(!result.fits))
        raise_divide(cpu, in, low, divisor);
    quotient_write(cpu, result, width);
    return result;
}

ALWAYS_INLINE struct quotient alu_idiv(struct cpu *cpu, const struct insn *in, uint64_t divisor, unsigned width)
{
    uint64_t low = reg_read(cpu, RAX, width);
    struct quotient result = divide_signed(dividend_high(cpu, width), low, divisor, width);

    if (UNLIKELY(!result.fits))
        raise_divide(cpu, in, low, divisor);
    quotient_write(cpu, result, width);
    return result;
}

#define OP_DIV(cpu, a, other, width) alu_div(cpu, in, a, width)
#define OP_IDIV(cpu, a, other, width) alu_idiv(cpu, in, a, width)
FAMILY_OPERAND(div, OP_DIV)
FAMILY_OPERAND(idiv, OP_IDIV)

/* --- 80186 and 80286 -------------------------------------------------------------------------------------------- */

/* SF, ZF and PF from `value`, AF 1, CF and OF as given. */
ALWAYS_INLINE void flags_286(struct cpu *cpu, uint64_t value, bool carry, unsigned width)
{
    flags_set_lazy(cpu, sign_extend(value, width), (uint64_t)carry << 63 | 8);
}

ALWAYS_INLINE void mul_286(struct cpu *cpu, const struct insn *in, uint64_t operand, unsigned width)
{
    (void)in;
    struct product product = multiply_unsigned(reg_read(cpu, RAX, width), operand, width);

    product_write(cpu, product, width);
    flags_286(cpu, product.high, product.high != 0, width);
}

ALWAYS_INLINE void imul_286(struct cpu *cpu, const struct insn *in, uint64_t operand, unsigned width)
{
    (void)in;
    struct product product = multiply_signed(reg_read(cpu, RAX, width), operand, width);

    product_write(cpu, product, width);
    flags_286(cpu, product.high, signed_significant(product, width), width);
}

/* CF is the borrow of the last trial subtraction, made without the bit that was shifted out before it. */
ALWAYS_INLINE void div_286(struct cpu *cpu, const struct insn *in, uint64_t divisor, unsigned width)
{
    struct quotient result = alu_div(cpu, in, divisor, width);
    bool borrow = !(result.quotient & 1) || (result.remainder + divisor) >> width;

    flags_286(cpu, result.remainder, borrow, width);
}

/* IDIV makes the magnitudes' quotient bit by bit and only then looks whether it has the right sign. The partial remainder
   has no room for a bit shifted out of it, which no quotient that fits needs; one that does not may so come out as exactly
   -2^(width-1), and no exception is raised (captured: B0E3h by 1Eh gives 80h, remainder E3h). */
static NOINLINE struct quotient divide_signed_286(uint64_t high, uint64_t low, uint64_t divisor, unsigned width)
{
    uint64_t mask = width_mask(width), top = UINT64_C(1) << (width - 1);
    bool negative = high & top, quotient_negative = negative != !!(divisor & top);
    struct quotient result = {0, 0, true};

    if (negative) {
        low = -low & mask;
        high = (~high + !low) & mask;
    }
    if (divisor & top)
        divisor = -divisor & mask;
    for (unsigned step = 0; step < width; step++) {
        high = (high << 1 | low >> (width - 1)) & mask;
        low = low << 1 & mask;
        result.quotient = result.quotient << 1 | (high >= divisor);
        if (high >= divisor)
            high -= divisor;
    }
    result.fits = !(result.quotient & top) || (quotient_negative && result.quotient == top);
    if (quotient_negative)
        result.quotient = -result.quotient & mask;
    result.remainder = negative ? -high & mask : high;
    return result;
}

ALWAYS_INLINE void idiv_286(struct cpu *cpu, const struct insn *in, uint64_t divisor, unsigned width)
{
    uint64_t low = reg_read(cpu, RAX, width);
    struct quotient result = divide_signed_286(dividend_high(cpu, width), low, divisor, width);

    if (UNLIKELY(!result.fits))
        raise_divide(cpu, in, low, divisor);
    quotient_write(cpu, result, width);
    flags_286(cpu, result.remainder, !(divisor >> (width - 1)), width);
}

#define BODY_OPERAND_286(name, W)              \
    BODY(name##_##W)                           \
    {                                          \
        cpu->in = in;                          \
        name(cpu, in, rm_read(cpu, in, W), W); \
        NEXT_COLD;                             \
    }
#define BODIES_OPERAND_286(name) BODY_OPERAND_286(name, 8) BODY_OPERAND_286(name, 16)
BODIES_OPERAND_286(mul_286)
BODIES_OPERAND_286(imul_286)
BODIES_OPERAND_286(div_286)
BODIES_OPERAND_286(idiv_286)

BODY(imul3_286_16)
{
    cpu->in = in;
    struct product product = multiply_signed(rm_read_source(cpu, in, 16), in->imm & 0xffff, 16);

    reg_write(cpu, in->dst, product.low, 16);
    flags_286(cpu, product.high, signed_significant(product, 16), 16);
    NEXT_COLD;
}
