/* TLB contexts, their filling, and R13: every translation behaves as if the tables were walked anew.

   Each walk marks the table pages it read. A store that changes an entry which was present drops the entry's range; filling a
   not-present entry drops nothing, and the walk's own accessed and dirty writes do not come through here. So INVLPG and CR3
   loads need no flush, and a context switch is a pointer. */
#include "cpu/tlb.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cpu/engine.h"

#define MARKS_PER_PAGE 8 /* more than these collapse into "everything" */
#define LEVEL_EVERYTHING 255

static uint32_t slot_number(const struct engine *engine, unsigned context, unsigned mode, unsigned index)
{
    return (context * TLB_MODES + mode) * engine->tlb_entries + index + 1;
}

static struct tlb_entry *slot_entry(struct engine *engine, uint32_t slot)
{
    unsigned number = (slot - 1) / engine->tlb_entries;

    return &engine->context[number / TLB_MODES].data[number % TLB_MODES][(slot - 1) % engine->tlb_entries];
}

/* --- chains of write tags by RAM page ---------------------------------------------------------------------------------- */

static void chain_remove(struct cpu *cpu, uint32_t slot)
{
    struct engine *engine = cpu->engine;
    uint32_t next = engine->chain_next[slot], previous = engine->chain_previous[slot];

    if (previous & UINT32_C(0x80000000)) {
        if (previous != UINT32_MAX)
            engine->chain_head[previous & 0x7fffffff] = next;
    } else {
        engine->chain_next[previous] = next;
    }
    if (next)
        engine->chain_previous[next] = previous;
    engine->chain_next[slot] = 0;
    engine->chain_previous[slot] = UINT32_MAX;
}

static void chain_add(struct cpu *cpu, uint32_t slot, uint32_t page)
{
    struct engine *engine = cpu->engine;
    uint32_t head = engine->chain_head[page];

    engine->chain_next[slot] = head;
    engine->chain_previous[slot] = UINT32_C(0x80000000) | page; /* the head of that page's chain */
    if (head)
        engine->chain_previous[head] = slot;
    engine->chain_head[page] = slot;
}

static void entry_drop(struct cpu *cpu, uint32_t slot, struct tlb_entry *entry)
{
    if (entry->write_tag != TLB_TAG_NONE)
        chain_remove(cpu, slot);
    entry->read_tag = entry->write_tag = TLB_TAG_NONE;
}

static void context_flush(struct cpu *cpu, unsigned number)
{
    struct engine *engine = cpu->engine;
    struct tlb_context *context = &engine->context[number];

    for (unsigned mode = 0; mode < TLB_MODES; mode++) {
        for (unsigned i = 0; i < engine->tlb_entries; i++)
            entry_drop(cpu, slot_number(engine, number, mode, i), &context->data[mode][i]);
        for (unsigned i = 0; i < FETCH_ENTRIES; i++)
            context->fetch[mode][i].tag = TLB_TAG_NONE;
    }
    tlb_bump_stamp(cpu, context);
}

void tlb_bump_stamp(struct cpu *cpu, struct tlb_context *context)
{
    struct engine *engine = cpu->engine;

    if (++engine->next_stamp == 0) { /* 4 G bumps: old stamps could come back, so nothing made with them may survive */
        engine->next_stamp = 1;
        trace_cache_flush(cpu);
        for (unsigned i = 0; i < TLB_CONTEXTS; i++)
            engine->context[i].stamp = engine->next_stamp++;
    }
    context->stamp = engine->next_stamp;
    if (context == &engine->context[engine->current]) {
        cpu->link_stamp = context->stamp;
        cpu->jump_tag = (uint64_t)context->stamp << 32 | cpu->mode_key;
    }
}

void tlb_flush_all(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;

    for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
        context_flush(cpu, i);
        engine->context[i].generation++;
    }
}

/* --- contexts ---------------------------------------------------------------------------------------------------------- */

static uint32_t walk_controls(const struct cpu *cpu)
{
    uint32_t controls = cpu->a20;

    if (cpu->cr0 & CR0_PG)
        controls |= 2 | (cpu->cr0 & CR0_WP ? 4 : 0) | (uint32_t)(cpu->cr4 & (CR4_PSE | CR4_PAE)) << 4 |
                    (cpu->efer & EFER_LMA ? 1 << 16 : 0) | (cpu->efer & EFER_NXE ? 1 << 17 : 0);
    return controls;
}

/* Paging with PDPTE registers (SDM 3A 4.4): the walk starts from them, not from CR3. */
static bool uses_pdptes(uint32_t controls)
{
    return (controls & 2) && (controls & CR4_PAE << 4) && !(controls & 1 << 16);
}

static bool context_matches(const struct tlb_context *context, const struct cpu *cpu, uint64_t root, uint32_t controls)
{
    return context->root == root && context->controls == controls &&
           (!uses_pdptes(controls) || !memcmp(context->pdpte, cpu->pdpte, sizeof cpu->pdpte));
}

void tlb_select(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;
    uint32_t controls = walk_controls(cpu);
    uint64_t root = controls & 2 && !uses_pdptes(controls) ? cpu->cr3 & ~UINT64_C(0xfff) : 0;
    struct tlb_context *context = &engine->context[engine->current];

    if (!context_matches(context, cpu, root, controls)) {
        unsigned oldest = 0, found = TLB_CONTEXTS;

        for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
            if (context_matches(&engine->context[i], cpu, root, controls))
                found = i;
            if (engine->context[i].last_used < engine->context[oldest].last_used)
                oldest = i;
        }
        if (found == TLB_CONTEXTS) {
            found = oldest;
            context_flush(cpu, found);
            engine->context[found].generation++;
            engine->context[found].root = root;
            memcpy(engine->context[found].pdpte, cpu->pdpte, sizeof cpu->pdpte);
            engine->context[found].controls = controls;
        }
        engine->current = found;
        context = &engine->context[found];
        context->last_used = ++engine->use_counter;
    }
    /* alignment checks: an array in which nothing is ever found sends every access down the cold road */
    cpu->tlb_data = cpu->mode_key & KEY_ALIGN ? engine->empty : context->data[cpu->cpl == 3 ? TLB_USER : TLB_SUPERVISOR];
    cpu->link_stamp = context->stamp;
    cpu->jump_tag = (uint64_t)context->stamp << 32 | cpu->mode_key;
}

/* --- filling ----------------------------------------------------------------------------------------------------------- */

static bool page_is_watched(const struct cpu *cpu, uint64_t page)
{
    for (size_t i = 0; i < cpu->engine->watch_count; i++) {
        const struct watch *watch = &cpu->engine->watches[i];

        if (watch->linear + watch->length > page && watch->linear < page + 4096)
            return true;
    }
    for (unsigned i = 0; i < 4; i++) /* enabled data breakpoints (SDM 3B 17.2.4) */
        if ((cpu->dr[7] >> 2 * i & 3) && (cpu->dr[7] >> (16 + 4 * i) & 3) != 0 && (cpu->dr[i] & ~UINT64_C(4095)) == page)
            return true;
    return false;
}

void tlb_fill(struct cpu *cpu, uint64_t linear, uint64_t physical, unsigned mode, bool readable, bool writable)
{
    struct engine *engine = cpu->engine;
    unsigned index = (unsigned)(linear >> 12) & (engine->tlb_entries - 1);
    uint32_t slot = slot_number(engine, engine->current, mode, index);
    struct tlb_entry *entry = &engine->context[engine->current].data[mode][index];
    struct physical_page page = physical_map_page(cpu->memory, physical);
    uint64_t linear_page = linear & ~UINT64_C(4095);

    if (!page.read || page_is_watched(cpu, linear_page))
        return;
    entry_drop(cpu, slot, entry);
    entry->addend = (uintptr_t)page.read - (uintptr_t)linear_page;
    entry->paddr = (physical & ~UINT64_C(4094)) | (page.write == page.read ? PADDR_RAM : 0);
    if (readable)
        entry->read_tag = linear_page;
    if (writable && page.write == page.read && !physical_page_flags(cpu->memory, page.write_backing)) {
        entry->write_tag = linear_page;
        chain_add(cpu, slot, page.write_backing);
    }
}

static void page_flagged(void *owner, uint32_t backing)
{
    struct cpu *cpu = owner;
    struct engine *engine = cpu->engine;

    while (engine->chain_head[backing]) {
        uint32_t slot = engine->chain_head[backing];

        slot_entry(engine, slot)->write_tag = TLB_TAG_NONE;
        chain_remove(cpu, slot);
    }
}

/* --- marks ------------------------------------------------------------------------------------------------------------- */

static uint32_t mark_allocate(struct engine *engine)
{
    uint32_t index = engine->mark_free;

    if (index) {
        engine->mark_free = engine->marks[index].next;
        return index;
    }
    if (engine->mark_count == engine->mark_capacity) {
        engine->mark_capacity = engine->mark_capacity ? engine->mark_capacity * 2 : 1024;
        engine->marks = memory_resize(engine->marks, engine->mark_capacity * sizeof *engine->marks);
        if (engine->mark_count == 0)
            engine->mark_count = 1;
    }
    return engine->mark_count++;
}

static bool mark_is_void(const struct engine *engine, const struct mark *mark)
{
    return mark->level != LEVEL_EVERYTHING && mark->generation != engine->context[mark->context].generation;
}

/* Frees void marks of a page; returns how many remain. */
static unsigned marks_purge(struct engine *engine, uint32_t page)
{
    unsigned remaining = 0;

    for (uint32_t *link = &engine->mark_head[page]; *link;) {
        struct mark *mark = &engine->marks[*link];

        if (mark_is_void(engine, mark)) {
            uint32_t freed = *link;

            *link = mark->next;
            mark->next = engine->mark_free;
            engine->mark_free = freed;
        } else {
            remaining++;
            link = &mark->next;
        }
    }
    return remaining;
}

void tlb_mark(struct cpu *cpu, uint64_t table, unsigned level, uint64_t linear_base)
{
    struct engine *engine = cpu->engine;
    uint32_t page = physical_map_page(cpu->memory, table).write_backing, index;
    const struct tlb_context *context = &engine->context[engine->current];

    if (page == PHYSICAL_NO_BACKING)
        return;
    for (index = engine->mark_head[page]; index; index = engine->marks[index].next) {
        const struct mark *mark = &engine->marks[index];

        if (mark->level == LEVEL_EVERYTHING ||
            (mark->context == engine->current && mark->generation == context->generation && mark->level == level &&
             mark->linear_base == linear_base))
            return;
    }
    physical_page_flag(cpu->memory, page, PHYSICAL_PAGE_TABLE);
    if (marks_purge(engine, page) >= MARKS_PER_PAGE) {
        struct mark *mark = &engine->marks[engine->mark_head[page]];

        mark->level = LEVEL_EVERYTHING;
        return;
    }
    index = mark_allocate(engine);
    engine->marks[index] =
        (struct mark){context->generation, (uint8_t)engine->current, (uint8_t)level, linear_base, engine->mark_head[page]};
    engine->mark_head[page] = index;
}

static void drop_page(struct cpu *cpu, unsigned number, uint64_t linear)
{
    struct engine *engine = cpu->engine;
    struct tlb_context *context = &engine->context[number];
    unsigned index = (unsigned)(linear >> 12) & (engine->tlb_entries - 1),
             fetch = (unsigned)(linear >> 12) & (FETCH_ENTRIES - 1);

    for (unsigned mode = 0; mode < TLB_MODES; mode++) {
        struct tlb_entry *entry = &context->data[mode][index];

        if (entry->read_tag == linear || entry->write_tag == linear)
            entry_drop(cpu, slot_number(engine, number, mode, index), entry);
        if (context->fetch[mode][fetch].tag == linear)
            context->fetch[mode][fetch].tag = TLB_TAG_NONE;
    }
}

/* Bits of linear address that one entry at `level` covers; 1 is the page table. */
static unsigned level_shift(uint32_t controls, unsigned level)
{
    bool wide = controls & (CR4_PAE << 4) || controls & 1 << 16;

    return 12 + (level - 1) * (wide ? 9 : 10);
}

/* Whether code may have been decoded behind an old page-table entry, so that links could lead there. */
static bool entry_led_to_code(struct cpu *cpu, uint64_t entry)
{
    struct physical_page page = physical_map_page(cpu->memory, apply_a20(cpu, entry & UINT64_C(0x000ffffffffff000)));

    return page.read_backing < cpu->engine->code_count && cpu->engine->code[page.read_backing];
}

static void entry_changed(struct cpu *cpu, const struct mark *mark, unsigned index, uint64_t old)
{
    struct engine *engine = cpu->engine;
    struct tlb_context *context = &engine->context[mark->context];

    if (mark->level == 1) {
        drop_page(cpu, mark->context, mark->linear_base + ((uint64_t)index << 12));
        if (entry_led_to_code(cpu, old))
            tlb_bump_stamp(cpu, context);
        return;
    }
    {
        unsigned shift = level_shift(context->controls, mark->level);
        uint64_t first = mark->linear_base + ((uint64_t)index << shift), size = UINT64_C(1) << shift;

        for (unsigned mode = 0; mode < TLB_MODES; mode++) {
            for (unsigned i = 0; i < engine->tlb_entries; i++) {
                struct tlb_entry *entry = &context->data[mode][i];

                if ((entry->read_tag != TLB_TAG_NONE && entry->read_tag - first < size) ||
                    (entry->write_tag != TLB_TAG_NONE && entry->write_tag - first < size))
                    entry_drop(cpu, slot_number(engine, mark->context, mode, i), entry);
            }
            for (unsigned i = 0; i < FETCH_ENTRIES; i++)
                if (context->fetch[mode][i].tag - first < size)
                    context->fetch[mode][i].tag = TLB_TAG_NONE;
        }
        tlb_bump_stamp(cpu, context);
    }
}

/* A flagged page of RAM was written by whoever: compares entry by entry in each mark's own format. */
static void page_written(void *owner, uint64_t ram_offset, size_t size, const uint8_t *old)
{
    struct cpu *cpu = owner;
    struct engine *engine = cpu->engine;
    uint32_t page = (uint32_t)(ram_offset >> 12);

    if (trace_cache_written(cpu, ram_offset, size))
        cpu->leave = true;
    if (!engine->mark_head[page])
        return;
    if (!marks_purge(engine, page)) {
        physical_page_unflag(cpu->memory, page, PHYSICAL_PAGE_TABLE);
        return;
    }
    for (uint32_t index = engine->mark_head[page]; index; index = engine->marks[index].next) {
        struct mark mark = engine->marks[index];
        bool wide;
        unsigned entry_size;
        uint64_t at, end = ram_offset + size;

        if (mark.level == LEVEL_EVERYTHING) {
            tlb_flush_all(cpu); /* its generations void all marks, this one is purged by hand */
            engine->marks[index].level = 1;
            engine->marks[index].generation = engine->context[mark.context].generation - 1;
            cpu->leave = true;
            return;
        }
        wide = engine->context[mark.context].controls & (CR4_PAE << 4 | 1 << 16);
        entry_size = wide ? 8 : 4;
        for (at = ram_offset & ~(uint64_t)(entry_size - 1); at < end; at += entry_size) {
            const uint8_t *now = physical_map_ram(cpu->memory) + at;
            uint8_t before[8];
            uint64_t entry_before;

            memcpy(before, now, entry_size);
            for (unsigned i = 0; i < entry_size; i++)
                if (at + i >= ram_offset && at + i < end)
                    before[i] = old[at + i - ram_offset];
            entry_before = wide ? load_le64(before) : load_le32(before);
            if ((entry_before & 1) && memcmp(before, now, entry_size)) {
                entry_changed(cpu, &mark, (unsigned)(at & 4095) / entry_size, entry_before);
                cpu->leave = true;
            }
        }
    }
}

static void routes_changed(void *owner)
{
    struct cpu *cpu = owner;

    tlb_flush_all(cpu);
    cpu->leave = true;
}

void tlb_new(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;
    size_t slots = (size_t)TLB_CONTEXTS * TLB_MODES * engine->tlb_entries + 1;
    size_t pages = (size_t)(physical_map_ram_size(cpu->memory) >> 12) + 1;

    engine->chain_next = memory_new(slots * sizeof *engine->chain_next);
    engine->chain_previous = memory_new(slots * sizeof *engine->chain_previous);
    engine->chain_head = memory_new(pages * sizeof *engine->chain_head);
    engine->mark_head = memory_new(pages * sizeof *engine->mark_head);
    for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
        struct tlb_context *context = &engine->context[i];

        context->root = UINT64_MAX;
        for (unsigned mode = 0; mode < TLB_MODES; mode++) {
            context->data[mode] = memory_new(engine->tlb_entries * sizeof(struct tlb_entry));
            for (unsigned n = 0; n < engine->tlb_entries; n++)
                context->data[mode][n].read_tag = context->data[mode][n].write_tag = TLB_TAG_NONE;
            for (unsigned n = 0; n < FETCH_ENTRIES; n++)
                context->fetch[mode][n].tag = TLB_TAG_NONE;
        }
    }
    for (size_t i = 0; i < slots; i++)
        engine->chain_previous[i] = UINT32_MAX;
    engine->empty = memory_new(engine->tlb_entries * sizeof(struct tlb_entry));
    for (unsigned n = 0; n < engine->tlb_entries; n++)
        engine->empty[n].read_tag = engine->empty[n].write_tag = TLB_TAG_NONE;
    engine->ram = physical_map_ram(cpu->memory);
    engine->page_flags = physical_page_flag_array(cpu->memory);
    cpu->tlb_mask = (uint64_t)(engine->tlb_entries - 1) << 5;
    engine->watcher = (struct physical_watcher){cpu, page_written, page_flagged, routes_changed, NULL};
    physical_map_watch(cpu->memory, &engine->watcher);
}

void tlb_free(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;

    physical_map_unwatch(cpu->memory, &engine->watcher);
    for (unsigned i = 0; i < TLB_CONTEXTS; i++)
        for (unsigned mode = 0; mode < TLB_MODES; mode++)
            free(engine->context[i].data[mode]);
    free(engine->empty);
    free(engine->chain_next);
    free(engine->chain_previous);
    free(engine->chain_head);
    free(engine->mark_head);
    free(engine->marks);
}
