/* In place of window.c in a program built without SDL2. */
#include "cli/report.h"
#include "display.h"

bool window_open(struct display *display, bool fullscreen, unsigned scale, struct tb_error *error)
{
    (void)display;
    (void)fullscreen;
    (void)scale;
    return report_set(error, TB_STATUS_USAGE, "--display sdl: this program was built without SDL2");
}
