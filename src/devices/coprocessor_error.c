/* The AT's coprocessor error logic as the PIIX keeps it (82371SB data sheet, "Coprocessor error register"; SDM 1 D.2.1.2):
   FERR# raises IRQ 13; a write to port F0h takes the interrupt back and holds IGNNE# until FERR# goes away, so that the
   handler's own instructions are executed. */
#include "devices/coprocessor_error.h"

#include <stdlib.h>

#include "base/memory.h"

struct coprocessor_error {
    struct bay bay;
    struct wire irq, ignne;
    bool ferr, request, ignore;
};

static const struct state_field fields[] = {
    STATE_BOOL(struct coprocessor_error, ferr),
    STATE_BOOL(struct coprocessor_error, request),
    STATE_BOOL(struct coprocessor_error, ignore),
};
static STATE_TABLE(table, "coprocessor_error", 1, fields, NULL);

static void set_request(struct coprocessor_error *logic, bool level)
{
    logic->request = level;
    wire_set(&logic->irq, level);
}

static void set_ignore(struct coprocessor_error *logic, bool level)
{
    logic->ignore = level;
    wire_set(&logic->ignne, level);
}

void coprocessor_error_ferr(void *owner, bool asserted)
{
    struct coprocessor_error *logic = owner;

    if (asserted && !logic->ferr)
        set_request(logic, true);
    logic->ferr = asserted;
    if (!asserted && logic->ignore)
        set_ignore(logic, false);
}

static uint32_t port_read(void *device, uint16_t number, unsigned size)
{
    (void)device, (void)number, (void)size;
    return 0xff;
}

static void port_write(void *device, uint16_t number, uint32_t value, unsigned size)
{
    struct coprocessor_error *logic = device;

    (void)number, (void)value, (void)size;
    set_request(logic, false);
    if (logic->ferr)
        set_ignore(logic, true);
}

void coprocessor_error_reset(struct coprocessor_error *logic)
{
    logic->ferr = false;
    set_request(logic, false);
    set_ignore(logic, false);
}

struct coprocessor_error *coprocessor_error_new(const struct bay *bay, struct wire irq, struct wire ignne)
{
    struct coprocessor_error *logic = memory_new(sizeof *logic);

    logic->bay = *bay;
    logic->irq = irq;
    logic->ignne = ignne;
    ports_claim(bay->ports, 0xf0, 1, PORT_BYTE, port_read, port_write, logic, "coprocessor error");
    state_registry_add(bay->states, "coprocessor_error", &table, logic);
    return logic;
}

void coprocessor_error_free(struct coprocessor_error *logic)
{
    free(logic);
}
