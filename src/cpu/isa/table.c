/* The tables put together: every row of every *.def file, with the bodies its last column names. */
#include "cpu/isa/isa.h"

#include <stdlib.h>

#include "base/memory.h"

/* The body column:
     B(name, r, m)  byte operands: register form name_r_8, memory form name_m_8_{cold,seg,f32,f64}
     V(name, r, m)  operand size: the same for 16, 32 and 64
     BYW(name)      one body per operand size for registers and memory alike: name_16, name_32, name_64
     BYW_32(name)   ... without a 64-bit form
     BYW_STACK(name) ... and per stack kind: name_W_{seg,f32,f64}
     ONE(name)      one body for everything
     REL(name)      direct branch: name_16, name_32, name_64 each _{checked,flat,page}
   First every body is declared, then the rows are laid out. */
#define BODIES_DECLARE(name, r, m, W) \
    extern insn_body name##_##r##_##W, name##_##m##_##W##_cold, name##_##m##_##W##_seg, name##_##m##_##W##_f32, name##_##m##_##W##_f64;
#define B(name, r, m) BODIES_DECLARE(name, r, m, 8)
#define V(name, r, m) BODIES_DECLARE(name, r, m, 16) BODIES_DECLARE(name, r, m, 32) BODIES_DECLARE(name, r, m, 64)
#define BYW(name) extern insn_body name##_16, name##_32, name##_64;
#define BYW_32(name) extern insn_body name##_16, name##_32;
#define BYW_STACK(name) extern insn_body name##_16_seg, name##_16_f32, name##_16_f64, name##_32_seg, name##_32_f32, name##_64_f64;
#define ONE(name) extern insn_body name;
#define REL(name) extern insn_body name##_16_checked, name##_16_flat, name##_16_page, name##_32_checked, name##_32_flat, \
    name##_32_page, name##_64_checked, name##_64_flat, name##_64_page;
#define ROW(opcode, ext, mnemonic, operands, body, feature, written, undefined, attributes) body
#include "cpu/isa/integer.def"
#include "cpu/isa/general.def"
#include "cpu/isa/system.def"
#include "cpu/isa/x87.def"
#undef ROW
#undef REL
#undef ONE
#undef BYW_STACK
#undef BYW_32
#undef BYW
#undef V
#undef B
#undef BODIES_DECLARE

#define BODIES(name, r, m, W) \
    {name##_##r##_##W, name##_##m##_##W##_cold, name##_##m##_##W##_seg, name##_##m##_##W##_f32, name##_##m##_##W##_f64}
#define B(name, r, m) {BODIES(name, r, m, 8)}
#define V(name, r, m) {{0}, BODIES(name, r, m, 16), BODIES(name, r, m, 32), BODIES(name, r, m, 64)}
#define BYW(name) {{0}, {name##_16}, {name##_32}, {name##_64}}
#define BYW_32(name) {{0}, {name##_16}, {name##_32}}
#define BYW_STACK(name)                                                                                             \
    {{0},                                                                                                           \
     {name##_16_seg, name##_16_seg, name##_16_seg, name##_16_f32, name##_16_f64},                                   \
     {name##_32_seg, name##_32_seg, name##_32_seg, name##_32_f32, name##_32_seg},                                   \
     {name##_64_f64, name##_64_f64, name##_64_f64, name##_64_f64, name##_64_f64}}
#define ONE(name) {{name}}
#define REL(name)                                                   \
    {{0},                                                           \
     {name##_16_checked, name##_16_flat, name##_16_page},           \
     {name##_32_checked, name##_32_flat, name##_32_page},           \
     {name##_64_checked, name##_64_flat, name##_64_page}}
#define ROW(opcode, ext, mnemonic, operands, body, feature, written, undefined, attributes) \
    {opcode, ext, OPERANDS_##operands, feature, #mnemonic, written, undefined, attributes, body},

const struct row isa_rows[] = {
#include "cpu/isa/integer.def"
#include "cpu/isa/general.def"
#include "cpu/isa/system.def"
#include "cpu/isa/x87.def"
};
const unsigned isa_row_count = ARRAY_LENGTH(isa_rows);

static unsigned map_of(const struct row *row)
{
    return row->opcode >> 8 == 0x0f;
}

static unsigned opcodes_of(const struct row *row)
{
    return row->attributes & OPCODE_REG ? 8 : 1;
}

struct decode_table *decode_table_new(const struct cpu_model *model)
{
    struct decode_table *table = memory_new(sizeof *table);
    unsigned total = 1;

    for (unsigned i = 0; i < isa_row_count; i++)
        total += opcodes_of(&isa_rows[i]);
    table->rows = memory_new(total * sizeof *table->rows);
    total = 1;
    for (unsigned map = 0; map < 2; map++)
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            table->first[map][opcode] = (uint16_t)total;
            for (unsigned i = 0; i < isa_row_count; i++) {
                const struct row *row = &isa_rows[i];
                unsigned first = row->opcode & 0xff;

                if (map_of(row) == map && opcode >= first && opcode < first + opcodes_of(row) && model_has(model, row->feature))
                    table->rows[total++] = (uint16_t)i;
            }
            table->count[map][opcode] = (uint8_t)(total - table->first[map][opcode]);
        }
    return table;
}

void decode_table_free(struct decode_table *table)
{
    if (table)
        free(table->rows);
    free(table);
}

static const bool pattern_has_modrm[OPERANDS_COUNT] = {
#define PATTERN(name, modrm, width, dst, src, immediate) [OPERANDS_##name] = modrm,
    OPERAND_PATTERNS(PATTERN)
#undef PATTERN
};

bool decode_table_has_modrm(const struct decode_table *table, unsigned map, uint8_t opcode)
{
    return table->count[map][opcode] && (pattern_has_modrm[isa_rows[table->rows[table->first[map][opcode]]].operands] ||
                                         isa_rows[table->rows[table->first[map][opcode]]].ext != ANY_EXT);
}

const struct row *decode_table_find(const struct decode_table *table, unsigned map, unsigned opcode, uint8_t modrm, bool code64)
{
    const struct row *invalid = NULL;
    const uint16_t *rows = &table->rows[table->first[map][opcode]];

    for (unsigned n = table->count[map][opcode]; n; n--, rows++) {
        const struct row *row = &isa_rows[*rows];

        if (row->ext != ANY_EXT && row->ext != (row->ext < 0 ? MODRM(modrm) : modrm >> 3 & 7))
            continue;
        if ((row->attributes & MEM) && modrm >= 0xc0)
            continue;
        if ((row->attributes & REG) && modrm < 0xc0)
            continue;
        if (!code64 && (row->attributes & ONLY_64))
            continue;
        if (!code64 || !(row->attributes & NO_64))
            return row;
        invalid = row;
    }
    return invalid;
}
