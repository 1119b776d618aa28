/* The host's mouse in the window. */
#include "sdl/mouse.h"

/* Movement joins the last change that waits if the buttons are the same; so does everything once the queue is full. */
static void queue_change(struct sdl_mouse *mouse, int right, int down, int wheel)
{
    struct sdl_mouse_change *last = mouse->count ? &mouse->queue[(mouse->head + mouse->count - 1) % SDL_MOUSE_QUEUE] : NULL;

    if (!last || (last->buttons != mouse->buttons && mouse->count < SDL_MOUSE_QUEUE)) {
        last = &mouse->queue[(mouse->head + mouse->count++) % SDL_MOUSE_QUEUE];
        *last = (struct sdl_mouse_change){0, 0, 0, 0};
    }
    last->right += right;
    last->down += down;
    last->wheel += wheel;
    last->buttons = mouse->buttons;
}

void sdl_mouse_grab(struct sdl_mouse *mouse, bool grab)
{
    if (grab == mouse->grabbed)
        return;
    mouse->grabbed = grab;
    SDL_SetRelativeMouseMode(grab ? SDL_TRUE : SDL_FALSE);
    if (!grab && mouse->buttons) {
        mouse->buttons = 0;
        queue_change(mouse, 0, 0, 0);
    }
}

static unsigned button_bit(uint8_t button)
{
    switch (button) {
    case SDL_BUTTON_LEFT: return TB_MOUSE_LEFT;
    case SDL_BUTTON_RIGHT: return TB_MOUSE_RIGHT;
    case SDL_BUTTON_MIDDLE: return TB_MOUSE_MIDDLE;
    case SDL_BUTTON_X1: return TB_MOUSE_FOURTH;
    case SDL_BUTTON_X2: return TB_MOUSE_FIFTH;
    default: return 0;
    }
}

void sdl_mouse_take(struct sdl_mouse *mouse, const SDL_Event *event)
{
    if (!mouse->grabbed)
        return;
    switch (event->type) {
    case SDL_MOUSEMOTION: queue_change(mouse, event->motion.xrel, event->motion.yrel, 0); break;
    case SDL_MOUSEBUTTONDOWN:
        mouse->buttons |= button_bit(event->button.button);
        queue_change(mouse, 0, 0, 0);
        break;
    case SDL_MOUSEBUTTONUP:
        mouse->buttons &= ~button_bit(event->button.button);
        queue_change(mouse, 0, 0, 0);
        break;
    case SDL_MOUSEWHEEL: queue_change(mouse, 0, 0, -event->wheel.y); break; /* SDL counts away from the user */
    default: break;
    }
}

void sdl_mouse_send(struct sdl_mouse *mouse, tb_machine *machine)
{
    while (mouse->count && tb_mouse_idle(machine)) {
        const struct sdl_mouse_change *next = &mouse->queue[mouse->head];

        tb_mouse(machine, next->right, next->down, next->wheel, next->buttons);
        mouse->head = (mouse->head + 1) % SDL_MOUSE_QUEUE;
        mouse->count--;
    }
}
