/* x87: WAIT, control and state instructions (SDM 1 8.1, 8.6). */
#include "cpu/fpu/x87.h"

/* WAIT minds MP with TS, not EM. */
BODY(fwait)
{
    cpu->in = in;
    if (UNLIKELY((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)))
        x87_not_available(cpu);
    if (UNLIKELY(x87_has_error(cpu)) && !x87_error_pending(cpu))
        LEAVE_AT(1);
    NEXT_COLD;
}

/* --- small ones
 * ----------------------------------------------------------------------------------------------------------------------- */

static NOINLINE void load_control(struct cpu *cpu, const struct insn *in)
{
    fpu_set_control_word(cpu, (uint16_t)memory_read(cpu, in->segment, effective_address(cpu, in), 2));
    x87_error_settle(cpu);
}

static NOINLINE void store_word(struct cpu *cpu, const struct insn *in, uint16_t word)
{
    memory_write(cpu, in->segment, effective_address(cpu, in), word, 2);
}

static NOINLINE void clear_exceptions(struct cpu *cpu)
{
    cpu->fpu.status &= FPU_CODES;
    x87_error_settle(cpu);
}

X87(fldcw, load_control(cpu, in))
X87_NO_WAIT(fnstcw, store_word(cpu, in, cpu->fpu.control))
X87_NO_WAIT(fnstsw, store_word(cpu, in, fpu_status_word(cpu)))
X87_NO_WAIT(fnstsw_ax, reg_write(cpu, RAX, fpu_status_word(cpu), 16))
X87_NO_WAIT(fnclex, clear_exceptions(cpu))
X87_NO_WAIT(fninit, fpu_initialise(cpu))
X87_NO_WAIT(fnop_287, (void)0) /* FNENI, FNDISI, FNSETPM: for the 8087 and 80287 only */

/* --- environment and state (SDM 1 8.1.10, figures 8-9 to 8-12)
 * ------------------------------------------------------------------------- */

enum { ENVIRONMENT_WORDS = 7, REGISTER_DWORDS = 20 };

/* The seven words or doublewords; addresses as selector and offset in protected mode, linear otherwise. */
static void environment_words(const struct cpu *cpu, bool wide, uint32_t words[ENVIRONMENT_WORDS])
{
    const struct fpu *fpu = &cpu->fpu;
    uint32_t upper = wide ? 0xffff0000 : 0;

    words[0] = fpu->control | upper;
    words[1] = fpu_status_word(cpu) | upper;
    words[2] = fpu_tag_word(cpu) | upper;
    if (cpu_protected(cpu)) {
        words[3] = (uint32_t)fpu->instruction_offset;
        words[4] = fpu->instruction_selector | (wide ? (uint32_t)fpu->opcode << 16 : 0);
        words[5] = (uint32_t)fpu->operand_offset;
        words[6] = fpu->operand_selector | upper;
    } else {
        uint32_t instruction = (uint32_t)(fpu->instruction_offset + ((uint32_t)fpu->instruction_selector << 4));
        uint32_t operand = (uint32_t)(fpu->operand_offset + ((uint32_t)fpu->operand_selector << 4));

        words[3] = (instruction & 0xffff) | upper;
        words[4] = (instruction >> 16) << 12 | fpu->opcode;
        words[5] = (operand & 0xffff) | upper;
        words[6] = (operand >> 16) << 12;
    }
}

static void set_environment(struct cpu *cpu, bool wide, const uint32_t words[ENVIRONMENT_WORDS])
{
    struct fpu *fpu = &cpu->fpu;

    fpu_set_control_word(cpu, (uint16_t)words[0]);
    fpu_set_status_word(cpu, (uint16_t)words[1]);
    fpu_set_tag_word(cpu, (uint16_t)words[2]);
    if (cpu_protected(cpu)) {
        fpu->instruction_offset = words[3];
        fpu->instruction_selector = (uint16_t)words[4];
        if (wide)
            fpu->opcode = words[4] >> 16 & 0x7ff;
        fpu->operand_offset = words[5];
        fpu->operand_selector = (uint16_t)words[6];
    } else {
        fpu->instruction_offset = (words[3] & 0xffff) | (words[4] >> 12 & 0xffff) << 16;
        fpu->opcode = words[4] & 0x7ff;
        fpu->operand_offset = (words[5] & 0xffff) | (words[6] >> 12 & 0xffff) << 16;
        fpu->instruction_selector = fpu->operand_selector = 0;
    }
    x87_error_settle(cpu);
}

static uint64_t element(const struct cpu *cpu, const struct insn *in, unsigned offset)
{
    return (effective_address(cpu, in) + offset) & address_mask(in);
}

static void read_environment(struct cpu *cpu, const struct insn *in, bool wide, uint32_t words[ENVIRONMENT_WORDS])
{
    unsigned size = wide ? 4 : 2;

    for (unsigned i = 0; i < ENVIRONMENT_WORDS; i++)
        words[i] = (uint32_t)memory_read(cpu, in->segment, element(cpu, in, i * size), size);
}

/* Both at once: everything is checked before anything is written. */
static void write_image(struct cpu *cpu, const struct insn *in, bool wide, const uint8_t *registers,
                        unsigned register_dwords)
{
    unsigned size = wide ? 4 : 2, base = ENVIRONMENT_WORDS * size;
    uint32_t words[ENVIRONMENT_WORDS];

    environment_words(cpu, wide, words);
    for (unsigned i = 0; i < ENVIRONMENT_WORDS; i++)
        memory_probe_write(cpu, in->segment, element(cpu, in, i * size), size);
    for (unsigned i = 0; i < register_dwords; i++)
        memory_probe_write(cpu, in->segment, element(cpu, in, base + 4 * i), 4);
    for (unsigned i = 0; i < ENVIRONMENT_WORDS; i++)
        memory_write(cpu, in->segment, element(cpu, in, i * size), wide ? words[i] : words[i] & 0xffff, size);
    for (unsigned i = 0; i < register_dwords; i++)
        memory_write(cpu, in->segment, element(cpu, in, base + 4 * i), load_le32(registers + 4 * i), 4);
}

static NOINLINE void store_environment(struct cpu *cpu, const struct insn *in, bool wide)
{
    write_image(cpu, in, wide, NULL, 0);
    cpu->fpu.control |= FP_ALL;
    x87_error_settle(cpu);
}

static NOINLINE void load_environment(struct cpu *cpu, const struct insn *in, bool wide)
{
    uint32_t words[ENVIRONMENT_WORDS];

    read_environment(cpu, in, wide, words);
    set_environment(cpu, wide, words);
}

/* Registers in stack order, ST(0) first. */
static NOINLINE void save(struct cpu *cpu, const struct insn *in, bool wide)
{
    uint8_t registers[8 * 10];

    for (unsigned i = 0; i < 8; i++) {
        struct float80 value = x87_get(cpu, i);

        store_le64(registers + 10 * i, value.significand);
        store_le16(registers + 10 * i + 8, value.sign_exponent);
    }
    write_image(cpu, in, wide, registers, REGISTER_DWORDS);
    fpu_initialise(cpu);
}

static NOINLINE void restore(struct cpu *cpu, const struct insn *in, bool wide)
{
    uint32_t words[ENVIRONMENT_WORDS];
    uint8_t registers[8 * 10];
    unsigned base = ENVIRONMENT_WORDS * (wide ? 4 : 2);

    read_environment(cpu, in, wide, words);
    for (unsigned i = 0; i < REGISTER_DWORDS; i++)
        store_le32(registers + 4 * i, (uint32_t)memory_read(cpu, in->segment, element(cpu, in, base + 4 * i), 4));
    set_environment(cpu, wide, words);
    for (unsigned i = 0; i < 8; i++)
        cpu->fpu.reg[x87_index(cpu, i)] = (struct float80){load_le64(registers + 10 * i), load_le16(registers + 10 * i + 8)};
}

#define STATE_BODIES(W, wide)                                  \
    X87_NO_WAIT(fnstenv_##W, store_environment(cpu, in, wide)) \
    X87(fldenv_##W, load_environment(cpu, in, wide))           \
    X87_NO_WAIT(fnsave_##W, save(cpu, in, wide))               \
    X87(frstor_##W, restore(cpu, in, wide))
STATE_BODIES(16, false)
STATE_BODIES(32, true)
STATE_BODIES(64, true)
