/* Flags: CLC ... STD, LAHF, SAHF, CLI, STI, PUSHF, POPF with IOPL, VME and PVI (SDM 3B chapter 20). */
#include "cpu/system_body.h"

BODY(clc)
{
    cpu->flag_aux = flags_aux_with_cf(cpu->flag_aux, false);
    NEXT;
}

BODY(stc)
{
    cpu->flag_aux = flags_aux_with_cf(cpu->flag_aux, true);
    NEXT;
}

BODY(cmc)
{
    cpu->flag_aux = flags_aux_with_cf(cpu->flag_aux, !flag_cf(cpu));
    NEXT;
}

BODY(cld)
{
    cpu->eflags &= ~(uint64_t)FLAG_DF;
    NEXT;
}

BODY(std)
{
    cpu->eflags |= FLAG_DF;
    NEXT;
}

#define FLAGS_LOW_BYTE (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF)

BODY(lahf)
{
    uint64_t low = (flags_get_arithmetic(cpu) & FLAGS_LOW_BYTE) | FLAG_1;

    cpu->gpr[RAX] = (cpu->gpr[RAX] & ~UINT64_C(0xff00)) | low << 8;
    NEXT;
}

BODY(sahf)
{
    flags_set_arithmetic(cpu, (flags_get_arithmetic(cpu) & FLAG_OF) | (cpu->gpr[RAX] >> 8 & FLAGS_LOW_BYTE));
    NEXT;
}

/* --- CLI and STI ---------------------------------------------------------------------------------------------------- */

/* Which flag CLI and STI act on: IF, or VIF where virtual-8086 mode extensions or protected-mode virtual interrupts stand in
   for it (SDM 2 CLI, table 3-7); raises #GP(0) where neither is allowed. */
static NOINLINE uint64_t interrupt_flag(struct cpu *cpu)
{
    if (cpu_real(cpu) || cpu->cpl <= cpu_iopl(cpu))
        return FLAG_IF;
    if (cpu_v86(cpu) ? cpu->cr4 & CR4_VME : cpu->cpl == 3 && (cpu->cr4 & CR4_PVI))
        return FLAG_VIF;
    raise_exception(cpu, VECTOR_GP, 0, cpu_v86(cpu) ? REASON_GP_V86_IOPL : REASON_GP_IOPL,
                    cpu_v86(cpu) ? cpu_iopl(cpu) : cpu->cpl, cpu_iopl(cpu));
}

BODY(cli)
{
    cpu->in = in;
    cpu->eflags &= ~interrupt_flag(cpu);
    NEXT;
}

BODY(sti)
{
    uint64_t flag;

    cpu->in = in;
    flag = interrupt_flag(cpu);
    if (flag == FLAG_VIF && (cpu->eflags & FLAG_VIP))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_VME_FLAGS, FLAG_IF, cpu->eflags);
    /* the shadow lasts to the end of the next instruction: inside a trace, where no interrupt can arrive, there is none to cast */
    if (flag == FLAG_IF && !(cpu->eflags & FLAG_IF) && (in->left == 1 || cpu->intr || cpu->nmi_pending))
        cpu->inhibit = INHIBIT_STI;
    cpu->eflags |= flag;
    NEXT_OR_LEAVE;
}

/* --- PUSHF and POPF ------------------------------------------------------------------------------------------------- */

/* Virtual-8086 mode at IOPL < 3: with VME the 16-bit forms work on VIF, everything else is #GP(0). */
static bool v86_virtual(struct cpu *cpu, unsigned width)
{
    if (!cpu_v86(cpu) || cpu_iopl(cpu) == 3)
        return false;
    if (!(cpu->cr4 & CR4_VME) || width != 16)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_V86_IOPL, cpu_iopl(cpu), 0);
    return true;
}

static NOINLINE void push_flags(struct cpu *cpu, const struct insn *in, unsigned width)
{
    uint64_t flags = flags_get(cpu) & ~(uint64_t)(FLAG_VM | FLAG_RF);

    cpu->in = in;
    if (v86_virtual(cpu, width))
        flags = (flags & ~(uint64_t)FLAG_IF) | FLAG_IOPL | (flags & FLAG_VIF ? FLAG_IF : 0);
    stack_push(cpu, flags & width_mask(width), width / 8);
}

#define PUSHF(name, W)          \
    BODY(name##_##W)            \
    {                           \
        push_flags(cpu, in, W); \
        NEXT_COLD;              \
    }
EACH_OPERAND_SIZE(PUSHF, pushf)

static NOINLINE void pop_flags(struct cpu *cpu, const struct insn *in, unsigned width)
{
    uint64_t flags, mask = flags_changeable(cpu, width);

    cpu->in = in;
    if (v86_virtual(cpu, width)) {
        flags = stack_peek(cpu, 0, 2);
        if ((flags & FLAG_TF) || ((flags & FLAG_IF) && (cpu->eflags & FLAG_VIP)))
            raise_exception(cpu, VECTOR_GP, 0, REASON_GP_VME_FLAGS, flags, cpu->eflags);
        mask = (mask & ~(uint64_t)FLAG_IF) | FLAG_VIF;
        flags |= flags & FLAG_IF ? FLAG_VIF : 0;
    } else {
        flags = stack_peek(cpu, 0, width / 8) & ~(uint64_t)FLAG_RF;
        if (cpu_real(cpu) && cpu->model->level < 3) /* the 80286 keeps IOPL and NT clear in real mode */
            mask &= ~(uint64_t)(FLAG_IOPL | FLAG_NT);
    }
    stack_set(cpu, stack_offset(cpu, width / 8));
    flags_replace(cpu, flags, mask);
    cpu_mode_changed(cpu);
}

#define POPF(name, W)                       \
    BODY(name##_##W)                        \
    {                                       \
        uint32_t key = cpu->mode_key;       \
        pop_flags(cpu, in, W);              \
        if (UNLIKELY(cpu->mode_key != key)) \
            LEAVE_AFTER;                    \
        NEXT_OR_LEAVE;                      \
    }
EACH_OPERAND_SIZE(POPF, popf)
