/* R4: a system instruction that faults at any page it touches has changed nothing. The page fault goes through a task gate,
   so that the faulting task's state is found whole in its TSS, whatever happened to its stack. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "protected_bench.h"

enum {
    PAGE_DIRECTORY = 0x100000,
    PAGE_TABLE = 0x101000,
    WATCHDOG_TSS = 0x1e0000, /* of the task that takes page faults */
    WATCHDOG_STACK = 0x1e1ff0,
    WATCHDOG = 0x70, /* its selector */
    EDGE = 0x40000   /* everything of interest straddles this: the page below or above is missing */
};

struct rollback_case {
    const char *name;
    void (*prepare)(struct bench *bench);
    uint8_t instruction[8];
    uint8_t length;
    uint8_t cpl;
    uint32_t missing; /* page that is not present */
    bool read_only;   /* ... that is present, but read-only for the supervisor too */
};

static void map_everything(struct bench *bench)
{
    bench_write(bench, PAGE_DIRECTORY, PAGE_TABLE | 7, 4);
    for (unsigned i = 0; i < 512; i++)
        bench_write(bench, PAGE_TABLE + 4 * i, i << 12 | 0x67, 4); /* A and D set: they would be the only changes */
    bench->cpu->cr3 = PAGE_DIRECTORY;
    bench->cpu->cr0 |= CR0_PG | CR0_WP;
}

static void lay_out_watchdog(struct bench *bench)
{
    bench_descriptor(bench, GDT + WATCHDOG, WATCHDOG_TSS, 0x67, 0x89);
    bench_write(bench, WATCHDOG_TSS + 0x1c, PAGE_DIRECTORY, 4);
    bench_write(bench, WATCHDOG_TSS + 0x20, TARGET, 4);
    bench_write(bench, WATCHDOG_TSS + 0x24, FLAG_1, 4);
    bench_write(bench, WATCHDOG_TSS + 0x38, WATCHDOG_STACK, 4);
    for (unsigned i = 0; i < 4; i++)
        bench_write(bench, WATCHDOG_TSS + 0x48 + 4 * i, i == CS ? CODE0 : DATA0, 4);
    bench_gate(bench, IDT + 8 * VECTOR_PF, WATCHDOG, 0, DESCRIPTOR_TASK_GATE, 0, 0);
}

/* --- what each instruction works on ----------------------------------------------------------------------------- */

static void stack_at_edge(struct bench *bench)
{
    bench->cpu->gpr[RSP] = EDGE + 4;
}

static void gate_to_kernel_stack_at_edge(struct bench *bench)
{
    bench_write(bench, TSS + 4, EDGE + 8, 4);
    bench_gate(bench, GDT + FREE, CODE0, TARGET, DESCRIPTOR_CALL_GATE32, 3, 0);
    bench_gate(bench, IDT + 8 * 0x40, CODE0, TARGET, DESCRIPTOR_INTERRUPT_GATE32, 3, 0);
}

static void frame_at_edge(struct bench *bench, const uint32_t *values, unsigned count, unsigned below)
{
    bench->cpu->gpr[RSP] = EDGE - 4 * below;
    for (unsigned i = 0; i < count; i++)
        bench_write(bench, EDGE - 4 * below + 4 * i, values[i], 4);
}

static void retf_frame(struct bench *bench)
{
    frame_at_edge(bench, (const uint32_t[]){TARGET, CODE3, USER_STACK, DATA3}, 4, 2);
}

static void iret_frame(struct bench *bench)
{
    frame_at_edge(bench, (const uint32_t[]){TARGET, CODE3, 0x3202, USER_STACK, DATA3}, 5, 4);
}

static void iret_v86_frame(struct bench *bench)
{
    frame_at_edge(bench, (const uint32_t[]){0, 0x1000, FLAG_VM | 2, 0x100, 0x600, 1, 2, 3, 4}, 9, 7);
}

static void pointer_at_edge(struct bench *bench)
{
    bench->cpu->gpr[RBX] = EDGE - 4;
    bench_write(bench, EDGE - 4, 0x12345678, 4);
    bench_write(bench, EDGE, DATA0, 2);
}

static void table_at_edge(struct bench *bench)
{
    bench->cpu->gpr[RBX] = EDGE - 2;
    bench_write(bench, EDGE - 2, 0xcccccccc, 4);
}

static void input_at_edge(struct bench *bench)
{
    bench->cpu->gpr[RDX] = 0x100;
    bench->cpu->gpr[RDI] = EDGE - 2;
}

static void bounds_at_edge(struct bench *bench)
{
    pointer_at_edge(bench);
    bench->cpu->gpr[RAX] = 0x20000000;
}

static void task_at_edge(struct bench *bench)
{
    bench_descriptor(bench, GDT + TSS_OTHER_SELECTOR, EDGE - 0x40, 0x67, 0x89);
    for (unsigned offset = 0; offset < 0x68; offset += 4)
        bench_write(bench, EDGE - 0x40 + offset, bench_read(bench, WATCHDOG_TSS + offset, 4), 4);
}

static void descriptor_in_ldt(struct bench *bench)
{
    bench->cpu->ldtr.base = EDGE;
    bench_descriptor(bench, EDGE + 8, 0, 0xffff, 0x4092);
    bench_descriptor(bench, EDGE + 16, 0, 0xfffff, 0x409a);
    bench->cpu->gpr[RAX] = 0x0c;
}

#define FAR(opcode, selector)                                \
    {                                                        \
        opcode, 0, 0, 0, 0, (selector)&0xff, (selector) >> 8 \
    }

static const struct rollback_case cases[] = {
    {"far call, second push", stack_at_edge, {0x9a, 0x00, 0x20, 0x01, 0x00, CODE3, 0x00}, 7, 3, EDGE - 0x1000, false},
    {"far call, first push", stack_at_edge, {0x9a, 0x00, 0x20, 0x01, 0x00, CODE3, 0x00}, 7, 3, EDGE, false},
    {"call gate, inner stack", gate_to_kernel_stack_at_edge, FAR(0x9a, FREE), 7, 3, EDGE - 0x1000, false},
    {"int n, inner stack", gate_to_kernel_stack_at_edge, {0xcd, 0x40}, 2, 3, EDGE - 0x1000, false},
    {"retf to the outer level", retf_frame, {0xcb}, 1, 0, EDGE, false},
    {"iret to the outer level", iret_frame, {0xcf}, 1, 0, EDGE, false},
    {"iret to V86", iret_v86_frame, {0xcf}, 1, 0, EDGE, false},
    {"lss", pointer_at_edge, {0x0f, 0xb2, 0x23}, 3, 0, EDGE, false},
    {"les", pointer_at_edge, {0xc4, 0x0b}, 2, 0, EDGE, false},
    {"lgdt", table_at_edge, {0x0f, 0x01, 0x13}, 3, 0, EDGE, false},
    {"sgdt", table_at_edge, {0x0f, 0x01, 0x03}, 3, 0, EDGE, false},
    {"sidt, read-only page", table_at_edge, {0x0f, 0x01, 0x0b}, 3, 0, EDGE, true},
    {"ins", input_at_edge, {0x6d}, 1, 0, EDGE, false},
    {"bound", bounds_at_edge, {0x62, 0x03}, 2, 0, EDGE, false},
    {"call to a TSS", task_at_edge, FAR(0x9a, TSS_OTHER_SELECTOR), 7, 0, EDGE, false},
    {"call to a TSS, read-only back link", task_at_edge, FAR(0x9a, TSS_OTHER_SELECTOR), 7, 0, EDGE - 0x1000, true},
    {"accessed bit of a data segment", descriptor_in_ldt, {0x8e, 0xe0}, 2, 0, EDGE, true},
    {"accessed bit of a code segment", descriptor_in_ldt, {0x9a, 0x00, 0x20, 0x01, 0x00, 0x14, 0x00}, 7, 0, EDGE, true},
    {"descriptor not mapped", descriptor_in_ldt, {0x8e, 0xe0}, 2, 0, EDGE, false},
    {"pop fs", stack_at_edge, {0x0f, 0xa1}, 2, 0, EDGE, false},
    {"pushf", stack_at_edge, {0x9c}, 1, 0, EDGE, true},
    {"popf", stack_at_edge, {0x9d}, 1, 0, EDGE, false},
};

/* RAM but what delivering the fault itself writes: the TSSs, their descriptors' busy bits, the watchdog's stack. */
static bool may_change(uint32_t address)
{
    return (address >= TSS && address < TSS + 0x68) || (address >= WATCHDOG_TSS && address < WATCHDOG_TSS + 0x2000) ||
           address == GDT + WATCHDOG + 5 || (address >= PAGE_DIRECTORY && address < PAGE_TABLE + 0x1000);
}

static void run_case(const struct rollback_case *c)
{
    struct bench *bench = bench_new("80486");
    struct cpu *cpu = bench->cpu;
    uint8_t *before;
    uint64_t gpr[8], flags;
    uint16_t selectors[SEGMENT_COUNT];
    struct table_register gdtr, idtr;

    bench_protected(bench, c->cpl);
    map_everything(bench);
    lay_out_watchdog(bench);
    for (unsigned i = 0; i < 8; i++)
        if (i != RSP)
            cpu->gpr[i] = 0x01010101 * i;
    c->prepare(bench);
    bench_write(bench, PAGE_TABLE + (c->missing >> 12) * 4, c->missing | (c->read_only ? 0x65 : 0), 4);
    flags_set(cpu, FLAG_1 | FLAG_CF | FLAG_DF);
    bench_code(bench, c->instruction, c->length);

    before = malloc(2 << 20);
    memcpy(before, bench->ram, 2 << 20);
    memcpy(gpr, cpu->gpr, sizeof gpr);
    flags = flags_get(cpu);
    gdtr = cpu->gdtr;
    idtr = cpu->idtr;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        selectors[i] = cpu->segment[i].selector;

    bench_run(bench, 1);
    cr_assert_eq(cpu->tr.selector, WATCHDOG, "%s: no page fault", c->name);
    cr_expect_eq(cpu->cr2 & ~UINT64_C(0xfff), c->missing, "%s: CR2 %llx", c->name, (unsigned long long)cpu->cr2);
    cr_expect_eq(bench_stack(bench, 0) & 1, c->read_only, "%s: error code %x", c->name, bench_stack(bench, 0));
    cr_expect_eq(bench_read(bench, TSS + 0x20, 4), CODE, "%s: EIP", c->name);
    cr_expect_eq(bench_read(bench, TSS + 0x24, 4), flags | FLAG_RF, "%s: EFLAGS", c->name);
    for (unsigned i = 0; i < 8; i++)
        cr_expect_eq(bench_read(bench, TSS + 0x28 + 4 * i, 4), gpr[i], "%s: register %u", c->name, i);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        cr_expect_eq(bench_read(bench, TSS + 0x48 + 4 * i, 2), selectors[i], "%s: segment %u", c->name, i);
    cr_expect_eq(bench_read(bench, WATCHDOG_TSS, 2), TSS_SELECTOR, "%s: back link", c->name);
    cr_expect(cpu->gdtr.base == gdtr.base && cpu->gdtr.limit == gdtr.limit, "%s: GDTR", c->name);
    cr_expect(cpu->idtr.base == idtr.base && cpu->idtr.limit == idtr.limit, "%s: IDTR", c->name);
    cr_expect_eq(bench->port_reads, 0, "%s: a port was read", c->name);
    for (uint32_t address = 0; address < 2 << 20; address++)
        if (before[address] != bench->ram[address] && !may_change(address))
            cr_expect_fail("%s: byte %x changed from %x to %x", c->name, address, before[address], bench->ram[address]);
    free(before);
    bench_free(bench);
}

Test(rollback, nothing_changes)
{
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        run_case(&cases[i]);
}
