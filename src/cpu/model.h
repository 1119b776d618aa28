/* CPU models: which rows of the instruction tables exist, and what CPUID and reset say. Rows in isa/models.def. */
#ifndef TRUEBOX_CPU_MODEL_H
#define TRUEBOX_CPU_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* A row of an instruction table is present when the model has its feature. ISA_x: introduced with that processor and kept;
   ONLY_x: on that processor only. */
// clang-format off
enum feature {
    ISA_8086, ISA_186, ISA_286, ISA_386, ISA_486, ISA_PENTIUM, ISA_P6, ISA_LONG,
    ONLY_8086,     /* and nothing newer */
    ONLY_186,
    ONLY_286,
    ONLY_386,
    ONLY_486,
    ONLY_PENTIUM,
    UNTIL_186,     /* 8086 and 80186 */
    UNTIL_286,     /* 8086 to 80286 */
    FROM_186_TO_286,
    FROM_286_TO_386,
    FROM_386_TO_486, /* test registers */
    NO_FPU,        /* no coprocessor either: ESC does nothing */
    FEATURE_FPU, FEATURE_VME, FEATURE_DE, FEATURE_PSE, FEATURE_TSC, FEATURE_MSR, FEATURE_PAE, FEATURE_MCE, FEATURE_CX8,
    FEATURE_APIC, FEATURE_SEP, FEATURE_MTRR, FEATURE_PGE, FEATURE_MCA, FEATURE_CMOV, FEATURE_PAT, FEATURE_PSE36,
    FEATURE_CPUID, FEATURE_MMX, FEATURE_FXSR, FEATURE_SSE, FEATURE_SSE2,
    FEATURE_CX16, FEATURE_SYSCALL, FEATURE_NX, FEATURE_PAGE_1G, FEATURE_LAHF_LM,
    FEATURE_COUNT
};
// clang-format on

struct cpu_model {
    const char *name;
    const char *description;
    uint64_t features;     /* bit per enum feature */
    unsigned level;        /* 0 8086, 1 80186, 2 80286, 3 80386, 4 80486, 5 Pentium, 6 P6 and later */
    uint32_t signature;    /* EDX after reset, CPUID.1:EAX */
    unsigned address_bits; /* physical: 20, 24, 32, 36 ... */
    const char *vendor;    /* CPUID.0, 12 characters; NULL without CPUID */
};

static inline bool model_has(const struct cpu_model *model, enum feature feature)
{
    return model->features >> feature & 1;
}

/* Models by index (the default first) and by name; NULL if there is none. */
const struct cpu_model *cpu_model_at(unsigned index);
const struct cpu_model *cpu_model_find(const char *name);

#endif
