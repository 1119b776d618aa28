/* What the bodies of the x87 rows share: availability, pending exceptions, the register stack, how results and faults are
   committed. A body validates everything, memory included, before the first of the commit functions here (R4). */
#ifndef TRUEBOX_CPU_FPU_X87_H
#define TRUEBOX_CPU_FPU_X87_H

#include "cpu/body.h"
#include "cpu/fpu/fpu.h"

/* --- fpu.c --- */
_Noreturn void x87_not_available(struct cpu *cpu);
/* An unmasked exception is pending before a waiting instruction: raises #MF, or asserts FERR# and says whether IGNNE# lets
   the instruction go on. */
bool x87_error_pending(struct cpu *cpu);
/* FERR# follows when nothing is pending any more. */
void x87_error_settle(struct cpu *cpu);

ALWAYS_INLINE bool x87_has_error(const struct cpu *cpu)
{
    return cpu->fpu.status & ~cpu->fpu.control & FP_ALL;
}

ALWAYS_INLINE void x87_check_available(struct cpu *cpu)
{
    if (UNLIKELY(cpu->cr0 & (CR0_EM | CR0_TS)))
        x87_not_available(cpu);
}

/* False: the instruction waits, to be tried again after one count, for an interrupt to come (SDM 1 D.2.1). */
ALWAYS_INLINE bool x87_ready(struct cpu *cpu)
{
    x87_check_available(cpu);
    return LIKELY(!x87_has_error(cpu)) || x87_error_pending(cpu);
}

/* An instruction that waits for pending exceptions; `call` does the work, out of line. */
#define X87(name, call)      \
    BODY(name)               \
    {                        \
        cpu->in = in;        \
        if (!x87_ready(cpu)) \
            LEAVE_AT(1);     \
        call;                \
        NEXT_COLD;           \
    }
/* One that does not: FN... */
#define X87_NO_WAIT(name, call)   \
    BODY(name)                    \
    {                             \
        cpu->in = in;             \
        x87_check_available(cpu); \
        call;                     \
        NEXT_COLD;                \
    }

/* --- the stack
 * ----------------------------------------------------------------------------------------------------------------- */

ALWAYS_INLINE unsigned x87_index(const struct cpu *cpu, unsigned i)
{
    return (cpu->fpu.top + i) & 7;
}

ALWAYS_INLINE bool x87_empty(const struct cpu *cpu, unsigned i)
{
    return !(cpu->fpu.valid >> x87_index(cpu, i) & 1);
}

ALWAYS_INLINE struct float80 x87_get(const struct cpu *cpu, unsigned i)
{
    return cpu->fpu.reg[x87_index(cpu, i)];
}

ALWAYS_INLINE void x87_set(struct cpu *cpu, unsigned i, struct float80 value)
{
    unsigned index = x87_index(cpu, i);

    cpu->fpu.reg[index] = value;
    cpu->fpu.valid |= (uint8_t)(1u << index);
}

ALWAYS_INLINE void x87_pop(struct cpu *cpu)
{
    cpu->fpu.valid &= (uint8_t) ~(1u << cpu->fpu.top);
    cpu->fpu.top = (cpu->fpu.top + 1) & 7;
}

ALWAYS_INLINE void x87_push(struct cpu *cpu, struct float80 value)
{
    cpu->fpu.top = (cpu->fpu.top - 1) & 7;
    x87_set(cpu, 0, value);
}

/* ST(i) of a register form: ModRM.rm, whatever REX.B says. */
ALWAYS_INLINE unsigned x87_rm(const struct insn *in)
{
    return in->dst & 7;
}

/* --- status
 * --------------------------------------------------------------------------------------------------------------------- */

ALWAYS_INLINE struct fp_status x87_status(const struct cpu *cpu)
{
    static const uint8_t precisions[4] = {24, 64, 53, 64}; /* 01 is reserved */
    uint16_t control = cpu->fpu.control;

    return (struct fp_status){
        .rounding = control >> 10 & 3, .precision = precisions[control >> 8 & 3], .masked = control & FP_ALL};
}

/* The last instruction's and operand's address (SDM 1 8.1.8). */
ALWAYS_INLINE void x87_note(struct cpu *cpu, const struct insn *in)
{
    cpu->fpu.opcode = (uint16_t)in->imm;
    cpu->fpu.instruction_selector = cpu->segment[CS].selector;
    cpu->fpu.instruction_offset = insn_rip(cpu, in);
    if (in->flags & INSN_MEMORY) {
        cpu->fpu.operand_selector = cpu->segment[in->segment].selector;
        cpu->fpu.operand_offset = effective_address(cpu, in);
    }
}

/* Exceptions and C1 of an operation; `codes` replace the condition codes in `mask`. */
ALWAYS_INLINE void x87_commit(struct cpu *cpu, const struct insn *in, const struct fp_status *status, unsigned mask,
                              unsigned codes)
{
    unsigned c1 = status->rounded_up ? FPU_C1 : 0;

    cpu->fpu.status = (uint16_t)((cpu->fpu.status & ~(FPU_C1 | mask)) | status->flags | c1 | codes);
    x87_note(cpu, in);
}

/* A stack fault (SDM 1 8.5.1.1); true if it is masked, so that the indefinite is the result. */
ALWAYS_INLINE bool x87_stack_fault(struct cpu *cpu, const struct insn *in, bool overflow, unsigned mask, unsigned codes)
{
    struct fp_status status = {.flags = FP_INVALID, .rounded_up = overflow};

    x87_commit(cpu, in, &status, mask, codes);
    cpu->fpu.status |= FPU_STACK_FAULT;
    return cpu->fpu.control & FP_INVALID;
}

/* The result of an operation to ST(i), unless an unmasked exception came before it. False: nothing was stored. */
ALWAYS_INLINE bool x87_store_result(struct cpu *cpu, unsigned i, const struct fp_number *number, struct fp_status *status)
{
    if (fp_trapped(status, FP_BEFORE))
        return false;
    x87_set(cpu, i, fp_pack80(number, status));
    return true;
}

#endif
