/* The processor's field table (R8). */
#include "base/state.h"
#include "cpu/cpu.h"
#include "cpu/engine.h"

static const struct state_field segment_fields[] = {
    STATE_U16(struct segment, selector),
    STATE_U64(struct segment, base),
    STATE_U32(struct segment, limit),
    STATE_U16(struct segment, attributes),
};
static STATE_TABLE(segment_table, "segment", 1, segment_fields, NULL);

static const struct state_field table_register_fields[] = {
    STATE_U64(struct table_register, base),
    STATE_U16(struct table_register, limit),
};
static STATE_TABLE(table_register_table, "table_register", 1, table_register_fields, NULL);

static const struct state_field float80_fields[] = {
    STATE_U64(struct float80, significand),
    STATE_U16(struct float80, sign_exponent),
};
static STATE_TABLE(float80_table, "float80", 1, float80_fields, NULL);

static const struct state_field fpu_fields[] = {
    STATE_STRUCT_ARRAY(struct fpu, reg, &float80_table),
    STATE_U8(struct fpu, top),
    STATE_U8(struct fpu, valid),
    STATE_U16(struct fpu, control),
    STATE_U16(struct fpu, status),
    STATE_U16(struct fpu, opcode),
    STATE_U16(struct fpu, instruction_selector),
    STATE_U16(struct fpu, operand_selector),
    STATE_U64(struct fpu, instruction_offset),
    STATE_U64(struct fpu, operand_offset),
    STATE_BOOL(struct fpu, error),
    STATE_BOOL(struct fpu, ignore),
};
static STATE_TABLE(fpu_table, "fpu", 1, fpu_fields, NULL);

/* EFLAGS is hashed and saved through its six flags made explicit: the lazy pair has many spellings of one value. */
static void restored(void *object)
{
    struct cpu *cpu = object;

    flags_set(cpu, cpu->saved_flags);
    tlb_flush_all(cpu);
    trace_cache_flush(cpu);
    cpu_state_changed(cpu);
}

// clang-format off
#define GPR(name, index) \
    {name, STATE_KIND_U64, STATE_VISIBLE, (uint32_t)(offsetof(struct cpu, gpr) + 8 * (index)), 1, 8, NULL}

static const struct state_field fields[] = {
    GPR("rax", RAX), GPR("rcx", RCX), GPR("rdx", RDX), GPR("rbx", RBX), GPR("rsp", RSP), GPR("rbp", RBP), GPR("rsi", RSI),
    GPR("rdi", RDI), GPR("r8", R8), GPR("r9", R9), GPR("r10", R10), GPR("r11", R11), GPR("r12", R12), GPR("r13", R13),
    GPR("r14", R14), GPR("r15", R15),
    // clang-format on
    STATE_U64(struct cpu, rip),
    {"rflags", STATE_KIND_U64, STATE_VISIBLE, (uint32_t)offsetof(struct cpu, saved_flags), 1, 8, NULL},
    STATE_STRUCT_ARRAY(struct cpu, segment, &segment_table),
    STATE_STRUCT(struct cpu, ldtr, &segment_table),
    STATE_STRUCT(struct cpu, tr, &segment_table),
    STATE_STRUCT(struct cpu, gdtr, &table_register_table),
    STATE_STRUCT(struct cpu, idtr, &table_register_table),
    STATE_U64(struct cpu, cr0),
    STATE_U64(struct cpu, cr2),
    STATE_U64(struct cpu, cr3),
    STATE_U64(struct cpu, cr4),
    STATE_U64(struct cpu, cr8),
    STATE_U64(struct cpu, efer),
    STATE_U64_ARRAY(struct cpu, pdpte),
    STATE_U64_ARRAY(struct cpu, dr),
    STATE_U64_ARRAY(struct cpu, tr_registers),
    STATE_U8(struct cpu, cpl),
    STATE_U8(struct cpu, inhibit),
    STATE_U8(struct cpu, activity),
    STATE_BOOL(struct cpu, nmi_blocked),
    STATE_BOOL(struct cpu, nmi_pending),
    STATE_BOOL(struct cpu, intr),
    STATE_BOOL(struct cpu, init_pending),
    STATE_BOOL(struct cpu, a20),
    STATE_U64(struct cpu, tsc_offset),
    STATE_U64(struct cpu, pending_debug),
    STATE_U64_ARRAY(struct cpu, msr),
    STATE_STRUCT(struct cpu, fpu, &fpu_table),
};
STATE_TABLE(cpu_state_table, "cpu", 2, fields, restored);

void cpu_state_prepare(struct cpu *cpu)
{
    cpu->saved_flags = flags_get(cpu);
}
