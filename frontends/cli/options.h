/* The command line of `truebox run` (and `explain`), parsed and checked as far as that is possible without a machine. */
#ifndef TRUEBOX_FRONTENDS_CLI_OPTIONS_H
#define TRUEBOX_FRONTENDS_CLI_OPTIONS_H

#include "cli/script.h"

#include <stdbool.h>
#include <stdint.h>
#include <truebox/truebox.h>

enum display_kind {
    DISPLAY_DEFAULT, /* a window if there is a display, else the terminal */
    DISPLAY_SDL,
    DISPLAY_TERM,
    DISPLAY_NONE
};

enum { OPTIONS_SERIAL_PORTS = 4 };

struct run_options {
    struct tb_config machine;
    const char *image; /* the IMAGE argument, not yet in machine.drives: options_place_image does that */
    bool boot_given;
    bool help;     /* --help: list the options and end */
    bool cpu_help; /* --cpu help: list the models and end */
    bool ips_given, ips_auto;

    enum display_kind display;
    bool fullscreen;
    unsigned scale; /* 0: what fits the desktop */

    const char *serial[OPTIONS_SERIAL_PORTS]; /* stdio, null, file:PATH, unix:PATH; NULL: null */
    unsigned serial_count;
    const char *debugcon;
    const char *parallel;

    const char *until;
    uint64_t max_clock;   /* UINT64_MAX: no limit */
    uint64_t max_host_ns; /* UINT64_MAX: no limit */
    struct script script; /* --keys and --keys-file */

    const char *screenshot, *screen_text, *stats, *trace, *log;
    const char *gdb;
    bool wait_for_debugger; /* -S */
};

/* Parses argv[1..]; argv[0] is the subcommand. false with *error set (status 64, or 66 for a key file that cannot be read).
   The strings stay argv's. options_free releases the script in either case. */
bool options_parse(struct run_options *options, int argc, char **argv, struct tb_error *error);
void options_free(struct run_options *options);

/* Puts IMAGE into the drive that fits its kind, lets the machine boot from it first unless --boot was given, and refuses an
   image that two drives would share. */
bool options_place_image(struct run_options *options, struct tb_error *error);

/* "64M", "1g", "640k", or a bare number in units of `bare`; suffixes are powers of `kilo` (1000 or 1024). */
bool options_parse_number(const char *text, uint64_t kilo, uint64_t bare, uint64_t *value);

/* "2026-01-01T00:00:00" as seconds since 1970 without any time zone. */
bool options_parse_time(const char *text, int64_t *seconds);

/* The long options with their help, one line each, to standard output. */
void options_help(void);

#endif
