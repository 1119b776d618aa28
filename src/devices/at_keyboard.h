/* The AT keyboard (101/102 keys, scan sets 1, 2 and 3) on the keyboard controller's first port. */
#ifndef TRUEBOX_DEVICES_AT_KEYBOARD_H
#define TRUEBOX_DEVICES_AT_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/bay.h"
#include "devices/i8042.h"

struct at_keyboard;

enum at_keyboard_leds { AT_LED_SCROLL_LOCK = 1, AT_LED_NUM_LOCK = 2, AT_LED_CAPS_LOCK = 4 };

/* Plugs itself into `controller`. */
struct at_keyboard *at_keyboard_new(const struct bay *bay, struct i8042 *controller);
void at_keyboard_free(struct at_keyboard *keyboard);

/* Switched off and on again: runs its self-test. */
void at_keyboard_power_on(struct at_keyboard *keyboard);

/* A key goes down or up. It is named by its make code in set 1 (E0-prefixed keys: 0xE000 | code; Pause: 0xE11D), whatever
   set is in use. False, and nothing happened, if the 16-byte buffer has no room for the whole sequence or there is no such
   key. A key already down (up) stays so: the keyboard repeats by itself. While scanning is disabled keys are lost, as on the
   real thing. */
bool at_keyboard_key(struct at_keyboard *keyboard, uint16_t set1_code, bool pressed);

/* True when the guest has taken every byte. */
bool at_keyboard_idle(const struct at_keyboard *keyboard);

/* The lights (enum at_keyboard_leds). */
uint8_t at_keyboard_lights(const struct at_keyboard *keyboard);

#endif
