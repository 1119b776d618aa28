/* Filling the public struct tb_error: one line of context, one exit status. */
#ifndef TRUEBOX_BASE_ERROR_H
#define TRUEBOX_BASE_ERROR_H

#include <stdbool.h>
#include <truebox/truebox.h>

/* Sets `error` (which may be NULL) to `status` and the formatted text; returns false so that callers can
   `return error_set(...)`. The text reads "what: why" and names the file concerned. */
bool error_set(struct tb_error *error, enum tb_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
