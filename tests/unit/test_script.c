/* The language of --keys. */
#include "cli/script.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct tb_error error;

static bool add(struct script *script, const char *text)
{
    memset(&error, 0, sizeof error);
    return script_add_text(script, text, &error);
}

/* Strokes as "+1e -1e": pressed and released codes. */
static const char *strokes(const struct script_action *action, char text[400])
{
    *text = 0;
    for (size_t i = 0; i < action->stroke_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, 400 - used, "%s%c%x", i ? " " : "", action->strokes[i].pressed ? '+' : '-',
                 action->strokes[i].code);
    }
    return text;
}

Test(script, an_action_a_line)
{
    struct script script = {NULL, 0};

    cr_assert(add(&script, "wait:A:\\\\>\n\n# a comment\r\ntype:dir\\n\r\nsleep:250\nat:123456789012\nkey:esc"));
    cr_assert(add(&script, "key:f1"));
    cr_assert_eq(script.count, 6);
    cr_assert_eq(script.actions[0].verb, SCRIPT_WAIT);
    cr_assert_eq(script.actions[1].verb, SCRIPT_TYPE);
    cr_assert_eq(script.actions[2].verb, SCRIPT_SLEEP);
    cr_assert_eq(script.actions[2].number, 250);
    cr_assert_eq(script.actions[3].verb, SCRIPT_AT);
    cr_assert_eq(script.actions[3].number, 123456789012);
    cr_assert_eq(script.actions[5].verb, SCRIPT_KEY);
    script_free(&script);
}

Test(script, type_uses_the_us_layout)
{
    struct script script = {NULL, 0};
    char text[400];

    cr_assert(add(&script, "type:aA\\n\\t\\e\\\\|"));
    cr_assert_str_eq(strokes(&script.actions[0], text),
                     "+1e -1e +2a +1e -1e -2a +1c -1c +f -f +1 -1 +2b -2b +2a +2b -2b -2a");
    cr_assert_eq(script.actions[0].last_press, 15);
    script_free(&script);
}

Test(script, every_printable_character_has_a_key)
{
    for (char c = ' '; c <= '~'; c++) {
        struct script script = {NULL, 0};
        char text[] = {'t', 'y', 'p', 'e', ':', c, c == '\\' ? '\\' : 0, 0};

        cr_assert(add(&script, text), "%c: %s", c, error.text);
        script_free(&script);
    }
}

Test(script, chords_are_released_in_the_opposite_order)
{
    struct script script = {NULL, 0};
    char text[400];

    cr_assert(add(&script, "key:ctrl-alt-del down  KP5"));
    cr_assert_str_eq(strokes(&script.actions[0], text), "+1d +38 +e053 -e053 -38 -1d +e050 -e050 +4c -4c");
    script_free(&script);
}

Test(script, errors_name_the_line)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"wait", "--keys: line 1: wants wait:"},
        {"type:x\nfoo:bar", "--keys: line 2: wants wait:"},
        {"\n\nwait:(", "--keys: line 3: wait: "},
        {"wait:", "--keys: line 1: wait: the expression is empty"},
        {"type:", "--keys: line 1: type: there is nothing to type"},
        {"type:a\\q", "--keys: line 1: type: escapes are"},
        {"type:a\\", "--keys: line 1: type: escapes are"},
        {"type:\xc3\xa4", "--keys: line 1: type: no key types the character 0xc3"},
        {"key:", "--keys: line 1: key: a key is missing"},
        {"key:ctrl-", "--keys: line 1: key: no key is called \"\""},
        {"key:hyper-x", "--keys: line 1: key: no key is called \"hyper\""},
        {"key:A-b-c-d-e-f-g-h-i", "--keys: line 1: key: more than 8 keys"},
        {"at:", "--keys: line 1: at: not a fitting number"},
        {"at:-1", "--keys: line 1: at: not a fitting number"},
        {"at:99999999999999999999", "--keys: line 1: at: not a fitting number"},
        {"sleep:1000000001", "--keys: line 1: sleep: not a fitting number"},
        {"mouse:1", "--keys: line 1: mouse: wants DX,DY"},
        {"mouse:1,", "--keys: line 1: mouse: wants DX,DY"},
        {"mouse:,1", "--keys: line 1: mouse: wants DX,DY"},
        {"mouse:1,2,", "--keys: line 1: mouse: wants DX,DY"},
        {"mouse:1,2,3,4", "--keys: line 1: mouse: wants DX,DY"},
        {"mouse:10000,0", "--keys: line 1: mouse: wants DX,DY"},
        {"mouse:0,0,32", "--keys: line 1: mouse: wants DX,DY"},
        {"mouse:0,0,-1", "--keys: line 1: mouse: wants DX,DY"},
        {"mouse:-,1", "--keys: line 1: mouse: wants DX,DY"},
        {"change:", "--keys: line 1: change: wants DRIVE"},
        {"change:fdc,x", "--keys: line 1: change: wants DRIVE"},
        {"change:fda,", "--keys: line 1: change: wants DRIVE"},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct script script = {NULL, 0};

        cr_assert_not(add(&script, cases[i].text), "%s", cases[i].text);
        cr_assert_eq(error.status, TB_STATUS_USAGE);
        cr_assert_eq(strncmp(error.text, cases[i].wanted, strlen(cases[i].wanted)), 0, "%s", error.text);
        script_free(&script);
    }
}

Test(script, mouse_and_media)
{
    struct script script = {NULL, 0};

    cr_assert(add(&script, "mouse:-12,+3\nmouse:9999,0,31\nchange:fda,a, b.img\nchange:hdc"), "%s", error.text);
    cr_assert_eq(script.count, 4);
    cr_assert_eq(script.actions[0].verb, SCRIPT_MOUSE);
    cr_assert_eq(script.actions[0].right, -12);
    cr_assert_eq(script.actions[0].down, 3);
    cr_assert_eq(script.actions[0].buttons, 0);
    cr_assert_eq(script.actions[1].right, 9999);
    cr_assert_eq(script.actions[1].buttons, 31);
    cr_assert_eq(script.actions[2].verb, SCRIPT_CHANGE);
    cr_assert_eq(script.actions[2].drive, TB_FDA);
    cr_assert_str_eq(script.actions[2].path, "a, b.img");
    cr_assert_eq(script.actions[3].drive, TB_HDC);
    cr_assert_null(script.actions[3].path);
    script_free(&script);
}

Test(script, files_that_cannot_be_read)
{
    struct script script = {NULL, 0};

    cr_assert_not(script_add_file(&script, "/nonexistent/keys", &error));
    cr_assert_eq(error.status, TB_STATUS_NO_INPUT);
    cr_assert_not(script_add_file(&script, "/", &error));
    cr_assert_eq(error.status, TB_STATUS_NO_INPUT);
}
