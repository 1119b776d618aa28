/* Soft floating point: powers and logarithms to base 2 (F2XM1, FYL2X, FYL2XP1). Tables in steps of 1/32 leave short series.
 */
#include <stddef.h>

#include "cpu/fpu/softfloat_precise.h"

enum { EXP_TERMS = 15, LOG_TERMS = 10 };

/* --- 2^x - 1
 * ------------------------------------------------------------------------------------------------------------------ */

/* e^t - 1 for |t| < ln 2 / 64. */
static struct precise expm1_small(struct precise t)
{
    return precise_multiply(t, precise_polynomial(precise_inverse_factorial + 1, 1, EXP_TERMS, t));
}

/* The nearest integer to x * 32, |x| < 2^15. */
static int32_t nearest_32nd(const struct fp_number *x)
{
    int32_t magnitude;

    if (x->exponent < -6)
        return 0;
    magnitude = (int32_t)((x->hi >> (63 - 6 - x->exponent)) + 1) >> 1;
    return x->sign ? -magnitude : magnitude;
}

static struct fp_number power_minus_1(const struct fp_number *x)
{
    int32_t steps = nearest_32nd(x), whole = (steps >= 0 ? steps + 16 : steps - 16) / 32, index = steps - 32 * whole;
    struct precise rest = precise_of(x), small, power;

    if (steps)
        rest =
            precise_add(rest, precise_normal(steps > 0, 127 - 5, (struct wide){0, (uint64_t)(steps < 0 ? -steps : steps)}));
    small = expm1_small(precise_multiply(rest, precise_ln2));
    if (!steps)
        return precise_inexact(small);
    power = precise_exp2[index + 16];
    power = precise_add(power, precise_multiply(power, small));
    power.exponent += whole;
    return precise_inexact(precise_add(power, precise_negated(precise_one)));
}

/* Defined for -1 to 1 only; beyond, the same function goes on. */
struct fp_number fp_2xm1(const struct fp_number *x, struct fp_status *status)
{
    struct fp_number result;

    if (fp_operands_nan(x, NULL, &result, status) || fp_operands_denormal(x, NULL, &result, status))
        return result;
    if (x->kind == FP_INFINITY && x->sign)
        return fp_from_int64(-1);
    if (x->kind != FP_FINITE)
        return *x;
    if (x->hi == FLOAT80_INTEGER_BIT && x->exponent == 0) { /* 2^1 - 1, 2^-1 - 1 */
        result = fp_from_int64(x->sign ? -1 : 1);
        result.exponent = x->sign ? -1 : 0;
        return result;
    }
    if (x->exponent > 14) /* out of every format */
        return precise_inexact((struct precise){{FLOAT80_INTEGER_BIT, 0}, x->sign ? 0 : 0x8000, x->sign});
    return power_minus_1(x);
}

/* --- y log2 x
 * -------------------------------------------------------------------------------------------------------------------- */

/* 2 / ln 2 * artanh(s) = log2((1 + s) / (1 - s)) for |s| < 1/64. */
static struct precise log2_ratio(struct precise s)
{
    struct precise square = precise_multiply(s, s);

    return precise_multiply(precise_multiply(s, precise_2_log2e),
                            precise_polynomial(precise_inverse_odd, 1, LOG_TERMS, square));
}

static struct precise log2_of(struct precise x)
{
    int32_t whole = x.exponent;
    unsigned index;
    struct precise centre, result;

    x.exponent = 0;
    if (x.m.hi >= UINT64_C(0xb504f333f9de6484)) { /* sqrt(2): bring it to 0.7 ... 1.4 */
        x.exponent = -1;
        whole++;
    }
    index = (unsigned)(x.m.hi >> (x.exponent ? 58 : 57)); /* 64ths, then rounded to 32nds */
    index = (index + 1) >> 1;
    centre = precise_normal(false, 127 - 5, (struct wide){0, index});
    result = log2_ratio(precise_divide(precise_add(x, precise_negated(centre)), precise_add(x, centre)));
    result = precise_add(precise_log2[index - 22], result);
    if (whole)
        result =
            precise_add(result, precise_normal(whole < 0, 127, (struct wide){0, (uint64_t)(whole < 0 ? -whole : whole)}));
    return result;
}

static bool is_power_of_2(const struct precise *x)
{
    return x->m.hi == FLOAT80_INTEGER_BIT && !x->m.lo;
}

/* y log2 x for a finite y and x > 0; exact for powers of 2. */
static struct fp_number times_log2(const struct fp_number *y, struct precise x, struct fp_status *status)
{
    struct fp_number whole;

    if (is_power_of_2(&x)) {
        whole = fp_from_int64(x.exponent);
        return fp_multiply(y, &whole, status);
    }
    return precise_inexact(precise_multiply(precise_of(y), log2_of(x)));
}

/* One of the operands is 0 or infinite; `above`: x > 1, `below`: x < 1, neither: x = 1. */
static struct fp_number log2_special(const struct fp_number *y, bool above, bool below, bool x_infinite, bool x_zero,
                                     struct fp_status *status)
{
    bool sign = y->sign != below;

    if ((y->kind == FP_INFINITY && !above && !below) || (y->kind == FP_ZERO && (x_infinite || x_zero)))
        return fp_invalid(status);
    if (x_zero && y->kind == FP_FINITE)
        status->flags |= FP_DIVIDE;
    if (y->kind == FP_INFINITY || x_infinite || x_zero)
        return fp_infinity(sign);
    return fp_zero(sign);
}

struct fp_number fp_yl2x(const struct fp_number *x, const struct fp_number *y, struct fp_status *status)
{
    struct fp_number result;
    bool below, one;

    if (fp_operands_nan(y, x, &result, status))
        return result;
    if (x->sign && x->kind != FP_ZERO)
        return fp_invalid(status);
    one = x->kind == FP_FINITE && x->exponent == 0 && x->hi == FLOAT80_INTEGER_BIT;
    below = x->kind == FP_ZERO || (x->kind == FP_FINITE && x->exponent < 0);
    if (x->kind == FP_ZERO || x->kind == FP_INFINITY || y->kind != FP_FINITE) {
        struct fp_status checks = *status;

        result = log2_special(y, !below && !one, below, x->kind == FP_INFINITY, x->kind == FP_ZERO, &checks);
        if (!(checks.flags & ~status->flags & (FP_INVALID | FP_DIVIDE)) && fp_operands_denormal(x, y, &result, status))
            return result;
        status->flags |= checks.flags;
        return result;
    }
    if (fp_operands_denormal(x, y, &result, status))
        return result;
    return times_log2(y, precise_of(x), status);
}

/* --- y log2(x + 1)
 * ----------------------------------------------------------------------------------------------------------------- */

/* Near 0 the ratio x / (x + 2) keeps all of x. */
static struct fp_number times_log2_of_1_plus(const struct fp_number *y, const struct fp_number *x, struct fp_status *status)
{
    struct precise p = precise_of(x);

    if (x->exponent >= -6)
        return times_log2(y, precise_add(precise_one, p), status);
    return precise_inexact(precise_multiply(
        precise_of(y), log2_ratio(precise_divide(p, precise_add(p, (struct precise){precise_one.m, 1, false})))));
}

/* Defined for |x| < 1 - sqrt(1/2) only; beyond, the same function goes on, invalid below -1. */
struct fp_number fp_yl2xp1(const struct fp_number *x, const struct fp_number *y, struct fp_status *status)
{
    struct fp_number result;
    bool minus_one = x->kind == FP_FINITE && x->sign && x->exponent == 0 && x->hi == FLOAT80_INTEGER_BIT;

    if (fp_operands_nan(y, x, &result, status))
        return result;
    if (x->sign && !minus_one && (x->kind == FP_INFINITY || (x->kind == FP_FINITE && x->exponent >= 0)))
        return fp_invalid(status);
    if (x->kind == FP_ZERO && y->kind != FP_INFINITY) {
        if (fp_operands_denormal(x, y, &result, status))
            return result;
        return fp_zero(x->sign != y->sign);
    }
    if (minus_one || x->kind != FP_FINITE || y->kind != FP_FINITE) {
        struct fp_status checks = *status;

        result = log2_special(y, x->kind != FP_ZERO && !x->sign, x->kind != FP_ZERO && x->sign, x->kind == FP_INFINITY,
                              minus_one, &checks);
        if (!(checks.flags & ~status->flags & (FP_INVALID | FP_DIVIDE)) && fp_operands_denormal(x, y, &result, status))
            return result;
        status->flags |= checks.flags;
        return result;
    }
    if (fp_operands_denormal(x, y, &result, status))
        return result;
    return times_log2_of_1_plus(y, x, status);
}
