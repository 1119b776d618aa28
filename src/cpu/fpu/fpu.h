/* The x87 unit's state (SDM 1 8.1), part of struct cpu. */
#ifndef TRUEBOX_CPU_FPU_FPU_H
#define TRUEBOX_CPU_FPU_FPU_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/fpu/softfloat.h"

struct fpu {
    struct float80 reg[8]; /* R0-R7; ST(i) is reg[(top + i) & 7] */
    uint8_t top;
    uint8_t valid; /* bit n: Rn is not empty; the other tags are computed */
    uint16_t control;
    uint16_t status; /* C0-C3, SF and the exception flags; TOP, ES and B are derived */
    uint16_t opcode; /* of the last non-control instruction, 11 bits */
    uint16_t instruction_selector, operand_selector;
    uint64_t instruction_offset, operand_offset;
    bool error;  /* the FERR# output */
    bool ignore; /* the IGNNE# input */
};

enum fpu_status_bit {
    FPU_STACK_FAULT = 1 << 6,
    FPU_ERROR_SUMMARY = 1 << 7,
    FPU_C0 = 1 << 8,
    FPU_C1 = 1 << 9,
    FPU_C2 = 1 << 10,
    FPU_TOP_SHIFT = 11,
    FPU_C3 = 1 << 14,
    FPU_BUSY = 1 << 15,
    FPU_CODES = FPU_C0 | FPU_C1 | FPU_C2 | FPU_C3,
    FPU_STATUS_STORED = FP_ALL | FPU_STACK_FAULT | FPU_CODES
};

enum { FPU_CONTROL_STORED = 0x1f3f, FPU_CONTROL_ONE = 0x40, FPU_CONTROL_DEFAULT = 0x37f };

struct cpu;

/* Power-on and RESET# (SDM 3A table 9-1); INIT# leaves it alone. */
void fpu_reset(struct cpu *cpu);
/* FINIT. */
void fpu_initialise(struct cpu *cpu);

/* Words as the guest sees them. */
uint16_t fpu_status_word(const struct cpu *cpu);
uint16_t fpu_tag_word(const struct cpu *cpu);
void fpu_set_status_word(struct cpu *cpu, uint16_t status);
void fpu_set_control_word(struct cpu *cpu, uint16_t control);
void fpu_set_tag_word(struct cpu *cpu, uint16_t tags);

#endif
