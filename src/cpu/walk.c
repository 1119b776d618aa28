/* The page walk (SDM 3A 4.3-4.6): one loop over the levels of a format given as data. */
#include "cpu/engine.h"

enum {
    ENTRY_P = 1 << 0,
    ENTRY_RW = 1 << 1,
    ENTRY_US = 1 << 2,
    ENTRY_A = 1 << 5,
    ENTRY_D = 1 << 6,
    ENTRY_PS = 1 << 7
};

enum { /* #PF error code (SDM 3A 4.7) */
    ERROR_P = 1 << 0,
    ERROR_W = 1 << 1,
    ERROR_U = 1 << 2,
    ERROR_RSVD = 1 << 3,
    ERROR_ID = 1 << 4
};

struct paging_format {
    unsigned levels;
    unsigned entry_size;      /* bytes */
    unsigned index_bits;
    uint64_t table_mask;      /* address field of an entry that names a table or a 4 KiB page */
};

static const struct paging_format format_32bit = {2, 4, 10, UINT64_C(0xfffff000)};

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

static struct walk_result walk_fault(const struct cpu *cpu, unsigned access, uint32_t error, enum reason reason, uint64_t entry)
{
    error |= (access & WALK_WRITE ? ERROR_W : 0) | (access & WALK_USER ? ERROR_U : 0);
    if ((access & WALK_FETCH) && (cpu->efer & EFER_NXE))
        error |= ERROR_ID;
    return (struct walk_result){.fault = true, .entry = entry, .error_code = error, .reason = reason};
}

struct walk_result page_walk(struct cpu *cpu, uint64_t linear, unsigned access)
{
    const struct paging_format *format = &format_32bit;
    static const enum reason not_present[] = {REASON_NONE, REASON_PF_NOT_PRESENT_PTE, REASON_PF_NOT_PRESENT_PDE,
                                              REASON_PF_NOT_PRESENT_PDPTE, REASON_PF_NOT_PRESENT_PML4E};
    uint8_t *host[5];
    uint64_t entries[5], offsets[5];
    uint32_t backing[5];
    uint64_t table = cpu->cr3 & format->table_mask, rights = ENTRY_RW | ENTRY_US, physical = 0, entry = 0;
    struct walk_result result = {0};
    unsigned level, leaf = 1;
    bool write_protect = cpu->cr0 & CR0_WP, user = access & WALK_USER, write = access & WALK_WRITE;

    for (level = format->levels; level; level--) {
        unsigned shift = 12 + (level - 1) * format->index_bits;
        uint64_t index = linear >> shift & ((1u << format->index_bits) - 1);
        uint64_t address = apply_a20(cpu, table + index * format->entry_size);
        struct physical_page page = physical_map_page(cpu->memory, address);

        offsets[level] = address & 4095;
        backing[level] = page.write_backing;
        host[level] = page.write == page.read ? page.write : NULL;
        if (!host[level])
            result.uncacheable = true;
        else if (!(access & WALK_PEEK) && !cpu->engine->plain)
            tlb_mark(cpu, address, level, linear >> shift >> format->index_bits << format->index_bits << shift);
        entry = page.read ? entry_load(page.read + offsets[level], format->entry_size)
                          : access & WALK_PEEK ? 0 : physical_read_value(cpu->memory, address, format->entry_size);
        entries[level] = entry;
        if (!(entry & ENTRY_P))
            return walk_fault(cpu, access, 0, not_present[level], entry);
        rights &= entry;
        if (level == 2 && (entry & ENTRY_PS) && (cpu->cr4 & CR4_PSE)) {
            /* PSE-36 (SDM 3A table 4-4): bits 13-20 are address bits 32-39 where the model has them, else reserved bit 21 and those */
            bool pse36 = model_has(cpu->model, FEATURE_PSE36);

            if (entry & (pse36 ? UINT64_C(1) << 21 : UINT64_C(0x3fe000)))
                return walk_fault(cpu, access, ERROR_P | ERROR_RSVD, REASON_PF_RESERVED, entry);
            physical = (entry & UINT64_C(0xffc00000)) | (pse36 ? (entry >> 13 & 0xff) << 32 : 0) | (linear & 0x3fffff);
            leaf = 2;
            break;
        }
        table = entry & format->table_mask;
        physical = table | (linear & 4095);
    }
    if (level == 0)
        leaf = 1;
    if (user && !(rights & ENTRY_US))
        return walk_fault(cpu, access, ERROR_P, REASON_PF_SUPERVISOR, entry);
    if (write && !(rights & ENTRY_RW) && (user || write_protect))
        return walk_fault(cpu, access, ERROR_P, REASON_PF_READ_ONLY, entry);
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
