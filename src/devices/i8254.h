/* The 8254 programmable interval timer (ports 40-43), clocked at 1193182 Hz. */
#ifndef TRUEBOX_DEVICES_I8254_H
#define TRUEBOX_DEVICES_I8254_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/bay.h"

#define I8254_HERTZ UINT64_C(1193182)

struct i8254;

/* OUT of each counter as a wire; its edges come at the exact clock counts. Counters 0 and 1 have their gates tied high,
   counter 2's gate is low until somebody sets it. A wire that is not connected costs no events. */
struct i8254 *i8254_new(const struct bay *bay, const struct wire out[3]);
void i8254_free(struct i8254 *timer);

/* The level of OUT now, and the gate of a counter. i8254_set_gate fits a struct wire (line = counter). */
bool i8254_out(const struct i8254 *timer, unsigned counter);
void i8254_set_gate(void *timer, unsigned counter, bool level);

/* The period of counter 2's output in timer clocks while it makes a tone (modes 2 and 3, running), else 0: for a speaker. */
uint32_t i8254_tone(const struct i8254 *timer);

#endif
