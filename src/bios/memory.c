/* How much memory there is: from the CMOS cells, told by INT 12h, 15h 88h, E801h and E820h. */
#include "bios.h"

FROZEN u16 base_kb = 640;
static FROZEN u16 ext_kb = 0;    /* CMOS 30/31: 1 MiB.. in KiB, saturated near 64 MiB */
static FROZEN u16 above_16m = 0; /* CMOS 34/35: 16 MiB.. in 64 KiB */
static FROZEN u32 above_4g = 0;  /* CMOS 5B-5D: 4 GiB.. in 64 KiB */

static u16 cell_pair(u8 low)
{
    return cmos_read(low) | cmos_read(low + 1) << 8;
}

void memory_init(void)
{
    u16 base = cell_pair(0x15);
    base_kb = base >= 256 && base <= 640 ? base : 640;
    ext_kb = cell_pair(0x30);
    if (!ext_kb)
        ext_kb = cell_pair(0x17);
    above_16m = cell_pair(0x34);
    above_4g = cell_pair(0x5B) | (u32)cmos_read(0x5D) << 16;
    BDA_SET(memory_kb, base_kb - EBDA_KB);
}

u32 memory_above_16m(void)
{
    return above_16m;
}

u16 extended_kb(void)
{
    if (!above_16m)
        return ext_kb;
    u32 kb = 15 * 1024 + (u32)above_16m * 64;
    return kb > 0xFC00 ? 0xFC00 : (u16)kb;
}

/* E801h: AX, CX: KiB from 1 MiB, at most 15 MiB; BX, DX: 64 KiB blocks from 16 MiB. */
void e801(struct regs *r)
{
    u16 low = ext_kb > 15 * 1024 || above_16m ? 15 * 1024 : ext_kb;
    r->ax = r->cx = low;
    r->bx = r->dx = above_16m;
    set_cf(r, false);
}

struct range {
    u32 start, size, start_high, size_high, type;
};

/* Entry n of the map; false past the last. ACPI and SMBIOS tables will get rows of type 3 and 4 here. */
static bool entry(u32 n, struct range *e)
{
    u32 ebda_at = (u32)base_kb * 1024 - EBDA_KB * 1024;
    e->start_high = e->size_high = 0;
    e->type = 2;
    switch (n) {
    case 0: e->start = 0, e->size = ebda_at, e->type = 1; return true;
    case 1: e->start = ebda_at, e->size = 0xA0000 - ebda_at; return true;
    case 2: e->start = 0xF0000, e->size = 0x10000; return true;
    case 3:
        e->start = 0x100000, e->type = 1;
        e->size = above_16m ? 0xF00000 + ((u32)above_16m << 16) : (u32)ext_kb << 10;
        return true;
    case 4: e->start = 0xFFFC0000, e->size = 0x40000; return true;
    case 5:
        if (!above_4g)
            return false;
        e->start = 0, e->start_high = 1, e->type = 1;
        e->size = above_4g << 16, e->size_high = above_4g >> 16;
        return true;
    default: return false;
    }
}

/* EAX = E820h, EDX = 'SMAP', EBX = entry, ECX = room, ES:DI = buffer (ACPI 2.0, chapter 14). */
void e820(struct regs *r)
{
    struct range e, next;
    if (r->edx != 0x534D4150 || r->ecx < 20 || !entry(r->ebx, &e)) {
        r->ah = 0x86;
        set_cf(r, true);
        return;
    }
    u16 es = r->es, di = r->di;
    poke32(es, di, e.start);
    poke32(es, (u16)(di + 4), e.start_high);
    poke32(es, (u16)(di + 8), e.size);
    poke32(es, (u16)(di + 12), e.size_high);
    poke32(es, (u16)(di + 16), e.type);
    r->ebx = entry(r->ebx + 1, &next) ? r->ebx + 1 : 0;
    r->ecx = 20;
    r->eax = 0x534D4150;
    set_cf(r, false);
}
