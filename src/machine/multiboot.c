/* Multiboot 1: the header, and where the kernel goes by its address fields or as an ELF file. */
#include "machine/multiboot.h"

#include <string.h>

#include "base/bits.h"
#include "base/error.h"

#define HEADER_SEARCH 8192u /* the header lies in the first 8192 bytes, 3.1 */
#define HEADER_MAGIC 0x1badb002u
#define HEADER2_MAGIC 0xe85250d6u
#define FLAG_ADDRESSES 0x10000u
#define FLAGS_UNDERSTOOD 0x0007u /* of the lower half, which a loader must understand: page alignment, memory, video */

#define LOW_END 0x9f000u /* the BIOS's extended data area may begin here */
#define HIGH_START 0x100000u

/* ELF: offsets in the header and in a program header, for 32 and 64 bits. */
enum {
    ELF_CLASS_32 = 1,
    ELF_CLASS_64 = 2,
    ELF_LITTLE_ENDIAN = 1,
    ELF_386 = 3,
    ELF_X86_64 = 62,
    ELF_LOAD = 1,
    ELF_EXECUTABLE = 2
};

static bool bad(const char *path, const char *what, struct tb_error *error)
{
    return error_set(error, TB_STATUS_DATA, "%s: %s", path, what);
}

/* Puts a segment into the plan; nothing to put is no segment. */
static bool add_segment(struct multiboot_kernel *kernel, uint64_t offset, uint64_t to, uint64_t bytes, uint64_t zeros,
                        size_t size, uint64_t memory_size, const char *path, struct tb_error *error)
{
    uint64_t length = bytes + zeros;

    if (!bytes && !zeros)
        return true;
    if (offset > size || bytes > size - offset)
        return error_set(error, TB_STATUS_DATA, "%s: truncated: %llu bytes at %llu are not in the file", path,
                         (unsigned long long)bytes, (unsigned long long)offset);
    if (to > memory_size || length > memory_size - to || (to < HIGH_START && to + length > LOW_END))
        return error_set(error, TB_STATUS_DATA, "%s: the kernel wants %llu bytes at %llxh, where there is no free memory",
                         path, (unsigned long long)length, (unsigned long long)to);
    if (kernel->segment_count == MULTIBOOT_SEGMENTS)
        return error_set(error, TB_STATUS_DATA, "%s: more than %d segments", path, MULTIBOOT_SEGMENTS);
    kernel->segments[kernel->segment_count++] =
        (struct multiboot_segment){(uint32_t)offset, (uint32_t)to, (uint32_t)bytes, (uint32_t)zeros};
    return true;
}

/* 3.1.3. A load end of zero: to the end of the file; a BSS end of zero: no BSS. */
static bool by_addresses(struct multiboot_kernel *kernel, const uint8_t *file, size_t size, size_t at, uint64_t memory_size,
                         const char *path, struct tb_error *error)
{
    uint32_t header, load, load_end, bss_end;
    uint64_t offset, bytes, zeros = 0;

    if (size - at < 32)
        return bad(path, "truncated: the multiboot header has no address fields", error);
    header = load_le32(file + at + 12);
    load = load_le32(file + at + 16);
    load_end = load_le32(file + at + 20);
    bss_end = load_le32(file + at + 24);
    kernel->entry = load_le32(file + at + 28);
    if (load > header || header - load > at)
        return bad(path, "the multiboot header's addresses do not fit its place in the file", error);
    offset = at - (header - load);
    bytes = size - offset;
    if (load_end) {
        if (load_end < load)
            return bad(path, "the multiboot header's load end lies before its start", error);
        bytes = load_end - load;
    }
    if (bss_end) {
        if (bss_end < load + bytes)
            return bad(path, "the multiboot header's BSS ends before the data", error);
        zeros = bss_end - load - bytes;
    }
    return add_segment(kernel, offset, load, bytes, zeros, size, memory_size, path, error);
}

struct elf_segment {
    uint64_t type, offset, linear, physical, bytes, memory;
};

static struct elf_segment elf_segment(const uint8_t *row, bool wide)
{
    if (wide)
        return (struct elf_segment){load_le32(row),      load_le64(row + 8),  load_le64(row + 16),
                                    load_le64(row + 24), load_le64(row + 32), load_le64(row + 40)};
    return (struct elf_segment){load_le32(row),      load_le32(row + 4),  load_le32(row + 8),
                                load_le32(row + 12), load_le32(row + 16), load_le32(row + 20)};
}

/* Loads by physical addresses; an entry that lies in a segment's linear addresses is taken to its physical ones. */
static bool by_elf(struct multiboot_kernel *kernel, const uint8_t *file, size_t size, uint64_t memory_size, const char *path,
                   struct tb_error *error)
{
    bool wide = file[4] == ELF_CLASS_64;
    unsigned machine, rows, row_size;
    uint64_t entry, table;

    if (size < (wide ? 64u : 52u) || file[5] != ELF_LITTLE_ENDIAN || load_le16(file + 16) != ELF_EXECUTABLE)
        return bad(path, "the kernel is no little-endian ELF executable", error);
    machine = load_le16(file + 18);
    if (machine != (wide ? ELF_X86_64 : ELF_386))
        return bad(path, "the kernel is an ELF file for another processor", error);
    entry = wide ? load_le64(file + 24) : load_le32(file + 24);
    table = wide ? load_le64(file + 32) : load_le32(file + 28);
    row_size = load_le16(file + (wide ? 54 : 42));
    rows = load_le16(file + (wide ? 56 : 44));
    if (row_size < (wide ? 56u : 32u) || table > size || (uint64_t)rows * row_size > size - table)
        return bad(path, "truncated: the ELF program headers are not in the file", error);
    kernel->entry = (uint32_t)entry;
    for (unsigned i = 0; i < rows; i++) {
        struct elf_segment segment = elf_segment(file + table + (size_t)i * row_size, wide);

        if (segment.type != ELF_LOAD)
            continue;
        if (segment.memory < segment.bytes)
            return bad(path, "an ELF segment is larger in the file than in memory", error);
        if (!add_segment(kernel, segment.offset, segment.physical, segment.bytes, segment.memory - segment.bytes, size,
                         memory_size, path, error))
            return false;
        if (entry >= segment.linear && entry - segment.linear < segment.memory)
            kernel->entry = (uint32_t)(entry - segment.linear + segment.physical);
    }
    return kernel->segment_count || bad(path, "the ELF file has nothing to load", error);
}

/* Where the header is; `size` if there is none. */
static size_t find_header(const uint8_t *file, size_t size)
{
    for (size_t at = 0; at + 12 <= size && at + 12 <= HEADER_SEARCH; at += 4)
        if (load_le32(file + at) == HEADER_MAGIC &&
            (uint32_t)(HEADER_MAGIC + load_le32(file + at + 4) + load_le32(file + at + 8)) == 0)
            return at;
    return size;
}

/* No multiboot kernel: what it is instead, if that can be told. */
static bool refuse(const uint8_t *file, size_t size, const char *path, struct tb_error *error)
{
    if (size >= 0x206 && !memcmp(file + 0x202, "HdrS", 4))
        return bad(path, "a Linux kernel (bzImage): not in this version, only multiboot 1 kernels are", error);
    for (size_t at = 0; at + 4 <= size && at < 32768; at += 8)
        if (load_le32(file + at) == HEADER2_MAGIC)
            return bad(path, "a multiboot 2 kernel: only multiboot 1 is supported", error);
    if (size >= 2 && file[0] == 0x1f && file[1] == 0x8b)
        return bad(path, "compressed by gzip: unpack the kernel first", error);
    return bad(path, "no multiboot 1 kernel: there is no header in its first 8192 bytes", error);
}

bool multiboot_examine(struct multiboot_kernel *kernel, const uint8_t *file, size_t size, uint64_t memory_size,
                       const char *path, struct tb_error *error)
{
    size_t at = find_header(file, size);

    memset(kernel, 0, sizeof *kernel);
    if (at == size)
        return refuse(file, size, path, error);
    kernel->flags = load_le32(file + at + 4);
    if (kernel->flags & 0xffff & ~FLAGS_UNDERSTOOD)
        return error_set(error, TB_STATUS_DATA, "%s: the multiboot header wants what this loader does not know: flags %08xh",
                         path, kernel->flags);
    if (memory_size > UINT64_C(0x100000000))
        memory_size = UINT64_C(0x100000000);
    if (kernel->flags & FLAG_ADDRESSES)
        return by_addresses(kernel, file, size, at, memory_size, path, error);
    if (size < 20 || memcmp(file, "\177ELF", 4) || (file[4] != ELF_CLASS_32 && file[4] != ELF_CLASS_64))
        return bad(path, "the multiboot header has no address fields, and the file is no ELF file", error);
    return by_elf(kernel, file, size, memory_size, path, error);
}
