/* The x87 unit as the rest of the processor and the board see it: its words, reset, exceptions on their way out (SDM
   1 8.1, 8.7, D.2). */
#include "cpu/fpu/fpu.h"

#include "cpu/fpu/x87.h"

/* --- words
 * ----------------------------------------------------------------------------------------------------------------------------
 */

uint16_t fpu_status_word(const struct cpu *cpu)
{
    unsigned summary = x87_has_error(cpu) ? FPU_ERROR_SUMMARY | FPU_BUSY : 0;

    return (uint16_t)(cpu->fpu.status | (unsigned)cpu->fpu.top << FPU_TOP_SHIFT | summary);
}

void fpu_set_status_word(struct cpu *cpu, uint16_t status)
{
    cpu->fpu.status = status & FPU_STATUS_STORED;
    cpu->fpu.top = status >> FPU_TOP_SHIFT & 7;
}

void fpu_set_control_word(struct cpu *cpu, uint16_t control)
{
    cpu->fpu.control = (control & FPU_CONTROL_STORED) | FPU_CONTROL_ONE;
}

/* 0 valid, 1 zero, 2 special, 3 empty (SDM 1 8.1.7). */
uint16_t fpu_tag_word(const struct cpu *cpu)
{
    unsigned tags = 0;

    for (unsigned i = 0; i < 8; i++) {
        struct fp_number number = fp_unpack80(cpu->fpu.reg[i]);
        unsigned tag = number.kind == FP_ZERO ? 1 : number.kind != FP_FINITE || number.denormal ? 2 : 0;

        tags |= (cpu->fpu.valid >> i & 1 ? tag : 3) << 2 * i;
    }
    return (uint16_t)tags;
}

void fpu_set_tag_word(struct cpu *cpu, uint16_t tags)
{
    cpu->fpu.valid = 0;
    for (unsigned i = 0; i < 8; i++)
        if ((tags >> 2 * i & 3) != 3)
            cpu->fpu.valid |= (uint8_t)(1u << i);
}

void fpu_initialise(struct cpu *cpu)
{
    cpu->fpu.control = FPU_CONTROL_DEFAULT;
    cpu->fpu.status = 0;
    cpu->fpu.top = 0;
    cpu->fpu.valid = 0;
    cpu->fpu.opcode = cpu->fpu.instruction_selector = cpu->fpu.operand_selector = 0;
    cpu->fpu.instruction_offset = cpu->fpu.operand_offset = 0;
    x87_error_settle(cpu);
}

void fpu_reset(struct cpu *cpu)
{
    fpu_initialise(cpu);
    memset(cpu->fpu.reg, 0, sizeof cpu->fpu.reg);
    cpu->fpu.control = FPU_CONTROL_ONE;
    cpu->fpu.valid = 0xff; /* the tag word is 5555h */
    x87_error_settle(cpu);
}

/* --- exceptions
 * ----------------------------------------------------------------------------------------------------------------------- */

_Noreturn void x87_not_available(struct cpu *cpu)
{
    raise_exception(cpu, VECTOR_NM, 0, REASON_NM_NO_FPU, cpu->cr0, 0);
}

static void drive_error(struct cpu *cpu, bool level)
{
    if (cpu->fpu.error == level)
        return;
    cpu->fpu.error = level;
    if (cpu->fpu_error) {
        if (cpu->in)
            cpu->schedule->now = cpu_current_clock(cpu);
        cpu->fpu_error(cpu->fpu_error_owner, level);
        cpu->leave = true; /* an interrupt may have come of it */
    }
}

bool x87_error_pending(struct cpu *cpu)
{
    if (cpu->cr0 & CR0_NE)
        raise_exception(cpu, VECTOR_MF, 0, REASON_MF_PENDING, fpu_status_word(cpu), cpu->fpu.control);
    drive_error(cpu, true);
    return cpu->fpu.ignore;
}

void x87_error_settle(struct cpu *cpu)
{
    if (cpu->fpu.error && !x87_has_error(cpu))
        drive_error(cpu, false);
}

void cpu_set_ignne(void *owner, unsigned line, bool level)
{
    (void)line;
    ((struct cpu *)owner)->fpu.ignore = level;
}
