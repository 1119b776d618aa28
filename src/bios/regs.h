/* The register frame that the interrupt stubs of entry.S and vga_entry.S build, lowest address first. */
#ifndef BIOS_REGS_H
#define BIOS_REGS_H
#include "x86.h"

#define REG(e, x, l, h) \
    union {             \
        u32 e;          \
        u16 x;          \
        struct {        \
            u8 l, h;    \
        };              \
    }
#define IREG(e, x) \
    union {        \
        u32 e;     \
        u16 x;     \
    }

struct regs {
    u16 gs, fs, es, ds;
    IREG(edi, di);
    IREG(esi, si);
    IREG(ebp, bp);
    u32 esp_unused;
    REG(ebx, bx, bl, bh);
    REG(edx, dx, dl, dh);
    REG(ecx, cx, cl, ch);
    REG(eax, ax, al, ah);
    u32 handler;
    u16 ip, cs, flags;
} PACKED;

enum { CF = 0x0001, ZF = 0x0040, TF = 0x0100, IF = 0x0200 };

INLINE void set_cf(struct regs *r, bool on)
{
    r->flags = on ? r->flags | CF : r->flags & ~CF;
}
INLINE void set_zf(struct regs *r, bool on)
{
    r->flags = on ? r->flags | ZF : r->flags & ~ZF;
}

/* Registers for an interrupt that the firmware itself calls. */
struct callregs {
    u16 ds, es;
    IREG(edi, di);
    IREG(esi, si);
    IREG(ebp, bp);
    u32 esp_unused;
    REG(ebx, bx, bl, bh);
    REG(edx, dx, dl, dh);
    REG(ecx, cx, cl, ch);
    REG(eax, ax, al, ah);
    u16 flags;
} PACKED;

void callout(u32 vector, struct callregs *r); /* INT vector with these registers; returns them changed */
void far_call_ax(u16 seg, u16 off, u16 ax);   /* an option ROM's entry */
void cpu_idle(void);                          /* STI; HLT; CLI, with the private stack published */
void cpu_open(void);                          /* the same without HLT: lets pending interrupts in */

#endif
