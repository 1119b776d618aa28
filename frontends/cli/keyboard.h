/* Keys by name and by character: scan set 1 codes of the US layout, as tb_key wants them. */
#ifndef TRUEBOX_FRONTENDS_CLI_KEYBOARD_H
#define TRUEBOX_FRONTENDS_CLI_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEY_ESCAPE = 0x01,
    KEY_BACKSPACE = 0x0e,
    KEY_TAB = 0x0f,
    KEY_ENTER = 0x1c,
    KEY_LEFT_CTRL = 0x1d,
    KEY_LEFT_SHIFT = 0x2a,
    KEY_LEFT_ALT = 0x38,
    KEY_F1 = 0x3b,
    KEY_F11 = 0x57,
    KEY_F12 = 0x58,
    KEY_DELETE = 0xe053,
    KEY_PAUSE = 0xe11d
};

/* The key that types `character` (ASCII, also \n, \t, \b, \e) and whether Shift must be held. */
bool keyboard_character(char character, uint16_t *code, bool *shift);

/* The key of that name ("a", "f1", "ctrl", "pgup", "kp5", "minus" ...), case ignored. */
bool keyboard_name(const char *name, size_t length, uint16_t *code);

#endif
