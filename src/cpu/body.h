/* What instruction bodies are written with: dispatch, operands, templates for operand forms and widths.

   A body is written once, as an always-inline function of values (alu_*), or as BODY(name) { ... }. The templates below give
   each operand form and width its function, in a hot version per address kind and a cold twin:

     name_rr_W        destination register, source register
     name_ri_W        destination register, immediate
     name_rm_W_K      destination register, source memory      K: seg, f32, f64 (hot) or cold
     name_mr_W_K      destination memory, source register
     name_mi_W_K      destination memory, immediate
     name_r_W, name_m_W_K   one operand

   A hot body probes the TLB in line; a miss tail-calls the cold twin, so that the hot body has no stack frame and the address
   of no local escapes (GCC 12 then keeps the tail call). The cold twin sets cpu->in, takes the slow road, and returns to the
   loop if the slow path asked for it (cpu->leave). */
#ifndef TRUEBOX_CPU_BODY_H
#define TRUEBOX_CPU_BODY_H

#include "cpu/access.h"
#include "cpu/flags.h"
#include "cpu/insn.h"
#include "cpu/raise.h"
#include "cpu/tlb.h"

#define BODY(name)                                               \
    insn_result name(struct cpu *cpu, const struct insn *in);    \
    insn_result name(struct cpu *cpu, const struct insn *in)

#if TRUEBOX_TAIL_DISPATCH
#define GO(record) return (record)->body(cpu, record)
#define LEAVE return
#define TAIL(function) return function(cpu, in)
#else
#define GO(record) return record
#define LEAVE return NULL
#define TAIL(function) return function(cpu, in)
#endif

/* On to the record behind this one. */
#define NEXT GO(in + 1)

/* Back to the loop, the instruction done, execution going on at `target` (a RIP). */
#define LEAVE_TO(target)                    \
    do {                                    \
        body_leave_to(cpu, in, (target));   \
        LEAVE;                              \
    } while (0)

/* Back to the loop behind this instruction: for everything that changes modes, IF, deadlines (rows marked SYNC). */
#define LEAVE_AFTER LEAVE_TO(body_next_rip(cpu, in))

/* Back to the loop to repeat this instruction (REP interrupted), `counts` of it having been executed beyond none. */
#define LEAVE_AT(counts)                                             \
    do {                                                             \
        cpu->budget += (int64_t)in->left - (int64_t)(counts);        \
        cpu->rip = insn_rip(cpu, in);                                \
        cpu->in = NULL;                                              \
        LEAVE;                                                       \
    } while (0)

/* At the end of a cold twin or of a body that used slow paths. */
#define NEXT_COLD                 \
    do {                          \
        if (UNLIKELY(cpu->leave)) \
            LEAVE_AFTER;          \
        NEXT;                     \
    } while (0)

/* Whether the loop would only come straight back: nothing to deliver, no event moved up, no trap, nobody asking. With it, rows that
   may change any of that (ports, IF, far transfers) go on in the trace. */
ALWAYS_INLINE bool body_may_go_on(const struct cpu *cpu)
{
    return cpu->budget >= 0 && !cpu->leave && !cpu->attention && !cpu->pending_debug && !cpu->init_pending && !cpu->nmi_pending &&
           !(cpu->intr && (cpu->eflags & FLAG_IF)) && !(cpu->eflags & (FLAG_TF | FLAG_RF)) && !cpu->inhibit &&
           schedule_deadline(cpu->schedule) >= cpu->deadline;
}

/* On to the next record if nothing speaks against it, else back to the loop. */
#define NEXT_OR_LEAVE                        \
    do {                                     \
        if (UNLIKELY(!body_may_go_on(cpu)))  \
            LEAVE_AFTER;                     \
        NEXT;                                \
    } while (0)

/* After something that may have changed the mode key: stays in the trace only if it did not. `key` is the key before. */
#define NEXT_IF_KEY(key)                                    \
    do {                                                    \
        if (UNLIKELY(cpu->leave || cpu->mode_key != (key))) \
            LEAVE_AFTER;                                    \
        NEXT;                                               \
    } while (0)

ALWAYS_INLINE void body_leave_to(struct cpu *cpu, const struct insn *in, uint64_t target)
{
    cpu->budget += in->left - 1;
    cpu->rip = target;
    cpu->in = NULL;
}

/* RIP behind this instruction, wrapped as its mode wraps: the instruction pointer is 16 bits wide in 16-bit code of real and V86
   mode only in so far as a trace never runs past the limit; here the sum is masked by the code size. */
ALWAYS_INLINE uint64_t body_next_rip(const struct cpu *cpu, const struct insn *in)
{
    uint64_t rip = cpu->rip_base + in->offset + in->length;

    return cpu_code64(cpu) ? rip : (cpu->model->level < 3 || !(cpu->segment[CS].attributes & SEGMENT_DB)) ? rip & 0xffff : rip & 0xffffffff;
}

/* --- registers: always read and written at their full 64 bits, merged in between ---------------------------------------- */

ALWAYS_INLINE uint64_t reg_read(const struct cpu *cpu, unsigned number, unsigned width)
{
    if (width == 8)
        return (uint8_t)(cpu->gpr[number & 31] >> (number >> 3 & 8));
    return cpu->gpr[number] & width_mask(width);
}

ALWAYS_INLINE void reg_write(struct cpu *cpu, unsigned number, uint64_t value, unsigned width)
{
    if (width == 8) {
        unsigned shift = number >> 3 & 8;
        uint64_t *reg = &cpu->gpr[number & 31];

        *reg = (*reg & ~(UINT64_C(0xff) << shift)) | (uint64_t)(uint8_t)value << shift;
    } else if (width == 16) {
        cpu->gpr[number] = (cpu->gpr[number] & ~UINT64_C(0xffff)) | (uint16_t)value;
    } else {
        cpu->gpr[number] = value & width_mask(width);
    }
}

/* --- effective and linear addresses ------------------------------------------------------------------------------------ */

/* What the address size leaves of an offset: by INSN_ADDRESS. */
ALWAYS_INLINE uint64_t address_mask(const struct insn *in)
{
    unsigned size = in->flags & INSN_ADDRESS;

    return size == INSN_ADDRESS16 ? 0xffff : size == INSN_ADDRESS32 ? 0xffffffff : ~UINT64_C(0);
}

ALWAYS_INLINE uint64_t effective_sum(const struct cpu *cpu, const struct insn *in)
{
    return cpu->gpr[in->base] + (cpu->gpr[in->index] << in->scale) + (uint64_t)(int64_t)in->disp;
}

/* The offset of the memory operand, any mode. RIP-relative operands are resolved at decode into base RIP_RELATIVE (decode.c). */
ALWAYS_INLINE uint64_t effective_address(const struct cpu *cpu, const struct insn *in)
{
    return effective_sum(cpu, in) & address_mask(in);
}

enum address_kind { KIND_REG, KIND_COLD, KIND_SEG, KIND_F32, KIND_F64, KIND_COUNT };

/* A linear address that no TLB entry can match: forces the cold twin. */
#define LINEAR_NONE UINT64_C(0x8000000000000000) /* not canonical */

ALWAYS_INLINE uint64_t hot_linear(const struct cpu *cpu, const struct insn *in, unsigned kind, unsigned bytes, bool write)
{
    if (kind == KIND_F32)
        return (uint32_t)effective_sum(cpu, in);
    if (kind == KIND_F64)
        return effective_sum(cpu, in); /* FS and GS take KIND_COLD or KIND_SEG */
    uint64_t offset = effective_address(cpu, in);
    const struct segment *segment = &cpu->segment[in->segment];

    if (UNLIKELY(offset + bytes > (write ? segment->write_end : segment->read_end)))
        return LINEAR_NONE;
    return (uint32_t)(segment->base + offset);
}

/* --- host memory ------------------------------------------------------------------------------------------------------- */

ALWAYS_INLINE uint64_t host_load(const void *host, unsigned width)
{
    switch (width) {
    case 8: return *(const uint8_t *)host;
    case 16: return load_le16(host);
    case 32: return load_le32(host);
    default: return load_le64(host);
    }
}

ALWAYS_INLINE void host_store(void *host, uint64_t value, unsigned width)
{
    switch (width) {
    case 8: *(uint8_t *)host = (uint8_t)value; break;
    case 16: store_le16(host, (uint16_t)value); break;
    case 32: store_le32(host, (uint32_t)value); break;
    default: store_le64(host, value); break;
    }
}

/* Never NULL, and the compiler is told, so that a hit is not tested a second time. */
ALWAYS_INLINE void *host_of(const struct tlb_entry *entry, uint64_t linear)
{
    void *host = (void *)(entry->addend + (uintptr_t)linear);

    if (!host)
        __builtin_unreachable();
    return host;
}

/* The host address of [linear, linear + bytes) if the TLB allows the access there, else NULL. */
ALWAYS_INLINE void *hot_read(const struct cpu *cpu, uint64_t linear, unsigned bytes)
{
    const struct tlb_entry *entry = tlb_entry_of(cpu, linear);

    return LIKELY(((linear + bytes - 1) & ~UINT64_C(4095)) == entry->read_tag) ? host_of(entry, linear) : NULL;
}

ALWAYS_INLINE void *hot_write(const struct cpu *cpu, uint64_t linear, unsigned bytes)
{
    const struct tlb_entry *entry = tlb_entry_of(cpu, linear);

    return LIKELY(((linear + bytes - 1) & ~UINT64_C(4095)) == entry->write_tag) ? host_of(entry, linear) : NULL;
}

/* --- templates ---------------------------------------------------------------------------------------------------------
   OP(cpu, a, b, width) returns the new destination and sets flags; a CONSUMER form returns nothing. */

#define TEMPLATE_RR(name, OP, W)                                                                                     \
    BODY(name##_rr_##W)                                                                                              \
    {                                                                                                                \
        reg_write(cpu, in->dst, OP(cpu, reg_read(cpu, in->dst, W), reg_read(cpu, in->src, W), W), W);                \
        NEXT;                                                                                                        \
    }
#define TEMPLATE_RI(name, OP, W)                                                                                     \
    BODY(name##_ri_##W)                                                                                              \
    {                                                                                                                \
        reg_write(cpu, in->dst, OP(cpu, reg_read(cpu, in->dst, W), in->imm & width_mask(W), W), W);                  \
        NEXT;                                                                                                        \
    }
#define TEMPLATE_RM_COLD(name, OP, W)                                                                                \
    BODY(name##_rm_##W##_cold)                                                                                       \
    {                                                                                                                \
        cpu->in = in;                                                                                                \
        uint64_t value = memory_read(cpu, in->segment, effective_address(cpu, in), W / 8);                           \
        reg_write(cpu, in->dst, OP(cpu, reg_read(cpu, in->dst, W), value, W), W);                                    \
        NEXT_COLD;                                                                                                   \
    }
#define TEMPLATE_RM_HOT(name, OP, W, K, KIND)                                                                        \
    BODY(name##_rm_##W##_##K)                                                                                        \
    {                                                                                                                \
        const void *host = hot_read(cpu, hot_linear(cpu, in, KIND, W / 8, false), W / 8);                            \
        if (UNLIKELY(!host))                                                                                         \
            TAIL(name##_rm_##W##_cold);                                                                              \
        reg_write(cpu, in->dst, OP(cpu, reg_read(cpu, in->dst, W), host_load(host, W), W), W);                       \
        NEXT;                                                                                                        \
    }
#define TEMPLATE_M_COLD(name, form, OP, W, SOURCE)                                                                   \
    BODY(name##_##form##_##W##_cold)                                                                                 \
    {                                                                                                                \
        cpu->in = in;                                                                                                \
        uint64_t value = memory_read_for_write(cpu, in->segment, effective_address(cpu, in), W / 8);                 \
        memory_write_back(cpu, OP(cpu, value, SOURCE, W));                                                           \
        NEXT_COLD;                                                                                                   \
    }
#define TEMPLATE_M_HOT(name, form, OP, W, SOURCE, K, KIND)                                                           \
    BODY(name##_##form##_##W##_##K)                                                                                  \
    {                                                                                                                \
        void *host = hot_write(cpu, hot_linear(cpu, in, KIND, W / 8, true), W / 8);                                  \
        if (UNLIKELY(!host))                                                                                         \
            TAIL(name##_##form##_##W##_cold);                                                                        \
        host_store(host, OP(cpu, host_load(host, W), SOURCE, W), W);                                                 \
        NEXT;                                                                                                        \
    }
#define SOURCE_REG(W) reg_read(cpu, in->src, W)
#define SOURCE_IMM(W) (in->imm & width_mask(W))
#define SOURCE_NONE(W) 0

/* Store-only forms (MOV, SETcc): OP(cpu, 0, source, width) is stored, memory is not read. */
#define TEMPLATE_STORE_COLD(name, form, OP, W, SOURCE)                                                               \
    BODY(name##_##form##_##W##_cold)                                                                                 \
    {                                                                                                                \
        cpu->in = in;                                                                                                \
        memory_write(cpu, in->segment, effective_address(cpu, in), OP(cpu, 0, SOURCE, W), W / 8);                    \
        NEXT_COLD;                                                                                                   \
    }
#define TEMPLATE_STORE_HOT(name, form, OP, W, SOURCE, K, KIND)                                                       \
    BODY(name##_##form##_##W##_##K)                                                                                  \
    {                                                                                                                \
        void *host = hot_write(cpu, hot_linear(cpu, in, KIND, W / 8, true), W / 8);                                  \
        if (UNLIKELY(!host))                                                                                         \
            TAIL(name##_##form##_##W##_cold);                                                                        \
        host_store(host, OP(cpu, 0, SOURCE, W), W);                                                                  \
        NEXT;                                                                                                        \
    }
/* Consumer forms (CMP, TEST): OP(cpu, a, b, width) sets flags only. */
#define TEMPLATE_CONSUME_RR(name, OP, W)                                                                             \
    BODY(name##_rr_##W)                                                                                              \
    {                                                                                                                \
        OP(cpu, reg_read(cpu, in->dst, W), reg_read(cpu, in->src, W), W);                                            \
        NEXT;                                                                                                        \
    }
#define TEMPLATE_CONSUME_RI(name, OP, W)                                                                             \
    BODY(name##_ri_##W)                                                                                              \
    {                                                                                                                \
        OP(cpu, reg_read(cpu, in->dst, W), in->imm & width_mask(W), W);                                              \
        NEXT;                                                                                                        \
    }
#define CONSUME_MEMORY_FIRST(OP, memory, other, W) OP(cpu, memory, other, W)
#define CONSUME_MEMORY_LAST(OP, memory, other, W) OP(cpu, other, memory, W)
#define TEMPLATE_CONSUME_M_COLD(name, form, OP, W, ORDER, OTHER)                                                     \
    BODY(name##_##form##_##W##_cold)                                                                                 \
    {                                                                                                                \
        cpu->in = in;                                                                                                \
        uint64_t value = memory_read(cpu, in->segment, effective_address(cpu, in), W / 8);                           \
        ORDER(OP, value, OTHER, W);                                                                                  \
        NEXT_COLD;                                                                                                   \
    }
#define TEMPLATE_CONSUME_M_HOT(name, form, OP, W, ORDER, OTHER, K, KIND)                                             \
    BODY(name##_##form##_##W##_##K)                                                                                  \
    {                                                                                                                \
        const void *host = hot_read(cpu, hot_linear(cpu, in, KIND, W / 8, false), W / 8);                            \
        if (UNLIKELY(!host))                                                                                         \
            TAIL(name##_##form##_##W##_cold);                                                                        \
        uint64_t value = host_load(host, W);                                                                         \
        ORDER(OP, value, OTHER, W);                                                                                  \
        NEXT;                                                                                                        \
    }

/* One memory form at one width: the cold twin and its three hot versions. */
#define FORM_RM(name, OP, W)                      \
    TEMPLATE_RM_COLD(name, OP, W)                 \
    TEMPLATE_RM_HOT(name, OP, W, seg, KIND_SEG)   \
    TEMPLATE_RM_HOT(name, OP, W, f32, KIND_F32)   \
    TEMPLATE_RM_HOT(name, OP, W, f64, KIND_F64)
#define FORM_M(name, form, OP, W, SOURCE)                        \
    TEMPLATE_M_COLD(name, form, OP, W, SOURCE(W))                \
    TEMPLATE_M_HOT(name, form, OP, W, SOURCE(W), seg, KIND_SEG)  \
    TEMPLATE_M_HOT(name, form, OP, W, SOURCE(W), f32, KIND_F32)  \
    TEMPLATE_M_HOT(name, form, OP, W, SOURCE(W), f64, KIND_F64)
#define FORM_STORE(name, form, OP, W, SOURCE)                        \
    TEMPLATE_STORE_COLD(name, form, OP, W, SOURCE(W))                \
    TEMPLATE_STORE_HOT(name, form, OP, W, SOURCE(W), seg, KIND_SEG)  \
    TEMPLATE_STORE_HOT(name, form, OP, W, SOURCE(W), f32, KIND_F32)  \
    TEMPLATE_STORE_HOT(name, form, OP, W, SOURCE(W), f64, KIND_F64)
#define FORM_CONSUME(name, form, OP, W, ORDER, OTHER)                        \
    TEMPLATE_CONSUME_M_COLD(name, form, OP, W, ORDER, OTHER(W))                \
    TEMPLATE_CONSUME_M_HOT(name, form, OP, W, ORDER, OTHER(W), seg, KIND_SEG)  \
    TEMPLATE_CONSUME_M_HOT(name, form, OP, W, ORDER, OTHER(W), f32, KIND_F32)  \
    TEMPLATE_CONSUME_M_HOT(name, form, OP, W, ORDER, OTHER(W), f64, KIND_F64)
#define DESTINATION_REG(W) reg_read(cpu, in->dst, W)

#define EACH_WIDTH(FORM, ...) FORM(__VA_ARGS__, 8) FORM(__VA_ARGS__, 16) FORM(__VA_ARGS__, 32) FORM(__VA_ARGS__, 64)

/* The classic two-operand family at one width: name OP destination. */
#define FAMILY_BINARY_W(name, OP, W)     \
    TEMPLATE_RR(name, OP, W)             \
    TEMPLATE_RI(name, OP, W)             \
    FORM_RM(name, OP, W)                 \
    FORM_M(name, mr, OP, W, SOURCE_REG)  \
    FORM_M(name, mi, OP, W, SOURCE_IMM)
#define FAMILY_BINARY(name, OP) EACH_WIDTH(FAMILY_BINARY_W, name, OP)

#define FAMILY_CONSUME_W(name, OP, W)                                        \
    TEMPLATE_CONSUME_RR(name, OP, W)                                         \
    TEMPLATE_CONSUME_RI(name, OP, W)                                         \
    FORM_CONSUME(name, rm, OP, W, CONSUME_MEMORY_LAST, DESTINATION_REG)      \
    FORM_CONSUME(name, mr, OP, W, CONSUME_MEMORY_FIRST, SOURCE_REG)          \
    FORM_CONSUME(name, mi, OP, W, CONSUME_MEMORY_FIRST, SOURCE_IMM)
#define FAMILY_CONSUME(name, OP) EACH_WIDTH(FAMILY_CONSUME_W, name, OP)

/* One operand, read and written: OP(cpu, a, source, width) with source 0, an immediate, CL ... */
#define FAMILY_UNARY_W(name, OP, SOURCE, W)                                                                          \
    BODY(name##_r_##W)                                                                                               \
    {                                                                                                                \
        reg_write(cpu, in->dst, OP(cpu, reg_read(cpu, in->dst, W), SOURCE(W), W), W);                                \
        NEXT;                                                                                                        \
    }                                                                                                                \
    FORM_M(name, m, OP, W, SOURCE)
#define FAMILY_UNARY(name, OP, SOURCE) EACH_WIDTH(FAMILY_UNARY_W, name, OP, SOURCE)

#endif
