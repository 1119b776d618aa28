/* Texts: key scripts and command lines. */
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/script.h"
#include "fuzz.h"

enum { ARGUMENTS_MAX = 32 };

static char *as_string(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        fuzz_defect("no memory");
    memcpy(text, bytes, size);
    text[size] = 0;
    return text;
}

static void check_error(const struct tb_error *error)
{
    if (!error->text[0] || strchr(error->text, '\n'))
        fuzz_defect("an error that is not one line");
    if (error->status != TB_STATUS_USAGE && error->status != TB_STATUS_DATA && error->status != TB_STATUS_NO_INPUT)
        fuzz_defect("an error with a status that is not for bad input");
}

void fuzz_script(const uint8_t *bytes, size_t size)
{
    struct script script = {NULL, 0};
    struct tb_error error = {TB_STATUS_OK, ""};
    struct fuzz_file file = fuzz_file_new(bytes, size);
    char *text = as_string(bytes, size);

    if (!script_add_text(&script, text, &error))
        check_error(&error);
    if (!script_add_file(&script, file.path, &error))
        check_error(&error);
    script_free(&script);
    fuzz_file_close(&file);
    free(text);
}

/* Arguments are separated by newlines. */
void fuzz_options(const uint8_t *bytes, size_t size)
{
    struct run_options options;
    struct tb_error error = {TB_STATUS_OK, ""};
    char *text = as_string(bytes, size), *at = text, *argv[ARGUMENTS_MAX + 1] = {(char[]){"run"}};
    int argc = 1;

    while (at && argc < ARGUMENTS_MAX) {
        char *end = strchr(at, '\n');

        if (end)
            *end++ = 0;
        argv[argc++] = at;
        at = end;
    }
    argv[argc] = NULL;
    if (!options_parse(&options, argc, argv, &error))
        check_error(&error);
    options_free(&options);
    free(text);
}
