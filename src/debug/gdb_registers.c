/* Registers as GDB sees them: i386 core in GDB's fixed order (16 integer and segment registers, 16 of the coprocessor), then
   ours.

   "eip" is linear (CS.base + EIP) so that GDB's idea of code addresses holds in real mode too; cs_base tells them apart. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "debug/gdb_internal.h"

struct gdb_register {
    const char *name;
    const char *ours; /* tb_register_get's name; NULL: reads as zero, writes are ignored (no coprocessor yet) */
    unsigned bits;
    const char *type;
    const char *group;
};

#define CORE(name, ours, type)          \
    {                                   \
        name, ours, 32, type, "general" \
    }
#define STACK87(name)                       \
    {                                       \
        name, NULL, 80, "i387_ext", "float" \
    }
#define CONTROL87(name)                \
    {                                  \
        name, NULL, 32, "int", "float" \
    }
#define SYSTEM(name, ours, bits)                                   \
    {                                                              \
        name, ours, bits, bits == 16 ? "int16" : "int32", "system" \
    }

static const struct gdb_register registers[] = {
    CORE("eax", "rax", "int32"),
    CORE("ecx", "rcx", "int32"),
    CORE("edx", "rdx", "int32"),
    CORE("ebx", "rbx", "int32"),
    CORE("esp", "rsp", "data_ptr"),
    CORE("ebp", "rbp", "data_ptr"),
    CORE("esi", "rsi", "int32"),
    CORE("edi", "rdi", "int32"),
    CORE("eip", "rip", "code_ptr"),
    CORE("eflags", "rflags", "i386_eflags"),
    CORE("cs", "cs", "int32"),
    CORE("ss", "ss", "int32"),
    CORE("ds", "ds", "int32"),
    CORE("es", "es", "int32"),
    CORE("fs", "fs", "int32"),
    CORE("gs", "gs", "int32"),
    STACK87("st0"),
    STACK87("st1"),
    STACK87("st2"),
    STACK87("st3"),
    STACK87("st4"),
    STACK87("st5"),
    STACK87("st6"),
    STACK87("st7"),
    CONTROL87("fctrl"),
    CONTROL87("fstat"),
    CONTROL87("ftag"),
    CONTROL87("fiseg"),
    CONTROL87("fioff"),
    CONTROL87("foseg"),
    CONTROL87("fooff"),
    CONTROL87("fop"),
    SYSTEM("cr0", "cr0", 32),
    SYSTEM("cr2", "cr2", 32),
    SYSTEM("cr3", "cr3", 32),
    SYSTEM("cr4", "cr4", 32),
    SYSTEM("cs_base", "cs.base", 32),
    SYSTEM("ss_base", "ss.base", 32),
    SYSTEM("ds_base", "ds.base", 32),
    SYSTEM("es_base", "es.base", 32),
    SYSTEM("fs_base", "fs.base", 32),
    SYSTEM("gs_base", "gs.base", 32),
    SYSTEM("gdtr_base", "gdtr.base", 32),
    SYSTEM("gdtr_limit", "gdtr.limit", 16),
    SYSTEM("idtr_base", "idtr.base", 32),
    SYSTEM("idtr_limit", "idtr.limit", 16),
    SYSTEM("ldtr", "ldtr", 16),
    SYSTEM("tr", "tr", 16),
};

enum { FIRST_OF_OURS = 32, GDB_EIP = 8 };

unsigned gdb_register_count(void)
{
    return ARRAY_LENGTH(registers);
}

uint64_t gdb_pc(const struct tb_gdb *gdb)
{
    uint64_t base = 0, rip = 0;

    tb_register_get(gdb->machine, 0, "cs.base", &base);
    tb_register_get(gdb->machine, 0, "rip", &rip);
    return (uint32_t)(base + rip);
}

void gdb_set_pc(struct tb_gdb *gdb, uint64_t linear)
{
    uint64_t base = 0;

    tb_register_get(gdb->machine, 0, "cs.base", &base);
    tb_register_set(gdb->machine, 0, "rip", (uint32_t)(linear - base));
}

void gdb_register_put(const struct tb_gdb *gdb, struct gdb_sender *sender, unsigned number)
{
    const struct gdb_register *row = &registers[number];
    uint64_t value = 0;

    if (number == GDB_EIP)
        value = gdb_pc(gdb);
    else if (row->ours)
        tb_register_get(gdb->machine, 0, row->ours, &value);
    if (row->bits > 64) {
        gdb_put_register(sender, 0, 8);
        gdb_put_register(sender, 0, 2);
    } else {
        gdb_put_register(sender, value, row->bits / 8);
    }
}

unsigned gdb_register_digits(unsigned number)
{
    return registers[number].bits / 4;
}

bool gdb_register_write(struct tb_gdb *gdb, unsigned number, const char *hex)
{
    const struct gdb_register *row = &registers[number];
    uint8_t bytes[10] = {0};

    if (!gdb_parse_bytes(hex, bytes, row->bits / 8))
        return false;
    if (number == GDB_EIP)
        gdb_set_pc(gdb, load_le32(bytes));
    else if (row->ours)
        tb_register_set(gdb->machine, 0, row->ours, load_le64(bytes) & width_mask(row->bits));
    return true;
}

/* Appends to text[*length], counting what does not fit. */
static void add(char *text, size_t size, size_t *length, const char *more)
{
    size_t room = *length < size ? size - *length : 0;

    snprintf(room ? text + *length : NULL, room, "%s", more);
    *length += strlen(more);
}

static void add_register(char *text, size_t size, size_t *length, const struct gdb_register *row)
{
    char line[160];

    snprintf(line, sizeof line, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" group=\"%s\"/>", row->name, row->bits,
             row->type, row->group);
    add(text, size, length, line);
}

size_t gdb_target_description(char *text, size_t size)
{
    static const struct {
        const char *name;
        unsigned bit;
    } flags[] = {{"CF", 0},  {"PF", 2},  {"AF", 4},  {"ZF", 6},  {"SF", 7},  {"TF", 8},   {"IF", 9},   {"DF", 10},
                 {"OF", 11}, {"NT", 14}, {"RF", 16}, {"VM", 17}, {"AC", 18}, {"VIF", 19}, {"VIP", 20}, {"ID", 21}};
    size_t length = 0;

    add(text, size, &length,
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target "
        "version=\"1.0\"><architecture>i386</architecture>"
        "<feature name=\"org.gnu.gdb.i386.core\"><flags id=\"i386_eflags\" size=\"4\">");
    for (unsigned i = 0; i < ARRAY_LENGTH(flags); i++) {
        char line[80];

        snprintf(line, sizeof line, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>", flags[i].name, flags[i].bit,
                 flags[i].bit);
        add(text, size, &length, line);
    }
    add(text, size, &length, "</flags>");
    for (unsigned i = 0; i < FIRST_OF_OURS; i++)
        add_register(text, size, &length, &registers[i]);
    add(text, size, &length, "</feature><feature name=\"org.truebox.i386.system\">");
    for (unsigned i = FIRST_OF_OURS; i < ARRAY_LENGTH(registers); i++)
        add_register(text, size, &length, &registers[i]);
    add(text, size, &length, "</feature></target>");
    return length;
}
