/* Building the kernel card from the kernel, its command line and its modules. */
#include "machine/kernel_card.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/memory.h"
#include "machine/firmware.h"
#include "machine/multiboot.h"

#define PAGE 4096u
#define MODULES_MAXIMUM 32
#define TEXT_MAXIMUM 16384u /* of all strings together */

enum { CARD_COPIES = 8, CARD_ENTRY = 12, CARD_INFORMATION = 16, CARD_COPY_LIST = 32, COPY_SIZE = 16 };
enum { ROM_CARD = 8, ROM_PLACE = 12, ROM_CHECKSUM = 14 };

/* The multiboot information structure, 3.3; what the loader does not fill in itself. */
enum {
    INFO_FLAGS = 0,
    INFO_COMMAND_LINE = 16,
    INFO_MODULE_COUNT = 20,
    INFO_MODULES = 24,
    INFO_LOADER_NAME = 64,
    INFO_FRAME_BUFFER = 88,
    INFO_HEAD = 116,
    INFO_LISTS = 1680
};
enum { HAS_COMMAND_LINE = 0x04, HAS_MODULES = 0x08, HAS_LOADER_NAME = 0x200, HAS_FRAME_BUFFER = 0x1000, WANTS_VIDEO = 0x04 };

struct module {
    char *text; /* file and arguments, as the kernel gets them */
    struct firmware file;
    uint32_t start;
};

struct plan {
    struct kernel_card *card;
    const struct tb_config *config;
    struct firmware file;
    struct multiboot_kernel kernel;
    struct module modules[MODULES_MAXIMUM];
    unsigned module_count;
    char *command_line;
    size_t information_size;
    size_t used; /* of the card */
    unsigned copies;
};

/* A guest's memory must not depend on where its files lie on the host. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static char *join(const char *first, const char *second)
{
    size_t length = strlen(first), more = second ? strlen(second) : 0;
    char *text = memory_resize(NULL, length + more + 2);

    memcpy(text, first, length);
    text[length] = 0;
    if (more) {
        text[length] = ' ';
        memcpy(text + length + 1, second, more + 1);
    }
    return text;
}

/* --- modules ----------------------------------------------------------------------------------------------------- */

/* "FILE" or "FILE ARGUMENTS", `length` bytes of it. */
static bool read_module(struct plan *plan, const char *text, size_t length, struct tb_error *error)
{
    struct module *module;
    char *path, *arguments;
    bool good;

    if (!length)
        return error_set(error, TB_STATUS_USAGE, "--initrd: a file name is missing");
    if (plan->module_count == MODULES_MAXIMUM)
        return error_set(error, TB_STATUS_USAGE, "--initrd: more than %d modules", MODULES_MAXIMUM);
    module = &plan->modules[plan->module_count++];
    path = memory_resize(NULL, length + 1);
    memcpy(path, text, length);
    path[length] = 0;
    arguments = strchr(path, ' ');
    if (arguments)
        *arguments++ = 0;
    good = firmware_read_file(&module->file, path, KERNEL_CARD_MAXIMUM, error);
    module->text = join(base_name(path), arguments);
    free(path);
    return good;
}

static bool read_modules(struct plan *plan, struct tb_error *error)
{
    const char *text = plan->config->initrd_paths;

    while (text) {
        const char *comma = strchr(text, ',');

        if (!read_module(plan, text, comma ? (size_t)(comma - text) : strlen(text), error))
            return false;
        text = comma ? comma + 1 : NULL;
    }
    return true;
}

/* Behind the kernel, each on a page of its own. */
static bool place_modules(struct plan *plan, struct tb_error *error)
{
    uint64_t at = 0x100000;

    for (unsigned i = 0; i < plan->kernel.segment_count; i++) {
        const struct multiboot_segment *segment = &plan->kernel.segments[i];
        uint64_t end = (uint64_t)segment->to + segment->bytes + segment->zeros;

        if (end > at)
            at = end;
    }
    for (unsigned i = 0; i < plan->module_count; i++) {
        struct module *module = &plan->modules[i];

        at = (at + PAGE - 1) & ~(uint64_t)(PAGE - 1);
        if (at > plan->config->memory_size || module->file.size > plan->config->memory_size - at)
            return error_set(error, TB_STATUS_DATA, "%s: %llu bytes do not fit in memory behind the kernel", module->text,
                             (unsigned long long)module->file.size);
        module->start = (uint32_t)at;
        at += module->file.size;
    }
    return true;
}

/* --- the information block ---------------------------------------------------------------------------------------- */

static bool measure_information(struct plan *plan, struct tb_error *error)
{
    size_t text = strlen(plan->command_line) + 1 + sizeof "truebox";

    for (unsigned i = 0; i < plan->module_count; i++)
        text += strlen(plan->modules[i].text) + 1;
    if (text > TEXT_MAXIMUM)
        return error_set(error, TB_STATUS_USAGE, "--append: the command lines of kernel and modules have more than %u bytes",
                         TEXT_MAXIMUM);
    plan->information_size = INFO_LISTS + 16u * plan->module_count + text;
    return true;
}

static bool overlaps(const struct multiboot_kernel *kernel, uint32_t start, size_t size)
{
    for (unsigned i = 0; i < kernel->segment_count; i++) {
        const struct multiboot_segment *segment = &kernel->segments[i];
        uint64_t end = (uint64_t)segment->to + segment->bytes + segment->zeros;

        if (segment->to < start + size && end > start)
            return true;
    }
    return false;
}

/* Below 640 KiB, where real mode reaches it, and free of the kernel. */
static bool place_information(struct plan *plan, const char *path, struct tb_error *error)
{
    for (uint32_t at = 0x10000; at <= 0x80000; at += PAGE)
        if (!overlaps(&plan->kernel, at, plan->information_size)) {
            plan->card->information = at;
            return true;
        }
    return error_set(error, TB_STATUS_DATA, "%s: the kernel leaves no room for the boot information below 640K", path);
}

static uint32_t put_text(uint8_t *information, uint32_t base, size_t *at, const char *text)
{
    size_t length = strlen(text) + 1, place = *at;

    memcpy(information + place, text, length);
    *at += length;
    return base + (uint32_t)place;
}

static void write_information(const struct plan *plan, uint8_t *information)
{
    uint32_t base = plan->card->information, flags = HAS_COMMAND_LINE | HAS_MODULES | HAS_LOADER_NAME;
    size_t at = INFO_LISTS + 16u * plan->module_count;

    store_le32(information + INFO_COMMAND_LINE, put_text(information, base, &at, plan->command_line));
    store_le32(information + INFO_LOADER_NAME, put_text(information, base, &at, "truebox"));
    store_le32(information + INFO_MODULE_COUNT, plan->module_count);
    store_le32(information + INFO_MODULES, base + INFO_LISTS);
    for (unsigned i = 0; i < plan->module_count; i++) {
        const struct module *module = &plan->modules[i];
        uint8_t *row = information + INFO_LISTS + 16u * i;

        store_le32(row, module->start);
        store_le32(row + 4, module->start + (uint32_t)module->file.size);
        store_le32(row + 8, put_text(information, base, &at, module->text));
    }
    if (plan->kernel.flags & WANTS_VIDEO) { /* it may prefer a mode, but has to take what there is: the BIOS's text mode */
        flags |= HAS_FRAME_BUFFER;
        store_le64(information + INFO_FRAME_BUFFER, 0xb8000);
        store_le32(information + INFO_FRAME_BUFFER + 8, 160);
        store_le32(information + INFO_FRAME_BUFFER + 12, 80);
        store_le32(information + INFO_FRAME_BUFFER + 16, 25);
        information[INFO_FRAME_BUFFER + 20] = 16;
        information[INFO_FRAME_BUFFER + 21] = 2; /* EGA text */
    }
    store_le32(information + INFO_FLAGS, flags);
}

/* --- the card ---------------------------------------------------------------------------------------------------- */

static size_t add_bytes(struct plan *plan, const uint8_t *bytes, size_t size)
{
    size_t at = plan->used;

    memcpy(plan->card->bytes + at, bytes, size);
    plan->used = (at + size + 15) & ~(size_t)15;
    return at;
}

static void add_copy(struct plan *plan, size_t from, uint32_t to, uint32_t bytes, uint32_t zeros)
{
    uint8_t *row = plan->card->bytes + CARD_COPY_LIST + COPY_SIZE * plan->copies++;

    store_le32(row, (uint32_t)from);
    store_le32(row + 4, to);
    store_le32(row + 8, bytes);
    store_le32(row + 12, zeros);
}

static void fill(struct plan *plan)
{
    struct kernel_card *card = plan->card;
    size_t information = plan->used, file;

    write_information(plan, card->bytes + information);
    plan->used = (information + plan->information_size + 15) & ~(size_t)15;
    add_copy(plan, information, card->information, INFO_HEAD, 0);
    add_copy(plan, information + INFO_LISTS, card->information + INFO_LISTS, (uint32_t)plan->information_size - INFO_LISTS,
             0);
    file = add_bytes(plan, plan->file.bytes, plan->file.size);
    for (unsigned i = 0; i < plan->kernel.segment_count; i++) {
        const struct multiboot_segment *segment = &plan->kernel.segments[i];

        add_copy(plan, file + segment->offset, segment->to, segment->bytes, segment->zeros);
    }
    for (unsigned i = 0; i < plan->module_count; i++)
        add_copy(plan, add_bytes(plan, plan->modules[i].file.bytes, plan->modules[i].file.size), plan->modules[i].start,
                 (uint32_t)plan->modules[i].file.size, 0);
    store_le32(card->bytes + CARD_COPIES, plan->copies);
    store_le32(card->bytes + CARD_ENTRY, plan->kernel.entry);
    store_le32(card->bytes + CARD_INFORMATION, card->information);
}

static bool make_card(struct plan *plan, struct tb_error *error)
{
    struct kernel_card *card = plan->card;
    uint64_t size;

    plan->used = CARD_COPY_LIST + COPY_SIZE * (2u + plan->kernel.segment_count + plan->module_count);
    size = plan->used + plan->information_size + 16 + plan->file.size + 16;
    for (unsigned i = 0; i < plan->module_count; i++)
        size += plan->modules[i].file.size + 16;
    size = (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    if (size > KERNEL_CARD_MAXIMUM)
        return error_set(error, TB_STATUS_DATA, "%s: kernel and modules have more than %uM together",
                         plan->config->kernel_path, KERNEL_CARD_MAXIMUM >> 20);
    card->bytes = calloc(1, (size_t)size);
    if (!card->bytes)
        return error_set(error, TB_STATUS_NO_INPUT, "%s: no memory to read it", plan->config->kernel_path);
    card->size = (size_t)size;
    fill(plan);
    return true;
}

static bool load(struct plan *plan, struct tb_error *error)
{
    const struct tb_config *config = plan->config;
    const char *path = config->kernel_path;

    if (!firmware_read_file(&plan->file, path, KERNEL_CARD_MAXIMUM, error) ||
        !multiboot_examine(&plan->kernel, plan->file.bytes, plan->file.size, config->memory_size, path, error))
        return false;
    plan->command_line = join(base_name(path), config->kernel_command_line);
    return read_modules(plan, error) && place_modules(plan, error) && measure_information(plan, error) &&
           place_information(plan, path, error) && make_card(plan, error);
}

bool kernel_card_load(struct kernel_card *card, const struct tb_config *config, struct tb_error *error)
{
    struct plan *plan = memory_new(sizeof *plan);
    bool good;

    *card = (struct kernel_card){0};
    plan->card = card;
    plan->config = config;
    good = load(plan, error);
    for (unsigned i = 0; i < plan->module_count; i++) {
        free(plan->modules[i].text);
        free(plan->modules[i].file.owned);
    }
    free(plan->command_line);
    free(plan->file.owned);
    free(plan);
    return good;
}

void kernel_card_free(struct kernel_card *card)
{
    free(card->bytes);
    *card = (struct kernel_card){0};
}

void kernel_card_patch(const struct kernel_card *card, uint8_t *option_rom)
{
    uint8_t sum = 0;

    store_le32(option_rom + ROM_CARD, KERNEL_CARD_BASE);
    store_le16(option_rom + ROM_PLACE, (uint16_t)(card->information >> 4));
    option_rom[ROM_CHECKSUM] = 0;
    for (unsigned i = 0; i < option_rom[2] * 512u; i++)
        sum = (uint8_t)(sum + option_rom[i]);
    option_rom[ROM_CHECKSUM] = (uint8_t)-sum;
}
