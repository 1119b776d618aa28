/* Delivery of interrupts and exceptions through IVT and IDT (SDM 3A chapter 6, 3B chapter 20; SDM 2 INT n). */
#include "cpu/access.h"
#include "cpu/body.h"
#include "cpu/flags.h"
#include "cpu/protection.h"
#include "cpu/raise.h"

static bool software(enum event_kind kind)
{
    return kind == EVENT_SOFTWARE || kind == EVENT_SOFTWARE_EXCEPTION;
}

/* --- real mode, and V86 mode's redirected INT n --------------------------------------------------------------------- */

static void push_real_frame(struct cpu *cpu, uint64_t flags, uint64_t rip)
{
    struct frame frame;

    frame_begin(&frame, 2);
    frame_add(&frame, (uint16_t)flags);
    frame_add(&frame, cpu->segment[CS].selector);
    frame_add(&frame, (uint16_t)rip);
    frame_push(cpu, &frame);
}

static void deliver_real(struct cpu *cpu, unsigned vector, uint64_t rip)
{
    const void *host;
    uint32_t entry;

    if (vector * 4 + 3 > cpu->idtr.limit) /* 80286 and 80386: interrupt 8, "interrupt table limit too small" */
        raise_exception(cpu, cpu->model->level < 4 ? VECTOR_DF : VECTOR_GP, 0, REASON_GP_IDT_LIMIT, vector, cpu->idtr.limit);
    host = hot_read(cpu, (uint32_t)(cpu->idtr.base + vector * 4), 4); /* at CPL 0, as an access to the IVT is */
    entry =
        host ? (uint32_t)host_load(host, 32) : (uint32_t)linear_read(cpu, (uint32_t)(cpu->idtr.base + vector * 4), 4, false);
    push_real_frame(cpu, flags_get(cpu), rip);
    cpu->eflags &= ~(uint64_t)(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF);
    segment_set_real(cpu, CS, (uint16_t)(entry >> 16));
    cpu->rip = entry & 0xffff; /* nothing that the mode key says has changed */
}

/* SDM 3B 20.3.3: the bit for `vector` in the 32 bytes below the TSS's I/O bitmap; clear: the 8086 program's own handler. */
static bool vme_redirected(struct cpu *cpu, unsigned vector)
{
    uint32_t map;

    if (!(cpu->tr.attributes & 8) || cpu->tr.limit < 103)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_VME_BITMAP, vector, cpu->tr.limit);
    map = (uint32_t)linear_read(cpu, (uint32_t)(cpu->tr.base + 102), 2, false) - 32 + vector / 8;
    if (map > cpu->tr.limit)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_VME_BITMAP, vector, cpu->tr.limit);
    return !(linear_read(cpu, (uint32_t)(cpu->tr.base + map), 1, false) >> (vector & 7) & 1);
}

/* SDM 3B 20.3.3.4 and .6 (methods 5 and 6): at IOPL < 3 the program sees VIF as its IF, and IOPL 3. */
static void deliver_v86_redirected(struct cpu *cpu, unsigned vector, uint64_t rip)
{
    bool virtual_if = cpu_iopl(cpu) < 3;
    uint32_t entry = (uint32_t)linear_read(cpu, vector * 4, 4, true);
    uint64_t flags = flags_get(cpu);

    if (virtual_if)
        flags = (flags & ~(uint64_t)FLAG_IF) | FLAG_IOPL | (flags & FLAG_VIF ? FLAG_IF : 0);
    push_real_frame(cpu, flags, rip);
    cpu->eflags &= ~(uint64_t)(FLAG_TF | (virtual_if ? FLAG_VIF : FLAG_IF));
    segment_set_real(cpu, CS, (uint16_t)(entry >> 16));
    cpu->rip = entry & 0xffff;
    cpu_mode_changed(cpu);
}

/* --- protected mode ------------------------------------------------------------------------------------------------- */

static struct descriptor read_gate(struct cpu *cpu, unsigned vector, enum event_kind kind)
{
    uint32_t error_code = vector * 8 + 2 + error_code_ext(cpu);
    struct descriptor gate = {0};
    uint64_t raw;
    unsigned type;

    if (vector * 8 + 7 > cpu->idtr.limit)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_IDT_LIMIT, vector, cpu->idtr.limit);
    raw = linear_read(cpu, (uint32_t)(cpu->idtr.base + vector * 8), 8, false);
    gate.low = (uint32_t)raw;
    gate.high = (uint32_t)(raw >> 32);
    gate.attributes = gate.high >> 8 & 0xff;
    type = descriptor_system_type(cpu, &gate);
    if (type != DESCRIPTOR_TASK_GATE && type != DESCRIPTOR_INTERRUPT_GATE16 && type != DESCRIPTOR_TRAP_GATE16 &&
        type != DESCRIPTOR_INTERRUPT_GATE32 && type != DESCRIPTOR_TRAP_GATE32)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_IDT_TYPE, vector, gate.high);
    if (software(kind) && attributes_dpl(gate.attributes) < cpu->cpl)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_IDT_PRIVILEGE, vector, gate.high);
    if (!(gate.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_IDT_GATE, vector, gate.high);
    return gate;
}

static struct descriptor handler_code(struct cpu *cpu, uint16_t selector)
{
    if (selector_null(selector))
        raise_exception(cpu, VECTOR_GP, error_code_ext(cpu), REASON_GP_GATE_TARGET, selector, 0);

    struct descriptor code = descriptor_read(cpu, selector, VECTOR_GP);
    uint32_t error_code = error_code_selector(cpu, selector);

    if (!attributes_code(code.attributes) || attributes_dpl(code.attributes) > cpu->cpl)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_GATE_TARGET, selector, code.high);
    if (!(code.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_SEGMENT, selector, code.high);
    if (cpu_v86(cpu) && (attributes_conforming_code(code.attributes) || attributes_dpl(code.attributes) != 0))
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_V86_HANDLER_DPL, selector, code.high);
    return code;
}

static void enter_handler(struct cpu *cpu, struct descriptor *code, unsigned cpl, uint64_t offset, bool interrupt_gate)
{
    cpu->eflags &= ~(uint64_t)(FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM | (interrupt_gate ? FLAG_IF : 0));
    cpu->cpl = (uint8_t)cpl;
    segment_set(cpu, CS, (code->selector & 0xfffc) | cpl, code);
    cpu->rip = offset;
}

static void deliver_same_level(struct cpu *cpu, struct descriptor *code, uint32_t offset, bool interrupt_gate,
                               struct frame *frame)
{
    struct frame_stack stack = frame_stack_current(cpu);

    frame_check(cpu, frame, &stack, error_code_ext(cpu));
    check_target_limit(cpu, code, offset);
    descriptor_mark_accessed(cpu, code);
    stack_set(cpu, frame_write(cpu, frame, &stack));
    enter_handler(cpu, code, cpu->cpl, offset, interrupt_gate);
}

static void deliver_inner(struct cpu *cpu, struct descriptor *code, uint32_t offset, bool interrupt_gate,
                          const struct frame *tail)
{
    static const uint8_t v86_order[] = {GS, FS, DS, ES};
    unsigned level = attributes_dpl(code->attributes);
    bool from_v86 = cpu_v86(cpu);
    uint32_t esp;
    struct descriptor ss = inner_stack(cpu, level, &esp);
    struct frame_stack stack = frame_stack_of(&ss, esp);
    struct frame frame = {.size = tail->size};

    for (unsigned i = 0; from_v86 && i < ARRAY_LENGTH(v86_order); i++)
        frame_add(&frame, cpu->segment[v86_order[i]].selector);
    frame_add(&frame, cpu->segment[SS].selector);
    frame_add(&frame, (uint32_t)cpu->gpr[RSP]);
    for (unsigned i = 0; i < tail->count; i++)
        frame_add(&frame, tail->value[i]);
    frame_check(cpu, &frame, &stack, error_code_selector(cpu, ss.selector));
    check_target_limit(cpu, code, offset);
    descriptor_mark_accessed(cpu, code);
    descriptor_mark_accessed(cpu, &ss);

    cpu->gpr[RSP] = frame_write(cpu, &frame, &stack);
    enter_handler(cpu, code, level, offset, interrupt_gate);
    segment_set(cpu, SS, ss.selector, &ss);
    for (unsigned i = 0; from_v86 && i < ARRAY_LENGTH(v86_order); i++)
        segment_set_null(cpu, v86_order[i], 0);
}

static void deliver_protected(struct cpu *cpu, unsigned vector, enum event_kind kind, bool has_error_code,
                              uint32_t error_code, uint64_t rip)
{
    struct descriptor gate = read_gate(cpu, vector, kind);
    unsigned type = descriptor_system_type(cpu, &gate);

    if (type == DESCRIPTOR_TASK_GATE) {
        task_switch(cpu, gate_selector(&gate), TASK_GATE, rip, has_error_code, error_code);
        return;
    }

    struct descriptor code = handler_code(cpu, gate_selector(&gate));
    bool gate32 = type & 8, interrupt_gate = !(type & 1);
    uint32_t offset = gate_offset(&gate, gate32);
    struct frame frame = {.size = gate32 ? 4 : 2};

    frame_add(&frame, (uint32_t)flags_get(cpu));
    frame_add(&frame, cpu->segment[CS].selector);
    frame_add(&frame, (uint32_t)rip);
    if (has_error_code)
        frame_add(&frame, error_code);
    if (!attributes_conforming_code(code.attributes) && attributes_dpl(code.attributes) < cpu->cpl)
        deliver_inner(cpu, &code, offset, interrupt_gate, &frame);
    else
        deliver_same_level(cpu, &code, offset, interrupt_gate, &frame);
    cpu_mode_changed(cpu);
}

/* --- long mode (SDM 3A 6.14) ---------------------------------------------------------------------------------------- */

static struct descriptor read_gate_long(struct cpu *cpu, unsigned vector, enum event_kind kind)
{
    uint32_t error_code = vector * 8 + 2 + error_code_ext(cpu);
    struct descriptor gate = {0};
    uint64_t raw, address = cpu->idtr.base + vector * 16;
    unsigned type;

    if (vector * 16 + 15 > cpu->idtr.limit)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_IDT_LIMIT, vector, cpu->idtr.limit);
    raw = linear_read(cpu, address, 8, false);
    gate.low = (uint32_t)raw;
    gate.high = (uint32_t)(raw >> 32);
    gate.upper = (uint32_t)linear_read(cpu, address + 8, 8, false);
    gate.attributes = gate.high >> 8 & 0xff;
    type = descriptor_system_type(cpu, &gate);
    if (type != DESCRIPTOR_INTERRUPT_GATE32 && type != DESCRIPTOR_TRAP_GATE32)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_IDT_TYPE, vector, gate.high);
    if (software(kind) && attributes_dpl(gate.attributes) < cpu->cpl)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_IDT_PRIVILEGE, vector, gate.high);
    if (!(gate.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_IDT_GATE, vector, gate.high);
    return gate;
}

/* Always SS, RSP, RFLAGS, CS, RIP of 8 bytes on a stack aligned to 16; SS becomes null when the privilege changes. */
static void deliver_long(struct cpu *cpu, unsigned vector, enum event_kind kind, bool has_error_code, uint32_t error_code, uint64_t rip)
{
    struct descriptor gate = read_gate_long(cpu, vector, kind), code = handler_code(cpu, gate_selector(&gate));
    unsigned ist = gate.high & 7, level = cpu->cpl;
    uint64_t offset = gate_offset_long(&gate), rsp = cpu->gpr[RSP];
    struct frame frame;
    bool inner;

    if ((code.attributes & (SEGMENT_L | SEGMENT_DB)) != SEGMENT_L)
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, code.selector), REASON_GP_CODE_SIZE, code.selector, code.high);
    inner = !attributes_conforming_code(code.attributes) && attributes_dpl(code.attributes) < cpu->cpl;
    if (inner)
        level = attributes_dpl(code.attributes);
    if (inner || ist)
        rsp = long_stack_pointer(cpu, level, ist);
    rsp &= ~UINT64_C(15);
    frame_begin(&frame, 8);
    frame_add(&frame, cpu->segment[SS].selector);
    frame_add(&frame, cpu->gpr[RSP]);
    frame_add(&frame, flags_get(cpu));
    frame_add(&frame, cpu->segment[CS].selector);
    frame_add(&frame, rip);
    if (has_error_code)
        frame_add(&frame, error_code);
    frame_check_long(cpu, &frame, rsp, level == 3, error_code_ext(cpu));
    check_target_limit(cpu, &code, offset);
    descriptor_mark_accessed(cpu, &code);
    cpu->gpr[RSP] = frame_write_long(cpu, &frame, rsp, level == 3);
    enter_handler(cpu, &code, level, offset, descriptor_system_type(cpu, &gate) == DESCRIPTOR_INTERRUPT_GATE32);
    if (inner)
        segment_set_null(cpu, SS, (uint16_t)level);
    cpu_mode_changed(cpu);
}

static void deliver(struct cpu *cpu, unsigned vector, enum event_kind kind, bool has_error_code, uint32_t error_code,
                    uint64_t rip)
{
    if (cpu_real(cpu)) {
        deliver_real(cpu, vector, rip);
        return;
    }
    if (cpu_long_mode(cpu)) {
        deliver_long(cpu, vector, kind, has_error_code, error_code, rip);
        return;
    }
    if (cpu_v86(cpu) && kind == EVENT_SOFTWARE) { /* INT n alone is sensitive to IOPL: SDM 3B 20.3, table 20-2 */
        if ((cpu->cr4 & CR4_VME) && vme_redirected(cpu, vector)) {
            deliver_v86_redirected(cpu, vector, rip);
            return;
        }
        if (cpu_iopl(cpu) < 3)
            raise_exception(cpu, VECTOR_GP, 0, REASON_GP_V86_IOPL, cpu_iopl(cpu), vector);
    }
    deliver_protected(cpu, vector, kind, has_error_code, error_code, rip);
}

/* RF in the pushed image is the caller's business: set in cpu->eflags for faults (engine.c). The handler starts with RF
   clear; a task that a task gate leads to with its own. */
void interrupt_deliver(struct cpu *cpu, unsigned vector, enum event_kind kind, bool has_error_code, uint32_t error_code,
                       uint64_t rip)
{
    deliver(cpu, vector, kind, has_error_code, error_code, rip);
    cpu->event_delivered = true;
}
