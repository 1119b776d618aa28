/* See protected_bench.h. */
#include "protected_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/memory.h"

#define RAM_SIZE (2u << 20)

static uint8_t acknowledge(void *owner)
{
    struct bench *bench = owner;

    cpu_set_intr(bench->cpu, 0, false);
    return bench->interrupt_vector;
}

static uint32_t port_read(void *owner, uint16_t port, unsigned size)
{
    struct bench *bench = owner;

    (void)port;
    (void)size;
    bench->port_clock = bench->schedule.now;
    return 0x11223344 + bench->port_reads++;
}

static void port_write(void *owner, uint16_t port, uint32_t value, unsigned size)
{
    struct bench *bench = owner;

    (void)port;
    (void)size;
    bench->port_clock = bench->schedule.now;
    bench->port_value = value;
    bench->port_writes++;
}

struct bench *bench_new(const char *model)
{
    struct bench *bench = memory_new(sizeof *bench);

    schedule_initialise(&bench->schedule, 100000000);
    bench->memory = physical_map_new(RAM_SIZE, NULL);
    bench->ports = ports_new(NULL);
    physical_map_route_ram(bench->memory, 0, RAM_SIZE, 0);
    bench->ram = physical_map_ram(bench->memory);
    ports_claim(bench->ports, 0x100, 8, PORT_ANY, port_read, port_write, bench, "test");
    bench->cpu = cpu_new(0, cpu_model_find(model),
                         &(struct cpu_wiring){.schedule = &bench->schedule,
                                              .memory = bench->memory,
                                              .ports = bench->ports,
                                              .acknowledge = acknowledge,
                                              .acknowledge_owner = bench},
                         &(struct cpu_options){0});
    return bench;
}

void bench_free(struct bench *bench)
{
    cpu_free(bench->cpu);
    ports_free(bench->ports);
    physical_map_free(bench->memory);
    free(bench);
}

uint32_t bench_read(const struct bench *bench, uint32_t address, unsigned size)
{
    uint8_t bytes[4] = {0};

    memcpy(bytes, bench->ram + address, size);
    return load_le32(bytes);
}

void bench_write(struct bench *bench, uint32_t address, uint32_t value, unsigned size)
{
    uint8_t bytes[4];

    store_le32(bytes, value);
    physical_write(bench->memory, address, bytes, size);
}

void bench_descriptor(struct bench *bench, uint32_t address, uint32_t base, uint32_t limit, uint16_t attributes)
{
    if (attributes & SEGMENT_G)
        limit >>= 12;
    bench_write(bench, address, (limit & 0xffff) | base << 16, 4);
    bench_write(bench, address + 4,
                (base >> 16 & 0xff) | (uint32_t)(attributes & 0xf0ff) << 8 | (limit & 0xf0000) | (base & 0xff000000), 4);
}

void bench_gate(struct bench *bench, uint32_t address, uint16_t selector, uint32_t offset, unsigned type, unsigned dpl,
                unsigned count)
{
    bench_write(bench, address, (offset & 0xffff) | (uint32_t)selector << 16, 4);
    bench_write(bench, address + 4, (offset & 0xffff0000) | 0x8000 | dpl << 13 | type << 8 | count, 4);
}

static void set_segment(struct segment *segment, uint16_t selector, uint32_t base, uint32_t limit, uint16_t attributes)
{
    *segment = (struct segment){.base = base, .limit = limit, .selector = selector, .attributes = attributes};
}

static void lay_out_tables(struct bench *bench)
{
    bench_descriptor(bench, GDT + CODE0, 0, 0xffffffff, ATTRIBUTES_CODE32);
    bench_descriptor(bench, GDT + DATA0, 0, 0xffffffff, ATTRIBUTES_DATA32);
    bench_descriptor(bench, GDT + (CODE3 & ~7), 0, 0xffffffff, ATTRIBUTES_CODE32 | ATTRIBUTES_DPL3);
    bench_descriptor(bench, GDT + (DATA3 & ~7), 0, 0xffffffff, ATTRIBUTES_DATA32 | ATTRIBUTES_DPL3);
    bench_descriptor(bench, GDT + TSS_SELECTOR, TSS, 0x67, 0x8b);
    bench_descriptor(bench, GDT + LDT_SELECTOR, LDT, 0x3f, 0x82);
    bench_descriptor(bench, GDT + TSS_OTHER_SELECTOR, TSS_OTHER, 0x67, 0x89);
    for (unsigned vector = 0; vector < 256; vector++) {
        bench_gate(bench, IDT + 8 * vector, CODE0, HANDLERS + 16 * vector, DESCRIPTOR_INTERRUPT_GATE32, 0, 0);
        bench_write(bench, HANDLERS + 16 * vector, 0xf4, 1);
    }
    bench_write(bench, TARGET, 0xf4, 1);
    bench_write(bench, TSS + 4, KERNEL_STACK, 4);
    bench_write(bench, TSS + 8, DATA0, 4);
    bench_write(bench, TSS + 0x66, 0x68, 2); /* the I/O bitmap would begin behind the limit */
}

static void load_system_registers(struct bench *bench)
{
    struct cpu *cpu = bench->cpu;

    lay_out_tables(bench);
    cpu->gdtr = (struct table_register){GDT, 0xff};
    cpu->idtr = (struct table_register){IDT, 0x7ff};
    set_segment(&cpu->ldtr, LDT_SELECTOR, LDT, 0x3f, 0x82);
    set_segment(&cpu->tr, TSS_SELECTOR, TSS, 0x67, 0x8b);
    cpu->cr0 |= CR0_PE;
}

void bench_protected(struct bench *bench, unsigned cpl)
{
    struct cpu *cpu = bench->cpu;
    uint16_t dpl = cpl == 3 ? ATTRIBUTES_DPL3 : 0;

    load_system_registers(bench);
    flags_set(cpu, FLAG_1);
    cpu->cpl = (uint8_t)cpl;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        set_segment(&cpu->segment[i], cpl == 3 ? DATA3 : DATA0, 0, 0xffffffff, ATTRIBUTES_DATA32 | dpl);
    set_segment(&cpu->segment[CS], cpl == 3 ? CODE3 : CODE0, 0, 0xffffffff, ATTRIBUTES_CODE32 | dpl);
    cpu->gpr[RSP] = cpl == 3 ? USER_STACK : STACK_TOP;
    cpu->rip = CODE;
    cpu_state_changed(cpu);
}

void bench_v86(struct bench *bench, unsigned iopl)
{
    struct cpu *cpu = bench->cpu;

    load_system_registers(bench);
    flags_set(cpu, FLAG_1 | FLAG_VM | iopl << FLAG_IOPL_SHIFT);
    cpu->cpl = 3;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        set_segment(&cpu->segment[i], DATA >> 4, DATA, 0xffff, 0xf3);
    set_segment(&cpu->segment[CS], CODE >> 4, CODE, 0xffff, 0xf3);
    set_segment(&cpu->segment[SS], 0x600, 0x6000, 0xffff, 0xf3);
    cpu->gpr[RSP] = 0x800;
    cpu->rip = 0;
    cpu_state_changed(cpu);
}

void bench_code(struct bench *bench, const uint8_t *bytes, size_t size)
{
    struct cpu *cpu = bench->cpu;

    physical_write(bench->memory, CODE, bytes, size);
    cpu->rip = CODE - cpu->segment[CS].base;
    bench->instruction = cpu->rip;
    cpu->activity = CPU_RUNNING;
    cpu_state_changed(cpu);
}

void bench_run(struct bench *bench, unsigned counts)
{
    uint64_t limit = bench->schedule.now + counts;

    for (unsigned turns = 0; turns < 10 + counts && bench->schedule.now < limit && bench->cpu->activity == CPU_RUNNING;
         turns++)
        cpu_run(bench->cpu, limit);
}

uint32_t bench_stack(const struct bench *bench, unsigned index)
{
    const struct cpu *cpu = bench->cpu;

    return bench_read(bench, (uint32_t)(cpu->segment[SS].base + (cpu->gpr[RSP] & cpu->stack_mask) + 4 * index), 4);
}

void bench_expect_fault(struct bench *bench, unsigned vector, int64_t error_code)
{
    unsigned top = error_code >= 0;

    bench_run(bench, 1);
    cr_assert_eq(bench->cpu->rip & ~UINT64_C(1), HANDLERS + 16 * vector, "expected vector %u, arrived at %llx", vector,
                 (unsigned long long)bench->cpu->rip);
    if (top)
        cr_assert_eq(bench_stack(bench, 0), (uint32_t)error_code, "error code %x, expected %x", bench_stack(bench, 0),
                     (unsigned)error_code);
    cr_assert_eq(bench_stack(bench, top), (uint32_t)bench->instruction);
}
