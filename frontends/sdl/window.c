/* The SDL2 window: the picture in whole multiples of its pixels, the host's keys by position.
   Ctrl+Alt+F toggles fullscreen, Ctrl+Alt+S takes a screenshot, Ctrl+Alt+G gives the mouse to the guest, as a click does,
   and takes it back; an image that is dropped on the window goes into its drive; all else goes to the guest. */
#include "display.h"

#include "cli/picture.h"
#include "cli/report.h"
#include "sdl/fit.h"
#include "sdl/keys.h"
#include "sdl/mouse.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_MS = 500 };

struct window {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    struct tb_screen shown; /* what the texture holds */
    bool drawn;             /* false: the window must be painted again */
    bool fullscreen;
    SDL_Rect windowed; /* where the window was before */
    unsigned scale;    /* 0: what fits the desktop */
    uint32_t *pixels;
    bool down[SDL_NUM_SCANCODES];
    struct sdl_mouse mouse;
    uint32_t titled_at;
    char title[192];
};

/* Host pixels per picture pixel in a new window. */
static unsigned choose_scale(const struct window *window, const struct tb_screen *screen)
{
    SDL_Rect desktop;
    unsigned scale = window->scale;

    if (scale)
        return scale;
    scale = screen->width <= 360 ? 2 : 1;
    if (SDL_GetDisplayUsableBounds(0, &desktop) == 0) {
        unsigned twice = 2 * scale;

        if (twice * screen->width * 10 <= (unsigned)desktop.w * 9 &&
            fit_down(twice, screen->aspect_x, screen->aspect_y) * screen->height * 10 <= (unsigned)desktop.h * 9)
            scale = twice;
    }
    return scale;
}

/* A picture of a new size: new texture, and a window that fits unless the user has the whole screen. */
static bool resize_picture(struct window *window, const struct tb_screen *screen)
{
    unsigned scale = choose_scale(window, screen);

    if (window->texture)
        SDL_DestroyTexture(window->texture);
    window->texture = SDL_CreateTexture(window->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING,
                                        (int)screen->width, (int)screen->height);
    window->pixels = report_resize(window->pixels, (size_t)screen->width * screen->height * sizeof *window->pixels);
    if (!window->fullscreen && !(SDL_GetWindowFlags(window->window) & SDL_WINDOW_MAXIMIZED))
        SDL_SetWindowSize(window->window, (int)(screen->width * scale),
                          (int)(screen->height * fit_down(scale, screen->aspect_x, screen->aspect_y)));
    return window->texture != NULL;
}

/* Where the picture goes in the window: whole multiples in the middle; in a window that is too small, shrunk to fit. */
static SDL_Rect place(const struct window *window)
{
    const struct tb_screen *screen = &window->shown;
    int width, height;
    SDL_Rect target;

    SDL_GetRendererOutputSize(window->renderer, &width, &height);
    struct fit fit =
        fit_picture((unsigned)width, (unsigned)height, screen->width, screen->height, screen->aspect_x, screen->aspect_y);
    if (fit.across) {
        target.w = (int)(fit.across * screen->width);
        target.h = (int)(fit.down * screen->height);
    } else {
        double across = (double)width / screen->width, down = (double)height / screen->height,
               factor = across < down ? across : down;

        target.w = (int)(factor * screen->width);
        target.h = (int)(factor * screen->height);
    }
    target.x = (width - target.w) / 2;
    target.y = (height - target.h) / 2;
    return target;
}

static void set_title(struct window *window, const struct display_status *status)
{
    char title[sizeof window->title];
    const char *name = status->name ? strrchr(status->name, '/') : NULL;

    name = name ? name + 1 : status->name;
    snprintf(title, sizeof title, "Truebox%s%.60s - %.0f MIPS, %u%% - %s%s", name ? " - " : "", name ? name : "",
             status->mips, status->percent, status->state, window->mouse.grabbed ? " - Ctrl+Alt+G releases the mouse" : "");
    if (!strcmp(title, window->title))
        return;
    strcpy(window->title, title);
    SDL_SetWindowTitle(window->window, title);
}

static void window_show(void *owner, tb_machine *machine, const struct display_status *status)
{
    struct window *window = owner;
    struct tb_screen screen;

    if (!window->titled_at || SDL_GetTicks() - window->titled_at >= TITLE_MS) {
        set_title(window, status);
        window->titled_at = SDL_GetTicks() | 1;
    }
    tb_screen_get(machine, &screen);
    if (window->drawn && screen.generation == window->shown.generation)
        return;
    bool visible = screen.width && screen.height;
    if (visible && (!window->texture || screen.width != window->shown.width || screen.height != window->shown.height)) {
        if (!resize_picture(window, &screen))
            return;
    }
    SDL_SetRenderDrawColor(window->renderer, 0, 0, 0, 255);
    SDL_RenderClear(window->renderer);
    if (visible) {
        window->shown = screen;
        SDL_Rect target = place(window);
        tb_screen_render(machine, window->pixels, screen.width);
        SDL_UpdateTexture(window->texture, NULL, window->pixels, (int)(screen.width * sizeof *window->pixels));
        SDL_RenderCopy(window->renderer, window->texture, NULL, &target);
    }
    window->shown.generation = screen.generation;
    SDL_RenderPresent(window->renderer);
    window->drawn = true;
}

/* SDL asks the window manager for the whole screen; where there is none, the window is made as large as the screen by
 * ourselves. */
static void toggle_fullscreen(struct window *window)
{
    SDL_Rect *windowed = &window->windowed, screen;

    window->fullscreen = !window->fullscreen;
    if (window->fullscreen && SDL_GetDisplayBounds(SDL_GetWindowDisplayIndex(window->window), &screen) == 0) {
        SDL_GetWindowPosition(window->window, &windowed->x, &windowed->y);
        SDL_GetWindowSize(window->window, &windowed->w, &windowed->h);
        SDL_SetWindowPosition(window->window, screen.x, screen.y);
        SDL_SetWindowSize(window->window, screen.w, screen.h);
    }
    if (SDL_SetWindowFullscreen(window->window, window->fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0))
        window->fullscreen = !window->fullscreen;
    if (!window->fullscreen && windowed->w) {
        SDL_SetWindowSize(window->window, windowed->w, windowed->h);
        SDL_SetWindowPosition(window->window, windowed->x, windowed->y);
    }
    window->drawn = false;
}

static void screenshot(tb_machine *machine)
{
    struct tb_error error;
    char path[32];

    if (picture_next_screenshot(machine, path, &error))
        report_line("screenshot: %s", path);
    else
        report_error(&error);
}

static void grab_mouse(struct window *window, bool grab)
{
    sdl_mouse_grab(&window->mouse, grab);
    window->titled_at = 0; /* the title says how to get it back */
}

static void take_click(struct window *window, const SDL_Event *event)
{
    if (window->mouse.grabbed)
        sdl_mouse_take(&window->mouse, event);
    else if (event->button.button == SDL_BUTTON_LEFT)
        grab_mouse(window, true);
}

/* A file dropped on the window: a diskette or a CD for the first drive of its kind. */
static void insert_medium(tb_machine *machine, const char *path)
{
    struct tb_error error = {TB_STATUS_OK, ""};
    enum tb_drive_kind kind = tb_image_kind(path, &error);
    bool done = false;

    if (kind == TB_DRIVE_FLOPPY)
        done = tb_drive_change(machine, TB_FDA, path, &error);
    else if (kind == TB_DRIVE_CDROM)
        for (unsigned drive = TB_HDA; drive <= TB_HDD && !done; drive++)
            done = tb_drive_change(machine, (enum tb_drive)drive, path, &error);
    else if (kind == TB_DRIVE_DISK)
        report_set(&error, TB_STATUS_USAGE, "%s: a hard disk cannot be changed while the machine runs", path);
    if (done)
        report_line("inserted%s: %s", kind == TB_DRIVE_FLOPPY && tb_drive_read_only(machine, TB_FDA) ? " read-only" : "",
                    path);
    else
        report_error(&error);
}

/* Ctrl+Alt with a letter of ours, by what the host's layout prints on the key. */
static bool is_command(struct window *window, tb_machine *machine, const SDL_KeyboardEvent *key)
{
    if (!(key->keysym.mod & KMOD_CTRL) || !(key->keysym.mod & KMOD_ALT))
        return false;
    switch (key->keysym.sym) {
    case SDLK_f: toggle_fullscreen(window); return true;
    case SDLK_s: screenshot(machine); return true;
    case SDLK_g: grab_mouse(window, !window->mouse.grabbed); return true;
    default: return false;
    }
}

static void take_key(struct window *window, tb_machine *machine, struct typist *keys, const SDL_KeyboardEvent *key)
{
    SDL_Scancode scancode = key->keysym.scancode;
    uint16_t code = sdl_key_code(scancode);
    bool pressed = key->type == SDL_KEYDOWN;

    if (key->repeat) /* the guest's keyboard repeats by its own clock */
        return;
    if (pressed && is_command(window, machine, key))
        return;
    if (!code || (!pressed && !window->down[scancode]))
        return;
    window->down[scancode] = pressed;
    typist_add(keys, code, pressed);
}

/* Keys that are let go while another window has the focus would stay down for ever. */
static void release_all(struct window *window, struct typist *keys)
{
    for (unsigned i = 0; i < SDL_NUM_SCANCODES; i++) {
        if (window->down[i])
            typist_add(keys, sdl_key_code((SDL_Scancode)i), false);
        window->down[i] = false;
    }
}

static void lose_focus(struct window *window, struct typist *keys)
{
    release_all(window, keys);
    grab_mouse(window, false);
}

static bool window_poll(void *owner, tb_machine *machine, struct typist *keys, unsigned wait_ms)
{
    struct window *window = owner;
    SDL_Event event;
    bool any = wait_ms ? SDL_WaitEventTimeout(&event, (int)wait_ms) : SDL_PollEvent(&event);

    for (; any; any = SDL_PollEvent(&event)) {
        switch (event.type) {
        case SDL_QUIT: return false;
        case SDL_KEYDOWN:
        case SDL_KEYUP: take_key(window, machine, keys, &event.key); break;
        case SDL_MOUSEBUTTONDOWN: take_click(window, &event); break;
        case SDL_MOUSEBUTTONUP:
        case SDL_MOUSEMOTION:
        case SDL_MOUSEWHEEL: sdl_mouse_take(&window->mouse, &event); break;
        case SDL_DROPFILE:
            insert_medium(machine, event.drop.file);
            SDL_free(event.drop.file);
            break;
        case SDL_WINDOWEVENT:
            window->drawn = false;
            if (event.window.event == SDL_WINDOWEVENT_FOCUS_LOST)
                lose_focus(window, keys);
            if (event.window.event == SDL_WINDOWEVENT_CLOSE)
                return false;
            break;
        case SDL_RENDER_TARGETS_RESET:
        case SDL_RENDER_DEVICE_RESET: window->drawn = false; break;
        default: break;
        }
    }
    sdl_mouse_send(&window->mouse, machine);
    return true;
}

static void window_close(void *owner)
{
    struct window *window = owner;

    if (window->texture)
        SDL_DestroyTexture(window->texture);
    if (window->renderer)
        SDL_DestroyRenderer(window->renderer);
    if (window->window)
        SDL_DestroyWindow(window->window);
    SDL_Quit();
    free(window->pixels);
    free(window);
}

/* Without X or Wayland SDL would try the bare console, and drivers that show nothing to anybody; they count only if asked
 * for. */
static bool no_display(void)
{
    const char *platform = SDL_GetPlatform();

    return strcmp(platform, "Mac OS X") && strcmp(platform, "Windows") && !SDL_getenv("DISPLAY") &&
           !SDL_getenv("WAYLAND_DISPLAY") && !SDL_getenv("SDL_VIDEODRIVER");
}

bool window_open(struct display *display, bool fullscreen, unsigned scale, struct tb_error *error)
{
    struct window *window;

    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    if (no_display())
        return report_set(error, TB_STATUS_USAGE, "neither DISPLAY nor WAYLAND_DISPLAY is set");
    if (SDL_Init(SDL_INIT_VIDEO))
        return report_set(error, TB_STATUS_USAGE, "%s", SDL_GetError());
    window = report_resize(NULL, sizeof *window);
    memset(window, 0, sizeof *window);
    window->scale = scale;
    window->fullscreen = fullscreen;
    window->window =
        SDL_CreateWindow("Truebox", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, 720, 400,
                         SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI | (fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0));
    if (window->window)
        window->renderer = SDL_CreateRenderer(window->window, -1, 0);
    if (!window->renderer) {
        report_set(error, TB_STATUS_USAGE, "%s", SDL_GetError());
        window_close(window);
        return false;
    }
    *display = (struct display){window, false, window_poll, window_show, window_close};
    return true;
}
