/* MOV, LEA, MOVZX, MOVSX: no flags. */
#include "cpu/ops_alu.h"

#define FAMILY_MOVE_W(name, OP, W)              \
    TEMPLATE_RR(name, OP, W)                    \
    TEMPLATE_RI(name, OP, W)                    \
    FORM_RM(name, OP, W)                        \
    FORM_STORE(name, mr, OP, W, SOURCE_REG)     \
    FORM_STORE(name, mi, OP, W, SOURCE_IMM)
EACH_WIDTH(FAMILY_MOVE_W, mov, op_mov)

/* SDM 2 LEA: the offset is cut first to the address size, then to the operand size. */
#define LEA(W)                                                              \
    BODY(lea_##W)                                                           \
    {                                                                       \
        reg_write(cpu, in->dst, effective_address(cpu, in), W);             \
        NEXT;                                                               \
    }
LEA(16)
LEA(32)
LEA(64)

/* Extending moves: the source has width FROM, the destination W. */
#define EXTEND_HOT(name, EXTEND, FROM, W, K, KIND)                                                     \
    BODY(name##_rm_##W##_##K)                                                                          \
    {                                                                                                  \
        const void *host = hot_read(cpu, hot_linear(cpu, in, KIND, FROM / 8, false), FROM / 8);        \
        if (UNLIKELY(!host))                                                                           \
            TAIL(name##_rm_##W##_cold);                                                                \
        reg_write(cpu, in->dst, EXTEND(host_load(host, FROM), FROM), W);                               \
        NEXT;                                                                                          \
    }
#define EXTEND_W(name, EXTEND, FROM, W)                                                                \
    BODY(name##_rr_##W)                                                                                \
    {                                                                                                  \
        reg_write(cpu, in->dst, EXTEND(reg_read(cpu, in->src, FROM), FROM), W);                        \
        NEXT;                                                                                          \
    }                                                                                                  \
    BODY(name##_rm_##W##_cold)                                                                         \
    {                                                                                                  \
        cpu->in = in;                                                                                  \
        uint64_t value = memory_read(cpu, in->segment, effective_address(cpu, in), FROM / 8);          \
        reg_write(cpu, in->dst, EXTEND(value, FROM), W);                                               \
        NEXT_COLD;                                                                                     \
    }                                                                                                  \
    EXTEND_HOT(name, EXTEND, FROM, W, seg, KIND_SEG)                                                   \
    EXTEND_HOT(name, EXTEND, FROM, W, f32, KIND_F32)                                                   \
    EXTEND_HOT(name, EXTEND, FROM, W, f64, KIND_F64)
#define EXTEND_FAMILY(name, EXTEND, FROM)  \
    EXTEND_W(name, EXTEND, FROM, 16)       \
    EXTEND_W(name, EXTEND, FROM, 32)       \
    EXTEND_W(name, EXTEND, FROM, 64)

ALWAYS_INLINE uint64_t zero_extend(uint64_t value, unsigned width)
{
    return value & width_mask(width);
}

EXTEND_FAMILY(movzx8, zero_extend, 8)
EXTEND_FAMILY(movzx16, zero_extend, 16)
EXTEND_FAMILY(movsx8, sign_extend, 8)
EXTEND_FAMILY(movsx16, sign_extend, 16)
EXTEND_W(movsxd, sign_extend, 16, 16) /* 66: a plain move of 16 bits */
EXTEND_W(movsxd, sign_extend, 32, 32)
EXTEND_W(movsxd, sign_extend, 32, 64)

/* MOV with an offset of 64 bits, which stands where immediates do. */
#define MOVE_OFFSET(W)                                                                         \
    BODY(mov_load_offset_##W)                                                                  \
    {                                                                                          \
        cpu->in = in;                                                                          \
        reg_write(cpu, RAX, memory_read(cpu, in->segment, in->imm, W / 8), W);                 \
        NEXT_COLD;                                                                             \
    }                                                                                          \
    BODY(mov_store_offset_##W)                                                                 \
    {                                                                                          \
        cpu->in = in;                                                                          \
        memory_write(cpu, in->segment, in->imm, reg_read(cpu, RAX, W), W / 8);                 \
        NEXT_COLD;                                                                             \
    }
MOVE_OFFSET(8)
MOVE_OFFSET(16)
MOVE_OFFSET(32)
MOVE_OFFSET(64)
