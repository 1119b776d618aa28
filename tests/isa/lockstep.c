/* Self-lockstep: the fast engine against the plain one (decode every time, walk every time) on random programs, by state hash.

   Two worlds are made from one seed: RAM full of instructions drawn from the tables' own rows, an IVT or IDT that leads back into
   them, page tables that the program itself may scribble over, interrupts at random counts. Both run the same slices; after each
   the hashes must agree. A difference is located to the count by running again in steps of one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/state.h"
#include "cpu/engine.h"
#include "cpu/flags.h"
#include "devices/ports.h"

enum mode { MODE_REAL, MODE_PROTECTED32, MODE_PAGED, MODE_PAGED_USER, MODE_V86, MODE_PAE, MODE_PAE_USER, MODE_LONG64, MODE_LONG64_USER, MODE_COMPAT, MODE_COMPAT_USER, MODE_COUNT };

#define RAM_SIZE (2u << 20)
#define CODE_BASE 0x8000u
#define CODE_SIZE 0x4000u
#define PAGE_DIRECTORY 0x1000u
#define PAGE_TABLE 0x2000u
#define GDT_BASE 0x600u
#define IDT_BASE 0x3000u
#define TSS_BASE 0x700u
#define PAGE_POINTERS 0x5000u /* PDPT */
#define PAGE_ROOT 0x4000u     /* PML4 */

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

/* --- random programs ----------------------------------------------------------------------------------------------------- */

static bool row_is_wanted(const struct row *row, const struct cpu_model *model)
{
    return model_has(model, row->feature) && strcmp(row->mnemonic, "hlt");
}

static bool is_long(enum mode mode)
{
    return mode >= MODE_LONG64;
}

static bool is_code64(enum mode mode)
{
    return mode == MODE_LONG64 || mode == MODE_LONG64_USER;
}

static unsigned emit(uint64_t *random, const struct cpu_model *model, bool code64, uint8_t *out)
{
    static const uint8_t prefixes[] = {0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0xf2, 0xf3, 0xf0};
    const struct row *row;
    unsigned length = 0;
    uint8_t modrm = (uint8_t)next_random(random);

    do
        row = &isa_rows[below(random, isa_row_count)];
    while (!row_is_wanted(row, model));
    while (below(random, 5) == 0)
        out[length++] = prefixes[below(random, ARRAY_LENGTH(prefixes))];
    if (code64 && below(random, 6) == 0)
        out[length++] = (uint8_t)(0x64 + below(random, 2));
    if (code64 && below(random, 2))
        out[length++] = (uint8_t)(0x40 + below(random, 16));
    if (row->opcode >> 8)
        out[length++] = (uint8_t)(row->opcode >> 8);
    out[length++] = (uint8_t)(row->opcode + (row->attributes & OPCODE_REG ? below(random, 8) : 0));
    if (row->ext < 0 && row->ext != ANY_EXT)
        modrm = (uint8_t)row->ext;
    else if (row->ext != ANY_EXT)
        modrm = (uint8_t)((modrm & 0xc7) | row->ext << 3);
    out[length++] = modrm; /* where no ModRM belongs it is the next instruction's business */
    for (unsigned i = below(random, 6); i; i--)
        out[length++] = below(random, 3) ? (uint8_t)next_random(random) : (uint8_t)below(random, 4);
    return length;
}

static void fill_program(uint64_t *random, const struct cpu_model *model, bool code64, uint8_t *ram)
{
    for (unsigned at = 0; at < CODE_SIZE - 32;)
        at += emit(random, model, code64, ram + CODE_BASE + at);
}

/* --- worlds -------------------------------------------------------------------------------------------------------------- */

struct world {
    struct schedule schedule;
    struct physical_map *memory;
    struct ports *ports;
    struct state_registry *states;
    struct cpu *cpu;
    uint64_t random; /* for the vectors that acknowledge answers */
};

static uint8_t acknowledge(void *owner)
{
    struct world *world = owner;

    world->cpu->intr = false;
    return (uint8_t)(0x20 + below(&world->random, 16));
}

static void store_descriptor(uint8_t *at, uint32_t base, uint32_t limit, uint16_t attributes)
{
    store_le32(at, (base & 0xffff) << 16 | (limit & 0xffff));
    store_le32(at + 4, (base & 0xff000000) | (limit & 0xf0000) | (uint32_t)(attributes & 0xf0ff) << 8 | (base >> 16 & 0xff));
}

static void set_flat(struct segment *segment, uint16_t selector, uint16_t attributes)
{
    *segment = (struct segment){.selector = selector, .limit = 0xffffffff, .attributes = attributes};
}

/* Entries of eight bytes: one page table that all of the RAM goes through, and directories full of everything else: large pages,
   reserved bits, no-execute, tables that are the program's own pages. */
static void fill_pae_tables(uint8_t *ram, uint64_t *random)
{
    for (unsigned i = 0; i < 512; i++)
        store_le64(ram + PAGE_TABLE + 8 * i, (uint64_t)i << 12 | (below(random, 8) || i < 16 ? 7 : below(random, 8)) |
                                                 (below(random, 16) || i < 16 ? 0 : next_random(random) & UINT64_C(0xfff0000000000000)));
    for (unsigned i = 1; i < 512; i++) {
        unsigned kind = below(random, 4);
        uint64_t extra = below(random, 16) ? 0 : next_random(random) & UINT64_C(0xfff000000001e000);

        store_le64(ram + PAGE_TABLE - 0x1000 + 8 * i, extra | (kind < 2    ? PAGE_TABLE | 7
                                                               : kind == 2 ? (uint64_t)below(random, 4) << 21 | 0x80 | below(random, 8)
                                                                           : below(random, 64) << 12 | below(random, 256)));
    }
    store_le64(ram + PAGE_DIRECTORY, PAGE_TABLE | 7);
    for (unsigned i = 0; i < 4; i++)
        store_le64(ram + PAGE_POINTERS + 8 * i, i == 0 || below(random, 2) ? PAGE_DIRECTORY | 1 : 0);
}

/* Long mode over the same tables, two levels more; every kind of descriptor, gates with and without an interrupt stack. */
static void enter_long(struct world *world, uint8_t *ram, enum mode mode, uint64_t *random)
{
    struct cpu *cpu = world->cpu;
    bool user = mode == MODE_LONG64_USER || mode == MODE_COMPAT_USER, code64 = is_code64(mode);
    uint16_t dpl = user ? 3 << 5 : 0;

    store_descriptor(ram + GDT_BASE + 0x08, 0, 0xfffff, 0xa09b);
    store_descriptor(ram + GDT_BASE + 0x10, 0, 0xfffff, 0xc093);
    store_descriptor(ram + GDT_BASE + 0x18, 0, 0xfffff, 0xa0fb);
    store_descriptor(ram + GDT_BASE + 0x20, 0, 0xfffff, 0xc0f3);
    store_descriptor(ram + GDT_BASE + 0x28, TSS_BASE, 0x67, 0x008b);
    store_le64(ram + GDT_BASE + 0x30, 0);
    store_descriptor(ram + GDT_BASE + 0x38, 0, 0xfffff, 0xc09b);
    store_descriptor(ram + GDT_BASE + 0x40, 0, 0xfffff, 0xc0fb);
    store_descriptor(ram + GDT_BASE + 0x48, CODE_BASE, 0xffff, 0x00fb);
    store_le64(ram + GDT_BASE + 0x50, UINT64_C(0x0000ec0000080000) | (CODE_BASE + below(random, 0x4000)));
    store_le64(ram + GDT_BASE + 0x58, 0);
    store_le64(ram + TSS_BASE + 4, 0x6ff0);
    store_le64(ram + TSS_BASE + 0x24, 0x6e08);
    for (unsigned i = 0; i < 256; i++) {
        uint32_t target = CODE_BASE + below(random, CODE_SIZE);

        store_le32(ram + IDT_BASE + 16 * i, 0x080000 | (target & 0xffff));
        store_le32(ram + IDT_BASE + 16 * i + 4, (target & 0xffff0000) | (i & 1 ? 0xee00 : 0xef00) | (i % 8 == 3));
        store_le64(ram + IDT_BASE + 16 * i + 8, below(random, 64) ? 0 : next_random(random));
    }
    fill_pae_tables(ram, random);
    for (unsigned i = 0; i < 512; i++) {
        store_le64(ram + PAGE_ROOT + 8 * i, i == 0 || i == 511 || !below(random, 8) ? PAGE_POINTERS | 7 : 0);
        store_le64(ram + PAGE_POINTERS + 8 * i, i == 0 || i == 511 || !below(random, 4) ? PAGE_DIRECTORY | 7 : below(random, 2) ? 0x87 : 0);
    }
    cpu->gdtr = (struct table_register){GDT_BASE, 0x5f};
    cpu->idtr = (struct table_register){IDT_BASE, 0xfff};
    cpu->tr = (struct segment){.base = TSS_BASE, .limit = 0x67, .selector = 0x28, .attributes = 0x8b};
    cpu->cr3 = PAGE_ROOT;
    cpu->cr4 |= CR4_PAE;
    cpu->cr0 |= CR0_PE | CR0_PG | (below(random, 2) ? CR0_WP : 0);
    cpu->efer = EFER_SCE | EFER_LME | EFER_LMA | (below(random, 2) ? EFER_NXE : 0);
    cpu->msr[MSR_STAR] = UINT64_C(0x0013000800000000);
    cpu->msr[MSR_LSTAR] = CODE_BASE + below(random, CODE_SIZE);
    cpu->msr[MSR_SFMASK] = next_random(random) & 0xffffffff;
    cpu->msr[MSR_KERNEL_GS_BASE] = below(random, 0x10000);
    cpu->msr[MSR_SYSENTER_CS] = 8;
    cpu->msr[MSR_SYSENTER_EIP] = CODE_BASE + below(random, CODE_SIZE);
    cpu->msr[MSR_SYSENTER_ESP] = 0x7000;
    cpu->cpl = user ? 3 : 0;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        set_flat(&cpu->segment[i], user ? 0x23 : 0x10, (uint16_t)(0xc093 | dpl));
    cpu->segment[FS].base = below(random, 2) ? below(random, 0x10000) : next_random(random) >> 17;
    cpu->segment[GS].base = below(random, 0x10000);
    set_flat(&cpu->segment[CS], code64 ? (user ? 0x1b : 0x08) : (user ? 0x43 : 0x38), (uint16_t)((code64 ? 0xa09b : 0xc09b) | dpl));
    for (unsigned i = 8; i < 16; i++)
        cpu->gpr[i] = below(random, 4) ? below(random, 0x10000) : next_random(random);
    if (code64)
        cpu->gpr[RSI] |= below(random, 4) ? 0 : UINT64_C(0xffffffff00000000);
}

static void enter_protected(struct world *world, uint8_t *ram, enum mode mode, uint64_t *random)
{
    struct cpu *cpu = world->cpu;
    bool user = mode == MODE_PAGED_USER || mode == MODE_PAE_USER;
    uint16_t dpl = user ? 3 << 5 : 0;

    store_descriptor(ram + GDT_BASE + 0x08, 0, 0xfffff, 0xc09b);
    store_descriptor(ram + GDT_BASE + 0x10, 0, 0xfffff, 0xc093);
    store_descriptor(ram + GDT_BASE + 0x18, 0, 0xfffff, 0xc0fb);
    store_descriptor(ram + GDT_BASE + 0x20, 0, 0xfffff, 0xc0f3);
    store_descriptor(ram + GDT_BASE + 0x28, TSS_BASE, 0x67, 0x008b);
    store_descriptor(ram + GDT_BASE + 0x30, 0x8000, 0x3fff, 0x00f3);
    store_descriptor(ram + GDT_BASE + 0x38, 0x8000, 0x0fff, 0x40f7);
    store_le32(ram + TSS_BASE + 4, 0x6ff0);
    store_le32(ram + TSS_BASE + 8, 0x10);
    for (unsigned i = 0; i < 256; i++) {
        uint32_t target = CODE_BASE + below(random, CODE_SIZE);

        store_le32(ram + IDT_BASE + 8 * i, 0x080000 | (target & 0xffff));
        store_le32(ram + IDT_BASE + 8 * i + 4, (target & 0xffff0000) | (i & 1 ? 0xee00 : 0xef00));
    }
    cpu->gdtr = (struct table_register){GDT_BASE, 0x3f};
    cpu->idtr = (struct table_register){IDT_BASE, 0x7ff};
    cpu->tr = (struct segment){.base = TSS_BASE, .limit = 0x67, .selector = 0x28, .attributes = 0x8b};
    cpu->cr0 |= CR0_PE;
    cpu->cpl = user ? 3 : 0;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        set_flat(&cpu->segment[i], (uint16_t)((user ? 0x23 : 0x10)), (uint16_t)(0xc093 | dpl));
    set_flat(&cpu->segment[CS], user ? 0x1b : 0x08, (uint16_t)(0xc09b | dpl));
    if (mode == MODE_PROTECTED32)
        return;
    if (mode == MODE_V86) {
        cpu->eflags |= FLAG_VM | 3 << FLAG_IOPL_SHIFT;
        cpu->cpl = 3;
        for (unsigned i = 0; i < SEGMENT_COUNT; i++)
            cpu->segment[i] = (struct segment){.base = 0x8000, .limit = 0xffff, .selector = 0x800, .attributes = 0xf3};
        return;
    }
    if (mode == MODE_PAE || mode == MODE_PAE_USER) {
        fill_pae_tables(ram, random);
        cpu->cr3 = PAGE_POINTERS;
        cpu->cr4 |= CR4_PAE;
        cpu->cr0 |= CR0_PG | (below(random, 2) ? CR0_WP : 0);
        cr_assert(pdptes_read(cpu, cpu->cr3, cpu->pdpte));
        return;
    }
    for (unsigned i = 0; i < 1024; i++)
        store_le32(ram + PAGE_TABLE + 4 * i, i < RAM_SIZE >> 12 ? i << 12 | 7 : below(random, RAM_SIZE >> 12) << 12 | below(random, 8));
    for (unsigned i = 0; i < 1024; i++)
        store_le32(ram + PAGE_DIRECTORY + 4 * i, i == 0 || below(random, 3) ? PAGE_TABLE | 7 : below(random, 64) << 12 | below(random, 256));
    cpu->cr3 = PAGE_DIRECTORY;
    cpu->cr4 |= below(random, 2) ? CR4_PSE : 0;
    cpu->cr0 |= CR0_PG | (below(random, 2) ? CR0_WP : 0);
}

static struct world *world_new(uint64_t seed, enum mode mode, const struct cpu_model *model, const struct cpu_options *options)
{
    struct world *world = memory_new(sizeof *world);
    uint8_t *ram;
    uint64_t random = seed;

    schedule_initialise(&world->schedule, 100000000);
    world->memory = physical_map_new(RAM_SIZE, NULL);
    world->ports = ports_new(NULL);
    physical_map_route_ram(world->memory, 0, RAM_SIZE, 0);
    world->states = state_registry_new(&world->schedule);
    ram = physical_map_ram(world->memory);
    for (unsigned i = 0; i < 256; i++) /* the IVT */
        store_le32(ram + 4 * i, (CODE_BASE >> 4) << 16 | below(&random, CODE_SIZE));
    fill_program(&random, model, is_code64(mode), ram);
    world->cpu = cpu_new(0, model,
                         &(struct cpu_wiring){.schedule = &world->schedule, .memory = world->memory, .ports = world->ports,
                                              .acknowledge = acknowledge, .acknowledge_owner = world},
                         options);
    cpu_set_ignne(world->cpu, 0, true); /* a pending x87 error must not make the program wait for its end */
    state_registry_add(world->states, "cpu", &cpu_state_table, world->cpu);
    for (unsigned i = 0; i < 8; i++)
        world->cpu->gpr[i] = below(&random, 2) ? below(&random, 0x10000) : (uint32_t)next_random(&random);
    world->cpu->gpr[RSP] = 0x7800;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        world->cpu->segment[i].selector = (uint16_t)(below(&random, 3) ? CODE_BASE >> 4 : below(&random, 0x1000));
        world->cpu->segment[i].base = (uint64_t)world->cpu->segment[i].selector << 4;
    }
    world->cpu->segment[CS].selector = CODE_BASE >> 4;
    world->cpu->segment[CS].base = CODE_BASE;
    world->cpu->rip = below(&random, CODE_SIZE);
    flags_set(world->cpu, (uint64_t)(FLAG_1 | (below(&random, 2) ? FLAG_IF : 0)));
    if (mode != MODE_REAL) {
        if (is_long(mode))
            enter_long(world, ram, mode, &random);
        else
            enter_protected(world, ram, mode, &random);
        if (mode != MODE_V86)
            world->cpu->rip += CODE_BASE;
    }
    world->random = random;
    cpu_state_changed(world->cpu);
    return world;
}

static void world_free(struct world *world)
{
    cpu_free(world->cpu);
    state_registry_free(world->states);
    ports_free(world->ports);
    physical_map_free(world->memory);
    free(world);
}

static uint64_t world_hash(struct world *world)
{
    cpu_state_prepare(world->cpu);
    return hash_bytes(hash_u64(state_registry_hash(world->states), world->schedule.now), physical_map_ram(world->memory), RAM_SIZE);
}

/* Runs to `clock`; what stops for good is started again by an NMI or INIT, the same way in both worlds. */
static void world_run(struct world *world, uint64_t clock)
{
    while (world->schedule.now < clock) {
        cpu_run(world->cpu, clock);
        if (world->schedule.now < clock && world->cpu->activity != CPU_RUNNING) {
            if (world->cpu->activity == CPU_SHUTDOWN || world->cpu->nmi_pending)
                world->cpu->init_pending = true;
            world->cpu->nmi_pending = true;
            world->cpu->nmi_blocked = false;
            world->schedule.now++;
        }
    }
}

/* --- comparison ---------------------------------------------------------------------------------------------------------- */

struct plan {
    uint64_t seed;
    enum mode mode;
    const struct cpu_model *model;
    struct cpu_options fast;
    unsigned slices;
};

/* The two worlds side by side from the start; false with *clock where they first differ at a slice's end. */
static bool agree(const struct plan *plan, unsigned slices, unsigned *slice_count, uint64_t *last_equal, uint64_t *first_different)
{
    struct cpu_options plain = {.plain = true};
    struct world *a = world_new(plan->seed, plan->mode, plan->model, &plan->fast);
    struct world *b = world_new(plan->seed, plan->mode, plan->model, &plain);
    uint64_t random = plan->seed ^ 0x5555, clock = 0;
    bool same = true;

    for (unsigned i = 0; i < slices && same; i++) {
        *last_equal = clock;
        clock += 1 + below(&random, 400);
        if (below(&random, 4) == 0)
            a->cpu->intr = b->cpu->intr = true;
        world_run(a, clock);
        world_run(b, clock);
        same = world_hash(a) == world_hash(b);
        *first_different = clock;
        *slice_count = i;
    }
    world_free(a);
    world_free(b);
    return same;
}

/* Both worlds' scalars come in the same order: the first pass keeps the values, the second prints those that differ. */
struct comparison {
    uint64_t values[1024];
    unsigned count, at;
};

static void keep_value(void *owner, const char *path, uint64_t value, enum state_visibility visibility)
{
    struct comparison *comparison = owner;

    (void)path;
    (void)visibility;
    if (comparison->count < ARRAY_LENGTH(comparison->values))
        comparison->values[comparison->count++] = value;
}

static void print_difference(void *owner, const char *path, uint64_t value, enum state_visibility visibility)
{
    struct comparison *comparison = owner;

    (void)visibility;
    if (comparison->at < comparison->count && comparison->values[comparison->at++] != value)
        fprintf(stderr, "    %s: fast %llx plain %llx\n", path, (unsigned long long)comparison->values[comparison->at - 1],
                (unsigned long long)value);
}

/* Reruns up to the slice that differs, then one count at a time, and prints both sides. */
static void locate(const struct plan *plan, unsigned slice)
{
    struct cpu_options plain = {.plain = true};
    struct world *a = world_new(plan->seed, plan->mode, plan->model, &plan->fast);
    struct world *b = world_new(plan->seed, plan->mode, plan->model, &plain);
    uint64_t random = plan->seed ^ 0x5555, clock = 0, rip = 0, linear = 0;
    unsigned steps = 0;

    for (unsigned i = 0; i <= slice; i++) {
        uint64_t length = 1 + below(&random, 400);

        if (below(&random, 4) == 0)
            a->cpu->intr = b->cpu->intr = true;
        for (uint64_t n = 0; n < length; n++) {
            bool careful = i == slice;

            clock++;
            if (!careful && n + 1 < length)
                continue;
            rip = b->cpu->rip;
            linear = b->cpu->segment[CS].base + rip;
            world_run(a, clock);
            world_run(b, clock);
            if (careful && world_hash(a) != world_hash(b)) {
                uint8_t bytes[16] = {0};

                physical_peek(b->memory, linear, bytes, 16);
                fprintf(stderr, "seed %llu mode %d first difference at clock %llu, rip %llx, bytes if unpaged:", (unsigned long long)plan->seed,
                        plan->mode, (unsigned long long)clock, (unsigned long long)rip);
                for (unsigned k = 0; k < 16; k++)
                    fprintf(stderr, " %02x", bytes[k]);
                fprintf(stderr, "\n");
                {
                    struct comparison comparison = {.count = 0};

                    state_registry_visit(a->states, keep_value, &comparison);
                    state_registry_visit(b->states, print_difference, &comparison);
                }
                for (unsigned k = 0; k < RAM_SIZE; k++)
                    if (physical_map_ram(a->memory)[k] != physical_map_ram(b->memory)[k] && steps++ < 8)
                        fprintf(stderr, "    ram %x: fast %02x plain %02x\n", k, physical_map_ram(a->memory)[k], physical_map_ram(b->memory)[k]);
                i = slice;
                break;
            }
        }
    }
    world_free(a);
    world_free(b);
}

static void run_plans(enum mode mode, const char *model, struct cpu_options fast, unsigned programs)
{
    const char *scale = getenv("TRUEBOX_LOCKSTEP_SCALE"), *first = getenv("TRUEBOX_LOCKSTEP_SEED");
    uint64_t seed = first ? strtoull(first, NULL, 0) : 1;
    unsigned failures = 0;

    programs *= scale ? (unsigned)strtoul(scale, NULL, 0) : 1;
    for (unsigned i = 0; i < programs && failures < 3; i++) {
        struct plan plan = {seed + i, mode, cpu_model_find(model), fast, 60};
        unsigned slice;
        uint64_t last, different;

        if (!agree(&plan, plan.slices, &slice, &last, &different)) {
            fprintf(stderr, "%s mode %d seed %llu: engines differ between clock %llu and %llu\n", model, mode,
                    (unsigned long long)plan.seed, (unsigned long long)last, (unsigned long long)different);
            locate(&plan, slice);
            failures++;
        }
    }
    cr_assert_eq(failures, 0, "fast and plain engine differ");
}

Test(lockstep, real_mode) { run_plans(MODE_REAL, "pentium-pro", (struct cpu_options){0}, 60); }
Test(lockstep, real_mode_8086) { run_plans(MODE_REAL, "8086", (struct cpu_options){0}, 30); }
Test(lockstep, real_mode_286) { run_plans(MODE_REAL, "80286", (struct cpu_options){0}, 30); }
Test(lockstep, real_mode_tiny_caches) { run_plans(MODE_REAL, "80386", (struct cpu_options){.tlb_entries = 2, .trace_length = 1}, 30); }
Test(lockstep, protected_flat) { run_plans(MODE_PROTECTED32, "pentium", (struct cpu_options){0}, 60); }
Test(lockstep, paged) { run_plans(MODE_PAGED, "pentium-pro", (struct cpu_options){0}, 60); }
Test(lockstep, paged_tiny_caches) { run_plans(MODE_PAGED, "80486", (struct cpu_options){.tlb_entries = 2, .trace_length = 3}, 40); }
Test(lockstep, paged_user) { run_plans(MODE_PAGED_USER, "pentium", (struct cpu_options){0}, 60); }
Test(lockstep, v86) { run_plans(MODE_V86, "pentium", (struct cpu_options){0}, 40); }
Test(lockstep, pae) { run_plans(MODE_PAE, "pentium-pro", (struct cpu_options){0}, 60); }
Test(lockstep, pae_tiny_caches) { run_plans(MODE_PAE, "pentium-pro", (struct cpu_options){.tlb_entries = 2, .trace_length = 3}, 40); }
Test(lockstep, pae_user) { run_plans(MODE_PAE_USER, "pentium-pro", (struct cpu_options){0}, 60); }
Test(lockstep, long64) { run_plans(MODE_LONG64, "max", (struct cpu_options){0}, 80); }
Test(lockstep, long64_tiny_caches) { run_plans(MODE_LONG64, "max", (struct cpu_options){.tlb_entries = 2, .trace_length = 3}, 40); }
Test(lockstep, long64_user) { run_plans(MODE_LONG64_USER, "max", (struct cpu_options){0}, 80); }
Test(lockstep, compatibility) { run_plans(MODE_COMPAT, "max", (struct cpu_options){0}, 40); }
Test(lockstep, compatibility_user) { run_plans(MODE_COMPAT_USER, "max", (struct cpu_options){0}, 40); }
