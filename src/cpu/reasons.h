/* R5: every fault says why. A reason is a row in isa/reasons.def: identifier, manual section, text. */
#ifndef TRUEBOX_CPU_REASONS_H
#define TRUEBOX_CPU_REASONS_H

#include <stddef.h>
#include <stdint.h>

enum reason {
#define REASON(identifier, section, text) REASON_##identifier,
#include "cpu/isa/reasons.def"
#undef REASON
    REASON_COUNT
};

struct reason_row {
    const char *identifier; /* "GP_CPL_NOT_ZERO" */
    const char *section;    /* "SDM 3A 6.15" */
    const char *text;       /* %0 and %1 stand for the two detail values in hexadecimal */
};

const struct reason_row *reason_row(enum reason reason);

/* The row's text with its values filled in. Returns the length as snprintf does. */
size_t reason_format(enum reason reason, const uint64_t detail[2], char *text, size_t size);

#endif
