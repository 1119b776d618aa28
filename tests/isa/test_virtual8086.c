/* Virtual-8086 mode, its extensions (VME), and protected-mode virtual interrupts: SDM 3B chapter 20. */
#include <criterion/criterion.h>

#include "protected_bench.h"

/* Sensitive instructions: #GP(0) at IOPL < 3. */
Test(v86, iopl_sensitive)
{
    static const uint8_t instructions[][2] = {{0xfa}, {0xfb},       {0x9c},       {0x9d},
                                              {0xcf}, {0xcd, 0x21}, {0x66, 0x9c}, {0x66, 0xcf}};

    for (unsigned i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
        struct bench *bench = bench_new("80386");

        bench_v86(bench, 2);
        bench_code(bench, instructions[i], 2);
        bench_run(bench, 1);
        cr_assert_eq(bench->cpu->rip, HANDLERS + 16 * VECTOR_GP, "instruction %u", i);
        cr_expect_eq(bench_stack(bench, 0), 0);
        bench_free(bench);
    }
}

/* The nine doublewords, and null data segments for the handler. */
Test(v86, interrupt_frame)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;
    uint32_t expected[] = {2,      CODE >> 4, FLAG_1 | FLAG_VM | FLAG_IOPL | FLAG_IF, 0x800, 0x600, 0x1111, 0x2222,
                           0x3333, 0x4444};

    bench_v86(bench, 3);
    cpu->eflags |= FLAG_IF;
    cpu->segment[ES].selector = 0x1111;
    cpu->segment[DS].selector = 0x2222;
    cpu->segment[FS].selector = 0x3333;
    cpu->segment[GS].selector = 0x4444;
    bench_gate(bench, IDT + 8 * 0x21, CODE0, TARGET, DESCRIPTOR_INTERRUPT_GATE32, 3, 0);
    INSTRUCTION(bench, 0xcd, 0x21);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET);
    cr_expect_eq(cpu->cpl, 0);
    cr_expect_not(cpu->eflags & (FLAG_VM | FLAG_IF));
    cr_expect_eq(cpu->gpr[RSP], KERNEL_STACK - 36);
    for (unsigned i = 0; i < 9; i++)
        cr_expect_eq(bench_stack(bench, i), expected[i], "doubleword %u is %x", i, bench_stack(bench, i));
    cr_expect_eq(cpu->segment[DS].attributes | cpu->segment[ES].attributes | cpu->segment[FS].attributes |
                     cpu->segment[GS].attributes,
                 0);

    /* and back by IRETD */
    INSTRUCTION(bench, 0xcf);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, 2);
    cr_expect_eq(cpu->cpl, 3);
    cr_expect_eq(flags_get(cpu), expected[2]);
    cr_expect_eq(cpu->segment[FS].base, 0x33330);
    cr_expect_eq(cpu->segment[FS].attributes, 0xf3);
    cr_expect_eq(cpu->segment[SS].base, 0x6000);
    cr_expect_eq(cpu->gpr[RSP], 0x800);
    bench_free(bench);
}

/* A handler must be nonconforming code of DPL 0. */
Test(v86, handler_privilege)
{
    static const uint16_t attributes[] = {0xc0fb, 0xc09f};

    for (unsigned i = 0; i < 2; i++) {
        struct bench *bench = bench_new("80386");

        bench_v86(bench, 3);
        bench_descriptor(bench, GDT + FREE, 0, 0xffffffff, attributes[i]);
        bench_gate(bench, IDT + 8 * 0x21, FREE, TARGET, DESCRIPTOR_INTERRUPT_GATE32, 3, 0);
        INSTRUCTION(bench, 0xcd, 0x21);
        bench_run(bench, 1);
        cr_assert_eq(bench->cpu->rip, HANDLERS + 16 * VECTOR_GP);
        cr_expect_eq(bench_stack(bench, 0), FREE);
        bench_free(bench);
    }
}

/* IRETD to V86 with an EIP beyond 64K is #GP(0) and changes nothing. */
Test(v86, return_beyond_the_limit)
{
    struct bench *bench = bench_new("80386");
    uint32_t frame[9] = {0x10000, 0x1000, FLAG_1 | FLAG_VM, 0x100, 0x600, 0, 0, 0, 0};

    bench_protected(bench, 0);
    bench->cpu->gpr[RSP] -= 36;
    for (unsigned i = 0; i < 9; i++)
        bench_write(bench, STACK_TOP - 36 + 4 * i, frame[i], 4);
    INSTRUCTION(bench, 0xcf);
    bench_expect_fault(bench, VECTOR_GP, 0);
    cr_expect_eq(bench->cpu->segment[SS].selector, DATA0);
    bench_free(bench);
}

/* --- VME -------------------------------------------------------------------------------------------------------- */

/* Bitmaps: redirection at 68h, I/O permission at 88h. */
static struct bench *bench_vme(unsigned iopl)
{
    struct bench *bench = bench_new("pentium");

    bench_v86(bench, iopl);
    bench->cpu->cr4 |= CR4_VME;
    bench->cpu->tr.limit = 0x89;
    bench_write(bench, TSS + 0x66, 0x88, 2);
    bench_write(bench, 4 * 0x21, 0x1500 << 16 | 0x0042, 4);
    return bench;
}

Test(vme, redirected_interrupt)
{
    for (unsigned iopl = 0; iopl <= 3; iopl += 3) {
        struct bench *bench = bench_vme(iopl);
        struct cpu *cpu = bench->cpu;

        cpu->eflags |= FLAG_VIF | FLAG_IF;
        INSTRUCTION(bench, 0xcd, 0x21);
        bench_run(bench, 1);
        cr_assert_eq(cpu->rip, 0x42);
        cr_expect_eq(cpu->segment[CS].selector, 0x1500);
        cr_expect(cpu->eflags & FLAG_VM);
        cr_expect_eq(cpu->gpr[RSP], 0x7fa);
        cr_expect_eq(bench_read(bench, 0x67fa, 2), 2);
        cr_expect_eq(bench_read(bench, 0x67fc, 2), CODE >> 4);
        cr_expect_eq(bench_read(bench, 0x67fe, 2), FLAG_1 | FLAG_IF | FLAG_IOPL);
        cr_expect_eq(cpu->eflags & (FLAG_IF | FLAG_VIF), iopl == 3 ? FLAG_VIF : FLAG_IF);
        bench_free(bench);
    }
}

Test(vme, not_redirected)
{
    struct bench *bench = bench_vme(0);

    bench_write(bench, TSS + 0x68 + 0x21 / 8, 1 << (0x21 & 7), 1);
    INSTRUCTION(bench, 0xcd, 0x21);
    bench_expect_fault(bench, VECTOR_GP, 0); /* IOPL < 3 */
    bench_free(bench);

    bench = bench_vme(3);
    bench_write(bench, TSS + 0x68 + 0x21 / 8, 1 << (0x21 & 7), 1);
    bench_gate(bench, IDT + 8 * 0x21, CODE0, TARGET, DESCRIPTOR_INTERRUPT_GATE32, 3, 0);
    INSTRUCTION(bench, 0xcd, 0x21);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->rip, TARGET);
    bench_free(bench);
}

Test(vme, cli_sti_pushf_popf_iret)
{
    struct bench *bench = bench_vme(0);
    struct cpu *cpu = bench->cpu;

    INSTRUCTION(bench, 0xfb); /* STI sets VIF */
    bench_run(bench, 1);
    cr_expect_eq(cpu->eflags & (FLAG_VIF | FLAG_IF), FLAG_VIF);
    INSTRUCTION(bench, 0x9c); /* PUSHF shows it as IF, with IOPL 3 */
    bench_run(bench, 1);
    cr_expect_eq(bench_read(bench, 0x67fe, 2), FLAG_1 | FLAG_IF | FLAG_IOPL);
    INSTRUCTION(bench, 0xfa);
    bench_run(bench, 1);
    cr_expect_not(cpu->eflags & FLAG_VIF);
    INSTRUCTION(bench, 0x9d); /* POPF of that image sets it again and leaves IOPL */
    bench_run(bench, 1);
    cr_expect_eq(cpu->eflags & (FLAG_VIF | FLAG_IF | FLAG_IOPL), FLAG_VIF);
    cr_expect_eq(cpu->gpr[RSP], 0x800);

    cpu->eflags |= FLAG_VIP;
    bench_write(bench, 0x6800, FLAG_IF, 2);
    INSTRUCTION(bench, 0x9d); /* IF while VIP is pending */
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);

    bench = bench_vme(0);
    bench_write(bench, 0x6800, FLAG_TF, 2);
    INSTRUCTION(bench, 0x9d);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);

    bench = bench_vme(0);
    bench_write(bench, 0x6800, 0x20, 2);
    bench_write(bench, 0x6802, 0x1234, 2);
    bench_write(bench, 0x6804, FLAG_IF | FLAG_CF, 2);
    INSTRUCTION(bench, 0xcf);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->rip, 0x20);
    cr_expect_eq(bench->cpu->segment[CS].base, 0x12340);
    cr_expect_eq(flags_get(bench->cpu), FLAG_1 | FLAG_VM | FLAG_VIF | FLAG_CF);
    bench_free(bench);

    bench = bench_vme(0);
    INSTRUCTION(bench, 0x66, 0x9c); /* the 32-bit forms stay sensitive */
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

Test(vme, protected_mode_virtual_interrupts)
{
    struct bench *bench = bench_new("pentium");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    cpu->cr4 |= CR4_PVI;
    INSTRUCTION(bench, 0xfb);
    bench_run(bench, 1);
    cr_expect_eq(cpu->eflags & (FLAG_VIF | FLAG_IF), FLAG_VIF);
    INSTRUCTION(bench, 0xfa);
    bench_run(bench, 1);
    cr_expect_not(cpu->eflags & FLAG_VIF);
    cpu->eflags |= FLAG_VIP;
    INSTRUCTION(bench, 0xfb);
    bench_expect_fault(bench, VECTOR_GP, 0);
    cr_expect_not(bench_stack(bench, 3) & FLAG_VIF);

    bench_protected(bench, 3);
    cpu->cr4 = 0;
    INSTRUCTION(bench, 0xfa);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

/* --- ports ------------------------------------------------------------------------------------------------------ */

/* In V86 mode the bitmap decides whatever IOPL says. */
Test(v86, io_bitmap)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_v86(bench, 3);
    cpu->tr.limit = 0x68 + 0x22;
    cpu->gpr[RDX] = 0x107;
    INSTRUCTION(bench, 0xec); /* IN AL, DX */
    bench_run(bench, 1);
    cr_expect_eq(cpu->rip, 1);
    cr_expect_eq(bench->port_reads, 1);
    bench_write(bench, TSS + 0x68 + 0x21, 1, 1); /* port 108h */
    INSTRUCTION(bench, 0xed);                    /* IN AX, DX touches it */
    bench_expect_fault(bench, VECTOR_GP, 0);
    cr_expect_eq(bench->port_reads, 1);
    bench_free(bench);

    bench = bench_new("80386");
    bench_v86(bench, 3);
    bench->cpu->tr.limit = 0x68 + 0x1f; /* the byte for 100h would be beyond */
    bench->cpu->gpr[RDX] = 0x100;
    INSTRUCTION(bench, 0xec);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}
