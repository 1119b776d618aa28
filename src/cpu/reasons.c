/* The reason rows, and their text with the values of one fault filled in (R5). */
#include "cpu/reasons.h"

#include <inttypes.h>
#include <stdio.h>

static const struct reason_row rows[REASON_COUNT] = {
#define REASON(identifier, section, text) {#identifier, section, text},
#include "cpu/isa/reasons.def"
#undef REASON
};

const struct reason_row *reason_row(enum reason reason)
{
    return &rows[(unsigned)reason < REASON_COUNT ? reason : REASON_NONE];
}

/* Room left in the caller's buffer: none once it is full, while the length goes on counting. */
static void put(char *text, size_t size, size_t *length, char character)
{
    if (*length + 1 < size)
        text[*length] = character;
    ++*length;
}

size_t reason_format(enum reason reason, const uint64_t detail[2], char *text, size_t size)
{
    size_t length = 0;

    for (const char *from = reason_row(reason)->text; *from; from++) {
        char number[24];

        if (from[0] != '%' || (from[1] != '0' && from[1] != '1')) {
            put(text, size, &length, *from);
            continue;
        }
        from++;
        snprintf(number, sizeof number, "%" PRIx64 "h", detail[*from - '0']);
        for (const char *digit = number; *digit; digit++)
            put(text, size, &length, *digit);
    }
    if (size)
        text[length < size ? length : size - 1] = 0;
    return length;
}
