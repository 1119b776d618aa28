/* Files: hardware vectors, images, firmware. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "oracle/vectors.h"

static bool take_test(void *owner, const struct vector_test *test)
{
    unsigned *left = owner;

    (void)test;
    return --*left > 0;
}

static void take_line(void *owner, const char *line)
{
    (void)owner;
    if (strchr(line, '\n'))
        fuzz_defect("a report that is not one line");
}

/* The first byte chooses the reader; the last kind goes through the whole runner, on both processors. */
void fuzz_vectors(const uint8_t *bytes, size_t size)
{
    struct tb_error error = {TB_STATUS_OK, ""};
    unsigned left = 1000;

    if (!size)
        return;
    if (bytes[0] % 4 == 0) {
        vectors_read_moo("fuzz", bytes + 1, size - 1, take_test, &left, &error);
    } else if (bytes[0] % 4 == 1) {
        vectors_read_json("fuzz", bytes + 1, size - 1, take_test, &left, &error);
    } else if (bytes[0] % 4 == 2) {
        struct vector_masks *masks = calloc(1, sizeof *masks);

        if (masks)
            vectors_read_metadata("fuzz", bytes + 1, size - 1, masks, &error);
        free(masks);
    } else {
        struct fuzz_file file = fuzz_file_new(bytes + 1, size - 1);
        uint64_t run, failed;

        tb_vectors_run(file.path, bytes[0] & 4 ? "80286" : "8086", bytes[0] & 8 ? TB_ENGINE_PLAIN : TB_ENGINE_FAST,
                       take_line, NULL, &run, &failed, &error);
        fuzz_file_close(&file);
    }
}

static void run_briefly(const struct tb_config *config, uint64_t clock)
{
    struct tb_error error = {TB_STATUS_OK, ""};
    tb_machine *machine = tb_machine_new(config, &error);

    if (!machine) {
        if (!error.text[0] || strchr(error.text, '\n') || error.status == TB_STATUS_SOFTWARE)
            fuzz_defect("a machine refused without a reason");
        return;
    }
    tb_machine_run(machine, clock);
    tb_machine_state_hash(machine);
    tb_machine_free(machine, NULL);
}

/* The first two bytes say how long the file is (a hole is behind the bytes), the third into which drive it goes. */
void fuzz_image(const uint8_t *bytes, size_t size)
{
    struct tb_config config;
    struct tb_error error = {TB_STATUS_OK, ""};
    struct fuzz_file file;
    uint8_t *image;
    size_t length, at;

    if (size < 4)
        return;
    at = bytes[3] & 0x10 ? 0x8000 : 0; /* a CD's first volume descriptor, or the boot sector */
    length = (bytes[0] | (size_t)bytes[1] << 8) * (bytes[3] & 0x20 ? 512u : 61u);
    if (length < at + size - 4)
        length = at + size - 4;
    image = calloc(1, length ? length : 1);
    if (!image)
        return;
    memcpy(image + at, bytes + 4, size - 4);
    file = fuzz_file_new(image, length);
    free(image);
    tb_config_init(&config);
    config.memory_size = 1 << 20;
    config.discard_disk_writes = bytes[3] & 1;
    config.drives[bytes[2] % TB_DRIVE_COUNT] = (struct tb_drive_config){tb_image_kind(file.path, &error), file.path};
    if (bytes[3] & 2)
        config.drives[bytes[2] % TB_DRIVE_COUNT].kind = (enum tb_drive_kind)(1 + bytes[3] / 4 % 3);
    run_briefly(&config, 20000);
    fuzz_file_close(&file);
}

/* The first byte says as what the file is given and with how much of padding. */
void fuzz_firmware(const uint8_t *bytes, size_t size)
{
    struct tb_config config;
    struct fuzz_file file;
    uint8_t *rom;
    size_t length;

    if (size < 2)
        return;
    length = bytes[0] & 4 ? (size + 65535) / 65536 * 65536 : size - 1;
    rom = calloc(1, length);
    if (!rom)
        return;
    if (bytes[0] & 4 && bytes[0] & 8) /* at the end, where the reset vector is */
        memcpy(rom + length - (size - 1), bytes + 1, size - 1);
    else
        memcpy(rom, bytes + 1, size - 1);
    file = fuzz_file_new(rom, length);
    free(rom);
    tb_config_init(&config);
    config.memory_size = 1 << 20;
    if (bytes[0] % 3 == 0)
        config.bios_path = file.path;
    else if (bytes[0] % 3 == 1)
        config.vga_bios_path = file.path;
    else
        config.option_rom_path = file.path;
    run_briefly(&config, 20000);
    fuzz_file_close(&file);
}
