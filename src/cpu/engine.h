/* The engine: mode key, traces, TLB contexts, and the loop that ties them together.

   engine.c       the loop, the landing of faults, interrupts at boundaries
   trace_cache.c  finding, making and invalidating traces; links
   decode.c       bytes to records
   tlb.c          contexts, filling, and taking back (R13)
   walk.c         the page walk
   access.c       slow roads to memory */
#ifndef TRUEBOX_CPU_ENGINE_H
#define TRUEBOX_CPU_ENGINE_H

#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "cpu/isa/isa.h"
#include "cpu/tlb.h"
#include "mmu/physical_page.h"

/* What the mode decides is decided at decode: these bits are the only mode a trace may depend on. */
enum mode_key {
    KEY_CODE32 = 1 << 0,
    KEY_CODE64 = 1 << 1,
    KEY_PROTECTED = 1 << 2, /* PE and not V86 */
    KEY_V86 = 1 << 3,
    KEY_CPL_SHIFT = 4, /* two bits */
    KEY_CPL = 3 << 4,
    KEY_FLAT = 1 << 6,    /* DS, ES and SS: base 0, limit 4 GiB, writable; stack of 32 bits */
    KEY_CS_FLAT = 1 << 7, /* no limit check needed on branches */
    KEY_ALIGN = 1 << 8    /* alignment checks on: all memory operands take the cold road */
};

#define TRACE_LENGTH 32
#define JUMP_CACHE_ENTRIES 4096
#define FETCH_ENTRIES 256
#define TLB_CONTEXTS 8
#define TLB_DEFAULT_ENTRIES 1024

enum { TLB_SUPERVISOR, TLB_USER, TLB_MODES };

struct jump_entry {
    uint64_t linear;
    uint64_t tag; /* cpu->jump_tag when it was made */
    struct trace *trace;
};

struct fetch_entry {
    uint64_t tag; /* linear page or TLB_TAG_NONE */
    const uint8_t *host;
    uint32_t backing;
    uint64_t physical;
};

/* Everything cached of one address space. */
struct tlb_context {
    uint64_t root;       /* CR3 as the walk uses it */
    uint64_t pdpte[4];   /* under PAE in its place: they are registers, not tables */
    uint32_t controls;   /* the control bits that change what a walk says */
    uint32_t generation; /* raised when the context is reused: older marks are void */
    uint32_t stamp;      /* link stamp */
    uint64_t last_used;
    struct tlb_entry *data[TLB_MODES];
    struct fetch_entry fetch[TLB_MODES][FETCH_ENTRIES];
};

/* A walk read its entry from this table page: a write that changes a present entry there drops what was derived from it. */
struct mark {
    uint32_t generation;
    uint8_t context;
    uint8_t level;
    uint64_t linear_base;
    uint32_t next; /* index in the pool, 0 ends */
};

/* The decoded code of one page of RAM or ROM. */
struct code_page {
    uint64_t bytes[64]; /* bit per byte that some trace covers, a word per 64-byte line */
    uint64_t lines;     /* bit per line with such a byte */
    struct trace *traces;
    struct trace *split; /* traces whose second half lies here */
};

struct engine {
    struct decode_table *decode;
    bool plain;
    unsigned trace_length;
    unsigned tlb_entries;

    struct tlb_context context[TLB_CONTEXTS];
    struct tlb_entry *empty; /* an array without a hit */
    unsigned current;        /* context in use */
    uint64_t use_counter;
    uint32_t next_stamp;
    uint32_t *chain_next, *chain_previous; /* per TLB slot with a write tag: others of the same RAM page; slot + 1, 0 ends */
    uint32_t *chain_head;                  /* per RAM page */
    struct mark *marks;
    uint32_t mark_count, mark_free, mark_capacity;
    uint32_t *mark_head; /* per RAM page */

    uint8_t *ram;              /* of the physical map */
    const uint8_t *page_flags; /* enum physical_page_flag per RAM page */

    uint8_t *arena;
    size_t arena_used;
    struct trace **hash;
    struct code_page **code; /* per backing page */
    uint32_t code_count;
    struct trace *scratch; /* one record, for single steps */

    /* the read-modify-write in progress */
    uint64_t rmw_physical[2];
    unsigned rmw_size, rmw_first;

    struct physical_watcher watcher;
    bool landing;  /* a fault is being delivered by the loop */
    bool fetching; /* an instruction fetch is being translated */

    /* observers (R9) */
    bool observing; /* any of those below: run by single records */
    uint64_t *breakpoints;
    size_t breakpoint_count;
    struct watch {
        uint64_t linear, length;
        unsigned kind;
    } * watches;
    size_t watch_count;
    bool watch_hit;
    uint64_t watch_linear;
    unsigned watch_kind;
    void (*step)(void *owner, struct cpu *cpu, const uint8_t *bytes, unsigned length);
    void *step_owner;
    bool resume; /* the breakpoint at the current RIP has been reported */
};

/* --- tlb.c --- */
void tlb_new(struct cpu *cpu);
void tlb_free(struct cpu *cpu);
/* Selects the context and array for the processor's present state. */
void tlb_select(struct cpu *cpu);
void tlb_flush_all(struct cpu *cpu);
void tlb_fill(struct cpu *cpu, uint64_t linear, uint64_t physical, unsigned mode, bool readable, bool writable);
void tlb_mark(struct cpu *cpu, uint64_t table, unsigned level, uint64_t linear_base);
/* A new link stamp for the context in use: cross-page links and the jump cache are void. */
void tlb_bump_stamp(struct cpu *cpu, struct tlb_context *context);

/* --- walk.c --- */
enum walk_access { WALK_WRITE = 1, WALK_USER = 2, WALK_FETCH = 4, WALK_PEEK = 8 /* no A and D bits, no marks */ };
struct walk_result {
    bool fault;
    bool writable;     /* a write at this privilege would succeed and find D set */
    bool uncacheable;  /* a table lay outside RAM */
    uint64_t physical; /* of the byte asked for, A20 not yet applied */
    uint64_t entry;    /* where the walk ended */
    uint32_t error_code;
    enum reason reason;
};
struct walk_result page_walk(struct cpu *cpu, uint64_t linear, unsigned access);
/* The four page-directory-pointer entries that `cr3` leads to under PAE; false if one sets reserved bits. */
bool pdptes_read(struct cpu *cpu, uint64_t cr3, uint64_t pdpte[4]);

/* --- access.c --- */
/* Physical address (A20 applied) of a linear one, raising #PF. Fills the TLB on the fast engine. */
uint64_t translate(struct cpu *cpu, uint64_t linear, unsigned access);
/* The address lines that the model has, A20 among them: 20 on the 8086, which so wraps at 1 MiB. */
ALWAYS_INLINE uint64_t apply_a20(const struct cpu *cpu, uint64_t physical)
{
    physical &= (UINT64_C(1) << cpu->model->address_bits) - 1;
    return cpu->a20 ? physical : physical & ~(UINT64_C(1) << 20);
}

/* --- decode.c --- */
enum decode_status { DECODE_OK, DECODE_MORE /* bytes */ };
/* Decodes one instruction from `bytes` into everything of `in` but left and offset; branch displacements are relative to the
   instruction's own first byte. *row is NULL for records that only raise. */
enum decode_status decode(const struct cpu *cpu, const uint8_t *bytes, unsigned available, struct insn *in,
                          const struct row **row);
/* The longest instruction of the model, in bytes. */
unsigned decode_length_limit(const struct cpu *cpu);
/* True for rows behind which a trace cannot go on. */
bool decode_ends_trace(const struct row *row);

/* --- trace_cache.c --- */
void trace_cache_new(struct cpu *cpu);
void trace_cache_free(struct cpu *cpu);
/* The trace at `rip` in the present mode, made if need be; NULL if it must be executed by single records. May raise. */
struct trace *trace_find(struct cpu *cpu, uint64_t rip);
/* The one instruction at cpu->rip, decoded afresh. May raise. */
struct trace *trace_scratch(struct cpu *cpu);
/* Whether [offset, offset + size), within one page, size <= 64, overlaps decoded bytes. */
ALWAYS_INLINE bool code_page_covers(const struct code_page *page, unsigned offset, unsigned size)
{
    unsigned first = offset >> 6, last = (offset + size - 1) >> 6, bit = offset & 63;
    uint64_t mask = width_mask(size);

    if (page->bytes[first] & mask << bit)
        return true;
    return last != first && (page->bytes[last] & mask >> (64 - bit));
}
/* RAM [offset, offset + size) within one page changed: true if decoded code was hit. */
bool trace_cache_written(struct cpu *cpu, uint64_t ram_offset, size_t size);
void trace_cache_flush(struct cpu *cpu);

#endif
