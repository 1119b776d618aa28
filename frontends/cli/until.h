/* --until: ends the run when the text screen, a serial port or the debug console shows an expression. */
#ifndef TRUEBOX_FRONTENDS_CLI_UNTIL_H
#define TRUEBOX_FRONTENDS_CLI_UNTIL_H

#include "cli/line_matcher.h"
#include "cli/screen_view.h"

#include <stdbool.h>
#include <stdint.h>
#include <truebox/truebox.h>

struct until {
    bool wanted;
    bool reached;
    regex_t pattern;
    uint64_t period; /* clocks between two samples of the screen, 10 ms of virtual time */
    uint64_t due;    /* clock of the next sample, a multiple of the period; UINT64_MAX: none */
    struct screen_view view;
    struct line_matcher outputs[TB_OUTPUT_COUNT];
};

/* `ere` may be NULL: nothing is waited for. false with *error set if it is no extended regular expression. */
bool until_init(struct until *until, const char *ere, uint64_t ips, struct tb_error *error);

/* A sample of the screen; true if the goal is reached. */
bool until_sample(struct until *until, tb_machine *machine);

/* A byte from the guest; true if the goal is reached. */
bool until_output(struct until *until, enum tb_output output, uint8_t byte);

void until_free(struct until *until);

#endif
