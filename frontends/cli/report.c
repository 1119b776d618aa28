/* Errors of the program, one line each. */
#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool report_set(struct tb_error *error, enum tb_status status, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return false;
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

void report_line(const char *format, ...)
{
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    fflush(stdout);
    fprintf(stderr, "truebox: %s\n", line);
}

int report_error(const struct tb_error *error)
{
    report_line("%s", error->text);
    return error->status;
}

void *report_resize(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);

    if (!memory) {
        report_line("out of memory: %zu bytes asked for", size);
        exit(TB_STATUS_SOFTWARE);
    }
    return memory;
}
