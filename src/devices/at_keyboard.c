/* The AT keyboard, after IBM's "101- and 102-key keyboards" reference: commands, 16-byte buffer, typematic repeat.

   The self-test takes 40 ms here, where IBM's keyboard took 300 to 500: software waits for its end, never for its length. */
#include "devices/at_keyboard.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "devices/at_keyboard_codes.h"

enum keyboard_command {
    SET_LEDS = 0xed,
    ECHO = 0xee,
    SELECT_SCAN_SET = 0xf0,
    READ_ID = 0xf2,
    SET_TYPEMATIC = 0xf3,
    ENABLE = 0xf4,
    DEFAULT_DISABLE = 0xf5,
    SET_DEFAULT = 0xf6,
    ALL_TYPEMATIC = 0xf7,
    ALL_BREAK = 0xf8,
    ALL_MAKE = 0xf9,
    ALL_TYPEMATIC_BREAK = 0xfa,
    KEY_TYPEMATIC = 0xfb,
    KEY_BREAK = 0xfc,
    KEY_MAKE = 0xfd,
    RESEND = 0xfe,
    RESET = 0xff
};

enum keyboard_answer { ACKNOWLEDGE = 0xfa, SELF_TEST_PASSED = 0xaa };

enum { BUFFER_SIZE = 16, DEFAULT_TYPEMATIC = 0x2b /* 10.9 a second after 500 ms */, LONGEST_SEQUENCE = 8 };

#define SELF_TEST_NS 40000000u

struct at_keyboard {
    struct bay bay;
    struct i8042 *controller;
    struct event typematic;          /* the next repeat */
    struct event self_test;          /* its end */
    uint8_t buffer[BUFFER_SIZE + 1]; /* and one place for the overrun code */
    uint8_t buffer_first;
    uint8_t buffer_count;
    uint8_t answers[4]; /* go before the buffer */
    uint8_t answer_count;
    uint8_t last_sent;
    uint8_t parameter_of; /* the command whose parameter comes next, or 0 */
    uint8_t scan_set;
    uint8_t typematic_rate;
    uint8_t typematic_key;
    uint8_t lights;
    bool scanning;
    uint8_t held[KEY_COUNT / 8];
    uint8_t kinds[KEY_COUNT]; /* set 3: enum set3_kind bits */
};

static const struct state_field keyboard_fields[] = {
    STATE_EVENT(struct at_keyboard, typematic),   STATE_EVENT(struct at_keyboard, self_test),
    STATE_U8_ARRAY(struct at_keyboard, buffer),   STATE_U8(struct at_keyboard, buffer_first),
    STATE_U8(struct at_keyboard, buffer_count),   STATE_U8_ARRAY(struct at_keyboard, answers),
    STATE_U8(struct at_keyboard, answer_count),   STATE_U8(struct at_keyboard, last_sent),
    STATE_U8(struct at_keyboard, parameter_of),   STATE_U8(struct at_keyboard, scan_set),
    STATE_U8(struct at_keyboard, typematic_rate), STATE_U8(struct at_keyboard, typematic_key),
    STATE_U8(struct at_keyboard, lights),         STATE_BOOL(struct at_keyboard, scanning),
    STATE_U8_ARRAY(struct at_keyboard, held),     STATE_U8_ARRAY(struct at_keyboard, kinds),
};

/* A snapshot is foreign input: indices stay inside. */
static void restored(void *object)
{
    struct at_keyboard *k = object;

    k->buffer_first %= sizeof k->buffer;
    if (k->buffer_count > sizeof k->buffer)
        k->buffer_count = sizeof k->buffer;
    if (k->answer_count > sizeof k->answers)
        k->answer_count = sizeof k->answers;
}

static STATE_TABLE(keyboard_table, "at_keyboard", 1, keyboard_fields, restored);

struct sequence {
    uint8_t bytes[LONGEST_SEQUENCE];
    unsigned length;
};

static void put_byte(struct sequence *s, uint8_t byte)
{
    s->bytes[s->length++] = byte;
}

static void put_key(const struct at_keyboard *k, struct sequence *s, unsigned key, bool pressed)
{
    if (k->scan_set != 3 && key & KEY_EXTENDED)
        put_byte(s, 0xe0);
    if (k->scan_set == 1) {
        put_byte(s, (uint8_t)((key & 0x7f) | (pressed ? 0 : 0x80)));
        return;
    }
    if (!pressed)
        put_byte(s, 0xf0);
    put_byte(s, k->scan_set == 2 ? at_set2_code(key) : at_set3_code(key));
}

static bool is_held(const struct at_keyboard *k, unsigned key)
{
    return k->held[key >> 3] >> (key & 7) & 1;
}

static void set_held(struct at_keyboard *k, unsigned key, bool held)
{
    uint8_t bit = (uint8_t)(1u << (key & 7));

    k->held[key >> 3] = held ? k->held[key >> 3] | bit : k->held[key >> 3] & (uint8_t)~bit;
}

static bool control_held(const struct at_keyboard *k)
{
    return is_held(k, KEY_LEFT_CONTROL) || is_held(k, KEY_RIGHT_CONTROL);
}

static bool shift_held(const struct at_keyboard *k)
{
    return is_held(k, KEY_LEFT_SHIFT) || is_held(k, KEY_RIGHT_SHIFT);
}

/* The shifts that surround a grey key, so that software for the 84-key keyboard takes it for its keypad twin: pretended when
   Num Lock is on, let go when one is really held. `outward`: after the key's release. */
static void put_made_up_shifts(const struct at_keyboard *k, struct sequence *s, unsigned key, bool outward)
{
    bool num_lock = k->lights & AT_LED_NUM_LOCK;

    if (at_key_is_grey(key) && num_lock && !shift_held(k)) {
        put_key(k, s, KEY_LEFT_SHIFT | KEY_EXTENDED, !outward);
        return;
    }
    if (key != KEY_KEYPAD_SLASH && (!at_key_is_grey(key) || num_lock))
        return;
    if (is_held(k, KEY_LEFT_SHIFT))
        put_key(k, s, KEY_LEFT_SHIFT | KEY_EXTENDED, outward);
    if (is_held(k, KEY_RIGHT_SHIFT))
        put_key(k, s, KEY_RIGHT_SHIFT | KEY_EXTENDED, outward);
}

static void put_pause(const struct at_keyboard *k, struct sequence *s)
{
    static const uint8_t set1[] = {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5};
    static const uint8_t set2[] = {0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77};

    if (control_held(k)) { /* Break */
        put_key(k, s, 0x46 | KEY_EXTENDED, true);
        put_key(k, s, 0x46 | KEY_EXTENDED, false);
    } else if (k->scan_set == 1) {
        memcpy(s->bytes, set1, s->length = sizeof set1);
    } else {
        memcpy(s->bytes, set2, s->length = sizeof set2);
    }
}

/* Print Screen is the keypad's asterisk of old with a Shift; with Alt it is SysRq, a key of its own. */
static void put_print_screen(const struct at_keyboard *k, struct sequence *s, bool pressed)
{
    bool shifted = shift_held(k) || control_held(k);

    if (is_held(k, KEY_LEFT_ALT) || is_held(k, KEY_RIGHT_ALT)) {
        put_key(k, s, 0x54, pressed);
        return;
    }
    if (pressed && !shifted)
        put_key(k, s, KEY_LEFT_SHIFT | KEY_EXTENDED, true);
    put_key(k, s, KEY_PRINT_SCREEN, pressed);
    if (!pressed && !shifted)
        put_key(k, s, KEY_LEFT_SHIFT | KEY_EXTENDED, false);
}

static struct sequence sequence_of(const struct at_keyboard *k, unsigned key, bool pressed)
{
    struct sequence s = {.length = 0};

    if (k->scan_set == 3) {
        if (at_set3_code(key) && (pressed || k->kinds[key] & SET3_BREAK))
            put_key(k, &s, key, pressed);
    } else if (key == KEY_PAUSE) {
        if (pressed)
            put_pause(k, &s);
    } else if (key == KEY_PRINT_SCREEN) {
        put_print_screen(k, &s, pressed);
    } else if (pressed) {
        put_made_up_shifts(k, &s, key, false);
        put_key(k, &s, key, true);
    } else {
        put_key(k, &s, key, false);
        put_made_up_shifts(k, &s, key, true);
    }
    return s;
}

static bool has_room(const struct at_keyboard *k, unsigned bytes)
{
    return k->buffer_count + bytes <= BUFFER_SIZE;
}

static void store(struct at_keyboard *k, uint8_t byte)
{
    k->buffer[(k->buffer_first + k->buffer_count) % sizeof k->buffer] = byte;
    k->buffer_count++;
}

static void store_sequence(struct at_keyboard *k, const struct sequence *s)
{
    for (unsigned i = 0; i < s->length; i++)
        store(k, s->bytes[i]);
    if (s->length)
        i8042_device_ready(k->controller, I8042_KEYBOARD);
}

static void stop_typematic(struct at_keyboard *k)
{
    schedule_cancel(k->bay.schedule, &k->typematic);
}

static void empty_buffer(struct at_keyboard *k)
{
    k->buffer_count = 0;
    stop_typematic(k);
}

/* "Set Typematic Rate/Delay": delay (1 + bits 6-5) * 250 ms, period (8 + bits 2-0) * 2^(bits 4-3) * 4.17 ms. */
static uint64_t typematic_delay_ns(const struct at_keyboard *k)
{
    return UINT64_C(250000000) * (1 + (k->typematic_rate >> 5 & 3));
}

static uint64_t typematic_period_ns(const struct at_keyboard *k)
{
    return UINT64_C(4170000) * (uint64_t)((8 + (k->typematic_rate & 7)) << (k->typematic_rate >> 3 & 3));
}

static void expect_repeat(struct at_keyboard *k, uint64_t ns)
{
    schedule_at(k->bay.schedule, &k->typematic, k->bay.schedule->now + schedule_counts_in_ns(k->bay.schedule, ns));
}

static bool repeats(const struct at_keyboard *k, unsigned key)
{
    if (k->scan_set == 3)
        return at_set3_code(key) && k->kinds[key] & SET3_TYPEMATIC;
    return key != KEY_PAUSE;
}

/* A repeat that finds the buffer full leaves the overrun code in the seventeenth place. */
static void repeat(void *owner)
{
    struct at_keyboard *k = owner;
    struct sequence s = {.length = 0};
    bool system_request =
        k->typematic_key == KEY_PRINT_SCREEN && k->scan_set != 3 && (is_held(k, KEY_LEFT_ALT) || is_held(k, KEY_RIGHT_ALT));

    put_key(k, &s, system_request ? 0x54 : k->typematic_key, true);
    if (has_room(k, s.length))
        store_sequence(k, &s);
    else if (k->buffer_count < sizeof k->buffer)
        store(k, k->scan_set == 1 ? 0xff : 0x00);
    expect_repeat(k, typematic_period_ns(k));
}

/* The key's number from the caller's set 1 code, or KEY_COUNT. E0 2A, E0 36 and E0 45 are not keys. */
static unsigned key_number(uint16_t set1_code)
{
    unsigned low = set1_code & 0xff;

    if (set1_code == 0xe11d)
        return KEY_PAUSE;
    if (low == 0 || low > 0x7f || (set1_code >> 8 != 0 && set1_code >> 8 != 0xe0))
        return KEY_COUNT;
    if (set1_code >> 8 == 0)
        return low;
    return low == KEY_LEFT_SHIFT || low == KEY_RIGHT_SHIFT || low == 0x45 ? KEY_COUNT : low | KEY_EXTENDED;
}

bool at_keyboard_key(struct at_keyboard *k, uint16_t set1_code, bool pressed)
{
    unsigned key = key_number(set1_code);
    struct sequence s;

    if (key == KEY_COUNT)
        return false;
    if (is_held(k, key) == pressed)
        return true;
    s = sequence_of(k, key, pressed);
    if (k->scanning && !has_room(k, s.length))
        return false;
    set_held(k, key, pressed);
    if (!k->scanning)
        return true;
    store_sequence(k, &s);
    if (pressed && repeats(k, key)) {
        k->typematic_key = (uint8_t)key;
        expect_repeat(k, typematic_delay_ns(k));
    } else if (pressed || key == k->typematic_key) {
        stop_typematic(k);
    }
    return true;
}

bool at_keyboard_idle(const struct at_keyboard *k)
{
    return !k->buffer_count && !k->answer_count && !i8042_port_busy(k->controller, I8042_KEYBOARD);
}

uint8_t at_keyboard_lights(const struct at_keyboard *k)
{
    return k->lights;
}

static void answer(struct at_keyboard *k, uint8_t byte)
{
    if (k->answer_count < sizeof k->answers)
        k->answers[k->answer_count++] = byte;
    i8042_device_ready(k->controller, I8042_KEYBOARD);
}

static void set_defaults(struct at_keyboard *k)
{
    empty_buffer(k);
    k->scan_set = 2;
    k->typematic_rate = DEFAULT_TYPEMATIC;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        k->kinds[key] = at_set3_default_kind(key);
}

static void start_self_test(struct at_keyboard *k)
{
    set_defaults(k);
    k->scanning = false;
    k->parameter_of = 0;
    k->lights = 0;
    schedule_at(k->bay.schedule, &k->self_test, k->bay.schedule->now + schedule_counts_in_ns(k->bay.schedule, SELF_TEST_NS));
}

static void self_test_ends(void *owner)
{
    struct at_keyboard *k = owner;

    k->scanning = true;
    answer(k, SELF_TEST_PASSED);
}

static uint8_t kind_of_command(uint8_t command)
{
    switch (command) {
    case ALL_TYPEMATIC:
    case KEY_TYPEMATIC: return SET3_TYPEMATIC;
    case ALL_BREAK:
    case KEY_BREAK: return SET3_BREAK;
    case ALL_TYPEMATIC_BREAK: return SET3_TYPEMATIC | SET3_BREAK;
    default: return SET3_MAKE;
    }
}

static void select_scan_set(struct at_keyboard *k, uint8_t value)
{
    if (value > 3) {
        answer(k, RESEND);
        return;
    }
    answer(k, ACKNOWLEDGE);
    if (value)
        k->scan_set = value;
    else
        answer(k, k->scan_set);
}

static void set_key_kind(struct at_keyboard *k, uint8_t command, uint8_t code)
{
    unsigned key = at_set3_key(code);

    if (key == KEY_COUNT) {
        answer(k, RESEND);
        return;
    }
    k->kinds[key] = kind_of_command(command);
    k->parameter_of = command; /* more keys may follow, until another command comes */
    answer(k, ACKNOWLEDGE);
}

static void take_parameter(struct at_keyboard *k, uint8_t value)
{
    uint8_t command = k->parameter_of;

    k->parameter_of = 0;
    switch (command) {
    case SET_LEDS:
        k->lights = value & 7;
        answer(k, ACKNOWLEDGE);
        break;
    case SET_TYPEMATIC:
        k->typematic_rate = value & 0x7f;
        answer(k, ACKNOWLEDGE);
        break;
    case SELECT_SCAN_SET: select_scan_set(k, value); break;
    default: set_key_kind(k, command, value); break;
    }
}

static void take_command(struct at_keyboard *k, uint8_t command)
{
    switch (command) {
    case ECHO: answer(k, ECHO); return;
    case SET_LEDS:
    case SET_TYPEMATIC: k->parameter_of = command; break;
    case SELECT_SCAN_SET:
        empty_buffer(k);
        k->parameter_of = command;
        break;
    case READ_ID:
        answer(k, ACKNOWLEDGE);
        answer(k, 0xab);
        answer(k, 0x83);
        return;
    case ENABLE:
        empty_buffer(k);
        k->scanning = true;
        break;
    case DEFAULT_DISABLE:
        set_defaults(k);
        k->scanning = false;
        break;
    case SET_DEFAULT: set_defaults(k); break;
    case ALL_TYPEMATIC:
    case ALL_BREAK:
    case ALL_MAKE:
    case ALL_TYPEMATIC_BREAK:
        empty_buffer(k);
        memset(k->kinds, kind_of_command(command), sizeof k->kinds);
        break;
    case KEY_TYPEMATIC:
    case KEY_BREAK:
    case KEY_MAKE:
        empty_buffer(k);
        k->scanning = false;
        k->parameter_of = command;
        break;
    case RESEND: answer(k, k->last_sent); return;
    case RESET: start_self_test(k); break;
    default: answer(k, RESEND); return;
    }
    answer(k, ACKNOWLEDGE);
}

/* Any byte from the host ends what the keyboard was answering. ED and above are always commands. */
static void receive(void *owner, uint8_t byte)
{
    struct at_keyboard *k = owner;

    k->answer_count = 0;
    if (byte >= SET_LEDS)
        k->parameter_of = 0;
    if (k->parameter_of)
        take_parameter(k, byte);
    else
        take_command(k, byte);
    i8042_device_ready(k->controller, I8042_KEYBOARD);
}

/* No key goes out between a command and its parameter. */
static bool has_byte(const void *owner)
{
    const struct at_keyboard *k = owner;

    return k->answer_count || (k->buffer_count && !k->parameter_of);
}

static uint8_t take_byte(void *owner)
{
    struct at_keyboard *k = owner;

    if (k->answer_count) {
        k->last_sent = k->answers[0];
        k->answer_count--;
        memmove(k->answers, k->answers + 1, k->answer_count);
    } else {
        k->last_sent = k->buffer[k->buffer_first];
        k->buffer_first = (uint8_t)((k->buffer_first + 1) % sizeof k->buffer);
        k->buffer_count--;
    }
    return k->last_sent;
}

void at_keyboard_power_on(struct at_keyboard *k)
{
    k->answer_count = 0;
    k->last_sent = 0;
    start_self_test(k);
}

struct at_keyboard *at_keyboard_new(const struct bay *bay, struct i8042 *controller)
{
    struct at_keyboard *k = memory_new(sizeof *k);
    struct ps2_device device = {has_byte, take_byte, receive, k};

    k->bay = *bay;
    k->controller = controller;
    event_initialise(&k->typematic, "keyboard.typematic", repeat, k);
    event_initialise(&k->self_test, "keyboard.self_test", self_test_ends, k);
    at_keyboard_power_on(k);
    i8042_attach(controller, I8042_KEYBOARD, &device);
    state_registry_add(bay->states, "keyboard", &keyboard_table, k);
    return k;
}

void at_keyboard_free(struct at_keyboard *k)
{
    if (!k)
        return;
    schedule_cancel(k->bay.schedule, &k->typematic);
    schedule_cancel(k->bay.schedule, &k->self_test);
    free(k);
}
