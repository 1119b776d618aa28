/* The decoded instruction: a fixed 32-byte record, and the trace that holds up to 32 of them. */
#ifndef TRUEBOX_CPU_INSN_H
#define TRUEBOX_CPU_INSN_H

#include <assert.h>

#include "cpu/cpu.h"

#if TRUEBOX_TAIL_DISPATCH
typedef void insn_result;
typedef void insn_body(struct cpu *cpu, const struct insn *in);
#else
typedef const struct insn *insn_result;
typedef const struct insn *insn_body(struct cpu *cpu, const struct insn *in);
#endif

/* Register operands in dst and src: GPR 0-15; for 8-bit operands AH, CH, DH, BH are 0-3 with INSN_HIGH_BYTE. */
#define INSN_HIGH_BYTE 0x40

enum insn_flags {
    INSN_ADDRESS16 = 0, /* bits 0-1: address size */
    INSN_ADDRESS32 = 1,
    INSN_ADDRESS64 = 2,
    INSN_ADDRESS = 3,
    INSN_REP = 1 << 2,   /* F3 */
    INSN_REPNE = 1 << 3, /* F2 */
    INSN_LOCK = 1 << 4,
    INSN_MEMORY = 1 << 5, /* the r/m operand is in memory */
    INSN_REX = 1 << 6
};

struct insn {
    insn_body *body;
    union {
        uint64_t imm;       /* immediate, sign-extended to 64 bits where the row says so */
        struct trace *link; /* direct branches: the successor, once known */
    };
    int32_t disp; /* memory operands: displacement; direct branches: target RIP minus RIP of this record's trace */
    union {
        struct {
            uint8_t dst, src;    /* registers */
            uint8_t base, index; /* GPR numbers or GPR_ZERO */
        };
        uint32_t link_stamp; /* direct branches: low half of cpu->link_stamp when `link` was made */
    };
    uint8_t segment : 3; /* of the memory operand, overrides applied */
    uint8_t scale : 2;   /* index is shifted left by this */
    uint8_t unused : 3;
    uint8_t flags;   /* enum insn_flags */
    uint8_t length;  /* bytes */
    uint8_t left;    /* records from this one to the trace's end, itself included */
    uint16_t offset; /* of its first byte from the trace's first byte */
    uint16_t row;    /* index into the instruction table: trace, coverage, explanations */
};
static_assert(sizeof(struct insn) == 32, "records are fixed at 32 bytes");

struct trace {
    struct trace *next;       /* in its hash bucket */
    struct trace *page_next;  /* of the same code page */
    struct trace *split_next; /* of those whose second half lies in the same page */
    uint64_t key;             /* backing page << 12 | offset, with the mode key mixed in by the hash only */
    uint32_t mode_key;
    uint32_t second_page; /* backing page of the second half of a page-splitting instruction, else ~0 */
    uint16_t count;       /* records that cost a count */
    uint16_t span;        /* bytes covered */
    bool alive;
    struct insn insns[];
};

static inline uint64_t insn_rip(const struct cpu *cpu, const struct insn *in)
{
    return cpu->rip_base + in->offset;
}

/* Executes from this record on, until a body returns to the loop. */
#if TRUEBOX_TAIL_DISPATCH
static inline void insn_run(struct cpu *cpu, const struct insn *in)
{
    in->body(cpu, in);
}
#else
static inline void insn_run(struct cpu *cpu, const struct insn *in)
{
    do
        in = in->body(cpu, in);
    while (in);
}
#endif

#endif
