/* Stands in for src/mmu/physical_map.c: MMIO devices by page range, nothing else. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "mmu/physical_map.h"

struct physical_device {
    mmio_read_fn read;
    mmio_write_fn write;
    void *owner;
    struct physical_device *next;
};

struct route {
    uint64_t base, size, offset;
    struct physical_device *device;
};

struct physical_map {
    struct physical_device *devices;
    struct route routes[16];
    unsigned route_count;
};

struct physical_map *physical_map_new(uint64_t ram_size, const struct log *log)
{
    (void)ram_size;
    (void)log;
    return memory_new(sizeof(struct physical_map));
}

void physical_map_free(struct physical_map *map)
{
    while (map->devices) {
        struct physical_device *device = map->devices;
        map->devices = device->next;
        free(device);
    }
    free(map);
}

struct physical_device *physical_map_new_device(struct physical_map *map, const char *name, mmio_read_fn read,
                                                mmio_write_fn write, void *owner)
{
    struct physical_device *device = memory_new(sizeof *device);

    (void)name;
    *device = (struct physical_device){read, write, owner, map->devices};
    map->devices = device;
    return device;
}

void physical_map_route(struct physical_map *map, uint64_t base, uint64_t size, struct physical_source read,
                        struct physical_source write)
{
    (void)write;
    if (map->route_count == 16)
        abort();
    map->routes[map->route_count++] =
        (struct route){base, size, read.offset, read.target == PHYSICAL_MMIO ? read.device : NULL};
}

void physical_map_route_device(struct physical_map *map, uint64_t base, uint64_t size, struct physical_device *device,
                               uint64_t offset)
{
    struct physical_source source = {PHYSICAL_MMIO, offset, NULL, device};

    physical_map_route(map, base, size, source, source);
}

static struct route *find(struct physical_map *map, uint64_t address)
{
    for (unsigned i = map->route_count; i-- > 0;)
        if (address - map->routes[i].base < map->routes[i].size)
            return &map->routes[i];
    return NULL;
}

static unsigned piece(uint64_t address, size_t size)
{
    unsigned width = 8;

    while (width > size || address % width)
        width /= 2;
    return width;
}

void physical_read(struct physical_map *map, uint64_t address, void *bytes, size_t size)
{
    while (size) {
        struct route *route = find(map, address);
        unsigned width = piece(address, size);
        uint64_t value = ~UINT64_C(0);
        if (route && route->device)
            value = route->device->read(route->device->owner, address - route->base + route->offset, width);
        for (unsigned i = 0; i < width; i++)
            ((uint8_t *)bytes)[i] = (uint8_t)(value >> 8 * i);
        bytes = (uint8_t *)bytes + width;
        address += width;
        size -= width;
    }
}

void physical_write(struct physical_map *map, uint64_t address, const void *bytes, size_t size)
{
    while (size) {
        struct route *route = find(map, address);
        unsigned width = piece(address, size);
        uint64_t value = 0;
        for (unsigned i = 0; i < width; i++)
            value |= (uint64_t)((const uint8_t *)bytes)[i] << 8 * i;
        if (route && route->device)
            route->device->write(route->device->owner, address - route->base + route->offset, value, width);
        bytes = (const uint8_t *)bytes + width;
        address += width;
        size -= width;
    }
}
