/* x87 instructions: the emulated processor against the host's. One random instruction on a random state; then the whole
   FSAVE image, memory, flags and AX are compared bit by bit. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cpu/isa/isa.h"
#include "isa_bench.h"
#include "softfloat_host.h"

#if defined(__x86_64__)
#include <sys/mman.h>

enum { ROUNDS = 600000, OPERAND = 0x3000, MEMORY_BYTES = 112, IMAGE_BYTES = 108, SHOWN = 12 };

struct image { /* FSAVE, 32-bit protected format */
    uint32_t control, status, tag, fip, fcs_opcode, fdp, fds;
    uint8_t registers[80];
};

struct state {
    uint8_t image[IMAGE_BYTES];
    uint8_t memory[MEMORY_BYTES];
    uint64_t flags, rax;
};

/* --- the host
 * ---------------------------------------------------------------------------------------------------------------- */

static void host_execute(const uint8_t *code, struct state *state)
{
    uint64_t flags = state->flags, rax = state->rax;

    __asm__ volatile("frstor %[image]\n\t"
                     "sub $256, %%rsp\n\t"
                     "push %[flags]\n\tpopfq\n\t"
                     "call *%[code]\n\t"
                     "pushfq\n\tpop %[flags]\n\t"
                     "add $256, %%rsp\n\t"
                     "fnsave %[image]\n\tfninit"
                     : [image] "+m"(state->image), [flags] "+&r"(flags), "+a"(rax), "+m"(state->memory)
                     : [code] "r"(code), "D"(state->memory)
                     : "cc", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
    state->flags = flags & FLAGS_ARITHMETIC;
    state->rax = rax;
}

/* --- the emulated processor
 * ---------------------------------------------------------------------------------------------------- */

static void open_protected(struct isa_bench *bench, const char *model)
{
    isa_bench_open(bench, model, false);
    bench->cpu->cr0 |= CR0_PE | CR0_NE;
    bench->cpu->segment[CS].attributes |= SEGMENT_DB | SEGMENT_CODE;
    __asm__("mov %%cs, %0" : "=r"(bench->cpu->segment[CS].selector));
    __asm__("mov %%ds, %0" : "=r"(bench->cpu->segment[DS].selector));
    cpu_state_changed(bench->cpu);
}

static uint32_t word32(const uint8_t *image, unsigned index)
{
    return load_le32(image + 4 * index);
}

static void put_state(struct isa_bench *bench, const struct state *state)
{
    struct cpu *cpu = bench->cpu;

    fpu_set_control_word(cpu, (uint16_t)word32(state->image, 0));
    fpu_set_status_word(cpu, (uint16_t)word32(state->image, 1));
    fpu_set_tag_word(cpu, (uint16_t)word32(state->image, 2));
    cpu->fpu.instruction_offset = word32(state->image, 3);
    cpu->fpu.instruction_selector = (uint16_t)word32(state->image, 4);
    cpu->fpu.opcode = word32(state->image, 4) >> 16 & 0x7ff;
    cpu->fpu.operand_offset = word32(state->image, 5);
    cpu->fpu.operand_selector = (uint16_t)word32(state->image, 6);
    for (unsigned i = 0; i < 8; i++)
        cpu->fpu.reg[(cpu->fpu.top + i) & 7] =
            (struct float80){load_le64(state->image + 28 + 10 * i), load_le16(state->image + 36 + 10 * i)};
    physical_write(bench->memory, OPERAND, state->memory, MEMORY_BYTES);
    flags_set(cpu, state->flags);
    cpu->gpr[RAX] = state->rax;
    cpu->gpr[RDI] = OPERAND;
}

static void get_state(struct isa_bench *bench, struct state *state)
{
    struct cpu *cpu = bench->cpu;

    store_le32(state->image, 0xffff0000u | cpu->fpu.control);
    store_le32(state->image + 4, 0xffff0000u | fpu_status_word(cpu));
    store_le32(state->image + 8, 0xffff0000u | fpu_tag_word(cpu));
    store_le32(state->image + 12, (uint32_t)cpu->fpu.instruction_offset);
    store_le32(state->image + 16, cpu->fpu.instruction_selector | (uint32_t)cpu->fpu.opcode << 16);
    store_le32(state->image + 20, (uint32_t)cpu->fpu.operand_offset);
    store_le32(state->image + 24, 0xffff0000u | cpu->fpu.operand_selector);
    for (unsigned i = 0; i < 8; i++) {
        struct float80 value = cpu->fpu.reg[(cpu->fpu.top + i) & 7];

        store_le64(state->image + 28 + 10 * i, value.significand);
        store_le16(state->image + 36 + 10 * i, value.sign_exponent);
    }
    memcpy(state->memory, bench->ram + OPERAND, MEMORY_BYTES);
    state->flags = flags_get_arithmetic(cpu);
    state->rax = cpu->gpr[RAX];
}

/* --- random states and instructions
 * ---------------------------------------------------------------------------------------------- */

static void put_value(uint8_t *bytes, struct float80 value)
{
    store_le64(bytes, value.significand);
    store_le16(bytes + 8, value.sign_exponent);
}

static void random_image(uint64_t *seed, uint8_t image[IMAGE_BYTES])
{
    uint64_t random = random_bits(seed);
    uint16_t control = control_word((unsigned)random % CONTROL_WORDS);
    unsigned tags = 0, exceptions = (unsigned)(random >> 24) & 0x7f & (control | FPU_STACK_FAULT);

    if (random & 0x100000) /* mostly masked */
        control |= FP_ALL;
    if (!(random & 0x600000)) /* empty registers are the rarer case */
        tags = (unsigned)(random_bits(seed) & random_bits(seed) & 0xffff);
    if ((random & 0x1800000) == 0x1800000)
        tags = 0xffff;
    for (unsigned i = 0; i < 8; i++) /* full or empty; the full ones' tags follow from their contents */
        tags = (tags >> 2 * i & 3) == 3 || (tags >> 2 * i & 3) == 1 ? tags | 3u << 2 * i : tags & ~(3u << 2 * i);
    store_le32(image, 0xffff0000u | control);
    store_le32(image + 4, 0xffff0000u | exceptions | (unsigned)(random >> 32 & 0x7f00));
    store_le32(image + 8, 0xffff0000u | tags);
    store_le32(image + 12, (uint32_t)random_bits(seed));
    store_le32(image + 16, (uint32_t)(random_bits(seed) & 0x07ffffff));
    store_le32(image + 20, (uint32_t)random_bits(seed));
    store_le32(image + 24, 0xffff0000u | (random_bits(seed) & 0xffff));
    for (unsigned i = 0; i < 8; i++)
        put_value(image + 28 + 10 * i, random_value(seed));
}

static void random_memory(uint64_t *seed, const struct row *row, uint8_t memory[MEMORY_BYTES])
{
    uint64_t random = random_bits(seed);
    struct fp_status status = {.masked = FP_ALL};
    struct fp_number number;

    for (unsigned i = 0; i < MEMORY_BYTES; i++)
        memory[i] = (uint8_t)random_bits(seed);
    if (!strcmp(row->mnemonic, "fldenv") || !strcmp(row->mnemonic, "frstor")) {
        random_image(seed, memory);
        store_le32(memory, random & 0xffff);
        return;
    }
    status.precision = 64;
    put_value(memory, random_value(seed));
    if (!strcmp(row->mnemonic, "fbld")) {
        for (unsigned i = 0; i < 9; i++)
            memory[i] = (uint8_t)((random_bits(seed) % 10) << 4 | random_bits(seed) % 10);
        return;
    }
    number = fp_unpack80(random_value(seed));
    if (number.kind == FP_UNSUPPORTED || (random & 3) == 0)
        return;
    status.rounding = random >> 8 & 3;
    if (row->opcode == 0xd8 || row->opcode == 0xd9)
        store_le32(memory, fp_pack32(&number, &status));
    else if (row->opcode == 0xdc || row->opcode == 0xdd)
        store_le64(memory, fp_pack64(&number, &status));
}

static bool is_transcendental(const struct row *row)
{
    static const char *const names[] = {"f2xm1", "fyl2x", "fptan", "fpatan", "fyl2xp1", "fsincos", "fsin", "fcos"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (!strcmp(row->mnemonic, names[i]))
            return true;
    return false;
}

/* Results that depend on how exactly a function is computed are the business of test_softfloat_functions.c. */
static bool operands_are_special(const struct state *state, const struct row *row)
{
    unsigned top = word32(state->image, 1) >> 11 & 7, tags = word32(state->image, 2);
    struct fp_number x = fp_unpack80((struct float80){load_le64(state->image + 28), load_le16(state->image + 36)});
    struct fp_number y = fp_unpack80((struct float80){load_le64(state->image + 38), load_le16(state->image + 46)});
    bool x_empty = (tags >> 2 * top & 3) == 3, y_empty = (tags >> 2 * ((top + 1) & 7) & 3) == 3;
    bool one = !strcmp(row->mnemonic, "fptan") || !strcmp(row->mnemonic, "fsin") || !strcmp(row->mnemonic, "fcos") ||
               !strcmp(row->mnemonic, "fsincos") || !strcmp(row->mnemonic, "f2xm1");

    if (x_empty || x.kind != FP_FINITE)
        return true;
    return !one && (y_empty || (y.kind != FP_FINITE && y.kind != FP_ZERO));
}

static const struct row *random_row(uint64_t *seed, uint8_t code[2])
{
    static struct decode_table *table;
    const struct row *row;

    if (!table)
        table = decode_table_new(cpu_model_find("pentium-pro"));
    do {
        uint64_t random = random_bits(seed);

        code[0] = 0xd8 | (random & 7);
        code[1] = (uint8_t)(random >> 8);
        if (code[1] < 0xc0)
            code[1] = (code[1] & 0x38) | 7; /* [EDI] */
        row = decode_table_find(table, 0, code[0], code[1], false);
    } while (!row);
    return row;
}

/* --- comparison
 * ------------------------------------------------------------------------------------------------------------------ */

/* The pointers differ by where code and data lie: made relative, or as they were, or 0. */
static void normalise_pointers(struct state *state, const struct state *before, uint32_t code, uint32_t data)
{
    uint32_t fip = word32(state->image, 3), fdp = word32(state->image, 5);

    store_le32(state->image + 12, fip && fip != word32(before->image, 3) ? fip - code + 1 : fip);
    store_le32(state->image + 20, fdp && fdp != word32(before->image, 5) ? fdp - data + 1 : fdp);
}

/* FLDENV and FRSTOR load them from memory. */
static bool has_pointers(const struct row *row)
{
    return strcmp(row->mnemonic, "fldenv") && strcmp(row->mnemonic, "frstor");
}

static bool differ(const struct state *host, const struct state *soft)
{
    return memcmp(host->image, soft->image, IMAGE_BYTES) || memcmp(host->memory, soft->memory, MEMORY_BYTES) ||
           host->flags != soft->flags || host->rax != soft->rax;
}

static void show(const char *label, const struct state *state)
{
    char line[400];
    size_t n = 0;

    for (unsigned i = 0; i < 8; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, " %04x:%016llx", load_le16(state->image + 36 + 10 * i),
                              (unsigned long long)load_le64(state->image + 28 + 10 * i));
    fprintf(stderr,
            "  %s control %04x status %04x tag %04x fip %x cs/op %x fdp %x ds %x flags %03llx ax %04x memory "
            "%016llx%016llx\n     %s\n",
            label, word32(state->image, 0) & 0xffff, word32(state->image, 1) & 0xffff, word32(state->image, 2) & 0xffff,
            word32(state->image, 3), word32(state->image, 4), word32(state->image, 5), word32(state->image, 6),
            (unsigned long long)state->flags, (unsigned)state->rax & 0xffff,
            (unsigned long long)load_le64(state->memory + 8), (unsigned long long)load_le64(state->memory), line);
}

Test(x87, random_instructions_against_the_host)
{
    uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    uint64_t seed = UINT64_C(0x783837);
    struct isa_bench bench;
    unsigned failures = 0, compared = 0;

    cr_assert_neq(code, MAP_FAILED);
    open_protected(&bench, "pentium-pro");
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct state before = {0}, host, soft = {0};
        const struct row *row;
        uint8_t bytes[2];

        row = random_row(&seed, bytes);
        random_image(&seed, before.image);
        random_memory(&seed, row, before.memory);
        before.flags = random_bits(&seed) & FLAGS_ARITHMETIC;
        before.rax = random_bits(&seed);
        if (is_transcendental(row) && !operands_are_special(&before, row))
            continue;
        compared++;
        isa_bench_code(&bench, bytes, 2);
        put_state(&bench, &before);
        cr_assert_eq(isa_bench_step(&bench), -1, "%s raised", row->mnemonic);
        get_state(&bench, &soft);
        if (has_pointers(row))
            normalise_pointers(&soft, &before, BENCH_CODE, OPERAND);
        memcpy(code, bytes, 2);
        code[2] = 0xc3;
        for (unsigned attempt = 0; attempt < 3;
             attempt++) { /* AMD's lose the pointers when the host switches tasks in between */
            host = before;
            host_execute(code, &host);
            if (has_pointers(row))
                normalise_pointers(&host, &before, (uint32_t)(uintptr_t)code, (uint32_t)(uintptr_t)host.memory);
            if (strstr(row->mnemonic, "comi")) /* SDM 2 FCOMI: C1 is 0; AMD's leave it */
                host.image[5] &= (uint8_t) ~(FPU_C1 >> 8);
            if (!differ(&host, &soft))
                break;
        }
        if (differ(&host, &soft)) {
            if (failures++ < SHOWN) {
                fprintf(stderr, "%02x %02x %s\n", bytes[0], bytes[1], row->mnemonic);
                show("before", &before);
                show("host  ", &host);
                show("soft  ", &soft);
            }
        }
    }
    cr_expect_eq(failures, 0, "%u of %u instructions differ", failures, compared);
    isa_bench_close(&bench);
    munmap(code, 4096);
}
#else
Test(x87, random_instructions_against_the_host)
{
    fprintf(stderr, "skipped: needs an x86-64 host\n");
}
#endif
