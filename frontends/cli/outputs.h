/* Everything that listens to the bytes which the guest sends through its serial ports and the debug console. */
#ifndef TRUEBOX_FRONTENDS_CLI_OUTPUTS_H
#define TRUEBOX_FRONTENDS_CLI_OUTPUTS_H

#include "cli/channel.h"
#include "cli/options.h"
#include "cli/player.h"
#include "cli/until.h"

struct outputs;

struct output_listener {
    struct outputs *outputs;
    enum tb_output output;
};

struct outputs {
    tb_machine *machine;
    struct until *until;
    struct player *player;
    struct channel channels[TB_OUTPUT_COUNT];
    struct output_listener listeners[TB_OUTPUT_COUNT];
};

bool outputs_open(struct outputs *outputs, const struct run_options *options, struct tb_error *error);

/* From now on bytes of the machine arrive here. */
void outputs_attach(struct outputs *outputs, tb_machine *machine, struct until *until, struct player *player);

/* Moves bytes between host and guest without waiting. False while the machine should not run because the host takes no more.
 */
bool outputs_poll(struct outputs *outputs);

bool outputs_close(struct outputs *outputs, struct tb_error *error);

#endif
