/* The r/m operand for bodies that treat registers and memory alike (rows marked COLD): the slow road, any mode. */
#ifndef TRUEBOX_CPU_OPERAND_H
#define TRUEBOX_CPU_OPERAND_H

#include "cpu/body.h"

/* Instantiates FORM(..., width) for the three operand sizes of a row whose pattern has width V. */
#define EACH_OPERAND_SIZE(FORM, ...) FORM(__VA_ARGS__, 16) FORM(__VA_ARGS__, 32) FORM(__VA_ARGS__, 64)

/* The operand named by dst, or memory. */
ALWAYS_INLINE uint64_t rm_read(struct cpu *cpu, const struct insn *in, unsigned width)
{
    if (in->flags & INSN_MEMORY)
        return memory_read(cpu, in->segment, effective_address(cpu, in), width / 8);
    return reg_read(cpu, in->dst, width);
}

/* The operand named by src, or memory. */
ALWAYS_INLINE uint64_t rm_read_source(struct cpu *cpu, const struct insn *in, unsigned width)
{
    if (in->flags & INSN_MEMORY)
        return memory_read(cpu, in->segment, effective_address(cpu, in), width / 8);
    return reg_read(cpu, in->src, width);
}

/* Reads the operand that rm_modify_end will replace: memory is checked for write first (R4). */
ALWAYS_INLINE uint64_t rm_modify(struct cpu *cpu, const struct insn *in, unsigned width)
{
    if (in->flags & INSN_MEMORY)
        return memory_read_for_write(cpu, in->segment, effective_address(cpu, in), width / 8);
    return reg_read(cpu, in->dst, width);
}

ALWAYS_INLINE void rm_modify_end(struct cpu *cpu, const struct insn *in, uint64_t value, unsigned width)
{
    if (in->flags & INSN_MEMORY)
        memory_write_back(cpu, value);
    else
        reg_write(cpu, in->dst, value, width);
}

ALWAYS_INLINE void rm_write(struct cpu *cpu, const struct insn *in, uint64_t value, unsigned width)
{
    if (in->flags & INSN_MEMORY)
        memory_write(cpu, in->segment, effective_address(cpu, in), value, width / 8);
    else
        reg_write(cpu, in->dst, value, width);
}

#endif
