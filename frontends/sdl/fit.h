/* How large a picture is drawn in a window: whole multiples of its pixels, as near to their true shape as these allow. */
#ifndef TRUEBOX_FRONTENDS_SDL_FIT_H
#define TRUEBOX_FRONTENDS_SDL_FIT_H

struct fit {
    unsigned across, down; /* host pixels for one of the picture's; 0: the window is too small for whole ones */
};

/* For a window of `window_width` x `window_height` and a picture of width x height whose pixels have the shape
 * aspect_x:aspect_y. */
struct fit fit_picture(unsigned window_width, unsigned window_height, unsigned width, unsigned height, unsigned aspect_x,
                       unsigned aspect_y);

/* How many host pixels a picture's pixel is high when it is `across` wide. */
unsigned fit_down(unsigned across, unsigned aspect_x, unsigned aspect_y);

#endif
