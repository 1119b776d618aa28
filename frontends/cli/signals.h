/* Signals that end the program, and the state of the controlling terminal that every way out must restore.
   This is the only process-wide state of the program: a process has one controlling terminal and one set of signal handlers.
 */
#ifndef TRUEBOX_FRONTENDS_CLI_SIGNALS_H
#define TRUEBOX_FRONTENDS_CLI_SIGNALS_H

#include <stdbool.h>

/* SIGINT, SIGTERM and SIGHUP are noted, once: a second one ends the program at once. SIGPIPE is ignored. Signals that a
   crash raises restore the terminal first. */
void signals_install(void);

/* The signal that wants the program to end, or 0. */
int signals_pending(void);

/* Whether the terminal changed its size since the last call. */
bool signals_resized(void);

/* Takes input unbuffered and unechoed from standard input if it is a terminal; with `all_keys` Ctrl-C and its kind are
   input, too, and the alternate screen is switched to. false if standard input (with all_keys: or output) is no terminal. */
bool signals_raw_terminal(bool all_keys);

/* Back to the state before. May be called from a signal handler, and more than once. */
void signals_restore_terminal(void);

#endif
