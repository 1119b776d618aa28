/* --until. */
#include "cli/until.h"

#include "cli/report.h"

#include <string.h>

bool until_init(struct until *until, const char *ere, uint64_t ips, struct tb_error *error)
{
    int code;

    memset(until, 0, sizeof *until);
    until->due = UINT64_MAX;
    until->period = ips / 100 ? ips / 100 : 1;
    if (!ere)
        return true;
    code = *ere ? regcomp(&until->pattern, ere, REG_EXTENDED | REG_NEWLINE) : 0;
    if (!*ere)
        return report_set(error, TB_STATUS_USAGE, "--until: the expression is empty");
    if (code) {
        char why[160];

        regerror(code, &until->pattern, why, sizeof why);
        return report_set(error, TB_STATUS_USAGE, "--until: %s: %s", ere, why);
    }
    until->wanted = true;
    until->due = until->period;
    for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++)
        line_matcher_start(&until->outputs[i], &until->pattern);
    return true;
}

bool until_sample(struct until *until, tb_machine *machine)
{
    uint64_t now = tb_machine_clock(machine);

    if (!until->wanted)
        return false;
    if (now >= until->due)
        until->due = now - now % until->period + until->period;
    if (screen_view_sample(&until->view, machine) && screen_view_shows(&until->view, &until->pattern, false, NULL))
        until->reached = true;
    return until->reached;
}

bool until_output(struct until *until, enum tb_output output, uint8_t byte)
{
    if (line_matcher_put(&until->outputs[output], byte))
        until->reached = true;
    return until->reached;
}

void until_free(struct until *until)
{
    if (until->wanted)
        regfree(&until->pattern);
    screen_view_free(&until->view);
}
