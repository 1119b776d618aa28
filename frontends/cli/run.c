/* `truebox run`: makes the machine, runs it in slices, and writes what was asked for at the end.

   Where a slice ends never influences the guest: inputs from scripts come at clocks that only the guest's own doings decide
   (player.h, until.h), inputs from the host at multiples of 5 ms of virtual time. The host's clock decides only how much is
   done between two looks at signals, and how long to sleep. */
#include "cli/commands.h"

#include "cli/clockwork.h"
#include "cli/demo.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/outputs.h"
#include "cli/picture.h"
#include "cli/player.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/stats.h"
#include "cli/typist.h"
#include "cli/until.h"
#include "display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOST_INPUTS_PER_SECOND = 200, /* of virtual time */
    SLICE_LEAST = 20000,          /* clocks */
    SHOW_NS = 16000000
};

struct run {
    struct run_options options;
    tb_machine *machine;
    struct until until;
    struct player player;
    struct outputs outputs;
    tb_gdb *gdb;            /* NULL: none */
    struct display display; /* poll is NULL when headless */
    struct typist keys;     /* from the display */
    struct throttle throttle;
    struct speed speed;
    uint64_t slice; /* clocks that take the host some 10 ms */
    uint64_t host_start;
    uint64_t show_at;     /* host time at which the screen is shown next */
    char notices[2][600]; /* what display was missed, to be said once the machine is made */
    char *demo;           /* the temporary file of the demo guest */
    bool halted;
    bool explaining;    /* the command is explain: tell at the end what the last exception was */
    const char *name;   /* of what was booted */
    const char *reason; /* NULL while it runs */
    int status;
};

static void end(struct run *run, const char *reason, int status)
{
    run->reason = reason;
    run->status = status;
}

/* Whether anything from outside may still come to the machine. */
static bool has_host_input(const struct run *run)
{
    for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++) {
        if (run->outputs.channels[i].in >= 0 || run->outputs.channels[i].listener >= 0 ||
            run->outputs.channels[i].input_size)
            return true;
    }
    return run->display.poll || run->gdb;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What a stop of the machine means for the run. */
static void judge_stop(struct run *run, enum tb_stop stop)
{
    run->halted = stop == TB_STOP_HALTED;
    switch (stop) {
    case TB_STOP_POWEROFF: end(run, "poweroff", TB_STATUS_OK); break;
    case TB_STOP_DEBUG_EXIT: end(run, "debug-exit", tb_machine_exit_code(run->machine)); break;
    case TB_STOP_SHUTDOWN: end(run, "shutdown", TB_STATUS_SHUTDOWN); break;
    case TB_STOP_HALTED:
        if (!has_host_input(run))
            end(run, "halted", TB_STATUS_LIMIT);
        break;
    default: break;
    }
}

/* Lets everybody look who wants to at this clock. */
static void after_stop(struct run *run, enum tb_stop stop)
{
    uint64_t now = tb_machine_clock(run->machine);
    bool last = (stop != TB_STOP_CLOCK && stop != TB_STOP_REQUEST) || now >= run->options.max_clock;

    if (run->gdb)
        tb_gdb_stopped(run->gdb, stop);
    if (last || now >= run->until.due)
        until_sample(&run->until, run->machine);
    if (run->until.reached) {
        end(run, "until", TB_STATUS_OK);
        return;
    }
    if (now >= run->player.due || stop == TB_STOP_REQUEST)
        player_play(&run->player, run->machine);
    judge_stop(run, stop);
    if (!run->reason && now >= run->options.max_clock)
        end(run, "max-insns", TB_STATUS_LIMIT);
}

/* Runs to the end of the slice, stopping at each clock at which somebody wants to look. A breakpoint ends the slice. */
static void run_slice(struct run *run, uint64_t slice_end)
{
    enum tb_stop stop;

    do {
        uint64_t goal = least(least(slice_end, run->options.max_clock), least(run->until.due, run->player.due));

        stop = tb_machine_run(run->machine, goal);
        after_stop(run, stop);
    } while (!run->reason && (stop == TB_STOP_CLOCK || stop == TB_STOP_REQUEST) &&
             tb_machine_clock(run->machine) < slice_end);
}

/* Shows the screen if it is time to, and takes input; waits while virtual time is ahead of the wall's. */
static void serve_display(struct run *run, uint64_t host)
{
    uint64_t virtual_ns = tb_machine_virtual_ns(run->machine);
    unsigned wait = run->halted ? 10 : throttle_wait_ms(&run->throttle, host, virtual_ns);

    speed_update(&run->speed, host, tb_machine_clock(run->machine), virtual_ns);
    if (host >= run->show_at) {
        struct display_status status = {run->name, run->halted ? "halted" : "running", run->speed.mips, run->speed.percent};

        run->display.show(run->display.owner, run->machine, &status);
        uint64_t now = clockwork_now_ns(), took = now - host;
        run->show_at =
            now + (took > SHOW_NS / 2 ? 2 * took : SHOW_NS - took); /* a slow display may not take more than a third */
    }
    if (!run->display.poll(run->display.owner, run->machine, &run->keys, wait))
        end(run, "quit", TB_STATUS_OK);
    typist_send(&run->keys, run->machine, run->options.machine.ips);
}

/* The host's side, before each slice. False while the machine has to wait for the host. */
static bool serve_host(struct run *run)
{
    uint64_t host = clockwork_now_ns();
    bool may_run = outputs_poll(&run->outputs);

    if (signals_pending())
        end(run, "quit", 128 + signals_pending());
    else if (host - run->host_start >= run->options.max_host_ns)
        end(run, "max-seconds", TB_STATUS_LIMIT);
    else if (run->display.poll)
        serve_display(run, host);
    else if (run->halted || !may_run)
        clockwork_sleep_ms(2);
    return may_run;
}

/* Serves the debugger; true if the machine may run a slice. */
static bool serve_gdb(struct run *run)
{
    enum tb_gdb_state state = TB_GDB_RUN;

    if (run->gdb)
        state = tb_gdb_poll(run->gdb, run->display.poll ? 0 : 20);
    if (state == TB_GDB_STEP)
        after_stop(run, tb_machine_step(run->machine));
    else if (state == TB_GDB_KILLED)
        end(run, "quit", TB_STATUS_OK);
    return state == TB_GDB_RUN;
}

static void run_loop(struct run *run)
{
    uint64_t input_period = run->options.machine.ips / HOST_INPUTS_PER_SECOND;

    run->host_start = clockwork_now_ns();
    run->slice = SLICE_LEAST;
    while (!run->reason) {
        uint64_t now = tb_machine_clock(run->machine);
        uint64_t slice_end =
            least(now + run->slice, has_host_input(run) ? now - now % input_period + input_period : UINT64_MAX);

        if (!serve_host(run) || run->reason || !serve_gdb(run))
            continue;
        uint64_t begun = clockwork_now_ns();
        run_slice(run, slice_end);
        uint64_t took = clockwork_now_ns() - begun;
        if (took < 5000000 && run->slice < UINT64_MAX / 4)
            run->slice *= 2;
        else if (took > 20000000 && run->slice > SLICE_LEAST)
            run->slice /= 2;
    }
}

/* A window, else the terminal, else none; only what was asked for by name is missed with an error. */
static bool open_display(struct run *run, struct tb_error *error)
{
    struct run_options *options = &run->options;
    struct tb_error why;
    bool stdio_taken = options->debugcon && !strcmp(options->debugcon, "stdio");

    for (unsigned i = 0; i < options->serial_count; i++)
        stdio_taken |= !strcmp(options->serial[i], "stdio");
    if (options->display == DISPLAY_DEFAULT || options->display == DISPLAY_SDL) {
        if (window_open(&run->display, options->fullscreen, options->scale, &why))
            return true;
        snprintf(run->notices[0], sizeof run->notices[0], "no window: %s; falling back to the terminal", why.text);
        if (!stdio_taken && terminal_open(&run->display, &why))
            return true;
        snprintf(run->notices[1], sizeof run->notices[1], "no terminal: %s; running headless",
                 stdio_taken ? "standard input and output are taken" : why.text);
        return true;
    }
    return options->display == DISPLAY_NONE || terminal_open(&run->display, error);
}

/* A guest whose writes fail should not be the first to find out. */
static void tell_read_only(const struct run *run)
{
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        const struct tb_drive_config *drive = &run->options.machine.drives[i];

        if (drive->kind != TB_DRIVE_CDROM && tb_drive_read_only(run->machine, (enum tb_drive)i))
            report_line("%s: read-only: the guest cannot write to it", drive->path);
    }
}

static void write_log_line(void *owner, const char *text)
{
    (void)owner;
    fprintf(stderr, "%s\n", text);
}

static bool check_outputs(const struct run_options *options, struct tb_error *error)
{
    if (options->wait_for_debugger && !options->gdb)
        return report_set(error, TB_STATUS_USAGE, "-S: there is no debugger to wait for without --gdb");
    if (options->trace && strchr(options->trace, ','))
        return report_set(error, TB_STATUS_USAGE, "--trace: a choice after the file name: not in this version: %s",
                          options->trace);
    return output_file_check(options->screenshot, error) && output_file_check(options->screen_text, error) &&
           output_file_check(options->stats, error) && output_file_check(options->trace, error);
}

static bool prepare(struct run *run, struct tb_error *error)
{
    struct run_options *options = &run->options;

    if (!check_outputs(options, error) || !options_place_image(options, error) || !demo_insert(options, &run->demo, error))
        return false;
    if (options->ips_given && options->ips_auto)
        options->machine.ips = clockwork_measure_ips(&options->machine);
    if (!until_init(&run->until, options->until, options->machine.ips, error) ||
        !outputs_open(&run->outputs, options, error))
        return false;
    return true;
}

static bool make_machine(struct run *run, struct tb_error *error)
{
    struct run_options *options = &run->options;

    run->machine = tb_machine_new(&options->machine, error);
    run->name = run->demo ? "demo" : options->image;
    demo_forget(&run->demo);
    if (!run->machine)
        return false;
    player_init(&run->player, &options->script, options->machine.ips);
    outputs_attach(&run->outputs, run->machine, &run->until, &run->player);
    typist_init(&run->keys, run->display.paced_keys);
    run->keys.hold = run->display.paced_keys ? options->machine.ips / 100 : 0;
    if (options->log && !tb_on_log(run->machine, options->log, write_log_line, NULL))
        return report_set(error, TB_STATUS_USAGE, "--log: unknown category in %s", options->log);
    if (options->trace && !tb_trace_text(run->machine, options->trace, error))
        return false;
    if (options->gdb) {
        run->gdb = tb_gdb_open(run->machine, options->gdb, error);
        if (!run->gdb)
            return false;
        if (options->wait_for_debugger)
            tb_gdb_hold(run->gdb);
    }
    return true;
}

/* The chain of exceptions, for those who wonder why the machine is down: to standard output if that was the question. */
static void explain(tb_machine *machine, bool asked)
{
    size_t size = tb_explain(machine, NULL, 0) + 1;
    char *text = report_resize(NULL, size);

    *text = 0;
    tb_explain(machine, text, size);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (asked)
            puts(line);
        else
            report_line("%s", line);
    }
    free(text);
}

/* Remembers the first failure of the way out. */
static void note_failure(struct run *run, bool good, const struct tb_error *error)
{
    if (good)
        return;
    report_error(error);
    if (run->status == TB_STATUS_OK)
        run->status = error->status;
}

static void finish(struct run *run)
{
    const struct run_options *options = &run->options;
    struct tb_error error = {TB_STATUS_OK, ""};
    struct stats stats = {.reason = run->reason};

    if (run->status == TB_STATUS_SHUTDOWN || run->explaining)
        explain(run->machine, run->explaining);
    if (options->screen_text)
        note_failure(run, picture_screen_text(run->machine, options->screen_text, &error), &error);
    if (options->screenshot)
        note_failure(run, picture_screenshot(run->machine, options->screenshot, &error), &error);
    if (options->stats) {
        stats.instructions = tb_machine_clock(run->machine);
        stats.virtual_ns = tb_machine_virtual_ns(run->machine);
        stats.host_user_s = stats_user_seconds();
        if (stats.host_user_s > 0)
            stats.mips = (double)(stats.instructions - tb_machine_idle(run->machine)) / 1e6 / stats.host_user_s;
        stats.state_hash = tb_machine_state_hash(run->machine);
    }
    if (options->trace)
        note_failure(run, tb_trace_text_stop(run->machine, &error), &error);
    tb_gdb_close(run->gdb);
    bool flushed = tb_machine_free(run->machine, &error);
    run->machine = NULL;
    note_failure(run, flushed, &error);
    note_failure(run, outputs_close(&run->outputs, &error), &error);
    stats.exit_status = run->status;
    if (options->stats)
        note_failure(run, stats_write(options->stats, &stats, &error), &error);
}

static int run_prepared(struct run *run)
{
    struct tb_error error = {TB_STATUS_OK, ""};
    bool serial_stdio = false;

    if (!prepare(run, &error) || !open_display(run, &error))
        return report_error(&error);
    if (run->options.display != DISPLAY_TERM && run->display.poll && !run->options.ips_given && !run->display.paced_keys)
        run->options.machine.ips = clockwork_measure_ips(&run->options.machine);
    for (unsigned i = 0; i < run->options.serial_count; i++)
        serial_stdio |= !strcmp(run->options.serial[i], "stdio");
    if (serial_stdio)
        signals_raw_terminal(false);
    bool made = make_machine(run, &error);
    for (unsigned i = 0; made && i < 2; i++) {
        if (run->notices[i][0])
            report_line("%s", run->notices[i]);
    }
    if (made) {
        tell_read_only(run);
        run_loop(run);
    }
    if (run->display.close)
        run->display.close(run->display.owner);
    signals_restore_terminal();
    if (!made) {
        report_error(&error);
        run->status = error.status;
        if (run->machine)
            tb_machine_free(run->machine, NULL);
        return run->status;
    }
    finish(run);
    return run->status;
}

static int run_with_options(int argc, char **argv, bool explaining)
{
    struct run *run = report_resize(NULL, sizeof *run);
    struct tb_error error = {TB_STATUS_OK, ""};
    int status;

    memset(run, 0, sizeof *run);
    if (!options_parse(&run->options, argc, argv, &error)) {
        status = report_error(&error);
    } else if (run->options.help) {
        puts("Usage: truebox run [IMAGE] [options]\n");
        options_help();
        status = TB_STATUS_OK;
    } else if (run->options.cpu_help) {
        cpu_list();
        status = TB_STATUS_OK;
    } else {
        signals_install();
        if (explaining) {
            run->explaining = true;
            run->options.machine.shutdown_resets = false;
            run->options.display = DISPLAY_NONE;
        }
        for (unsigned i = 0; i < TB_OUTPUT_COUNT; i++)
            channel_open(&run->outputs.channels[i], NULL, NULL);
        status = run_prepared(run);
        demo_forget(&run->demo);
        outputs_close(&run->outputs, NULL);
        until_free(&run->until);
        player_free(&run->player);
    }
    options_free(&run->options);
    free(run);
    return status;
}

int run_command(int argc, char **argv)
{
    return run_with_options(argc, argv, false);
}

int explain_command(int argc, char **argv)
{
    return run_with_options(argc, argv, true);
}
