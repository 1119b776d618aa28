/* Decoding of terminal input: ASCII, control characters, and the escape sequences of xterm, VT220 and the Linux console. */
#include "cli/terminal_keys.h"

#include "cli/keyboard.h"

#include <string.h>

/* ESC [ ... letter and ESC O letter */
static uint16_t letter_key(uint8_t letter)
{
    switch (letter) {
    case 'A': return 0xe048;
    case 'B': return 0xe050;
    case 'C': return 0xe04d;
    case 'D': return 0xe04b;
    case 'E': return 0x4c; /* keypad 5 */
    case 'F': return 0xe04f;
    case 'H': return 0xe047;
    case 'M': return 0xe01c;
    case 'P': return KEY_F1;
    case 'Q': return KEY_F1 + 1;
    case 'R': return KEY_F1 + 2;
    case 'S': return KEY_F1 + 3;
    default: return 0;
    }
}

/* ESC [ number ~ */
static uint16_t number_key(unsigned number)
{
    switch (number) {
    case 1:
    case 7: return 0xe047;
    case 2: return 0xe052;
    case 3: return KEY_DELETE;
    case 4:
    case 8: return 0xe04f;
    case 5: return 0xe049;
    case 6: return 0xe051;
    case 23: return KEY_F11;
    case 24: return KEY_F12;
    default: break;
    }
    if (number >= 11 && number <= 15)
        return (uint16_t)(KEY_F1 + number - 11);
    if (number >= 17 && number <= 21)
        return (uint16_t)(KEY_F1 + 5 + number - 17);
    return 0;
}

/* After ESC [: parameters separated by semicolons, then a letter or ~. */
static unsigned decode_csi(const uint8_t *bytes, unsigned count, bool complete, struct terminal_key *key)
{
    unsigned parameters[2] = {1, 1}, which = 0, i = 2;
    bool begun = false;

    if (i < count && bytes[i] == '[') /* Linux console: ESC [ [ A to E are F1 to F5 */
        i++;
    for (; i < count; i++) {
        uint8_t byte = bytes[i];

        if (byte >= '0' && byte <= '9') {
            if (which < 2)
                parameters[which] = (begun ? parameters[which] * 10 % 1000 : 0) + (unsigned)(byte - '0');
            begun = true;
        } else if (byte == ';') {
            which++;
            begun = false;
        } else {
            break;
        }
    }
    if (i == count)
        return complete ? count : 0;
    if (bytes[2] == '[')
        key->code = bytes[i] >= 'A' && bytes[i] <= 'E' ? (uint16_t)(KEY_F1 + bytes[i] - 'A') : 0;
    else if (bytes[i] == '~')
        key->code = number_key(parameters[0]);
    else if (bytes[i] == 'Z')
        key->code = KEY_TAB;
    else
        key->code = letter_key(bytes[i]);
    unsigned modifiers = parameters[1] ? parameters[1] - 1 : 0;
    key->shift = (modifiers & 1) || bytes[i] == 'Z';
    key->alt = modifiers & 2;
    key->ctrl = modifiers & 4;
    return i + 1;
}

/* One byte that is not ESC. */
static void decode_byte(uint8_t byte, struct terminal_key *key)
{
    static const char with_ctrl[] = "\\]6-"; /* 0x1c to 0x1f */

    if (byte == '\r' || byte == '\n') {
        key->code = KEY_ENTER;
    } else if (byte == '\t') {
        key->code = KEY_TAB;
    } else if (byte == 0x7f || byte == '\b') {
        key->code = KEY_BACKSPACE;
    } else if (byte < 0x20) {
        char character = byte == 0 ? ' ' : byte < 0x1b ? (char)('a' + byte - 1) : with_ctrl[byte - 0x1c];

        keyboard_character(character, &key->code, &key->shift);
        key->ctrl = true;
    } else if (byte < 0x80) {
        keyboard_character((char)byte, &key->code, &key->shift);
    }
}

unsigned terminal_keys_decode(const uint8_t *bytes, unsigned count, bool complete, struct terminal_key *key)
{
    memset(key, 0, sizeof *key);
    if (!count)
        return 0;
    if (bytes[0] >= 0x80) { /* UTF-8: no key of a US keyboard */
        unsigned length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;

        return count < length && !complete ? 0 : count < length ? count : length;
    }
    if (bytes[0] != 0x1b) {
        decode_byte(bytes[0], key);
        return 1;
    }
    if (count == 1 || bytes[1] == 0x1b) {
        key->code = KEY_ESCAPE;
        return count > 1 || complete ? 1 : 0;
    }
    if (bytes[1] == '[' && (count > 2 || !complete))
        return count > 2 ? decode_csi(bytes, count, complete, key) : 0;
    if (bytes[1] == 'O' && (count > 2 || !complete)) {
        if (count > 2)
            key->code = letter_key(bytes[2]);
        return count > 2 ? 3 : 0;
    }
    if (bytes[1] < 0x80)
        decode_byte(bytes[1], key);
    key->alt = true;
    return 2;
}
