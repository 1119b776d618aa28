/* Plays a key script at exact clocks: what it does depends on the guest's state at those clocks only, never on how the run
   is cut into slices. */
#ifndef TRUEBOX_FRONTENDS_CLI_PLAYER_H
#define TRUEBOX_FRONTENDS_CLI_PLAYER_H

#include "cli/line_matcher.h"
#include "cli/screen_view.h"
#include "cli/script.h"
#include "cli/typist.h"

#include <stdbool.h>
#include <stdint.h>
#include <truebox/truebox.h>

struct player {
    const struct script *script;
    uint64_t second;  /* clock counts per virtual second */
    size_t next;      /* the action in progress or to come */
    bool started;     /* ... is in progress */
    size_t stroke;    /* type, key: how many of its strokes have been sent */
    uint64_t due;     /* clock at which player_play wants to be called next; UINT64_MAX: never again */
    bool pointed;     /* mouse: the movement has been made */
    uint64_t give_up; /* mouse: clock at which it has been waited for long enough */
    struct typist typist;
    struct screen_view view;
    struct line_matcher outputs[TB_OUTPUT_COUNT];
    bool output_matched;
};

void player_init(struct player *player, const struct script *script, uint64_t second);

/* To be called whenever the clock is player->due, and after player_output returned true. */
void player_play(struct player *player, tb_machine *machine);

/* A byte from the guest. True if a `wait` is over: stop the run and call player_play at this very boundary. */
bool player_output(struct player *player, enum tb_output output, uint8_t byte);

void player_free(struct player *player);

#endif
