/* The screen into files. */
#ifndef TRUEBOX_FRONTENDS_CLI_PICTURE_H
#define TRUEBOX_FRONTENDS_CLI_PICTURE_H

#include <stdbool.h>
#include <truebox/truebox.h>

/* The current picture as PNG; a blank display gives a black picture of 640 x 400. */
bool picture_screenshot(tb_machine *machine, const char *path, struct tb_error *error);

/* The text screen; an empty file in graphics modes. */
bool picture_screen_text(tb_machine *machine, const char *path, struct tb_error *error);

/* A screenshot into the current directory, truebox-001.png or the next name that is free; `path` receives it. */
bool picture_next_screenshot(tb_machine *machine, char path[32], struct tb_error *error);

#endif
