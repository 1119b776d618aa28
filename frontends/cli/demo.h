/* The demo guest that runs when no image is named: the library has it, a drive wants a file. */
#ifndef TRUEBOX_FRONTENDS_CLI_DEMO_H
#define TRUEBOX_FRONTENDS_CLI_DEMO_H

#include "cli/options.h"

#include <stdbool.h>
#include <truebox/truebox.h>

/* If neither an image nor a drive nor another BIOS was named: puts the demo into drive A, in a temporary file whose name
 *path receives (else NULL). Once the machine is made demo_forget removes it. */
bool demo_insert(struct run_options *options, char **path, struct tb_error *error);
void demo_forget(char **path);

#endif
