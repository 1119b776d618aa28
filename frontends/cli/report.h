/* Errors of the program: one line "truebox: what: why" on standard error, and filling the public struct tb_error. */
#ifndef TRUEBOX_FRONTENDS_CLI_REPORT_H
#define TRUEBOX_FRONTENDS_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <truebox/truebox.h>

/* Sets *error (may be NULL) to `status` and the formatted text; returns false so that callers can return it. */
bool report_set(struct tb_error *error, enum tb_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes "truebox: " and the formatted text as one line to standard error; control characters in it become '?', so that
   a file name cannot make two lines of one. */
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes error->text the same way and returns error->status. */
int report_error(const struct tb_error *error);

/* Memory that the program needs to go on; ends it with one line when there is none. */
void *report_resize(void *old, size_t size);

#endif
