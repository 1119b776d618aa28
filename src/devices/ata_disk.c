/* The ATA disk: commands of ATA/ATAPI-6 (and the CHS ones of ATA-1 to ATA-3 that older systems use). */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "devices/ata_state.h"

/* Virtual time of each phase: a cache hit on a fast drive. */
#define COMMAND_NS 20000
#define NEXT_BLOCK_NS 4000
#define WRITE_READY_NS 1000
#define FLUSH_NS 100000
#define READY (ATA_DRDY | ATA_DSC)

/* --- addresses ---------------------------------------------------------------------------------------------------- */

struct ata_geometry ata_geometry_for(uint64_t sectors)
{
    struct ata_geometry geometry = {.heads = 16, .sectors = 63};
    uint64_t cylinders = sectors / (16 * 63);

    if (cylinders == 0) { /* smaller than one such cylinder: one head's tracks at a time, so that CHS reaches something */
        geometry.heads = 1;
        cylinders = sectors / 63;
    }
    if (cylinders == 0) {
        geometry.sectors = (uint8_t)sectors;
        cylinders = 1;
    }
    geometry.cylinders = (uint16_t)(cylinders > 16383 ? 16383 : cylinders);
    return geometry;
}

static uint64_t total_sectors(const struct ata_device *device)
{
    return block_sectors(device->block);
}

/* What LBA28 and the obsolete words 60-61 can name. */
static uint32_t total_sectors_28(const struct ata_device *device)
{
    uint64_t total = total_sectors(device);

    return total > 0x0FFFFFFF ? 0x0FFFFFFF : (uint32_t)total;
}

/* The task file's address; false if the CHS address does not exist in the present translation. */
static bool load_address(struct ata_device *device)
{
    if (device->extended) {
        device->lba = (uint64_t)device->lba_low[0] | (uint64_t)device->lba_mid[0] << 8 |
                      (uint64_t)device->lba_high[0] << 16 | (uint64_t)device->lba_low[1] << 24 |
                      (uint64_t)device->lba_mid[1] << 32 | (uint64_t)device->lba_high[1] << 40;
        device->remaining = device->sector_count[0] | device->sector_count[1] << 8;
        if (device->remaining == 0)
            device->remaining = 65536;
        return true;
    }
    device->remaining = device->sector_count[0] ? device->sector_count[0] : 256;
    if (device->device & ATA_DEVICE_LBA) {
        device->lba = (uint64_t)device->lba_low[0] | (uint64_t)device->lba_mid[0] << 8 |
                      (uint64_t)device->lba_high[0] << 16 | (uint64_t)(device->device & 15) << 24;
        return true;
    } else {
        unsigned cylinder = device->lba_mid[0] | device->lba_high[0] << 8;
        unsigned head = device->device & 15, sector = device->lba_low[0];

        device->lba = ((uint64_t)cylinder * device->heads + head) * device->sectors + sector - 1;
        return cylinder < device->cylinders && head < device->heads && sector >= 1 && sector <= device->sectors;
    }
}

/* The task file shows the sector last handled (or the one in error) and how many are left. */
static void store_address(struct ata_device *device, uint64_t lba)
{
    device->sector_count[0] = (uint8_t)device->remaining;
    if (device->extended) {
        device->sector_count[1] = (uint8_t)(device->remaining >> 8);
        device->lba_low[0] = (uint8_t)lba;
        device->lba_mid[0] = (uint8_t)(lba >> 8);
        device->lba_high[0] = (uint8_t)(lba >> 16);
        device->lba_low[1] = (uint8_t)(lba >> 24);
        device->lba_mid[1] = (uint8_t)(lba >> 32);
        device->lba_high[1] = (uint8_t)(lba >> 40);
    } else if (device->device & ATA_DEVICE_LBA) {
        device->lba_low[0] = (uint8_t)lba;
        device->lba_mid[0] = (uint8_t)(lba >> 8);
        device->lba_high[0] = (uint8_t)(lba >> 16);
        device->device = (uint8_t)((device->device & 0xF0) | (lba >> 24 & 15));
    } else {
        uint64_t track = lba / device->sectors, cylinder = track / device->heads;

        device->lba_low[0] = (uint8_t)(lba % device->sectors + 1);
        device->lba_mid[0] = (uint8_t)cylinder;
        device->lba_high[0] = (uint8_t)(cylinder >> 8);
        device->device = (uint8_t)((device->device & 0xF0) | track % device->heads);
    }
}

static void fail_at(struct ata_device *device, uint64_t lba, uint8_t status, uint8_t error)
{
    store_address(device, lba);
    log_write(device->channel->bay.log, LOG_DISK, "%s unit %u: error %02x at sector %llu", device->channel->instance,
              device->unit, error, (unsigned long long)lba);
    ata_complete(device, (uint8_t)(READY | ATA_ERR | status), error);
}

/* Is the present sector on the disk? Otherwise the command ends with IDNF. */
static bool on_disk(struct ata_device *device)
{
    if (device->lba < total_sectors(device))
        return true;
    fail_at(device, device->lba, 0, ATA_IDNF);
    return false;
}

/* `count` sectors from `lba` are done. */
static void sectors_handled(struct ata_device *device, unsigned count)
{
    device->lba += count;
    device->remaining -= count;
    store_address(device, device->lba - 1);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool is_multiple(const struct ata_device *device)
{
    return device->command == 0xC4 || device->command == 0xC5 || device->command == 0x29 || device->command == 0x39;
}

static unsigned block_size(const struct ata_device *device)
{
    unsigned size = is_multiple(device) && device->multiple ? device->multiple : 1;

    return device->remaining < size ? device->remaining : size;
}

/* Reads up to `count` sectors into the buffer; returns how many are good. */
static unsigned fetch(struct ata_device *device, unsigned count)
{
    unsigned good = 0;

    while (good < count && device->lba + good < total_sectors(device) &&
           block_read(device->block, device->lba + good, 1, device->buffer + good * BLOCK_SECTOR))
        good++;
    return good;
}

/* A block cut short by an error is handed over first; the error follows with the next interrupt. */
static void step_read(struct ata_device *device)
{
    unsigned good;

    if (!on_disk(device))
        return;
    good = fetch(device, block_size(device));
    if (good == 0) {
        fail_at(device, device->lba, 0, ATA_UNC);
        return;
    }
    sectors_handled(device, good);
    ata_start_data(device, ATA_STEP_READ_DRAINED, (uint16_t)(good * BLOCK_SECTOR), true, true);
}

static void step_read_drained(struct ata_device *device)
{
    if (device->remaining) {
        ata_start_busy(device, ATA_STEP_READ, NEXT_BLOCK_NS);
        return;
    }
    device->status = READY;
    device->step = ATA_STEP_NONE;
}

/* A piece at a time: 65536 sectors at once would hold up the host. */
static void step_verify(struct ata_device *device)
{
    for (unsigned piece = 0; device->remaining && piece < 256; piece++) {
        if (!on_disk(device))
            return;
        if (!fetch(device, 1)) {
            fail_at(device, device->lba, 0, ATA_UNC);
            return;
        }
        sectors_handled(device, 1);
    }
    if (device->remaining)
        ata_start_busy(device, ATA_STEP_VERIFY, NEXT_BLOCK_NS);
    else
        ata_complete(device, READY, 0);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void ask_for_block(struct ata_device *device, bool interrupt)
{
    ata_start_data(device, ATA_STEP_WRITE_FILLED, (uint16_t)(block_size(device) * BLOCK_SECTOR), false, interrupt);
}

/* Writes `count` sectors from the buffer; false: the command has ended with an error. */
static bool store(struct ata_device *device, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!on_disk(device))
            return false;
        if (block_is_read_only(device->block)) { /* ATA knows no write protection of a fixed disk: aborted */
            fail_at(device, device->lba, 0, ATA_ABRT);
            return false;
        }
        if (!block_write(device->block, device->lba, 1, device->buffer + i * BLOCK_SECTOR)) {
            fail_at(device, device->lba, ATA_DF, ATA_ABRT);
            return false;
        }
        sectors_handled(device, 1);
    }
    return true;
}

static void step_write(struct ata_device *device)
{
    if (!store(device, block_size(device)))
        return;
    if (device->remaining)
        ask_for_block(device, true);
    else
        ata_complete(device, READY, 0);
}

static void step_write_ready(struct ata_device *device)
{
    if (on_disk(device))
        ask_for_block(device, false);
}

/* --- bus master DMA ----------------------------------------------------------------------------------------------- */

static void step_dma(struct ata_device *device, bool read)
{
    const struct ata_bus_master *bus_master = &device->channel->bus_master;
    enum ata_step step = read ? ATA_STEP_DMA_READ : ATA_STEP_DMA_WRITE;
    unsigned count = device->remaining < ATA_MAXIMUM_MULTIPLE ? device->remaining : ATA_MAXIMUM_MULTIPLE;
    size_t moved;

    if (!bus_master->transfer || !on_disk(device))
        return;
    if (read) {
        count = fetch(device, count);
        if (count == 0) {
            fail_at(device, device->lba, 0, ATA_UNC);
            return;
        }
    }
    moved = bus_master->transfer(bus_master->owner, device->buffer, count * BLOCK_SECTOR, read);
    count = (unsigned)(moved / BLOCK_SECTOR);
    if (count == 0) {
        ata_dma_wait(device, step);
        return;
    }
    if (read)
        sectors_handled(device, count);
    else if (!store(device, count))
        return;
    if (device->remaining)
        ata_start_busy(device, step, NEXT_BLOCK_NS);
    else
        ata_complete(device, READY, 0);
}

/* --- IDENTIFY DEVICE ---------------------------------------------------------------------------------------------- */

static void put_word(uint8_t *words, unsigned index, uint32_t value)
{
    store_le16(words + 2 * index, (uint16_t)value);
}

static void put_dword(uint8_t *words, unsigned index, uint32_t value)
{
    store_le32(words + 2 * index, value);
}

static void identify(struct ata_device *device)
{
    uint8_t *words = device->buffer;
    struct ata_geometry geometry = ata_geometry_for(total_sectors(device));
    uint32_t current = (uint32_t)device->cylinders * device->heads * device->sectors;
    char serial[21];

    memset(words, 0, 512);
    snprintf(serial, sizeof serial, "TB-%03X-%u", device->channel->command_block, device->unit);
    put_word(words, 0, 0x0040); /* fixed ATA device */
    put_word(words, 1, geometry.cylinders);
    put_word(words, 3, geometry.heads);
    put_word(words, 6, geometry.sectors);
    ata_identify_text(words, 10, 10, serial);
    put_word(words, 20, 3); /* dual-ported multi-sector buffer with look-ahead */
    put_word(words, 21, ATA_BUFFER_BYTES / 512);
    put_word(words, 22, 4);
    ata_identify_text(words, 23, 4, "1.0");
    ata_identify_text(words, 27, 20, "TRUEBOX HARDDISK");
    put_word(words, 47, 0x8000 | ATA_MAXIMUM_MULTIPLE);
    put_word(words, 48, 1);      /* 32-bit data port (ATA-1) */
    put_word(words, 49, 0x0E00); /* IORDY and its disabling, LBA */
    put_word(words, 50, 0x4000);
    put_word(words, 51, 0x0200); /* PIO mode 2 timing */
    put_word(words, 53, 3);      /* words 54-58 and 64-70 are valid */
    put_word(words, 54, device->cylinders);
    put_word(words, 55, device->heads);
    put_word(words, 56, device->sectors);
    put_dword(words, 57, current);
    put_word(words, 59, device->multiple ? 0x0100 | device->multiple : 0);
    put_dword(words, 60, total_sectors_28(device));
    put_word(words, 64, 3); /* PIO modes 3 and 4 */
    for (unsigned index = 65; index <= 68; index++)
        put_word(words, index, 120); /* ns */
    put_word(words, 80, 0x007E);     /* ATA-1 to ATA/ATAPI-6 */
    put_word(words, 82, 0x7028);     /* NOP, READ and WRITE BUFFER, write cache, power management */
    put_word(words, 83, 0x7400);     /* FLUSH CACHE (EXT), 48-bit addresses */
    put_word(words, 84, 0x4000);
    put_word(words, 85, 0x7008 | (device->write_cache ? 0x20 : 0));
    put_word(words, 86, 0x3400);
    put_word(words, 87, 0x4000);
    put_word(words, 93, device->unit ? 0x4B00 : 0x400B); /* reset: how the device number was found, diagnostics passed */
    put_dword(words, 100, (uint32_t)total_sectors(device));
    put_dword(words, 102, (uint32_t)(total_sectors(device) >> 32));
    ata_identify_dma(device, words);
    ata_identify_checksum(words);
    ata_start_data(device, ATA_STEP_READ_DRAINED, 512, true, true);
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

static void start_transfer(struct ata_device *device, enum ata_step step, uint64_t nanoseconds)
{
    bool dma = step == ATA_STEP_DMA_READ || step == ATA_STEP_DMA_WRITE;

    if ((dma && !ata_has_dma(device)) || (is_multiple(device) && !device->multiple)) {
        ata_abort(device);
        return;
    }
    device->power = 0xFF;
    if (!load_address(device)) { /* the task file keeps the address that was asked for */
        ata_complete(device, READY | ATA_ERR, ATA_IDNF);
        return;
    }
    ata_start_busy(device, step, nanoseconds);
}

static void command_read(struct ata_device *device)
{
    start_transfer(device, ATA_STEP_READ, COMMAND_NS);
}

static void command_write(struct ata_device *device)
{
    start_transfer(device, ATA_STEP_WRITE_READY, WRITE_READY_NS);
}

static void command_verify(struct ata_device *device)
{
    start_transfer(device, ATA_STEP_VERIFY, COMMAND_NS);
}

static void command_read_dma(struct ata_device *device)
{
    start_transfer(device, ATA_STEP_DMA_READ, COMMAND_NS);
}

static void command_write_dma(struct ata_device *device)
{
    start_transfer(device, ATA_STEP_DMA_WRITE, COMMAND_NS);
}

static void command_complete(struct ata_device *device)
{
    ata_start_busy(device, ATA_STEP_COMPLETE, COMMAND_NS);
}

static void command_seek(struct ata_device *device)
{
    if (!load_address(device) || device->lba >= total_sectors(device))
        ata_complete(device, READY | ATA_ERR, ATA_IDNF);
    else
        command_complete(device);
}

static void command_identify(struct ata_device *device)
{
    device->remaining = 0;
    ata_start_busy(device, ATA_STEP_BUFFER_IN, COMMAND_NS);
}

static void command_read_buffer(struct ata_device *device)
{
    device->remaining = 0;
    ata_start_busy(device, ATA_STEP_BUFFER_READ, COMMAND_NS);
}

static void command_write_buffer(struct ata_device *device)
{
    ata_start_busy(device, ATA_STEP_BUFFER_OUT, WRITE_READY_NS);
}

static void command_flush(struct ata_device *device)
{
    ata_start_busy(device, ATA_STEP_FLUSH, FLUSH_NS);
}

/* INITIALIZE DEVICE PARAMETERS: the translation changes, the capacity does not (ATA-3 7.12). */
static void command_initialize_parameters(struct ata_device *device)
{
    unsigned heads = (device->device & 15) + 1, sectors = device->sector_count[0];
    uint64_t cylinders;

    if (sectors == 0) {
        ata_abort(device);
        return;
    }
    cylinders = total_sectors(device) / (heads * sectors);
    device->heads = (uint8_t)heads;
    device->sectors = (uint8_t)sectors;
    device->cylinders = (uint16_t)(cylinders > 65535 ? 65535 : cylinders);
    command_complete(device);
}

static void command_set_multiple(struct ata_device *device)
{
    uint8_t count = device->sector_count[0];

    if (count > ATA_MAXIMUM_MULTIPLE || count & (count - 1)) {
        ata_abort(device);
        return;
    }
    device->multiple = count;
    command_complete(device);
}

static void command_set_features(struct ata_device *device)
{
    if (ata_set_features(device))
        command_complete(device);
    else
        ata_abort(device);
}

static void command_check_power(struct ata_device *device)
{
    device->sector_count[0] = device->power;
    command_complete(device);
}

static void command_idle(struct ata_device *device)
{
    device->power = 0x80;
    command_complete(device);
}

static void command_idle_immediate(struct ata_device *device)
{
    command_idle(device);
}

static void command_standby(struct ata_device *device)
{
    device->power = 0;
    command_flush(device);
}

static void command_sleep(struct ata_device *device)
{
    device->power = 0;
    command_flush(device); /* asleep when it ends */
}

static void command_native_max(struct ata_device *device)
{
    uint64_t last = device->extended ? total_sectors(device) - 1 : total_sectors_28(device) - 1;

    if (!(device->device & ATA_DEVICE_LBA)) {
        ata_abort(device);
        return;
    }
    device->remaining = 0;
    store_address(device, last);
    command_complete(device);
}

#define EXTENDED 1

/* What is not listed is aborted: SECURITY, SMART, FORMAT TRACK, SET MAX, the LONG forms, PACKET, DEVICE RESET. NOP is
   aborted by definition (8.16). */
static const struct {
    uint8_t opcode, flags;
    void (*start)(struct ata_device *device);
} commands[] = {
    {0x20, 0, command_read},                  /* READ SECTOR(S) */
    {0x21, 0, command_read},                  /* without retries */
    {0x24, EXTENDED, command_read},           /* READ SECTOR(S) EXT */
    {0x25, EXTENDED, command_read_dma},       /* READ DMA EXT */
    {0x27, EXTENDED, command_native_max},     /* READ NATIVE MAX ADDRESS EXT */
    {0x29, EXTENDED, command_read},           /* READ MULTIPLE EXT */
    {0x30, 0, command_write},                 /* WRITE SECTOR(S) */
    {0x31, 0, command_write},                 /* without retries */
    {0x34, EXTENDED, command_write},          /* WRITE SECTOR(S) EXT */
    {0x35, EXTENDED, command_write_dma},      /* WRITE DMA EXT */
    {0x39, EXTENDED, command_write},          /* WRITE MULTIPLE EXT */
    {0x3C, 0, command_write},                 /* WRITE VERIFY (ATA-1) */
    {0x40, 0, command_verify},                /* READ VERIFY SECTOR(S) */
    {0x41, 0, command_verify},                /* without retries */
    {0x42, EXTENDED, command_verify},         /* READ VERIFY SECTOR(S) EXT */
    {0x91, 0, command_initialize_parameters}, /* INITIALIZE DEVICE PARAMETERS */
    {0x94, 0, command_standby},               /* the power commands' ATA-1 codes are 94-99 */
    {0x95, 0, command_idle_immediate},
    {0x96, 0, command_standby},
    {0x97, 0, command_idle},
    {0x98, 0, command_check_power},
    {0x99, 0, command_sleep},
    {0xC4, 0, command_read},         /* READ MULTIPLE */
    {0xC5, 0, command_write},        /* WRITE MULTIPLE */
    {0xC6, 0, command_set_multiple}, /* SET MULTIPLE MODE */
    {0xC8, 0, command_read_dma},     /* READ DMA */
    {0xC9, 0, command_read_dma},
    {0xCA, 0, command_write_dma}, /* WRITE DMA */
    {0xCB, 0, command_write_dma},
    {0xE0, 0, command_standby},        /* STANDBY IMMEDIATE */
    {0xE1, 0, command_idle_immediate}, /* IDLE IMMEDIATE */
    {0xE2, 0, command_standby},        /* STANDBY */
    {0xE3, 0, command_idle},           /* IDLE */
    {0xE4, 0, command_read_buffer},    /* READ BUFFER */
    {0xE5, 0, command_check_power},    /* CHECK POWER MODE */
    {0xE6, 0, command_sleep},          /* SLEEP */
    {0xE7, 0, command_flush},          /* FLUSH CACHE */
    {0xE8, 0, command_write_buffer},   /* WRITE BUFFER */
    {0xEA, EXTENDED, command_flush},   /* FLUSH CACHE EXT */
    {0xEC, 0, command_identify},       /* IDENTIFY DEVICE */
    {0xEF, 0, command_set_features},   /* SET FEATURES */
    {0xF8, 0, command_native_max},     /* READ NATIVE MAX ADDRESS */
};

void ata_disk_command(struct ata_device *device)
{
    uint8_t command = device->command;

    device->extended = false;
    if (command >= 0x10 && command <= 0x1F) { /* RECALIBRATE */
        device->lba_mid[0] = device->lba_high[0] = 0;
        command_complete(device);
        return;
    }
    if (command >= 0x70 && command <= 0x7F) { /* SEEK */
        command_seek(device);
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (commands[i].opcode == command) {
            device->extended = commands[i].flags & EXTENDED;
            commands[i].start(device);
            return;
        }
    ata_abort(device);
}

static void step_flush(struct ata_device *device)
{
    if (!block_flush(device->block)) {
        ata_complete(device, READY | ATA_ERR | ATA_DF, ATA_ABRT);
        return;
    }
    device->asleep = device->command == 0xE6 || device->command == 0x99;
    ata_complete(device, READY, 0);
}

void ata_disk_step(struct ata_device *device, enum ata_step step)
{
    switch (step) {
    case ATA_STEP_COMPLETE: ata_complete(device, READY, 0); break;
    case ATA_STEP_READ: step_read(device); break;
    case ATA_STEP_READ_DRAINED: step_read_drained(device); break;
    case ATA_STEP_WRITE_READY: step_write_ready(device); break;
    case ATA_STEP_WRITE_FILLED: ata_start_busy(device, ATA_STEP_WRITE, NEXT_BLOCK_NS); break;
    case ATA_STEP_WRITE: step_write(device); break;
    case ATA_STEP_VERIFY: step_verify(device); break;
    case ATA_STEP_FLUSH: step_flush(device); break;
    case ATA_STEP_DMA_READ: step_dma(device, true); break;
    case ATA_STEP_DMA_WRITE: step_dma(device, false); break;
    case ATA_STEP_BUFFER_IN: identify(device); break;
    case ATA_STEP_BUFFER_READ: ata_start_data(device, ATA_STEP_READ_DRAINED, 512, true, true); break;
    case ATA_STEP_BUFFER_OUT: ata_start_data(device, ATA_STEP_BUFFER_FILLED, 512, false, false); break;
    case ATA_STEP_BUFFER_FILLED: ata_start_busy(device, ATA_STEP_COMPLETE, NEXT_BLOCK_NS); break;
    default: device->step = ATA_STEP_NONE; break; /* only a hostile snapshot has the other steps here */
    }
}

void ata_disk_power_on(struct ata_device *device)
{
    struct ata_geometry geometry = ata_geometry_for(total_sectors(device));

    device->cylinders = geometry.cylinders;
    device->heads = geometry.heads;
    device->sectors = geometry.sectors;
    device->multiple = 0;
    device->transfer_mode = 0;
    device->power = 0xFF;
    device->write_cache = true;
}
