/* The terminal display: the text screen in colours, drawn by differences, and the terminal's keys.
   Ctrl-] is the way to talk to the program: then q ends it, s takes a screenshot, d sends Ctrl-Alt-Del, ] sends Ctrl-]. */
#include "display.h"

#include "cli/clockwork.h"
#include "cli/keyboard.h"
#include "cli/picture.h"
#include "cli/report.h"
#include "cli/screen_view.h"
#include "cli/signals.h"
#include "cli/terminal_keys.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CELL_BYTES = 4, CTRL_BRACKET = 0x1d, ESCAPE_WAIT_NS = 40000000 };

struct cell {
    char glyph[CELL_BYTES + 1]; /* UTF-8; empty: not known what stands there */
    uint8_t attribute;
};

struct terminal {
    bool begun;             /* the host's terminal is ours */
    unsigned columns, rows; /* of the host's terminal */
    struct cell *shown;     /* what the host's terminal shows, rows x columns */
    struct screen_view view;
    bool graphics;    /* the notice is up */
    char status[160]; /* the last line, if there is room for one */
    char message[96]; /* shown there until the next key */
    char *out;        /* what is to be written */
    size_t out_size, out_capacity;
    uint8_t input[256];
    unsigned input_count;
    uint64_t input_at; /* host time of the last byte */
    bool input_ended;
    bool command; /* Ctrl-] was typed */
};

static void emit(struct terminal *terminal, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void emit(struct terminal *terminal, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    size_t size = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    if (terminal->out_size + size > terminal->out_capacity) {
        terminal->out_capacity = 2 * (terminal->out_size + size);
        terminal->out = report_resize(terminal->out, terminal->out_capacity);
    }
    memcpy(terminal->out + terminal->out_size, text, size);
    terminal->out_size += size;
}

static void flush(struct terminal *terminal)
{
    size_t done = 0;

    while (done < terminal->out_size) {
        ssize_t written = write(STDOUT_FILENO, terminal->out + done, terminal->out_size - done);

        if (written < 0 && errno != EINTR)
            break;
        if (written < 0 && signals_pending())
            break;
        done += written > 0 ? (size_t)written : 0;
    }
    terminal->out_size = 0;
}

/* Takes the size of the host's terminal and begins with an empty one. */
static void resize(struct terminal *terminal)
{
    struct winsize size;

    terminal->columns = 80;
    terminal->rows = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
        terminal->columns = size.ws_col;
        terminal->rows = size.ws_row;
    }
    size_t bytes = (size_t)terminal->columns * terminal->rows * sizeof *terminal->shown;
    terminal->shown = report_resize(terminal->shown, bytes);
    memset(terminal->shown, 0, bytes);
    terminal->status[0] = 0;
    terminal->graphics = false;
    emit(terminal, "\x1b[0m\x1b[2J");
}

/* VGA attribute: blink, background, intensity, foreground; VGA counts blue as bit 0, terminals red. */
static void emit_attribute(struct terminal *terminal, uint8_t attribute)
{
    static const unsigned colours[] = {0, 4, 2, 6, 1, 5, 3, 7};

    emit(terminal, "\x1b[0;%u;%u%sm", (attribute & 8 ? 90 : 30) + colours[attribute & 7], 40 + colours[attribute >> 4 & 7],
         attribute & 0x80 ? ";5" : "");
}

static unsigned glyph_length(unsigned char first)
{
    return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Draws what differs in one row of the guest's screen. */
static void draw_row(struct terminal *terminal, tb_machine *machine, unsigned row, unsigned line, int *attribute)
{
    const struct screen_view *view = &terminal->view;
    const char *text = view->text + view->starts[row], *end = view->text + view->starts[row + 1] - 1;
    bool placed = false;

    for (unsigned column = 0; column < view->columns && column < terminal->columns; column++) {
        struct cell *shown = &terminal->shown[line * terminal->columns + column], now = {" ", 0x07};
        uint8_t code;

        if (text < end) {
            unsigned length = glyph_length((unsigned char)*text);

            if ((unsigned char)*text >= ' ' && length <= (size_t)(end - text)) {
                memcpy(now.glyph, text, length);
                now.glyph[length] = 0;
            }
            text += length;
        }
        tb_screen_cell(machine, column, row, &code, &now.attribute);
        if (shown->attribute == now.attribute && !strcmp(shown->glyph, now.glyph)) {
            placed = false;
            continue;
        }
        if (!placed)
            emit(terminal, "\x1b[%u;%uH", line + 1, column + 1);
        placed = true;
        if (*attribute != now.attribute)
            emit_attribute(terminal, now.attribute);
        *attribute = now.attribute;
        emit(terminal, "%s", now.glyph);
        *shown = now;
    }
}

static void draw_text(struct terminal *terminal, tb_machine *machine)
{
    const struct screen_view *view = &terminal->view;
    unsigned cursor_column = 0, cursor_row = 0, top = 0;
    bool cursor = tb_screen_cursor(machine, &cursor_column, &cursor_row);
    int attribute = -1;

    if (terminal->graphics) {
        resize(terminal);
        terminal->graphics = false;
    }
    if (view->rows > terminal->rows) /* too much for this terminal: the part with the cursor */
        top = cursor_row >= terminal->rows ? cursor_row - terminal->rows + 1 : 0;
    if (top + terminal->rows > view->rows && view->rows > terminal->rows)
        top = view->rows - terminal->rows;
    for (unsigned line = 0; line < terminal->rows && top + line < view->rows; line++)
        draw_row(terminal, machine, top + line, line, &attribute);
    cursor = cursor && cursor_row >= top && cursor_row - top < terminal->rows && cursor_column < terminal->columns;
    emit(terminal, "\x1b[0m");
    if (cursor)
        emit(terminal, "\x1b[%u;%uH\x1b[?25h", cursor_row - top + 1, cursor_column + 1);
    else
        emit(terminal, "\x1b[?25l");
}

static void draw_notice(struct terminal *terminal, const struct tb_screen *screen)
{
    if (terminal->graphics)
        return;
    resize(terminal);
    terminal->graphics = true;
    if (screen->width && screen->height)
        emit(terminal, "\x1b[?25l\x1b[1;1HThe guest shows graphics of %u x %u, which a terminal cannot.\r\n", screen->width,
             screen->height);
    else
        emit(terminal, "\x1b[?25l\x1b[1;1HThe guest's display is off.\r\n");
    emit(terminal, "Ctrl-] s takes a screenshot, Ctrl-] q ends.");
}

static void draw_status(struct terminal *terminal, const struct display_status *status)
{
    char line[160];
    unsigned used = terminal->graphics ? 3 : terminal->view.rows;

    if (terminal->rows <= used)
        return;
    snprintf(line, sizeof line, "%s - %s%s", status->name ? status->name : "truebox", status->state,
             terminal->message[0] ? terminal->message : " - Ctrl-] q ends");
    if (strlen(line) >= terminal->columns)
        line[terminal->columns - 1] = 0;
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    if (!strcmp(line, terminal->status))
        return;
    strcpy(terminal->status, line);
    emit(terminal,
         "\x1b"
         "7\x1b[%u;1H\x1b[0;2m%s\x1b[0m\x1b[K\x1b"
         "8",
         terminal->rows, line);
}

static void terminal_show(void *owner, tb_machine *machine, const struct display_status *status)
{
    struct terminal *terminal = owner;
    struct tb_screen screen;

    if (!terminal->begun) { /* not before there is something to show: errors until then belong on the screen as it was */
        signals_raw_terminal(true);
        resize(terminal);
        terminal->begun = true;
    }

    if (signals_resized()) {
        resize(terminal);
        terminal->view.sampled = false;
    }
    tb_screen_get(machine, &screen);
    if (!terminal->view.sampled || screen.generation != terminal->view.generation) {
        screen_view_sample(&terminal->view, machine);
        if (terminal->view.rows)
            draw_text(terminal, machine);
        else
            draw_notice(terminal, &screen);
    }
    draw_status(terminal, status);
    flush(terminal);
}

static void queue_key(struct typist *keys, const struct terminal_key *key)
{
    const struct {
        bool wanted;
        uint16_t code;
    } modifiers[] = {{key->ctrl, KEY_LEFT_CTRL}, {key->alt, KEY_LEFT_ALT}, {key->shift, KEY_LEFT_SHIFT}};

    if (!key->code || keys->count + 8 > TYPIST_QUEUE)
        return;
    for (unsigned i = 0; i < 3; i++) {
        if (modifiers[i].wanted)
            typist_add(keys, modifiers[i].code, true);
    }
    typist_add(keys, key->code, true);
    typist_add(keys, key->code, false);
    for (unsigned i = 3; i--;) {
        if (modifiers[i].wanted)
            typist_add(keys, modifiers[i].code, false);
    }
}

/* The key after Ctrl-]; false to end. */
static bool obey(struct terminal *terminal, tb_machine *machine, struct typist *keys, uint8_t byte)
{
    static const struct terminal_key ctrl_alt_del = {KEY_DELETE, false, true, true};
    struct terminal_key key;
    struct tb_error error;
    char path[32];

    terminal->message[0] = 0;
    switch (byte) {
    case 'q':
    case 'Q': return false;
    case 'd': queue_key(keys, &ctrl_alt_del); break;
    case 's':
        if (picture_next_screenshot(machine, path, &error))
            snprintf(terminal->message, sizeof terminal->message, " - screenshot: %s", path);
        else
            snprintf(terminal->message, sizeof terminal->message, " - %.80s", error.text);
        break;
    case ']':
    case CTRL_BRACKET:
        terminal_keys_decode((const uint8_t[]){CTRL_BRACKET}, 1, true, &key);
        queue_key(keys, &key);
        break;
    default: break;
    }
    return true;
}

/* Handles one key at the beginning of the input; returns its length, 0 if it is not complete. */
static unsigned take_key(struct terminal *terminal, tb_machine *machine, struct typist *keys, const uint8_t *bytes,
                         unsigned count, bool *go_on)
{
    bool complete = clockwork_now_ns() - terminal->input_at > ESCAPE_WAIT_NS;
    struct terminal_key key;

    if (terminal->command) {
        terminal->command = false;
        *go_on = obey(terminal, machine, keys, bytes[0]);
        return 1;
    }
    if (bytes[0] == CTRL_BRACKET) {
        terminal->command = true;
        snprintf(terminal->message, sizeof terminal->message, " - Ctrl-]: q ends, s screenshot, d Ctrl-Alt-Del, ] Ctrl-]");
        return 1;
    }
    unsigned length = terminal_keys_decode(bytes, count, complete, &key);
    if (length) {
        queue_key(keys, &key);
        terminal->message[0] = 0;
    }
    return length;
}

static bool terminal_poll(void *owner, tb_machine *machine, struct typist *keys, unsigned wait_ms)
{
    struct terminal *terminal = owner;
    struct pollfd wanted = {terminal->input_ended ? -1 : STDIN_FILENO, POLLIN, 0};
    unsigned done = 0;
    bool go_on = true;

    if (poll(&wanted, 1, (int)wait_ms) > 0 && terminal->input_count < sizeof terminal->input) {
        ssize_t count =
            read(STDIN_FILENO, terminal->input + terminal->input_count, sizeof terminal->input - terminal->input_count);

        if (count > 0)
            terminal->input_count += (unsigned)count;
        else if (count == 0 || (errno != EINTR && errno != EAGAIN))
            terminal->input_ended = true;
        terminal->input_at = clockwork_now_ns();
    }
    /* Keys that do not fit the queue stay here, and so in the terminal's own buffer: a paste is as long as it likes. */
    while (go_on && done < terminal->input_count && keys->count + 8 <= TYPIST_QUEUE) {
        unsigned length = take_key(terminal, machine, keys, terminal->input + done, terminal->input_count - done, &go_on);

        if (!length)
            break;
        done += length;
    }
    terminal->input_count -= done;
    memmove(terminal->input, terminal->input + done, terminal->input_count);
    return go_on;
}

static void terminal_close(void *owner)
{
    struct terminal *terminal = owner;

    signals_restore_terminal();
    screen_view_free(&terminal->view);
    free(terminal->shown);
    free(terminal->out);
    free(terminal);
}

bool terminal_open(struct display *display, struct tb_error *error)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return report_set(error, TB_STATUS_USAGE, "--display term: standard input and output are no terminal");
    struct terminal *terminal = report_resize(NULL, sizeof *terminal);
    memset(terminal, 0, sizeof *terminal);
    *display = (struct display){terminal, true, terminal_poll, terminal_show, terminal_close};
    return true;
}
