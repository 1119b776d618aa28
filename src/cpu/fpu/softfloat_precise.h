/* Numbers of 128 significant bits for the transcendental functions: every operation errs by a few units of the last place,
   which leaves some 55 bits between an accumulated error and the result's rounding. */
#ifndef TRUEBOX_CPU_FPU_SOFTFLOAT_PRECISE_H
#define TRUEBOX_CPU_FPU_SOFTFLOAT_PRECISE_H

#include "cpu/fpu/softfloat.h"
#include "cpu/fpu/softfloat_wide.h"

/* m / 2^127 * 2^exponent, the top bit of m set; m = 0: zero. */
struct precise {
    struct wide m;
    int32_t exponent;
    bool sign;
};

extern const struct precise precise_one, precise_ln2, precise_2_log2e, precise_pi, precise_pi_2, precise_pi_4, precise_3pi_4;
extern const struct precise precise_inverse_factorial[35]; /* 1 / n! */
extern const struct precise precise_inverse_odd[18];       /* 1 / (2n + 1) */
extern const struct precise precise_exp2[33];              /* 2^(i / 32) at [i + 16] */
extern const struct precise precise_log2[25];              /* log2(i / 32) at [i - 22] */
extern const struct precise precise_arctangent[33];        /* atan(i / 32) */

/* softfloat_precise.c */
struct precise precise_normal(bool sign, int32_t exponent, struct wide m);
struct precise precise_add(struct precise a, struct precise b);
struct precise precise_multiply(struct precise a, struct precise b);
struct precise precise_divide(struct precise a, struct precise b);
/* c[0] + c[step] x + c[2 step] x^2 + ... : `terms` of them. */
struct precise precise_polynomial(const struct precise *coefficients, unsigned step, unsigned terms, struct precise x);

static inline struct precise precise_of(const struct fp_number *number) /* finite or zero */
{
    if (number->kind == FP_ZERO)
        return (struct precise){{0, 0}, 0, false};
    return (struct precise){{number->hi, number->lo}, number->exponent, number->sign};
}

static inline struct precise precise_negated(struct precise a)
{
    a.sign = !a.sign;
    return a;
}

/* A result that is never exact. */
static inline struct fp_number precise_inexact(struct precise a)
{
    return (struct fp_number){.kind = FP_FINITE, .sign = a.sign, .exponent = a.exponent, .hi = a.m.hi, .lo = a.m.lo | 1};
}

#endif
