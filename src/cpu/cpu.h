/* The processor's state, and what the board sees of it.

   Guest-visible state lives in struct cpu; its field table is in cpu_state.c. What is derived (mode key, TLB, segment
   windows) is recomputed after a restore. Between instructions `rip` and the clock are exact; inside a trace they are
   derived from the record (see engine.h). */
#ifndef TRUEBOX_CPU_CPU_H
#define TRUEBOX_CPU_CPU_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/schedule.h"
#include "cpu/fpu/fpu.h"
#include "cpu/model.h"
#include "cpu/msr.h"
#include "cpu/reasons.h"

// clang-format off
enum gpr_index {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
    GPR_ZERO,     /* always 0: the base or index that an address does not have */
    GPR_RIP_BASE, /* RIP of the running trace's first record: the base of RIP-relative addresses */
    GPR_FS_BASE,  /* segment bases, for operands in 64-bit mode that have room for one more term (decode.c) */
    GPR_GS_BASE,
    GPR_COUNT
};
// clang-format on

enum segment_index { ES, CS, SS, DS, FS, GS, SEGMENT_COUNT };

/* Descriptor attributes as in bits 40-55 of a descriptor (SDM 3A 3.4.5), the same layout as VMCS access rights. */
enum segment_attribute {
    SEGMENT_ACCESSED = 1 << 0,
    SEGMENT_WRITABLE = 1 << 1,    /* data */
    SEGMENT_READABLE = 1 << 1,    /* code */
    SEGMENT_EXPAND_DOWN = 1 << 2, /* data */
    SEGMENT_CONFORMING = 1 << 2,  /* code */
    SEGMENT_CODE = 1 << 3,
    SEGMENT_TYPE = 0xf,
    SEGMENT_S = 1 << 4, /* code or data, not system */
    SEGMENT_DPL_SHIFT = 5,
    SEGMENT_DPL = 3 << 5,
    SEGMENT_PRESENT = 1 << 7,
    SEGMENT_AVL = 1 << 12,
    SEGMENT_L = 1 << 13,
    SEGMENT_DB = 1 << 14,
    SEGMENT_G = 1 << 15
};

enum system_descriptor_type {
    DESCRIPTOR_TSS16_AVAILABLE = 1,
    DESCRIPTOR_LDT = 2,
    DESCRIPTOR_TSS16_BUSY = 3,
    DESCRIPTOR_CALL_GATE16 = 4,
    DESCRIPTOR_TASK_GATE = 5,
    DESCRIPTOR_INTERRUPT_GATE16 = 6,
    DESCRIPTOR_TRAP_GATE16 = 7,
    DESCRIPTOR_TSS32_AVAILABLE = 9,
    DESCRIPTOR_TSS32_BUSY = 11,
    DESCRIPTOR_CALL_GATE32 = 12,
    DESCRIPTOR_INTERRUPT_GATE32 = 14,
    DESCRIPTOR_TRAP_GATE32 = 15
};

struct segment {
    uint64_t base;
    uint64_t read_end;  /* derived: offsets [0, read_end) may be read without further checks; 0 where checks are needed */
    uint64_t write_end; /* derived, for writes */
    uint32_t limit;     /* in bytes, granularity applied */
    uint16_t selector;
    uint16_t attributes; /* enum segment_attribute; 0 is a null (unusable) segment */
};

struct table_register { /* GDTR, IDTR */
    uint64_t base;
    uint16_t limit;
};

/* EFLAGS (SDM 1 3.4.3). */
enum {
    FLAG_CF = 1 << 0,
    FLAG_1 = 1 << 1, /* always set */
    FLAG_PF = 1 << 2,
    FLAG_AF = 1 << 4,
    FLAG_ZF = 1 << 6,
    FLAG_SF = 1 << 7,
    FLAG_TF = 1 << 8,
    FLAG_IF = 1 << 9,
    FLAG_DF = 1 << 10,
    FLAG_OF = 1 << 11,
    FLAG_IOPL = 3 << 12,
    FLAG_IOPL_SHIFT = 12,
    FLAG_NT = 1 << 14,
    FLAG_RF = 1 << 16,
    FLAG_VM = 1 << 17,
    FLAG_AC = 1 << 18,
    FLAG_VIF = 1 << 19,
    FLAG_VIP = 1 << 20,
    FLAG_ID = 1 << 21,
    FLAGS_ARITHMETIC = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF
};

enum {
    CR0_PE = 1 << 0,
    CR0_MP = 1 << 1,
    CR0_EM = 1 << 2,
    CR0_TS = 1 << 3,
    CR0_ET = 1 << 4,
    CR0_NE = 1 << 5,
    CR0_WP = 1 << 16,
    CR0_AM = 1 << 18,
    CR0_NW = 1 << 29,
    CR0_CD = 1 << 30
};
#define CR0_PG UINT32_C(0x80000000)

enum {
    CR4_VME = 1 << 0,
    CR4_PVI = 1 << 1,
    CR4_TSD = 1 << 2,
    CR4_DE = 1 << 3,
    CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5,
    CR4_MCE = 1 << 6,
    CR4_PGE = 1 << 7,
    CR4_PCE = 1 << 8
};

enum { EFER_SCE = 1 << 0, EFER_LME = 1 << 8, EFER_LMA = 1 << 10, EFER_NXE = 1 << 11 };

// clang-format off
enum vector {
    VECTOR_DE, VECTOR_DB, VECTOR_NMI, VECTOR_BP, VECTOR_OF, VECTOR_BR, VECTOR_UD, VECTOR_NM, VECTOR_DF,
    VECTOR_CSO, /* coprocessor segment overrun: 286 and 386 only */
    VECTOR_TS, VECTOR_NP, VECTOR_SS, VECTOR_GP, VECTOR_PF, VECTOR_MF = 16, VECTOR_AC, VECTOR_MC, VECTOR_XM
};
// clang-format on

enum cpu_activity {
    CPU_RUNNING,
    CPU_HALTED,  /* HLT: until an interrupt, NMI, SMI, INIT or reset */
    CPU_SHUTDOWN /* triple fault: until NMI, INIT or reset; the board decides (R11) */
};

/* Interrupts held back for the one instruction after (SDM 3A 6.8.3, 3C table 24-3's names). */
enum {
    INHIBIT_NONE = 0,
    INHIBIT_STI = 1,   /* maskable interrupts only */
    INHIBIT_MOV_SS = 2 /* maskable interrupts, NMI and debug traps */
};

/* How an event is delivered: decides checks, pushes and what the fault chain says. */
enum event_kind {
    EVENT_EXCEPTION, /* fault, trap or abort raised by the processor */
    EVENT_EXTERNAL,  /* INTR through the PIC */
    EVENT_NMI,
    EVENT_SOFTWARE,          /* INT n: gate DPL is checked */
    EVENT_SOFTWARE_EXCEPTION /* INT3, INTO: DPL is checked too; INT1 counts as EVENT_EXCEPTION */
};

struct fault { /* one link of the chain that R5 keeps */
    enum reason reason;
    uint8_t vector;
    bool has_error_code;
    uint32_t error_code;
    uint64_t detail[2]; /* the values that the reason's text shows */
    uint64_t rip;       /* of the instruction concerned */
    uint64_t linear;    /* page faults: CR2 */
    uint16_t cs;
    uint64_t clock;
    enum event_kind while_delivering; /* valid if delivering */
    uint8_t delivering_vector;
    bool delivering; /* raised while another event was being delivered */
};
#define FAULT_CHAIN_LENGTH 8

struct insn;
struct trace;
struct tlb;
struct tlb_entry;
struct engine;
struct physical_map;
struct ports;

struct cpu {
    /* --- hot: what instruction bodies touch --- */
    union {
        uint64_t gpr[GPR_COUNT];
        struct {
            uint64_t gpr_before_rip_base[GPR_RIP_BASE];
            uint64_t rip_base; /* RIP of the running trace's first record */
        };
    };
    uint64_t flag_result; /* lazy flags: see flags.h */
    uint64_t flag_aux;
    int64_t
        budget; /* counts that may still be executed before the loop must look up, the running trace's already taken off */
    struct tlb_entry *tlb_data; /* the array for data accesses at the current privilege */
    uint64_t tlb_mask;          /* (entries - 1) << 5 */
    struct segment segment[SEGMENT_COUNT];
    uint64_t stack_mask;           /* 0xffff, 0xffffffff or all ones: derived from SS.B and mode */
    const struct insn *in;         /* the record being executed, set by every slow path; NULL between instructions */
    bool leave;                    /* a slow path wants the loop after this instruction (MMIO, code or tables touched) */
    uint64_t eflags;               /* all but the arithmetic flags, which are lazy; bit 1 set */
    uint32_t link_stamp;           /* what a cross-page link must carry to be followed */
    uint64_t jump_tag;             /* link stamp << 32 | mode key: what an entry of the jump cache must carry */
    struct jump_entry *jump_cache; /* by linear target: engine.h */
    uint64_t cs_end;               /* code segment limit + 1, or all ones where none applies: no trace may run past it */

    /* --- architectural --- */
    uint64_t rip; /* exact between instructions */
    uint64_t cr0, cr2, cr3, cr4, cr8, efer;
    uint64_t pdpte[4]; /* under PAE: loaded with CR3 (SDM 3A 4.4.1) */
    uint64_t dr[8];
    struct table_register gdtr, idtr;
    struct segment ldtr, tr;
    uint8_t cpl;
    uint8_t inhibit;  /* INHIBIT_*: valid for the next instruction only */
    uint8_t activity; /* enum cpu_activity */
    bool nmi_blocked; /* from NMI delivery to IRET */
    bool nmi_pending;
    bool intr;              /* the INTR input's level */
    bool init_pending;      /* INIT# was pulsed */
    bool a20;               /* A20 gate: false masks address bit 20 */
    uint64_t tsc_offset;    /* TSC = clock + offset */
    bool event_delivered;   /* set by interrupt_deliver: INT n takes no single-step trap behind itself */
    uint64_t pending_debug; /* DR6 bits of traps to be delivered at this boundary (single step, data and I/O breakpoints) */
    struct fpu fpu;
    uint64_t tr_registers[8]; /* TR3-TR7 of 386 and 486 */
    uint64_t msr[MSR_COUNT];  /* by enum msr_index; the time stamp counter is tsc_offset */

    uint64_t saved_flags; /* EFLAGS as cpu_state_prepare left it: the spelling that is hashed and saved */

    /* --- derived --- */
    uint32_t mode_key;     /* engine.h */
    uint64_t deadline;     /* clock at which budget ends: clock = deadline - budget at boundaries */
    struct engine *engine; /* traces, TLB contexts */

    bool attention;     /* the board wants cpu_run to return at the next boundary (a stop request) */
    uint64_t run_limit; /* of the cpu_run in progress */

    /* --- explanations (R5) --- */
    struct fault fault_chain[FAULT_CHAIN_LENGTH];
    unsigned fault_count; /* faults since the last one that was delivered cleanly; the chain holds the newest */
    bool delivering;      /* an event is being delivered: a fault now is nested */
    uint8_t delivering_vector;
    enum event_kind delivering_kind;
    struct fault pending_fault; /* handed from raise to the loop */

    /* --- wiring --- */
    const struct cpu_model *model;
    struct schedule *schedule;
    struct physical_map *memory;
    struct ports *ports;
    struct log *log;
    uint8_t (*acknowledge)(void *owner); /* INTA cycle: vector from the PIC */
    void *acknowledge_owner;
    void (*fpu_error)(void *owner, bool level); /* the FERR# output; NULL: not connected */
    void *fpu_error_owner;
    void (*shutdown)(void *owner); /* triple fault */
    void *shutdown_owner;
    unsigned number;
    jmp_buf *raise_target; /* where raise_exception lands */
};

/* ------------------------------------------------------------------------------------------------------------------
   What the board does with a processor */

struct cpu_wiring {
    struct schedule *schedule;
    struct physical_map *memory;
    struct ports *ports;
    struct log *log;
    uint8_t (*acknowledge)(void *owner);
    void *acknowledge_owner;
};

struct cpu_options {
    bool plain;            /* the plain engine: decode and walk every time */
    unsigned tlb_entries;  /* power of two, 2..65536; 0: default */
    unsigned trace_length; /* 1..32; 0: default */
};

struct cpu *cpu_new(unsigned number, const struct cpu_model *model, const struct cpu_wiring *wiring,
                    const struct cpu_options *options);
void cpu_free(struct cpu *cpu);

/* Before any walk over cpu_state_table (hash, save, visit): makes the lazy flags explicit. */
extern const struct state_table cpu_state_table;
void cpu_state_prepare(struct cpu *cpu);

/* Power-on and RESET# (SDM 3A 9.1.1 and table 9-1; the older processors' manuals). */
void cpu_reset(struct cpu *cpu);

/* INIT# (keyboard controller, port 92h on machines wired so): as reset, caches and TSC kept. */
void cpu_init(struct cpu *cpu);

enum cpu_exit {
    CPU_EXIT_CLOCK,      /* the clock reached the limit */
    CPU_EXIT_ATTENTION,  /* the schedule, a stop request or the activity changed: look and call again */
    CPU_EXIT_BREAKPOINT, /* at a breakpoint, its instruction not executed */
    CPU_EXIT_WATCHPOINT
};

/* Executes from schedule->now until schedule->now == limit at the latest, delivering interrupts on the way; returns early after
   any instruction that may have changed what is scheduled. Halted or shut down: returns at once with CPU_EXIT_ATTENTION unless
   an interrupt wakes it. */
enum cpu_exit cpu_run(struct cpu *cpu, uint64_t limit);

/* Wires into the processor: take effect at the next boundary. */
void cpu_set_intr(void *cpu, unsigned line, bool level);
void cpu_set_nmi(void *cpu, unsigned line, bool level); /* edge: rising sets it pending */
void cpu_set_a20(void *cpu, unsigned line, bool level);
void cpu_pulse_init(void *cpu, unsigned line, bool level);
void cpu_set_ignne(void *cpu, unsigned line, bool level);

/* After a write from outside (debugger, restore) to architectural fields: recomputes everything derived. */
void cpu_state_changed(struct cpu *cpu);

/* The instruction observers of R9 (engine_observe.c). */
void cpu_breakpoint_add(struct cpu *cpu, uint64_t linear);
void cpu_breakpoint_remove(struct cpu *cpu, uint64_t linear);
void cpu_watchpoint_add(struct cpu *cpu, uint64_t linear, uint64_t length, unsigned kind);
void cpu_watchpoint_remove(struct cpu *cpu, uint64_t linear, uint64_t length, unsigned kind);
void cpu_watchpoint_hit(const struct cpu *cpu, uint64_t *linear, unsigned *kind);
void cpu_on_step(struct cpu *cpu, void (*step)(void *owner, struct cpu *cpu, const uint8_t *bytes, unsigned length),
                 void *owner);

/* ------------------------------------------------------------------------------------------------------------------
   Small questions bodies ask */

ALWAYS_INLINE bool cpu_protected(const struct cpu *cpu) /* protected mode proper or long mode, not V86 */
{
    return (cpu->cr0 & CR0_PE) && !(cpu->eflags & FLAG_VM);
}

ALWAYS_INLINE bool cpu_v86(const struct cpu *cpu)
{
    return cpu->eflags & FLAG_VM;
}

ALWAYS_INLINE bool cpu_real(const struct cpu *cpu)
{
    return !(cpu->cr0 & CR0_PE);
}

ALWAYS_INLINE bool cpu_long_mode(const struct cpu *cpu)
{
    return cpu->efer & EFER_LMA;
}

ALWAYS_INLINE bool cpu_code64(const struct cpu *cpu)
{
    return cpu_long_mode(cpu) && (cpu->segment[CS].attributes & SEGMENT_L);
}

/* Addresses of long mode have 48 bits, sign-extended (SDM 1 3.3.7.1). */
ALWAYS_INLINE bool address_canonical(uint64_t linear)
{
    return sign_extend(linear, 48) == linear;
}

ALWAYS_INLINE unsigned cpu_iopl(const struct cpu *cpu)
{
    return cpu->eflags >> FLAG_IOPL_SHIFT & 3;
}

/* Recomputes mode key, stack mask, TLB array and segment windows after CR0, CR3, CR4, EFER, EFLAGS.VM/AC, CPL, CS or SS
   changed. Cheap; bodies that call it return to the loop if the key changed (body.h: NEXT_OR_LEAVE). */
void cpu_mode_changed(struct cpu *cpu);

/* Recomputes read_end and write_end of one segment from its other fields. */
void segment_changed(struct cpu *cpu, unsigned index);

#endif
