/* Parsing of scripted input. */
#include "cli/script.h"

#include "cli/keyboard.h"
#include "cli/report.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SCRIPT_FILE_MAX = 1 << 20, CHORD_MAX = 8 };

static const char *const verbs[] = {"wait", "type", "key", "at", "sleep", "mouse", "change"}; /* enum script_verb */
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

/* The verb that `text` begins with, up to and including its colon; -1 if none. */
static int verb_at(const char *text, size_t length)
{
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        size_t verb_length = strlen(verbs[i]);

        if (length > verb_length && !memcmp(text, verbs[i], verb_length) && text[verb_length] == ':')
            return (int)i;
    }
    return -1;
}

static void add_stroke(struct script_action *action, uint16_t code, bool pressed)
{
    if ((action->stroke_count & (action->stroke_count - 1)) == 0) {
        size_t capacity = action->stroke_count ? action->stroke_count * 2 : 1;
        action->strokes = report_resize(action->strokes, capacity * sizeof *action->strokes);
    }
    if (pressed)
        action->last_press = action->stroke_count;
    action->strokes[action->stroke_count++] = (struct key_stroke){code, pressed};
}

static bool parse_type(struct script_action *action, const char *text, size_t length, char *why, size_t why_size)
{
    for (size_t i = 0; i < length; i++) {
        char character = text[i];
        uint16_t code;
        bool shift;

        if (character == '\\') {
            static const char letters[] = "nte\\", characters[] = "\n\t\x1b\\";
            const char *letter = i + 1 < length ? strchr(letters, text[i + 1]) : NULL;

            if (!letter || !*letter) {
                snprintf(why, why_size, "escapes are \\n \\t \\e \\\\ only");
                return false;
            }
            character = characters[letter - letters];
            i++;
        }
        if (!keyboard_character(character, &code, &shift)) {
            snprintf(why, why_size, "no key types the character 0x%02x", (unsigned char)character);
            return false;
        }
        if (shift)
            add_stroke(action, KEY_LEFT_SHIFT, true);
        add_stroke(action, code, true);
        add_stroke(action, code, false);
        if (shift)
            add_stroke(action, KEY_LEFT_SHIFT, false);
    }
    if (!action->stroke_count)
        snprintf(why, why_size, "there is nothing to type");
    return action->stroke_count != 0;
}

/* "ctrl-alt-del": pressed in this order, released in the opposite one. */
static bool parse_chord(struct script_action *action, const char *text, size_t length, char *why, size_t why_size)
{
    uint16_t codes[CHORD_MAX];
    unsigned count = 0;

    for (size_t start = 0; start <= length;) {
        const char *dash = memchr(text + start, '-', length - start);
        size_t end = dash ? (size_t)(dash - text) : length;

        if (count == CHORD_MAX) {
            snprintf(why, why_size, "more than %d keys at once", CHORD_MAX);
            return false;
        }
        if (!keyboard_name(text + start, end - start, &codes[count])) {
            snprintf(why, why_size, "no key is called \"%.*s\"", (int)(end - start < 40 ? end - start : 40), text + start);
            return false;
        }
        count++;
        start = end + 1;
    }
    for (unsigned i = 0; i < count; i++)
        add_stroke(action, codes[i], true);
    for (unsigned i = count; i--;)
        add_stroke(action, codes[i], false);
    return true;
}

static bool parse_key(struct script_action *action, const char *text, size_t length, char *why, size_t why_size)
{
    for (size_t i = 0; i < length;) {
        size_t end = i;

        while (end < length && text[end] != ' ')
            end++;
        if (end > i && !parse_chord(action, text + i, end - i, why, why_size))
            return false;
        i = end + 1;
    }
    if (!action->stroke_count)
        snprintf(why, why_size, "a key is missing");
    return action->stroke_count != 0;
}

static bool parse_wait(struct script_action *action, const char *text, size_t length, char *why, size_t why_size)
{
    char *pattern = report_resize(NULL, length + 1);
    int code;

    memcpy(pattern, text, length);
    pattern[length] = 0;
    code = length ? regcomp(&action->pattern, pattern, REG_EXTENDED | REG_NEWLINE) : 1;
    if (!length)
        snprintf(why, why_size, "the expression is empty");
    else if (code)
        regerror(code, &action->pattern, why, why_size);
    free(pattern);
    return code == 0;
}

static bool parse_count(struct script_action *action, const char *text, size_t length, char *why, size_t why_size)
{
    bool good = length > 0;

    for (size_t i = 0; i < length && good; i++) {
        good = isdigit((unsigned char)text[i]) && !__builtin_mul_overflow(action->number, 10, &action->number) &&
               !__builtin_add_overflow(action->number, text[i] - '0', &action->number);
    }
    if (good && action->verb == SCRIPT_SLEEP)
        good = action->number <= 1000000000; /* eleven days: further calculations cannot overflow */
    if (!good)
        snprintf(why, why_size, "not a fitting number");
    return good;
}

/* A signed number of up to four digits at the front of `text`; how long it is, 0 if there is none. */
static size_t signed_number(const char *text, size_t length, int *value)
{
    size_t i = length && (*text == '-' || *text == '+') ? 1 : 0, digits = i;

    *value = 0;
    for (; i < length && i - digits < 4 && isdigit((unsigned char)text[i]); i++)
        *value = *value * 10 + text[i] - '0';
    if (*text == '-')
        *value = -*value;
    return i > digits ? i : 0;
}

/* DX,DY[,BUTTONS]: counts right and down; the buttons that are down from then on, as a sum of 1 left, 2 right, 4 middle. */
static bool parse_mouse(struct script_action *action, const char *text, size_t length, char *why, size_t why_size)
{
    int *const numbers[] = {&action->right, &action->down, &action->buttons};
    size_t at = 0;
    unsigned count = 0;
    bool good = true;

    while (good && count < 3) {
        size_t used = signed_number(text + at, length - at, numbers[count]);

        good = used > 0;
        at += used;
        count++;
        if (at == length)
            break;
        good = good && count < 3 && text[at++] == ',';
    }
    good = good && count >= 2 && at == length && action->buttons >= 0 && action->buttons < 32;
    if (!good)
        snprintf(why, why_size, "wants DX,DY[,BUTTONS]: -9999 to 9999, buttons 0 to 31 (1 left, 2 right, 4 middle)");
    return good;
}

/* DRIVE,FILE puts another medium in; DRIVE alone takes it out. */
static bool parse_change(struct script_action *action, const char *text, size_t length, char *why, size_t why_size)
{
    static const char *const drives[TB_DRIVE_COUNT] = {"fda", "fdb", "hda", "hdb", "hdc", "hdd"};
    const char *comma = memchr(text, ',', length);
    size_t name = comma ? (size_t)(comma - text) : length;

    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        if (strlen(drives[i]) != name || memcmp(drives[i], text, name))
            continue;
        action->drive = (enum tb_drive)i;
        if (!comma)
            return true;
        size_t path = length - name - 1;
        if (!path)
            break;
        action->path = report_resize(NULL, path + 1);
        memcpy(action->path, comma + 1, path);
        action->path[path] = 0;
        return true;
    }
    snprintf(why, why_size, "wants DRIVE,FILE or DRIVE alone to take the medium out; drives are fda, fdb and hda to hdd");
    return false;
}

static void free_action(struct script_action *action)
{
    free(action->path);
    if (action->verb == SCRIPT_WAIT)
        regfree(&action->pattern);
    free(action->strokes);
}

static bool add_line(struct script *script, const char *line, size_t length, const char *source, unsigned number,
                     struct tb_error *error)
{
    struct script_action action = {0};
    char why[160] = "";
    int verb;
    bool good;

    while (length && line[length - 1] == '\r')
        length--;
    if (!length || *line == '#')
        return true;
    verb = verb_at(line, length);
    if (verb < 0)
        return report_set(error, TB_STATUS_USAGE,
                          "%s: line %u: wants wait:, type:, key:, mouse:, change:, at: or sleep:, not \"%.*s\"", source,
                          number, (int)(length < 60 ? length : 60), line);
    action.verb = (enum script_verb)verb;
    size_t skip = strlen(verbs[verb]) + 1;
    const char *text = line + skip;
    switch (action.verb) {
    case SCRIPT_WAIT: good = parse_wait(&action, text, length - skip, why, sizeof why); break;
    case SCRIPT_TYPE: good = parse_type(&action, text, length - skip, why, sizeof why); break;
    case SCRIPT_MOUSE: good = parse_mouse(&action, text, length - skip, why, sizeof why); break;
    case SCRIPT_CHANGE: good = parse_change(&action, text, length - skip, why, sizeof why); break;
    case SCRIPT_KEY: good = parse_key(&action, text, length - skip, why, sizeof why); break;
    default: good = parse_count(&action, text, length - skip, why, sizeof why); break;
    }
    if (!good) {
        free(action.path);
        free(action.strokes);
        return report_set(error, TB_STATUS_USAGE, "%s: line %u: %s: %s", source, number, verbs[verb], why);
    }
    script->actions = report_resize(script->actions, (script->count + 1) * sizeof *script->actions);
    script->actions[script->count++] = action;
    return true;
}

static bool add_lines(struct script *script, const char *text, size_t size, const char *source, struct tb_error *error)
{
    unsigned number = 0;

    for (size_t i = 0; i < size;) {
        const char *newline = memchr(text + i, '\n', size - i);
        size_t length = newline ? (size_t)(newline - text) - i : size - i;

        if (!add_line(script, text + i, length, source, ++number, error))
            return false;
        i += length + 1;
    }
    return true;
}

bool script_add_text(struct script *script, const char *text, struct tb_error *error)
{
    return add_lines(script, text, strlen(text), "--keys", error);
}

bool script_add_file(struct script *script, const char *path, struct tb_error *error)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    bool good;

    if (!file)
        return report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        fclose(file);
        return report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(EISDIR));
    }
    char *text = report_resize(NULL, SCRIPT_FILE_MAX + 1);
    size_t size = fread(text, 1, SCRIPT_FILE_MAX + 1, file);
    if (ferror(file))
        good = report_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    else if (size > SCRIPT_FILE_MAX)
        good = report_set(error, TB_STATUS_DATA, "%s: a key script of more than %d bytes", path, SCRIPT_FILE_MAX);
    else
        good = add_lines(script, text, size, path, error);
    free(text);
    fclose(file);
    return good;
}

void script_free(struct script *script)
{
    for (size_t i = 0; i < script->count; i++)
        free_action(&script->actions[i]);
    free(script->actions);
    *script = (struct script){NULL, 0};
}
