/* The PS/2 keyboard controller (ports 60h and 64h) with an auxiliary port. */
#ifndef TRUEBOX_DEVICES_I8042_H
#define TRUEBOX_DEVICES_I8042_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/bay.h"
#include "devices/ps2_device.h"

struct i8042;

enum i8042_port { I8042_KEYBOARD, I8042_AUXILIARY };

/* `irq1`, `irq12`: output buffer full with a byte of the keyboard or of the auxiliary device. `a20` follows output port bit
   1 (high from power-on). `init` gets a pulse when output port bit 0 is pulled low: the processor's INIT. */
struct i8042 *i8042_new(const struct bay *bay, struct wire irq1, struct wire irq12, struct wire a20, struct wire init);
void i8042_free(struct i8042 *controller);
void i8042_reset(struct i8042 *controller);

/* Plugs a device in (once, while the board is built). A port without a device answers every byte with a timeout. */
void i8042_attach(struct i8042 *controller, enum i8042_port port, const struct ps2_device *device);

/* The device has a byte to send. */
void i8042_device_ready(struct i8042 *controller, enum i8042_port port);

/* True while the guest has not read a byte that came from `port`, or one is on its way to or from it. */
bool i8042_port_busy(const struct i8042 *controller, enum i8042_port port);

#endif
