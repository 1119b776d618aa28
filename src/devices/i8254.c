/* The 8254 interval timer, after Intel's data sheet 231164.

   A counter's state is what it was at one tick of the 1193182 Hz oscillator (`tick`, the last time the guest or an event
   touched it); counter_at computes any later tick from it in constant time. A count written, or a gate raised, between two
   ticks is loaded at the next one, which does not count ("Mode Definitions"). The chip has no reset input. */
#include "devices/i8254.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/memory.h"

enum { READ_WRITE_LATCH, READ_WRITE_LSB, READ_WRITE_MSB, READ_WRITE_BOTH }; /* control word bits 4-5 */

enum { MAXIMUM_EDGES_AT_ONCE = 64 };

struct counter {
    uint64_t tick;      /* at which the following fields hold */
    uint64_t load_tick; /* at which `reload` goes into the counting element; SCHEDULE_NEVER: no load is due */
    uint32_t element;   /* the counting element, 0 to modulus - 1; BCD counts are held in binary */
    uint32_t period;    /* the count last loaded, 1 to modulus; 0 before the first load */
    uint16_t reload;    /* the count register, as written */
    uint16_t latched_count;
    uint8_t latched_status;
    uint8_t mode; /* 0-5 */
    uint8_t read_write;
    uint8_t low_byte; /* of a two-byte count whose high byte has not come yet */
    bool bcd;
    bool gate;
    bool out;
    bool armed;   /* loaded and terminal count not yet reached (modes 0, 1, 4, 5) */
    bool written; /* the count register has a count */
    bool stopped; /* mode 0: between the two bytes of a count */
    bool null_count;
    bool write_high; /* the next byte written is the high one */
    bool read_high;  /* the next byte read is the high one */
    bool count_latched;
    bool status_latched;
    bool wire_level; /* OUT as the wire was told */
    struct event edge;
};

struct i8254 {
    struct bay bay;
    struct wire out[3];
    struct counter counters[3];
};

static const struct state_field counter_fields[] = {
    STATE_U64(struct counter, tick),
    STATE_U64(struct counter, load_tick),
    STATE_U32(struct counter, element),
    STATE_U32(struct counter, period),
    STATE_U16(struct counter, reload),
    STATE_U16(struct counter, latched_count),
    STATE_U8(struct counter, latched_status),
    STATE_U8(struct counter, mode),
    STATE_U8(struct counter, read_write),
    STATE_U8(struct counter, low_byte),
    STATE_BOOL(struct counter, bcd),
    STATE_BOOL(struct counter, gate),
    STATE_BOOL(struct counter, out),
    STATE_BOOL(struct counter, armed),
    STATE_BOOL(struct counter, written),
    STATE_BOOL(struct counter, stopped),
    STATE_BOOL(struct counter, null_count),
    STATE_BOOL(struct counter, write_high),
    STATE_BOOL(struct counter, read_high),
    STATE_BOOL(struct counter, count_latched),
    STATE_BOOL(struct counter, status_latched),
    STATE_BOOL(struct counter, wire_level),
    STATE_EVENT(struct counter, edge),
};
static STATE_TABLE(counter_table, "i8254_counter", 1, counter_fields, NULL);

static const struct state_field timer_fields[] = {
    STATE_STRUCT_ARRAY(struct i8254, counters, &counter_table),
};
static STATE_TABLE(timer_table, "i8254", 1, timer_fields, NULL);

static uint64_t now_tick(const struct i8254 *timer)
{
    return schedule_ticks(timer->bay.schedule, I8254_HERTZ);
}

static uint32_t modulus(const struct counter *c)
{
    return c->bcd ? 10000 : 0x10000;
}

/* The count register's value, 1 to modulus: zero stands for the largest count. */
static uint32_t initial_count(const struct counter *c)
{
    uint32_t n = c->reload;

    if (c->bcd)
        n = ((n >> 12) * 1000 + (n >> 8 & 15) * 100 + (n >> 4 & 15) * 10 + (n & 15)) % 10000;
    return n ? n : modulus(c);
}

/* Ticks until a linear count reaches zero; an element of zero has just been there or was loaded with the largest count. */
static uint32_t until_zero(const struct counter *c)
{
    return c->element ? c->element : modulus(c);
}

static bool periodic(const struct counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

static bool strobe_mode(const struct counter *c)
{
    return c->mode >= 4;
}

/* Does the next tick count? Modes 1 and 5 look at the gate's edges only. */
static bool counting(const struct counter *c)
{
    return c->period && !c->stopped && (c->gate || c->mode == 1 || c->mode == 5);
}

/* Mode 3 counts by twos from an even number; an odd count keeps OUT high for one tick more, at zero. */
static uint32_t half_start(const struct counter *c)
{
    return (c->period & ~UINT32_C(1)) % modulus(c);
}

static uint32_t half_remaining(const struct counter *c)
{
    if (c->period & 1)
        return c->element / 2 + c->out;
    return until_zero(c) / 2;
}

static void load_element(struct counter *c)
{
    c->period = initial_count(c);
    c->null_count = false;
    c->element = c->mode == 3 ? half_start(c) : c->period % modulus(c);
}

static void advance_linear(struct counter *c, uint64_t elapsed)
{
    uint32_t left = until_zero(c);

    if (strobe_mode(c) && elapsed)
        c->out = true; /* a strobe lasts one tick, whatever the gate does */
    if (!counting(c) || !elapsed)
        return;
    if (c->armed && elapsed >= left) {
        c->armed = false;
        c->out = !strobe_mode(c) || elapsed > left;
    }
    c->element = (uint32_t)((c->element + modulus(c) - elapsed % modulus(c)) % modulus(c));
}

/* Mode 2: from N down to 1; OUT is low during 1; then the count register is loaded again. A count of one, which the data
   sheet forbids, keeps OUT high. */
static void advance_rate(struct counter *c, uint64_t elapsed)
{
    uint32_t left = until_zero(c);

    if (!counting(c) || !elapsed)
        return;
    if (elapsed >= left) {
        elapsed -= left;
        load_element(c);
        elapsed %= c->period;
        left = c->period;
    }
    c->element = (uint32_t)((left - elapsed) % modulus(c));
    c->out = c->element != 1 || c->period == 1;
}

/* Mode 3: half periods of (N + 1) / 2 ticks high and N / 2 ticks low. A count of one keeps OUT high. */
static void advance_square(struct counter *c, uint64_t elapsed)
{
    uint32_t left = half_remaining(c), high;

    if (!counting(c) || !elapsed)
        return;
    if (elapsed >= left) {
        elapsed -= left;
        c->out = !c->out;
        load_element(c);
        elapsed %= c->period;
        high = (c->period + 1) / 2;
        left = c->out ? high : c->period - high;
        if (elapsed >= left && c->period > 1) {
            elapsed -= left;
            c->out = !c->out;
        }
        if (c->period == 1) {
            c->out = true;
            elapsed = 0;
        }
    }
    c->element = (uint32_t)((c->element + modulus(c) - 2 * elapsed) % modulus(c));
}

static void advance(struct counter *c, uint64_t tick)
{
    uint64_t elapsed = tick - c->tick;

    if (c->mode == 2)
        advance_rate(c, elapsed);
    else if (c->mode == 3)
        advance_square(c, elapsed);
    else
        advance_linear(c, elapsed);
    c->tick = tick;
}

/* The counter as it stands at `tick`, which is not before c.tick. */
static struct counter counter_at(struct counter c, uint64_t tick)
{
    if (c.load_tick <= tick) {
        advance(&c, c.load_tick - 1);
        c.tick = c.load_tick;
        c.load_tick = SCHEDULE_NEVER;
        c.stopped = false;
        c.armed = true;
        c.out = c.mode > 1; /* mode 0 is low since the count was written, the one-shot falls now */
        load_element(&c);
    }
    advance(&c, tick);
    return c;
}

/* The first tick after c.tick at which OUT may change, if nobody touches the counter before. */
static uint64_t next_edge(const struct counter *c)
{
    if (c->load_tick != SCHEDULE_NEVER)
        return c->load_tick;
    if (strobe_mode(c) && !c->out)
        return c->tick + 1;
    if (!counting(c))
        return SCHEDULE_NEVER;
    if (!periodic(c))
        return c->armed ? c->tick + until_zero(c) : SCHEDULE_NEVER;
    if (c->period == 1 && initial_count(c) == 1)
        return SCHEDULE_NEVER;
    if (c->mode == 3)
        return c->tick + (c->period == 1 ? 1 : half_remaining(c));
    return c->tick + (c->element == 1 ? 1 : until_zero(c) - 1);
}

static void tell_wire(struct i8254 *timer, unsigned index)
{
    struct counter *c = &timer->counters[index];

    if (c->out == c->wire_level)
        return;
    c->wire_level = c->out;
    wire_set(&timer->out[index], c->out);
}

/* Brings a counter to the present, one edge after the other so that the wire sees those that lie within one clock count. */
static struct counter *bring_up(struct i8254 *timer, unsigned index)
{
    struct counter *c = &timer->counters[index];
    uint64_t tick = now_tick(timer);

    for (unsigned i = 0; i < MAXIMUM_EDGES_AT_ONCE && timer->out[index].set; i++) {
        uint64_t edge = next_edge(c);

        if (edge > tick)
            break;
        *c = counter_at(*c, edge);
        tell_wire(timer, index);
    }
    *c = counter_at(*c, tick);
    tell_wire(timer, index);
    return c;
}

/* After every change: OUT to the wire, and the next edge into the schedule if anybody listens. */
static void settle(struct i8254 *timer, unsigned index)
{
    struct counter *c = &timer->counters[index];
    uint64_t edge = next_edge(c);

    tell_wire(timer, index);
    if (!timer->out[index].set || edge == SCHEDULE_NEVER)
        schedule_cancel(timer->bay.schedule, &c->edge);
    else
        schedule_at(timer->bay.schedule, &c->edge, schedule_count_of_tick(timer->bay.schedule, edge, I8254_HERTZ));
}

static void edge_fires(struct i8254 *timer, unsigned index)
{
    bring_up(timer, index);
    settle(timer, index);
}

static void edge_0(void *owner)
{
    edge_fires(owner, 0);
}

static void edge_1(void *owner)
{
    edge_fires(owner, 1);
}

static void edge_2(void *owner)
{
    edge_fires(owner, 2);
}

/* While a load is due, the count that will be loaded. A bus cycle on a PC takes longer than the timer's clock, so no program
   there has seen a counter between the write and the load (Linux's quick TSC calibration relies on it); here a few
   instructions fit in between. OUT and null count keep the data sheet's time. */
static uint16_t count_as_read(const struct counter *c)
{
    struct counter loaded = *c;
    uint32_t n;

    if (loaded.load_tick != SCHEDULE_NEVER)
        load_element(&loaded);
    n = loaded.element;
    return (uint16_t)(c->bcd ? n / 1000 << 12 | n / 100 % 10 << 8 | n / 10 % 10 << 4 | n % 10 : n);
}

static void latch_count(struct counter *c)
{
    if (c->count_latched)
        return;
    c->count_latched = true;
    c->latched_count = count_as_read(c);
}

static void latch_status(struct counter *c)
{
    if (c->status_latched)
        return;
    c->status_latched = true;
    c->latched_status = (uint8_t)(c->out << 7 | c->null_count << 6 | c->read_write << 4 | c->mode << 1 | c->bcd);
}

static void read_back(struct i8254 *timer, uint8_t value)
{
    for (unsigned i = 0; i < 3; i++) {
        if (!(value >> (i + 1) & 1))
            continue;
        bring_up(timer, i);
        if (!(value & 0x20))
            latch_count(&timer->counters[i]);
        if (!(value & 0x10))
            latch_status(&timer->counters[i]);
        settle(timer, i);
    }
}

static void write_control_word(struct counter *c, uint8_t value)
{
    unsigned mode = value >> 1 & 7;

    c->read_write = value >> 4 & 3;
    c->mode = (uint8_t)(mode > 5 ? mode - 4 : mode);
    c->bcd = value & 1;
    c->element %= modulus(c);
    c->reload = 0;
    c->period = 0;
    c->load_tick = SCHEDULE_NEVER;
    c->out = c->mode != 0;
    c->armed = c->written = c->stopped = false;
    c->null_count = true;
    c->write_high = c->read_high = false;
    c->count_latched = c->status_latched = false;
}

/* A whole count has arrived: modes 0 and 4 load it at the next tick, modes 2 and 3 only the first one, else at the end of
   the (half) period; modes 1 and 5 wait for a trigger. */
static void count_written(struct counter *c, uint16_t value)
{
    c->reload = value;
    c->written = true;
    c->null_count = true;
    if (c->mode == 0) {
        c->out = false;
        c->armed = false;
    }
    if (c->mode == 0 || c->mode == 4 || (periodic(c) && !c->period))
        c->load_tick = c->tick + 1;
}

static void write_count_byte(struct counter *c, uint8_t value)
{
    if (c->read_write == READ_WRITE_LSB) {
        count_written(c, value);
    } else if (c->read_write == READ_WRITE_MSB) {
        count_written(c, (uint16_t)(value << 8));
    } else if (c->write_high) {
        c->write_high = false;
        count_written(c, (uint16_t)(value << 8 | c->low_byte));
    } else {
        c->write_high = true;
        c->low_byte = value;
        if (c->mode == 0) {
            c->out = false;
            c->armed = false;
            c->stopped = true;
            c->load_tick = SCHEDULE_NEVER;
        }
    }
}

static uint8_t read_count_byte(struct counter *c)
{
    uint16_t count = c->count_latched ? c->latched_count : count_as_read(c);
    bool high = c->read_write == READ_WRITE_MSB || (c->read_write == READ_WRITE_BOTH && c->read_high);

    if (c->read_write == READ_WRITE_BOTH)
        c->read_high = !c->read_high;
    if (c->read_write != READ_WRITE_BOTH || high)
        c->count_latched = false;
    return (uint8_t)(high ? count >> 8 : count);
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct i8254 *timer = device;
    unsigned index = port & 3;
    struct counter *c;
    uint8_t value;

    (void)size;
    if (index == 3)
        return 0xff; /* the control word register cannot be read: no bus driver */
    c = bring_up(timer, index);
    if (c->status_latched) {
        c->status_latched = false;
        value = c->latched_status;
    } else {
        value = read_count_byte(c);
    }
    settle(timer, index);
    return value;
}

static void port_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct i8254 *timer = device;
    unsigned index = port & 3;
    struct counter *c;

    (void)size;
    if (index != 3) {
        c = bring_up(timer, index);
        write_count_byte(c, (uint8_t)value);
    } else {
        index = value >> 6 & 3;
        if (index == 3) {
            read_back(timer, (uint8_t)value);
            return;
        }
        c = bring_up(timer, index);
        if ((value >> 4 & 3) == READ_WRITE_LATCH)
            latch_count(c);
        else
            write_control_word(c, (uint8_t)value);
    }
    if (c->written && initial_count(c) == 1 && periodic(c))
        log_write(timer->bay.log, LOG_GUEST, "8254 counter %u: a count of 1 is illegal in mode %u", index, c->mode);
    settle(timer, index);
}

void i8254_set_gate(void *owner, unsigned index, bool level)
{
    struct i8254 *timer = owner;
    struct counter *c = &timer->counters[index];

    if (c->gate == level)
        return;
    bring_up(timer, index);
    c->gate = level;
    if (level && c->written && c->mode != 0 && c->mode != 4)
        c->load_tick = c->tick + 1;
    if (!level && periodic(c))
        c->out = true;
    settle(timer, index);
}

bool i8254_out(const struct i8254 *timer, unsigned index)
{
    return counter_at(timer->counters[index], now_tick(timer)).out;
}

uint32_t i8254_tone(const struct i8254 *timer)
{
    struct counter c = counter_at(timer->counters[2], now_tick(timer));

    return periodic(&c) && counting(&c) ? c.period : 0;
}

struct i8254 *i8254_new(const struct bay *bay, const struct wire out[3])
{
    static void (*const fire[3])(void *) = {edge_0, edge_1, edge_2};
    static const char *const names[3] = {"pit.counter0", "pit.counter1", "pit.counter2"};
    struct i8254 *timer = memory_new(sizeof *timer);

    timer->bay = *bay;
    for (unsigned i = 0; i < 3; i++) {
        struct counter *c = &timer->counters[i];

        timer->out[i] = out[i];
        event_initialise(&c->edge, names[i], fire[i], timer);
        c->tick = now_tick(timer);
        c->gate = i != 2;
        write_control_word(c, READ_WRITE_BOTH << 4 | 3 << 1); /* undefined at power-on: this keeps OUT high and still */
        settle(timer, i);
    }
    ports_claim(bay->ports, 0x40, 4, PORT_BYTE, port_read, port_write, timer, "pit");
    state_registry_add(bay->states, "pit", &timer_table, timer);
    return timer;
}

void i8254_free(struct i8254 *timer)
{
    if (!timer)
        return;
    for (unsigned i = 0; i < 3; i++)
        schedule_cancel(timer->bay.schedule, &timer->counters[i].edge);
    free(timer);
}
