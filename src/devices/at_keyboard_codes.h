/* What the keys of the AT keyboard send in each scan set. */
#ifndef TRUEBOX_DEVICES_AT_KEYBOARD_CODES_H
#define TRUEBOX_DEVICES_AT_KEYBOARD_CODES_H

#include <stdbool.h>
#include <stdint.h>

/* A key: its set 1 make code 01-7F, plus 80h if E0 comes before it. Pause, which has no E0 code of its own, is E0 45 here:
   the position that set 1 leaves free. */
enum { KEY_EXTENDED = 0x80, KEY_COUNT = 0x100 };

enum at_key {
    KEY_LEFT_CONTROL = 0x1d,
    KEY_LEFT_SHIFT = 0x2a,
    KEY_RIGHT_SHIFT = 0x36,
    KEY_LEFT_ALT = 0x38,
    KEY_RIGHT_CONTROL = 0x9d,
    KEY_KEYPAD_SLASH = 0xb5,
    KEY_PRINT_SCREEN = 0xb7,
    KEY_RIGHT_ALT = 0xb8,
    KEY_PAUSE = 0xc5
};

/* Kinds of key in set 3, which the host may change one by one. */
enum set3_kind { SET3_MAKE = 0, SET3_BREAK = 1, SET3_TYPEMATIC = 2 };

/* The key's code without prefixes, 0 if the set has none for it. */
uint8_t at_set2_code(unsigned key);
uint8_t at_set3_code(unsigned key);

/* The key that has `code` in set 3, or KEY_COUNT; and what that key is at power-on. */
unsigned at_set3_key(uint8_t code);
uint8_t at_set3_default_kind(unsigned key);

/* Insert, Delete, Home, End, Page Up, Page Down and the arrows between the main field and the keypad: the keyboard wraps
   them in made-up Shift codes. */
bool at_key_is_grey(unsigned key);

#endif
