/* The text screen as it is sampled for --until, `wait:` and the terminal display, and which of its characters are newer than
 * a mark. */
#ifndef TRUEBOX_FRONTENDS_CLI_SCREEN_VIEW_H
#define TRUEBOX_FRONTENDS_CLI_SCREEN_VIEW_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <truebox/truebox.h>

struct screen_view {
    unsigned columns, rows; /* 0 in graphics modes */
    char *text;       /* UTF-8, a newline after each row, blanks at the end of a row left out; never NULL once sampled */
    unsigned *starts; /* offset of each row in text, and one past the last row's newline */
    bool *fresh;      /* per cell, rows x columns: written since screen_view_mark */
    uint64_t generation;
    bool sampled;
};

/* Takes the machine's text screen. Text that merely scrolled up keeps its age. Returns true if anything differs from the
 * last sample. */
bool screen_view_sample(struct screen_view *view, tb_machine *machine);

/* The same from a text in the format of tb_screen_text: what screen_view_sample is made of. */
bool screen_view_take(struct screen_view *view, const char *text, unsigned columns, unsigned rows);

/* All that stands on the screen now is old. */
void screen_view_mark(struct screen_view *view);

/* What stands before `offset` of the text is old: a match and all before it. What stands behind it may have come in the same
 * moment. */
void screen_view_mark_before(struct screen_view *view, size_t offset);

/* Whether the screen shows the expression (^ and $ match at row ends); with `only_fresh`, in a match with at least one
   character that is newer than the mark. *end (may be NULL) becomes the offset of the match's end in the text. */
bool screen_view_shows(const struct screen_view *view, const regex_t *pattern, bool only_fresh, size_t *end);

void screen_view_free(struct screen_view *view);

#endif
