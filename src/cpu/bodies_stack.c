/* PUSH and POP of registers, immediates and memory. */
#include "cpu/stack.h"

/* Templates of bodies, laid out as tables. */
// clang-format off

#define PUSH_COLD(name, W, SOURCE)                                   \
    BODY(name##_##W##_cold)                                          \
    {                                                                \
        cpu->in = in;                                                \
        stack_push(cpu, SOURCE, W / 8);                              \
        NEXT_COLD;                                                   \
    }
#define PUSH_HOT(name, W, K, KIND, SOURCE)                           \
    BODY(name##_##W##_##K)                                           \
    {                                                                \
        uint64_t offset = stack_hot_offset(cpu, -(int64_t)(W / 8), KIND), value = SOURCE; \
        void *host = hot_write(cpu, stack_hot_linear(cpu, offset, KIND, W / 8, true), W / 8); \
        if (UNLIKELY(!host))                                         \
            TAIL(name##_##W##_cold);                                 \
        host_store(host, value, W);                                  \
        stack_hot_set(cpu, offset, KIND);                            \
        NEXT;                                                        \
    }

PUSH_COLD(push_r, 16, cpu->gpr[in->dst])
PUSH_COLD(push_r, 32, cpu->gpr[in->dst])
PUSH_COLD(push_r, 64, cpu->gpr[in->dst])
#define PUSH_R(W, K, KIND) PUSH_HOT(push_r, W, K, KIND, cpu->gpr[in->dst])
STACK_FORMS(PUSH_R)

PUSH_COLD(push_i, 16, in->imm)
PUSH_COLD(push_i, 32, in->imm)
PUSH_COLD(push_i, 64, in->imm)
#define PUSH_I(W, K, KIND) PUSH_HOT(push_i, W, K, KIND, in->imm)
STACK_FORMS(PUSH_I)

/* The 8086 and 80186 push SP as it is after the push (SDM 3B 22.17). */
BODY(push_r_8086)
{
    cpu->in = in;
    stack_push(cpu, cpu->gpr[in->dst] - (in->dst == RSP ? 2 : 0), 2);
    NEXT_COLD;
}

#define POP_COLD(W)                                                  \
    BODY(pop_r_##W##_cold)                                           \
    {                                                                \
        cpu->in = in;                                                \
        uint64_t value = stack_pop(cpu, W / 8);                      \
        reg_write(cpu, in->dst, value, W);                           \
        NEXT_COLD;                                                   \
    }
POP_COLD(16)
POP_COLD(32)
POP_COLD(64)
#define POP_R(W, K, KIND)                                            \
    BODY(pop_r_##W##_##K)                                            \
    {                                                                \
        const void *host = stack_hot_top(cpu, KIND, W / 8);          \
        if (UNLIKELY(!host))                                         \
            TAIL(pop_r_##W##_cold);                                  \
        uint64_t value = host_load(host, W);                         \
        stack_hot_set(cpu, stack_hot_offset(cpu, W / 8, KIND), KIND); \
        reg_write(cpu, in->dst, value, W);                           \
        NEXT;                                                        \
    }
STACK_FORMS(POP_R)

/* PUSH r/m: the operand is read before the stack pointer moves; with SP as operand, its old value (from the 286 on). */
#define PUSH_E(W)                                                                                        \
    BODY(push_e_##W)                                                                                     \
    {                                                                                                    \
        cpu->in = in;                                                                                    \
        uint64_t value = in->flags & INSN_MEMORY ? memory_read(cpu, in->segment, effective_address(cpu, in), W / 8) \
                                                 : reg_read(cpu, in->dst, W);                            \
        if (!(in->flags & INSN_MEMORY) && in->dst == RSP && cpu->model->level < 2)                       \
            value -= 2;                                                                                  \
        stack_push(cpu, value, W / 8);                                                                   \
        NEXT_COLD;                                                                                       \
    }
PUSH_E(16)
PUSH_E(32)
PUSH_E(64)

/* POP r/m: an address that uses RSP uses it after the increment (SDM 2 POP); a failing store leaves RSP as it was. */
#define POP_E(W)                                                                                         \
    BODY(pop_e_##W)                                                                                      \
    {                                                                                                    \
        cpu->in = in;                                                                                    \
        uint64_t value = stack_peek(cpu, 0, W / 8), before = cpu->gpr[RSP];                              \
        if (!(in->flags & INSN_MEMORY)) {                                                                \
            stack_set(cpu, stack_offset(cpu, W / 8));                                                    \
            reg_write(cpu, in->dst, value, W);                                                           \
            NEXT_COLD;                                                                                   \
        }                                                                                                \
        stack_set(cpu, stack_offset(cpu, W / 8));                                                        \
        uint64_t offset = effective_address(cpu, in), after = cpu->gpr[RSP];                             \
        cpu->gpr[RSP] = before;                                                                          \
        memory_write(cpu, in->segment, offset, value, W / 8);                                            \
        cpu->gpr[RSP] = after;                                                                           \
        NEXT_COLD;                                                                                       \
    }
POP_E(16)
POP_E(32)
POP_E(64)
