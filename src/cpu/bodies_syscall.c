/* Fast system calls: SYSCALL, SYSRET, SYSENTER, SYSEXIT, and SWAPGS (SDM 2 by mnemonic). Segment registers are set to flat segments
   without looking at the descriptor tables. (The names are not the bare mnemonics: libc has a syscall, too.) */
#include "cpu/system_body.h"

enum { FLAT_CODE64 = 0xa09b, FLAT_CODE32 = 0xc09b, FLAT_DATA = 0xc093 };

static void set_flat(struct cpu *cpu, unsigned index, uint16_t selector, uint16_t attributes, unsigned cpl)
{
    cpu->segment[index] = (struct segment){.limit = 0xffffffff, .selector = selector,
                                           .attributes = (uint16_t)(attributes | cpl << SEGMENT_DPL_SHIFT)};
    segment_changed(cpu, index);
}

static void enter_flat(struct cpu *cpu, uint16_t cs, uint16_t code_attributes, uint16_t ss, unsigned cpl)
{
    cpu->cpl = (uint8_t)cpl;
    set_flat(cpu, CS, cs, code_attributes, cpl);
    set_flat(cpu, SS, ss, FLAT_DATA, cpl);
}

/* --- SYSCALL, SYSRET ------------------------------------------------------------------------------------------------ */

static void check_enabled(struct cpu *cpu, unsigned opcode)
{
    if (!(cpu->efer & EFER_SCE))
        raise_exception(cpu, VECTOR_UD, 0, REASON_UD_MODE, opcode, 0);
}

static NOINLINE void system_call(struct cpu *cpu, const struct insn *in)
{
    uint16_t cs = cpu->msr[MSR_STAR] >> 32 & 0xfffc;
    uint64_t flags = flags_get(cpu);

    cpu->in = in;
    check_enabled(cpu, 0x0f05);
    cpu->gpr[RCX] = body_next_rip(cpu, in);
    cpu->gpr[R11] = flags & ~(uint64_t)FLAG_RF;
    flags_set(cpu, flags & ~(cpu->msr[MSR_SFMASK] | FLAG_RF));
    enter_flat(cpu, cs, FLAT_CODE64, (uint16_t)(cs + 8), 0);
    cpu->rip = cpu->msr[MSR_LSTAR];
    cpu_mode_changed(cpu);
}

BODY(fast_syscall)
{
    system_call(cpu, in);
    LEAVE_TO(cpu->rip);
}

static NOINLINE void system_return(struct cpu *cpu, const struct insn *in, bool to64)
{
    uint16_t base = cpu->msr[MSR_STAR] >> 48 & 0xffff;
    uint64_t target = to64 ? cpu->gpr[RCX] : (uint32_t)cpu->gpr[RCX];

    cpu->in = in;
    check_enabled(cpu, 0x0f07);
    if (cpu->cpl)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_CPL, cpu->cpl, 0);
    if (!address_canonical(target))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_RIP_CANONICAL, target, 0);
    flags_set(cpu, (cpu->gpr[R11] & 0x3c7fd7) | FLAG_1);
    enter_flat(cpu, (uint16_t)((base + (to64 ? 16 : 0)) | 3), to64 ? FLAT_CODE64 : FLAT_CODE32, (uint16_t)((base + 8) | 3), 3);
    cpu->rip = target;
    cpu_mode_changed(cpu);
}

#define SYSRET(name, to64, W)            \
    BODY(name##_##W)                     \
    {                                    \
        system_return(cpu, in, to64);    \
        LEAVE_TO(cpu->rip);              \
    }
SYSRET(fast_sysret, false, 16)
SYSRET(fast_sysret, false, 32)
SYSRET(fast_sysret, true, 64)

/* --- SYSENTER, SYSEXIT ---------------------------------------------------------------------------------------------- */

static uint16_t sysenter_selector(struct cpu *cpu)
{
    uint16_t cs = cpu->msr[MSR_SYSENTER_CS] & 0xfffc;

    if (cpu_real(cpu) || !cs)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_SELECTOR_NULL, cs, 0);
    return cs;
}

static NOINLINE void system_enter(struct cpu *cpu, const struct insn *in)
{
    uint64_t mask = cpu_long_mode(cpu) ? ~UINT64_C(0) : 0xffffffff;
    uint16_t cs;

    cpu->in = in;
    cs = sysenter_selector(cpu);
    cpu->eflags &= ~(uint64_t)(FLAG_VM | FLAG_IF | FLAG_RF);
    enter_flat(cpu, cs, cpu_long_mode(cpu) ? FLAT_CODE64 : FLAT_CODE32, (uint16_t)(cs + 8), 0);
    cpu->gpr[RSP] = cpu->msr[MSR_SYSENTER_ESP] & mask;
    cpu->rip = cpu->msr[MSR_SYSENTER_EIP] & mask;
    cpu_mode_changed(cpu);
}

BODY(fast_sysenter)
{
    system_enter(cpu, in);
    LEAVE_TO(cpu->rip);
}

static NOINLINE void system_exit(struct cpu *cpu, const struct insn *in, bool to64)
{
    uint64_t mask = to64 ? ~UINT64_C(0) : 0xffffffff;
    uint16_t cs;

    cpu->in = in;
    cs = sysenter_selector(cpu);
    if (cpu->cpl)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_CPL, cpu->cpl, 0);
    if (to64 && (!address_canonical(cpu->gpr[RCX]) || !address_canonical(cpu->gpr[RDX])))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_CANONICAL, cpu->gpr[RDX], 0);
    enter_flat(cpu, (uint16_t)((cs + (to64 ? 32 : 16)) | 3), to64 ? FLAT_CODE64 : FLAT_CODE32, (uint16_t)((cs + (to64 ? 40 : 24)) | 3), 3);
    cpu->gpr[RSP] = cpu->gpr[RCX] & mask;
    cpu->rip = cpu->gpr[RDX] & mask;
    cpu_mode_changed(cpu);
}

#define SYSEXIT(name, to64, W)         \
    BODY(name##_##W)                   \
    {                                  \
        system_exit(cpu, in, to64);    \
        LEAVE_TO(cpu->rip);            \
    }
SYSEXIT(fast_sysexit, false, 16)
SYSEXIT(fast_sysexit, false, 32)
SYSEXIT(fast_sysexit, true, 64)

/* --- SWAPGS --------------------------------------------------------------------------------------------------------- */

BODY(swapgs)
{
    uint64_t base = cpu->segment[GS].base;

    cpu->segment[GS].base = cpu->msr[MSR_KERNEL_GS_BASE];
    cpu->msr[MSR_KERNEL_GS_BASE] = base;
    segment_changed(cpu, GS);
    NEXT;
}
