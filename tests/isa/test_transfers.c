/* Far transfers and interrupts: direct, through gates, across privilege levels, and back (SDM 3A 5.8, 6.12; SDM 2 CALL, RET,
 * IRET). */
#include <criterion/criterion.h>

#include "protected_bench.h"

/* JMP and CALL ptr16:32 */
static void far_instruction(struct bench *bench, uint8_t opcode, uint16_t selector, uint32_t offset)
{
    INSTRUCTION(bench, opcode, (uint8_t)offset, (uint8_t)(offset >> 8), (uint8_t)(offset >> 16), (uint8_t)(offset >> 24),
                (uint8_t)selector, (uint8_t)(selector >> 8));
}

enum { JMP_FAR = 0xea, CALL_FAR = 0x9a };

struct direct_case {
    unsigned cpl;
    uint16_t attributes, selector;
    uint32_t limit, offset;
    int vector; /* -1: arrives */
    int64_t error_code;
};

static const struct direct_case direct_cases[] = {
    {0, 0x409a, FREE, 0x1ffff, TARGET, -1, 0},
    {0, 0x409a, FREE | 3, 0x1ffff, TARGET, VECTOR_GP, FREE}, /* RPL > CPL */
    {3, 0x409a, FREE | 3, 0x1ffff, TARGET, VECTOR_GP, FREE}, /* DPL != CPL */
    {3, 0x40fa, FREE, 0x1ffff, TARGET, -1, 0},               /* RPL < CPL */
    {3, 0x409e, FREE | 3, 0x1ffff, TARGET, -1, 0},           /* conforming */
    {0, 0x40fe, FREE, 0x1ffff, TARGET, VECTOR_GP, FREE},     /* conforming, less privileged */
    {0, 0x401a, FREE, 0x1ffff, TARGET, VECTOR_NP, FREE},
    {3, 0x401a, FREE, 0x1ffff, TARGET, VECTOR_GP, FREE}, /* privilege before presence */
    {0, 0x409a, FREE, 0xfff, TARGET, VECTOR_GP, 0},      /* beyond the limit */
    {0, 0x4092, FREE, 0x1ffff, TARGET, VECTOR_GP, FREE}, /* data */
    {0, 0x0082, FREE, 0x1ffff, TARGET, VECTOR_GP, FREE}, /* LDT */
    {0, 0x008e, FREE, 0x1ffff, TARGET, VECTOR_GP, FREE}, /* interrupt gate */
    {0, 0x0000, 3, 0, TARGET, VECTOR_GP, 0},             /* null */
    {0, 0x0000, 0x100, 0, TARGET, VECTOR_GP, 0x100},     /* beyond the GDT */
};

static void run_direct_case(const struct direct_case *c, uint8_t opcode)
{
    struct bench *bench = bench_new("80386");
    uint64_t esp;

    bench_protected(bench, c->cpl);
    esp = bench->cpu->gpr[RSP];
    if (c->attributes)
        bench_descriptor(bench, GDT + FREE, 0, c->limit, c->attributes);
    far_instruction(bench, opcode, c->selector, c->offset);
    if (c->vector >= 0) {
        bench_expect_fault(bench, (unsigned)c->vector, c->error_code);
        if (c->cpl == 3) /* the fault's own frame is on the inner stack */
            cr_expect_eq(bench_read(bench, (uint32_t)esp - 4, 4), 0);
        cr_expect_eq(bench_read(bench, GDT + FREE + 5, 1) & 1, c->attributes & 1);
    } else {
        bench_run(bench, 1);
        cr_assert_eq(bench->cpu->rip, c->offset);
        cr_expect_eq(bench->cpu->segment[CS].selector, (c->selector & 0xfffc) | c->cpl);
        cr_expect_eq(bench->cpu->cpl, c->cpl);
        cr_expect_eq(bench_read(bench, GDT + FREE + 5, 1), (c->attributes & 0xff) | 1);
        if (opcode == CALL_FAR) {
            cr_expect_eq(bench->cpu->gpr[RSP], esp - 8);
            cr_expect_eq(bench_stack(bench, 0), CODE + 7);
            cr_expect_eq(bench_stack(bench, 1), c->cpl ? CODE3 : CODE0);
        }
    }
    bench_free(bench);
}

Test(transfers, direct)
{
    for (unsigned i = 0; i < sizeof direct_cases / sizeof direct_cases[0]; i++) {
        run_direct_case(&direct_cases[i], JMP_FAR);
        run_direct_case(&direct_cases[i], CALL_FAR);
    }
}

Test(transfers, call_gate32_with_parameters)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    bench_gate(bench, GDT + FREE, CODE0, TARGET, DESCRIPTOR_CALL_GATE32, 3, 2);
    bench_write(bench, USER_STACK, 0x11111111, 4);
    bench_write(bench, USER_STACK + 4, 0x22222222, 4);
    far_instruction(bench, CALL_FAR, FREE | 3, 0xffffffff); /* the offset is the gate's */
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET);
    cr_expect_eq(cpu->cpl, 0);
    cr_expect_eq(cpu->segment[CS].selector, CODE0);
    cr_expect_eq(cpu->segment[SS].selector, DATA0);
    cr_expect_eq(cpu->gpr[RSP], KERNEL_STACK - 24);
    cr_expect_eq(bench_stack(bench, 0), CODE + 7);
    cr_expect_eq(bench_stack(bench, 1), CODE3);
    cr_expect_eq(bench_stack(bench, 2), 0x11111111);
    cr_expect_eq(bench_stack(bench, 3), 0x22222222);
    cr_expect_eq(bench_stack(bench, 4), USER_STACK);
    cr_expect_eq(bench_stack(bench, 5), DATA3);

    /* RETF 8 goes back, releases the parameters on both stacks, and takes away what CPL 3 may not hold */
    cpu->segment[FS].selector = DATA0;
    cpu->segment[FS].attributes = ATTRIBUTES_DATA32;
    INSTRUCTION(bench, 0xca, 0x08, 0x00);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, CODE + 7);
    cr_expect_eq(cpu->cpl, 3);
    cr_expect_eq(cpu->gpr[RSP], USER_STACK + 8);
    cr_expect_eq(cpu->segment[SS].selector, DATA3);
    cr_expect_eq(cpu->segment[FS].selector, 0);
    cr_expect_eq(cpu->segment[FS].attributes, 0);
    cr_expect_eq(cpu->segment[DS].selector, DATA3);
    bench_free(bench);
}

Test(transfers, call_gate16_from_an_80286_task)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    cpu->tr.attributes = 0x83;
    bench_write(bench, TSS + 2, 0x7000, 2);
    bench_write(bench, TSS + 4, DATA0, 2);
    bench_write(bench, TARGET & 0xffff, 0xf4, 1);
    bench_gate(bench, GDT + FREE, CODE0, TARGET & 0xffff, DESCRIPTOR_CALL_GATE16, 3, 1);
    bench_write(bench, USER_STACK, 0xbeef, 2);
    far_instruction(bench, CALL_FAR, FREE, 0);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET & 0xffff);
    cr_expect_eq(cpu->gpr[RSP], 0x7000 - 10);
    cr_expect_eq(bench_stack(bench, 0), (CODE3 << 16) | 7);
    cr_expect_eq(bench_stack(bench, 1), (USER_STACK << 16) | 0xbeef);
    cr_expect_eq(bench_read(bench, 0x7000 - 2, 2), DATA3);
    bench_free(bench);
}

/* Every check of a gate, in the manual's order, and nothing changed. */
Test(transfers, call_gate_faults)
{
    static const struct {
        uint16_t gate_selector, code_attributes;
        uint8_t gate_dpl, gate_present;
        uint16_t target, ss;
        uint16_t ss_attributes;
        uint16_t tss_limit;
        unsigned vector;
        uint32_t error_code;
    } cases[] = {
        {FREE, 0x409a, 0, 1, FREE + 8, DATA0, 0x4092, 0x67, VECTOR_GP, FREE},                /* gate DPL < CPL */
        {FREE, 0x409a, 3, 0, FREE + 8, DATA0, 0x4092, 0x67, VECTOR_NP, FREE},                /* gate not present */
        {FREE, 0x409a, 3, 1, 0, DATA0, 0x4092, 0x67, VECTOR_GP, 0},                          /* null target */
        {FREE, 0x409a, 3, 1, 0x100, DATA0, 0x4092, 0x67, VECTOR_GP, 0x100},                  /* target beyond the GDT */
        {FREE, 0x4092, 3, 1, FREE + 8, DATA0, 0x4092, 0x67, VECTOR_GP, FREE + 8},            /* not code */
        {FREE, 0x401a, 3, 1, FREE + 8, DATA0, 0x4092, 0x67, VECTOR_NP, FREE + 8},            /* code not present */
        {FREE, 0x409a, 3, 1, FREE + 8, DATA0, 0x4092, 0x08, VECTOR_TS, TSS_SELECTOR},        /* no SS0 in the TSS */
        {FREE, 0x409a, 3, 1, FREE + 8, 0, 0x4092, 0x67, VECTOR_TS, 0},                       /* null SS0 */
        {FREE, 0x409a, 3, 1, FREE + 8, 0x100, 0x4092, 0x67, VECTOR_TS, 0x100},               /* SS0 beyond the GDT */
        {FREE, 0x409a, 3, 1, FREE + 8, (FREE + 16) | 3, 0x4092, 0x67, VECTOR_TS, FREE + 16}, /* RPL */
        {FREE, 0x409a, 3, 1, FREE + 8, FREE + 16, 0x40f2, 0x67, VECTOR_TS, FREE + 16},       /* DPL */
        {FREE, 0x409a, 3, 1, FREE + 8, FREE + 16, 0x4090, 0x67, VECTOR_TS, FREE + 16},       /* read-only */
        {FREE, 0x409a, 3, 1, FREE + 8, FREE + 16, 0x4012, 0x67, VECTOR_SS, FREE + 16},       /* not present */
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *bench = bench_new("80386");
        struct cpu *cpu = bench->cpu;

        bench_protected(bench, 3);
        /* faults are to be seen at CPL 3 on the same stack: a conforming handler needs no inner stack */
        bench_descriptor(bench, GDT + FREE + 24, 0, 0xffffffff, 0xc09f);
        for (unsigned v = 0; v < 32; v++)
            bench_gate(bench, IDT + 8 * v, FREE + 24, HANDLERS + 16 * v, DESCRIPTOR_INTERRUPT_GATE32, 0, 0);
        bench_gate(bench, GDT + FREE, cases[i].target, TARGET, DESCRIPTOR_CALL_GATE32, cases[i].gate_dpl, 0);
        if (!cases[i].gate_present)
            bench_write(bench, GDT + FREE + 5, 0x6c, 1);
        bench_descriptor(bench, GDT + FREE + 8, 0, 0x1ffff, cases[i].code_attributes);
        bench_descriptor(bench, GDT + FREE + 16, 0, 0x1ffff, cases[i].ss_attributes);
        bench_write(bench, TSS + 8, cases[i].ss, 2);
        cpu->tr.limit = cases[i].tss_limit;
        far_instruction(bench, CALL_FAR, cases[i].gate_selector, 0);
        bench_run(bench, 1);
        cr_assert_eq(cpu->rip, HANDLERS + 16 * cases[i].vector, "case %u arrived at %llx", i, (unsigned long long)cpu->rip);
        cr_expect_eq(bench_stack(bench, 0), cases[i].error_code, "case %u: error code %x", i, bench_stack(bench, 0));
        cr_expect_eq(cpu->gpr[RSP], USER_STACK - 16, "case %u", i);
        cr_expect_eq(cpu->cpl, 3);
        cr_expect_eq(bench_read(bench, KERNEL_STACK - 4, 4), 0);
        cr_expect_eq(bench_read(bench, GDT + FREE + 8 + 5, 1), cases[i].code_attributes & 0xff, "case %u: accessed", i);
        bench_free(bench);
    }
}

/* A gate's stack without room is #SS with the new selector; the frame is not half written. */
Test(transfers, call_gate_without_room)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    bench_descriptor(bench, GDT + FREE + 24, 0, 0xffffffff, 0xc09f);
    bench_gate(bench, IDT + 8 * VECTOR_SS, FREE + 24, HANDLERS + 16 * VECTOR_SS, DESCRIPTOR_INTERRUPT_GATE32, 0, 0);
    bench_descriptor(bench, GDT + FREE + 16, 0, 0x1ffff, 0x4092);
    bench_gate(bench, GDT + FREE, CODE0, TARGET, DESCRIPTOR_CALL_GATE32, 3, 0);
    bench_write(bench, TSS + 4, 8, 4); /* room for two doublewords of four */
    bench_write(bench, TSS + 8, FREE + 16, 2);
    bench_write(bench, 0, 0x55aa55aa, 4);
    bench_write(bench, 4, 0x55aa55aa, 4);
    far_instruction(bench, CALL_FAR, FREE, 0);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, HANDLERS + 16 * VECTOR_SS);
    cr_expect_eq(bench_stack(bench, 0), FREE + 16);
    cr_expect_eq(bench_read(bench, 0, 4), 0x55aa55aa);
    cr_expect_eq(bench_read(bench, 4, 4), 0x55aa55aa);
    bench_free(bench);
}

/* A jump through a gate may not change the level. */
Test(transfers, jump_gate)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 3);
    bench_gate(bench, GDT + FREE, CODE0, TARGET, DESCRIPTOR_CALL_GATE32, 3, 0);
    far_instruction(bench, JMP_FAR, FREE, 0);
    bench_expect_fault(bench, VECTOR_GP, CODE0);
    bench_protected(bench, 3);
    bench_gate(bench, GDT + FREE, CODE3, TARGET, DESCRIPTOR_CALL_GATE32, 3, 0);
    far_instruction(bench, JMP_FAR, FREE, 0);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->rip, TARGET);
    bench_free(bench);
}

/* --- returns ---------------------------------------------------------------------------------------------------- */

static void push_values(struct bench *bench, const uint32_t *values, unsigned count)
{
    bench->cpu->gpr[RSP] -= 4 * count;
    for (unsigned i = 0; i < count; i++)
        bench_write(bench, (uint32_t)bench->cpu->gpr[RSP] + 4 * i, values[i], 4);
}
#define PUSH(bench, ...) push_values(bench, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

Test(transfers, retf_faults)
{
    static const struct {
        uint16_t cs, ss;
        uint16_t code_attributes, stack_attributes;
        unsigned vector;
        uint32_t error_code;
    } cases[] = {
        {0, DATA3, 0x40fa, 0x40f2, VECTOR_GP, 0},
        {0x100, DATA3, 0x40fa, 0x40f2, VECTOR_GP, 0x100},
        {FREE | 3, DATA3, 0x40f2, 0x40f2, VECTOR_GP, FREE}, /* not code */
        {FREE | 3, DATA3, 0x409a, 0x40f2, VECTOR_GP, FREE}, /* DPL != RPL */
        {FREE, DATA3, 0x40fe, 0x40f2, VECTOR_GP, FREE},     /* conforming: DPL > RPL */
        {FREE | 3, DATA3, 0x407a, 0x40f2, VECTOR_NP, FREE},
        {FREE | 3, 0, 0x40fa, 0x40f2, VECTOR_GP, 0},                     /* outer: null SS */
        {FREE | 3, FREE + 8, 0x40fa, 0x40f2, VECTOR_GP, FREE + 8},       /* RPL of SS */
        {FREE | 3, (FREE + 8) | 3, 0x40fa, 0x4092, VECTOR_GP, FREE + 8}, /* DPL of SS */
        {FREE | 3, (FREE + 8) | 3, 0x40fa, 0x40f0, VECTOR_GP, FREE + 8}, /* read-only */
        {FREE | 3, (FREE + 8) | 3, 0x40fa, 0x4072, VECTOR_SS, FREE + 8},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned iret = 0; iret < 2; iret++) {
            struct bench *bench = bench_new("80386");

            bench_protected(bench, 0);
            bench_descriptor(bench, GDT + FREE, 0, 0x1ffff, cases[i].code_attributes);
            bench_descriptor(bench, GDT + FREE + 8, 0, 0x1ffff, cases[i].stack_attributes);
            if (iret)
                PUSH(bench, TARGET, cases[i].cs, 0x3202, USER_STACK, cases[i].ss);
            else
                PUSH(bench, TARGET, cases[i].cs, USER_STACK, cases[i].ss);
            INSTRUCTION(bench, iret ? 0xcf : 0xcb);
            bench_expect_fault(bench, cases[i].vector, cases[i].error_code);
            cr_expect_eq(bench->cpu->gpr[RSP], STACK_TOP - (iret ? 20 : 16) - 16, "case %u", i);
            cr_expect_eq(bench->cpu->segment[SS].selector, DATA0);
            cr_expect_eq(cpu_iopl(bench->cpu), 0);
            bench_free(bench);
        }
    }
}

Test(transfers, retf_to_an_inner_level)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 3);
    PUSH(bench, TARGET, CODE0);
    INSTRUCTION(bench, 0xcb);
    bench_expect_fault(bench, VECTOR_GP, CODE0);
    bench_free(bench);
}

/* IRET's flags: IOPL by CPL 0 only, IF if CPL <= IOPL, VM never at CPL 3. */
Test(transfers, iret_flags)
{
    struct bench *bench = bench_new("pentium");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    PUSH(bench, TARGET, CODE3, 0xffffffff & ~(FLAG_NT | FLAG_TF));
    INSTRUCTION(bench, 0xcf);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET);
    cr_expect_eq(flags_get(cpu), FLAGS_ARITHMETIC | FLAG_1 | FLAG_DF | FLAG_RF | FLAG_AC | FLAG_ID);

    bench_protected(bench, 0);
    PUSH(bench, TARGET, CODE0, 0xffffffff & ~(FLAG_NT | FLAG_TF | FLAG_VM | FLAG_VIP));
    INSTRUCTION(bench, 0xcf);
    bench_run(bench, 1);
    cr_expect_eq(flags_get(cpu),
                 FLAGS_ARITHMETIC | FLAG_1 | FLAG_DF | FLAG_RF | FLAG_AC | FLAG_ID | FLAG_IF | FLAG_IOPL | FLAG_VIF);
    bench_free(bench);
}

/* A 16-bit outer stack takes SP only: the upper half of ESP remains the inner level's. */
Test(transfers, iret_to_a_small_stack)
{
    struct bench *bench = bench_new("80486");

    bench_protected(bench, 0);
    bench_descriptor(bench, GDT + FREE, 0, 0xffff, 0x00f2);
    bench->cpu->gpr[RSP] = 0x12000;
    PUSH(bench, TARGET, CODE3, 0x202, 0xabcd6000, FREE | 3);
    INSTRUCTION(bench, 0xcf);
    bench_run(bench, 1);
    cr_assert_eq(bench->cpu->rip, TARGET);
    cr_expect_eq(bench->cpu->gpr[RSP], 0x16000);
    bench_free(bench);
}

/* --- interrupts ------------------------------------------------------------------------------------------------- */

Test(transfers, software_interrupt_checks)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    INSTRUCTION(bench, 0xcd, 0x40); /* gate DPL 0 */
    bench_expect_fault(bench, VECTOR_GP, 0x40 * 8 + 2);

    bench_protected(bench, 3);
    bench_gate(bench, IDT + 8 * 0x40, CODE0, TARGET, DESCRIPTOR_TRAP_GATE32, 3, 0);
    cpu->eflags |= FLAG_IF;
    INSTRUCTION(bench, 0xcd, 0x40);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET);
    cr_expect(cpu->eflags & FLAG_IF); /* a trap gate */
    cr_expect_eq(bench_stack(bench, 0), CODE + 2);
    cr_expect_eq(bench_stack(bench, 1), CODE3);
    cr_expect_eq(bench_stack(bench, 2), FLAG_1 | FLAG_IF);
    cr_expect_eq(bench_stack(bench, 3), USER_STACK);
    cr_expect_eq(bench_stack(bench, 4), DATA3);

    bench_protected(bench, 3);
    bench_gate(bench, IDT + 8 * 0x40, CODE0, TARGET, DESCRIPTOR_INTERRUPT_GATE32, 3, 0);
    bench_write(bench, IDT + 8 * 0x40 + 5, 0x6e, 1);
    INSTRUCTION(bench, 0xcd, 0x40);
    bench_expect_fault(bench, VECTOR_NP, 0x40 * 8 + 2);

    bench_protected(bench, 3);
    bench_gate(bench, IDT + 8 * 0x40, CODE0, TARGET, DESCRIPTOR_CALL_GATE32, 3, 0);
    INSTRUCTION(bench, 0xcd, 0x40);
    bench_expect_fault(bench, VECTOR_GP, 0x40 * 8 + 2);

    bench_protected(bench, 3);
    cpu->idtr.limit = 0x1ff;
    INSTRUCTION(bench, 0xcd, 0x40);
    bench_expect_fault(bench, VECTOR_GP, 0x40 * 8 + 2);

    bench_protected(bench, 3); /* INT3 is checked too, INT1 is not */
    INSTRUCTION(bench, 0xcc);
    bench_expect_fault(bench, VECTOR_GP, 3 * 8 + 2);
    bench_protected(bench, 3);
    INSTRUCTION(bench, 0xf1);
    bench_run(bench, 1);
    cr_expect_eq(cpu->rip, HANDLERS + 16 * VECTOR_DB);
    cr_expect_eq(bench_stack(bench, 0), CODE + 1);
    bench_free(bench);
}

/* Faults while an exception or external interrupt is delivered carry EXT; they push RF. */
Test(transfers, external_bit)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    bench_write(bench, IDT + 8 * VECTOR_UD + 5, 0x0e, 1); /* not present */
    INSTRUCTION(bench, 0x0f, 0x0b);                       /* UD2 */
    bench_expect_fault(bench, VECTOR_NP, VECTOR_UD * 8 + 2 + 1);
    cr_expect(bench_stack(bench, 3) & FLAG_RF);

    bench_protected(bench, 3);
    bench_gate(bench, IDT + 8 * 0x50, DATA0, TARGET, DESCRIPTOR_INTERRUPT_GATE32, 0, 0);
    cpu->eflags |= FLAG_IF;
    INSTRUCTION(bench, 0x90);
    bench->interrupt_vector = 0x50;
    cpu_set_intr(cpu, 0, true);
    bench_expect_fault(bench, VECTOR_GP, DATA0 + 1);
    bench_free(bench);
}

Test(transfers, gate16)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    bench_gate(bench, IDT + 8 * VECTOR_GP, CODE0, HANDLERS + 16 * VECTOR_GP, DESCRIPTOR_INTERRUPT_GATE16, 0, 0);
    bench->cpu->gpr[RAX] = 0x100;
    INSTRUCTION(bench, 0x8e, 0xd8);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, HANDLERS + 16 * VECTOR_GP);
    cr_expect_eq(cpu->gpr[RSP], STACK_TOP - 8);
    cr_expect_eq(bench_stack(bench, 0), (CODE & 0xffff) << 16 | 0x100);
    cr_expect_eq(bench_stack(bench, 1), 2 << 16 | CODE0);
    bench_free(bench);
}

Test(transfers, real_mode_interrupt_and_iret)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_write(bench, 4 * 0x21, 0x2000 << 16 | 0x0123, 4);
    cpu->segment[CS].base = 0x10000;
    cpu->segment[CS].selector = 0x1000;
    cpu->segment[SS].base = 0x6000;
    cpu->segment[SS].selector = 0x600;
    cpu->gpr[RSP] = 0x100;
    flags_set(cpu, FLAG_1 | FLAG_IF | FLAG_CF);
    INSTRUCTION(bench, 0xcd, 0x21);
    bench_write(bench, 0x20123, 0xcf, 1);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, 0x123);
    cr_expect_eq(cpu->segment[CS].selector, 0x2000);
    cr_expect_eq(cpu->gpr[RSP], 0xfa);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_CF);
    cr_expect_eq(bench_read(bench, 0x60fa, 2), 2);
    cr_expect_eq(bench_read(bench, 0x60fc, 2), 0x1000);
    cr_expect_eq(bench_read(bench, 0x60fe, 2), FLAG_1 | FLAG_IF | FLAG_CF);
    bench_run(bench, 1);
    cr_expect_eq(cpu->rip, 2);
    cr_expect_eq(cpu->segment[CS].selector, 0x1000);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_IF | FLAG_CF);
    bench_free(bench);
}

/* The instruction after STI and after MOV SS runs before the interrupt. */
Test(transfers, interrupt_shadows)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    INSTRUCTION(bench, 0xfb, 0x40, 0x40); /* STI; INC EAX; INC EAX */
    bench->interrupt_vector = 0x50;
    cpu_set_intr(cpu, 0, true);
    bench_run(bench, 3);
    cr_assert_eq(cpu->rip, HANDLERS + 16 * 0x50 + 1);
    cr_expect_eq(cpu->gpr[RAX], 1);

    bench_protected(bench, 0);
    cpu->eflags |= FLAG_IF;
    cpu->gpr[RAX] = DATA0;
    INSTRUCTION(bench, 0x8e, 0xd0, 0x43, 0x43); /* MOV SS, AX; INC EBX; INC EBX */
    bench_run(bench, 1);
    cpu_set_intr(cpu, 0, true);
    bench_run(bench, 2);
    cr_expect_eq(cpu->gpr[RBX], 1);
    cr_expect_eq(bench_stack(bench, 0), CODE + 3);
    bench_free(bench);
}
