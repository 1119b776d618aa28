/* The PC/AT's pair of 8259A interrupt controllers (ports 20-21 and A0-A1, edge/level control 4D0-4D1), slave on IRQ 2. */
#ifndef TRUEBOX_DEVICES_I8259_H
#define TRUEBOX_DEVICES_I8259_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/bay.h"

struct i8259_pair;

/* `intr` is the master's INT output, the processor's INTR pin. */
struct i8259_pair *i8259_pair_new(const struct bay *bay, struct wire intr);
void i8259_pair_free(struct i8259_pair *pair);

/* Power-on: both chips wait for ICW1 with every request masked; ELCR is zero. The request lines keep their levels. */
void i8259_pair_reset(struct i8259_pair *pair);

/* Level of request line 0-15 (2 does not exist), fit for a struct wire. */
void i8259_pair_set_irq(void *pair, unsigned irq, bool level);

/* Both INTA cycles: what the processor reads as the vector. With nothing left to serve it is the spurious IRQ 7 (or 15). */
uint8_t i8259_pair_acknowledge(struct i8259_pair *pair);

/* The INT output as it stands. */
bool i8259_pair_interrupt_pending(const struct i8259_pair *pair);

#endif
