/* Bits: BT BTS BTR BTC, BSF BSR, BSWAP, SETcc, CMOVcc (SDM 2). */
#include "cpu/operand.h"

/* --- BT BTS BTR BTC: only CF changes ---------------------------------------------------------------------------- */

enum bit_operation { BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT };

ALWAYS_INLINE uint64_t bit_operate(struct cpu *cpu, uint64_t value, unsigned bit, enum bit_operation operation)
{
    uint64_t mask = UINT64_C(1) << bit;

    cpu->flag_aux = flags_aux_with_cf(cpu->flag_aux, (value & mask) != 0);
    return operation == BIT_SET          ? value | mask
           : operation == BIT_RESET      ? value & ~mask
           : operation == BIT_COMPLEMENT ? value ^ mask
                                         : value;
}

/* Offset of the unit that holds bit `index` (signed) of the bit string at the memory operand. */
ALWAYS_INLINE uint64_t bit_string_address(struct cpu *cpu, const struct insn *in, uint64_t index, unsigned width)
{
    int64_t unit = (int64_t)sign_extend(index, width) >> (width == 64 ? 6 : width == 32 ? 5 : 4);

    return (effective_sum(cpu, in) + (uint64_t)unit * (width / 8)) & address_mask(in);
}

ALWAYS_INLINE void bit_body(struct cpu *cpu, const struct insn *in, uint64_t index, bool by_register,
                            enum bit_operation operation, unsigned width)
{
    unsigned bit = index & (width - 1);

    if (!(in->flags & INSN_MEMORY)) {
        uint64_t value = bit_operate(cpu, reg_read(cpu, in->dst, width), bit, operation);

        if (operation != BIT_TEST)
            reg_write(cpu, in->dst, value, width);
        return;
    }
    uint64_t address = by_register ? bit_string_address(cpu, in, index, width) : effective_address(cpu, in);

    if (operation == BIT_TEST) {
        bit_operate(cpu, memory_read(cpu, in->segment, address, width / 8), bit, operation);
    } else {
        uint64_t value = memory_read_for_write(cpu, in->segment, address, width / 8);

        memory_write_back(cpu, bit_operate(cpu, value, bit, operation));
    }
}

#define BODY_BIT(name, operation, W)                                      \
    BODY(name##_reg_##W)                                                  \
    {                                                                     \
        cpu->in = in;                                                     \
        bit_body(cpu, in, reg_read(cpu, in->src, W), true, operation, W); \
        NEXT_COLD;                                                        \
    }                                                                     \
    BODY(name##_imm_##W)                                                  \
    {                                                                     \
        cpu->in = in;                                                     \
        bit_body(cpu, in, in->imm, false, operation, W);                  \
        NEXT_COLD;                                                        \
    }
EACH_OPERAND_SIZE(BODY_BIT, bt, BIT_TEST)
EACH_OPERAND_SIZE(BODY_BIT, bts, BIT_SET)
EACH_OPERAND_SIZE(BODY_BIT, btr, BIT_RESET)
EACH_OPERAND_SIZE(BODY_BIT, btc, BIT_COMPLEMENT)

/* --- BSF BSR: a zero source sets ZF and leaves the destination, as Intel's processors do ------------------------ */

/* ZF tells whether the source is zero. The others are undefined: CF, OF, SF and AF 0, PF by the index. */
ALWAYS_INLINE void flags_scan(struct cpu *cpu, bool found, unsigned index)
{
    flags_set_lazy(cpu, found ? 0x100 | index : 0, 0);
}

ALWAYS_INLINE uint64_t alu_bsf(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    (void)width;
    unsigned index = b ? (unsigned)__builtin_ctzll(b) : 0;

    flags_scan(cpu, b, index);
    return b ? index : a;
}

ALWAYS_INLINE uint64_t alu_bsr(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    (void)width;
    unsigned index = b ? 63 - (unsigned)__builtin_clzll(b) : 0;

    flags_scan(cpu, b, index);
    return b ? index : a;
}

#define FAMILY_SCAN(name, OP, W) TEMPLATE_RR(name, OP, W) FORM_RM(name, OP, W)
EACH_OPERAND_SIZE(FAMILY_SCAN, bsf, alu_bsf)
EACH_OPERAND_SIZE(FAMILY_SCAN, bsr, alu_bsr)

/* --- BSWAP ------------------------------------------------------------------------------------------------------ */

BODY(bswap_16) /* undefined: the result is 0 */
{
    reg_write(cpu, in->dst, 0, 16);
    NEXT;
}

BODY(bswap_32)
{
    reg_write(cpu, in->dst, __builtin_bswap32((uint32_t)cpu->gpr[in->dst]), 32);
    NEXT;
}

BODY(bswap_64)
{
    reg_write(cpu, in->dst, __builtin_bswap64(cpu->gpr[in->dst]), 64);
    NEXT;
}

/* --- SETcc, CMOVcc ---------------------------------------------------------------------------------------------- */

#define CONDITION_FAMILY(cc, code)                                                               \
    ALWAYS_INLINE uint64_t alu_set##cc(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)  \
    {                                                                                            \
        (void)a, (void)b, (void)width;                                                           \
        return flags_condition(cpu, code);                                                       \
    }                                                                                            \
    BODY(set##cc##_r_8)                                                                          \
    {                                                                                            \
        reg_write(cpu, in->dst, flags_condition(cpu, code), 8);                                  \
        NEXT;                                                                                    \
    }                                                                                            \
    FORM_STORE(set##cc, m, alu_set##cc, 8, SOURCE_NONE)                                          \
    ALWAYS_INLINE uint64_t alu_cmov##cc(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width) \
    {                                                                                            \
        (void)width;                                                                             \
        return flags_condition(cpu, code) ? b : a;                                               \
    }                                                                                            \
    EACH_OPERAND_SIZE(FAMILY_SCAN, cmov##cc, alu_cmov##cc)
CONDITION_FAMILY(o, 0x0)
CONDITION_FAMILY(no, 0x1)
CONDITION_FAMILY(b, 0x2)
CONDITION_FAMILY(nb, 0x3)
CONDITION_FAMILY(z, 0x4)
CONDITION_FAMILY(nz, 0x5)
CONDITION_FAMILY(be, 0x6)
CONDITION_FAMILY(nbe, 0x7)
CONDITION_FAMILY(s, 0x8)
CONDITION_FAMILY(ns, 0x9)
CONDITION_FAMILY(p, 0xa)
CONDITION_FAMILY(np, 0xb)
CONDITION_FAMILY(l, 0xc)
CONDITION_FAMILY(nl, 0xd)
CONDITION_FAMILY(le, 0xe)
CONDITION_FAMILY(nle, 0xf)
