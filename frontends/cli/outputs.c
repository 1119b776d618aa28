/* Serial ports and the debug console: to the host, and to those who wait for a text. */
#include "cli/outputs.h"

#include <string.h>

bool outputs_open(struct outputs *outputs, const struct run_options *options, struct tb_error *error)
{
    memset(outputs, 0, sizeof *outputs);
    for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++) /* so that closing is safe whatever fails below */
        channel_open(&outputs->channels[i], NULL, NULL);
    for (unsigned i = 0; i < options->serial_count; i++) {
        if (!channel_open(&outputs->channels[TB_OUTPUT_COM1 + i], options->serial[i], error))
            return false;
    }
    if (!channel_open(&outputs->channels[TB_OUTPUT_DEBUGCON], options->debugcon, error))
        return false;
    outputs->channels[TB_OUTPUT_DEBUGCON].in = -1; /* nothing can be sent to it */
    if (!channel_open(&outputs->channels[TB_OUTPUT_LPT1], options->parallel, error))
        return false;
    return true;
}

static void put(void *owner, uint8_t byte)
{
    struct output_listener *listener = owner;
    struct outputs *outputs = listener->outputs;

    channel_put(&outputs->channels[listener->output], byte);
    if (listener->output == TB_OUTPUT_LPT1) /* paper is not what --until looks at */
        return;
    bool goal = until_output(outputs->until, listener->output, byte);
    bool waited = player_output(outputs->player, listener->output, byte);
    if (goal || waited)
        tb_machine_stop(outputs->machine);
}

void outputs_attach(struct outputs *outputs, tb_machine *machine, struct until *until, struct player *player)
{
    outputs->machine = machine;
    outputs->until = until;
    outputs->player = player;
    for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++) {
        outputs->listeners[i] = (struct output_listener){outputs, (enum tb_output)i};
        tb_on_output(machine, (enum tb_output)i, put, &outputs->listeners[i]);
    }
}

bool outputs_poll(struct outputs *outputs)
{
    bool may_run = true;

    for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++) {
        struct channel *channel = &outputs->channels[i];

        channel_poll(channel);
        if (channel->input_size) {
            size_t taken = tb_serial_input(outputs->machine, i - TB_OUTPUT_COM1, channel->input, channel->input_size);
            channel->input_size -= taken;
            memmove(channel->input, channel->input + taken, channel->input_size);
        }
        if (channel_congested(channel))
            may_run = false;
    }
    return may_run;
}

bool outputs_close(struct outputs *outputs, struct tb_error *error)
{
    bool good = true;

    for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++) {
        if (!channel_close(&outputs->channels[i], good ? error : NULL))
            good = false;
    }
    return good;
}
