/* Mode 1 sectors as they are on the disc: sync, header, EDC and ECC (ECMA-130, chapter 14 and annexes A and B). */
#include <string.h>

#include "devices/atapi_state.h"

#define USER_DATA 16u
#define EDC_OFFSET 2064u
#define P_PARITY 2076u
#define Q_PARITY 2248u

enum { FLAG_SYNC = 0x80, FLAG_HEADERS = 0x60, FLAG_HEADER = 0x20, FLAG_USER_DATA = 0x10, FLAG_EDC_ECC = 0x08 };

void cd_store_msf(uint8_t *bytes, uint32_t lba)
{
    uint32_t frames = lba + CD_LEAD_IN;

    if (frames > 100 * 60 * 75 - 1)
        frames = 100 * 60 * 75 - 1; /* larger images have no such address */
    bytes[0] = (uint8_t)(frames / (60 * 75));
    bytes[1] = (uint8_t)(frames / 75 % 60);
    bytes[2] = (uint8_t)(frames % 75);
}

static uint8_t bcd(uint8_t value)
{
    return (uint8_t)(value / 10 << 4 | value % 10);
}

/* The CRC of (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), bits reflected (14.3). */
static uint32_t error_detection_code(const uint8_t *bytes, size_t size)
{
    uint32_t code = 0;

    for (size_t i = 0; i < size; i++) {
        code ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            code = code & 1 ? code >> 1 ^ 0xD8018001 : code >> 1;
    }
    return code;
}

/* Multiplication by alpha in GF(2^8) of x^8 + x^4 + x^3 + x^2 + 1 (annex A). */
static uint8_t times_alpha(uint8_t value)
{
    return (uint8_t)(value << 1 ^ (value & 0x80 ? 0x1D : 0));
}

/* Division by alpha + 1: since x = y * alpha + y, y's bits follow from the lowest up; the field is small enough to search.
 */
static uint8_t over_alpha_plus_one(uint8_t value)
{
    uint8_t y = 0;

    while ((times_alpha(y) ^ y) != value)
        y++;
    return y;
}

/* Two parity bytes for each of `vectors` Reed-Solomon words, so that the sums of c(i) and of c(i) * alpha^(n-1-i) vanish.
   Even and odd vectors run over the low and high bytes; `step` leads from one element of a vector to the next, wrapping at
   `area`. */
static void parity(uint8_t *area_start, unsigned area, unsigned vectors, unsigned length, unsigned first_step, unsigned step,
                   uint8_t *out)
{
    for (unsigned vector = 0; vector < vectors; vector++) {
        unsigned at = vector / 2 * first_step + vector % 2;
        uint8_t weighted = 0, sum = 0;

        for (unsigned i = 0; i < length; i++) {
            weighted = times_alpha(weighted ^ area_start[at]);
            sum ^= area_start[at];
            at += step;
            if (at >= area)
                at -= area;
        }
        weighted = over_alpha_plus_one(times_alpha(weighted) ^ sum);
        out[vector] = weighted;
        out[vector + vectors] = weighted ^ sum;
    }
}

unsigned cd_selected_bytes(uint8_t flags)
{
    if (flags & 0x06 || (flags & FLAG_HEADERS) == 0x40) /* C2 pointers; a subheader, which mode 1 has not */
        return 0;
    if (flags & FLAG_SYNC && !(flags & FLAG_HEADER) && flags & (FLAG_USER_DATA | FLAG_EDC_ECC))
        return 0; /* not contiguous */
    if (flags & FLAG_EDC_ECC && !(flags & FLAG_USER_DATA))
        return 0;
    return (flags & FLAG_SYNC ? 12u : 0) + (flags & FLAG_HEADER ? 4u : 0) + (flags & FLAG_USER_DATA ? CD_SECTOR_BYTES : 0) +
           (flags & FLAG_EDC_ECC ? 288u : 0);
}

void cd_build_sector(uint8_t *out, uint8_t flags, uint32_t lba, const uint8_t *data)
{
    uint8_t raw[CD_RAW_BYTES];
    unsigned first = flags & FLAG_SYNC ? 0 : flags & FLAG_HEADER ? 12 : USER_DATA;

    memset(raw, 0, sizeof raw);
    memset(raw + 1, 0xFF, 10);
    cd_store_msf(raw + 12, lba);
    for (unsigned i = 12; i < 15; i++)
        raw[i] = bcd(raw[i]);
    raw[15] = 1;
    memcpy(raw + USER_DATA, data, CD_SECTOR_BYTES);
    if (flags & FLAG_EDC_ECC) {
        store_le32(raw + EDC_OFFSET, error_detection_code(raw, EDC_OFFSET));
        parity(raw + 12, P_PARITY - 12, 86, 24, 2, 86, raw + P_PARITY);
        parity(raw + 12, Q_PARITY - 12, 52, 43, 86, 88, raw + Q_PARITY);
    }
    memcpy(out, raw + first, cd_selected_bytes(flags));
}
