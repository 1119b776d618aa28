/* Soft floating point: arithmetic of 128 significant bits for the transcendental functions. */
#include "cpu/fpu/softfloat_precise.h"

struct precise precise_normal(bool sign, int32_t exponent, struct wide m)
{
    unsigned shift;

    if (wide_is_zero(m))
        return (struct precise){{0, 0}, 0, false};
    shift = wide_leading_zeros(m);
    return (struct precise){wide_shift_left(m, shift), exponent - (int32_t)shift, sign};
}

struct precise precise_add(struct precise a, struct precise b)
{
    struct wide shifted, sum;

    if (wide_is_zero(a.m))
        return b;
    if (wide_is_zero(b.m))
        return a;
    if (a.exponent < b.exponent || (a.exponent == b.exponent && wide_less(a.m, b.m))) {
        struct precise other = a;

        a = b;
        b = other;
    }
    shifted = wide_shift_right_sticky(b.m, (uint32_t)(a.exponent - b.exponent));
    if (a.sign != b.sign)
        return precise_normal(a.sign, a.exponent, wide_subtract(a.m, shifted));
    sum = wide_add(a.m, shifted);
    if (wide_less(sum, a.m)) { /* carry */
        sum = wide_shift_right(sum, 1);
        sum.hi |= UINT64_C(1) << 63;
        a.exponent++;
    }
    return (struct precise){sum, a.exponent, a.sign};
}

struct precise precise_multiply(struct precise a, struct precise b)
{
    struct wide product, cross;

    if (wide_is_zero(a.m) || wide_is_zero(b.m))
        return (struct precise){{0, 0}, 0, false};
    product = wide_product(a.m.hi, b.m.hi);
    cross = wide_product(a.m.hi, b.m.lo);
    product = wide_add(product, (struct wide){0, cross.hi});
    cross = wide_product(a.m.lo, b.m.hi);
    product = wide_add(product, (struct wide){0, cross.hi});
    if (product.hi >> 63)
        return (struct precise){product, a.exponent + b.exponent + 1, a.sign != b.sign};
    return (struct precise){wide_shift_left(product, 1), a.exponent + b.exponent, a.sign != b.sign};
}

/* By the reciprocal: 63 bits by integer division, then one Newton step. */
struct precise precise_divide(struct precise a, struct precise b)
{
    struct precise reciprocal, correction;
    uint64_t ignored;

    if (wide_is_zero(a.m))
        return a;
    reciprocal = precise_normal(b.sign, -b.exponent,
                                (struct wide){wide_divide((struct wide){UINT64_C(1) << 62, 0}, b.m.hi, &ignored), 0});
    correction = precise_add(precise_one, precise_negated(precise_multiply(b, reciprocal)));
    reciprocal = precise_add(reciprocal, precise_multiply(reciprocal, correction));
    return precise_multiply(a, reciprocal);
}

struct precise precise_polynomial(const struct precise *coefficients, unsigned step, unsigned terms, struct precise x)
{
    struct precise sum = coefficients[(terms - 1) * step];

    for (unsigned i = terms - 1; i--;)
        sum = precise_add(coefficients[i * step], precise_multiply(sum, x));
    return sum;
}
