/* The text screen as characters: cells, cursor, and UTF-8 by code page 437. */
#include "devices/vga_internal.h"

/* Code page 437 as the adapter's character generator draws it, control codes included. */
static const uint16_t code_page_437[256] = {
    0x0020, 0x263A, 0x263B, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022, 0x25D8, 0x25CB, 0x25D9, 0x2642, 0x2640, 0x266A, 0x266B,
    0x263C, 0x25BA, 0x25C4, 0x2195, 0x203C, 0x00B6, 0x00A7, 0x25AC, 0x21A8, 0x2191, 0x2193, 0x2192, 0x2190, 0x221F, 0x2194,
    0x25B2, 0x25BC, 0x0020, 0x0021, 0x0022, 0x0023, 0x0024, 0x0025, 0x0026, 0x0027, 0x0028, 0x0029, 0x002A, 0x002B, 0x002C,
    0x002D, 0x002E, 0x002F, 0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x0035, 0x0036, 0x0037, 0x0038, 0x0039, 0x003A, 0x003B,
    0x003C, 0x003D, 0x003E, 0x003F, 0x0040, 0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046, 0x0047, 0x0048, 0x0049, 0x004A,
    0x004B, 0x004C, 0x004D, 0x004E, 0x004F, 0x0050, 0x0051, 0x0052, 0x0053, 0x0054, 0x0055, 0x0056, 0x0057, 0x0058, 0x0059,
    0x005A, 0x005B, 0x005C, 0x005D, 0x005E, 0x005F, 0x0060, 0x0061, 0x0062, 0x0063, 0x0064, 0x0065, 0x0066, 0x0067, 0x0068,
    0x0069, 0x006A, 0x006B, 0x006C, 0x006D, 0x006E, 0x006F, 0x0070, 0x0071, 0x0072, 0x0073, 0x0074, 0x0075, 0x0076, 0x0077,
    0x0078, 0x0079, 0x007A, 0x007B, 0x007C, 0x007D, 0x007E, 0x2302, 0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5,
    0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE, 0x00EC, 0x00C4, 0x00C5, 0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2,
    0x00FB, 0x00F9, 0x00FF, 0x00D6, 0x00DC, 0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192, 0x00E1, 0x00ED, 0x00F3, 0x00FA, 0x00F1,
    0x00D1, 0x00AA, 0x00BA, 0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB, 0x2591, 0x2592, 0x2593, 0x2502,
    0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D, 0x255C, 0x255B, 0x2510, 0x2514, 0x2534, 0x252C,
    0x251C, 0x2500, 0x253C, 0x255E, 0x255F, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256C, 0x2567, 0x2568, 0x2564,
    0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580, 0x03B1,
    0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4, 0x03A6, 0x0398, 0x03A9, 0x03B4, 0x221E, 0x03C6, 0x03B5, 0x2229,
    0x2261, 0x00B1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00F7, 0x2248, 0x00B0, 0x2219, 0x00B7, 0x221A, 0x207F, 0x00B2, 0x25A0,
    0x00A0,
};

static void text_size(const struct vga *vga, unsigned *columns, unsigned *rows)
{
    unsigned lines = vga_timing_get(vga).display_lines / vga_row_lines(vga);

    *columns = vga_columns(vga);
    *rows = lines ? lines : 1;
}

/* The counter of a row's first character; a row that begins above the line compare belongs to the upper screen. */
static uint16_t row_address(const struct vga *vga, unsigned row)
{
    return vga_scan_line_get(vga, row * vga_row_lines(vga)).address;
}

static void cell_get(const struct vga *vga, uint16_t counter, uint8_t *code, uint8_t *attribute)
{
    const uint8_t *cell = vga->memory + 4 * vga_plane_offset(vga, counter, 0);

    *code = cell[0];
    *attribute = cell[1];
}

bool vga_screen_cell(struct vga *vga, unsigned column, unsigned row, uint8_t *code, uint8_t *attribute)
{
    unsigned columns, rows;

    text_size(vga, &columns, &rows);
    if (!vga_text_mode(vga) || column >= columns || row >= rows)
        return false;
    cell_get(vga, (uint16_t)(row_address(vga, row) + column), code, attribute);
    return true;
}

bool vga_screen_cursor(struct vga *vga, unsigned *column, unsigned *row)
{
    uint16_t cursor = (uint16_t)((vga->crtc[0x0E] << 8 | vga->crtc[0x0F]) + (vga->crtc[0x0B] >> 5 & 3));
    unsigned first = vga->crtc[0x0A] & 0x1F, last = vga->crtc[0x0B] & 0x1F, columns, rows;

    if (!vga_text_mode(vga) || vga->crtc[0x0A] & 0x20 || first > last || first > (vga->crtc[0x09] & 0x1F))
        return false;
    text_size(vga, &columns, &rows);
    for (unsigned y = 0; y < rows; y++) {
        uint16_t x = (uint16_t)(cursor - row_address(vga, y));
        if (x < columns) {
            *column = x;
            *row = y;
            return true;
        }
    }
    return false;
}

/* snprintf's contract for a growing text: `length` runs on past the room there is. No character is cut in two. */
struct writer {
    char *text;
    size_t size, length, kept;
};

static void put(struct writer *writer, const char *bytes, size_t count)
{
    if (writer->kept == writer->length && writer->length + count < writer->size) {
        memcpy(writer->text + writer->length, bytes, count);
        writer->kept += count;
    }
    writer->length += count;
}

static void put_code_point(struct writer *writer, unsigned point)
{
    char three[3] = {(char)(0xE0 | point >> 12), (char)(0x80 | (point >> 6 & 0x3F)), (char)(0x80 | (point & 0x3F))};
    char two[2] = {(char)(0xC0 | point >> 6), three[2]}, one = (char)point;

    if (point < 0x80)
        put(writer, &one, 1);
    else if (point < 0x800)
        put(writer, two, 2);
    else
        put(writer, three, 3);
}

static bool is_blank(uint8_t code)
{
    return code == 0x00 || code == 0x20 || code == 0xFF;
}

static void put_row(const struct vga *vga, struct writer *writer, unsigned row, unsigned columns)
{
    uint8_t codes[256], attribute;
    uint16_t address = row_address(vga, row);
    unsigned used = 0;

    for (unsigned column = 0; column < columns; column++) {
        cell_get(vga, (uint16_t)(address + column), &codes[column], &attribute);
        if (!is_blank(codes[column]))
            used = column + 1;
    }
    for (unsigned column = 0; column < used; column++)
        put_code_point(writer, code_page_437[codes[column]]);
    put(writer, "\n", 1);
}

size_t vga_screen_text(struct vga *vga, char *text, size_t size)
{
    struct writer writer = {text, size, 0, 0};
    unsigned columns, rows;

    if (vga_text_mode(vga)) {
        text_size(vga, &columns, &rows);
        for (unsigned row = 0; row < rows; row++)
            put_row(vga, &writer, row, columns);
    }
    if (size)
        text[writer.kept] = 0;
    return writer.length;
}
