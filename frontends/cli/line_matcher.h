/* Finds an extended regular expression in a stream of bytes, line by line, at the very byte that completes it, in bounded
 * memory. */
#ifndef TRUEBOX_FRONTENDS_CLI_LINE_MATCHER_H
#define TRUEBOX_FRONTENDS_CLI_LINE_MATCHER_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

enum { LINE_MATCHER_MAX = 1024 };

struct line_matcher {
    const regex_t *pattern; /* NULL: matches nothing */
    char line[LINE_MATCHER_MAX + 1];
    unsigned length;
};

/* Forgets what it saw, and looks for `pattern` from now on. */
void line_matcher_start(struct line_matcher *matcher, const regex_t *pattern);

/* True if the line that `byte` extends now shows the expression. Carriage returns and NULs are left out; of a line longer
   than LINE_MATCHER_MAX the older half is forgotten. */
bool line_matcher_put(struct line_matcher *matcher, uint8_t byte);

#endif
