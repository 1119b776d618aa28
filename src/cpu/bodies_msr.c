/* CPUID, RDTSC, RDMSR, WRMSR, RDPMC: what the model says of itself, from cpuid.def and msr.def. */
#include "cpu/msr.h"
#include "cpu/system_body.h"

/* --- CPUID ---------------------------------------------------------------------------------------------------------- */

enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX, CPUID_REGISTERS };

struct cpuid_leaf {
    uint8_t level; /* of the models that have it */
    uint32_t leaf;
    uint32_t value[CPUID_REGISTERS];
};

struct cpuid_feature {
    uint32_t leaf;
    uint8_t feature;
    uint8_t reg;
    uint8_t bit;
};

static const struct cpuid_leaf cpuid_leaves[] = {
#define CPUID_LEAF(level, leaf, eax, ebx, ecx, edx) {level, leaf, {eax, ebx, ecx, edx}},
#define CPUID_FEATURE(feature, reg, bit)
#define CPUID_EXTENDED(feature, reg, bit)
#include "cpu/isa/cpuid.def"
#undef CPUID_LEAF
#undef CPUID_FEATURE
#undef CPUID_EXTENDED
};

static const struct cpuid_feature cpuid_features[] = {
#define CPUID_LEAF(level, leaf, eax, ebx, ecx, edx)
#define CPUID_FEATURE(feature, reg, bit) {1, feature, CPUID_##reg, bit},
#define CPUID_EXTENDED(feature, reg, bit) {0x80000001, feature, CPUID_##reg, bit},
#include "cpu/isa/cpuid.def"
#undef CPUID_LEAF
#undef CPUID_FEATURE
#undef CPUID_EXTENDED
};

static const struct cpuid_leaf *cpuid_leaf_find(unsigned level, uint32_t leaf)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(cpuid_leaves); i++)
        if (cpuid_leaves[i].level == level && cpuid_leaves[i].leaf == leaf)
            return &cpuid_leaves[i];
    return NULL;
}

/* Vendor, signature and features come from the model's row; a leaf beyond the last basic one answers as the last (SDM 2
 * CPUID). */
static NOINLINE void identify(struct cpu *cpu)
{
    const struct cpu_model *model = cpu->model;
    uint32_t leaf = (uint32_t)cpu->gpr[RAX];
    const struct cpuid_leaf *row = cpuid_leaf_find(model->level, leaf);
    uint32_t value[CPUID_REGISTERS] = {0};

    if (!row) {
        const struct cpuid_leaf *basic = cpuid_leaf_find(model->level, 0);

        leaf = basic ? basic->value[CPUID_EAX] : 0;
        row = cpuid_leaf_find(model->level, leaf);
    }
    if (row)
        memcpy(value, row->value, sizeof value);
    if (leaf == 0) {
        value[CPUID_EBX] = load_le32(model->vendor);
        value[CPUID_EDX] = load_le32(model->vendor + 4);
        value[CPUID_ECX] = load_le32(model->vendor + 8);
    } else if (leaf == 1) {
        value[CPUID_EAX] = model->signature;
    } else if (leaf == 0x80000008) {
        value[CPUID_EAX] = model->address_bits | 48 << 8;
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(cpuid_features); i++) {
        const struct cpuid_feature *feature = &cpuid_features[i];

        if (feature->leaf != leaf || !model_has(model, feature->feature))
            continue;
        if (feature->feature == FEATURE_SYSCALL && !cpu_code64(cpu)) /* announced in 64-bit mode only (SDM 2 CPUID) */
            continue;
        value[feature->reg] |= 1u << feature->bit;
    }
    cpu->gpr[RAX] = value[CPUID_EAX];
    cpu->gpr[RBX] = value[CPUID_EBX];
    cpu->gpr[RCX] = value[CPUID_ECX];
    cpu->gpr[RDX] = value[CPUID_EDX];
}

BODY(cpuid)
{
    identify(cpu);
    NEXT;
}

/* --- the time stamp counter ----------------------------------------------------------------------------------------- */

static void result_edx_eax(struct cpu *cpu, uint64_t value)
{
    cpu->gpr[RAX] = (uint32_t)value;
    cpu->gpr[RDX] = value >> 32;
}

BODY(rdtsc)
{
    cpu->in = in;
    if ((cpu->cr4 & CR4_TSD) && cpu->cpl > 0)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_TSD, cpu->cpl, 0);
    result_edx_eax(cpu, cpu_current_clock(cpu) + cpu->tsc_offset);
    NEXT;
}

/* --- model-specific registers --------------------------------------------------------------------------------------- */

enum msr_kind { STORED, FIXED, SIGNATURE, TRIGGER, TIME, ADDRESS, EFER, FS_BASE, GS_BASE, PAGE_TYPES };

struct msr_row {
    uint32_t number;
    uint8_t feature;
    uint8_t kind;
    uint64_t writable, reset;
};

static const struct msr_row msr_rows[MSR_COUNT] = {
#define MSR(number, name, feature, kind, writable, reset) {number, feature, kind, writable, reset},
#include "cpu/isa/msr.def"
#undef MSR
};

void msr_reset(struct cpu *cpu)
{
    for (unsigned i = 0; i < MSR_COUNT; i++)
        cpu->msr[i] = msr_rows[i].reset;
    if (cpu->number > 0)
        cpu->msr[MSR_APIC_BASE] &= ~UINT64_C(0x100); /* not the bootstrap processor */
}

static bool cpu_long_model(const struct cpu *cpu)
{
    return model_has(cpu->model, ISA_LONG);
}

static unsigned msr_find(struct cpu *cpu, uint32_t number, uint64_t value)
{
    for (unsigned i = 0; i < MSR_COUNT; i++)
        if (msr_rows[i].number == number && model_has(cpu->model, msr_rows[i].feature))
            return i;
    raise_exception(cpu, VECTOR_GP, 0, REASON_GP_MSR, number, value);
}

static NOINLINE void msr_read(struct cpu *cpu)
{
    uint32_t number = (uint32_t)cpu->gpr[RCX];
    unsigned i = msr_find(cpu, number, 0);

    if (msr_rows[i].kind == TRIGGER)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_MSR, number, 0);
    switch (msr_rows[i].kind) {
    case TIME: result_edx_eax(cpu, cpu_current_clock(cpu) + cpu->tsc_offset); break;
    case EFER: result_edx_eax(cpu, cpu->efer); break;
    case FS_BASE: result_edx_eax(cpu, cpu->segment[FS].base); break;
    case GS_BASE: result_edx_eax(cpu, cpu->segment[GS].base); break;
    default: result_edx_eax(cpu, cpu->msr[i]); break;
    }
}

/* SDM 3A 2.2.1, 9.8.5: LME cannot change while paging is on; LMA is the processor's own. */
static bool write_efer(struct cpu *cpu, uint64_t value)
{
    uint64_t existing = EFER_LME | EFER_LMA;

    if (model_has(cpu->model, FEATURE_SYSCALL))
        existing |= EFER_SCE;
    if (model_has(cpu->model, FEATURE_NX))
        existing |= EFER_NXE;
    if ((value & ~existing) || (((value ^ cpu->efer) & EFER_LME) && (cpu->cr0 & CR0_PG)))
        return false;
    cpu->efer = (value & ~(uint64_t)EFER_LMA) | (cpu->efer & EFER_LMA);
    cpu_mode_changed(cpu);
    return true;
}

/* SDM 3A 11.12.2: eight memory types, 2 and 3 and those above 7 are reserved. */
static bool page_types_valid(uint64_t value)
{
    for (unsigned i = 0; i < 8; i++, value >>= 8)
        if ((value & 0xff) > 7 || (value & 0xff) == 2 || (value & 0xff) == 3)
            return false;
    return true;
}

static bool write_segment_base(struct cpu *cpu, unsigned segment, uint64_t value)
{
    if (!address_canonical(value))
        return false;
    cpu->segment[segment].base = value;
    segment_changed(cpu, segment);
    return true;
}

static bool msr_store(struct cpu *cpu, unsigned i, uint64_t value)
{
    switch (msr_rows[i].kind) {
    case TIME: /* before family 15 the upper half is cleared by a write: SDM 3B 17.17 */
        cpu->tsc_offset = (cpu_long_model(cpu) ? value : (uint32_t)value) - cpu_current_clock(cpu);
        return true;
    case EFER: return write_efer(cpu, value);
    case FS_BASE: return write_segment_base(cpu, FS, value);
    case GS_BASE: return write_segment_base(cpu, GS, value);
    case ADDRESS:
        if (!address_canonical(value))
            return false;
        break;
    case PAGE_TYPES:
        if (!page_types_valid(value))
            return false;
        break;
    case STORED: break;
    default: return true; /* lost */
    }
    cpu->msr[i] = value;
    return true;
}

static NOINLINE void msr_write(struct cpu *cpu)
{
    uint32_t number = (uint32_t)cpu->gpr[RCX];
    uint64_t value = (uint32_t)cpu->gpr[RAX] | cpu->gpr[RDX] << 32;
    unsigned i = msr_find(cpu, number, value);
    const struct msr_row *row = &msr_rows[i];

    if (row->kind == FIXED || (row->kind != EFER && (value & ~row->writable)) || !msr_store(cpu, i, value))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_MSR, number, value);
}

BODY(rdmsr)
{
    cpu->in = in;
    msr_read(cpu);
    NEXT;
}

BODY(wrmsr)
{
    cpu->in = in;
    msr_write(cpu);
    LEAVE_AFTER;
}

/* The two counters hold what was written to them: no event is counted. */
BODY(rdpmc)
{
    uint32_t counter = (uint32_t)cpu->gpr[RCX];

    cpu->in = in;
    if (counter > 1 || (cpu->cpl > 0 && !(cpu->cr4 & CR4_PCE)))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_PCE, cpu->cpl, counter);
    result_edx_eax(cpu, cpu->msr[MSR_PERFCTR0 + counter]);
    NEXT;
}
