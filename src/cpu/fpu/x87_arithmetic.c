/* x87: arithmetic, comparison, and what else works on the top of the stack (SDM 1 8.3.5, 8.3.6; SDM 2 by mnemonic). */
#include "cpu/fpu/x87.h"

enum operation { ADD, MULTIPLY, SUBTRACT, SUBTRACT_REVERSED, DIVIDE, DIVIDE_REVERSED };
enum source { FLOAT32, FLOAT64, INTEGER16, INTEGER32 };

/* --- the four operations
 * ---------------------------------------------------------------------------------------------------------- */

static struct fp_number calculate(enum operation operation, const struct fp_number *a, const struct fp_number *b,
                                  struct fp_status *status)
{
    switch (operation) {
    case ADD: return fp_add(a, b, false, status);
    case MULTIPLY: return fp_multiply(a, b, status);
    case SUBTRACT: return fp_add(a, b, true, status);
    case SUBTRACT_REVERSED: return fp_add(b, a, true, status);
    case DIVIDE: return fp_divide(a, b, status);
    default: return fp_divide(b, a, status);
    }
}

static struct fp_number read_memory(struct cpu *cpu, const struct insn *in, enum source source)
{
    static const uint8_t sizes[] = {4, 8, 2, 4};
    uint64_t bits = memory_read(cpu, in->segment, effective_address(cpu, in), sizes[source]);
    struct fp_status status = {0};

    switch (source) {
    case FLOAT32: return fp_unpack32((uint32_t)bits, &status);
    case FLOAT64: return fp_unpack64(bits, &status);
    case INTEGER16: return fp_from_int64((int16_t)bits);
    default: return fp_from_int64((int32_t)bits);
    }
}

/* ST(destination) = ST(0) operation b. */
static bool operate(struct cpu *cpu, const struct insn *in, enum operation operation, unsigned destination,
                    const struct fp_number *b)
{
    struct fp_status status = x87_status(cpu);
    struct fp_number a = fp_unpack80(x87_get(cpu, 0)), result = calculate(operation, &a, b, &status);
    bool stored = x87_store_result(cpu, destination, &result, &status);

    x87_commit(cpu, in, &status, 0, 0);
    return stored;
}

static NOINLINE void arithmetic_memory(struct cpu *cpu, const struct insn *in, enum operation operation, enum source source)
{
    struct fp_number b = read_memory(cpu, in, source);

    if (!x87_empty(cpu, 0))
        operate(cpu, in, operation, 0, &b);
    else if (x87_stack_fault(cpu, in, false, 0, 0))
        x87_set(cpu, 0, FLOAT80_INDEFINITE);
}

static NOINLINE void arithmetic_register(struct cpu *cpu, const struct insn *in, enum operation operation, bool to_st0,
                                         bool pop)
{
    unsigned i = x87_rm(in), destination = to_st0 ? 0 : i;
    struct fp_number b = fp_unpack80(x87_get(cpu, i));
    bool done;

    if (x87_empty(cpu, 0) || x87_empty(cpu, i)) {
        done = x87_stack_fault(cpu, in, false, 0, 0);
        if (done)
            x87_set(cpu, destination, FLOAT80_INDEFINITE);
    } else {
        done = operate(cpu, in, operation, destination, &b);
    }
    if (done && pop)
        x87_pop(cpu);
}

#define ARITHMETIC(name, operation)                                        \
    X87(name##_m32, arithmetic_memory(cpu, in, operation, FLOAT32))        \
    X87(name##_m64, arithmetic_memory(cpu, in, operation, FLOAT64))        \
    X87(name##_m16i, arithmetic_memory(cpu, in, operation, INTEGER16))     \
    X87(name##_m32i, arithmetic_memory(cpu, in, operation, INTEGER32))     \
    X87(name##_st0, arithmetic_register(cpu, in, operation, true, false))  \
    X87(name##_sti, arithmetic_register(cpu, in, operation, false, false)) \
    X87(name##_pop, arithmetic_register(cpu, in, operation, false, true))
ARITHMETIC(fadd, ADD)
ARITHMETIC(fmul, MULTIPLY)
ARITHMETIC(fsub, SUBTRACT)
ARITHMETIC(fsubr, SUBTRACT_REVERSED)
ARITHMETIC(fdiv, DIVIDE)
ARITHMETIC(fdivr, DIVIDE_REVERSED)

/* --- comparison
 * ----------------------------------------------------------------------------------------------------------------------- */

enum { COMPARED = FPU_C0 | FPU_C2 | FPU_C3 };

static unsigned codes_of(enum fp_relation relation)
{
    switch (relation) {
    case FP_LESS: return FPU_C0;
    case FP_EQUAL: return FPU_C3;
    case FP_GREATER: return 0;
    default: return COMPARED;
    }
}

/* Compares ST(0); the codes are set even where an unmasked exception keeps the stack as it is. */
static void compare(struct cpu *cpu, const struct insn *in, const struct fp_number *b, bool b_empty, bool quiet,
                    unsigned pops)
{
    bool done;

    if (x87_empty(cpu, 0) || b_empty) {
        done = x87_stack_fault(cpu, in, false, COMPARED, COMPARED);
    } else {
        struct fp_status status = x87_status(cpu);
        struct fp_number a = fp_unpack80(x87_get(cpu, 0));
        unsigned codes = codes_of(fp_compare(&a, b, quiet, &status));

        x87_commit(cpu, in, &status, COMPARED, codes);
        done = !fp_trapped(&status, FP_BEFORE);
    }
    for (; done && pops; pops--)
        x87_pop(cpu);
}

static NOINLINE void compare_memory(struct cpu *cpu, const struct insn *in, enum source source, unsigned pops)
{
    struct fp_number b = read_memory(cpu, in, source);

    compare(cpu, in, &b, false, false, pops);
}

static NOINLINE void compare_register(struct cpu *cpu, const struct insn *in, unsigned i, bool quiet, unsigned pops)
{
    struct fp_number b = fp_unpack80(x87_get(cpu, i));

    compare(cpu, in, &b, x87_empty(cpu, i), quiet, pops);
}

static NOINLINE void compare_zero(struct cpu *cpu, const struct insn *in)
{
    struct fp_number zero = fp_zero(false);

    compare(cpu, in, &zero, false, false, 0);
}

X87(fcom_m32, compare_memory(cpu, in, FLOAT32, 0))
X87(fcom_m64, compare_memory(cpu, in, FLOAT64, 0))
X87(fcom_m16i, compare_memory(cpu, in, INTEGER16, 0))
X87(fcom_m32i, compare_memory(cpu, in, INTEGER32, 0))
X87(fcomp_m32, compare_memory(cpu, in, FLOAT32, 1))
X87(fcomp_m64, compare_memory(cpu, in, FLOAT64, 1))
X87(fcomp_m16i, compare_memory(cpu, in, INTEGER16, 1))
X87(fcomp_m32i, compare_memory(cpu, in, INTEGER32, 1))
X87(fcom, compare_register(cpu, in, x87_rm(in), false, 0))
X87(fcomp, compare_register(cpu, in, x87_rm(in), false, 1))
X87(fcompp, compare_register(cpu, in, 1, false, 2))
X87(fucom, compare_register(cpu, in, x87_rm(in), true, 0))
X87(fucomp, compare_register(cpu, in, x87_rm(in), true, 1))
X87(fucompp, compare_register(cpu, in, 1, true, 2))
X87(ftst, compare_zero(cpu, in))

/* FCOMI: the relation as ZF, PF, CF; the other arithmetic flags become 0. */
static NOINLINE void compare_to_flags(struct cpu *cpu, const struct insn *in, bool quiet, bool pop)
{
    static const uint8_t flags[] = {
        [FP_LESS] = FLAG_CF, [FP_EQUAL] = FLAG_ZF, [FP_GREATER] = 0, [FP_UNORDERED] = FLAG_ZF | FLAG_PF | FLAG_CF};
    unsigned i = x87_rm(in);
    enum fp_relation relation = FP_UNORDERED;
    bool done;

    if (x87_empty(cpu, 0) || x87_empty(cpu, i)) {
        done = x87_stack_fault(cpu, in, false, 0, 0);
    } else {
        struct fp_status status = x87_status(cpu);
        struct fp_number a = fp_unpack80(x87_get(cpu, 0)), b = fp_unpack80(x87_get(cpu, i));

        relation = fp_compare(&a, &b, quiet, &status);
        x87_commit(cpu, in, &status, 0, 0);
        done = !fp_trapped(&status, FP_BEFORE);
    }
    flags_set_arithmetic(cpu, flags[relation]);
    if (done && pop)
        x87_pop(cpu);
}

X87(fcomi, compare_to_flags(cpu, in, false, false))
X87(fcomip, compare_to_flags(cpu, in, false, true))
X87(fucomi, compare_to_flags(cpu, in, true, false))
X87(fucomip, compare_to_flags(cpu, in, true, true))

/* SDM 2 FXAM, table of conditions; an empty register answers for its sign too. */
static NOINLINE void examine(struct cpu *cpu, const struct insn *in)
{
    static const uint16_t codes[] = {[FP_ZERO] = FPU_C3,  [FP_FINITE] = FPU_C2,     [FP_INFINITY] = FPU_C2 | FPU_C0,
                                     [FP_QUIET] = FPU_C0, [FP_SIGNALLING] = FPU_C0, [FP_UNSUPPORTED] = 0};
    struct fp_number a = fp_unpack80(x87_get(cpu, 0));
    struct fp_status status = {.rounded_up = a.sign};
    unsigned code = x87_empty(cpu, 0) ? FPU_C3 | FPU_C0 : a.denormal ? FPU_C3 | FPU_C2 : codes[a.kind];

    x87_commit(cpu, in, &status, FPU_CODES, code);
}

X87(fxam, examine(cpu, in))

/* --- the top of the stack
 * ------------------------------------------------------------------------------------------------------------- */

/* An empty operand: the indefinite where that is masked. */
static bool underflow(struct cpu *cpu, const struct insn *in, bool empty)
{
    if (!empty)
        return false;
    if (x87_stack_fault(cpu, in, false, 0, 0))
        x87_set(cpu, 0, FLOAT80_INDEFINITE);
    return true;
}

static NOINLINE void change_sign(struct cpu *cpu, const struct insn *in, bool absolute)
{
    struct fp_status status = {0};
    struct float80 value = x87_get(cpu, 0);

    if (underflow(cpu, in, x87_empty(cpu, 0)))
        return;
    value.sign_exponent = absolute ? value.sign_exponent & FLOAT80_SPECIAL : value.sign_exponent ^ FLOAT80_SIGN;
    x87_set(cpu, 0, value);
    x87_commit(cpu, in, &status, 0, 0);
}

static NOINLINE void square_root(struct cpu *cpu, const struct insn *in)
{
    struct fp_status status = x87_status(cpu);
    struct fp_number a = fp_unpack80(x87_get(cpu, 0)), result;

    if (underflow(cpu, in, x87_empty(cpu, 0)))
        return;
    result = fp_square_root(&a, &status);
    x87_store_result(cpu, 0, &result, &status);
    x87_commit(cpu, in, &status, 0, 0);
}

/* From here on precision control does not apply (SDM 1 8.1.5.2). */
static struct fp_status full_status(const struct cpu *cpu)
{
    struct fp_status status = x87_status(cpu);

    status.precision = 64;
    return status;
}

static NOINLINE void round_to_integer(struct cpu *cpu, const struct insn *in)
{
    struct fp_status status = full_status(cpu);
    struct fp_number a = fp_unpack80(x87_get(cpu, 0)), result;
    bool up;

    if (underflow(cpu, in, x87_empty(cpu, 0)))
        return;
    result = fp_round_to_integer(&a, &status);
    up = status.rounded_up;
    x87_store_result(cpu, 0, &result, &status);
    status.rounded_up = up;
    x87_commit(cpu, in, &status, 0, 0);
}

static NOINLINE void scale(struct cpu *cpu, const struct insn *in)
{
    struct fp_status status = full_status(cpu);
    struct fp_number a = fp_unpack80(x87_get(cpu, 0)), by = fp_unpack80(x87_get(cpu, 1)), result;

    if (underflow(cpu, in, x87_empty(cpu, 0) || x87_empty(cpu, 1)))
        return;
    result = fp_scale(&a, &by, &status);
    x87_store_result(cpu, 0, &result, &status);
    x87_commit(cpu, in, &status, 0, 0);
}

static NOINLINE void remainder_of(struct cpu *cpu, const struct insn *in, bool nearest)
{
    struct fp_status status = full_status(cpu);
    struct fp_number a = fp_unpack80(x87_get(cpu, 0)), b = fp_unpack80(x87_get(cpu, 1)), result;
    unsigned quotient = 0, codes = 0, mask = FPU_C2; /* without a quotient C0 and C3 stay */
    bool partial = false;

    if (underflow(cpu, in, x87_empty(cpu, 0) || x87_empty(cpu, 1))) {
        cpu->fpu.status &= (uint16_t)~FPU_C2;
        return;
    }
    result = fp_remainder(&a, &b, nearest, &quotient, &partial, &status);
    if (x87_store_result(cpu, 0, &result, &status) && result.kind <= FP_INFINITY) {
        mask = FPU_CODES;
        codes =
            (partial ? FPU_C2 : 0) | (quotient & 1 ? FPU_C1 : 0) | (quotient & 2 ? FPU_C3 : 0) | (quotient & 4 ? FPU_C0 : 0);
    }
    status.rounded_up = false;
    x87_commit(cpu, in, &status, mask, codes);
}

/* ST(0) becomes the exponent, and the significand is pushed. */
static NOINLINE void extract(struct cpu *cpu, const struct insn *in)
{
    struct fp_status status = full_status(cpu);
    struct fp_number a = fp_unpack80(x87_get(cpu, 0)), significand_of, exponent;

    if (x87_empty(cpu, 0) || !x87_empty(cpu, 7)) {
        if (x87_stack_fault(cpu, in, !x87_empty(cpu, 0), 0, 0)) {
            x87_set(cpu, 0, FLOAT80_INDEFINITE);
            x87_push(cpu, FLOAT80_INDEFINITE);
        }
        return;
    }
    significand_of = fp_extract(&a, &exponent, &status);
    if (x87_store_result(cpu, 0, &exponent, &status))
        x87_push(cpu, fp_pack80(&significand_of, &status));
    x87_commit(cpu, in, &status, 0, 0);
}

X87(fchs, change_sign(cpu, in, false))
X87(fabs_st0, change_sign(cpu, in, true))
X87(fsqrt, square_root(cpu, in))
X87(frndint, round_to_integer(cpu, in))
X87(fscale, scale(cpu, in))
X87(fprem, remainder_of(cpu, in, false))
X87(fprem1, remainder_of(cpu, in, true))
X87(fxtract, extract(cpu, in))
