/* `truebox cpu`: the processor models. */
#include "cli/commands.h"
#include "cli/report.h"

#include <stdio.h>
#include <string.h>

void cpu_list(void)
{
    const char *name, *description;

    for (unsigned i = 0; tb_cpu_model(i, &name, &description); i++)
        printf("%-14s %s%s\n", name, description, i ? "" : " (default)");
}

static int show(const char *model)
{
    const char *name, *description;

    for (unsigned i = 0; tb_cpu_model(i, &name, &description); i++) {
        if (!strcmp(name, model)) {
            printf("name         %s\ndescription  %s\n", name, description);
            return TB_STATUS_OK;
        }
    }
    report_line("cpu show: unknown model: %s (`truebox cpu list` lists them)", model);
    return TB_STATUS_USAGE;
}

int cpu_command(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "list")) {
        cpu_list();
        return TB_STATUS_OK;
    }
    if (argc == 3 && !strcmp(argv[1], "show"))
        return show(argv[2]);
    report_line("cpu: wants `list` or `show MODEL`");
    return TB_STATUS_USAGE;
}
