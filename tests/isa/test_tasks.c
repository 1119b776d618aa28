/* Hardware task switches: SDM 3A chapter 7. */
#include <criterion/criterion.h>

#include "protected_bench.h"

static void far_instruction(struct bench *bench, uint8_t opcode, uint16_t selector)
{
    INSTRUCTION(bench, opcode, 0, 0, 0, 0, (uint8_t)selector, (uint8_t)(selector >> 8));
}

enum { JMP_FAR = 0xea, CALL_FAR = 0x9a };

/* The other task: runs at TARGET with recognisable registers at CPL 0. */
static void lay_out_other_task(struct bench *bench)
{
    bench_write(bench, TSS_OTHER + 0x20, TARGET, 4);
    bench_write(bench, TSS_OTHER + 0x24, FLAG_1 | FLAG_CF, 4);
    for (unsigned i = 0; i < 8; i++)
        bench_write(bench, TSS_OTHER + 0x28 + 4 * i, 0x1000 * (i + 1), 4);
    for (unsigned i = 0; i < 4; i++)
        bench_write(bench, TSS_OTHER + 0x48 + 4 * i, i == CS ? CODE0 : DATA0, 4);
    bench_write(bench, TSS_OTHER + 0x58, 0, 4);
    bench_write(bench, TSS_OTHER + 0x5c, 0, 4);
    bench_write(bench, TSS_OTHER + 0x60, LDT_SELECTOR, 4);
}

static unsigned tss_type(const struct bench *bench, uint16_t selector)
{
    return bench_read(bench, GDT + selector + 5, 1) & 15;
}

Test(tasks, call_and_return)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    lay_out_other_task(bench);
    cpu->gpr[RBX] = 0xb0b0b0b0;
    far_instruction(bench, CALL_FAR, TSS_OTHER_SELECTOR);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET);
    cr_expect_eq(cpu->tr.selector, TSS_OTHER_SELECTOR);
    cr_expect_eq(cpu->gpr[RCX], 0x2000);
    cr_expect_eq(cpu->gpr[RSP], 0x5000);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_CF | FLAG_NT);
    cr_expect(cpu->cr0 & CR0_TS);
    cr_expect_eq(tss_type(bench, TSS_SELECTOR), DESCRIPTOR_TSS32_BUSY);
    cr_expect_eq(tss_type(bench, TSS_OTHER_SELECTOR), DESCRIPTOR_TSS32_BUSY);
    cr_expect_eq(bench_read(bench, TSS_OTHER, 2), TSS_SELECTOR);
    cr_expect_eq(bench_read(bench, TSS + 0x20, 4), CODE + 7);
    cr_expect_eq(bench_read(bench, TSS + 0x34, 4), 0xb0b0b0b0);
    cr_expect_eq(bench_read(bench, TSS + 0x4c, 2), CODE0);
    cr_expect_eq(cpu->segment[FS].attributes, 0);
    cr_expect_eq(bench->schedule.now, 1);

    bench_write(bench, TARGET, 0xcf, 1); /* IRET with NT: back */
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, CODE + 7);
    cr_expect_eq(cpu->gpr[RBX], 0xb0b0b0b0);
    cr_expect_eq(cpu->tr.selector, TSS_SELECTOR);
    cr_expect_eq(tss_type(bench, TSS_SELECTOR), DESCRIPTOR_TSS32_BUSY);
    cr_expect_eq(tss_type(bench, TSS_OTHER_SELECTOR), DESCRIPTOR_TSS32_AVAILABLE);
    cr_expect_eq(bench_read(bench, TSS_OTHER + 0x24, 4), FLAG_1 | FLAG_CF); /* NT cleared in the image */
    cr_expect_eq(bench->schedule.now, 2);
    bench_free(bench);
}

Test(tasks, jump)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 0);
    lay_out_other_task(bench);
    bench_write(bench, TSS_OTHER, 0xdead, 2);
    far_instruction(bench, JMP_FAR, TSS_OTHER_SELECTOR);
    bench_run(bench, 1);
    cr_assert_eq(bench->cpu->rip, TARGET);
    cr_expect_eq(tss_type(bench, TSS_SELECTOR), DESCRIPTOR_TSS32_AVAILABLE);
    cr_expect_eq(tss_type(bench, TSS_OTHER_SELECTOR), DESCRIPTOR_TSS32_BUSY);
    cr_expect_eq(bench_read(bench, TSS_OTHER, 2), 0xdead); /* no back link */
    cr_expect_not(bench->cpu->eflags & FLAG_NT);
    bench_free(bench);
}

/* Before the commit faults belong to the old task, and nothing has changed. */
Test(tasks, faults_before_the_commit)
{
    static const struct {
        unsigned cpl;
        uint16_t selector, attributes, limit;
        unsigned vector;
        uint32_t error_code;
    } cases[] = {
        {0, FREE, 0x8b, 0x67, VECTOR_GP, FREE}, /* busy */
        {0, FREE, 0x09, 0x67, VECTOR_NP, FREE}, /* not present */
        {0, FREE, 0x89, 0x66, VECTOR_TS, FREE}, /* too short */
        {0, FREE, 0x81, 0x2a, VECTOR_TS, FREE},
        {3, FREE | 3, 0x89, 0x67, VECTOR_GP, FREE}, /* DPL */
        {0, FREE | 3, 0x89, 0x67, VECTOR_GP, FREE}, /* RPL above DPL */
        {0, LDT_SELECTOR, 0x89, 0x67, VECTOR_GP, LDT_SELECTOR},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *bench = bench_new("80386");

        bench_protected(bench, cases[i].cpl);
        lay_out_other_task(bench);
        bench_descriptor(bench, GDT + FREE, TSS_OTHER, cases[i].limit, cases[i].attributes);
        far_instruction(bench, CALL_FAR, cases[i].selector);
        bench_expect_fault(bench, cases[i].vector, cases[i].error_code);
        cr_expect_eq(bench->cpu->tr.selector, TSS_SELECTOR, "case %u", i);
        cr_expect_eq(bench_read(bench, TSS + 0x20, 4), 0, "case %u", i);
        cr_expect_eq(bench_read(bench, TSS_OTHER, 2), 0, "case %u", i);
        cr_expect_eq(tss_type(bench, FREE), cases[i].attributes & 15u, "case %u", i);
        cr_expect_not(bench->cpu->cr0 & CR0_TS);
        bench_free(bench);
    }
}

/* After the commit they belong to the new one: its EIP is saved, its TSS is current. */
Test(tasks, faults_after_the_commit)
{
    static const struct {
        unsigned offset; /* of a selector in the TSS */
        uint16_t selector;
        unsigned vector;
        uint32_t error_code;
    } cases[] = {
        {0x54, 0x100, VECTOR_TS, 0x100},     /* DS beyond the GDT */
        {0x54, FREE, VECTOR_NP, FREE},       /* DS not present */
        {0x5c, CODE0 | 3, VECTOR_TS, CODE0}, /* GS: readable code of DPL 0 with RPL 3 */
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *bench = bench_new("80386");
        struct cpu *cpu = bench->cpu;

        bench_protected(bench, 0);
        lay_out_other_task(bench);
        bench_descriptor(bench, GDT + FREE, 0, 0xffff, 0x12);
        bench_write(bench, TSS_OTHER + cases[i].offset, cases[i].selector, 2);
        bench_write(bench, TSS_OTHER + 0x38, STACK_TOP, 4);
        far_instruction(bench, JMP_FAR, TSS_OTHER_SELECTOR);
        bench_run(bench, 1);
        cr_assert_eq(cpu->rip, HANDLERS + 16 * cases[i].vector, "case %u arrived at %llx", i, (unsigned long long)cpu->rip);
        cr_expect_eq(bench_stack(bench, 0), cases[i].error_code, "case %u: %x", i, bench_stack(bench, 0));
        cr_expect_eq(bench_stack(bench, 1), TARGET);
        cr_expect_eq(cpu->tr.selector, TSS_OTHER_SELECTOR);
        cr_expect_eq(bench_read(bench, TSS + 0x20, 4), CODE + 7);
        bench_free(bench);
    }
}

/* A bad LDT is found before SS is loaded, so only a task gate can take the #TS (SDM 3A 6.15). */
Test(tasks, bad_ldt)
{
    static const uint16_t selectors[] = {DATA0, 0x0c, 0x100};

    for (unsigned i = 0; i < 3; i++) {
        struct bench *bench = bench_new("80386");
        struct cpu *cpu = bench->cpu;
        const uint32_t third = DATA;

        bench_protected(bench, 0);
        lay_out_other_task(bench);
        bench_descriptor(bench, GDT + FREE, third, 0x67, 0x89);
        for (unsigned offset = 0; offset < 0x68; offset += 4)
            bench_write(bench, third + offset, bench_read(bench, TSS_OTHER + offset, 4), 4);
        bench_write(bench, third + 0x38, STACK_TOP, 4);
        bench_write(bench, TSS_OTHER + 0x60, selectors[i], 2);
        bench_gate(bench, IDT + 8 * VECTOR_TS, FREE, 0, DESCRIPTOR_TASK_GATE, 0, 0);
        far_instruction(bench, JMP_FAR, TSS_OTHER_SELECTOR);
        bench_run(bench, 1);
        cr_assert_eq(cpu->tr.selector, FREE, "case %u", i);
        cr_expect_eq(cpu->rip, TARGET);
        cr_expect_eq(bench_stack(bench, 0), selectors[i]);
        cr_expect_eq(bench_read(bench, third, 2), TSS_OTHER_SELECTOR);
        cr_expect_eq(bench_read(bench, TSS_OTHER + 0x20, 4), TARGET);
        cr_expect_eq(bench_read(bench, TSS_OTHER + 0x4c, 2), CODE0); /* the selectors it never got to use are saved again */
        bench_free(bench);
    }
}

/* A 16-bit TSS: words, FS and GS null, ones in the upper halves. */
Test(tasks, tss16)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    bench_descriptor(bench, GDT + FREE, TSS_OTHER, 0x2b, 0x81);
    bench_write(bench, TSS_OTHER + 0x0e, 0x8500, 2);
    bench_write(bench, TSS_OTHER + 0x10, FLAG_1 | FLAG_ZF, 2);
    for (unsigned i = 0; i < 8; i++)
        bench_write(bench, TSS_OTHER + 0x12 + 2 * i, 0x100 * (i + 1), 2);
    for (unsigned i = 0; i < 4; i++)
        bench_write(bench, TSS_OTHER + 0x22 + 2 * i, i == CS ? CODE0 : DATA0, 2);
    cpu->segment[FS].selector = DATA0;
    far_instruction(bench, CALL_FAR, FREE);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, 0x8500);
    cr_expect_eq(cpu->gpr[RBX], 0xffff0400);
    cr_expect_eq(cpu->segment[FS].selector, 0);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_ZF | FLAG_NT);
    cr_expect_eq(tss_type(bench, FREE), DESCRIPTOR_TSS16_BUSY);
    cr_expect_eq(bench_read(bench, TSS_OTHER, 2), TSS_SELECTOR);
    bench_free(bench);
}

/* A task gate in the IDT takes an exception with an error code to another task, which finds the code on its stack. */
Test(tasks, task_gate_for_an_exception)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    lay_out_other_task(bench);
    bench_write(bench, TSS_OTHER + 0x38, STACK_TOP, 4);
    bench_gate(bench, IDT + 8 * VECTOR_GP, TSS_OTHER_SELECTOR, 0, DESCRIPTOR_TASK_GATE, 0, 0);
    cpu->gpr[RAX] = DATA0;
    INSTRUCTION(bench, 0x8e, 0xd8);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET);
    cr_expect_eq(cpu->cpl, 0);
    cr_expect_eq(cpu->gpr[RSP], STACK_TOP - 4);
    cr_expect_eq(bench_stack(bench, 0), DATA0);
    cr_expect_eq(bench_read(bench, TSS + 0x20, 4), CODE);
    cr_expect(bench_read(bench, TSS + 0x24, 4) & FLAG_RF);
    cr_expect_eq(bench_read(bench, TSS_OTHER, 2), TSS_SELECTOR);
    bench_free(bench);
}

/* IRET with NT whose back link names no busy TSS is #TS. */
Test(tasks, bad_back_link)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 0);
    bench_write(bench, TSS, TSS_OTHER_SELECTOR, 2); /* available */
    bench->cpu->eflags |= FLAG_NT;
    INSTRUCTION(bench, 0xcf);
    bench_expect_fault(bench, VECTOR_TS, TSS_OTHER_SELECTOR);
    bench_free(bench);
}

/* The T bit traps before the new task's first instruction; local breakpoints do not survive the switch. */
Test(tasks, debug_trap)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    lay_out_other_task(bench);
    bench_write(bench, TSS_OTHER + 0x38, STACK_TOP, 4);
    bench_write(bench, TSS_OTHER + 0x64, 1, 2);
    cpu->dr[7] = 0x403;
    far_instruction(bench, JMP_FAR, TSS_OTHER_SELECTOR);
    bench_run(bench, 2);
    cr_assert_eq(cpu->rip & ~UINT64_C(15), HANDLERS + 16 * VECTOR_DB);
    cr_expect_eq(bench_stack(bench, 0), TARGET);
    cr_expect(cpu->dr[6] & 0x8000);
    cr_expect_eq(cpu->dr[7] & 3, 2);
    bench_free(bench);
}

/* CR3 comes with an 80386 TSS when paging is on. */
Test(tasks, switches_the_address_space)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    lay_out_other_task(bench);
    for (unsigned directory = 0; directory < 2; directory++) {
        bench_write(bench, 0x100000 + 0x2000 * directory, (0x101000 + 0x2000 * directory) | 7, 4);
        for (unsigned i = 0; i < 512; i++)
            bench_write(bench, 0x101000 + 0x2000 * directory + 4 * i, i << 12 | 7, 4);
    }
    bench_write(bench, 0x103000 + 4 * (DATA >> 12), (DATA + 0x1000) | 7, 4); /* DATA is elsewhere in the second space */
    bench_write(bench, DATA, 0x11111111, 4);
    bench_write(bench, DATA + 0x1000, 0x22222222, 4);
    bench_write(bench, TSS_OTHER + 0x1c, 0x102000, 4);
    bench_write(bench, TARGET, 0xa1, 1); /* MOV EAX, [DATA] */
    bench_write(bench, TARGET + 1, DATA, 4);
    cpu->cr3 = 0x100000;
    cpu->cr0 |= CR0_PG;
    far_instruction(bench, JMP_FAR, TSS_OTHER_SELECTOR);
    bench_run(bench, 2);
    cr_expect_eq(cpu->cr3, 0x102000);
    cr_expect_eq(cpu->gpr[RAX], 0x22222222);
    bench_free(bench);
}

/* To a virtual-8086 task. */
Test(tasks, v86_task)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    lay_out_other_task(bench);
    bench_write(bench, TSS_OTHER + 0x20, 0x10, 4);
    bench_write(bench, TSS_OTHER + 0x24, FLAG_1 | FLAG_VM | FLAG_IOPL, 4);
    for (unsigned i = 0; i < 6; i++)
        bench_write(bench, TSS_OTHER + 0x48 + 4 * i, 0x1200 + i, 4);
    far_instruction(bench, JMP_FAR, TSS_OTHER_SELECTOR);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, 0x10);
    cr_expect_eq(cpu->cpl, 3);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        cr_expect_eq(cpu->segment[i].base, (0x1200 + i) << 4);
        cr_expect_eq(cpu->segment[i].limit, 0xffff);
        cr_expect_eq(cpu->segment[i].attributes, 0xf3);
    }
    bench_free(bench);
}
