/* The host's mouse while the guest has it: movements and button changes wait here until the guest has seen the ones before,
   so that a quick click is not lost between two of the guest's looks. */
#ifndef TRUEBOX_FRONTENDS_SDL_MOUSE_H
#define TRUEBOX_FRONTENDS_SDL_MOUSE_H

#include <SDL.h>
#include <stdbool.h>
#include <truebox/truebox.h>

enum { SDL_MOUSE_QUEUE = 64 };

struct sdl_mouse {
    bool grabbed;
    unsigned buttons; /* that are down (enum tb_mouse_button) */
    struct sdl_mouse_change {
        int right, down, wheel;
        unsigned buttons;
    } queue[SDL_MOUSE_QUEUE];
    unsigned head, count;
};

/* Gives the mouse to the guest or takes it back; buttons that are down come up. */
void sdl_mouse_grab(struct sdl_mouse *mouse, bool grab);

/* Motion, button or wheel; ignored while the host has the mouse. */
void sdl_mouse_take(struct sdl_mouse *mouse, const SDL_Event *event);

/* Hands on what the guest can take now. */
void sdl_mouse_send(struct sdl_mouse *mouse, tb_machine *machine);

#endif
