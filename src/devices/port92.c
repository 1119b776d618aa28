/* System control port A, as in the PS/2 and the PIIX family: bit 0 fast INIT on its rising edge, bit 1 fast A20; the other
   bits (disk activity lights, CMOS password lock) are kept and do nothing. */
#include "devices/port92.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FAST_INIT = 0x01, FAST_A20 = 0x02 };

struct port92 {
    struct bay bay;
    struct wire a20, init;
    uint8_t control;
};

static const struct state_field port92_fields[] = {STATE_U8(struct port92, control)};
static STATE_TABLE(port92_table, "port92", 1, port92_fields, NULL);

static uint32_t port_read(void *device, uint16_t number, unsigned size)
{
    (void)number, (void)size;
    return ((struct port92 *)device)->control;
}

static void port_write(void *device, uint16_t number, uint32_t value, unsigned size)
{
    struct port92 *port = device;
    bool init = value & FAST_INIT && !(port->control & FAST_INIT);

    (void)number, (void)size;
    port->control = (uint8_t)value;
    wire_set(&port->a20, value & FAST_A20);
    if (init) {
        log_write(port->bay.log, LOG_MACHINE, "processor reset by port 92h");
        wire_set(&port->init, true);
        wire_set(&port->init, false);
    }
}

void port92_reset(struct port92 *port)
{
    port->control = 0;
    wire_set(&port->a20, false);
}

struct port92 *port92_new(const struct bay *bay, struct wire a20, struct wire init)
{
    struct port92 *port = memory_new(sizeof *port);

    port->bay = *bay;
    port->a20 = a20;
    port->init = init;
    ports_claim(bay->ports, 0x92, 1, PORT_BYTE, port_read, port_write, port, "port92");
    state_registry_add(bay->states, "port92", &port92_table, port);
    return port;
}

void port92_free(struct port92 *port)
{
    free(port);
}
