/* Loading firmware: sizes are checked here, with the file named in the error. */
#include "machine/firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "machine/default_roms.h"

#define BIOS_STEP 65536u
#define BIOS_MAXIMUM (16u << 20)
#define OPTION_ROM_UNIT 512u   /* what byte 2 of the header counts (PCI Firmware 3.0 5.1.1, and the PC's own manual) */
#define OPTION_ROM_ALIGN 2048u /* POST scans in steps of 2 KiB */

static bool read_all(int file, uint8_t *bytes, size_t size)
{
    while (size) {
        ssize_t got = read(file, bytes, size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

static bool read_open(struct firmware *firmware, int file, const char *path, size_t maximum, struct tb_error *error)
{
    struct stat status;

    if (fstat(file, &status) < 0)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, TB_STATUS_DATA, "%s: not a regular file", path);
    if (!status.st_size)
        return error_set(error, TB_STATUS_DATA, "%s: the file is empty", path);
    if ((uint64_t)status.st_size > maximum)
        return error_set(error, TB_STATUS_DATA, "%s: %llu bytes are more than the %llu that fit", path,
                         (unsigned long long)status.st_size, (unsigned long long)maximum);
    firmware->size = (size_t)status.st_size;
    firmware->owned = malloc(firmware->size);
    firmware->bytes = firmware->owned;
    if (!firmware->owned)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: no memory to read it", path);
    if (!read_all(file, firmware->owned, firmware->size))
        return error_set(error, TB_STATUS_NO_INPUT, "%s: cannot be read: %s", path,
                         errno ? strerror(errno) : "it became shorter");
    return true;
}

bool firmware_read_file(struct firmware *firmware, const char *path, size_t maximum, struct tb_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make us wait */
    bool done;

    if (file < 0)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: %s", path, strerror(errno));
    done = read_open(firmware, file, path, maximum, error);
    close(file);
    return done;
}

static bool built_in(struct firmware *firmware, const char *name)
{
    for (const struct default_rom *rom = default_roms; rom->name; rom++)
        if (!strcmp(rom->name, name) && rom->size) {
            *firmware = (struct firmware){rom->bytes, rom->size, NULL};
            return true;
        }
    return false;
}

const uint8_t *tb_demo_image(size_t *size)
{
    struct firmware demo;

    if (!built_in(&demo, "demo"))
        return NULL;
    *size = demo.size;
    return demo.bytes;
}

static bool load_bios(struct firmware_set *set, const char *path, struct tb_error *error)
{
    if (!path)
        return built_in(&set->bios, "bios") ||
               error_set(error, TB_STATUS_SOFTWARE, "BIOS: none was built in; give one with --bios");
    if (!firmware_read_file(&set->bios, path, BIOS_MAXIMUM, error))
        return false;
    if (set->bios.size % BIOS_STEP)
        return error_set(error, TB_STATUS_DATA, "%s: a BIOS of %llu bytes is not a multiple of 64K", path,
                         (unsigned long long)set->bios.size);
    return true;
}

/* Puts a ROM at the next 2 KiB boundary. Its header says how long it is in memory; a shorter file is a cut one. */
static bool place_option(struct firmware_set *set, const struct firmware *rom, const char *name, struct tb_error *error)
{
    size_t room = sizeof set->options - set->options_size, size = rom->size;

    if (size < 3 || rom->bytes[0] != 0x55 || rom->bytes[1] != 0xaa)
        return error_set(error, TB_STATUS_DATA, "%s: no option ROM: it does not begin with 55h AAh", name);
    if (size < rom->bytes[2] * OPTION_ROM_UNIT)
        return error_set(error, TB_STATUS_DATA, "%s: truncated: the header says %u bytes, the file has %u", name,
                         rom->bytes[2] * OPTION_ROM_UNIT, (unsigned)size);
    if (size > room)
        return error_set(error, TB_STATUS_DATA, "%s: %u bytes do not fit below E0000h, %u are left", name, (unsigned)size,
                         (unsigned)room);
    memcpy(set->options + set->options_size, rom->bytes, size);
    set->options_size += (size + OPTION_ROM_ALIGN - 1) & ~(size_t)(OPTION_ROM_ALIGN - 1);
    return true;
}

static bool load_option(struct firmware_set *set, const char *path, struct tb_error *error)
{
    struct firmware rom = {NULL, 0, NULL};
    bool done = firmware_read_file(&rom, path, sizeof set->options, error) && place_option(set, &rom, path, error);

    free(rom.owned);
    return done;
}

static bool load_vga_bios(struct firmware_set *set, const char *path, struct tb_error *error)
{
    struct firmware rom;

    if (path)
        return !path[0] || load_option(set, path, error);
    if (!built_in(&rom, "vgabios"))
        return error_set(error, TB_STATUS_SOFTWARE, "video BIOS: none was built in; give one with --vgabios");
    return place_option(set, &rom, "vgabios", error);
}

/* The kernel's card, and the option ROM that boots from it. */
static bool load_kernel(struct firmware_set *set, const struct tb_config *config, struct tb_error *error)
{
    size_t place = set->options_size;
    struct firmware loader;

    if (!built_in(&loader, "kernel_loader"))
        return error_set(error, TB_STATUS_SOFTWARE, "kernel loader: none was built in");
    if (!kernel_card_load(&set->kernel, config, error) || !place_option(set, &loader, "kernel loader", error))
        return false;
    kernel_card_patch(&set->kernel, set->options + place);
    return true;
}

bool firmware_load(struct firmware_set *set, const struct tb_config *config, struct tb_error *error)
{
    set->bios = (struct firmware){NULL, 0, NULL};
    set->kernel = (struct kernel_card){0};
    set->options_size = 0;
    memset(set->options, 0xff, sizeof set->options);
    return load_bios(set, config->bios_path, error) && load_vga_bios(set, config->vga_bios_path, error) &&
           (!config->option_rom_path || load_option(set, config->option_rom_path, error)) &&
           (!config->kernel_path || load_kernel(set, config, error));
}

void firmware_free(struct firmware_set *set)
{
    free(set->bios.owned);
    set->bios.owned = NULL;
    kernel_card_free(&set->kernel);
}
