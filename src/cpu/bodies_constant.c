/* The commonest forms with their registers as compile-time constants: no operand bytes to load, fixed displacements that the
   host's store forwarding renames, and one more indirect jump per pair of registers to predict by. Chosen at decode by
   constant_body; everything else keeps the general form. */
#include "cpu/constant.h"

#include "cpu/ops_alu.h"
#include "cpu/stack.h"

/* Templates of bodies, laid out as tables. */
// clang-format off

#define EACH_REGISTER(F, ...) \
    F(__VA_ARGS__, 0) F(__VA_ARGS__, 1) F(__VA_ARGS__, 2) F(__VA_ARGS__, 3) F(__VA_ARGS__, 4) F(__VA_ARGS__, 5) F(__VA_ARGS__, 6) \
    F(__VA_ARGS__, 7)
#define EACH_SOURCE(F, ...) \
    F(__VA_ARGS__, 0) F(__VA_ARGS__, 1) F(__VA_ARGS__, 2) F(__VA_ARGS__, 3) F(__VA_ARGS__, 4) F(__VA_ARGS__, 5) F(__VA_ARGS__, 6) \
    F(__VA_ARGS__, 7)

/* Two registers. */
#define RR(name, OP, W, D, S)                                                                         \
    static insn_result name##_rr_##W##_##D##_##S(struct cpu *cpu, const struct insn *in)              \
    {                                                                                                 \
        reg_write(cpu, D, OP(cpu, reg_read(cpu, D, W), reg_read(cpu, S, W), W), W);                   \
        NEXT;                                                                                         \
    }
#define RR_CONSUME(name, OP, W, D, S)                                                                 \
    static insn_result name##_rr_##W##_##D##_##S(struct cpu *cpu, const struct insn *in)              \
    {                                                                                                 \
        OP(cpu, reg_read(cpu, D, W), reg_read(cpu, S, W), W);                                         \
        NEXT;                                                                                         \
    }
#define RR_ENTRY(name, W, D, S) name##_rr_##W##_##D##_##S,
#define RR_SOURCES(FORM, name, OP, W, D) EACH_SOURCE(FORM, name, OP, W, D)
#define RR_ROW(name, W, D) {EACH_SOURCE(RR_ENTRY, name, W, D)},
#define RR_TABLE(FORM, name, OP, W)              \
    EACH_REGISTER(RR_SOURCES, FORM, name, OP, W) \
    static insn_body *const name##_rr_##W##_constant[8][8] = {EACH_REGISTER(RR_ROW, name, W)};

RR_TABLE(RR, mov, op_mov, 32)
RR_TABLE(RR, add, op_add, 32)
RR_TABLE(RR, sub, op_sub, 32)
RR_TABLE(RR, and, op_and, 32)
RR_TABLE(RR, or, op_or, 32)
RR_TABLE(RR, xor, op_xor, 32)
RR_TABLE(RR_CONSUME, cmp, op_cmp, 32)
RR_TABLE(RR_CONSUME, test, op_test, 32)

/* One register, with an immediate or alone. */
#define RI(name, OP, W, D)                                                                            \
    static insn_result name##_ri_##W##_##D(struct cpu *cpu, const struct insn *in)                    \
    {                                                                                                 \
        reg_write(cpu, D, OP(cpu, reg_read(cpu, D, W), in->imm & width_mask(W), W), W);               \
        NEXT;                                                                                         \
    }
#define RI_CONSUME(name, OP, W, D)                                                                    \
    static insn_result name##_ri_##W##_##D(struct cpu *cpu, const struct insn *in)                    \
    {                                                                                                 \
        OP(cpu, reg_read(cpu, D, W), in->imm & width_mask(W), W);                                     \
        NEXT;                                                                                         \
    }
#define RI_ENTRY(name, W, D) name##_ri_##W##_##D,
#define RI_TABLE(FORM, name, OP, W)        \
    EACH_REGISTER(FORM, name, OP, W)       \
    static insn_body *const name##_ri_##W##_constant[8] = {EACH_REGISTER(RI_ENTRY, name, W)};

RI_TABLE(RI, mov, op_mov, 32)
RI_TABLE(RI, add, op_add, 32)
RI_TABLE(RI, sub, op_sub, 32)
RI_TABLE(RI, and, op_and, 32)
RI_TABLE(RI, or, op_or, 32)
RI_TABLE(RI, xor, op_xor, 32)
RI_TABLE(RI_CONSUME, cmp, op_cmp, 32)
RI_TABLE(RI_CONSUME, test, op_test, 32)

#define R_ONE(name, OP, W, D)                                                                         \
    static insn_result name##_r_##W##_##D(struct cpu *cpu, const struct insn *in)                     \
    {                                                                                                 \
        reg_write(cpu, D, OP(cpu, reg_read(cpu, D, W), 0, W), W);                                     \
        NEXT;                                                                                         \
    }
#define R_ENTRY(name, W, D) name##_r_##W##_##D,
#define R_TABLE(name, OP, W)            \
    EACH_REGISTER(R_ONE, name, OP, W)   \
    static insn_body *const name##_r_##W##_constant[8] = {EACH_REGISTER(R_ENTRY, name, W)};

R_TABLE(inc, op_inc, 32)
R_TABLE(dec, op_dec, 32)

/* Flat 32-bit loads and stores: the register constant, and no index to add where there is none. */
extern insn_body mov_rm_32_cold, mov_mr_32_cold, add_rm_32_cold, cmp_rm_32_cold, push_r_32_cold, pop_r_32_cold;

ALWAYS_INLINE uint32_t based_linear(const struct cpu *cpu, const struct insn *in)
{
    return (uint32_t)(cpu->gpr[in->base] + (uint64_t)(int64_t)in->disp);
}

ALWAYS_INLINE uint32_t indexed_linear(const struct cpu *cpu, const struct insn *in)
{
    return (uint32_t)effective_sum(cpu, in);
}

#define LOAD(name, OP, W, LINEAR, D)                                                                  \
    static insn_result name##_load_##LINEAR##_##D(struct cpu *cpu, const struct insn *in)             \
    {                                                                                                 \
        const void *host = hot_read(cpu, LINEAR##_linear(cpu, in), W / 8);                            \
        if (UNLIKELY(!host))                                                                          \
            TAIL(name##_rm_##W##_cold);                                                               \
        reg_write(cpu, D, OP(cpu, reg_read(cpu, D, W), host_load(host, W), W), W);                    \
        NEXT;                                                                                         \
    }
#define STORE(name, W, LINEAR, S)                                                                     \
    static insn_result name##_store_##LINEAR##_##S(struct cpu *cpu, const struct insn *in)            \
    {                                                                                                 \
        void *host = hot_write(cpu, LINEAR##_linear(cpu, in), W / 8);                                 \
        if (UNLIKELY(!host))                                                                          \
            TAIL(name##_mr_##W##_cold);                                                               \
        host_store(host, reg_read(cpu, S, W), W);                                                     \
        NEXT;                                                                                         \
    }
#define LOAD_ENTRY(name, LINEAR, D) name##_load_##LINEAR##_##D,
#define STORE_ENTRY(name, LINEAR, D) name##_store_##LINEAR##_##D,
EACH_REGISTER(LOAD, mov, op_mov, 32, based)
EACH_REGISTER(LOAD, mov, op_mov, 32, indexed)
EACH_REGISTER(LOAD, add, op_add, 32, based)
EACH_REGISTER(LOAD, add, op_add, 32, indexed)
EACH_REGISTER(STORE, mov, 32, based)
EACH_REGISTER(STORE, mov, 32, indexed)
static insn_body *const mov_load_constant[2][8] = {{EACH_REGISTER(LOAD_ENTRY, mov, based)}, {EACH_REGISTER(LOAD_ENTRY, mov, indexed)}};
static insn_body *const add_load_constant[2][8] = {{EACH_REGISTER(LOAD_ENTRY, add, based)}, {EACH_REGISTER(LOAD_ENTRY, add, indexed)}};
static insn_body *const mov_store_constant[2][8] = {{EACH_REGISTER(STORE_ENTRY, mov, based)},
                                                    {EACH_REGISTER(STORE_ENTRY, mov, indexed)}};

#define PUSH_ONE(name, D)                                                                             \
    static insn_result push_r_32_f32_##D(struct cpu *cpu, const struct insn *in)                      \
    {                                                                                                 \
        uint64_t offset = stack_hot_offset(cpu, -4, KIND_F32);                                        \
        void *host = hot_write(cpu, offset, 4);                                                       \
        if (UNLIKELY(!host))                                                                          \
            TAIL(push_r_32_cold);                                                                     \
        host_store(host, cpu->gpr[D], 32);                                                            \
        cpu->gpr[RSP] = offset;                                                                       \
        NEXT;                                                                                         \
    }
#define POP_ONE(name, D)                                                                              \
    static insn_result pop_r_32_f32_##D(struct cpu *cpu, const struct insn *in)                       \
    {                                                                                                 \
        const void *host = stack_hot_top(cpu, KIND_F32, 4);                                           \
        if (UNLIKELY(!host))                                                                          \
            TAIL(pop_r_32_cold);                                                                      \
        uint64_t value = host_load(host, 32);                                                         \
        cpu->gpr[RSP] = stack_hot_offset(cpu, 4, KIND_F32);                                           \
        cpu->gpr[D] = value;                                                                          \
        NEXT;                                                                                         \
    }
EACH_REGISTER(PUSH_ONE, push)
EACH_REGISTER(POP_ONE, pop)
#define STACK_ENTRY(name, D) name##_r_32_f32_##D,
static insn_body *const push_constant[8] = {EACH_REGISTER(STACK_ENTRY, push)};
static insn_body *const pop_constant[8] = {EACH_REGISTER(STACK_ENTRY, pop)};

/* --- choosing ------------------------------------------------------------------------------------------------------------ */

extern insn_body mov_rr_32, add_rr_32, sub_rr_32, and_rr_32, or_rr_32, xor_rr_32, cmp_rr_32, test_rr_32, mov_ri_32, add_ri_32,
    sub_ri_32, and_ri_32, or_ri_32, xor_ri_32, cmp_ri_32, test_ri_32, inc_r_32, dec_r_32, mov_rm_32_f32, mov_mr_32_f32, add_rm_32_f32,
    push_r_32_f32, pop_r_32_f32;

extern insn_body call_32_flat, call_32_page, call_on_flat_32_flat, call_on_flat_32_page;

enum shape { SHAPE_RR, SHAPE_R, SHAPE_LOAD, SHAPE_STORE };

struct choice {
    insn_body *general;
    enum shape shape;
    insn_body *const *constant; /* [8][8], [8] or [2][8] flattened */
};

static const struct choice choices[] = {
    {mov_rr_32, SHAPE_RR, mov_rr_32_constant[0]},   {add_rr_32, SHAPE_RR, add_rr_32_constant[0]},
    {sub_rr_32, SHAPE_RR, sub_rr_32_constant[0]},   {and_rr_32, SHAPE_RR, and_rr_32_constant[0]},
    {or_rr_32, SHAPE_RR, or_rr_32_constant[0]},     {xor_rr_32, SHAPE_RR, xor_rr_32_constant[0]},
    {cmp_rr_32, SHAPE_RR, cmp_rr_32_constant[0]},   {test_rr_32, SHAPE_RR, test_rr_32_constant[0]},
    {mov_ri_32, SHAPE_R, mov_ri_32_constant},       {add_ri_32, SHAPE_R, add_ri_32_constant},
    {sub_ri_32, SHAPE_R, sub_ri_32_constant},       {and_ri_32, SHAPE_R, and_ri_32_constant},
    {or_ri_32, SHAPE_R, or_ri_32_constant},         {xor_ri_32, SHAPE_R, xor_ri_32_constant},
    {cmp_ri_32, SHAPE_R, cmp_ri_32_constant},       {test_ri_32, SHAPE_R, test_ri_32_constant},
    {inc_r_32, SHAPE_R, inc_r_32_constant},         {dec_r_32, SHAPE_R, dec_r_32_constant},
    {push_r_32_f32, SHAPE_R, push_constant},        {pop_r_32_f32, SHAPE_R, pop_constant},
    {mov_rm_32_f32, SHAPE_LOAD, mov_load_constant[0]}, {add_rm_32_f32, SHAPE_LOAD, add_load_constant[0]},
    {mov_mr_32_f32, SHAPE_STORE, mov_store_constant[0]},
};

insn_body *constant_body(const struct insn *in, bool flat_stack)
{
    if (flat_stack && in->body == call_32_flat)
        return call_on_flat_32_flat;
    if (flat_stack && in->body == call_32_page)
        return call_on_flat_32_page;
    for (size_t i = 0; i < ARRAY_LENGTH(choices); i++) {
        const struct choice *choice = &choices[i];
        unsigned indexed = in->index != GPR_ZERO;

        if (choice->general != in->body)
            continue;
        switch (choice->shape) {
        case SHAPE_RR: return in->dst < 8 && in->src < 8 ? choice->constant[8 * in->dst + in->src] : in->body;
        case SHAPE_R: return in->dst < 8 ? choice->constant[in->dst] : in->body;
        case SHAPE_LOAD: return in->dst < 8 ? choice->constant[8 * indexed + in->dst] : in->body;
        case SHAPE_STORE: return in->src < 8 ? choice->constant[8 * indexed + in->src] : in->body;
        }
    }
    return in->body;
}
