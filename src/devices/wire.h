/* A one-bit signal between two chips: whoever drives it calls wire_set, whoever owns it is told (R7). */
#ifndef TRUEBOX_DEVICES_WIRE_H
#define TRUEBOX_DEVICES_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct wire {
    void (*set)(void *owner, unsigned line, bool level); /* NULL: not connected */
    void *owner;
    unsigned line; /* passed back to `set`: an IRQ or DREQ number, for instance */
};

static inline void wire_set(const struct wire *wire, bool level)
{
    if (wire->set)
        wire->set(wire->owner, wire->line, level);
}

#endif
