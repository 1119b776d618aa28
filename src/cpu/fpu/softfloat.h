/* Soft floating point: the reference for x87 and SSE, the same bits and flags on every host. From IEEE 754-2008 and SDM 1,
   chapters 4 and 8.

   A value is unpacked into a struct fp_number, an operation makes another one with up to 128 significant bits (the last of
   them sticky), and packing rounds it into a format. What the control word or MXCSR says comes in struct fp_status, the
   exceptions go out in it; nothing else is remembered. Whoever finds an unmasked exception of FP_BEFORE in `flags` stores no
   result. */
#ifndef TRUEBOX_CPU_FPU_SOFTFLOAT_H
#define TRUEBOX_CPU_FPU_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

/* Exceptions, in the positions of the status word, the control word's masks and MXCSR. */
enum fp_exception {
    FP_INVALID = 1 << 0,
    FP_DENORMAL = 1 << 1,
    FP_DIVIDE = 1 << 2,
    FP_OVERFLOW = 1 << 3,
    FP_UNDERFLOW = 1 << 4,
    FP_INEXACT = 1 << 5,
    FP_ALL = 0x3f,
    FP_BEFORE = FP_INVALID | FP_DENORMAL | FP_DIVIDE /* found before computing: unmasked, there is no result (SDM 1 4.9.3) */
};

enum fp_rounding { FP_NEAREST, FP_DOWN, FP_UP, FP_CHOP }; /* the encoding of RC */

enum fp_rules {
    FP_RULES_X87, /* of two NaNs the larger significand (SDM 1 table 4-7); a store that traps for its range tells no more */
    FP_RULES_SSE  /* the first operand if it is a NaN, else the second */
};

struct fp_status {
    uint8_t rounding;        /* enum fp_rounding */
    uint8_t precision;       /* significant bits of an extended result: 24, 53 or 64 */
    uint8_t masked;          /* exceptions that take their masked response */
    uint8_t rules;           /* enum fp_rules */
    bool denormals_are_zero; /* MXCSR.DAZ: for the 32 and 64 bit formats */
    bool flush_to_zero;      /* MXCSR.FTZ, effective while underflow is masked */
    uint8_t flags;           /* out: enum fp_exception, accumulated */
    bool rounded_up;         /* out: the last rounding increased the magnitude (C1) */
};

/* The extended format of 80 bits: integer bit explicit in bit 63 of the significand. */
struct float80 {
    uint64_t significand;
    uint16_t sign_exponent;
};
enum { FLOAT80_BIAS = 16383, FLOAT80_SPECIAL = 0x7fff, FLOAT80_SIGN = 0x8000 };
#define FLOAT80_INTEGER_BIT UINT64_C(0x8000000000000000)
#define FLOAT80_QUIET_BIT UINT64_C(0x4000000000000000)
#define FLOAT80_INDEFINITE ((struct float80){UINT64_C(0xc000000000000000), 0xffff})

enum fp_kind { FP_ZERO, FP_FINITE, FP_INFINITY, FP_QUIET, FP_SIGNALLING, FP_UNSUPPORTED };

/* FP_FINITE: hi:lo / 2^127 * 2^exponent, bit 63 of hi set. NaNs: hi as the extended format has it. */
struct fp_number {
    uint64_t hi, lo;
    int32_t exponent;
    uint8_t kind; /* enum fp_kind */
    bool sign;
    bool denormal; /* came out of a denormal (or pseudo-denormal) operand */
};

/* True if an unmasked exception of `which` has been raised. */
static inline bool fp_trapped(const struct fp_status *status, unsigned which)
{
    return status->flags & ~status->masked & which;
}

/* --- softfloat_format.c: formats ------------------------------------------------------------------------------------------
 */
struct fp_number fp_unpack32(uint32_t bits, const struct fp_status *status);
struct fp_number fp_unpack64(uint64_t bits, const struct fp_status *status);
struct fp_number fp_unpack80(struct float80 value);
uint32_t fp_pack32(const struct fp_number *number, struct fp_status *status);
uint64_t fp_pack64(const struct fp_number *number, struct fp_status *status);
/* With the precision of the status; unmasked overflow and underflow wrap the exponent by 24576 (SDM 1 8.5.4, 8.5.5). */
struct float80 fp_pack80(const struct fp_number *number, struct fp_status *status);
/* Raises what a load or store of this operand raises: a signalling NaN becomes quiet (invalid), denormals only where
 * `denormal`. */
struct fp_number fp_convert(const struct fp_number *number, bool denormal, struct fp_status *status);

struct fp_number fp_zero(bool sign);
struct fp_number fp_infinity(bool sign);
struct fp_number fp_indefinite(void);
struct fp_number fp_from_int64(int64_t value);
struct fp_number fp_from_uint64(uint64_t value, bool sign);

/* What the operands' kinds decide before any arithmetic: true if *result holds it (a NaN, or nothing because of an unmasked
   denormal). fp_operands_nan alone leaves denormals for later. `b` may be NULL. */
bool fp_operands_nan(const struct fp_number *a, const struct fp_number *b, struct fp_number *result,
                     struct fp_status *status);
bool fp_operands_denormal(const struct fp_number *a, const struct fp_number *b, struct fp_number *result,
                          struct fp_status *status);
struct fp_number fp_invalid(struct fp_status *status);

/* --- softfloat_arithmetic.c
 * ------------------------------------------------------------------------------------------------- */
struct fp_number fp_add(const struct fp_number *a, const struct fp_number *b, bool subtract, struct fp_status *status);
struct fp_number fp_multiply(const struct fp_number *a, const struct fp_number *b, struct fp_status *status);
struct fp_number fp_divide(const struct fp_number *a, const struct fp_number *b, struct fp_status *status);
struct fp_number fp_square_root(const struct fp_number *a, struct fp_status *status);

enum fp_relation { FP_LESS, FP_EQUAL, FP_GREATER, FP_UNORDERED };
/* `quiet`: only signalling NaNs are invalid (FUCOM, UCOMISS), else all NaNs. */
enum fp_relation fp_compare(const struct fp_number *a, const struct fp_number *b, bool quiet, struct fp_status *status);

/* --- softfloat_integer.c
 * ---------------------------------------------------------------------------------------------------- */
/* `bits` 16, 32 or 64; what does not fit is invalid and gives the integer indefinite, 80...0. */
int64_t fp_to_integer(const struct fp_number *number, unsigned bits, enum fp_rounding rounding, struct fp_status *status);
struct fp_number fp_round_to_integer(const struct fp_number *number, struct fp_status *status);
/* Packed BCD: 18 digits in the low nine bytes, the sign in bit 7 of the tenth. */
void fp_to_bcd(const struct fp_number *number, uint8_t bcd[10], struct fp_status *status);
struct fp_number fp_from_bcd(const uint8_t bcd[10]);

/* --- softfloat_remainder.c
 * -------------------------------------------------------------------------------------------------- */
/* FPREM, FPREM1 (`nearest`): the quotient's low bits, and whether the reduction is only partial. */
struct fp_number fp_remainder(const struct fp_number *a, const struct fp_number *b, bool nearest, unsigned *quotient,
                              bool *partial, struct fp_status *status);
struct fp_number fp_scale(const struct fp_number *a, const struct fp_number *by, struct fp_status *status);
/* Returns the significand with exponent 0; *exponent is the other half. */
struct fp_number fp_extract(const struct fp_number *a, struct fp_number *exponent, struct fp_status *status);

/* --- softfloat_log.c, softfloat_trig.c: 64-bit results, error below 0.5000001 ulp before the final rounding's own
 * ------------- */
struct fp_number fp_2xm1(const struct fp_number *x, struct fp_status *status);
struct fp_number fp_yl2x(const struct fp_number *x, const struct fp_number *y, struct fp_status *status);
struct fp_number fp_yl2xp1(const struct fp_number *x, const struct fp_number *y, struct fp_status *status);
struct fp_number fp_arctangent(const struct fp_number *x, const struct fp_number *y, struct fp_status *status);
/* *out_of_range (C2): |x| >= 2^63, nothing computed. `cosine` of FSINCOS, else NULL. */
struct fp_number fp_sine(const struct fp_number *x, bool *out_of_range, struct fp_status *status);
struct fp_number fp_cosine(const struct fp_number *x, bool *out_of_range, struct fp_status *status);
struct fp_number fp_tangent(const struct fp_number *x, bool *out_of_range, struct fp_status *status);

#endif
