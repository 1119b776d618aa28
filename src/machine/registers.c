/* Registers by name for debuggers, tests and traces: one row each, read and written through the row's kind. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "cpu/flags.h"
#include "machine/machine.h"

enum register_kind {
    REGISTER_U64,
    REGISTER_U32,
    REGISTER_U16,
    REGISTER_U8,
    REGISTER_FLAGS,    /* lazy flags put together */
    REGISTER_SELECTOR, /* the offset is the segment's */
    REGISTER_BASE,
    REGISTER_LIMIT,
    REGISTER_ATTRIBUTES,
    REGISTER_TSC
};

struct register_row {
    const char *name;
    enum register_kind kind;
    size_t offset;
};

#define GPR(name, index)                                                           \
    {                                                                              \
        name, REGISTER_U64, offsetof(struct cpu, gpr) + (index) * sizeof(uint64_t) \
    }
#define FIELD(name, kind, member)                \
    {                                            \
        name, kind, offsetof(struct cpu, member) \
    }
#define DEBUG_REGISTER(name, index)                                               \
    {                                                                             \
        name, REGISTER_U64, offsetof(struct cpu, dr) + (index) * sizeof(uint64_t) \
    }
#define SEGMENT_ROWS(name, place)                                                                                   \
    {name, REGISTER_SELECTOR, place}, {name ".base", REGISTER_BASE, place}, {name ".limit", REGISTER_LIMIT, place}, \
    {                                                                                                               \
        name ".attributes", REGISTER_ATTRIBUTES, place                                                              \
    }
#define SEGMENT(name, index) SEGMENT_ROWS(name, offsetof(struct cpu, segment) + (index) * sizeof(struct segment))

static const struct register_row rows[] = {
    GPR("rax", RAX),
    GPR("rcx", RCX),
    GPR("rdx", RDX),
    GPR("rbx", RBX),
    GPR("rsp", RSP),
    GPR("rbp", RBP),
    GPR("rsi", RSI),
    GPR("rdi", RDI),
    GPR("r8", R8),
    GPR("r9", R9),
    GPR("r10", R10),
    GPR("r11", R11),
    GPR("r12", R12),
    GPR("r13", R13),
    GPR("r14", R14),
    GPR("r15", R15),
    FIELD("rip", REGISTER_U64, rip),
    FIELD("rflags", REGISTER_FLAGS, eflags),
    SEGMENT("es", ES),
    SEGMENT("cs", CS),
    SEGMENT("ss", SS),
    SEGMENT("ds", DS),
    SEGMENT("fs", FS),
    SEGMENT("gs", GS),
    SEGMENT_ROWS("ldtr", offsetof(struct cpu, ldtr)),
    SEGMENT_ROWS("tr", offsetof(struct cpu, tr)),
    FIELD("gdtr.base", REGISTER_U64, gdtr.base),
    FIELD("gdtr.limit", REGISTER_U16, gdtr.limit),
    FIELD("idtr.base", REGISTER_U64, idtr.base),
    FIELD("idtr.limit", REGISTER_U16, idtr.limit),
    FIELD("cr0", REGISTER_U64, cr0),
    FIELD("cr2", REGISTER_U64, cr2),
    FIELD("cr3", REGISTER_U64, cr3),
    FIELD("cr4", REGISTER_U64, cr4),
    FIELD("efer", REGISTER_U64, efer),
    DEBUG_REGISTER("dr0", 0),
    DEBUG_REGISTER("dr1", 1),
    DEBUG_REGISTER("dr2", 2),
    DEBUG_REGISTER("dr3", 3),
    DEBUG_REGISTER("dr6", 6),
    DEBUG_REGISTER("dr7", 7),
    FIELD("tsc", REGISTER_TSC, tsc_offset),
    FIELD("cpl", REGISTER_U8, cpl),
};

static const struct register_row *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (!strcmp(rows[i].name, name))
            return &rows[i];
    return NULL;
}

static uint64_t get(const struct cpu *cpu, const struct register_row *row)
{
    const void *place = (const char *)cpu + row->offset;
    const struct segment *segment = place;

    switch (row->kind) {
    case REGISTER_U64: return *(const uint64_t *)place;
    case REGISTER_U32: return *(const uint32_t *)place;
    case REGISTER_U16: return *(const uint16_t *)place;
    case REGISTER_U8: return *(const uint8_t *)place;
    case REGISTER_FLAGS: return flags_get(cpu);
    case REGISTER_SELECTOR: return segment->selector;
    case REGISTER_BASE: return segment->base;
    case REGISTER_LIMIT: return segment->limit;
    case REGISTER_ATTRIBUTES: return segment->attributes;
    case REGISTER_TSC: return cpu->schedule->now + cpu->tsc_offset;
    }
    return 0;
}

static void set(struct cpu *cpu, const struct register_row *row, uint64_t value)
{
    void *place = (char *)cpu + row->offset;
    struct segment *segment = place;

    switch (row->kind) {
    case REGISTER_U64: *(uint64_t *)place = value; break;
    case REGISTER_U32: *(uint32_t *)place = (uint32_t)value; break;
    case REGISTER_U16: *(uint16_t *)place = (uint16_t)value; break;
    case REGISTER_U8: *(uint8_t *)place = value & 3; break; /* CPL alone is this narrow */
    case REGISTER_FLAGS: flags_set(cpu, value & 0x3f7fd5); break;
    case REGISTER_SELECTOR: segment->selector = (uint16_t)value; break;
    case REGISTER_BASE: segment->base = value; break;
    case REGISTER_LIMIT: segment->limit = (uint32_t)value; break;
    case REGISTER_ATTRIBUTES: segment->attributes = (uint16_t)value; break;
    case REGISTER_TSC: cpu->tsc_offset = value - cpu->schedule->now; break;
    }
}

struct cpu *machine_cpu(const struct tb_machine *machine, unsigned number)
{
    return number < machine->cpu_count ? machine->cpus[number] : NULL;
}

unsigned tb_cpu_count(const tb_machine *machine)
{
    return machine->cpu_count;
}

bool tb_register_get(const tb_machine *machine, unsigned cpu, const char *name, uint64_t *value)
{
    const struct cpu *from = machine_cpu(machine, cpu);
    const struct register_row *row = find(name);

    if (!from || !row)
        return false;
    *value = get(from, row);
    return true;
}

bool tb_register_set(tb_machine *machine, unsigned cpu, const char *name, uint64_t value)
{
    struct cpu *to = machine_cpu(machine, cpu);
    const struct register_row *row = find(name);

    if (!to || !row)
        return false;
    set(to, row, value);
    /* In real and virtual-8086 mode a selector is its base: whoever writes one means both. */
    if (row->kind == REGISTER_SELECTOR && !cpu_protected(to) &&
        row->offset < offsetof(struct cpu, segment) + sizeof to->segment && row->offset >= offsetof(struct cpu, segment))
        ((struct segment *)(void *)((char *)to + row->offset))->base = (value & 0xffff) << 4;
    cpu_state_changed(to);
    return true;
}
