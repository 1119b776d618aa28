/* Matching a byte stream line by line. */
#include "cli/line_matcher.h"

#include <string.h>

void line_matcher_start(struct line_matcher *matcher, const regex_t *pattern)
{
    matcher->pattern = pattern;
    matcher->length = 0;
}

bool line_matcher_put(struct line_matcher *matcher, uint8_t byte)
{
    if (!matcher->pattern || byte == 0 || byte == '\r')
        return false;
    if (byte == '\n') {
        matcher->length = 0;
        return false;
    }
    if (matcher->length == LINE_MATCHER_MAX) {
        matcher->length = LINE_MATCHER_MAX / 2;
        memmove(matcher->line, matcher->line + LINE_MATCHER_MAX / 2, matcher->length);
    }
    matcher->line[matcher->length++] = (char)byte;
    matcher->line[matcher->length] = 0;
    return regexec(matcher->pattern, matcher->line, 0, NULL, 0) == 0;
}
