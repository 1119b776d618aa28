/* Soft floating point: partial remainders, scaling, and taking a number apart (FPREM, FPREM1, FSCALE, FXTRACT). */
#include <stddef.h>

#include "cpu/fpu/softfloat.h"
#include "cpu/fpu/softfloat_wide.h"

enum { SCALE_LIMIT = 0x10000 }; /* larger exponents leave every format, wrapped or not */

/* The remainder of dividend * 2^steps; of the quotient only the low 64 bits are kept. */
static uint64_t long_division(uint64_t dividend, uint64_t divisor, unsigned steps, uint64_t *quotient)
{
    uint64_t rest = dividend;

    *quotient = rest >= divisor;
    if (*quotient)
        rest -= divisor;
    while (steps--) {
        bool carry = rest >> 63;

        rest <<= 1;
        *quotient <<= 1;
        if (carry || rest >= divisor) {
            rest -= divisor;
            *quotient |= 1;
        }
    }
    return rest;
}

/* FPREM1: the nearest multiple, the even one at a tie. */
static bool nearest_is_above(uint64_t rest, uint64_t divisor, uint64_t quotient)
{
    uint64_t other = divisor - rest;

    return rest > other || (rest == other && (quotient & 1));
}

struct fp_number fp_remainder(const struct fp_number *a, const struct fp_number *b, bool nearest, unsigned *quotient,
                              bool *partial, struct fp_status *status)
{
    struct fp_number result;
    int32_t difference, exponent = b->exponent;
    uint64_t bits = 0, rest;
    bool sign = a->sign;

    *quotient = 0;
    *partial = false;
    if (fp_operands_nan(a, b, &result, status))
        return result;
    if (a->kind == FP_INFINITY || b->kind == FP_ZERO)
        return fp_invalid(status);
    if (fp_operands_denormal(a, b, &result, status))
        return result;
    if (a->kind == FP_ZERO || b->kind == FP_INFINITY)
        return *a;
    difference = a->exponent - b->exponent;
    if (difference >= 64) { /* reduced by a multiple of 32 left over: N of SDM 2 FPREM is 32 + D mod 32 */
        unsigned steps = 32 + ((uint32_t)difference & 31);

        *partial = true;
        exponent += difference - (int32_t)steps;
        rest = long_division(a->hi, b->hi, steps, &bits);
    } else if (difference >= 0) {
        rest = long_division(a->hi, b->hi, (unsigned)difference, &bits);
        if (nearest && rest && nearest_is_above(rest, b->hi, bits)) {
            rest = b->hi - rest;
            sign = !sign;
            bits++;
        }
    } else {
        bool above = nearest && difference == -1 && a->hi > b->hi; /* more than half of the divisor */

        if (!above)
            return *a;
        /* b - a, in units of half b's weight: the top bit of 2b is lost by the subtraction */
        rest = (b->hi << 1) - a->hi;
        exponent = a->exponent;
        sign = !sign;
        bits = 1;
    }
    *quotient = *partial ? 0 : (unsigned)bits & 7;
    if (!rest)
        return fp_zero(a->sign);
    result = fp_from_uint64(rest, sign);
    result.exponent += exponent - 63;
    return result;
}

struct fp_number fp_scale(const struct fp_number *a, const struct fp_number *by, struct fp_status *status)
{
    struct fp_number result;
    int32_t amount = 0;

    if (fp_operands_nan(a, by, &result, status))
        return result;
    if (by->kind == FP_INFINITY && a->kind == (by->sign ? FP_INFINITY : FP_ZERO))
        return fp_invalid(status);
    if (fp_operands_denormal(a, by, &result, status))
        return result;
    if (by->kind == FP_INFINITY)
        return by->sign ? fp_zero(a->sign) : fp_infinity(a->sign);
    result = *a;
    if (a->kind != FP_FINITE || by->kind == FP_ZERO || by->exponent < 0)
        return result;
    amount = by->exponent > 15 ? SCALE_LIMIT : (int32_t)(by->hi >> (63 - by->exponent));
    result.exponent += by->sign ? -amount : amount;
    return result;
}

struct fp_number fp_extract(const struct fp_number *a, struct fp_number *exponent, struct fp_status *status)
{
    struct fp_number result;

    if (fp_operands_nan(a, NULL, &result, status)) {
        *exponent = result;
        return result;
    }
    if (a->kind == FP_ZERO) {
        status->flags |= FP_DIVIDE;
        *exponent = fp_infinity(true);
        return *a;
    }
    if (fp_operands_denormal(a, NULL, &result, status))
        return result;
    result = *a;
    if (a->kind == FP_INFINITY) {
        *exponent = fp_infinity(false);
        return result;
    }
    *exponent = fp_from_int64(a->exponent);
    result.exponent = 0;
    return result;
}
