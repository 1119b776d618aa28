/* RAM without a map, for chips that only move bytes; the routes asked for are not kept. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "mmu/physical_map.h"

struct physical_map {
    uint64_t size;
    uint8_t *ram;
};

struct physical_map *physical_map_new(uint64_t ram_size, const struct log *log)
{
    struct physical_map *map = memory_new(sizeof *map);

    (void)log;
    map->size = ram_size;
    map->ram = memory_new((size_t)ram_size);
    return map;
}

void physical_map_free(struct physical_map *map)
{
    free(map->ram);
    free(map);
}

uint64_t physical_map_ram_size(const struct physical_map *map)
{
    return map->size;
}

void physical_map_route_ram(struct physical_map *map, uint64_t base, uint64_t size, uint64_t ram_offset)
{
    (void)map, (void)base, (void)size, (void)ram_offset;
}

void physical_read(struct physical_map *map, uint64_t address, void *bytes, size_t size)
{
    if (address + size <= map->size)
        memcpy(bytes, map->ram + address, size);
}

void physical_write(struct physical_map *map, uint64_t address, const void *bytes, size_t size)
{
    if (address + size <= map->size)
        memcpy(map->ram + address, bytes, size);
}

/* Which way each 16 KiB below 1 MiB was routed last, for the PAM test. */
uint8_t fake_memory_reads_ram[64], fake_memory_writes_ram[64];

void physical_map_route(struct physical_map *map, uint64_t base, uint64_t size, struct physical_source read,
                        struct physical_source write)
{
    (void)map;
    for (uint64_t at = base; at < base + size && at < 0x100000; at += 0x4000) {
        fake_memory_reads_ram[at >> 14] = read.target == PHYSICAL_RAM;
        fake_memory_writes_ram[at >> 14] = write.target == PHYSICAL_RAM;
    }
}
