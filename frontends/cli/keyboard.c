/* The US keyboard in scan set 1. */
#include "cli/keyboard.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Characters by scan code, first code 0x02; a blank entry has no character of its own. */
static const char plain_keys[] = "1234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0\0\0 ";
static const char shifted_keys[] = "!@#$%^&*()_+\0\0QWERTYUIOP{}\0\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0\0\0\0";

bool keyboard_character(char character, uint16_t *code, bool *shift)
{
    *shift = false;
    if (character == 0x1b) {
        *code = KEY_ESCAPE;
        return true;
    }
    for (unsigned i = 0; i < sizeof plain_keys - 1; i++) {
        if (character && (plain_keys[i] == character || shifted_keys[i] == character)) {
            *code = (uint16_t)(i + 2);
            *shift = plain_keys[i] != character;
            return true;
        }
    }
    return false;
}

bool keyboard_name(const char *name, size_t length, uint16_t *code)
{
    static const struct {
        const char *name;
        uint16_t code;
    } names[] = {
        {"esc", KEY_ESCAPE},
        {"escape", KEY_ESCAPE},
        {"enter", KEY_ENTER},
        {"ret", KEY_ENTER},
        {"return", KEY_ENTER},
        {"tab", KEY_TAB},
        {"space", 0x39},
        {"spc", 0x39},
        {"backspace", KEY_BACKSPACE},
        {"ctrl", KEY_LEFT_CTRL},
        {"lctrl", KEY_LEFT_CTRL},
        {"rctrl", 0xe01d},
        {"shift", KEY_LEFT_SHIFT},
        {"lshift", KEY_LEFT_SHIFT},
        {"rshift", 0x36},
        {"alt", KEY_LEFT_ALT},
        {"lalt", KEY_LEFT_ALT},
        {"ralt", 0xe038},
        {"altgr", 0xe038},
        {"win", 0xe05b},
        {"lwin", 0xe05b},
        {"rwin", 0xe05c},
        {"menu", 0xe05d},
        {"capslock", 0x3a},
        {"numlock", 0x45},
        {"scrolllock", 0x46},
        {"pause", KEY_PAUSE},
        {"print", 0xe037},
        {"sysrq", 0x54},
        {"up", 0xe048},
        {"down", 0xe050},
        {"left", 0xe04b},
        {"right", 0xe04d},
        {"home", 0xe047},
        {"end", 0xe04f},
        {"pgup", 0xe049},
        {"pgdn", 0xe051},
        {"ins", 0xe052},
        {"insert", 0xe052},
        {"del", KEY_DELETE},
        {"delete", KEY_DELETE},
        {"f1", 0x3b},
        {"f2", 0x3c},
        {"f3", 0x3d},
        {"f4", 0x3e},
        {"f5", 0x3f},
        {"f6", 0x40},
        {"f7", 0x41},
        {"f8", 0x42},
        {"f9", 0x43},
        {"f10", 0x44},
        {"f11", KEY_F11},
        {"f12", KEY_F12},
        {"kp0", 0x52},
        {"kp1", 0x4f},
        {"kp2", 0x50},
        {"kp3", 0x51},
        {"kp4", 0x4b},
        {"kp5", 0x4c},
        {"kp6", 0x4d},
        {"kp7", 0x47},
        {"kp8", 0x48},
        {"kp9", 0x49},
        {"kpdot", 0x53},
        {"kpplus", 0x4e},
        {"kpminus", 0x4a},
        {"kpstar", 0x37},
        {"kpslash", 0xe035},
        {"kpenter", 0xe01c},
        {"less", 0x56},
        {"minus", 0x0c},
        {"equal", 0x0d},
        {"comma", 0x33},
        {"dot", 0x34},
        {"slash", 0x35},
        {"semicolon", 0x27},
        {"quote", 0x28},
        {"backquote", 0x29},
        {"backslash", 0x2b},
        {"lbracket", 0x1a},
        {"rbracket", 0x1b},
    };
    bool shift;

    if (length == 1)
        return keyboard_character((char)tolower((unsigned char)*name), code, &shift) && !shift;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].name) == length && !strncasecmp(names[i].name, name, length)) {
            *code = names[i].code;
            return true;
        }
    }
    return false;
}
