/* The instruction tables: one row per instruction form (R1). Decoder, feature gates, undefined-flag masks, trace, coverage,
   docs and tests all read these rows. The rows stand in *.def; this header says what their columns mean. */
#ifndef TRUEBOX_CPU_ISA_ISA_H
#define TRUEBOX_CPU_ISA_ISA_H

#include "cpu/body.h"
#include "cpu/insn.h"
#include "cpu/model.h"

/* Operand patterns, in the notation of SDM 2 appendix A.2: E register or memory by ModRM.rm, G register by ModRM.reg, Z register in
   the opcode's low three bits, I immediate, J branch displacement, O memory offset without ModRM, S segment register, C control,
   D debug, T test register, M memory only, FpM and FpR x87 memory and stack register, A far pointer; b byte, w word, v operand size, z 16 or 32 bits, s sign-extended.
   Columns: name, ModRM byte follows, width (8; 16; V operand size; 0 none), dst from, src from, immediate. */
#define OPERAND_PATTERNS(P)                                \
    P(NONE, false, 0, NO, NO, NO_IMM)                      \
    P(NONE_V, false, V, NO, NO, NO_IMM)                    \
    P(NONE_B, false, 8, NO, NO, NO_IMM)                    \
    P(Eb_Gb, true, 8, RM, REG, NO_IMM)                     \
    P(Ev_Gv, true, V, RM, REG, NO_IMM)                     \
    P(Gb_Eb, true, 8, REG, RM, NO_IMM)                     \
    P(Gv_Ev, true, V, REG, RM, NO_IMM)                     \
    P(Ew_Gw, true, 16, RM, REG, NO_IMM)                    \
    P(Gv_Eb, true, V, REG, RM8, NO_IMM)                    \
    P(Gv_Ew, true, V, REG, RM16, NO_IMM)                   \
    P(Eb, true, 8, RM, NO, NO_IMM)                         \
    P(Ev, true, V, RM, NO, NO_IMM)                         \
    P(Ew, true, 16, RM, NO, NO_IMM)                        \
    P(Eb_Ib, true, 8, RM, NO, IMM8)                        \
    P(Ev_Ib, true, V, RM, NO, IMM8)                        \
    P(Ev_sIb, true, V, RM, NO, IMM8_SIGNED)                \
    P(Ev_Iz, true, V, RM, NO, IMM_Z)                       \
    P(Ev_Gv_Ib, true, V, RM, REG, IMM8)                    \
    P(Gv_Ev_sIb, true, V, REG, RM, IMM8_SIGNED)            \
    P(Gv_Ev_Iz, true, V, REG, RM, IMM_Z)                   \
    P(Gv_M, true, V, REG, RM, NO_IMM)                      \
    P(M, true, V, NO, NO, NO_IMM)                          \
    P(AL_Ib, false, 8, RAX_, NO, IMM8)                     \
    P(rAX_Iz, false, V, RAX_, NO, IMM_Z)                   \
    P(Zb_Ib, false, 8, OPCODE, NO, IMM8)                   \
    P(Zv_Iv, false, V, OPCODE, NO, IMM_V)                  \
    P(Zv, false, V, OPCODE, NO, NO_IMM)                    \
    P(Zv_rAX, false, V, OPCODE, RAX_, NO_IMM)              \
    P(AL_Ob, false, 8, RAX_, OFFSET, NO_IMM)               \
    P(rAX_Ov, false, V, RAX_, OFFSET, NO_IMM)              \
    P(Ob_AL, false, 8, OFFSET, RAX_, NO_IMM)               \
    P(Ov_rAX, false, V, OFFSET, RAX_, NO_IMM)              \
    P(Ib, false, V, NO, NO, IMM8)                          \
    P(sIb, false, V, NO, NO, IMM8_SIGNED)                  \
    P(Iz, false, V, NO, NO, IMM_Z)                         \
    P(Iw, false, V, NO, NO, IMM16)                         \
    P(Iw_Ib, false, V, NO, NO, IMM16_8)                    \
    P(Ap, false, V, NO, NO, IMM_FAR)                       \
    P(Jb, false, V, NO, NO, REL8)                          \
    P(Jz, false, V, NO, NO, RELZ)                          \
    P(Ew_Sw, true, V, RM, REG_RAW, NO_IMM)                 \
    P(Sw_Ew, true, V, REG_RAW, RM, NO_IMM)                 \
    P(FpM, true, V, NO, NO, FP_OPCODE)                     \
    P(FpR, true, 0, RM, NO, FP_OPCODE)                     \
    P(Rd_Cd, true, 32, RM, REG_RAW, NO_IMM)                \
    P(Cd_Rd, true, 32, REG_RAW, RM, NO_IMM)

enum operand_pattern {
#define PATTERN(name, modrm, width, dst, src, immediate) OPERANDS_##name,
    OPERAND_PATTERNS(PATTERN)
#undef PATTERN
    OPERANDS_COUNT
};

/* Where a register operand comes from. REG_RAW is ModRM.reg as a plain number (segment, control register ...). OFFSET: memory at a
   displacement that follows the opcode. RM8 and RM16: the r/m operand has this width whatever the operand size. */
enum operand_source { SOURCE_NO, SOURCE_RM, SOURCE_RM8, SOURCE_RM16, SOURCE_REG, SOURCE_REG_RAW, SOURCE_RAX_, SOURCE_OPCODE, SOURCE_OFFSET };

/* What follows as immediate, and how it gets into the record: IMM8 zero-extended, IMM8_SIGNED and IMM_Z sign-extended,
   IMM16_8 (ENTER) imm = word | byte << 16, IMM_FAR imm = offset | selector << 32, REL8 and RELZ: disp relative to the trace,
   FP_OPCODE: nothing follows, imm is what the x87 remembers of the opcode (SDM 1 8.1.9). */
enum immediate_kind { NO_IMM, IMM8, IMM8_SIGNED, IMM16, IMM16_8, IMM_Z, IMM_V, IMM_FAR, REL8, RELZ, FP_OPCODE };

enum row_attribute {
    PLAIN = 0,
    LOCKABLE = 1 << 0,     /* LOCK allowed with a memory destination */
    CPL0 = 1 << 1,         /* #GP(0) unless CPL is 0 */
    PROTECTED = 1 << 2,    /* #UD in real and virtual-8086 mode */
    OPCODE_REG = 1 << 3,   /* the row covers eight opcodes: low three bits name a register */
    END = 1 << 4,          /* a trace ends here */
    STACK = 1 << 5,        /* hot bodies chosen by how flat the stack is */
    BRANCH = 1 << 6,       /* direct relative branch: kinds are CS limit checked, flat, flat within the page */
    MEM = 1 << 7,          /* memory operand only: with a register #UD */
    REG = 1 << 8,          /* register operand only */
    STRING = 1 << 9,       /* REP prefixes apply */
    NO_64 = 1 << 10,       /* invalid in 64-bit mode */
    DEFAULT_64 = 1 << 11,  /* operand size 64 by default in 64-bit mode (near branches, stack) */
    SYNC = 1 << 12,        /* changes modes, IF, deadlines or costs more than a count: its body leaves to the loop */
    ANY_LOCK = 1 << 13,    /* LOCK is not an error (MOV CR8 alias ...) */
    MOD_IGNORED = 1 << 14, /* mod is taken as 3 whatever it says (MOV CR, DR, TR: SDM 2 MOV-CR) */
    COLD = 1 << 15,        /* no hot memory versions: the one body handles register and memory */
    ONLY_64 = 1 << 16,     /* exists in 64-bit mode only */
    FORCE_64 = 1 << 17     /* operand size 64 in 64-bit mode whatever the prefixes say (SDM 2 A.2.5, f64) */
};

/* Flags written or left undefined, as EFLAGS bits under short names. */
enum flag_set {
    F_NONE = 0,
    F_C = FLAG_CF, F_P = FLAG_PF, F_A = FLAG_AF, F_Z = FLAG_ZF, F_S = FLAG_SF, F_O = FLAG_OF,
    F_OSZAPC = FLAGS_ARITHMETIC,
    F_OSZAP = FLAGS_ARITHMETIC & ~FLAG_CF,
    F_ALL = 0x3f7fd5
};

#define ANY_EXT (-128)
/* A row of one register form: its whole ModRM byte. */
#define MODRM(byte) ((byte) - 256)

struct row {
    uint16_t opcode;      /* 0x00-0xff, 0x0f00-0x0fff */
    int8_t ext;           /* ModRM.reg, MODRM(byte) or ANY_EXT */
    uint8_t operands;     /* enum operand_pattern */
    uint8_t feature;      /* enum feature */
    const char *mnemonic; /* as in the manual, lower case; size suffixes are the operands' business */
    uint32_t flags_written, flags_undefined;
    uint32_t attributes;
    insn_body *body[4][KIND_COUNT]; /* by width 8, 16, 32, 64 and address kind; empty places fall back to [width][0], then [0][0] */
};

extern const struct row isa_rows[];
extern const unsigned isa_row_count;

/* The rows of one model, by opcode: built once per machine. */
struct decode_table {
    uint16_t first[2][256];  /* map (one-byte, 0F), opcode: index into `rows`, 0 when empty */
    uint8_t count[2][256];
    uint16_t *rows;          /* row numbers, grouped by opcode */
};

struct decode_table *decode_table_new(const struct cpu_model *model);
void decode_table_free(struct decode_table *table);

/* The row for an opcode: map 0 or 1, ModRM byte (ignored where no row needs it); NULL if there is none. In 64-bit mode rows marked
   NO_64 are found only where no other takes their place. */
const struct row *decode_table_find(const struct decode_table *table, unsigned map, unsigned opcode, uint8_t modrm, bool code64);
/* Whether rows of this opcode have a ModRM byte. */
bool decode_table_has_modrm(const struct decode_table *table, unsigned map, uint8_t opcode);

#endif
