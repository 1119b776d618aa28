/* The keyboard controller, as in the IBM PS/2 ("Keyboard and Auxiliary Device Controller") and its PC/AT ancestor.

   Three things take time: a byte from a device comes in over the serial line, a byte to a device goes out over it, and the
   controller's own answers need a moment. A write that comes while a byte goes out waits in the input buffer with IBF set.
   While the output buffer is full the devices are held off, so bytes never get lost on this side. */
#include "devices/i8042.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"

enum status_bits {
    STATUS_OBF = 0x01,
    STATUS_IBF = 0x02,
    STATUS_SYSTEM = 0x04,
    STATUS_COMMAND = 0x08,
    STATUS_NOT_INHIBITED = 0x10,
    STATUS_AUXILIARY = 0x20,
    STATUS_TIMEOUT = 0x40
};

enum command_byte_bits {
    BYTE_IRQ1 = 0x01,
    BYTE_IRQ12 = 0x02,
    BYTE_SYSTEM = 0x04,
    BYTE_DISABLE_KEYBOARD = 0x10,
    BYTE_DISABLE_AUXILIARY = 0x20,
    BYTE_TRANSLATE = 0x40
};

enum output_port_bits { OUTPUT_NOT_RESET = 0x01, OUTPUT_A20 = 0x02, OUTPUT_IRQ1 = 0x10, OUTPUT_IRQ12 = 0x20 };

enum controller_command {
    READ_RAM = 0x20,
    WRITE_RAM = 0x60,
    TEST_PASSWORD = 0xa4,
    LOAD_PASSWORD = 0xa5,
    ENABLE_PASSWORD = 0xa6,
    DISABLE_AUXILIARY = 0xa7,
    ENABLE_AUXILIARY = 0xa8,
    TEST_AUXILIARY = 0xa9,
    SELF_TEST = 0xaa,
    TEST_KEYBOARD = 0xab,
    DIAGNOSTIC_DUMP = 0xac,
    DISABLE_KEYBOARD = 0xad,
    ENABLE_KEYBOARD = 0xae,
    READ_INPUT_PORT = 0xc0,
    READ_OUTPUT_PORT = 0xd0,
    WRITE_OUTPUT_PORT = 0xd1,
    WRITE_KEYBOARD_BUFFER = 0xd2,
    WRITE_AUXILIARY_BUFFER = 0xd3,
    WRITE_AUXILIARY = 0xd4,
    DISABLE_A20 = 0xdd,
    ENABLE_A20 = 0xdf,
    READ_TEST_INPUTS = 0xe0,
    PULSE_OUTPUT = 0xf0
};

#define ANSWER_NS 10000u  /* the controller's own work */
#define SERIAL_NS 880000u /* eleven bits at 12.5 kHz, either way */

/* Jumpers and switches: not locked, colour display, manufacturing jumper open, 512K on the system board. */
#define INPUT_PORT 0xb0u

enum { MAXIMUM_ANSWERS = 32, MAXIMUM_PASSWORD = 8, DEVICE_RESEND = 0xfe };

/* A byte that the controller itself has to say. */
struct answer {
    uint8_t byte;
    uint8_t status; /* STATUS_AUXILIARY, STATUS_TIMEOUT */
};

struct i8042 {
    struct bay bay;
    struct wire irq1, irq12, a20, init;
    struct ps2_device devices[2];
    struct event arrive; /* the next byte reaches the output buffer */
    struct event depart; /* the byte on its way has reached its device */
    struct answer answers[MAXIMUM_ANSWERS];
    uint8_t answer_count;
    uint8_t answer_next;
    uint8_t ram[32]; /* ram[0] is the command byte */
    uint8_t status;
    uint8_t output_buffer;
    uint8_t output_port;
    uint8_t input_buffer;
    uint8_t pending_command; /* the command whose data byte comes next, or 0 */
    uint8_t departing;       /* the byte on the line to a device */
    uint8_t departing_port;  /* enum i8042_port */
    bool line_busy;
    bool break_prefix; /* translation has seen F0 */
    uint8_t password[MAXIMUM_PASSWORD];
    uint8_t password_length;
    uint8_t password_matched;
    bool locked; /* the password is wanted: nothing reaches the system */
    bool irq1_level, irq12_level;
};

static const struct state_field answer_fields[] = {STATE_U8(struct answer, byte), STATE_U8(struct answer, status)};
static STATE_TABLE(answer_table, "i8042_answer", 1, answer_fields, NULL);

static const struct state_field i8042_fields[] = {
    STATE_EVENT(struct i8042, arrive),
    STATE_EVENT(struct i8042, depart),
    STATE_STRUCT_ARRAY(struct i8042, answers, &answer_table),
    STATE_U8(struct i8042, answer_count),
    STATE_U8(struct i8042, answer_next),
    STATE_U8_ARRAY(struct i8042, ram),
    STATE_U8(struct i8042, status),
    STATE_U8(struct i8042, output_buffer),
    STATE_U8(struct i8042, output_port),
    STATE_U8(struct i8042, input_buffer),
    STATE_U8(struct i8042, pending_command),
    STATE_U8(struct i8042, departing),
    STATE_U8(struct i8042, departing_port),
    STATE_BOOL(struct i8042, line_busy),
    STATE_BOOL(struct i8042, break_prefix),
    STATE_U8_ARRAY(struct i8042, password),
    STATE_U8(struct i8042, password_length),
    STATE_U8(struct i8042, password_matched),
    STATE_BOOL(struct i8042, locked),
    STATE_BOOL(struct i8042, irq1_level),
    STATE_BOOL(struct i8042, irq12_level),
};

/* A snapshot is foreign input: whatever it says, indices stay inside. */
static void restored(void *object)
{
    struct i8042 *c = object;

    c->answer_next %= MAXIMUM_ANSWERS;
    if (c->answer_count > MAXIMUM_ANSWERS)
        c->answer_count = MAXIMUM_ANSWERS;
    if (c->password_length > MAXIMUM_PASSWORD)
        c->password_length = MAXIMUM_PASSWORD;
    if (c->password_matched > c->password_length)
        c->password_matched = 0;
    c->departing_port &= 1;
}

static STATE_TABLE(i8042_table, "i8042", 1, i8042_fields, restored);

/* Scan set 2 to set 1, as the controller's ROM has it; 80 and above pass unchanged but for 83 (F7) and 84 (SysRq). */
static const uint8_t translation[0x80] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, /* 00 */
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, /* 10 */
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, /* 20 */
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, /* 30 */
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61, /* 40 */
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, /* 50 */
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, /* 60 */
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, /* 70 */
};

/* Acknowledges, prefixes and the like: neither translated nor taken for the code that F0 announces. */
static bool is_key_code(uint8_t code)
{
    return code < 0x80 || code == 0x83 || code == 0x84;
}

static uint8_t translate(uint8_t code)
{
    return code < 0x80 ? translation[code] : code == 0x83 ? 0x41 : 0x54;
}

static void update_interrupts(struct i8042 *c)
{
    bool full = c->status & STATUS_OBF, auxiliary = c->status & STATUS_AUXILIARY;
    bool irq1 = full && !auxiliary && c->ram[0] & BYTE_IRQ1;
    bool irq12 = full && auxiliary && c->ram[0] & BYTE_IRQ12;

    if (irq1 != c->irq1_level) {
        c->irq1_level = irq1;
        wire_set(&c->irq1, irq1);
    }
    if (irq12 != c->irq12_level) {
        c->irq12_level = irq12;
        wire_set(&c->irq12, irq12);
    }
}

static bool device_may_send(const struct i8042 *c, enum i8042_port port)
{
    uint8_t disabled = port == I8042_KEYBOARD ? BYTE_DISABLE_KEYBOARD : BYTE_DISABLE_AUXILIARY;

    return !c->line_busy && !(c->ram[0] & disabled) && c->devices[port].has_byte &&
           c->devices[port].has_byte(c->devices[port].owner);
}

/* Sees to it that the next byte is on its way; the controller's own answers go first. `sooner`: an answer has come up while
   a device's byte was under way, which is then sent again later. */
static void expect_next(struct i8042 *c, bool sooner)
{
    uint64_t delay;

    if (c->status & STATUS_OBF || (c->arrive.when != SCHEDULE_NEVER && !sooner))
        return;
    if (c->answer_count)
        delay = ANSWER_NS;
    else if (device_may_send(c, I8042_KEYBOARD) || device_may_send(c, I8042_AUXILIARY))
        delay = SERIAL_NS;
    else
        return;
    schedule_at(c->bay.schedule, &c->arrive, c->bay.schedule->now + schedule_counts_in_ns(c->bay.schedule, delay));
}

static void fill_output_buffer(struct i8042 *c, uint8_t byte, uint8_t status)
{
    c->output_buffer = byte;
    c->status = (uint8_t)((c->status & ~(STATUS_AUXILIARY | STATUS_TIMEOUT)) | STATUS_OBF | status);
    update_interrupts(c);
}

/* A byte of the keyboard against the password; breaks do not count. */
static void match_password(struct i8042 *c, uint8_t byte)
{
    if (byte & 0x80)
        return;
    if (byte != c->password[c->password_matched])
        c->password_matched = 0;
    if (byte == c->password[c->password_matched])
        c->password_matched++;
    if (c->password_matched >= c->password_length) {
        c->locked = false;
        c->password_matched = 0;
    }
}

static void take_keyboard_byte(struct i8042 *c)
{
    uint8_t byte = c->devices[I8042_KEYBOARD].take_byte(c->devices[I8042_KEYBOARD].owner);

    if (c->ram[0] & BYTE_TRANSLATE) {
        if (byte == 0xf0) {
            c->break_prefix = true;
            return;
        }
        if (is_key_code(byte)) {
            byte = translate(byte) | (c->break_prefix ? 0x80 : 0);
            c->break_prefix = false;
        }
    }
    if (c->locked)
        match_password(c, byte);
    else
        fill_output_buffer(c, byte, 0);
}

static void take_auxiliary_byte(struct i8042 *c)
{
    uint8_t byte = c->devices[I8042_AUXILIARY].take_byte(c->devices[I8042_AUXILIARY].owner);

    if (!c->locked)
        fill_output_buffer(c, byte, STATUS_AUXILIARY);
}

static void byte_arrives(void *owner)
{
    struct i8042 *c = owner;

    if (c->answer_count) {
        struct answer answer = c->answers[c->answer_next];

        c->answer_next = (uint8_t)((c->answer_next + 1) % MAXIMUM_ANSWERS);
        c->answer_count--;
        fill_output_buffer(c, answer.byte, answer.status);
    } else if (device_may_send(c, I8042_KEYBOARD)) {
        take_keyboard_byte(c);
    } else if (device_may_send(c, I8042_AUXILIARY)) {
        take_auxiliary_byte(c);
    }
    expect_next(c, false);
}

static void answer_with(struct i8042 *c, uint8_t byte, uint8_t status)
{
    if (c->answer_count == MAXIMUM_ANSWERS)
        return;
    c->answers[(c->answer_next + c->answer_count) % MAXIMUM_ANSWERS] = (struct answer){byte, status};
    c->answer_count++;
    expect_next(c, c->answer_count == 1);
}

/* Commands after which the keyboard sends nothing of what it had to send: the second half of a break code, for instance. */
static bool empties_keyboard(uint8_t command)
{
    return command == 0xf0 || (command >= 0xf4 && command != DEVICE_RESEND);
}

/* The byte leaves for the device, which stops talking meanwhile. */
static void send_to_device(struct i8042 *c, enum i8042_port port, uint8_t byte)
{
    c->ram[0] &= (uint8_t) ~(port == I8042_KEYBOARD ? BYTE_DISABLE_KEYBOARD : BYTE_DISABLE_AUXILIARY);
    c->departing = byte;
    c->departing_port = (uint8_t)port;
    c->line_busy = true;
    if (port == I8042_KEYBOARD && empties_keyboard(byte))
        c->break_prefix = false;
    if (!c->answer_count)
        schedule_cancel(c->bay.schedule, &c->arrive);
    schedule_at(c->bay.schedule, &c->depart, c->bay.schedule->now + schedule_counts_in_ns(c->bay.schedule, SERIAL_NS));
}

static uint8_t output_port_now(const struct i8042 *c)
{
    return (uint8_t)(c->output_port | (c->irq1_level ? OUTPUT_IRQ1 : 0) | (c->irq12_level ? OUTPUT_IRQ12 : 0));
}

static void pulse_init(struct i8042 *c)
{
    log_write(c->bay.log, LOG_MACHINE, "processor reset by the keyboard controller");
    wire_set(&c->init, true);
    wire_set(&c->init, false);
}

/* Bit 0 low holds the processor in reset for good; like every chip set, we let it go again. */
static void write_output_port(struct i8042 *c, uint8_t value)
{
    c->output_port = (uint8_t)((value & ~(OUTPUT_IRQ1 | OUTPUT_IRQ12)) | OUTPUT_NOT_RESET);
    wire_set(&c->a20, value & OUTPUT_A20);
    if (!(value & OUTPUT_NOT_RESET))
        pulse_init(c);
}

static void write_ram(struct i8042 *c, unsigned index, uint8_t value)
{
    uint8_t changed = c->ram[index] ^ value;

    c->ram[index] = value;
    if (index)
        return;
    c->status = (uint8_t)((c->status & ~STATUS_SYSTEM) | (value & BYTE_SYSTEM ? STATUS_SYSTEM : 0));
    if (changed & BYTE_TRANSLATE)
        c->break_prefix = false;
    update_interrupts(c);
    expect_next(c, false);
}

static void load_password(struct i8042 *c, uint8_t byte)
{
    if (byte && c->password_length < MAXIMUM_PASSWORD) {
        c->password[c->password_length++] = byte;
        c->pending_command = LOAD_PASSWORD; /* the bytes end with a zero */
    } else if (byte) {
        c->pending_command = LOAD_PASSWORD;
    }
}

static void data_byte(struct i8042 *c, uint8_t byte)
{
    uint8_t command = c->pending_command;

    c->pending_command = 0;
    if (command >= WRITE_RAM && command < WRITE_RAM + 32) {
        write_ram(c, command - WRITE_RAM, byte);
        return;
    }
    switch (command) {
    case LOAD_PASSWORD: load_password(c, byte); break;
    case WRITE_OUTPUT_PORT: write_output_port(c, byte); break;
    case WRITE_KEYBOARD_BUFFER: answer_with(c, byte, 0); break;
    case WRITE_AUXILIARY_BUFFER: answer_with(c, byte, STATUS_AUXILIARY); break;
    case WRITE_AUXILIARY: send_to_device(c, I8042_AUXILIARY, byte); break;
    default: send_to_device(c, I8042_KEYBOARD, byte); break;
    }
}

static void set_disabled(struct i8042 *c, uint8_t bit, bool disabled)
{
    write_ram(c, 0, (uint8_t)(disabled ? c->ram[0] | bit : c->ram[0] & ~bit));
}

/* The controller's first 16 bytes of memory, its two ports and its status, in that order. */
static void diagnostic_dump(struct i8042 *c)
{
    for (unsigned i = 0; i < 16; i++)
        answer_with(c, c->ram[i], 0);
    answer_with(c, INPUT_PORT, 0);
    answer_with(c, output_port_now(c), 0);
    answer_with(c, c->status, 0);
}

static void self_test(struct i8042 *c)
{
    write_ram(c, 0, c->ram[0] | BYTE_SYSTEM);
    answer_with(c, 0x55, 0);
}

static uint8_t test_inputs(const struct i8042 *c)
{
    return (uint8_t)((c->ram[0] & BYTE_DISABLE_KEYBOARD ? 0 : 1) | (c->ram[0] & BYTE_DISABLE_AUXILIARY ? 0 : 2));
}

static void other_command(struct i8042 *c, uint8_t command)
{
    switch (command) {
    case TEST_PASSWORD: answer_with(c, c->password_length ? 0xfa : 0xf1, 0); break;
    case LOAD_PASSWORD:
        c->password_length = 0;
        c->pending_command = command;
        break;
    case ENABLE_PASSWORD: c->locked = c->password_length != 0; break;
    case DISABLE_AUXILIARY: set_disabled(c, BYTE_DISABLE_AUXILIARY, true); break;
    case ENABLE_AUXILIARY: set_disabled(c, BYTE_DISABLE_AUXILIARY, false); break;
    case TEST_AUXILIARY: answer_with(c, 0x00, 0); break;
    case SELF_TEST: self_test(c); break;
    case TEST_KEYBOARD: answer_with(c, 0x00, 0); break;
    case DIAGNOSTIC_DUMP: diagnostic_dump(c); break;
    case DISABLE_KEYBOARD: set_disabled(c, BYTE_DISABLE_KEYBOARD, true); break;
    case ENABLE_KEYBOARD: set_disabled(c, BYTE_DISABLE_KEYBOARD, false); break;
    case READ_INPUT_PORT: answer_with(c, INPUT_PORT, 0); break;
    case READ_OUTPUT_PORT: answer_with(c, output_port_now(c), 0); break;
    case WRITE_OUTPUT_PORT:
    case WRITE_KEYBOARD_BUFFER:
    case WRITE_AUXILIARY_BUFFER:
    case WRITE_AUXILIARY: c->pending_command = command; break;
    case DISABLE_A20: write_output_port(c, c->output_port & (uint8_t)~OUTPUT_A20); break;
    case ENABLE_A20: write_output_port(c, c->output_port | OUTPUT_A20); break;
    case READ_TEST_INPUTS: answer_with(c, test_inputs(c), 0); break;
    default: log_write(c->bay.log, LOG_GUEST, "keyboard controller: unknown command %02x ignored", command);
    }
}

/* A command ends whatever the one before still had to say. */
static void controller_command(struct i8042 *c, uint8_t command)
{
    c->pending_command = 0;
    c->answer_count = 0;
    if (command >= READ_RAM && command < READ_RAM + 32) {
        answer_with(c, c->ram[command - READ_RAM], 0);
    } else if (command >= WRITE_RAM && command < WRITE_RAM + 32) {
        c->pending_command = command;
    } else if (command >= PULSE_OUTPUT) {
        if (!(command & OUTPUT_NOT_RESET)) /* a pulse of 6 us on A20 and the spare bits leaves nothing behind */
            pulse_init(c);
    } else {
        other_command(c, command);
    }
}

static void process_input(struct i8042 *c)
{
    c->status &= (uint8_t)~STATUS_IBF;
    if (c->status & STATUS_COMMAND)
        controller_command(c, c->input_buffer);
    else
        data_byte(c, c->input_buffer);
}

static void byte_departs(void *owner)
{
    struct i8042 *c = owner;
    const struct ps2_device *device = &c->devices[c->departing_port];

    c->line_busy = false;
    if (device->receive)
        device->receive(device->owner, c->departing);
    else
        answer_with(c, DEVICE_RESEND, STATUS_TIMEOUT | (c->departing_port == I8042_AUXILIARY ? STATUS_AUXILIARY : 0));
    if (c->status & STATUS_IBF)
        process_input(c);
    expect_next(c, false);
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct i8042 *c = device;

    (void)size;
    if (port == 0x64)
        return c->status;
    if (c->status & STATUS_OBF) {
        c->status &= (uint8_t)~STATUS_OBF;
        update_interrupts(c);
        expect_next(c, false);
    }
    return c->output_buffer;
}

static void port_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct i8042 *c = device;

    (void)size;
    c->input_buffer = (uint8_t)value;
    c->status = (uint8_t)((c->status & ~STATUS_COMMAND) | STATUS_IBF | (port == 0x64 ? STATUS_COMMAND : 0));
    if (!c->line_busy)
        process_input(c);
}

void i8042_attach(struct i8042 *c, enum i8042_port port, const struct ps2_device *device)
{
    c->devices[port] = *device;
}

void i8042_device_ready(struct i8042 *c, enum i8042_port port)
{
    (void)port;
    expect_next(c, false);
}

bool i8042_port_busy(const struct i8042 *c, enum i8042_port port)
{
    bool auxiliary = c->status & STATUS_AUXILIARY;

    return (c->line_busy && c->departing_port == port) || (c->status & STATUS_OBF && auxiliary == (port == I8042_AUXILIARY));
}

void i8042_reset(struct i8042 *c)
{
    schedule_cancel(c->bay.schedule, &c->arrive);
    schedule_cancel(c->bay.schedule, &c->depart);
    memset(c->ram, 0, sizeof c->ram);
    c->ram[0] = BYTE_DISABLE_KEYBOARD | BYTE_DISABLE_AUXILIARY;
    c->status = STATUS_NOT_INHIBITED;
    c->answer_count = 0;
    c->pending_command = 0;
    c->line_busy = c->break_prefix = c->locked = false;
    c->password_length = c->password_matched = 0;
    c->output_port = 0xcf;
    wire_set(&c->a20, true);
    update_interrupts(c);
}

struct i8042 *i8042_new(const struct bay *bay, struct wire irq1, struct wire irq12, struct wire a20, struct wire init)
{
    struct i8042 *c = memory_new(sizeof *c);

    c->bay = *bay;
    c->irq1 = irq1;
    c->irq12 = irq12;
    c->a20 = a20;
    c->init = init;
    event_initialise(&c->arrive, "i8042.arrive", byte_arrives, c);
    event_initialise(&c->depart, "i8042.depart", byte_departs, c);
    i8042_reset(c);
    ports_claim(bay->ports, 0x60, 1, PORT_BYTE, port_read, port_write, c, "i8042.data");
    ports_claim(bay->ports, 0x64, 1, PORT_BYTE, port_read, port_write, c, "i8042.command");
    state_registry_add(bay->states, "i8042", &i8042_table, c);
    return c;
}

void i8042_free(struct i8042 *c)
{
    if (!c)
        return;
    schedule_cancel(c->bay.schedule, &c->arrive);
    schedule_cancel(c->bay.schedule, &c->depart);
    free(c);
}
