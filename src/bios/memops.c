/* What GCC may call behind our back for structures on the stack (freestanding C still needs these two). */
#include "x86.h"

void *memcpy(void *to, const void *from, u32 n);
void *memset(void *to, int v, u32 n);

void *memcpy(void *to, const void *from, u32 n)
{
    u8 *d = to;
    const u8 *s = from;
    while (n--)
        asm volatile("movb (%1),%%al; movb %%al,(%0)" : : "r"(d++), "r"(s++) : "al", "memory");
    return to;
}

void *memset(void *to, int v, u32 n)
{
    u8 *d = to;
    while (n--)
        asm volatile("movb %b1,(%0)" : : "r"(d++), "q"(v) : "memory");
    return to;
}
