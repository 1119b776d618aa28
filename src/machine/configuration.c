/* The configuration: defaults, and every check that can be made before a chip exists. */
#include "machine/configuration.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/memory.h"

#define MINIMUM_MEMORY (UINT64_C(1) << 20)
#define MAXIMUM_MEMORY (UINT64_C(3) << 30)
#define MEMORY_STEP UINT64_C(65536)
#define MAXIMUM_IPS UINT64_C(1000000000000)

void tb_config_init(struct tb_config *config)
{
    *config = (struct tb_config){
        .memory_size = UINT64_C(64) << 20,
        .engine = TB_ENGINE_FAST,
        .ips = 100000000,
        .seed = 1,
        .rtc_seconds = 1767225600, /* 2026-01-01T00:00:00 */
        .boot_order = "acd",
        .debug_exit_port = 0xf4,
        .shutdown_resets = true,
    };
    config->drives[TB_FDA].kind = TB_DRIVE_FLOPPY;
}

bool tb_cpu_model(unsigned index, const char **name, const char **description)
{
    const struct cpu_model *model = cpu_model_at(index);

    if (!model)
        return false;
    if (name)
        *name = model->name;
    if (description)
        *description = model->description;
    return true;
}

static const char *const drive_names[TB_DRIVE_COUNT] = {"fda", "fdb", "hda", "hdb", "hdc", "hdd"};

static bool check_drives(const struct tb_config *config, struct tb_error *error)
{
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++) {
        const struct tb_drive_config *drive = &config->drives[i];
        bool floppy_bay = i <= TB_FDB;

        if ((unsigned)drive->kind > TB_DRIVE_CDROM)
            return error_set(error, TB_STATUS_USAGE, "%s: there is no drive kind %d", drive_names[i], (int)drive->kind);
        if (drive->kind == TB_DRIVE_EMPTY && drive->path)
            return error_set(error, TB_STATUS_USAGE, "%s: no drive there for %s", drive_names[i], drive->path);
        if (drive->kind != TB_DRIVE_EMPTY && floppy_bay != (drive->kind == TB_DRIVE_FLOPPY))
            return error_set(error, TB_STATUS_USAGE, "%s: this is the place of a %s", drive_names[i],
                             floppy_bay ? "floppy drive" : "disk or a CD-ROM drive");
        if (drive->kind == TB_DRIVE_DISK && !drive->path)
            return error_set(error, TB_STATUS_USAGE, "%s: a disk needs an image", drive_names[i]);
        if (drive->path && !drive->path[0])
            return error_set(error, TB_STATUS_USAGE, "%s: the image's name is empty", drive_names[i]);
    }
    return true;
}

static bool check_boot_order(const char order[4], struct tb_error *error)
{
    if (!memchr(order, 0, 4) || !order[0])
        return error_set(error, TB_STATUS_USAGE, "boot order: one to three letters of a, c and d are needed");
    for (unsigned i = 0; order[i]; i++)
        if (!strchr("acd", order[i]) || strchr(order + i + 1, order[i]))
            return error_set(error, TB_STATUS_USAGE, "boot order: %s: letters of a, c and d, each once, are needed", order);
    return true;
}

static bool check_engine(const struct tb_config *config, struct tb_error *error)
{
    unsigned entries = config->tlb_entries;

    if (config->engine != TB_ENGINE_FAST && config->engine != TB_ENGINE_PLAIN)
        return error_set(error, TB_STATUS_USAGE, "engine: there is no engine %d", (int)config->engine);
    if (entries && (entries < 2 || entries > 65536 || (entries & (entries - 1))))
        return error_set(error, TB_STATUS_USAGE, "TLB entries: %u is no power of two from 2 to 65536", entries);
    if (config->trace_length > 32)
        return error_set(error, TB_STATUS_USAGE, "trace length: %u is not 1 to 32", config->trace_length);
    return true;
}

bool configuration_check(const struct tb_config *config, const struct cpu_model **model, struct tb_error *error)
{
    if (config->memory_size < MINIMUM_MEMORY || config->memory_size > MAXIMUM_MEMORY || config->memory_size % MEMORY_STEP)
        return error_set(error, TB_STATUS_USAGE, "memory: %llu bytes are not a multiple of 64K from 1M to 3G",
                         (unsigned long long)config->memory_size);
    if (config->ips < 1000 || config->ips > MAXIMUM_IPS)
        return error_set(error, TB_STATUS_USAGE, "ips: %llu instructions a second are not 1000 to 1000000000000",
                         (unsigned long long)config->ips);
    *model = config->cpu_model ? cpu_model_find(config->cpu_model) : cpu_model_at(0);
    if (!*model)
        return error_set(error, TB_STATUS_USAGE, "cpu: no such model: %s", config->cpu_model);
    if ((*model)->level < 3 && !config->bios_path)
        return error_set(error, TB_STATUS_USAGE, "cpu: %s: the built-in BIOS needs an 80386; give another with --bios",
                         (*model)->name);
    if ((config->initrd_paths || config->kernel_command_line) && !config->kernel_path)
        return error_set(error, TB_STATUS_USAGE, "kernel: there is none that could take modules or a command line");
    if (config->kernel_path && (*model)->address_bits < 32)
        return error_set(error, TB_STATUS_USAGE, "cpu: %s: a kernel needs an 80386", (*model)->name);
    return check_drives(config, error) && check_boot_order(config->boot_order, error) && check_engine(config, error);
}

static const char *copy_string(const char *text)
{
    return text ? memory_copy_string(text) : NULL;
}

void configuration_copy(struct tb_config *copy, const struct tb_config *config)
{
    *copy = *config;
    copy->cpu_model = copy_string(config->cpu_model);
    copy->bios_path = copy_string(config->bios_path);
    copy->vga_bios_path = copy_string(config->vga_bios_path);
    copy->option_rom_path = copy_string(config->option_rom_path);
    copy->kernel_path = copy_string(config->kernel_path);
    copy->initrd_paths = copy_string(config->initrd_paths);
    copy->kernel_command_line = copy_string(config->kernel_command_line);
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++)
        copy->drives[i].path = copy_string(config->drives[i].path);
}

void configuration_free(struct tb_config *config)
{
    free((char *)(uintptr_t)config->cpu_model);
    free((char *)(uintptr_t)config->bios_path);
    free((char *)(uintptr_t)config->vga_bios_path);
    free((char *)(uintptr_t)config->option_rom_path);
    free((char *)(uintptr_t)config->kernel_path);
    free((char *)(uintptr_t)config->initrd_paths);
    free((char *)(uintptr_t)config->kernel_command_line);
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++)
        free((char *)(uintptr_t)config->drives[i].path);
}
