/* The machine's log. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

const char *log_category_name(enum log_category category)
{
    static const char *const names[LOG_CATEGORY_COUNT] = {
        [LOG_GUEST] = "guest",   [LOG_FAULT] = "fault",   [LOG_INTERRUPT] = "interrupt", [LOG_PORT] = "port",
        [LOG_MEMORY] = "memory", [LOG_DEVICE] = "device", [LOG_DISK] = "disk",           [LOG_MACHINE] = "machine",
    };
    return category < LOG_CATEGORY_COUNT ? names[category] : "?";
}

void log_write(const struct log *log, enum log_category category, const char *format, ...)
{
    char line[512];
    va_list arguments;

    if (!log_wanted(log, category))
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log->sink(log->owner, category, line);
}
