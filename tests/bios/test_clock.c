/* INT 08h, 1Ah, 70h and the waits of INT 15h; the PCI BIOS. */
#include "selftest.h"

static void wait_ticks(u32 n)
{
    u32 start = peek32(0x40, 0x6C);
    while (peek32(0x40, 0x6C) - start < n)
        asm volatile("hlt");
}

static void pci(void)
{
    struct callregs r = CALL(0x1A, .eax = 0xB101);
    if (r.ah || r.edx != 0x20494350)
        return;
    CHECK("B101 carry", r.flags & CF, 0);
    r = CALL(0x1A, .eax = 0xB102, .ecx = 0x1237, .edx = 0x8086, .esi = 0);
    CHECK("B102 host bridge", r.ah << 16 | r.bx, 0);
    r = CALL(0x1A, .eax = 0xB103, .ecx = 0x060000, .esi = 0);
    CHECK("B103 host bridge", r.ah << 16 | r.bx, 0);
    r = CALL(0x1A, .eax = 0xB102, .ecx = 0x1237, .edx = 0x8086, .esi = 1);
    CHECK("B102 only one", r.ah, 0x86);
    CHECK("B108", CALL(0x1A, .eax = 0xB108, .ebx = 0, .edi = 0).cl, 0x86);
    CHECK("B109", CALL(0x1A, .eax = 0xB109, .ebx = 0, .edi = 2).cx, 0x1237);
    CHECK("B10A", CALL(0x1A, .eax = 0xB10A, .ebx = 0, .edi = 0).ecx, 0x12378086);
    CHECK("B10A misaligned", CALL(0x1A, .eax = 0xB10A, .ebx = 0, .edi = 2).ah, 0x87);
}

static void alarm(void)
{
    u32 old = peek32(0, 0x4A * 4);
    poke32(0, 0x4A * 4, (u32)segment() << 16 | (u16)(u32)selftest_alarm);
    CALL(0x1A, .eax = 0x0300, .ecx = 0x1234, .edx = 0x5600);
    struct callregs r = CALL(0x1A, .eax = 0x0200);
    CHECK("1Ah 02h hours, minutes", r.cx, 0x1234);
    CHECK("1Ah 02h carry", r.flags & CF, 0);
    r = CALL(0x1A, .eax = 0x0600, .ecx = 0x1234, .edx = 0x5800);
    CHECK("1Ah 06h", r.flags & CF, 0);
    r = CALL(0x1A, .eax = 0x0600, .ecx = 0x1234, .edx = 0x5800);
    CHECK("1Ah 06h twice", r.flags & CF, CF);
    wait_ticks(60);
    CHECK("alarm rang", selftest_alarms, 1);
    CALL(0x1A, .eax = 0x0700);
    poke32(0, 0x4A * 4, old);
}

void test_clock(void)
{
    u32 old = peek32(0, 0x1C * 4), t = peek32(0x40, 0x6C);
    poke32(0, 0x1C * 4, (u32)segment() << 16 | (u16)(u32)selftest_tick);
    wait_ticks(3);
    CHECK("INT 1Ch", selftest_ticks >= 2, 1);
    poke32(0, 0x1C * 4, old);
    struct callregs r = CALL(0x1A, .eax = 0);
    CHECK("ticks advance", ((u32)r.cx << 16 | r.dx) >= t + 3, 1);
    /* midnight: one tick before the day's end */
    CALL(0x1A, .eax = 0x0100, .ecx = 0x0018, .edx = 0x00AF);
    asm volatile("hlt");
    while (peek32(0x40, 0x6C) > 100)
        asm volatile("hlt");
    r = CALL(0x1A, .eax = 0);
    CHECK("midnight flag", r.al, 1);
    CHECK("midnight count", ((u32)r.cx << 16 | r.dx) < 10, 1);
    CHECK("midnight flag cleared", CALL(0x1A, .eax = 0).al, 0);
    /* 86h: 110 ms are two ticks */
    t = peek32(0x40, 0x6C);
    r = CALL(0x15, .eax = 0x8600, .ecx = 0x0001, .edx = 0xADB0);
    CHECK("86h carry", r.flags & CF, 0);
    t = peek32(0x40, 0x6C) - t;
    CHECK("86h waits", t >= 1 && t <= 4, 1);
    /* 83h: sets bit 7 of our byte */
    static u8 posted;
    r = CALL(0x15, .eax = 0x8300, .ecx = 0, .edx = 0x8000, .es = segment(), .ebx = (u32)&posted);
    CHECK("83h carry", r.flags & CF, 0);
    r = CALL(0x15, .eax = 0x8300, .ecx = 0, .edx = 0x8000, .es = segment(), .ebx = (u32)&posted);
    CHECK("83h twice", r.flags & CF, CF);
    wait_ticks(3);
    CHECK("83h posted", *(volatile u8 *)&posted, 0x80);
    alarm();
    r = CALL(0x1A, .eax = 0x0500, .ecx = 0x1999, .edx = 0x1230);
    r = CALL(0x1A, .eax = 0x0400);
    CHECK("1Ah 04h year", r.cx, 0x1999);
    CHECK("1Ah 04h month, day", r.dx, 0x1230);
    pci();
}
