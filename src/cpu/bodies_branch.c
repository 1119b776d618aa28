/* Near control transfer: Jcc, JMP, CALL, RET, LOOP, JCXZ. */
#include "cpu/branch.h"
#include "cpu/stack.h"

/* A branch target beyond the code segment's limit raises #GP(0) before anything is committed (SDM 2 JMP). */
static _Noreturn void raise_target(struct cpu *cpu, uint64_t target)
{
    raise_exception(cpu, VECTOR_GP, 0, cpu_code64(cpu) ? REASON_GP_RIP_CANONICAL : REASON_GP_TARGET_LIMIT, target,
                    cpu->segment[CS].limit);
}

static NOINLINE void check_target(struct cpu *cpu, const struct insn *in, uint64_t target, unsigned width)
{
    cpu->in = in;
    if (!branch_target_ok(cpu, target, width))
        raise_target(cpu, target);
}

ALWAYS_INLINE uint64_t branch_target(const struct cpu *cpu, const struct insn *in, unsigned width)
{
    return (cpu->rip_base + (uint64_t)(int64_t)in->disp) & width_mask(width);
}

#define CHECK_TARGET(W, KIND)                                                                       \
    do {                                                                                            \
        if (((KIND) == BRANCH_CHECKED || ((W) == 64 && (KIND) != BRANCH_PAGE)) &&                   \
            UNLIKELY(!branch_target_ok(cpu, branch_target(cpu, in, W), W)))                         \
            check_target(cpu, in, branch_target(cpu, in, W), W);                                    \
    } while (0)

#define EACH_BRANCH_FORM(FORM, ...)                   \
    FORM(__VA_ARGS__, 16, checked, BRANCH_CHECKED)    \
    FORM(__VA_ARGS__, 16, flat, BRANCH_FLAT)          \
    FORM(__VA_ARGS__, 16, page, BRANCH_PAGE)          \
    FORM(__VA_ARGS__, 32, checked, BRANCH_CHECKED)    \
    FORM(__VA_ARGS__, 32, flat, BRANCH_FLAT)          \
    FORM(__VA_ARGS__, 32, page, BRANCH_PAGE)          \
    FORM(__VA_ARGS__, 64, checked, BRANCH_CHECKED)    \
    FORM(__VA_ARGS__, 64, flat, BRANCH_FLAT)          \
    FORM(__VA_ARGS__, 64, page, BRANCH_PAGE)

#define JCC(name, CODE, W, K, KIND)          \
    BODY(name##_##W##_##K)                   \
    {                                        \
        if (!flags_condition(cpu, CODE))     \
            NEXT;                            \
        CHECK_TARGET(W, KIND);               \
        BRANCH_TO_LINK(W, KIND);             \
    }
EACH_BRANCH_FORM(JCC, jo, 0x0)
EACH_BRANCH_FORM(JCC, jno, 0x1)
EACH_BRANCH_FORM(JCC, jb, 0x2)
EACH_BRANCH_FORM(JCC, jnb, 0x3)
EACH_BRANCH_FORM(JCC, jz, 0x4)
EACH_BRANCH_FORM(JCC, jnz, 0x5)
EACH_BRANCH_FORM(JCC, jbe, 0x6)
EACH_BRANCH_FORM(JCC, jnbe, 0x7)
EACH_BRANCH_FORM(JCC, js, 0x8)
EACH_BRANCH_FORM(JCC, jns, 0x9)
EACH_BRANCH_FORM(JCC, jp, 0xa)
EACH_BRANCH_FORM(JCC, jnp, 0xb)
EACH_BRANCH_FORM(JCC, jl, 0xc)
EACH_BRANCH_FORM(JCC, jnl, 0xd)
EACH_BRANCH_FORM(JCC, jle, 0xe)
EACH_BRANCH_FORM(JCC, jnle, 0xf)

#define JMP(name, W, K, KIND)        \
    BODY(name##_##W##_##K)           \
    {                                \
        CHECK_TARGET(W, KIND);       \
        BRANCH_TO_LINK(W, KIND);     \
    }
EACH_BRANCH_FORM(JMP, jmp)

/* LOOP, LOOPE, LOOPNE, JCXZ: the counter has the address size; it is written back only when the branch cannot fault. */
ALWAYS_INLINE uint64_t counter_minus_one(const struct cpu *cpu, const struct insn *in)
{
    return (cpu->gpr[RCX] - 1) & address_mask(in);
}

ALWAYS_INLINE void counter_set(struct cpu *cpu, const struct insn *in, uint64_t counter)
{
    uint64_t mask = address_mask(in);

    cpu->gpr[RCX] = mask == 0xffff ? (cpu->gpr[RCX] & ~mask) | counter : counter;
}

#define LOOP(name, CONDITION, W, K, KIND)                   \
    BODY(name##_##W##_##K)                                  \
    {                                                       \
        uint64_t counter = counter_minus_one(cpu, in);      \
        if (!(counter && (CONDITION))) {                    \
            counter_set(cpu, in, counter);                  \
            NEXT;                                           \
        }                                                   \
        CHECK_TARGET(W, KIND);                              \
        counter_set(cpu, in, counter);                      \
        BRANCH_TO_LINK(W, KIND);                            \
    }
EACH_BRANCH_FORM(LOOP, loop, true)
EACH_BRANCH_FORM(LOOP, loopz, flag_zf(cpu))
EACH_BRANCH_FORM(LOOP, loopnz, !flag_zf(cpu))

#define JCXZ(name, W, K, KIND)                              \
    BODY(name##_##W##_##K)                                  \
    {                                                       \
        if (cpu->gpr[RCX] & address_mask(in))               \
            NEXT;                                           \
        CHECK_TARGET(W, KIND);                              \
        BRANCH_TO_LINK(W, KIND);                            \
    }
EACH_BRANCH_FORM(JCXZ, jcxz)

/* --- CALL and RET -------------------------------------------------------------------------------------------------------- */

static NOINLINE void call_push_slow(struct cpu *cpu, const struct insn *in, uint64_t return_rip, unsigned size)
{
    cpu->in = in;
    stack_push(cpu, return_rip, size);
}

/* STACK_KIND: a call's stack is flat where the whole data side is (call_flat, chosen by constant_body), 64-bit for width 64, else
   whatever SS is. */
#define CALL_STACK(name, STACK_KIND, W, K, KIND)                                                              \
    BODY(name##_##W##_##K##_cold)                                                                             \
    {                                                                                                         \
        call_push_slow(cpu, in, (cpu->rip_base + in->offset + in->length) & width_mask(W), W / 8);            \
        if (cpu->leave)                                                                                       \
            LEAVE_TO(branch_target(cpu, in, W));                                                              \
        BRANCH_TO_LINK(W, KIND);                                                                              \
    }                                                                                                         \
    BODY(name##_##W##_##K)                                                                                    \
    {                                                                                                         \
        CHECK_TARGET(W, KIND);                                                                                \
        uint64_t offset = stack_hot_offset(cpu, -(int64_t)(W / 8), STACK_KIND);                               \
        void *host = hot_write(cpu, stack_hot_linear(cpu, offset, STACK_KIND, W / 8, true), W / 8);           \
        if (UNLIKELY(!host))                                                                                  \
            TAIL(name##_##W##_##K##_cold);                                                                    \
        host_store(host, (cpu->rip_base + in->offset + in->length) & width_mask(W), W);                       \
        stack_hot_set(cpu, offset, STACK_KIND);                                                               \
        BRANCH_TO_LINK(W, KIND);                                                                              \
    }
#define CALL(name, W, K, KIND) CALL_STACK(name, (W == 64 ? KIND_F64 : KIND_SEG), W, K, KIND)
EACH_BRANCH_FORM(CALL, call)
CALL_STACK(call_on_flat, KIND_F32, 32, flat, BRANCH_FLAT)
CALL_STACK(call_on_flat, KIND_F32, 32, page, BRANCH_PAGE)

/* What RET finds on the stack, checked, RSP not yet moved. */
static NOINLINE uint64_t ret_slow(struct cpu *cpu, const struct insn *in, unsigned size)
{
    uint64_t target;

    cpu->in = in;
    target = stack_peek(cpu, 0, size);
    if (!branch_target_ok(cpu, target, 8 * size))
        raise_target(cpu, target);
    return target;
}

#define RET(name, RELEASE, W, K, KIND)                                                         \
    BODY(name##_##W##_##K##_cold)                                                              \
    {                                                                                          \
        uint64_t target = ret_slow(cpu, in, W / 8);                                            \
        stack_hot_set(cpu, stack_hot_offset(cpu, (int64_t)(W / 8 + (RELEASE)), KIND), KIND);   \
        LEAVE_TO(target);                                                                      \
    }                                                                                          \
    BODY(name##_##W##_##K)                                                                     \
    {                                                                                          \
        const void *host = stack_hot_top(cpu, KIND, W / 8);                                    \
        uint64_t target = LIKELY(host) ? host_load(host, W) : LINEAR_NONE;                     \
        if (UNLIKELY(!branch_target_ok(cpu, target, W)))                                       \
            TAIL(name##_##W##_##K##_cold);                                                     \
        stack_hot_set(cpu, stack_hot_offset(cpu, (int64_t)(W / 8 + (RELEASE)), KIND), KIND);   \
        BRANCH_INDIRECT(target);                                                               \
    }
#define RET_PLAIN(W, K, KIND) RET(ret, 0, W, K, KIND)
#define RET_IMM(W, K, KIND) RET(ret_imm, in->imm, W, K, KIND)
STACK_FORMS(RET_PLAIN)
STACK_FORMS(RET_IMM)

/* --- indirect JMP and CALL ------------------------------------------------------------------------------------------------ */

static NOINLINE uint64_t indirect_slow(struct cpu *cpu, const struct insn *in, unsigned size)
{
    cpu->in = in;
    return memory_read(cpu, in->segment, effective_address(cpu, in), size);
}

/* Linear address of the operand where the hot road may take it, whatever the mode: flat modes have segment bases of 0. */
ALWAYS_INLINE uint64_t indirect_hot_linear(const struct cpu *cpu, const struct insn *in, unsigned width)
{
    return width == 64 ? (in->segment < FS ? effective_address(cpu, in) : LINEAR_NONE)
                       : hot_linear(cpu, in, KIND_SEG, width / 8, false);
}

#define INDIRECT_TARGET(W)                                                                            \
    uint64_t target;                                                                                  \
    if (in->flags & INSN_MEMORY) {                                                                    \
        const void *host = hot_read(cpu, indirect_hot_linear(cpu, in, W), W / 8);                     \
        target = LIKELY(host) ? host_load(host, W) : indirect_slow(cpu, in, W / 8);                   \
    } else {                                                                                          \
        target = reg_read(cpu, in->dst, W);                                                           \
    }                                                                                                 \
    if (UNLIKELY(!branch_target_ok(cpu, target, W)))                                                  \
        check_target(cpu, in, target, W)

#define JMP_INDIRECT(W)                 \
    BODY(jmp_indirect_##W)              \
    {                                   \
        INDIRECT_TARGET(W);             \
        if (UNLIKELY(cpu->leave))       \
            LEAVE_TO(target);           \
        BRANCH_INDIRECT(target);        \
    }
JMP_INDIRECT(16)
JMP_INDIRECT(32)
JMP_INDIRECT(64)

#define CALL_INDIRECT(W)                                                                                    \
    BODY(call_indirect_##W)                                                                                 \
    {                                                                                                       \
        const unsigned stack_kind = W == 64 ? KIND_F64 : KIND_SEG;                                          \
        INDIRECT_TARGET(W);                                                                                 \
        uint64_t offset = stack_hot_offset(cpu, -(int64_t)(W / 8), stack_kind);                             \
        uint64_t return_rip = (cpu->rip_base + in->offset + in->length) & width_mask(W);                    \
        void *host = hot_write(cpu, stack_hot_linear(cpu, offset, stack_kind, W / 8, true), W / 8);         \
        if (UNLIKELY(!host)) {                                                                              \
            call_push_slow(cpu, in, return_rip, W / 8);                                                     \
        } else {                                                                                            \
            host_store(host, return_rip, W);                                                                \
            stack_hot_set(cpu, offset, stack_kind);                                                         \
        }                                                                                                   \
        if (UNLIKELY(cpu->leave))                                                                           \
            LEAVE_TO(target);                                                                               \
        BRANCH_INDIRECT(target);                                                                            \
    }
CALL_INDIRECT(16)
CALL_INDIRECT(32)
CALL_INDIRECT(64)
