/* Frames of far calls and interrupts: all of a frame is checked before any of it is written (R4); the stacks of inner
   privilege levels; EFLAGS by model. */
#include "cpu/access.h"
#include "cpu/body.h"
#include "cpu/flags.h"
#include "cpu/protection.h"
#include "cpu/raise.h"

static uint32_t frame_stack_mask(const struct frame_stack *stack)
{
    return stack->attributes & SEGMENT_DB ? 0xffffffff : 0xffff;
}

struct frame_stack frame_stack_current(const struct cpu *cpu)
{
    const struct segment *ss = &cpu->segment[SS];

    return (struct frame_stack){ss->base, ss->limit, ss->attributes, (uint32_t)cpu->gpr[RSP], cpu->cpl == 3};
}

struct frame_stack frame_stack_of(const struct descriptor *stack, uint32_t esp)
{
    return (struct frame_stack){stack->base, stack->limit, stack->attributes, esp, attributes_dpl(stack->attributes) == 3};
}

static uint32_t frame_offset(const struct frame *frame, const struct frame_stack *stack, unsigned index)
{
    return (stack->esp - (index + 1) * frame->size) & frame_stack_mask(stack);
}

void frame_check(struct cpu *cpu, const struct frame *frame, const struct frame_stack *stack, uint32_t error_code)
{
    for (unsigned i = 0; i < frame->count; i++) {
        uint32_t offset = frame_offset(frame, stack, i);
        uint64_t last = (uint64_t)offset + frame->size - 1;
        bool inside = stack->attributes & SEGMENT_EXPAND_DOWN ? offset > stack->limit && last <= frame_stack_mask(stack)
                                                              : last <= stack->limit;

        if (!inside)
            raise_exception(cpu, VECTOR_SS, error_code, REASON_SS_LIMIT, offset, stack->limit);
    }
    for (unsigned i = 0; i < frame->count; i++)
        linear_probe_write(cpu, (uint32_t)(stack->base + frame_offset(frame, stack, i)), frame->size, stack->user);
}

uint32_t frame_write(struct cpu *cpu, const struct frame *frame, const struct frame_stack *stack)
{
    uint32_t mask = frame_stack_mask(stack);

    for (unsigned i = 0; i < frame->count; i++)
        linear_write(cpu, (uint32_t)(stack->base + frame_offset(frame, stack, i)), frame->value[i], frame->size,
                     stack->user);
    return (stack->esp & ~mask) | ((stack->esp - frame->count * frame->size) & mask);
}

/* The host address of `bytes` bytes at the stack offset, if they lie in one page of plain memory and need no further checks.
 */
static void *stack_host(const struct cpu *cpu, uint64_t offset, unsigned bytes, bool write)
{
    const struct segment *ss = &cpu->segment[SS];
    uint64_t end = offset + bytes;

    if (end > (write ? ss->write_end : ss->read_end) || end - 1 > cpu->stack_mask)
        return NULL;
    return write ? hot_write(cpu, (uint32_t)(ss->base + offset), bytes)
                 : hot_read(cpu, (uint32_t)(ss->base + offset), bytes);
}

void stack_peek_values(struct cpu *cpu, uint64_t *values, unsigned count, unsigned size)
{
    const uint8_t *host = stack_host(cpu, stack_offset(cpu, 0), count * size, false);

    for (unsigned i = 0; i < count; i++)
        values[i] = host ? host_load(host + i * size, 8 * size) : stack_peek(cpu, i * size, size);
}

void frame_push(struct cpu *cpu, const struct frame *frame)
{
    uint64_t top = stack_offset(cpu, -(int64_t)(frame->count * frame->size));
    uint8_t *host = stack_host(cpu, top, frame->count * frame->size, true);

    if (LIKELY(host)) {
        for (unsigned i = 0; i < frame->count; i++)
            host_store(host + (frame->count - 1 - i) * frame->size, frame->value[i], 8 * frame->size);
        stack_set(cpu, top);
        return;
    }
    for (unsigned i = 0; i < frame->count; i++)
        memory_probe_write(cpu, SS, stack_offset(cpu, -(int64_t)((i + 1) * frame->size)), frame->size);
    for (unsigned i = 0; i < frame->count; i++)
        memory_write(cpu, SS, stack_offset(cpu, -(int64_t)((i + 1) * frame->size)), frame->value[i], frame->size);
    stack_set(cpu, stack_offset(cpu, -(int64_t)(frame->count * frame->size)));
}

/* SDM 3A 5.8.5, SDM 2 CALL: the order of the checks is the manual's. */
struct descriptor inner_stack(struct cpu *cpu, unsigned level, uint32_t *esp)
{
    bool tss32 = cpu->tr.attributes & 8;
    uint32_t offset = tss32 ? level * 8 + 4 : level * 4 + 2;
    uint32_t last = offset + (tss32 ? 5 : 3);
    uint16_t selector;

    if (last > cpu->tr.limit)
        raise_exception(cpu, VECTOR_TS, error_code_selector(cpu, cpu->tr.selector), REASON_TS_STACK_BEYOND_LIMIT, offset,
                        cpu->tr.limit);
    *esp = (uint32_t)linear_read(cpu, (uint32_t)(cpu->tr.base + offset), tss32 ? 4 : 2, false);
    selector = (uint16_t)linear_read(cpu, (uint32_t)(cpu->tr.base + offset + (tss32 ? 4 : 2)), 2, false);
    if (selector_null(selector))
        raise_exception(cpu, VECTOR_TS, error_code_ext(cpu), REASON_TS_STACK_SELECTOR, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_TS);
    uint32_t error_code = error_code_selector(cpu, selector);

    if ((selector & 3u) != level || attributes_dpl(d.attributes) != level || !attributes_writable_data(d.attributes))
        raise_exception(cpu, VECTOR_TS, error_code, REASON_TS_STACK_SELECTOR, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_SS, error_code, REASON_SS_NOT_PRESENT, selector, d.high);
    return d;
}

/* --- long mode ------------------------------------------------------------------------------------------------------ */

void frame_check_long(struct cpu *cpu, const struct frame *frame, uint64_t rsp, bool user, uint32_t error_code)
{
    uint64_t bottom = rsp - (uint64_t)frame->count * frame->size;

    if (!address_canonical(bottom) || !address_canonical(rsp - 1))
        raise_exception(cpu, VECTOR_SS, error_code, REASON_SS_CANONICAL, bottom, 0);
    for (unsigned i = 0; i < frame->count; i++)
        linear_probe_write(cpu, rsp - (uint64_t)(i + 1) * frame->size, frame->size, user);
}

uint64_t frame_write_long(struct cpu *cpu, const struct frame *frame, uint64_t rsp, bool user)
{
    for (unsigned i = 0; i < frame->count; i++)
        linear_write(cpu, rsp - (uint64_t)(i + 1) * frame->size, frame->value[i], frame->size, user);
    return rsp - (uint64_t)frame->count * frame->size;
}

/* SDM 3A 6.14.5, 7.7 */
uint64_t long_stack_pointer(struct cpu *cpu, unsigned level, unsigned ist)
{
    unsigned offset = ist ? 0x24 + 8 * (ist - 1) : 4 + 8 * level;
    uint64_t rsp;

    if (offset + 7 > cpu->tr.limit)
        raise_exception(cpu, VECTOR_TS, error_code_selector(cpu, cpu->tr.selector), REASON_TS_STACK_BEYOND_LIMIT, offset,
                        cpu->tr.limit);
    rsp = linear_read(cpu, cpu->tr.base + offset, 8, false);
    if (!address_canonical(rsp))
        raise_exception(cpu, VECTOR_SS, error_code_ext(cpu), REASON_SS_CANONICAL, rsp, 0);
    return rsp;
}

void check_code_size(struct cpu *cpu, const struct descriptor *code)
{
    if (code_is_64(cpu, code) && (code->attributes & SEGMENT_DB))
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, code->selector), REASON_GP_CODE_SIZE, code->selector, code->high);
}

void check_target_limit(struct cpu *cpu, const struct descriptor *code, uint64_t offset)
{
    if (code_is_64(cpu, code)) {
        if (!address_canonical(offset))
            raise_exception(cpu, VECTOR_GP, error_code_ext(cpu), REASON_GP_RIP_CANONICAL, offset, 0);
        return;
    }
    if (offset > code->limit)
        raise_exception(cpu, VECTOR_GP, error_code_ext(cpu), REASON_GP_TARGET_LIMIT, offset, code->limit);
}

/* --- EFLAGS --------------------------------------------------------------------------------------------------------- */

uint64_t flags_existing(const struct cpu *cpu)
{
    uint64_t flags = FLAGS_ARITHMETIC | FLAG_TF | FLAG_IF | FLAG_DF;

    if (cpu->model->level >= 2)
        flags |= FLAG_IOPL | FLAG_NT;
    if (cpu->model->level >= 3)
        flags |= FLAG_RF | FLAG_VM;
    if (cpu->model->level >= 4)
        flags |= FLAG_AC;
    if (model_has(cpu->model, FEATURE_VME))
        flags |= FLAG_VIF | FLAG_VIP;
    if (model_has(cpu->model, FEATURE_CPUID))
        flags |= FLAG_ID;
    return flags;
}

uint64_t flags_constant(const struct cpu *cpu)
{
    return cpu->model->level < 2 ? FLAG_1 | 0xf000 : FLAG_1;
}

void flags_replace(struct cpu *cpu, uint64_t value, uint64_t mask)
{
    mask &= flags_existing(cpu);
    flags_set(cpu, (flags_get(cpu) & ~mask) | (value & mask) | flags_constant(cpu));
}

uint64_t flags_changeable(const struct cpu *cpu, unsigned width)
{
    uint64_t mask = FLAGS_ARITHMETIC | FLAG_TF | FLAG_DF | FLAG_NT;

    if (cpu->cpl <= cpu_iopl(cpu))
        mask |= FLAG_IF;
    if (cpu->cpl == 0)
        mask |= FLAG_IOPL;
    if (width >= 32)
        mask |= FLAG_RF | FLAG_AC | FLAG_ID;
    return mask;
}
