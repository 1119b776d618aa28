/* `truebox disasm`: a file, or hexadecimal bytes on standard input, as instructions. */
#include "cli/commands.h"
#include "cli/report.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DISASM_MAX = 64 << 20, INSTRUCTION_MAX = 15 };

struct disassembly {
    unsigned bits;
    uint64_t org;
    const char *path; /* NULL: hexadecimal on standard input */
    uint8_t *bytes;
    size_t size, capacity;
};

static bool add_byte(struct disassembly *disassembly, uint8_t byte, struct tb_error *error)
{
    if (disassembly->size == DISASM_MAX)
        return report_set(error, TB_STATUS_DATA, "%s: more than %d bytes",
                          disassembly->path ? disassembly->path : "standard input", DISASM_MAX);
    if (disassembly->size == disassembly->capacity) {
        disassembly->capacity = disassembly->capacity ? disassembly->capacity * 2 : 4096;
        disassembly->bytes = report_resize(disassembly->bytes, disassembly->capacity);
    }
    disassembly->bytes[disassembly->size++] = byte;
    return true;
}

static bool read_file(struct disassembly *disassembly, struct tb_error *error)
{
    FILE *file = fopen(disassembly->path, "rb");
    struct stat status;
    bool good = file != NULL;
    int byte;

    if (good && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        good = false;
    }
    if (!good)
        report_set(error, TB_STATUS_NO_INPUT, "%s: %s", disassembly->path, strerror(errno));
    while (good && (byte = getc(file)) != EOF)
        good = add_byte(disassembly, (uint8_t)byte, error);
    if (good && ferror(file))
        good = report_set(error, TB_STATUS_NO_INPUT, "%s: %s", disassembly->path, strerror(errno));
    if (file)
        fclose(file);
    return good;
}

/* Pairs of digits, with or without 0x, commas and blanks between them; # begins a comment. */
static bool read_hex(struct disassembly *disassembly, struct tb_error *error)
{
    int c = getchar(), first = -1;

    for (; c != EOF; c = getchar()) {
        if (c == '#') {
            while (c != '\n' && c != EOF)
                c = getchar();
        } else if (isxdigit(c)) {
            int digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;

            if (first < 0) {
                first = digit;
            } else {
                if (!add_byte(disassembly, (uint8_t)(first << 4 | digit), error))
                    return false;
                first = -1;
            }
        } else if (first == 0 && (c == 'x' || c == 'X')) {
            first = -1;
        } else if (first >= 0) {
            return report_set(error, TB_STATUS_DATA, "standard input: a byte wants two hexadecimal digits");
        } else if (!isspace(c) && c != ',') {
            return report_set(error, TB_STATUS_DATA, "standard input: not hexadecimal: '%c'", c);
        }
    }
    return first < 0 || report_set(error, TB_STATUS_DATA, "standard input: a byte wants two hexadecimal digits");
}

static bool parse(struct disassembly *disassembly, int argc, char **argv, struct tb_error *error)
{
    static const struct option longs[] = {
        {"bits", required_argument, NULL, 'b'}, {"org", required_argument, NULL, 'o'}, {0}};
    int found;

    disassembly->bits = 16;
    opterr = 0;
    optind = 0;
    while ((found = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
        char *end = NULL;

        if (found != 'b' && found != 'o')
            return report_set(error, TB_STATUS_USAGE, "disasm: %s: %s",
                              found == ':' ? "option wants an argument" : "unknown option", argv[optind - 1]);
        errno = 0;
        uint64_t value = strtoull(optarg, &end, 0);
        if (!isdigit((unsigned char)*optarg) || *end || errno || (found == 'b' && value != 16 && value != 32 && value != 64))
            return report_set(error, TB_STATUS_USAGE, "--%s: wants %s, not %s", found == 'b' ? "bits" : "org",
                              found == 'b' ? "16, 32 or 64" : "an address", optarg);
        if (found == 'b')
            disassembly->bits = (unsigned)value;
        else
            disassembly->org = value;
    }
    if (optind < argc && strcmp(argv[optind], "-"))
        disassembly->path = argv[optind];
    if (optind + 1 < argc)
        return report_set(error, TB_STATUS_USAGE, "disasm: more than one file: %s", argv[optind + 1]);
    return true;
}

static void print(const struct disassembly *disassembly)
{
    for (size_t i = 0; i < disassembly->size;) {
        size_t left = disassembly->size - i;
        char text[160], hex[2 * INSTRUCTION_MAX + 1];
        unsigned length = tb_disassemble(disassembly->bytes + i, left < INSTRUCTION_MAX ? left : INSTRUCTION_MAX,
                                         disassembly->bits, disassembly->org + i, text, sizeof text);

        if (!length) {
            length = 1;
            snprintf(text, sizeof text, "db 0x%02x", disassembly->bytes[i]);
        }
        for (unsigned j = 0; j < length; j++)
            snprintf(hex + 2 * j, 3, "%02x", disassembly->bytes[i + j]);
        printf("%08" PRIx64 "  %-20s  %s\n", disassembly->org + i, hex, text);
        i += length;
    }
}

int disasm_command(int argc, char **argv)
{
    struct disassembly disassembly = {0};
    struct tb_error error = {TB_STATUS_OK, ""};
    int status = TB_STATUS_OK;

    if (!parse(&disassembly, argc, argv, &error) ||
        !(disassembly.path ? read_file(&disassembly, &error) : read_hex(&disassembly, &error)))
        status = report_error(&error);
    else
        print(&disassembly);
    free(disassembly.bytes);
    return status;
}
