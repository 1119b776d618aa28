/* Control, debug and test registers (SDM 3A 2.5, 3B chapter 17; i486 manual chapter 10.5 for the test registers). */
#include "cpu/system_body.h"

enum { CR3_PWT = 1 << 3, CR3_PCD = 1 << 4 };
enum { DR7_GD = 1 << 13 };

/* --- control registers ---------------------------------------------------------------------------------------------- */

static void write_cr0(struct cpu *cpu, uint64_t value)
{
    uint64_t existing = CR0_PE | CR0_MP | CR0_EM | CR0_TS;

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
    cpu->cr0 = value & existing;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) /* what a null segment means depends on PE */
        segment_changed(cpu, i);
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

void control_register_write(struct cpu *cpu, unsigned number, uint64_t value)
{
    switch (number) {
    case 0: write_cr0(cpu, value); break;
    case 2: cpu->cr2 = value; break;
    case 3: cpu->cr3 = value & (cpu->model->level < 4 ? 0xfffff000 : 0xfffff000 | CR3_PWT | CR3_PCD); break;
    case 4:
        if (value & ~cr4_existing(cpu))
            raise_exception(cpu, VECTOR_GP, 0, REASON_GP_CR_RESERVED, number, value);
        cpu->cr4 = value;
        break;
    }
    cpu_mode_changed(cpu);
}

static void check_control_number(struct cpu *cpu, unsigned number)
{
    bool exists = number == 0 || number == 2 || number == 3 || (number == 4 && cpu->model->level >= 5);

    if (!exists)
        raise_exception(cpu, VECTOR_UD, 0, REASON_UD_CONTROL_REGISTER, number, 0);
}

BODY(mov_from_control)
{
    cpu->in = in;
    check_control_number(cpu, in->src);
    cpu->gpr[in->dst] = (uint32_t)(in->src == 0 ? cpu->cr0 : in->src == 2 ? cpu->cr2 : in->src == 3 ? cpu->cr3 : cpu->cr4);
    NEXT;
}

BODY(mov_to_control)
{
    cpu->in = in;
    check_control_number(cpu, in->dst);
    control_register_write(cpu, in->dst, (uint32_t)cpu->gpr[in->src]);
    LEAVE_AFTER;
}

/* --- debug registers ------------------------------------------------------------------------------------------------ */

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE makes them undefined. With DR7.GD every access is a #DB fault; its delivery
   sets DR6.BD and clears GD (engine.c). */
static unsigned debug_register_number(struct cpu *cpu, unsigned number)
{
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
    cpu->gpr[in->dst] = (uint32_t)cpu->dr[number];
    NEXT;
}

BODY(mov_to_debug)
{
    unsigned number;
    uint32_t value = (uint32_t)cpu->gpr[in->src];

    cpu->in = in;
    number = debug_register_number(cpu, in->dst);
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
