/* What segment.c, transfer.c, interrupt.c and task.c share among themselves: questions about descriptors, frames that are
   checked whole before they are pushed (R4), and which EFLAGS bits a model has. */
#ifndef TRUEBOX_CPU_PROTECTION_H
#define TRUEBOX_CPU_PROTECTION_H

#include "cpu/cpu.h"
#include "cpu/segment.h"

/* --- selectors and descriptors -------------------------------------------------------------------------------------- */

ALWAYS_INLINE bool selector_null(uint16_t selector)
{
    return !(selector & 0xfffc);
}

ALWAYS_INLINE unsigned attributes_dpl(uint16_t attributes)
{
    return attributes >> SEGMENT_DPL_SHIFT & 3;
}

ALWAYS_INLINE bool attributes_code(uint16_t attributes)
{
    return (attributes & (SEGMENT_S | SEGMENT_CODE)) == (SEGMENT_S | SEGMENT_CODE);
}

ALWAYS_INLINE bool attributes_conforming_code(uint16_t attributes)
{
    return attributes_code(attributes) && (attributes & SEGMENT_CONFORMING);
}

ALWAYS_INLINE bool attributes_writable_data(uint16_t attributes)
{
    return (attributes & (SEGMENT_S | SEGMENT_CODE | SEGMENT_WRITABLE)) == (SEGMENT_S | SEGMENT_WRITABLE);
}

ALWAYS_INLINE bool attributes_readable(uint16_t attributes) /* data or readable code */
{
    return (attributes & SEGMENT_S) && (!(attributes & SEGMENT_CODE) || (attributes & SEGMENT_READABLE));
}

/* The system descriptor's type, or 0 (reserved) for code, data and types that the 80286 does not have. */
unsigned descriptor_system_type(const struct cpu *cpu, const struct descriptor *descriptor);

/* The EXT bit of error codes: set while an event other than INT n, INT3 or INTO is being delivered (SDM 3A 6.13). */
uint32_t error_code_ext(const struct cpu *cpu);
ALWAYS_INLINE uint32_t error_code_selector(const struct cpu *cpu, uint16_t selector)
{
    return (selector & 0xfffc) | error_code_ext(cpu);
}

/* Long mode's system descriptors have 16 bytes: reads the second half, completes the base (SDM 3A 5.8.3.1, 7.2.3). Raises #GP where the
   table ends or the type field of the second half is not 0. */
void descriptor_read_upper(struct cpu *cpu, struct descriptor *descriptor);

/* As descriptor_read, but says false where the table ends or the selector is null: LAR, LSL, VERR, VERW. */
bool descriptor_find(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor);

/* Sets the accessed bit in memory and in `descriptor` unless it is set. The last thing that may fault before a commit. */
void descriptor_mark_accessed(struct cpu *cpu, struct descriptor *descriptor);
/* Sets or clears the busy bit of a TSS descriptor in the GDT. */
void descriptor_write_busy(struct cpu *cpu, uint64_t address, bool busy);

/* A data segment register becomes null. */
void segment_set_null(struct cpu *cpu, unsigned index, uint16_t selector);
/* After a return to an outer level: DS, ES, FS and GS that the new CPL may not use become null (SDM 2 RET). */
void segment_nullify_inner(struct cpu *cpu);

/* LAR, LSL, VERR and VERW: whether the selector is visible here, and what the instruction yields. */
bool segment_access_rights(struct cpu *cpu, uint16_t selector, uint32_t *rights);
bool segment_limit(struct cpu *cpu, uint16_t selector, uint32_t *limit);
bool segment_verify(struct cpu *cpu, uint16_t selector, bool write);
void load_ldtr(struct cpu *cpu, uint16_t selector);
void load_tr(struct cpu *cpu, uint16_t selector);

/* --- frames: what a far call or an interrupt pushes, checked as a whole --------------------------------------------- */

#define FRAME_VALUES 40 /* a call gate's 31 parameters and four more; an interrupt from V86 mode has ten */

struct frame {
    unsigned size; /* of a value: 2, 4 or (long mode) 8 bytes */
    unsigned count;
    uint64_t value[FRAME_VALUES]; /* in the order of pushing */
};

struct frame_stack {
    uint64_t base;
    uint32_t limit;
    uint16_t attributes;
    uint32_t esp;
    bool user; /* page-level privilege of the pushes */
};

ALWAYS_INLINE void frame_begin(struct frame *frame, unsigned size)
{
    frame->size = size;
    frame->count = 0;
}

ALWAYS_INLINE void frame_add(struct frame *frame, uint64_t value)
{
    frame->value[frame->count++] = value;
}

struct frame_stack frame_stack_current(const struct cpu *cpu);
struct frame_stack frame_stack_of(const struct descriptor *stack, uint32_t esp);
/* Raises #SS(error_code) unless the limit has room, #PF unless all of it can be written. */
void frame_check(struct cpu *cpu, const struct frame *frame, const struct frame_stack *stack, uint32_t error_code);
/* Writes it; cannot fail. The new ESP, upper half kept where the stack is 16 bits wide. */
uint32_t frame_write(struct cpu *cpu, const struct frame *frame, const struct frame_stack *stack);
/* The same on the present stack with the checks of ordinary pushes: real and V86 mode. */
void frame_push(struct cpu *cpu, const struct frame *frame);
/* The topmost `count` values of the present stack, the top first, without popping. */
void stack_peek_values(struct cpu *cpu, uint64_t *values, unsigned count, unsigned size);

/* The stack for privilege `level` from the present TSS: SS descriptor checked (#TS, #SS), ESP in *esp. */
struct descriptor inner_stack(struct cpu *cpu, unsigned level, uint32_t *esp);

/* --- frames of long mode: 8 bytes a value on a stack without segment ------------------------------------------------ */

/* Raises #SS(error_code) unless the addresses below `rsp` are canonical, #PF unless all of the frame can be written. */
void frame_check_long(struct cpu *cpu, const struct frame *frame, uint64_t rsp, bool user, uint32_t error_code);
/* Writes it; cannot fail. The new RSP. */
uint64_t frame_write_long(struct cpu *cpu, const struct frame *frame, uint64_t rsp, bool user);
/* RSP0-2 or, with ist 1-7, an interrupt stack from the 64-bit TSS; #TS beyond its limit. */
uint64_t long_stack_pointer(struct cpu *cpu, unsigned level, unsigned ist);

/* --- gates ---------------------------------------------------------------------------------------------------------- */

ALWAYS_INLINE uint16_t gate_selector(const struct descriptor *gate)
{
    return (uint16_t)(gate->low >> 16);
}

ALWAYS_INLINE uint32_t gate_offset(const struct descriptor *gate, bool gate32)
{
    return gate32 ? (gate->low & 0xffff) | (gate->high & 0xffff0000) : gate->low & 0xffff;
}

ALWAYS_INLINE uint64_t gate_offset_long(const struct descriptor *gate)
{
    return (uint64_t)gate->upper << 32 | gate_offset(gate, true);
}

/* A code segment of 64-bit mode: L counts in long mode only. */
ALWAYS_INLINE bool code_is_64(const struct cpu *cpu, const struct descriptor *code)
{
    return cpu_long_mode(cpu) && (code->attributes & SEGMENT_L);
}

/* #GP(EXT) unless `offset` lies within the code segment or, for one of 64-bit mode, is canonical. */
void check_target_limit(struct cpu *cpu, const struct descriptor *code, uint64_t offset);
/* #GP(selector) for a code segment that has both L and D set in long mode. */
void check_code_size(struct cpu *cpu, const struct descriptor *code);

/* --- EFLAGS --------------------------------------------------------------------------------------------------------- */

/* The bits that the model has, bit 1 not counted; the 8086's constant ones come from flags_constant. */
uint64_t flags_existing(const struct cpu *cpu);
uint64_t flags_constant(const struct cpu *cpu);
/* Replaces the bits in `mask` by those of `value`, so far as they exist; the caller sees to cpu_mode_changed. */
void flags_replace(struct cpu *cpu, uint64_t value, uint64_t mask);

/* What POPF and IRET may change at the present privilege in protected mode. */
uint64_t flags_changeable(const struct cpu *cpu, unsigned width);

#endif
