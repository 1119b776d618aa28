/* The list of targets, and what they share. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

const struct fuzz_target fuzz_targets[] = {
    {"vectors", fuzz_vectors},   {"image", fuzz_image},
    {"firmware", fuzz_firmware}, {"snapshot", fuzz_snapshot},
    {"gdb", fuzz_gdb},           {"script", fuzz_script},
    {"options", fuzz_options},   {"code", fuzz_code},
    {"ports", fuzz_ports},       {NULL, NULL},
};

const struct fuzz_target *fuzz_target_find(const char *name)
{
    const struct fuzz_target *target = fuzz_targets;

    while (target->name && (!name || strcmp(target->name, name)))
        target++;
    return target->name ? target : NULL;
}

_Noreturn void fuzz_defect(const char *what)
{
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

struct fuzz_file fuzz_file_new(const uint8_t *bytes, size_t size)
{
    struct fuzz_file file = {memfd_create("fuzz", MFD_CLOEXEC), ""};

    if (file.descriptor < 0 || write(file.descriptor, bytes, size) != (ssize_t)size)
        fuzz_defect("no file in memory");
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

void fuzz_file_close(struct fuzz_file *file)
{
    close(file->descriptor);
}

/* libFuzzer has no room for an argument of ours: TRUEBOX_FUZZ names the target. */
static const struct fuzz_target *chosen;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    chosen = fuzz_target_find(getenv("TRUEBOX_FUZZ"));
    if (!chosen)
        fuzz_defect("TRUEBOX_FUZZ names no target");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    chosen->run(bytes, size);
    return 0;
}
