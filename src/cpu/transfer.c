/* Far JMP, CALL, RETF and IRET in every mode (SDM 3A 5.8, 7.3, SDM 2 JMP, CALL, RET, IRET). Everything is checked, stack
   writes included, before anything is changed; cpu->rip is set last. */
#include "cpu/access.h"
#include "cpu/body.h"
#include "cpu/protection.h"

/* --- code segments -------------------------------------------------------------------------------------------------- */

static void code_commit(struct cpu *cpu, const struct descriptor *code, uint16_t selector, unsigned cpl, uint64_t offset)
{
    cpu->cpl = (uint8_t)cpl;
    segment_set(cpu, CS, (selector & 0xfffc) | cpl, code);
    cpu->rip = offset;
}

/* JMP and CALL straight to a code segment: no change of privilege. */
static void check_direct_code(struct cpu *cpu, const struct descriptor *code)
{
    unsigned dpl = attributes_dpl(code->attributes);
    uint32_t error_code = error_code_selector(cpu, code->selector);
    bool allowed = attributes_conforming_code(code->attributes) ? dpl <= cpu->cpl
                                                                : (code->selector & 3u) <= cpu->cpl && dpl == cpu->cpl;

    if (!allowed)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_CODE_PRIVILEGE, code->selector, code->high);
    check_code_size(cpu, code);
    if (!(code->attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_SEGMENT, code->selector, code->high);
}

static void check_gate_privilege(struct cpu *cpu, const struct descriptor *gate)
{
    unsigned dpl = attributes_dpl(gate->attributes);

    if (dpl < cpu->cpl || dpl < (gate->selector & 3u))
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, gate->selector), REASON_GP_GATE_PRIVILEGE, gate->selector,
                        gate->high);
}

static void check_gate(struct cpu *cpu, const struct descriptor *gate)
{
    check_gate_privilege(cpu, gate);
    if (!(gate->attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code_selector(cpu, gate->selector), REASON_NP_GATE, gate->selector,
                        gate->high);
}

/* Gates of long mode lead to 64-bit mode only (SDM 3A 5.8.3.1). */
static void check_long_target(struct cpu *cpu, const struct descriptor *code)
{
    if (cpu_long_mode(cpu) && (code->attributes & (SEGMENT_L | SEGMENT_DB)) != SEGMENT_L)
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, code->selector), REASON_GP_CODE_SIZE, code->selector, code->high);
}

/* The code segment that a call gate names; a jump may not go to a more privileged one. */
static struct descriptor gate_target(struct cpu *cpu, const struct descriptor *gate, bool jump)
{
    uint16_t selector = gate_selector(gate);

    if (selector_null(selector))
        raise_exception(cpu, VECTOR_GP, error_code_ext(cpu), REASON_GP_GATE_TARGET, selector, 0);

    struct descriptor code = descriptor_read(cpu, selector, VECTOR_GP);
    unsigned dpl = attributes_dpl(code.attributes);
    uint32_t error_code = error_code_selector(cpu, selector);

    if (!attributes_code(code.attributes) || dpl > cpu->cpl ||
        (jump && !attributes_conforming_code(code.attributes) && dpl != cpu->cpl))
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_GATE_TARGET, selector, code.high);
    check_long_target(cpu, &code);
    if (!(code.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_SEGMENT, selector, code.high);
    return code;
}

static struct descriptor transfer_descriptor(struct cpu *cpu, uint16_t selector)
{
    if (selector_null(selector))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_SELECTOR_NULL, selector, 0);
    return descriptor_read(cpu, selector, VECTOR_GP);
}

_Noreturn static void raise_code_type(struct cpu *cpu, const struct descriptor *d)
{
    raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, d->selector), REASON_GP_CODE_TYPE, d->selector, d->high);
}

/* JMP and CALL through a task gate or straight to a TSS; false if the descriptor is neither. */
static bool transfer_to_task(struct cpu *cpu, const struct descriptor *d, enum task_switch_source source)
{
    uint64_t next = body_next_rip(cpu, cpu->in);

    if (cpu_long_mode(cpu)) /* has no task switches */
        return false;
    switch (descriptor_system_type(cpu, d)) {
    case DESCRIPTOR_TASK_GATE:
        check_gate(cpu, d);
        task_switch(cpu, gate_selector(d), source, next, false, 0);
        return true;
    case DESCRIPTOR_TSS16_AVAILABLE:
    case DESCRIPTOR_TSS16_BUSY:
    case DESCRIPTOR_TSS32_AVAILABLE:
    case DESCRIPTOR_TSS32_BUSY:
        check_gate_privilege(cpu, d);
        task_switch(cpu, d->selector, source, next, false, 0);
        return true;
    default: return false;
    }
}

/* --- real and V86 mode ---------------------------------------------------------------------------------------------- */

static void check_real_limit(struct cpu *cpu, uint64_t offset)
{
    if (offset > cpu->segment[CS].limit)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_TARGET_LIMIT, offset, cpu->segment[CS].limit);
}

static void real_commit(struct cpu *cpu, uint16_t selector, uint64_t offset)
{
    segment_set_real(cpu, CS, selector);
    cpu->rip = offset;
    if (cpu_v86(cpu)) /* in real mode nothing that the mode key says can have changed */
        cpu_mode_changed(cpu);
}

/* What JMP and CALL find that is no code segment must be a call gate; in long mode it has 16 bytes. */
static void check_call_gate(struct cpu *cpu, struct descriptor *gate, unsigned type)
{
    if (type != DESCRIPTOR_CALL_GATE32 && (type != DESCRIPTOR_CALL_GATE16 || cpu_long_mode(cpu)))
        raise_code_type(cpu, gate);
    check_gate(cpu, gate);
    if (cpu_long_mode(cpu))
        descriptor_read_upper(cpu, gate);
}

/* --- JMP ------------------------------------------------------------------------------------------------------------ */

void far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned width)
{
    offset &= width_mask(width);
    if (!cpu_protected(cpu)) {
        check_real_limit(cpu, offset);
        real_commit(cpu, selector, offset);
        return;
    }

    struct descriptor d = transfer_descriptor(cpu, selector);

    if (attributes_code(d.attributes)) {
        check_direct_code(cpu, &d);
    } else {
        unsigned type = descriptor_system_type(cpu, &d);

        if (transfer_to_task(cpu, &d, TASK_JUMP))
            return;
        check_call_gate(cpu, &d, type);
        offset = cpu_long_mode(cpu) ? gate_offset_long(&d) : gate_offset(&d, type == DESCRIPTOR_CALL_GATE32);
        d = gate_target(cpu, &d, true);
    }
    check_target_limit(cpu, &d, offset);
    descriptor_mark_accessed(cpu, &d);
    code_commit(cpu, &d, d.selector, cpu->cpl, offset);
    cpu_mode_changed(cpu);
}

/* --- CALL ----------------------------------------------------------------------------------------------------------- */

/* On a stack without segment: from 64-bit mode, or into it through a gate. */
static void call_same_privilege_long(struct cpu *cpu, struct descriptor *code, uint64_t offset, unsigned size)
{
    struct frame frame;

    frame_begin(&frame, size);
    frame_add(&frame, cpu->segment[CS].selector);
    frame_add(&frame, body_next_rip(cpu, cpu->in));
    frame_check_long(cpu, &frame, cpu->gpr[RSP], cpu->cpl == 3, 0);
    check_target_limit(cpu, code, offset);
    descriptor_mark_accessed(cpu, code);
    cpu->gpr[RSP] = frame_write_long(cpu, &frame, cpu->gpr[RSP], cpu->cpl == 3);
    code_commit(cpu, code, code->selector, cpu->cpl, offset);
}

/* SDM 3A 5.8.5.1: RSP from the TSS, a null SS, no parameters. */
static void call_inner_long(struct cpu *cpu, const struct descriptor *gate, struct descriptor *code)
{
    unsigned level = attributes_dpl(code->attributes);
    uint64_t rsp = long_stack_pointer(cpu, level, 0), offset = gate_offset_long(gate);
    struct frame frame;

    frame_begin(&frame, 8);
    frame_add(&frame, cpu->segment[SS].selector);
    frame_add(&frame, cpu->gpr[RSP]);
    frame_add(&frame, cpu->segment[CS].selector);
    frame_add(&frame, body_next_rip(cpu, cpu->in));
    frame_check_long(cpu, &frame, rsp, level == 3, 0);
    check_target_limit(cpu, code, offset);
    descriptor_mark_accessed(cpu, code);
    cpu->gpr[RSP] = frame_write_long(cpu, &frame, rsp, level == 3);
    code_commit(cpu, code, code->selector, level, offset);
    segment_set_null(cpu, SS, (uint16_t)level);
}

static void call_same_privilege(struct cpu *cpu, struct descriptor *code, uint64_t offset, unsigned size)
{
    struct frame frame;
    struct frame_stack stack = frame_stack_current(cpu);

    frame_begin(&frame, size);
    frame_add(&frame, cpu->segment[CS].selector);
    frame_add(&frame, (uint32_t)body_next_rip(cpu, cpu->in));
    frame_check(cpu, &frame, &stack, 0);
    check_target_limit(cpu, code, offset);
    descriptor_mark_accessed(cpu, code);
    stack_set(cpu, frame_write(cpu, &frame, &stack));
    code_commit(cpu, code, code->selector, cpu->cpl, offset);
}

/* SDM 2 CALL, MORE-PRIVILEGE: new stack from the TSS, parameters copied. */
static void call_inner(struct cpu *cpu, const struct descriptor *gate, struct descriptor *code, bool gate32)
{
    unsigned size = gate32 ? 4 : 2;
    unsigned level = attributes_dpl(code->attributes);
    unsigned parameters = gate->high & 31;
    uint32_t offset = gate_offset(gate, gate32);
    uint32_t esp;
    struct descriptor ss = inner_stack(cpu, level, &esp);
    struct frame_stack stack = frame_stack_of(&ss, esp);
    struct frame frame = {.size = size};

    frame_add(&frame, cpu->segment[SS].selector);
    frame_add(&frame, (uint32_t)cpu->gpr[RSP]);
    frame.count += parameters + 2; /* their values come once there is room for them */
    frame_check(cpu, &frame, &stack, error_code_selector(cpu, ss.selector));
    frame.count = 2;
    for (unsigned i = parameters; i-- > 0;)
        frame_add(&frame, (uint32_t)stack_peek(cpu, i * size, size));
    frame_add(&frame, cpu->segment[CS].selector);
    frame_add(&frame, (uint32_t)body_next_rip(cpu, cpu->in));
    check_target_limit(cpu, code, offset);
    descriptor_mark_accessed(cpu, code);
    descriptor_mark_accessed(cpu, &ss);

    cpu->gpr[RSP] = frame_write(cpu, &frame, &stack);
    code_commit(cpu, code, code->selector, level, offset);
    segment_set(cpu, SS, ss.selector, &ss);
}

static void call_real(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned width)
{
    struct frame frame;

    frame_begin(&frame, width / 8);
    frame_add(&frame, cpu->segment[CS].selector);
    frame_add(&frame, (uint32_t)body_next_rip(cpu, cpu->in));
    if (offset > cpu->segment[CS].limit) { /* the stack is found fault with first */
        for (unsigned i = 0; i < frame.count; i++)
            memory_probe_write(cpu, SS, stack_offset(cpu, -(int64_t)((i + 1) * frame.size)), frame.size);
        check_real_limit(cpu, offset);
    }
    frame_push(cpu, &frame);
    real_commit(cpu, selector, offset);
}

void far_call(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned width)
{
    offset &= width_mask(width);
    if (!cpu_protected(cpu)) {
        call_real(cpu, selector, offset, width);
        return;
    }

    struct descriptor d = transfer_descriptor(cpu, selector);

    if (attributes_code(d.attributes)) {
        check_direct_code(cpu, &d);
        if (cpu_code64(cpu))
            call_same_privilege_long(cpu, &d, offset, width / 8);
        else
            call_same_privilege(cpu, &d, offset, width / 8);
    } else {
        unsigned type = descriptor_system_type(cpu, &d);
        bool gate32 = type == DESCRIPTOR_CALL_GATE32;

        if (transfer_to_task(cpu, &d, TASK_CALL))
            return;
        check_call_gate(cpu, &d, type);

        struct descriptor code = gate_target(cpu, &d, false);
        bool inner = !attributes_conforming_code(code.attributes) && attributes_dpl(code.attributes) < cpu->cpl;

        if (inner && cpu_long_mode(cpu))
            call_inner_long(cpu, &d, &code);
        else if (cpu_long_mode(cpu))
            call_same_privilege_long(cpu, &code, gate_offset_long(&d), 8);
        else if (inner)
            call_inner(cpu, &d, &code, gate32);
        else
            call_same_privilege(cpu, &code, gate_offset(&d, gate32), gate32 ? 4 : 2);
    }
    cpu_mode_changed(cpu);
}

/* --- returns -------------------------------------------------------------------------------------------------------- */

/* The code segment that RETF or IRET returns to: SDM 2 RET, IRET. */
static struct descriptor return_code(struct cpu *cpu, uint16_t selector)
{
    if (selector_null(selector))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_SELECTOR_NULL, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_GP);
    unsigned rpl = selector & 3, dpl = attributes_dpl(d.attributes);
    uint32_t error_code = error_code_selector(cpu, selector);

    if (!attributes_code(d.attributes))
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_CODE_TYPE, selector, d.high);
    if (rpl < cpu->cpl)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_RETURN_RPL, selector, cpu->cpl);
    if (attributes_conforming_code(d.attributes) ? dpl > rpl : dpl != rpl)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_CODE_PRIVILEGE, selector, d.high);
    check_code_size(cpu, &d);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_SEGMENT, selector, d.high);
    return d;
}

/* The outer stack segment of a return to `rpl`; 64-bit mode above privilege 3 takes a null one (attributes 0). */
static struct descriptor return_stack(struct cpu *cpu, uint16_t selector, unsigned rpl, bool to64)
{
    if (selector_null(selector) && to64 && rpl != 3 && (selector & 3u) == rpl)
        return (struct descriptor){.selector = selector};
    if (selector_null(selector))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_SELECTOR_NULL, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_GP);
    uint32_t error_code = error_code_selector(cpu, selector);

    if ((selector & 3u) != rpl || attributes_dpl(d.attributes) != rpl)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_SS_PRIVILEGE, selector, d.high);
    if (!attributes_writable_data(d.attributes))
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_SS_TYPE, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_SS, error_code, REASON_SS_NOT_PRESENT, selector, d.high);
    return d;
}

/* A stack segment of 16 bits takes SP only: the upper half of ESP stays as the inner level left it. */
static void return_to_outer_stack(struct cpu *cpu, const struct descriptor *ss, uint64_t rsp, bool to64)
{
    segment_set(cpu, SS, ss->selector, ss);
    if (to64)
        cpu->gpr[RSP] = rsp;
    else if (ss->attributes & SEGMENT_DB)
        cpu->gpr[RSP] = (uint32_t)rsp;
    else
        cpu->gpr[RSP] = (cpu->gpr[RSP] & 0xffff0000) | (rsp & 0xffff);
}

static void mark_stack_accessed(struct cpu *cpu, struct descriptor *ss)
{
    if (ss->attributes)
        descriptor_mark_accessed(cpu, ss);
}

static void return_real(struct cpu *cpu, unsigned width, unsigned release)
{
    unsigned size = width / 8;
    uint64_t top[2];

    stack_peek_values(cpu, top, 2, size);
    check_real_limit(cpu, top[0]);
    stack_set(cpu, stack_offset(cpu, 2 * size + release));
    real_commit(cpu, (uint16_t)top[1], top[0]);
}

void far_return(struct cpu *cpu, unsigned width, unsigned release)
{
    unsigned size = width / 8;

    if (!cpu_protected(cpu)) {
        return_real(cpu, width, release);
        return;
    }

    uint64_t offset = stack_peek(cpu, 0, size);
    uint16_t selector = (uint16_t)stack_peek(cpu, size, size);
    unsigned rpl = selector & 3;
    struct descriptor code = return_code(cpu, selector);
    bool to64 = code_is_64(cpu, &code);

    if (rpl == cpu->cpl) {
        check_target_limit(cpu, &code, offset);
        descriptor_mark_accessed(cpu, &code);
        stack_set(cpu, stack_offset(cpu, 2 * size + release));
        code_commit(cpu, &code, selector, rpl, offset);
    } else {
        uint64_t rsp = stack_peek(cpu, 2 * size + release, size);
        uint16_t ss_selector = (uint16_t)stack_peek(cpu, 3 * size + release, size);
        struct descriptor ss = return_stack(cpu, ss_selector, rpl, to64);

        check_target_limit(cpu, &code, offset);
        descriptor_mark_accessed(cpu, &code);
        mark_stack_accessed(cpu, &ss);
        return_to_outer_stack(cpu, &ss, rsp + release, to64);
        code_commit(cpu, &code, selector, rpl, offset);
        segment_nullify_inner(cpu);
    }
    cpu_mode_changed(cpu);
}

/* --- IRET ----------------------------------------------------------------------------------------------------------- */

static void iret_real(struct cpu *cpu, unsigned width)
{
    unsigned size = width / 8;
    uint64_t top[3];
    uint64_t mask = FLAGS_ARITHMETIC | FLAG_TF | FLAG_IF | FLAG_DF;

    if (cpu->model->level >= 3) /* the 80286 keeps IOPL and NT clear in real mode */
        mask |= FLAG_IOPL | FLAG_NT;
    if (width >= 32)
        mask |= FLAG_RF | FLAG_AC | FLAG_ID;
    if (cpu_v86(cpu))
        mask &= ~(uint64_t)FLAG_IOPL;
    stack_peek_values(cpu, top, 3, size);
    check_real_limit(cpu, top[0]);
    stack_set(cpu, stack_offset(cpu, 3 * size));
    flags_replace(cpu, top[2], mask);
    real_commit(cpu, (uint16_t)top[1], top[0]);
}

/* SDM 3B 20.2.7, 20.3.3.6: with VME, IRET at IOPL < 3 moves the virtual interrupt flag. */
static void iret_v86(struct cpu *cpu, unsigned width)
{
    if (cpu_iopl(cpu) == 3) {
        iret_real(cpu, width);
        return;
    }
    if (!(cpu->cr4 & CR4_VME) || width != 16)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_V86_IOPL, cpu_iopl(cpu), 0);

    uint64_t offset = stack_peek(cpu, 0, 2);
    uint16_t selector = (uint16_t)stack_peek(cpu, 2, 2);
    uint64_t flags = stack_peek(cpu, 4, 2);

    if ((flags & FLAG_TF) || ((flags & FLAG_IF) && (cpu->eflags & FLAG_VIP)))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_VME_FLAGS, flags, cpu->eflags);
    check_real_limit(cpu, offset);
    stack_set(cpu, stack_offset(cpu, 6));
    flags_replace(cpu, flags | (flags & FLAG_IF ? FLAG_VIF : 0), FLAGS_ARITHMETIC | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_VIF);
    real_commit(cpu, selector, offset);
}

/* SDM 2 IRET, RETURN-TO-VIRTUAL-8086-MODE: CPL is 0 and the image has VM set. */
static void iret_to_v86(struct cpu *cpu, uint32_t offset, uint16_t selector, uint64_t flags)
{
    static const uint8_t order[] = {ES, DS, FS, GS};
    uint32_t esp = (uint32_t)stack_peek(cpu, 12, 4);
    uint16_t ss = (uint16_t)stack_peek(cpu, 16, 4);
    uint16_t data[ARRAY_LENGTH(order)];

    for (unsigned i = 0; i < ARRAY_LENGTH(order); i++)
        data[i] = (uint16_t)stack_peek(cpu, 20 + 4 * i, 4);
    if (offset > 0xffff)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_TARGET_LIMIT, offset, 0xffff);

    flags_replace(cpu, flags, ~UINT64_C(0));
    cpu->cpl = 3;
    segment_set_real(cpu, CS, selector);
    segment_set_real(cpu, SS, ss);
    for (unsigned i = 0; i < ARRAY_LENGTH(order); i++)
        segment_set_real(cpu, order[i], data[i]);
    cpu->gpr[RSP] = esp;
    cpu->rip = offset;
    cpu_mode_changed(cpu);
}

static void iret_protected(struct cpu *cpu, unsigned width)
{
    unsigned size = width / 8;
    uint64_t offset = stack_peek(cpu, 0, size);
    uint16_t selector = (uint16_t)stack_peek(cpu, size, size);
    uint64_t flags = stack_peek(cpu, 2 * size, size);
    uint64_t mask = flags_changeable(cpu, width) | (width >= 32 && cpu->cpl == 0 ? FLAG_VIF | FLAG_VIP : 0);
    unsigned rpl = selector & 3;

    if (width >= 32 && (flags & FLAG_VM) && cpu->cpl == 0 && !cpu_long_mode(cpu)) {
        iret_to_v86(cpu, (uint32_t)offset, selector, flags);
        return;
    }

    struct descriptor code = return_code(cpu, selector);
    bool to64 = code_is_64(cpu, &code);

    mask &= ~(uint64_t)FLAG_VM;
    if (rpl == cpu->cpl && !cpu_code64(cpu)) { /* 64-bit mode pops SS:RSP always */
        check_target_limit(cpu, &code, offset);
        descriptor_mark_accessed(cpu, &code);
        stack_set(cpu, stack_offset(cpu, 3 * size));
        flags_replace(cpu, flags, mask);
        code_commit(cpu, &code, selector, rpl, offset);
    } else {
        uint64_t rsp = stack_peek(cpu, 3 * size, size);
        uint16_t ss_selector = (uint16_t)stack_peek(cpu, 4 * size, size);
        struct descriptor ss = return_stack(cpu, ss_selector, rpl, to64);

        check_target_limit(cpu, &code, offset);
        descriptor_mark_accessed(cpu, &code);
        mark_stack_accessed(cpu, &ss);
        flags_replace(cpu, flags, mask);
        return_to_outer_stack(cpu, &ss, rsp, to64);
        code_commit(cpu, &code, selector, rpl, offset);
        segment_nullify_inner(cpu);
    }
    cpu_mode_changed(cpu);
}

void interrupt_return(struct cpu *cpu, unsigned width)
{
    cpu->nmi_blocked = false; /* whether or not the IRET faults: SDM 3A 6.7.1 */
    if (cpu_real(cpu))
        iret_real(cpu, width);
    else if (cpu_v86(cpu))
        iret_v86(cpu, width);
    else if ((cpu->eflags & FLAG_NT) && cpu_long_mode(cpu))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_NT_RETURN, 0, 0);
    else if (cpu->eflags & FLAG_NT)
        task_switch(cpu, (uint16_t)linear_read(cpu, cpu->tr.base, 2, false), TASK_IRET, body_next_rip(cpu, cpu->in), false,
                    0);
    else
        iret_protected(cpu, width);
}
