/* A 16550A serial port (National Semiconductor PC16550D), one line to an interrupt controller and one to the host. */
#ifndef TRUEBOX_DEVICES_UART16550_H
#define TRUEBOX_DEVICES_UART16550_H

#include <stddef.h>
#include <stdint.h>

#include "devices/bay.h"
#include "devices/byte_sink.h"

struct uart16550;

/* Modem lines that come in from the other end. */
enum uart16550_modem_line { UART16550_CTS = 0x10, UART16550_DSR = 0x20, UART16550_RI = 0x40, UART16550_DCD = 0x80 };

/* Claims eight ports from `base`. `instance` (kept by reference) names the port: "com1". The other end asserts CTS, DSR and
   DCD until uart16550_set_modem_lines says otherwise. */
struct uart16550 *uart16550_new(const struct bay *bay, const char *instance, uint16_t base, struct wire irq,
                                struct byte_sink sink);
void uart16550_free(struct uart16550 *uart);
void uart16550_reset(struct uart16550 *uart);

/* Queues bytes for the receiver, which gets them at the line's rate and never faster than it takes them; returns how many
   found room. */
size_t uart16550_receive(struct uart16550 *uart, const uint8_t *bytes, size_t count);

/* A break on the line: one character of zeros with the break and framing flags. */
void uart16550_receive_break(struct uart16550 *uart);

void uart16550_set_modem_lines(struct uart16550 *uart, uint8_t lines);

#endif
