/* Control and debug registers, flags, ports, descriptor tables, identification: SDM 3A 2.5, 3B 17, SDM 1 19, SDM 2. */
#include <criterion/criterion.h>

#include "protected_bench.h"

Test(control, cr0)
{
    struct bench *bench = bench_new("80486");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    cpu->gpr[RAX] = CR0_PG; /* PG without PE */
    INSTRUCTION(bench, 0x0f, 0x22, 0xc0);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_protected(bench, 0);
    cpu->gpr[RAX] = CR0_PE | CR0_NW; /* NW without CD */
    INSTRUCTION(bench, 0x0f, 0x22, 0xc0);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_protected(bench, 0);
    cpu->gpr[RAX] = 0x7fffffff; /* all but PG: what does not exist stays 0, ET stays 1 */
    INSTRUCTION(bench, 0x0f, 0x22, 0xc0);
    bench_run(bench, 1);
    cr_expect_eq(cpu->cr0, CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD);
    bench_protected(bench, 3);
    INSTRUCTION(bench, 0x0f, 0x22, 0xc0);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_protected(bench, 0);
    INSTRUCTION(bench, 0x0f, 0x20, 0x28); /* MOV EAX, CR5; mod is ignored */
    bench_expect_fault(bench, VECTOR_UD, -1);
    bench_protected(bench, 0);
    INSTRUCTION(bench, 0x0f, 0x20, 0xe0); /* no CR4 on this one */
    bench_expect_fault(bench, VECTOR_UD, -1);
    bench_free(bench);
}

Test(control, cr4_reserved)
{
    struct bench *bench = bench_new("pentium");

    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = CR4_PSE | CR4_PGE; /* no PGE before the Pentium Pro */
    INSTRUCTION(bench, 0x0f, 0x22, 0xe0);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = CR4_PSE | CR4_VME;
    INSTRUCTION(bench, 0x0f, 0x22, 0xe0);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->cr4, CR4_PSE | CR4_VME);
    bench_free(bench);
}

Test(control, lmsw_cannot_clear_pe)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = 0x0a;
    INSTRUCTION(bench, 0x0f, 0x01, 0xf0);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->cr0 & 0xf, CR0_PE | CR0_MP | CR0_TS);
    INSTRUCTION(bench, 0x0f, 0x06); /* CLTS */
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->cr0 & 0xf, CR0_PE | CR0_MP);
    bench_free(bench);
}

Test(debug, registers)
{
    struct bench *bench = bench_new("pentium");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    cpu->gpr[RAX] = 0xffffdfff;
    INSTRUCTION(bench, 0x0f, 0x23, 0xf8); /* MOV DR7, EAX */
    bench_run(bench, 1);
    cr_expect_eq(cpu->dr[7], 0xffff07ff);
    cpu->dr[7] = 0x400;
    cpu->gpr[RAX] = 0;
    INSTRUCTION(bench, 0x0f, 0x23, 0xe0); /* MOV DR4, EAX is DR6 */
    bench_run(bench, 1);
    cr_expect_eq(cpu->dr[6], 0xffff0ff0);
    cpu->cr4 |= CR4_DE;
    INSTRUCTION(bench, 0x0f, 0x23, 0xe0);
    bench_expect_fault(bench, VECTOR_UD, -1);

    bench_protected(bench, 0);
    cpu->dr[7] = 0x2400; /* GD */
    INSTRUCTION(bench, 0x0f, 0x21, 0xc0);
    bench_expect_fault(bench, VECTOR_DB, -1);
    cr_expect(cpu->dr[6] & 0x2000);
    cr_expect_eq(cpu->dr[7], 0x400);
    bench_free(bench);
}

Test(debug, io_breakpoint)
{
    struct bench *bench = bench_new("pentium");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    cpu->cr4 |= CR4_DE;
    cpu->dr[1] = 0x101;
    cpu->dr[7] = 0x400 | 2 << 2 | 2 << 20; /* G1, I/O, one byte */
    cpu->gpr[RDX] = 0x100;
    INSTRUCTION(bench, 0xec, 0x66, 0xed, 0x90); /* IN AL, DX; IN AX, DX: the second touches port 101h */
    bench_run(bench, 3);
    cr_assert_eq(cpu->rip & ~UINT64_C(15), HANDLERS + 16 * VECTOR_DB);
    cr_expect_eq(bench_stack(bench, 0), CODE + 3);
    cr_expect_eq(cpu->dr[6] & 15, 2);
    bench_free(bench);
}

/* --- flags ------------------------------------------------------------------------------------------------------ */

Test(flags, popf_by_privilege)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    bench_write(bench, USER_STACK, FLAG_IOPL | FLAG_IF | FLAG_ZF | FLAG_DF | FLAG_VM | FLAG_RF, 4);
    INSTRUCTION(bench, 0x9d);
    bench_run(bench, 1);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_ZF | FLAG_DF); /* neither IOPL nor IF nor VM */

    bench_protected(bench, 0);
    bench_write(bench, STACK_TOP, FLAG_IOPL | FLAG_IF | FLAG_NT | FLAG_VM | FLAG_AC | FLAG_ID, 4);
    INSTRUCTION(bench, 0x9d);
    bench_run(bench, 1);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_IOPL | FLAG_IF | FLAG_NT); /* the 80386 has no AC, no ID */
    INSTRUCTION(bench, 0x9c);
    bench_run(bench, 1);
    cr_expect_eq(bench_stack(bench, 0), FLAG_1 | FLAG_IOPL | FLAG_IF | FLAG_NT);
    bench_free(bench);
}

/* What software tells processors apart by: bits 12-15 are ones on the 8086, zeros in the 80286's real mode. */
Test(flags, upper_nibble_by_model)
{
    static const struct {
        const char *model;
        uint16_t zeros, ones;
    } cases[] = {{"8086", 0xf002, 0xffd7}, {"80286", 0x0002, 0x0fd7}, {"80386", 0x0002, 0x7fd7}};

    for (unsigned i = 0; i < 3; i++) {
        struct bench *bench = bench_new(cases[i].model);
        struct cpu *cpu = bench->cpu;

        cpu->segment[CS].base = CODE;
        cpu->segment[SS].base = 0x6000;
        cpu->gpr[RSP] = 0x100;
        for (unsigned ones = 0; ones < 2; ones++) {
            bench_write(bench, 0x6100, ones ? 0xfeff : 0, 2); /* not TF */
            cpu->gpr[RSP] = 0x100;
            INSTRUCTION(bench, 0x9d, 0x9c);
            bench_run(bench, 2);
            cr_expect_eq(bench_read(bench, 0x6100, 2), (ones ? cases[i].ones : cases[i].zeros) & 0xfeff, "%s: %x",
                         cases[i].model, bench_read(bench, 0x6100, 2));
        }
        bench_free(bench);
    }
}

Test(flags, carry_and_direction)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    flags_set(cpu, FLAG_1 | FLAG_OF | FLAG_SF);
    INSTRUCTION(bench, 0xf9, 0xfd, 0xf5, 0x9f); /* STC, STD, CMC, LAHF */
    bench_run(bench, 1);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_OF | FLAG_SF | FLAG_CF);
    bench_run(bench, 3);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_OF | FLAG_SF | FLAG_DF);
    cr_expect_eq(cpu->gpr[RAX] >> 8 & 0xff, 0x82);
    cpu->gpr[RAX] = 0xff00;
    INSTRUCTION(bench, 0x9e, 0xfc, 0xf8);
    bench_run(bench, 3);
    cr_expect_eq(flags_get(cpu), FLAG_1 | FLAG_OF | FLAG_SF | FLAG_ZF | FLAG_AF | FLAG_PF);
    bench_free(bench);
}

/* --- ports ------------------------------------------------------------------------------------------------------ */

Test(ports, privilege_and_clock)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 3);
    INSTRUCTION(bench, 0xe4, 0x64);
    bench_expect_fault(bench, VECTOR_GP, 0);

    bench_protected(bench, 3);
    cpu->eflags |= FLAG_IOPL;
    cpu->gpr[RDX] = 0x100;
    INSTRUCTION(bench, 0x90, 0x90, 0xed, 0x90, 0x66, 0xef); /* NOP, NOP, IN EAX, DX, NOP, OUT DX, AX */
    bench_run(bench, 5);
    cr_expect_eq(cpu->gpr[RAX], 0x11223344);
    cr_expect_eq(bench->port_value, 0x3344);
    cr_expect_eq(bench->port_clock, bench->schedule.now - 1); /* exact in the middle of a trace */
    bench_free(bench);
}

/* REP INS stops at the limit: what was transferred is in memory and the registers say so. */
Test(ports, rep_ins_faults_in_the_middle)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    cpu->segment[ES].base = DATA;
    cpu->segment[ES].limit = 11;
    cpu->gpr[RDX] = 0x100;
    cpu->gpr[RCX] = 10;
    cpu->gpr[RDI] = 0;
    INSTRUCTION(bench, 0xf3, 0x6d);
    bench_run(bench, 4);
    cr_assert_eq(cpu->rip, HANDLERS + 16 * VECTOR_GP);
    cr_expect_eq(bench_stack(bench, 1), CODE);
    cr_expect_eq(cpu->gpr[RCX], 7);
    cr_expect_eq(cpu->gpr[RDI], 12);
    cr_expect_eq(bench->port_reads, 3); /* no read whose value has nowhere to go */
    cr_expect_eq(bench_read(bench, DATA + 8, 4), 0x11223346);
    bench_free(bench);
}

/* Each iteration is a count of its own, wherever the run is cut. */
Test(ports, rep_outs_counts)
{
    for (unsigned slice = 1; slice <= 7; slice++) {
        struct bench *bench = bench_new("80386");
        struct cpu *cpu = bench->cpu;
        unsigned counts = 0;

        bench_protected(bench, 0);
        cpu->gpr[RDX] = 0x100;
        cpu->gpr[RCX] = 5;
        cpu->gpr[RSI] = DATA + 4;
        bench_write(bench, DATA, 0x44332211, 4);
        bench_write(bench, DATA + 4, 0x55, 1);
        cpu->eflags |= FLAG_DF;
        INSTRUCTION(bench, 0xf3, 0x6e, 0x40, 0xf4);
        while (cpu->gpr[RAX] == 0 && counts < 20) {
            bench_run(bench, slice);
            counts += slice;
        }
        cr_expect_eq(cpu->gpr[RCX], 0);
        cr_expect_eq(cpu->gpr[RSI], DATA - 1);
        cr_expect_eq(bench->port_writes, 5);
        cr_expect_eq(bench->port_value, 0x11);
        cr_expect_eq(bench->port_clock, 4, "slice %u: %llu", slice, (unsigned long long)bench->port_clock);
        bench_free(bench);
    }
}

/* --- tables, identification ------------------------------------------------------------------------------------- */

Test(system, sgdt_lgdt)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    bench_write(bench, DATA, 0x5678017f, 4);
    bench_write(bench, DATA + 4, 0x1234, 2);
    cpu->gpr[RBX] = DATA;
    INSTRUCTION(bench, 0x66, 0x0f, 0x01, 0x13); /* LGDT with a 16-bit operand: 24 bits of base */
    bench_run(bench, 1);
    cr_expect_eq(cpu->gdtr.base, 0x345678);
    cr_expect_eq(cpu->gdtr.limit, 0x17f);
    INSTRUCTION(bench, 0x0f, 0x01, 0x13);
    bench_run(bench, 1);
    cr_expect_eq(cpu->gdtr.base, 0x12345678);
    cpu->gpr[RBX] = DATA + 16;
    INSTRUCTION(bench, 0x0f, 0x01, 0x03); /* SGDT */
    bench_run(bench, 1);
    cr_expect_eq(bench_read(bench, DATA + 16, 4), 0x5678017f);
    cr_expect_eq(bench_read(bench, DATA + 20, 4), 0x1234);
    bench_free(bench);
}

/* SIDT that faults on its second part has not written the first. */
Test(system, sidt_is_all_or_nothing)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    cpu->segment[DS].limit = DATA + 4;
    bench_write(bench, DATA, 0xcccccccc, 4);
    cpu->gpr[RBX] = DATA;
    INSTRUCTION(bench, 0x0f, 0x01, 0x0b);
    bench_expect_fault(bench, VECTOR_GP, 0);
    cr_expect_eq(bench_read(bench, DATA, 4), 0xcccccccc);
    bench_free(bench);
}

Test(system, cpuid_and_msr)
{
    struct bench *bench = bench_new("pentium-pro");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    cpu->gpr[RAX] = 0;
    INSTRUCTION(bench, 0x0f, 0xa2);
    bench_run(bench, 1);
    cr_expect_eq(cpu->gpr[RAX], 2);
    cr_expect_eq(cpu->gpr[RBX], 0x756e6547);
    cpu->gpr[RAX] = 1;
    INSTRUCTION(bench, 0x0f, 0xa2);
    bench_run(bench, 1);
    cr_expect_eq(cpu->gpr[RAX], cpu->model->signature);
    for (unsigned bit = 0; bit < 16; bit++) { /* CR4 and CPUID agree */
        if (bit == 1)
            cr_expect_eq(cpu->gpr[RDX] >> bit & 1, model_has(cpu->model, FEATURE_VME));
        if (bit == 13)
            cr_expect_eq(cpu->gpr[RDX] >> bit & 1, model_has(cpu->model, FEATURE_PGE));
    }
    cpu->gpr[RCX] = 0x200; /* MTRR base: a reserved bit */
    cpu->gpr[RAX] = 0x100;
    cpu->gpr[RDX] = 0;
    INSTRUCTION(bench, 0x0f, 0x30);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_protected(bench, 0);
    cpu->gpr[RAX] = 0x12345006;
    INSTRUCTION(bench, 0x0f, 0x30, 0x0f, 0x32);
    bench_run(bench, 2);
    cr_expect_eq(cpu->msr[MSR_MTRR_PHYS_BASE0], 0x12345006);
    cpu->gpr[RCX] = 0x12345;
    INSTRUCTION(bench, 0x0f, 0x32);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

/* The time stamp counter is the clock: exact in the middle of a trace, settable, and forbidden by TSD at CPL 3. */
Test(system, rdtsc)
{
    struct bench *bench = bench_new("pentium");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    INSTRUCTION(bench, 0x90, 0x0f, 0x31, 0x89, 0xc3, 0x90, 0x0f, 0x31); /* RDTSC; MOV EBX, EAX; NOP; RDTSC */
    bench_run(bench, 5);
    cr_expect_eq(cpu->gpr[RBX], 1);
    cr_expect_eq(cpu->gpr[RAX], 4);
    cpu->gpr[RCX] = 0x10;
    cpu->gpr[RAX] = 1000;
    cpu->gpr[RDX] = 7; /* lost */
    INSTRUCTION(bench, 0x0f, 0x30, 0x0f, 0x31);
    bench_run(bench, 2);
    cr_expect_eq(cpu->gpr[RAX], 1001);
    cr_expect_eq(cpu->gpr[RDX], 0);
    bench_protected(bench, 3);
    cpu->cr4 |= CR4_TSD;
    INSTRUCTION(bench, 0x0f, 0x31);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

/* LOADALL of the 80286 loads what protected mode could not: a base above 1M in real mode (how HIMEM and RAMDRIVE copy). */
Test(system, loadall286)
{
    struct bench *bench = bench_new("80286");
    struct cpu *cpu = bench->cpu;

    cpu->segment[CS].base = CODE;
    bench_write(bench, 0x818, 0x0002, 2);
    bench_write(bench, 0x81a, 0x0100, 2);     /* IP */
    bench_write(bench, 0x822, 0x1000, 2);     /* CS */
    bench_write(bench, 0x834, 0xbeef, 2);     /* AX */
    bench_write(bench, 0x836, 0x00110000, 4); /* ES: base 110000h ... */
    bench_write(bench, 0x839, 0x93, 1);
    bench_write(bench, 0x83a, 0xffff, 2);
    bench_write(bench, 0x83c, 0x00010000, 4);
    bench_write(bench, 0x83f, 0x93, 1);
    bench_write(bench, 0x840, 0xffff, 2);
    bench_write(bench, CODE + 0x100, 0x0000a026, 4); /* MOV AL, ES:[0] */
    bench_write(bench, 0x110000, 0x5a, 1);
    INSTRUCTION(bench, 0x0f, 0x05);
    bench_run(bench, 2);
    cr_expect_eq(cpu->rip, 0x104);
    cr_expect_eq(cpu->gpr[RAX], 0xbe5a);
    bench_free(bench);
}

/* Pushing a segment register with a 32-bit operand writes 16 bits. */
Test(system, push_and_pop_segment)
{
    struct bench *bench = bench_new("80386");
    struct cpu *cpu = bench->cpu;

    bench_protected(bench, 0);
    bench_write(bench, STACK_TOP - 4, 0xdeadbeef, 4);
    INSTRUCTION(bench, 0x1e, 0x0f, 0xa1); /* PUSH DS, POP FS */
    bench_run(bench, 1);
    cr_expect_eq(bench_stack(bench, 0), 0xdead0000 | DATA0);
    bench_run(bench, 1);
    cr_expect_eq(cpu->segment[FS].selector, DATA0);
    cr_expect_eq(cpu->gpr[RSP], STACK_TOP);
    bench_write(bench, STACK_TOP, 0x100, 4);
    INSTRUCTION(bench, 0x1f); /* POP DS: fault leaves ESP */
    bench_expect_fault(bench, VECTOR_GP, 0x100);
    cr_expect_eq(cpu->gpr[RSP], STACK_TOP - 16);
    bench_free(bench);
}
