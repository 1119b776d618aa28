/* The I/O address space. */
#include "devices/ports.h"

#include <stdlib.h>

#include "base/memory.h"

struct claim {
    port_read_fn read;
    port_write_fn write;
    void *device;
    const char *name;
    enum port_sizes sizes;
};

struct ports {
    const struct log *log;
    uint8_t claim_of[65536]; /* index into claims; 0 is nobody */
    struct claim claims[256];
    unsigned claim_count;
};

struct ports *ports_new(const struct log *log)
{
    struct ports *ports = memory_new(sizeof *ports);

    ports->log = log;
    ports->claim_count = 1;
    return ports;
}

void ports_free(struct ports *ports)
{
    free(ports);
}

static unsigned claim_index(struct ports *ports, const struct claim *wanted)
{
    for (unsigned i = 1; i < ports->claim_count; i++) {
        const struct claim *have = &ports->claims[i];

        if (have->read == wanted->read && have->write == wanted->write && have->device == wanted->device &&
            have->name == wanted->name && have->sizes == wanted->sizes)
            return i;
    }
    if (ports->claim_count == 256)
        abort(); /* the board is fixed: more than 255 distinct claims is our own defect */
    ports->claims[ports->claim_count] = *wanted;
    return ports->claim_count++;
}

void ports_claim(struct ports *ports, uint16_t first, unsigned count, enum port_sizes sizes, port_read_fn read,
                 port_write_fn write, void *device, const char *name)
{
    struct claim claim = {read, write, device, name, sizes};
    unsigned index = claim_index(ports, &claim);

    for (unsigned i = 0; i < count && first + i < 65536; i++)
        ports->claim_of[first + i] = (uint8_t)index;
}

void ports_release(struct ports *ports, uint16_t first, unsigned count)
{
    for (unsigned i = 0; i < count && first + i < 65536; i++)
        ports->claim_of[first + i] = 0;
}

uint32_t ports_read(struct ports *ports, uint16_t port, unsigned size)
{
    const struct claim *claim = &ports->claims[ports->claim_of[port]];
    uint32_t low, ones = size == 4 ? UINT32_MAX : (UINT32_C(1) << 8 * size) - 1;

    if (size > 1 && !(claim->sizes & size)) {
        low = ports_read(ports, port, size / 2);
        return low | ports_read(ports, (uint16_t)(port + size / 2), size / 2) << 4 * size;
    }
    if (claim->read)
        return claim->read(claim->device, port, size) & ones;
    if (!claim->name)
        log_write(ports->log, LOG_PORT, "read of %u at unclaimed port %04x: all ones", size, port);
    return ones;
}

void ports_write(struct ports *ports, uint16_t port, uint32_t value, unsigned size)
{
    const struct claim *claim = &ports->claims[ports->claim_of[port]];

    if (size > 1 && !(claim->sizes & size)) {
        ports_write(ports, port, value & ((UINT32_C(1) << 4 * size) - 1), size / 2);
        ports_write(ports, (uint16_t)(port + size / 2), value >> 4 * size, size / 2);
        return;
    }
    if (claim->write)
        claim->write(claim->device, port, value, size);
    else if (!claim->name)
        log_write(ports->log, LOG_PORT, "write of %x (%u) to unclaimed port %04x ignored", value, size, port);
}
