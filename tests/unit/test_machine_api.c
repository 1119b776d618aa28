/* Configuration, registers, memory and images through the public header. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine_bench.h"

/* The machine must be refused with this status and these words. */
static void refused(const struct tb_config *config, enum tb_status status, const char *words)
{
    struct tb_error error = {TB_STATUS_OK, ""};

    cr_expect_null(tb_machine_new(config, &error), "%s", words);
    cr_expect_eq(error.status, status, "%d: %s", error.status, error.text);
    cr_expect(strstr(error.text, words), "%s: %s", words, error.text);
    cr_expect_null(strchr(error.text, '\n'));
}

Test(machine_api, configurations_that_make_no_sense_are_refused_in_words)
{
    struct tb_config config = machine_config(TB_ENGINE_FAST);

    config.memory_size = 1000;
    refused(&config, TB_STATUS_USAGE, "memory");
    config.memory_size = UINT64_C(4) << 30;
    refused(&config, TB_STATUS_USAGE, "memory");
    config = machine_config(TB_ENGINE_FAST);
    config.cpu_model = "z80";
    refused(&config, TB_STATUS_USAGE, "z80");
    config.cpu_model = "8086";
    refused(&config, TB_STATUS_USAGE, "--bios");
    config = machine_config(TB_ENGINE_FAST);
    memcpy(config.boot_order, "axc", 4);
    refused(&config, TB_STATUS_USAGE, "boot order");
    memcpy(config.boot_order, "aca", 4);
    refused(&config, TB_STATUS_USAGE, "boot order");
    config = machine_config(TB_ENGINE_FAST);
    config.drives[TB_HDA].kind = TB_DRIVE_FLOPPY;
    refused(&config, TB_STATUS_USAGE, "hda");
    config = machine_config(TB_ENGINE_FAST);
    config.tlb_entries = 3;
    refused(&config, TB_STATUS_USAGE, "TLB");
    config = machine_config(TB_ENGINE_FAST);
    config.bios_path = "/nonexistent/bios.bin";
    refused(&config, TB_STATUS_NO_INPUT, "/nonexistent/bios.bin");
    config.bios_path = "/";
    refused(&config, TB_STATUS_DATA, "/: not a regular file");
}

/* A file of `size` bytes, removed by the caller. */
static char *file_of(size_t size, uint8_t first, uint8_t second, uint8_t third)
{
    char *path = strdup("/tmp/truebox-file-XXXXXX");
    uint8_t head[3] = {first, second, third};
    int file = mkstemp(path);

    cr_assert(file >= 0);
    cr_assert_eq(write(file, head, size < 3 ? size : 3), (ssize_t)(size < 3 ? size : 3));
    cr_assert_eq(ftruncate(file, (off_t)size), 0);
    close(file);
    return path;
}

Test(machine_api, firmware_of_wrong_sizes_is_refused)
{
    static const struct {
        size_t size;
        const char *words;
    } wrong[] = {{0, "empty"}, {1, "multiple of 64K"}, {65535, "multiple of 64K"}, {(16 << 20) + 65536, "16777216"}};
    struct tb_config config = machine_config(TB_ENGINE_FAST);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char *path = file_of(wrong[i].size, 0, 0, 0);

        config.bios_path = path;
        refused(&config, TB_STATUS_DATA, wrong[i].words);
        refused(&config, TB_STATUS_DATA, path);
        unlink(path);
        free(path);
    }
}

Test(machine_api, option_roms_are_checked_by_their_header)
{
    struct tb_config config = machine_config(TB_ENGINE_FAST);
    char *bios = file_of(65536, 0, 0, 0), *no_rom = file_of(2048, 0x55, 0xab, 4), *cut = file_of(2048, 0x55, 0xaa, 64),
         *large = file_of(140000, 0x55, 0xaa, 64), *right = file_of(3000, 0x55, 0xaa, 5);
    tb_machine *machine;
    uint8_t bytes[4];

    config.bios_path = bios;
    config.vga_bios_path = no_rom;
    refused(&config, TB_STATUS_DATA, "55h AAh");
    config.vga_bios_path = cut;
    refused(&config, TB_STATUS_DATA, "truncated");
    config.vga_bios_path = large;
    refused(&config, TB_STATUS_DATA, large);
    config.vga_bios_path = right;
    config.option_rom_path = right;
    machine = tb_machine_new(&config, NULL);
    cr_assert(machine);
    tb_memory_read(machine, 0xc0000, bytes, 4);
    cr_expect_arr_eq(bytes, ((uint8_t[]){0x55, 0xaa, 5, 0}), 4);
    tb_memory_read(machine, 0xc1000, bytes, 4); /* the next 2 KiB boundary */
    cr_expect_arr_eq(bytes, ((uint8_t[]){0x55, 0xaa, 5, 0}), 4);
    tb_memory_read(machine, 0xc2000, bytes, 4);
    cr_expect_arr_eq(bytes, ((uint8_t[]){0xff, 0xff, 0xff, 0xff}), 4);
    tb_machine_free(machine, NULL);
    unlink(bios), unlink(no_rom), unlink(cut), unlink(large), unlink(right);
    free(bios), free(no_rom), free(cut), free(large), free(right);
}

Test(machine_api, drives_tell_what_the_guest_cannot_write)
{
    struct tb_config config = machine_config(TB_ENGINE_FAST);
    char *open = file_of(1440 * 1024, 0, 0, 0), *protected = file_of(1440 * 1024, 0, 0, 0);
    struct tb_error error;
    tb_machine *machine;

    cr_assert_eq(chmod(protected, 0444), 0);
    config.drives[TB_FDA].path = open;
    config.drives[TB_HDA] = (struct tb_drive_config){TB_DRIVE_DISK, protected};
    machine = machine_configured(&rom_busy, &config);
    cr_expect_not(tb_drive_read_only(machine, TB_FDA));
    cr_expect_not(tb_drive_read_only(machine, TB_FDB), "no drive");
    cr_expect(tb_drive_read_only(machine, TB_HDA));
    cr_expect_not(tb_drive_read_only(machine, TB_DRIVE_COUNT));
    cr_expect(tb_drive_change(machine, TB_FDA, protected, &error), "two readers may share a file: %s", error.text);
    cr_expect(tb_drive_read_only(machine, TB_FDA));
    cr_expect(tb_drive_change(machine, TB_FDA, NULL, &error));
    cr_expect_not(tb_drive_read_only(machine, TB_FDA), "no medium");
    cr_expect_not(tb_drive_change(machine, TB_HDA, open, &error));
    cr_expect_eq(error.status, TB_STATUS_USAGE);
    tb_machine_free(machine, NULL);
    config.discard_disk_writes = true;
    machine = machine_configured(&rom_busy, &config);
    cr_expect_not(tb_drive_read_only(machine, TB_HDA), "writes are kept in memory");
    tb_machine_free(machine, NULL);
    unlink(open), unlink(protected);
    free(open), free(protected);
}

Test(machine_api, the_bios_stands_at_both_ends)
{
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST);
    uint8_t low[3], high[3];

    tb_memory_read(machine, 0xf0000, low, 3);
    tb_memory_read(machine, 0xffff0000, high, 3);
    cr_expect_arr_eq(low, rom_busy.code, 3);
    cr_expect_arr_eq(high, rom_busy.code, 3);
    tb_memory_write(machine, 0xf0000, "xyz", 3);
    tb_memory_read(machine, 0xf0000, low, 3);
    cr_expect_arr_eq(low, rom_busy.code, 3, "PAM at reset: writes do not reach");
    tb_machine_free(machine, NULL);
}

Test(machine_api, registers_by_name)
{
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST);
    uint64_t value;

    cr_expect_eq(machine_register(machine, "rip"), 0xfff0);
    cr_expect_eq(machine_register(machine, "cs"), 0xf000);
    cr_expect_eq(machine_register(machine, "cs.base"), 0xffff0000);
    cr_expect_eq(machine_register(machine, "ds.limit"), 0xffff);
    cr_expect_eq(machine_register(machine, "rflags"), 2);
    cr_expect_eq(machine_register(machine, "cpl"), 0);
    cr_expect_not(tb_register_get(machine, 0, "nonsense", &value));
    cr_expect_not(tb_register_get(machine, 1, "rax", &value), "there is one processor");
    cr_expect_not(tb_register_set(machine, 0, "", 0));
    cr_expect(tb_register_set(machine, 0, "rax", 0x12345678));
    cr_expect_eq(machine_register(machine, "rax"), 0x12345678);
    cr_expect(tb_register_set(machine, 0, "rflags", 0x8d7));
    cr_expect_eq(machine_register(machine, "rflags"), 0x8d7);
    cr_expect(tb_register_set(machine, 0, "ds", 0x1234));
    cr_expect_eq(machine_register(machine, "ds.base"), 0x12340, "real mode");
    tb_machine_run(machine, 100);
    cr_expect_eq(machine_register(machine, "tsc"), 100);
    cr_expect(tb_register_set(machine, 0, "tsc", 5));
    cr_expect_eq(machine_register(machine, "tsc"), 5);
    tb_machine_free(machine, NULL);
}

Test(machine_api, linear_memory_without_paging_is_physical)
{
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST);
    uint8_t bytes[8192] = {0};
    uint64_t physical;

    tb_memory_write(machine, 0x5ffe, "truebox", 7);
    cr_expect(tb_linear_to_physical(machine, 0, 0x5ffe, &physical));
    cr_expect_eq(physical, 0x5ffe);
    cr_expect_eq(tb_linear_read(machine, 0, 0x5000, bytes, sizeof bytes), sizeof bytes);
    cr_expect_arr_eq(bytes + 0xffe, "truebox", 7);
    cr_expect_eq(tb_linear_write(machine, 0, 0x6fff, "ab", 2), 2);
    tb_memory_read(machine, 0x6fff, bytes, 2);
    cr_expect_arr_eq(bytes, "ab", 2);
    cr_expect_lt(tb_linear_read(machine, 0, 0x80000000, bytes, 16), 16, "nothing is there");
    tb_machine_free(machine, NULL);
}

Test(machine_api, code_written_from_outside_runs)
{
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST);
    static const uint8_t first[] = {0x40, 0xeb, 0xfd}, second[] = {0x4b, 0xeb, 0xfd}; /* inc ax; dec bx; each in a loop */

    tb_memory_write(machine, 0x8000, first, 3);
    tb_register_set(machine, 0, "cs", 0);
    tb_register_set(machine, 0, "rip", 0x8000);
    tb_machine_run(machine, 10);
    cr_expect_eq(machine_register(machine, "rax"), 5);
    tb_memory_write(machine, 0x8000, second, 3);
    tb_machine_run(machine, 20);
    cr_expect_eq(machine_register(machine, "rax"), 5);
    cr_expect_eq(machine_register(machine, "rbx"), 0xfffb);
    tb_machine_free(machine, NULL);
}

Test(machine_api, log_categories_are_checked)
{
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST);

    cr_expect(tb_on_log(machine, "guest,fault", NULL, NULL));
    cr_expect(tb_on_log(machine, "all", NULL, NULL));
    cr_expect(tb_on_log(machine, "", NULL, NULL));
    cr_expect_not(tb_on_log(machine, "gues", NULL, NULL));
    cr_expect_not(tb_on_log(machine, "guest,,fault", NULL, NULL));
    tb_machine_free(machine, NULL);
}

Test(machine_api, text_trace_shows_instructions_and_what_they_changed)
{
    tb_machine *machine = machine_with(&rom_busy, TB_ENGINE_FAST);
    struct tb_error error;
    char path[] = "/tmp/truebox-trace-XXXXXX", text[2000] = "";
    int file = mkstemp(path);
    ssize_t size;

    cr_expect_not(tb_trace_text(machine, "/nonexistent/trace", &error));
    cr_expect_eq(error.status, TB_STATUS_NO_INPUT);
    cr_assert(tb_trace_text(machine, path, &error));
    tb_machine_run(machine, 3);
    cr_assert(tb_trace_text_stop(machine, &error));
    tb_machine_run(machine, 6);
    size = read(file, text, sizeof text - 1);
    cr_assert_gt(size, 0);
    cr_expect(strstr(text, "0 f000:0000fff0 fffffff0 ea000000f0"), "%s", text);
    cr_expect(strstr(text, "1 f000:00000000 000f0000 b80010"), "%s", text);
    cr_expect(strstr(text, "eax=00001000"), "%s", text);
    cr_expect(strstr(text, "ds=1000"), "%s", text);
    cr_expect_null(strstr(text, "31db"), "it was stopped: %s", text);
    close(file);
    unlink(path);
    tb_machine_free(machine, NULL);
}
