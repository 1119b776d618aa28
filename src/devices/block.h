/* The block backend of drives: an image file seen as 512-byte sectors.

   Sectors written since power-on are remembered, in memory under --snapshot (the file is then never touched), else as a
   bitmap: they are part of the state hash by their LBA (R8). Whatever lies past the end of the file reads as zeros up to the
   size that the drive gives the medium, and a write there extends the file. */
#ifndef TRUEBOX_DEVICES_BLOCK_H
#define TRUEBOX_DEVICES_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

#include "base/log.h"

#define BLOCK_SECTOR 512u
#define BLOCK_MAXIMUM_SECTORS (UINT64_C(1) << 32) /* 2 TiB: bounds what a sparse file can make us allocate */

struct block;

/* The images of one machine: the same file twice, once for writing, is an error. Zero-initialised; must outlive its blocks.
 */
struct block_list {
    struct block *first;
};

enum block_options {
    BLOCK_READ_ONLY = 1,      /* open for reading even if the file could be written (CDs) */
    BLOCK_DISCARD_WRITES = 2, /* writes stay in memory */
    BLOCK_PARTIAL_SECTOR =
        4 /* a size that is no whole number of sectors is padded with zeros, not refused (floppies, CDs) */
};

/* NULL with *error "FILE: why" (65: not a usable image, 66: cannot be opened). A file that this user cannot write, or whose
   mode has no write permission at all, becomes a read-only block. `log` may be NULL. */
struct block *block_open(struct block_list *list, const char *path, unsigned options, const struct log *log,
                         struct tb_error *error);

/* Flushes to the host's disk and closes. false with *error if something could not be written. NULL is allowed. */
bool block_close(struct block *block, struct tb_error *error);

const char *block_path(const struct block *block);
uint64_t block_sectors(const struct block *block);
bool block_is_read_only(const struct block *block);
bool block_discards_writes(const struct block *block);

/* Makes the medium larger than the file (never smaller). */
void block_extend(struct block *block, uint64_t sectors);

/* false: the host reported an error or the range is not on the medium. A write stops at the first sector that fails; each
   sector before it is in the file, the file never ends within a sector that was not there before. */
bool block_read(struct block *block, uint64_t lba, uint32_t count, void *bytes);
bool block_write(struct block *block, uint64_t lba, uint32_t count, const void *bytes);
bool block_flush(struct block *block);

/* Memory that the overlay may take, in bytes; a guest that writes more under --snapshot sees write errors. */
void block_limit_overlay(struct block *block, uint64_t bytes);

/* Hash of the sectors written since power-on, by LBA and present content, independent of the order of writing. */
uint64_t block_written_hash(const struct block *block);
uint64_t block_written_count(const struct block *block);

/* Calls `visit` for each written sector in ascending order until it returns false; false then, or if a sector cannot be
   read back. For snapshots: block_forget_written followed by block_write of what was visited restores an overlay. */
bool block_each_written(struct block *block, bool (*visit)(void *owner, uint64_t lba, const uint8_t *sector), void *owner);

/* Drops the overlay (only with BLOCK_DISCARD_WRITES, else just the record of what was written). */
void block_forget_written(struct block *block);

#endif
