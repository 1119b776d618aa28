/* The host bridge: Intel 82441FX (8086:1237), PCI device 0 function 0. PAM registers decide where C0000-FFFFF goes. */
#ifndef TRUEBOX_DEVICES_I440FX_H
#define TRUEBOX_DEVICES_I440FX_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/pci_bus.h"

struct i440fx;

enum { I440FX_SEGMENTS = 16, I440FX_SEGMENT_SIZE = 0x4000, I440FX_FIRST_SEGMENT = 0xc0000 };

/* What answers on the bus behind the bridge in each 16 KiB segment from C0000 (a ROM, or nothing), for accesses that PAM
   does not give to RAM. */
struct i440fx_config {
    struct physical_source behind[I440FX_SEGMENTS];
};

/* Routes C0000-FFFFF at once. `smram_changed` gets a pulse (high, low) whenever i440fx_smram may answer differently. */
struct i440fx *i440fx_new(const struct bay *bay, struct pci_bus *bus, const struct i440fx_config *config,
                          struct wire smram_changed);
void i440fx_free(struct i440fx *bridge);
void i440fx_reset(struct i440fx *bridge);

/* The SMRAM register: may system management mode use A0000-BFFFF (enabled), may everybody (open), do data accesses of system
   management mode go to the bus all the same (closed)? */
struct i440fx_smram {
    bool enabled, open, closed, locked;
};
struct i440fx_smram i440fx_smram(const struct i440fx *bridge);

#endif
