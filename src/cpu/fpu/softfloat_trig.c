/* Soft floating point: sine, cosine, tangent, arctangent. Arguments are reduced with Intel's pi of 66 significant bits, as
   SDM 1 8.3.8 documents, by exact integer arithmetic. */
#include <stddef.h>

#include "cpu/fpu/softfloat_precise.h"

enum { SINE_TERMS = 16, ARCTANGENT_TERMS = 12, RANGE_EXPONENT = 63 };

/* pi = 0x3.243F6A8885A308D3: in units of 2^-65 this is pi / 2. */
static const struct wide half_pi = {3, UINT64_C(0x243f6a8885a308d3)};
enum { HALF_PI_SCALE = 65 };

/* x = quadrant * pi/2 + rest, |rest| <= pi/4. */
struct reduced {
    struct precise rest;
    unsigned quadrant; /* modulo 4 */
};

static struct reduced reduce(const struct fp_number *x)
{
    struct reduced reduced = {.rest = precise_of(x)};
    struct wide rest, doubled;
    int steps;
    bool negative = false;

    if (x->exponent < -1)
        return reduced;
    /* |x| = hi * 2^(exponent - 63): 64 bits are taken with bit 63 of weight 2^63, the rest of the way by doubling */
    rest = (struct wide){0, x->hi};
    steps = x->exponent - 63 + HALF_PI_SCALE;
    for (;;) {
        while (!wide_less(rest, half_pi)) {
            rest = wide_subtract(rest, half_pi);
            reduced.quadrant++;
        }
        if (!steps--)
            break;
        rest = wide_shift_left(rest, 1);
        reduced.quadrant <<= 1;
    }
    doubled = wide_shift_left(rest, 1);
    if (wide_less(half_pi, doubled)) {
        rest = wide_subtract(half_pi, rest);
        negative = true;
        reduced.quadrant++;
    }
    reduced.rest = precise_normal(x->sign != negative, 127 - HALF_PI_SCALE, rest);
    if (x->sign)
        reduced.quadrant = 0u - reduced.quadrant;
    reduced.quadrant &= 3;
    return reduced;
}

/* Alternating series in x^2: sum of (-1)^k x^2k / (first + 2k)!. */
static struct precise series(struct precise x, unsigned first)
{
    struct precise square = precise_negated(precise_multiply(x, x));

    return precise_polynomial(precise_inverse_factorial + first, 2, SINE_TERMS + 1, square);
}

static struct precise sine_small(struct precise x)
{
    return precise_multiply(x, series(x, 1));
}

static struct precise cosine_small(struct precise x)
{
    return series(x, 0);
}

/* sin(rest + quadrant * pi/2). */
static struct precise sine_of(const struct reduced *reduced, unsigned quadrant)
{
    struct precise result = quadrant & 1 ? cosine_small(reduced->rest) : sine_small(reduced->rest);

    result.sign ^= quadrant >> 1 & 1;
    return result;
}

/* What all of them do before computing; true if *result is all there is. */
static bool trigonometric_operand(const struct fp_number *x, struct fp_number *result, bool *out_of_range,
                                  struct fp_status *status)
{
    *out_of_range = false;
    if (fp_operands_nan(x, NULL, result, status))
        return true;
    if (x->kind == FP_INFINITY) {
        *result = fp_invalid(status);
        return true;
    }
    if (x->kind == FP_FINITE && x->exponent >= RANGE_EXPONENT) {
        *out_of_range = true;
        *result = *x;
        return true;
    }
    return fp_operands_denormal(x, NULL, result, status);
}

struct fp_number fp_sine(const struct fp_number *x, bool *out_of_range, struct fp_status *status)
{
    struct fp_number result;
    struct reduced reduced;

    if (trigonometric_operand(x, &result, out_of_range, status))
        return result;
    if (x->kind == FP_ZERO)
        return *x;
    reduced = reduce(x);
    return precise_inexact(sine_of(&reduced, reduced.quadrant));
}

struct fp_number fp_cosine(const struct fp_number *x, bool *out_of_range, struct fp_status *status)
{
    struct fp_number result;
    struct reduced reduced;

    if (trigonometric_operand(x, &result, out_of_range, status))
        return result;
    if (x->kind == FP_ZERO)
        return fp_from_int64(1);
    reduced = reduce(x);
    return precise_inexact(sine_of(&reduced, (reduced.quadrant + 1) & 3));
}

struct fp_number fp_tangent(const struct fp_number *x, bool *out_of_range, struct fp_status *status)
{
    struct fp_number result;
    struct reduced reduced;

    if (trigonometric_operand(x, &result, out_of_range, status))
        return result;
    if (x->kind == FP_ZERO)
        return *x;
    reduced = reduce(x);
    return precise_inexact(
        precise_divide(sine_of(&reduced, reduced.quadrant), sine_of(&reduced, (reduced.quadrant + 1) & 3)));
}

/* --- arctangent of y / x
 * ---------------------------------------------------------------------------------------------------------------- */

/* For 0 < z <= 1: atan(i/32) + atan((z - i/32) / (1 + z i/32)). */
static struct precise arctangent_octant(struct precise z)
{
    unsigned index = 0;
    struct precise square, rest = z;
    struct precise alternating[ARCTANGENT_TERMS];

    if (z.exponent >= -6)
        index = (unsigned)((z.m.hi >> (63 - 6 - z.exponent)) + 1) >> 1;
    if (index) {
        struct precise centre = precise_normal(false, 127 - 5, (struct wide){0, index});

        rest =
            precise_divide(precise_add(z, precise_negated(centre)), precise_add(precise_one, precise_multiply(z, centre)));
    }
    for (unsigned i = 0; i < ARCTANGENT_TERMS; i++) {
        alternating[i] = precise_inverse_odd[i];
        alternating[i].sign = i & 1;
    }
    square = precise_multiply(rest, rest);
    rest = precise_multiply(rest, precise_polynomial(alternating, 1, ARCTANGENT_TERMS, square));
    return precise_add(precise_arctangent[index], rest);
}

/* Of magnitudes, then into the quadrant of x and y. */
static struct precise arctangent_finite(const struct fp_number *x, const struct fp_number *y)
{
    struct precise px = precise_of(x), py = precise_of(y), angle;
    bool steep = py.exponent > px.exponent || (py.exponent == px.exponent && wide_less(px.m, py.m));

    px.sign = py.sign = false;
    angle = arctangent_octant(steep ? precise_divide(px, py) : precise_divide(py, px));
    if (steep)
        angle = precise_add(precise_pi_2, precise_negated(angle));
    if (x->sign)
        angle = precise_add(precise_pi, precise_negated(angle));
    angle.sign = y->sign;
    return angle;
}

/* SDM 2 FPATAN, table of results; an angle of 0 has `kind` FP_ZERO. */
static struct fp_number arctangent_special(const struct fp_number *x, const struct fp_number *y)
{
    struct precise angle = precise_pi_2;

    if (y->kind == FP_INFINITY && x->kind == FP_INFINITY)
        angle = x->sign ? precise_3pi_4 : precise_pi_4;
    else if (y->kind == FP_ZERO || x->kind == FP_INFINITY) {
        if (!x->sign)
            return fp_zero(y->sign);
        angle = precise_pi;
    }
    angle.sign = y->sign;
    return precise_inexact(angle);
}

struct fp_number fp_arctangent(const struct fp_number *x, const struct fp_number *y, struct fp_status *status)
{
    struct fp_number result;

    if (fp_operands_nan(y, x, &result, status) || fp_operands_denormal(x, y, &result, status))
        return result;
    if (x->kind != FP_FINITE || y->kind != FP_FINITE)
        return arctangent_special(x, y);
    return precise_inexact(arctangent_finite(x, y));
}
