/* Random 64-bit integer instructions between registers, on the host's processor and on the emulated one: registers and the flags
   that the row does not leave undefined must agree. On other hosts there is nothing to compare with. */
#include <criterion/criterion.h>

#if defined(__x86_64__)
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu/isa/isa.h"
#include "long_bench.h"

struct registers {
    uint64_t gpr[16];
    uint64_t flags;
};

struct host_code {
    struct registers in, out;
    uint64_t stack;
    uint8_t code[1024];
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned below(uint64_t *state, unsigned limit)
{
    return (unsigned)(next_random(state) % limit);
}

/* --- the host's side: everything is reached RIP-relative, so that all sixteen registers are the instruction's ---------- */

static unsigned emit_relative(struct host_code *host, unsigned at, const uint8_t *opcode, unsigned length, const void *target)
{
    int32_t distance;

    memcpy(host->code + at, opcode, length);
    at += length;
    distance = (int32_t)((const uint8_t *)target - (host->code + at + 4));
    memcpy(host->code + at, &distance, 4);
    return at + 4;
}

static unsigned emit_move(struct host_code *host, unsigned at, bool store, unsigned reg, uint64_t *where)
{
    const uint8_t opcode[] = {(uint8_t)(0x48 | reg >> 3 << 2), store ? 0x89 : 0x8b, (uint8_t)(5 | (reg & 7) << 3)};

    return emit_relative(host, at, opcode, 3, where);
}

static void run_on_host(struct host_code *host, const uint8_t *bytes, unsigned length)
{
    static const uint8_t save[] = {0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57};
    static const uint8_t restore[] = {0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3};
    static const uint8_t push_memory[] = {0xff, 0x35}, pop_memory[] = {0x8f, 0x05};
    void (*run)(void);
    unsigned at = sizeof save;

    memcpy(host->code, save, sizeof save);
    at = emit_move(host, at, true, RSP, &host->stack);
    at = emit_relative(host, at, push_memory, 2, &host->in.flags);
    host->code[at++] = 0x9d;
    for (unsigned i = 0; i < 16; i++)
        at = emit_move(host, at, false, i, &host->in.gpr[i]);
    memcpy(host->code + at, bytes, length);
    at += length;
    for (unsigned i = 0; i < 16; i++)
        at = emit_move(host, at, true, i, &host->out.gpr[i]);
    at = emit_move(host, at, false, RSP, &host->stack);
    host->code[at++] = 0x9c;
    at = emit_relative(host, at, pop_memory, 2, &host->out.flags);
    memcpy(host->code + at, restore, sizeof restore);
    *(void **)&run = host->code;
    run();
}

/* --- choosing instructions --------------------------------------------------------------------------------------------- */

static bool row_is_safe(const struct row *row, const struct cpu_model *model)
{
    static const uint8_t patterns[] = {OPERANDS_Eb_Gb, OPERANDS_Ev_Gv, OPERANDS_Gb_Eb, OPERANDS_Gv_Ev, OPERANDS_Gv_Eb, OPERANDS_Gv_Ew,
                                       OPERANDS_Eb, OPERANDS_Ev, OPERANDS_Eb_Ib, OPERANDS_Ev_Ib, OPERANDS_Ev_sIb, OPERANDS_Ev_Iz,
                                       OPERANDS_Ev_Gv_Ib, OPERANDS_Gv_Ev_sIb, OPERANDS_Gv_Ev_Iz, OPERANDS_AL_Ib, OPERANDS_rAX_Iz,
                                       OPERANDS_Zb_Ib, OPERANDS_Zv_Iv, OPERANDS_Zv, OPERANDS_Zv_rAX};
    static const char *const others[] = {"push", "pop", "call", "jmp", "ud0", "ud1", "sldt", "str", "smsw", "lar", "lsl", "bswap", "nop", "in", "out"};
    static const char *const plain[] = {"cbw", "cwd", "lahf", "sahf", "cmc", "clc", "stc"};

    if (!model_has(model, row->feature) || (row->attributes & (NO_64 | BRANCH | END | SYNC | CPL0 | STACK | STRING | PROTECTED | MEM)))
        return false;
    for (unsigned i = 0; i < ARRAY_LENGTH(plain); i++)
        if (!strcmp(row->mnemonic, plain[i]))
            return true;
    for (unsigned i = 0; i < ARRAY_LENGTH(others); i++)
        if (!strcmp(row->mnemonic, others[i]))
            return false;
    for (unsigned i = 0; i < ARRAY_LENGTH(patterns); i++)
        if (row->operands == patterns[i])
            return true;
    return false;
}

/* Divisions that overflow in the emulation are not tried on the host; those that do not must not there either. */
static bool is_division(const struct row *row)
{
    return !strcmp(row->mnemonic, "div") || !strcmp(row->mnemonic, "idiv");
}

static bool is_double_shift(const struct row *row)
{
    return !strcmp(row->mnemonic, "shld") || !strcmp(row->mnemonic, "shrd");
}

static const struct row *choose(uint64_t *random, const struct cpu_model *model, uint8_t *bytes, unsigned *length)
{
    const struct row *row;
    unsigned n = 0;
    uint8_t modrm = (uint8_t)(next_random(random) | 0xc0);

    do
        row = &isa_rows[below(random, isa_row_count)];
    while (!row_is_safe(row, model));
    if (below(random, 4) == 0 && !is_double_shift(row)) /* of 16 bits by more than 16: the result is undefined */
        bytes[n++] = 0x66;
    if (below(random, 4))
        bytes[n++] = (uint8_t)(0x40 + below(random, 16));
    if (row->opcode >> 8)
        bytes[n++] = (uint8_t)(row->opcode >> 8);
    bytes[n++] = (uint8_t)(row->opcode + (row->attributes & OPCODE_REG ? below(random, 8) : 0));
    if (row->ext != ANY_EXT)
        modrm = (uint8_t)((modrm & 0xc7) | row->ext << 3);
    bytes[n++] = modrm; /* the length that the emulated decoder finds cuts off what is too much */
    for (unsigned i = 0; i < 8; i++)
        bytes[n + i] = (uint8_t)next_random(random);
    *length = n;
    return row;
}

static void run_on_emulator(struct bench *bench, struct registers *registers, const uint8_t *bytes)
{
    struct cpu *cpu = bench->cpu;

    memcpy(cpu->gpr, registers->gpr, sizeof registers->gpr);
    flags_set(cpu, registers->flags | FLAG_1);
    bench_code(bench, bytes, 16);
    bench_run(bench, 1);
    memcpy(registers->gpr, cpu->gpr, sizeof registers->gpr);
    registers->flags = flags_get(cpu);
}

Test(host, integer_instructions)
{
    struct bench *bench = long_bench_new(0);
    struct host_code *host = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const char *count = getenv("TRUEBOX_HOST_COUNT");
    uint64_t random = 1;
    unsigned divisions = 0, different = 0;

    cr_assert_neq((void *)host, MAP_FAILED);
    for (unsigned i = count ? (unsigned)strtoul(count, NULL, 0) : 100000; i && different < 10; i--) {
        uint8_t bytes[32] = {0};
        unsigned length;
        const struct row *row = choose(&random, bench->cpu->model, bytes, &length);
        struct registers emulated;
        uint64_t mask = FLAGS_ARITHMETIC & ~(uint64_t)row->flags_undefined;

        for (unsigned r = 0; r < 16; r++)
            host->in.gpr[r] = below(&random, 3) ? next_random(&random) : (uint64_t)(int64_t)(int8_t)next_random(&random);
        host->in.flags = FLAG_1 | (next_random(&random) & FLAGS_ARITHMETIC) | FLAG_IF;
        emulated = host->in;
        run_on_emulator(bench, &emulated, bytes);
        if (bench->cpu->rip < CODE || bench->cpu->rip > CODE + 15) { /* a division that overflows: it does on the host, too */
            cr_expect(is_division(row), "%s faulted", row->mnemonic);
            bench_free(bench);
            bench = long_bench_new(0);
            continue;
        }
        if ((!strcmp(row->mnemonic, "bsf") || !strcmp(row->mnemonic, "bsr")) && (emulated.flags & FLAG_ZF))
            continue; /* of zero: undefined; Intel's clear the upper half of a 32-bit destination, AMD's do not */
        divisions += is_division(row);
        run_on_host(host, bytes, (unsigned)(bench->cpu->rip - CODE));
        if (memcmp(emulated.gpr, host->out.gpr, sizeof emulated.gpr) || ((emulated.flags ^ host->out.flags) & mask)) {
            different++;
            cr_log_error("%s %02x %02x %02x %02x: flags %llx, host %llx, mask %llx", row->mnemonic, bytes[0], bytes[1], bytes[2], bytes[3],
                         (unsigned long long)emulated.flags, (unsigned long long)host->out.flags, (unsigned long long)mask);
            for (unsigned r = 0; r < 16; r++)
                if (emulated.gpr[r] != host->out.gpr[r])
                    cr_log_error("  register %u: before %llx, %llx, host %llx", r, (unsigned long long)host->in.gpr[r],
                                 (unsigned long long)emulated.gpr[r], (unsigned long long)host->out.gpr[r]);
        }
    }
    cr_expect_eq(different, 0);
    cr_expect(divisions, "no division was compared");
    munmap(host, 8192);
    bench_free(bench);
}
#else
Test(host, integer_instructions)
{
    cr_skip_test("the host is no x86-64");
}
#endif
