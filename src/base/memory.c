/* Allocation of our own small objects. */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *pointer)
{
    if (!pointer) {
        fputs("truebox: out of memory\n", stderr);
        abort();
    }
    return pointer;
}

void *memory_new(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *memory_resize(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1));
}

char *memory_copy_string(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(memory_new(size), text, size);
}
