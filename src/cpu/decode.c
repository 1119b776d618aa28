/* Bytes to records: prefixes, the row, ModRM, immediates, and every check that mode and model decide.

   What cannot be executed becomes a record too: one whose body raises the exception with its reason. */
#include "cpu/engine.h"
#include "cpu/raise.h"

struct pattern {
    bool modrm;
    uint8_t width; /* 0, 8, 16, 32 or WIDTH_V */
    uint8_t dst, src, immediate;
};
#define WIDTH_V 255

#define V WIDTH_V
#define PATTERN(name, modrm, width, dst, src, immediate) {modrm, width, SOURCE_##dst, SOURCE_##src, immediate},
static const struct pattern patterns[OPERANDS_COUNT] = {OPERAND_PATTERNS(PATTERN)};
#undef PATTERN
#undef V

/* The bytes being decoded. */
struct reader {
    const uint8_t *bytes;
    unsigned at, available, limit;
    bool short_of_bytes;
    bool too_long;
};

static uint64_t take(struct reader *reader, unsigned count)
{
    uint64_t value = 0;

    if (reader->at + count > reader->limit) {
        /* every byte up to the limit is fetched before the length is found wrong */
        if (reader->available < reader->limit)
            reader->short_of_bytes = true;
        else
            reader->too_long = true;
        return 0;
    }
    if (reader->at + count > reader->available) {
        reader->short_of_bytes = true;
        return 0;
    }
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)reader->bytes[reader->at + i] << 8 * i;
    reader->at += count;
    return value;
}

struct prefixes {
    bool operand, address, lock;
    uint8_t rep;     /* INSN_REP, INSN_REPNE or 0: the last one counts */
    uint8_t segment; /* SEGMENT_COUNT: none */
    uint8_t rex;
    uint8_t opcode;
};

static bool take_prefix(const struct cpu *cpu, uint8_t byte, struct prefixes *prefixes)
{
    switch (byte) {
    case 0x26: prefixes->segment = ES; return true;
    case 0x2e: prefixes->segment = CS; return true;
    case 0x36: prefixes->segment = SS; return true;
    case 0x3e: prefixes->segment = DS; return true;
    case 0xf0: prefixes->lock = true; return true;
    case 0xf1: /* the 8086 decodes F1 as LOCK */
        prefixes->lock |= cpu->model->level < 2;
        return cpu->model->level < 2;
    case 0xf2: prefixes->rep = INSN_REPNE; return true;
    case 0xf3: prefixes->rep = INSN_REP; return true;
    default: break;
    }
    if (cpu->model->level < 3)
        return false;
    switch (byte) {
    case 0x64: prefixes->segment = FS; return true;
    case 0x65: prefixes->segment = GS; return true;
    case 0x66: prefixes->operand = true; return true;
    case 0x67: prefixes->address = true; return true;
    default: return false;
    }
}

static void take_prefixes(const struct cpu *cpu, struct reader *reader, struct prefixes *prefixes)
{
    bool code64 = cpu->mode_key & KEY_CODE64;

    *prefixes = (struct prefixes){.segment = SEGMENT_COUNT};
    for (;;) {
        uint8_t byte = (uint8_t)take(reader, 1), segment = prefixes->segment;

        if (reader->short_of_bytes || reader->too_long)
            return;
        if (take_prefix(cpu, byte, prefixes)) {
            prefixes->rex = 0; /* a REX that is not the last prefix is ignored (SDM 2 2.2.1) */
            if (code64 && prefixes->segment < FS) /* these are no overrides in 64-bit mode */
                prefixes->segment = segment;
            continue;
        }
        if (code64 && (byte & 0xf0) == 0x40) {
            prefixes->rex = byte;
            continue;
        }
        prefixes->opcode = byte;
        return;
    }
}

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

/* --- the memory operand (SDM 2 table 2-1, 2-2, 2-3) ---------------------------------------------------------------------- */

static void memory_operand16(struct reader *reader, uint8_t modrm, struct insn *in)
{
    static const uint8_t bases[8] = {RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX};
    static const uint8_t indexes[8] = {RSI, RDI, RSI, RDI, GPR_ZERO, GPR_ZERO, GPR_ZERO, GPR_ZERO};
    unsigned mod = modrm >> 6, rm = modrm & 7;

    in->base = bases[rm];
    in->index = indexes[rm];
    in->segment = bases[rm] == RBP ? SS : DS;
    if (mod == 0 && rm == 6) {
        in->base = GPR_ZERO;
        in->segment = DS;
        in->disp = (int32_t)take(reader, 2);
    } else if (mod == 1) {
        in->disp = (int8_t)take(reader, 1);
    } else if (mod == 2) {
        in->disp = (int16_t)take(reader, 2);
    }
}

static void memory_operand32(struct reader *reader, uint8_t modrm, const struct prefixes *prefixes, bool code64, struct insn *in,
                             bool *rip_relative)
{
    unsigned mod = modrm >> 6, rm = modrm & 7;
    bool no_base = false;

    if (rm == 4) {
        uint8_t sib = (uint8_t)take(reader, 1);
        unsigned index = (sib >> 3 & 7) | (prefixes->rex & REX_X ? 8 : 0);

        in->base = (uint8_t)((sib & 7) | (prefixes->rex & REX_B ? 8 : 0));
        in->index = index == 4 ? GPR_ZERO : (uint8_t)index;
        in->scale = sib >> 6;
        no_base = (sib & 7) == 5 && mod == 0;
    } else {
        in->base = (uint8_t)(rm | (prefixes->rex & REX_B ? 8 : 0));
        if (rm == 5 && mod == 0) {
            no_base = true;
            *rip_relative = code64;
        }
    }
    in->segment = in->base == RSP || in->base == RBP ? SS : DS;
    if (no_base) {
        in->base = *rip_relative ? GPR_RIP_BASE : GPR_ZERO;
        in->segment = DS;
        in->disp = (int32_t)take(reader, 4);
    } else if (mod == 1) {
        in->disp = (int8_t)take(reader, 1);
    } else if (mod == 2) {
        in->disp = (int32_t)take(reader, 4);
    }
}

/* --- operands ---------------------------------------------------------------------------------------------------------- */

static uint8_t byte_register(unsigned number, const struct prefixes *prefixes)
{
    return (uint8_t)(number >= 4 && number < 8 && !prefixes->rex ? (number - 4) | INSN_HIGH_BYTE : number);
}

static uint8_t register_operand(unsigned source, unsigned width, uint8_t modrm, const struct prefixes *prefixes)
{
    unsigned number;

    switch (source) {
    case SOURCE_RM8:
    case SOURCE_RM16:
    case SOURCE_RM: number = (modrm & 7) | (prefixes->rex & REX_B ? 8 : 0); break;
    case SOURCE_REG: number = (modrm >> 3 & 7) | (prefixes->rex & REX_R ? 8 : 0); break;
    case SOURCE_REG_RAW: return (modrm >> 3 & 7) | (prefixes->rex & REX_R ? 8 : 0);
    case SOURCE_OPCODE: number = (prefixes->opcode & 7) | (prefixes->rex & REX_B ? 8 : 0); break;
    case SOURCE_RAX_: return RAX;
    default: return 0;
    }
    if (width == 8 || source == SOURCE_RM8)
        return byte_register(number, prefixes);
    return (uint8_t)number;
}

static void take_immediate(struct reader *reader, unsigned kind, unsigned width, struct insn *in)
{
    unsigned z = width == 16 ? 2 : 4;
    uint64_t low;

    switch (kind) {
    case IMM8: in->imm = take(reader, 1); break;
    case IMM8_SIGNED: in->imm = sign_extend(take(reader, 1), 8); break;
    case IMM16: in->imm = take(reader, 2); break;
    case IMM16_8:
        low = take(reader, 2);
        in->imm = low | take(reader, 1) << 16;
        break;
    case IMM_Z: in->imm = sign_extend(take(reader, z), 8 * z); break;
    case IMM_V: in->imm = take(reader, width == 8 ? 1 : width / 8); break;
    case IMM_FAR:
        low = take(reader, z);
        in->imm = low | take(reader, 2) << 32;
        break;
    case REL8: in->disp = (int8_t)take(reader, 1); break;
    case RELZ: in->disp = (int32_t)sign_extend(take(reader, z), 8 * z); break;
    default: break;
    }
}

/* --- records that raise ------------------------------------------------------------------------------------------------ */

BODY(raise_record)
{
    cpu->in = in;
    raise_exception(cpu, in->dst, 0, (enum reason)in->disp, in->imm, cpu->cpl);
}

static void make_raise(struct insn *in, unsigned vector, enum reason reason, uint64_t detail)
{
    in->body = raise_record;
    in->dst = (uint8_t)vector;
    in->disp = (int32_t)reason;
    in->imm = detail;
    in->flags = 0;
}

/* --- choosing the body --------------------------------------------------------------------------------------------------- */

static unsigned memory_kind(const struct cpu *cpu, const struct insn *in)
{
    uint32_t key = cpu->mode_key;
    unsigned size = in->flags & INSN_ADDRESS;

    if (cpu->engine->plain || (key & KEY_ALIGN))
        return KIND_COLD;
    if (key & KEY_CODE64)
        return size == INSN_ADDRESS64 ? KIND_F64 : KIND_COLD;
    if ((key & KEY_FLAT) && size == INSN_ADDRESS32 && (in->segment == DS || in->segment == SS || in->segment == ES))
        return KIND_F32;
    return KIND_SEG;
}

static unsigned body_kind(const struct cpu *cpu, const struct row *row, const struct insn *in)
{
    uint32_t key = cpu->mode_key;

    if (row->attributes & BRANCH) /* columns of REL: checked, flat; the trace maker turns flat into page */
        return key & (KEY_CS_FLAT | KEY_CODE64) ? 1 : 0;
    if (row->attributes & STACK)
        return key & KEY_CODE64 ? KIND_F64 : (key & KEY_FLAT) && !(key & KEY_ALIGN) ? KIND_F32 : KIND_SEG;
    if (in->flags & INSN_MEMORY)
        return memory_kind(cpu, in);
    return KIND_REG;
}

/* FS and GS in 64-bit mode have a base and nothing else: where an operand has no base or no index register, the segment's base
   takes that place. */
static void add_segment_base(struct insn *in)
{
    uint8_t base = in->segment == FS ? GPR_FS_BASE : GPR_GS_BASE;

    if (in->index == GPR_ZERO) {
        in->index = base;
        in->scale = 0;
    } else if (in->base == GPR_ZERO) {
        in->base = base;
    } else {
        return;
    }
    in->segment = DS;
}

static bool is_offset_pattern(unsigned operands)
{
    return patterns[operands].dst == SOURCE_OFFSET || patterns[operands].src == SOURCE_OFFSET;
}

/* MOV between the accumulator and an offset of 64 bits, by direction and width. */
extern insn_body mov_load_offset_8, mov_load_offset_16, mov_load_offset_32, mov_load_offset_64, mov_store_offset_8, mov_store_offset_16,
    mov_store_offset_32, mov_store_offset_64;
static insn_body *const offset_bodies[2][4] = {
    {mov_load_offset_8, mov_load_offset_16, mov_load_offset_32, mov_load_offset_64},
    {mov_store_offset_8, mov_store_offset_16, mov_store_offset_32, mov_store_offset_64},
};

static void choose_body(const struct cpu *cpu, const struct row *row, struct insn *in, unsigned width)
{
    unsigned column = width == 8 ? 0 : width == 16 ? 1 : width == 32 ? 2 : 3;
    unsigned kind = body_kind(cpu, row, in);
    insn_body *body;

    if (kind == KIND_F64 && (in->flags & INSN_MEMORY) && in->segment >= FS) {
        if (row->body[column][KIND_F64] && !(row->attributes & STACK))
            add_segment_base(in);
        if (in->segment >= FS)
            kind = KIND_COLD;
    }
    body = row->body[column][kind];
    if (in->imm && is_offset_pattern(row->operands))
        body = offset_bodies[patterns[row->operands].dst == SOURCE_OFFSET][column];
    if (!body)
        body = row->body[column][0];
    in->body = body ? body : row->body[0][0];
}

/* --- legality ------------------------------------------------------------------------------------------------------------ */

/* LOCK: the 8086 takes it anywhere; the 286 asks for IOPL (80286 PRM, LOCK); from the 386 on only with the rows that say so. */
static bool lock_is_legal(const struct cpu *cpu, const struct row *row, const struct insn *in)
{
    if (cpu->model->level < 3 || (row->attributes & ANY_LOCK))
        return true;
    return (row->attributes & LOCKABLE) && (in->flags & INSN_MEMORY);
}

/* True if the row may be executed; else the record has been made one that raises. */
static bool check_row(const struct cpu *cpu, const struct row *row, const struct prefixes *prefixes, struct insn *in)
{
    uint32_t key = cpu->mode_key;

    if (prefixes->lock && !lock_is_legal(cpu, row, in)) {
        make_raise(in, VECTOR_UD, REASON_UD_LOCK, row->opcode);
        return false;
    }
    if (((row->attributes & PROTECTED) && !(key & KEY_PROTECTED)) || ((row->attributes & NO_64) && (key & KEY_CODE64))) {
        make_raise(in, VECTOR_UD, REASON_UD_MODE, row->opcode);
        return false;
    }
    if (prefixes->lock && cpu->model->level == 2 && (key & KEY_PROTECTED) && cpu->cpl > cpu_iopl(cpu)) {
        make_raise(in, VECTOR_GP, REASON_GP_IOPL, cpu->cpl);
        return false;
    }
    if ((row->attributes & CPL0) && (key & KEY_CPL)) {
        make_raise(in, VECTOR_GP, REASON_GP_CPL, cpu->cpl);
        return false;
    }
    return true;
}

unsigned decode_length_limit(const struct cpu *cpu)
{
    return cpu->model->level == 2 ? 10 : 15; /* 80286 PRM 9: #GP above ten bytes; SDM 2 2.3.11 */
}

bool decode_ends_trace(const struct row *row)
{
    return !row || (row->attributes & (END | SYNC));
}

static unsigned operand_width(const struct cpu *cpu, const struct row *row, const struct prefixes *prefixes)
{
    uint8_t width = patterns[row->operands].width;
    bool code64 = cpu->mode_key & KEY_CODE64;

    if (width != WIDTH_V)
        return width == 32 && code64 ? 64 : width;
    if (code64) {
        if (row->attributes & FORCE_64)
            return 64;
        if ((prefixes->rex & REX_W) || ((row->attributes & DEFAULT_64) && !prefixes->operand))
            return 64;
        return (row->attributes & BRANCH) ? 64 : prefixes->operand ? 16 : 32;
    }
    return !!(cpu->mode_key & KEY_CODE32) != prefixes->operand ? 32 : 16;
}

static uint8_t address_size(const struct cpu *cpu, const struct prefixes *prefixes)
{
    if (cpu->mode_key & KEY_CODE64)
        return prefixes->address ? INSN_ADDRESS32 : INSN_ADDRESS64;
    return !!(cpu->mode_key & KEY_CODE32) != prefixes->address ? INSN_ADDRESS32 : INSN_ADDRESS16;
}

static void take_operands(const struct cpu *cpu, struct reader *reader, const struct row *row, const struct prefixes *prefixes,
                          uint8_t modrm, unsigned width, struct insn *in)
{
    const struct pattern *pattern = &patterns[row->operands];
    bool rip_relative = false, has_modrm = pattern->modrm || row->ext != ANY_EXT;

    in->segment = DS;
    in->base = in->index = GPR_ZERO;
    if (has_modrm && modrm < 0xc0 && !(row->attributes & MOD_IGNORED)) {
        in->flags |= INSN_MEMORY;
        if ((in->flags & INSN_ADDRESS) == INSN_ADDRESS16)
            memory_operand16(reader, modrm, in);
        else
            memory_operand32(reader, modrm, prefixes, cpu->mode_key & KEY_CODE64, in, &rip_relative);
        if (cpu->model->level == 3 && in->index == GPR_ZERO && in->scale) { /* the 80386 scales the base where there is no index */
            in->index = in->base;
            in->base = GPR_ZERO;
        }
    } else if (pattern->dst == SOURCE_OFFSET || pattern->src == SOURCE_OFFSET) {
        unsigned size = in->flags & INSN_ADDRESS;

        in->flags |= INSN_MEMORY;
        in->imm = take(reader, size == INSN_ADDRESS16 ? 2 : size == INSN_ADDRESS32 ? 4 : 8);
        in->disp = (int32_t)in->imm;
        if (size != INSN_ADDRESS64 || (uint64_t)(int64_t)in->disp == in->imm)
            in->imm = 0; /* else an offset that the displacement does not hold: choose_body */
    }
    if (prefixes->segment != SEGMENT_COUNT)
        in->segment = prefixes->segment & 7;
    if (in->flags & INSN_MEMORY) {
        in->dst = pattern->dst == SOURCE_RM ? 0 : register_operand(pattern->dst, width, modrm, prefixes);
        in->src = pattern->src == SOURCE_RM || pattern->src == SOURCE_RM8 || pattern->src == SOURCE_RM16
                      ? 0
                      : register_operand(pattern->src, width, modrm, prefixes);
    } else {
        in->dst = register_operand(pattern->dst, width, modrm, prefixes);
        in->src = register_operand(pattern->src, width, modrm, prefixes);
    }
    if (pattern->immediate == FP_OPCODE)
        in->imm = (prefixes->opcode & 7u) << 8 | modrm;
    else
        take_immediate(reader, pattern->immediate, width, in);
    if (rip_relative)
        in->disp += (int32_t)reader->at;
}

enum decode_status decode(const struct cpu *cpu, const uint8_t *bytes, unsigned available, struct insn *in, const struct row **row)
{
    struct reader reader = {.bytes = bytes, .available = available, .limit = decode_length_limit(cpu)};
    struct prefixes prefixes;
    uint8_t modrm = 0;
    unsigned map = 0, width;

    memset(in, 0, sizeof *in);
    *row = NULL;
    take_prefixes(cpu, &reader, &prefixes);
    if (prefixes.opcode == 0x0f && cpu->model->level >= 2 && !reader.short_of_bytes && !reader.too_long) {
        map = 1;
        prefixes.opcode = (uint8_t)take(&reader, 1);
    }
    if (!reader.short_of_bytes && !reader.too_long && decode_table_has_modrm(cpu->engine->decode, map, prefixes.opcode))
        modrm = (uint8_t)take(&reader, 1);
    if (!reader.short_of_bytes && !reader.too_long) {
        /* 90 with REX.B exchanges R8 and the accumulator */
        *row = decode_table_find(cpu->engine->decode, map, prefixes.opcode | (!map && prefixes.opcode == 0x90 && (prefixes.rex & REX_B)),
                                 modrm, cpu->mode_key & KEY_CODE64);
        if (!*row) {
            make_raise(in, VECTOR_UD, REASON_UD_OPCODE, (map ? 0x0f00u : 0) | prefixes.opcode);
        } else {
            in->row = (uint16_t)(*row - isa_rows);
            width = operand_width(cpu, *row, &prefixes);
            in->flags = address_size(cpu, &prefixes) | prefixes.rep | (prefixes.lock ? INSN_LOCK : 0) | (prefixes.rex ? INSN_REX : 0);
            take_operands(cpu, &reader, *row, &prefixes, modrm, width, in);
            if (!reader.short_of_bytes && !reader.too_long) {
                if (((*row)->attributes & BRANCH) != 0)
                    in->disp += (int32_t)reader.at;
                if (!check_row(cpu, *row, &prefixes, in))
                    *row = NULL;
                else
                    choose_body(cpu, *row, in, width);
            }
        }
    }
    if (reader.short_of_bytes)
        return DECODE_MORE;
    if (reader.too_long) {
        make_raise(in, VECTOR_GP, REASON_GP_LENGTH, reader.limit);
        *row = NULL;
    }
    in->length = (uint8_t)reader.at;
    return DECODE_OK;
}
