/* x87: transcendental functions (SDM 1 8.3.7). Precision control does not apply, rounding control does. */
#include "cpu/fpu/x87.h"

enum function { POWER, SINE, COSINE, LOGARITHM, LOGARITHM_PLUS_1, ARCTANGENT };

static struct fp_status full_status(const struct cpu *cpu)
{
    struct fp_status status = x87_status(cpu);

    status.precision = 64;
    return status;
}

/* ST(0) = f(ST(0)); C2 tells that a trigonometric operand was out of range. */
static NOINLINE void function_of_top(struct cpu *cpu, const struct insn *in, enum function function)
{
    struct fp_status status = full_status(cpu);
    struct fp_number x = fp_unpack80(x87_get(cpu, 0)), result;
    bool out_of_range = false;
    unsigned mask = function == POWER ? 0 : FPU_C2;

    if (x87_empty(cpu, 0)) {
        if (x87_stack_fault(cpu, in, false, mask, 0))
            x87_set(cpu, 0, FLOAT80_INDEFINITE);
        return;
    }
    result = function == POWER  ? fp_2xm1(&x, &status)
             : function == SINE ? fp_sine(&x, &out_of_range, &status)
                                : fp_cosine(&x, &out_of_range, &status);
    if (!out_of_range)
        x87_store_result(cpu, 0, &result, &status);
    x87_commit(cpu, in, &status, mask, out_of_range ? FPU_C2 : 0);
}

/* ST(1) = f(ST(0), ST(1)), popped. */
static NOINLINE void function_of_two(struct cpu *cpu, const struct insn *in, enum function function)
{
    struct fp_status status = full_status(cpu);
    struct fp_number x = fp_unpack80(x87_get(cpu, 0)), y = fp_unpack80(x87_get(cpu, 1)), result;

    if (x87_empty(cpu, 0) || x87_empty(cpu, 1)) {
        if (x87_stack_fault(cpu, in, false, 0, 0)) {
            x87_set(cpu, 1, FLOAT80_INDEFINITE);
            x87_pop(cpu);
        }
        return;
    }
    result = function == LOGARITHM          ? fp_yl2x(&x, &y, &status)
             : function == LOGARITHM_PLUS_1 ? fp_yl2xp1(&x, &y, &status)
                                            : fp_arctangent(&x, &y, &status);
    if (x87_store_result(cpu, 1, &result, &status))
        x87_pop(cpu);
    x87_commit(cpu, in, &status, 0, 0);
}

/* Two results: FPTAN the tangent, then 1; FSINCOS the sine, then the cosine. */
static NOINLINE void function_pushing(struct cpu *cpu, const struct insn *in, bool tangent)
{
    struct fp_status status = full_status(cpu);
    struct fp_number x = fp_unpack80(x87_get(cpu, 0)), first, second;
    bool out_of_range;

    if (x87_empty(cpu, 0) || !x87_empty(cpu, 7)) {
        if (x87_stack_fault(cpu, in, !x87_empty(cpu, 0), FPU_C2, 0)) {
            x87_set(cpu, 0, FLOAT80_INDEFINITE);
            x87_push(cpu, FLOAT80_INDEFINITE);
        }
        return;
    }
    first = tangent ? fp_tangent(&x, &out_of_range, &status) : fp_sine(&x, &out_of_range, &status);
    if (tangent)
        second = first.kind == FP_QUIET ? first : fp_from_int64(1);
    else
        second = fp_cosine(&x, &out_of_range, &status);
    if (!out_of_range && x87_store_result(cpu, 0, &first, &status)) {
        bool up = status.rounded_up;

        x87_push(cpu, fp_pack80(&second, &status));
        status.rounded_up |= tangent && up;
    }
    x87_commit(cpu, in, &status, FPU_C2, out_of_range ? FPU_C2 : 0);
}

X87(f2xm1, function_of_top(cpu, in, POWER))
X87(fsin, function_of_top(cpu, in, SINE))
X87(fcos, function_of_top(cpu, in, COSINE))
X87(fyl2x, function_of_two(cpu, in, LOGARITHM))
X87(fyl2xp1, function_of_two(cpu, in, LOGARITHM_PLUS_1))
X87(fpatan, function_of_two(cpu, in, ARCTANGENT))
X87(fptan, function_pushing(cpu, in, true))
X87(fsincos, function_pushing(cpu, in, false))
