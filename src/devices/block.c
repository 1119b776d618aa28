/* Image files as sectors: opening with every check, the record of written sectors, the overlay of --snapshot. */
#include "devices/block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

/* A page stands for 4096 sectors (2 MiB) of which at least one was written. */
#define PAGE_SECTORS 4096u
#define CLUSTER_SECTORS 8u
#define CLUSTERS (PAGE_SECTORS / CLUSTER_SECTORS)
#define OVERLAY_LIMIT (UINT64_C(4) << 30)

struct page {
    uint64_t written[PAGE_SECTORS / 64];
    uint8_t *clusters[CLUSTERS]; /* overlay only */
};

/* How an image file stores its sectors; the seam for formats other than raw. */
struct block_format {
    const char *name;
    bool (*read)(struct block *block, uint64_t lba, uint8_t *sector);
    bool (*write)(struct block *block, uint64_t lba, const uint8_t *sector);
};

struct block {
    struct block_list *list;
    struct block *next;
    char *path;
    const struct log *log;
    const struct block_format *format;
    int file;
    dev_t device;
    ino_t inode;
    bool read_only; /* as the drive sees it */
    bool discard_writes;
    bool unflushed;     /* host writes since the last successful flush */
    int write_error;    /* errno of the last failed host write or flush, for block_close */
    uint64_t file_size; /* bytes */
    uint64_t sectors;
    struct page **pages; /* (sectors + PAGE_SECTORS - 1) / PAGE_SECTORS entries */
    uint64_t page_count;
    uint64_t written_sum; /* of sector hashes: independent of order, updated with each write */
    uint64_t written_count;
    uint64_t overlay_bytes, overlay_limit;
};

/* --- raw ---------------------------------------------------------------------------------------------------------- */

static bool raw_read(struct block *block, uint64_t lba, uint8_t *sector)
{
    uint64_t offset = lba * BLOCK_SECTOR;
    size_t done = 0, wanted = BLOCK_SECTOR;

    if (offset >= block->file_size)
        wanted = 0;
    else if (block->file_size - offset < wanted)
        wanted = (size_t)(block->file_size - offset);
    while (done < wanted) {
        ssize_t got = pread(block->file, sector + done, wanted - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) { /* 0: somebody truncated the file under us */
            log_write(block->log, LOG_DISK, "%s: reading sector %llu: %s", block->path, (unsigned long long)lba,
                      got ? strerror(errno) : "the file has become shorter");
            return false;
        }
        done += (size_t)got;
    }
    memset(sector + wanted, 0, BLOCK_SECTOR - wanted);
    return true;
}

static bool raw_write(struct block *block, uint64_t lba, const uint8_t *sector)
{
    uint64_t offset = lba * BLOCK_SECTOR;
    size_t done = 0;

    block->unflushed = true;
    while (done < BLOCK_SECTOR) {
        ssize_t put = pwrite(block->file, sector + done, BLOCK_SECTOR - done, (off_t)(offset + done));

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            block->write_error = put ? errno : ENOSPC;
            log_write(block->log, LOG_DISK, "%s: writing sector %llu: %s", block->path, (unsigned long long)lba,
                      strerror(block->write_error));
            if (offset + done > block->file_size && ftruncate(block->file, (off_t)block->file_size) != 0)
                block->file_size = offset + done; /* cannot cut off the torn sector: at least read what is there */
            return false;
        }
        done += (size_t)put;
    }
    if (offset + BLOCK_SECTOR > block->file_size)
        block->file_size = offset + BLOCK_SECTOR;
    return true;
}

static const struct block_format format_raw = {"raw", raw_read, raw_write};

/* --- opening ------------------------------------------------------------------------------------------------------ */

/* Formats that people do hand in and that would be garbage as raw sectors. */
static const struct {
    const char *name, *magic;
    unsigned size, offset;
} foreign_formats[] = {
    {"qcow2 image", "QFI\xfb", 4, 0},
    {"VMDK image", "KDMV", 4, 0},
    {"VMDK descriptor", "# Disk DescriptorFile", 21, 0},
    {"VirtualBox VDI image", "\x7f\x10\xda\xbe", 4, 64},
    {"VHDX image", "vhdxfile", 8, 0},
    {"dynamic VHD image", "conectix", 8, 0},
    {"gzip file", "\x1f\x8b\x08", 3, 0},
    {"xz file",
     "\xfd"
     "7zXZ",
     5, 0},
    {"ZIP archive", "PK\x03\x04", 4, 0},
    {"CD image of raw 2352-byte sectors", "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", 12, 0},
};

static bool recognise_format(struct block *block, struct tb_error *error)
{
    uint8_t head[BLOCK_SECTOR];

    if (!raw_read(block, 0, head))
        return error_set(error, TB_STATUS_NO_INPUT, "%s: cannot read: %s", block->path, strerror(errno));
    for (size_t i = 0; i < ARRAY_LENGTH(foreign_formats); i++)
        if (memcmp(head + foreign_formats[i].offset, foreign_formats[i].magic, foreign_formats[i].size) == 0)
            return error_set(error, TB_STATUS_DATA, "%s: is a %s; images must be raw sectors", block->path,
                             foreign_formats[i].name);
    block->format = &format_raw;
    return true;
}

static bool open_file(struct block *block, bool want_write, struct tb_error *error)
{
    struct stat status;

    if (stat(block->path, &status) != 0)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: %s", block->path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return error_set(error, TB_STATUS_DATA, "%s: is a directory", block->path);
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        return error_set(error, TB_STATUS_DATA, "%s: not a regular file", block->path);
    /* A file without any write permission was meant to be protected, even from a superuser who could write it. */
    if (!(status.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)))
        want_write = false;
    block->file = -1;
    if (want_write)
        block->file = open(block->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    block->read_only = block->file < 0;
    if (block->file < 0 && (!want_write || errno == EACCES || errno == EPERM || errno == EROFS || errno == ETXTBSY))
        block->file = open(block->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (block->file < 0)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: %s", block->path, strerror(errno));
    if (fstat(block->file, &status) != 0) /* once more: the name may mean another file by now */
        return error_set(error, TB_STATUS_NO_INPUT, "%s: %s", block->path, strerror(errno));
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        return error_set(error, TB_STATUS_DATA, "%s: not a regular file", block->path);
    block->device = status.st_dev;
    block->inode = status.st_ino;
    return true;
}

/* `writes`: this opening changes the file. Two readers may share it. */
static bool claim_file(struct block *block, bool writes, struct tb_error *error)
{
    for (const struct block *other = block->list->first; other; other = other->next)
        if (other->device == block->device && other->inode == block->inode &&
            (writes || (!other->read_only && !other->discard_writes)))
            return error_set(error, TB_STATUS_DATA, "%s: already in use by another drive of this machine (as %s)",
                             block->path, other->path);
    if (flock(block->file, (writes ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: in use by another machine or process", block->path);
    return true; /* a file system without locks is no reason to refuse */
}

static bool measure_file(struct block *block, unsigned options, struct tb_error *error)
{
    off_t size = lseek(block->file, 0, SEEK_END);

    if (size < 0)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: %s", block->path, strerror(errno));
    if (size == 0)
        return error_set(error, TB_STATUS_DATA, "%s: the image is empty", block->path);
    if (size % BLOCK_SECTOR && !(options & BLOCK_PARTIAL_SECTOR))
        return error_set(error, TB_STATUS_DATA, "%s: truncated? %lld bytes are not a whole number of 512-byte sectors",
                         block->path, (long long)size);
    block->file_size = (uint64_t)size;
    block->sectors = (block->file_size + BLOCK_SECTOR - 1) / BLOCK_SECTOR;
    if (block->sectors > BLOCK_MAXIMUM_SECTORS)
        return error_set(error, TB_STATUS_DATA, "%s: larger than 2 TiB", block->path);
    return true;
}

static void resize_pages(struct block *block)
{
    uint64_t count = (block->sectors + PAGE_SECTORS - 1) / PAGE_SECTORS;

    block->pages = memory_resize(block->pages, (size_t)count * sizeof *block->pages);
    memset(block->pages + block->page_count, 0, (size_t)(count - block->page_count) * sizeof *block->pages);
    block->page_count = count;
}

static void block_release(struct block *block)
{
    if (block->file >= 0)
        close(block->file);
    for (uint64_t i = 0; i < block->page_count; i++) {
        for (unsigned n = 0; block->pages[i] && n < CLUSTERS; n++)
            free(block->pages[i]->clusters[n]);
        free(block->pages[i]);
    }
    free(block->pages);
    free(block->path);
    free(block);
}

struct block *block_open(struct block_list *list, const char *path, unsigned options, const struct log *log,
                         struct tb_error *error)
{
    struct block *block = memory_new(sizeof *block);
    bool want_write = !(options & (BLOCK_READ_ONLY | BLOCK_DISCARD_WRITES));

    block->list = list;
    block->path = memory_copy_string(path);
    block->log = log;
    block->file = -1;
    block->discard_writes = options & BLOCK_DISCARD_WRITES;
    block->overlay_limit = OVERLAY_LIMIT;
    if (!open_file(block, want_write, error) || !claim_file(block, !block->read_only, error) ||
        !measure_file(block, options, error) || !recognise_format(block, error)) {
        block_release(block);
        return NULL;
    }
    if (block->discard_writes) /* the overlay takes writes whatever the file allows */
        block->read_only = options & BLOCK_READ_ONLY;
    resize_pages(block);
    block->next = list->first;
    list->first = block;
    return block;
}

bool block_close(struct block *block, struct tb_error *error)
{
    bool good;

    if (!block)
        return true;
    good = block_flush(block);
    if (!good)
        error_set(error, TB_STATUS_NO_INPUT, "%s: not everything could be written: %s", block->path,
                  strerror(block->write_error));
    for (struct block **link = &block->list->first; *link; link = &(*link)->next)
        if (*link == block) {
            *link = block->next;
            break;
        }
    block_release(block);
    return good;
}

/* --- sectors ------------------------------------------------------------------------------------------------------ */

const char *block_path(const struct block *block)
{
    return block->path;
}

uint64_t block_sectors(const struct block *block)
{
    return block->sectors;
}

bool block_is_read_only(const struct block *block)
{
    return block->read_only;
}

bool block_discards_writes(const struct block *block)
{
    return block->discard_writes;
}

void block_extend(struct block *block, uint64_t sectors)
{
    if (sectors > BLOCK_MAXIMUM_SECTORS)
        sectors = BLOCK_MAXIMUM_SECTORS;
    if (sectors <= block->sectors)
        return;
    block->sectors = sectors;
    resize_pages(block);
}

void block_limit_overlay(struct block *block, uint64_t bytes)
{
    block->overlay_limit = bytes;
}

static bool is_written(const struct block *block, uint64_t lba)
{
    const struct page *page = block->pages[lba / PAGE_SECTORS];

    return page && page->written[lba % PAGE_SECTORS / 64] >> lba % 64 & 1;
}

static uint8_t *overlay_sector(const struct block *block, uint64_t lba)
{
    const struct page *page = block->pages[lba / PAGE_SECTORS];

    return page->clusters[lba % PAGE_SECTORS / CLUSTER_SECTORS] + lba % CLUSTER_SECTORS * BLOCK_SECTOR;
}

static bool read_sector(struct block *block, uint64_t lba, uint8_t *sector)
{
    if (block->discard_writes && is_written(block, lba)) {
        memcpy(sector, overlay_sector(block, lba), BLOCK_SECTOR);
        return true;
    }
    return block->format->read(block, lba, sector);
}

/* The page of `lba` and, for an overlay, room for its cluster; NULL if the host or the limit does not give it. */
static struct page *page_for_writing(struct block *block, uint64_t lba)
{
    struct page **page = &block->pages[lba / PAGE_SECTORS];
    uint8_t **cluster;

    if (!*page)
        *page = calloc(1, sizeof **page);
    if (!*page || !block->discard_writes)
        return *page;
    cluster = &(*page)->clusters[lba % PAGE_SECTORS / CLUSTER_SECTORS];
    if (!*cluster) {
        if (block->overlay_limit - block->overlay_bytes < CLUSTER_SECTORS * BLOCK_SECTOR ||
            block->overlay_limit < block->overlay_bytes)
            return NULL;
        *cluster = calloc(CLUSTER_SECTORS, BLOCK_SECTOR);
        if (!*cluster)
            return NULL;
        block->overlay_bytes += CLUSTER_SECTORS * BLOCK_SECTOR;
    }
    return *page;
}

static uint64_t sector_hash(uint64_t lba, const uint8_t *sector)
{
    return hash_bytes(hash_u64(HASH_SEED, lba), sector, BLOCK_SECTOR);
}

static bool write_sector(struct block *block, uint64_t lba, const uint8_t *sector)
{
    struct page *page = page_for_writing(block, lba);
    bool again = is_written(block, lba);
    uint8_t old[BLOCK_SECTOR];
    uint64_t old_hash = 0;

    if (!page) {
        log_write(block->log, LOG_DISK, "%s: sector %llu: no memory for discarded writes", block->path,
                  (unsigned long long)lba);
        return false;
    }
    if (again) {
        if (!read_sector(block, lba, old))
            return false;
        old_hash = sector_hash(lba, old);
    }
    if (block->discard_writes)
        memcpy(overlay_sector(block, lba), sector, BLOCK_SECTOR);
    else if (!block->format->write(block, lba, sector))
        return false;
    block->written_sum += sector_hash(lba, sector) - old_hash;
    block->written_count += !again;
    page->written[lba % PAGE_SECTORS / 64] |= UINT64_C(1) << lba % 64;
    return true;
}

static bool on_medium(const struct block *block, uint64_t lba, uint32_t count)
{
    return lba < block->sectors && count <= block->sectors - lba;
}

bool block_read(struct block *block, uint64_t lba, uint32_t count, void *bytes)
{
    if (!on_medium(block, lba, count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!read_sector(block, lba + i, (uint8_t *)bytes + (size_t)i * BLOCK_SECTOR))
            return false;
    return true;
}

bool block_write(struct block *block, uint64_t lba, uint32_t count, const void *bytes)
{
    if (block->read_only || !on_medium(block, lba, count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!write_sector(block, lba + i, (const uint8_t *)bytes + (size_t)i * BLOCK_SECTOR))
            return false;
    return true;
}

bool block_flush(struct block *block)
{
    if (!block->unflushed)
        return true;
    if (fdatasync(block->file) != 0 && errno != EINVAL && errno != EROFS) { /* EINVAL: nothing to synchronise there */
        block->write_error = errno;
        log_write(block->log, LOG_DISK, "%s: flush: %s", block->path, strerror(errno));
        return false;
    }
    block->unflushed = false;
    return true;
}

/* --- the record of written sectors -------------------------------------------------------------------------------- */

uint64_t block_written_hash(const struct block *block)
{
    return block->written_sum;
}

uint64_t block_written_count(const struct block *block)
{
    return block->written_count;
}

bool block_each_written(struct block *block, bool (*visit)(void *owner, uint64_t lba, const uint8_t *sector), void *owner)
{
    uint8_t sector[BLOCK_SECTOR];

    for (uint64_t index = 0; index < block->page_count; index++) {
        if (!block->pages[index])
            continue;
        for (uint64_t lba = index * PAGE_SECTORS; lba < (index + 1) * PAGE_SECTORS; lba++)
            if (is_written(block, lba) && (!read_sector(block, lba, sector) || !visit(owner, lba, sector)))
                return false;
    }
    return true;
}

void block_forget_written(struct block *block)
{
    for (uint64_t i = 0; i < block->page_count; i++) {
        for (unsigned n = 0; block->pages[i] && n < CLUSTERS; n++)
            free(block->pages[i]->clusters[n]);
        free(block->pages[i]);
        block->pages[i] = NULL;
    }
    block->overlay_bytes = 0;
    block->written_sum = 0;
    block->written_count = 0;
}
