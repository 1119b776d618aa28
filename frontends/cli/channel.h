/* The host's end of a serial port or of the debug console: nothing, standard input and output, a file, or a unix socket.

   Bytes from the guest are never lost and never make the program wait inside the machine: they are kept here, and while too
   many are kept (channel_congested) the machine is not run. Until somebody connects to a socket only the last 64 KiB are
   kept for him. */
#ifndef TRUEBOX_FRONTENDS_CLI_CHANNEL_H
#define TRUEBOX_FRONTENDS_CLI_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

struct channel {
    const char *name;  /* stdio, null, file:PATH, unix:PATH */
    int in, out;       /* -1: none */
    int listener;      /* unix sockets that we serve */
    char *socket_path; /* to be removed at the end */
    uint8_t *kept;
    size_t kept_size, capacity;
    uint8_t input[256];
    size_t input_size;
    int failed; /* errno of a write that failed; what comes after it is dropped, and channel_close says so */
};

/* `where` NULL is "null". A unix socket on which somebody listens is connected to; else we listen there. */
bool channel_open(struct channel *channel, const char *where, struct tb_error *error);

void channel_put(struct channel *channel, uint8_t byte);
bool channel_congested(const struct channel *channel);

/* Does what can be done without waiting: accept, write, and read into `input`. */
void channel_poll(struct channel *channel);

/* Writes what is kept and closes. false with *error set if it could not all be written. */
bool channel_close(struct channel *channel, struct tb_error *error);

#endif
