/* System control port B, as in the PC/AT. No board parity and no ISA card that pulls IOCHK# exist here, so that bits 6 and 7
   read as zero; their enable bits are kept. */
#include "devices/port61.h"

#include <stdlib.h>

#include "base/memory.h"

enum {
    TIMER_GATE = 0x01,
    SPEAKER_DATA = 0x02,
    WRITABLE = 0x0f, /* bits 2 and 3: parity and IOCHK# disabled */
    REFRESH_TOGGLE = 0x10,
    TIMER_OUT = 0x20
};

/* DRAM is refreshed every 18 timer clocks (15.09 us) by a counter of the chip set's own, whatever counter 1 does. */
#define REFRESH_TICKS 18

struct port61 {
    struct bay bay;
    struct i8254 *timer;
    uint8_t control; /* bits 0-3 as written */
};

static const struct state_field port61_fields[] = {STATE_U8(struct port61, control)};
static STATE_TABLE(port61_table, "port61", 1, port61_fields, NULL);

static uint32_t port_read(void *device, uint16_t number, unsigned size)
{
    struct port61 *port = device;
    uint32_t value = port->control;

    (void)number, (void)size;
    if (schedule_ticks(port->bay.schedule, I8254_HERTZ) / REFRESH_TICKS & 1)
        value |= REFRESH_TOGGLE;
    if (i8254_out(port->timer, 2))
        value |= TIMER_OUT;
    return value;
}

static void port_write(void *device, uint16_t number, uint32_t value, unsigned size)
{
    struct port61 *port = device;

    (void)number, (void)size;
    port->control = (uint8_t)value & WRITABLE;
    i8254_set_gate(port->timer, 2, port->control & TIMER_GATE);
}

bool port61_speaker_level(const struct port61 *port)
{
    return port->control & SPEAKER_DATA && i8254_out(port->timer, 2);
}

uint32_t port61_speaker_tone(const struct port61 *port)
{
    return port->control & SPEAKER_DATA ? i8254_tone(port->timer) : 0;
}

void port61_reset(struct port61 *port)
{
    port_write(port, 0x61, 0, 1);
}

struct port61 *port61_new(const struct bay *bay, struct i8254 *timer)
{
    struct port61 *port = memory_new(sizeof *port);

    port->bay = *bay;
    port->timer = timer;
    ports_claim(bay->ports, 0x61, 1, PORT_BYTE, port_read, port_write, port, "port61");
    state_registry_add(bay->states, "port61", &port61_table, port);
    return port;
}

void port61_free(struct port61 *port)
{
    free(port);
}
