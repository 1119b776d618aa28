/* Inside the CD-ROM drive: the packet protocol (atapi_cdrom.c), commands that report (atapi_report.c), sectors
 * (cd_sector.c). */
#ifndef TRUEBOX_DEVICES_ATAPI_STATE_H
#define TRUEBOX_DEVICES_ATAPI_STATE_H

#include "base/bits.h"
#include "devices/ata_state.h"

#define CD_SECTOR_BYTES 2048u
#define CD_RAW_BYTES 2352u
#define CD_LEAD_IN 150u /* frames from 00:00:00 to logical block 0 */

enum { SENSE_NOT_READY = 2, SENSE_MEDIUM_ERROR = 3, SENSE_ILLEGAL_REQUEST = 5, SENSE_UNIT_ATTENTION = 6 };

/* Additional sense codes (MMC-3 annex A) with their qualifier in the low byte. */
enum {
    ASC_UNRECOVERED_READ = 0x1100,
    ASC_INVALID_COMMAND = 0x2000,
    ASC_OUT_OF_RANGE = 0x2100,
    ASC_INVALID_FIELD = 0x2400,
    ASC_INVALID_PARAMETER = 0x2600,
    ASC_MEDIUM_CHANGED = 0x2800,
    ASC_POWER_ON = 0x2900,
    ASC_SEQUENCE_ERROR = 0x2C00,
    ASC_NO_SAVED_PAGES = 0x3900,
    ASC_NO_MEDIUM_TRAY_CLOSED = 0x3A01,
    ASC_NO_MEDIUM_TRAY_OPEN = 0x3A02,
    ASC_REMOVAL_PREVENTED = 0x5302,
    ASC_ILLEGAL_MODE = 0x6400
};

static inline uint32_t load_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline uint16_t load_be16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline void store_be32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

static inline void store_be16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

/* atapi_cdrom.c: how a packet command ends */
void atapi_good(struct ata_device *device);
void atapi_fail(struct ata_device *device, uint8_t key, unsigned asc);
void atapi_send(struct ata_device *device, unsigned length, unsigned allocation); /* `length` bytes of the buffer */
bool atapi_medium_present(const struct ata_device *device);
uint32_t atapi_blocks(const struct ata_device *device); /* 0 without medium */

/* atapi_report.c */
void atapi_inquiry(struct ata_device *device);
void atapi_read_capacity(struct ata_device *device);
void atapi_read_toc(struct ata_device *device);
void atapi_read_sub_channel(struct ata_device *device);
void atapi_read_header(struct ata_device *device);
void atapi_mode_sense(struct ata_device *device);
void atapi_mode_select_data(struct ata_device *device);
void atapi_get_configuration(struct ata_device *device);
void atapi_get_event_status(struct ata_device *device);
void atapi_mechanism_status(struct ata_device *device);
void atapi_read_disc_information(struct ata_device *device);
void atapi_read_track_information(struct ata_device *device);
void atapi_mode_defaults(struct ata_device *device);

/* cd_sector.c: a block address as minute, second, frame (three bytes), and the parts of a mode 1 sector (ECMA-130) */
void cd_store_msf(uint8_t *bytes, uint32_t lba);
/* Number of bytes that READ CD's byte 9 selects of a mode 1 sector, 0 if the combination is illegal. */
unsigned cd_selected_bytes(uint8_t flags);
/* Builds them at `out` from the 2048 bytes of user data. */
void cd_build_sector(uint8_t *out, uint8_t flags, uint32_t lba, const uint8_t *data);

#endif
