/* Integer scaling with aspect. */
#include "sdl/fit.h"

unsigned fit_down(unsigned across, unsigned aspect_x, unsigned aspect_y)
{
    unsigned down;

    if (!aspect_x || !aspect_y)
        return across;
    down = (across * aspect_y * 2 + aspect_x) / (2 * aspect_x);
    return down ? down : 1;
}

/* How far across:down is from the true shape, 1 or more. */
static double distortion(unsigned across, unsigned down, unsigned aspect_x, unsigned aspect_y)
{
    double shape = (double)across * aspect_y / ((double)down * aspect_x);

    return shape < 1 ? 1 / shape : shape;
}

struct fit fit_picture(unsigned window_width, unsigned window_height, unsigned width, unsigned height, unsigned aspect_x,
                       unsigned aspect_y)
{
    unsigned most_across = width ? window_width / width : 0, most_down = height ? window_height / height : 0, largest = 0;
    struct fit best = {0, 0};

    if (!aspect_x || !aspect_y)
        aspect_x = aspect_y = 1;
    /* The largest area without gross distortion; square pixels always count as none. */
    for (unsigned across = 1; across <= most_across; across++) {
        for (unsigned down = 1; down <= most_down; down++) {
            if ((across == down || distortion(across, down, aspect_x, aspect_y) < 1.4) && across * down > largest)
                largest = across * down;
        }
    }
    /* Of those not much smaller, the one of the best shape. */
    double least = 1e9;
    for (unsigned across = 1; across <= most_across; across++) {
        for (unsigned down = 1; down <= most_down; down++) {
            double amount = distortion(across, down, aspect_x, aspect_y);

            if (across * down * 5 >= largest * 3 && amount < least - 1e-9) {
                least = amount;
                best = (struct fit){across, down};
            }
        }
    }
    return best;
}
