/* The command line of `truebox run`. One row per option: its name, its argument and its help stand in the table below, what
   it does in options_apply. */
#include "cli/options.h"

#include "cli/report.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum option_id {
    OPTION_FDA = 256, /* the six drives in the order of enum tb_drive */
    OPTION_FDB,
    OPTION_HDA,
    OPTION_HDB,
    OPTION_HDC,
    OPTION_HDD,
    OPTION_CDROM,
    OPTION_MEMORY,
    OPTION_CPU,
    OPTION_ENGINE,
    OPTION_IPS,
    OPTION_SEED,
    OPTION_RTC,
    OPTION_BOOT,
    OPTION_SNAPSHOT,
    OPTION_BIOS,
    OPTION_VGABIOS,
    OPTION_OPTION_ROM,
    OPTION_KERNEL,
    OPTION_INITRD,
    OPTION_APPEND,
    OPTION_DISPLAY,
    OPTION_HEADLESS,
    OPTION_FULLSCREEN,
    OPTION_SCALE,
    OPTION_SERIAL,
    OPTION_DEBUGCON,
    OPTION_PARALLEL,
    OPTION_ISA_DEBUG_EXIT,
    OPTION_ON_SHUTDOWN,
    OPTION_UNTIL,
    OPTION_MAX_INSNS,
    OPTION_MAX_SECONDS,
    OPTION_KEYS,
    OPTION_KEYS_FILE,
    OPTION_SCREENSHOT,
    OPTION_SCREEN_TEXT,
    OPTION_STATS,
    OPTION_TRACE,
    OPTION_LOG,
    OPTION_GDB,
    OPTION_WAIT,
    OPTION_HELP,
    OPTION_LATER /* part of the contract, but not in this version */
};

struct option_row {
    const char *name;
    int argument; /* no_argument, required_argument, optional_argument */
    enum option_id id;
    const char *usage, *help; /* NULL: not listed */
};

static const struct option_row option_rows[] = {
    {"memory", required_argument, OPTION_MEMORY, "-m, --memory SIZE", "RAM, 1M to 3G (64M); a bare number counts megabytes"},
    {"cpu", required_argument, OPTION_CPU, "--cpu MODEL", "processor; `help` lists the models"},
    {"engine", required_argument, OPTION_ENGINE, "--engine fast|plain", "plain decodes and walks every time, same result"},
    {"ips", required_argument, OPTION_IPS, "--ips N|auto", "instructions per virtual second (100m; in a window auto)"},
    {"seed", required_argument, OPTION_SEED, "--seed N", "where the guest's random numbers begin"},
    {"rtc", required_argument, OPTION_RTC, "--rtc TIME", "clock at power-on (2026-01-01T00:00:00)"},
    {"fda", required_argument, OPTION_FDA, "--fda, --fdb FILE", "floppy images"},
    {"fdb", required_argument, OPTION_FDB, NULL, NULL},
    {"hda", required_argument, OPTION_HDA, "--hda .. --hdd FILE", "disk images"},
    {"hdb", required_argument, OPTION_HDB, NULL, NULL},
    {"hdc", required_argument, OPTION_HDC, NULL, NULL},
    {"hdd", required_argument, OPTION_HDD, NULL, NULL},
    {"cdrom", required_argument, OPTION_CDROM, "--cdrom FILE", "ISO image, in place of --hdc"},
    {"boot", required_argument, OPTION_BOOT, "--boot a|c|d[,...]", "order: floppy, disk, CD"},
    {"snapshot", no_argument, OPTION_SNAPSHOT, "--snapshot", "discard what the guest writes to its disks"},
    {"bios", required_argument, OPTION_BIOS, "--bios FILE", "another system BIOS"},
    {"vgabios", required_argument, OPTION_VGABIOS, "--vgabios FILE", "another video BIOS; an empty name: none"},
    {"option-rom", required_argument, OPTION_OPTION_ROM, "--option-rom FILE", "one more ROM for the BIOS to find"},
    {"kernel", required_argument, OPTION_KERNEL, "--kernel FILE", "a multiboot 1 kernel, booted instead of a drive"},
    {"initrd", required_argument, OPTION_INITRD, "--initrd FILE[,FILE]", "modules for the kernel"},
    {"append", required_argument, OPTION_APPEND, "--append TEXT", "the kernel's command line"},
    {"display", required_argument, OPTION_DISPLAY, "--display sdl|term|none", "window, terminal, or neither"},
    {"headless", no_argument, OPTION_HEADLESS, "--headless", "the same as --display none"},
    {"fullscreen", no_argument, OPTION_FULLSCREEN, "--fullscreen", "begin with the window over the whole screen"},
    {"scale", required_argument, OPTION_SCALE, "--scale N", "size of the window: N host pixels for one, 1 to 16"},
    {"serial", required_argument, OPTION_SERIAL, "--serial WHERE", "stdio, null, file:PATH, unix:PATH; again for COM2"},
    {"debugcon", required_argument, OPTION_DEBUGCON, "--debugcon WHERE", "ports 0xE9 and 0x402: stdio, null or file:PATH"},
    {"parallel", required_argument, OPTION_PARALLEL, "--parallel file:PATH", "a printer at LPT1 that prints into a file"},
    {"isa-debug-exit", optional_argument, OPTION_ISA_DEBUG_EXIT, "--isa-debug-exit[=PORT]",
     "writing v ends with (v << 1) | 1 (0xf4)"},
    {"on-shutdown", required_argument, OPTION_ON_SHUTDOWN, "--on-shutdown reset|exit", "what a triple fault does (reset)"},
    {"until", required_argument, OPTION_UNTIL, "--until ERE",
     "end with 0 when screen, serial port or debug console show it"},
    {"max-insns", required_argument, OPTION_MAX_INSNS, "--max-insns N[k|m|g]",
     "end with 124 at this count of the machine clock"},
    {"max-seconds", required_argument, OPTION_MAX_SECONDS, "--max-seconds S", "end with 124 after this much host time"},
    {"keys", required_argument, OPTION_KEYS, "--keys TEXT", "scripted input, an action a line; may be repeated"},
    {"keys-file", required_argument, OPTION_KEYS_FILE, "--keys-file FILE", "the same from a file"},
    {"screenshot", required_argument, OPTION_SCREENSHOT, "--screenshot FILE.png", "the picture when the run ends"},
    {"screen-text", required_argument, OPTION_SCREEN_TEXT, "--screen-text FILE", "the text screen when the run ends"},
    {"stats", required_argument, OPTION_STATS, "--stats FILE", "figures of the run as JSON"},
    {"trace", required_argument, OPTION_TRACE, "--trace FILE", "every instruction as a line of text"},
    {"log", required_argument, OPTION_LOG, "--log CATEGORIES", "events to standard error: guest,fault,... or all"},
    {"gdb", required_argument, OPTION_GDB, "--gdb [HOST:]PORT", "GDB stub, also unix:PATH or stdio; -S: wait for it"},
    {"help", no_argument, OPTION_HELP, "--help", "this list"},
    {"smp", required_argument, OPTION_LATER, NULL, NULL},
    {"testdev", no_argument, OPTION_LATER, NULL, NULL},
    {"monitor", required_argument, OPTION_LATER, NULL, NULL},
    {"record", required_argument, OPTION_LATER, NULL, NULL},
    {"replay", required_argument, OPTION_LATER, NULL, NULL},
    {"save", required_argument, OPTION_LATER, NULL, NULL},
    {"load", required_argument, OPTION_LATER, NULL, NULL},
};

enum { OPTION_COUNT = sizeof option_rows / sizeof option_rows[0] };

void options_help(void)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (option_rows[i].usage)
            printf("  %-26s %s\n", option_rows[i].usage, option_rows[i].help);
    }
}

bool options_parse_number(const char *text, uint64_t kilo, uint64_t bare, uint64_t *value)
{
    uint64_t factor = bare;
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *value = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
    if (errno)
        return false;
    switch (tolower((unsigned char)*end)) {
    case 'k': factor = kilo; break;
    case 'm': factor = kilo * kilo; break;
    case 'g': factor = kilo * kilo * kilo; break;
    case 't': factor = kilo * kilo * kilo * kilo; break;
    case 0: end--; break;
    default: return false;
    }
    return end[1] == 0 && !__builtin_mul_overflow(*value, factor, value);
}

/* Days since 1970-01-01 in the Gregorian calendar, with March as the year's first month so that leap days come last. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

bool options_parse_time(const char *text, int64_t *seconds)
{
    static const char pattern[] = "0000-00-00T00:00:00";
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, hour, minute, second;

    if (strlen(text) != sizeof pattern - 1)
        return false;
    for (unsigned i = 0; pattern[i]; i++) {
        if (pattern[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != pattern[i])
            return false;
    }
    if (sscanf(text, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second) != 6)
        return false;
    bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
    if (year < 1980 || year > 2099 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59)
        return false;
    if (day < 1 || day > month_days[month - 1] + (month == 2 && leap))
        return false;
    *seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

static bool parse_drive(struct run_options *options, enum tb_drive drive, enum tb_drive_kind kind, const char *name,
                        const char *path, struct tb_error *error)
{
    struct tb_drive_config *config = &options->machine.drives[drive];

    if (config->path)
        return report_set(error, TB_STATUS_USAGE, "--%s: this drive has an image already: %s", name, config->path);
    if (!*path)
        return report_set(error, TB_STATUS_USAGE, "--%s: the file name is empty", name);
    config->kind = kind;
    config->path = path;
    return true;
}

static bool parse_cpu(struct run_options *options, const char *model, struct tb_error *error)
{
    const char *name, *description;

    options->cpu_help = !strcmp(model, "help");
    if (options->cpu_help)
        return true;
    for (unsigned i = 0; tb_cpu_model(i, &name, &description); i++) {
        if (!strcmp(name, model)) {
            options->machine.cpu_model = name;
            return true;
        }
    }
    return report_set(error, TB_STATUS_USAGE, "--cpu: unknown model: %s (`truebox cpu list` lists them)", model);
}

static bool parse_boot(struct run_options *options, const char *text, struct tb_error *error)
{
    char *order = options->machine.boot_order;
    unsigned count = 0;

    for (const char *c = text; *c; c++) {
        if (!strchr("acd", *c) || memchr(order, *c, count))
            return report_set(error, TB_STATUS_USAGE, "--boot: wants a, c and d, each once, not %s", text);
        order[count++] = *c;
        if (c[1] == ',' && c[2])
            c++;
    }
    if (!count)
        return report_set(error, TB_STATUS_USAGE, "--boot: wants a, c or d");
    order[count] = 0;
    options->boot_given = true;
    return true;
}

static bool parse_serial(struct run_options *options, const char *where, struct tb_error *error)
{
    if (options->serial_count == OPTIONS_SERIAL_PORTS)
        return report_set(error, TB_STATUS_USAGE, "--serial: there are only %d ports", OPTIONS_SERIAL_PORTS);
    if (strcmp(where, "stdio") && strcmp(where, "null") && !(!strncmp(where, "file:", 5) && where[5]) &&
        !(!strncmp(where, "unix:", 5) && where[5]))
        return report_set(error, TB_STATUS_USAGE, "--serial: wants stdio, null, file:PATH or unix:PATH, not %s", where);
    options->serial[options->serial_count++] = where;
    return true;
}

static bool parse_max_seconds(struct run_options *options, const char *text, struct tb_error *error)
{
    char *end;
    double seconds = strtod(text, &end);

    if (!isdigit((unsigned char)*text) || *end || !isfinite(seconds) || seconds > 1e9)
        return report_set(error, TB_STATUS_USAGE, "--max-seconds: not a number of seconds: %s", text);
    options->max_host_ns = (uint64_t)(seconds * 1e9);
    return true;
}

/* One of `names` (which ends with NULL) as its index. */
static bool parse_choice(const char *option, const char *text, const char *const *names, unsigned *choice,
                         struct tb_error *error)
{
    char list[128] = "";

    for (*choice = 0; names[*choice]; ++*choice) {
        if (!strcmp(names[*choice], text))
            return true;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", *choice ? ", " : "", names[*choice]);
    }
    return report_set(error, TB_STATUS_USAGE, "--%s: wants one of %s, not %s", option, list, text);
}

static bool bad_number(const char *option, const char *text, const char *range, struct tb_error *error)
{
    return report_set(error, TB_STATUS_USAGE, "--%s: wants %s, not %s", option, range, text);
}

static bool apply_machine(struct run_options *options, const struct option_row *row, const char *text,
                          struct tb_error *error)
{
    static const char *const engines[] = {"fast", "plain", NULL};
    static const char *const shutdowns[] = {"reset", "exit", NULL};
    struct tb_config *machine = &options->machine;
    uint64_t number;
    unsigned choice;

    switch (row->id) {
    case OPTION_MEMORY:
        if (!options_parse_number(text, 1024, 1 << 20, &number) || number < 1 << 20 || number > 3ull << 30 || number % 65536)
            return bad_number("memory", text, "1M to 3G in steps of 64K", error);
        machine->memory_size = number;
        return true;
    case OPTION_CPU: return parse_cpu(options, text, error);
    case OPTION_ENGINE:
        if (!parse_choice("engine", text, engines, &choice, error))
            return false;
        machine->engine = choice ? TB_ENGINE_PLAIN : TB_ENGINE_FAST;
        return true;
    case OPTION_IPS:
        options->ips_given = true;
        options->ips_auto = !strcmp(text, "auto");
        if (options->ips_auto)
            return true;
        if (!options_parse_number(text, 1000, 1, &number) || number < 100000 || number > 100000000000)
            return bad_number("ips", text, "auto or 100k to 100g", error);
        machine->ips = number;
        return true;
    case OPTION_SEED:
        return options_parse_number(text, 1000, 1, &machine->seed) || bad_number("seed", text, "a number below 2^64", error);
    case OPTION_RTC:
        return options_parse_time(text, &machine->rtc_seconds) ||
               bad_number("rtc", text, "a time like 2026-01-01T00:00:00, from 1980 to 2099", error);
    case OPTION_BOOT: return parse_boot(options, text, error);
    case OPTION_SNAPSHOT: machine->discard_disk_writes = true; return true;
    case OPTION_BIOS: machine->bios_path = text; return true;
    case OPTION_VGABIOS: machine->vga_bios_path = text; return true;
    case OPTION_OPTION_ROM: machine->option_rom_path = text; return true;
    case OPTION_KERNEL: machine->kernel_path = text; return true;
    case OPTION_INITRD: machine->initrd_paths = text; return true;
    case OPTION_APPEND: machine->kernel_command_line = text; return true;
    case OPTION_ISA_DEBUG_EXIT:
        number = machine->debug_exit_port;
        if (text && (!options_parse_number(text, 1000, 1, &number) || number > 0xffff))
            return bad_number("isa-debug-exit", text, "a port from 0 to 0xffff", error);
        machine->debug_exit = true;
        machine->debug_exit_port = (uint16_t)number;
        return true;
    case OPTION_ON_SHUTDOWN:
        if (!parse_choice("on-shutdown", text, shutdowns, &choice, error))
            return false;
        machine->shutdown_resets = choice == 0;
        return true;
    default: return report_set(error, TB_STATUS_SOFTWARE, "--%s: nothing applies this option", row->name);
    }
}

static bool options_apply(struct run_options *options, const struct option_row *row, const char *text,
                          struct tb_error *error)
{
    static const char *const displays[] = {"sdl", "term", "none", NULL};
    uint64_t number;
    unsigned choice;

    switch (row->id) {
    case OPTION_FDA:
    case OPTION_FDB: return parse_drive(options, TB_FDA + (row->id - OPTION_FDA), TB_DRIVE_FLOPPY, row->name, text, error);
    case OPTION_HDA:
    case OPTION_HDB:
    case OPTION_HDC:
    case OPTION_HDD: return parse_drive(options, TB_HDA + (row->id - OPTION_HDA), TB_DRIVE_DISK, row->name, text, error);
    case OPTION_CDROM: return parse_drive(options, TB_HDC, TB_DRIVE_CDROM, row->name, text, error);
    case OPTION_DISPLAY:
        if (!parse_choice("display", text, displays, &choice, error))
            return false;
        options->display = DISPLAY_SDL + choice;
        return true;
    case OPTION_HEADLESS: options->display = DISPLAY_NONE; return true;
    case OPTION_FULLSCREEN: options->fullscreen = true; return true;
    case OPTION_SCALE:
        if (!options_parse_number(text, 1000, 1, &number) || number < 1 || number > 16)
            return bad_number("scale", text, "1 to 16", error);
        options->scale = (unsigned)number;
        return true;
    case OPTION_SERIAL: return parse_serial(options, text, error);
    case OPTION_DEBUGCON:
        if (strcmp(text, "stdio") && strcmp(text, "null") && !(!strncmp(text, "file:", 5) && text[5]))
            return report_set(error, TB_STATUS_USAGE, "--debugcon: wants stdio, null or file:PATH, not %s", text);
        options->debugcon = text;
        return true;
    case OPTION_PARALLEL:
        if (strncmp(text, "file:", 5) || !text[5])
            return report_set(error, TB_STATUS_USAGE, "--parallel: wants file:PATH, not %s", text);
        options->parallel = text;
        options->machine.printer = true;
        return true;
    case OPTION_UNTIL: options->until = text; return true;
    case OPTION_MAX_INSNS:
        return options_parse_number(text, 1000, 1, &options->max_clock) ||
               bad_number("max-insns", text, "a count such as 250m", error);
    case OPTION_MAX_SECONDS: return parse_max_seconds(options, text, error);
    case OPTION_KEYS: return script_add_text(&options->script, text, error);
    case OPTION_KEYS_FILE: return script_add_file(&options->script, text, error);
    case OPTION_SCREENSHOT: options->screenshot = text; return true;
    case OPTION_SCREEN_TEXT: options->screen_text = text; return true;
    case OPTION_STATS: options->stats = text; return true;
    case OPTION_TRACE: options->trace = text; return true;
    case OPTION_LOG: options->log = text; return true;
    case OPTION_GDB: options->gdb = text; return true;
    case OPTION_HELP: options->help = true; return true;
    case OPTION_WAIT: options->wait_for_debugger = true; return true;
    case OPTION_LATER: return report_set(error, TB_STATUS_USAGE, "--%s: not in this version", row->name);
    default: return apply_machine(options, row, text, error);
    }
}

static bool check_stdio(const struct run_options *options, struct tb_error *error)
{
    unsigned users = (options->display == DISPLAY_TERM) + (options->gdb && !strcmp(options->gdb, "stdio"));

    for (unsigned i = 0; i < options->serial_count; i++)
        users += !strcmp(options->serial[i], "stdio");
    if (users > 1)
        return report_set(error, TB_STATUS_USAGE,
                          "standard input is wanted twice, by --serial stdio, --gdb stdio or --display term");
    if (options->display == DISPLAY_TERM && options->debugcon && !strcmp(options->debugcon, "stdio"))
        return report_set(error, TB_STATUS_USAGE, "--debugcon stdio: standard output belongs to --display term");
    return true;
}

static bool parse_all(struct run_options *options, int argc, char **argv, struct option *longs, struct tb_error *error)
{
    static const struct option_row memory_row = {"memory", required_argument, OPTION_MEMORY, NULL, NULL};
    int found, index;

    opterr = 0;
    optind = 0; /* so that getopt begins anew whenever this is called */
    while ((found = getopt_long(argc, argv, ":m:S", longs, &index)) != -1) {
        if (found == '?' && !optopt)
            return report_set(error, TB_STATUS_USAGE, "unknown option: %s", argv[optind - 1]);
        if (found == '?' && optopt < 256)
            return report_set(error, TB_STATUS_USAGE, "unknown option: -%c", optopt);
        if (found == '?')
            return report_set(error, TB_STATUS_USAGE, "option takes no argument: %s", argv[optind - 1]);
        if (found == ':')
            return report_set(error, TB_STATUS_USAGE, "option wants an argument: %s", argv[optind - 1]);
        if (found == 'S') {
            options->wait_for_debugger = true;
            continue;
        }
        if (!options_apply(options, found == 'm' ? &memory_row : &option_rows[index], optarg, error))
            return false;
    }
    if (optind < argc)
        options->image = argv[optind++];
    if (optind < argc)
        return report_set(error, TB_STATUS_USAGE, "more than one image: %s (the others go by --fda .. --hdd and --cdrom)",
                          argv[optind]);
    if (options->image && !*options->image)
        return report_set(error, TB_STATUS_USAGE, "the image's name is empty");
    return check_stdio(options, error);
}

bool options_parse(struct run_options *options, int argc, char **argv, struct tb_error *error)
{
    struct option longs[OPTION_COUNT + 1];

    memset(options, 0, sizeof *options);
    tb_config_init(&options->machine);
    options->max_clock = UINT64_MAX;
    options->max_host_ns = UINT64_MAX;
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        longs[i] = (struct option){option_rows[i].name, option_rows[i].argument, NULL, option_rows[i].id};
    memset(&longs[OPTION_COUNT], 0, sizeof longs[OPTION_COUNT]);
    return parse_all(options, argc, argv, longs, error);
}

void options_free(struct run_options *options)
{
    script_free(&options->script);
}

/* The first drive of the image's kind that has none. */
static bool drive_for(const struct run_options *options, enum tb_drive_kind kind, enum tb_drive *drive)
{
    static const enum tb_drive floppies[] = {TB_FDA, TB_FDB}, disks[] = {TB_HDA, TB_HDB, TB_HDC, TB_HDD},
                               cdroms[] = {TB_HDC, TB_HDD, TB_HDB, TB_HDA};
    const enum tb_drive *candidates = kind == TB_DRIVE_FLOPPY ? floppies : kind == TB_DRIVE_DISK ? disks : cdroms;

    for (unsigned i = 0; i < (kind == TB_DRIVE_FLOPPY ? 2u : 4u); i++) {
        if (!options->machine.drives[candidates[i]].path) {
            *drive = candidates[i];
            return true;
        }
    }
    return false;
}

static bool refuse_shared_images(const struct run_options *options, struct tb_error *error)
{
    struct stat all[TB_DRIVE_COUNT];
    bool known[TB_DRIVE_COUNT];

    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        const char *path = options->machine.drives[i].path;

        known[i] = path && stat(path, &all[i]) == 0;
        for (unsigned j = 0; known[i] && j < i; j++) {
            if (known[j] && all[i].st_dev == all[j].st_dev && all[i].st_ino == all[j].st_ino)
                return report_set(error, TB_STATUS_USAGE, "%s: the same image in two drives", path);
        }
    }
    return true;
}

bool options_place_image(struct run_options *options, struct tb_error *error)
{
    if (options->image) {
        struct tb_error why = {TB_STATUS_OK, ""};
        enum tb_drive_kind kind = tb_image_kind(options->image, &why);
        enum tb_drive drive;

        if (kind == TB_DRIVE_EMPTY) {
            *error = why;
            return false;
        }
        if (!drive_for(options, kind, &drive))
            return report_set(error, TB_STATUS_USAGE, "%s: no drive is free for this image", options->image);
        options->machine.drives[drive].kind = kind;
        options->machine.drives[drive].path = options->image;
        if (!options->boot_given)
            strcpy(options->machine.boot_order, kind == TB_DRIVE_FLOPPY ? "acd" : kind == TB_DRIVE_DISK ? "cad" : "dac");
    }
    return refuse_shared_images(options, error);
}
