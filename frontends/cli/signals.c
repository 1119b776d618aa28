/* Ending cleanly, with the terminal as it was found. */
#include "cli/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t pending, resized;
static volatile sig_atomic_t terminal_raw, terminal_alternate;
static struct termios terminal_before;

static void note(int number)
{
    pending = number;
}

static void note_size(int number)
{
    (void)number;
    resized = 1;
}

static void die(int number)
{
    signals_restore_terminal();
    raise(number); /* SA_RESETHAND: the default action now */
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void signals_install(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};

    handle(SIGINT, note, SA_RESETHAND);
    handle(SIGTERM, note, SA_RESETHAND);
    handle(SIGHUP, note, SA_RESETHAND);
    handle(SIGPIPE, SIG_IGN, 0);
    handle(SIGXFSZ, SIG_IGN, 0); /* a file at its size limit is a write error, not the end */
    handle(SIGWINCH, note_size, SA_RESTART);
    for (unsigned i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        handle(crashes[i], die, (int)(SA_RESETHAND | SA_NODEFER));
}

int signals_pending(void)
{
    return pending;
}

bool signals_resized(void)
{
    bool was = resized;

    resized = 0;
    return was;
}

static void terminal_write(const char *text)
{
    ssize_t written = write(STDOUT_FILENO, text, strlen(text));

    (void)written; /* nothing can be done about it on the way out */
}

bool signals_raw_terminal(bool all_keys)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &terminal_before) || (all_keys && !isatty(STDOUT_FILENO)))
        return false;
    raw = terminal_before;
    raw.c_iflag &= (tcflag_t) ~(IXON | ICRNL | INLCR | ISTRIP | (all_keys ? BRKINT : 0));
    raw.c_lflag &= (tcflag_t) ~(ECHO | ICANON | IEXTEN | (all_keys ? ISIG : 0));
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    terminal_raw = 1;
    terminal_alternate = all_keys;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)) {
        terminal_raw = 0;
        return false;
    }
    if (all_keys)
        terminal_write("\x1b[?1049h\x1b[H\x1b[2J");
    atexit(signals_restore_terminal);
    return true;
}

void signals_restore_terminal(void)
{
    if (!terminal_raw)
        return;
    terminal_raw = 0;
    if (terminal_alternate)
        terminal_write("\x1b[0m\x1b[?25h\x1b[?1049l");
    tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_before);
}
