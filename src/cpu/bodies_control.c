/* Control, debug and test registers (SDM 3A 2.5, 3B chapter 17; i486 manual chapter 10.5 for the test registers). */
#include "cpu/engine.h"
#include "cpu/system_body.h"

enum { CR3_PWT = 1 << 3, CR3_PCD = 1 << 4 };
enum { DR7_GD = 1 << 13 };

/* --- control registers ---------------------------------------------------------------------------------------------- */

static _Noreturn void raise_control(struct cpu *cpu, enum reason reason, unsigned number, uint64_t value)
{
    raise_exception(cpu, VECTOR_GP, 0, reason, number, value);
}

/* Under PAE the PDPTEs are loaded with CR3, and again with CR0 and CR4 where bits change that say how (SDM 3A 4.4.1). */
static void load_pdptes(struct cpu *cpu, unsigned number, uint64_t cr3)
{
    uint64_t pdpte[4];

    if (!pdptes_read(cpu, cr3, pdpte))
        raise_control(cpu, REASON_GP_PDPTE, number, cr3);
    memcpy(cpu->pdpte, pdpte, sizeof pdpte);
}

/* SDM 3A 9.8.5: what activating long mode asks for. */
static void check_long_activation(struct cpu *cpu, uint64_t value)
{
    if (!(cpu->cr4 & CR4_PAE) || (cpu->segment[CS].attributes & SEGMENT_L) || !(cpu->tr.attributes & 8))
        raise_control(cpu, REASON_GP_LONG_ACTIVATION, 0, value);
}

static void write_cr0(struct cpu *cpu, uint64_t value)
{
    uint64_t existing = CR0_PE | CR0_MP | CR0_EM | CR0_TS, changed;
    bool paging;

    if (value >> 32)
        raise_control(cpu, REASON_GP_CR_RESERVED, 0, value);
    if (cpu->model->level >= 3)
        existing |= CR0_ET | CR0_PG;
    if (cpu->model->level >= 4) {
        existing |= CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD;
        value |= CR0_ET; /* fixed since the 80486 */
        if ((value & CR0_NW) && !(value & CR0_CD))
            raise_exception(cpu, VECTOR_GP, 0, REASON_GP_CR0_COMBINATION, value, 0);
    }
    if ((value & CR0_PG) && !(value & CR0_PE))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_CR0_COMBINATION, value, 0);
    value &= existing;
    changed = value ^ cpu->cr0;
    paging = value & CR0_PG;
    if ((changed & CR0_PG) && (cpu->efer & EFER_LME) && paging)
        check_long_activation(cpu, value);
    if ((changed & CR0_PG) && !paging && cpu_code64(cpu))
        raise_control(cpu, REASON_GP_LONG_ACTIVATION, 0, value);
    if (paging && (changed & (CR0_PG | CR0_CD | CR0_NW)) && (cpu->cr4 & CR4_PAE) && !(cpu->efer & EFER_LME))
        load_pdptes(cpu, 0, cpu->cr3);
    if (changed & CR0_PG)
        cpu->efer = paging && (cpu->efer & EFER_LME) ? cpu->efer | EFER_LMA : cpu->efer & ~(uint64_t)EFER_LMA;
    cpu->cr0 = value;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) /* what a null segment means depends on PE */
        segment_changed(cpu, i);
}

/* The address is 32 bits wide, in long mode as wide as the model's; since the P6 the bits below it are kept. */
static void write_cr3(struct cpu *cpu, uint64_t value)
{
    if (model_has(cpu->model, FEATURE_PAE)) {
        if (value >> cpu->model->address_bits)
            raise_control(cpu, REASON_GP_CR_RESERVED, 3, value);
    } else {
        value &= cpu->model->level < 4 ? 0xfffff000 : 0xfffff000 | CR3_PWT | CR3_PCD;
    }
    if ((cpu->cr0 & CR0_PG) && (cpu->cr4 & CR4_PAE) && !cpu_long_mode(cpu))
        load_pdptes(cpu, 3, value);
    cpu->cr3 = value;
}

static uint64_t cr4_existing(const struct cpu *cpu)
{
    static const struct {
        uint8_t feature;
        uint16_t bits;
    } rows[] = {
        {FEATURE_VME, CR4_VME | CR4_PVI}, {FEATURE_TSC, CR4_TSD}, {FEATURE_DE, CR4_DE},   {FEATURE_PSE, CR4_PSE},
        {FEATURE_PAE, CR4_PAE},           {FEATURE_MCE, CR4_MCE}, {FEATURE_PGE, CR4_PGE}, {ISA_P6, CR4_PCE},
    };
    uint64_t existing = 0;

    for (unsigned i = 0; i < ARRAY_LENGTH(rows); i++)
        if (model_has(cpu->model, rows[i].feature))
            existing |= rows[i].bits;
    return existing;
}

static void write_cr4(struct cpu *cpu, uint64_t value)
{
    uint64_t changed = value ^ cpu->cr4;

    if (value & ~cr4_existing(cpu))
        raise_control(cpu, REASON_GP_CR_RESERVED, 4, value);
    if (cpu_long_mode(cpu) && !(value & CR4_PAE))
        raise_control(cpu, REASON_GP_LONG_ACTIVATION, 4, value);
    if ((cpu->cr0 & CR0_PG) && (value & CR4_PAE) && !cpu_long_mode(cpu) && (changed & (CR4_PAE | CR4_PGE | CR4_PSE)))
        load_pdptes(cpu, 4, cpu->cr3);
    cpu->cr4 = value;
}

/* CR8 is the local APIC's task priority; without an APIC a register that nothing else looks at. */
static void write_cr8(struct cpu *cpu, uint64_t value)
{
    if (value > 15)
        raise_control(cpu, REASON_GP_CR_RESERVED, 8, value);
    cpu->cr8 = value;
}

void control_register_write(struct cpu *cpu, unsigned number, uint64_t value)
{
    switch (number) {
    case 0: write_cr0(cpu, value); break;
    case 2: cpu->cr2 = value; break;
    case 3: write_cr3(cpu, value); break;
    case 4: write_cr4(cpu, value); break;
    case 8: write_cr8(cpu, value); break;
    }
    cpu_mode_changed(cpu);
}

static void check_control_number(struct cpu *cpu, unsigned number)
{
    bool exists = number == 0 || number == 2 || number == 3 || (number == 4 && cpu->model->level >= 5) ||
                  (number == 8 && cpu_code64(cpu));

    if (!exists)
        raise_exception(cpu, VECTOR_UD, 0, REASON_UD_CONTROL_REGISTER, number, 0);
}

static uint64_t
operand_mask(const struct cpu *cpu) /* of moves to and from these registers: not the operand size's business */
{
    return cpu_code64(cpu) ? ~UINT64_C(0) : 0xffffffff;
}

static NOINLINE uint64_t control_register_read(struct cpu *cpu, unsigned number)
{
    check_control_number(cpu, number);
    switch (number) {
    case 0: return cpu->cr0;
    case 2: return cpu->cr2;
    case 3: return cpu->cr3;
    case 4: return cpu->cr4;
    default: return cpu->cr8;
    }
}

BODY(mov_from_control)
{
    cpu->in = in;
    cpu->gpr[in->dst] = control_register_read(cpu, in->src) & operand_mask(cpu);
    NEXT;
}

BODY(mov_to_control)
{
    cpu->in = in;
    check_control_number(cpu, in->dst);
    control_register_write(cpu, in->dst, cpu->gpr[in->src] & operand_mask(cpu));
    LEAVE_AFTER;
}

/* --- debug registers ------------------------------------------------------------------------------------------------ */

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE makes them undefined. With DR7.GD every access is a #DB fault; its delivery
   sets DR6.BD and clears GD (engine.c). */
static unsigned debug_register_number(struct cpu *cpu, unsigned number)
{
    if (number > 7) /* by REX.R */
        raise_exception(cpu, VECTOR_UD, 0, REASON_UD_CONTROL_REGISTER, number, 0);
    if (number == 4 || number == 5) {
        if (cpu->cr4 & CR4_DE)
            raise_exception(cpu, VECTOR_UD, 0, REASON_UD_DR4_DR5, number, 0);
        number += 2;
    }
    if (cpu->dr[7] & DR7_GD)
        raise_exception(cpu, VECTOR_DB, 0, REASON_DB_GENERAL_DETECT, number, 0);
    return number;
}

BODY(mov_from_debug)
{
    unsigned number;

    cpu->in = in;
    number = debug_register_number(cpu, in->src);
    cpu->gpr[in->dst] = cpu->dr[number] & operand_mask(cpu);
    NEXT;
}

BODY(mov_to_debug)
{
    unsigned number;
    uint64_t value = cpu->gpr[in->src] & operand_mask(cpu);

    cpu->in = in;
    number = debug_register_number(cpu, in->dst);
    if (number >= 6 && value >> 32)
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_DR_RESERVED, number, value);
    if (number == 6)
        value = (value & 0xe00f) | 0xffff0ff0;
    if (number == 7)
        value = (value & 0xffff23ff) | 0x400;
    cpu->dr[number] = value;
    cpu_mode_changed(cpu);
    LEAVE_AFTER;
}

/* --- test registers of the 80386 (TR6, TR7: TLB) and 80486 (TR3-TR5: cache) ----------------------------------------- */

static void check_test_number(struct cpu *cpu, unsigned number)
{
    if (number > 7 || number < (cpu->model->level < 4 ? 6 : 3))
        raise_exception(cpu, VECTOR_UD, 0, REASON_UD_CONTROL_REGISTER, number, 0);
}

/* The caches they test are invisible here (R13): the registers hold what was written, and a TLB lookup (TR6.C set) never
 * hits. */
enum { TR6_COMMAND_LOOKUP = 1 << 0, TR7_HIT = 1 << 4 };

BODY(mov_from_test)
{
    cpu->in = in;
    check_test_number(cpu, in->src);
    cpu->gpr[in->dst] = (uint32_t)cpu->tr_registers[in->src];
    NEXT;
}

BODY(mov_to_test)
{
    cpu->in = in;
    check_test_number(cpu, in->dst);
    cpu->tr_registers[in->dst] = (uint32_t)cpu->gpr[in->src];
    if (in->dst == 6 && (cpu->tr_registers[6] & TR6_COMMAND_LOOKUP))
        cpu->tr_registers[7] &= ~(uint64_t)TR7_HIT;
    LEAVE_AFTER;
}
