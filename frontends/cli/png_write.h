/* Pictures to PNG files, atomically: the file of that name is either the old one or the complete new one (R11). */
#ifndef TRUEBOX_FRONTENDS_CLI_PNG_WRITE_H
#define TRUEBOX_FRONTENDS_CLI_PNG_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

/* Writes `height` rows of `width` pixels 0x00RRGGBB, `stride` pixels from row to row, as 8-bit RGB. A picture without
   pixels is an error. false with *error (may be NULL) set and no file left behind. */
bool png_write_rgb(const char *path, const uint32_t *pixels, unsigned width, unsigned height, size_t stride,
                   struct tb_error *error);

#endif
