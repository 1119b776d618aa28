/* Descriptors and segment registers: reading, checking, loading (SDM 3A chapter 5). */
#include "cpu/segment.h"

#include "cpu/access.h"
#include "cpu/protection.h"
#include "cpu/raise.h"

uint32_t error_code_ext(const struct cpu *cpu)
{
    return cpu->delivering && cpu->delivering_kind != EVENT_SOFTWARE && cpu->delivering_kind != EVENT_SOFTWARE_EXCEPTION;
}

unsigned descriptor_system_type(const struct cpu *cpu, const struct descriptor *descriptor)
{
    unsigned type = descriptor->attributes & SEGMENT_TYPE;

    if ((descriptor->attributes & SEGMENT_S) || (cpu->model->level < 3 && type > DESCRIPTOR_TRAP_GATE16))
        return 0;
    return type;
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

static struct descriptor descriptor_unpack(const struct cpu *cpu, uint16_t selector, uint64_t address, uint64_t raw)
{
    struct descriptor d = {.low = (uint32_t)raw, .high = (uint32_t)(raw >> 32), .selector = selector, .address = address};

    d.base = d.low >> 16 | (d.high & 0xff) << 16;
    d.limit = d.low & 0xffff;
    d.attributes = d.high >> 8 & 0xff;
    if (cpu->model->level >= 3) { /* the 80286 ignores the last word */
        d.base |= d.high & 0xff000000;
        d.limit |= d.high & 0xf0000;
        d.attributes = d.high >> 8 & 0xf0ff;
        if (d.attributes & SEGMENT_G)
            d.limit = d.limit << 12 | 0xfff;
    }
    return d;
}

/* The table that holds `selector`; false if the selector lies beyond it. */
static bool descriptor_address(const struct cpu *cpu, uint16_t selector, uint64_t *address, uint32_t *limit)
{
    bool local = selector & 4;

    if (local && !cpu->ldtr.attributes) {
        *limit = 0;
        return false;
    }
    *limit = local ? cpu->ldtr.limit : cpu->gdtr.limit;
    *address = (local ? cpu->ldtr.base : cpu->gdtr.base) + (selector & 0xfff8);
    if (!cpu_long_mode(cpu))
        *address = (uint32_t)*address;
    return (selector | 7u) <= *limit;
}

struct descriptor descriptor_read(struct cpu *cpu, uint16_t selector, unsigned vector)
{
    uint64_t address = 0;
    uint32_t limit;

    if (!descriptor_address(cpu, selector, &address, &limit))
        raise_exception(cpu, vector, error_code_selector(cpu, selector), REASON_GP_SELECTOR_LIMIT, selector, limit);
    return descriptor_unpack(cpu, selector, address, linear_read(cpu, address, 8, false));
}

void descriptor_read_upper(struct cpu *cpu, struct descriptor *descriptor)
{
    uint32_t limit = descriptor->selector & 4 ? cpu->ldtr.limit : cpu->gdtr.limit;
    uint64_t raw;

    if ((descriptor->selector | 7u) + 8 > limit)
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, descriptor->selector), REASON_GP_SELECTOR_LIMIT, descriptor->selector,
                        limit);
    raw = linear_read(cpu, descriptor->address + 8, 8, false);
    if (raw >> 40 & 0x1f)
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, descriptor->selector), REASON_GP_SEGMENT_TYPE, descriptor->selector,
                        raw >> 32);
    descriptor->upper = (uint32_t)raw;
    descriptor->base |= raw << 32;
}

bool descriptor_find(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor)
{
    uint64_t address = 0;
    uint32_t limit;

    if (selector_null(selector) || !descriptor_address(cpu, selector, &address, &limit))
        return false;
    *descriptor = descriptor_unpack(cpu, selector, address, linear_read(cpu, address, 8, false));
    return true;
}

void descriptor_mark_accessed(struct cpu *cpu, struct descriptor *descriptor)
{
    if (descriptor->attributes & SEGMENT_ACCESSED)
        return;
    linear_write(cpu, descriptor->address + 5, (descriptor->attributes & 0xff) | SEGMENT_ACCESSED, 1, false);
    descriptor->attributes |= SEGMENT_ACCESSED;
    descriptor->high |= SEGMENT_ACCESSED << 8;
}

void descriptor_write_busy(struct cpu *cpu, uint64_t address, bool busy)
{
    uint64_t access = linear_read(cpu, address + 5, 1, false);

    linear_write(cpu, address + 5, busy ? access | 2 : access & ~UINT64_C(2), 1, false);
}

/* --- setting without checks ----------------------------------------------------------------------------------------- */

void segment_set(struct cpu *cpu, unsigned index, uint16_t selector, const struct descriptor *descriptor)
{
    struct segment *segment = &cpu->segment[index];

    segment->selector = selector;
    segment->base = descriptor->base;
    segment->limit = descriptor->limit;
    segment->attributes = descriptor->attributes;
    if (index == CS && code_is_64(cpu, descriptor)) { /* no base, no limit */
        segment->base = 0;
        segment->limit = 0xffffffff;
    }
    segment_changed(cpu, index);
}

/* Real mode changes selector and base only: limit and attributes stay as protected mode left them ("big real mode"), except
   that a register that held a null selector becomes usable and CS becomes an ordinary writable segment of privilege 0, its
   limit and D bit kept. V86 mode fixes all of it (SDM 3B 20.2.1). */
void segment_set_real(struct cpu *cpu, unsigned index, uint16_t selector)
{
    struct segment *segment = &cpu->segment[index];
    const uint16_t data = SEGMENT_PRESENT | SEGMENT_S | SEGMENT_WRITABLE | SEGMENT_ACCESSED;

    segment->selector = selector;
    segment->base = (uint64_t)selector << 4;
    if (cpu_v86(cpu)) {
        segment->limit = 0xffff;
        segment->attributes = data | SEGMENT_DPL;
    } else if (!segment->attributes) {
        segment->limit = 0xffff;
        segment->attributes = data;
    } else if (index == CS) {
        segment->attributes = (segment->attributes & 0xf000) | data;
    }
    segment_changed(cpu, index);
}

void segment_set_null(struct cpu *cpu, unsigned index, uint16_t selector)
{
    struct segment *segment = &cpu->segment[index];

    segment->selector = selector;
    segment->base = 0;
    segment->limit = 0;
    segment->attributes = 0;
    segment_changed(cpu, index);
}

void segment_nullify_inner(struct cpu *cpu)
{
    static const uint8_t indices[] = {ES, DS, FS, GS};

    for (unsigned i = 0; i < ARRAY_LENGTH(indices); i++) {
        uint16_t attributes = cpu->segment[indices[i]].attributes;

        if (attributes && !attributes_conforming_code(attributes) && attributes_dpl(attributes) < cpu->cpl)
            segment_set_null(cpu, indices[i], 0);
    }
}

/* --- loading ES, SS, DS, FS, GS ------------------------------------------------------------------------------------- */

static void load_stack(struct cpu *cpu, uint16_t selector)
{
    if (selector_null(selector)) {
        if (!cpu_code64(cpu) || cpu->cpl == 3 || (selector & 3) != cpu->cpl)
            raise_exception(cpu, VECTOR_GP, error_code_ext(cpu), REASON_GP_SELECTOR_NULL, selector, 0);
        segment_set_null(cpu, SS, selector);
        return;
    }

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_GP);
    uint32_t error_code = error_code_selector(cpu, selector);

    if ((selector & 3) != cpu->cpl)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_SS_PRIVILEGE, selector, d.high);
    if (!attributes_writable_data(d.attributes))
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_SS_TYPE, selector, d.high);
    if (attributes_dpl(d.attributes) != cpu->cpl)
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_SS_PRIVILEGE, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_SS, error_code, REASON_SS_NOT_PRESENT, selector, d.high);
    descriptor_mark_accessed(cpu, &d);
    segment_set(cpu, SS, selector, &d);
}

static void load_data(struct cpu *cpu, unsigned index, uint16_t selector)
{
    if (selector_null(selector)) {
        segment_set_null(cpu, index, selector);
        return;
    }

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_GP);
    uint32_t error_code = error_code_selector(cpu, selector);
    unsigned dpl = attributes_dpl(d.attributes);

    if (!attributes_readable(d.attributes))
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_SEGMENT_TYPE, selector, d.high);
    if (!attributes_conforming_code(d.attributes) && ((selector & 3u) > dpl || cpu->cpl > dpl))
        raise_exception(cpu, VECTOR_GP, error_code, REASON_GP_SEGMENT_PRIVILEGE, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code, REASON_NP_SEGMENT, selector, d.high);
    descriptor_mark_accessed(cpu, &d);
    segment_set(cpu, index, selector, &d);
}

void segment_load(struct cpu *cpu, unsigned index, uint16_t selector)
{
    if (!cpu_protected(cpu)) {
        segment_set_real(cpu, index, selector);
        if (cpu->segment[index].limit == 0xffff && index != SS)
            return; /* nothing that the mode key says can have changed: by far the commonest case */
    } else if (index == SS) {
        load_stack(cpu, selector);
    } else {
        load_data(cpu, index, selector);
    }
    cpu_mode_changed(cpu);
}

/* --- LDTR and TR ---------------------------------------------------------------------------------------------------- */

static void system_register_set(struct segment *segment, uint16_t selector, const struct descriptor *descriptor)
{
    segment->selector = selector;
    segment->base = descriptor->base;
    segment->limit = descriptor->limit;
    segment->attributes = descriptor->attributes;
}

/* In long mode the base is 64 bits wide and canonical. */
static void complete_base(struct cpu *cpu, struct descriptor *d)
{
    if (!cpu_long_mode(cpu))
        return;
    descriptor_read_upper(cpu, d);
    if (!address_canonical(d->base))
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, d->selector), REASON_GP_CANONICAL, d->base, 0);
}

/* SDM 2 LLDT */
void load_ldtr(struct cpu *cpu, uint16_t selector)
{
    if (selector_null(selector)) {
        cpu->ldtr = (struct segment){.selector = selector};
        return;
    }
    if (selector & 4)
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, selector), REASON_GP_LDT_SELECTOR, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_GP);

    if (descriptor_system_type(cpu, &d) != DESCRIPTOR_LDT)
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, selector), REASON_GP_LDT_SELECTOR, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code_selector(cpu, selector), REASON_NP_SEGMENT, selector, d.high);
    complete_base(cpu, &d);
    system_register_set(&cpu->ldtr, selector, &d);
}

/* SDM 2 LTR */
void load_tr(struct cpu *cpu, uint16_t selector)
{
    if (selector_null(selector))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_SELECTOR_NULL, selector, 0);
    if (selector & 4)
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, selector), REASON_GP_TSS_SELECTOR, selector, 0);

    struct descriptor d = descriptor_read(cpu, selector, VECTOR_GP);
    unsigned type = descriptor_system_type(cpu, &d);

    if (type != DESCRIPTOR_TSS32_AVAILABLE && (type != DESCRIPTOR_TSS16_AVAILABLE || cpu_long_mode(cpu)))
        raise_exception(cpu, VECTOR_GP, error_code_selector(cpu, selector), REASON_GP_TSS_SELECTOR, selector, d.high);
    if (!(d.attributes & SEGMENT_PRESENT))
        raise_exception(cpu, VECTOR_NP, error_code_selector(cpu, selector), REASON_NP_SEGMENT, selector, d.high);
    complete_base(cpu, &d);
    descriptor_write_busy(cpu, d.address, true);
    d.attributes |= 2;
    system_register_set(&cpu->tr, selector, &d);
}

/* --- LAR, LSL, VERR, VERW: no exception but #PF --------------------------------------------------------------------- */

static bool visible(const struct cpu *cpu, const struct descriptor *d)
{
    unsigned dpl = attributes_dpl(d->attributes);

    return attributes_conforming_code(d->attributes) || (cpu->cpl <= dpl && (d->selector & 3u) <= dpl);
}

/* SDM 2 LAR, table 3-53. Long mode knows the 32-bit forms only, their meaning widened. */
bool segment_access_rights(struct cpu *cpu, uint16_t selector, uint32_t *rights)
{
    const unsigned long_valid = 1 << DESCRIPTOR_LDT | 1 << DESCRIPTOR_TSS32_AVAILABLE | 1 << DESCRIPTOR_TSS32_BUSY |
                                1 << DESCRIPTOR_CALL_GATE32;
    const unsigned valid = cpu_long_mode(cpu) ? long_valid : 1 << DESCRIPTOR_TSS16_AVAILABLE | 1 << DESCRIPTOR_LDT | 1 << DESCRIPTOR_TSS16_BUSY |
                           1 << DESCRIPTOR_CALL_GATE16 | 1 << DESCRIPTOR_TASK_GATE | 1 << DESCRIPTOR_TSS32_AVAILABLE |
                           1 << DESCRIPTOR_TSS32_BUSY | 1 << DESCRIPTOR_CALL_GATE32;
    struct descriptor d;

    if (!descriptor_find(cpu, selector, &d) || !visible(cpu, &d))
        return false;
    if (!(d.attributes & SEGMENT_S) && !(valid >> descriptor_system_type(cpu, &d) & 1))
        return false;
    *rights = d.high & 0x00f0ff00;
    return true;
}

/* SDM 2 LSL, table 3-57 */
bool segment_limit(struct cpu *cpu, uint16_t selector, uint32_t *limit)
{
    const unsigned long_valid = 1 << DESCRIPTOR_LDT | 1 << DESCRIPTOR_TSS32_AVAILABLE | 1 << DESCRIPTOR_TSS32_BUSY;
    const unsigned valid = cpu_long_mode(cpu) ? long_valid : 1 << DESCRIPTOR_TSS16_AVAILABLE | 1 << DESCRIPTOR_LDT | 1 << DESCRIPTOR_TSS16_BUSY |
                           1 << DESCRIPTOR_TSS32_AVAILABLE | 1 << DESCRIPTOR_TSS32_BUSY;
    struct descriptor d;

    if (!descriptor_find(cpu, selector, &d) || !visible(cpu, &d))
        return false;
    if (!(d.attributes & SEGMENT_S) && !(valid >> descriptor_system_type(cpu, &d) & 1))
        return false;
    *limit = d.limit;
    return true;
}

bool segment_verify(struct cpu *cpu, uint16_t selector, bool write)
{
    struct descriptor d;

    if (!descriptor_find(cpu, selector, &d) || !visible(cpu, &d))
        return false;
    return write ? attributes_writable_data(d.attributes) : attributes_readable(d.attributes);
}
