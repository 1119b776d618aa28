/* Hands keys to the guest one by one, each when the guest has taken the one before. */
#ifndef TRUEBOX_FRONTENDS_CLI_TYPIST_H
#define TRUEBOX_FRONTENDS_CLI_TYPIST_H

#include "cli/script.h"

#include <stdbool.h>
#include <stdint.h>
#include <truebox/truebox.h>

enum { TYPIST_QUEUE = 4096 };

struct typist {
    struct key_stroke queue[TYPIST_QUEUE];
    unsigned head, count;
    bool paced;          /* wait until each key is taken; else only for room in the keyboard's buffer */
    uint64_t hold;       /* clocks for which a key stays down at least */
    uint64_t not_before; /* the next stroke is not due earlier */
    uint64_t room_asked; /* clock since which the BIOS's buffer has been full; UINT64_MAX: it is not */
};

void typist_init(struct typist *typist, bool paced);

/* Queues a stroke; false if the queue is full. */
bool typist_add(struct typist *typist, uint16_t code, bool pressed);

/* Sends what is due now. `second` is the clock's counts per virtual second. */
void typist_send(struct typist *typist, tb_machine *machine, uint64_t second);

static inline bool typist_idle(const struct typist *typist)
{
    return typist->count == 0;
}

#endif
