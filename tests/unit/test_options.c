/* The command line. */
#include "cli/options.h"

#include <criterion/criterion.h>
#include <string.h>

static struct run_options options;
static struct tb_error error;

/* Parses words separated by single blanks. */
static bool parse(const char *line)
{
    static char copy[1000];
    static char *words[64];
    int count = 0;

    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    memset(&error, 0, sizeof error);
    options_free(&options);
    return options_parse(&options, count, words, &error);
}

Test(options, numbers_and_suffixes)
{
    uint64_t value;

    cr_assert(options_parse_number("64M", 1024, 1 << 20, &value) && value == 64 << 20);
    cr_assert(options_parse_number("64", 1024, 1 << 20, &value) && value == 64 << 20);
    cr_assert(options_parse_number("640k", 1024, 1, &value) && value == 655360);
    cr_assert(options_parse_number("3g", 1000, 1, &value) && value == 3000000000);
    cr_assert(options_parse_number("0xf4", 1000, 1, &value) && value == 0xf4);
    cr_assert_not(options_parse_number("", 1000, 1, &value));
    cr_assert_not(options_parse_number("-1", 1000, 1, &value));
    cr_assert_not(options_parse_number("1kk", 1000, 1, &value));
    cr_assert_not(options_parse_number("1x", 1000, 1, &value));
    cr_assert_not(options_parse_number("99999999999999999999", 1000, 1, &value));
    cr_assert_not(options_parse_number("99999999999g", 1000, 1, &value));
}

Test(options, times)
{
    int64_t seconds;

    cr_assert(options_parse_time("1980-01-01T00:00:00", &seconds) && seconds == 315532800);
    cr_assert(options_parse_time("2026-01-01T00:00:00", &seconds) && seconds == 1767225600);
    cr_assert(options_parse_time("2024-02-29T23:59:59", &seconds) && seconds == 1709251199);
    cr_assert_not(options_parse_time("2026-02-29T00:00:00", &seconds));
    cr_assert_not(options_parse_time("2026-01-01 00:00:00", &seconds));
    cr_assert_not(options_parse_time("2026-01-01T24:00:00", &seconds));
    cr_assert_not(options_parse_time("2026-1-1T00:00:00", &seconds));
    cr_assert_not(options_parse_time("1979-12-31T00:00:00", &seconds));
}

Test(options, what_is_not_said_has_its_default)
{
    cr_assert(parse("run"));
    cr_assert_eq(options.machine.memory_size, 64 << 20);
    cr_assert_eq(options.machine.ips, 100000000);
    cr_assert_eq(options.display, DISPLAY_DEFAULT);
    cr_assert_eq(options.max_clock, UINT64_MAX);
    cr_assert(options.machine.shutdown_resets);
    cr_assert_null(options.image);
}

Test(options, all_that_is_said_arrives)
{
    cr_assert(
        parse("run disk.img -m 16 --cpu 80386 --engine plain --ips 33m --seed 7 --rtc 1999-12-31T23:59:58 --fdb b.img "
              "--cdrom c.iso --boot d,a --snapshot --bios B --vgabios V --option-rom O --headless --fullscreen --scale 3 "
              "--serial stdio --serial file:x --debugcon file:y --isa-debug-exit=0x501 --on-shutdown exit --until u "
              "--max-insns 5m --max-seconds 1.5 --keys key:a --screenshot s --screen-text t --stats j --log all -S --gdb "
              "1234"),
        "%s", error.text);
    cr_assert_str_eq(options.image, "disk.img");
    cr_assert_eq(options.machine.memory_size, 16 << 20);
    cr_assert_str_eq(options.machine.cpu_model, "80386");
    cr_assert_eq(options.machine.engine, TB_ENGINE_PLAIN);
    cr_assert_eq(options.machine.ips, 33000000);
    cr_assert_eq(options.machine.seed, 7);
    cr_assert_eq(options.machine.rtc_seconds, 946684798);
    cr_assert_str_eq(options.machine.drives[TB_FDB].path, "b.img");
    cr_assert_eq(options.machine.drives[TB_HDC].kind, TB_DRIVE_CDROM);
    cr_assert_str_eq(options.machine.boot_order, "da");
    cr_assert(options.machine.discard_disk_writes);
    cr_assert_str_eq(options.machine.bios_path, "B");
    cr_assert_str_eq(options.machine.vga_bios_path, "V");
    cr_assert_str_eq(options.machine.option_rom_path, "O");
    cr_assert_eq(options.display, DISPLAY_NONE);
    cr_assert_eq(options.scale, 3);
    cr_assert_eq(options.serial_count, 2);
    cr_assert_str_eq(options.debugcon, "file:y");
    cr_assert(options.machine.debug_exit);
    cr_assert_eq(options.machine.debug_exit_port, 0x501);
    cr_assert_not(options.machine.shutdown_resets);
    cr_assert_eq(options.max_clock, 5000000);
    cr_assert_eq(options.max_host_ns, 1500000000);
    cr_assert_eq(options.script.count, 1);
    cr_assert(options.wait_for_debugger);
    options_free(&options);
}

Test(options, isa_debug_exit_has_a_port_of_its_own)
{
    cr_assert(parse("run --isa-debug-exit image"));
    cr_assert_eq(options.machine.debug_exit_port, 0xf4);
    cr_assert_str_eq(options.image, "image");
}

Test(options, errors)
{
    static const struct {
        const char *line, *wanted;
    } cases[] = {
        {"run --bogus", "unknown option: --bogus"},
        {"run -x", "unknown option: -x"},
        {"run --memory", "option wants an argument: --memory"},
        {"run --headless=1", "option takes no argument: --headless=1"},
        {"run -m 512k", "--memory: wants 1M to 3G"},
        {"run -m 4g", "--memory: wants 1M to 3G"},
        {"run --cpu z80", "--cpu: unknown model: z80"},
        {"run --engine slow", "--engine: wants one of fast, plain, not slow"},
        {"run --ips 0", "--ips: wants"},
        {"run --boot x", "--boot: wants"},
        {"run --boot a,a", "--boot: wants"},
        {"run --display x11", "--display: wants one of sdl, term, none"},
        {"run --scale 0", "--scale: wants 1 to 16"},
        {"run --serial tty", "--serial: wants"},
        {"run --serial file:", "--serial: wants"},
        {"run --serial stdio --serial stdio", "standard input is wanted twice"},
        {"run --serial stdio --display term", "standard input is wanted twice"},
        {"run --isa-debug-exit=0x10000", "--isa-debug-exit: wants a port"},
        {"run --on-shutdown burn", "--on-shutdown: wants one of reset, exit"},
        {"run --max-seconds x", "--max-seconds: not a number"},
        {"run --max-seconds nan", "--max-seconds: not a number"},
        {"run --fda a --fda b", "--fda: this drive has an image already: a"},
        {"run --cdrom a --hdc b", "--hdc: this drive has an image already: a"},
        {"run a b", "more than one image: b"},
        {"run --smp 2", "--smp: not in this version"},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_not(parse(cases[i].line), "%s", cases[i].line);
        cr_assert_eq(error.status, TB_STATUS_USAGE);
        cr_assert_eq(strncmp(error.text, cases[i].wanted, strlen(cases[i].wanted)), 0, "%s: %s", cases[i].line, error.text);
    }
    options_free(&options);
}
