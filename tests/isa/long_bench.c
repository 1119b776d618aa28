/* See long_bench.h. */
#include "long_bench.h"

#include <criterion/criterion.h>

void long_write(struct bench *bench, uint32_t address, uint64_t value)
{
    uint8_t bytes[8];

    store_le64(bytes, value);
    physical_write(bench->memory, address, bytes, 8);
}

uint64_t long_read(const struct bench *bench, uint32_t address)
{
    return load_le64(bench->ram + address);
}

void long_gate(struct bench *bench, unsigned vector, unsigned type, unsigned dpl, unsigned ist)
{
    bench_gate(bench, LONG_IDT + 16 * vector, LONG_CODE0, HANDLERS + 16 * vector, type, dpl, ist);
    long_write(bench, LONG_IDT + 16 * vector + 8, 0);
}

static void flat(struct segment *segment, uint16_t selector, uint16_t attributes)
{
    *segment = (struct segment){.limit = 0xffffffff, .selector = selector, .attributes = attributes};
}

struct bench *long_bench_new(unsigned cpl)
{
    struct bench *bench = bench_new("max");
    struct cpu *cpu = bench->cpu;
    uint16_t dpl = cpl == 3 ? ATTRIBUTES_DPL3 : 0;

    bench_protected(bench, cpl);
    bench_descriptor(bench, GDT + LONG_CODE0, 0, 0xffffffff, 0xa09b);
    bench_descriptor(bench, GDT + LONG_DATA0, 0, 0xffffffff, 0xc093);
    bench_descriptor(bench, GDT + (LONG_COMPAT3 & ~7), 0, 0xffffffff, 0xc0fb);
    bench_descriptor(bench, GDT + (LONG_DATA3 & ~7), 0, 0xffffffff, 0xc0f3);
    bench_descriptor(bench, GDT + (LONG_CODE3 & ~7), 0, 0xffffffff, 0xa0fb);
    bench_descriptor(bench, GDT + LONG_TSS_SELECTOR, LONG_TSS, 0x67, 0x8b);
    long_write(bench, GDT + LONG_TSS_SELECTOR + 8, 0);
    bench_descriptor(bench, GDT + LONG_COMPAT0, 0, 0xffffffff, 0xc09b);
    long_write(bench, LONG_TSS + 4, KERNEL_STACK);
    for (unsigned vector = 0; vector < 256; vector++)
        long_gate(bench, vector, DESCRIPTOR_INTERRUPT_GATE32, 0, 0);
    long_write(bench, LONG_ROOT, LONG_POINTERS | 7);
    long_write(bench, LONG_POINTERS, LONG_DIRECTORY | 7);
    long_write(bench, LONG_DIRECTORY, 0x87);
    cpu->idtr = (struct table_register){LONG_IDT, 0xfff};
    cpu->tr = (struct segment){.base = LONG_TSS, .limit = 0x67, .selector = LONG_TSS_SELECTOR, .attributes = 0x8b};
    cpu->cr3 = LONG_ROOT;
    cpu->cr4 = CR4_PAE;
    cpu->cr0 |= CR0_PG | CR0_WP;
    cpu->efer = EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE;
    flat(&cpu->segment[CS], cpl == 3 ? LONG_CODE3 : LONG_CODE0, (uint16_t)(0xa09b | dpl));
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        if (i != CS)
            flat(&cpu->segment[i], cpl == 3 ? LONG_DATA3 : LONG_DATA0, (uint16_t)(0xc093 | dpl));
    cpu_state_changed(cpu);
    return bench;
}

uint64_t long_stack(const struct bench *bench, unsigned index)
{
    return long_read(bench, (uint32_t)(bench->cpu->gpr[RSP] + 8 * index));
}

void long_expect_fault(struct bench *bench, unsigned vector, int64_t error_code)
{
    unsigned top = error_code >= 0;

    bench_run(bench, 1);
    cr_assert_eq(bench->cpu->rip & ~UINT64_C(1), HANDLERS + 16 * vector, "expected vector %u, arrived at %llx", vector,
                 (unsigned long long)bench->cpu->rip);
    if (top)
        cr_assert_eq(long_stack(bench, 0), (uint64_t)error_code, "error code %llx, expected %llx", (unsigned long long)long_stack(bench, 0),
                     (unsigned long long)error_code);
    cr_assert_eq(long_stack(bench, top), bench->instruction);
}
