/* --stats. */
#include "cli/stats.h"

#include "cli/output_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

double stats_user_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

bool stats_write(const char *path, const struct stats *stats, struct tb_error *error)
{
    char text[512];
    int length = snprintf(text, sizeof text,
                          "{\n"
                          "  \"instructions\": %" PRIu64 ",\n"
                          "  \"virtual_ns\": %" PRIu64 ",\n"
                          "  \"host_user_s\": %.6f,\n"
                          "  \"mips\": %.3f,\n"
                          "  \"state_hash\": \"%016" PRIx64 "\",\n"
                          "  \"reason\": \"%s\",\n"
                          "  \"exit_status\": %d\n"
                          "}\n",
                          stats->instructions, stats->virtual_ns, stats->host_user_s, stats->mips, stats->state_hash,
                          stats->reason, stats->exit_status);

    return output_file_write(path, text, (size_t)length, error);
}
