/* The PC's parallel port (IBM Technical Reference, "Printer Adapter") and the handshake of a Centronics printer.

   The printer takes the byte at the leading edge of STROBE, is busy for BUSY_NS, then pulses ACK for ACK_NS, whose end
   raises the interrupt. It never loses a byte: one strobed while it is busy is taken, too, and busy time starts anew. */
#include "devices/parallel.h"

#include <stdlib.h>

#include "base/memory.h"

enum { BUSY_NS = 5000, ACK_NS = 5000 };
enum { CONTROL_STROBE = 0x01, CONTROL_INIT = 0x04, CONTROL_IRQ_ENABLE = 0x10 };
enum {
    STATUS_UNUSED = 0x07, /* read as ones */
    STATUS_NOT_ERROR = 0x08,
    STATUS_SELECT = 0x10,
    STATUS_PAPER_END = 0x20,
    STATUS_NOT_ACK = 0x40,
    STATUS_NOT_BUSY = 0x80
};

enum printer_phase { PRINTER_IDLE, PRINTER_BUSY, PRINTER_ACKNOWLEDGES };

struct parallel {
    struct schedule *schedule;
    struct wire irq;
    struct byte_sink sink;
    uint16_t base;

    uint8_t data, control;
    uint8_t phase; /* enum printer_phase */
    bool irq_level;
    struct event phase_ends;
};

/* The end of ACK raises the line; reading the status, the next strobe or the enable bit going lowers it, so that an
   interrupt controller sees one edge for each byte. */
static void irq_set(struct parallel *parallel, bool level)
{
    if (level == parallel->irq_level)
        return;
    parallel->irq_level = level;
    wire_set(&parallel->irq, level);
}

static void phase_set(struct parallel *parallel, enum printer_phase phase, uint64_t nanoseconds)
{
    parallel->phase = (uint8_t)phase;
    if (phase == PRINTER_IDLE)
        schedule_cancel(parallel->schedule, &parallel->phase_ends);
    else
        schedule_at(parallel->schedule, &parallel->phase_ends,
                    parallel->schedule->now + schedule_counts_in_ns(parallel->schedule, nanoseconds));
}

static void phase_over(void *owner)
{
    struct parallel *parallel = owner;

    if (parallel->phase == PRINTER_BUSY) {
        phase_set(parallel, PRINTER_ACKNOWLEDGES, ACK_NS);
    } else {
        phase_set(parallel, PRINTER_IDLE, 0);
        irq_set(parallel, parallel->control & CONTROL_IRQ_ENABLE);
    }
}

static uint8_t status_read(const struct parallel *parallel)
{
    uint8_t status = STATUS_UNUSED | STATUS_NOT_ERROR | STATUS_SELECT;

    if (!parallel->sink.put) /* open inputs float high; the BUSY input is inverted */
        return STATUS_UNUSED | STATUS_NOT_ERROR | STATUS_SELECT | STATUS_PAPER_END | STATUS_NOT_ACK;
    if (parallel->phase != PRINTER_ACKNOWLEDGES)
        status |= STATUS_NOT_ACK;
    if (parallel->phase == PRINTER_IDLE && parallel->control & CONTROL_INIT)
        status |= STATUS_NOT_BUSY;
    return status;
}

static void control_write(struct parallel *parallel, uint8_t value)
{
    bool strobed = value & ~parallel->control & CONTROL_STROBE;

    parallel->control = value & 0x1F;
    if (strobed || !(value & CONTROL_IRQ_ENABLE) || !(value & CONTROL_INIT))
        irq_set(parallel, false);
    if (!(value & CONTROL_INIT)) { /* INIT held low: the printer resets */
        phase_set(parallel, PRINTER_IDLE, 0);
    } else if (strobed && parallel->sink.put) {
        byte_sink_put(&parallel->sink, parallel->data);
        phase_set(parallel, PRINTER_BUSY, BUSY_NS);
    }
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct parallel *parallel = device;

    (void)size;
    switch (port - parallel->base) {
    case 0: return parallel->data;
    case 1: irq_set(parallel, false); return status_read(parallel);
    default: return parallel->control | 0xE0u;
    }
}

static void port_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct parallel *parallel = device;

    (void)size;
    switch (port - parallel->base) {
    case 0: parallel->data = (uint8_t)value; break;
    case 2: control_write(parallel, (uint8_t)value); break;
    default: break; /* status is read-only */
    }
}

void parallel_reset(struct parallel *parallel)
{
    parallel->data = 0;
    control_write(parallel, 0);
}

static const struct state_field parallel_fields[] = {
    STATE_U8(struct parallel, data),        STATE_U8(struct parallel, control),       STATE_U8(struct parallel, phase),
    STATE_BOOL(struct parallel, irq_level), STATE_EVENT(struct parallel, phase_ends),
};
static STATE_TABLE(parallel_table, "parallel", 1, parallel_fields, NULL);

struct parallel *parallel_new(const struct bay *bay, const char *instance, uint16_t base, struct wire irq,
                              struct byte_sink sink)
{
    struct parallel *parallel = memory_new(sizeof *parallel);

    parallel->schedule = bay->schedule;
    parallel->irq = irq;
    parallel->sink = sink;
    parallel->base = base;
    event_initialise(&parallel->phase_ends, "printer", phase_over, parallel);
    ports_claim(bay->ports, base, 3, PORT_BYTE, port_read, port_write, parallel, instance);
    state_registry_add(bay->states, instance, &parallel_table, parallel);
    return parallel;
}

void parallel_free(struct parallel *parallel)
{
    if (!parallel)
        return;
    schedule_cancel(parallel->schedule, &parallel->phase_ends);
    free(parallel);
}
