/* The A20 gate: an OR of what the keyboard controller and port 92h ask for, as on a PS/2 and its successors. */
#ifndef TRUEBOX_DEVICES_A20_H
#define TRUEBOX_DEVICES_A20_H

#include "devices/bay.h"

enum a20_source { A20_KEYBOARD_CONTROLLER, A20_PORT92 };

struct a20;

/* `gate` is told the processor's A20 line: high lets address bit 20 through. It starts low on both inputs' account; devices
   that start high say so. */
struct a20 *a20_new(const struct bay *bay, struct wire gate);
void a20_free(struct a20 *a20);

/* One of the inputs (enum a20_source), fit for a struct wire. */
void a20_set(void *a20, unsigned source, bool level);

#endif
