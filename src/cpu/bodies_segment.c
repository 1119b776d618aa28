/* Segment registers: MOV, PUSH, POP and LDS, LES, LSS, LFS, LGS (SDM 2 by mnemonic). */
#include "cpu/system_body.h"

/* --- PUSH: 32-bit forms write 16 bits and leave the upper half, since the 80386 (SDM 2 PUSH) --- */

static NOINLINE void push_segment(struct cpu *cpu, const struct insn *in, unsigned index, unsigned width)
{
    uint64_t offset = stack_offset(cpu, -(int64_t)(width / 8));

    cpu->in = in;
    memory_write(cpu, SS, offset, cpu->segment[index].selector, width == 64 ? 8 : 2);
    stack_set(cpu, offset);
}

#define PUSH_SEGMENT(name, index, W)     \
    BODY(push_##name##_##W)              \
    {                                    \
        push_segment(cpu, in, index, W); \
        NEXT_COLD;                       \
    }
EACH_OPERAND_SIZE(PUSH_SEGMENT, es, ES)
EACH_OPERAND_SIZE(PUSH_SEGMENT, cs, CS)
EACH_OPERAND_SIZE(PUSH_SEGMENT, ss, SS)
EACH_OPERAND_SIZE(PUSH_SEGMENT, ds, DS)
EACH_OPERAND_SIZE(PUSH_SEGMENT, fs, FS)
EACH_OPERAND_SIZE(PUSH_SEGMENT, gs, GS)

/* --- POP ------------------------------------------------------------------------------------------------------------ */

static NOINLINE void pop_segment(struct cpu *cpu, const struct insn *in, unsigned index, unsigned width)
{
    uint64_t mask = cpu->stack_mask;
    uint64_t rsp = cpu->gpr[RSP] + width / 8; /* by the size of the stack it was popped from */

    cpu->in = in;
    segment_load(cpu, index, (uint16_t)stack_peek(cpu, 0, width / 8));
    cpu->gpr[RSP] = mask == 0xffff ? (cpu->gpr[RSP] & ~mask) | (rsp & mask) : rsp & mask;
}

#define POP_SEGMENT(name, index, W)     \
    BODY(pop_##name##_##W)              \
    {                                   \
        uint32_t key = cpu->mode_key;   \
        pop_segment(cpu, in, index, W); \
        if (cpu->model->level == 0)     \
            TAIL(segment_loaded_8086);  \
        NEXT_IF_KEY(key);               \
    }

/* The 8086 holds interrupts back after any load of a segment register, later ones after SS only. */
BODY(segment_loaded_8086)
{
    cpu->inhibit = INHIBIT_MOV_SS;
    LEAVE_AFTER;
}

EACH_OPERAND_SIZE(POP_SEGMENT, es, ES)
EACH_OPERAND_SIZE(POP_SEGMENT, ds, DS)
EACH_OPERAND_SIZE(POP_SEGMENT, fs, FS)
EACH_OPERAND_SIZE(POP_SEGMENT, gs, GS)

#define POP_SS(name, W)                \
    BODY(pop_##name##_##W)             \
    {                                  \
        pop_segment(cpu, in, SS, W);   \
        cpu->inhibit = INHIBIT_MOV_SS; \
        LEAVE_AFTER;                   \
    }
EACH_OPERAND_SIZE(POP_SS, ss)

/* 8086 only: the prefetch queue's next bytes still come from the old CS on silicon; execution goes on at the new one. */
#define POP_CS(name, W)                \
    BODY(pop_##name##_##W)             \
    {                                  \
        pop_segment(cpu, in, CS, W);   \
        cpu->inhibit = INHIBIT_MOV_SS; \
        LEAVE_AFTER;                   \
    }
EACH_OPERAND_SIZE(POP_CS, cs)

/* --- MOV ------------------------------------------------------------------------------------------------------------ */

/* The register that the ModRM.reg field names: the 8086 and 80186 decode two bits of it, later ones raise #UD for what is
 * not there. */
static unsigned segment_number(struct cpu *cpu, unsigned field)
{
    unsigned count = cpu->model->level < 3 ? 4 : SEGMENT_COUNT;

    if (cpu->model->level < 2)
        return field & 3;
    if (field >= count)
        raise_exception(cpu, VECTOR_UD, 0, REASON_UD_SEGMENT, field, 0);
    return field;
}

static NOINLINE void move_from_segment(struct cpu *cpu, const struct insn *in, unsigned width)
{
    cpu->in = in;
    operand_store_word(cpu, in, cpu->segment[segment_number(cpu, in->src & 7)].selector, width);
}

#define MOV_FROM_SEGMENT(name, W)      \
    BODY(mov_from_##name##_##W)        \
    {                                  \
        move_from_segment(cpu, in, W); \
        NEXT_COLD;                     \
    }
EACH_OPERAND_SIZE(MOV_FROM_SEGMENT, segment)

static NOINLINE unsigned move_to_segment(struct cpu *cpu, const struct insn *in)
{
    unsigned index;

    cpu->in = in;
    index = segment_number(cpu, in->dst & 7);
    if (index == CS && cpu->model->level > 0)
        raise_exception(cpu, VECTOR_UD, 0, REASON_UD_SEGMENT, index, 0);
    segment_load(cpu, index, operand_word(cpu, in, in->src));
    return index;
}

BODY(mov_to_segment)
{
    uint32_t key = cpu->mode_key;
    unsigned index = move_to_segment(cpu, in);

    if (index == SS || cpu->model->level == 0) {
        cpu->inhibit = INHIBIT_MOV_SS;
        LEAVE_AFTER;
    }
    NEXT_IF_KEY(key);
}

/* --- LDS and its kind ----------------------------------------------------------------------------------------------- */

static NOINLINE void load_pointer(struct cpu *cpu, const struct insn *in, unsigned index, unsigned width)
{
    uint64_t address = effective_address(cpu, in);
    uint64_t offset;
    uint16_t selector;

    cpu->in = in;
    offset = memory_read(cpu, in->segment, address, width / 8);
    selector = (uint16_t)memory_read(cpu, in->segment, (address + width / 8) & address_mask(in), 2);
    segment_load(cpu, index, selector);
    reg_write(cpu, in->dst, offset, width);
}

#define LOAD_POINTER(name, index, W)     \
    BODY(name##_##W)                     \
    {                                    \
        uint32_t key = cpu->mode_key;    \
        load_pointer(cpu, in, index, W); \
        NEXT_IF_KEY(key);                \
    }
EACH_OPERAND_SIZE(LOAD_POINTER, les, ES)
EACH_OPERAND_SIZE(LOAD_POINTER, lds, DS)
EACH_OPERAND_SIZE(LOAD_POINTER, lss, SS)
EACH_OPERAND_SIZE(LOAD_POINTER, lfs, FS)
EACH_OPERAND_SIZE(LOAD_POINTER, lgs, GS)
