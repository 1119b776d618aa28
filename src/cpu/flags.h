/* Lazy arithmetic flags: two words say everything, with no "last operation" to switch on.

   flag_result  the result, sign-extended to 64 bits: ZF is (result == 0), SF its top bit, PF the parity of its low byte
   flag_aux     bit 63      CF: carry (borrow) out of the most significant bit
                bit 62      the carry into it: OF is bit 63 xor bit 62
                bits 8-15   parity delta: PF is the parity of (low byte of result xor this)
                bit 4       sign delta: SF is the top bit of result xor this
                bit 3       AF
                the other bits below 31 are 0, those above are noise
   The deltas are 0 after arithmetic; POPF and its kind use them for combinations no result has (SF with ZF ...). */
#ifndef TRUEBOX_CPU_FLAGS_H
#define TRUEBOX_CPU_FLAGS_H

#include "cpu/cpu.h"

#define FLAG_AUX_ARITHMETIC UINT64_C(0xc000000000000008)

ALWAYS_INLINE bool flag_cf(const struct cpu *cpu)
{
    return cpu->flag_aux >> 63;
}

ALWAYS_INLINE bool flag_of(const struct cpu *cpu)
{
    return (cpu->flag_aux ^ cpu->flag_aux << 1) >> 63;
}

ALWAYS_INLINE bool flag_zf(const struct cpu *cpu)
{
    return cpu->flag_result == 0;
}

ALWAYS_INLINE bool flag_sf(const struct cpu *cpu)
{
    return (cpu->flag_result ^ cpu->flag_aux << 59) >> 63;
}

ALWAYS_INLINE bool flag_af(const struct cpu *cpu)
{
    return cpu->flag_aux >> 3 & 1;
}

ALWAYS_INLINE bool flag_pf(const struct cpu *cpu)
{
    uint8_t bits = (uint8_t)(cpu->flag_result ^ cpu->flag_aux >> 8);

    return !__builtin_parity(bits);
}

ALWAYS_INLINE void flags_set_lazy(struct cpu *cpu, uint64_t result, uint64_t aux)
{
    cpu->flag_result = result;
    cpu->flag_aux = aux;
}

/* After AND, OR, XOR, TEST: CF = OF = 0, AF = 0 (undefined by the manual; 0 on every Intel since the 8086). */
ALWAYS_INLINE void flags_logic(struct cpu *cpu, uint64_t result, unsigned width)
{
    flags_set_lazy(cpu, sign_extend(result, width), 0);
}

/* From the carry-out vector of an addition or borrow-out vector of a subtraction of `width` bits. */
ALWAYS_INLINE uint64_t flags_aux_of_carries(uint64_t carries, unsigned width)
{
    return width == 64 ? carries & FLAG_AUX_ARITHMETIC : (carries << (64 - width) & (UINT64_C(3) << 62)) | (carries & 8);
}

ALWAYS_INLINE void flags_add(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t result, unsigned width)
{
    flags_set_lazy(cpu, sign_extend(result, width), flags_aux_of_carries((a & b) | ((a | b) & ~result), width));
}

ALWAYS_INLINE void flags_subtract(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t result, unsigned width)
{
    flags_set_lazy(cpu, sign_extend(result, width), flags_aux_of_carries((~a & b) | ((~a | b) & result), width));
}

/* The short way for results that were computed in 64 bits from operands without bits above `width`: the carry into each bit is
   a ^ b ^ result, so bit `width` is CF (or the borrow), the bit below it the carry into the sign, bit 4 AF. */
ALWAYS_INLINE void flags_of_sum(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t result, unsigned width)
{
    uint64_t carries = a ^ b ^ result;

    flags_set_lazy(cpu, sign_extend(result, width), carries << (63 - width) | (carries >> 1 & 8));
}

/* Replaces CF, keeping OF: INC, DEC and the carry instructions. */
ALWAYS_INLINE uint64_t flags_aux_with_cf(uint64_t aux, bool cf)
{
    uint64_t change = (aux >> 63 ^ cf) & 1;

    return aux ^ (change << 63 | change << 62);
}

/* Any combination of the six: `flags` in EFLAGS positions. */
ALWAYS_INLINE void flags_set_arithmetic(struct cpu *cpu, uint64_t flags)
{
    uint64_t cf = flags & 1, of = flags >> 11 & 1, sf = flags >> 7 & 1, zf = flags >> 6 & 1, pf = flags >> 2 & 1,
             af = flags >> 4 & 1;
    uint64_t result = !zf; /* 0 has even parity, 1 odd */
    uint64_t parity_delta = zf ? !pf : pf;

    flags_set_lazy(cpu, result, cf << 63 | (cf ^ of) << 62 | parity_delta << 8 | sf << 4 | af << 3);
}

ALWAYS_INLINE uint64_t flags_get_arithmetic(const struct cpu *cpu)
{
    return (uint64_t)flag_cf(cpu) | (uint64_t)flag_pf(cpu) << 2 | (uint64_t)flag_af(cpu) << 4 | (uint64_t)flag_zf(cpu) << 6 |
           (uint64_t)flag_sf(cpu) << 7 | (uint64_t)flag_of(cpu) << 11;
}

/* The whole EFLAGS as PUSHF would see it, RF and VM included. */
ALWAYS_INLINE uint64_t flags_get(const struct cpu *cpu)
{
    return cpu->eflags | flags_get_arithmetic(cpu);
}

/* Sets all of EFLAGS without checks; the caller calls cpu_mode_changed if VM or AC may have changed. Bit 1 is forced. */
ALWAYS_INLINE void flags_set(struct cpu *cpu, uint64_t flags)
{
    flags_set_arithmetic(cpu, flags);
    cpu->eflags = (flags & ~(uint64_t)FLAGS_ARITHMETIC) | FLAG_1;
}

/* Condition codes 0-15 in the encoding of Jcc, SETcc and CMOVcc (SDM 2 appendix B.1.4.7); `code` is a constant in bodies. */
ALWAYS_INLINE bool flags_condition(const struct cpu *cpu, unsigned code)
{
    bool truth = false;

    switch (code >> 1) {
    case 0: truth = flag_of(cpu); break;
    case 1: truth = flag_cf(cpu); break;
    case 2: truth = flag_zf(cpu); break;
    case 3: truth = flag_cf(cpu) || flag_zf(cpu); break;
    case 4: truth = flag_sf(cpu); break;
    case 5: truth = flag_pf(cpu); break;
    case 6: truth = flag_sf(cpu) != flag_of(cpu); break;
    case 7: truth = flag_zf(cpu) || flag_sf(cpu) != flag_of(cpu); break;
    }
    return truth != (code & 1);
}

#endif
