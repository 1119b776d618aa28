/* INT 11h, 12h, 14h, 15h, 17h and the tables POST leaves behind. */
#include "selftest.h"

static void memory_map(void)
{
    u32 next = 0, entries = 0, low = 0, high = 0, last_end = 0;
    do {
        struct callregs r =
            CALL(0x15, .eax = 0xE820, .ebx = next, .ecx = 20, .edx = 0x534D4150, .es = segment(), .edi = (u32)buffer[0]);
        CHECK("E820 carry", r.flags & CF, 0);
        CHECK("E820 EAX", r.eax, 0x534D4150);
        CHECK("E820 ECX", r.ecx, 20);
        if (r.flags & CF)
            return;
        u32 *e = (u32 *)buffer[0];
        if (entries && !e[1])
            CHECK("E820 ascending", e[0] >= last_end, 1);
        if (!e[1])
            last_end = e[0] + e[2];
        if (e[4] == 1 && !e[0] && !e[1])
            low = e[2];
        if (e[4] == 1 && e[0] == 0x100000)
            high = e[2];
        next = r.ebx;
        entries++;
    } while (next && entries < 32);
    CHECK("E820 ends", next, 0);
    CHECK("E820 low memory", low, (u32)CALL(0x12, .eax = 0).ax * 1024);
    struct callregs r = CALL(0x15, .eax = 0xE801);
    CHECK("E801 carry", r.flags & CF, 0);
    CHECK("E801 agrees", r.ax * 1024u + ((u32)r.bx << 16), high);
    CHECK("E801 CX", r.cx, r.ax);
    CHECK("E801 DX", r.dx, r.bx);
    CHECK("88h", CALL(0x15, .eax = 0x8800).ax, high >> 10 > 0xFC00 ? 0xFC00 : high >> 10);
    r = CALL(0x15, .eax = 0xE820, .ecx = 20, .edx = 0);
    CHECK("E820 without SMAP", r.flags & CF, CF);
}

/* APM 1.2 in real mode: found, connected once, asked, disconnected. */
static void power_management(void)
{
    struct callregs r = CALL(0x15, .eax = 0x5300, .ebx = 0);
    CHECK("APM carry", r.flags & CF, 0);
    CHECK("APM version", r.ax, 0x0102);
    CHECK("APM signature", r.bx, 0x504D);
    CHECK("APM modes", r.cx & 3, 0);
    CHECK("APM 32 bits", CALL(0x15, .eax = 0x5303, .ebx = 0).ah, 0x08);
    CHECK("APM not connected", CALL(0x15, .eax = 0x5304, .ebx = 0).ah, 0x03);
    CHECK("APM connect", CALL(0x15, .eax = 0x5301, .ebx = 0).flags & CF, 0);
    CHECK("APM connected already", CALL(0x15, .eax = 0x5301, .ebx = 0).ah, 0x02);
    r = CALL(0x15, .eax = 0x530E, .ebx = 0, .ecx = 0x0101);
    CHECK("APM driver version", r.ax, 0x0101);
    r = CALL(0x15, .eax = 0x530A, .ebx = 1);
    CHECK("APM power status", r.bx, 0x01FF);
    CHECK("APM no event", CALL(0x15, .eax = 0x530B).ah, 0x80);
    CHECK("APM bad state", CALL(0x15, .eax = 0x5307, .ebx = 1, .ecx = 9).ah, 0x0A);
    CHECK("APM bad device", CALL(0x15, .eax = 0x5307, .ebx = 0x0300, .ecx = 3).ah, 0x09);
    CHECK("APM disconnect", CALL(0x15, .eax = 0x5304, .ebx = 0).flags & CF, 0);
}

/* 87h: 1 KiB to 2 MiB and back, then a bad length. */
static void block_move(void)
{
    static u8 gdt[48];
    u32 here = (u32)segment() << 4;
    for (int i = 0; i < 1024; i++)
        buffer[0][i] = (u8)(i * 7 + 3), buffer[1][i] = 0;
    for (int back = 0; back < 2; back++) {
        u32 from = back ? 0x200000 : here + (u32)buffer[0], to = back ? here + (u32)buffer[1] : 0x200000;
        for (int i = 0; i < 48; i++)
            gdt[i] = 0;
        *(u16 *)(gdt + 16) = *(u16 *)(gdt + 24) = 1023;
        *(u32 *)(gdt + 18) = from | 0x93000000;
        *(u32 *)(gdt + 26) = to | 0x93000000;
        struct callregs r = CALL(0x15, .eax = 0x8700, .ecx = 512, .es = segment(), .esi = (u32)gdt);
        CHECK("87h carry", r.flags & CF, 0);
        CHECK("87h AH", r.ah, 0);
    }
    u32 bad = 0;
    for (int i = 0; i < 1024; i++)
        bad += buffer[0][i] != buffer[1][i];
    CHECK("87h data", bad, 0);
    struct callregs r = CALL(0x15, .eax = 0x8700, .ecx = 0x9000, .es = segment(), .esi = (u32)gdt);
    CHECK("87h too long", r.flags & CF, CF);
}

static void a20(void)
{
    CHECK("2403", CALL(0x15, .eax = 0x2403).bx, 3);
    for (u32 on = 0; on < 2; on++) {
        struct callregs r = CALL(0x15, .eax = 0x2400 | on);
        CHECK("2400/2401 carry", r.flags & CF, 0);
        r = CALL(0x15, .eax = 0x2402);
        CHECK("2402", r.al, on);
        poke16(0, 0x500, 0x1234);
        poke16(0xFFFF, 0x510, 0x4321); /* 100500 */
        CHECK("A20 wraps", peek16(0, 0x500), on ? 0x1234 : 0x4321);
    }
}

void test_system(void)
{
    struct callregs r;
    CHECK("40:13", CALL(0x12, .eax = 0).ax, peek16(0x40, 0x13));
    CHECK("40:10", CALL(0x11, .eax = 0).ax, peek16(0x40, 0x10));
    CHECK("EBDA size", peek8(peek16(0x40, 0x0E), 0), 1);
    CHECK("EBDA follows base memory", peek16(0x40, 0x0E), peek16(0x40, 0x13) * 64);
    memory_map();
    power_management();
    block_move();
    a20();
    r = CALL(0x15, .eax = 0xC000);
    CHECK("C0h carry", r.flags & CF, 0);
    CHECK("C0h AH", r.ah, 0);
    CHECK("C0h model", peek8(r.es, (u16)(r.bx + 2)), 0xFC);
    CHECK("model byte", peek8(0xF000, 0xFFFE), 0xFC);
    CHECK("reset vector", peek8(0xF000, 0xFFF0), 0xEA);
    CHECK("C1h", CALL(0x15, .eax = 0xC100).es, peek16(0x40, 0x0E));
    CHECK("4Fh", CALL(0x15, .eax = 0x4F1E, .flags = CF).flags & CF, CF);
    r = CALL(0x15, .eax = 0x9000);
    CHECK("90h", r.ax | (r.flags & CF), 0);
    r = CALL(0x15, .eax = 0x7700);
    CHECK("unknown function AH", r.ah, 0x86);
    CHECK("unknown function carry", r.flags & CF, CF);
    /* ROM is ROM */
    u8 before = peek8(0xF000, 0xE05B);
    poke8(0xF000, 0xE05B, (u8)~before);
    CHECK("F000 write-protected", peek8(0xF000, 0xE05B), before);
    before = peek8(0xC000, 0x40);
    poke8(0xC000, 0x40, (u8)~before);
    CHECK("C000 write-protected", peek8(0xC000, 0x40), before);
    /* serial and parallel */
    if (peek16(0x40, 0)) {
        r = CALL(0x14, .eax = 0x00E3, .edx = 0);
        CHECK("14h line status", r.ah & 0x60, 0x60);
        r = CALL(0x14, .eax = 0x0300, .edx = 0);
        CHECK("14h status", r.ah & 0x60, 0x60);
    }
    CHECK("14h no port", CALL(0x14, .eax = 0x0300, .edx = 7).ah, 0x80);
    CHECK("17h no port", CALL(0x17, .eax = 0x0200, .edx = 7).ah & 1, 1);
    /* registers: what a service does not return it keeps, upper halves included */
    r = CALL(0x15, .eax = 0x12342402, .ebx = 0xAAAA5555, .ecx = 0xBBBB6666, .edx = 0xCCCC7777, .esi = 0xDDDD8888,
             .edi = 0xEEEE9999, .ebp = 0x77771111);
    CHECK("EBX kept", r.ebx, 0xAAAA5555);
    CHECK("ECX kept", r.ecx, 0xBBBB6666);
    CHECK("EDX kept", r.edx, 0xCCCC7777);
    CHECK("ESI kept", r.esi, 0xDDDD8888);
    CHECK("EDI kept", r.edi, 0xEEEE9999);
    CHECK("EBP kept", r.ebp, 0x77771111);
    CHECK("EAX upper kept", r.eax >> 16, 0x1234);
}
