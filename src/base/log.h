/* The machine's log: categories that can be switched on one by one, one sink per machine (R3). */
#ifndef TRUEBOX_BASE_LOG_H
#define TRUEBOX_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_category {
    LOG_GUEST,     /* the guest did something that real hardware would ignore or that is probably its defect */
    LOG_FAULT,     /* exceptions with their reason rows */
    LOG_INTERRUPT, /* interrupts delivered */
    LOG_PORT,      /* port accesses that nothing answers */
    LOG_MEMORY,    /* physical accesses that nothing answers */
    LOG_DEVICE,    /* what the chips do */
    LOG_DISK,      /* block backends and drive commands */
    LOG_MACHINE,   /* reset, shutdown, power */
    LOG_CATEGORY_COUNT
};

struct log {
    uint32_t enabled; /* bit per log_category */
    void (*sink)(void *owner, enum log_category category, const char *line);
    void *owner;
};

/* The category's name on the command line ("guest", "fault", ...). */
const char *log_category_name(enum log_category category);

static inline bool log_wanted(const struct log *log, enum log_category category)
{
    return log && log->sink && (log->enabled >> category & 1);
}

/* Formats one line (without newline) and hands it to the sink if the category is on. `log` may be NULL. */
void log_write(const struct log *log, enum log_category category, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
