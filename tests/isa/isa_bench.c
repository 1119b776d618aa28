/* A processor with RAM and nothing else, for tests of single instructions. */
#include "isa_bench.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t no_interrupt(void *owner)
{
    (void)owner;
    return 0xff;
}

void isa_bench_open(struct isa_bench *bench, const char *model, bool plain)
{
    struct cpu_options options = {.plain = plain};
    struct cpu_wiring wiring = {.acknowledge = no_interrupt};

    memset(bench, 0, sizeof *bench);
    schedule_initialise(&bench->schedule, 100000000);
    bench->memory = physical_map_new(BENCH_RAM, NULL);
    cr_assert_not_null(bench->memory);
    physical_map_route_ram(bench->memory, 0, BENCH_RAM, 0);
    bench->ram = physical_map_ram(bench->memory);
    bench->ports = ports_new(NULL);
    wiring.schedule = &bench->schedule;
    wiring.memory = bench->memory;
    wiring.ports = bench->ports;
    cr_assert_not_null(cpu_model_find(model), "%s", model);
    bench->cpu = cpu_new(0, cpu_model_find(model), &wiring, &options);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        bench->cpu->segment[i].selector = 0;
        bench->cpu->segment[i].base = 0;
    }
    bench->cpu->gpr[RSP] = 0x8000;
    for (unsigned vector = 0; vector < 256; vector++) {
        uint8_t entry[4] = {(uint8_t)(vector << 4), (uint8_t)(0x20 + (vector >> 4)), 0, 0};

        physical_write(bench->memory, vector * 4, entry, 4);
    }
    cpu_state_changed(bench->cpu);
}

void isa_bench_close(struct isa_bench *bench)
{
    cpu_free(bench->cpu);
    ports_free(bench->ports);
    physical_map_free(bench->memory);
}

void isa_bench_code(struct isa_bench *bench, const uint8_t *bytes, size_t count)
{
    physical_write(bench->memory, BENCH_CODE, bytes, count);
}

int isa_bench_step(struct isa_bench *bench)
{
    bench->cpu->rip = BENCH_CODE;
    bench->cpu->fault_count = 0;
    cpu_run(bench->cpu, bench->schedule.now + 1);
    return bench->cpu->fault_count ? bench->cpu->fault_chain[0].vector : -1;
}

uint64_t isa_bench_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
