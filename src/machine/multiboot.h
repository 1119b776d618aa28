/* Multiboot 1 kernels (Multiboot Specification 0.6.96): what a file wants to have where. A pure function of the file's
   bytes, which may be anything (R11). */
#ifndef TRUEBOX_MACHINE_MULTIBOOT_H
#define TRUEBOX_MACHINE_MULTIBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

#define MULTIBOOT_SEGMENTS 64 /* that a kernel may have */

/* `bytes` of the file from `offset` go to `to`, `zeros` behind them. */
struct multiboot_segment {
    uint32_t offset, to, bytes, zeros;
};

struct multiboot_kernel {
    uint32_t flags; /* of the header */
    uint32_t entry;
    unsigned segment_count;
    struct multiboot_segment segments[MULTIBOOT_SEGMENTS];
};

/* Finds out; every segment lies in `memory_size` bytes of RAM, outside the adapters' window and the BIOS's data. false with
 *error, which names `path`. */
bool multiboot_examine(struct multiboot_kernel *kernel, const uint8_t *file, size_t size, uint64_t memory_size,
                       const char *path, struct tb_error *error);

#endif
