/* --stats: the figures of a run as JSON. */
#ifndef TRUEBOX_FRONTENDS_CLI_STATS_H
#define TRUEBOX_FRONTENDS_CLI_STATS_H

#include <stdbool.h>
#include <stdint.h>
#include <truebox/truebox.h>

struct stats {
    uint64_t instructions; /* the machine clock */
    uint64_t virtual_ns;
    double host_user_s; /* user time of this process */
    double mips;        /* clock counts per microsecond of user time, without those that passed while halted */
    uint64_t state_hash;
    const char *reason;
    int exit_status;
};

bool stats_write(const char *path, const struct stats *stats, struct tb_error *error);

/* User time of this process in seconds. */
double stats_user_seconds(void);

#endif
