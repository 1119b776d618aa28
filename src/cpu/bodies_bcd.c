/* Decimal adjustments: DAA DAS AAA AAS AAM AAD (SDM 2), with the flags that the manual leaves undefined: OF of the adjusting
   addition or subtraction everywhere; for AAA and AAS also its SF, ZF and PF, as captured from 8086 and 80286. */
#include "cpu/operand.h"

ALWAYS_INLINE uint64_t adjust(struct cpu *cpu, uint64_t al, uint64_t by, bool subtract)
{
    uint64_t result = (subtract ? al - by : al + by) & 0xff;

    if (subtract)
        flags_subtract(cpu, al, by, result, 8);
    else
        flags_add(cpu, al, by, result, 8);
    return result;
}

ALWAYS_INLINE void flags_replace_cf_af(struct cpu *cpu, bool cf, bool af)
{
    cpu->flag_aux = (flags_aux_with_cf(cpu->flag_aux, cf) & ~UINT64_C(8)) | (uint64_t)af << 3;
}

/* `limit`: what the 8086 compares AL with is 9Fh instead of 99h while AF is set; `low_borrow`: from the 80286 on a borrow of
   the low adjustment of DAS sets CF. */
ALWAYS_INLINE void decimal_adjust(struct cpu *cpu, bool subtract, bool is_8086)
{
    uint64_t al = reg_read(cpu, RAX, 8);
    bool low = (al & 0xf) > 9 || flag_af(cpu);
    bool high = al > (is_8086 && flag_af(cpu) ? 0x9f : 0x99) || flag_cf(cpu);
    bool cf = high || (!is_8086 && subtract && low && al < 6);

    reg_write(cpu, RAX, adjust(cpu, al, (low ? 6 : 0) + (high ? 0x60 : 0), subtract), 8);
    flags_replace_cf_af(cpu, cf, low);
}

BODY(daa)
{
    decimal_adjust(cpu, false, false);
    NEXT;
}

BODY(das)
{
    decimal_adjust(cpu, true, false);
    NEXT;
}

BODY(daa_86)
{
    decimal_adjust(cpu, false, true);
    NEXT;
}

BODY(das_86)
{
    decimal_adjust(cpu, true, true);
    NEXT;
}

/* The 8086 adjusts AL and AH apart; from the 80286 on AX is adjusted as a whole, so that a carry out of AL reaches AH. */
ALWAYS_INLINE void ascii_adjust(struct cpu *cpu, bool subtract, bool whole)
{
    uint64_t ax = reg_read(cpu, RAX, 16), by = (ax & 0xf) > 9 || flag_af(cpu) ? 6 : 0;
    uint64_t al = adjust(cpu, ax & 0xff, by, subtract), ah = ax >> 8;

    if (by) {
        if (whole)
            ah = (subtract ? ax - 6 : ax + 6) >> 8;
        ah = subtract ? ah - 1 : ah + 1;
    }
    reg_write(cpu, RAX, (ah & 0xff) << 8 | (al & 0xf), 16);
    flags_replace_cf_af(cpu, by, by);
}

BODY(aaa)
{
    ascii_adjust(cpu, false, true);
    NEXT;
}

BODY(aas)
{
    ascii_adjust(cpu, true, true);
    NEXT;
}

BODY(aaa_86)
{
    ascii_adjust(cpu, false, false);
    NEXT;
}

BODY(aas_86)
{
    ascii_adjust(cpu, true, false);
    NEXT;
}

_Noreturn static NOINLINE void raise_aam_zero(struct cpu *cpu, const struct insn *in)
{
    cpu->in = in;
    raise_exception(cpu, VECTOR_DE, 0, REASON_DE_ZERO, 0, 0);
}

/* OF, AF and CF, undefined, are 0 on 8086 and 80286 alike. */
BODY(aam)
{
    uint64_t al = reg_read(cpu, RAX, 8), divisor = in->imm & 0xff;

    if (UNLIKELY(!divisor))
        raise_aam_zero(cpu, in);
    reg_write(cpu, RAX, al / divisor << 8 | al % divisor, 16);
    flags_logic(cpu, al % divisor, 8);
    NEXT;
}

/* The 80286 divides AL by 0 before it notices: the flags are those of the remainder, AL. */
BODY(aam_286)
{
    if (UNLIKELY(!(in->imm & 0xff)))
        flags_logic(cpu, reg_read(cpu, RAX, 8), 8);
    TAIL(aam);
}

ALWAYS_INLINE void aad_with(struct cpu *cpu, const struct insn *in)
{
    uint64_t ax = reg_read(cpu, RAX, 16);

    reg_write(cpu, RAX, adjust(cpu, ax & 0xff, (ax >> 8) * in->imm & 0xff, false), 16);
}

/* OF, AF and CF are those of the addition. */
BODY(aad)
{
    aad_with(cpu, in);
    NEXT;
}

/* The 80286 copies CF to OF. */
BODY(aad_286)
{
    aad_with(cpu, in);
    cpu->flag_aux &= ~(UINT64_C(1) << 62);
    NEXT;
}
