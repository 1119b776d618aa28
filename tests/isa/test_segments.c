/* Segment register loads and the queries LAR, LSL, VERR, VERW, ARPL: SDM 3A 5.3-5.7, 5.10. */
#include <criterion/criterion.h>

#include "protected_bench.h"

/* MOV DS, AX and MOV SS, AX with the selector FREE | rpl of a descriptor with these attributes. */
struct load_case {
    unsigned cpl;
    uint8_t opcode_modrm; /* of 8E: D8 DS, D0 SS */
    uint16_t attributes, selector;
    int vector; /* -1: loads */
};

enum { MOV_DS = 0xd8, MOV_SS = 0xd0 };

static const struct load_case load_cases[] = {
    /* data, read-only data, readable code into DS */
    {0, MOV_DS, 0x4092, FREE, -1},
    {0, MOV_DS, 0x4090, FREE, -1},
    {0, MOV_DS, 0x409a, FREE, -1},
    {0, MOV_DS, 0x4098, FREE, VECTOR_GP}, /* execute-only */
    {0, MOV_DS, 0x0082, FREE, VECTOR_GP}, /* an LDT */
    {0, MOV_DS, 0x0012, FREE, VECTOR_NP},
    {3, MOV_DS, 0x4092, FREE, VECTOR_GP}, /* DPL 0 at CPL 3 */
    {3, MOV_DS, 0x40f2, FREE | 3, -1},
    {0, MOV_DS, 0x4092, FREE | 3, VECTOR_GP}, /* RPL 3 above DPL 0 */
    {3, MOV_DS, 0x409e, FREE | 3, -1},        /* conforming code: no privilege check */
    {3, MOV_DS, 0x0012, FREE | 3, VECTOR_GP}, /* privilege before presence */
    {0, MOV_DS, 0x0000, 0, -1},               /* null */
    {0, MOV_DS, 0x0000, 3, -1},
    /* SS */
    {0, MOV_SS, 0x4092, FREE, -1},
    {0, MOV_SS, 0x4096, FREE, -1},            /* expand-down */
    {0, MOV_SS, 0x4090, FREE, VECTOR_GP},     /* read-only */
    {0, MOV_SS, 0x409a, FREE, VECTOR_GP},     /* code */
    {0, MOV_SS, 0x4092, FREE | 1, VECTOR_GP}, /* RPL */
    {0, MOV_SS, 0x40f2, FREE, VECTOR_GP},     /* DPL */
    {0, MOV_SS, 0x0012, FREE, VECTOR_SS},
    {3, MOV_SS, 0x40f2, FREE | 3, -1},
};

Test(segments, loads_and_faults)
{
    for (unsigned i = 0; i < sizeof load_cases / sizeof load_cases[0]; i++) {
        const struct load_case *c = &load_cases[i];
        struct bench *bench = bench_new("80386");
        struct segment *segment = &bench->cpu->segment[c->opcode_modrm == MOV_SS ? SS : DS];

        bench_protected(bench, c->cpl);
        if (c->selector >= FREE)
            bench_descriptor(bench, GDT + FREE, 0x12345, 0x6789, c->attributes);
        bench->cpu->gpr[RAX] = c->selector;
        INSTRUCTION(bench, 0x8e, c->opcode_modrm);
        if (c->vector >= 0) {
            struct segment before = *segment;

            bench_expect_fault(bench, (unsigned)c->vector, c->selector & 0xfffc);
            if (segment == &bench->cpu->segment[DS])
                cr_expect_eq(segment->selector, before.selector, "case %u", i);
            cr_expect_eq(bench_read(bench, GDT + FREE + 5, 1) & 1, c->attributes & 1, "case %u: accessed bit", i);
        } else {
            bench_run(bench, 1);
            cr_assert_eq(bench->cpu->rip, CODE + 2, "case %u", i);
            cr_expect_eq(segment->selector, c->selector, "case %u", i);
            if (c->selector >= FREE) {
                cr_expect_eq(segment->base, 0x12345);
                cr_expect_eq(segment->limit, 0x6789);
                cr_expect_eq(bench_read(bench, GDT + FREE + 5, 1), (c->attributes & 0xff) | 1, "case %u: accessed bit", i);
            }
        }
        bench_free(bench);
    }
}

Test(segments, null_stack_and_table_limits)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = 0;
    INSTRUCTION(bench, 0x8e, 0xd0);
    bench_expect_fault(bench, VECTOR_GP, 0);

    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = 0x100; /* first beyond the GDT's limit of FFh */
    INSTRUCTION(bench, 0x8e, 0xd8);
    bench_expect_fault(bench, VECTOR_GP, 0x100);

    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = 0x44; /* beyond the LDT's 3Fh */
    INSTRUCTION(bench, 0x8e, 0xd8);
    bench_expect_fault(bench, VECTOR_GP, 0x44);

    bench_protected(bench, 0);
    bench->cpu->ldtr = (struct segment){0};
    bench->cpu->gpr[RAX] = 0x0c;
    INSTRUCTION(bench, 0x8e, 0xd8);
    bench_expect_fault(bench, VECTOR_GP, 0x0c);
    bench_free(bench);
}

/* The 80286 ignores a descriptor's last word, the 80386 does not. */
Test(segments, descriptor_formats)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 0);
    bench_descriptor(bench, GDT + FREE, 0x12345678, 0xabcdefff, 0xc092);
    bench->cpu->gpr[RAX] = FREE;
    INSTRUCTION(bench, 0x8e, 0xd8);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->segment[DS].base, 0x12345678);
    cr_expect_eq(bench->cpu->segment[DS].limit, 0xabcdefff);
    bench_free(bench);
}

Test(segments, expand_down)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 0);
    bench_descriptor(bench, GDT + FREE, DATA, 0x0fff, 0x0096); /* 16 bits: 1000-FFFF are valid */
    bench->cpu->gpr[RAX] = FREE;
    INSTRUCTION(bench, 0x8e, 0xd8);
    bench_run(bench, 1);
    INSTRUCTION(bench, 0xa0, 0x00, 0x10, 0x00, 0x00); /* MOV AL, [1000h] */
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->rip, CODE + 5);
    INSTRUCTION(bench, 0xa1, 0xfd, 0xff, 0x00, 0x00); /* MOV EAX, [FFFDh]: one byte too far */
    bench_expect_fault(bench, VECTOR_GP, 0);
    INSTRUCTION(bench, 0xa0, 0xff, 0x0f, 0x00, 0x00); /* MOV AL, [0FFFh] */
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

Test(segments, big_real_mode_keeps_limits)
{
    struct bench *bench = bench_new("80386");

    bench->cpu->segment[DS].limit = 0xffffffff;
    bench->cpu->segment[CS].base = CODE;
    bench->cpu->gpr[RAX] = 0x1234;
    INSTRUCTION(bench, 0x8e, 0xd8);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->segment[DS].base, 0x12340);
    cr_expect_eq(bench->cpu->segment[DS].limit, 0xffffffff);
    bench_free(bench);
}

/* --- queries ---------------------------------------------------------------------------------------------------- */

static bool query(struct bench *bench, uint8_t second, uint8_t modrm, uint16_t selector, uint32_t *answer)
{
    bench->cpu->gpr[RAX] = 0xdeadbeef;
    bench->cpu->gpr[RBX] = selector;
    INSTRUCTION(bench, 0x0f, second, modrm);
    bench_run(bench, 1);
    cr_assert_eq(bench->cpu->rip, CODE + 3);
    *answer = (uint32_t)bench->cpu->gpr[RAX];
    return flag_zf(bench->cpu);
}

Test(segments, lar_lsl_verr_verw)
{
    struct bench *bench = bench_new("80486");
    uint32_t answer;

    bench_protected(bench, 3);
    bench_descriptor(bench, GDT + FREE, 0, 0xfffff, 0x40f2);
    cr_expect(query(bench, 0x02, 0xc3, FREE | 3, &answer)); /* LAR EAX, BX */
    cr_expect_eq(answer, 0x0040f200);
    cr_expect(query(bench, 0x03, 0xc3, FREE | 3, &answer)); /* LSL */
    cr_expect_eq(answer, 0xfffff);
    bench_descriptor(bench, GDT + FREE, 0, 0xffffffff, 0xc0f0);
    cr_expect(query(bench, 0x03, 0xc3, FREE | 3, &answer));
    cr_expect_eq(answer, 0xffffffff);
    cr_expect(query(bench, 0x00, 0xe3, FREE | 3, &answer));     /* VERR */
    cr_expect_not(query(bench, 0x00, 0xeb, FREE | 3, &answer)); /* VERW: read-only */
    cr_expect_not(query(bench, 0x02, 0xc3, DATA0, &answer));    /* DPL 0 is invisible at CPL 3 */
    cr_expect_eq(answer, 0xdeadbeef);
    cr_expect_not(query(bench, 0x02, 0xc3, 0, &answer));
    cr_expect_not(query(bench, 0x02, 0xc3, 0x100, &answer));
    bench_gate(bench, GDT + FREE, CODE0, TARGET, DESCRIPTOR_CALL_GATE32, 3, 0);
    cr_expect(query(bench, 0x02, 0xc3, FREE | 3, &answer));
    cr_expect_not(query(bench, 0x03, 0xc3, FREE | 3, &answer)); /* a gate has no limit */
    bench_gate(bench, GDT + FREE, CODE0, TARGET, DESCRIPTOR_INTERRUPT_GATE32, 3, 0);
    cr_expect_not(query(bench, 0x02, 0xc3, FREE | 3, &answer));
    bench_descriptor(bench, GDT + FREE, 0, 0xffff, 0x4098); /* execute-only */
    cr_expect_not(query(bench, 0x00, 0xe3, FREE, &answer));
    bench_free(bench);
}

Test(segments, lldt_ltr)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = TSS_OTHER_SELECTOR;
    INSTRUCTION(bench, 0x0f, 0x00, 0xd8); /* LTR AX */
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->tr.base, TSS_OTHER);
    cr_expect_eq(bench_read(bench, GDT + TSS_OTHER_SELECTOR + 5, 1), 0x8b);
    INSTRUCTION(bench, 0x0f, 0x00, 0xd8); /* busy now */
    bench_expect_fault(bench, VECTOR_GP, TSS_OTHER_SELECTOR);

    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = DATA0;
    INSTRUCTION(bench, 0x0f, 0x00, 0xd0); /* LLDT AX */
    bench_expect_fault(bench, VECTOR_GP, DATA0);

    bench_protected(bench, 0);
    bench_descriptor(bench, GDT + FREE, 0x5555, 0x17, 0x02);
    bench->cpu->gpr[RAX] = FREE;
    INSTRUCTION(bench, 0x0f, 0x00, 0xd0);
    bench_expect_fault(bench, VECTOR_NP, FREE);

    bench_protected(bench, 3);
    INSTRUCTION(bench, 0x0f, 0x00, 0xd0);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}

/* ARPL writes memory, and asks for write permission, only if it changes the RPL. */
Test(segments, arpl)
{
    struct bench *bench = bench_new("80386");

    bench_protected(bench, 0);
    bench->cpu->segment[DS].attributes = 0xc091; /* read-only */
    bench_write(bench, DATA, 0x13, 2);
    bench->cpu->gpr[RAX] = 2;
    INSTRUCTION(bench, 0x63, 0x05, 0x00, 0x00, 0x02, 0x00); /* ARPL [20000h], AX */
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->rip, CODE + 6);
    cr_expect_not(flag_zf(bench->cpu));
    bench_write(bench, DATA, 0x10, 2);
    INSTRUCTION(bench, 0x63, 0x05, 0x00, 0x00, 0x02, 0x00);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = 2;
    INSTRUCTION(bench, 0x63, 0x05, 0x00, 0x00, 0x02, 0x00);
    bench_run(bench, 1);
    cr_expect(flag_zf(bench->cpu));
    cr_expect_eq(bench_read(bench, DATA, 2), 0x12);
    bench_free(bench);
}
