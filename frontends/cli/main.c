/* truebox: the program. */
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/report.h"

#include <stdio.h>
#include <string.h>

static void help(void)
{
    printf("Usage: truebox run [IMAGE] [options]         boot a floppy, disk or CD image; none: the demo\n"
           "       truebox vectors --cpu MODEL FILE...   run hardware-captured single-step tests\n"
           "       truebox disasm [--bits 16|32|64] [--org N] [FILE]\n"
           "       truebox cpu list | cpu show MODEL     the processors that can be emulated\n"
           "       truebox explain IMAGE [options]       run headless, then tell why the last exception was raised\n"
           "       truebox --version | --help\n"
           "\n"
           "Options of run:\n");
    options_help();
    printf("\nThe manual, truebox(1), describes them all.\n");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"run", run_command},         {"vectors", vectors_command}, {"disasm", disasm_command},
        {"explain", explain_command}, {"cpu", cpu_command},
    };
    static const char *const later[] = {"trace", "diff", "snapshot"};
    const char *name = argc > 1 ? argv[1] : "";

    if (!strcmp(name, "--version")) {
        printf("truebox %s\n", tb_version());
        return 0;
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
        help();
        return 0;
    }
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (!strcmp(name, commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    }
    for (unsigned i = 0; i < sizeof later / sizeof later[0]; i++) {
        if (!strcmp(name, later[i])) {
            report_line("%s: not in this version", name);
            return TB_STATUS_USAGE;
        }
    }
    if (argc < 2)
        report_line("a command is missing (try `truebox --help`)");
    else
        report_line("unknown command: %s (try `truebox --help`)", name);
    return TB_STATUS_USAGE;
}
