/* The whole machine as one buffer: header, every field table's state, RAM without its empty pages, written sectors.

   Layout (little-endian): magic, version, identity of the configuration, then the zlib stream of
     u64 clock, u64 registry size, registry,
     a bitmap of RAM pages that hold something, those pages,
     per drive u64 count, then count times (u64 LBA, 512 bytes).
   Everything is checked before anything is changed; the buffer may come from anywhere (R11). */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/hash.h"
#include "machine/machine.h"
#include "mmu/physical_page.h"

#define MAGIC "TBSNAP\r\n"
#define VERSION 1u
#define HEADER_SIZE 32u /* magic 8, version 4, spare 4, identity 8, size of the rest 8 */

/* ------------------------------------------------------------------------------------------------------------------
   Growing buffer */

struct buffer {
    uint8_t *bytes;
    size_t size, room;
    bool failed;
};

static uint8_t *append(struct buffer *buffer, size_t size)
{
    if (buffer->failed)
        return NULL;
    if (buffer->room - buffer->size < size) {
        size_t room = buffer->room * 2 > buffer->size + size ? buffer->room * 2 : buffer->size + size + 65536;
        uint8_t *bytes = realloc(buffer->bytes, room);

        if (!bytes) {
            buffer->failed = true;
            return NULL;
        }
        buffer->bytes = bytes;
        buffer->room = room;
    }
    buffer->size += size;
    return buffer->bytes + buffer->size - size;
}

static void append_u64(struct buffer *buffer, uint64_t value)
{
    uint8_t *at = append(buffer, 8);

    if (at)
        store_le64(at, value);
}

static void append_bytes(struct buffer *buffer, const void *bytes, size_t size)
{
    uint8_t *at = append(buffer, size);

    if (at)
        memcpy(at, bytes, size);
}

/* ------------------------------------------------------------------------------------------------------------------
   Saving */

/* A snapshot fits a machine whose configuration the guest could not tell from that of the one it was taken from. */
static uint64_t identity(const struct tb_machine *machine)
{
    uint64_t hash = hash_u64(HASH_SEED, machine->config.memory_size);
    const char *model = machine->cpus[0]->model->name;

    hash = hash_bytes(hash, model, strlen(model));
    hash = hash_u64(hash, machine->config.ips);
    hash = hash_u64(hash, machine->config.debug_exit ? machine->config.debug_exit_port : UINT64_MAX);
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        hash = hash_u64(hash, machine->config.drives[i].kind);
        hash = hash_u64(hash, machine->board.blocks[i] ? block_sectors(machine->board.blocks[i]) : 0);
    }
    return hash_u64(hash, machine->board.firmware_hash);
}

static bool page_is_empty(const uint8_t *page)
{
    return page[0] == 0 && !memcmp(page, page + 1, PHYSICAL_PAGE_SIZE - 1);
}

static void append_ram(struct buffer *buffer, const struct tb_machine *machine)
{
    const uint8_t *ram = physical_map_ram(machine->bay.memory);
    size_t pages = physical_map_ram_size(machine->bay.memory) / PHYSICAL_PAGE_SIZE, bitmap_size = (pages + 7) / 8;
    size_t bitmap = buffer->size;

    if (!append(buffer, bitmap_size))
        return;
    memset(buffer->bytes + bitmap, 0, bitmap_size);
    for (size_t i = 0; i < pages; i++)
        if (!page_is_empty(ram + i * PHYSICAL_PAGE_SIZE)) {
            append_bytes(buffer, ram + i * PHYSICAL_PAGE_SIZE, PHYSICAL_PAGE_SIZE);
            if (buffer->failed)
                return;
            buffer->bytes[bitmap + i / 8] |= (uint8_t)(1 << i % 8);
        }
}

static bool append_sector(void *owner, uint64_t lba, const uint8_t *sector)
{
    struct buffer *buffer = owner;

    append_u64(buffer, lba);
    append_bytes(buffer, sector, BLOCK_SECTOR);
    return !buffer->failed;
}

static bool append_sectors(struct buffer *buffer, const struct tb_machine *machine)
{
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        struct block *block = machine->board.blocks[i];

        append_u64(buffer, block ? block_written_count(block) : 0);
        if (block && !block_each_written(block, append_sector, buffer))
            return false;
    }
    return !buffer->failed;
}

static uint8_t *compressed(const struct tb_machine *machine, const struct buffer *plain, size_t *size)
{
    uLongf packed = compressBound(plain->size);
    uint8_t *bytes = malloc(HEADER_SIZE + packed);

    if (!bytes)
        return NULL;
    if (compress2(bytes + HEADER_SIZE, &packed, plain->bytes, plain->size, Z_BEST_SPEED) != Z_OK) {
        free(bytes);
        return NULL;
    }
    memcpy(bytes, MAGIC, 8);
    store_le32(bytes + 8, VERSION);
    store_le32(bytes + 12, 0);
    store_le64(bytes + 16, identity(machine));
    store_le64(bytes + 24, plain->size);
    *size = HEADER_SIZE + packed;
    return bytes;
}

uint8_t *tb_machine_save(tb_machine *machine, size_t *size)
{
    struct buffer plain = {NULL, 0, 0, false};
    size_t registry_size = state_registry_size(machine->bay.states);
    uint8_t *registry, *result = NULL;

    append_u64(&plain, machine->schedule.now);
    append_u64(&plain, registry_size);
    registry = append(&plain, registry_size);
    machine_prepare_state(machine);
    if (registry)
        state_registry_save(machine->bay.states, registry);
    append_ram(&plain, machine);
    if (append_sectors(&plain, machine))
        result = compressed(machine, &plain, size);
    free(plain.bytes);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
   Restoring */

/* The parts of an inflated snapshot, found and checked. */
struct parts {
    uint64_t clock;
    const uint8_t *registry, *bitmap, *pages, *sectors[TB_DRIVE_COUNT];
    size_t registry_size, page_count;
    uint64_t sector_count[TB_DRIVE_COUNT];
};

struct reader {
    const uint8_t *at;
    size_t left;
};

static const uint8_t *take(struct reader *reader, uint64_t size)
{
    const uint8_t *bytes = reader->at;

    if (size > reader->left)
        return NULL;
    reader->at += size;
    reader->left -= (size_t)size;
    return bytes;
}

static bool take_u64(struct reader *reader, uint64_t *value)
{
    const uint8_t *bytes = take(reader, 8);

    if (bytes)
        *value = load_le64(bytes);
    return bytes != NULL;
}

static bool take_sectors(struct reader *reader, const struct tb_machine *machine, struct parts *parts)
{
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        const struct block *block = machine->board.blocks[i];
        uint64_t count, above = 0;

        if (!take_u64(reader, &count) || count > reader->left / (8 + BLOCK_SECTOR) || (count && !block))
            return false;
        parts->sector_count[i] = count;
        parts->sectors[i] = take(reader, count * (8 + BLOCK_SECTOR));
        for (uint64_t n = 0; n < count; n++) {
            uint64_t lba = load_le64(parts->sectors[i] + n * (8 + BLOCK_SECTOR));

            if (lba < above || lba >= block_sectors(block))
                return false;
            above = lba + 1;
        }
    }
    return reader->left == 0;
}

static bool find_parts(struct reader reader, const struct tb_machine *machine, struct parts *parts)
{
    size_t pages = physical_map_ram_size(machine->bay.memory) / PHYSICAL_PAGE_SIZE;
    uint64_t registry_size;

    if (!take_u64(&reader, &parts->clock) || parts->clock == SCHEDULE_NEVER || !take_u64(&reader, &registry_size) ||
        registry_size != state_registry_size(machine->bay.states))
        return false;
    parts->registry_size = (size_t)registry_size;
    parts->registry = take(&reader, registry_size);
    parts->bitmap = take(&reader, (pages + 7) / 8);
    if (!parts->registry || !parts->bitmap)
        return false;
    parts->page_count = 0;
    for (size_t i = 0; i < pages; i++)
        parts->page_count += parts->bitmap[i / 8] >> i % 8 & 1;
    parts->pages = take(&reader, (uint64_t)parts->page_count * PHYSICAL_PAGE_SIZE);
    return parts->pages && take_sectors(&reader, machine, parts);
}

/* A block that writes to its file cannot take back a write that the snapshot does not know: the old bytes are gone. */
struct known {
    const uint8_t *sectors;
    uint64_t count, next;
};

static bool is_known(void *owner, uint64_t lba, const uint8_t *sector)
{
    struct known *known = owner;

    (void)sector;
    while (known->next < known->count && load_le64(known->sectors + known->next * (8 + BLOCK_SECTOR)) < lba)
        known->next++;
    return known->next < known->count && load_le64(known->sectors + known->next * (8 + BLOCK_SECTOR)) == lba;
}

static bool check_disks(const struct tb_machine *machine, const struct parts *parts, struct tb_error *error)
{
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        struct block *block = machine->board.blocks[i];
        struct known known = {parts->sectors[i], parts->sector_count[i], 0};

        if (!block || block_discards_writes(block))
            continue;
        if (parts->sector_count[i] && block_is_read_only(block))
            return error_set(error, TB_STATUS_DATA, "snapshot: %s is read-only, but the snapshot has writes for it",
                             block_path(block));
        if (!block_each_written(block, is_known, &known))
            return error_set(
                error, TB_STATUS_DATA,
                "snapshot: %s was written to since and cannot be taken back; discard disk writes to go back and forth",
                block_path(block));
    }
    return true;
}

static void restore_ram(struct tb_machine *machine, const struct parts *parts)
{
    uint8_t *ram = physical_map_ram(machine->bay.memory);
    size_t pages = physical_map_ram_size(machine->bay.memory) / PHYSICAL_PAGE_SIZE;
    const uint8_t *from = parts->pages;

    for (size_t i = 0; i < pages; i++) {
        uint8_t *page = ram + i * PHYSICAL_PAGE_SIZE;

        if (parts->bitmap[i / 8] >> i % 8 & 1) {
            memcpy(page, from, PHYSICAL_PAGE_SIZE);
            from += PHYSICAL_PAGE_SIZE;
        } else if (!page_is_empty(page)) { /* untouched pages of the host stay untouched */
            memset(page, 0, PHYSICAL_PAGE_SIZE);
        }
    }
    physical_map_ram_replaced(machine->bay.memory);
}

static bool restore_disks(struct tb_machine *machine, const struct parts *parts, struct tb_error *error)
{
    bool written = true;

    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        struct block *block = machine->board.blocks[i];

        if (!block)
            continue;
        block_forget_written(block);
        for (uint64_t n = 0; n < parts->sector_count[i]; n++) {
            const uint8_t *sector = parts->sectors[i] + n * (8 + BLOCK_SECTOR);

            if (!block_write(block, load_le64(sector), 1, sector + 8))
                written = error_set(error, TB_STATUS_NO_INPUT, "snapshot: %s: sector %llu cannot be written",
                                    block_path(block), (unsigned long long)load_le64(sector));
        }
    }
    return written;
}

static bool restore(struct tb_machine *machine, const struct parts *parts, struct tb_error *error)
{
    uint64_t now = machine->schedule.now;

    if (!check_disks(machine, parts, error))
        return false;
    machine->schedule.now = parts->clock; /* what is recomputed on the way looks at the clock */
    if (!state_registry_restore(machine->bay.states, parts->registry, parts->registry_size)) {
        machine->schedule.now = now;
        return error_set(error, TB_STATUS_DATA, "snapshot: it was made by another version");
    }
    restore_ram(machine, parts);
    for (unsigned i = 0; i < machine->cpu_count; i++)
        cpu_state_changed(machine->cpus[i]);
    machine->at_breakpoint = machine->stop_requested = machine->debug_exit_requested = false;
    return restore_disks(machine, parts, error);
}

/* The most that a snapshot of this machine can inflate to. */
static uint64_t largest(const struct tb_machine *machine)
{
    uint64_t size = 16 + state_registry_size(machine->bay.states) + 8 * TB_DRIVE_COUNT,
             ram = physical_map_ram_size(machine->bay.memory);

    size += ram + ram / PHYSICAL_PAGE_SIZE / 8 + 1;
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++)
        size += machine->board.blocks[i] ? block_sectors(machine->board.blocks[i]) * (8 + BLOCK_SECTOR) : 0;
    return size;
}

bool tb_machine_restore(tb_machine *machine, const uint8_t *bytes, size_t size, struct tb_error *error)
{
    struct parts parts;
    uint64_t plain_size;
    uLongf inflated;
    uint8_t *plain;
    bool done;

    if (size < HEADER_SIZE || memcmp(bytes, MAGIC, 8))
        return error_set(error, TB_STATUS_DATA, "snapshot: this is none");
    if (load_le32(bytes + 8) != VERSION)
        return error_set(error, TB_STATUS_DATA, "snapshot: version %u, this program knows version %u", load_le32(bytes + 8),
                         VERSION);
    if (load_le64(bytes + 16) != identity(machine))
        return error_set(error, TB_STATUS_DATA, "snapshot: taken from a machine of another configuration");
    plain_size = load_le64(bytes + 24);
    /* zlib cannot pack tighter than 1:1032, so a small file cannot make us allocate much. */
    if (plain_size > largest(machine) || plain_size / 1032 > size)
        return error_set(error, TB_STATUS_DATA, "snapshot: damaged (impossible size)");
    inflated = (uLongf)plain_size;
    plain = malloc(plain_size ? plain_size : 1);
    if (!plain)
        return error_set(error, TB_STATUS_DATA, "snapshot: no memory to unpack %llu bytes", (unsigned long long)plain_size);
    if (uncompress(plain, &inflated, bytes + HEADER_SIZE, size - HEADER_SIZE) != Z_OK || inflated != plain_size ||
        !find_parts((struct reader){plain, plain_size}, machine, &parts))
        done = error_set(error, TB_STATUS_DATA, "snapshot: damaged or truncated");
    else
        done = restore(machine, &parts, error);
    free(plain);
    return done;
}
