/* The machine as the firmware's C code sees it: ports, flags, and far memory.
 *
 * Memory model (both ROMs). DS = SS = whatever stack the handler runs on, so that &local is right; nothing static
 * lives there. FS = CS = the ROM segment, reached through GCC's named address space __seg_fs: constants, strings
 * and the variables that POST writes before it locks the shadow RAM ("FROZEN"). GS is set immediately before
 * each access to anything else: vectors, BIOS data area, buffers of the caller. The linker scripts refuse an image
 * with data in any ordinary section, so a forgotten qualifier is a build error and not a wild read. */
#ifndef BIOS_X86_H
#define BIOS_X86_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef _Bool bool;
enum { false, true };

#define PACKED __attribute__((packed))
#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

/* A constant in ROM; a variable frozen when the shadow RAM is locked; a string in ROM. */
#define ROM const __seg_fs __attribute__((section(".romdata")))
#define FROZEN __seg_fs __attribute__((section(".frozen")))
typedef const __seg_fs char *romstr;
#define STR(s)                                                                                \
    ({                                                                                        \
        static const __seg_fs char s_[] __attribute__((section(".romdata"), aligned(1))) = s; \
        (romstr) s_;                                                                          \
    })

INLINE u8 inb(u16 port)
{
    u8 v;
    asm volatile("inb %1,%0" : "=a"(v) : "Nd"(port));
    return v;
}
INLINE u16 inw(u16 port)
{
    u16 v;
    asm volatile("inw %1,%0" : "=a"(v) : "Nd"(port));
    return v;
}
INLINE u32 inl(u16 port)
{
    u32 v;
    asm volatile("inl %1,%0" : "=a"(v) : "Nd"(port));
    return v;
}
INLINE void outb(u16 port, u8 v)
{
    asm volatile("outb %0,%1" : : "a"(v), "Nd"(port));
}
INLINE void outw(u16 port, u16 v)
{
    asm volatile("outw %0,%1" : : "a"(v), "Nd"(port));
}
INLINE void outl(u16 port, u32 v)
{
    asm volatile("outl %0,%1" : : "a"(v), "Nd"(port));
}
INLINE void cli(void)
{
    asm volatile("cli" : : : "memory");
}
INLINE void sti(void)
{
    asm volatile("sti" : : : "memory");
}
/* One I/O recovery time: a write to the POST port is what AT firmware uses. */
INLINE void io_delay(void)
{
    asm volatile("outb %%al,$0xED" : :);
}

INLINE void set_gs(u16 seg)
{
    asm volatile("movw %w0,%%gs" : : "rm"(seg) : "memory");
}
INLINE u16 get_cs(void)
{
    u16 v;
    asm("movw %%cs,%0" : "=r"(v));
    return v;
}
INLINE u16 get_ss(void)
{
    u16 v;
    asm("movw %%ss,%0" : "=r"(v));
    return v;
}

#define FAR_AT(type, off) (*(volatile type __seg_gs *)(u32)(off))
INLINE u8 peek8(u16 seg, u32 off)
{
    set_gs(seg);
    return FAR_AT(u8, off);
}
INLINE u16 peek16(u16 seg, u32 off)
{
    set_gs(seg);
    return FAR_AT(u16, off);
}
INLINE u32 peek32(u16 seg, u32 off)
{
    set_gs(seg);
    return FAR_AT(u32, off);
}
INLINE void poke8(u16 seg, u32 off, u8 v)
{
    set_gs(seg);
    FAR_AT(u8, off) = v;
}
INLINE void poke16(u16 seg, u32 off, u16 v)
{
    set_gs(seg);
    FAR_AT(u16, off) = v;
}
INLINE void poke32(u16 seg, u32 off, u32 v)
{
    set_gs(seg);
    FAR_AT(u32, off) = v;
}

/* Block moves between far places. Offsets wrap at 64 KiB as the 8086's do. */
INLINE void far_copy(u16 dseg, u16 doff, u16 sseg, u16 soff, u16 bytes)
{
    u32 si = soff, di = doff, cx = bytes;
    asm volatile("pushw %%ds; pushw %%es; movw %w4,%%es; movw %w3,%%ds; cld; rep; movsb; popw %%es; popw %%ds"
                 : "+S"(si), "+D"(di), "+c"(cx)
                 : "a"(sseg), "d"(dseg)
                 : "memory");
}
INLINE void far_set8(u16 seg, u16 off, u8 v, u16 bytes)
{
    u32 di = off, cx = bytes;
    asm volatile("pushw %%es; movw %w3,%%es; cld; rep; stosb; popw %%es" : "+D"(di), "+c"(cx) : "a"(v), "d"(seg) : "memory");
}
INLINE void far_set16(u16 seg, u16 off, u16 v, u16 words)
{
    u32 di = off, cx = words;
    asm volatile("pushw %%es; movw %w3,%%es; cld; rep; stosw; popw %%es" : "+D"(di), "+c"(cx) : "a"(v), "d"(seg) : "memory");
}
INLINE void insw_far(u16 port, u16 seg, u16 off, u16 words)
{
    u32 di = off, cx = words;
    asm volatile("pushw %%es; movw %w3,%%es; cld; rep; insw; popw %%es"
                 : "+D"(di), "+c"(cx)
                 : "d"(port), "a"(seg)
                 : "memory");
}
INLINE void outsw_far(u16 port, u16 seg, u16 off, u16 words)
{
    u32 si = off, cx = words;
    asm volatile("pushw %%ds; movw %w3,%%ds; cld; rep; outsw; popw %%ds"
                 : "+S"(si), "+c"(cx)
                 : "d"(port), "a"(seg)
                 : "memory");
}

#endif
