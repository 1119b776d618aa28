/* The physical address space: RAM, ROM and MMIO by 4 KiB page, with the aliasing that PAM, SMRAM and A20 need.

   The processor asks for a page once and keeps a host pointer in its TLB; devices and loaders go through
   physical_read and physical_write, which keep the caches of decoded code and translations honest (R13). */
#ifndef TRUEBOX_MMU_PHYSICAL_MAP_H
#define TRUEBOX_MMU_PHYSICAL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

#define PHYSICAL_PAGE_SHIFT 12
#define PHYSICAL_PAGE_SIZE 4096u

/* `offset` from the start of the region; `size` 1, 2, 4 or 8, never crossing a page. */
typedef uint64_t (*mmio_read_fn)(void *device, uint64_t offset, unsigned size);
typedef void (*mmio_write_fn)(void *device, uint64_t offset, uint64_t value, unsigned size);

struct physical_map;

/* `ram_size` bytes of zeroed RAM (a multiple of 4 KiB), not mapped anywhere yet; NULL if the host has not that much. */
struct physical_map *physical_map_new(uint64_t ram_size, const struct log *log);
void physical_map_free(struct physical_map *map);

uint64_t physical_map_ram_size(const struct physical_map *map);
uint8_t *physical_map_ram(struct physical_map *map); /* for hashing and snapshots; writers use physical_write */

enum physical_target {
    PHYSICAL_NOTHING, /* reads all ones, writes are dropped */
    PHYSICAL_RAM,     /* RAM at `offset` from the start of RAM */
    PHYSICAL_ROM,     /* a ROM image's bytes; as a write target: dropped */
    PHYSICAL_MMIO
};

struct physical_rom;    /* bytes owned by the map */
struct physical_device; /* MMIO callbacks owned by the map */

struct physical_rom *physical_map_new_rom(struct physical_map *map, const void *bytes, size_t size);
struct physical_device *physical_map_new_device(struct physical_map *map, const char *name, mmio_read_fn read,
                                                mmio_write_fn write, void *owner);

/* What [base, base + size) (page-aligned) answers with. Reads and writes may go to different targets: that is how PAM
   reads ROM and writes RAM. A later call replaces an earlier one. All translations and decoded code that used the range are
   dropped. */
struct physical_source {
    enum physical_target target;
    uint64_t offset;                /* in RAM, in the ROM, or the device offset of `base` */
    struct physical_rom *rom;       /* PHYSICAL_ROM */
    struct physical_device *device; /* PHYSICAL_MMIO */
};
void physical_map_route(struct physical_map *map, uint64_t base, uint64_t size, struct physical_source read,
                        struct physical_source write);

/* Shorthands. */
void physical_map_route_ram(struct physical_map *map, uint64_t base, uint64_t size, uint64_t ram_offset);
void physical_map_route_rom(struct physical_map *map, uint64_t base, uint64_t size, struct physical_rom *rom,
                            uint64_t offset);
void physical_map_route_device(struct physical_map *map, uint64_t base, uint64_t size, struct physical_device *device,
                               uint64_t offset);

/* DMA, loaders, debuggers: any length, any alignment, MMIO in naturally aligned pieces. */
void physical_read(struct physical_map *map, uint64_t address, void *bytes, size_t size);
void physical_write(struct physical_map *map, uint64_t address, const void *bytes, size_t size);

/* Without side effects: false (and untouched bytes) where a page is not RAM or ROM. */
bool physical_peek(struct physical_map *map, uint64_t address, void *bytes, size_t size);

#endif
