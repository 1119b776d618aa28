/* Traces: found by (page identity, offset, mode key), made by decoding, invalidated by writes to their bytes.

   A dead trace stays where it is until the arena is flushed: its first record is replaced by one that returns to the loop, so
   links and jump-cache entries that still lead to it are harmless. */
#include <stdlib.h>

#include "base/memory.h"
#include "cpu/branch.h"
#include "cpu/constant.h"
#include "cpu/engine.h"

#define ARENA_SIZE (32u << 20)
#define HASH_BITS 16

/* --- records that no row has --------------------------------------------------------------------------------------------- */

/* First record of a dead trace: entered by a link, it undoes the entry. */
BODY(stale_trace_record)
{
    const struct trace *trace = (const struct trace *)(const void *)((const char *)in - offsetof(struct trace, insns));

    cpu->budget += trace->count;
    cpu->rip = cpu->rip_base;
    cpu->in = NULL;
    LEAVE;
}

/* Last record of a trace that was cut by length or page: a branch to what follows, costing no count (left is 1). */
#define TRACE_END(W)                                               \
    BODY(trace_end_##W##_checked) { BRANCH_TO_LINK(W, BRANCH_CHECKED); } \
    BODY(trace_end_##W##_flat) { BRANCH_TO_LINK(W, BRANCH_FLAT); }
TRACE_END(16)
TRACE_END(32)
TRACE_END(64)

static insn_body *trace_end_body(const struct cpu *cpu)
{
    bool flat = cpu->mode_key & (KEY_CS_FLAT | KEY_CODE64);

    if (cpu->mode_key & KEY_CODE64)
        return trace_end_64_flat;
    if (cpu->mode_key & KEY_CODE32)
        return flat ? trace_end_32_flat : trace_end_32_checked;
    return flat ? trace_end_16_flat : trace_end_16_checked;
}

/* --- finding ------------------------------------------------------------------------------------------------------------- */

static unsigned hash_of(uint64_t key, uint32_t mode_key)
{
    uint64_t mixed = (key ^ (uint64_t)mode_key << 40) * UINT64_C(0x9e3779b97f4a7c15);

    return (unsigned)(mixed >> (64 - HASH_BITS));
}

/* The page that instruction bytes at `linear` come from. Raises #PF. */
static const struct fetch_entry *fetch_page(struct cpu *cpu, uint64_t linear)
{
    struct engine *engine = cpu->engine;
    unsigned mode = cpu->cpl == 3 ? TLB_USER : TLB_SUPERVISOR;
    struct fetch_entry *entry = &engine->context[engine->current].fetch[mode][linear >> 12 & (FETCH_ENTRIES - 1)];
    struct physical_page page;

    if (entry->tag == (linear & ~UINT64_C(4095)) && !engine->plain)
        return entry;
    engine->fetching = true;
    {
        struct walk_result walk = {.physical = linear};

        if (cpu->cr0 & CR0_PG) {
            walk = page_walk(cpu, linear, WALK_FETCH | (cpu->cpl == 3 ? WALK_USER : 0));
            if (walk.fault)
                raise_page_fault(cpu, linear, walk.error_code, walk.reason, walk.entry);
        }
        entry->physical = apply_a20(cpu, walk.physical) & ~UINT64_C(4095);
        entry->tag = walk.uncacheable ? TLB_TAG_NONE : linear & ~UINT64_C(4095);
    }
    engine->fetching = false;
    page = physical_map_page(cpu->memory, entry->physical);
    entry->host = page.read;
    entry->backing = page.read_backing;
    return entry;
}

static struct trace *lookup(const struct engine *engine, uint64_t key, uint32_t mode_key, uint32_t second_page)
{
    for (struct trace *trace = engine->hash[hash_of(key, mode_key)]; trace; trace = trace->next)
        if (trace->key == key && trace->mode_key == mode_key && (trace->second_page == PHYSICAL_NO_BACKING || trace->second_page == second_page))
            return trace;
    return NULL;
}

static void code_table_grow(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;
    uint32_t count = physical_map_backing_count(cpu->memory);

    if (count <= engine->code_count)
        return;
    engine->code = memory_resize(engine->code, count * sizeof *engine->code);
    memset(engine->code + engine->code_count, 0, (count - engine->code_count) * sizeof *engine->code);
    engine->code_count = count;
}

static struct code_page *code_page_of(struct cpu *cpu, uint32_t backing)
{
    struct engine *engine = cpu->engine;

    code_table_grow(cpu);
    if (!engine->code[backing])
        engine->code[backing] = memory_new(sizeof **engine->code);
    return engine->code[backing];
}

/* --- invalidation -------------------------------------------------------------------------------------------------------- */

static void unhash(struct engine *engine, struct trace *trace)
{
    for (struct trace **link = &engine->hash[hash_of(trace->key, trace->mode_key)]; *link; link = &(*link)->next)
        if (*link == trace) {
            *link = trace->next;
            return;
        }
}

static void kill_trace(struct engine *engine, struct trace *trace)
{
    unhash(engine, trace);
    trace->alive = false;
    trace->insns[0].body = stale_trace_record;
}

static void cover(struct code_page *page, unsigned offset, unsigned size)
{
    for (unsigned at = offset; at < offset + size; at++) {
        page->bytes[at >> 6] |= UINT64_C(1) << (at & 63);
        page->lines |= UINT64_C(1) << (at >> 6);
    }
}

/* The bytes of its first page, and of its second, that a trace covers. */
static unsigned first_part(const struct trace *trace)
{
    unsigned offset = trace->key & 4095;

    return offset + trace->span > 4096 ? 4096 - offset : trace->span;
}

static void cover_again(struct cpu *cpu, uint32_t backing, struct code_page *page)
{
    memset(page->bytes, 0, sizeof page->bytes);
    page->lines = 0;
    for (const struct trace *trace = page->traces; trace; trace = trace->page_next)
        cover(page, trace->key & 4095, first_part(trace));
    for (const struct trace *trace = page->split; trace; trace = trace->split_next)
        cover(page, 0, trace->span - first_part(trace));
    if (!page->lines)
        physical_page_unflag(cpu->memory, backing, PHYSICAL_PAGE_CODE);
}

bool trace_cache_written(struct cpu *cpu, uint64_t ram_offset, size_t size)
{
    struct engine *engine = cpu->engine;
    uint32_t backing = (uint32_t)(ram_offset >> 12);
    unsigned first = ram_offset & 4095, end = first + (unsigned)size;
    struct code_page *page = backing < engine->code_count ? engine->code[backing] : NULL;
    bool hit = false;

    if (!page || !page->lines || (size <= 64 && !code_page_covers(page, first, (unsigned)size)))
        return false;
    for (struct trace **link = &page->traces; *link;) {
        struct trace *trace = *link;
        unsigned offset = trace->key & 4095;

        if (!trace->alive || (offset < end && offset + trace->span > first)) {
            *link = trace->page_next;
            if (trace->alive)
                kill_trace(engine, trace);
            hit = true;
        } else {
            link = &trace->page_next;
        }
    }
    for (struct trace **link = &page->split; *link;) {
        struct trace *trace = *link;
        unsigned reach = (trace->key & 4095) + trace->span - 4096;

        if (!trace->alive || first < reach) {
            *link = trace->split_next;
            if (trace->alive)
                kill_trace(engine, trace);
            hit = true;
        } else {
            link = &trace->split_next;
        }
    }
    if (hit)
        cover_again(cpu, backing, page);
    return hit;
}

void trace_cache_flush(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;

    memset(engine->hash, 0, sizeof *engine->hash << HASH_BITS);
    memset(cpu->jump_cache, 0xff, JUMP_CACHE_ENTRIES * sizeof *cpu->jump_cache);
    for (uint32_t i = 0; i < engine->code_count; i++)
        if (engine->code[i]) {
            engine->code[i]->traces = engine->code[i]->split = NULL;
            engine->code[i]->lines = 0;
            memset(engine->code[i]->bytes, 0, sizeof engine->code[i]->bytes);
            physical_page_unflag(cpu->memory, i, PHYSICAL_PAGE_CODE);
        }
    engine->arena_used = 0;
}

/* --- making -------------------------------------------------------------------------------------------------------------- */

static struct trace *arena_room(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;

    if (engine->arena_used + sizeof(struct trace) + (TRACE_LENGTH + 1) * sizeof(struct insn) > ARENA_SIZE)
        trace_cache_flush(cpu);
    return (struct trace *)(void *)(engine->arena + engine->arena_used);
}

static void arena_commit(struct engine *engine, struct trace *trace, unsigned records)
{
    size_t size = sizeof *trace + records * sizeof(struct insn);

    engine->arena_used += (size + 63) & ~(size_t)63;
}

/* Turns a flat direct branch into one within the page where its target is. */
static void settle_branch(struct cpu *cpu, struct insn *in, uint64_t linear_start, unsigned offset)
{
    const struct row *row = &isa_rows[in->row];
    uint64_t target = linear_start + offset + (uint64_t)(int64_t)in->disp;

    in->link = NULL;
    in->disp += (int32_t)offset; /* relative to the trace's first byte */
    if (!(cpu->mode_key & (KEY_CS_FLAT | KEY_CODE64)) || ((target ^ linear_start) & ~UINT64_C(4095)))
        return;
    for (unsigned column = 2; column < 4; column++) /* a 16-bit target is cut to 64 KiB and may lie elsewhere */
        if (in->body == row->body[column][BRANCH_FLAT])
            in->body = row->body[column][BRANCH_PAGE];
}

static void fill_left(struct trace *trace)
{
    for (unsigned i = 0; i < trace->count; i++)
        trace->insns[i].left = (uint8_t)(trace->count - i);
}

static void register_trace(struct cpu *cpu, struct trace *trace, uint32_t backing)
{
    struct engine *engine = cpu->engine;
    struct code_page *page = code_page_of(cpu, backing);
    unsigned bucket = hash_of(trace->key, trace->mode_key);

    trace->alive = true;
    trace->next = engine->hash[bucket];
    engine->hash[bucket] = trace;
    trace->page_next = page->traces;
    page->traces = trace;
    cover(page, trace->key & 4095, first_part(trace));
    physical_page_flag(cpu->memory, backing, PHYSICAL_PAGE_CODE);
    if (trace->second_page != PHYSICAL_NO_BACKING) {
        page = code_page_of(cpu, trace->second_page);
        trace->split_next = page->split;
        page->split = trace;
        cover(page, 0, trace->span - first_part(trace));
        physical_page_flag(cpu->memory, trace->second_page, PHYSICAL_PAGE_CODE);
    }
}

/* Copies up to `limit` instruction bytes at `rip`, raising what fetching them one after the other would raise first. The bytes of
   the second page are only touched when asked for. */
struct fetched {
    uint8_t bytes[16];
    unsigned count;
    uint32_t second_page; /* identity, if any byte came from there */
    bool uncached;        /* not all from RAM or ROM */
};

static void fetch_more(struct cpu *cpu, uint64_t rip, unsigned limit, struct fetched *fetched)
{
    bool wraps = cpu->model->level < 2;
    uint64_t offset = wraps ? (rip + fetched->count) & 0xffff : rip + fetched->count;
    unsigned room;
    uint64_t linear;
    const struct fetch_entry *entry;

    if (!wraps && offset >= cpu->cs_end)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_CS_LIMIT, offset, cpu->segment[CS].limit);
    linear = cpu->segment[CS].base + offset;
    if (!cpu_code64(cpu))
        linear = (uint32_t)linear;
    else if (!address_canonical(linear))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_RIP_CANONICAL, linear, 0);
    entry = fetch_page(cpu, linear);
    room = 4096 - (unsigned)(linear & 4095);
    if (wraps ? offset + room > 0x10000 : cpu->cs_end - offset < room)
        room = (unsigned)((wraps ? 0x10000 : cpu->cs_end) - offset);
    if (room > limit - fetched->count)
        room = limit - fetched->count;
    if (fetched->count)
        fetched->second_page = entry->backing;
    if (entry->host) {
        memcpy(fetched->bytes + fetched->count, entry->host + (linear & 4095), room);
    } else {
        cpu->schedule->now = cpu_current_clock(cpu);
        for (unsigned i = 0; i < room; i++)
            fetched->bytes[fetched->count + i] = (uint8_t)physical_read_value(cpu->memory, entry->physical + (linear & 4095) + i, 1);
        fetched->uncached = true;
    }
    fetched->count += room;
}

/* Decodes the instruction at `rip` into a record by itself. Raises. */
static void decode_one(struct cpu *cpu, uint64_t rip, struct insn *in, const struct row **row, struct fetched *fetched)
{
    unsigned limit = decode_length_limit(cpu);

    *fetched = (struct fetched){.second_page = PHYSICAL_NO_BACKING};
    do
        fetch_more(cpu, rip, limit, fetched);
    while (decode(cpu, fetched->bytes, fetched->count, in, row) == DECODE_MORE);
}

struct trace *trace_scratch(struct cpu *cpu)
{
    struct trace *trace = cpu->engine->scratch;
    const struct row *row;
    struct fetched fetched;

    decode_one(cpu, cpu->rip, &trace->insns[0], &row, &fetched);
    trace->count = 1;
    trace->span = trace->insns[0].length;
    if (row && (row->attributes & BRANCH))
        trace->insns[0].link = NULL;
    trace->insns[0].left = 1;
    /* behind it, so that NEXT arrives somewhere: a cut, which leaves because the budget is used up */
    memset(&trace->insns[1], 0, sizeof trace->insns[1]);
    trace->insns[1].body = trace_end_body(cpu);
    trace->insns[1].left = 1;
    trace->insns[1].offset = trace->span;
    trace->insns[1].disp = (int32_t)trace->span;
    return trace;
}

/* An instruction that crosses into the next page: a trace of its own, which depends on both. */
static struct trace *make_split_trace(struct cpu *cpu, uint64_t rip, uint64_t key, uint32_t backing)
{
    struct trace *trace;
    const struct row *row;
    struct fetched fetched;
    struct insn in;

    decode_one(cpu, rip, &in, &row, &fetched);
    if (fetched.uncached || fetched.second_page == PHYSICAL_NO_BACKING)
        return NULL;
    trace = lookup(cpu->engine, key, cpu->mode_key, fetched.second_page);
    if (trace && trace->second_page == fetched.second_page)
        return trace;
    trace = arena_room(cpu);
    memset(trace, 0, sizeof *trace);
    trace->key = key;
    trace->mode_key = cpu->mode_key;
    trace->second_page = fetched.second_page;
    trace->count = 1;
    trace->span = in.length;
    trace->insns[0] = in;
    if (row && (row->attributes & BRANCH))
        trace->insns[0].link = NULL; /* stays a stamped link: the trace itself depends on two translations */
    memset(&trace->insns[1], 0, sizeof trace->insns[1]);
    trace->insns[1] = (struct insn){.body = trace_end_body(cpu), .left = 1, .offset = trace->span, .disp = (int32_t)trace->span};
    fill_left(trace);
    arena_commit(cpu->engine, trace, 2);
    register_trace(cpu, trace, backing);
    return trace;
}

static struct trace *make_trace(struct cpu *cpu, uint64_t rip, uint64_t linear, const struct fetch_entry *page)
{
    struct engine *engine = cpu->engine;
    struct trace *trace = arena_room(cpu);
    unsigned start = linear & 4095, at = start, end = 4096;
    const struct row *row = NULL;
    bool ended = false;
    uint64_t key = (uint64_t)page->backing << 12 | start;
    uint32_t backing = page->backing;

    if (cpu->cs_end - rip < end - at)
        end = at + (unsigned)(cpu->cs_end - rip);
    memset(trace, 0, sizeof *trace);
    trace->key = key;
    trace->mode_key = cpu->mode_key;
    trace->second_page = PHYSICAL_NO_BACKING;
    while (!ended && trace->count < engine->trace_length && at < end) {
        struct insn *in = &trace->insns[trace->count];

        if (decode(cpu, page->host + at, end - at, in, &row) == DECODE_MORE)
            break;
        in->offset = (uint16_t)(at - start);
        if (in->base == GPR_RIP_BASE && (in->flags & INSN_MEMORY))
            in->disp += (int32_t)in->offset;
        if (row && (row->attributes & BRANCH))
            settle_branch(cpu, in, linear, in->offset);
        in->body = constant_body(in, cpu->mode_key & KEY_FLAT);
        at += in->length;
        trace->count++;
        ended = decode_ends_trace(row);
    }
    if (!trace->count)
        return end == 4096 ? make_split_trace(cpu, rip, key, backing) : NULL;
    trace->span = (uint16_t)(at - start);
    if (!ended)
        trace->insns[trace->count] =
            (struct insn){.body = trace_end_body(cpu), .left = 1, .offset = trace->span, .disp = (int32_t)trace->span};
    fill_left(trace);
    arena_commit(engine, trace, trace->count + 1u);
    register_trace(cpu, trace, backing);
    return trace;
}

struct trace *trace_find(struct cpu *cpu, uint64_t rip)
{
    uint64_t linear = cpu->segment[CS].base + rip, key;
    struct jump_entry *jump;
    const struct fetch_entry *page;
    struct trace *trace;

    if (rip >= cpu->cs_end)
        return NULL; /* the single step raises #GP, or wraps on an 8086 */
    if (cpu_code64(cpu) ? !address_canonical(linear) : linear >> 32)
        return NULL; /* code that wraps at 4 GiB runs by single records; a RIP that is not canonical raises there */
    jump = &cpu->jump_cache[(linear ^ linear >> 12) & (JUMP_CACHE_ENTRIES - 1)];
    if (jump->linear == linear && jump->tag == cpu->jump_tag && jump->trace->alive)
        trace = jump->trace;
    else {
        page = fetch_page(cpu, linear);
        if (!page->host || page->tag == TLB_TAG_NONE)
            return NULL;
        code_table_grow(cpu);
        key = (uint64_t)page->backing << 12 | (linear & 4095);
        trace = lookup(cpu->engine, key, cpu->mode_key, PHYSICAL_NO_BACKING);
        if (!trace)
            trace = make_trace(cpu, rip, linear, page);
        if (!trace)
            return NULL;
        *jump = (struct jump_entry){linear, cpu->jump_tag, trace};
    }
    return rip + trace->span <= cpu->cs_end ? trace : NULL;
}

/* --- links --------------------------------------------------------------------------------------------------------------- */

static insn_result enter_or_leave(struct cpu *cpu, uint64_t target, struct trace *trace)
{
    if (!trace || cpu->budget < trace->count)
        LEAVE;
    cpu->budget -= trace->count;
    cpu->rip_base = target;
    GO(trace->insns);
}

/* The branch is complete and the state is that between two instructions, so a fetch fault belongs to the target. */
static struct trace *find_successor(struct cpu *cpu, const struct insn *in, uint64_t target)
{
    struct trace *trace;
    uint64_t arena_before = cpu->engine->arena_used;

    body_leave_to(cpu, in, target);
    if (cpu->budget <= 0 || cpu->leave)
        return NULL;
    trace = trace_find(cpu, target);
    if (trace && trace->second_page == PHYSICAL_NO_BACKING && cpu->engine->arena_used >= arena_before) {
        struct insn *record = (struct insn *)(uintptr_t)in; /* records live in the arena, which is ours to write */

        record->link = trace;
        record->link_stamp = cpu->link_stamp;
    }
    return trace;
}

#define BRANCH_UNLINKED(W)                                                                        \
    BODY(branch_unlinked_##W)                                                                     \
    {                                                                                             \
        uint64_t target = (cpu->rip_base + (uint64_t)(int64_t)in->disp) & width_mask(W);          \
        struct trace *trace = find_successor(cpu, in, target);                                    \
        return enter_or_leave(cpu, target, trace);                                                \
    }
BRANCH_UNLINKED(16)
BRANCH_UNLINKED(32)
BRANCH_UNLINKED(64)

BODY(branch_lookup)
{
    (void)in;
    if (cpu->budget <= 0 || cpu->leave)
        LEAVE;
    return enter_or_leave(cpu, cpu->rip, trace_find(cpu, cpu->rip));
}

/* --- life ---------------------------------------------------------------------------------------------------------------- */

void trace_cache_new(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;

    engine->arena = aligned_alloc(64, ARENA_SIZE);
    if (!engine->arena)
        abort();
    engine->hash = memory_new(sizeof *engine->hash << HASH_BITS);
    engine->scratch = memory_new(sizeof *engine->scratch + 2 * sizeof(struct insn));
    cpu->jump_cache = memory_new(JUMP_CACHE_ENTRIES * sizeof *cpu->jump_cache);
    memset(cpu->jump_cache, 0xff, JUMP_CACHE_ENTRIES * sizeof *cpu->jump_cache);
}

void trace_cache_free(struct cpu *cpu)
{
    struct engine *engine = cpu->engine;

    for (uint32_t i = 0; i < engine->code_count; i++)
        free(engine->code[i]);
    free(engine->code);
    free(engine->arena);
    free(engine->hash);
    free(engine->scratch);
    free(cpu->jump_cache);
}
