/* The software TLB: direct-mapped arrays per access mode, in several contexts, chained by page so that R13 can take back
   what it gave (tlb.c). A tag hit is permission: tags are withheld for pages that need the slow path. */
#ifndef TRUEBOX_CPU_TLB_H
#define TRUEBOX_CPU_TLB_H

#include "cpu/cpu.h"

#define TLB_TAG_NONE UINT64_C(1) /* never equal to a page address */

/* In tlb_entry.paddr, whatever the write tag says: the tables allow writing and D is set; reads and writes go to the same RAM. */
enum { PADDR_WRITABLE = 1, PADDR_RAM = 2 };

struct tlb_entry {
    uint64_t read_tag;  /* linear page that may be read directly, or TLB_TAG_NONE */
    uint64_t write_tag; /* ... written directly */
    uintptr_t addend;   /* host address = addend + linear */
    uint64_t paddr;     /* physical page, A20 applied, with PADDR_* below */
};

ALWAYS_INLINE struct tlb_entry *tlb_entry_of(const struct cpu *cpu, uint64_t linear)
{
    /* entries are 32 bytes: page number * 32 is linear >> 12 << 5 */
    return (struct tlb_entry *)(void *)((char *)cpu->tlb_data + (linear >> 7 & cpu->tlb_mask));
}

#endif
