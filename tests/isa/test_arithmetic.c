/* Shifts, rotates, multiplication and division against bit-by-bit and plain arithmetic. */
#include <criterion/criterion.h>

#include "isa_bench.h"

#define SEED UINT64_C(0x9e3779b97f4a7c15)

static const char *const shift_names[8] = {"rol", "ror", "rcl", "rcr", "shl", "shr", "sal", "sar"};

/* `count` single steps of a shift or rotate; CF and OF as each step leaves them. */
static uint64_t reference_shift(unsigned operation, uint64_t value, unsigned count, unsigned width, bool *cf, bool *of)
{
    uint64_t mask = width_mask(width), top = UINT64_C(1) << (width - 1);

    for (; count; count--) {
        bool high = value & top, low = value & 1, carry = *cf;

        switch (operation) {
        case 0:
            value = (value << 1 | high) & mask;
            *cf = high;
            break;
        case 1:
            value = value >> 1 | (low ? top : 0);
            *cf = low;
            break;
        case 2:
            value = (value << 1 | carry) & mask;
            *cf = high;
            break;
        case 3:
            value = value >> 1 | (carry ? top : 0);
            *cf = low;
            break;
        case 4:
        case 6:
            value = value << 1 & mask;
            *cf = high;
            break;
        case 5:
            value >>= 1;
            *cf = low;
            break;
        default:
            value = value >> 1 | (high ? top : 0);
            *cf = low;
            break;
        }
        *of = high != !!(value & top);
    }
    return value;
}

static size_t put_operand_size(uint8_t *code, unsigned width)
{
    code[0] = 0x66;
    return width == 32;
}

/* Operation on (E)AX or AL by CL, by an immediate, by 1. */
static void check_shift(struct isa_bench *bench, unsigned operation, unsigned form, uint64_t value, unsigned count,
                        unsigned width, unsigned count_mask)
{
    uint8_t code[5];
    size_t n = put_operand_size(code, width);
    bool cf = value >> 3 & 1, of = false;
    unsigned steps = form == 2 ? 1 : count & count_mask;
    uint64_t expected = reference_shift(operation, value, steps, width, &cf, &of), got;
    unsigned mask = operation < 4 ? FLAG_CF | FLAG_OF : FLAG_CF | FLAG_OF | FLAG_SF | FLAG_ZF | FLAG_PF, flags;

    code[n++] = (uint8_t)((form == 0 ? 0xd2 : form == 1 ? 0xc0 : 0xd0) + (width != 8));
    code[n++] = (uint8_t)(0xc0 | operation << 3);
    if (form == 1)
        code[n++] = (uint8_t)count;
    isa_bench_code(bench, code, n);
    bench->cpu->gpr[RAX] = value;
    bench->cpu->gpr[RCX] = count;
    flags_set(bench->cpu, (value >> 3 & 1) | FLAG_AF);
    isa_bench_step(bench);
    got = bench->cpu->gpr[RAX] & width_mask(width);
    cr_assert_eq(got, expected, "%s %llx by %u, %u bits, form %u on %s: %llx, expected %llx", shift_names[operation],
                 (unsigned long long)value, count, width, form, bench->cpu->model->name, (unsigned long long)got,
                 (unsigned long long)expected);
    if (!steps) {
        cr_assert_eq(flags_get_arithmetic(bench->cpu), (value >> 3 & 1) | FLAG_AF);
        return;
    }
    flags = (cf ? FLAG_CF : 0) | (of ? FLAG_OF : 0);
    if (operation >= 4) {
        flags |= (expected == 0 ? FLAG_ZF : 0) | (expected >> (width - 1) ? FLAG_SF : 0) |
                 (__builtin_parity((unsigned)expected & 0xff) ? 0 : FLAG_PF);
    } else {
        mask |= FLAG_AF | FLAG_ZF;
        flags |= FLAG_AF;
    }
    cr_assert_eq(flags_get_arithmetic(bench->cpu) & mask, flags, "%s %llx by %u, %u bits on %s: flags %03x, expected %03x",
                 shift_names[operation], (unsigned long long)value, count, width, bench->cpu->model->name,
                 (unsigned)flags_get_arithmetic(bench->cpu) & mask, flags);
}

static void check_shifts(const char *model, unsigned first_form, unsigned last_form, unsigned counts, unsigned count_mask)
{
    struct isa_bench bench;
    uint64_t random = SEED;
    unsigned widest = cpu_model_find(model)->level >= 3 ? 32 : 16;

    isa_bench_open(&bench, model, false);
    for (unsigned width = 8; width <= widest; width *= 2)
        for (unsigned operation = 0; operation < 8; operation++)
            for (unsigned form = first_form; form <= last_form; form++)
                for (unsigned count = 0; count < counts; count++)
                    for (unsigned n = 0; n < 6; n++) {
                        if (operation == 6 && cpu_model_find(model)->level == 0)
                            continue; /* SETMO there */
                        check_shift(&bench, operation, form, isa_bench_random(&random) & width_mask(width), count, width,
                                    count_mask);
                    }
    isa_bench_close(&bench);
}

Test(arithmetic, shifts_on_386)
{
    check_shifts("80386", 0, 2, 70, 31);
}

Test(arithmetic, shifts_on_286)
{
    check_shifts("80286", 0, 2, 70, 31);
}

Test(arithmetic, shifts_on_8086_take_the_whole_count)
{
    check_shifts("8086", 0, 0, 256, 255);
}

/* SHLD and SHRD EAX/AX, EBX/BX, CL. */
Test(arithmetic, double_shifts)
{
    struct isa_bench bench;
    uint64_t random = SEED;

    isa_bench_open(&bench, "80386", false);
    for (unsigned width = 16; width <= 32; width *= 2)
        for (unsigned right = 0; right < 2; right++)
            for (unsigned count = 1; count < (width == 16 ? 17 : 32); count++)
                for (unsigned n = 0; n < 8; n++) {
                    uint64_t mask = width_mask(width), a = isa_bench_random(&random) & mask,
                             b = isa_bench_random(&random) & mask;
                    uint64_t pair = right ? b << width | a : a << width | b;
                    uint64_t expected = (right ? pair >> count : pair << count >> width) & mask;
                    bool cf = right ? a >> (count - 1) & 1 : a >> (width - count) & 1;
                    uint8_t code[5];
                    size_t size = put_operand_size(code, width);

                    code[size++] = 0x0f;
                    code[size++] = right ? 0xad : 0xa5;
                    code[size++] = 0xd8;
                    isa_bench_code(&bench, code, size);
                    bench.cpu->gpr[RAX] = a;
                    bench.cpu->gpr[RBX] = b;
                    bench.cpu->gpr[RCX] = count;
                    isa_bench_step(&bench);
                    cr_assert_eq(bench.cpu->gpr[RAX], expected, "%s %u bits by %u", right ? "shrd" : "shld", width, count);
                    cr_assert_eq(flag_cf(bench.cpu), cf);
                    cr_assert_eq(flag_zf(bench.cpu), expected == 0);
                    cr_assert_eq(flag_sf(bench.cpu), expected >> (width - 1));
                    if (count == 1)
                        cr_assert_eq(flag_of(bench.cpu), (a ^ expected) >> (width - 1) & 1);
                }
    isa_bench_close(&bench);
}

/* --- multiplication and division -------------------------------------------------------------------------------- */

/* F6/F7 /ext with the operand in (E)BX or BL; accumulator halves in and out. */
static int run_group3(struct isa_bench *bench, unsigned ext, unsigned width, uint64_t *high, uint64_t *low, uint64_t operand)
{
    uint8_t code[4];
    size_t n = put_operand_size(code, width);
    int vector;

    code[n++] = width == 8 ? 0xf6 : 0xf7;
    code[n++] = (uint8_t)(0xc3 | ext << 3);
    isa_bench_code(bench, code, n);
    bench->cpu->gpr[RAX] = width == 8 ? *high << 8 | *low : *low;
    bench->cpu->gpr[RDX] = *high;
    bench->cpu->gpr[RBX] = operand;
    vector = isa_bench_step(bench);
    *low = bench->cpu->gpr[RAX] & width_mask(width);
    *high = width == 8 ? bench->cpu->gpr[RAX] >> 8 & 0xff : bench->cpu->gpr[RDX] & width_mask(width);
    return vector;
}

/* Values that sit at the edges more often than not. */
static uint64_t edge_value(uint64_t *random, unsigned width)
{
    uint64_t value = isa_bench_random(random), mask = width_mask(width);

    switch (value >> 60) {
    case 0: return 0;
    case 1: return mask;
    case 2: return (mask >> 1) + 1;
    case 3: return mask >> 1;
    case 4: return value & 3;
    default: return value & mask;
    }
}

static void check_multiply(const char *model)
{
    struct isa_bench bench;
    uint64_t random = SEED;
    unsigned widest = cpu_model_find(model)->level >= 3 ? 32 : 16;

    isa_bench_open(&bench, model, false);
    for (unsigned width = 8; width <= widest; width *= 2)
        for (unsigned n = 0; n < 4000; n++) {
            uint64_t a = edge_value(&random, width), b = edge_value(&random, width), high = 0, low = a, product = a * b;

            cr_assert_eq(run_group3(&bench, 4, width, &high, &low, b), -1);
            cr_assert_eq(high << width | low, product, "%s: mul %llx by %llx", model, (unsigned long long)a,
                         (unsigned long long)b);
            cr_assert_eq(flag_cf(bench.cpu), high != 0);
            cr_assert_eq(flag_of(bench.cpu), high != 0);
            high = 0;
            low = a;
            product = (sign_extend(a, width) * sign_extend(b, width)) & width_mask(2 * width);
            cr_assert_eq(run_group3(&bench, 5, width, &high, &low, b), -1);
            cr_assert_eq(high << width | low, product, "%s: imul %llx by %llx", model, (unsigned long long)a,
                         (unsigned long long)b);
            cr_assert_eq(flag_cf(bench.cpu), sign_extend(low, width) != sign_extend(product, 2 * width));
            cr_assert_eq(flag_of(bench.cpu), flag_cf(bench.cpu));
        }
    isa_bench_close(&bench);
}

Test(arithmetic, multiplication)
{
    check_multiply("8086");
    check_multiply("80286");
    check_multiply("80486");
}

/* Signed division by the host's, in 64 bits, which holds every dividend here but the widest; `lowest`: smallest quotient
 * that fits. */
static void check_divide(const char *model, bool lowest_fits)
{
    struct isa_bench bench;
    uint64_t random = SEED;
    unsigned widest = cpu_model_find(model)->level >= 3 ? 32 : 16;

    isa_bench_open(&bench, model, false);
    for (unsigned width = 8; width <= widest; width *= 2)
        for (unsigned n = 0; n < 6000; n++) {
            uint64_t mask = width_mask(width), divisor = edge_value(&random, width), low = edge_value(&random, width);
            uint64_t high = n & 1   ? edge_value(&random, width) % (divisor ? divisor : 1)
                            : n & 2 ? edge_value(&random, width)
                            : n & 4 ? mask
                                    : 0;
            uint64_t dividend = high << width | low, h = high, l = low;
            bool fits = divisor && dividend / divisor <= mask;
            int64_t top = (int64_t)(mask >> 1), d = (int64_t)sign_extend(dividend, 2 * width),
                    s = (int64_t)sign_extend(divisor, width);

            bench.cpu->gpr[RSP] = 0x8000;
            cr_assert_eq(run_group3(&bench, 6, width, &h, &l, divisor), fits ? -1 : 0, "%s: div %llx by %llx", model,
                         (unsigned long long)dividend, (unsigned long long)divisor);
            if (fits) {
                cr_assert_eq(l, dividend / divisor);
                cr_assert_eq(h, dividend % divisor);
            } else {
                cr_assert(h == high && l == low, "a division that faults changes nothing");
                cr_assert_eq(load_le16(bench.ram + 0x7ffa),
                             BENCH_CODE + (bench.cpu->model->level ? 0 : 2)); /* a fault; on the 8086 a trap */
            }
            if (!strcmp(model, "80286") && !(divisor && d != INT64_MIN && d / s <= top && d / s >= -top - 1))
                continue; /* its IDIV has a hole: test_80286_idiv_hole */
            bench.cpu->gpr[RSP] = 0x8000;
            h = high;
            l = low;
            fits = divisor && !(d == INT64_MIN && s == -1) && d / s <= top && d / s >= -top - lowest_fits;
            cr_assert_eq(run_group3(&bench, 7, width, &h, &l, divisor), fits ? -1 : 0, "%s: idiv %llx by %llx, %u bits",
                         model, (unsigned long long)dividend, (unsigned long long)divisor, width);
            if (fits) {
                cr_assert_eq(l, (uint64_t)(d / s) & mask);
                cr_assert_eq(h, (uint64_t)(d % s) & mask);
            }
        }
    isa_bench_close(&bench);
}

Test(arithmetic, division)
{
    check_divide("80286", true);
    check_divide("80486", true);
    check_divide("8086", false); /* -128 and -32768 do not fit on the 8086 */
}

/* Captured from an 80286: an overflow that its IDIV does not see. */
Test(arithmetic, idiv_hole_of_the_80286)
{
    struct isa_bench bench;
    uint64_t high = 0xb0, low = 0xe3;

    isa_bench_open(&bench, "80286", false);
    cr_assert_eq(run_group3(&bench, 7, 8, &high, &low, 0x1e), -1);
    cr_assert_eq(high, 0xe3);
    cr_assert_eq(low, 0x80);
    isa_bench_close(&bench);
    isa_bench_open(&bench, "80386", false);
    high = 0xb0, low = 0xe3;
    cr_assert_eq(run_group3(&bench, 7, 8, &high, &low, 0x1e), VECTOR_DE);
    isa_bench_close(&bench);
}
