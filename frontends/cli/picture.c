/* The screen into files. */
#include "cli/picture.h"

#include "cli/output_file.h"
#include "cli/png_write.h"
#include "cli/report.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool picture_screenshot(tb_machine *machine, const char *path, struct tb_error *error)
{
    struct tb_screen screen;
    bool blank, good;

    tb_screen_get(machine, &screen);
    blank = !screen.width || !screen.height;
    unsigned width = blank ? 640 : screen.width, height = blank ? 400 : screen.height;
    uint32_t *pixels = report_resize(NULL, (size_t)width * height * sizeof *pixels);
    if (blank)
        memset(pixels, 0, (size_t)width * height * sizeof *pixels);
    else
        tb_screen_render(machine, pixels, width);
    good = png_write_rgb(path, pixels, width, height, width, error);
    free(pixels);
    return good;
}

bool picture_screen_text(tb_machine *machine, const char *path, struct tb_error *error)
{
    size_t size = tb_screen_text(machine, NULL, 0);
    char *text = report_resize(NULL, size + 1);
    bool good;

    *text = 0;
    tb_screen_text(machine, text, size + 1);
    good = output_file_write(path, text, strlen(text), error);
    free(text);
    return good;
}

bool picture_next_screenshot(tb_machine *machine, char path[32], struct tb_error *error)
{
    for (unsigned number = 1; number < 100000; number++) {
        snprintf(path, 32, "truebox-%03u.png", number);
        if (access(path, F_OK))
            return picture_screenshot(machine, path, error);
    }
    return report_set(error, TB_STATUS_NO_INPUT, "%s: too many screenshots in this directory", path);
}
