/* Hardware task switches: 80286 and 80386 task state segments (SDM 3A chapter 7).

   Until the commit (step 8 of SDM 3A 7.3) every fault belongs to the old task and nothing has changed; after it, faults
   belong to the new task: cpu->in is NULL by then, so that the new task's EIP is what a fault saves. */
#include "cpu/access.h"
#include "cpu/body.h"
#include "cpu/protection.h"

struct tss_layout { /* byte offsets, and sizes of its words */
    uint8_t size;   /* of flags and registers */
    uint8_t ip, flags, general, segments, ldt;
    uint8_t segment_count; /* ES, CS, SS, DS and, in the 80386's, FS, GS */
    uint8_t minimum_limit;
};
static const struct tss_layout layout16 = {2, 0x0e, 0x10, 0x12, 0x22, 0x2a, 4, 0x2b};
static const struct tss_layout layout32 = {4, 0x20, 0x24, 0x28, 0x48, 0x60, 6, 0x67};
enum { TSS32_CR3 = 0x1c, TSS32_DEBUG = 0x64 };

struct new_task {
    uint32_t cr3, ip, flags;
    uint32_t general[8];
    uint16_t segment[SEGMENT_COUNT];
    uint16_t ldt;
    bool trap;
};

static const struct tss_layout *layout_of(uint16_t attributes)
{
    return attributes & 8 ? &layout32 : &layout16;
}

static uint32_t tss_read(struct cpu *cpu, uint64_t base, unsigned offset, unsigned size)
{
    return (uint32_t)linear_read(cpu, (uint32_t)(base + offset), size, false);
}

static void tss_write(struct cpu *cpu, uint64_t base, unsigned offset, uint32_t value, unsigned size)
{
    linear_write(cpu, (uint32_t)(base + offset), value, size, false);
}

/* Steps 1-5: the new task's TSS descriptor. IRET finds fault with #TS, all others with #GP. */
static struct descriptor check_new_tss(struct cpu *cpu, uint16_t selector, enum task_switch_source source)
{
    unsigned vector = source == TASK_IRET ? VECTOR_TS : VECTOR_GP;
    enum reason reason = source == TASK_IRET ? REASON_GP_NT_RETURN : REASON_GP_TSS_BUSY;
    uint32_t error_code = error_code_selector(cpu, selector);

    if (selector_null(selector) || (selector & 4))
        raise_exception(cpu, vector, error_code, reason, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, vector);
    unsigned type = descriptor_system_type(cpu, &d);
    unsigned expected16 = source == TASK_IRET ? DESCRIPTOR_TSS16_BUSY : DESCRIPTOR_TSS16_AVAILABLE;

    if (type != expected16 && type != (expected16 | 8))
        raise_exception(cpu, vector, error_code, reason, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_TSS, selector, d.high);
    if (d.limit < layout_of(d.attributes)->minimum_limit)
        raise_exception(cpu, VECTOR_TS, error_code, REASON_TS_TSS_LIMIT, selector, d.limit);
    return d;
}

/* Every byte that the commit will touch is mapped and writable. */
static void probe_tss(struct cpu *cpu, const struct descriptor *new_tss, enum task_switch_source source)
{
    const struct tss_layout *old = layout_of(cpu->tr.attributes);
    unsigned old_end = old->segments + old->segment_count * old->size;
    uint32_t old_descriptor = (uint32_t)(cpu->gdtr.base + (cpu->tr.selector & 0xfff8));

    if (cpu->tr.limit < old_end - 1)
        raise_exception(cpu, VECTOR_TS, error_code_selector(cpu, cpu->tr.selector), REASON_TS_TSS_LIMIT, cpu->tr.selector,
                        cpu->tr.limit);
    for (unsigned offset = old->ip; offset < old_end; offset += old->size)
        linear_probe_write(cpu, (uint32_t)(cpu->tr.base + offset), old->size, false);
    for (unsigned offset = 0; offset < layout_of(new_tss->attributes)->minimum_limit; offset += 2)
        tss_read(cpu, new_tss->base, offset, 2);
    if (source == TASK_CALL || source == TASK_GATE)
        linear_probe_write(cpu, (uint32_t)new_tss->base, 2, false);
    if (source == TASK_JUMP || source == TASK_IRET)
        linear_probe_write(cpu, old_descriptor + 5, 1, false);
    linear_probe_write(cpu, new_tss->address + 5, 1, false);
}

static void save_old_task(struct cpu *cpu, uint32_t ip, uint32_t flags)
{
    const struct tss_layout *layout = layout_of(cpu->tr.attributes);
    uint64_t base = cpu->tr.base;

    tss_write(cpu, base, layout->ip, ip, layout->size);
    tss_write(cpu, base, layout->flags, flags, layout->size);
    for (unsigned i = 0; i < 8; i++)
        tss_write(cpu, base, layout->general + i * layout->size, (uint32_t)cpu->gpr[RAX + i], layout->size);
    for (unsigned i = 0; i < layout->segment_count; i++) /* the upper words are not written */
        tss_write(cpu, base, layout->segments + i * layout->size, cpu->segment[i].selector, 2);
}

static struct new_task read_new_task(struct cpu *cpu, const struct descriptor *tss)
{
    const struct tss_layout *layout = layout_of(tss->attributes);
    struct new_task task = {0};

    task.ip = tss_read(cpu, tss->base, layout->ip, layout->size);
    task.flags = tss_read(cpu, tss->base, layout->flags, layout->size);
    for (unsigned i = 0; i < 8; i++)
        task.general[i] = tss_read(cpu, tss->base, layout->general + i * layout->size, layout->size);
    for (unsigned i = 0; i < layout->segment_count; i++)
        task.segment[i] = (uint16_t)tss_read(cpu, tss->base, layout->segments + i * layout->size, 2);
    task.ldt = (uint16_t)tss_read(cpu, tss->base, layout->ldt, 2);
    if (tss->attributes & 8) {
        task.cr3 = tss_read(cpu, tss->base, TSS32_CR3, 4);
        task.trap = tss_read(cpu, tss->base, TSS32_DEBUG, 2) & 1;
    }
    return task;
}

/* --- the new task's segments: faults are its own -------------------------------------------------------------------- */

static void load_task_ldt(struct cpu *cpu, uint16_t selector)
{
    uint32_t error_code = error_code_selector(cpu, selector);

    if (selector_null(selector))
        return;
    if (selector & 4)
        raise_exception(cpu, VECTOR_TS, error_code, REASON_TS_LDT, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_TS);

    if (descriptor_system_type(cpu, &d) != DESCRIPTOR_LDT || !(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_TS, error_code, REASON_TS_LDT, selector, d.high);
    cpu->ldtr = (struct segment){.base = d.base, .limit = d.limit, .selector = selector, .attributes = d.attributes};
}

static void load_task_code(struct cpu *cpu, uint16_t selector)
{
    if (selector_null(selector))
        raise_exception(cpu, VECTOR_TS, error_code_ext(cpu), REASON_TS_CS, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_TS);
    uint32_t error_code = error_code_selector(cpu, selector);
    unsigned rpl = selector & 3, dpl = attributes_dpl(d.attributes);

    if (!attributes_code(d.attributes) || (attributes_conforming_code(d.attributes) ? dpl > rpl : dpl != rpl))
        raise_exception(cpu, VECTOR_TS, error_code, REASON_TS_CS, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_SEGMENT, selector, d.high);
    descriptor_mark_accessed(cpu, &d);
    segment_set(cpu, CS, selector, &d);
}

static void load_task_stack(struct cpu *cpu, uint16_t selector)
{
    if (selector_null(selector))
        raise_exception(cpu, VECTOR_TS, error_code_ext(cpu), REASON_TS_SEGMENT, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_TS);
    uint32_t error_code = error_code_selector(cpu, selector);

    if (!attributes_writable_data(d.attributes) || attributes_dpl(d.attributes) != cpu->cpl || (selector & 3) != cpu->cpl)
        raise_exception(cpu, VECTOR_TS, error_code, REASON_TS_SEGMENT, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_SS, error_code, REASON_SS_NOT_PRESENT, selector, d.high);
    descriptor_mark_accessed(cpu, &d);
    segment_set(cpu, SS, selector, &d);
}

static void load_task_data(struct cpu *cpu, unsigned index, uint16_t selector)
{
    if (selector_null(selector))
        return;

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_TS);
    uint32_t error_code = error_code_selector(cpu, selector);
    unsigned dpl = attributes_dpl(d.attributes);

    if (!attributes_readable(d.attributes) ||
        (!attributes_conforming_code(d.attributes) && (cpu->cpl > dpl || (selector & 3u) > dpl)))
        raise_exception(cpu, VECTOR_TS, error_code, REASON_TS_SEGMENT, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_SEGMENT, selector, d.high);
    descriptor_mark_accessed(cpu, &d);
    segment_set(cpu, index, selector, &d);
}

static void load_task_segments(struct cpu *cpu, const struct new_task *task)
{
    static const uint8_t data[] = {DS, ES, FS, GS};

    load_task_ldt(cpu, task->ldt);
    if (cpu_v86(cpu)) {
        for (unsigned i = 0; i < SEGMENT_COUNT; i++)
            segment_set_real(cpu, i, task->segment[i]);
        cpu_mode_changed(cpu);
        return;
    }
    load_task_code(cpu, task->segment[CS]);
    load_task_stack(cpu, task->segment[SS]);
    cpu_mode_changed(cpu);
    for (unsigned i = 0; i < ARRAY_LENGTH(data); i++)
        load_task_data(cpu, data[i], task->segment[data[i]]);
    cpu_mode_changed(cpu);
}

/* Steps 11 and 12: registers of the new task, its segment registers holding selectors without descriptors yet. */
static void enter_new_task(struct cpu *cpu, const struct new_task *task, const struct descriptor *tss, bool nested)
{
    cpu->tr = (struct segment){
        .base = tss->base, .limit = tss->limit, .selector = tss->selector, .attributes = tss->attributes | 2};
    cpu->cr0 |= CR0_TS;
    if ((tss->attributes & 8) && (cpu->cr0 & CR0_PG))
        control_register_write(cpu, 3, task->cr3);
    flags_replace(cpu, task->flags | (nested ? FLAG_NT : 0), ~UINT64_C(0));
    for (unsigned i = 0; i < 8; i++) /* a 16-bit TSS leaves ones in the upper halves (the 80386 does; the 80286 has none) */
        cpu->gpr[RAX + i] = task->general[i] | (tss->attributes & 8 || cpu->model->level < 3 ? 0 : 0xffff0000);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        segment_set_null(cpu, i, task->segment[i]);
    cpu->ldtr = (struct segment){.selector = task->ldt};
    cpu->cpl = cpu_v86(cpu) ? 3 : task->segment[CS] & 3;
    cpu->dr[7] &= ~UINT64_C(0x155); /* L0-L3 and LE are the task's own */
    cpu->inhibit = INHIBIT_NONE;

    if (cpu->in) { /* the instruction's own count is charged at the end, or by the fault that belongs to the new task */
        cpu->budget += cpu->in->left;
        cpu->in = NULL;
    }
    cpu->rip = task->ip;
    cpu_mode_changed(cpu);
}

void task_switch(struct cpu *cpu, uint16_t tss_selector, enum task_switch_source source, uint64_t next_rip,
                 bool has_error_code, uint32_t error_code)
{
    struct descriptor tss = check_new_tss(cpu, tss_selector, source);
    bool nested = source == TASK_CALL || source == TASK_GATE, instruction = cpu->in;
    uint16_t old_selector = cpu->tr.selector;
    uint64_t flags = flags_get(cpu);

    probe_tss(cpu, &tss, source);

    /* The commit: steps 6-10. */
    if (!nested)
        descriptor_write_busy(cpu, (uint32_t)(cpu->gdtr.base + (old_selector & 0xfff8)), false);
    if (source == TASK_IRET)
        flags &= ~(uint64_t)FLAG_NT;
    save_old_task(cpu, (uint32_t)next_rip, (uint32_t)flags);
    if (nested)
        tss_write(cpu, tss.base, 0, old_selector, 2);
    if (source != TASK_IRET)
        descriptor_write_busy(cpu, tss.address, true);

    struct new_task task = read_new_task(cpu, &tss);

    enter_new_task(cpu, &task, &tss, nested);
    load_task_segments(cpu, &task);
    if (has_error_code)
        stack_push(cpu, error_code, tss.attributes & 8 ? 4 : 2);
    if (cpu->rip > cpu->segment[CS].limit)
        raise_exception(cpu, VECTOR_GP, error_code_ext(cpu), REASON_GP_TARGET_LIMIT, cpu->rip, cpu->segment[CS].limit);
    if (instruction)
        cpu->budget--;
    if (task.trap)
        cpu->pending_debug |= UINT64_C(1) << 15; /* DR6.BT */
}
