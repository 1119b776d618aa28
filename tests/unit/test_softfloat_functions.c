/* Transcendental functions: against results computed with hundreds of bits, and within an ulp of the host's x87. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "softfloat_host.h"

enum { CONTROL_NEAREST = 0x37f, ROUNDS = 20000 };

static struct float80 evaluate(enum host_operation operation, uint16_t control, struct float80 a, struct float80 b,
                               uint16_t *flags)
{
    struct fp_status status = status_of_control(control);
    struct fp_number x = fp_unpack80(a), y = fp_unpack80(b), result;
    struct float80 value;
    bool out_of_range = false;

    status.precision = 64;
    switch (operation) {
    case HOST_2XM1: result = fp_2xm1(&x, &status); break;
    case HOST_SIN: result = fp_sine(&x, &out_of_range, &status); break;
    case HOST_COS: result = fp_cosine(&x, &out_of_range, &status); break;
    case HOST_PTAN: result = fp_tangent(&x, &out_of_range, &status); break;
    case HOST_PATAN: result = fp_arctangent(&x, &y, &status); break;
    case HOST_YL2X: result = fp_yl2x(&x, &y, &status); break;
    default: result = fp_yl2xp1(&x, &y, &status); break;
    }
    value = fp_pack80(&result, &status);
    *flags = (uint16_t)(status.flags | (out_of_range ? STATUS_C2 : 0));
    return value;
}

static const struct vector {
    enum host_operation operation;
    struct float80 x, y, result;
} vectors[] = {
#include "softfloat_vectors.h"
};

Test(softfloat_functions, correctly_rounded)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        uint16_t flags;
        struct float80 got = evaluate(v->operation, CONTROL_NEAREST, v->x, v->y, &flags);

        cr_expect(got.significand == v->result.significand && got.sign_exponent == v->result.sign_exponent,
                  "operation %d %04x:%016llx %04x:%016llx: %04x:%016llx, expected %04x:%016llx", v->operation,
                  v->x.sign_exponent, (unsigned long long)v->x.significand, v->y.sign_exponent,
                  (unsigned long long)v->y.significand, got.sign_exponent, (unsigned long long)got.significand,
                  v->result.sign_exponent, (unsigned long long)v->result.significand);
        cr_expect(flags & FP_INEXACT);
    }
}

/* In units of the last place: by the ordinal of the encoding. */
static uint64_t distance(struct float80 a, struct float80 b)
{
    __int128 x = ((__int128)(a.sign_exponent & 0x7fff) << 63) + (a.significand & ~FLOAT80_INTEGER_BIT);
    __int128 y = ((__int128)(b.sign_exponent & 0x7fff) << 63) + (b.significand & ~FLOAT80_INTEGER_BIT), difference;

    if (a.sign_exponent >> 15)
        x = -x;
    if (b.sign_exponent >> 15)
        y = -y;
    difference = x > y ? x - y : y - x;
    return difference > 1000000 ? 1000000 : (uint64_t)difference;
}

static void compare_with_host(enum host_operation operation, struct float80 a, struct float80 b, uint16_t control,
                              uint64_t allowed, unsigned *failures)
{
    uint16_t flags, host_flags;
    struct float80 soft = evaluate(operation, control, a, b, &flags), host = host_run(operation, control, a, b, &host_flags);
    unsigned compared = (flags & FP_INVALID) || (a.sign_exponent & 0x7fff) == 0x7fff
                            ? FP_ALL
                            : FP_INVALID | FP_DENORMAL | FP_DIVIDE | STATUS_C2;

    if (distance(soft, host) <= allowed && !((flags ^ host_flags) & compared))
        return;
    if ((*failures)++ < 8)
        cr_expect_fail("operation %d of %04x:%016llx %04x:%016llx control %03x: %04x:%016llx status %04x, host %04x:%016llx "
                       "status %04x",
                       operation, a.sign_exponent, (unsigned long long)a.significand, b.sign_exponent,
                       (unsigned long long)b.significand, control, soft.sign_exponent, (unsigned long long)soft.significand,
                       flags, host.sign_exponent, (unsigned long long)host.significand, host_flags);
}

/* Whether the manual defines the operation there, and both processors' pi give the same reduction. */
static bool comparable(enum host_operation operation, struct float80 a)
{
    unsigned exponent = a.sign_exponent & 0x7fff;
    bool special = exponent == 0x7fff || !a.significand;

    switch (operation) {
    case HOST_SIN:
    case HOST_COS: return special || exponent < 0x3ffe || exponent >= 0x403f;
    case HOST_PTAN: return special || exponent < 0x3ffe; /* out of range nothing is pushed */
    case HOST_2XM1: return special || exponent < 0x3fff || (exponent == 0x3fff && a.significand == FLOAT80_INTEGER_BIT);
    case HOST_YL2XP1: return !a.significand || exponent < 0x3ffd || (special && !(a.sign_exponent >> 15));
    default: return true;
    }
}

static void compare_function(enum host_operation operation)
{
    uint64_t state = UINT64_C(0x66756e6374696f6e) + (unsigned)operation;
    unsigned failures = 0;

#if !HOST_X87
    fprintf(stderr, "skipped: this host has no x87 to compare with\n");
    return;
#endif
    for (size_t i = 0; i < boundary_count; i++)
        for (size_t j = 0; j < boundary_count; j++)
            if (comparable(operation, boundary_values[i]))
                compare_with_host(operation, boundary_values[i], boundary_values[j], CONTROL_NEAREST, 1, &failures);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct float80 a = random_value(&state), b = random_value(&state);
        uint16_t control = (uint16_t)((random_bits(&state) & 3) << 10 | 0x37f);

        if (comparable(operation, a))
            compare_with_host(operation, a, b, control, control == CONTROL_NEAREST ? 1 : 2, &failures);
    }
    cr_expect_eq(failures, 0, "operation %d: %u differences", operation, failures);
}

Test(softfloat_functions, power)
{
    compare_function(HOST_2XM1);
}
Test(softfloat_functions, sine)
{
    compare_function(HOST_SIN);
}
Test(softfloat_functions, cosine)
{
    compare_function(HOST_COS);
}
Test(softfloat_functions, tangent)
{
    compare_function(HOST_PTAN);
}
Test(softfloat_functions, arctangent)
{
    compare_function(HOST_PATAN);
}
Test(softfloat_functions, logarithm)
{
    compare_function(HOST_YL2X);
}
Test(softfloat_functions, logarithm_plus_1)
{
    compare_function(HOST_YL2XP1);
}
