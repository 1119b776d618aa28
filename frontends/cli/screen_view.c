/* Samples of the text screen and the age of what stands on it.

   A sample is compared with the one before, row by row. First the distance is sought by which the screen scrolled: the one
   that makes the most characters coincide. Ages move with the rows. Then every character that differs is fresh. A row of
   which only the beginning is left (the screen was cleared, and the same prompt written again) is fresh as a whole: nobody
   clears to leave it standing. */
#include "cli/screen_view.h"

#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

static unsigned row_length(const unsigned *starts, unsigned row)
{
    return starts[row + 1] - starts[row] - 1;
}

/* A copy of `text` with exactly `rows` rows, each ended by a newline, and the offsets of the rows in it. */
static char *copy_rows(const char *text, unsigned rows, unsigned *starts)
{
    char *copy = report_resize(NULL, strlen(text) + rows + 1);
    unsigned offset = 0;

    for (unsigned row = 0; row < rows; row++) {
        size_t length = strcspn(text, "\n");

        starts[row] = offset;
        memcpy(copy + offset, text, length);
        offset += (unsigned)length;
        copy[offset++] = '\n';
        text += length + (text[length] == '\n');
    }
    starts[rows] = offset;
    copy[offset] = 0;
    return copy;
}

static bool same_row(const struct screen_view *a, unsigned a_row, const struct screen_view *b, unsigned b_row)
{
    unsigned length = row_length(a->starts, a_row);

    return length == row_length(b->starts, b_row) && !memcmp(a->text + a->starts[a_row], b->text + b->starts[b_row], length);
}

/* By how many rows `now` is `before` scrolled up. */
static unsigned scrolled_by(const struct screen_view *before, const struct screen_view *now)
{
    unsigned best = 0, best_score = 0;

    for (unsigned distance = 0; distance < now->rows; distance++) {
        unsigned score = 0;

        for (unsigned row = 0; row + distance < now->rows; row++) {
            if (same_row(now, row, before, row + distance))
                score += row_length(now->starts, row);
        }
        if (score > best_score) {
            best = distance;
            best_score = score;
        }
    }
    return best;
}

static size_t character_length(unsigned char first)
{
    return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Ages of one row: `old` with ages `old_fresh`, now `text`. */
static void age_row(const char *old, unsigned old_length, const bool *old_fresh, const char *text, unsigned length,
                    bool *fresh, unsigned columns)
{
    bool shortened = length && length < old_length && !memcmp(old, text, length);
    unsigned i = 0, j = 0;

    for (unsigned column = 0; column < columns; column++) {
        size_t old_size = i < old_length ? character_length((unsigned char)old[i]) : 0;
        size_t size = j < length ? character_length((unsigned char)text[j]) : 0;
        bool blank = !size || text[j] == ' ', old_blank = !old_size || old[i] == ' ';
        bool same = (blank && old_blank) || (size && size == old_size && !memcmp(old + i, text + j, size));

        fresh[column] = !same || old_fresh[column] || (shortened && size);
        i += (unsigned)old_size;
        j += (unsigned)size;
    }
}

bool screen_view_take(struct screen_view *view, const char *text, unsigned columns, unsigned rows)
{
    struct screen_view before = *view;
    bool resized = !view->sampled || columns != view->columns || rows != view->rows;
    unsigned *starts = report_resize(NULL, (rows + 1) * sizeof *starts);
    char *copy = copy_rows(text, rows, starts);

    if (!resized && !strcmp(view->text, copy)) {
        free(starts);
        free(copy);
        return false;
    }
    view->columns = columns;
    view->rows = rows;
    view->text = copy;
    view->starts = starts;
    view->fresh = report_resize(NULL, (size_t)rows * columns * sizeof *view->fresh);
    memset(view->fresh, true, (size_t)rows * columns * sizeof *view->fresh);
    if (!resized) {
        unsigned distance = scrolled_by(&before, view);

        for (unsigned row = 0; row + distance < rows; row++) {
            unsigned old = row + distance;

            age_row(before.text + before.starts[old], row_length(before.starts, old), before.fresh + old * columns,
                    view->text + view->starts[row], row_length(view->starts, row), view->fresh + row * columns, columns);
        }
    }
    view->sampled = true;
    screen_view_free(&before);
    return true;
}

bool screen_view_sample(struct screen_view *view, tb_machine *machine)
{
    struct tb_screen screen;
    bool changed;

    tb_screen_get(machine, &screen);
    if (view->sampled && screen.generation == view->generation)
        return false;
    view->generation = screen.generation;
    if (!screen.text_mode || !screen.columns || !screen.rows)
        return screen_view_take(view, "", 0, 0);
    size_t size = tb_screen_text(machine, NULL, 0) + 1;
    char *text = report_resize(NULL, size);
    *text = 0;
    tb_screen_text(machine, text, size);
    changed = screen_view_take(view, text, screen.columns, screen.rows);
    free(text);
    return changed;
}

void screen_view_mark(struct screen_view *view)
{
    if (view->fresh)
        memset(view->fresh, false, (size_t)view->rows * view->columns * sizeof *view->fresh);
}

void screen_view_mark_before(struct screen_view *view, size_t offset)
{
    for (unsigned row = 0; row < view->rows && view->starts[row] < offset; row++) {
        unsigned column = 0;

        for (unsigned i = view->starts[row]; column < view->columns && i < offset; column++) {
            view->fresh[row * view->columns + column] = false;
            i += i + 1 < view->starts[row + 1] ? (unsigned)character_length((unsigned char)view->text[i]) : 0;
        }
    }
}

/* Whether any character between the two offsets is fresh. */
static bool span_is_fresh(const struct screen_view *view, size_t from, size_t to)
{
    for (unsigned row = 0; row < view->rows; row++) {
        unsigned column = 0;

        if (view->starts[row + 1] <= from)
            continue;
        for (unsigned i = view->starts[row]; i + 1 < view->starts[row + 1] && column < view->columns; column++) {
            if (i >= to)
                return false;
            if (i >= from && view->fresh[row * view->columns + column])
                return true;
            i += (unsigned)character_length((unsigned char)view->text[i]);
        }
    }
    return false;
}

bool screen_view_shows(const struct screen_view *view, const regex_t *pattern, bool only_fresh, size_t *end)
{
    regmatch_t match;
    size_t from = 0;

    if (!view->sampled || !view->text)
        return false;
    while (view->text[from] || from == 0) {
        bool row_start = from == 0 || view->text[from - 1] == '\n';

        if (regexec(pattern, view->text + from, 1, &match, row_start ? 0 : REG_NOTBOL))
            return false;
        if (!only_fresh || span_is_fresh(view, from + match.rm_so, from + match.rm_eo)) {
            if (end)
                *end = from + match.rm_eo;
            return true;
        }
        from += match.rm_eo > match.rm_so ? match.rm_eo : match.rm_eo + 1;
        if (from >= view->starts[view->rows])
            return false;
    }
    return false;
}

void screen_view_free(struct screen_view *view)
{
    free(view->text);
    free(view->starts);
    free(view->fresh);
    view->text = NULL;
    view->starts = NULL;
    view->fresh = NULL;
}
