/* The slow roads to memory: segment checks, translation, page crossings, MMIO, and telling whoever watches. */
#include "cpu/access.h"

#include "cpu/body.h"
#include "cpu/engine.h"
#include "cpu/raise.h"

/* --- segments ---------------------------------------------------------------------------------------------------------- */

/* In real mode the 80286 raises 13 for the stack segment, too (captured vectors; its manual says so of word operands at FFFF). */
static _Noreturn void raise_segment(struct cpu *cpu, unsigned segment, enum reason reason, uint64_t detail0,
                                    uint64_t detail1)
{
    bool stack = segment == SS && !(cpu->model->level == 2 && cpu_real(cpu));

    raise_exception(cpu, stack ? VECTOR_SS : VECTOR_GP, 0, reason, detail0, detail1);
}

static bool limit_allows(const struct segment *segment, uint64_t offset, unsigned size)
{
    uint64_t last = offset + size - 1;

    /* SDM 3A 5.3: expand-down segments reach from limit + 1 to the top that their B flag gives */
    if ((segment->attributes & (SEGMENT_S | SEGMENT_CODE | SEGMENT_EXPAND_DOWN)) == (SEGMENT_S | SEGMENT_EXPAND_DOWN))
        return offset > segment->limit && last <= (segment->attributes & SEGMENT_DB ? 0xffffffff : 0xffff);
    return last <= segment->limit;
}

static uint64_t segment_check(struct cpu *cpu, unsigned index, uint64_t offset, unsigned size, bool write)
{
    const struct segment *segment = &cpu->segment[index];

    if (UNLIKELY(cpu_code64(cpu))) {
        uint64_t linear = offset + (index >= FS ? segment->base : 0);

        if (!address_canonical(linear) || !address_canonical(linear + size - 1))
            raise_segment(cpu, index, index == SS ? REASON_SS_CANONICAL : REASON_GP_CANONICAL, linear, 0);
        return linear;
    }
    if (cpu->model->level < 2) /* 8086 and 80186: no limits; the caller splits what wraps */
        return (uint32_t)(segment->base + offset);
    if (cpu_protected(cpu)) {
        if (!(segment->attributes & SEGMENT_PRESENT))
            raise_segment(cpu, index, REASON_GP_NULL_SEGMENT, index, 0);
        if (write && (segment->attributes & (SEGMENT_CODE | SEGMENT_WRITABLE)) != SEGMENT_WRITABLE)
            raise_segment(cpu, index, REASON_GP_NOT_WRITABLE, segment->selector, 0);
        if (!write && (segment->attributes & (SEGMENT_CODE | SEGMENT_READABLE)) == SEGMENT_CODE)
            raise_segment(cpu, index, REASON_GP_NOT_READABLE, segment->selector, 0);
    }
    if (!limit_allows(segment, offset, size))
        raise_segment(cpu, index, index == SS ? REASON_SS_LIMIT : REASON_GP_LIMIT, offset, segment->limit);
    return (uint32_t)(segment->base + offset);
}

void segment_changed(struct cpu *cpu, unsigned index)
{
    struct segment *segment = &cpu->segment[index];
    bool data = (segment->attributes & (SEGMENT_S | SEGMENT_CODE)) == SEGMENT_S;
    uint64_t end = (uint64_t)segment->limit + 1;

    segment->read_end = segment->write_end = 0;
    if (index >= FS)
        cpu->gpr[index == FS ? GPR_FS_BASE : GPR_GS_BASE] = segment->base;
    if (data && (segment->attributes & SEGMENT_EXPAND_DOWN))
        return; /* the cold road checks these */
    if (!cpu_protected(cpu)) {
        segment->read_end = segment->write_end = end;
    } else if (segment->attributes & SEGMENT_PRESENT) {
        if (data || (segment->attributes & SEGMENT_READABLE))
            segment->read_end = end;
        if (data && (segment->attributes & SEGMENT_WRITABLE))
            segment->write_end = end;
    }
}

/* --- translation ------------------------------------------------------------------------------------------------------- */

uint64_t translate(struct cpu *cpu, uint64_t linear, unsigned access)
{
    unsigned mode = access & WALK_USER ? TLB_USER : TLB_SUPERVISOR;
    struct engine *engine = cpu->engine;
    const struct tlb_entry *entry = &engine->context[engine->current].data[mode][linear >> 12 & (engine->tlb_entries - 1)];
    struct walk_result walk = {.writable = true, .physical = linear};
    uint64_t physical;

    if (entry->read_tag == (linear & ~UINT64_C(4095)) && (!(access & WALK_WRITE) || (entry->paddr & PADDR_WRITABLE)))
        return (entry->paddr & ~UINT64_C(4095)) | (linear & 4095);
    if (cpu->cr0 & CR0_PG) {
        walk = page_walk(cpu, linear, access);
        if (walk.fault)
            raise_page_fault(cpu, linear, walk.error_code, walk.reason, walk.entry);
    }
    physical = apply_a20(cpu, walk.physical);
    if (!engine->plain && !walk.uncacheable)
        tlb_fill(cpu, linear, (physical & ~UINT64_C(4095)) | (walk.writable ? PADDR_WRITABLE : 0), mode, true,
                 walk.writable);
    return physical;
}

bool linear_peek_physical(struct cpu *cpu, uint64_t linear, uint64_t *physical)
{
    struct walk_result walk = {.physical = linear};

    if (cpu->cr0 & CR0_PG)
        walk = page_walk(cpu, linear, WALK_PEEK);
    *physical = apply_a20(cpu, walk.physical);
    return !walk.fault;
}

/* --- observers of data accesses: debug registers (SDM 3B 17.2) and the debugger's watchpoints --------------------------- */

static void observe_access(struct cpu *cpu, uint64_t linear, unsigned size, bool write)
{
    struct engine *engine = cpu->engine;

    for (unsigned i = 0; i < 4 && (cpu->dr[7] & 0xff); i++) {
        static const uint8_t lengths[4] = {1, 2, 8, 4};
        unsigned condition = cpu->dr[7] >> (16 + 4 * i) & 3, length = lengths[cpu->dr[7] >> (18 + 4 * i) & 3];
        uint64_t first = cpu->dr[i] & ~(uint64_t)(length - 1);

        if (!(cpu->dr[7] >> 2 * i & 3) || condition == 0 || condition == 2 || (condition == 1 && !write))
            continue;
        if (linear + size > first && linear < first + length) {
            cpu->pending_debug |= UINT64_C(1) << i;
            cpu->leave = true;
        }
    }
    for (size_t i = 0; i < engine->watch_count; i++) {
        const struct watch *watch = &engine->watches[i];

        if (linear + size > watch->linear && linear < watch->linear + watch->length && (watch->kind & (write ? 2 : 1))) {
            engine->watch_hit = true;
            engine->watch_linear = linear > watch->linear ? linear : watch->linear;
            engine->watch_kind = write ? 2 : 1;
            cpu->leave = true;
        }
    }
}

/* --- physical pieces --------------------------------------------------------------------------------------------------- */

static uint64_t piece_read(struct cpu *cpu, uint64_t physical, unsigned size)
{
    struct physical_page page = physical_map_page(cpu->memory, physical);
    uint64_t value = 0;

    if (page.read) {
        const uint8_t *host = page.read + (physical & 4095);

        for (unsigned i = 0; i < size; i++)
            value |= (uint64_t)host[i] << 8 * i;
        return value;
    }
    cpu->schedule->now = cpu_current_clock(cpu);
    cpu->leave = true;
    if (size & (size - 1)) { /* three, five ... bytes of a page crossing */
        for (unsigned i = 0; i < size; i++)
            value |= physical_read_value(cpu->memory, physical + i, 1) << 8 * i;
        return value;
    }
    return physical_read_value(cpu->memory, physical, size);
}

static void piece_write(struct cpu *cpu, uint64_t physical, uint64_t value, unsigned size)
{
    struct physical_page page = physical_map_page(cpu->memory, physical);

    if (page.write) {
        uint8_t *host = page.write + (physical & 4095), old[8];

        memcpy(old, host, size);
        for (unsigned i = 0; i < size; i++)
            host[i] = (uint8_t)(value >> 8 * i);
        physical_ram_written(cpu->memory, (uint64_t)page.write_backing << 12 | (physical & 4095), size, old);
        return;
    }
    cpu->schedule->now = cpu_current_clock(cpu);
    cpu->leave = true;
    if (size & (size - 1)) {
        for (unsigned i = 0; i < size; i++)
            physical_write_value(cpu->memory, physical + i, value >> 8 * i & 0xff, 1);
        return;
    }
    physical_write_value(cpu->memory, physical, value, size);
}

/* --- linear accesses --------------------------------------------------------------------------------------------------- */

/* Where [linear, linear + size) lies: one or two physical pieces, everything checked. */
struct pieces {
    uint64_t physical[2];
    unsigned first; /* bytes in the first */
};

static uint64_t linear_add(const struct cpu *cpu, uint64_t linear, unsigned advance)
{
    return cpu_long_mode(cpu) ? linear + advance : (uint32_t)(linear + advance);
}

static struct pieces pieces_of(struct cpu *cpu, uint64_t linear, unsigned size, unsigned access)
{
    struct pieces pieces = {{0, 0}, size};
    unsigned room = 4096 - (unsigned)(linear & 4095);

    pieces.physical[0] = translate(cpu, linear, access);
    if (size > room) {
        pieces.first = room;
        pieces.physical[1] = translate(cpu, linear_add(cpu, linear, room), access);
    }
    if (UNLIKELY(cpu->mode_key & KEY_ALIGN) && (access & WALK_USER) && linear & (size - 1) && !(size & (size - 1)))
        raise_exception(cpu, VECTOR_AC, 0, REASON_AC_UNALIGNED, linear, size);
    if (UNLIKELY((cpu->dr[7] & 0xff) || cpu->engine->watch_count))
        observe_access(cpu, linear, size, access & WALK_WRITE);
    return pieces;
}

static uint64_t pieces_read(struct cpu *cpu, const struct pieces *pieces, unsigned size)
{
    uint64_t value = piece_read(cpu, pieces->physical[0], pieces->first);

    if (pieces->first < size)
        value |= piece_read(cpu, pieces->physical[1], size - pieces->first) << 8 * pieces->first;
    return value;
}

static void pieces_write(struct cpu *cpu, const struct pieces *pieces, uint64_t value, unsigned size)
{
    piece_write(cpu, pieces->physical[0], value, pieces->first);
    if (pieces->first < size)
        piece_write(cpu, pieces->physical[1], value >> 8 * pieces->first, size - pieces->first);
}

static uint64_t linear_read_slow(struct cpu *cpu, uint64_t linear, unsigned size, bool user)
{
    struct pieces pieces = pieces_of(cpu, linear, size, user ? WALK_USER : 0);

    return pieces_read(cpu, &pieces, size);
}

static void linear_write_slow(struct cpu *cpu, uint64_t linear, uint64_t value, unsigned size, bool user)
{
    struct pieces pieces = pieces_of(cpu, linear, size, WALK_WRITE | (user ? WALK_USER : 0));

    pieces_write(cpu, &pieces, value, size);
}

/* The TLB entry that may serve an access at this privilege. A tag hit is permission here too; alignment checks look further. */
static const struct tlb_entry *tlb_probe(const struct cpu *cpu, uint64_t linear, bool user)
{
    const struct engine *engine = cpu->engine;

    if (UNLIKELY(cpu->mode_key & KEY_ALIGN))
        return engine->empty;
    return &engine->context[engine->current]
                .data[user ? TLB_USER : TLB_SUPERVISOR][linear >> 12 & (engine->tlb_entries - 1)];
}

/* Programs of DOS keep code, stack and data in one page: a store to RAM that is withheld only for code, and beside all decoded
   bytes, needs no more than the store. */
static bool store_beside_code(struct cpu *cpu, const struct tlb_entry *entry, uint64_t linear, uint64_t value, unsigned size)
{
    const struct engine *engine = cpu->engine;
    uint8_t *host = (uint8_t *)(entry->addend + (uintptr_t)linear);
    uint64_t offset = (uint64_t)(host - engine->ram);
    uint32_t page = (uint32_t)(offset >> 12);

    if (((linear + size - 1) & ~UINT64_C(4095)) != entry->read_tag ||
        (entry->paddr & (PADDR_WRITABLE | PADDR_RAM)) != (PADDR_WRITABLE | PADDR_RAM))
        return false;
    if (engine->page_flags[page] != PHYSICAL_PAGE_CODE || code_page_covers(engine->code[page], offset & 4095, size))
        return false;
    host_store(host, value, 8 * size);
    return true;
}

uint64_t linear_read(struct cpu *cpu, uint64_t linear, unsigned size, bool user)
{
    const struct tlb_entry *entry = tlb_probe(cpu, linear, user);

    if (LIKELY(((linear + size - 1) & ~UINT64_C(4095)) == entry->read_tag))
        return host_load((const void *)(entry->addend + (uintptr_t)linear), 8 * size);
    return linear_read_slow(cpu, linear, size, user);
}

void linear_write(struct cpu *cpu, uint64_t linear, uint64_t value, unsigned size, bool user)
{
    const struct tlb_entry *entry = tlb_probe(cpu, linear, user);

    if (LIKELY(((linear + size - 1) & ~UINT64_C(4095)) == entry->write_tag)) {
        host_store((void *)(entry->addend + (uintptr_t)linear), value, 8 * size);
        return;
    }
    if (store_beside_code(cpu, entry, linear, value, size))
        return;
    linear_write_slow(cpu, linear, value, size, user);
}

void linear_probe_write(struct cpu *cpu, uint64_t linear, unsigned size, bool user)
{
    unsigned access = WALK_WRITE | (user ? WALK_USER : 0);

    translate(cpu, linear, access);
    if (size > 4096 - (linear & 4095))
        translate(cpu, linear_add(cpu, linear, size - 1), access);
}

/* --- accesses through a segment ---------------------------------------------------------------------------------------- */

/* 8086 and 80186: offsets wrap at 64 KiB within an operand. */
static bool wraps_in_segment(const struct cpu *cpu, uint64_t offset, unsigned size)
{
    return UNLIKELY(cpu->model->level < 2) && offset + size > 0x10000;
}

uint64_t memory_read(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    if (wraps_in_segment(cpu, offset, size)) {
        for (unsigned i = 0; i < size; i++)
            value |= memory_read(cpu, segment, (offset + i) & 0xffff, 1) << 8 * i;
        return value;
    }
    return linear_read(cpu, segment_check(cpu, segment, offset, size, false), size, cpu->cpl == 3);
}

void memory_write(struct cpu *cpu, unsigned segment, uint64_t offset, uint64_t value, unsigned size)
{
    if (wraps_in_segment(cpu, offset, size)) {
        for (unsigned i = 0; i < size; i++)
            memory_write(cpu, segment, (offset + i) & 0xffff, value >> 8 * i & 0xff, 1);
        return;
    }
    linear_write(cpu, segment_check(cpu, segment, offset, size, true), value, size, cpu->cpl == 3);
}

uint64_t memory_read_for_write(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned size)
{
    struct engine *engine = cpu->engine;
    struct pieces pieces;

    if (wraps_in_segment(cpu, offset, size)) { /* a word at FFFF: its bytes lie at FFFF and 0 */
        pieces.physical[0] = translate(cpu, segment_check(cpu, segment, offset, 1, true), WALK_WRITE);
        pieces.physical[1] = translate(cpu, segment_check(cpu, segment, 0, 1, true), WALK_WRITE);
        pieces.first = 1;
    } else {
        pieces = pieces_of(cpu, segment_check(cpu, segment, offset, size, true), size,
                           WALK_WRITE | (cpu->cpl == 3 ? WALK_USER : 0));
    }
    engine->rmw_physical[0] = pieces.physical[0];
    engine->rmw_physical[1] = pieces.physical[1];
    engine->rmw_first = pieces.first;
    engine->rmw_size = size;
    return pieces_read(cpu, &pieces, size);
}

void memory_write_back(struct cpu *cpu, uint64_t value)
{
    struct engine *engine = cpu->engine;
    struct pieces pieces = {{engine->rmw_physical[0], engine->rmw_physical[1]}, engine->rmw_first};

    pieces_write(cpu, &pieces, value, engine->rmw_size);
}

static void memory_probe(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned size, unsigned access)
{
    uint64_t linear;

    if (wraps_in_segment(cpu, offset, size))
        return; /* nothing can fail there */
    linear = segment_check(cpu, segment, offset, size, access & WALK_WRITE);
    access |= cpu->cpl == 3 ? WALK_USER : 0;
    translate(cpu, linear, access);
    if (size > 4096 - (linear & 4095))
        translate(cpu, linear_add(cpu, linear, size - 1), access);
}

void memory_probe_write(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned size)
{
    memory_probe(cpu, segment, offset, size, WALK_WRITE);
}

/* --- the stack --------------------------------------------------------------------------------------------------------- */

void stack_push(struct cpu *cpu, uint64_t value, unsigned size)
{
    uint64_t offset = stack_offset(cpu, -(int64_t)size);

    memory_write(cpu, SS, offset, value, size);
    stack_set(cpu, offset);
}

uint64_t stack_peek(struct cpu *cpu, unsigned depth, unsigned size)
{
    return memory_read(cpu, SS, stack_offset(cpu, depth), size);
}

uint64_t stack_pop(struct cpu *cpu, unsigned size)
{
    uint64_t value = stack_peek(cpu, 0, size);

    stack_set(cpu, stack_offset(cpu, size));
    return value;
}
