/* PCI configuration mechanism 1 and the PCI BIOS, INT 1Ah B1xxh (PCI BIOS Specification 2.1, real mode). */
#include "bios.h"

enum { ADDRESS = 0xCF8, DATA = 0xCFC };

FROZEN u8 pci_last_bus = 0;
FROZEN bool pci_present = false;

static void address(u16 bdf, u8 reg)
{
    outl(ADDRESS, 0x80000000 | (u32)bdf << 8 | (reg & 0xFC));
}

u32 pci_read(u16 bdf, u8 reg, u8 size)
{
    address(bdf, reg);
    u16 port = DATA + (reg & 3);
    return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(DATA);
}

void pci_write(u16 bdf, u8 reg, u8 size, u32 v)
{
    address(bdf, reg);
    u16 port = DATA + (reg & 3);
    if (size == 1)
        outb(port, (u8)v);
    else if (size == 2)
        outw(port, (u16)v);
    else
        outl(DATA, v);
}

enum { SUCCESSFUL = 0x00, NOT_SUPPORTED = 0x81, BAD_VENDOR = 0x83, NOT_FOUND = 0x86, BAD_REGISTER = 0x87 };

/* Walks every function; matches vendor and device (by_class false) or the class code. */
static u8 find(struct regs *r, bool by_class)
{
    u16 index = r->si;
    u32 want = by_class ? r->ecx & 0xFFFFFF : (u32)r->cx << 16 | r->dx;
    for (u32 bdf = 0; bdf < ((u32)pci_last_bus + 1) << 8; bdf++) {
        u32 id = pci_read((u16)bdf, 0, 4);
        if ((id & 0xFFFF) == 0xFFFF) {
            if (!(bdf & 7))
                bdf += 7; /* no function 0: no device */
            continue;
        }
        u32 is = by_class ? pci_read((u16)bdf, 8, 4) >> 8 : id;
        if (is == want && index-- == 0) {
            r->bx = (u16)bdf;
            return SUCCESSFUL;
        }
        if (!(bdf & 7) && !(pci_read((u16)bdf, 0x0E, 1) & 0x80))
            bdf += 7;
    }
    return NOT_FOUND;
}

void pci_bios(struct regs *r)
{
    u8 status = SUCCESSFUL;
    u8 function = r->al & 0x7F;
    if (!pci_present) {
        r->ah = NOT_SUPPORTED;
        set_cf(r, true);
        return;
    }
    u8 size = 1 << ((function - 0x08) % 3);
    switch (function) {
    case 0x01:
        r->edx = 0x20494350; /* "PCI " */
        r->al = 0x01;        /* mechanism 1 */
        r->bx = 0x0210;
        r->cl = pci_last_bus;
        r->edi = 0;
        break;
    case 0x02:
        status = r->dx == 0xFFFF ? BAD_VENDOR : 0;
        if (!status) { /* CX device, DX vendor */
            status = find(r, false);
        }
        break;
    case 0x03: status = find(r, true); break;
    case 0x06: /* special cycle */
        outl(ADDRESS, 0x80000000 | (u32)r->bh << 16 | 0xFF00);
        outl(DATA, r->edx);
        break;
    case 0x08:
    case 0x09:
    case 0x0A:
        if (r->di & (size - 1) || r->di > 0xFF) {
            status = BAD_REGISTER;
        } else {
            u32 v = pci_read(r->bx, (u8)r->di, size);
            if (size == 1)
                r->cl = (u8)v;
            else if (size == 2)
                r->cx = (u16)v;
            else
                r->ecx = v;
        }
        break;
    case 0x0B:
    case 0x0C:
    case 0x0D:
        if (r->di & (size - 1) || r->di > 0xFF)
            status = BAD_REGISTER;
        else
            pci_write(r->bx, (u8)r->di, size, r->ecx);
        break;
    default: status = NOT_SUPPORTED;
    }
    r->ah = status;
    set_cf(r, status != SUCCESSFUL);
}
