/* The host's keys by position. */
#ifndef TRUEBOX_FRONTENDS_SDL_KEYS_H
#define TRUEBOX_FRONTENDS_SDL_KEYS_H

#include <SDL.h>
#include <stdint.h>

/* The set 1 code of the key at this place of the keyboard, whatever the host's layout prints on it; 0 if the PC keyboard has
 * none. */
uint16_t sdl_key_code(SDL_Scancode scancode);

#endif
