/* Exchanges, conversions and the odd ones: XCHG XADD CMPXCHG CMPXCHG8B XLAT CBW CWD NOP SALC ENTER LEAVE PUSHA POPA WAIT
 * ESC. */
#include "cpu/operand.h"

/* The destination's old value goes to the source register, `b` becomes the destination. */
ALWAYS_INLINE uint64_t exchange(struct cpu *cpu, const struct insn *in, uint64_t a, uint64_t b, unsigned width)
{
    reg_write(cpu, in->src, a, width);
    return b;
}

ALWAYS_INLINE uint64_t exchange_add(struct cpu *cpu, const struct insn *in, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t sum = (a + b) & width_mask(width);

    reg_write(cpu, in->src, a, width);
    flags_add(cpu, a, b, sum, width);
    return sum;
}

/* The destination is written in both cases (SDM 2 CMPXCHG: the bus sees a write). */
ALWAYS_INLINE uint64_t compare_exchange(struct cpu *cpu, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t accumulator = reg_read(cpu, RAX, width);

    flags_subtract(cpu, accumulator, a, (accumulator - a) & width_mask(width), width);
    if (accumulator == a)
        return b;
    reg_write(cpu, RAX, a, width);
    return a;
}

#define OP_XCHG(cpu, a, b, width) exchange(cpu, in, a, b, width)
#define OP_XADD(cpu, a, b, width) exchange_add(cpu, in, a, b, width)
#define FAMILY_EXCHANGE(name, OP, W) TEMPLATE_RR(name, OP, W) FORM_M(name, mr, OP, W, SOURCE_REG)
EACH_WIDTH(FAMILY_EXCHANGE, xchg, OP_XCHG)
EACH_WIDTH(FAMILY_EXCHANGE, xadd, OP_XADD)

/* Between registers the destination is not written where it differs: 32-bit forms keep its upper half (measured on the host). */
#define FAMILY_COMPARE_EXCHANGE(name, OP, W)                                                                         \
    BODY(name##_rr_##W)                                                                                              \
    {                                                                                                                \
        uint64_t a = reg_read(cpu, in->dst, W), b = reg_read(cpu, in->src, W);                                       \
        bool equal = a == reg_read(cpu, RAX, W);                                                                     \
        OP(cpu, a, b, W);                                                                                            \
        if (equal)                                                                                                   \
            reg_write(cpu, in->dst, b, W);                                                                           \
        NEXT;                                                                                                        \
    }                                                                                                                \
    FORM_M(name, mr, OP, W, SOURCE_REG)
EACH_WIDTH(FAMILY_COMPARE_EXCHANGE, cmpxchg, compare_exchange)

BODY(cmpxchg8b_32)
{
    cpu->in = in;
    uint64_t value = memory_read_for_write(cpu, in->segment, effective_address(cpu, in), 8);
    uint64_t expected = reg_read(cpu, RDX, 32) << 32 | reg_read(cpu, RAX, 32);
    uint64_t flags = flags_get_arithmetic(cpu) & ~(uint64_t)FLAG_ZF;

    if (value == expected) {
        memory_write_back(cpu, reg_read(cpu, RCX, 32) << 32 | reg_read(cpu, RBX, 32));
        flags |= FLAG_ZF;
    } else {
        memory_write_back(cpu, value);
        reg_write(cpu, RAX, value & 0xffffffff, 32);
        reg_write(cpu, RDX, value >> 32, 32);
    }
    flags_set_arithmetic(cpu, flags);
    NEXT_COLD;
}

BODY(cmpxchg8b_16)
{
    TAIL(cmpxchg8b_32);
}

/* CMPXCHG16B: aligned, so that it never leaves its page. */
static NOINLINE void compare_exchange_16(struct cpu *cpu, const struct insn *in)
{
    uint64_t offset = effective_address(cpu, in), flags = flags_get_arithmetic(cpu) & ~(uint64_t)FLAG_ZF, low, high;
    uint64_t linear = offset + (in->segment >= FS ? cpu->segment[in->segment].base : 0);

    cpu->in = in;
    if (!model_has(cpu->model, FEATURE_CX16))
        raise_exception(cpu, VECTOR_UD, 0, REASON_UD_OPCODE, 0x0fc7, 0);
    if (address_canonical(linear) && (linear & 15))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_UNALIGNED, linear, 16);
    memory_probe_write(cpu, in->segment, offset, 16);
    low = memory_read(cpu, in->segment, offset, 8);
    high = memory_read(cpu, in->segment, offset + 8, 8);
    if (low == cpu->gpr[RAX] && high == cpu->gpr[RDX]) {
        memory_write(cpu, in->segment, offset, cpu->gpr[RBX], 8);
        memory_write(cpu, in->segment, offset + 8, cpu->gpr[RCX], 8);
        flags |= FLAG_ZF;
    } else {
        memory_write(cpu, in->segment, offset, low, 8);
        memory_write(cpu, in->segment, offset + 8, high, 8);
        cpu->gpr[RAX] = low;
        cpu->gpr[RDX] = high;
    }
    flags_set_arithmetic(cpu, flags);
}

BODY(cmpxchg8b_64)
{
    compare_exchange_16(cpu, in);
    NEXT_COLD;
}

BODY(xlat)
{
    cpu->in = in;
    uint64_t offset = (cpu->gpr[RBX] + reg_read(cpu, RAX, 8)) & address_mask(in);

    reg_write(cpu, RAX, memory_read(cpu, in->segment, offset, 1), 8);
    NEXT_COLD;
}

/* CBW CWDE CDQE: the accumulator's lower half extended; CWD CDQ CQO: its sign in the data register. */
#define BODY_CONVERT(name, W)                                                             \
    BODY(cbw_##W)                                                                         \
    {                                                                                     \
        reg_write(cpu, RAX, sign_extend(cpu->gpr[RAX], W / 2), W);                        \
        NEXT;                                                                             \
    }                                                                                     \
    BODY(cwd_##W)                                                                         \
    {                                                                                     \
        reg_write(cpu, RDX, (uint64_t)((int64_t)sign_extend(cpu->gpr[RAX], W) >> 63), W); \
        NEXT;                                                                             \
    }
EACH_OPERAND_SIZE(BODY_CONVERT, convert)

BODY(nop)
{
    (void)cpu;
    NEXT;
}

BODY(salc)
{
    reg_write(cpu, RAX, flag_cf(cpu) ? 0xff : 0, 8);
    NEXT;
}

/* --- stack frames ----------------------------------------------------------------------------------------------- */

ALWAYS_INLINE void pusha(struct cpu *cpu, unsigned width)
{
    static const uint8_t order[8] = {RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI};
    unsigned size = width / 8;

    for (unsigned i = 0; i < 8; i++)
        memory_write(cpu, SS, stack_offset(cpu, -(int64_t)(size * (i + 1))), reg_read(cpu, order[i], width), size);
    stack_set(cpu, stack_offset(cpu, -(int64_t)(8 * size)));
}

ALWAYS_INLINE void popa(struct cpu *cpu, unsigned width)
{
    static const uint8_t order[8] = {RDI, RSI, RBP, RSP, RBX, RDX, RCX, RAX};
    unsigned size = width / 8;
    uint64_t values[8];

    for (unsigned i = 0; i < 8; i++)
        values[i] = stack_peek(cpu, size * i, size);
    for (unsigned i = 0; i < 8; i++)
        if (order[i] != RSP)
            reg_write(cpu, order[i], values[i], width);
    stack_set(cpu, stack_offset(cpu, 8 * size));
    if (cpu->model->level == 3 && width == 32 &&
        cpu->stack_mask == 0xffff) /* the 80386 does take the upper half that was pushed */
        cpu->gpr[RSP] = (values[3] & 0xffff0000) | (cpu->gpr[RSP] & 0xffff);
}

/* Nothing but memory below the stack pointer changes before the last check, so that ENTER can be restarted (SDM 2 ENTER). */
ALWAYS_INLINE void enter(struct cpu *cpu, const struct insn *in, unsigned width)
{
    unsigned size = width / 8, level = in->imm >> 16 & 31;
    uint64_t allocated = in->imm & 0xffff, frame = stack_offset(cpu, -(int64_t)size);
    uint64_t pointer_to_frame = (cpu->gpr[RSP] & ~cpu->stack_mask) | frame; /* as wide as the operand: SDM's FrameTemp */
    int64_t depth = -(int64_t)size;

    memory_write(cpu, SS, frame, reg_read(cpu, RBP, width), size);
    for (unsigned i = 1; i < level; i++) {
        uint64_t pointer = memory_read(cpu, SS, (cpu->gpr[RBP] - i * size) & cpu->stack_mask, size);

        depth -= size;
        memory_write(cpu, SS, stack_offset(cpu, depth), pointer, size);
    }
    if (level) {
        depth -= size;
        memory_write(cpu, SS, stack_offset(cpu, depth), pointer_to_frame & width_mask(width), size);
    }
    if (cpu->model->level >= 3) /* a write at the final stack pointer must be possible */
        memory_probe_write(cpu, SS, stack_offset(cpu, depth - (int64_t)allocated), size);
    reg_write(cpu, RBP, (cpu->gpr[RSP] & ~cpu->stack_mask) | frame, width); /* all of ESP, whatever the stack uses of it */
    stack_set(cpu, stack_offset(cpu, depth - (int64_t)allocated));
}

ALWAYS_INLINE void leave(struct cpu *cpu, unsigned width)
{
    uint64_t frame = cpu->gpr[RBP] & cpu->stack_mask, value = memory_read(cpu, SS, frame, width / 8);

    stack_set(cpu, frame + width / 8);
    reg_write(cpu, RBP, value, width);
}

static NOINLINE void popa_16_cold(struct cpu *cpu)
{
    popa(cpu, 16);
}

static NOINLINE void popa_32_cold(struct cpu *cpu)
{
    popa(cpu, 32);
}

#define BODY_FRAME(name, call) \
    BODY(name)                 \
    {                          \
        cpu->in = in;          \
        call;                  \
        NEXT_COLD;             \
    }
BODY_FRAME(pusha_16, pusha(cpu, 16))
BODY_FRAME(pusha_32, pusha(cpu, 32))
BODY_FRAME(popa_16, popa_16_cold(cpu))
BODY_FRAME(popa_32, popa_32_cold(cpu))
BODY_FRAME(enter_16, enter(cpu, in, 16))
BODY_FRAME(enter_32, enter(cpu, in, 32))
BODY_FRAME(enter_64, enter(cpu, in, 64))
BODY_FRAME(leave_16, leave(cpu, 16))
BODY_FRAME(leave_32, leave(cpu, 32))
BODY_FRAME(leave_64, leave(cpu, 64))

/* POP r/m up to the 80286: SP stays advanced when the store faults. */
BODY(pop_e_286)
{
    cpu->in = in;
    uint64_t value = stack_pop(cpu, 2);

    rm_write(cpu, in, value, 16);
    NEXT_COLD;
}

/* --- the coprocessor that is not there -------------------------------------------------------------------------- */

BODY(wait_without_fpu) /* libc has a wait */
{
    if (UNLIKELY((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))) {
        cpu->in = in;
        raise_exception(cpu, VECTOR_NM, 0, REASON_NM_NO_FPU, cpu->cr0, 0);
    }
    NEXT;
}

/* ESC: the processor computes the address and reads the operand's first word for the coprocessor; no other effect. */
BODY(esc)
{
    cpu->in = in;
    if (cpu->cr0 & (CR0_EM | CR0_TS))
        raise_exception(cpu, VECTOR_NM, 0, REASON_NM_NO_FPU, cpu->cr0, 0);
    if (in->flags & INSN_MEMORY)
        memory_read(cpu, in->segment, effective_address(cpu, in), 2);
    NEXT_COLD;
}
