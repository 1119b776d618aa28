/* Shifts and rotates: ROL ROR RCL RCR SHL SHR SAR by 1, imm8 and CL, SHLD and SHRD (SDM 2).

   OF after counts above 1 is undefined in the manual. Every processor known from captured vectors gives what a sequence of
   single shifts gives, so that rule is used everywhere. AF is undefined too: SHL gives bit 4 of the result on 8086 and
   80286, SHR and SAR give 0 on the 8086 and 1 on the 80286; newer processors clear it. */
#include "cpu/operand.h"

/* CF and OF of a rotate; the other flags stay. */
ALWAYS_INLINE void flags_rotate(struct cpu *cpu, bool cf, bool of)
{
    cpu->flag_aux = (cpu->flag_aux & ~(UINT64_C(3) << 62)) | (uint64_t)cf << 63 | (uint64_t)(cf ^ of) << 62;
}

ALWAYS_INLINE void flags_shift(struct cpu *cpu, uint64_t result, bool cf, bool of, bool af, unsigned width)
{
    flags_set_lazy(cpu, sign_extend(result, width), (uint64_t)cf << 63 | (uint64_t)(cf ^ of) << 62 | (uint64_t)af << 3);
}

ALWAYS_INLINE bool top_bit(uint64_t value, unsigned width)
{
    return value >> (width - 1) & 1;
}

/* OF of a shift to the right: the last single step changed the sign. */
ALWAYS_INLINE bool right_overflow(uint64_t result, unsigned width)
{
    return (result >> (width - 1) ^ result >> (width - 2)) & 1;
}

ALWAYS_INLINE uint64_t alu_rol(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    if (!count)
        return a;
    unsigned turn = count & (width - 1);
    uint64_t result = turn ? (a << turn | a >> (width - turn)) & width_mask(width) : a;

    flags_rotate(cpu, result & 1, top_bit(result, width) ^ (result & 1));
    return result;
}

ALWAYS_INLINE uint64_t alu_ror(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    if (!count)
        return a;
    unsigned turn = count & (width - 1);
    uint64_t result = turn ? (a >> turn | a << (width - turn)) & width_mask(width) : a;

    flags_rotate(cpu, top_bit(result, width), right_overflow(result, width));
    return result;
}

/* Through carry: a ring of width + 1 bits. */
ALWAYS_INLINE uint64_t alu_rcl(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    if (!count)
        return a;
    uint64_t cf = flag_cf(cpu), result = a;
    unsigned turn = count % (width + 1);

    if (turn) {
        /* the parts are shifted in two steps where the whole distance may be the width */
        result = (a << (turn - 1) << 1 | cf << (turn - 1) | a >> (width - turn) >> 1) & width_mask(width);
        cf = a >> (width - turn) & 1;
    }
    flags_rotate(cpu, cf, top_bit(result, width) ^ cf);
    return result;
}

ALWAYS_INLINE uint64_t alu_rcr(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    if (!count)
        return a;
    uint64_t cf = flag_cf(cpu), result = a;
    unsigned turn = count % (width + 1);

    if (turn) {
        result = (a >> (turn - 1) >> 1 | cf << (width - turn) | a << (width - turn) << 1) & width_mask(width);
        cf = a >> (turn - 1) & 1;
    }
    flags_rotate(cpu, cf, right_overflow(result, width));
    return result;
}

/* `count` may exceed the width for 8 and 16 bits (and for all widths on the 8086, which does not mask it). */
ALWAYS_INLINE uint64_t shl_with(struct cpu *cpu, uint64_t a, unsigned count, unsigned width, bool auxiliary)
{
    if (!count)
        return a;
    uint64_t before = count > 64 ? 0 : a << (count - 1); /* all but the last step */
    uint64_t result = before << 1 & width_mask(width);
    bool cf = top_bit(before, width);

    flags_shift(cpu, result, cf, top_bit(result, width) ^ cf, auxiliary && (result & 0x10), width);
    return result;
}

ALWAYS_INLINE uint64_t shr_with(struct cpu *cpu, uint64_t a, unsigned count, unsigned width, bool auxiliary)
{
    if (!count)
        return a;
    uint64_t before = count > 64 ? 0 : a >> (count - 1);
    uint64_t result = before >> 1;

    flags_shift(cpu, result, before & 1, right_overflow(result, width), auxiliary, width);
    return result;
}

ALWAYS_INLINE uint64_t sar_with(struct cpu *cpu, uint64_t a, unsigned count, unsigned width, bool auxiliary)
{
    if (!count)
        return a;
    int64_t before = (int64_t)sign_extend(a, width) >> (count > 64 ? 63 : count - 1);
    uint64_t result = (uint64_t)(before >> 1) & width_mask(width);

    flags_shift(cpu, result, before & 1, false, auxiliary, width);
    return result;
}

ALWAYS_INLINE uint64_t alu_shl(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    return shl_with(cpu, a, count, width, false);
}

ALWAYS_INLINE uint64_t alu_shr(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    return shr_with(cpu, a, count, width, false);
}

ALWAYS_INLINE uint64_t alu_sar(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    return sar_with(cpu, a, count, width, false);
}

/* Where the count comes from; masked as the 80186 and everything newer does. */
#define COUNT_MASK(W) ((W) == 64 ? 63 : 31)
#define COUNT_ONE(W) 1
#define COUNT_IMM(W) ((unsigned)in->imm & COUNT_MASK(W))
#define COUNT_CL(W) ((unsigned)cpu->gpr[RCX] & COUNT_MASK(W))

#define SHIFT_FAMILY(name)                          \
    FAMILY_UNARY(name##_1, alu_##name, COUNT_ONE)   \
    FAMILY_UNARY(name##_imm, alu_##name, COUNT_IMM) \
    FAMILY_UNARY(name##_cl, alu_##name, COUNT_CL)
SHIFT_FAMILY(rol)
SHIFT_FAMILY(ror)
SHIFT_FAMILY(rcl)
SHIFT_FAMILY(rcr)
SHIFT_FAMILY(shl)
SHIFT_FAMILY(shr)
SHIFT_FAMILY(sar)

/* --- 8086 to 80286: AF as that silicon leaves it, counts whole on the 8086 -------------------------------------- */

ALWAYS_INLINE uint64_t shl_86(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    return shl_with(cpu, a, count, width, true);
}

ALWAYS_INLINE uint64_t shr_286(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    return shr_with(cpu, a, count, width, true);
}

ALWAYS_INLINE uint64_t sar_286(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    return sar_with(cpu, a, count, width, true);
}

/* SETMO and SETMOC, /6 on the 8086: minus one, with the flags of an OR; SETMOC only where CL is not 0. */
ALWAYS_INLINE uint64_t setmo_86(struct cpu *cpu, uint64_t a, unsigned count, unsigned width)
{
    if (!count)
        return a;
    flags_logic(cpu, width_mask(width), width);
    return width_mask(width);
}

#define COUNT_CL_WHOLE(W) ((unsigned)cpu->gpr[RCX] & 0xff)
#define BODY_SHIFT_OLD(name, OP, COUNT, W)                                      \
    BODY(name##_##W)                                                            \
    {                                                                           \
        cpu->in = in;                                                           \
        rm_modify_end(cpu, in, OP(cpu, rm_modify(cpu, in, W), COUNT(W), W), W); \
        NEXT_COLD;                                                              \
    }
#define BODIES_SHIFT_OLD(name, OP, COUNT) BODY_SHIFT_OLD(name, OP, COUNT, 8) BODY_SHIFT_OLD(name, OP, COUNT, 16)
BODIES_SHIFT_OLD(shl_1_86, shl_86, COUNT_ONE)
BODIES_SHIFT_OLD(shl_imm_286, shl_86, COUNT_IMM)
BODIES_SHIFT_OLD(shl_cl_286, shl_86, COUNT_CL)
BODIES_SHIFT_OLD(shr_1_286, shr_286, COUNT_ONE)
BODIES_SHIFT_OLD(shr_imm_286, shr_286, COUNT_IMM)
BODIES_SHIFT_OLD(shr_cl_286, shr_286, COUNT_CL)
BODIES_SHIFT_OLD(sar_1_286, sar_286, COUNT_ONE)
BODIES_SHIFT_OLD(sar_imm_286, sar_286, COUNT_IMM)
BODIES_SHIFT_OLD(sar_cl_286, sar_286, COUNT_CL)
BODIES_SHIFT_OLD(rol_cl_86, alu_rol, COUNT_CL_WHOLE)
BODIES_SHIFT_OLD(ror_cl_86, alu_ror, COUNT_CL_WHOLE)
BODIES_SHIFT_OLD(rcl_cl_86, alu_rcl, COUNT_CL_WHOLE)
BODIES_SHIFT_OLD(rcr_cl_86, alu_rcr, COUNT_CL_WHOLE)
BODIES_SHIFT_OLD(shl_cl_86, shl_86, COUNT_CL_WHOLE)
BODIES_SHIFT_OLD(shr_cl_86, alu_shr, COUNT_CL_WHOLE)
BODIES_SHIFT_OLD(sar_cl_86, alu_sar, COUNT_CL_WHOLE)
BODIES_SHIFT_OLD(setmo_1, setmo_86, COUNT_ONE)
BODIES_SHIFT_OLD(setmo_cl, setmo_86, COUNT_CL_WHOLE)

/* --- SHLD, SHRD ----------------------------------------------------------------------------------------------------
   Counts above 16 with 16-bit operands are undefined in the manual; Intel's processors shift a ring dst:src:dst. */

ALWAYS_INLINE uint64_t alu_shld(struct cpu *cpu, uint64_t a, uint64_t b, unsigned count, unsigned width)
{
    if (!count)
        return a;
    uint64_t result;
    bool cf;

    if (width == 16) {
        uint64_t ring = a << 32 | b << 16 | a;

        result = ring << count >> 32 & 0xffff;
        cf = ring >> (48 - count) & 1;
    } else {
        result = (a << count | b >> (width - count)) & width_mask(width);
        cf = a >> (width - count) & 1;
    }
    flags_shift(cpu, result, cf, top_bit(result, width) ^ cf, false, width);
    return result;
}

ALWAYS_INLINE uint64_t alu_shrd(struct cpu *cpu, uint64_t a, uint64_t b, unsigned count, unsigned width)
{
    if (!count)
        return a;
    uint64_t result;

    if (width == 16)
        result = (a << 32 | b << 16 | a) >> count & 0xffff;
    else
        result = (a >> count | b << (width - count)) & width_mask(width);
    /* the ring's low part is `a` for every width, so CF is its bit unless a 16-bit count reached into `b` */
    bool cf = (width == 16 ? (b << 16 | a) >> (count - 1) : a >> (count - 1)) & 1;

    flags_shift(cpu, result, cf, right_overflow(result, width), false, width);
    return result;
}

#define BODY_SHIFT_DOUBLE(name, OP, COUNT, W)                                                              \
    BODY(name##_##W)                                                                                       \
    {                                                                                                      \
        cpu->in = in;                                                                                      \
        rm_modify_end(cpu, in, OP(cpu, rm_modify(cpu, in, W), reg_read(cpu, in->src, W), COUNT(W), W), W); \
        NEXT_COLD;                                                                                         \
    }
EACH_OPERAND_SIZE(BODY_SHIFT_DOUBLE, shld_imm, alu_shld, COUNT_IMM)
EACH_OPERAND_SIZE(BODY_SHIFT_DOUBLE, shld_cl, alu_shld, COUNT_CL)
EACH_OPERAND_SIZE(BODY_SHIFT_DOUBLE, shrd_imm, alu_shrd, COUNT_IMM)
EACH_OPERAND_SIZE(BODY_SHIFT_DOUBLE, shrd_cl, alu_shrd, COUNT_CL)
