/* x87: loads, stores, exchanges, constants, conditional moves (SDM 1 8.3.3, 8.3.4). */
#include "cpu/fpu/x87.h"

enum format { FLOAT32, FLOAT64, FLOAT80, INTEGER16, INTEGER32, INTEGER64, BCD };

/* --- loads
 * ---------------------------------------------------------------------------------------------------------------------------
 */

static void load_ten_bytes(struct cpu *cpu, const struct insn *in, uint8_t bytes[10])
{
    uint64_t offset = effective_address(cpu, in);

    store_le64(bytes, memory_read(cpu, in->segment, offset, 8));
    store_le16(bytes + 8, (uint16_t)memory_read(cpu, in->segment, (offset + 8) & address_mask(in), 2));
}

/* The operand as the register will hold it; single and double raise for signalling NaNs and denormals. */
static struct float80 load_value(struct cpu *cpu, const struct insn *in, enum format format, struct fp_status *status)
{
    uint64_t offset = effective_address(cpu, in);
    struct fp_number number;
    uint8_t bytes[10];

    switch (format) {
    case FLOAT32: number = fp_unpack32((uint32_t)memory_read(cpu, in->segment, offset, 4), status); break;
    case FLOAT64: number = fp_unpack64(memory_read(cpu, in->segment, offset, 8), status); break;
    case INTEGER16: number = fp_from_int64((int16_t)memory_read(cpu, in->segment, offset, 2)); break;
    case INTEGER32: number = fp_from_int64((int32_t)memory_read(cpu, in->segment, offset, 4)); break;
    case INTEGER64: number = fp_from_int64((int64_t)memory_read(cpu, in->segment, offset, 8)); break;
    default:
        load_ten_bytes(cpu, in, bytes);
        if (format == FLOAT80)
            return (struct float80){load_le64(bytes), load_le16(bytes + 8)};
        number = fp_from_bcd(bytes);
        break;
    }
    number = fp_convert(&number, true, status);
    status->precision = 64;
    return fp_pack80(&number, status);
}

/* An unmasked denormal does not keep the value from being pushed. */
static NOINLINE void load(struct cpu *cpu, const struct insn *in, enum format format)
{
    struct fp_status status = x87_status(cpu);
    struct float80 value = load_value(cpu, in, format, &status);

    if (!x87_empty(cpu, 7)) {
        if (x87_stack_fault(cpu, in, true, 0, 0))
            x87_push(cpu, FLOAT80_INDEFINITE);
        return;
    }
    if (!fp_trapped(&status, FP_INVALID))
        x87_push(cpu, value);
    x87_commit(cpu, in, &status, 0, 0);
}

static NOINLINE void load_register(struct cpu *cpu, const struct insn *in)
{
    struct fp_status status = {0};
    struct float80 value = x87_get(cpu, x87_rm(in));
    bool empty = x87_empty(cpu, x87_rm(in)), overflow = !empty && !x87_empty(cpu, 7);

    if (overflow || empty) {
        if (x87_stack_fault(cpu, in, overflow, 0, 0))
            x87_push(cpu, FLOAT80_INDEFINITE);
        return;
    }
    x87_push(cpu, value);
    x87_commit(cpu, in, &status, 0, 0);
}

X87(fld_m32, load(cpu, in, FLOAT32))
X87(fld_m64, load(cpu, in, FLOAT64))
X87(fld_m80, load(cpu, in, FLOAT80))
X87(fild_m16, load(cpu, in, INTEGER16))
X87(fild_m32, load(cpu, in, INTEGER32))
X87(fild_m64, load(cpu, in, INTEGER64))
X87(fbld, load(cpu, in, BCD))
X87(fld_sti, load_register(cpu, in))

/* The constants (SDM 1 8.3.4): rounded as RC says; `tail`: the next bit after 64, so that nearest goes up. */
static const struct constant {
    struct float80 chopped;
    bool exact, tail;
} constants[] = {
    {{UINT64_C(0x8000000000000000), 0x3fff}, true, false},  /* 1 */
    {{UINT64_C(0xd49a784bcd1b8afe), 0x4000}, false, false}, /* log2 10 */
    {{UINT64_C(0xb8aa3b295c17f0bb), 0x3fff}, false, true},  /* log2 e */
    {{UINT64_C(0xc90fdaa22168c234), 0x4000}, false, true},  /* pi */
    {{UINT64_C(0x9a209a84fbcff798), 0x3ffd}, false, true},  /* log10 2 */
    {{UINT64_C(0xb17217f7d1cf79ab), 0x3ffe}, false, true},  /* ln 2 */
    {{0, 0}, true, false},                                  /* 0 */
};

static NOINLINE void load_constant(struct cpu *cpu, const struct insn *in, unsigned number)
{
    const struct constant *constant = &constants[number];
    struct fp_status status = x87_status(cpu), quiet = {0};
    struct float80 value = constant->chopped;

    if (!x87_empty(cpu, 7)) {
        if (x87_stack_fault(cpu, in, true, 0, 0))
            x87_push(cpu, FLOAT80_INDEFINITE);
        return;
    }
    if (!constant->exact && (status.rounding == FP_UP || (status.rounding == FP_NEAREST && constant->tail)))
        value.significand++;
    x87_push(cpu, value);
    x87_commit(cpu, in, &quiet, 0, 0);
}

X87(fld1, load_constant(cpu, in, 0))
X87(fldl2t, load_constant(cpu, in, 1))
X87(fldl2e, load_constant(cpu, in, 2))
X87(fldpi, load_constant(cpu, in, 3))
X87(fldlg2, load_constant(cpu, in, 4))
X87(fldln2, load_constant(cpu, in, 5))
X87(fldz, load_constant(cpu, in, 6))

/* --- stores
 * --------------------------------------------------------------------------------------------------------------------------
 */

static const uint8_t format_size[] = {4, 8, 10, 2, 4, 8, 10};

/* The bytes of ST(0) in `format`, and the exceptions of the conversion. */
static void convert(struct float80 value, enum format format, struct fp_status *status, uint8_t bytes[10])
{
    struct fp_number number = fp_unpack80(value);

    switch (format) {
    case FLOAT32:
    case FLOAT64:
        number = fp_convert(&number, false, status);
        if (fp_trapped(status, FP_BEFORE))
            return;
        if (format == FLOAT32)
            store_le32(bytes, fp_pack32(&number, status));
        else
            store_le64(bytes, fp_pack64(&number, status));
        break;
    case FLOAT80:
        store_le64(bytes, value.significand);
        store_le16(bytes + 8, value.sign_exponent);
        break;
    case BCD: fp_to_bcd(&number, bytes, status); break;
    default: store_le64(bytes, (uint64_t)fp_to_integer(&number, format_size[format] * 8u, status->rounding, status)); break;
    }
}

static void write_bytes(struct cpu *cpu, const struct insn *in, const uint8_t *bytes, unsigned size)
{
    uint64_t offset = effective_address(cpu, in), second = (offset + 8) & address_mask(in);

    switch (size) {
    case 2: memory_write(cpu, in->segment, offset, load_le16(bytes), 2); break;
    case 4: memory_write(cpu, in->segment, offset, load_le32(bytes), 4); break;
    case 8: memory_write(cpu, in->segment, offset, load_le64(bytes), 8); break;
    default:
        memory_probe_write(cpu, in->segment, offset, 8);
        memory_probe_write(cpu, in->segment, second, 2);
        memory_write(cpu, in->segment, offset, load_le64(bytes), 8);
        memory_write(cpu, in->segment, second, load_le16(bytes + 8), 2);
        break;
    }
}

static NOINLINE void store(struct cpu *cpu, const struct insn *in, enum format format, bool pop)
{
    struct fp_status status = x87_status(cpu);
    bool empty = x87_empty(cpu, 0), stored;
    uint8_t bytes[10] = {0};

    convert(empty ? FLOAT80_INDEFINITE : x87_get(cpu, 0), format, &status, bytes);
    if (empty)
        status.flags = FP_INVALID;
    stored = !fp_trapped(&status, FP_BEFORE | FP_OVERFLOW | FP_UNDERFLOW);
    if (stored)
        write_bytes(cpu, in, bytes, format_size[format]);
    if (empty)
        x87_stack_fault(cpu, in, false, 0, 0);
    else
        x87_commit(cpu, in, &status, 0, 0);
    if (stored && pop)
        x87_pop(cpu);
}

static NOINLINE void store_register(struct cpu *cpu, const struct insn *in, bool pop)
{
    struct fp_status status = {0};

    if (x87_empty(cpu, 0)) {
        if (!x87_stack_fault(cpu, in, false, 0, 0))
            return;
        x87_set(cpu, x87_rm(in), FLOAT80_INDEFINITE);
    } else {
        x87_set(cpu, x87_rm(in), x87_get(cpu, 0));
        x87_commit(cpu, in, &status, 0, 0);
    }
    if (pop)
        x87_pop(cpu);
}

X87(fst_m32, store(cpu, in, FLOAT32, false))
X87(fst_m64, store(cpu, in, FLOAT64, false))
X87(fstp_m32, store(cpu, in, FLOAT32, true))
X87(fstp_m64, store(cpu, in, FLOAT64, true))
X87(fstp_m80, store(cpu, in, FLOAT80, true))
X87(fist_m16, store(cpu, in, INTEGER16, false))
X87(fist_m32, store(cpu, in, INTEGER32, false))
X87(fistp_m16, store(cpu, in, INTEGER16, true))
X87(fistp_m32, store(cpu, in, INTEGER32, true))
X87(fistp_m64, store(cpu, in, INTEGER64, true))
X87(fbstp, store(cpu, in, BCD, true))
/* D9 D8+i: an empty ST(0) is popped without a fault, and nothing is stored. */
static NOINLINE void store_register_unchecked(struct cpu *cpu, const struct insn *in)
{
    struct fp_status status = {0};

    if (!x87_empty(cpu, 0))
        x87_set(cpu, x87_rm(in), x87_get(cpu, 0));
    x87_commit(cpu, in, &status, 0, 0);
    x87_pop(cpu);
}

X87(fst_sti, store_register(cpu, in, false))
X87(fstp_sti, store_register(cpu, in, true))
X87(fstp1, store_register_unchecked(cpu, in))

/* --- between registers
 * ---------------------------------------------------------------------------------------------------------------- */

static NOINLINE void exchange(struct cpu *cpu, const struct insn *in)
{
    struct fp_status status = {0};
    unsigned i = x87_rm(in);
    struct float80 top = x87_get(cpu, 0), other = x87_get(cpu, i);

    if (x87_empty(cpu, 0) || x87_empty(cpu, i)) {
        if (!x87_stack_fault(cpu, in, false, 0, 0))
            return;
        if (x87_empty(cpu, 0))
            top = FLOAT80_INDEFINITE;
        if (x87_empty(cpu, i))
            other = FLOAT80_INDEFINITE;
    } else {
        x87_commit(cpu, in, &status, 0, 0);
    }
    x87_set(cpu, i, top);
    x87_set(cpu, 0, other);
}

/* C1 changes only with a stack fault. */
static NOINLINE void move_if(struct cpu *cpu, const struct insn *in, unsigned condition)
{
    unsigned i = x87_rm(in);

    if (x87_empty(cpu, 0) || x87_empty(cpu, i)) {
        if (x87_stack_fault(cpu, in, false, 0, 0))
            x87_set(cpu, 0, FLOAT80_INDEFINITE);
        return;
    }
    if (flags_condition(cpu, condition))
        x87_set(cpu, 0, x87_get(cpu, i));
    x87_note(cpu, in);
}

X87(fxch, exchange(cpu, in))
X87(fcmovb, move_if(cpu, in, 2))
X87(fcmovnb, move_if(cpu, in, 3))
X87(fcmove, move_if(cpu, in, 4))
X87(fcmovne, move_if(cpu, in, 5))
X87(fcmovbe, move_if(cpu, in, 6))
X87(fcmovnbe, move_if(cpu, in, 7))
X87(fcmovu, move_if(cpu, in, 10))
X87(fcmovnu, move_if(cpu, in, 11))

static NOINLINE void free_register(struct cpu *cpu, const struct insn *in, bool pop)
{
    struct fp_status status = {0};

    x87_commit(cpu, in, &status, 0, 0);
    cpu->fpu.valid &= (uint8_t) ~(1u << x87_index(cpu, x87_rm(in)));
    if (pop)
        x87_pop(cpu);
}

static NOINLINE void turn_stack(struct cpu *cpu, const struct insn *in, unsigned by)
{
    struct fp_status status = {0};

    x87_commit(cpu, in, &status, 0, 0);
    cpu->fpu.top = (cpu->fpu.top + by) & 7;
}

X87(ffree, free_register(cpu, in, false))
X87(ffreep, free_register(cpu, in, true))
X87(fincstp, turn_stack(cpu, in, 1))
X87(fdecstp, turn_stack(cpu, in, 7))
X87(fnop, x87_note(cpu, in))
