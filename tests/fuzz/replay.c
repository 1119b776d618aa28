/* Stands in for libFuzzer in ordinary builds, where it is many times faster but sees no coverage. It ends well if nothing
   crashed. fuzz-replay TARGET FILE...                         runs inputs that were kept: what was once found stays a test
     fuzz-replay TARGET --generate COUNT SEED FILE...   runs COUNT inputs made from the files by chance; input n is that of
   SEED + n, and each seed is told on standard error before it is run */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20, GENERATED_MAX = 2048 };

/* At most INPUT_MAX bytes of a file in a buffer of exactly that size, so that a sanitizer sees what reads past the end. */
static uint8_t *load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_MAX), *exact;

    if (!file || !bytes) {
        perror(path);
        exit(66);
    }
    *size = fread(bytes, 1, INPUT_MAX, file);
    fclose(file);
    exact = realloc(bytes, *size ? *size : 1);
    return exact ? exact : bytes;
}

static void replay(const struct fuzz_target *target, const char *path)
{
    size_t size;
    uint8_t *bytes = load(path, &size);

    target->run(bytes, size);
    free(bytes);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t limit)
{
    return limit ? next_random(state) % limit : 0;
}

/* Pieces of the files joined, then bytes changed: few of them mostly, now and then all. */
static size_t generate(uint64_t seed, char **paths, size_t count, uint8_t *to)
{
    size_t size = 0, changes;
    uint64_t random = seed;

    for (size_t pieces = 1 + below(&random, 4); count && pieces; pieces--) {
        size_t whole, from, length;
        uint8_t *bytes = load(paths[below(&random, count)], &whole);

        from = size && whole > 2 ? 2 + below(&random, whole - 2) / 4 * 4 : 0; /* operations are four bytes */
        from = from < whole ? from : 0;
        length = below(&random, 3) ? whole - from : below(&random, whole - from + 1);
        length = length < GENERATED_MAX - size ? length : GENERATED_MAX - size;
        memcpy(to + size, bytes + from, length);
        size += length;
        free(bytes);
    }
    if (below(&random, 8) == 0 || !size) {
        size = 1 + below(&random, GENERATED_MAX);
        for (size_t i = 0; i < size; i++)
            to[i] = (uint8_t)next_random(&random);
    }
    changes = below(&random, below(&random, 3) ? 8 : size);
    while (changes--)
        to[below(&random, size)] = (uint8_t)next_random(&random);
    return size;
}

static void run_generated(const struct fuzz_target *target, uint64_t count, uint64_t seed, char **paths, size_t path_count)
{
    for (; count; count--, seed++) {
        uint8_t made[GENERATED_MAX], *bytes;
        size_t size = generate(seed, paths, path_count, made);

        fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        bytes = malloc(size);
        if (!bytes)
            fuzz_defect("no memory");
        memcpy(bytes, made, size);
        target->run(bytes, size);
        free(bytes);
    }
}

int main(int argc, char **argv)
{
    const struct fuzz_target *target = fuzz_target_find(argc > 1 ? argv[1] : NULL);

    if (!target || (argc > 2 && !strcmp(argv[2], "--generate") && argc < 5)) {
        fprintf(stderr, "Usage: fuzz-replay TARGET [--generate COUNT SEED] FILE...; targets:");
        for (target = fuzz_targets; target->name; target++)
            fprintf(stderr, " %s", target->name);
        fprintf(stderr, "\n");
        return 64;
    }
    if (argc > 2 && !strcmp(argv[2], "--generate"))
        run_generated(target, strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0), argv + 5, (size_t)argc - 5);
    else
        for (int i = 2; i < argc; i++)
            replay(target, argv[i]);
    return 0;
}
