/* One ATA channel: command and control block registers, up to two devices, disk or CD-ROM (ATA/ATAPI-6, MMC-3).

   Commands take short fixed times of the machine clock (no seeks, no rotation: a disk whose cache always has it), long
   enough that BSY is seen and every interrupt comes after its command. */
#ifndef TRUEBOX_DEVICES_ATA_H
#define TRUEBOX_DEVICES_ATA_H

#include "devices/bay.h"
#include "devices/block.h"

struct ata_channel;

/* `instance` (kept by reference) names the channel in snapshots and the log. Claims 8 ports at `command_block` and one at
   `control_block` (device control and alternate status: 3F6, 376). `irq`: INTRQ. */
struct ata_channel *ata_channel_new(const struct bay *bay, const char *instance, uint16_t command_block,
                                    uint16_t control_block, struct wire irq);
void ata_channel_free(struct ata_channel *channel); /* the images stay open: they belong to the board */

/* RESET-. */
void ata_channel_reset(struct ata_channel *channel);

/* Cables a device (before the machine runs): `unit` 0 is the master. A CD-ROM drive may be empty (NULL). */
void ata_channel_attach_disk(struct ata_channel *channel, unsigned unit, struct block *block);
void ata_channel_attach_cdrom(struct ata_channel *channel, unsigned unit, struct block *block);

/* Puts another CD in (NULL: none) and gives back what was there; the guest sees a unit attention. */
struct block *ata_channel_change_cd(struct ata_channel *channel, unsigned unit, struct block *block);

/* The default CHS translation that IDENTIFY reports: 16 heads, 63 sectors, at most 16383 cylinders; small disks likewise,
   their last partial cylinder being reachable by LBA only. */
struct ata_geometry {
    uint16_t cylinders;
    uint8_t heads, sectors;
};
struct ata_geometry ata_geometry_for(uint64_t sectors);

/* The seam to a bus master (PIIX3). Without one the devices offer PIO only. */
struct ata_bus_master {
    /* Moves up to `size` bytes; fewer if it is stopped or its descriptors end. */
    size_t (*transfer)(void *owner, uint8_t *bytes, size_t size, bool to_memory);
    void (*interrupt)(void *owner, bool level); /* INTRQ as it leaves the drive */
    void *owner;
};
void ata_channel_connect_bus_master(struct ata_channel *channel, const struct ata_bus_master *bus_master);

/* The bus master was started: a device that waits with DMARQ goes on. */
void ata_channel_dma_started(struct ata_channel *channel);

#endif
