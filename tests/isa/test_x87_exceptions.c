/* x87: how exceptions reach the processor, availability, environment formats, faulting operands, the FERR# road. */
#include <criterion/criterion.h>
#include <string.h>

#include "isa_bench.h"

enum { OPERAND = 0x3000 };

static const uint8_t divide[] = {0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9}; /* FLD1, FLDZ, FDIVP */

static void run(struct isa_bench *bench, unsigned counts)
{
    cpu_run(bench->cpu, bench->schedule.now + counts);
}

static int execute(struct isa_bench *bench, const uint8_t *code, size_t size)
{
    isa_bench_code(bench, code, size);
    return isa_bench_step(bench);
}
#define EXECUTE(bench, ...) execute(bench, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void open_bench(struct isa_bench *bench, const char *model)
{
    isa_bench_open(bench, model, false);
    bench->cpu->gpr[RBX] = OPERAND;
    EXECUTE(bench, 0xdb, 0xe3); /* FNINIT */
}

/* An unmasked division by zero is pending. */
static void make_pending(struct isa_bench *bench)
{
    bench->ram[OPERAND] = 0x7b; /* 037Bh: zero divide unmasked */
    bench->ram[OPERAND + 1] = 3;
    cr_assert_eq(EXECUTE(bench, 0xd9, 0x2f), -1); /* FLDCW [BX] */
    isa_bench_code(bench, divide, sizeof divide);
    bench->cpu->rip = BENCH_CODE;
    run(bench, 3);
    cr_assert_eq(fpu_status_word(bench->cpu) & 0x80ff, 0x8084);
}

Test(x87_exceptions, reset_and_init)
{
    struct isa_bench bench;

    isa_bench_open(&bench, "pentium", false);
    cr_expect_eq(bench.cpu->fpu.control, 0x40);
    cr_expect_eq(fpu_status_word(bench.cpu), 0);
    cr_expect_eq(fpu_tag_word(bench.cpu), 0x5555);
    EXECUTE(&bench, 0xdb, 0xe3);
    cr_expect_eq(bench.cpu->fpu.control, 0x37f);
    cr_expect_eq(fpu_tag_word(bench.cpu), 0xffff);
    cpu_init(bench.cpu); /* INIT# leaves the unit alone */
    cr_expect_eq(bench.cpu->fpu.control, 0x37f);
    isa_bench_close(&bench);
}

Test(x87_exceptions, mf_at_the_next_waiting_instruction)
{
    struct isa_bench bench;

    open_bench(&bench, "pentium");
    bench.cpu->cr0 |= CR0_NE;
    make_pending(&bench);
    cr_expect_eq(EXECUTE(&bench, 0xdb, 0xe4), -1, "FNSETPM does not wait");
    cr_expect_eq(EXECUTE(&bench, 0xdf, 0xe0), -1, "FNSTSW AX does not wait");
    cr_expect_eq(bench.cpu->gpr[RAX] & 0xffff, 0xb084);
    cr_expect_eq(EXECUTE(&bench, 0xd9, 0xe8), VECTOR_MF);
    cr_expect_eq(bench.cpu->fault_chain[0].reason, REASON_MF_PENDING);
    cr_expect_eq(EXECUTE(&bench, 0x9b), VECTOR_MF);
    cr_expect_eq(EXECUTE(&bench, 0xdb, 0xe2), -1); /* FNCLEX */
    cr_expect_eq(EXECUTE(&bench, 0x9b), -1);
    cr_expect_eq(EXECUTE(&bench, 0xd9, 0xe8), -1);
    isa_bench_close(&bench);
}

Test(x87_exceptions, not_available)
{
    static const struct {
        unsigned cr0;
        int fpu, wait;
    } rows[] = {{0, -1, -1},      {CR0_EM, VECTOR_NM, -1},          {CR0_TS, VECTOR_NM, -1},
                {CR0_MP, -1, -1}, {CR0_EM | CR0_MP, VECTOR_NM, -1}, {CR0_TS | CR0_MP, VECTOR_NM, VECTOR_NM}};
    struct isa_bench bench;

    open_bench(&bench, "80486");
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        bench.cpu->cr0 = rows[i].cr0;
        cr_expect_eq(EXECUTE(&bench, 0xdb, 0xe3), rows[i].fpu, "CR0 %x", rows[i].cr0);
        cr_expect_eq(EXECUTE(&bench, 0xdf, 0xe0), rows[i].fpu, "CR0 %x", rows[i].cr0);
        cr_expect_eq(EXECUTE(&bench, 0x9b), rows[i].wait, "CR0 %x", rows[i].cr0);
    }
    isa_bench_close(&bench);
}

Test(x87_exceptions, models_without_a_unit)
{
    static const char *const without[] = {"8086", "80286", "80386"};
    struct isa_bench bench;

    for (size_t i = 0; i < ARRAY_LENGTH(without); i++) {
        isa_bench_open(&bench, without[i], false);
        bench.cpu->gpr[RAX] = 0x1234;
        cr_expect_eq(EXECUTE(&bench, 0xdf, 0xe0), -1);
        cr_expect_eq(bench.cpu->gpr[RAX], 0x1234, "%s", without[i]);
        isa_bench_close(&bench);
    }
    open_bench(&bench, "pentium");
    cr_expect_eq(EXECUTE(&bench, 0xda, 0xc1), VECTOR_UD, "FCMOVB is newer");
    cr_expect_eq(EXECUTE(&bench, 0xd9, 0xd1), VECTOR_UD);
    cr_expect_eq(EXECUTE(&bench, 0xdb, 0x27), VECTOR_UD);
    isa_bench_close(&bench);
}

/* --- FERR#
 * -------------------------------------------------------------------------------------------------------------------------
 */

static void note_error(void *owner, bool level)
{
    unsigned *edges = owner;

    *edges = (*edges + 2) & ~1u;
    *edges |= level;
}

Test(x87_exceptions, ferr_and_ignne)
{
    struct isa_bench bench;
    unsigned edges = 0; /* count of changes << 1 | level */

    open_bench(&bench, "pentium");
    bench.cpu->fpu_error = note_error;
    bench.cpu->fpu_error_owner = &edges;
    make_pending(&bench);
    cr_expect_eq(edges, 0);
    isa_bench_code(&bench, divide, 2); /* FLD1 waits */
    bench.cpu->rip = BENCH_CODE;
    run(&bench, 5);
    cr_expect_eq(edges, 3, "FERR# asserted");
    cr_expect_eq(bench.cpu->rip, BENCH_CODE, "and the instruction is still to come");
    cr_expect_eq(bench.cpu->fpu.top, 6);
    cpu_set_ignne(bench.cpu, 0, true);
    run(&bench, 1);
    cr_expect_eq(bench.cpu->rip, BENCH_CODE + 2u);
    cr_expect_eq(bench.cpu->fpu.top, 5);
    cr_expect_eq(EXECUTE(&bench, 0xdb, 0xe2), -1);
    cr_expect_eq(edges, 4, "FNCLEX takes FERR# back");
    isa_bench_close(&bench);
}

/* --- environment
 * -------------------------------------------------------------------------------------------------------------------- */

/* FLD dword [BX], then FNSTENV [BX + 20h]. */
static void store_environment(struct isa_bench *bench, bool wide)
{
    cr_assert_eq(EXECUTE(bench, 0xd9, 0x07), -1);
    cr_assert_eq(wide ? EXECUTE(bench, 0x66, 0xd9, 0x77, 0x20) : EXECUTE(bench, 0xd9, 0x77, 0x20), -1);
}

Test(x87_exceptions, environment_in_real_mode)
{
    struct isa_bench bench;
    const uint8_t *image;

    open_bench(&bench, "pentium");
    bench.cpu->segment[DS].selector = 0x1234; /* not what its base is, to tell the two apart */
    image = bench.ram + OPERAND + 0x20;
    store_environment(&bench, false);
    cr_expect_eq(load_le16(image), 0x37f);
    cr_expect_eq(load_le16(image + 2), 0x3800);
    cr_expect_eq(load_le16(image + 4), 0x7fff); /* R7 holds +0 */
    cr_expect_eq(load_le16(image + 6), BENCH_CODE);
    cr_expect_eq(load_le16(image + 8), 0x0107);
    cr_expect_eq(load_le16(image + 10), 0x5340); /* 12340h + 3000h */
    cr_expect_eq(load_le16(image + 12), 0x1000);
    EXECUTE(&bench, 0xdb, 0xe3);
    store_environment(&bench, true);
    cr_expect_eq(load_le32(image) & 0xffff, 0x37f);
    cr_expect_eq(load_le32(image + 12) & 0xffff, BENCH_CODE);
    cr_expect_eq(load_le32(image + 16), 0x0107);
    cr_expect_eq(load_le32(image + 20) & 0xffff, 0x5340);
    cr_expect_eq(load_le32(image + 24), 0x1000);
    isa_bench_close(&bench);
}

/* FNSAVE and FRSTOR bring everything back, in each of the four formats. */
Test(x87_exceptions, save_and_restore)
{
    for (unsigned format = 0; format < 4; format++) {
        struct isa_bench bench;
        struct fpu before;
        bool wide = format & 1;

        open_bench(&bench, "pentium");
        if (format & 2) {
            bench.cpu->cr0 |= CR0_PE;
            cpu_state_changed(bench.cpu);
        }
        EXECUTE(&bench, 0xd9, 0xeb); /* FLDPI */
        EXECUTE(&bench, 0xd9, 0xed); /* FLDLN2 */
        EXECUTE(&bench, 0xd9, 0xfb); /* FSINCOS */
        EXECUTE(&bench, 0xdc, 0x07); /* FADD qword [BX] */
        before = bench.cpu->fpu;
        if (wide)
            EXECUTE(&bench, 0x66, 0xdd, 0x37); /* FNSAVE [BX] */
        else
            EXECUTE(&bench, 0xdd, 0x37);
        cr_expect_eq(fpu_tag_word(bench.cpu), 0xffff);
        for (unsigned i = 0; i < 8; i++)
            bench.cpu->fpu.reg[i].significand ^= 0x55;
        if (wide)
            EXECUTE(&bench, 0x66, 0xdd, 0x27); /* FRSTOR [BX] */
        else
            EXECUTE(&bench, 0xdd, 0x27);
        cr_expect_eq(fpu_status_word(bench.cpu), before.status | before.top << 11);
        cr_expect_eq(bench.cpu->fpu.valid, before.valid);
        for (unsigned i = 0; i < 8; i++) {
            cr_expect_eq(bench.cpu->fpu.reg[i].significand, before.reg[i].significand, "format %u R%u", format, i);
            cr_expect_eq(bench.cpu->fpu.reg[i].sign_exponent, before.reg[i].sign_exponent, "format %u R%u", format, i);
        }
        cr_expect_eq(bench.cpu->fpu.instruction_offset, BENCH_CODE);
        cr_expect_eq(bench.cpu->fpu.operand_offset, OPERAND);
        isa_bench_close(&bench);
    }
}

/* --- faults
 * --------------------------------------------------------------------------------------------------------------------------
 */

/* Operands at every offset across the end of the segment: a fault changes nothing, neither memory nor the unit. */
Test(x87_exceptions, operand_faults_change_nothing)
{
    struct isa_bench bench;

    open_bench(&bench, "pentium-pro");
    for (unsigned opcode = 0xd8; opcode <= 0xdf; opcode++)
        for (unsigned reg = 0; reg < 8; reg++)
            for (unsigned left = 0; left < 112; left += left < 16 ? 1 : 7) {
                struct fpu before;
                uint8_t memory[128];
                int vector;

                EXECUTE(&bench, 0xdb, 0xe3);
                EXECUTE(&bench, 0xd9, 0xeb);
                EXECUTE(&bench, 0xd9, 0xea);
                bench.cpu->segment[DS].limit = OPERAND + left - 1;
                segment_changed(bench.cpu, DS);
                for (unsigned i = 0; i < sizeof memory; i++)
                    memory[i] = bench.ram[OPERAND + i] = (uint8_t)(i * 7 + 1);
                before = bench.cpu->fpu;
                vector = EXECUTE(&bench, opcode, reg << 3 | 7);
                bench.cpu->segment[DS].limit = 0xffff;
                segment_changed(bench.cpu, DS);
                if (vector != VECTOR_GP)
                    continue;
                cr_expect_eq(memcmp(&before, &bench.cpu->fpu, sizeof before), 0, "%02x /%u, %u bytes: unit changed", opcode,
                             reg, left);
                cr_expect_eq(memcmp(memory, bench.ram + OPERAND, sizeof memory), 0, "%02x /%u, %u bytes: memory changed",
                             opcode, reg, left);
            }
    isa_bench_close(&bench);
}
