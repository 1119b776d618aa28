/* A local APIC, where the processor has one, is put into virtual wire mode: LINT0 passes the 8259's interrupts on
 * (it is masked after reset), LINT1 is NMI. MultiProcessor Specification 1.4, 3.6.2.2. */
#include "bios.h"

enum { BASE = 0xFEE00000, SPURIOUS = 0xF0, LINT0 = 0x350, LINT1 = 0x360 };

/* EFLAGS.ID can be changed exactly on processors with CPUID; the 80386 keeps it zero. */
static bool has_cpuid(void)
{
    u32 before, after;
    asm volatile("pushfl; popl %0; movl %0,%1; xorl $0x200000,%1; pushl %1; popfl; pushfl; popl %1; pushl %0; popfl"
                 : "=&r"(before), "=&r"(after));
    return (before ^ after) & 0x200000;
}

void apic_init(void)
{
    u32 a = 1, b, c, d;
    if (!has_cpuid())
        return;
    asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    if (!(d & 1u << 9))
        return;
    flat_write32(BASE + SPURIOUS, 0x10F); /* enabled; spurious vector 0Fh, where nothing is ended */
    flat_write32(BASE + LINT0, 0x700);
    flat_write32(BASE + LINT1, 0x400);
}
