/* Repeated string instructions: the runs through host memory must give what one element at a time gives, at every budget. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "isa_bench.h"

#define DATA 0x20000u /* base of DS; ES is a little above, so that the windows overlap */
#define DATA_SIZE 0x12000u

struct string_case {
    uint8_t code[4];
    size_t length;
    uint64_t rax, rcx, rsi, rdi;
    uint16_t es;
    bool backwards;
};

static void set_up(struct isa_bench *bench, const struct string_case *test, uint64_t seed)
{
    struct cpu *cpu = bench->cpu;

    for (unsigned i = 0; i < DATA_SIZE; i += 8) { /* few different bytes, so that comparisons go on for a while */
        uint64_t value = isa_bench_random(&seed);
        uint8_t bytes[8];

        store_le64(bytes, value & value << 9 & UINT64_C(0x0100010001000100));
        physical_write(bench->memory, DATA + i, bytes, 8);
    }
    isa_bench_code(bench, test->code, test->length);
    cpu->segment[DS].selector = DATA >> 4;
    cpu->segment[DS].base = DATA;
    cpu->segment[ES].selector = test->es;
    cpu->segment[ES].base = (uint64_t)test->es << 4;
    cpu->gpr[RAX] = test->rax;
    cpu->gpr[RCX] = test->rcx;
    cpu->gpr[RSI] = test->rsi;
    cpu->gpr[RDI] = test->rdi;
    cpu->gpr[RSP] = 0x8000;
    flags_set(cpu, test->backwards ? FLAG_DF : 0);
    cpu_state_changed(cpu);
    cpu->rip = BENCH_CODE;
    cpu->fault_count = 0;
}

/* Runs to the instruction's end in slices of `slice` counts; returns the counts it took. */
static uint64_t run_in_slices(struct isa_bench *bench, const struct string_case *test, uint64_t slice)
{
    uint64_t start = bench->schedule.now, left = test->rcx & 0xffff ? test->rcx & 0xffff : 1;

    while (left && bench->cpu->rip == BENCH_CODE && !bench->cpu->fault_count) {
        uint64_t now = bench->schedule.now, step = slice < left ? slice : left;

        cpu_run(bench->cpu, now + step);
        cr_assert_leq(bench->schedule.now - now, step, "more iterations than the budget allows");
        cr_assert_neq(bench->schedule.now, now);
        left -= bench->schedule.now - now;
    }
    return bench->schedule.now - start;
}

static void compare(struct isa_bench *fast, struct isa_bench *plain, const struct string_case *test, uint64_t slice)
{
    static const uint8_t registers[] = {RAX, RCX, RSI, RDI, RSP};

    for (unsigned i = 0; i < sizeof registers; i++)
        cr_assert_eq(fast->cpu->gpr[registers[i]], plain->cpu->gpr[registers[i]],
                     "opcode %02x %02x %02x cx %llx si %llx di %llx slice %llu: register %u is %llx, expected %llx",
                     test->code[0], test->code[1], test->code[2], (unsigned long long)test->rcx,
                     (unsigned long long)test->rsi, (unsigned long long)test->rdi, (unsigned long long)slice, registers[i],
                     (unsigned long long)fast->cpu->gpr[registers[i]], (unsigned long long)plain->cpu->gpr[registers[i]]);
    cr_assert_eq(flags_get(fast->cpu), flags_get(plain->cpu));
    cr_assert_eq(fast->cpu->rip, plain->cpu->rip);
    cr_assert(!memcmp(fast->ram + DATA, plain->ram + DATA, DATA_SIZE), "memory differs: opcode %02x %02x", test->code[0],
              test->code[1]);
}

/* Only comparisons may end before the count is 0, and then the next instruction must not run: a NOP sled would hide it. So
   slices that might overrun are one count long for them. */
static bool may_end_early(uint8_t opcode)
{
    return opcode >= 0xa6 && opcode <= 0xa7;
}

Test(string, runs_equal_single_steps)
{
    static const uint8_t opcodes[] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
    struct isa_bench fast, plain;
    uint64_t random = UINT64_C(88172645463325252);

    isa_bench_open(&fast, "80386", false);
    isa_bench_open(&plain, "80386", true);
    for (unsigned n = 0; n < 1500; n++) {
        uint64_t r = isa_bench_random(&random), near = isa_bench_random(&random) % 40, slice;
        uint8_t opcode = opcodes[n % sizeof opcodes];
        struct string_case test = {.rax = r & 0x0100, .rcx = r >> 16 & 0x1ff, .backwards = r >> 40 & 1};
        bool overran;

        if (r >> 41 & 1)
            test.code[test.length++] = 0x66;
        test.code[test.length++] = r >> 42 & 1 ? 0xf2 : 0xf3;
        test.code[test.length++] = opcode;
        test.es = (DATA >> 4) + (r >> 43 & 1 ? 0x100 : 0);
        test.rsi = isa_bench_random(&random) & 0xffff;
        test.rdi = (r >> 44 & 3) == 0 ? isa_bench_random(&random) & 0xffff
                   : r >> 46 & 1      ? test.rsi - near - (r >> 43 & 1 ? 0x1000 : 0)
                                      : test.rsi + near - (r >> 43 & 1 ? 0x1000 : 0);
        test.rdi &= 0xffff;
        if ((r >> 47 & 7) == 0)
            test.rdi = 0xffff - near; /* the end of the segment: faults with operands of 2 and 4 bytes */
        overran = may_end_early(opcode) || opcode >= 0xae;
        slice = overran ? 1 : 1 + (r >> 52 & 0x7f) * (r >> 51 & 1);
        if (!overran && (r >> 50 & 1))
            slice = 100000;
        /* a fault ends a slice early, and what follows it there would be the handler's first instructions: HLT stops those
         */
        set_up(&fast, &test, r);
        set_up(&plain, &test, r);
        for (unsigned vector = 0; vector < 32; vector++) {
            uint8_t hlt = 0xf4;

            physical_write(fast.memory, 0x2000 + 16 * vector, &hlt, 1);
            physical_write(plain.memory, 0x2000 + 16 * vector, &hlt, 1);
        }
        uint64_t fast_counts = run_in_slices(&fast, &test, slice), plain_counts = run_in_slices(&plain, &test, 1);
        bool faulted = plain.cpu->fault_count;

        cr_assert_eq(fast.cpu->fault_count, plain.cpu->fault_count);
        if (faulted) { /* both stand in the handler, one of them behind its HLT */
            fast.cpu->rip = plain.cpu->rip;
            fast.cpu->activity = plain.cpu->activity = CPU_RUNNING;
        } else {
            cr_assert_eq(fast_counts, plain_counts);
        }
        compare(&fast, &plain, &test, slice);
    }
    isa_bench_close(&fast);
    isa_bench_close(&plain);
}

/* Comparisons through runs: REPE CMPSB and REPNE SCASB over known strings, ended by a match or by the count. */
Test(string, comparisons_end_where_they_should)
{
    struct isa_bench bench;
    static const char text[] = "the quick brown fox jumps over the lazy dog, the quick brown fix";

    isa_bench_open(&bench, "80386", false);
    for (unsigned backwards = 0; backwards < 2; backwards++) {
        uint8_t cmps[] = {0xf3, 0xa6, 0xf4}, scas[] = {0xf2, 0xae, 0xf4};

        memcpy(bench.ram + 0x6000, text, sizeof text);
        memcpy(bench.ram + 0x7000, text, sizeof text);
        bench.ram[0x7000 + 20] ^= 1;
        isa_bench_code(&bench, cmps, sizeof cmps);
        bench.cpu->gpr[RSI] = 0x6000 + (backwards ? 40 : 0);
        bench.cpu->gpr[RDI] = 0x7000 + (backwards ? 40 : 0);
        bench.cpu->gpr[RCX] = 60;
        flags_set(bench.cpu, backwards ? FLAG_DF : 0);
        bench.cpu->rip = BENCH_CODE;
        bench.cpu->activity = CPU_RUNNING;
        cpu_run(bench.cpu, bench.schedule.now + 1000);
        cr_assert_eq(bench.cpu->gpr[RCX], 39u);
        cr_assert_eq(bench.cpu->gpr[RSI], 0x6000u + (backwards ? 19 : 21));
        cr_assert_eq(bench.cpu->gpr[RDI], 0x7000u + (backwards ? 19 : 21));
        cr_assert_not(flag_zf(bench.cpu));
        cr_assert_eq(bench.cpu->rip, BENCH_CODE + 3);

        isa_bench_code(&bench, scas, sizeof scas);
        bench.cpu->gpr[RAX] = 'q';
        bench.cpu->gpr[RDI] = 0x6000 + (backwards ? 30 : 0);
        bench.cpu->gpr[RCX] = 50;
        bench.cpu->rip = BENCH_CODE;
        bench.cpu->activity = CPU_RUNNING;
        cpu_run(bench.cpu, bench.schedule.now + 1000);
        cr_assert(flag_zf(bench.cpu));
        cr_assert_eq(bench.cpu->gpr[RDI], 0x6000u + (backwards ? 3 : 5));
        cr_assert_eq(bench.cpu->gpr[RCX], 50u - (backwards ? 27 : 5));
    }
    isa_bench_close(&bench);
}

/* Reading and writing at counts the budget cuts: the clock is exact in the middle. */
Test(string, budget_is_exact)
{
    struct isa_bench bench;
    uint8_t code[] = {0xf3, 0xaa, 0x90};

    isa_bench_open(&bench, "80386", false);
    isa_bench_code(&bench, code, sizeof code);
    bench.cpu->gpr[RAX] = 0x55;
    bench.cpu->gpr[RCX] = 1000;
    bench.cpu->gpr[RDI] = 0x4800; /* over a page's end */
    bench.cpu->rip = BENCH_CODE;
    for (unsigned done = 0; done < 1000; done += 100) {
        cr_assert_eq(bench.cpu->rip, BENCH_CODE);
        cr_assert_eq(bench.cpu->gpr[RCX], 1000u - done);
        cr_assert_eq(bench.cpu->gpr[RDI], 0x4800u + done);
        cpu_run(bench.cpu, bench.schedule.now + 100);
    }
    cr_assert_eq(bench.schedule.now, 1000u);
    cr_assert_eq(bench.cpu->rip, BENCH_CODE + 2);
    cr_assert_eq(bench.ram[0x4800 + 999], 0x55);
    cr_assert_eq(bench.ram[0x4800 + 1000], 0);
    isa_bench_close(&bench);
}
