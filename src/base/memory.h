/* Allocation that cannot fail half-way: out of memory for our own small objects ends the process with a message. */
#ifndef TRUEBOX_BASE_MEMORY_H
#define TRUEBOX_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed; for objects whose size we chose. Sizes that a file or guest chose go through calloc with a check. */
void *memory_new(size_t size);
void *memory_resize(void *old, size_t size);
char *memory_copy_string(const char *text);

#endif
