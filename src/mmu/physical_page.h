/* The processor's side of the physical map: pages by host pointer, and being told of writes to pages it has cached. */
#ifndef TRUEBOX_MMU_PHYSICAL_PAGE_H
#define TRUEBOX_MMU_PHYSICAL_PAGE_H

#include "mmu/physical_map.h"

#define PHYSICAL_NO_BACKING UINT32_MAX

struct physical_page {
    const uint8_t *read; /* the page's bytes where reads go to RAM or ROM, else NULL */
    uint8_t *write;      /* where writes go to RAM, else NULL (dropped, or MMIO) */
    /* identity of the bytes read: RAM page number, or beyond it a ROM page; the key of decoded code */
    uint32_t read_backing;
    uint32_t write_backing; /* RAM page number written */
};

/* The page that holds `address` (A20 and the like already applied). */
struct physical_page physical_map_page(const struct physical_map *map, uint64_t address);

/* One more than the largest identity in use so far. */
uint32_t physical_map_backing_count(const struct physical_map *map);

/* One access of 1, 2, 4 or 8 bytes within a page, MMIO included. */
uint64_t physical_read_value(struct physical_map *map, uint64_t address, unsigned size);
void physical_write_value(struct physical_map *map, uint64_t address, uint64_t value, unsigned size);

/* Why direct writes to a RAM page are withheld. */
enum physical_page_flag {
    PHYSICAL_PAGE_CODE = 1,
    PHYSICAL_PAGE_TABLE = 2,
    PHYSICAL_PAGE_OBSERVED = 4 /* every write is to be seen */
};

struct physical_watcher {
    void *owner;
    /* RAM [ram_offset, ram_offset + size) within one flagged page was written; `old` holds the bytes before. */
    void (*written)(void *owner, uint64_t ram_offset, size_t size, const uint8_t *old);
    /* A page got its first flag of a kind: withdraw permission to write it directly. */
    void (*flagged)(void *owner, uint32_t backing);
    void (*routes_changed)(void *owner);
    struct physical_watcher *next;
};

void physical_map_watch(struct physical_map *map, struct physical_watcher *watcher);
void physical_map_unwatch(struct physical_map *map, struct physical_watcher *watcher);

uint8_t physical_page_flags(const struct physical_map *map, uint32_t backing);
const uint8_t *physical_page_flag_array(const struct physical_map *map); /* one per RAM page, for hot readers */
void physical_page_flag(struct physical_map *map, uint32_t backing, uint8_t flags);
void physical_page_unflag(struct physical_map *map, uint32_t backing, uint8_t flags);

/* To be called after writing RAM through a host pointer where the page may be flagged. */
void physical_ram_written(struct physical_map *map, uint64_t ram_offset, size_t size, const uint8_t *old);

/* To be called after RAM as a whole was replaced behind everybody's back (a snapshot was restored). */
void physical_map_ram_replaced(struct physical_map *map);

#endif
