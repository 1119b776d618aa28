/* The PS/2 mouse with wheel and five buttons on the keyboard controller's auxiliary port. */
#ifndef TRUEBOX_DEVICES_PS2_MOUSE_H
#define TRUEBOX_DEVICES_PS2_MOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/bay.h"
#include "devices/i8042.h"

struct ps2_mouse;

enum ps2_mouse_button {
    PS2_MOUSE_LEFT = 1,
    PS2_MOUSE_RIGHT = 2,
    PS2_MOUSE_MIDDLE = 4,
    PS2_MOUSE_FOURTH = 8,
    PS2_MOUSE_FIFTH = 16
};

/* Plugs itself into `controller`. */
struct ps2_mouse *ps2_mouse_new(const struct bay *bay, struct i8042 *controller);
void ps2_mouse_free(struct ps2_mouse *mouse);

/* Switched off and on again: runs its self-test. */
void ps2_mouse_power_on(struct ps2_mouse *mouse);

/* Moved by counts right and down, wheel turned by clicks towards the user. What one report cannot carry goes into the next.
 */
void ps2_mouse_move(struct ps2_mouse *mouse, int right, int down, int wheel);

/* The buttons that are down now (enum ps2_mouse_button). A press and release between two reports is not seen: wait for
   ps2_mouse_idle. */
void ps2_mouse_buttons(struct ps2_mouse *mouse, uint8_t buttons);

/* True when nothing is left to report and the guest has taken every byte; also while the guest does not want reports. */
bool ps2_mouse_idle(const struct ps2_mouse *mouse);

#endif
