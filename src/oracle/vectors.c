/* `truebox vectors`: runs hardware-captured single-step tests on a processor with nothing around it but memory and ports
   that read as all ones.

   Judging, as the sets' own READMEs say: registers and memory must be as captured, flags under the mask of metadata.json
   beside the file (without one: the instruction row's undefined flags). The 80286 sets end each test with a HLT that is not
   executed here but counted into IP; of the flags image that an exception pushes, the same mask applies. Tests named in
   revocation_list.txt are left out. Every byte that the processor writes is seen: a write where none was captured fails the
   test, too. */
#include "oracle/vectors.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cpu/cpu.h"
#include "cpu/engine.h"
#include "cpu/flags.h"
#include "cpu/protection.h"
#include "devices/ports.h"
#include "mmu/physical_page.h"

struct write {
    uint32_t offset;
    uint8_t old;
};

struct runner {
    const struct cpu_model *model;
    struct schedule schedule;
    struct physical_map *memory;
    struct ports *ports;
    struct cpu *cpu;
    struct physical_watcher watcher;
    uint32_t ram_size;
    uint8_t *ram;
    uint8_t *expected;    /* what RAM should hold, valid at the bytes listed in `touched` and 0 elsewhere */
    struct write *writes; /* since the test began, oldest first */
    size_t write_count, write_capacity;
    bool recording;

    bool has_metadata;
    struct vector_masks *masks;
    uint8_t *revocations; /* the list's text, zero-terminated */

    void (*report)(void *owner, const char *line);
    void *report_owner;
    uint64_t run, failed;
    char line[512];
    size_t line_length;
};

/* --- the machine ------------------------------------------------------------------------------------------------ */

static void ram_written(void *owner, uint64_t offset, size_t size, const uint8_t *old)
{
    struct runner *runner = owner;

    if (!runner->recording)
        return;
    if (runner->write_count + size > runner->write_capacity) {
        runner->write_capacity = 2 * runner->write_capacity + size + 64;
        runner->writes = memory_resize(runner->writes, runner->write_capacity * sizeof *runner->writes);
    }
    for (size_t i = 0; i < size; i++)
        runner->writes[runner->write_count++] = (struct write){(uint32_t)(offset + i), old[i]};
}

static void page_flagged(void *owner, uint32_t backing)
{
    (void)owner, (void)backing;
}

static void routes_changed(void *owner)
{
    (void)owner;
}

static uint8_t no_interrupt(void *owner)
{
    (void)owner;
    return 0xff;
}

static bool runner_open(struct runner *runner, bool plain, struct tb_error *error)
{
    struct cpu_wiring wiring = {.acknowledge = no_interrupt};
    struct cpu_options options = {.plain = plain};

    runner->ram_size = runner->model->level < 2 ? 1 << 20 : 1 << 24;
    runner->memory = physical_map_new(runner->ram_size, NULL);
    runner->expected = calloc(1, runner->ram_size);
    if (!runner->memory || !runner->expected)
        return error_set(error, TB_STATUS_SOFTWARE, "vectors: no memory for the machine");
    runner->ram = physical_map_ram(runner->memory);
    physical_map_route_ram(runner->memory, 0, runner->ram_size, 0);
    schedule_initialise(&runner->schedule, 100000000);
    runner->ports = ports_new(NULL);
    wiring.schedule = &runner->schedule;
    wiring.memory = runner->memory;
    wiring.ports = runner->ports;
    runner->cpu = cpu_new(0, runner->model, &wiring, &options);
    runner->watcher = (struct physical_watcher){
        .owner = runner, .written = ram_written, .flagged = page_flagged, .routes_changed = routes_changed};
    physical_map_watch(runner->memory, &runner->watcher);
    for (uint32_t page = 0; page < runner->ram_size / PHYSICAL_PAGE_SIZE; page++)
        physical_page_flag(runner->memory, page, PHYSICAL_PAGE_OBSERVED);
    return true;
}

static void runner_close(struct runner *runner)
{
    cpu_free(runner->cpu);
    ports_free(runner->ports);
    physical_map_free(runner->memory);
    free(runner->expected);
    free(runner->writes);
    free(runner->masks);
    free(runner->revocations);
}

/* --- what belongs to the file ----------------------------------------------------------------------------------- */

/* Loads `name` from the directory of `path`; NULL without an error if it does not exist. */
static uint8_t *load_beside(const char *path, const char *name, size_t *size, char **full, struct tb_error *error)
{
    const char *slash = strrchr(path, '/');
    size_t directory = slash ? (size_t)(slash - path) + 1 : 0;
    struct tb_error missing = {TB_STATUS_OK, ""};
    uint8_t *bytes;

    *full = memory_new(directory + strlen(name) + 1);
    memcpy(*full, path, directory);
    strcpy(*full + directory, name);
    bytes = vectors_load(*full, size, &missing);
    if (!bytes && missing.status != TB_STATUS_NO_INPUT && error)
        *error = missing;
    return bytes;
}

static bool load_metadata(struct runner *runner, const char *path, struct tb_error *error)
{
    size_t size;
    char *name;
    struct tb_error wrong = {TB_STATUS_OK, ""};
    uint8_t *bytes = load_beside(path, "metadata.json", &size, &name, &wrong);
    bool good = wrong.status == TB_STATUS_OK;

    runner->masks = memory_new(sizeof *runner->masks);
    if (bytes) {
        good = vectors_read_metadata(name, bytes, size, runner->masks, &wrong);
        runner->has_metadata = good;
    }
    free(bytes);
    free(name);
    if (!good && error)
        *error = wrong;
    return good;
}

static bool load_revocations(struct runner *runner, const char *path, struct tb_error *error)
{
    size_t size;
    char *name;
    struct tb_error wrong = {TB_STATUS_OK, ""};
    uint8_t *bytes = load_beside(path, "revocation_list.txt", &size, &name, &wrong);

    free(name);
    if (bytes) {
        runner->revocations = memory_new(size + 1);
        memcpy(runner->revocations, bytes, size);
        free(bytes);
    }
    if (wrong.status != TB_STATUS_OK && error)
        *error = wrong;
    return wrong.status == TB_STATUS_OK;
}

static bool is_revoked(const struct runner *runner, const struct vector_test *test)
{
    return runner->revocations && test->hash[0] && strstr((const char *)runner->revocations, test->hash);
}

/* --- the instruction under test --------------------------------------------------------------------------------- */

struct instruction {
    unsigned map; /* 1 behind 0F */
    uint8_t opcode, modrm;
    bool repeated;
    uint16_t flags_mask;
};

static bool is_prefix(const struct runner *runner, uint8_t byte)
{
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 ||
           (byte == 0xf1 && runner->model->level < 2);
}

static struct instruction instruction_of(const struct runner *runner, const struct vector_test *test)
{
    struct instruction instruction = {.flags_mask = 0xffff};
    unsigned at = 0;
    const struct row *row;

    for (; at < test->byte_count && is_prefix(runner, test->bytes[at]); at++)
        instruction.repeated |= test->bytes[at] == 0xf2 || test->bytes[at] == 0xf3;
    if (at + 1 < test->byte_count && test->bytes[at] == 0x0f && runner->model->level >= 2) {
        instruction.map = 1;
        at++;
    }
    if (at < test->byte_count)
        instruction.opcode = test->bytes[at];
    if (at + 1 < test->byte_count)
        instruction.modrm = test->bytes[at + 1];
    row = decode_table_find(runner->cpu->engine->decode, instruction.map, instruction.opcode, instruction.modrm, false);
    instruction.repeated = instruction.repeated && row && (row->attributes & STRING);
    if (runner->has_metadata)
        instruction.flags_mask = runner->masks->mask[instruction.map << 8 | instruction.opcode][instruction.modrm >> 3 & 7];
    else if (row)
        instruction.flags_mask = (uint16_t)~row->flags_undefined;
    return instruction;
}

/* --- one test --------------------------------------------------------------------------------------------------- */

static const uint8_t gpr_of[VECTOR_REGISTER_COUNT] = {
    [VECTOR_REG_AX] = RAX, [VECTOR_REG_BX] = RBX, [VECTOR_REG_CX] = RCX, [VECTOR_REG_DX] = RDX,
    [VECTOR_REG_SP] = RSP, [VECTOR_REG_BP] = RBP, [VECTOR_REG_SI] = RSI, [VECTOR_REG_DI] = RDI};
static const uint8_t segment_of[VECTOR_REGISTER_COUNT] = {
    [VECTOR_REG_CS] = CS, [VECTOR_REG_SS] = SS, [VECTOR_REG_DS] = DS, [VECTOR_REG_ES] = ES};

static bool is_segment(unsigned reg)
{
    return reg >= VECTOR_REG_CS && reg <= VECTOR_REG_ES;
}

/* The top four bits of FLAGS are fixed on the 8086 and cannot be set in the 80286's real mode. */
#define FLAGS_JUDGED 0x0fff

static void set_up(struct runner *runner, const struct vector_test *test)
{
    struct cpu *cpu = runner->cpu;

    runner->write_count = 0;
    runner->recording = true;
    for (size_t i = 0; i < test->initial.memory_count; i++)
        physical_write(runner->memory, test->initial.memory[i].address, &test->initial.memory[i].value, 1);
    cpu_init(cpu);
    for (unsigned i = 0; i < VECTOR_REGISTER_COUNT; i++) {
        uint16_t value = test->initial.registers[i];

        if (i == VECTOR_REG_IP) {
            cpu->rip = value;
        } else if (i == VECTOR_REG_FLAGS) {
            flags_set(cpu, (value & FLAGS_JUDGED) | flags_constant(cpu));
        } else if (is_segment(i)) {
            struct segment *segment = &cpu->segment[segment_of[i]];

            segment->selector = value;
            segment->base = (uint64_t)value << 4;
            segment->limit = 0xffff;
        } else {
            cpu->gpr[gpr_of[i]] = value;
        }
    }
    cpu_state_changed(cpu);
}

/* Executes the instruction to its end: one count, or for a repeated string instruction as many as it takes. */
static void execute_instruction(struct runner *runner, const struct instruction *instruction)
{
    struct cpu *cpu = runner->cpu;
    uint64_t rip = cpu->rip, counts = instruction->repeated ? cpu->gpr[RCX] & 0xffff : 1;
    uint16_t selector = cpu->segment[CS].selector;
    unsigned faults = cpu->fault_count = 0;

    do
        cpu_run(cpu, runner->schedule.now + 1);
    while (instruction->repeated && counts-- > 1 && cpu->rip == rip && cpu->segment[CS].selector == selector &&
           cpu->fault_count == faults);
}

static void __attribute__((format(printf, 2, 3))) complain(struct runner *runner, const char *format, ...)
{
    va_list arguments;

    if (runner->line_length < sizeof runner->line) {
        va_start(arguments, format);
        runner->line_length += (size_t)vsnprintf(runner->line + runner->line_length,
                                                 sizeof runner->line - runner->line_length, format, arguments);
        va_end(arguments);
    }
}

static void judge_registers(struct runner *runner, const struct vector_test *test, const struct instruction *instruction)
{
    const struct cpu *cpu = runner->cpu;

    for (unsigned i = 0; i < VECTOR_REGISTER_COUNT; i++) {
        uint16_t expected = test->final.present >> i & 1 ? test->final.registers[i] : test->initial.registers[i],
                 mask = 0xffff, got;

        if (i == VECTOR_REG_IP) {
            got = (uint16_t)cpu->rip;
            /* the closing HLT of the 80286 sets; the HLT under test is that HLT itself */
            if (runner->model->level >= 2 && cpu->activity != CPU_HALTED)
                got++;
        } else if (i == VECTOR_REG_FLAGS) {
            got = (uint16_t)flags_get(cpu);
            mask = instruction->flags_mask & FLAGS_JUDGED;
        } else {
            got = is_segment(i) ? cpu->segment[segment_of[i]].selector : (uint16_t)cpu->gpr[gpr_of[i]];
        }
        if ((got ^ expected) & mask)
            complain(runner, " %s %04x expected %04x", vector_register_names[i], got & mask, expected & mask);
    }
}

/* The mask for a byte of memory: that of a pushed flags image where there is one. */
static uint8_t memory_mask(const struct runner *runner, const struct vector_test *test,
                           const struct instruction *instruction, uint32_t address)
{
    const struct cpu *cpu = runner->cpu;
    uint32_t base = (uint32_t)cpu->segment[SS].base, offset = (uint32_t)cpu->gpr[RSP] + 4;
    bool divide_86 = runner->model->level < 2 && cpu->segment[CS].selector == 0 && cpu->rip == 0x400;

    /* the address that the set gives for the image is that of its bus word, even where the image lies at an odd one */
    if (!test->exception && !divide_86)
        return 0xff;
    if (address == ((base + (offset & 0xffff)) & (runner->ram_size - 1)))
        return (uint8_t)instruction->flags_mask;
    return address == ((base + ((offset + 1) & 0xffff)) & (runner->ram_size - 1)) ? (uint8_t)(instruction->flags_mask >> 8)
                                                                                  : 0xff;
}

static void judge_memory(struct runner *runner, const struct vector_test *test, const struct instruction *instruction)
{
    const struct vector_state *states[2] = {&test->initial, &test->final};

    for (unsigned s = 0; s < 2; s++)
        for (size_t i = 0; i < states[s]->memory_count; i++)
            if (states[s]->memory[i].address < runner->ram_size)
                runner->expected[states[s]->memory[i].address] = states[s]->memory[i].value;
    for (size_t i = 0; i < test->final.memory_count; i++) {
        uint32_t address = test->final.memory[i].address;

        if (address < runner->ram_size &&
            (runner->ram[address] ^ runner->expected[address]) & memory_mask(runner, test, instruction, address))
            complain(runner, " [%05x] %02x expected %02x", address, runner->ram[address], runner->expected[address]);
    }
    /* what was written but not named in the final state must be as before */
    for (size_t i = 0; i < runner->write_count; i++) {
        uint32_t address = runner->writes[i].offset;

        if ((runner->ram[address] ^ runner->expected[address]) & memory_mask(runner, test, instruction, address)) {
            bool named = false;

            for (size_t n = 0; n < test->final.memory_count && !named; n++)
                named = test->final.memory[n].address == address;
            if (!named)
                complain(runner, " [%05x] %02x expected %02x", address, runner->ram[address], runner->expected[address]);
        }
    }
    for (unsigned s = 0; s < 2; s++)
        for (size_t i = 0; i < states[s]->memory_count; i++)
            if (states[s]->memory[i].address < runner->ram_size)
                runner->expected[states[s]->memory[i].address] = 0;
}

static void put_back(struct runner *runner)
{
    runner->recording = false;
    for (size_t i = runner->write_count; i; i--)
        physical_write(runner->memory, runner->writes[i - 1].offset, &runner->writes[i - 1].old, 1);
}

static bool run_test(void *owner, const struct vector_test *test)
{
    struct runner *runner = owner;
    struct instruction instruction;

    if (is_revoked(runner, test))
        return true;
    instruction = instruction_of(runner, test);
    runner->line_length = 0;
    complain(runner, "test %" PRIu32 " \"%s\"%s%s:", test->index, test->name, test->hash[0] ? " " : "", test->hash);
    size_t clean = runner->line_length;

    set_up(runner, test);
    execute_instruction(runner, &instruction);
    judge_registers(runner, test, &instruction);
    judge_memory(runner, test, &instruction);
    put_back(runner);
    runner->run++;
    if (runner->line_length != clean) {
        runner->failed++;
        if (runner->report)
            runner->report(runner->report_owner, runner->line);
    }
    return true;
}

bool tb_vectors_run(const char *path, const char *cpu_model, enum tb_engine engine,
                    void (*report)(void *owner, const char *line), void *owner, uint64_t *run, uint64_t *failed,
                    struct tb_error *error)
{
    struct runner runner = {.report = report, .report_owner = owner};
    uint8_t *bytes = NULL;
    size_t size = 0, start = 0;
    bool good = false;

    *run = *failed = 0;
    runner.model = cpu_model_find(cpu_model);
    if (!runner.model)
        return error_set(error, TB_STATUS_USAGE, "vectors: no such CPU model: %s", cpu_model);
    if (runner.model->level > 2)
        return error_set(error, TB_STATUS_USAGE, "vectors: tests of this form exist for 8086 to 80286 only, not for %s",
                         cpu_model);
    bytes = vectors_load(path, &size, error);
    if (!bytes)
        return false;
    while (start < size && bytes[start] && strchr(" \t\r\n", bytes[start]))
        start++;
    if (!load_metadata(&runner, path, error) || !load_revocations(&runner, path, error) ||
        !runner_open(&runner, engine == TB_ENGINE_PLAIN, error))
        good = false;
    else if (size >= 4 && !memcmp(bytes, "MOO ", 4))
        good = vectors_read_moo(path, bytes, size, run_test, &runner, error);
    else if (start < size && bytes[start] == '[')
        good = vectors_read_json(path, bytes, size, run_test, &runner, error);
    else
        error_set(error, TB_STATUS_DATA, "%s: neither a MOO file nor a JSON array of tests", path);
    runner_close(&runner);
    free(bytes);
    *run = runner.run;
    *failed = runner.failed;
    return good;
}
