/* Snapshots: the same future from any moment, and no trust in the bytes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

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
        if (tb_machine_restore(machine, bytes, size,
                               &error)) { /* in a run of zeros another distance may mean the same bytes */
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

/* Hostile contents under a sound header and checksum: whatever registers hold then, the machine neither crashes nor hangs
 * (R11). */
Test(snapshot, wild_contents_never_hurt)
{
    enum { HEADER = 32, ROUNDS = 60 };
    tb_machine *machine = machine_with(&rom_timer, TB_ENGINE_FAST), *victim = machine_with(&rom_timer, TB_ENGINE_FAST);
    uint32_t random = 20261122;
    uint64_t plain_size, registry_size;
    uint8_t *bytes, *plain, *packed;
    unsigned restored = 0;
    uLongf size, room;
    size_t saved;

    tb_machine_run(machine, AT);
    bytes = tb_machine_save(machine, &saved);
    cr_assert(bytes);
    memcpy(&plain_size, bytes + 24, 8); /* little-endian hosts run this test */
    size = (uLongf)plain_size;
    room = compressBound(size);
    plain = malloc(size);
    packed = malloc(HEADER + room);
    cr_assert(plain && packed);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uLongf packed_size = room;
        struct tb_error error;

        size = (uLongf)plain_size;
        cr_assert_eq(uncompress(plain, &size, bytes + HEADER, saved - HEADER), Z_OK);
        memcpy(&registry_size, plain + 8, 8);
        for (unsigned change = 0; change < 12; change++) {
            random = random * 1664525 + 1013904223;
            /* Half of the blows hit the processor and the chips at the front, the others anything. */
            plain[16 + (random & 0x80000000 ? random % 3000 : random % registry_size)] = (uint8_t)(random >> 17);
        }
        memcpy(packed, bytes, HEADER);
        cr_assert_eq(compress2(packed + HEADER, &packed_size, plain, size, 1), Z_OK);
        if (tb_machine_restore(victim, packed, HEADER + packed_size, &error)) {
            uint64_t now = tb_machine_clock(victim);

            restored++;
            tb_machine_run(victim, now + 50000);
            tb_machine_state_hash(victim);
        }
    }
    cr_expect_gt(restored, ROUNDS / 2, "%u", restored);
    free(packed);
    free(plain);
    free(bytes);
    tb_machine_free(machine, NULL);
    tb_machine_free(victim, NULL);
}
