/* `truebox vectors`: single-step tests captured from real processors. */
#include "cli/commands.h"
#include "cli/report.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_PER_FILE = 10 };

struct failures {
    const char *path;
    unsigned shown;
    bool all;
};

static void show_failure(void *owner, const char *line)
{
    struct failures *failures = owner;

    if (failures->all || failures->shown < SHOWN_PER_FILE)
        printf("%s: %s\n", failures->path, line);
    failures->shown++;
}

static bool parse(int argc, char **argv, const char **model, enum tb_engine *engine, bool *all, struct tb_error *error)
{
    static const struct option longs[] = {{"cpu", required_argument, NULL, 'c'},
                                          {"engine", required_argument, NULL, 'e'},
                                          {"all", no_argument, NULL, 'a'},
                                          {0}};
    int found;

    opterr = 0;
    optind = 0;
    while ((found = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
        if (found == 'c')
            *model = optarg;
        else if (found == 'a')
            *all = true;
        else if (found == 'e' && !strcmp(optarg, "plain"))
            *engine = TB_ENGINE_PLAIN;
        else if (found == 'e' && !strcmp(optarg, "fast"))
            *engine = TB_ENGINE_FAST;
        else if (found == 'e')
            return report_set(error, TB_STATUS_USAGE, "--engine: wants one of fast, plain, not %s", optarg);
        else
            return report_set(error, TB_STATUS_USAGE, "vectors: %s: %s",
                              found == ':' ? "option wants an argument" : "unknown option", argv[optind - 1]);
    }
    if (!*model)
        return report_set(error, TB_STATUS_USAGE, "vectors: --cpu MODEL is missing");
    if (optind == argc)
        return report_set(error, TB_STATUS_USAGE, "vectors: no file named");
    return true;
}

int vectors_command(int argc, char **argv)
{
    const char *model = NULL;
    enum tb_engine engine = TB_ENGINE_FAST;
    struct tb_error error = {TB_STATUS_OK, ""};
    uint64_t total_run = 0, total_failed = 0;
    int status = TB_STATUS_OK;
    unsigned files = 0;
    bool all = false;

    if (!parse(argc, argv, &model, &engine, &all, &error))
        return report_error(&error);
    for (int i = optind; i < argc; i++) {
        struct failures failures = {argv[i], 0, all};
        uint64_t run = 0, failed = 0;

        if (!tb_vectors_run(argv[i], model, engine, show_failure, &failures, &run, &failed, &error)) {
            status = report_error(&error);
            if (status == TB_STATUS_USAGE)
                return status;
            continue;
        }
        if (failed)
            printf("%s: %" PRIu64 " of %" PRIu64 " failed\n", argv[i], failed, run);
        fflush(stdout);
        total_run += run;
        total_failed += failed;
        files++;
    }
    printf("vectors: %u files, %" PRIu64 " run, %" PRIu64 " failed\n", files, total_run, total_failed);
    return status ? status : total_failed ? 1 : TB_STATUS_OK;
}
