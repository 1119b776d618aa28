/* System control port A (92h): the fast A20 gate and the fast processor reset. */
#ifndef TRUEBOX_DEVICES_PORT92_H
#define TRUEBOX_DEVICES_PORT92_H

#include "devices/bay.h"

struct port92;

/* `a20` follows bit 1; `init` gets a pulse (high, then low) when bit 0 goes from 0 to 1: the processor's INIT. */
struct port92 *port92_new(const struct bay *bay, struct wire a20, struct wire init);
void port92_free(struct port92 *port);
void port92_reset(struct port92 *port);

#endif
