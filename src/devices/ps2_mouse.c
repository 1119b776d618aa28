/* The PS/2 mouse, after IBM's "Auxiliary device" reference, with Microsoft's wheel and five-button identities (3 and 4).

   Reports are made at the sampling rate, but only while there is something to report: the next sample is an event. The
   host's counts are the mouse's counts; the resolution is kept and reported, not applied to them. */
#include "devices/ps2_mouse.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"

enum mouse_command {
    SCALING_1_TO_1 = 0xe6,
    SCALING_2_TO_1 = 0xe7,
    SET_RESOLUTION = 0xe8,
    STATUS_REQUEST = 0xe9,
    SET_STREAM_MODE = 0xea,
    READ_DATA = 0xeb,
    RESET_WRAP_MODE = 0xec,
    SET_WRAP_MODE = 0xee,
    SET_REMOTE_MODE = 0xf0,
    READ_ID = 0xf2,
    SET_SAMPLING_RATE = 0xf3,
    ENABLE = 0xf4,
    DISABLE = 0xf5,
    SET_DEFAULT = 0xf6,
    RESEND = 0xfe,
    RESET = 0xff
};

enum mouse_answer { SELF_TEST_PASSED = 0xaa, ACKNOWLEDGE = 0xfa, ERROR = 0xfc };

enum mouse_identity { IDENTITY_PLAIN = 0, IDENTITY_WHEEL = 3, IDENTITY_FIVE_BUTTONS = 4 };

enum { DEFAULT_RATE = 100, DEFAULT_RESOLUTION = 2, FARTHEST = 100000, MAXIMUM_OUTPUT = 8 };

#define SELF_TEST_NS 40000000u

struct ps2_mouse {
    struct bay bay;
    struct i8042 *controller;
    struct event sample;
    struct event self_test;
    uint64_t last_sample;        /* clock count of the last report */
    uint32_t right, down, wheel; /* two's complement: not yet reported */
    uint8_t buttons;
    uint8_t reported_buttons;
    uint8_t output[MAXIMUM_OUTPUT]; /* an answer or a report, not yet sent */
    uint8_t output_count;
    uint8_t last_output[MAXIMUM_OUTPUT]; /* for "resend" */
    uint8_t last_count;
    uint8_t parameter_of;
    uint8_t resolution;
    uint8_t rate;
    uint8_t rate_history[2]; /* the two rates set before the present one: the knock that changes the identity */
    uint8_t identity;
    bool scaling, remote, wrap, enabled, sampled;
    bool error; /* the last byte was answered with "resend" */
};

static const struct state_field mouse_fields[] = {
    STATE_EVENT(struct ps2_mouse, sample),
    STATE_EVENT(struct ps2_mouse, self_test),
    STATE_U64(struct ps2_mouse, last_sample),
    STATE_U32(struct ps2_mouse, right),
    STATE_U32(struct ps2_mouse, down),
    STATE_U32(struct ps2_mouse, wheel),
    STATE_U8(struct ps2_mouse, buttons),
    STATE_U8(struct ps2_mouse, reported_buttons),
    STATE_U8_ARRAY(struct ps2_mouse, output),
    STATE_U8(struct ps2_mouse, output_count),
    STATE_U8_ARRAY(struct ps2_mouse, last_output),
    STATE_U8(struct ps2_mouse, last_count),
    STATE_U8(struct ps2_mouse, parameter_of),
    STATE_U8(struct ps2_mouse, resolution),
    STATE_U8(struct ps2_mouse, rate),
    STATE_U8_ARRAY(struct ps2_mouse, rate_history),
    STATE_U8(struct ps2_mouse, identity),
    STATE_BOOL(struct ps2_mouse, scaling),
    STATE_BOOL(struct ps2_mouse, remote),
    STATE_BOOL(struct ps2_mouse, wrap),
    STATE_BOOL(struct ps2_mouse, enabled),
    STATE_BOOL(struct ps2_mouse, sampled),
    STATE_BOOL(struct ps2_mouse, error),
};

static int32_t within(int64_t value, int32_t low, int32_t high)
{
    return (int32_t)(value < low ? low : value > high ? high : value);
}

/* A snapshot is foreign input: counts stay inside, the rate divides. */
static void restored(void *object)
{
    struct ps2_mouse *m = object;

    if (m->output_count > MAXIMUM_OUTPUT)
        m->output_count = MAXIMUM_OUTPUT;
    if (m->last_count > MAXIMUM_OUTPUT)
        m->last_count = MAXIMUM_OUTPUT;
    if (!m->rate)
        m->rate = DEFAULT_RATE;
    m->right = (uint32_t)within((int32_t)m->right, -FARTHEST, FARTHEST);
    m->down = (uint32_t)within((int32_t)m->down, -FARTHEST, FARTHEST);
    m->wheel = (uint32_t)within((int32_t)m->wheel, -FARTHEST, FARTHEST);
}

static STATE_TABLE(mouse_table, "ps2_mouse", 1, mouse_fields, restored);

static bool streams(const struct ps2_mouse *m)
{
    return m->enabled && !m->remote && !m->wrap;
}

static bool something_to_report(const struct ps2_mouse *m)
{
    return m->right || m->down || (m->wheel && m->identity != IDENTITY_PLAIN) || m->buttons != m->reported_buttons;
}

/* Sees to it that the next report is made as soon as the sampling rate and the line allow. */
static void expect_sample(struct ps2_mouse *m)
{
    uint64_t when = m->bay.schedule->now;

    if (!streams(m) || m->output_count || m->parameter_of || !something_to_report(m)) {
        schedule_cancel(m->bay.schedule, &m->sample);
        return;
    }
    if (m->sample.when != SCHEDULE_NEVER)
        return;
    if (m->sampled) {
        uint64_t next = m->last_sample + schedule_counts_in_ns(m->bay.schedule, UINT64_C(1000000000) / m->rate);

        if (next > when)
            when = next;
    }
    schedule_at(m->bay.schedule, &m->sample, when);
}

static void put(struct ps2_mouse *m, uint8_t byte)
{
    if (m->output_count < MAXIMUM_OUTPUT)
        m->output[m->output_count++] = byte;
}

/* "Set Scaling 2:1": small movements finer, large ones doubled. */
static int32_t scaled(int32_t counts)
{
    static const uint8_t table[6] = {0, 1, 1, 3, 6, 9};
    int32_t magnitude = counts < 0 ? -counts : counts;

    magnitude = magnitude < 6 ? table[magnitude] : 2 * magnitude;
    return counts < 0 ? -magnitude : magnitude;
}

/* Takes what a report can carry of a movement: nine bits with sign, after scaling. */
static int32_t take(const struct ps2_mouse *m, uint32_t *counts, bool scale)
{
    int32_t limit = scale && m->scaling ? 127 : 255, taken = within((int32_t)*counts, -limit, limit);

    *counts -= (uint32_t)taken;
    return scale && m->scaling ? scaled(taken) : taken;
}

/* The three- or four-byte report; scaling works in stream mode only. */
static void put_report(struct ps2_mouse *m, bool scale)
{
    int32_t x = take(m, &m->right, scale), y = -take(m, &m->down, scale), z;

    put(m, (uint8_t)(0x08 | (m->buttons & 7) | (x < 0) << 4 | (y < 0) << 5));
    put(m, (uint8_t)x);
    put(m, (uint8_t)y);
    if (m->identity != IDENTITY_PLAIN) {
        z = within((int32_t)m->wheel, -8, 7);
        m->wheel -= (uint32_t)z;
        if (m->identity == IDENTITY_WHEEL)
            put(m, (uint8_t)z);
        else
            put(m, (uint8_t)((z & 0x0f) | (m->buttons >> 3 & 3) << 4));
    } else {
        m->wheel = 0;
    }
    m->reported_buttons = m->buttons;
}

static void remember_output(struct ps2_mouse *m)
{
    memcpy(m->last_output, m->output, sizeof m->output);
    m->last_count = m->output_count;
    if (m->output_count)
        i8042_device_ready(m->controller, I8042_AUXILIARY);
}

static void sample(void *owner)
{
    struct ps2_mouse *m = owner;

    m->last_sample = m->bay.schedule->now;
    m->sampled = true;
    put_report(m, true);
    remember_output(m);
}

static void forget_movement(struct ps2_mouse *m)
{
    m->right = m->down = m->wheel = 0;
    m->reported_buttons = m->buttons;
}

static void set_defaults(struct ps2_mouse *m)
{
    m->rate = DEFAULT_RATE;
    m->resolution = DEFAULT_RESOLUTION;
    m->scaling = m->remote = m->wrap = m->enabled = false;
    m->rate_history[0] = m->rate_history[1] = 0;
    forget_movement(m);
}

static void start_self_test(struct ps2_mouse *m)
{
    set_defaults(m);
    m->identity = IDENTITY_PLAIN;
    m->parameter_of = 0;
    m->error = m->sampled = false;
    schedule_at(m->bay.schedule, &m->self_test, m->bay.schedule->now + schedule_counts_in_ns(m->bay.schedule, SELF_TEST_NS));
}

static void self_test_ends(void *owner)
{
    struct ps2_mouse *m = owner;

    m->output_count = 0;
    put(m, SELF_TEST_PASSED);
    put(m, m->identity);
    remember_output(m);
}

/* Rates 200, 100, 80 make it a wheel mouse; 200, 200, 80 then one with five buttons. */
static void note_rate(struct ps2_mouse *m, uint8_t rate)
{
    if (m->rate_history[0] == 200 && m->rate_history[1] == 100 && rate == 80 && m->identity == IDENTITY_PLAIN)
        m->identity = IDENTITY_WHEEL;
    else if (m->rate_history[0] == 200 && m->rate_history[1] == 200 && rate == 80 && m->identity != IDENTITY_PLAIN)
        m->identity = IDENTITY_FIVE_BUTTONS;
    m->rate_history[0] = m->rate_history[1];
    m->rate_history[1] = rate;
    m->rate = rate;
}

static bool is_rate(uint8_t rate)
{
    static const uint8_t rates[] = {10, 20, 40, 60, 80, 100, 200};

    return memchr(rates, rate, sizeof rates) != NULL;
}

/* A second error in a row is answered with FC. */
static void refuse(struct ps2_mouse *m)
{
    put(m, m->error ? ERROR : RESEND);
    m->error = !m->error;
}

static void take_parameter(struct ps2_mouse *m, uint8_t value)
{
    uint8_t command = m->parameter_of;

    if (command == SET_RESOLUTION ? value > 3 : !is_rate(value)) {
        refuse(m);
        if (!m->error) /* FC ends the command; after FE the parameter may come again */
            m->parameter_of = 0;
        return;
    }
    m->parameter_of = 0;
    m->error = false;
    if (command == SET_RESOLUTION)
        m->resolution = value;
    else
        note_rate(m, value);
    put(m, ACKNOWLEDGE);
}

static void put_status(struct ps2_mouse *m)
{
    put(m, (uint8_t)(m->remote << 6 | m->enabled << 5 | m->scaling << 4 | (m->buttons & PS2_MOUSE_LEFT ? 4 : 0) |
                     (m->buttons & PS2_MOUSE_MIDDLE ? 2 : 0) | (m->buttons & PS2_MOUSE_RIGHT ? 1 : 0)));
    put(m, m->resolution);
    put(m, m->rate);
}

static void change_mode(struct ps2_mouse *m, bool remote, bool wrap)
{
    m->remote = remote;
    m->wrap = wrap;
    forget_movement(m);
}

static void set_enabled(struct ps2_mouse *m, bool enabled)
{
    m->enabled = enabled;
    forget_movement(m);
}

static void take_command(struct ps2_mouse *m, uint8_t command)
{
    if (command < SCALING_1_TO_1 || command == 0xed || command == 0xef || command == 0xf1 ||
        (command > SET_DEFAULT && command < RESEND)) {
        refuse(m);
        return;
    }
    m->error = false;
    if (command == RESEND) {
        memcpy(m->output, m->last_output, sizeof m->output);
        m->output_count = m->last_count;
        return;
    }
    put(m, ACKNOWLEDGE);
    switch (command) {
    case SCALING_1_TO_1: m->scaling = false; break;
    case SCALING_2_TO_1: m->scaling = true; break;
    case SET_RESOLUTION:
    case SET_SAMPLING_RATE: m->parameter_of = command; break;
    case STATUS_REQUEST: put_status(m); break;
    case SET_STREAM_MODE: change_mode(m, false, false); break;
    case READ_DATA: put_report(m, false); break;
    case RESET_WRAP_MODE: change_mode(m, m->remote, false); break;
    case SET_WRAP_MODE: change_mode(m, m->remote, true); break;
    case SET_REMOTE_MODE: change_mode(m, true, false); break;
    case READ_ID: put(m, m->identity); break;
    case ENABLE: set_enabled(m, true); break;
    case DISABLE: set_enabled(m, false); break;
    case SET_DEFAULT: set_defaults(m); break;
    case RESET: start_self_test(m); break;
    }
}

/* Any byte from the host ends what the mouse was sending. In wrap mode all but two commands come back as they are. */
static void receive(void *owner, uint8_t byte)
{
    struct ps2_mouse *m = owner;

    m->output_count = 0;
    if (m->wrap && byte != RESET && byte != RESET_WRAP_MODE)
        put(m, byte);
    else if (m->parameter_of && byte < SCALING_1_TO_1)
        take_parameter(m, byte);
    else {
        m->parameter_of = 0;
        take_command(m, byte);
    }
    remember_output(m);
    expect_sample(m);
}

static bool has_byte(const void *owner)
{
    return ((const struct ps2_mouse *)owner)->output_count != 0;
}

static uint8_t take_byte(void *owner)
{
    struct ps2_mouse *m = owner;
    uint8_t byte = m->output[0];

    m->output_count--;
    memmove(m->output, m->output + 1, m->output_count);
    expect_sample(m);
    return byte;
}

static void add(uint32_t *counts, int more)
{
    *counts = (uint32_t)within((int64_t)(int32_t)*counts + more, -FARTHEST, FARTHEST);
}

void ps2_mouse_move(struct ps2_mouse *m, int right, int down, int wheel)
{
    add(&m->right, right);
    add(&m->down, down);
    add(&m->wheel, wheel);
    expect_sample(m);
}

void ps2_mouse_buttons(struct ps2_mouse *m, uint8_t buttons)
{
    m->buttons = buttons & 0x1f;
    if (m->identity != IDENTITY_FIVE_BUTTONS) /* the other two do not exist for this guest */
        m->reported_buttons = (uint8_t)((m->reported_buttons & 7) | (m->buttons & 0x18));
    expect_sample(m);
}

bool ps2_mouse_idle(const struct ps2_mouse *m)
{
    return !m->output_count && !i8042_port_busy(m->controller, I8042_AUXILIARY) && (!streams(m) || !something_to_report(m));
}

void ps2_mouse_power_on(struct ps2_mouse *m)
{
    m->output_count = m->last_count = 0;
    start_self_test(m);
}

struct ps2_mouse *ps2_mouse_new(const struct bay *bay, struct i8042 *controller)
{
    struct ps2_mouse *m = memory_new(sizeof *m);
    struct ps2_device device = {has_byte, take_byte, receive, m};

    m->bay = *bay;
    m->controller = controller;
    event_initialise(&m->sample, "mouse.sample", sample, m);
    event_initialise(&m->self_test, "mouse.self_test", self_test_ends, m);
    ps2_mouse_power_on(m);
    i8042_attach(controller, I8042_AUXILIARY, &device);
    state_registry_add(bay->states, "mouse", &mouse_table, m);
    return m;
}

void ps2_mouse_free(struct ps2_mouse *m)
{
    if (!m)
        return;
    schedule_cancel(m->bay.schedule, &m->sample);
    schedule_cancel(m->bay.schedule, &m->self_test);
    free(m);
}
