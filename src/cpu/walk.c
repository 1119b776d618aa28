/* The page walk (SDM 3A 4.3-4.6): one loop over the levels of a format given as data. */
#include "cpu/engine.h"

enum { ENTRY_P = 1 << 0, ENTRY_RW = 1 << 1, ENTRY_US = 1 << 2, ENTRY_A = 1 << 5, ENTRY_D = 1 << 6, ENTRY_PS = 1 << 7 };

enum { /* #PF error code (SDM 3A 4.7) */
       ERROR_P = 1 << 0,
       ERROR_W = 1 << 1,
       ERROR_U = 1 << 2,
       ERROR_RSVD = 1 << 3,
       ERROR_ID = 1 << 4
};

/* The reserved bits of an entry are those of bits 12-51 beyond MAXPHYADDR, and what the format adds. */
struct paging_format {
    unsigned levels;
    unsigned entry_size; /* bytes */
    unsigned index_bits;
    unsigned large_levels; /* bit n: an entry at level n may map a page by PS */
    uint64_t table_mask;   /* address field of an entry that names a table or a 4 KiB page */
    uint64_t reserved;     /* in every entry */
};

#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)
#define ENTRY_XD (UINT64_C(1) << 63)

enum { FORMAT_32BIT, FORMAT_PAE, FORMAT_4LEVEL };
static const struct paging_format formats[] = {
    [FORMAT_32BIT] = {2, 4, 10, 1 << 2, UINT64_C(0xfffff000), 0},
    [FORMAT_PAE] = {2, 8, 9, 1 << 2, ADDRESS_MASK, UINT64_C(0x7ff) << 52}, /* below the four PDPTE registers */
    [FORMAT_4LEVEL] = {4, 8, 9, 1 << 2 | 1 << 3, ADDRESS_MASK, 0},
};

static const struct paging_format *format_of(const struct cpu *cpu)
{
    return &formats[cpu->efer & EFER_LMA ? FORMAT_4LEVEL : cpu->cr4 & CR4_PAE ? FORMAT_PAE : FORMAT_32BIT];
}

static uint64_t bits_between(unsigned low, unsigned high) /* low..high-1 */
{
    return low < high ? (UINT64_C(1) << high) - (UINT64_C(1) << low) : 0;
}

/* Which bits of a present entry must be 0 (SDM 3A tables 4-4 to 4-6, 4-8 to 4-11, 4-14 to 4-20). */
static uint64_t reserved_bits(const struct cpu *cpu, const struct paging_format *format, unsigned level, bool large)
{
    unsigned address_bits = cpu->model->address_bits;
    uint64_t reserved;

    if (format->entry_size == 4) {
        /* PSE-36: bits 13-20 are address bits 32-39 as far as the processor has them */
        unsigned high = model_has(cpu->model, FEATURE_PSE36) ? (address_bits < 40 ? address_bits : 40) : 32;

        return large ? bits_between(13 + high - 32, 22) : 0;
    }
    reserved = format->reserved | bits_between(address_bits, 52) | (cpu->efer & EFER_NXE ? 0 : ENTRY_XD);
    if (large)
        reserved |= bits_between(13, 12 + (level - 1) * format->index_bits);
    else if (level > 2) /* PS where it maps nothing */
        reserved |= ENTRY_PS;
    return reserved;
}

static bool entry_is_large(const struct cpu *cpu, const struct paging_format *format, unsigned level, uint64_t entry)
{
    if (!(entry & ENTRY_PS) || level == 1 || !(format->large_levels >> level & 1))
        return false;
    if (format->entry_size == 4)
        return cpu->cr4 & CR4_PSE;
    return level == 2 || model_has(cpu->model, FEATURE_PAGE_1G);
}

static uint64_t entry_load(const uint8_t *host, unsigned size)
{
    return size == 8 ? load_le64(host) : load_le32(host);
}

/* Accessed and dirty bits drop no translation, but the table may also hold decoded code. */
static void entry_store(struct cpu *cpu, uint8_t *host, uint32_t backing, uint64_t offset, uint64_t entry, unsigned size)
{
    if (size == 8)
        store_le64(host, entry);
    else
        store_le32(host, (uint32_t)entry);
    if (physical_page_flags(cpu->memory, backing) & PHYSICAL_PAGE_CODE)
        if (trace_cache_written(cpu, (uint64_t)backing << 12 | offset, size))
            cpu->leave = true;
}

static struct walk_result walk_fault(const struct cpu *cpu, unsigned access, uint32_t error, enum reason reason,
                                     uint64_t entry)
{
    error |= (access & WALK_WRITE ? ERROR_W : 0) | (access & WALK_USER ? ERROR_U : 0);
    if ((access & WALK_FETCH) && (cpu->cr4 & CR4_PAE) && (cpu->efer & EFER_NXE))
        error |= ERROR_ID;
    return (struct walk_result){.fault = true, .entry = entry, .error_code = error, .reason = reason};
}

/* Where a large page's bytes are; 32-bit entries keep address bits 32-39 in bits 13-20 (PSE-36). */
static uint64_t large_physical(const struct cpu *cpu, const struct paging_format *format, unsigned level, uint64_t entry,
                               uint64_t linear)
{
    uint64_t inside = (UINT64_C(1) << (12 + (level - 1) * format->index_bits)) - 1;

    if (format->entry_size == 4)
        return (entry & UINT64_C(0xffc00000)) | (model_has(cpu->model, FEATURE_PSE36) ? (entry >> 13 & 0xff) << 32 : 0) |
               (linear & inside);
    return (entry & ADDRESS_MASK & ~inside) | (linear & inside);
}

struct walk_result page_walk(struct cpu *cpu, uint64_t linear, unsigned access)
{
    static const enum reason not_present[] = {REASON_NONE, REASON_PF_NOT_PRESENT_PTE, REASON_PF_NOT_PRESENT_PDE,
                                              REASON_PF_NOT_PRESENT_PDPTE, REASON_PF_NOT_PRESENT_PML4E};
    const struct paging_format *format = format_of(cpu);
    uint8_t *host[5];
    uint64_t entries[5], offsets[5];
    uint32_t backing[5];
    uint64_t table = cpu->cr3 & format->table_mask, rights = ENTRY_RW | ENTRY_US, no_execute = 0, physical = 0, entry = 0;
    struct walk_result result = {0};
    unsigned level, leaf = 1;
    bool write_protect = cpu->cr0 & CR0_WP, user = access & WALK_USER, write = access & WALK_WRITE;

    if (format == &formats[FORMAT_PAE]) {
        entry = cpu->pdpte[linear >> 30 & 3];
        if (!(entry & ENTRY_P))
            return walk_fault(cpu, access, 0, REASON_PF_NOT_PRESENT_PDPTE, entry);
        table = entry & format->table_mask;
    }
    for (level = format->levels; level; level--) {
        unsigned shift = 12 + (level - 1) * format->index_bits;
        uint64_t index = linear >> shift & ((1u << format->index_bits) - 1);
        uint64_t address = apply_a20(cpu, table + index * format->entry_size);
        struct physical_page page = physical_map_page(cpu->memory, address);
        bool large;

        offsets[level] = address & 4095;
        backing[level] = page.write_backing;
        host[level] = page.write == page.read ? page.write : NULL;
        if (!host[level])
            result.uncacheable = true;
        else if (!(access & WALK_PEEK) && !cpu->engine->plain)
            tlb_mark(cpu, address, level, linear >> shift >> format->index_bits << format->index_bits << shift);
        entry = page.read            ? entry_load(page.read + offsets[level], format->entry_size)
                : access & WALK_PEEK ? 0
                                     : physical_read_value(cpu->memory, address, format->entry_size);
        entries[level] = entry;
        if (!(entry & ENTRY_P))
            return walk_fault(cpu, access, 0, not_present[level], entry);
        large = entry_is_large(cpu, format, level, entry);
        if (entry & reserved_bits(cpu, format, level, large))
            return walk_fault(cpu, access, ERROR_P | ERROR_RSVD, REASON_PF_RESERVED, entry);
        rights &= entry;
        no_execute |= entry & ENTRY_XD;
        if (large) {
            physical = large_physical(cpu, format, level, entry, linear);
            leaf = level;
            break;
        }
        table = entry & format->table_mask;
        physical = table | (linear & 4095);
    }
    if (user && !(rights & ENTRY_US))
        return walk_fault(cpu, access, ERROR_P, REASON_PF_SUPERVISOR, entry);
    if (write && !(rights & ENTRY_RW) && (user || write_protect))
        return walk_fault(cpu, access, ERROR_P, REASON_PF_READ_ONLY, entry);
    if ((access & WALK_FETCH) && no_execute)
        return walk_fault(cpu, access, ERROR_P, REASON_PF_NO_EXECUTE, entry);
    result.writable = (rights & ENTRY_RW) || (!user && !write_protect);
    for (level = format->levels; level >= leaf && !(access & WALK_PEEK); level--) {
        uint64_t wanted = entries[level] | ENTRY_A | (level == leaf && write ? ENTRY_D : 0);

        if (wanted != entries[level]) {
            if (host[level])
                entry_store(cpu, host[level] + offsets[level], backing[level], offsets[level], wanted, format->entry_size);
            entries[level] = wanted;
        }
    }
    result.writable = result.writable && (entries[leaf] & ENTRY_D);
    result.physical = physical;
    result.entry = entries[leaf];
    return result;
}

/* SDM 3A 4.4.1: the four PDPTEs are read once; a present one with a reserved bit set is #GP(0) and changes nothing. */
bool pdptes_read(struct cpu *cpu, uint64_t cr3, uint64_t pdpte[4])
{
    uint64_t reserved = UINT64_C(0x1e6) | ~((UINT64_C(1) << cpu->model->address_bits) - 1);

    for (unsigned i = 0; i < 4; i++) {
        pdpte[i] = physical_read_value(cpu->memory, apply_a20(cpu, (cr3 & 0xffffffe0) + 8 * i), 8);
        if ((pdpte[i] & ENTRY_P) && (pdpte[i] & reserved))
            return false;
    }
    return true;
}
