/* The ATA channel: task file, device selection, reset, INTRQ and the data port (ATA/ATAPI-6, chapters 5 to 9). */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "devices/ata_state.h"

#define RESET_NS 100000
#define DIAGNOSTIC_NS 100000

/* --- INTRQ -------------------------------------------------------------------------------------------------------- */

void ata_update_irq(struct ata_channel *channel)
{
    const struct ata_device *device = &channel->device[channel->selected];
    bool level = device->kind != ATA_NONE && device->interrupt && !(channel->control & ATA_CONTROL_NIEN);

    wire_set(&channel->irq, level);
    if (channel->bus_master.interrupt)
        channel->bus_master.interrupt(channel->bus_master.owner, level);
}

void ata_set_interrupt(struct ata_device *device, bool level)
{
    device->interrupt = level;
    ata_update_irq(device->channel);
}

/* --- phases of a command ------------------------------------------------------------------------------------------ */

void ata_start_busy(struct ata_device *device, enum ata_step step, uint64_t nanoseconds)
{
    struct schedule *schedule = device->channel->bay.schedule;

    device->status = (uint8_t)((device->status & ~(ATA_DRQ | ATA_ERR | ATA_DF)) | ATA_BSY);
    device->step = (uint8_t)step;
    schedule_at(schedule, &device->busy, schedule->now + schedule_counts_in_ns(schedule, nanoseconds));
}

/* DRQ for `length` bytes; `after` follows the last of them. */
void ata_start_data(struct ata_device *device, enum ata_step after, uint16_t length, bool to_host, bool interrupt)
{
    device->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    device->step = (uint8_t)after;
    device->buffer_at = 0;
    device->buffer_length = length;
    device->to_host = to_host;
    if (interrupt)
        ata_set_interrupt(device, true);
}

void ata_complete(struct ata_device *device, uint8_t status, uint8_t error)
{
    device->status = status;
    device->error = error;
    device->step = ATA_STEP_NONE;
    device->buffer_length = 0;
    ata_set_interrupt(device, true);
}

void ata_abort(struct ata_device *device)
{
    ata_complete(device, ATA_DRDY | ATA_DSC | ATA_ERR, ATA_ABRT);
}

void ata_dma_wait(struct ata_device *device, enum ata_step step)
{
    device->step = (uint8_t)step;
    device->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    device->buffer_length = 0; /* the data port has none of it */
    device->buffer_at = ATA_BUFFER_BYTES;
    device->dma_waits = true;
}

static void run_step(struct ata_device *device, enum ata_step step);

static void busy_event(void *owner)
{
    struct ata_device *device = owner;

    run_step(device, device->step);
}

/* --- reset and diagnostic (9.1 to 9.4, 9.12) ---------------------------------------------------------------------- */

void ata_signature(struct ata_device *device)
{
    bool packet = device->kind == ATA_CDROM;

    device->sector_count[0] = device->lba_low[0] = 1;
    device->lba_mid[0] = packet ? 0x14 : 0;
    device->lba_high[0] = packet ? 0xEB : 0;
    device->device &= ATA_DEVICE_SELECT;
}

static void abandon_command(struct ata_device *device)
{
    schedule_cancel(device->channel->bay.schedule, &device->busy);
    device->step = ATA_STEP_NONE;
    device->buffer_length = 0;
    device->dma_waits = false;
    device->interrupt = false;
    device->asleep = false;
}

static void finish_reset(struct ata_device *device)
{
    device->status = device->kind == ATA_CDROM ? 0 : ATA_DRDY | ATA_DSC;
    device->error = 1; /* diagnostic code: passed, device 1 passed or absent */
    device->step = ATA_STEP_NONE;
}

static void run_step(struct ata_device *device, enum ata_step step)
{
    switch (step) {
    case ATA_STEP_NONE: break;
    case ATA_STEP_RESET:
        if (device->channel->control & ATA_CONTROL_SRST)
            break; /* still held: BSY stays */
        finish_reset(device);
        break;
    case ATA_STEP_DIAGNOSTIC:
        finish_reset(device);
        if (device->unit == 0 || device->channel->device[0].kind == ATA_NONE)
            ata_set_interrupt(device, true);
        break;
    default:
        if (device->kind == ATA_CDROM)
            atapi_step(device, step);
        else
            ata_disk_step(device, step);
        break;
    }
}

/* Software reset and EXECUTE DEVICE DIAGNOSTIC concern both devices and select device 0. */
static void start_reset(struct ata_channel *channel, enum ata_step step, uint64_t nanoseconds)
{
    for (unsigned unit = 0; unit < 2; unit++) {
        struct ata_device *device = &channel->device[unit];

        if (device->kind == ATA_NONE)
            continue;
        abandon_command(device);
        device->device = 0;
        ata_signature(device);
        ata_start_busy(device, step, nanoseconds);
        device->status = ATA_BSY;
    }
    channel->selected = 0;
    ata_update_irq(channel);
}

void ata_diagnostic(struct ata_channel *channel)
{
    start_reset(channel, ATA_STEP_DIAGNOSTIC, DIAGNOSTIC_NS);
}

void ata_channel_reset(struct ata_channel *channel)
{
    channel->control = 0;
    for (unsigned unit = 0; unit < 2; unit++) {
        struct ata_device *device = &channel->device[unit];

        if (device->kind == ATA_DISK)
            ata_disk_power_on(device);
        else if (device->kind == ATA_CDROM)
            atapi_power_on(device);
    }
    start_reset(channel, ATA_STEP_RESET, RESET_NS);
}

/* --- things both kinds of devices share --------------------------------------------------------------------------- */

/* ATA strings: bytes swapped within each word, padded with blanks. */
void ata_identify_text(uint8_t *words, unsigned first, unsigned count, const char *text)
{
    for (unsigned i = 0; i < 2 * count; i++) {
        words[2 * first + (i ^ 1)] = *text ? (uint8_t)*text : ' ';
        text += *text != 0;
    }
}

/* Word 255: signature A5 and a byte that makes the sum of all 512 zero. */
void ata_identify_checksum(uint8_t *words)
{
    uint8_t sum = 0;

    words[510] = 0xA5;
    for (unsigned i = 0; i < 511; i++)
        sum = (uint8_t)(sum + words[i]);
    words[511] = (uint8_t)-sum;
}

/* With a bus master: multiword DMA 0-2, Ultra DMA 0-2 and which of them is selected. */
void ata_identify_dma(const struct ata_device *device, uint8_t *words)
{
    unsigned kind = device->transfer_mode >> 3, selected = 0x100u << (device->transfer_mode & 7);

    if (!ata_has_dma(device))
        return;
    store_le16(words + 2 * 49, load_le16(words + 2 * 49) | 0x0100);
    store_le16(words + 2 * 53, load_le16(words + 2 * 53) | 0x0004); /* word 88 is valid */
    store_le16(words + 2 * 63, (uint16_t)(0x0007 | (kind == 4 ? selected : 0)));
    store_le16(words + 2 * 65, 120); /* ns */
    store_le16(words + 2 * 66, 120);
    store_le16(words + 2 * 88, (uint16_t)(0x0007 | (kind == 8 ? selected : 0)));
}

/* SET FEATURES 03h: the sector count says which transfer mode (table 48). */
static bool set_transfer_mode(struct ata_device *device)
{
    uint8_t mode = device->sector_count[0];
    bool pio = mode <= 0x01 || (mode >= 0x08 && mode <= 0x0C);
    bool dma = (mode >= 0x20 && mode <= 0x22) || (mode >= 0x40 && mode <= 0x42);

    if (!pio && !(dma && ata_has_dma(device)))
        return false;
    if (dma)
        device->transfer_mode = mode; /* IDENTIFY words 63 and 88 show the DMA mode, PIO modes show nowhere */
    return true;
}

bool ata_set_features(struct ata_device *device)
{
    switch (device->feature[0]) {
    case 0x02: device->write_cache = true; return true;
    case 0x82: device->write_cache = false; return true;
    case 0x03: return set_transfer_mode(device);
    case 0x55: /* read look-ahead off, on; reverting to defaults off, on: nothing that the guest could see */
    case 0xAA:
    case 0x66:
    case 0xCC: return true;
    default: return false;
    }
}

/* --- data port ---------------------------------------------------------------------------------------------------- */

static struct ata_device *selected(struct ata_channel *channel)
{
    struct ata_device *device = &channel->device[channel->selected];

    return device->kind == ATA_NONE ? NULL : device;
}

static void data_moved(struct ata_device *device)
{
    if (device->buffer_at < device->buffer_length)
        return;
    device->status &= (uint8_t)~ATA_DRQ;
    device->buffer_length = 0;
    run_step(device, device->step);
}

static uint16_t read_data_word(struct ata_channel *channel)
{
    struct ata_device *device = selected(channel);
    uint16_t value;

    if (!device || !(device->status & ATA_DRQ) || !device->to_host || device->buffer_at + 1u >= ATA_BUFFER_BYTES)
        return 0xFFFF;
    value = load_le16(device->buffer + device->buffer_at);
    device->buffer_at += 2;
    data_moved(device);
    return value;
}

static void write_data_word(struct ata_channel *channel, uint16_t value)
{
    struct ata_device *device = selected(channel);

    if (!device || !(device->status & ATA_DRQ) || device->to_host || device->buffer_at + 1u >= ATA_BUFFER_BYTES)
        return;
    store_le16(device->buffer + device->buffer_at, value);
    device->buffer_at += 2;
    data_moved(device);
}

/* A byte access is one cycle of the data port too: the other half of the word is lost. */
static uint32_t data_read(void *owner, uint16_t port, unsigned size)
{
    struct ata_channel *channel = owner;
    uint32_t value = read_data_word(channel);

    (void)port;
    if (size == 4)
        value |= (uint32_t)read_data_word(channel) << 16;
    return value;
}

static void data_write(void *owner, uint16_t port, uint32_t value, unsigned size)
{
    struct ata_channel *channel = owner;

    (void)port;
    write_data_word(channel, (uint16_t)value);
    if (size == 4)
        write_data_word(channel, (uint16_t)(value >> 16));
}

/* --- task file ---------------------------------------------------------------------------------------------------- */

/* Device 0 answers for an absent device 1 with its registers and status 00 (ATA/ATAPI-6 9.16.1). Where nobody answers, the
   bus floats to ones but for DD7, which the host adapter pulls down, so that no BSY is seen. */
#define FLOATING 0x7F

static const struct ata_device *answering(const struct ata_channel *channel, bool *stands_in)
{
    const struct ata_device *device = &channel->device[channel->selected];

    *stands_in = false;
    if (device->kind != ATA_NONE)
        return device;
    *stands_in = channel->selected == 1 && channel->device[0].kind != ATA_NONE;
    return *stands_in ? &channel->device[0] : NULL;
}

static uint8_t alternate_status(const struct ata_channel *channel)
{
    bool stands_in;
    const struct ata_device *device = answering(channel, &stands_in);

    return !device ? FLOATING : stands_in ? 0 : device->status;
}

static uint32_t task_file_read(void *owner, uint16_t port, unsigned size)
{
    struct ata_channel *channel = owner;
    bool stands_in;
    const struct ata_device *device = answering(channel, &stands_in);
    unsigned hob = channel->control & ATA_CONTROL_HOB ? 1 : 0;
    uint8_t status;

    (void)size;
    if (!device)
        return FLOATING;
    switch (port - channel->command_block) {
    case 1: return device->error;
    case 2: return device->sector_count[hob];
    case 3: return device->lba_low[hob];
    case 4: return device->lba_mid[hob];
    case 5: return device->lba_high[hob];
    case 6: return 0xA0 | (device->device & 0x4F) | channel->selected << 4;
    }
    status = alternate_status(channel);
    if (!stands_in && channel->device[channel->selected].interrupt)
        ata_set_interrupt(&channel->device[channel->selected], false);
    return status;
}

static void write_register(uint8_t registers[2], uint8_t value)
{
    registers[1] = registers[0];
    registers[0] = value;
}

/* Every write reaches both devices; one that is busy does not take it. */
static void write_task_file(struct ata_device *device, unsigned index, uint8_t value)
{
    if (device->kind == ATA_NONE || device->status & ATA_BSY)
        return;
    switch (index) {
    case 1: write_register(device->feature, value); break;
    case 2: write_register(device->sector_count, value); break;
    case 3: write_register(device->lba_low, value); break;
    case 4: write_register(device->lba_mid, value); break;
    case 5: write_register(device->lba_high, value); break;
    case 6: device->device = value; break;
    }
}

static void write_command(struct ata_channel *channel, uint8_t command)
{
    struct ata_device *device = selected(channel);

    if (command == 0x90) /* EXECUTE DEVICE DIAGNOSTIC goes to both, whichever is selected */
        device = channel->device[0].kind != ATA_NONE ? &channel->device[0] : &channel->device[1];
    if (!device || device->kind == ATA_NONE)
        return;
    if (device->status & ATA_BSY && !(device->kind == ATA_CDROM && command == 0x08)) {
        log_write(channel->bay.log, LOG_GUEST, "%s: command %02x written while busy", channel->instance, command);
        return;
    }
    if (device->asleep && command != 0x08)
        return; /* only a reset wakes it */
    log_write(channel->bay.log, LOG_DISK,
              "%s unit %u: command %02x feature %02x count %02x address %02x %02x %02x device %02x", channel->instance,
              device->unit, command, device->feature[0], device->sector_count[0], device->lba_low[0], device->lba_mid[0],
              device->lba_high[0], device->device);
    abandon_command(device);
    ata_update_irq(channel);
    device->command = command;
    device->error = 0;
    if (command == 0x90)
        ata_diagnostic(channel);
    else if (device->kind == ATA_CDROM)
        atapi_command(device);
    else
        ata_disk_command(device);
}

static void task_file_write(void *owner, uint16_t port, uint32_t value, unsigned size)
{
    struct ata_channel *channel = owner;
    unsigned index = port - channel->command_block;

    (void)size;
    channel->control &= (uint8_t)~ATA_CONTROL_HOB;
    if (index == 7) {
        write_command(channel, (uint8_t)value);
        return;
    }
    for (unsigned unit = 0; unit < 2; unit++)
        write_task_file(&channel->device[unit], index, (uint8_t)value);
    if (index == 6) {
        channel->selected = value & ATA_DEVICE_SELECT ? 1 : 0;
        ata_update_irq(channel);
    }
}

static uint32_t control_read(void *owner, uint16_t port, unsigned size)
{
    (void)port, (void)size;
    return alternate_status(owner);
}

static void control_write(void *owner, uint16_t port, uint32_t value, unsigned size)
{
    struct ata_channel *channel = owner;
    uint8_t old = channel->control;

    (void)port, (void)size;
    channel->control = (uint8_t)value;
    if ((old ^ value) & ATA_CONTROL_SRST)
        start_reset(channel, ATA_STEP_RESET, RESET_NS); /* set: BSY and hold; cleared: the reset runs from here */
    ata_update_irq(channel);
}

/* --- state -------------------------------------------------------------------------------------------------------- */

static const struct state_field device_fields[] = {
    STATE_U8_ARRAY(struct ata_device, feature),
    STATE_U8_ARRAY(struct ata_device, sector_count),
    STATE_U8_ARRAY(struct ata_device, lba_low),
    STATE_U8_ARRAY(struct ata_device, lba_mid),
    STATE_U8_ARRAY(struct ata_device, lba_high),
    STATE_U8(struct ata_device, device),
    STATE_U8(struct ata_device, status),
    STATE_U8(struct ata_device, error),
    STATE_U8(struct ata_device, command),
    STATE_BOOL(struct ata_device, interrupt),
    STATE_U8(struct ata_device, step),
    STATE_U8_ARRAY(struct ata_device, buffer),
    STATE_U16(struct ata_device, buffer_at),
    STATE_U16(struct ata_device, buffer_length),
    STATE_BOOL(struct ata_device, to_host),
    STATE_EVENT(struct ata_device, busy),
    STATE_U16(struct ata_device, cylinders),
    STATE_U8(struct ata_device, heads),
    STATE_U8(struct ata_device, sectors),
    STATE_U8(struct ata_device, multiple),
    STATE_U8(struct ata_device, transfer_mode),
    STATE_U8(struct ata_device, power),
    STATE_BOOL(struct ata_device, asleep),
    STATE_BOOL(struct ata_device, write_cache),
    STATE_BOOL(struct ata_device, dma_waits),
    STATE_BOOL(struct ata_device, extended),
    STATE_U64(struct ata_device, lba),
    STATE_U32(struct ata_device, remaining),
    STATE_STRUCT(struct ata_device, packet, &atapi_table),
};

/* A snapshot is hostile input (R11): keep every index inside its array and every divisor above zero. */
static void device_restored(void *object)
{
    struct ata_device *device = object;

    if (device->buffer_length > ATA_BUFFER_BYTES)
        device->buffer_length = ATA_BUFFER_BYTES;
    if (device->buffer_at > ATA_BUFFER_BYTES)
        device->buffer_at = ATA_BUFFER_BYTES;
    if (device->buffer_at & 1)
        device->buffer_at--;
    if (device->multiple > ATA_MAXIMUM_MULTIPLE)
        device->multiple = ATA_MAXIMUM_MULTIPLE;
    if (device->heads == 0 || device->heads > 16)
        device->heads = 16;
    if (device->sectors == 0)
        device->sectors = 63;
    if (device->step >= ATA_STEP_COUNT)
        device->step = ATA_STEP_NONE;
}

static STATE_TABLE(device_table, "ata_device", 1, device_fields, device_restored);

static void channel_restored(void *object)
{
    struct ata_channel *channel = object;

    channel->selected &= 1;
}

static const struct state_field channel_fields[] = {
    STATE_U8(struct ata_channel, control),
    STATE_U8(struct ata_channel, selected),
    STATE_STRUCT_ARRAY(struct ata_channel, device, &device_table),
};
static STATE_TABLE(channel_table, "ata_channel", 1, channel_fields, channel_restored);

/* --- the board's side --------------------------------------------------------------------------------------------- */

struct ata_channel *ata_channel_new(const struct bay *bay, const char *instance, uint16_t command_block,
                                    uint16_t control_block, struct wire irq)
{
    struct ata_channel *channel = memory_new(sizeof *channel);

    channel->bay = *bay;
    channel->instance = instance;
    channel->command_block = command_block;
    channel->control_block = control_block;
    channel->irq = irq;
    for (unsigned unit = 0; unit < 2; unit++) {
        struct ata_device *device = &channel->device[unit];

        device->channel = channel;
        device->unit = unit;
        device->heads = 16;
        device->sectors = 63;
        event_initialise(&device->busy, unit ? "ata slave" : "ata master", busy_event, device);
    }
    ports_claim(bay->ports, command_block, 1, PORT_ANY, data_read, data_write, channel, instance);
    ports_claim(bay->ports, (uint16_t)(command_block + 1), 7, PORT_BYTE, task_file_read, task_file_write, channel, instance);
    ports_claim(bay->ports, control_block, 1, PORT_BYTE, control_read, control_write, channel, instance);
    state_registry_add(bay->states, instance, &channel_table, channel);
    return channel;
}

void ata_channel_free(struct ata_channel *channel)
{
    if (!channel)
        return;
    for (unsigned unit = 0; unit < 2; unit++)
        schedule_cancel(channel->bay.schedule, &channel->device[unit].busy);
    free(channel);
}

void ata_channel_attach_disk(struct ata_channel *channel, unsigned unit, struct block *block)
{
    struct ata_device *device = &channel->device[unit];

    device->kind = ATA_DISK;
    device->block = block;
    ata_channel_reset(channel);
}

void ata_channel_attach_cdrom(struct ata_channel *channel, unsigned unit, struct block *block)
{
    struct ata_device *device = &channel->device[unit];

    device->kind = ATA_CDROM;
    device->block = block;
    ata_channel_reset(channel);
}

struct block *ata_channel_change_cd(struct ata_channel *channel, unsigned unit, struct block *block)
{
    struct ata_device *device = &channel->device[unit];
    struct block *old = device->block;

    device->block = block;
    atapi_medium_changed(device);
    return old;
}

void ata_channel_connect_bus_master(struct ata_channel *channel, const struct ata_bus_master *bus_master)
{
    channel->bus_master = *bus_master;
}

void ata_channel_dma_started(struct ata_channel *channel)
{
    for (unsigned unit = 0; unit < 2; unit++) {
        struct ata_device *device = &channel->device[unit];

        if (!device->dma_waits)
            continue;
        device->dma_waits = false;
        ata_start_busy(device, device->step, 1000);
    }
}
