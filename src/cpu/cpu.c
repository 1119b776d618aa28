/* A processor's life: making, reset, its input pins, and keeping derived state true. */
#include "cpu/cpu.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cpu/engine.h"
#include "cpu/flags.h"
#include "cpu/protection.h"

struct cpu *cpu_new(unsigned number, const struct cpu_model *model, const struct cpu_wiring *wiring,
                    const struct cpu_options *options)
{
    struct cpu *cpu = memory_new(sizeof *cpu);
    struct engine *engine = memory_new(sizeof *engine);

    cpu->number = number;
    cpu->model = model;
    cpu->schedule = wiring->schedule;
    cpu->memory = wiring->memory;
    cpu->ports = wiring->ports;
    cpu->log = wiring->log;
    cpu->acknowledge = wiring->acknowledge;
    cpu->acknowledge_owner = wiring->acknowledge_owner;
    cpu->engine = engine;
    cpu->a20 = true;
    engine->plain = options->plain;
    engine->tlb_entries = options->tlb_entries ? options->tlb_entries : TLB_DEFAULT_ENTRIES;
    engine->trace_length = options->trace_length ? options->trace_length : TRACE_LENGTH;
    engine->decode = decode_table_new(model);
    trace_cache_new(cpu);
    tlb_new(cpu);
    cpu_reset(cpu);
    return cpu;
}

void cpu_free(struct cpu *cpu)
{
    if (!cpu)
        return;
    tlb_free(cpu);
    trace_cache_free(cpu);
    decode_table_free(cpu->engine->decode);
    free(cpu->engine->breakpoints);
    free(cpu->engine->watches);
    free(cpu->engine);
    free(cpu);
}

/* --- reset --------------------------------------------------------------------------------------------------------------- */

static void reset_segment(struct segment *segment, uint16_t selector, uint64_t base, uint16_t attributes)
{
    *segment = (struct segment){.base = base, .limit = 0xffff, .selector = selector, .attributes = attributes};
}

/* SDM 3A table 9-1; 80286 PRM 10.1; 8086 data sheet table 4. */
void cpu_init(struct cpu *cpu)
{
    unsigned level = cpu->model->level;

    memset(cpu->gpr, 0, sizeof cpu->gpr);
    cpu->gpr[RDX] = cpu->model->signature;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        reset_segment(&cpu->segment[i], 0, 0, SEGMENT_PRESENT | SEGMENT_S | SEGMENT_WRITABLE | SEGMENT_ACCESSED);
    if (level < 2) {
        cpu->segment[CS].selector = 0xffff;
        cpu->segment[CS].base = 0xffff0;
        cpu->rip = 0;
    } else {
        cpu->segment[CS].selector = 0xf000;
        cpu->segment[CS].base = level == 2 ? 0xff0000 : 0xffff0000;
        cpu->rip = 0xfff0;
    }
    reset_segment(&cpu->ldtr, 0, 0, SEGMENT_PRESENT | DESCRIPTOR_LDT);
    reset_segment(&cpu->tr, 0, 0, SEGMENT_PRESENT | (level >= 3 ? DESCRIPTOR_TSS32_BUSY : DESCRIPTOR_TSS16_BUSY));
    cpu->gdtr = (struct table_register){0, 0xffff};
    cpu->idtr = (struct table_register){0, level >= 2 ? 0x3ff : 0xffff};
    flags_set(cpu, flags_constant(cpu));
    /* ET: 1 from the 486 on, and on a 386 with a 387; MSW of the 286 reads FFF0 (its upper bits do not exist: bodies_control.c) */
    cpu->cr0 = level >= 4 ? (level >= 5 ? CR0_CD | CR0_NW | CR0_ET : CR0_CD | CR0_NW | CR0_ET) : 0;
    cpu->cr2 = cpu->cr3 = cpu->cr4 = cpu->cr8 = cpu->efer = 0;
    memset(cpu->pdpte, 0, sizeof cpu->pdpte);
    memset(cpu->dr, 0, sizeof cpu->dr);
    cpu->dr[6] = 0xffff0ff0;
    cpu->dr[7] = 0x400;
    cpu->cpl = 0;
    cpu->inhibit = INHIBIT_NONE;
    cpu->activity = CPU_RUNNING;
    cpu->nmi_blocked = cpu->nmi_pending = false;
    cpu->pending_debug = 0;
    cpu->in = NULL;
    cpu->delivering = false;
    cpu_state_changed(cpu);
}

void cpu_reset(struct cpu *cpu)
{
    cpu->tsc_offset = 0 - cpu->schedule->now;
    memset(cpu->tr_registers, 0, sizeof cpu->tr_registers);
    msr_reset(cpu);
    cpu->fault_count = 0;
    cpu->init_pending = false;
    fpu_reset(cpu);
    cpu_init(cpu);
}

/* --- pins ---------------------------------------------------------------------------------------------------------------- */

void cpu_set_intr(void *owner, unsigned line, bool level)
{
    (void)line;
    ((struct cpu *)owner)->intr = level;
}

void cpu_set_nmi(void *owner, unsigned line, bool level)
{
    (void)line;
    if (level)
        ((struct cpu *)owner)->nmi_pending = true;
}

void cpu_set_a20(void *owner, unsigned line, bool level)
{
    struct cpu *cpu = owner;

    (void)line;
    if (cpu->a20 == level)
        return;
    cpu->a20 = level;
    tlb_select(cpu);
    cpu->leave = true;
}

void cpu_pulse_init(void *owner, unsigned line, bool level)
{
    (void)line;
    if (level)
        ((struct cpu *)owner)->init_pending = true;
}

/* --- derived state ------------------------------------------------------------------------------------------------------- */

static bool is_flat_data(const struct segment *segment)
{
    return segment->base == 0 && segment->limit == 0xffffffff && segment->read_end && segment->write_end;
}

static uint32_t mode_key_of(const struct cpu *cpu)
{
    const struct segment *cs = &cpu->segment[CS], *ss = &cpu->segment[SS];
    uint32_t key = (uint32_t)cpu->cpl << KEY_CPL_SHIFT;

    if (cpu_protected(cpu))
        key |= KEY_PROTECTED;
    if (cpu_v86(cpu))
        key |= KEY_V86;
    if (cpu_code64(cpu))
        key |= KEY_CODE64;
    else if (cs->attributes & SEGMENT_DB)
        key |= KEY_CODE32;
    if (cs->limit == 0xffffffff && !(key & KEY_CODE64))
        key |= KEY_CS_FLAT;
    if (!(key & KEY_CODE64) && (ss->attributes & SEGMENT_DB) && is_flat_data(ss) && is_flat_data(&cpu->segment[DS]) &&
        is_flat_data(&cpu->segment[ES]))
        key |= KEY_FLAT;
    if (cpu->cpl == 3 && (cpu->cr0 & CR0_AM) && (cpu->eflags & FLAG_AC) && cpu->model->level >= 4)
        key |= KEY_ALIGN;
    return key;
}

void cpu_mode_changed(struct cpu *cpu)
{
    const struct segment *ss = &cpu->segment[SS];
    bool was_protected = cpu->mode_key & KEY_PROTECTED;

    if (was_protected != cpu_protected(cpu))
        for (unsigned i = 0; i < SEGMENT_COUNT; i++)
            segment_changed(cpu, i);
    cpu->mode_key = mode_key_of(cpu);
    cpu->stack_mask = cpu_code64(cpu) ? ~UINT64_C(0) : ss->attributes & SEGMENT_DB ? 0xffffffff : 0xffff;
    cpu->cs_end = cpu_code64(cpu) ? ~UINT64_C(0) : (uint64_t)cpu->segment[CS].limit + 1;
    tlb_select(cpu);
}

void cpu_state_changed(struct cpu *cpu)
{
    cpu->gpr[GPR_ZERO] = 0;
    cpu->in = NULL;
    cpu->leave = true;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        segment_changed(cpu, i);
    cpu_mode_changed(cpu);
}
