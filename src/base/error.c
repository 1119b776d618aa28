/* Filling the public struct tb_error. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct tb_error *error, enum tb_status status, const char *format, ...)
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
