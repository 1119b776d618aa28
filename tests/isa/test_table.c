/* The instruction tables: no opcode has two meanings on one model, and what the manuals define has one. */
#include <criterion/criterion.h>

#include "cpu/isa/isa.h"

/* Whether `row` is what decode_table_find would take for these bytes. */
static bool matches(const struct row *row, unsigned map, unsigned opcode, unsigned modrm, bool code64)
{
    unsigned first = row->opcode & 0xff;

    if ((row->opcode >> 8 == 0x0f) != map || opcode < first || opcode >= first + (row->attributes & OPCODE_REG ? 8 : 1))
        return false;
    if (row->ext != ANY_EXT && row->ext != (row->ext < 0 ? MODRM((int)modrm) : (int)(modrm >> 3 & 7)))
        return false;
    if (row->attributes & (code64 ? NO_64 : ONLY_64))
        return false;
    return !((row->attributes & MEM) && modrm >= 0xc0) && !((row->attributes & REG) && modrm < 0xc0);
}

Test(table, no_two_rows_match)
{
    const struct cpu_model *model;

    for (unsigned m = 0; (model = cpu_model_at(m)); m++)
        for (unsigned map = 0; map < 2; map++)
            for (unsigned opcode = 0; opcode < 256; opcode++)
                for (unsigned modrm = 0; modrm < 512; modrm++) { /* twice: outside and inside 64-bit mode */
                    const struct row *found = NULL;

                    for (unsigned i = 0; i < isa_row_count; i++) {
                        if (!model_has(model, isa_rows[i].feature) || !matches(&isa_rows[i], map, opcode, modrm & 255, modrm > 255))
                            continue;
                        cr_assert_null(found, "%s: %s%02x /%u: %s and %s", model->name, map ? "0f " : "", opcode,
                                       modrm >> 3 & 7, found ? found->mnemonic : "", isa_rows[i].mnemonic);
                        found = &isa_rows[i];
                    }
                }
}

/* Every row can be executed at some operand size. */
Test(table, rows_have_bodies)
{
    for (unsigned i = 0; i < isa_row_count; i++) {
        bool any = false;

        for (unsigned width = 0; width < 4; width++)
            any |= isa_rows[i].body[width][0] != NULL;
        cr_expect(any, "row %u (%s) has no body", i, isa_rows[i].mnemonic);
        cr_expect_eq(isa_rows[i].flags_undefined & ~(uint32_t)FLAGS_ARITHMETIC, 0, "%s", isa_rows[i].mnemonic);
    }
}

/* Opcodes without any row, per model: what raises #UD there. */
static void expect_missing(const char *name, const uint8_t *expected, size_t count)
{
    struct decode_table *table = decode_table_new(cpu_model_find(name));
    size_t at = 0;

    for (unsigned opcode = 0; opcode < 256; opcode++) {
        bool missing = true, listed = at < count && expected[at] == opcode;

        for (unsigned reg = 0; reg < 8 && missing; reg++)
            missing = !decode_table_find(table, 0, opcode, (uint8_t)(reg << 3), false) &&
                      !decode_table_find(table, 0, opcode, (uint8_t)(0xc0 | reg << 3), false);
        at += listed;
        cr_expect_eq(missing, listed, "%s: opcode %02x %s", name, opcode, missing ? "has no row" : "should have no row");
    }
    decode_table_free(table);
}

Test(table, one_byte_opcodes)
{
    /* prefixes, and 0F which selects the other map (POP CS on the 8086) */
    static const uint8_t on_8086[] = {0x26, 0x2e, 0x36, 0x3e, 0xf0, 0xf1, 0xf2, 0xf3};
    static const uint8_t on_286[] = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf1, 0xf2, 0xf3};
    static const uint8_t on_386[] = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};

    expect_missing("8086", on_8086, sizeof on_8086);
    expect_missing("80286", on_286, sizeof on_286);
    expect_missing("80386", on_386, sizeof on_386);
    expect_missing("pentium-pro", on_386, sizeof on_386);
}
