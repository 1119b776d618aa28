/* What the run loop wants of a display: a window or a terminal. Headless runs have none. */
#ifndef TRUEBOX_FRONTENDS_DISPLAY_H
#define TRUEBOX_FRONTENDS_DISPLAY_H

#include "cli/typist.h"

#include <stdbool.h>
#include <truebox/truebox.h>

struct display_status {
    const char *name;  /* of the image */
    const char *state; /* running, halted */
    double mips;       /* clock counts per host second, in millions */
    unsigned percent;  /* virtual time as a part of real time */
};

struct display {
    void *owner;
    bool paced_keys; /* keys come as characters, not as strokes with their own timing */
    /* Takes the host's input and queues keys; false if the user wants to end. May wait up to `wait_ms` for input. */
    bool (*poll)(void *owner, tb_machine *machine, struct typist *keys, unsigned wait_ms);
    void (*show)(void *owner, tb_machine *machine, const struct display_status *status);
    void (*close)(void *owner);
};

/* Each returns false with *error set if there is no such display to be had. */
bool terminal_open(struct display *display, struct tb_error *error);
bool window_open(struct display *display, bool fullscreen, unsigned scale, struct tb_error *error);

#endif
