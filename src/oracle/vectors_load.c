/* Loading test files, plain or gzip, and the buffers that tests are read into. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "oracle/vectors.h"

#define FILE_LIMIT (UINT64_C(1) << 30) /* decompressed */
#define MEMORY_LIMIT (1u << 20)        /* bytes listed in one state */

void vector_test_reset(struct vector_test *test)
{
    struct vector_byte *initial = test->initial.memory, *final = test->final.memory;
    size_t initial_capacity = test->initial.memory_capacity, final_capacity = test->final.memory_capacity;

    memset(test, 0, sizeof *test);
    test->initial.memory = initial;
    test->initial.memory_capacity = initial_capacity;
    test->final.memory = final;
    test->final.memory_capacity = final_capacity;
}

void vector_test_free(struct vector_test *test)
{
    free(test->initial.memory);
    free(test->final.memory);
}

bool vector_state_add(struct vector_state *state, uint32_t address, uint8_t value)
{
    if (state->memory_count == state->memory_capacity) {
        size_t capacity = state->memory_capacity ? 2 * state->memory_capacity : 256;
        struct vector_byte *memory;

        if (capacity > MEMORY_LIMIT || !(memory = realloc(state->memory, capacity * sizeof *memory)))
            return false;
        state->memory = memory;
        state->memory_capacity = capacity;
    }
    state->memory[state->memory_count++] = (struct vector_byte){address, value};
    return true;
}

uint8_t *vectors_load(const char *path, size_t *size, struct tb_error *error)
{
    gzFile file = gzopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t used = 0, capacity = 0;
    int got = 1, code = Z_OK;

    if (!file) {
        error_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
        return NULL;
    }
    while (got > 0) {
        if (used == capacity) {
            uint8_t *larger = NULL;

            capacity = capacity ? 2 * capacity : 1 << 20;
            if (capacity > FILE_LIMIT || !(larger = realloc(bytes, capacity))) {
                error_set(error, TB_STATUS_DATA, "%s: larger than %llu MiB when decompressed", path,
                          (unsigned long long)(FILE_LIMIT >> 20));
                goto failed;
            }
            bytes = larger;
        }
        got = gzread(file, bytes + used, (unsigned)(capacity - used));
        if (got > 0)
            used += (unsigned)got;
    }
    gzerror(file, &code);
    if (got < 0 || code != Z_OK) {
        if (code == Z_ERRNO)
            error_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
        else
            error_set(error, TB_STATUS_DATA, "%s: damaged or cut off gzip data", path);
        goto failed;
    }
    gzclose(file);
    *size = used;
    return bytes;

failed:
    gzclose(file);
    free(bytes);
    return NULL;
}
