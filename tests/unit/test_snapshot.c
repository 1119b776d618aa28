/* Snapshots: the same future from any moment, and no trust in the bytes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine_bench.h"

enum { AT = 31234, END = 170000 };

static void check_future(const struct rom *rom, enum tb_engine before, enum tb_engine after)
{
    tb_machine *machine = machine_with(rom, before), *other = machine_with(rom, after);
    struct tb_error error = {TB_STATUS_OK, ""};
    uint64_t then, end;
    uint8_t *bytes;
    size_t size;

    tb_machine_run(machine, AT);
    then = tb_machine_state_hash(machine);
    bytes = tb_machine_save(machine, &size);
    cr_assert(bytes);
    cr_expect_eq(tb_machine_state_hash(machine), then, "saving changes nothing");
    tb_machine_run(machine, END);
    end = tb_machine_state_hash(machine);

    cr_assert(tb_machine_restore(machine, bytes, size, &error), "%s", error.text);
    cr_expect_eq(tb_machine_clock(machine), AT);
    cr_expect_eq(tb_machine_state_hash(machine), then, "back");
    tb_machine_run(machine, END);
    cr_expect_eq(tb_machine_state_hash(machine), end, "the same future");

    tb_machine_run(other, 777);
    cr_assert(tb_machine_restore(other, bytes, size, &error), "%s", error.text);
    cr_expect_eq(tb_machine_state_hash(other), then, "in another machine");
    tb_machine_run(other, END);
    cr_expect_eq(tb_machine_state_hash(other), end, "and its future");
    free(bytes);
    tb_machine_free(machine, NULL);
    tb_machine_free(other, NULL);
}

Test(snapshot, busy_machine_has_the_same_future)
{
    check_future(&rom_busy, TB_ENGINE_FAST, TB_ENGINE_PLAIN);
}

Test(snapshot, halted_machine_has_the_same_future)
{
    check_future(&rom_timer, TB_ENGINE_FAST, TB_ENGINE_FAST);
    check_future(&rom_timer, TB_ENGINE_PLAIN, TB_ENGINE_FAST);
}

Test(snapshot, damaged_bytes_are_refused_and_change_nothing)
{
    tb_machine *machine = machine_with(&rom_timer, TB_ENGINE_FAST);
    struct tb_error error;
    uint64_t saved, hash;
    uint8_t *bytes;
    size_t size;

    tb_machine_run(machine, AT);
    saved = tb_machine_state_hash(machine);
    bytes = tb_machine_save(machine, &size);
    cr_assert(bytes);
    tb_machine_run(machine, 2 * AT);
    hash = tb_machine_state_hash(machine);
    for (size_t cut = 0; cut < size; cut += 1 + size / 20) {
        cr_expect_not(tb_machine_restore(machine, bytes, cut, &error));
        cr_expect_eq(error.status, TB_STATUS_DATA);
    }
    for (size_t at = 0; at < size; at += at < 64 ? 1 : 1 + size / 50) { /* zlib's checksum covers what the header does not */
        if (at >= 12 && at < 16)
            continue; /* spare */
        bytes[at] ^= 0x41;
        if (tb_machine_restore(machine, bytes, size, &error)) { /* in a run of zeros another distance may mean the same bytes */
            cr_expect_eq(tb_machine_state_hash(machine), saved, "byte %zu", at);
            tb_machine_run(machine, 2 * AT);
        }
        bytes[at] ^= 0x41;
    }
    cr_expect_eq(tb_machine_state_hash(machine), hash, "nothing of all that touched the machine");
    cr_expect(tb_machine_restore(machine, bytes, size, &error));
    free(bytes);
    tb_machine_free(machine, NULL);
}

Test(snapshot, another_configuration_is_refused)
{
    tb_machine *machine = machine_with(&rom_timer, TB_ENGINE_FAST), *other;
    struct tb_config config = machine_config(TB_ENGINE_FAST);
    struct tb_error error = {TB_STATUS_OK, ""};
    uint8_t *bytes;
    size_t size;

    bytes = tb_machine_save(machine, &size);
    config.memory_size = 2 << 20;
    other = machine_configured(&rom_timer, &config);
    cr_expect_not(tb_machine_restore(other, bytes, size, &error));
    cr_expect(strstr(error.text, "configuration"), "%s", error.text);
    tb_machine_free(other, NULL);
    other = machine_with(&rom_busy, TB_ENGINE_FAST);
    cr_expect_not(tb_machine_restore(other, bytes, size, &error), "another ROM");
    tb_machine_free(other, NULL);
    free(bytes);
    tb_machine_free(machine, NULL);
}
