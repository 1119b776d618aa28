/* What the bodies of the system rows share. */
#ifndef TRUEBOX_CPU_SYSTEM_BODY_H
#define TRUEBOX_CPU_SYSTEM_BODY_H

#include "cpu/body.h"
#include "cpu/branch.h"
#include "cpu/protection.h"

#define EACH_OPERAND_SIZE(FORM, ...) FORM(__VA_ARGS__, 16) FORM(__VA_ARGS__, 32) FORM(__VA_ARGS__, 64)

/* Behind a far transfer: cpu->rip says where. A task switch has settled the account already (cpu->in is NULL then). Goes on
   with the trace found there unless the loop has something to do first. */
#define LEAVE_FAR                             \
    do {                                      \
        if (cpu->in)                          \
            body_leave_to(cpu, in, cpu->rip); \
        if (LIKELY(body_may_go_on(cpu)))      \
            TAIL(branch_lookup);              \
        LEAVE;                                \
    } while (0)

/* The r/m operand as a word, wherever it is; `reg` is in->dst or in->src, as the row's pattern has it. */
ALWAYS_INLINE uint16_t operand_word(struct cpu *cpu, const struct insn *in, unsigned reg)
{
    if (in->flags & INSN_MEMORY)
        return (uint16_t)memory_read(cpu, in->segment, effective_address(cpu, in), 2);
    return (uint16_t)cpu->gpr[reg];
}

/* Stores a word: to memory as 16 bits, to a register at operand size, zero-extended. */
ALWAYS_INLINE void operand_store_word(struct cpu *cpu, const struct insn *in, uint64_t value, unsigned width)
{
    if (in->flags & INSN_MEMORY)
        memory_write(cpu, in->segment, effective_address(cpu, in), (uint16_t)value, 2);
    else
        reg_write(cpu, in->dst, value, width);
}

ALWAYS_INLINE void flag_zf_set(struct cpu *cpu, bool zf)
{
    flags_set_arithmetic(cpu, (flags_get_arithmetic(cpu) & ~(uint64_t)FLAG_ZF) | (zf ? FLAG_ZF : 0));
}

/* The clock is exact for whoever is called from here on: devices, the time stamp counter. */
ALWAYS_INLINE void clock_exact(struct cpu *cpu)
{
    cpu->schedule->now = cpu_current_clock(cpu);
}

#endif
