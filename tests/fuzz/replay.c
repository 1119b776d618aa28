/* Runs inputs that were kept: fuzz-replay TARGET FILE... Stands in for libFuzzer in ordinary builds, so that what was once found stays
   a test. It ends well if nothing crashed. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static int replay(const struct fuzz_target *target, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    size_t size;

    if (!file || !bytes) {
        perror(path);
        return 66;
    }
    size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    /* The exact size, so that a sanitizer sees what reads past the end. */
    bytes = realloc(bytes, size ? size : 1);
    target->run(bytes, size);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    const struct fuzz_target *target = fuzz_target_find(argc > 1 ? argv[1] : NULL);
    int status = 0;

    if (!target) {
        fprintf(stderr, "Usage: fuzz-replay TARGET FILE...; targets:");
        for (target = fuzz_targets; target->name; target++)
            fprintf(stderr, " %s", target->name);
        fprintf(stderr, "\n");
        return 64;
    }
    for (int i = 2; i < argc && !status; i++)
        status = replay(target, argv[i]);
    return status;
}
