/* Soft floating point against the host's x87 and SSE: result bits, exception flags, C1 and condition codes, over the cross
   product of boundary operands and over random ones, in all rounding and precision modes, masked and unmasked. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "softfloat_host.h"

enum { RANDOM_ROUNDS = 400000 };
static const uint64_t first_seed = UINT64_C(0x7472756562307831);

#if HOST_X87
#define NEEDS_HOST
#else
#define NEEDS_HOST                                                          \
    do {                                                                    \
        fprintf(stderr, "skipped: this host has no x87 to compare with\n"); \
        return;                                                             \
    } while (0)
#endif

struct outcome {
    struct float80 value;
    unsigned status; /* exceptions, C0-C3 */
};

static unsigned codes_of_relation(enum fp_relation relation)
{
    static const uint16_t codes[] = {
        [FP_LESS] = STATUS_C0, [FP_EQUAL] = STATUS_C3, [FP_GREATER] = 0, [FP_UNORDERED] = STATUS_C0 | STATUS_C2 | STATUS_C3};

    return codes[relation];
}

/* A result with the precision control of the control word, or always 64 bits. */
static struct outcome finish(struct fp_number number, struct float80 before, struct fp_status *status, bool full)
{
    struct outcome outcome = {.value = before};

    if (full)
        status->precision = 64;
    if (!fp_trapped(status, FP_BEFORE)) {
        bool rounded_up = status->rounded_up;

        outcome.value = fp_pack80(&number, status);
        status->rounded_up |= rounded_up;
        outcome.status = status->rounded_up ? STATUS_C1 : 0;
    }
    outcome.status |= status->flags;
    return outcome;
}

static struct outcome soft_remainder(struct fp_number x, struct fp_number y, struct float80 a, bool nearest,
                                     struct fp_status *status)
{
    unsigned quotient;
    bool partial;
    struct fp_number number = fp_remainder(&x, &y, nearest, &quotient, &partial, status);
    struct outcome outcome = finish(number, a, status, true);

    if (fp_trapped(status, FP_BEFORE) || (status->flags & FP_INVALID))
        return outcome;
    outcome.status &= ~(unsigned)STATUS_C1;
    outcome.status |= (partial ? STATUS_C2 : 0) | (quotient & 1 ? STATUS_C1 : 0) | (quotient & 2 ? STATUS_C3 : 0) |
                      (quotient & 4 ? STATUS_C0 : 0);
    return outcome;
}

static struct outcome soft_run(enum host_operation operation, uint16_t control, struct float80 a, struct float80 b)
{
    struct fp_status status = status_of_control(control);
    struct fp_number x = fp_unpack80(a), y = fp_unpack80(b), zero = fp_zero(false), other;
    struct outcome outcome = {.value = a};

    switch (operation) {
    case HOST_ADD: return finish(fp_add(&x, &y, false, &status), a, &status, false);
    case HOST_SUB: return finish(fp_add(&x, &y, true, &status), a, &status, false);
    case HOST_SUBR: return finish(fp_add(&y, &x, true, &status), a, &status, false);
    case HOST_MUL: return finish(fp_multiply(&x, &y, &status), a, &status, false);
    case HOST_DIV: return finish(fp_divide(&x, &y, &status), a, &status, false);
    case HOST_DIVR: return finish(fp_divide(&y, &x, &status), a, &status, false);
    case HOST_SQRT: return finish(fp_square_root(&x, &status), a, &status, false);
    case HOST_PREM: return soft_remainder(x, y, a, false, &status);
    case HOST_PREM1: return soft_remainder(x, y, a, true, &status);
    case HOST_RNDINT: return finish(fp_round_to_integer(&x, &status), a, &status, true);
    case HOST_SCALE: return finish(fp_scale(&x, &y, &status), a, &status, true);
    case HOST_XTRACT: return finish(fp_extract(&x, &other, &status), a, &status, true);
    case HOST_COM: outcome.status = codes_of_relation(fp_compare(&x, &y, false, &status)); break;
    case HOST_UCOM: outcome.status = codes_of_relation(fp_compare(&x, &y, true, &status)); break;
    case HOST_TST: outcome.status = codes_of_relation(fp_compare(&x, &zero, false, &status)); break;
    default: break;
    }
    outcome.status |= status.flags;
    return outcome;
}

static unsigned codes_of(enum host_operation operation)
{
    switch (operation) {
    case HOST_PREM:
    case HOST_PREM1:
    case HOST_COM:
    case HOST_UCOM:
    case HOST_TST: return STATUS_C0 | STATUS_C1 | STATUS_C2 | STATUS_C3;
    default: return STATUS_C1;
    }
}

static unsigned failures;

static void compare(enum host_operation operation, const char *name, uint16_t control, struct float80 a, struct float80 b)
{
    uint16_t host_status;
    struct float80 host = host_run(operation, control, a, b, &host_status);
    struct outcome soft = soft_run(operation, control, a, b);
    unsigned mask = FP_ALL | codes_of(operation);

    if (soft.value.significand == host.significand && soft.value.sign_exponent == host.sign_exponent &&
        ((soft.status ^ host_status) & mask) == 0)
        return;
    if (failures++ < 12)
        cr_expect_fail("%s %04x:%016llx, %04x:%016llx control %03x: %04x:%016llx status %04x, host %04x:%016llx status %04x",
                       name, a.sign_exponent, (unsigned long long)a.significand, b.sign_exponent,
                       (unsigned long long)b.significand, control, soft.value.sign_exponent,
                       (unsigned long long)soft.value.significand, soft.status & mask, host.sign_exponent,
                       (unsigned long long)host.significand, host_status & mask);
}

/* Every pair of boundary values under a good part of the control words, then random operands under random ones. */
static void compare_all(enum host_operation operation, const char *name, bool two_operands)
{
    uint64_t state = first_seed + (unsigned)operation;
    unsigned turn = 0;

    NEEDS_HOST;
    failures = 0;
    for (size_t i = 0; i < boundary_count; i++)
        for (size_t j = 0; j < (two_operands ? boundary_count : 1); j++)
            for (unsigned control = two_operands ? turn++ % 5 : 0; control < CONTROL_WORDS; control += two_operands ? 5 : 1)
                compare(operation, name, control_word(control), boundary_values[i], boundary_values[j]);
    for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t random = random_bits(&state);
        struct float80 a = random_value(&state), b = random_value(&state);

        if (!(random & 7)) /* near each other: cancellation */
            b.sign_exponent = (uint16_t)((a.sign_exponent & 0x7fff) + (random >> 8 & 3) - 1) | (random >> 16 & 0x8000);
        compare(operation, name, control_word((unsigned)(random >> 32) % (i & 1 ? 12 : CONTROL_WORDS)), a, b);
    }
    cr_expect_eq(failures, 0, "%s: %u differences", name, failures);
}

#define ONE(test, operation)                  \
    Test(softfloat, test)                     \
    {                                         \
        compare_all(operation, #test, false); \
    }
#define TWO(test, operation)                 \
    Test(softfloat, test)                    \
    {                                        \
        compare_all(operation, #test, true); \
    }
TWO(add, HOST_ADD)
TWO(subtract, HOST_SUB)
TWO(subtract_reversed, HOST_SUBR)
TWO(multiply, HOST_MUL)
TWO(divide, HOST_DIV)
TWO(divide_reversed, HOST_DIVR)
ONE(square_root, HOST_SQRT)
TWO(remainder, HOST_PREM)
TWO(remainder_nearest, HOST_PREM1)
ONE(round_to_integer, HOST_RNDINT)
TWO(scale, HOST_SCALE)
ONE(extract, HOST_XTRACT)
TWO(compare_ordered, HOST_COM)
TWO(compare_unordered, HOST_UCOM)
ONE(compare_zero, HOST_TST)

/* --- memory formats
 * ----------------------------------------------------------------------------------------------------------- */

static const char *const format_names[] = {"float32", "float64", "int16", "int32", "int64", "bcd"};
static const uint8_t format_bytes[] = {4, 8, 2, 4, 8, 10};

/* What a store leaves in memory and in the status word. */
static unsigned soft_store(enum host_format format, uint16_t control, struct float80 value, uint8_t bytes[16])
{
    struct fp_status status = status_of_control(control);
    struct fp_number number = fp_unpack80(value);
    uint8_t stored[16];

    memset(bytes, 0xaa, 16);
    memset(stored, 0xaa, 16);
    switch (format) {
    case HOST_FLOAT32:
    case HOST_FLOAT64:
        number = fp_convert(&number, false, &status);
        if (fp_trapped(&status, FP_BEFORE))
            break;
        if (format == HOST_FLOAT32)
            store_le32(stored, fp_pack32(&number, &status));
        else
            store_le64(stored, fp_pack64(&number, &status));
        break;
    case HOST_BCD: fp_to_bcd(&number, stored, &status); break;
    default:
        store_le64(stored, (uint64_t)fp_to_integer(&number, format_bytes[format] * 8u, status.rounding, &status));
        break;
    }
    if (!fp_trapped(&status, FP_BEFORE | FP_OVERFLOW | FP_UNDERFLOW))
        memcpy(bytes, stored, format_bytes[format]);
    return status.flags | (status.rounded_up ? STATUS_C1 : 0);
}

static void compare_store(enum host_format format, uint16_t control, struct float80 value)
{
    uint8_t host[16], soft[16];
    uint16_t host_status;
    unsigned status = soft_store(format, control, value, soft);

    host_x87_store(format, control, value, host, &host_status);
    host_status &= FP_ALL | STATUS_C1;
    if (!memcmp(host, soft, 16) && status == host_status)
        return;
    if (failures++ < 12)
        cr_expect_fail("%s store of %04x:%016llx control %03x: %016llx %04x status %04x, host %016llx %04x status %04x",
                       format_names[format], value.sign_exponent, (unsigned long long)value.significand, control,
                       (unsigned long long)load_le64(soft), load_le16(soft + 8), status, (unsigned long long)load_le64(host),
                       load_le16(host + 8), host_status);
}

static void compare_stores(enum host_format format)
{
    uint64_t state = first_seed + 100 + (unsigned)format;

    NEEDS_HOST;
    failures = 0;
    for (size_t i = 0; i < boundary_count; i++)
        for (unsigned control = 0; control < CONTROL_WORDS; control++)
            compare_store(format, control_word(control), boundary_values[i]);
    for (unsigned i = 0; i < RANDOM_ROUNDS; i++)
        compare_store(format, control_word((unsigned)random_bits(&state) % CONTROL_WORDS), random_value(&state));
    cr_expect_eq(failures, 0, "%s: %u differences", format_names[format], failures);
}

Test(softfloat, store_float32)
{
    compare_stores(HOST_FLOAT32);
}
Test(softfloat, store_float64)
{
    compare_stores(HOST_FLOAT64);
}
Test(softfloat, store_int16)
{
    compare_stores(HOST_INT16);
}
Test(softfloat, store_int32)
{
    compare_stores(HOST_INT32);
}
Test(softfloat, store_int64)
{
    compare_stores(HOST_INT64);
}
Test(softfloat, store_bcd)
{
    compare_stores(HOST_BCD);
}

static void compare_load(enum host_format format, uint16_t control, const uint8_t bytes[16])
{
    struct fp_status status = status_of_control(control);
    uint16_t host_status;
    struct float80 host = host_x87_load(format, control, bytes, &host_status), soft;
    struct fp_number number;
    struct outcome outcome;

    switch (format) {
    case HOST_FLOAT32: number = fp_unpack32(load_le32(bytes), &status); break;
    case HOST_FLOAT64: number = fp_unpack64(load_le64(bytes), &status); break;
    case HOST_INT16: number = fp_from_int64((int16_t)load_le16(bytes)); break;
    case HOST_INT32: number = fp_from_int64((int32_t)load_le32(bytes)); break;
    case HOST_INT64: number = fp_from_int64((int64_t)load_le64(bytes)); break;
    default: number = fp_from_bcd(bytes); break;
    }
    number = fp_convert(&number, true, &status);
    if (fp_trapped(&status, FP_DENORMAL)) /* loaded all the same */
        status.masked |= FP_DENORMAL;
    outcome = finish(number, (struct float80){0, 0}, &status, true);
    soft = outcome.value;
    host_status &= FP_ALL | STATUS_C1;
    if (soft.significand == host.significand && soft.sign_exponent == host.sign_exponent && outcome.status == host_status)
        return;
    if (failures++ < 12)
        cr_expect_fail("%s load of %016llx %04x control %03x: %04x:%016llx status %04x, host %04x:%016llx status %04x",
                       format_names[format], (unsigned long long)load_le64(bytes), load_le16(bytes + 8), control,
                       soft.sign_exponent, (unsigned long long)soft.significand, outcome.status, host.sign_exponent,
                       (unsigned long long)host.significand, host_status);
}

Test(softfloat, loads)
{
    uint64_t state = first_seed + 200;

    NEEDS_HOST;
    failures = 0;
    for (unsigned format = 0; format < HOST_FORMATS; format++)
        for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
            uint64_t random = random_bits(&state);
            uint8_t bytes[16] = {0};

            if (format == HOST_BCD) {
                for (unsigned k = 0; k < 9; k++)
                    bytes[k] = (uint8_t)((random_bits(&state) % 10) << 4 | random_bits(&state) % 10);
                bytes[9] = (uint8_t)random;
            } else {
                store_le64(bytes, random_bits(&state) & (random & 1 ? ~UINT64_C(0) : ~UINT64_C(0) << (random >> 8 & 63)));
                if (format == HOST_FLOAT32 && (random & 6) == 0)
                    bytes[3] &= 0x80, bytes[2] &= 0x7f;
                if (format == HOST_FLOAT32 && (random & 6) == 2)
                    bytes[3] |= 0x7f, bytes[2] |= 0x80;
                if (format == HOST_FLOAT64 && (random & 6) == 0)
                    bytes[7] &= 0x80, bytes[6] &= 0x0f;
                if (format == HOST_FLOAT64 && (random & 6) == 2)
                    bytes[7] |= 0x7f, bytes[6] |= 0xf0;
            }
            compare_load((enum host_format)format, control_word((unsigned)(random >> 32) % CONTROL_WORDS), bytes);
        }
    cr_expect_eq(failures, 0, "loads: %u differences", failures);
}

/* --- SSE: the same core under MXCSR's rules
 * ------------------------------------------------------------------------------------- */

static struct fp_status status_of_mxcsr(uint32_t mxcsr)
{
    return (struct fp_status){.rounding = mxcsr >> 13 & 3,
                              .precision = 64,
                              .masked = FP_ALL,
                              .rules = FP_RULES_SSE,
                              .denormals_are_zero = mxcsr & 0x40,
                              .flush_to_zero = mxcsr & 0x8000};
}

static struct fp_number soft_sse(enum sse_operation operation, const struct fp_number *a, const struct fp_number *b,
                                 struct fp_status *status)
{
    switch (operation) {
    case SSE_ADD: return fp_add(a, b, false, status);
    case SSE_SUB: return fp_add(a, b, true, status);
    case SSE_MUL: return fp_multiply(a, b, status);
    case SSE_DIV: return fp_divide(a, b, status);
    default: return fp_square_root(b, status);
    }
}

static uint64_t random_sse(uint64_t *state, unsigned exponent_bits, unsigned fraction_bits)
{
    uint64_t bits = random_bits(state), choice = random_bits(state), fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
    uint64_t exponent = bits >> fraction_bits & ((UINT64_C(1) << exponent_bits) - 1), middle = UINT64_C(1)
                                                                                               << (exponent_bits - 1);

    if (choice & 0x10)
        fraction &= ~UINT64_C(0) << (choice >> 8) % (fraction_bits + 1);
    switch (choice & 15) {
    case 0: exponent = 0; break;
    case 1: exponent = 2 * middle - 1; break;
    case 2: exponent = 2 * middle - 2; break;
    case 3: exponent = 1; break;
    case 4: break;
    default: exponent = middle - 8 + (choice >> 16 & 15); break;
    }
    return (choice >> 63) << (exponent_bits + fraction_bits) | exponent << fraction_bits | fraction;
}

Test(softfloat, sse)
{
    uint64_t state = first_seed + 300;

    NEEDS_HOST;
    failures = 0;
    for (unsigned i = 0; i < 5 * RANDOM_ROUNDS; i++) {
        uint64_t random = random_bits(&state);
        uint32_t mxcsr =
            0x1f80 | (uint32_t)(random >> 8 & 3) << 13 | (random & 0x10 ? 0x8000 : 0) | (random & 0x20 ? 0x40 : 0);
        enum sse_operation operation = random % SSE_OPERATIONS;
        bool wide = random >> 40 & 1;
        struct fp_status status = status_of_mxcsr(mxcsr);
        uint64_t a = wide ? random_sse(&state, 11, 52) : random_sse(&state, 8, 23), host, soft;
        uint64_t b = wide ? random_sse(&state, 11, 52) : random_sse(&state, 8, 23);
        struct fp_number x = wide ? fp_unpack64(a, &status) : fp_unpack32((uint32_t)a, &status);
        struct fp_number y = wide ? fp_unpack64(b, &status) : fp_unpack32((uint32_t)b, &status);
        struct fp_number result = soft_sse(operation, &x, &y, &status);
        unsigned flags;

        soft = wide ? fp_pack64(&result, &status) : fp_pack32(&result, &status);
        host = wide ? host_sse64(operation, mxcsr, a, b, &flags)
                    : host_sse32(operation, mxcsr, (uint32_t)a, (uint32_t)b, &flags);
        if ((soft != host || flags != status.flags) && failures++ < 12)
            cr_expect_fail("SSE operation %d, %s, %llx %llx MXCSR %04x: %llx flags %02x, host %llx flags %02x", operation,
                           wide ? "64" : "32", (unsigned long long)a, (unsigned long long)b, mxcsr, (unsigned long long)soft,
                           status.flags, (unsigned long long)host, flags);
    }
    cr_expect_eq(failures, 0, "SSE: %u differences", failures);
}
