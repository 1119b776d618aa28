/* Soft floating point: unpacking, rounding and packing; what NaNs and denormals among the operands decide. */
#include <stddef.h>

#include "cpu/fpu/softfloat.h"
#include "cpu/fpu/softfloat_wide.h"

struct format {
    unsigned fraction_bits;
    int bias, special; /* exponent field of infinity and NaN */
};

static const struct format format32 = {23, 127, 0xff};
static const struct format format64 = {52, 1023, 0x7ff};
enum { EXPONENT_WRAP = 24576 };

struct fp_number fp_zero(bool sign)
{
    return (struct fp_number){.kind = FP_ZERO, .sign = sign};
}

struct fp_number fp_infinity(bool sign)
{
    return (struct fp_number){.kind = FP_INFINITY, .sign = sign};
}

struct fp_number fp_indefinite(void)
{
    return (struct fp_number){.kind = FP_QUIET, .sign = true, .hi = FLOAT80_INDEFINITE.significand};
}

struct fp_number fp_from_uint64(uint64_t value, bool sign)
{
    unsigned shift;

    if (!value)
        return fp_zero(sign);
    shift = leading_zeros64(value);
    return (struct fp_number){.kind = FP_FINITE, .sign = sign, .hi = value << shift, .exponent = 63 - (int32_t)shift};
}

struct fp_number fp_from_int64(int64_t value)
{
    return fp_from_uint64(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
}

/* --- unpacking
 * ----------------------------------------------------------------------------------------------------------------- */

static struct fp_number unpack(uint64_t bits, const struct format *format, const struct fp_status *status)
{
    unsigned width = format->fraction_bits;
    uint64_t fraction = bits & ((UINT64_C(1) << width) - 1);
    int field = (int)(bits >> width) & format->special;
    struct fp_number number = {.sign = bits >> width > (uint64_t)format->special, .kind = FP_FINITE};

    if (field == format->special) {
        number.hi = FLOAT80_INTEGER_BIT | fraction << (63 - width);
        number.kind = !fraction ? FP_INFINITY : number.hi & FLOAT80_QUIET_BIT ? FP_QUIET : FP_SIGNALLING;
    } else if (field) {
        number.hi = FLOAT80_INTEGER_BIT | fraction << (63 - width);
        number.exponent = field - format->bias;
    } else if (fraction && !status->denormals_are_zero) {
        unsigned shift = leading_zeros64(fraction);

        number.hi = fraction << shift;
        number.exponent = 1 - format->bias - (int)shift + 63 - (int)width;
        number.denormal = true;
    } else {
        number.kind = FP_ZERO;
    }
    return number;
}

struct fp_number fp_unpack32(uint32_t bits, const struct fp_status *status)
{
    return unpack(bits, &format32, status);
}

struct fp_number fp_unpack64(uint64_t bits, const struct fp_status *status)
{
    return unpack(bits, &format64, status);
}

/* SDM 1 8.2.2 and table 8-3: unnormals, pseudo-NaNs and pseudo-infinities are not supported, pseudo-denormals are denormals.
 */
struct fp_number fp_unpack80(struct float80 value)
{
    int field = value.sign_exponent & FLOAT80_SPECIAL;
    struct fp_number number = {.hi = value.significand, .sign = value.sign_exponent >> 15, .kind = FP_FINITE};

    if (field && !(value.significand & FLOAT80_INTEGER_BIT)) {
        number.kind = FP_UNSUPPORTED;
    } else if (field == FLOAT80_SPECIAL) {
        number.kind = !(value.significand << 1)               ? FP_INFINITY
                      : value.significand & FLOAT80_QUIET_BIT ? FP_QUIET
                                                              : FP_SIGNALLING;
    } else if (field) {
        number.exponent = field - FLOAT80_BIAS;
    } else if (value.significand) {
        unsigned shift = leading_zeros64(value.significand);

        number.hi <<= shift;
        number.exponent = 1 - FLOAT80_BIAS - (int)shift;
        number.denormal = true;
    } else {
        number.kind = FP_ZERO;
    }
    return number;
}

/* --- rounding
 * ------------------------------------------------------------------------------------------------------------------- */

struct rounded {
    uint64_t significand; /* left-justified, the bits below the precision 0 */
    bool carry;           /* it grew to the next power of two */
    bool inexact, up;
};

/* To `bits` (1 to 64) significant bits, counted from bit 127 whether or not that is set. */
static struct rounded round_bits(struct wide value, unsigned bits, bool sign, unsigned rounding)
{
    uint64_t unit = UINT64_C(1) << (64 - bits), rest = value.lo;
    const uint64_t half = UINT64_C(1) << 63;
    struct rounded rounded = {.significand = value.hi};

    if (bits < 64) {
        rest = value.hi << bits | (value.lo != 0);
        rounded.significand &= ~(unit - 1);
    }
    if (!rest)
        return rounded;
    rounded.inexact = true;
    switch (rounding) {
    case FP_NEAREST: rounded.up = rest > half || (rest == half && (rounded.significand & unit)); break;
    case FP_DOWN: rounded.up = sign; break;
    case FP_UP: rounded.up = !sign; break;
    default: break;
    }
    if (rounded.up) {
        rounded.significand += unit;
        if (!rounded.significand) {
            rounded.significand = FLOAT80_INTEGER_BIT;
            rounded.carry = true;
        }
    }
    return rounded;
}

/* What a rounded finite number is in a format whose exponent field starts at 1 for `lowest` and ends before `highest`. */
struct fitted {
    uint64_t significand;
    int32_t exponent; /* unbiased; `lowest` for denormals, whose significand has no bit 63 */
    enum { FITTED, FITTED_INFINITY, FITTED_LARGEST, FITTED_ZERO } kind;
};

static struct fitted overflow(const struct fp_number *number, struct rounded rounded, unsigned bits,
                              struct fp_status *status)
{
    bool away = status->rounding == FP_NEAREST || status->rounding == (number->sign ? FP_DOWN : FP_UP);

    status->flags |= FP_OVERFLOW;
    if (!(status->masked & FP_OVERFLOW)) { /* delivered with its exponent wrapped, where there is a destination */
        status->flags |= rounded.inexact ? FP_INEXACT : 0;
        status->rounded_up = rounded.up;
        return (struct fitted){rounded.significand, number->exponent + rounded.carry - EXPONENT_WRAP, FITTED};
    }
    status->flags |= FP_INEXACT;
    status->rounded_up = away;
    if (away)
        return (struct fitted){.kind = FITTED_INFINITY};
    return (struct fitted){~UINT64_C(0) << (64 - bits), 0, FITTED_LARGEST};
}

static struct fitted underflow(const struct fp_number *number, struct rounded rounded, unsigned bits, int lowest,
                               struct fp_status *status)
{
    uint32_t shift = (uint32_t)(lowest - number->exponent);

    if (!(status->masked & FP_UNDERFLOW)) {
        status->flags |= FP_UNDERFLOW | (rounded.inexact ? FP_INEXACT : 0);
        status->rounded_up = rounded.up;
        return (struct fitted){rounded.significand, number->exponent + rounded.carry + EXPONENT_WRAP, FITTED};
    }
    if (status->flush_to_zero) {
        status->flags |= FP_UNDERFLOW | FP_INEXACT;
        return (struct fitted){.kind = FITTED_ZERO};
    }
    rounded = round_bits(wide_shift_right_sticky((struct wide){number->hi, number->lo}, shift), bits, number->sign,
                         status->rounding);
    if (rounded.inexact)
        status->flags |= FP_UNDERFLOW | FP_INEXACT;
    status->rounded_up = rounded.up;
    return (struct fitted){rounded.significand, lowest, FITTED};
}

/* Tininess is found after rounding (SDM 1 4.9.1.5). */
static struct fitted fit(const struct fp_number *number, unsigned bits, int lowest, int highest, struct fp_status *status)
{
    struct rounded rounded = round_bits((struct wide){number->hi, number->lo}, bits, number->sign, status->rounding);
    int32_t exponent = number->exponent + rounded.carry;

    if (exponent > highest)
        return overflow(number, rounded, bits, status);
    if (exponent < lowest)
        return underflow(number, rounded, bits, lowest, status);
    if (number->exponent <
        lowest) /* it was rounded up to the smallest normal number: not tiny, but rounded where it stands */
        rounded = round_bits(wide_shift_right_sticky((struct wide){number->hi, number->lo}, 1), bits, number->sign,
                             status->rounding);
    if (rounded.inexact)
        status->flags |= FP_INEXACT;
    status->rounded_up = rounded.up;
    return (struct fitted){rounded.significand, exponent, FITTED};
}

/* --- packing
 * ---------------------------------------------------------------------------------------------------------------------- */

static uint64_t pack(const struct fp_number *number, const struct format *format, struct fp_status *status)
{
    unsigned width = format->fraction_bits;
    uint64_t sign = (uint64_t)number->sign << (width + (format->special == 0xff ? 8 : 11));
    uint64_t special = (uint64_t)format->special << width, fraction_mask = (UINT64_C(1) << width) - 1;
    struct fitted fitted;

    status->rounded_up = false;
    switch (number->kind) {
    case FP_ZERO: return sign;
    case FP_INFINITY: return sign | special;
    case FP_FINITE: break;
    default: return sign | special | (number->hi >> (63 - width) & fraction_mask);
    }
    fitted = fit(number, width + 1, 1 - format->bias, format->special - 1 - format->bias, status);
    if (status->rules == FP_RULES_X87 &&
        fp_trapped(status, FP_OVERFLOW | FP_UNDERFLOW)) { /* nothing is stored, so nothing was rounded */
        status->flags &= (uint8_t)~FP_INEXACT;
        status->rounded_up = false;
    }
    switch (fitted.kind) {
    case FITTED_INFINITY: return sign | special;
    case FITTED_LARGEST: return sign | (special - 1);
    case FITTED_ZERO: return sign;
    default: break;
    }
    if (!(fitted.significand & FLOAT80_INTEGER_BIT))
        return sign | fitted.significand >> (63 - width);
    return sign | (((uint64_t)(fitted.exponent + format->bias) << width) & special) |
           (fitted.significand >> (63 - width) & fraction_mask);
}

uint32_t fp_pack32(const struct fp_number *number, struct fp_status *status)
{
    return (uint32_t)pack(number, &format32, status);
}

uint64_t fp_pack64(const struct fp_number *number, struct fp_status *status)
{
    return pack(number, &format64, status);
}

struct float80 fp_pack80(const struct fp_number *number, struct fp_status *status)
{
    uint16_t sign = number->sign ? FLOAT80_SIGN : 0;
    const struct float80 infinity = {FLOAT80_INTEGER_BIT, sign | FLOAT80_SPECIAL};
    struct fitted fitted;

    status->rounded_up = false;
    switch (number->kind) {
    case FP_ZERO: return (struct float80){0, sign};
    case FP_INFINITY: return infinity;
    case FP_FINITE: break;
    default: return (struct float80){number->hi, sign | FLOAT80_SPECIAL};
    }
    fitted = fit(number, status->precision, 1 - FLOAT80_BIAS, FLOAT80_SPECIAL - 1 - FLOAT80_BIAS, status);
    if (fitted.kind == FITTED && (fitted.exponent > FLOAT80_BIAS || fitted.exponent < 1 - FLOAT80_BIAS)) {
        /* so far out that wrapping does not help (FSCALE; SDM 1 8.5.4, 8.5.5) */
        status->flags |= FP_INEXACT;
        status->rounded_up = fitted.exponent > 0;
        fitted.kind = fitted.exponent > 0 ? FITTED_INFINITY : FITTED_ZERO;
    }
    if (fitted.kind == FITTED_INFINITY)
        return infinity;
    if (fitted.kind == FITTED_LARGEST)
        return (struct float80){fitted.significand, sign | (FLOAT80_SPECIAL - 1)};
    if (fitted.kind == FITTED_ZERO)
        return (struct float80){0, sign};
    if (!(fitted.significand & FLOAT80_INTEGER_BIT))
        return (struct float80){fitted.significand, sign};
    return (struct float80){fitted.significand, (uint16_t)(sign | (fitted.exponent + FLOAT80_BIAS))};
}

/* --- operands that decide
 * --------------------------------------------------------------------------------------------------------- */

struct fp_number fp_invalid(struct fp_status *status)
{
    status->flags |= FP_INVALID;
    return fp_indefinite();
}

static bool is_nan(const struct fp_number *number)
{
    return number->kind == FP_QUIET || number->kind == FP_SIGNALLING;
}

/* SDM 1 table 4-7. */
static const struct fp_number *choose_nan(const struct fp_number *a, const struct fp_number *b,
                                          const struct fp_status *status)
{
    if (!b || !is_nan(b))
        return a;
    if (!is_nan(a))
        return b;
    if (status->rules == FP_RULES_SSE)
        return a;
    if (a->kind != b->kind)
        return a->kind == FP_QUIET ? a : b;
    if (a->hi != b->hi)
        return a->hi > b->hi ? a : b;
    return a->sign ? b : a;
}

bool fp_operands_nan(const struct fp_number *a, const struct fp_number *b, struct fp_number *result,
                     struct fp_status *status)
{
    if (a->kind <= FP_INFINITY && (!b || b->kind <= FP_INFINITY))
        return false;
    if (a->kind == FP_UNSUPPORTED || (b && b->kind == FP_UNSUPPORTED)) {
        *result = fp_invalid(status);
        return true;
    }
    if (a->kind == FP_SIGNALLING || (b && b->kind == FP_SIGNALLING))
        status->flags |= FP_INVALID;
    *result = *choose_nan(a, b, status);
    result->kind = FP_QUIET;
    result->hi |= FLOAT80_QUIET_BIT;
    return true;
}

bool fp_operands_denormal(const struct fp_number *a, const struct fp_number *b, struct fp_number *result,
                          struct fp_status *status)
{
    if (!a->denormal && !(b && b->denormal))
        return false;
    status->flags |= FP_DENORMAL;
    if (status->masked & FP_DENORMAL)
        return false;
    *result = *a; /* not to be used */
    return true;
}

struct fp_number fp_convert(const struct fp_number *number, bool denormal, struct fp_status *status)
{
    struct fp_number result = *number;

    if (!fp_operands_nan(number, NULL, &result, status) && denormal)
        fp_operands_denormal(number, NULL, &result, status);
    return result;
}
