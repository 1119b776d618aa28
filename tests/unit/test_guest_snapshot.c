/* Snapshots of a real guest: at many moments of a boot, restored into a machine with the other engine, the same future. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <truebox/truebox.h>
#include <unistd.h>

enum { POINTS = 16, STEP = 11111111 };

static tb_machine *machine_for(const char *image, enum tb_engine engine)
{
    struct tb_config config;
    struct tb_error error = {TB_STATUS_OK, ""};
    tb_machine *machine;

    tb_config_init(&config);
    config.memory_size = 16 << 20;
    config.engine = engine;
    config.drives[TB_FDA] = (struct tb_drive_config){TB_DRIVE_FLOPPY, image};
    config.discard_disk_writes = true;
    machine = tb_machine_new(&config, &error);
    cr_assert(machine, "%s", error.text);
    return machine;
}

Test(guest_snapshot, freedos_has_the_same_future_from_anywhere)
{
    const char *shared = getenv("TRUEBOX_SHARED");
    char image[4096];
    tb_machine *machine, *other;

    snprintf(image, sizeof image, "%s/guests/freedos-144.img", shared ? shared : "");
    if (access(image, R_OK) != 0)
        cr_skip_test("no guest image");
    machine = machine_for(image, TB_ENGINE_FAST);
    other = machine_for(image, TB_ENGINE_PLAIN);
    for (unsigned i = 1; i <= POINTS; i++) {
        uint64_t at = i * (uint64_t)STEP + i * 977, later = at + STEP / 8;
        struct tb_error error = {TB_STATUS_OK, ""};
        uint8_t *bytes;
        size_t size;

        cr_assert_eq(tb_machine_run(machine, at), TB_STOP_CLOCK);
        bytes = tb_machine_save(machine, &size);
        cr_assert(bytes);
        cr_assert(tb_machine_restore(other, bytes, size, &error), "%s", error.text);
        free(bytes);
        cr_assert_eq(tb_machine_state_hash(other), tb_machine_state_hash(machine), "at %llu", (unsigned long long)at);
        tb_machine_run(machine, later);
        tb_machine_run(other, at + 1234);
        tb_machine_run(other, later);
        cr_assert_eq(tb_machine_state_hash(other), tb_machine_state_hash(machine), "from %llu", (unsigned long long)at);
    }
    tb_machine_free(machine, NULL);
    tb_machine_free(other, NULL);
}
