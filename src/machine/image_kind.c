/* Telling CD, floppy and disk images apart by content and size. */
#include "machine/image_kind.h"

#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "devices/block.h"
#include "devices/floppy_geometry.h"

#define CD_SECTOR 2048u
#define VOLUME_DESCRIPTORS 16u /* ECMA-119 6.7.1: the first volume descriptor is in sector 16 */

/* ECMA-119 8.1 (CD001), ECMA-167 2/9.1 (BEA01, NSR0x: UDF without an ISO bridge), High Sierra (CDROM). */
static bool is_volume_descriptor(const uint8_t *sector)
{
    return memcmp(sector + 1, "CD001", 5) == 0 || memcmp(sector + 1, "BEA01", 5) == 0 || memcmp(sector + 9, "CDROM", 5) == 0;
}

/* A primary volume descriptor says how long the volume is; an image that lacks more than the customary 150 sectors of
   padding (rounded up generously to 1 MiB) was cut off. */
static bool check_volume_size(struct block *block, const uint8_t *sector, struct tb_error *error)
{
    uint64_t volume = load_le32(sector + 80) * (uint64_t)load_le16(sector + 128);
    uint64_t have = block_sectors(block) * BLOCK_SECTOR;

    if (sector[0] == 1 && memcmp(sector + 1, "CD001", 5) == 0 && volume > have + (1 << 20))
        return error_set(error, TB_STATUS_DATA, "%s: truncated: the CD's volume has %llu bytes, the file %llu",
                         block_path(block), (unsigned long long)volume, (unsigned long long)have);
    return true;
}

static enum tb_drive_kind classify(struct block *block, bool whole_sectors, struct tb_error *error)
{
    uint8_t sector[BLOCK_SECTOR];

    if (block_read(block, VOLUME_DESCRIPTORS * (CD_SECTOR / BLOCK_SECTOR), 1, sector) && is_volume_descriptor(sector))
        return check_volume_size(block, sector, error) ? TB_DRIVE_CDROM : TB_DRIVE_EMPTY;
    if (!whole_sectors)
        return TB_DRIVE_DISK;
    return block_sectors(block) <= FLOPPY_MAXIMUM_SECTORS ? TB_DRIVE_FLOPPY : TB_DRIVE_DISK;
}

enum tb_drive_kind image_kind(const char *path, struct tb_error *error)
{
    struct block_list alone = {NULL};
    struct tb_error odd_size;
    enum tb_drive_kind kind;
    struct block *block = block_open(&alone, path, BLOCK_READ_ONLY, NULL, &odd_size);
    bool whole_sectors = block != NULL;

    if (!block)
        block = block_open(&alone, path, BLOCK_READ_ONLY | BLOCK_PARTIAL_SECTOR, NULL, error);
    if (!block)
        return TB_DRIVE_EMPTY;
    kind = classify(block, whole_sectors, error);
    block_close(block, NULL);
    if (kind == TB_DRIVE_DISK && !whole_sectors) { /* a disk must be whole: say so as opening it would */
        if (error)
            *error = odd_size;
        return TB_DRIVE_EMPTY;
    }
    return kind;
}
