/* Inside the ATA channel: shared by the channel (ata_channel.c), the disk (ata_disk.c) and the CD-ROM (atapi_*.c). */
#ifndef TRUEBOX_DEVICES_ATA_STATE_H
#define TRUEBOX_DEVICES_ATA_STATE_H

#include "devices/ata.h"

#define ATA_BUFFER_BYTES 8192u /* 16 sectors of a disk, 4 of a CD */
#define ATA_MAXIMUM_MULTIPLE 16u

enum { /* status */
       ATA_BSY = 0x80,
       ATA_DRDY = 0x40,
       ATA_DF = 0x20,
       ATA_DSC = 0x10,
       ATA_DRQ = 0x08,
       ATA_ERR = 0x01 /* CHK for packet devices */
};

enum { /* error */
       ATA_UNC = 0x40,
       ATA_IDNF = 0x10,
       ATA_ABRT = 0x04
};

enum { ATA_CONTROL_HOB = 0x80, ATA_CONTROL_SRST = 0x04, ATA_CONTROL_NIEN = 0x02 };

enum { ATA_DEVICE_LBA = 0x40, ATA_DEVICE_SELECT = 0x10 };

enum {                  /* interrupt reason, in the sector count register of packet devices */
       ATAPI_CD = 0x01, /* command, not data */
       ATAPI_IO = 0x02  /* to the host */
};

enum ata_kind { ATA_NONE, ATA_DISK, ATA_CDROM };

/* What happens when BSY ends, or when the buffer has been emptied or filled. */
enum ata_step {
    ATA_STEP_NONE,
    ATA_STEP_RESET,
    ATA_STEP_DIAGNOSTIC,
    ATA_STEP_COMPLETE, /* end of command with status and error already decided */
    ATA_STEP_READ,     /* fetch the next block of sectors */
    ATA_STEP_READ_DRAINED,
    ATA_STEP_WRITE_READY,  /* ask for the first block */
    ATA_STEP_WRITE_FILLED, /* BSY until the block is written */
    ATA_STEP_WRITE,
    ATA_STEP_VERIFY,
    ATA_STEP_FLUSH,
    ATA_STEP_DMA_READ,
    ATA_STEP_DMA_WRITE,
    ATA_STEP_BUFFER_IN, /* one block of data to the host, then done */
    ATA_STEP_BUFFER_READ,
    ATA_STEP_BUFFER_OUT,
    ATA_STEP_BUFFER_FILLED,
    ATA_STEP_PACKET_READY, /* ask for the packet */
    ATA_STEP_PACKET,       /* the packet is here */
    ATA_STEP_PACKET_RUN,
    ATA_STEP_PACKET_IN, /* the next block of data to the host */
    ATA_STEP_PACKET_DRAINED,
    ATA_STEP_PACKET_OUT,
    ATA_STEP_PACKET_FILLED,
    ATA_STEP_PACKET_DMA, /* what the buffer holds goes, or what it wants comes, through the bus master */
    ATA_STEP_PACKET_DONE,
    ATA_STEP_COUNT
};

/* The packet device's own part. */
struct atapi {
    uint8_t packet[12];
    uint8_t sense_key, asc, ascq;
    bool unit_attention;   /* asc/ascq of it in attention_asc */
    uint8_t attention_asc; /* 28: medium may have changed, 29: reset */
    uint8_t media_event;   /* GET EVENT STATUS NOTIFICATION: 0 none, 1 eject request, 2 new, 3 removal */
    bool prevent_removal, tray_open, spinning;
    bool dma;                  /* the packet in progress moves its data through the bus master */
    uint8_t error_recovery[6]; /* mode page 01 after its length byte */
    uint8_t audio_control[14]; /* mode page 0E likewise */
    uint16_t byte_limit;       /* of one DRQ block */
    uint32_t lba, blocks;      /* of a read in progress */
    uint16_t block_bytes;      /* of each block to the host: 2048, or what READ CD asked for */
    uint8_t read_cd_flags;     /* byte 9 of READ CD; 0x10 (user data) for all others */
    uint32_t data_length;      /* valid bytes in the device's buffer that are still to be sent, from data_at */
    uint32_t data_at;
};

struct ata_device {
    struct ata_channel *channel;
    unsigned unit;
    enum ata_kind kind;
    struct block *block;

    /* [0] the present content, [1] the previous one (HOB) */
    uint8_t feature[2], sector_count[2], lba_low[2], lba_mid[2], lba_high[2];
    uint8_t device, status, error, command;
    bool interrupt; /* INTRQ wanted; reaches the wire while selected and nIEN = 0 */

    uint8_t step;
    uint8_t buffer[ATA_BUFFER_BYTES];
    uint16_t buffer_at, buffer_length;
    bool to_host;
    struct event busy;

    /* disk */
    uint16_t cylinders; /* present translation */
    uint8_t heads, sectors;
    uint8_t multiple; /* sectors per block; 0: READ/WRITE MULTIPLE are aborted */
    uint8_t transfer_mode;
    uint8_t power; /* sector count of CHECK POWER MODE: FF active, 80 idle, 00 standby */
    bool asleep, write_cache, dma_waits;
    bool extended; /* the command in progress is a 48-bit one */
    uint64_t lba;
    uint32_t remaining; /* sectors */

    struct atapi packet;
};

struct ata_channel {
    struct bay bay;
    const char *instance;
    uint16_t command_block, control_block;
    struct wire irq;
    struct ata_bus_master bus_master;
    uint8_t control; /* last device control byte */
    uint8_t selected;
    struct ata_device device[2];
};

/* ata_channel.c */
void ata_update_irq(struct ata_channel *channel);
void ata_set_interrupt(struct ata_device *device, bool level);
void ata_start_busy(struct ata_device *device, enum ata_step step, uint64_t nanoseconds);
void ata_start_data(struct ata_device *device, enum ata_step after, uint16_t length, bool to_host, bool interrupt);
void ata_complete(struct ata_device *device, uint8_t status, uint8_t error); /* ends the command with INTRQ */
void ata_abort(struct ata_device *device);
void ata_signature(struct ata_device *device);
void ata_diagnostic(struct ata_channel *channel);
static inline bool ata_has_dma(const struct ata_device *device)
{
    return device->channel->bus_master.transfer != NULL;
}
void ata_dma_wait(struct ata_device *device, enum ata_step step); /* DMARQ, until ata_channel_dma_started */
void ata_identify_dma(const struct ata_device *device, uint8_t *words);
void ata_identify_text(uint8_t *words, unsigned first, unsigned count, const char *text);
void ata_identify_checksum(uint8_t *words);
bool ata_set_features(struct ata_device *device); /* false: to be aborted */

/* ata_disk.c */
void ata_disk_command(struct ata_device *device);
void ata_disk_step(struct ata_device *device, enum ata_step step);
void ata_disk_power_on(struct ata_device *device);

/* atapi_cdrom.c */
void atapi_command(struct ata_device *device);
void atapi_step(struct ata_device *device, enum ata_step step);
void atapi_power_on(struct ata_device *device);
void atapi_medium_changed(struct ata_device *device);
extern const struct state_table atapi_table;

#endif
