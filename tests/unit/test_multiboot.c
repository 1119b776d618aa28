/* Multiboot kernels: what is loaded where, a kernel that runs, and files that lie (Multiboot Specification 0.6.96). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <truebox/truebox.h>

#include "base/bits.h"
#include "machine/multiboot.h"

enum { MEMORY = 16 << 20 };

static struct tb_error error;

static void put_header(uint8_t *at, uint32_t flags)
{
    store_le32(at, 0x1badb002);
    store_le32(at + 4, flags);
    store_le32(at + 8, 0u - 0x1badb002 - flags);
}

static void put_addresses(uint8_t *at, uint32_t header, uint32_t load, uint32_t load_end, uint32_t bss_end, uint32_t entry)
{
    put_header(at, 0x10003);
    store_le32(at + 12, header);
    store_le32(at + 16, load);
    store_le32(at + 20, load_end);
    store_le32(at + 24, bss_end);
    store_le32(at + 28, entry);
}

/* An ELF kernel of one segment; the multiboot header stands at 256. */
static void put_elf(uint8_t *file, uint32_t linear, uint32_t physical, uint32_t bytes, uint32_t memory, uint32_t entry)
{
    memcpy(file, "\177ELF\1\1\1", 7);
    store_le16(file + 16, 2);
    store_le16(file + 18, 3);
    store_le32(file + 24, entry);
    store_le32(file + 28, 52);
    store_le16(file + 42, 32);
    store_le16(file + 44, 1);
    store_le32(file + 52, 1);
    store_le32(file + 56, 0);
    store_le32(file + 60, linear);
    store_le32(file + 64, physical);
    store_le32(file + 68, bytes);
    store_le32(file + 72, memory);
    put_header(file + 256, 3);
}

static bool examine(struct multiboot_kernel *kernel, const uint8_t *file, size_t size)
{
    error = (struct tb_error){TB_STATUS_OK, ""};
    return multiboot_examine(kernel, file, size, MEMORY, "kernel", &error);
}

static void refused(const uint8_t *file, size_t size, const char *words)
{
    struct multiboot_kernel kernel;

    cr_expect_not(examine(&kernel, file, size), "%s", words);
    cr_expect_eq(error.status, TB_STATUS_DATA);
    cr_expect(strstr(error.text, words), "%s: %s", words, error.text);
    cr_expect_eq(strncmp(error.text, "kernel: ", 8), 0);
}

Test(multiboot, address_fields)
{
    struct multiboot_kernel kernel;
    uint8_t file[8192] = {0};

    put_addresses(file + 4096, 0x101000, 0x100800, 0x101100, 0x103000, 0x100804);
    cr_assert(examine(&kernel, file, sizeof file), "%s", error.text);
    cr_assert_eq(kernel.entry, 0x100804);
    cr_assert_eq(kernel.segment_count, 1);
    cr_assert_eq(kernel.segments[0].offset, 0x800);
    cr_assert_eq(kernel.segments[0].to, 0x100800);
    cr_assert_eq(kernel.segments[0].bytes, 0x900);
    cr_assert_eq(kernel.segments[0].zeros, 0x1f00);
    put_addresses(file + 4096, 0x101000, 0x100800, 0, 0, 0x100804); /* all of the file, no BSS */
    cr_assert(examine(&kernel, file, sizeof file), "%s", error.text);
    cr_assert_eq(kernel.segments[0].bytes, 8192 - 0x800);
    cr_assert_eq(kernel.segments[0].zeros, 0);
}

Test(multiboot, elf_loads_by_physical_addresses)
{
    struct multiboot_kernel kernel;
    uint8_t file[1024] = {0};

    put_elf(file, 0xc0100000, 0x100000, 1024, 4096, 0xc0100200);
    cr_assert(examine(&kernel, file, sizeof file), "%s", error.text);
    cr_assert_eq(kernel.segments[0].to, 0x100000);
    cr_assert_eq(kernel.segments[0].bytes, 1024);
    cr_assert_eq(kernel.segments[0].zeros, 3072);
    cr_assert_eq(kernel.entry, 0x100200, "the entry is where its segment went");
}

Test(multiboot, files_that_are_no_kernels)
{
    uint8_t file[16384] = {0};

    refused(file, sizeof file, "no multiboot 1 kernel");
    refused(file, 0, "no multiboot 1 kernel");
    put_header(file + 8192 - 8, 0); /* reaches beyond the first 8192 bytes */
    refused(file, sizeof file, "no multiboot 1 kernel");
    memset(file, 0, sizeof file);
    put_header(file + 2, 0); /* not aligned */
    refused(file, sizeof file, "no multiboot 1 kernel");
    memset(file, 0, sizeof file);
    memcpy(file + 0x202, "HdrS", 4);
    refused(file, sizeof file, "bzImage");
    memset(file, 0, sizeof file);
    store_le32(file + 64, 0xe85250d6);
    refused(file, sizeof file, "multiboot 2");
    put_header(file, 0x8);
    refused(file, sizeof file, "flags 00000008h");
    put_header(file, 0x3);
    refused(file, sizeof file, "no address fields");
}

Test(multiboot, wild_addresses)
{
    uint8_t file[4096] = {0};

    put_addresses(file, 0x100000, 0x100001, 0, 0, 0);
    refused(file, sizeof file, "do not fit");
    put_addresses(file, 0x100100, 0x100000, 0, 0, 0);
    refused(file, sizeof file, "do not fit");
    put_addresses(file, 0x100000, 0x100000, 0xfff, 0, 0);
    refused(file, sizeof file, "load end");
    put_addresses(file, 0x100000, 0x100000, 0x100010, 0x10000f, 0);
    refused(file, sizeof file, "BSS");
    put_addresses(file, 0x100000, 0x100000, 0x102000, 0, 0);
    refused(file, sizeof file, "truncated");
    put_addresses(file, 0xa0000, 0xa0000, 0, 0, 0);
    refused(file, sizeof file, "no free memory");
    put_addresses(file, 0x100000, 0x100000, 0, 0xffffffff, 0);
    refused(file, sizeof file, "no free memory");
    put_addresses(file, 0xfffff000, 0xfffff000, 0, 0, 0);
    refused(file, sizeof file, "no free memory");
    put_header(file + 4096 - 16, 0x10003);
    refused(file + 4096 - 16, 16, "truncated");
    memset(file, 0, sizeof file);
    put_elf(file, 0, 0x100000, 4097, 4097, 0);
    refused(file, sizeof file, "truncated");
    put_elf(file, 0, 0x100000, 4096, 4095, 0);
    refused(file, sizeof file, "larger in the file");
    put_elf(file, 0, 0x100000, 4096, 4096, 0);
    store_le32(file + 28, 0xfffffff0);
    refused(file, sizeof file, "program headers");
    store_le32(file + 28, 52);
    store_le16(file + 44, 0xffff);
    refused(file, sizeof file, "program headers");
    store_le16(file + 44, 0);
    refused(file, sizeof file, "nothing to load");
    store_le16(file + 18, 40);
    refused(file, sizeof file, "another processor");
}

/* Every single byte of a good kernel replaced by each of a few values: refused or planned within memory, never worse. */
Test(multiboot, damaged_headers_stay_in_memory)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct multiboot_kernel kernel;
    uint8_t good[512] = {0}, file[512];

    put_elf(good, 0xc0100000, 0x100000, 512, 4096, 0xc0100100);
    for (unsigned i = 0; i < 300; i++)
        for (unsigned v = 0; v < sizeof values; v++) {
            memcpy(file, good, sizeof file);
            file[i] = values[v];
            if (!examine(&kernel, file, sizeof file))
                continue;
            for (unsigned s = 0; s < kernel.segment_count; s++) {
                const struct multiboot_segment *segment = &kernel.segments[s];

                cr_assert_leq((uint64_t)segment->offset + segment->bytes, sizeof file, "byte %u", i);
                cr_assert_leq((uint64_t)segment->to + segment->bytes + segment->zeros, MEMORY, "byte %u", i);
            }
        }
}

/* --- a kernel that runs --------------------------------------------------------------------------------------------- */

/* Says command line, module, memory above 1 MiB in MiB and flags to port E9h, then ends by isa-debug-exit. */
static const uint8_t code[] = {
    0x3d, 0x02, 0xb0, 0xad, 0x2b,       /* cmp eax, 2BADB002h */
    0x75, 0x2b,                         /* jne bad */
    0x8b, 0x73, 0x10,                   /* mov esi, [ebx+16]   command line */
    0xac, 0xe6, 0xe9, 0x84, 0xc0,       /* lodsb; out E9h, al; test al, al */
    0x75, 0xf9,                         /* jnz back */
    0x8b, 0x7b, 0x18,                   /* mov edi, [ebx+24]   modules */
    0x8b, 0x37,                         /* mov esi, [edi] */
    0x8b, 0x4f, 0x04, 0x29, 0xf1,       /* mov ecx, [edi+4]; sub ecx, esi */
    0xac, 0xe6, 0xe9, 0xe2, 0xfb,       /* lodsb; out E9h, al; loop */
    0x8b, 0x43, 0x08, 0xc1, 0xe8, 0x0a, /* mov eax, [ebx+8]; shr eax, 10    mem_upper in MiB */
    0xe6, 0xe9,                         /* out E9h, al */
    0x8a, 0x03, 0xe6, 0xe9,             /* mov al, [ebx]; out E9h, al       flags */
    0xb0, 0x03, 0xe6, 0xf4,             /* mov al, 3; out F4h, al */
    0xeb, 0xfe, 0xf4,                   /* bad: hlt */
};

struct said {
    char text[16384];
    size_t length;
};

static void listen(void *owner, uint8_t byte)
{
    struct said *said = owner;

    if (said->length < sizeof said->text)
        said->text[said->length++] = (char)byte;
}

static void write_file(char *path, const void *bytes, size_t size)
{
    int file = mkstemp(path);

    cr_assert(file >= 0);
    cr_assert_eq(write(file, bytes, size), (ssize_t)size);
    close(file);
}

Test(multiboot, a_kernel_is_entered_after_the_firmware_and_again_after_a_reset)
{
    char kernel_path[] = "/tmp/truebox-kernel-XXXXXX", module_path[] = "/tmp/truebox-module-XXXXXX", initrd[64], wanted[128];
    uint8_t file[512] = {0};
    struct tb_config config;

    put_addresses(file, 0x100000, 0x100000, 0, 0x200000, 0x100020);
    memcpy(file + 32, code, sizeof code);
    write_file(kernel_path, file, sizeof file);
    write_file(module_path, "module!", 7);
    tb_config_init(&config);
    config.memory_size = MEMORY;
    config.kernel_path = kernel_path;
    snprintf(initrd, sizeof initrd, "%s with arguments", module_path);
    config.initrd_paths = initrd;
    config.kernel_command_line = "one two";
    config.debug_exit = true;
    tb_machine *machine = tb_machine_new(&config, &error);
    unlink(kernel_path);
    unlink(module_path);
    cr_assert(machine, "%s", error.text);
    for (unsigned round = 0; round < 2; round++) {
        struct said said = {"", 0};
        uint64_t value;

        tb_on_output(machine, TB_OUTPUT_DEBUGCON, listen, &said);
        cr_assert_eq(tb_machine_run(machine, tb_machine_clock(machine) + 1000000000), TB_STOP_DEBUG_EXIT);
        /* POST logs to port 402h, the same place: what the kernel says comes last */
        size_t length = (size_t)snprintf(wanted, sizeof wanted, "%s one two", kernel_path + 5) + 1;
        memcpy(wanted + length, "module!", 7);
        wanted[length + 7] = 15;   /* MiB from 1 MiB */
        wanted[length + 8] = 0x4d; /* memory, command line, modules, map */
        length += 9;
        cr_assert_geq(said.length, length);
        for (size_t i = 0; i < length; i++)
            cr_assert_eq(said.text[said.length - length + i], wanted[i], "byte %zu of %s: %02x", i, wanted,
                         (uint8_t)said.text[said.length - length + i]);
        tb_register_get(machine, 0, "cr0", &value);
        cr_expect_eq(value & 0x80000001, 1);
        tb_register_get(machine, 0, "cs.limit", &value);
        cr_expect_eq(value, 0xffffffff);
        tb_register_get(machine, 0, "rflags", &value);
        cr_expect_eq(value & 0x20200, 0, "IF and VM are clear");
        tb_machine_reset(machine);
    }
    tb_machine_free(machine, NULL);
}
