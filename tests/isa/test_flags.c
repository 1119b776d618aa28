/* The lazy flags against the manual's definitions, and the ALU instructions against plain arithmetic: all byte operands. */
#include <criterion/criterion.h>

#include "isa_bench.h"

static bool even_parity(unsigned byte)
{
    unsigned ones = 0;

    for (unsigned i = 0; i < 8; i++)
        ones += byte >> i & 1;
    return !(ones & 1);
}

static unsigned flags_of_result(unsigned result)
{
    return (result == 0 ? FLAG_ZF : 0) | (result & 0x80 ? FLAG_SF : 0) | (even_parity(result) ? FLAG_PF : 0);
}

static unsigned reference_add(unsigned a, unsigned b, unsigned carry, unsigned *flags)
{
    unsigned sum = a + b + carry;
    int exact = (int8_t)a + (int8_t)b + (int)carry;

    *flags = flags_of_result(sum & 0xff) | (sum > 0xff ? FLAG_CF : 0) | ((a & 15) + (b & 15) + carry > 15 ? FLAG_AF : 0) |
             (exact < -128 || exact > 127 ? FLAG_OF : 0);
    return sum & 0xff;
}

static unsigned reference_subtract(unsigned a, unsigned b, unsigned borrow, unsigned *flags)
{
    unsigned difference = (a - b - borrow) & 0xff;
    int exact = (int8_t)a - (int8_t)b - (int)borrow;

    *flags = flags_of_result(difference) | (a < b + borrow ? FLAG_CF : 0) | ((a & 15) < (b & 15) + borrow ? FLAG_AF : 0) |
             (exact < -128 || exact > 127 ? FLAG_OF : 0);
    return difference;
}

static unsigned reference(unsigned operation, unsigned a, unsigned b, unsigned carry, unsigned *flags)
{
    unsigned result = a;

    switch (operation) {
    case 0: return reference_add(a, b, 0, flags);
    case 2: return reference_add(a, b, carry, flags);
    case 3: return reference_subtract(a, b, carry, flags);
    case 5: return reference_subtract(a, b, 0, flags);
    case 7: reference_subtract(a, b, 0, flags); return a;
    case 1: result = a | b; break;
    case 4: result = a & b; break;
    case 6: result = a ^ b; break;
    default: break;
    }
    *flags = flags_of_result(result);
    return result;
}

/* OP AL, BL for the eight operations. */
Test(flags, alu_bytes_exhaustively)
{
    struct isa_bench bench;

    isa_bench_open(&bench, "80386", false);
    for (unsigned operation = 0; operation < 8; operation++) {
        uint8_t code[2] = {(uint8_t)(operation * 8), 0xd8};

        isa_bench_code(&bench, code, sizeof code);
        for (unsigned carry = 0; carry <= (operation == 2 || operation == 3); carry++)
            for (unsigned pair = 0; pair < 0x10000; pair++) {
                unsigned a = pair & 0xff, b = pair >> 8, expected_flags,
                         expected = reference(operation, a, b, carry, &expected_flags);

                bench.cpu->gpr[RAX] = 0x1234ff00 | a;
                bench.cpu->gpr[RBX] = b;
                flags_set(bench.cpu, carry);
                isa_bench_step(&bench);
                if (bench.cpu->gpr[RAX] != (0x1234ff00 | expected) || flags_get_arithmetic(bench.cpu) != expected_flags)
                    cr_assert_fail("operation %u of %02x, %02x, carry %u: %02x flags %03x, expected %02x flags %03x",
                                   operation, a, b, carry, (unsigned)bench.cpu->gpr[RAX] & 0xff,
                                   (unsigned)flags_get_arithmetic(bench.cpu), expected, expected_flags);
            }
    }
    isa_bench_close(&bench);
}

Test(flags, inc_dec_neg_keep_what_they_must)
{
    static const uint8_t codes[3][2] = {{0xfe, 0xc0}, {0xfe, 0xc8}, {0xf6, 0xd8}}; /* INC AL, DEC AL, NEG AL */
    struct isa_bench bench;

    isa_bench_open(&bench, "80386", false);
    for (unsigned operation = 0; operation < 3; operation++) {
        isa_bench_code(&bench, codes[operation], 2);
        for (unsigned a = 0; a < 256; a++)
            for (unsigned carry = 0; carry < 2; carry++) {
                unsigned flags, expected = operation == 0   ? reference_add(a, 1, 0, &flags)
                                           : operation == 1 ? reference_subtract(a, 1, 0, &flags)
                                                            : reference_subtract(0, a, 0, &flags);

                if (operation < 2)
                    flags = (flags & ~(unsigned)FLAG_CF) | carry;
                bench.cpu->gpr[RAX] = a;
                flags_set(bench.cpu, carry | FLAG_OF);
                isa_bench_step(&bench);
                cr_assert_eq(bench.cpu->gpr[RAX], expected);
                cr_assert_eq(flags_get_arithmetic(bench.cpu), flags, "operation %u of %02x: %03x, expected %03x", operation,
                             a, (unsigned)flags_get_arithmetic(bench.cpu), flags);
            }
    }
    isa_bench_close(&bench);
}

/* POPF and SAHF may set combinations that no result has. */
Test(flags, any_combination_survives)
{
    struct isa_bench bench;

    isa_bench_open(&bench, "80386", false);
    for (unsigned i = 0; i < 64; i++) {
        unsigned flags = (i & 1 ? FLAG_CF : 0) | (i & 2 ? FLAG_PF : 0) | (i & 4 ? FLAG_AF : 0) | (i & 8 ? FLAG_ZF : 0) |
                         (i & 16 ? FLAG_SF : 0) | (i & 32 ? FLAG_OF : 0);
        bool cf = i & 1, pf = i & 2, zf = i & 8, sf = i & 16, of = i & 32;
        bool conditions[8] = {of, cf, zf, cf || zf, sf, pf, sf != of, zf || sf != of};

        flags_set_arithmetic(bench.cpu, flags);
        cr_assert_eq(flags_get_arithmetic(bench.cpu), flags);
        for (unsigned code = 0; code < 16; code++) { /* SETcc DL */
            uint8_t bytes[3] = {0x0f, (uint8_t)(0x90 + code), 0xc2};

            isa_bench_code(&bench, bytes, 3);
            isa_bench_step(&bench);
            cr_assert_eq(bench.cpu->gpr[RDX] & 0xff, conditions[code >> 1] != (code & 1), "flags %03x condition %x", flags,
                         code);
        }
    }
    isa_bench_close(&bench);
}
