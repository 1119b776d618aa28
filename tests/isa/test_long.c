/* Long mode: entering and leaving it, interrupts, far transfers, fast system calls, canonical addresses, paging (SDM 3A 2.2.1, 4.5,
   5.8, 6.14, 9.8.5). */
#include <criterion/criterion.h>

#include "long_bench.h"

#define NOT_CANONICAL UINT64_C(0x0000800000000000)

/* --- entering and leaving -------------------------------------------------------------------------------------------- */

static void write_msr(struct bench *bench, uint32_t number, uint64_t value)
{
    bench->cpu->gpr[RCX] = number;
    bench->cpu->gpr[RAX] = (uint32_t)value;
    bench->cpu->gpr[RDX] = value >> 32;
    INSTRUCTION(bench, 0x0f, 0x30);
}

Test(long_mode, entered_from_protected_mode)
{
    struct bench *bench = long_bench_new(0);
    struct cpu *cpu = bench->cpu;
    const uint8_t code[] = {
        0x0f, 0x20, 0xc0,                         /* mov eax, cr0 */
        0x0d, 0x00, 0x00, 0x00, 0x80,             /* or eax, 80000000h */
        0x0f, 0x22, 0xc0,                         /* mov cr0, eax */
        0xea, 0x12, 0x00, 0x01, 0x00, 0x08, 0x00, /* jmp 8:10012h */
        0x49, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8,       /* mov r8, imm64 */
    };

    cpu->efer = EFER_LME;
    cpu->cr0 &= ~(uint64_t)CR0_PG;
    cpu->segment[CS] = (struct segment){.limit = 0xffffffff, .selector = LONG_COMPAT0, .attributes = 0xc09b};
    cpu_state_changed(cpu);
    bench_code(bench, code, sizeof code);
    bench_run(bench, 3);
    cr_assert_eq(cpu->efer, EFER_LME | EFER_LMA);
    cr_assert_not(cpu_code64(cpu));
    bench_run(bench, 2);
    cr_assert(cpu_code64(cpu));
    cr_expect_eq(cpu->gpr[R8], UINT64_C(0x0807060504030201));
    cpu->gpr[RAX] = CR0_PE; /* paging cannot go off from 64-bit mode */
    INSTRUCTION(bench, 0x0f, 0x22, 0xc0);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

Test(long_mode, activation_rules)
{
    struct bench *bench = long_bench_new(0);
    struct cpu *cpu = bench->cpu;

    cpu->gpr[RAX] = 0; /* CR4.PAE must stay */
    INSTRUCTION(bench, 0x0f, 0x22, 0xe0);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
    bench = long_bench_new(0);
    write_msr(bench, 0xc0000080, EFER_SCE); /* LME cannot change while paging is on */
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
    bench = long_bench_new(0);
    write_msr(bench, 0xc0000080, EFER_LME | EFER_SCE | 1 << 9);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
    bench = bench_new("max"); /* LME and PG without PAE */
    bench_protected(bench, 0);
    bench->cpu->efer = EFER_LME;
    bench->cpu->gpr[RAX] = CR0_PE | CR0_PG;
    INSTRUCTION(bench, 0x0f, 0x22, 0xc0);
    bench_expect_fault(bench, VECTOR_GP, 0);
    cr_expect_eq(bench->cpu->efer, EFER_LME);
    bench_free(bench);
}

/* --- interrupts ------------------------------------------------------------------------------------------------------- */

Test(long_mode, interrupt_frame_is_aligned_and_has_five_qwords)
{
    struct bench *bench = long_bench_new(0);
    struct cpu *cpu = bench->cpu;

    cpu->gpr[RSP] = STACK_TOP + 4;
    INSTRUCTION(bench, 0xcd, 0x40);
    bench_run(bench, 1);
    cr_assert_eq(cpu->gpr[RSP], (STACK_TOP & ~15) - 40);
    cr_expect_eq(long_stack(bench, 0), CODE + 2);
    cr_expect_eq(long_stack(bench, 1), LONG_CODE0);
    cr_expect_eq(long_stack(bench, 3), STACK_TOP + 4);
    cr_expect_eq(long_stack(bench, 4), LONG_DATA0);
    cr_expect_eq(cpu->segment[SS].selector, LONG_DATA0, "SS stays where the privilege does");
    bench_free(bench);
}

Test(long_mode, interrupt_from_user_takes_rsp0_and_a_null_ss)
{
    struct bench *bench = long_bench_new(3);
    struct cpu *cpu = bench->cpu;

    long_gate(bench, 0x40, DESCRIPTOR_TRAP_GATE32, 3, 0);
    cpu->eflags |= FLAG_IF;
    INSTRUCTION(bench, 0xcd, 0x40);
    bench_run(bench, 1);
    cr_assert_eq(cpu->cpl, 0);
    cr_expect_eq(cpu->gpr[RSP], KERNEL_STACK - 40);
    cr_expect_eq(cpu->segment[SS].selector, 0);
    cr_expect_eq(long_stack(bench, 4), LONG_DATA3);
    cr_expect(cpu->eflags & FLAG_IF, "a trap gate leaves IF");
    INSTRUCTION(bench, 0x48, 0xcf); /* IRETQ */
    bench_run(bench, 1);
    cr_expect_eq(cpu->cpl, 3);
    cr_expect_eq(cpu->rip, CODE + 2);
    cr_expect_eq(cpu->gpr[RSP], USER_STACK);
    cr_expect_eq(cpu->segment[SS].selector, LONG_DATA3);
    bench_free(bench);
}

Test(long_mode, interrupt_stack_table)
{
    struct bench *bench = long_bench_new(0);

    long_gate(bench, VECTOR_UD, DESCRIPTOR_INTERRUPT_GATE32, 0, 3);
    long_write(bench, LONG_TSS + 0x24 + 16, 0x6f08);
    INSTRUCTION(bench, 0x0f, 0x0b);
    long_expect_fault(bench, VECTOR_UD, -1);
    cr_expect_eq(bench->cpu->gpr[RSP], 0x6f00 - 40);
    bench_free(bench);
    bench = long_bench_new(0); /* not canonical: #SS, delivered by its own gate */
    long_gate(bench, VECTOR_UD, DESCRIPTOR_INTERRUPT_GATE32, 0, 1);
    long_write(bench, LONG_TSS + 0x24, NOT_CANONICAL);
    INSTRUCTION(bench, 0x0f, 0x0b);
    long_expect_fault(bench, VECTOR_SS, 1);
    bench_free(bench);
}

Test(long_mode, gates_lead_to_64_bit_code_only)
{
    struct bench *bench = long_bench_new(0);

    bench_gate(bench, LONG_IDT + 16 * 0x40, LONG_COMPAT0, HANDLERS, DESCRIPTOR_INTERRUPT_GATE32, 0, 0);
    INSTRUCTION(bench, 0xcd, 0x40);
    long_expect_fault(bench, VECTOR_GP, LONG_COMPAT0);
    bench_free(bench);
    bench = long_bench_new(0);
    long_gate(bench, 0x40, DESCRIPTOR_TASK_GATE, 0, 0);
    INSTRUCTION(bench, 0xcd, 0x40);
    long_expect_fault(bench, VECTOR_GP, 0x40 * 8 + 2);
    bench_free(bench);
}

Test(long_mode, iret_to_compatibility_mode)
{
    struct bench *bench = long_bench_new(0);
    struct cpu *cpu = bench->cpu;

    cpu->gpr[RSP] = STACK_TOP - 40;
    long_write(bench, STACK_TOP - 40, TARGET);
    long_write(bench, STACK_TOP - 32, LONG_COMPAT3);
    long_write(bench, STACK_TOP - 24, 2);
    long_write(bench, STACK_TOP - 16, UINT64_C(0x100000000) | USER_STACK);
    long_write(bench, STACK_TOP - 8, LONG_DATA3);
    INSTRUCTION(bench, 0x48, 0xcf);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET);
    cr_expect_not(cpu_code64(cpu));
    cr_expect_eq(cpu->gpr[RSP], USER_STACK, "32 bits of it");
    bench_free(bench);
    bench = long_bench_new(0); /* NT is an error */
    bench->cpu->eflags |= FLAG_NT;
    INSTRUCTION(bench, 0x48, 0xcf);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

/* --- system calls ------------------------------------------------------------------------------------------------------ */

Test(long_mode, syscall_and_sysret)
{
    struct bench *bench = long_bench_new(3);
    struct cpu *cpu = bench->cpu;

    cpu->msr[MSR_STAR] = UINT64_C(0x001b000800000000);
    cpu->msr[MSR_LSTAR] = TARGET;
    cpu->msr[MSR_SFMASK] = FLAG_IF | FLAG_CF;
    flags_set(cpu, FLAG_1 | FLAG_IF | FLAG_CF | FLAG_ZF);
    INSTRUCTION(bench, 0x0f, 0x05);
    bench_write(bench, TARGET, 0x90, 1);
    bench_run(bench, 1);
    cr_assert_eq(cpu->rip, TARGET);
    cr_expect_eq(cpu->gpr[RCX], CODE + 2);
    cr_expect_eq(cpu->gpr[R11], FLAG_1 | FLAG_IF | FLAG_CF | FLAG_ZF);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_ZF);
    cr_expect_eq(cpu->cpl, 0);
    cr_expect_eq(cpu->segment[CS].selector, LONG_CODE0);
    cr_expect_eq(cpu->segment[SS].selector, LONG_DATA0);
    INSTRUCTION(bench, 0x48, 0x0f, 0x07);
    bench_run(bench, 1);
    cr_expect_eq(cpu->rip, CODE + 2);
    cr_expect_eq(cpu->cpl, 3);
    cr_expect_eq(cpu->segment[CS].selector, LONG_CODE3);
    cr_expect_eq(cpu->segment[SS].selector, LONG_DATA3);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_IF | FLAG_CF | FLAG_ZF);
    bench_free(bench);

    bench = long_bench_new(0);
    bench->cpu->gpr[RCX] = NOT_CANONICAL;
    INSTRUCTION(bench, 0x48, 0x0f, 0x07);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
    bench = long_bench_new(3);
    bench->cpu->efer &= ~(uint64_t)EFER_SCE;
    INSTRUCTION(bench, 0x0f, 0x05);
    long_expect_fault(bench, VECTOR_UD, -1);
    bench_free(bench);
}

Test(long_mode, swapgs)
{
    struct bench *bench = long_bench_new(0);
    struct cpu *cpu = bench->cpu;

    cpu->segment[GS].base = 0x1111;
    cpu->msr[MSR_KERNEL_GS_BASE] = DATA;
    bench_write(bench, DATA + 8, 0xcafe, 4);
    INSTRUCTION(bench, 0x0f, 0x01, 0xf8, 0x65, 0x8b, 0x04, 0x25, 8, 0, 0, 0); /* SWAPGS; MOV EAX, GS:[8] */
    bench_run(bench, 2);
    cr_expect_eq(cpu->gpr[RAX], 0xcafe);
    cr_expect_eq(cpu->msr[MSR_KERNEL_GS_BASE], 0x1111);
    bench_free(bench);
    bench = long_bench_new(3);
    INSTRUCTION(bench, 0x0f, 0x01, 0xf8);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

Test(long_mode, addresses_in_msrs_are_canonical)
{
    static const uint32_t numbers[] = {0xc0000082, 0xc0000083, 0xc0000100, 0xc0000101, 0xc0000102, 0x175, 0x176};

    for (unsigned i = 0; i < 7; i++) {
        struct bench *bench = long_bench_new(0);

        write_msr(bench, numbers[i], UINT64_C(0xffff800000000000));
        bench_run(bench, 1);
        cr_expect_eq(bench->cpu->rip, CODE + 2);
        write_msr(bench, numbers[i], NOT_CANONICAL);
        long_expect_fault(bench, VECTOR_GP, 0);
        bench_free(bench);
    }
}

/* --- addresses --------------------------------------------------------------------------------------------------------- */

Test(long_mode, addresses_that_are_not_canonical)
{
    struct bench *bench = long_bench_new(0);

    bench->cpu->gpr[RBX] = NOT_CANONICAL;
    INSTRUCTION(bench, 0x48, 0x8b, 0x03); /* MOV RAX, [RBX] */
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
    bench = long_bench_new(0);
    bench->cpu->gpr[RBX] = NOT_CANONICAL - 4; /* the operand's upper half */
    INSTRUCTION(bench, 0x48, 0x8b, 0x03);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
    bench = long_bench_new(3); /* the stack: #SS; the handler has its own */
    bench->cpu->gpr[RSP] = NOT_CANONICAL;
    INSTRUCTION(bench, 0x50);
    bench->cpu->gpr[RSP] = NOT_CANONICAL + 0x1000;
    long_expect_fault(bench, VECTOR_SS, 0);
    bench_free(bench);
    bench = long_bench_new(0); /* JMP RBX: found by the jump */
    bench->cpu->gpr[RBX] = NOT_CANONICAL;
    INSTRUCTION(bench, 0xff, 0xe3);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
    bench = long_bench_new(0); /* RET: RSP stays */
    long_write(bench, STACK_TOP - 8, NOT_CANONICAL);
    bench->cpu->gpr[RSP] = STACK_TOP - 8;
    INSTRUCTION(bench, 0xc3);
    long_expect_fault(bench, VECTOR_GP, 0);
    cr_expect_eq(long_stack(bench, 4), STACK_TOP - 8);
    bench_free(bench);
}

Test(long_mode, rip_relative_and_offsets)
{
    struct bench *bench = long_bench_new(0);
    struct cpu *cpu = bench->cpu;

    bench_write(bench, CODE + 0x100, 0x11223344, 4);
    INSTRUCTION(bench, 0x81, 0x3d, 0xf6, 0x00, 0x00, 0x00, 0x44, 0x33, 0x22, 0x11); /* CMP [RIP + F6h], imm32 */
    bench_run(bench, 1);
    cr_expect(flag_zf(cpu), "the displacement counts from behind the immediate");
    long_write(bench, LONG_ROOT + 8 * 511, LONG_POINTERS | 7);
    INSTRUCTION(bench, 0xa1, 0x00, 0x01, 0x01, 0x00, 0x80, 0xff, 0xff, 0xff); /* MOV EAX, [FFFFFF8000010100h] */
    bench_run(bench, 1);
    cr_expect_eq(cpu->gpr[RAX], 0x11223344);
    cpu->gpr[RBX] = UINT64_C(0xffffffff00000000) | (CODE + 0x100);
    INSTRUCTION(bench, 0x67, 0x8b, 0x0b); /* MOV ECX, [EBX] */
    bench_run(bench, 1);
    cr_expect_eq(cpu->gpr[RCX], 0x11223344);
    bench_free(bench);
}

Test(long_mode, invalid_opcodes)
{
    static const uint8_t opcodes[] = {0x06, 0x0e, 0x16, 0x1e, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x62, 0x82, 0x9a, 0xc4, 0xc5, 0xce, 0xd4, 0xd5, 0xd6, 0xea};

    for (unsigned i = 0; i < sizeof opcodes; i++) {
        struct bench *bench = long_bench_new(0);

        INSTRUCTION(bench, opcodes[i], 0, 0, 0, 0, 0, 0, 0);
        long_expect_fault(bench, VECTOR_UD, -1);
        bench_free(bench);
    }
}

Test(long_mode, cmpxchg16b)
{
    struct bench *bench = long_bench_new(0);
    struct cpu *cpu = bench->cpu;

    long_write(bench, DATA, 1);
    long_write(bench, DATA + 8, 2);
    cpu->gpr[RAX] = 1;
    cpu->gpr[RDX] = 2;
    cpu->gpr[RBX] = 3;
    cpu->gpr[RCX] = 4;
    cpu->gpr[RSI] = DATA;
    INSTRUCTION(bench, 0xf0, 0x48, 0x0f, 0xc7, 0x0e);
    bench_run(bench, 1);
    cr_expect(flag_zf(cpu));
    cr_expect_eq(long_read(bench, DATA), 3);
    cr_expect_eq(long_read(bench, DATA + 8), 4);
    cpu->gpr[RSI] = DATA + 8;
    INSTRUCTION(bench, 0xf0, 0x48, 0x0f, 0xc7, 0x0e);
    long_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

/* --- paging ------------------------------------------------------------------------------------------------------------ */

Test(long_paging, no_execute)
{
    struct bench *bench = long_bench_new(0);

    long_write(bench, LONG_DIRECTORY + 8, 0x87 | UINT64_C(1) << 63); /* 2 MiB-4 MiB: the same RAM, not for code */
    bench->cpu->gpr[RAX] = 0x200000 + TARGET;
    INSTRUCTION(bench, 0x8b, 0x18, 0xff, 0xe0); /* MOV EBX, [RAX]; JMP RAX */
    bench_run(bench, 2);
    bench->instruction = 0x200000 + TARGET;
    long_expect_fault(bench, VECTOR_PF, 0x11);
    cr_expect_eq(bench->cpu->cr2, 0x200000 + TARGET);
    bench_free(bench);
    bench = long_bench_new(0); /* without NXE the bit is reserved */
    bench->cpu->efer &= ~(uint64_t)EFER_NXE;
    long_write(bench, LONG_DIRECTORY + 8, 0x87 | UINT64_C(1) << 63);
    bench->cpu->gpr[RAX] = 0x200000 + TARGET;
    INSTRUCTION(bench, 0x8b, 0x18);
    long_expect_fault(bench, VECTOR_PF, 9);
    bench_free(bench);
}

Test(long_paging, one_gigabyte_page)
{
    struct bench *bench = long_bench_new(0);
    struct cpu *cpu = bench->cpu;

    long_write(bench, LONG_POINTERS + 8, 0x83);
    bench_write(bench, DATA, 0x55aa, 4);
    cpu->gpr[RBX] = 0x40000000 + DATA;
    INSTRUCTION(bench, 0x8b, 0x03, 0x89, 0x43, 0x04);
    bench_run(bench, 2);
    cr_expect_eq(cpu->gpr[RAX], 0x55aa);
    cr_expect_eq(long_read(bench, LONG_POINTERS + 8), 0xe3);
    long_write(bench, LONG_POINTERS + 8, 0x83 | 1 << 20); /* bits 13-29 are reserved */
    INSTRUCTION(bench, 0x8b, 0x03);
    long_expect_fault(bench, VECTOR_PF, 9);
    bench_free(bench);
}

Test(long_paging, reserved_bits_by_level)
{
    for (unsigned bit = 40; bit < 52; bit += 11) { /* beyond MAXPHYADDR; bits 52-62 are software's */
        struct bench *bench = long_bench_new(0);

        long_write(bench, LONG_DIRECTORY + 8, 0x87 | UINT64_C(1) << bit);
        bench->cpu->gpr[RBX] = 0x200000;
        INSTRUCTION(bench, 0x8b, 0x03);
        long_expect_fault(bench, VECTOR_PF, 9);
        bench_free(bench);
    }
    struct bench *bench = long_bench_new(0);

    long_write(bench, LONG_DIRECTORY + 8, 0x87 | UINT64_C(0x7ff) << 52);
    bench->cpu->gpr[RBX] = 0x200000;
    INSTRUCTION(bench, 0x8b, 0x03);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->rip, CODE + 2);
    long_write(bench, LONG_ROOT + 8, LONG_POINTERS | 0x87); /* PS at level 4 */
    bench->cpu->gpr[RBX] = UINT64_C(1) << 39;
    INSTRUCTION(bench, 0x8b, 0x03);
    long_expect_fault(bench, VECTOR_PF, 9);
    bench_free(bench);
}
