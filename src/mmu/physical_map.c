/* The physical address space: a sorted list of routed ranges over RAM, ROM images and MMIO devices. */
#include "mmu/physical_map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/memory.h"
#include "mmu/physical_page.h"

struct physical_rom {
    uint8_t *bytes;
    size_t size;            /* rounded up to pages */
    uint32_t first_backing; /* its pages' identities follow those of RAM */
    struct physical_rom *next;
};

struct physical_device {
    const char *name;
    mmio_read_fn read;
    mmio_write_fn write;
    void *owner;
    struct physical_device *next;
};

struct route {
    uint64_t base, size;
    struct physical_source read, write;
};

struct physical_map {
    const struct log *log;
    uint8_t *ram;
    uint64_t ram_size;
    uint8_t *page_flags; /* enum physical_page_flag per RAM page */
    uint32_t next_backing;
    struct physical_rom *roms;
    struct physical_device *devices;
    struct route *routes; /* sorted, not overlapping */
    size_t route_count;
    const struct route *recent; /* the last one found */
    struct physical_watcher *watchers;
    uint64_t generation;
};

struct physical_map *physical_map_new(uint64_t ram_size, const struct log *log)
{
    struct physical_map *map = memory_new(sizeof *map);
    void *ram = mmap(NULL, ram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (ram == MAP_FAILED) {
        free(map);
        return NULL;
    }
    map->ram = ram;
    map->log = log;
    map->ram_size = ram_size;
    map->page_flags = memory_new(ram_size / PHYSICAL_PAGE_SIZE);
    map->next_backing = (uint32_t)(ram_size / PHYSICAL_PAGE_SIZE);
    return map;
}

void physical_map_free(struct physical_map *map)
{
    if (!map)
        return;
    while (map->roms) {
        struct physical_rom *rom = map->roms;

        map->roms = rom->next;
        free(rom->bytes);
        free(rom);
    }
    while (map->devices) {
        struct physical_device *device = map->devices;

        map->devices = device->next;
        free(device);
    }
    munmap(map->ram, map->ram_size);
    free(map->page_flags);
    free(map->routes);
    free(map);
}

uint64_t physical_map_ram_size(const struct physical_map *map)
{
    return map->ram_size;
}

uint8_t *physical_map_ram(struct physical_map *map)
{
    return map->ram;
}

uint32_t physical_map_backing_count(const struct physical_map *map)
{
    return map->next_backing;
}

struct physical_rom *physical_map_new_rom(struct physical_map *map, const void *bytes, size_t size)
{
    struct physical_rom *rom = memory_new(sizeof *rom);
    size_t rounded = (size + PHYSICAL_PAGE_SIZE - 1) & ~(size_t)(PHYSICAL_PAGE_SIZE - 1);

    rom->bytes = memory_new(rounded);
    memset(rom->bytes + size, 0xff, rounded - size);
    memcpy(rom->bytes, bytes, size);
    rom->size = rounded;
    rom->first_backing = map->next_backing;
    map->next_backing += (uint32_t)(rounded / PHYSICAL_PAGE_SIZE);
    rom->next = map->roms;
    map->roms = rom;
    return rom;
}

struct physical_device *physical_map_new_device(struct physical_map *map, const char *name, mmio_read_fn read,
                                                mmio_write_fn write, void *owner)
{
    struct physical_device *device = memory_new(sizeof *device);

    *device = (struct physical_device){name, read, write, owner, map->devices};
    map->devices = device;
    return device;
}

/* --- routes ------------------------------------------------------------------------------------------------------------ */

static struct physical_source source_at(struct physical_source source, uint64_t advance)
{
    source.offset += advance;
    return source;
}

static void append_route(struct route *routes, size_t *count, uint64_t base, uint64_t end, const struct route *of)
{
    if (base < end)
        routes[(*count)++] =
            (struct route){base, end - base, source_at(of->read, base - of->base), source_at(of->write, base - of->base)};
}

void physical_map_route(struct physical_map *map, uint64_t base, uint64_t size, struct physical_source read,
                        struct physical_source write)
{
    struct route added = {base, size, read, write}, *routes;
    uint64_t end = base + size;
    size_t count = 0;
    bool placed = false;

    if (!size || (base | size) & (PHYSICAL_PAGE_SIZE - 1))
        abort(); /* devices align their windows before they ask */
    routes = memory_new((map->route_count * 2 + 2) * sizeof *routes);
    for (size_t i = 0; i < map->route_count; i++) {
        const struct route *old = &map->routes[i];
        uint64_t old_end = old->base + old->size;

        append_route(routes, &count, old->base, old_end < base ? old_end : base, old);
        if (!placed && old_end > base) {
            routes[count++] = added;
            placed = true;
        }
        append_route(routes, &count, old->base > end ? old->base : end, old_end, old);
    }
    if (!placed)
        routes[count++] = added;
    free(map->routes);
    map->routes = routes;
    map->route_count = count;
    map->recent = NULL;
    map->generation++;
    for (struct physical_watcher *watcher = map->watchers; watcher; watcher = watcher->next)
        watcher->routes_changed(watcher->owner);
}

void physical_map_route_ram(struct physical_map *map, uint64_t base, uint64_t size, uint64_t ram_offset)
{
    struct physical_source source = {.target = PHYSICAL_RAM, .offset = ram_offset};

    physical_map_route(map, base, size, source, source);
}

void physical_map_route_rom(struct physical_map *map, uint64_t base, uint64_t size, struct physical_rom *rom,
                            uint64_t offset)
{
    struct physical_source source = {.target = PHYSICAL_ROM, .offset = offset, .rom = rom};

    physical_map_route(map, base, size, source, source);
}

void physical_map_route_device(struct physical_map *map, uint64_t base, uint64_t size, struct physical_device *device,
                               uint64_t offset)
{
    struct physical_source source = {.target = PHYSICAL_MMIO, .offset = offset, .device = device};

    physical_map_route(map, base, size, source, source);
}

static const struct route *route_of(const struct physical_map *map, uint64_t address)
{
    size_t low = 0, high = map->route_count;
    const struct route *recent = map->recent;

    if (recent && address - recent->base < recent->size)
        return recent;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct route *route = &map->routes[middle];

        if (address < route->base)
            high = middle;
        else if (address - route->base >= route->size)
            low = middle + 1;
        else {
            ((struct physical_map *)(uintptr_t)map)->recent = route; /* a cache: constness is about what the guest sees */
            return route;
        }
    }
    return NULL;
}

static uint8_t *source_host(const struct physical_map *map, const struct physical_source *source, uint64_t offset,
                            uint32_t *backing)
{
    offset += source->offset;
    if (source->target == PHYSICAL_RAM && offset < map->ram_size) {
        *backing = (uint32_t)(offset >> PHYSICAL_PAGE_SHIFT);
        return map->ram + offset;
    }
    if (source->target == PHYSICAL_ROM && offset < source->rom->size) {
        *backing = source->rom->first_backing + (uint32_t)(offset >> PHYSICAL_PAGE_SHIFT);
        return source->rom->bytes + offset;
    }
    *backing = PHYSICAL_NO_BACKING;
    return NULL;
}

struct physical_page physical_map_page(const struct physical_map *map, uint64_t address)
{
    struct physical_page page = {NULL, NULL, PHYSICAL_NO_BACKING, PHYSICAL_NO_BACKING};
    const struct route *route = route_of(map, address);
    uint64_t offset;

    if (!route)
        return page;
    offset = (address & ~(uint64_t)(PHYSICAL_PAGE_SIZE - 1)) - route->base;
    page.read = source_host(map, &route->read, offset, &page.read_backing);
    if (route->write.target == PHYSICAL_RAM)
        page.write = source_host(map, &route->write, offset, &page.write_backing);
    return page;
}

/* --- accesses ---------------------------------------------------------------------------------------------------------- */

static uint64_t piece_read(struct physical_map *map, uint64_t address, unsigned size)
{
    const struct route *route = route_of(map, address);
    uint64_t offset, value = 0;
    uint32_t backing;
    const uint8_t *host;

    if (!route || route->read.target == PHYSICAL_NOTHING) {
        log_write(map->log, LOG_MEMORY, "read of %u at %llx: nothing there, all ones", size, (unsigned long long)address);
        return width_mask(size * 8);
    }
    offset = address - route->base;
    if (route->read.target == PHYSICAL_MMIO)
        return route->read.device->read(route->read.device->owner, route->read.offset + offset, size) & width_mask(size * 8);
    host = source_host(map, &route->read, offset, &backing);
    if (!host)
        return width_mask(size * 8);
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)host[i] << 8 * i;
    return value;
}

void physical_ram_written(struct physical_map *map, uint64_t ram_offset, size_t size, const uint8_t *old)
{
    if (!(map->page_flags[ram_offset >> PHYSICAL_PAGE_SHIFT]))
        return;
    for (struct physical_watcher *watcher = map->watchers; watcher; watcher = watcher->next)
        watcher->written(watcher->owner, ram_offset, size, old);
}

static void piece_write(struct physical_map *map, uint64_t address, uint64_t value, unsigned size)
{
    const struct route *route = route_of(map, address);
    uint64_t offset;
    uint32_t backing;
    uint8_t *host, old[8];

    if (!route || route->write.target == PHYSICAL_NOTHING) {
        log_write(map->log, LOG_MEMORY, "write of %u at %llx: nothing there, dropped", size, (unsigned long long)address);
        return;
    }
    offset = address - route->base;
    if (route->write.target == PHYSICAL_MMIO) {
        route->write.device->write(route->write.device->owner, route->write.offset + offset, value, size);
        return;
    }
    if (route->write.target != PHYSICAL_RAM || !(host = source_host(map, &route->write, offset, &backing)))
        return;
    memcpy(old, host, size);
    for (unsigned i = 0; i < size; i++)
        host[i] = (uint8_t)(value >> 8 * i);
    physical_ram_written(map, (uint64_t)(host - map->ram), size, old);
}

uint64_t physical_read_value(struct physical_map *map, uint64_t address, unsigned size)
{
    return piece_read(map, address, size);
}

void physical_write_value(struct physical_map *map, uint64_t address, uint64_t value, unsigned size)
{
    piece_write(map, address, value, size);
}

/* The largest naturally aligned piece at `address` that `size` allows. */
static unsigned aligned_piece(uint64_t address, size_t size)
{
    unsigned piece = 8;

    while (piece > size || address & (piece - 1))
        piece /= 2;
    return piece;
}

void physical_read(struct physical_map *map, uint64_t address, void *bytes, size_t size)
{
    uint8_t *at = bytes;

    while (size) {
        unsigned piece = aligned_piece(address, size);
        uint64_t value = piece_read(map, address, piece);

        for (unsigned i = 0; i < piece; i++)
            *at++ = (uint8_t)(value >> 8 * i);
        address += piece;
        size -= piece;
    }
}

void physical_write(struct physical_map *map, uint64_t address, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    while (size) {
        unsigned piece = aligned_piece(address, size);
        uint64_t value = 0;

        for (unsigned i = 0; i < piece; i++)
            value |= (uint64_t)*at++ << 8 * i;
        piece_write(map, address, value, piece);
        address += piece;
        size -= piece;
    }
}

bool physical_peek(struct physical_map *map, uint64_t address, void *bytes, size_t size)
{
    uint8_t *at = bytes;

    while (size) {
        struct physical_page page = physical_map_page(map, address);
        size_t offset = address & (PHYSICAL_PAGE_SIZE - 1), piece = PHYSICAL_PAGE_SIZE - offset;

        if (!page.read)
            return false;
        if (piece > size)
            piece = size;
        memcpy(at, page.read + offset, piece);
        at += piece;
        address += piece;
        size -= piece;
    }
    return true;
}

/* --- watchers ---------------------------------------------------------------------------------------------------------- */

void physical_map_watch(struct physical_map *map, struct physical_watcher *watcher)
{
    watcher->next = map->watchers;
    map->watchers = watcher;
}

void physical_map_unwatch(struct physical_map *map, struct physical_watcher *watcher)
{
    for (struct physical_watcher **link = &map->watchers; *link; link = &(*link)->next)
        if (*link == watcher) {
            *link = watcher->next;
            return;
        }
}

uint8_t physical_page_flags(const struct physical_map *map, uint32_t backing)
{
    return backing < map->ram_size >> PHYSICAL_PAGE_SHIFT ? map->page_flags[backing] : 0;
}

const uint8_t *physical_page_flag_array(const struct physical_map *map)
{
    return map->page_flags;
}

void physical_page_flag(struct physical_map *map, uint32_t backing, uint8_t flags)
{
    if (backing >= map->ram_size >> PHYSICAL_PAGE_SHIFT || (map->page_flags[backing] & flags) == flags)
        return;
    map->page_flags[backing] |= flags;
    for (struct physical_watcher *watcher = map->watchers; watcher; watcher = watcher->next)
        watcher->flagged(watcher->owner, backing);
}

void physical_page_unflag(struct physical_map *map, uint32_t backing, uint8_t flags)
{
    if (backing < map->ram_size >> PHYSICAL_PAGE_SHIFT)
        map->page_flags[backing] &= (uint8_t)~flags;
}

void physical_map_ram_replaced(struct physical_map *map)
{
    map->generation++;
    for (struct physical_watcher *watcher = map->watchers; watcher; watcher = watcher->next)
        watcher->routes_changed(watcher->owner);
}
