/* Terminal input to keys, and the window's integer scaling. */
#include "cli/terminal_keys.h"
#include "sdl/fit.h"

#include <criterion/criterion.h>
#include <string.h>

struct expected {
    const char *bytes;
    unsigned length; /* taken */
    uint16_t code;
    const char *modifiers; /* of s, c, a */
};

static void check(const struct expected *expected, bool complete)
{
    struct terminal_key key;
    unsigned taken =
        terminal_keys_decode((const uint8_t *)expected->bytes, (unsigned)strlen(expected->bytes), complete, &key);

    cr_assert_eq(taken, expected->length, "%s: %u bytes", expected->bytes + 1, taken);
    cr_assert_eq(key.code, expected->code, "%s: code %x", expected->bytes + 1, key.code);
    cr_assert_eq(key.shift, strchr(expected->modifiers, 's') != NULL, "%s", expected->bytes + 1);
    cr_assert_eq(key.ctrl, strchr(expected->modifiers, 'c') != NULL, "%s", expected->bytes + 1);
    cr_assert_eq(key.alt, strchr(expected->modifiers, 'a') != NULL, "%s", expected->bytes + 1);
}

Test(terminal_keys, keys)
{
    static const struct expected cases[] = {
        {"a", 1, 0x1e, ""},          {"A", 1, 0x1e, "s"},           {"\r", 1, 0x1c, ""},
        {"\x7f", 1, 0x0e, ""},       {"\t", 1, 0x0f, ""},           {"\x03", 1, 0x2e, "c"},
        {"\x1c", 1, 0x2b, "c"},      {"\x1d", 1, 0x1b, "c"},        {"\x1f", 1, 0x0c, "c"},
        {"\x1b[A", 3, 0xe048, ""},   {"\x1bOA", 3, 0xe048, ""},     {"\x1b[1;5D", 6, 0xe04b, "c"},
        {"\x1b[3~x", 4, 0xe053, ""}, {"\x1b[3;3~", 6, 0xe053, "a"}, {"\x1bOP", 3, 0x3b, ""},
        {"\x1b[15~", 5, 0x3f, ""},   {"\x1b[24;2~", 7, 0x58, "s"},  {"\x1b[[E", 4, 0x3f, ""},
        {"\x1b[Z", 3, 0x0f, "s"},    {"\x1bx", 2, 0x2d, "a"},       {"\x1b\x1b[A", 1, 0x01, ""},
        {"\xc3\xa4z", 2, 0, ""},     {"\x1b[99~", 5, 0, ""},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(&cases[i], false);
}

Test(terminal_keys, what_is_incomplete_waits)
{
    static const struct expected early[] = {
        {"\x1b", 0, 0x01, ""}, {"\x1b[", 0, 0, ""}, {"\x1b[1;", 0, 0, ""}, {"\x1bO", 0, 0, ""}};
    static const struct expected late[] = {{"\x1b", 1, 0x01, ""}, {"\x1b[", 2, 0x1a, "a"}, {"\x1b[1;", 4, 0, ""}};
    struct terminal_key key;

    for (unsigned i = 0; i < sizeof early / sizeof early[0]; i++)
        cr_assert_eq(terminal_keys_decode((const uint8_t *)early[i].bytes, (unsigned)strlen(early[i].bytes), false, &key),
                     0);
    for (unsigned i = 0; i < sizeof late / sizeof late[0]; i++)
        check(&late[i], true);
}

/* Whatever the bytes are: something is taken or waited for, never more than there is. */
Test(terminal_keys, any_bytes)
{
    uint32_t random = 1;

    for (unsigned round = 0; round < 200000; round++) {
        static const uint8_t likely[] = {0x1b, '[', 'O', ';', '1', '~', 0xff, 0};
        uint8_t bytes[8];
        unsigned count = 1 + round % 8;
        struct terminal_key key;

        for (unsigned i = 0; i < count; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = random >> 31 ? likely[random >> 20 & 7] : (uint8_t)(random >> 16);
        }
        cr_assert_leq(terminal_keys_decode(bytes, count, false, &key), count);
        unsigned taken = terminal_keys_decode(bytes, count, true, &key);
        cr_assert(taken >= 1 && taken <= count);
    }
}

Test(fit, whole_multiples_of_the_best_shape)
{
    /* 720 x 400 on a 4:3 monitor: pixels of 20:27 */
    struct fit fit = fit_picture(720, 400, 720, 400, 20, 27);
    cr_assert(fit.across == 1 && fit.down == 1);
    fit = fit_picture(1920, 1200, 720, 400, 20, 27);
    cr_assert(fit.across == 2 && fit.down == 3);
    fit = fit_picture(3840, 2160, 720, 400, 20, 27);
    cr_assert(fit.across == 4 && fit.down == 5);
    fit = fit_picture(1600, 1200, 320, 200, 5, 6);
    cr_assert(fit.across == 5 && fit.down == 6);
    fit = fit_picture(1024, 768, 640, 480, 1, 1);
    cr_assert(fit.across == 1 && fit.down == 1);
    fit = fit_picture(600, 300, 720, 400, 20, 27);
    cr_assert(fit.across == 0);
    cr_assert_eq(fit_down(2, 20, 27), 3);
    cr_assert_eq(fit_down(1, 20, 27), 1);
}
