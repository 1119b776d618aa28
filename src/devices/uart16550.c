/* The 16550A by its data sheet (PC16550D), registers RBR/THR to SCR.

   Time. A character takes its bits' time at the programmed rate, in both directions, so that interrupts, time-outs, THRE and
   TEMT come when a real line would have them come. Two liberties are taken with the transmitter, both functions of what the
   guest does and of nothing else.

   First, bytes reach the host when they are written to THR, not when their last bit has left: nothing that the guest can see
   depends on it, and a machine that stops does not swallow the end of its last words. For the same reason a byte written to
   a full transmitter reaches the host, too.

   Second, a guest that reads LSR again and again while the transmitter is busy has nothing else to do than to wait. After
   POLLS_PER_CHARACTER such reads the character in the shift register counts as sent. A polled boot log would otherwise spend
   nearly all of its time (8,680 instructions a byte at 115,200 baud) in that loop. Guests that use interrupts or timers
   never notice. In loopback the line keeps its pace. */
#include "devices/uart16550.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"

enum {
    FIFO_SIZE = 16,
    HOST_QUEUE_SIZE = 4096, /* a power of two */
    CRYSTAL_HERTZ = 1843200,
    POLLS_PER_CHARACTER = 8,
    TIMEOUT_CHARACTERS = 4
};

enum { IER_RECEIVED_DATA = 1, IER_THR_EMPTY = 2, IER_LINE_STATUS = 4, IER_MODEM_STATUS = 8 };
enum {
    IIR_NONE = 0x01,
    IIR_MODEM_STATUS = 0x00,
    IIR_THR_EMPTY = 0x02,
    IIR_RECEIVED_DATA = 0x04,
    IIR_LINE_STATUS = 0x06,
    IIR_TIMEOUT = 0x0C
};
enum { FCR_ENABLE = 0x01, FCR_CLEAR_RECEIVER = 0x02, FCR_CLEAR_TRANSMITTER = 0x04 };
enum { LCR_TWO_STOP = 0x04, LCR_PARITY = 0x08, LCR_BREAK = 0x40, LCR_DLAB = 0x80 };
enum { MCR_DTR = 0x01, MCR_RTS = 0x02, MCR_OUT1 = 0x04, MCR_OUT2 = 0x08, MCR_LOOPBACK = 0x10 };
enum {
    LSR_DATA_READY = 0x01,
    LSR_OVERRUN = 0x02,
    LSR_PARITY = 0x04,
    LSR_FRAMING = 0x08,
    LSR_BREAK = 0x10,
    LSR_THR_EMPTY = 0x20,
    LSR_TRANSMITTER_EMPTY = 0x40,
    LSR_FIFO_ERROR = 0x80
};
enum { MSR_DELTAS = 0x0F, MSR_TRAILING_RI = 0x04 };

struct uart16550 {
    struct schedule *schedule;
    struct ports *ports;
    struct wire irq;
    struct byte_sink sink;
    uint16_t base;

    uint8_t ier, fcr, lcr, mcr, msr, scratch;
    uint16_t divisor;
    uint8_t lsr_errors; /* OE, and PE, FE, BI of the character on top, until LSR is read */
    bool thre_pending;  /* the THRE interrupt, as IIR reports and clears it */
    bool timeout_pending;
    bool irq_level;

    uint8_t receive_fifo[FIFO_SIZE], receive_errors[FIFO_SIZE];
    uint8_t receive_count; /* entry 0 is on top; without FIFOs only entry 0 is used */
    uint8_t receive_last;  /* what RBR still shows when it is empty */

    uint8_t transmit_fifo[FIFO_SIZE]; /* THR is entry 0 */
    uint8_t transmit_count;
    uint8_t shift_byte;
    bool shift_busy;
    bool shift_in_loopback;
    uint8_t polls;

    uint8_t modem_lines; /* at the pins */
    uint8_t host_queue[HOST_QUEUE_SIZE];
    uint32_t host_first, host_count;
    uint8_t host_breaks;

    struct event shift_done, receive_next, receive_timeout;
};

/* --- Time -------------------------------------------------------------------------------------------------------- */
/* Clock counts that one character takes: start bit, data, parity, stop. */
static uint64_t character_counts(const struct uart16550 *uart)
{
    unsigned data = 5 + (uart->lcr & 3), half_bits = 2 * (1 + data + 1);
    uint64_t divisor = uart->divisor ? uart->divisor : 0x10000;

    if (uart->lcr & LCR_PARITY)
        half_bits += 2;
    if (uart->lcr & LCR_TWO_STOP)
        half_bits += data == 5 ? 1 : 2;
    return schedule_count_of_tick(uart->schedule, half_bits * 8 * divisor, CRYSTAL_HERTZ);
}

static bool fifos_on(const struct uart16550 *uart)
{
    return uart->fcr & FCR_ENABLE;
}

static bool loopback(const struct uart16550 *uart)
{
    return uart->mcr & MCR_LOOPBACK;
}

/* --- Interrupts -------------------------------------------------------------------------------------------------- */
static unsigned receive_trigger(const struct uart16550 *uart)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};

    return fifos_on(uart) ? levels[uart->fcr >> 6] : 1;
}

/* The source of highest priority (data sheet, table IV). */
static uint8_t interrupt_source(const struct uart16550 *uart)
{
    if (uart->ier & IER_LINE_STATUS && uart->lsr_errors)
        return IIR_LINE_STATUS;
    if (uart->ier & IER_RECEIVED_DATA && uart->receive_count >= receive_trigger(uart))
        return IIR_RECEIVED_DATA;
    if (uart->ier & IER_RECEIVED_DATA && uart->timeout_pending)
        return IIR_TIMEOUT;
    if (uart->ier & IER_THR_EMPTY && uart->thre_pending)
        return IIR_THR_EMPTY;
    if (uart->ier & IER_MODEM_STATUS && uart->msr & MSR_DELTAS)
        return IIR_MODEM_STATUS;
    return IIR_NONE;
}

/* On a PC the OUT2 pin opens the gate to the interrupt line; loopback forces the pin inactive. */
static void irq_update(struct uart16550 *uart)
{
    bool gate = uart->mcr & MCR_OUT2 && !loopback(uart);
    bool level = gate && interrupt_source(uart) != IIR_NONE;

    if (level == uart->irq_level)
        return;
    uart->irq_level = level;
    wire_set(&uart->irq, level);
}

/* --- Receiver ---------------------------------------------------------------------------------------------------- */
static unsigned receive_room(const struct uart16550 *uart)
{
    return (fifos_on(uart) ? FIFO_SIZE : 1) - uart->receive_count;
}

static void timeout_restart(struct uart16550 *uart)
{
    if (fifos_on(uart) && uart->receive_count)
        schedule_at(uart->schedule, &uart->receive_timeout,
                    uart->schedule->now + TIMEOUT_CHARACTERS * character_counts(uart));
    else
        schedule_cancel(uart->schedule, &uart->receive_timeout);
}

static void timeout_fires(void *owner)
{
    struct uart16550 *uart = owner;

    uart->timeout_pending = uart->receive_count > 0;
    irq_update(uart);
}

/* A character and its errors arrive. With all places taken it is lost (FIFOs) or takes the place of the one before. */
static void receive_character(struct uart16550 *uart, uint8_t byte, uint8_t errors)
{
    if (!receive_room(uart)) {
        uart->lsr_errors |= LSR_OVERRUN;
        if (!fifos_on(uart)) {
            uart->receive_fifo[0] = byte;
            uart->lsr_errors |= errors;
        }
    } else {
        uart->receive_fifo[uart->receive_count] = byte;
        uart->receive_errors[uart->receive_count] = errors;
        if (uart->receive_count++ == 0)
            uart->lsr_errors |= errors;
    }
    timeout_restart(uart);
    irq_update(uart);
}

static void host_start(struct uart16550 *uart)
{
    bool waiting = uart->host_count || uart->host_breaks;

    if (waiting && !loopback(uart) && receive_room(uart) && uart->receive_next.when == SCHEDULE_NEVER)
        schedule_at(uart->schedule, &uart->receive_next, uart->schedule->now + character_counts(uart));
}

static void host_character_arrives(void *owner)
{
    struct uart16550 *uart = owner;

    /* Held back, and started again by whatever makes room: nothing from the host is ever lost to an overrun. */
    if (loopback(uart) || !receive_room(uart))
        return;
    if (uart->host_count) {
        uint8_t byte = uart->host_queue[uart->host_first];
        uart->host_first = (uart->host_first + 1) % HOST_QUEUE_SIZE;
        uart->host_count--;
        receive_character(uart, byte, 0);
    } else if (uart->host_breaks) {
        uart->host_breaks--;
        receive_character(uart, 0, LSR_BREAK | LSR_FRAMING);
    }
    host_start(uart);
}

size_t uart16550_receive(struct uart16550 *uart, const uint8_t *bytes, size_t count)
{
    size_t taken = 0;

    while (taken < count && uart->host_count < HOST_QUEUE_SIZE)
        uart->host_queue[(uart->host_first + uart->host_count++) % HOST_QUEUE_SIZE] = bytes[taken++];
    host_start(uart);
    return taken;
}

void uart16550_receive_break(struct uart16550 *uart)
{
    if (uart->host_breaks < UINT8_MAX)
        uart->host_breaks++;
    host_start(uart);
}

static void receiver_clear(struct uart16550 *uart)
{
    uart->receive_count = 0;
    uart->timeout_pending = false;
    uart->lsr_errors &= (uint8_t) ~(LSR_PARITY | LSR_FRAMING | LSR_BREAK);
    schedule_cancel(uart->schedule, &uart->receive_timeout);
    host_start(uart);
}

static uint8_t rbr_read(struct uart16550 *uart)
{
    if (!uart->receive_count)
        return uart->receive_last;
    uart->receive_last = uart->receive_fifo[0];
    uart->receive_count--;
    memmove(uart->receive_fifo, uart->receive_fifo + 1, uart->receive_count);
    memmove(uart->receive_errors, uart->receive_errors + 1, uart->receive_count);
    uart->timeout_pending = false;
    if (uart->receive_count)
        uart->lsr_errors |= uart->receive_errors[0];
    timeout_restart(uart);
    host_start(uart);
    irq_update(uart);
    return uart->receive_last;
}

/* --- Transmitter ------------------------------------------------------------------------------------------------- */
static void shift_start(struct uart16550 *uart)
{
    if (uart->shift_busy || !uart->transmit_count)
        return;
    uart->shift_byte = uart->transmit_fifo[0];
    uart->shift_busy = true;
    uart->shift_in_loopback = loopback(uart);
    uart->polls = 0;
    uart->transmit_count--;
    memmove(uart->transmit_fifo, uart->transmit_fifo + 1, uart->transmit_count);
    if (!uart->transmit_count)
        uart->thre_pending = true;
    schedule_at(uart->schedule, &uart->shift_done, uart->schedule->now + character_counts(uart));
}

static void shift_finishes(void *owner)
{
    struct uart16550 *uart = owner;
    uint8_t data_mask = (uint8_t)width_mask(5 + (uart->lcr & 3));

    uart->shift_busy = false;
    /* The receiver assembles so many bits as a character has, and none while a break holds the line. */
    if (uart->shift_in_loopback && loopback(uart) && !(uart->lcr & LCR_BREAK))
        receive_character(uart, uart->shift_byte & data_mask, 0);
    shift_start(uart);
    irq_update(uart);
}

static void thr_write(struct uart16550 *uart, uint8_t byte)
{
    unsigned room = (fifos_on(uart) ? FIFO_SIZE : 1) - uart->transmit_count;

    if (!loopback(uart))
        byte_sink_put(&uart->sink, byte);
    /* The write takes the THRE interrupt back; the line falls, so that the next one is an edge even if it comes at once. */
    uart->thre_pending = false;
    irq_update(uart);
    if (room)
        uart->transmit_fifo[uart->transmit_count++] = byte;
    else if (!fifos_on(uart))
        uart->transmit_fifo[0] = byte;
    shift_start(uart);
    irq_update(uart);
}

static void transmitter_clear(struct uart16550 *uart)
{
    if (uart->transmit_count)
        uart->thre_pending = true;
    uart->transmit_count = 0;
}

/* --- Modem lines ------------------------------------------------------------------------------------------------- */
/* What the status register sees: the pins, or in loopback the four outputs. */
static uint8_t modem_status_lines(const struct uart16550 *uart)
{
    uint8_t lines = 0;

    if (!loopback(uart))
        return uart->modem_lines;
    if (uart->mcr & MCR_RTS)
        lines |= UART16550_CTS;
    if (uart->mcr & MCR_DTR)
        lines |= UART16550_DSR;
    if (uart->mcr & MCR_OUT1)
        lines |= UART16550_RI;
    if (uart->mcr & MCR_OUT2)
        lines |= UART16550_DCD;
    return lines;
}

/* Deltas tell of any change of CTS, DSR and DCD, but only of the end of a ring. */
static void modem_update(struct uart16550 *uart)
{
    uint8_t now = modem_status_lines(uart), before = uart->msr & 0xF0, changed = now ^ before;

    uart->msr = (uint8_t)(now | (uart->msr & MSR_DELTAS) | ((changed & ~UART16550_RI) >> 4));
    if (before & changed & UART16550_RI)
        uart->msr |= MSR_TRAILING_RI;
    irq_update(uart);
}

void uart16550_set_modem_lines(struct uart16550 *uart, uint8_t lines)
{
    uart->modem_lines = lines & 0xF0;
    modem_update(uart);
}

/* --- Registers --------------------------------------------------------------------------------------------------- */
static uint8_t iir_read(struct uart16550 *uart)
{
    uint8_t source = interrupt_source(uart);

    if (source == IIR_THR_EMPTY) {
        uart->thre_pending = false;
        irq_update(uart);
    }
    return (uint8_t)(source | (fifos_on(uart) ? 0xC0 : 0));
}

static void poll_transmitter(struct uart16550 *uart)
{
    if (!uart->shift_busy || uart->shift_in_loopback || ++uart->polls < POLLS_PER_CHARACTER)
        return;
    schedule_cancel(uart->schedule, &uart->shift_done);
    shift_finishes(uart);
}

static uint8_t lsr_read(struct uart16550 *uart)
{
    uint8_t value = uart->lsr_errors;

    if (uart->receive_count)
        value |= LSR_DATA_READY;
    if (!uart->transmit_count)
        value |= LSR_THR_EMPTY;
    if (!uart->transmit_count && !uart->shift_busy)
        value |= LSR_TRANSMITTER_EMPTY;
    for (unsigned i = 0; fifos_on(uart) && i < uart->receive_count; i++)
        if (uart->receive_errors[i])
            value |= LSR_FIFO_ERROR;
    uart->lsr_errors = 0;
    uart->receive_errors[0] = 0;
    poll_transmitter(uart);
    irq_update(uart);
    return value;
}

static void ier_write(struct uart16550 *uart, uint8_t value)
{
    value &= 0x0F;
    /* Enabling the THRE interrupt with an empty THR raises it. */
    if (value & ~uart->ier & IER_THR_EMPTY && !uart->transmit_count)
        uart->thre_pending = true;
    uart->ier = value;
    irq_update(uart);
}

static void fcr_write(struct uart16550 *uart, uint8_t value)
{
    bool toggled = (value ^ uart->fcr) & FCR_ENABLE;

    if (value & FCR_CLEAR_RECEIVER || toggled)
        receiver_clear(uart);
    if (value & FCR_CLEAR_TRANSMITTER || toggled)
        transmitter_clear(uart);
    /* The other bits are programmed only together with the enable bit. */
    uart->fcr = value & FCR_ENABLE ? value & 0xC9 : 0;
    host_start(uart);
    irq_update(uart);
}

static void lcr_write(struct uart16550 *uart, uint8_t value)
{
    bool break_begins = value & ~uart->lcr & LCR_BREAK;

    uart->lcr = value;
    if (break_begins && loopback(uart))
        receive_character(uart, 0, LSR_BREAK | LSR_FRAMING);
}

static void mcr_write(struct uart16550 *uart, uint8_t value)
{
    uart->mcr = value & 0x1F;
    modem_update(uart);
    host_start(uart);
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct uart16550 *uart = device;
    bool dlab = uart->lcr & LCR_DLAB;
    uint8_t value;

    (void)size;
    switch ((port - uart->base) & 7) {
    case 0: return dlab ? uart->divisor & 0xFFu : rbr_read(uart);
    case 1: return dlab ? uart->divisor >> 8 : uart->ier;
    case 2: return iir_read(uart);
    case 3: return uart->lcr;
    case 4: return uart->mcr;
    case 5: return lsr_read(uart);
    case 6:
        value = uart->msr;
        uart->msr &= 0xF0;
        irq_update(uart);
        return value;
    default: return uart->scratch;
    }
}

static void port_write(void *device, uint16_t port, uint32_t value32, unsigned size)
{
    struct uart16550 *uart = device;
    bool dlab = uart->lcr & LCR_DLAB;
    uint8_t value = (uint8_t)value32;

    (void)size;
    switch ((port - uart->base) & 7) {
    case 0:
        if (dlab)
            uart->divisor = (uint16_t)((uart->divisor & 0xFF00) | value);
        else
            thr_write(uart, value);
        break;
    case 1:
        if (dlab)
            uart->divisor = (uint16_t)((uart->divisor & 0x00FF) | value << 8);
        else
            ier_write(uart, value);
        break;
    case 2: fcr_write(uart, value); break;
    case 3: lcr_write(uart, value); break;
    case 4: mcr_write(uart, value); break;
    case 7: uart->scratch = value; break;
    default: break; /* LSR and MSR: writes are for factory testing */
    }
}

/* --- Life -------------------------------------------------------------------------------------------------------- */
/* Master reset (data sheet, table I). The divisor, SCR and the data registers keep what they hold. */
void uart16550_reset(struct uart16550 *uart)
{
    uart->ier = uart->fcr = uart->lcr = uart->mcr = 0;
    uart->lsr_errors = 0;
    uart->thre_pending = uart->timeout_pending = false;
    uart->receive_count = uart->transmit_count = 0;
    uart->shift_busy = false;
    schedule_cancel(uart->schedule, &uart->shift_done);
    schedule_cancel(uart->schedule, &uart->receive_next);
    schedule_cancel(uart->schedule, &uart->receive_timeout);
    uart->msr = uart->modem_lines;
    irq_update(uart);
    host_start(uart);
}

/* A snapshot is foreign bytes: counts beyond their arrays are cut. */
static void uart16550_restored(void *object)
{
    struct uart16550 *uart = object;

    uint8_t places = fifos_on(uart) ? FIFO_SIZE : 1;

    if (uart->receive_count > places)
        uart->receive_count = places;
    if (uart->transmit_count > places)
        uart->transmit_count = places;
    if (uart->host_count > HOST_QUEUE_SIZE)
        uart->host_count = HOST_QUEUE_SIZE;
    uart->host_first %= HOST_QUEUE_SIZE;
}

static const struct state_field uart16550_fields[] = {
    STATE_U8(struct uart16550, ier),
    STATE_U8(struct uart16550, fcr),
    STATE_U8(struct uart16550, lcr),
    STATE_U8(struct uart16550, mcr),
    STATE_U8(struct uart16550, msr),
    STATE_U8(struct uart16550, scratch),
    STATE_U16(struct uart16550, divisor),
    STATE_U8(struct uart16550, lsr_errors),
    STATE_BOOL(struct uart16550, thre_pending),
    STATE_BOOL(struct uart16550, timeout_pending),
    STATE_BOOL(struct uart16550, irq_level),
    STATE_U8_ARRAY(struct uart16550, receive_fifo),
    STATE_U8_ARRAY(struct uart16550, receive_errors),
    STATE_U8(struct uart16550, receive_count),
    STATE_U8(struct uart16550, receive_last),
    STATE_U8_ARRAY(struct uart16550, transmit_fifo),
    STATE_U8(struct uart16550, transmit_count),
    STATE_U8(struct uart16550, shift_byte),
    STATE_BOOL(struct uart16550, shift_busy),
    STATE_BOOL(struct uart16550, shift_in_loopback),
    STATE_U8(struct uart16550, polls),
    STATE_U8(struct uart16550, modem_lines),
    STATE_BYTES(struct uart16550, host_queue),
    STATE_U32(struct uart16550, host_first),
    STATE_U32(struct uart16550, host_count),
    STATE_U8(struct uart16550, host_breaks),
    STATE_EVENT(struct uart16550, shift_done),
    STATE_EVENT(struct uart16550, receive_next),
    STATE_EVENT(struct uart16550, receive_timeout),
};
static STATE_TABLE(uart16550_table, "uart16550", 1, uart16550_fields, uart16550_restored);

struct uart16550 *uart16550_new(const struct bay *bay, const char *instance, uint16_t base, struct wire irq,
                                struct byte_sink sink)
{
    struct uart16550 *uart = memory_new(sizeof *uart);

    uart->schedule = bay->schedule;
    uart->ports = bay->ports;
    uart->irq = irq;
    uart->sink = sink;
    uart->base = base;
    uart->modem_lines = UART16550_CTS | UART16550_DSR | UART16550_DCD;
    uart->divisor = 12; /* 9600 baud; the data sheet leaves it undefined */
    event_initialise(&uart->shift_done, "uart transmit", shift_finishes, uart);
    event_initialise(&uart->receive_next, "uart receive", host_character_arrives, uart);
    event_initialise(&uart->receive_timeout, "uart timeout", timeout_fires, uart);
    uart16550_reset(uart);
    ports_claim(bay->ports, base, 8, PORT_BYTE, port_read, port_write, uart, instance);
    state_registry_add(bay->states, instance, &uart16550_table, uart);
    return uart;
}

void uart16550_free(struct uart16550 *uart)
{
    if (!uart)
        return;
    schedule_cancel(uart->schedule, &uart->shift_done);
    schedule_cancel(uart->schedule, &uart->receive_next);
    schedule_cancel(uart->schedule, &uart->receive_timeout);
    free(uart);
}
