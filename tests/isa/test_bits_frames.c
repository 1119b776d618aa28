/* Bit strings, exchanges, stack frames: what SDM 2 says of their memory forms. */
#include <criterion/criterion.h>
#include <string.h>

#include "isa_bench.h"

static struct isa_bench bench;

static void open_386(void)
{
    isa_bench_open(&bench, "pentium", false);
}

static void close_386(void)
{
    isa_bench_close(&bench);
}

TestSuite(forms, .init = open_386, .fini = close_386);

static int run(const uint8_t *code, size_t count)
{
    isa_bench_code(&bench, code, count);
    return isa_bench_step(&bench);
}

/* BTS, BTR, BTC [BX], AX and with EAX: the register's signed bit offset reaches before and behind the operand. */
Test(forms, bit_strings)
{
    static const uint8_t opcodes[4] = {0xa3, 0xab, 0xb3, 0xbb};

    for (unsigned wide = 0; wide < 2; wide++)
        for (unsigned operation = 0; operation < 4; operation++)
            for (int bit = -300; bit < 300; bit += 7) {
                uint8_t code[4] = {0x66, 0x0f, opcodes[operation], 0x07}, before, expected;
                int byte = 0x4000 + (bit >> 3);

                memset(bench.ram + 0x3f00, 0x5a, 0x200);
                before = bench.ram[byte] >> (bit & 7) & 1;
                expected = operation == 0 ? before : operation == 1 ? 1 : operation == 2 ? 0 : !before;
                bench.cpu->gpr[RAX] = wide ? (uint32_t)bit : (uint16_t)bit;
                bench.cpu->gpr[RBX] = 0x4000;
                flags_set(bench.cpu, FLAG_ZF | FLAG_OF);
                cr_assert_eq(run(code + !wide, 3 + wide), -1);
                cr_assert_eq(flag_cf(bench.cpu), before, "operation %u bit %d", operation, bit);
                cr_assert_eq(bench.ram[byte] >> (bit & 7) & 1, expected, "operation %u bit %d", operation, bit);
                bench.ram[byte] = 0x5a;
                for (unsigned i = 0x3f00; i < 0x4100; i++)
                    cr_assert_eq(bench.ram[i], 0x5a, "operation %u bit %d touched %x", operation, bit, i);
                cr_assert(flag_zf(bench.cpu));
            }
}

/* An immediate bit offset stays inside the operand. */
Test(forms, bit_immediate)
{
    uint8_t code[] = {0x0f, 0xba, 0x2f, 0x00}; /* BTS word [BX], imm8 */

    for (unsigned bit = 0; bit < 256; bit += 5) {
        memset(bench.ram + 0x3ff0, 0, 0x40);
        code[3] = (uint8_t)bit;
        bench.cpu->gpr[RBX] = 0x4000;
        cr_assert_eq(run(code, sizeof code), -1);
        cr_assert_eq(load_le16(bench.ram + 0x4000), 1u << (bit & 15));
        cr_assert_eq(load_le32(bench.ram + 0x4002), 0u);
    }
}

Test(forms, scans_leave_the_destination_of_zero)
{
    static const uint8_t bsf[] = {0x66, 0x0f, 0xbc, 0xc3}, bsr[] = {0x66, 0x0f, 0xbd, 0xc3}; /* EAX, EBX */

    for (unsigned bit = 0; bit < 32; bit++) {
        bench.cpu->gpr[RBX] = UINT32_C(1) << bit | 1;
        run(bsr, sizeof bsr);
        cr_assert_eq(bench.cpu->gpr[RAX], bit);
        bench.cpu->gpr[RBX] = UINT32_C(0x80000000) | UINT32_C(1) << bit;
        run(bsf, sizeof bsf);
        cr_assert_eq(bench.cpu->gpr[RAX], bit);
        cr_assert_not(flag_zf(bench.cpu));
    }
    bench.cpu->gpr[RAX] = 0x12345678;
    bench.cpu->gpr[RBX] = 0;
    run(bsf, sizeof bsf);
    cr_assert(flag_zf(bench.cpu));
    cr_assert_eq(bench.cpu->gpr[RAX], 0x12345678u);
}

Test(forms, cmpxchg8b)
{
    static const uint8_t code[] = {0x0f, 0xc7, 0x0f}, with_register[] = {0x0f, 0xc7, 0xc9};

    store_le64(bench.ram + 0x4000, UINT64_C(0x1122334455667788));
    bench.cpu->gpr[RDX] = 0x11223344;
    bench.cpu->gpr[RAX] = 0x55667788;
    bench.cpu->gpr[RCX] = 0xaabbccdd;
    bench.cpu->gpr[RBX] = 0x4000;
    flags_set(bench.cpu, FLAG_CF | FLAG_SF);
    cr_assert_eq(run(code, sizeof code), -1);
    cr_assert_eq(load_le64(bench.ram + 0x4000), UINT64_C(0xaabbccdd00004000));
    cr_assert_eq(flags_get_arithmetic(bench.cpu), FLAG_CF | FLAG_SF | FLAG_ZF);
    bench.cpu->gpr[RDX] = 1;
    cr_assert_eq(run(code, sizeof code), -1);
    cr_assert_not(flag_zf(bench.cpu));
    cr_assert_eq(bench.cpu->gpr[RDX], 0xaabbccddu);
    cr_assert_eq(bench.cpu->gpr[RAX], 0x4000u);
    cr_assert_eq(run(with_register, sizeof with_register), VECTOR_UD);
}

Test(forms, cmpxchg_and_xadd)
{
    static const uint8_t cmpxchg[] = {0x0f, 0xb1, 0x0f}, xadd[] = {0x0f, 0xc1, 0x0f}; /* word [BX], CX */

    store_le16(bench.ram + 0x4000, 0x1234);
    bench.cpu->gpr[RAX] = 0x1234;
    bench.cpu->gpr[RCX] = 0x5678;
    bench.cpu->gpr[RBX] = 0x4000;
    run(cmpxchg, sizeof cmpxchg);
    cr_assert(flag_zf(bench.cpu));
    cr_assert_eq(load_le16(bench.ram + 0x4000), 0x5678);
    run(cmpxchg, sizeof cmpxchg);
    cr_assert_not(flag_zf(bench.cpu));
    cr_assert(flag_cf(bench.cpu)); /* 1234 - 5678 */
    cr_assert_eq(bench.cpu->gpr[RAX], 0x5678u);
    bench.cpu->gpr[RCX] = 0xb000;
    run(xadd, sizeof xadd);
    cr_assert_eq(load_le16(bench.ram + 0x4000), 0x0678);
    cr_assert_eq(bench.cpu->gpr[RCX], 0x5678u);
    cr_assert(flag_cf(bench.cpu));
}

/* ENTER 16, 3: the old BP, two pointers of outer frames, the new frame's own, then the room. */
Test(forms, enter_and_leave)
{
    static const uint8_t enter[] = {0xc8, 0x10, 0x00, 0x03}, leave[] = {0xc9}, enter32[] = {0x66, 0xc8, 0x08, 0x00, 0x00};

    store_le16(bench.ram + 0x7ffe - 0x100, 0xaaaa);
    store_le16(bench.ram + 0x7ffc - 0x100, 0xbbbb);
    bench.cpu->gpr[RBP] = 0x7f00;
    bench.cpu->gpr[RSP] = 0x6000;
    cr_assert_eq(run(enter, sizeof enter), -1);
    cr_assert_eq(bench.cpu->gpr[RBP], 0x5ffeu);
    cr_assert_eq(bench.cpu->gpr[RSP], 0x6000u - 8 - 16);
    cr_assert_eq(load_le16(bench.ram + 0x5ffe), 0x7f00);
    cr_assert_eq(load_le16(bench.ram + 0x5ffc), 0xaaaa);
    cr_assert_eq(load_le16(bench.ram + 0x5ffa), 0xbbbb);
    cr_assert_eq(load_le16(bench.ram + 0x5ff8), 0x5ffe);
    cr_assert_eq(run(leave, sizeof leave), -1);
    cr_assert_eq(bench.cpu->gpr[RBP], 0x7f00u);
    cr_assert_eq(bench.cpu->gpr[RSP], 0x6000u);
    /* 32-bit operands on a 16-bit stack: the frame pointer gets the whole of ESP */
    bench.cpu->gpr[RSP] = 0xabcd6000;
    bench.cpu->gpr[RBP] = 0x12345678;
    cr_assert_eq(run(enter32, sizeof enter32), -1);
    cr_assert_eq(load_le32(bench.ram + 0x5ffc), 0x12345678u);
    cr_assert_eq(bench.cpu->gpr[RBP], 0xabcd5ffcu);
    cr_assert_eq(bench.cpu->gpr[RSP], 0xabcd5ff4u);
}

Test(forms, pusha_and_popa)
{
    static const uint8_t pusha[] = {0x60}, popa[] = {0x61};
    static const uint8_t order[8] = {RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI};

    for (unsigned i = 0; i < 8; i++)
        bench.cpu->gpr[order[i]] = 0x1111u * (i + 1);
    bench.cpu->gpr[RSP] = 0x6000;
    cr_assert_eq(run(pusha, 1), -1);
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(load_le16(bench.ram + 0x5ffe - 2 * i), order[i] == RSP ? 0x6000 : 0x1111 * (i + 1));
    for (unsigned i = 0; i < 8; i++)
        if (order[i] != RSP)
            bench.cpu->gpr[order[i]] = 0xdead0000;
    cr_assert_eq(run(popa, 1), -1);
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(bench.cpu->gpr[order[i]], order[i] == RSP ? 0x6000u : 0xdead0000 + 0x1111u * (i + 1));
}

/* Without a coprocessor: #NM by EM or TS for ESC, by MP and TS for WAIT. */
Test(forms, escape_and_wait)
{
    static const uint8_t fninit[] = {0xdb, 0xe3}, wait[] = {0x9b};
    static const struct {
        uint32_t cr0;
        int esc, wait;
    } cases[] = {{0, -1, -1},
                 {CR0_EM, VECTOR_NM, -1},
                 {CR0_TS, VECTOR_NM, -1},
                 {CR0_MP, -1, -1},
                 {CR0_MP | CR0_TS, VECTOR_NM, VECTOR_NM}};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        bench.cpu->cr0 = cases[i].cr0;
        cpu_state_changed(bench.cpu);
        cr_assert_eq(run(fninit, sizeof fninit), cases[i].esc);
        cr_assert_eq(run(wait, sizeof wait), cases[i].wait);
    }
}
