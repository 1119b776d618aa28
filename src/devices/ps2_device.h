/* What hangs on one of the keyboard controller's two connectors: the keyboard or the pointing device.

   The controller owns the line and its timing. It asks for a byte when it can take one, so a device that gets something to
   say calls i8042_device_ready (i8042.h). A byte from the host arrives through `receive`. */
#ifndef TRUEBOX_DEVICES_PS2_DEVICE_H
#define TRUEBOX_DEVICES_PS2_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct ps2_device {
    bool (*has_byte)(const void *owner);
    uint8_t (*take_byte)(void *owner); /* called only when has_byte said true */
    void (*receive)(void *owner, uint8_t byte);
    void *owner;
};

#endif
