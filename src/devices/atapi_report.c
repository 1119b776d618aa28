/* CD-ROM packet commands that answer with a table: INQUIRY, TOC, mode pages, features, events (MMC-3, SPC-2). */
#include <string.h>

#include "devices/atapi_state.h"

#define SPEED 2816u     /* 16x in kB/s */
#define DATA_TRACK 0x14 /* ADR 1, control: data track, digital copy prohibited */
#define LEAD_OUT 0xAA

static const uint8_t *packet_of(const struct ata_device *device)
{
    return device->packet.packet;
}

static void invalid_field(struct ata_device *device)
{
    atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
}

void atapi_inquiry(struct ata_device *device)
{
    uint8_t *data = device->buffer;

    if (packet_of(device)[1] & 3 || packet_of(device)[2]) { /* no vital product data pages */
        invalid_field(device);
        return;
    }
    memset(data, 0, 36);
    data[0] = 0x05; /* CD-ROM */
    data[1] = 0x80; /* removable */
    data[3] = 0x21; /* ATAPI, response format 1 */
    data[4] = 31;
    memcpy(data + 8, "TRUEBOX CD-ROM          1.0 ", 28);
    atapi_send(device, 36, packet_of(device)[4]);
}

void atapi_read_capacity(struct ata_device *device)
{
    store_be32(device->buffer, atapi_blocks(device) - 1);
    store_be32(device->buffer + 4, CD_SECTOR_BYTES);
    atapi_send(device, 8, 8);
}

/* --- table of contents -------------------------------------------------------------------------------------------- */

static void store_address(uint8_t *bytes, uint32_t lba, bool msf)
{
    if (msf) {
        bytes[0] = 0;
        cd_store_msf(bytes + 1, lba);
    } else {
        store_be32(bytes, lba);
    }
}

static unsigned toc_track(uint8_t *entry, uint8_t track, uint32_t lba, bool msf)
{
    memset(entry, 0, 8);
    entry[1] = DATA_TRACK;
    entry[2] = track;
    store_address(entry + 4, lba, msf);
    return 8;
}

/* Format 2: points as the lead-in's Q channel lists them, addresses always as MSF. */
static unsigned toc_point(uint8_t *entry, uint8_t point, uint8_t minute, uint8_t second, uint8_t frame)
{
    memset(entry, 0, 11);
    entry[0] = 1; /* session */
    entry[1] = DATA_TRACK;
    entry[3] = point;
    entry[8] = minute;
    entry[9] = second;
    entry[10] = frame;
    return 11;
}

void atapi_read_toc(struct ata_device *device)
{
    const uint8_t *packet = packet_of(device);
    uint8_t *data = device->buffer, msf[3];
    bool as_msf = packet[1] & 2;
    unsigned format = packet[2] & 15, track = packet[6], length = 4;

    if (format == 0)
        format = packet[9] >> 6; /* where SFF-8020 has it */
    data[2] = data[3] = 1;       /* first and last track, or session */
    switch (format) {
    case 0:
        if (track > 1 && track != LEAD_OUT) {
            invalid_field(device);
            return;
        }
        if (track <= 1)
            length += toc_track(data + length, 1, 0, as_msf);
        length += toc_track(data + length, LEAD_OUT, atapi_blocks(device), as_msf);
        break;
    case 1: length += toc_track(data + length, 1, 0, as_msf); break;
    case 2:
        if (track > 1) {
            invalid_field(device);
            return;
        }
        cd_store_msf(msf, atapi_blocks(device));
        length += toc_point(data + length, 0xA0, 1, 0, 0); /* first track; disc type CD-DA or CD-ROM */
        length += toc_point(data + length, 0xA1, 1, 0, 0); /* last track */
        length += toc_point(data + length, 0xA2, msf[0], msf[1], msf[2]);
        cd_store_msf(msf, 0);
        length += toc_point(data + length, 1, msf[0], msf[1], msf[2]);
        break;
    default: invalid_field(device); return;
    }
    store_be16(data, length - 2);
    atapi_send(device, length, load_be16(packet + 7));
}

void atapi_read_sub_channel(struct ata_device *device)
{
    const uint8_t *packet = packet_of(device);
    uint8_t *data = device->buffer;
    bool as_msf = packet[1] & 2;
    unsigned length = 4;

    memset(data, 0, 24);
    data[1] = 0x15;         /* no audio status to return */
    if (packet[2] & 0x40) { /* SubQ */
        data[4] = packet[3];
        switch (packet[3]) {
        case 1: /* current position: the start of the track */
            length = 16;
            data[5] = DATA_TRACK;
            data[6] = data[7] = 1;
            store_address(data + 8, 0, as_msf);
            break;
        case 2: length = 24; break; /* no catalogue number */
        case 3:                     /* no ISRC */
            length = 24;
            data[5] = DATA_TRACK;
            data[6] = 1;
            break;
        default: invalid_field(device); return;
        }
    }
    store_be16(data + 2, length - 4);
    atapi_send(device, length, load_be16(packet + 7));
}

void atapi_read_header(struct ata_device *device)
{
    const uint8_t *packet = packet_of(device);
    uint32_t lba = load_be32(packet + 2);

    if (lba >= atapi_blocks(device)) {
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
        return;
    }
    memset(device->buffer, 0, 8);
    device->buffer[0] = 1; /* mode 1 */
    store_address(device->buffer + 4, lba, packet[1] & 2);
    atapi_send(device, 8, load_be16(packet + 7));
}

/* --- mode pages --------------------------------------------------------------------------------------------------- */

static const uint8_t default_audio_control[14] = {0x04, 0, 0, 0, 0, 0, 1, 0xFF, 2, 0xFF, 0, 0, 0, 0};
/* What MODE SELECT may change: the recovery flags and retries; the immediate bit, channels and volumes. */
static const uint8_t changeable_error_recovery[6] = {0x3F, 0xFF, 0, 0, 0, 0};
static const uint8_t changeable_audio_control[14] = {0x06, 0, 0, 0, 0, 0, 0x0F, 0xFF, 0x0F, 0xFF, 0, 0, 0, 0};

void atapi_mode_defaults(struct ata_device *device)
{
    memset(device->packet.error_recovery, 0, sizeof device->packet.error_recovery);
    memcpy(device->packet.audio_control, default_audio_control, sizeof default_audio_control);
}

/* A page at `out` as page control `control` (0 current, 1 changeable, 2 default) asks; returns its length. */
static unsigned recovery_page(const struct ata_device *device, uint8_t *out, unsigned control)
{
    out[0] = 0x01;
    out[1] = 6;
    memset(out + 2, 0, 6);
    if (control == 0)
        memcpy(out + 2, device->packet.error_recovery, 6);
    else if (control == 1)
        memcpy(out + 2, changeable_error_recovery, 6);
    return 8;
}

static unsigned audio_page(const struct ata_device *device, uint8_t *out, unsigned control)
{
    out[0] = 0x0E;
    out[1] = 14;
    memcpy(out + 2,
           control == 0   ? device->packet.audio_control
           : control == 1 ? changeable_audio_control
                          : default_audio_control,
           14);
    return 16;
}

static unsigned capabilities_page(const struct ata_device *device, uint8_t *out, unsigned control)
{
    memset(out, 0, 20);
    out[0] = 0x2A;
    out[1] = 18;
    if (control == 1)
        return 20;
    out[2] = 0x03;                                                       /* reads CD-R and CD-RW */
    out[4] = 0x70;                                                       /* mode 2 form 1 and 2, multi-session */
    out[6] = (uint8_t)(0x29 | (device->packet.prevent_removal ? 2 : 0)); /* tray, ejects, locks */
    store_be16(out + 8, SPEED);
    store_be16(out + 12, ATA_BUFFER_BYTES / 1024);
    store_be16(out + 14, SPEED);
    return 20;
}

static const struct {
    uint8_t code;
    unsigned (*build)(const struct ata_device *device, uint8_t *out, unsigned control);
} pages[] = {{0x01, recovery_page}, {0x0E, audio_page}, {0x2A, capabilities_page}};

void atapi_mode_sense(struct ata_device *device)
{
    const uint8_t *packet = packet_of(device);
    unsigned control = packet[2] >> 6, code = packet[2] & 0x3F, length = 8;
    uint8_t *data = device->buffer;

    if (control == 3) {
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_NO_SAVED_PAGES);
        return;
    }
    memset(data, 0, 8);
    data[2] = device->packet.tray_open       ? 0x71
              : atapi_medium_present(device) ? 0x01
                                             : 0x70; /* 120 mm data, none, tray open */
    for (size_t i = 0; i < ARRAY_LENGTH(pages); i++)
        if (code == 0x3F || code == pages[i].code)
            length += pages[i].build(device, data + length, control);
    if (length == 8) {
        invalid_field(device);
        return;
    }
    store_be16(data, length - 2);
    atapi_send(device, length, load_be16(packet + 7));
}

static void change(uint8_t *page, const uint8_t *values, const uint8_t *changeable, unsigned length)
{
    for (unsigned i = 0; i < length; i++)
        page[i] = (uint8_t)((page[i] & ~changeable[i]) | (values[i] & changeable[i]));
}

/* First every page is checked, then every page is changed. */
static bool mode_pages(struct ata_device *device, bool commit)
{
    const uint8_t *data = device->buffer;
    unsigned length = device->packet.data_length, at = 8;

    if (length < 8)
        return false;
    at += load_be16(data + 6); /* block descriptors */
    while (at < length) {
        unsigned code = data[at] & 0x3F, size;

        if (at + 2 > length)
            return false;
        size = data[at + 1];
        if (at + 2 + size > length)
            return false;
        if (code == 0x01 && size == 6) {
            if (commit)
                change(device->packet.error_recovery, data + at + 2, changeable_error_recovery, 6);
        } else if (code == 0x0E && size == 14) {
            if (commit)
                change(device->packet.audio_control, data + at + 2, changeable_audio_control, 14);
        } else if (code != 0x2A) { /* nothing in page 2A is changeable: ignored, as drivers write it back */
            return false;
        }
        at += 2 + size;
    }
    return at == length;
}

void atapi_mode_select_data(struct ata_device *device)
{
    if (!mode_pages(device, false)) {
        atapi_fail(device, SENSE_ILLEGAL_REQUEST, ASC_INVALID_PARAMETER);
        return;
    }
    mode_pages(device, true);
    atapi_good(device);
}

/* --- features, events, mechanism ---------------------------------------------------------------------------------- */

/* MMC-3 chapter 5: code, version and persistence bits, whether it needs a medium to be current, and its data. */
static const struct {
    uint16_t code;
    uint8_t flags; /* version << 2 | persistent << 1; bit 0 (current) is added */
    bool needs_medium;
    uint8_t length;
    uint8_t data[8];
} features[] = {
    {0x0000, 0x02, false, 4, {0x00, 0x08, 0x00, 0x00}},                        /* profile list: CD-ROM */
    {0x0001, 0x02, false, 4, {0x00, 0x00, 0x00, 0x02}},                        /* core: ATAPI */
    {0x0003, 0x02, false, 4, {0x29, 0x00, 0x00, 0x00}},                        /* removable medium: tray, eject, lock */
    {0x0010, 0x00, true, 8, {0x00, 0x00, 0x08, 0x00, 0x00, 0x01, 0x00, 0x00}}, /* random readable, 2048 bytes */
    {0x001E, 0x00, true, 4, {0x00, 0x00, 0x00, 0x00}},                         /* CD read */
    {0x0100, 0x02, false, 0, {0}},                                             /* power management */
};

void atapi_get_configuration(struct ata_device *device)
{
    const uint8_t *packet = packet_of(device);
    uint8_t *data = device->buffer;
    unsigned type = packet[1] & 3, first = load_be16(packet + 2), length = 8;
    bool medium = atapi_medium_present(device);

    if (type == 3) {
        invalid_field(device);
        return;
    }
    memset(data, 0, 8);
    store_be16(data + 6, medium ? 0x0008 : 0);
    for (size_t i = 0; i < ARRAY_LENGTH(features); i++) {
        bool current = medium || !features[i].needs_medium;

        if (type == 2 ? features[i].code != first : features[i].code < first || (type == 1 && !current))
            continue;
        store_be16(data + length, features[i].code);
        data[length + 2] = (uint8_t)(features[i].flags | current);
        data[length + 3] = features[i].length;
        memcpy(data + length + 4, features[i].data, features[i].length);
        if (features[i].code == 0)
            data[length + 6] = medium; /* the profile is current */
        length += 4u + features[i].length;
    }
    store_be32(data, length - 4);
    atapi_send(device, length, load_be16(packet + 7));
}

void atapi_get_event_status(struct ata_device *device)
{
    const uint8_t *packet = packet_of(device);
    uint8_t *data = device->buffer;
    unsigned length = 4, allocation = load_be16(packet + 7);

    if (!(packet[1] & 1)) { /* asynchronous notification is not to be had */
        invalid_field(device);
        return;
    }
    memset(data, 0, 8);
    data[3] = 0x10; /* supported: media events */
    if (packet[4] & 0x10) {
        length = 8;
        data[2] = 4;
        data[4] = device->packet.media_event;
        data[5] = (uint8_t)((atapi_medium_present(device) ? 2 : 0) | device->packet.tray_open);
        if (allocation > 4)
            device->packet.media_event = 0;
    } else {
        data[2] = 0x80; /* no event available */
    }
    store_be16(data, length - 2);
    atapi_send(device, length, allocation);
}

void atapi_mechanism_status(struct ata_device *device)
{
    memset(device->buffer, 0, 8);
    device->buffer[1] = device->packet.tray_open ? 0x10 : 0;
    atapi_send(device, 8, load_be16(packet_of(device) + 8));
}

void atapi_read_disc_information(struct ata_device *device)
{
    uint8_t *data = device->buffer;

    memset(data, 0, 34);
    store_be16(data, 32);
    data[2] = 0x0E; /* finalised, last session complete, not erasable */
    data[3] = data[4] = data[5] = data[6] = 1;
    data[7] = 0x20;             /* unrestricted use */
    memset(data + 16, 0xFF, 8); /* no further lead-in or lead-out can be written */
    atapi_send(device, 34, load_be16(packet_of(device) + 7));
}

void atapi_read_track_information(struct ata_device *device)
{
    const uint8_t *packet = packet_of(device);
    uint8_t *data = device->buffer;
    uint32_t address = load_be32(packet + 2);
    unsigned type = packet[1] & 3;

    if (type == 3 || (type == 0 && address >= atapi_blocks(device)) || (type != 0 && address != 1)) {
        invalid_field(device);
        return;
    }
    memset(data, 0, 28);
    store_be16(data, 26);
    data[2] = data[3] = 1; /* track, session */
    data[5] = 0x04;        /* data track */
    data[6] = 0x01;        /* mode 1 */
    store_be32(data + 24, atapi_blocks(device));
    atapi_send(device, 28, load_be16(packet + 7));
}
