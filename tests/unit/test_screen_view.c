/* What the screen shows, and what of it is new. */
#include "cli/line_matcher.h"
#include "cli/screen_view.h"

#include <criterion/criterion.h>
#include <string.h>

enum { COLUMNS = 20, ROWS = 5 };

static bool shows(const struct screen_view *view, const char *ere, bool only_fresh)
{
    regex_t pattern;
    bool found;

    cr_assert_eq(regcomp(&pattern, ere, REG_EXTENDED | REG_NEWLINE), 0);
    found = screen_view_shows(view, &pattern, only_fresh, NULL);
    regfree(&pattern);
    return found;
}

static void take(struct screen_view *view, const char *text)
{
    screen_view_take(view, text, COLUMNS, ROWS);
}

Test(screen_view, shows_rows)
{
    struct screen_view view = {0};

    take(&view, "Hello\n  A:\\>\n\n\n\n");
    cr_assert(shows(&view, "A:\\\\>", false));
    cr_assert(shows(&view, "^Hello$", false));
    cr_assert(shows(&view, "^  A", false));
    cr_assert_not(shows(&view, "^A", false));
    cr_assert_not(shows(&view, "Hello.*A", false), "a dot does not reach into the next row");
    screen_view_free(&view);
}

Test(screen_view, graphics_modes_and_missing_rows_show_nothing)
{
    struct screen_view view = {0};

    cr_assert_not(shows(&view, "x*", false), "nothing was sampled yet");
    screen_view_take(&view, "", 0, 0);
    cr_assert_not(shows(&view, "A", false));
    take(&view, "only one row");
    cr_assert(shows(&view, "row$", true));
    screen_view_free(&view);
}

Test(screen_view, only_text_after_the_mark_is_fresh)
{
    struct screen_view view = {0};

    take(&view, "A:\\>\n\n\n\n\n");
    cr_assert(shows(&view, "A:", true), "at first everything is new");
    screen_view_mark(&view);
    cr_assert_not(shows(&view, "A:", true));
    cr_assert(shows(&view, "A:", false));
    take(&view, "A:\\>dir\n\n\n\n\n");
    cr_assert_not(shows(&view, "A:\\\\>", true), "the prompt is old although something follows it now");
    cr_assert(shows(&view, "A:\\\\>dir", true));
    take(&view, "A:\\>dir\nFILE\nA:\\>\n\n\n");
    cr_assert(shows(&view, "A:\\\\>$", true));
    screen_view_free(&view);
}

Test(screen_view, scrolling_makes_nothing_new)
{
    struct screen_view view = {0};

    take(&view, "one\ntwo\nthree\nfour\nA:\\>\n");
    screen_view_mark(&view);
    take(&view, "three\nfour\nA:\\>dir\nx\ny\n");
    cr_assert_not(shows(&view, "four", true));
    cr_assert_not(shows(&view, "A:\\\\>", true));
    cr_assert(shows(&view, "dir", true));
    take(&view, "A:\\>dir\nx\ny\nz\nA:\\>\n");
    cr_assert(shows(&view, "A:\\\\>", true));
    screen_view_free(&view);
}

Test(screen_view, a_cleared_screen_with_the_same_prompt_is_new)
{
    struct screen_view view = {0};

    take(&view, "A:\\>cls\n\n\n\n\n");
    screen_view_mark(&view);
    take(&view, "A:\\>\n\n\n\n\n");
    cr_assert(shows(&view, "A:\\\\>", true));
    screen_view_free(&view);
}

Test(screen_view, what_stands_behind_a_match_stays_new)
{
    struct screen_view view = {0};
    regex_t pattern;
    size_t end;

    take(&view, "\xe2\x95\x90 free\nA:\\>\n\n\n\n");
    cr_assert_eq(regcomp(&pattern, "free", REG_EXTENDED | REG_NEWLINE), 0);
    cr_assert(screen_view_shows(&view, &pattern, true, &end));
    regfree(&pattern);
    screen_view_mark_before(&view, end);
    cr_assert_not(shows(&view, "free", true));
    cr_assert(shows(&view, "A:", true));
    screen_view_mark_before(&view, strlen(view.text));
    cr_assert_not(shows(&view, "A:", true));
    screen_view_free(&view);
}

Test(screen_view, characters_beyond_ascii_count_as_one_column)
{
    struct screen_view view = {0};

    take(&view, "\xe2\x95\x90\xe2\x95\x90 ok\n\n\n\n\n");
    screen_view_mark(&view);
    take(&view, "\xe2\x95\x90\xe2\x95\x90 oK\n\n\n\n\n");
    cr_assert_not(shows(&view, "o", true));
    cr_assert(shows(&view, "K", true));
    screen_view_free(&view);
}

Test(screen_view, another_size_is_all_new)
{
    struct screen_view view = {0};

    take(&view, "text\n");
    screen_view_mark(&view);
    screen_view_take(&view, "text\n", COLUMNS * 2, ROWS);
    cr_assert(shows(&view, "text", true));
    screen_view_free(&view);
}

static int matched_at(struct line_matcher *matcher, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (line_matcher_put(matcher, (uint8_t)text[i]))
            return (int)i;
    }
    return -1;
}

Test(line_matcher, tells_the_byte_that_completes_the_match)
{
    struct line_matcher matcher;
    regex_t pattern;

    cr_assert_eq(regcomp(&pattern, "INIT: (shell|panic)", REG_EXTENDED | REG_NEWLINE), 0);
    line_matcher_start(&matcher, &pattern);
    cr_assert_eq(matched_at(&matcher, "xx\r\nINIT: shell\r\n", 17), 14);
    line_matcher_start(&matcher, &pattern);
    cr_assert_eq(matched_at(&matcher, "INIT: \nshell", 12), -1, "a newline parts what stands before from what comes after");
    line_matcher_start(&matcher, NULL);
    cr_assert_eq(matched_at(&matcher, "INIT: shell", 11), -1);
    regfree(&pattern);
}

Test(line_matcher, endless_lines_take_bounded_memory)
{
    struct line_matcher matcher;
    regex_t pattern;

    cr_assert_eq(regcomp(&pattern, "goal$", REG_EXTENDED | REG_NEWLINE), 0);
    line_matcher_start(&matcher, &pattern);
    for (unsigned i = 0; i < 10 * LINE_MATCHER_MAX + 7; i++)
        cr_assert_not(line_matcher_put(&matcher, i % 3 ? 0x80 + i % 100 : 0));
    cr_assert_eq(matched_at(&matcher, "goal", 4), 3);
    regfree(&pattern);
}
