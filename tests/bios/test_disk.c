/* INT 13h: the floppy it was booted from and, if there is one, the first hard disk. */
#include "selftest.h"

static u16 at(u8 *p)
{
    return (u16)(u32)p;
}

static void fillb(u8 *p, u32 n, u8 seed)
{
    for (u32 i = 0; i < n; i++)
        p[i] = (u8)(i * 5 + (i >> 8) + seed);
}

static u32 differ(u32 n)
{
    u32 bad = 0;
    for (u32 i = 0; i < n; i++)
        bad += buffer[0][i] != buffer[1][i];
    return bad;
}

static struct callregs chs(u8 function, u8 count, u8 drive, u16 cylinder, u8 head, u8 sector, u8 *to)
{
    return CALL(0x13, .eax = (u32)function << 8 | count,
                .ecx = (u32)(cylinder & 0xFF) << 8 | (cylinder >> 2 & 0xC0) | sector, .edx = (u32)head << 8 | drive,
                .es = segment(), .ebx = at(to));
}

void test_floppy(void)
{
    struct callregs r = CALL(0x13, .eax = 0, .edx = 0);
    CHECK("reset", r.ah | (r.flags & CF), 0);
    r = chs(2, 1, 0, 0, 0, 1, buffer[0]);
    CHECK("read AX", r.ax, 0x0001);
    CHECK("read carry", r.flags & CF, 0);
    CHECK("boot sector", *(u16 *)(buffer[0] + 510), 0xAA55);
    r = chs(2, 4, 0, 0, 1, 3, buffer[0]);
    CHECK("read four", r.ax, 0x0004);
    r = chs(4, 4, 0, 0, 1, 3, buffer[0]);
    CHECK("verify", r.ax, 0x0004);
    r = CALL(0x13, .eax = 0x0100, .edx = 0);
    CHECK("status", r.ah, 0);
    r = CALL(0x13, .eax = 0x0800, .edx = 0);
    CHECK("parameters carry", r.flags & CF, 0);
    CHECK("parameters heads", r.dh, 1);
    u8 last_cylinder = r.ch, sectors = r.cl;
    CHECK("parameters table", peek8(r.es, (u16)(r.edi + 4)), sectors);
    CHECK("15h", CALL(0x13, .eax = 0x1500, .edx = 0).ah, 2);
    CHECK("16h", CALL(0x13, .eax = 0x1600, .edx = 0).ah, 0);
    fillb(buffer[0], 1024, 17);
    r = chs(3, 2, 0, last_cylinder, 1, sectors - 1, buffer[0]);
    CHECK("write", r.ax, 0x0002);
    r = chs(2, 2, 0, last_cylinder, 1, sectors - 1, buffer[1]);
    CHECK("read back", r.ax, 0x0002);
    CHECK("data", differ(1024), 0);
    r = chs(2, 1, 0, 0, 0, 60, buffer[0]);
    CHECK("no such sector AH", r.ah, 0x04);
    CHECK("no such sector carry", r.flags & CF, CF);
    CHECK("no such sector AL", r.al, 0);
    CHECK("status of it", CALL(0x13, .eax = 0x0100, .edx = 0).ah, 0x04);
    r = CALL(0x13, .eax = 0x0201, .ecx = 1, .edx = 0, .es = 0x2000, .ebx = 0xFF00);
    CHECK("64 KiB boundary", r.ah, 0x09);
    r = CALL(0x13, .eax = 0x0200, .ecx = 1, .edx = 0, .es = segment(), .ebx = at(buffer[0]));
    CHECK("no sectors", r.flags & CF, CF);
    r = CALL(0x13, .eax = 0x1800, .ecx = (u32)last_cylinder << 8 | sectors, .edx = 0);
    CHECK("18h", r.ah, 0);
    CHECK("18h table", peek8(r.es, (u16)(r.edi + 4)), sectors);
    /* format the last track with that table, then it reads as fill bytes */
    for (u32 i = 0; i < sectors; i++)
        ((u32 *)buffer[0])[i] = last_cylinder | 1u << 8 | (i + 1) << 16 | 2u << 24;
    u32 old = peek32(0, 0x1E * 4);
    poke32(0, 0x1E * 4, (u32)r.es << 16 | r.di);
    r = chs(5, sectors, 0, last_cylinder, 1, 1, buffer[0]);
    CHECK("format", r.ah, 0);
    r = chs(2, 1, 0, last_cylinder, 1, sectors, buffer[1]);
    CHECK("read formatted", r.ah, 0);
    CHECK("fill byte", *(u32 *)buffer[1], 0xF6F6F6F6);
    poke32(0, 0x1E * 4, old);
    r = chs(2, 1, 0, 0, 0, 1, buffer[0]);
    CHECK("read again", r.ax, 0x0001);
    r = CALL(0x13, .eax = 0x0201, .ecx = 1, .edx = 0x7F, .es = segment(), .ebx = at(buffer[0]));
    CHECK("no such drive", r.flags & CF, CF);
}

static struct {
    u16 size, count, off, seg;
    u32 lba, high;
} PACKED packet;

static struct callregs edd(u8 function, u16 count, u32 lba, u8 *to)
{
    packet.size = 16;
    packet.count = count;
    packet.off = at(to);
    packet.seg = segment();
    packet.lba = lba;
    packet.high = 0;
    return CALL(0x13, .eax = (u32)function << 8, .edx = 0x80, .ds = segment(), .esi = at((u8 *)&packet));
}

void test_disk(void)
{
    struct callregs r = CALL(0x13, .eax = 0x0800, .edx = 0x80);
    if (!peek8(0x40, 0x75)) {
        CHECK("no disk", r.flags & CF, CF);
        return;
    }
    CHECK("08h carry", r.flags & CF, 0);
    u32 heads = r.dh + 1u, sectors = r.cl & 63, cylinders = (r.ch | (r.cl & 0xC0u) << 2) + 1;
    CHECK("08h drives", r.dl, peek8(0x40, 0x75));
    r = CALL(0x13, .eax = 0x1500, .edx = 0x80);
    CHECK("15h AH", r.ah, 3);
    CHECK("15h sectors", (u32)r.cx << 16 | r.dx, heads * sectors * cylinders);
    r = CALL(0x13, .eax = 0x4100, .ebx = 0x55AA, .edx = 0x80);
    CHECK("41h signature", r.bx, 0xAA55);
    CHECK("41h subsets", r.cx & 5, 5);
    *(u16 *)buffer[0] = 0x1E;
    r = CALL(0x13, .eax = 0x4800, .edx = 0x80, .ds = segment(), .esi = at(buffer[0]));
    CHECK("48h", r.ah, 0);
    CHECK("48h sector size", *(u16 *)(buffer[0] + 24), 512);
    u32 total = *(u32 *)(buffer[0] + 16);
    CHECK("48h total", total >= heads * sectors * cylinders, 1);
    u16 dpte = *(u16 *)(buffer[0] + 26), dpte_seg = *(u16 *)(buffer[0] + 28);
    u8 sum = 0;
    for (u16 i = 0; i < 16; i++)
        sum += peek8(dpte_seg, dpte + i);
    CHECK("DPTE checksum", sum, 0);
    CHECK("DPTE port", peek16(dpte_seg, dpte), 0x1F0);
    u32 table = peek32(0, 0x41 * 4);
    CHECK("INT 41h cylinders", peek16((u16)(table >> 16), (u16)table), cylinders);
    CHECK("INT 41h heads", peek8((u16)(table >> 16), (u16)table + 2), heads);
    /* CHS and LBA see the same: head 1, sector 2 */
    r = chs(2, 2, 0x80, 0, 1, 2, buffer[0]);
    CHECK("02h", r.ax, 0x0002);
    r = edd(0x42, 2, sectors + 1, buffer[1]);
    CHECK("42h", r.ah, 0);
    CHECK("42h count", packet.count, 2);
    CHECK("CHS is LBA", differ(1024), 0);
    static u8 saved[512];
    r = edd(0x42, 1, total - 1, saved);
    CHECK("last sector", r.ah, 0);
    fillb(buffer[0], 512, 99);
    r = edd(0x43, 1, total - 1, buffer[0]);
    CHECK("43h", r.ah, 0);
    r = edd(0x44, 1, total - 1, buffer[0]);
    CHECK("44h", r.ah, 0);
    r = edd(0x47, 1, total - 1, buffer[0]);
    CHECK("47h", r.ah, 0);
    r = edd(0x42, 1, total - 1, buffer[1]);
    CHECK("read back", r.ah, 0);
    CHECK("data", differ(512), 0);
    r = edd(0x43, 1, total - 1, saved);
    CHECK("restored", r.ah, 0);
    r = edd(0x42, 1, total, buffer[1]);
    CHECK("past the end", r.flags & CF, CF);
    CHECK("past the end count", packet.count, 0);
    r = chs(2, 1, 0x80, 0, (u8)heads, 1, buffer[0]);
    CHECK("no such head", r.flags & CF, CF);
    r = chs(2, 1, 0x80, 0, 0, 0, buffer[0]);
    CHECK("sector 0", r.flags & CF, CF);
    CHECK("10h", CALL(0x13, .eax = 0x1000, .edx = 0x80).ah, 0);
    CHECK("0Ch", chs(0x0C, 0, 0x80, (u16)(cylinders - 1), 0, 1, buffer[0]).ah, 0);
    CHECK("0Dh", CALL(0x13, .eax = 0x0D00, .edx = 0x80).ah, 0);
    r = CALL(0x13, .eax = 0x1500, .edx = 0x80 + peek8(0x40, 0x75));
    CHECK("15h beyond", r.ah, 0);
}
