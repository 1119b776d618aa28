/* Soft floating point: rounding to integers, conversions to binary integers and packed BCD. */
#include <stddef.h>
#include <string.h>

#include "cpu/fpu/softfloat.h"
#include "cpu/fpu/softfloat_wide.h"

/* The magnitude as an integer, rounded; false if it takes more than 64 bits. */
static bool integer_magnitude(const struct fp_number *number, unsigned rounding, uint64_t *magnitude, bool *inexact,
                              bool *up)
{
    struct wide value = {number->hi, number->lo};
    const uint64_t half = UINT64_C(1) << 63;

    *inexact = *up = false;
    *magnitude = 0;
    if (number->kind == FP_ZERO)
        return true;
    if (number->exponent > 63)
        return false;
    value = wide_shift_right_sticky(value, (uint32_t)(63 - number->exponent));
    *magnitude = value.hi;
    if (!value.lo)
        return true;
    *inexact = true;
    switch (rounding) {
    case FP_NEAREST: *up = value.lo > half || (value.lo == half && (value.hi & 1)); break;
    case FP_DOWN: *up = number->sign; break;
    case FP_UP: *up = !number->sign; break;
    default: break;
    }
    *magnitude += *up;
    return *magnitude || !*up;
}

int64_t fp_to_integer(const struct fp_number *number, unsigned bits, enum fp_rounding rounding, struct fp_status *status)
{
    const uint64_t limit = UINT64_C(1) << (bits - 1);
    uint64_t magnitude;
    bool inexact, up;

    status->rounded_up = false;
    if (number->kind > FP_FINITE || !integer_magnitude(number, rounding, &magnitude, &inexact, &up) ||
        magnitude > limit - !number->sign) {
        status->flags |= FP_INVALID;
        return -(int64_t)(limit - 1) - 1;
    }
    if (inexact)
        status->flags |= FP_INEXACT;
    status->rounded_up = up;
    return (int64_t)(number->sign ? 0 - magnitude : magnitude);
}

struct fp_number fp_round_to_integer(const struct fp_number *number, struct fp_status *status)
{
    struct fp_number result;
    uint64_t magnitude;
    bool inexact, up;

    status->rounded_up = false;
    if (fp_operands_nan(number, NULL, &result, status) || fp_operands_denormal(number, NULL, &result, status))
        return result;
    if (number->kind != FP_FINITE || number->exponent >= 63)
        return *number;
    integer_magnitude(number, status->rounding, &magnitude, &inexact, &up);
    if (inexact)
        status->flags |= FP_INEXACT;
    status->rounded_up = up;
    return fp_from_uint64(magnitude, number->sign);
}

void fp_to_bcd(const struct fp_number *number, uint8_t bcd[10], struct fp_status *status)
{
    uint64_t magnitude;
    bool inexact, up;

    status->rounded_up = false;
    memset(bcd, 0, 10);
    if (number->kind > FP_FINITE || !integer_magnitude(number, status->rounding, &magnitude, &inexact, &up) ||
        magnitude > UINT64_C(999999999999999999)) {
        status->flags |= FP_INVALID;
        bcd[7] = 0xc0; /* the BCD indefinite, SDM 1 table 4-4 */
        bcd[8] = bcd[9] = 0xff;
        return;
    }
    if (inexact)
        status->flags |= FP_INEXACT;
    status->rounded_up = up;
    for (unsigned i = 0; i < 9; i++, magnitude /= 100)
        bcd[i] = (uint8_t)(magnitude / 10 % 10 << 4 | magnitude % 10);
    bcd[9] = number->sign ? 0x80 : 0;
}

struct fp_number fp_from_bcd(const uint8_t bcd[10])
{
    uint64_t magnitude = 0;

    for (unsigned i = 9; i--;)
        magnitude = magnitude * 100 + (bcd[i] >> 4) * 10u + (bcd[i] & 15);
    return fp_from_uint64(magnitude, bcd[9] & 0x80);
}
