/* GDB's packet framing: $data#checksum, acknowledgements, escapes, hexadecimal; nothing about machines. */
#ifndef TRUEBOX_DEBUG_GDB_PACKET_H
#define TRUEBOX_DEBUG_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GDB_PACKET_SIZE 16384u /* what we announce as PacketSize: payload bytes in either direction */

enum gdb_input {
    GDB_INPUT_NOTHING, /* more bytes are needed */
    GDB_INPUT_PACKET,  /* a whole packet with the right checksum stands in the buffer */
    GDB_INPUT_BREAK,   /* Ctrl-C */
    GDB_INPUT_DAMAGED, /* wrong checksum or too long: to be answered by '-' unless acknowledgements are off */
    GDB_INPUT_RESEND   /* '-': the other side wants the last packet again */
};

/* The receiving half: a state machine fed byte by byte. */
struct gdb_receiver {
    enum { GDB_OUTSIDE, GDB_INSIDE, GDB_CHECK1, GDB_CHECK2 } state;
    uint8_t sum, check;
    bool too_long;
    size_t length;
    char packet[GDB_PACKET_SIZE + 1]; /* raw (escapes stay), zero-terminated when complete */
};

enum gdb_input gdb_receive(struct gdb_receiver *receiver, uint8_t byte);

/* Undoes the escapes of binary data in place; returns the new length. */
size_t gdb_unescape(char *data, size_t length);

/* The sending half: text collected, then framed. What does not fit is dropped and marks the packet as overflowed. */
struct gdb_sender {
    size_t length;
    bool overflow;
    char packet[GDB_PACKET_SIZE + 5]; /* $, payload, #xx */
};

void gdb_begin(struct gdb_sender *sender);
void gdb_put_text(struct gdb_sender *sender, const char *text);
void gdb_put_hex(struct gdb_sender *sender, const void *bytes, size_t size);
/* `size` bytes of `value`, low byte first, as registers are sent. */
void gdb_put_register(struct gdb_sender *sender, uint64_t value, unsigned size);
/* Binary data with the escapes it needs; stops when the packet is full and returns how many bytes went in. */
size_t gdb_put_binary(struct gdb_sender *sender, const char *bytes, size_t size);
/* Closes the frame: sender->packet[0 .. length) is what goes out. */
void gdb_finish(struct gdb_sender *sender);

int gdb_hex_digit(char digit); /* -1: none */
/* Parses hexadecimal digits at *text (at least one, at most 16), moving *text behind them. */
bool gdb_parse_hex(const char **text, uint64_t *value);
/* Parses pairs of digits into `size` bytes. false unless all of them are there. */
bool gdb_parse_bytes(const char *text, void *bytes, size_t size);

#endif
