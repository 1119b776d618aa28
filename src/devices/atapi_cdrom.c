/* The ATAPI CD-ROM drive: ATA side, packet protocol (ATA/ATAPI-6 9.8), sense data, medium and reading (MMC-3). */
#include <stdio.h>
#include <string.h>

#include "devices/atapi_state.h"

#define COMMAND_NS 20000
#define PACKET_NS 5000 /* IDENTIFY word 0 promises DRQ within 50 us */
#define NEXT_BLOCK_NS 10000
#define READY (ATA_DRDY | ATA_DSC)
#define USER_DATA_FLAG 0x10

/* --- medium ------------------------------------------------------------------------------------------------------- */

bool atapi_medium_present(const struct ata_device *device)
{
    return device->block && !device->packet.tray_open;
}

uint32_t atapi_blocks(const struct ata_device *device)
{
    return atapi_medium_present(device) ? (uint32_t)((block_sectors(device->block) + 3) / 4) : 0;
}

static void medium_attention(struct ata_device *device)
{
    device->packet.media_event = atapi_medium_present(device) ? 2 : 3;
    if (atapi_medium_present(device)) {
        device->packet.unit_attention = true;
        device->packet.attention_asc = ASC_MEDIUM_CHANGED >> 8;
    }
}

void atapi_medium_changed(struct ata_device *device)
{
    device->packet.tray_open = false;
    if (device->block)
        block_extend(device->block, (block_sectors(device->block) + 3) & ~UINT64_C(3));
    medium_attention(device);
}

void atapi_power_on(struct ata_device *device)
{
    memset(&device->packet, 0, sizeof device->packet);
    if (device->block)
        block_extend(device->block, (block_sectors(device->block) + 3) & ~UINT64_C(3));
    device->packet.unit_attention = true;
    device->packet.attention_asc = ASC_POWER_ON >> 8;
    device->packet.spinning = true;
    device->power = 0xFF;
    device->transfer_mode = 0;
    atapi_mode_defaults(device);
}

/* --- how a packet command ends ------------------------------------------------------------------------------------ */

static void end_packet(struct ata_device *device, uint8_t status, uint8_t error)
{
    device->sector_count[0] = ATAPI_CD | ATAPI_IO;
    ata_complete(device, status, error);
}

void atapi_good(struct ata_device *device)
{
    device->packet.sense_key = device->packet.asc = device->packet.ascq = 0;
    end_packet(device, READY, 0);
}

void atapi_fail(struct ata_device *device, uint8_t key, unsigned asc)
{
    device->packet.sense_key = key;
    device->packet.asc = (uint8_t)(asc >> 8);
    device->packet.ascq = (uint8_t)asc;
    log_write(device->channel->bay.log, LOG_DISK, "%s unit %u: packet %02x: sense %x/%02x/%02x", device->channel->instance,
              device->unit, device->packet.packet[0], key, asc >> 8, asc & 0xFF);
    end_packet(device, READY | ATA_ERR, (uint8_t)(key << 4 | (key == SENSE_ILLEGAL_REQUEST ? ATA_ABRT : 0)));
}

/* --- data phase --------------------------------------------------------------------------------------------------- */

/* The host's byte count limit holds for each DRQ block; an odd one counts as one less unless it covers all that is left. */
static uint16_t drq_block(const struct ata_device *device, uint32_t left)
{
    uint16_t limit = device->packet.byte_limit;

    if (left <= limit)
        return (uint16_t)left;
    limit &= 0xFFFE;
    return limit ? limit : 2;
}

/* The next DRQ block of what the buffer holds. */
static void send_block(struct ata_device *device)
{
    struct atapi *packet = &device->packet;
    uint16_t bytes = drq_block(device, packet->data_length - packet->data_at);
    uint32_t from = packet->data_at;

    if (packet->dma) {
        device->to_host = true;
        ata_start_busy(device, ATA_STEP_PACKET_DMA, NEXT_BLOCK_NS);
        return;
    }
    device->sector_count[0] = ATAPI_IO;
    device->lba_mid[0] = (uint8_t)bytes;
    device->lba_high[0] = (uint8_t)(bytes >> 8);
    ata_start_data(device, ATA_STEP_PACKET_DRAINED, (uint16_t)(from + bytes + (bytes & 1)), true, true);
    device->buffer_at = (uint16_t)from;
    packet->data_at += bytes;
}

void atapi_send(struct ata_device *device, unsigned length, unsigned allocation)
{
    device->packet.data_length = length < allocation ? length : allocation;
    device->packet.data_at = 0;
    device->packet.blocks = 0;
    device->packet.sense_key = device->packet.asc = device->packet.ascq = 0;
    if (device->packet.data_length == 0)
        atapi_good(device);
    else
        send_block(device);
}

/* Fills the buffer with as many blocks of the read in progress as fit in one DRQ block, at least one. */
static void fetch_blocks(struct ata_device *device)
{
    struct atapi *packet = &device->packet;
    unsigned room = packet->byte_limit < ATA_BUFFER_BYTES && !packet->dma ? packet->byte_limit : ATA_BUFFER_BYTES;
    uint8_t data[CD_SECTOR_BYTES];

    packet->data_length = packet->data_at = 0;
    if (!packet->blocks || !packet->block_bytes || !atapi_medium_present(device)) { /* taken out between two blocks */
        atapi_fail(device, SENSE_NOT_READY, ASC_NO_MEDIUM_TRAY_OPEN);
        return;
    }
    if (packet->unit_attention) { /* and another one put in */
        packet->unit_attention = false;
        atapi_fail(device, SENSE_UNIT_ATTENTION, (unsigned)packet->attention_asc << 8);
        return;
    }
    do {
        if (!block_read(device->block, (uint64_t)packet->lba * 4, 4, data)) {
            if (packet->data_length)
                break; /* hand over what is good first */
            atapi_fail(device, SENSE_MEDIUM_ERROR, ASC_UNRECOVERED_READ);
            return;
        }
        cd_build_sector(device->buffer + packet->data_length, packet->read_cd_flags, packet->lba, data);
        packet->data_length += packet->block_bytes;
        packet->lba++;
        packet->blocks--;
    } while (packet->blocks && packet->data_length + packet->block_bytes <= room);
    send_block(device);
}

static void step_drained(struct ata_device *device)
{
    struct atapi *packet = &device->packet;

    if (packet->data_at < packet->data_length || packet->blocks)
        ata_start_busy(device, ATA_STEP_PACKET_IN, NEXT_BLOCK_NS);
    else
        ata_start_busy(device, ATA_STEP_PACKET_DONE, NEXT_BLOCK_NS);
}

static void step_in(struct ata_device *device)
{
    if (device->packet.data_at < device->packet.data_length)
        send_block(device);
    else
        fetch_blocks(device);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void start_read(struct ata_device *device, uint32_t lba, uint32_t blocks, uint8_t flags)
{
    uint32_t total = atapi_blocks(device);

    if (lba > total || blocks > total - lba) {
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
        return;
    }
    device->packet.lba = lba;
    device->packet.blocks = blocks;
    device->packet.block_bytes = (uint16_t)cd_selected_bytes(flags);
    device->packet.read_cd_flags = flags;
    device->packet.data_length = device->packet.data_at = 0;
    if (device->packet.block_bytes == 0) /* READ CD that selects nothing */
        device->packet.blocks = 0;
    if (device->packet.blocks == 0)
        atapi_good(device);
    else
        fetch_blocks(device);
}

static void packet_read_10(struct ata_device *device)
{
    const uint8_t *packet = device->packet.packet;

    start_read(device, load_be32(packet + 2), load_be16(packet + 7), USER_DATA_FLAG);
}

static void packet_read_12(struct ata_device *device)
{
    const uint8_t *packet = device->packet.packet;

    start_read(device, load_be32(packet + 2), load_be32(packet + 6), USER_DATA_FLAG);
}

static void packet_read_cd(struct ata_device *device)
{
    const uint8_t *packet = device->packet.packet;
    unsigned type = packet[1] >> 2 & 7;
    uint32_t blocks = (uint32_t)packet[6] << 16 | load_be16(packet + 7);

    if (type != 0 && type != 2) /* any, or mode 1: all that an ISO image has */
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_ILLEGAL_MODE);
    else if (packet[10] & 7 || (packet[9] & 0xF8 && !cd_selected_bytes(packet[9])) || packet[9] & 6)
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
    else
        start_read(device, load_be32(packet + 2), blocks, packet[9]);
}

static void packet_seek(struct ata_device *device)
{
    if (load_be32(device->packet.packet + 2) >= atapi_blocks(device))
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
    else
        atapi_good(device);
}

static void packet_verify(struct ata_device *device)
{
    const uint8_t *packet = device->packet.packet;
    uint32_t lba = load_be32(packet + 2), blocks = load_be16(packet + 7), total = atapi_blocks(device);

    if (lba > total || blocks > total - lba)
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
    else
        atapi_good(device);
}

/* --- unit and medium control -------------------------------------------------------------------------------------- */

static void packet_request_sense(struct ata_device *device)
{
    struct atapi *packet = &device->packet;
    uint8_t *data = device->buffer;

    memset(data, 0, 18);
    data[0] = 0x70;
    data[7] = 10;
    if (packet->sense_key == 0 && packet->unit_attention) {
        packet->unit_attention = false;
        data[2] = SENSE_UNIT_ATTENTION;
        data[12] = packet->attention_asc;
    } else {
        data[2] = packet->sense_key;
        data[12] = packet->asc;
        data[13] = packet->ascq;
    }
    atapi_send(device, 18, packet->packet[4]);
}

static void packet_start_stop(struct ata_device *device)
{
    struct atapi *packet = &device->packet;
    bool start = packet->packet[4] & 1, load_eject = packet->packet[4] & 2;

    if (!load_eject) {
        packet->spinning = start;
    } else if (!start) {
        if (packet->prevent_removal) {
            atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_REMOVAL_PREVENTED);
            return;
        }
        if (!packet->tray_open) {
            packet->tray_open = true;
            medium_attention(device);
        }
    } else if (packet->tray_open) {
        packet->tray_open = false;
        packet->spinning = true;
        medium_attention(device);
    }
    atapi_good(device);
}

static void packet_prevent_removal(struct ata_device *device)
{
    device->packet.prevent_removal = device->packet.packet[4] & 1;
    atapi_good(device);
}

/* All tracks are data tracks: nothing plays, nothing can be paused. */
static void packet_play(struct ata_device *device)
{
    atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_ILLEGAL_MODE);
}

static void packet_pause(struct ata_device *device)
{
    atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_SEQUENCE_ERROR);
}

/* --- MODE SELECT: data from the host ------------------------------------------------------------------------------ */

static void receive_block(struct ata_device *device)
{
    struct atapi *packet = &device->packet;
    uint16_t bytes = drq_block(device, packet->data_length - packet->data_at);

    if (packet->dma) {
        device->to_host = false;
        ata_start_busy(device, ATA_STEP_PACKET_DMA, NEXT_BLOCK_NS);
        return;
    }
    device->sector_count[0] = 0;
    device->lba_mid[0] = (uint8_t)bytes;
    device->lba_high[0] = (uint8_t)(bytes >> 8);
    ata_start_data(device, ATA_STEP_PACKET_FILLED, (uint16_t)(packet->data_at + bytes + (bytes & 1)), false, true);
    device->buffer_at = (uint16_t)packet->data_at;
    packet->data_at += bytes;
}

static void packet_mode_select(struct ata_device *device)
{
    unsigned length = load_be16(device->packet.packet + 7);

    if (!(device->packet.packet[1] & 0x10) || device->packet.packet[1] & 1 || length > 1024) /* page format, nothing saved */
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
    else if (length == 0)
        atapi_good(device);
    else {
        device->packet.data_length = length;
        device->packet.data_at = 0;
        receive_block(device);
    }
}

static void step_filled(struct ata_device *device)
{
    if (device->packet.data_at < device->packet.data_length)
        ata_start_busy(device, ATA_STEP_PACKET_OUT, NEXT_BLOCK_NS);
    else
        atapi_mode_select_data(device);
}

/* All of the buffer's data goes through the bus master, in whole words. */
static void step_dma(struct ata_device *device)
{
    const struct ata_bus_master *bus_master = &device->channel->bus_master;
    struct atapi *packet = &device->packet;
    uint32_t left = (packet->data_length - packet->data_at + 1) & ~1u, room = ATA_BUFFER_BYTES - packet->data_at;
    size_t moved = 0;

    if (left > room)
        left = room;
    if (bus_master->transfer)
        moved = bus_master->transfer(bus_master->owner, device->buffer + packet->data_at, left, device->to_host);
    packet->data_at = moved < left ? packet->data_at + (uint32_t)moved : packet->data_length;
    if (packet->data_at < packet->data_length)
        ata_dma_wait(device, ATA_STEP_PACKET_DMA); /* the bus master is stopped or out of descriptors */
    else if (device->to_host)
        step_drained(device);
    else
        step_filled(device);
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

enum { NEEDS_MEDIUM = 1, IGNORES_ATTENTION = 2 };

static const struct {
    uint8_t opcode, flags;
    void (*run)(struct ata_device *device);
} packets[] = {
    {0x00, NEEDS_MEDIUM, atapi_good},                   /* TEST UNIT READY */
    {0x03, IGNORES_ATTENTION, packet_request_sense},    /* REQUEST SENSE */
    {0x12, IGNORES_ATTENTION, atapi_inquiry},           /* INQUIRY */
    {0x1B, 0, packet_start_stop},                       /* START STOP UNIT */
    {0x1E, 0, packet_prevent_removal},                  /* PREVENT ALLOW MEDIUM REMOVAL */
    {0x25, NEEDS_MEDIUM, atapi_read_capacity},          /* READ CAPACITY */
    {0x28, NEEDS_MEDIUM, packet_read_10},               /* READ (10) */
    {0x2B, NEEDS_MEDIUM, packet_seek},                  /* SEEK (10) */
    {0x2F, NEEDS_MEDIUM, packet_verify},                /* VERIFY (10) */
    {0x42, NEEDS_MEDIUM, atapi_read_sub_channel},       /* READ SUB-CHANNEL */
    {0x43, NEEDS_MEDIUM, atapi_read_toc},               /* READ TOC/PMA/ATIP */
    {0x44, NEEDS_MEDIUM, atapi_read_header},            /* READ HEADER */
    {0x45, NEEDS_MEDIUM, packet_play},                  /* PLAY AUDIO (10) */
    {0x46, IGNORES_ATTENTION, atapi_get_configuration}, /* GET CONFIGURATION */
    {0x47, NEEDS_MEDIUM, packet_play},                  /* PLAY AUDIO MSF */
    {0x4A, IGNORES_ATTENTION, atapi_get_event_status},  /* GET EVENT STATUS NOTIFICATION */
    {0x4B, NEEDS_MEDIUM, packet_pause},                 /* PAUSE/RESUME */
    {0x4E, NEEDS_MEDIUM, atapi_good},                   /* STOP PLAY/SCAN */
    {0x51, NEEDS_MEDIUM, atapi_read_disc_information},  /* READ DISC INFORMATION */
    {0x52, NEEDS_MEDIUM, atapi_read_track_information}, /* READ TRACK INFORMATION */
    {0x55, 0, packet_mode_select},                      /* MODE SELECT (10) */
    {0x5A, 0, atapi_mode_sense},                        /* MODE SENSE (10) */
    {0xA5, NEEDS_MEDIUM, packet_play},                  /* PLAY AUDIO (12) */
    {0xA8, NEEDS_MEDIUM, packet_read_12},               /* READ (12) */
    {0xBB, 0, atapi_good},                              /* SET CD SPEED: there is one */
    {0xBD, 0, atapi_mechanism_status},                  /* MECHANISM STATUS */
    {0xBE, NEEDS_MEDIUM, packet_read_cd},               /* READ CD */
};

static void run_packet(struct ata_device *device)
{
    struct atapi *packet = &device->packet;
    size_t row = 0;

    while (row < ARRAY_LENGTH(packets) && packets[row].opcode != packet->packet[0])
        row++;
    if (row == ARRAY_LENGTH(packets)) {
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_INVALID_COMMAND);
    } else if (packet->unit_attention && !(packets[row].flags & IGNORES_ATTENTION)) {
        packet->unit_attention = false;
        atapi_fail(device, SENSE_UNIT_ATTENTION, (unsigned)packet->attention_asc << 8);
    } else if (packets[row].flags & NEEDS_MEDIUM && !atapi_medium_present(device)) {
        atapi_fail(device, SENSE_NOT_READY, packet->tray_open ? ASC_NO_MEDIUM_TRAY_OPEN : ASC_NO_MEDIUM_TRAY_CLOSED);
    } else {
        if (packet->packet[0] != 0x03)
            packet->sense_key = packet->asc = packet->ascq = 0;
        packets[row].run(device);
    }
}

static void packet_received(struct ata_device *device)
{
    const uint8_t *p = device->buffer;

    memcpy(device->packet.packet, p, 12);
    log_write(device->channel->bay.log, LOG_DISK,
              "%s unit %u: packet %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x, limit %u",
              device->channel->instance, device->unit, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10],
              p[11], device->packet.byte_limit);
    ata_start_busy(device, ATA_STEP_PACKET_RUN, COMMAND_NS);
}

/* --- the ATA side ------------------------------------------------------------------------------------------------- */

static void identify_packet_device(struct ata_device *device)
{
    uint8_t *words = device->buffer;
    char serial[21];

    memset(words, 0, 512);
    snprintf(serial, sizeof serial, "TB-%03X-%u", device->channel->command_block, device->unit);
    store_le16(words, 0x85C0); /* ATAPI, CD-ROM, removable, DRQ within 50 us, 12-byte packets */
    ata_identify_text(words, 10, 10, serial);
    ata_identify_text(words, 23, 4, "1.0");
    ata_identify_text(words, 27, 20, "TRUEBOX CD-ROM");
    store_le16(words + 2 * 49, 0x0E00); /* IORDY and its disabling, LBA */
    store_le16(words + 2 * 50, 0x4000);
    store_le16(words + 2 * 51, 0x0200);
    store_le16(words + 2 * 53, 0x0002); /* words 64-70 are valid */
    store_le16(words + 2 * 64, 3);
    store_le16(words + 2 * 67, 120);
    store_le16(words + 2 * 68, 120);
    store_le16(words + 2 * 80, 0x0070); /* ATA/ATAPI-4 to 6 */
    store_le16(words + 2 * 82, 0x4218); /* NOP, DEVICE RESET, PACKET, power management */
    store_le16(words + 2 * 83, 0x4000);
    store_le16(words + 2 * 84, 0x4000);
    store_le16(words + 2 * 85, 0x4218);
    store_le16(words + 2 * 87, 0x4000);
    ata_identify_dma(device, words);
    ata_identify_checksum(words);
    ata_start_data(device, ATA_STEP_READ_DRAINED, 512, true, true);
}

static void command_packet(struct ata_device *device)
{
    uint16_t limit = (uint16_t)(device->lba_mid[0] | device->lba_high[0] << 8);

    if (device->feature[0] & 1 && !ata_has_dma(device)) {
        ata_abort(device);
        return;
    }
    device->packet.dma = device->feature[0] & 1;
    device->packet.byte_limit = limit == 0 || limit == 0xFFFF ? 0xFFFE : limit;
    ata_start_busy(device, ATA_STEP_PACKET_READY, PACKET_NS);
}

void atapi_command(struct ata_device *device)
{
    switch (device->command) {
    case 0x08: /* DEVICE RESET: no interrupt, status 00 afterwards */
        ata_signature(device);
        ata_start_busy(device, ATA_STEP_RESET, COMMAND_NS);
        break;
    case 0x20: /* READ SECTOR(S) and IDENTIFY DEVICE: aborted, but with the signature (9.1) */
    case 0xEC:
        ata_signature(device);
        ata_abort(device);
        break;
    case 0xA0: command_packet(device); break;
    case 0xA1: ata_start_busy(device, ATA_STEP_BUFFER_IN, COMMAND_NS); break;
    case 0xE0: /* STANDBY IMMEDIATE, STANDBY */
    case 0xE2:
        device->power = 0;
        ata_start_busy(device, ATA_STEP_COMPLETE, COMMAND_NS);
        break;
    case 0xE1: /* IDLE IMMEDIATE, IDLE */
    case 0xE3:
        device->power = 0x80;
        ata_start_busy(device, ATA_STEP_COMPLETE, COMMAND_NS);
        break;
    case 0xE5: /* CHECK POWER MODE */
        device->sector_count[0] = device->power;
        ata_start_busy(device, ATA_STEP_COMPLETE, COMMAND_NS);
        break;
    case 0xE6: /* SLEEP */
        device->asleep = true;
        ata_start_busy(device, ATA_STEP_COMPLETE, COMMAND_NS);
        break;
    case 0xEF:
        if (ata_set_features(device))
            ata_start_busy(device, ATA_STEP_COMPLETE, COMMAND_NS);
        else
            ata_abort(device);
        break;
    default: ata_abort(device); break;
    }
}

void atapi_step(struct ata_device *device, enum ata_step step)
{
    switch (step) {
    case ATA_STEP_COMPLETE: ata_complete(device, READY, 0); break;
    case ATA_STEP_BUFFER_IN: identify_packet_device(device); break;
    case ATA_STEP_READ_DRAINED:
        device->status = READY;
        device->step = ATA_STEP_NONE;
        break;
    case ATA_STEP_PACKET_READY:
        device->power = 0xFF;
        device->sector_count[0] = ATAPI_CD;
        ata_start_data(device, ATA_STEP_PACKET, 12, false, false);
        break;
    case ATA_STEP_PACKET: packet_received(device); break;
    case ATA_STEP_PACKET_RUN: run_packet(device); break;
    case ATA_STEP_PACKET_IN: step_in(device); break;
    case ATA_STEP_PACKET_DRAINED: step_drained(device); break;
    case ATA_STEP_PACKET_OUT: receive_block(device); break;
    case ATA_STEP_PACKET_FILLED: step_filled(device); break;
    case ATA_STEP_PACKET_DMA: step_dma(device); break;
    case ATA_STEP_PACKET_DONE: atapi_good(device); break;
    default: device->step = ATA_STEP_NONE; break; /* only a hostile snapshot has the other steps here */
    }
}

/* --- state -------------------------------------------------------------------------------------------------------- */

static const struct state_field fields[] = {
    STATE_U8_ARRAY(struct atapi, packet),
    STATE_U8(struct atapi, sense_key),
    STATE_U8(struct atapi, asc),
    STATE_U8(struct atapi, ascq),
    STATE_BOOL(struct atapi, unit_attention),
    STATE_U8(struct atapi, attention_asc),
    STATE_U8(struct atapi, media_event),
    STATE_BOOL(struct atapi, prevent_removal),
    STATE_BOOL(struct atapi, tray_open),
    STATE_BOOL(struct atapi, spinning),
    STATE_BOOL(struct atapi, dma),
    STATE_U8_ARRAY(struct atapi, error_recovery),
    STATE_U8_ARRAY(struct atapi, audio_control),
    STATE_U16(struct atapi, byte_limit),
    STATE_U32(struct atapi, lba),
    STATE_U32(struct atapi, blocks),
    STATE_U16(struct atapi, block_bytes),
    STATE_U8(struct atapi, read_cd_flags),
    STATE_U32(struct atapi, data_length),
    STATE_U32(struct atapi, data_at),
};

/* A snapshot is hostile input (R11): the data phase stays inside the buffer, block sizes fit their flags. */
static void restored(void *object)
{
    struct atapi *packet = object;

    if (packet->data_length > ATA_BUFFER_BYTES)
        packet->data_length = ATA_BUFFER_BYTES;
    if (packet->data_at > packet->data_length)
        packet->data_at = packet->data_length;
    packet->block_bytes = (uint16_t)cd_selected_bytes(packet->read_cd_flags);
    if (packet->block_bytes == 0)
        packet->blocks = 0;
}

STATE_TABLE(atapi_table, "atapi", 1, fields, restored);
