/* Files that the program writes: whole or not at all. */
#ifndef TRUEBOX_FRONTENDS_CLI_OUTPUT_FILE_H
#define TRUEBOX_FRONTENDS_CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <truebox/truebox.h>

/* Writes beside the target and renames; a device, a pipe or /dev/stdout is written directly, a link is followed. */
bool output_file_write(const char *path, const void *bytes, size_t size, struct tb_error *error);

/* Whether output_file_write can be expected to succeed, asked before a long run. NULL is fine. */
bool output_file_check(const char *path, struct tb_error *error);

#endif
