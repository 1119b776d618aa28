/* Segment registers and descriptors (segment.c), far transfers (transfer.c), interrupts and exceptions (interrupt.c), task
   switches (task.c): protected mode's interface to the rest of the processor. */
#ifndef TRUEBOX_CPU_SEGMENT_H
#define TRUEBOX_CPU_SEGMENT_H

#include "cpu/cpu.h"

struct descriptor {
    uint32_t low, high;   /* raw doublewords */
    uint64_t base;
    uint32_t limit;       /* granularity applied */
    uint16_t attributes;  /* enum segment_attribute */
    uint16_t selector;    /* it was read for */
    uint64_t address;     /* linear, of the descriptor */
    uint32_t upper;       /* third doubleword of the 16-byte forms of long mode (descriptor_read_upper) */
};

/* Reads the descriptor that `selector` names from GDT or LDT. Raises `vector`(selector & ~3) with GP_SELECTOR_LIMIT if beyond the table. */
struct descriptor descriptor_read(struct cpu *cpu, uint16_t selector, unsigned vector);

/* MOV, POP, LDS ... to ES, SS, DS, FS, GS (never CS): in real and V86 mode sets base and keeps limit and attributes as that mode
   does; in protected mode all checks of SDM 3A 5.5-5.7, sets the accessed bit. Validates before it commits. */
void segment_load(struct cpu *cpu, unsigned index, uint16_t selector);

/* Puts a checked descriptor into a segment register (no checks), or a real-mode selector. */
void segment_set(struct cpu *cpu, unsigned index, uint16_t selector, const struct descriptor *descriptor);
void segment_set_real(struct cpu *cpu, unsigned index, uint16_t selector);

/* Far JMP, CALL, RETF and IRET in every mode; `width` 16, 32 or 64 is the operand size. Each ends with cpu->rip set. */
void far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned width);
void far_call(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned width);
void far_return(struct cpu *cpu, unsigned width, unsigned release);
void interrupt_return(struct cpu *cpu, unsigned width);

/* Delivers an event through IVT or IDT: `rip` is what gets pushed (the next instruction for traps and INT n, the faulting one for
   faults). Ends with cpu->rip at the handler. Faults inside nest through raise_exception. */
void interrupt_deliver(struct cpu *cpu, unsigned vector, enum event_kind kind, bool has_error_code, uint32_t error_code, uint64_t rip);

enum task_switch_source { TASK_JUMP, TASK_CALL, TASK_IRET, TASK_GATE };
/* SDM 3A 7.3. `error_code` is pushed on the new stack if has_error_code (task gates for exceptions). */
void task_switch(struct cpu *cpu, uint16_t tss_selector, enum task_switch_source source, uint64_t next_rip, bool has_error_code,
                 uint32_t error_code);

/* CR0, CR3, CR4 writes with all checks (MOV CR, LMSW, task switch for CR3). */
void control_register_write(struct cpu *cpu, unsigned number, uint64_t value);

/* I/O permission: raises #GP unless CPL <= IOPL or the TSS's bitmap allows [port, port + size) (SDM 1 19.5). */
void io_check(struct cpu *cpu, uint16_t port, unsigned size);

#endif
