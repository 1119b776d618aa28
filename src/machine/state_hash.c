/* The state hash: everything the guest can tell (R8), the same on every host, engine and build. */
#include <string.h>

#include "base/hash.h"
#include "machine/machine.h"

static uint64_t hash_ram(uint64_t hash, struct physical_map *memory)
{
    const uint8_t *ram = physical_map_ram(memory);
    uint64_t size = physical_map_ram_size(memory);

    for (uint64_t at = 0; at < size; at += PHYSICAL_PAGE_SIZE) {
        const uint8_t *page = ram + at;

        if (page[0] == 0 && !memcmp(page, page + 1, PHYSICAL_PAGE_SIZE - 1))
            continue; /* most of RAM: an empty page says nothing */
        hash = hash_u64(hash, at);
        hash = hash_bytes(hash, page, PHYSICAL_PAGE_SIZE);
    }
    return hash;
}

uint64_t tb_machine_state_hash(tb_machine *machine)
{
    uint64_t hash;

    machine_prepare_state(machine);
    hash = hash_u64(state_registry_hash(machine->bay.states), machine->schedule.now);
    hash = hash_ram(hash, machine->bay.memory);
    for (unsigned i = 0; i < TB_DRIVE_COUNT; i++)
        hash = hash_u64(hash, machine->board.blocks[i] ? block_written_hash(machine->board.blocks[i]) : 0);
    return hash;
}
