/* The same run, whatever carries it (R2, R9, R12, R13): one guest with keys at fixed clocks, run by the plain engine and
   then by the fast one with hostile cache sizes, observers, breakpoints, snapshots, in small pieces and beside another
   machine. The state hashes at each checkpoint must be those of the plain engine.

   same-run IMAGE COUNT [STEP]: prints PASS or FAIL for each way to run, and last "hash" and the final state hash, which must
   also be the same in every build. STEP: clock counts between checkpoints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <truebox/truebox.h>

#define CHECKPOINTS 64

struct way {
    const char *name;
    unsigned tlb_entries, trace_length;
    void (*prepare)(tb_machine *machine, uint64_t *counter);                                 /* observers; NULL: none */
    tb_machine *(*run)(tb_machine *machine, const struct tb_config *config, uint64_t clock); /* NULL: in one piece */
    bool plain;
};

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "same-run: %s: %s\n", what, why);
    exit(70);
}

/* --- observers -----------------------------------------------------------------------------------------------------------
 */

static void count_step(void *owner, const struct tb_step *step)
{
    uint64_t *counter = owner;

    *counter += step->length;
}

static void count_line(void *owner, const char *text)
{
    uint64_t *counter = owner;

    *counter += strlen(text);
}

static void prepare_step(tb_machine *machine, uint64_t *counter)
{
    tb_on_step(machine, count_step, counter);
}

static void prepare_log(tb_machine *machine, uint64_t *counter)
{
    if (!tb_on_log(machine, "all", count_line, counter))
        fail("log", "no category all");
}

/* The tick count at 46Ch is read and written all the time; code runs where the boot sector was loaded. */
static void prepare_watches(tb_machine *machine, uint64_t *counter)
{
    (void)counter;
    tb_watchpoint_add(machine, 0x46c, 4, TB_WATCH_ACCESS);
    tb_watchpoint_add(machine, 0x7dfe, 2, TB_WATCH_WRITE);
}

static void prepare_breakpoints(tb_machine *machine, uint64_t *counter)
{
    (void)counter;
    tb_breakpoint_add(machine, 0x7c00);
    tb_breakpoint_add(machine, 0xffff0);
}

/* --- ways to reach a clock ------------------------------------------------------------------------------------------------
 */

static tb_machine *run_through(tb_machine *machine, const struct tb_config *config, uint64_t clock)
{
    (void)config;
    while (tb_machine_clock(machine) < clock) {
        uint64_t before = tb_machine_clock(machine);
        enum tb_stop stop = tb_machine_run(machine, clock);

        /* A guest that ended stays where it is, on every way alike. */
        if (stop != TB_STOP_BREAKPOINT && stop != TB_STOP_WATCHPOINT && tb_machine_clock(machine) == before)
            break;
    }
    return machine;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* Looking at the machine between the pieces must not show. */
static void look(tb_machine *machine)
{
    static const char *const names[] = {"rax", "rflags", "cs.base", "cr0", "tr", "tsc", "dr6"};
    struct tb_screen screen;
    uint64_t value;
    char text[8192];
    uint8_t bytes[64];

    tb_screen_get(machine, &screen);
    tb_screen_text(machine, text, sizeof text);
    tb_explain(machine, text, sizeof text);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (!tb_register_get(machine, 0, names[i], &value))
            fail(names[i], "no such register");
    tb_linear_read(machine, 0, 0xb8000, bytes, sizeof bytes);
    tb_memory_read(machine, 0xfffff000, bytes, sizeof bytes);
    if (screen.width && screen.height) {
        uint32_t *pixels = malloc((size_t)screen.width * screen.height * sizeof *pixels);

        if (!pixels)
            fail("screen", "no memory");
        tb_screen_render(machine, pixels, screen.width);
        free(pixels);
    }
}

static tb_machine *run_in_pieces(tb_machine *machine, const struct tb_config *config, uint64_t clock)
{
    uint64_t random = clock | 1;

    for (unsigned i = 0; tb_machine_clock(machine) < clock; i++) {
        uint64_t left = clock - tb_machine_clock(machine), before = tb_machine_clock(machine),
                 piece = 1 + next_random(&random) % 100000;

        run_through(machine, config, before + (piece < left ? piece : left));
        if (i % 16 == 0)
            look(machine);
        if (tb_machine_clock(machine) == before)
            break;
    }
    return machine;
}

/* Only the first stretch: a step of a halted processor goes to the next event, which may be behind a checkpoint. */
static tb_machine *run_in_steps(tb_machine *machine, const struct tb_config *config, uint64_t clock)
{
    if (tb_machine_clock(machine) == 0)
        for (unsigned i = 0; i < 100000 && tb_machine_clock(machine) < clock / 4; i++)
            tb_machine_step(machine);
    return run_through(machine, config, clock);
}

/* Each checkpoint is reached by another machine, made from a snapshot taken half-way. */
static tb_machine *run_by_snapshots(tb_machine *machine, const struct tb_config *config, uint64_t clock)
{
    struct tb_error error = {.text = ""};
    tb_machine *other = tb_machine_new(config, &error);
    size_t size = 0;
    uint8_t *bytes;

    run_through(machine, config, tb_machine_clock(machine) + (clock - tb_machine_clock(machine)) / 2);
    bytes = tb_machine_save(machine, &size);
    if (!other || !bytes || !tb_machine_restore(other, bytes, size, &error))
        fail("snapshot", error.text);
    free(bytes);
    tb_machine_free(machine, NULL);
    return run_through(other, config, clock);
}

/* Another machine runs between the pieces of this one. */
static tb_machine *run_beside(tb_machine *machine, const struct tb_config *config, uint64_t clock)
{
    struct tb_error error;
    tb_machine *other = tb_machine_new(config, &error);

    if (!other)
        fail("another machine", error.text);
    for (unsigned i = 1; i <= 8 && tb_machine_clock(machine) < clock; i++) {
        uint64_t left = clock - tb_machine_clock(machine);

        tb_machine_run(other, i * 50000);
        run_through(machine, config, tb_machine_clock(machine) + (i < 8 ? left / 2 : left));
    }
    tb_machine_free(other, NULL);
    return machine;
}

static const struct way ways[] = {
    {.name = "plain engine", .plain = true},
    {.name = "fast engine"},
    {.name = "TLB of 2, traces of 1", .tlb_entries = 2, .trace_length = 1},
    {.name = "TLB of 2", .tlb_entries = 2},
    {.name = "traces of 3", .trace_length = 3},
    {.name = "in random pieces, looked at between them", .run = run_in_pieces},
    {.name = "in pieces, small caches", .tlb_entries = 16, .trace_length = 5, .run = run_in_pieces},
    {.name = "by single steps at first", .run = run_in_steps},
    {.name = "log of everything", .prepare = prepare_log},
    {.name = "watchpoints", .prepare = prepare_watches},
    {.name = "breakpoints", .prepare = prepare_breakpoints},
    {.name = "snapshots", .run = run_by_snapshots},
    {.name = "beside another machine", .run = run_beside},
    {.name = "observer of each step", .prepare = prepare_step},
};

/* --- one run -------------------------------------------------------------------------------------------------------------
 */

/* What is typed: code n at checkpoint n, pressed and released: Enter, d, i, r, Enter, F1, Space, Escape, and so on. */
static void type(tb_machine *machine, unsigned checkpoint)
{
    static const uint8_t codes[] = {0x1c, 0x20, 0x17, 0x13, 0x1c, 0x3b, 0x39, 0x01};
    uint16_t code = codes[checkpoint % sizeof codes];

    tb_key(machine, code, true);
    tb_key(machine, code, false);
}

static unsigned run_way(const struct way *way, const struct tb_config *base, uint64_t count, uint64_t step, uint64_t *hashes)
{
    struct tb_config config = *base;
    struct tb_error error;
    tb_machine *machine;
    uint64_t counter = 0;
    unsigned reached = 0;

    config.engine = way->plain ? TB_ENGINE_PLAIN : TB_ENGINE_FAST;
    config.tlb_entries = way->tlb_entries;
    config.trace_length = way->trace_length;
    machine = tb_machine_new(&config, &error);
    if (!machine)
        fail(way->name, error.text);
    if (way->prepare)
        way->prepare(machine, &counter);
    for (uint64_t clock = step; clock <= count && reached < CHECKPOINTS; clock += step) {
        machine = (way->run ? way->run : run_through)(machine, &config, clock);
        hashes[reached] = tb_machine_state_hash(machine);
        type(machine, reached++);
    }
    if ((way->prepare == prepare_step || way->prepare == prepare_log) && !counter)
        fail(way->name, "the observer saw nothing");
    tb_machine_free(machine, NULL);
    return reached;
}

int main(int argc, char **argv)
{
    struct tb_config config;
    struct tb_error error;
    uint64_t reference[CHECKPOINTS], hashes[CHECKPOINTS], count, step;
    unsigned checkpoints = 0, failures = 0;
    enum tb_drive_kind kind;

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "Usage: same-run IMAGE COUNT [STEP]\n");
        return 64;
    }
    count = strtoull(argv[2], NULL, 0);
    step = argc > 3 ? strtoull(argv[3], NULL, 0) : count / 10;
    if (!step || step > count)
        fail(argv[2], "no such count");
    kind = tb_image_kind(argv[1], &error);
    if (kind == TB_DRIVE_EMPTY)
        fail("image", error.text);
    tb_config_init(&config);
    config.memory_size = 16 << 20;
    config.discard_disk_writes = true;
    config.drives[kind == TB_DRIVE_FLOPPY ? TB_FDA
                  : kind == TB_DRIVE_DISK ? TB_HDA
                                          : TB_HDC] = (struct tb_drive_config){kind, argv[1]};
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        unsigned at = 0;

        if (ways[i].plain) {
            checkpoints = run_way(&ways[i], &config, count, step, reference);
            continue;
        }
        run_way(&ways[i], &config, count, step, hashes);
        while (at < checkpoints && hashes[at] == reference[at])
            at++;
        if (at == checkpoints) {
            printf("PASS same run: %s\n", ways[i].name);
        } else {
            printf("FAIL same run: %s: differs from the plain engine between clock %llu and %llu (%016llx, plain %016llx)\n",
                   ways[i].name, (unsigned long long)(at * step), (unsigned long long)((at + 1) * step),
                   (unsigned long long)hashes[at], (unsigned long long)reference[at]);
            failures++;
        }
        fflush(stdout);
    }
    printf("hash %016llx\n", (unsigned long long)reference[checkpoints - 1]);
    return failures != 0;
}
