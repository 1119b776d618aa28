/* mkfont: assembles the three CP437 fonts of the video BIOS (8x8, 8x14, 8x16) at build time.
 *
 * Each of the 256 characters is looked up by its Unicode value in the unicode tables of a list of console
 * fonts (PSF 1 or 2, gzip allowed; the first font that has it wins). What no font has is drawn in a text file
 * of ours. A character found nowhere is an error: the ROM never ships with a hole.
 *
 * usage: mkfont HEIGHT GLYPHS.txt OUT.bin FONT... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAX_FILE = 1 << 20, MAX_HEIGHT = 32 };

/* Code page 437, 00h-1Fh and 7Fh by their graphic meanings (IBM's "smileys"). */
static const uint16_t cp437[256] = {
    0x0020, 0x263A, 0x263B, 0x2665, 0x2666, 0x2663, 0x2660,          0x2022,          0x25D8, 0x25CB, 0x25D9, 0x2642, 0x2640,
    0x266A, 0x266B, 0x263C, 0x25BA, 0x25C4, 0x2195, 0x203C,          0x00B6,          0x00A7, 0x25AC, 0x21A8, 0x2191, 0x2193,
    0x2192, 0x2190, 0x221F, 0x2194, 0x25B2, 0x25BC, [0x7F] = 0x2302, [0x80] = 0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0,
    0x00E5, 0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE,          0x00EC,          0x00C4, 0x00C5, 0x00C9, 0x00E6, 0x00C6,
    0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9, 0x00FF, 0x00D6,          0x00DC,          0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192,
    0x00E1, 0x00ED, 0x00F3, 0x00FA, 0x00F1, 0x00D1, 0x00AA,          0x00BA,          0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC,
    0x00A1, 0x00AB, 0x00BB, 0x2591, 0x2592, 0x2593, 0x2502,          0x2524,          0x2561, 0x2562, 0x2556, 0x2555, 0x2563,
    0x2551, 0x2557, 0x255D, 0x255C, 0x255B, 0x2510, 0x2514,          0x2534,          0x252C, 0x251C, 0x2500, 0x253C, 0x255E,
    0x255F, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550,          0x256C,          0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
    0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C,          0x2588,          0x2584, 0x258C, 0x2590, 0x2580, 0x03B1,
    0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4,          0x03A6,          0x0398, 0x03A9, 0x03B4, 0x221E, 0x03C6,
    0x03B5, 0x2229, 0x2261, 0x00B1, 0x2265, 0x2264, 0x2320,          0x2321,          0x00F7, 0x2248, 0x00B0, 0x2219, 0x00B7,
    0x221A, 0x207F, 0x00B2, 0x25A0, 0x00A0,
};

/* The same shape under another code point, for fonts that name only one of the two. */
static const uint16_t alias[][2] = {
    {0x00A0, 0x0020}, {0x00B5, 0x03BC}, {0x03A9, 0x2126}, {0x0398, 0x03F4}, {0x03A3, 0x2211}, {0x03C6, 0x03D5},
    {0x2219, 0x00B7}, {0x00DF, 0x03B2}, {0x2302, 0x2206}, {0x25CB, 0x25E6}, {0x03B5, 0x2208},
};

static unsigned height;
static uint8_t glyph[256][MAX_HEIGHT];
static uint8_t have[256];

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "mkfont: %s: %s\n", what, why);
    exit(1);
}

static uint32_t le32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Ranks: 3 the slot is named first by this code point, 2 the slot merely stands in for it (several fonts show
 * double lines by single ones), 1 an alias. The best rank wins; among equals the first offer stays. */
static void offer(uint32_t code, const uint8_t *shape, int first)
{
    for (int i = 0; i < 256; i++) {
        uint32_t want = cp437[i] ? cp437[i] : (uint32_t)i;
        uint8_t rank = first ? 3 : 2;
        if (want == code && have[i] < rank) {
            memcpy(glyph[i], shape, height);
            have[i] = rank;
        }
        for (size_t a = 0; a < sizeof alias / sizeof *alias && !have[i]; a++)
            if (want == alias[a][0] && code == alias[a][1]) {
                memcpy(glyph[i], shape, height);
                have[i] = 1;
            }
    }
}

static void psf1(const uint8_t *d, size_t n)
{
    size_t count = d[2] & 1 ? 512 : 256, q = 4 + count * height;
    int sequence = 0, first = 1;
    for (size_t i = 0; i < count && q + 1 < n; q += 2) {
        unsigned c = d[q] | d[q + 1] << 8;
        if (c == 0xFFFF)
            i++, sequence = 0, first = 1;
        else if (c == 0xFFFE)
            sequence = 1;
        else if (!sequence)
            offer(c, d + 4 + i * height, first), first = 0;
    }
}

static void psf2(const uint8_t *d, size_t n)
{
    size_t start = le32(d + 8), count = le32(d + 16), size = le32(d + 20), q = start + count * size;
    int sequence = 0, first = 1;
    for (size_t i = 0; i < count && q < n;) {
        uint32_t c = d[q++];
        if (c == 0xFF) {
            i++, sequence = 0, first = 1;
            continue;
        }
        if (c == 0xFE) {
            sequence = 1;
            continue;
        }
        unsigned more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
        c &= 0x7F >> (more ? more + 1 : 0);
        while (more-- && q < n)
            c = c << 6 | (d[q++] & 0x3F);
        if (!sequence)
            offer(c, d + start + i * size, first), first = 0;
    }
}

static void read_font(const char *name)
{
    static uint8_t d[MAX_FILE];
    gzFile f = gzopen(name, "rb");
    int n = f ? gzread(f, d, sizeof d) : -1;
    if (n < 36)
        die(name, "cannot be read as a console font");
    gzclose(f);
    if (d[0] == 0x36 && d[1] == 0x04) {
        if (d[3] != height || (size_t)n < 4 + (d[2] & 1 ? 512u : 256u) * height)
            die(name, "wrong glyph height");
        psf1(d, (size_t)n);
    } else if (le32(d) == 0x864AB572) {
        if (le32(d + 24) != height || le32(d + 28) != 8 || le32(d + 20) != height ||
            (uint64_t)le32(d + 8) + (uint64_t)le32(d + 16) * height > (uint64_t)n)
            die(name, "wrong glyph size");
        psf2(d, (size_t)n);
    } else {
        die(name, "not a PSF font");
    }
}

/* "glyph XX 8x14" and then rows of '#' and '.'; other lines are comments. Ours win over every font. */
static void read_ours(const char *name)
{
    FILE *f = fopen(name, "r");
    char line[128];
    unsigned code, h;
    if (!f)
        die(name, "cannot be opened");
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "glyph %x 8x%u", &code, &h) != 2)
            continue;
        if (code > 255 || h > MAX_HEIGHT)
            die(name, "glyph out of range");
        for (unsigned y = 0; y < h && fgets(line, sizeof line, f); y++) {
            uint8_t row = 0;
            for (unsigned x = 0; x < 8 && (line[x] == '#' || line[x] == '.'); x++)
                row |= line[x] == '#' ? 0x80 >> x : 0;
            if (h == height)
                glyph[code][y] = row, have[code] = 4;
        }
    }
    fclose(f);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        die("usage", "mkfont HEIGHT GLYPHS.txt OUT.bin FONT...");
    height = (unsigned)atoi(argv[1]);
    if (height < 8 || height > MAX_HEIGHT)
        die(argv[1], "bad height");
    read_ours(argv[2]);
    for (int i = 4; i < argc; i++)
        read_font(argv[i]);
    int holes = 0;
    for (int i = 0; i < 256; i++)
        if (!have[i] && i != 0 && i != 0x20 && i != 0xFF)
            fprintf(stderr, "mkfont: no %ux glyph for CP437 %02X (U+%04X)\n", height, i, cp437[i] ? cp437[i] : i), holes++;
    if (holes)
        return 1;
    memset(glyph[0], 0, height); /* NUL, space and the hard space are blank */
    memset(glyph[0xFF], 0, height);
    FILE *out = fopen(argv[3], "wb");
    if (!out)
        die(argv[3], "cannot be written");
    for (int i = 0; i < 256; i++)
        fwrite(glyph[i], height, 1, out);
    if (fclose(out))
        die(argv[3], "write error");
    return 0;
}
