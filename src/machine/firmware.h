/* Firmware images: the BIOS at the top of the address space, the video BIOS at C0000, an option ROM behind it. */
#ifndef TRUEBOX_MACHINE_FIRMWARE_H
#define TRUEBOX_MACHINE_FIRMWARE_H

#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

#include "machine/kernel_card.h"

/* One image, either from a file (owned) or built into the library. */
struct firmware {
    const uint8_t *bytes;
    size_t size;
    uint8_t *owned;
};

#define FIRMWARE_OPTION_SPACE 0xc0000u /* option ROMs from here ... */
#define FIRMWARE_OPTION_END 0xe0000u   /* ... up to here */

struct firmware_set {
    struct firmware bios;                                         /* a multiple of 64 KiB, at most 16 MiB */
    uint8_t options[FIRMWARE_OPTION_END - FIRMWARE_OPTION_SPACE]; /* as they stand from C0000; FF where there is none */
    size_t options_size;                                          /* used, rounded up to 2 KiB */
    struct kernel_card kernel;
};

/* Loads what the configuration names. false with *error; firmware_free in either case. */
bool firmware_load(struct firmware_set *set, const struct tb_config *config, struct tb_error *error);
void firmware_free(struct firmware_set *set);

/* A whole file of at most `maximum` bytes. false with *error; the caller frees `owned` in either case. */
bool firmware_read_file(struct firmware *firmware, const char *path, size_t maximum, struct tb_error *error);

#endif
