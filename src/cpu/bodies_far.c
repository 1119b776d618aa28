/* Far JMP, CALL, RETF, IRET, INT, INTO, BOUND: operands fetched here, the transfer itself in transfer.c and interrupt.c. */
#include "cpu/system_body.h"

#define FAR_IMMEDIATE(name, transfer, W)                                   \
    BODY(name##_far_immediate_##W)                                         \
    {                                                                      \
        cpu->in = in;                                                      \
        transfer(cpu, (uint16_t)(in->imm >> 32), in->imm & 0xffffffff, W); \
        LEAVE_FAR;                                                         \
    }
EACH_OPERAND_SIZE(FAR_IMMEDIATE, jmp, far_jump)
EACH_OPERAND_SIZE(FAR_IMMEDIATE, call, far_call)

struct far_pointer {
    uint64_t offset;
    uint16_t selector;
};

static NOINLINE struct far_pointer read_far_pointer(struct cpu *cpu, const struct insn *in, unsigned width)
{
    uint64_t address = effective_address(cpu, in);
    struct far_pointer pointer;

    cpu->in = in;
    pointer.offset = memory_read(cpu, in->segment, address, width / 8);
    pointer.selector = (uint16_t)memory_read(cpu, in->segment, (address + width / 8) & address_mask(in), 2);
    return pointer;
}

#define FAR_MEMORY(name, transfer, W)                              \
    BODY(name##_far_memory_##W)                                    \
    {                                                              \
        struct far_pointer pointer = read_far_pointer(cpu, in, W); \
        transfer(cpu, pointer.selector, pointer.offset, W);        \
        LEAVE_FAR;                                                 \
    }
EACH_OPERAND_SIZE(FAR_MEMORY, jmp, far_jump)
EACH_OPERAND_SIZE(FAR_MEMORY, call, far_call)

#define RET_FAR(name, release, W)    \
    BODY(name##_##W)                 \
    {                                \
        cpu->in = in;                \
        far_return(cpu, W, release); \
        LEAVE_FAR;                   \
    }
EACH_OPERAND_SIZE(RET_FAR, ret_far, 0)
EACH_OPERAND_SIZE(RET_FAR, ret_far_release, (uint16_t)in->imm)

#define IRET(name, W)             \
    BODY(name##_##W)              \
    {                             \
        cpu->in = in;             \
        interrupt_return(cpu, W); \
        LEAVE_FAR;                \
    }
EACH_OPERAND_SIZE(IRET, iret)

/* --- software interrupts -------------------------------------------------------------------------------------------- */

BODY(int_n)
{
    cpu->in = in;
    interrupt_deliver(cpu, (uint8_t)in->imm, EVENT_SOFTWARE, false, 0, body_next_rip(cpu, in));
    LEAVE_FAR;
}

BODY(int3)
{
    cpu->in = in;
    interrupt_deliver(cpu, VECTOR_BP, EVENT_SOFTWARE_EXCEPTION, false, 0, body_next_rip(cpu, in));
    LEAVE_FAR;
}

BODY(into)
{
    if (!flag_of(cpu))
        LEAVE_AFTER;
    cpu->in = in;
    interrupt_deliver(cpu, VECTOR_OF, EVENT_SOFTWARE_EXCEPTION, false, 0, body_next_rip(cpu, in));
    LEAVE_FAR;
}

/* INT1 is delivered like an exception: no check of the gate's DPL, EXT set in error codes (SDM 2 INT n). */
BODY(int1)
{
    cpu->in = in;
    cpu->delivering = true;
    cpu->delivering_vector = VECTOR_DB;
    cpu->delivering_kind = EVENT_EXCEPTION;
    interrupt_deliver(cpu, VECTOR_DB, EVENT_EXCEPTION, false, 0, body_next_rip(cpu, in));
    cpu->delivering = false;
    LEAVE_FAR;
}

/* --- BOUND ---------------------------------------------------------------------------------------------------------- */

static NOINLINE void check_bounds(struct cpu *cpu, const struct insn *in, unsigned width)
{
    uint64_t address = effective_address(cpu, in);
    int64_t index = (int64_t)sign_extend(reg_read(cpu, in->dst, width), width);
    int64_t lower, upper;

    cpu->in = in;
    lower = (int64_t)sign_extend(memory_read(cpu, in->segment, address, width / 8), width);
    upper = (int64_t)sign_extend(memory_read(cpu, in->segment, (address + width / 8) & address_mask(in), width / 8), width);
    if (index < lower || index > upper)
        raise_exception(cpu, VECTOR_BR, 0, REASON_BR_RANGE, (uint64_t)index, (uint64_t)upper);
}

#define BOUND(name, W)            \
    BODY(name##_##W)              \
    {                             \
        check_bounds(cpu, in, W); \
        NEXT_COLD;                \
    }
EACH_OPERAND_SIZE(BOUND, bound)
