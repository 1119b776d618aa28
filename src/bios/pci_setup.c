/* Gives each PCI function of bus 0 its addresses and its interrupt, largest windows naturally aligned.
 * Memory grows from E0000000, I/O from C000. PIRQ A-D of the PIIX go to IRQ 10, 11, 10, 11, level triggered. */
#include "bios.h"

struct cursor {
    u32 memory, io;
};

static void assign(u16 bdf, u8 reg, struct cursor *c, bool rom)
{
    u32 old = pci_read(bdf, reg, 4);
    pci_write(bdf, reg, 4, rom ? 0xFFFFF800 : 0xFFFFFFFF);
    u32 probe = pci_read(bdf, reg, 4);
    pci_write(bdf, reg, 4, old);
    bool io = !rom && (probe & 1);
    u32 bits = probe & (rom ? 0xFFFFF800 : io ? 0xFFFC : 0xFFFFFFF0);
    if (!bits)
        return;
    u32 size = bits & -bits;
    u32 *next = io ? &c->io : &c->memory;
    if (!io && size < 0x1000)
        size = 0x1000;
    u32 at = (*next + size - 1) & -size;
    *next = at + size;
    pci_write(bdf, reg, 4, at);
    log_print(STR("pci: %04x bar %02x = %08x size %x\n"), (u32)bdf, (u32)reg, at, size);
}

void pci_setup(void)
{
    struct cursor c = {0xE0000000, 0xC000};
    pci_present = true;
    static ROM u8 route[] = {10, 11, 10, 11};
    u16 south = 0;
    for (u32 bdf = 0; bdf < 0x100; bdf++) {
        u32 id = pci_read((u16)bdf, 0, 4);
        if ((id & 0xFFFF) == 0xFFFF) {
            if (!(bdf & 7))
                bdf += 7;
            continue;
        }
        u16 class = pci_read((u16)bdf, 0x0A, 2);
        u8 header = pci_read((u16)bdf, 0x0E, 1);
        if (id == 0x70008086)
            south = (u16)bdf;
        if (!(header & 0x7F) && class != 0x0600) {
            bool ide = class == 0x0101;
            for (u8 reg = ide ? 0x20 : 0x10; reg < 0x28; reg += 4) {
                assign((u16)bdf, reg, &c, false);
                if ((pci_read((u16)bdf, reg, 4) & 7) == 4)
                    pci_write((u16)bdf, reg += 4, 4, 0); /* high half of a 64-bit window */
            }
            assign((u16)bdf, 0x30, &c, true);
            u8 pin = pci_read((u16)bdf, 0x3D, 1);
            if (pin)
                pci_write((u16)bdf, 0x3C, 1, route[(pin - 1 + (bdf >> 3)) & 3]);
            pci_write((u16)bdf, 4, 2, pci_read((u16)bdf, 4, 2) | (ide ? 0x05 : 0x03));
            if (ide) { /* PIIX: both channels decode the legacy ports */
                pci_write((u16)bdf, 0x40, 2, 0x8000);
                pci_write((u16)bdf, 0x42, 2, 0x8000);
            }
        }
        if (!(bdf & 7) && !(header & 0x80))
            bdf += 7;
    }
    if (south) {
        for (u8 i = 0; i < 4; i++)
            pci_write(south, 0x60 + i, 1, route[i]);
        outb(0x4D0, 0x00);
        outb(0x4D1, 0x0C); /* ELCR: IRQ 10 and 11 are levels */
    }
}
