/* Playing a key script. */
#include "cli/player.h"

#include "cli/report.h"

#include <string.h>

enum { POLLS_PER_SECOND = 1000, SAMPLES_PER_SECOND = 100, HOLDS_PER_SECOND = 20 };

/* The expression of the first `wait` from action `from` on, or NULL. */
static const regex_t *coming_pattern(const struct player *player, size_t from)
{
    for (size_t i = from; i < player->script->count; i++) {
        if (player->script->actions[i].verb == SCRIPT_WAIT)
            return &player->script->actions[i].pattern;
    }
    return NULL;
}

void player_init(struct player *player, const struct script *script, uint64_t second)
{
    memset(player, 0, sizeof *player);
    player->script = script;
    player->second = second;
    player->due = script->count ? 0 : UINT64_MAX;
    typist_init(&player->typist, true);
    for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++)
        line_matcher_start(&player->outputs[i], coming_pattern(player, 0));
}

/* From here on only newer text of the ports counts. What they say before the next `wait` begins counts for it too. */
static void mark_outputs(struct player *player)
{
    const regex_t *pattern = coming_pattern(player, player->next + 1);

    player->output_matched = false;
    for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++)
        line_matcher_start(&player->outputs[i], pattern);
}

/* From here on only newer text counts. */
static void mark(struct player *player, tb_machine *machine)
{
    screen_view_sample(&player->view, machine);
    screen_view_mark(&player->view);
    mark_outputs(player);
}

/* Whether what a `wait` waits for is there. If the screen has it, what stands behind it on the screen is still new for the
 * next one. */
static bool waited(struct player *player, const struct script_action *action, tb_machine *machine)
{
    size_t end;

    screen_view_sample(&player->view, machine);
    if (player->output_matched) {
        mark(player, machine);
        return true;
    }
    if (!screen_view_shows(&player->view, &action->pattern, true, &end))
        return false;
    screen_view_mark_before(&player->view, end);
    mark_outputs(player);
    return true;
}

/* Sends strokes; the mark is set just before the last key goes down, so that the answer to it is newer. True when all are
 * taken. */
static bool type(struct player *player, const struct script_action *action, tb_machine *machine)
{
    struct typist *typist = &player->typist;

    typist->hold = action->verb == SCRIPT_KEY ? player->second / HOLDS_PER_SECOND : player->second / POLLS_PER_SECOND;
    while (player->stroke < action->stroke_count || !typist_idle(typist)) {
        if (typist_idle(typist)) {
            const struct key_stroke *stroke = &action->strokes[player->stroke];

            if (player->stroke == action->last_press)
                mark(player, machine);
            typist_add(typist, stroke->code, stroke->pressed);
            player->stroke++;
        }
        typist_send(typist, machine, player->second);
        if (!typist_idle(typist))
            return false;
    }
    return tb_keyboard_idle(machine);
}

/* Moves, and waits until the guest has seen it, for at most two virtual seconds: it may not care. What the guest shows from
   here on is new. */
static bool point(struct player *player, const struct script_action *action, tb_machine *machine)
{
    uint64_t now = tb_machine_clock(machine);

    if (!player->pointed) {
        mark(player, machine);
        tb_mouse(machine, action->right, action->down, 0, (unsigned)action->buttons);
        player->pointed = true;
        player->give_up = now + 2 * player->second;
    }
    return tb_mouse_idle(machine) || now >= player->give_up;
}

/* A medium that cannot be put in is said and passed over: the script goes on as somebody at the machine would. */
static void change_medium(struct player *player, const struct script_action *action, tb_machine *machine)
{
    struct tb_error error = {TB_STATUS_OK, ""};

    mark(player, machine);
    if (!tb_drive_change(machine, action->drive, action->path, &error))
        report_error(&error);
    else if (action->drive <= TB_FDB && tb_drive_read_only(machine, action->drive))
        report_line("%s: read-only: the guest cannot write to it", action->path);
}

/* Goes on with the action in progress; true when it is over. Else player->due says when to come back. */
static bool advance(struct player *player, const struct script_action *action, tb_machine *machine)
{
    uint64_t now = tb_machine_clock(machine), poll = player->second / POLLS_PER_SECOND,
             sample = player->second / SAMPLES_PER_SECOND;

    switch (action->verb) {
    case SCRIPT_WAIT:
        if (waited(player, action, machine))
            return true;
        player->due = now + (sample ? sample : 1);
        return false;
    case SCRIPT_TYPE:
    case SCRIPT_KEY:
        if (type(player, action, machine))
            return true;
        player->due = now + (poll ? poll : 1);
        return false;
    case SCRIPT_MOUSE:
        if (point(player, action, machine))
            return true;
        player->due = now + (poll ? poll : 1);
        return false;
    case SCRIPT_CHANGE: change_medium(player, action, machine); return true;
    case SCRIPT_AT:
    case SCRIPT_SLEEP: return now >= player->due;
    }
    return true;
}

static void start(struct player *player, const struct script_action *action, uint64_t now)
{
    uint64_t milliseconds = action->number;

    player->started = true;
    player->stroke = 0;
    player->pointed = false;
    player->due = now;
    if (action->verb == SCRIPT_AT)
        player->due = action->number;
    else if (action->verb == SCRIPT_SLEEP)
        player->due = now + milliseconds / 1000 * player->second + milliseconds % 1000 * player->second / 1000;
}

void player_play(struct player *player, tb_machine *machine)
{
    while (player->next < player->script->count) {
        const struct script_action *action = &player->script->actions[player->next];

        if (!player->started)
            start(player, action, tb_machine_clock(machine));
        if (!advance(player, action, machine))
            return;
        player->next++;
        player->started = false;
    }
    player->due = UINT64_MAX;
}

bool player_output(struct player *player, enum tb_output output, uint8_t byte)
{
    if (line_matcher_put(&player->outputs[output], byte))
        player->output_matched = true;
    return player->output_matched && player->started && player->script->actions[player->next].verb == SCRIPT_WAIT;
}

void player_free(struct player *player)
{
    screen_view_free(&player->view);
}
