/* Model-specific registers: rows in isa/msr.def, storage in struct cpu. */
#ifndef TRUEBOX_CPU_MSR_H
#define TRUEBOX_CPU_MSR_H

#include <stdint.h>

enum msr_index {
#define MSR(number, name, feature, kind, writable, reset) MSR_##name,
#include "cpu/isa/msr.def"
#undef MSR
    MSR_COUNT
};

struct cpu;

/* RESET#: every register to its row's value. INIT# leaves them alone (SDM 3A table 9-1). */
void msr_reset(struct cpu *cpu);

#endif
