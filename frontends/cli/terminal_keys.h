/* What a terminal sends for a key, turned back into the key. */
#ifndef TRUEBOX_FRONTENDS_CLI_TERMINAL_KEYS_H
#define TRUEBOX_FRONTENDS_CLI_TERMINAL_KEYS_H

#include <stdbool.h>
#include <stdint.h>

struct terminal_key {
    uint16_t code; /* set 1; 0: no key of ours */
    bool shift, ctrl, alt;
};

/* Decodes the key at the beginning of `bytes`; returns how many bytes it took, 0 if more must come first. With `complete`
   nothing more will come: an escape character stands for the Esc key then. */
unsigned terminal_keys_decode(const uint8_t *bytes, unsigned count, bool complete, struct terminal_key *key);

#endif
