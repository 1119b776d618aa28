/* The I/O address space: 64K byte ports, claimed in ranges by devices. */
#ifndef TRUEBOX_DEVICES_PORTS_H
#define TRUEBOX_DEVICES_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/* `port` is absolute; `size` is 1, 2 or 4 bytes, one of the sizes that the device registered for. */
typedef uint32_t (*port_read_fn)(void *device, uint16_t port, unsigned size);
typedef void (*port_write_fn)(void *device, uint16_t port, uint32_t value, unsigned size);

enum port_sizes {
    PORT_BYTE = 1, /* values are access sizes in bytes, combined with | */
    PORT_WORD = 2,
    PORT_DWORD = 4,
    PORT_BYTE_WORD = 3,
    PORT_ANY = 7
};

struct ports;

struct ports *ports_new(const struct log *log);
void ports_free(struct ports *ports);

/* Claims [first, first + count). An access of a size that the device does not take is split into smaller ones, low port
   first. A later claim of the same port replaces the earlier one (a relocated PCI BAR); read or write may be NULL: reads
   as all ones, writes ignored. */
void ports_claim(struct ports *ports, uint16_t first, unsigned count, enum port_sizes sizes, port_read_fn read,
                 port_write_fn write, void *device, const char *name);
void ports_release(struct ports *ports, uint16_t first, unsigned count);

/* What IN and OUT do. An access past 0xFFFF wraps to port 0. */
uint32_t ports_read(struct ports *ports, uint16_t port, unsigned size);
void ports_write(struct ports *ports, uint16_t port, uint32_t value, unsigned size);

#endif
