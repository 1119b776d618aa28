/* PAE paging: PDPTE registers, eight-byte entries, reserved bits, 2M pages, accessed and dirty bits (SDM 3A 4.4, 4.7). */
#include <criterion/criterion.h>

#include "protected_bench.h"

enum { POINTERS = 0x30020, DIRECTORY = 0x31000, TABLE = 0x32000, PAGE = 0x40000, LINEAR = 0x40000000 };

static void write64(struct bench *bench, uint32_t address, uint64_t value)
{
    bench_write(bench, address, (uint32_t)value, 4);
    bench_write(bench, address + 4, (uint32_t)(value >> 32), 4);
}

/* The first 2 MiB mapped as they are by one large page; LINEAR leads through the second PDPTE to PAGE. */
static struct bench *pae_bench(const char *model, unsigned cpl)
{
    struct bench *bench = bench_new(model);

    bench_protected(bench, cpl);
    write64(bench, POINTERS, DIRECTORY | 1);
    write64(bench, POINTERS + 8, DIRECTORY | 1);
    write64(bench, POINTERS + 16, 0);
    write64(bench, POINTERS + 24, 0);
    write64(bench, DIRECTORY, 0x87);
    write64(bench, DIRECTORY + 8, TABLE | 7);
    write64(bench, TABLE, PAGE | 7);
    bench_write(bench, PAGE + 0x10, 0x12345678, 4);
    bench->cpu->cr4 |= CR4_PAE;
    bench->cpu->gpr[RAX] = POINTERS;
    if (cpl == 0) {
        INSTRUCTION(bench, 0x0f, 0x22, 0xd8, 0x0f, 0x20, 0xc1, 0x0f, 0xba, 0xe9, 31, 0x0f, 0x22,
                    0xc1); /* CR3, then PG by BTS */
        bench_run(bench, 4);
        cr_assert(bench->cpu->cr0 & CR0_PG);
    } else {
        bench->cpu->cr3 = POINTERS;
        for (unsigned i = 0; i < 2; i++)
            bench->cpu->pdpte[i] = DIRECTORY | 1;
        bench->cpu->cr0 |= CR0_PG;
        cpu_state_changed(bench->cpu);
    }
    return bench;
}

static void load_at(struct bench *bench, uint32_t linear)
{
    bench->cpu->gpr[RBX] = linear;
    bench->cpu->gpr[RAX] = 0;
    INSTRUCTION(bench, 0x8b, 0x03); /* MOV EAX, [EBX] */
}

Test(pae, walk_and_accessed_dirty)
{
    struct bench *bench = pae_bench("pentium-pro", 0);

    load_at(bench, LINEAR + 0x200010);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->gpr[RAX], 0x12345678);
    cr_expect_eq(bench_read(bench, TABLE, 4), PAGE | 0x27, "A in the page's entry, D not yet");
    cr_expect_eq(bench_read(bench, DIRECTORY + 8, 4), TABLE | 0x27);
    INSTRUCTION(bench, 0x89, 0x03);
    bench_run(bench, 1);
    cr_expect_eq(bench_read(bench, TABLE, 4), PAGE | 0x67);
    cr_expect_eq(bench_read(bench, DIRECTORY, 4), 0xa7, "the large page has been executed from, not written");
    bench_free(bench);
}

Test(pae, pdptes_are_registers)
{
    struct bench *bench = pae_bench("pentium-pro", 0);

    write64(bench, POINTERS + 8, 0); /* in memory only: the register stays */
    load_at(bench, LINEAR + 0x200010);
    bench_run(bench, 1);
    cr_expect_eq(bench->cpu->gpr[RAX], 0x12345678);
    bench->cpu->gpr[RAX] = POINTERS;
    INSTRUCTION(bench, 0x0f, 0x22, 0xd8); /* MOV CR3, EAX */
    bench_run(bench, 1);
    load_at(bench, LINEAR + 0x200010);
    bench_expect_fault(bench, VECTOR_PF, 0);
    cr_expect_eq(bench->cpu->cr2, LINEAR + 0x200010);
    bench_free(bench);
}

Test(pae, pdpte_reserved_bits)
{
    static const uint64_t bad[] = {DIRECTORY | 3, DIRECTORY | 0x21, DIRECTORY | 1 | UINT64_C(1) << 36,
                                   DIRECTORY | 1 | UINT64_C(1) << 63};

    for (unsigned i = 0; i < 4; i++) {
        struct bench *bench = pae_bench("pentium-pro", 0);

        write64(bench, POINTERS + 8, bad[i]);
        bench->cpu->gpr[RAX] = POINTERS | 8; /* PWT, to see that CR3 stays */
        INSTRUCTION(bench, 0x0f, 0x22, 0xd8);
        bench_expect_fault(bench, VECTOR_GP, 0);
        cr_expect_eq(bench->cpu->cr3, POINTERS);
        cr_expect_eq(bench->cpu->pdpte[1], DIRECTORY | 1);
        write64(bench, POINTERS + 8, bad[i] & ~UINT64_C(1)); /* not present: nothing is reserved */
        INSTRUCTION(bench, 0x0f, 0x22, 0xd8);
        bench_run(bench, 1);
        cr_expect_eq(bench->cpu->cr3, POINTERS | 8);
        bench_free(bench);
    }
}

/* Reserved are address bits from 36 on, bits 52-62 and, without NXE, bit 63; in a large entry bits 13-20. */
Test(pae, entry_reserved_bits)
{
    static const uint64_t bits[] = {UINT64_C(1) << 36, UINT64_C(1) << 51, UINT64_C(1) << 52, UINT64_C(1) << 62,
                                    UINT64_C(1) << 63};

    for (unsigned i = 0; i < 5; i++) {
        struct bench *bench = pae_bench("pentium-pro", 0);

        write64(bench, TABLE, PAGE | 7 | bits[i]);
        load_at(bench, LINEAR + 0x200010);
        bench_expect_fault(bench, VECTOR_PF, 9);
        bench_free(bench);
    }
    for (unsigned bit = 13; bit <= 21; bit++) {
        struct bench *bench = pae_bench("pentium-pro", 0);

        write64(bench, DIRECTORY + 8, 0x87 | 1u << bit);
        load_at(bench, LINEAR + 0x200010);
        if (bit < 21)
            bench_expect_fault(bench, VECTOR_PF, 9);
        else
            bench_run(bench, 1); /* the first address bit: past the RAM, but no fault */
        bench_free(bench);
    }
}

Test(pae, rights)
{
    struct bench *bench = pae_bench("pentium-pro", 3);

    write64(bench, TABLE, PAGE | 3); /* supervisor */
    load_at(bench, LINEAR + 0x200010);
    bench_expect_fault(bench, VECTOR_PF, 5);
    bench_free(bench);
    bench = pae_bench("pentium-pro", 3);
    write64(bench, TABLE, PAGE | 5); /* read-only */
    bench->cpu->gpr[RBX] = LINEAR + 0x200010;
    INSTRUCTION(bench, 0x89, 0x03);
    bench_expect_fault(bench, VECTOR_PF, 7);
    bench_free(bench);
}

Test(pae, needs_the_feature)
{
    struct bench *bench = bench_new("pentium");

    bench_protected(bench, 0);
    bench->cpu->gpr[RAX] = CR4_PAE;
    INSTRUCTION(bench, 0x0f, 0x22, 0xe0);
    bench_expect_fault(bench, VECTOR_GP, 0);
    bench_free(bench);
}
