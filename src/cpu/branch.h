/* Ways from one trace to the next: links of direct branches, the jump cache of indirect ones. Used by bodies_branch.c and
   whoever else ends with a near transfer. */
#ifndef TRUEBOX_CPU_BRANCH_H
#define TRUEBOX_CPU_BRANCH_H

#include "cpu/body.h"
#include "cpu/engine.h"

enum branch_kind {
    BRANCH_CHECKED, /* the target's trace must lie within the code segment's limit */
    BRANCH_FLAT,    /* no limit; the link holds while its stamp does */
    BRANCH_PAGE     /* ... and the target is in the same page: the link holds as long as the traces live */
};

/* Slow end of a direct branch: finds the successor, links it, goes there. The branch itself is complete: `in->disp` leads to it. */
insn_result branch_unlinked_16(struct cpu *cpu, const struct insn *in);
insn_result branch_unlinked_32(struct cpu *cpu, const struct insn *in);
insn_result branch_unlinked_64(struct cpu *cpu, const struct insn *in);

/* Slow end of an indirect transfer to cpu->rip, body_leave_to having been called: finds the trace and enters it, or leaves. */
insn_result branch_lookup(struct cpu *cpu, const struct insn *in);

/* Ends a body with a direct branch. */
#define BRANCH_TO_LINK(W, KIND)                                                                          \
    do {                                                                                                 \
        struct trace *trace_ = in->link;                                                                 \
        if (UNLIKELY(!trace_ || ((KIND) != BRANCH_PAGE && in->link_stamp != cpu->link_stamp)))           \
            TAIL(branch_unlinked_##W);                                                                   \
        uint64_t target_ = (cpu->rip_base + (uint64_t)(int64_t)in->disp) & width_mask(W);                \
        int64_t budget_ = cpu->budget + in->left - 1 - trace_->count;                                    \
        if (UNLIKELY(budget_ < 0 || ((KIND) == BRANCH_CHECKED && target_ + trace_->span > cpu->cs_end))) \
            LEAVE_TO(target_);                                                                           \
        cpu->budget = budget_;                                                                           \
        cpu->rip_base = target_;                                                                         \
        GO(trace_->insns);                                                                               \
    } while (0)

/* Ends a body with a near transfer to `target`, already cut to the operand size and checked against the code segment's limit. */
#define BRANCH_INDIRECT(target)                                                                              \
    do {                                                                                                     \
        uint64_t target_ = (target);                                                                         \
        uint64_t linear_ = cpu->segment[CS].base + target_;                                                  \
        const struct jump_entry *jump_ = &cpu->jump_cache[(linear_ ^ linear_ >> 12) & (JUMP_CACHE_ENTRIES - 1)]; \
        if (LIKELY(jump_->linear == linear_ && jump_->tag == cpu->jump_tag)) {                               \
            struct trace *trace_ = jump_->trace;                                                             \
            int64_t budget_ = cpu->budget + in->left - 1 - trace_->count;                                    \
            if (LIKELY(budget_ >= 0 && target_ + trace_->span <= cpu->cs_end)) {                             \
                cpu->budget = budget_;                                                                       \
                cpu->rip_base = target_;                                                                     \
                GO(trace_->insns);                                                                           \
            }                                                                                                \
        }                                                                                                    \
        body_leave_to(cpu, in, target_);                                                                     \
        TAIL(branch_lookup);                                                                                 \
    } while (0)

/* Raises #GP(0) unless `target` is within the code segment (near transfers check before they commit). */
ALWAYS_INLINE bool branch_target_ok(const struct cpu *cpu, uint64_t target, unsigned width)
{
    return width == 64 ? address_canonical(target) : target < cpu->cs_end;
}

#endif
