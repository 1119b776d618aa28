/* Soft floating point: addition, multiplication, division, square root, comparison. */
#include <stddef.h>

#include "cpu/fpu/softfloat.h"
#include "cpu/fpu/softfloat_wide.h"

static struct wide wide_of(const struct fp_number *number)
{
    return (struct wide){number->hi, number->lo};
}

/* Left-justified; `exponent` is that of bit 127. */
static struct fp_number normalised(bool sign, int32_t exponent, struct wide value)
{
    unsigned shift = wide_leading_zeros(value);

    value = wide_shift_left(value, shift);
    return (struct fp_number){
        .kind = FP_FINITE, .sign = sign, .exponent = exponent - (int32_t)shift, .hi = value.hi, .lo = value.lo};
}

/* --- addition
 * ----------------------------------------------------------------------------------------------------------------------- */

static bool smaller(const struct fp_number *a, const struct fp_number *b)
{
    return a->exponent != b->exponent ? a->exponent < b->exponent : wide_less(wide_of(a), wide_of(b));
}

static struct fp_number add_magnitudes(const struct fp_number *large, const struct fp_number *small, bool sign)
{
    struct wide a = wide_shift_right_sticky(wide_of(large), 1);
    struct wide b = wide_shift_right_sticky(wide_of(small), 1 + (uint32_t)(large->exponent - small->exponent));

    return normalised(sign, large->exponent + 1, wide_add(a, b));
}

/* Both operands have at most 64 significant bits here, so that a bit lost in the shift is far below the rounding. */
static struct fp_number subtract_magnitudes(const struct fp_number *large, const struct fp_number *small, bool sign)
{
    struct wide b = wide_shift_right_sticky(wide_of(small), (uint32_t)(large->exponent - small->exponent));

    return normalised(sign, large->exponent, wide_subtract(wide_of(large), b));
}

struct fp_number fp_add(const struct fp_number *a, const struct fp_number *b, bool subtract, struct fp_status *status)
{
    struct fp_number result;
    bool b_sign = b->sign != subtract;
    const struct fp_number *large = a, *small = b;

    if (fp_operands_nan(a, b, &result, status))
        return result;
    if (a->kind == FP_INFINITY && b->kind == FP_INFINITY && a->sign != b_sign)
        return fp_invalid(status);
    if (fp_operands_denormal(a, b, &result, status))
        return result;
    if (a->kind == FP_INFINITY)
        return *a;
    if (b->kind == FP_INFINITY)
        return fp_infinity(b_sign);
    if (a->kind == FP_ZERO && b->kind == FP_ZERO)
        return fp_zero(a->sign == b_sign ? a->sign : status->rounding == FP_DOWN);
    if (b->kind == FP_ZERO)
        return *a;
    if (a->kind == FP_ZERO) {
        result = *b;
        result.sign = b_sign;
        return result;
    }
    if (smaller(a, b)) {
        large = b;
        small = a;
    }
    if (a->sign == b_sign)
        return add_magnitudes(large, small, a->sign);
    if (a->exponent == b->exponent && a->hi == b->hi && a->lo == b->lo)
        return fp_zero(status->rounding == FP_DOWN);
    return subtract_magnitudes(large, small, large == a ? a->sign : b_sign);
}

/* --- multiplication, division, square root
 * ------------------------------------------------------------------------------------------ */

struct fp_number fp_multiply(const struct fp_number *a, const struct fp_number *b, struct fp_status *status)
{
    struct fp_number result;
    bool sign = a->sign != b->sign;

    if (fp_operands_nan(a, b, &result, status))
        return result;
    if ((a->kind == FP_INFINITY && b->kind == FP_ZERO) || (a->kind == FP_ZERO && b->kind == FP_INFINITY))
        return fp_invalid(status);
    if (fp_operands_denormal(a, b, &result, status))
        return result;
    if (a->kind == FP_INFINITY || b->kind == FP_INFINITY)
        return fp_infinity(sign);
    if (a->kind == FP_ZERO || b->kind == FP_ZERO)
        return fp_zero(sign);
    return normalised(sign, a->exponent + b->exponent + 1, wide_product(a->hi, b->hi));
}

/* 128 bits of quotient, the last one sticky. */
static struct fp_number quotient_of(const struct fp_number *a, const struct fp_number *b, bool sign)
{
    struct wide dividend = {a->hi >> 1, a->hi << 63}, quotient;
    uint64_t remainder;

    quotient.hi = wide_divide(dividend, b->hi, &remainder);
    quotient.lo = wide_divide((struct wide){remainder, 0}, b->hi, &remainder) | (remainder != 0);
    return normalised(sign, a->exponent - b->exponent, quotient);
}

struct fp_number fp_divide(const struct fp_number *a, const struct fp_number *b, struct fp_status *status)
{
    struct fp_number result;
    bool sign = a->sign != b->sign;

    if (fp_operands_nan(a, b, &result, status))
        return result;
    if ((a->kind == FP_INFINITY && b->kind == FP_INFINITY) || (a->kind == FP_ZERO && b->kind == FP_ZERO))
        return fp_invalid(status);
    if (b->kind == FP_ZERO && a->kind == FP_FINITE) {
        status->flags |= FP_DIVIDE;
        return fp_infinity(sign);
    }
    if (fp_operands_denormal(a, b, &result, status))
        return result;
    if (a->kind == FP_INFINITY)
        return fp_infinity(sign);
    if (a->kind == FP_ZERO || b->kind == FP_INFINITY)
        return fp_zero(sign);
    return quotient_of(a, b, sign);
}

/* The 64-bit root of a 128-bit radicand, digit by digit; the remainder says whether it is exact. */
static uint64_t integer_root(struct wide radicand, bool *exact)
{
    struct wide root = {0, 0}, rest = {0, 0};

    for (unsigned i = 0; i < 64; i++) {
        struct wide trial;

        rest = wide_shift_left(rest, 2); /* stays below 2^68 */
        rest.lo |= radicand.hi >> 62;
        radicand = wide_shift_left(radicand, 2);
        trial = wide_shift_left(root, 2);
        trial.lo |= 1;
        root = wide_shift_left(root, 1);
        if (!wide_less(rest, trial)) {
            rest = wide_subtract(rest, trial);
            root.lo |= 1;
        }
    }
    *exact = wide_is_zero(rest);
    return root.lo;
}

struct fp_number fp_square_root(const struct fp_number *a, struct fp_status *status)
{
    struct fp_number result;
    struct wide radicand;
    bool exact;

    if (fp_operands_nan(a, NULL, &result, status))
        return result;
    if (a->kind != FP_ZERO && a->sign)
        return fp_invalid(status);
    if (fp_operands_denormal(a, NULL, &result, status))
        return result;
    if (a->kind != FP_FINITE)
        return *a;
    /* The exponent is made odd, so that the radicand has its top bit in place 126 or 127. A root of 64 bits is never
       half-way between two others: its remainder as sticky bits below is all that rounding needs, the root's own last bit
       included. */
    radicand = wide_shift_right((struct wide){a->hi, 0}, a->exponent & 1 ? 0 : 1);
    result = (struct fp_number){.kind = FP_FINITE, .exponent = a->exponent >> 1};
    result.hi = integer_root(radicand, &exact);
    if (!exact) { /* whether the next bit is 1: rest > root, i.e. (root + 1/2)^2 <= radicand */
        struct wide square = wide_product(result.hi, result.hi), rest = wide_subtract(radicand, square);

        result.lo = wide_less((struct wide){0, result.hi}, rest) ? UINT64_C(0xc000000000000000) : 1;
    }
    return result;
}

/* --- comparison
 * ---------------------------------------------------------------------------------------------------------------------- */

static int order(const struct fp_number *a, const struct fp_number *b)
{
    int magnitude;

    if (a->kind == FP_ZERO && b->kind == FP_ZERO)
        return 0;
    if (a->kind == FP_ZERO)
        return b->sign ? 1 : -1;
    if (b->kind == FP_ZERO || a->sign != b->sign)
        return a->sign ? -1 : 1;
    if (a->kind != b->kind)
        magnitude = a->kind == FP_INFINITY ? 1 : -1;
    else if (a->kind == FP_INFINITY)
        magnitude = 0;
    else if (a->exponent != b->exponent)
        magnitude = a->exponent > b->exponent ? 1 : -1;
    else
        magnitude = a->hi > b->hi ? 1 : a->hi < b->hi ? -1 : 0;
    return a->sign ? -magnitude : magnitude;
}

enum fp_relation fp_compare(const struct fp_number *a, const struct fp_number *b, bool quiet, struct fp_status *status)
{
    struct fp_number ignored;
    int relation;

    if (fp_operands_nan(a, b, &ignored, status)) {
        if (!quiet)
            status->flags |= FP_INVALID;
        return FP_UNORDERED;
    }
    fp_operands_denormal(a, b, &ignored, status);
    relation = order(a, b);
    return relation < 0 ? FP_LESS : relation > 0 ? FP_GREATER : FP_EQUAL;
}
