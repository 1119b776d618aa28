/* Descriptor tables, task register, machine status word, queries, LOADALL, HLT, cache control, undefined opcodes. */
#include "cpu/system_body.h"
#include "mmu/physical_map.h"

/* --- SLDT, STR, LLDT, LTR ------------------------------------------------------------------------------------------- */

static NOINLINE void store_selector(struct cpu *cpu, const struct insn *in, const struct segment *segment, unsigned width)
{
    cpu->in = in;
    operand_store_word(cpu, in, segment->selector, width);
}

#define STORE_SELECTOR(name, register_name, W)           \
    BODY(name##_##W)                                     \
    {                                                    \
        store_selector(cpu, in, &cpu->register_name, W); \
        NEXT_COLD;                                       \
    }
EACH_OPERAND_SIZE(STORE_SELECTOR, sldt, ldtr)
EACH_OPERAND_SIZE(STORE_SELECTOR, str, tr)

BODY(lldt)
{
    cpu->in = in;
    load_ldtr(cpu, operand_word(cpu, in, in->dst));
    NEXT_COLD;
}

BODY(ltr)
{
    cpu->in = in;
    load_tr(cpu, operand_word(cpu, in, in->dst));
    LEAVE_AFTER;
}

/* --- LAR, LSL, VERR, VERW, ARPL ------------------------------------------------------------------------------------- */

static NOINLINE void query(struct cpu *cpu, const struct insn *in, unsigned width,
                           bool (*question)(struct cpu *cpu, uint16_t selector, uint32_t *answer))
{
    uint32_t answer = 0;
    bool valid;

    cpu->in = in;
    valid = question(cpu, operand_word(cpu, in, in->src), &answer);
    if (valid)
        reg_write(cpu, in->dst, answer, width);
    flag_zf_set(cpu, valid);
}

#define QUERY(name, question, W)     \
    BODY(name##_##W)                 \
    {                                \
        query(cpu, in, W, question); \
        NEXT_COLD;                   \
    }
EACH_OPERAND_SIZE(QUERY, lar, segment_access_rights)
EACH_OPERAND_SIZE(QUERY, lsl, segment_limit)

BODY(verr)
{
    cpu->in = in;
    flag_zf_set(cpu, segment_verify(cpu, operand_word(cpu, in, in->dst), false));
    NEXT_COLD;
}

BODY(verw)
{
    cpu->in = in;
    flag_zf_set(cpu, segment_verify(cpu, operand_word(cpu, in, in->dst), true));
    NEXT_COLD;
}

/* Memory is written, and write permission asked for, only if the RPL changes. */
static NOINLINE void adjust_rpl(struct cpu *cpu, const struct insn *in)
{
    uint64_t rpl = cpu->gpr[in->src] & 3, destination;
    bool lower;

    cpu->in = in;
    destination = operand_word(cpu, in, in->dst);
    lower = (destination & 3) < rpl;
    if (lower)
        operand_store_word(cpu, in, (destination & ~UINT64_C(3)) | rpl, 16);
    flag_zf_set(cpu, lower);
}

BODY(arpl)
{
    adjust_rpl(cpu, in);
    NEXT_COLD;
}

/* --- GDTR and IDTR -------------------------------------------------------------------------------------------------- */

/* The base is stored whole whatever the operand size (SDM 2 SGDT); the 80286 has no fourth byte and stores ones. */
static NOINLINE void store_table(struct cpu *cpu, const struct insn *in, const struct table_register *table, unsigned width)
{
    uint64_t offset = effective_address(cpu, in), base_offset = (offset + 2) & address_mask(in);
    unsigned base_size = width == 64 ? 8 : 4;

    cpu->in = in;
    memory_probe_write(cpu, in->segment, offset, 2);
    memory_probe_write(cpu, in->segment, base_offset, base_size);
    memory_write(cpu, in->segment, offset, table->limit, 2);
    memory_write(cpu, in->segment, base_offset, table->base | (cpu->model->level < 3 ? 0xff000000 : 0), base_size);
}

static NOINLINE struct table_register load_table(struct cpu *cpu, const struct insn *in, unsigned width)
{
    uint64_t offset = effective_address(cpu, in);
    struct table_register table;

    cpu->in = in;
    table.limit = (uint16_t)memory_read(cpu, in->segment, offset, 2);
    table.base = memory_read(cpu, in->segment, (offset + 2) & address_mask(in), width == 64 ? 8 : 4);
    if (width == 16)
        table.base &= 0xffffff;
    if (width == 64 && !address_canonical(table.base))
        raise_exception(cpu, VECTOR_GP, 0, REASON_GP_CANONICAL, table.base, 0);
    return table;
}

#define TABLE_BODIES(letter, register, W)        \
    BODY(s##letter##_##W)                        \
    {                                            \
        store_table(cpu, in, &cpu->register, W); \
        NEXT_COLD;                               \
    }                                            \
    BODY(l##letter##_##W)                        \
    {                                            \
        cpu->register = load_table(cpu, in, W);  \
        NEXT_COLD;                               \
    }
EACH_OPERAND_SIZE(TABLE_BODIES, gdt, gdtr)
EACH_OPERAND_SIZE(TABLE_BODIES, idt, idtr)

/* --- the machine status word ---------------------------------------------------------------------------------------- */

static NOINLINE void store_msw(struct cpu *cpu, const struct insn *in, unsigned width)
{
    cpu->in = in;
    operand_store_word(cpu, in, cpu->model->level < 3 ? cpu->cr0 | 0xfff0 : cpu->cr0, width);
}

#define SMSW(name, W)          \
    BODY(name##_##W)           \
    {                          \
        store_msw(cpu, in, W); \
        NEXT_COLD;             \
    }
EACH_OPERAND_SIZE(SMSW, smsw)

/* Can set PE but never clear it. */
BODY(lmsw)
{
    uint64_t word;

    cpu->in = in;
    word = operand_word(cpu, in, in->dst);
    control_register_write(cpu, 0, (cpu->cr0 & ~UINT64_C(0xe)) | (word & 0xf));
    LEAVE_AFTER;
}

BODY(clts)
{
    cpu->cr0 &= ~(uint64_t)CR0_TS;
    cpu_mode_changed(cpu);
    LEAVE_AFTER;
}

/* --- caches and translations: invisible here (R13) ------------------------------------------------------------------ */

BODY(invlpg)
{
    (void)cpu;
    NEXT;
}

BODY(invd)
{
    (void)cpu;
    NEXT;
}

BODY(wbinvd)
{
    (void)cpu;
    NEXT;
}

/* --- HLT, undefined opcodes ----------------------------------------------------------------------------------------- */

BODY(hlt)
{
    cpu->activity = CPU_HALTED;
    LEAVE_AFTER;
}

BODY(undefined)
{
    cpu->in = in;
    raise_exception(cpu, VECTOR_UD, 0, REASON_UD_EXPLICIT, 0, 0);
}

BODY(rsm_outside_smm)
{
    cpu->in = in;
    raise_exception(cpu, VECTOR_UD, 0, REASON_UD_MODE, 0x0faa, 0);
}

/* --- LOADALL: undocumented, but HIMEM.SYS, RAMDRIVE and OS/2 use the first ------------------------------------------ */

static void loadall_segment(struct cpu *cpu, struct segment *segment, uint16_t selector, uint32_t base, uint32_t limit,
                            uint16_t attributes)
{
    (void)cpu;
    segment->selector = selector;
    segment->base = base;
    segment->limit = limit;
    segment->attributes = attributes & SEGMENT_PRESENT ? attributes : 0;
}

static void loadall_finish(struct cpu *cpu)
{
    cpu->cpl = cpu_v86(cpu) ? 3 : cpu_real(cpu) ? 0 : attributes_dpl(cpu->segment[SS].attributes);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++)
        segment_changed(cpu, i);
    cpu_mode_changed(cpu);
}

static uint32_t image_cache_base(const uint8_t *cache)
{
    return load_le32(cache) & 0xffffff;
}

/* 102 bytes at physical address 800h ("The LOADALL Instruction", Collins, TECH Specialist 10/1991). */
static NOINLINE void load_all_286(struct cpu *cpu)
{
    static const struct {
        uint8_t index, selector, cache;
    } segments[] = {{ES, 0x24, 0x36}, {CS, 0x22, 0x3c}, {SS, 0x20, 0x42}, {DS, 0x1e, 0x48}};
    static const uint8_t registers[] = {RDI, RSI, RBP, RSP, RBX, RDX, RCX, RAX};
    uint8_t image[0x66];

    physical_read(cpu->memory, 0x800, image, sizeof image);
    cpu->cr0 = (cpu->cr0 & CR0_PE) | (load_le16(image + 0x06) & 0xf);
    flags_replace(cpu, load_le16(image + 0x18), 0xffff);
    for (unsigned i = 0; i < ARRAY_LENGTH(registers); i++)
        cpu->gpr[registers[i]] = load_le16(image + 0x26 + 2 * i);
    for (unsigned i = 0; i < ARRAY_LENGTH(segments); i++) {
        const uint8_t *cache = image + segments[i].cache;

        loadall_segment(cpu, &cpu->segment[segments[i].index], load_le16(image + segments[i].selector),
                        image_cache_base(cache), load_le16(cache + 4), cache[3]);
    }
    loadall_segment(cpu, &cpu->ldtr, load_le16(image + 0x1c), image_cache_base(image + 0x54), load_le16(image + 0x58),
                    image[0x57]);
    loadall_segment(cpu, &cpu->tr, load_le16(image + 0x16), image_cache_base(image + 0x60), load_le16(image + 0x64),
                    image[0x63]);
    cpu->gdtr = (struct table_register){image_cache_base(image + 0x4e), load_le16(image + 0x52)};
    cpu->idtr = (struct table_register){image_cache_base(image + 0x5a), load_le16(image + 0x5e)};
    cpu->rip = load_le16(image + 0x1a);
    loadall_finish(cpu);
}

BODY(loadall286)
{
    cpu->in = in;
    clock_exact(cpu);
    load_all_286(cpu);
    LEAVE_TO(cpu->rip);
}

/* 204 bytes at ES:EDI (the same author's "Loadall", Dr. Dobb's; register caches as access rights, base, limit). */
static NOINLINE void load_all_386(struct cpu *cpu)
{
    static const uint8_t registers[] = {RDI, RSI, RBP, RSP, RBX, RDX, RCX, RAX};
    static const struct {
        uint8_t index, selector, cache;
    } segments[] = {{GS, 0x3c, 0x84}, {FS, 0x40, 0x90}, {DS, 0x44, 0x9c},
                    {SS, 0x48, 0xa8}, {CS, 0x4c, 0xb4}, {ES, 0x50, 0xc0}};
    uint32_t image[0xcc / 4];

    for (unsigned i = 0; i < ARRAY_LENGTH(image); i++)
        image[i] = (uint32_t)memory_read(cpu, ES, (uint32_t)(cpu->gpr[RDI] + 4 * i), 4);
    cpu->cr0 = image[0] & (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_PG);
    flags_replace(cpu, image[0x04 / 4], ~UINT64_C(0));
    for (unsigned i = 0; i < ARRAY_LENGTH(registers); i++)
        cpu->gpr[registers[i]] = image[0x0c / 4 + i];
    cpu->dr[6] = (image[0x2c / 4] & 0xe00f) | 0xffff0ff0;
    cpu->dr[7] = (image[0x30 / 4] & 0xffff23ff) | 0x400;
    for (unsigned i = 0; i < ARRAY_LENGTH(segments); i++) {
        const uint32_t *cache = image + segments[i].cache / 4;

        loadall_segment(cpu, &cpu->segment[segments[i].index], (uint16_t)image[segments[i].selector / 4], cache[1], cache[2],
                        cache[0] >> 8 & 0xf0ff);
    }
    loadall_segment(cpu, &cpu->tr, (uint16_t)image[0x34 / 4], image[0x58 / 4], image[0x5c / 4],
                    image[0x54 / 4] >> 8 & 0xf0ff);
    loadall_segment(cpu, &cpu->ldtr, (uint16_t)image[0x38 / 4], image[0x7c / 4], image[0x80 / 4],
                    image[0x78 / 4] >> 8 & 0xf0ff);
    cpu->idtr = (struct table_register){image[0x64 / 4], (uint16_t)image[0x68 / 4]};
    cpu->gdtr = (struct table_register){image[0x70 / 4], (uint16_t)image[0x74 / 4]};
    cpu->rip = image[0x08 / 4];
    loadall_finish(cpu);
}

BODY(loadall386)
{
    cpu->in = in;
    load_all_386(cpu);
    LEAVE_TO(cpu->rip);
}
