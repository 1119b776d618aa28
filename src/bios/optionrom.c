/* Option ROMs: the video BIOS at C0000 (from a ROM chip or from the expansion ROM of a PCI display), then the scan
 * of C8000-DFFFF in steps of 2 KiB. A ROM begins with 55h AAh, its length in 512 bytes, and sums up to zero. */
#include "bios.h"

static u32 rom_size(u16 seg)
{
    return peek16(seg, 0) == 0xAA55 ? peek8(seg, 2) * 512u : 0;
}

static bool rom_sums_up(u16 seg, u32 size)
{
    u8 sum = 0;
    for (u32 i = 0; i < size; i++)
        sum += peek8(seg + (u16)(i >> 4), i & 15);
    return sum == 0;
}

static bool rom_start(u16 seg, u16 bdf)
{
    u32 size = rom_size(seg);
    if (!size)
        return false;
    if (!rom_sums_up(seg, size)) {
        log_print(STR("option ROM %04x: bad checksum\n"), (u32)seg);
        return false;
    }
    log_print(STR("option ROM %04x: %d bytes\n"), (u32)seg, size);
    shadow_open(seg, (u16)((size + 1023) / 1024));
    far_call_ax(seg, 3, bdf);
    return true;
}

/* Copies a PCI function's expansion ROM to seg:0; 0 or the room taken in KiB. PCI Local Bus 2.1, 6.3. */
static u16 copy_expansion_rom(u16 bdf, u16 seg)
{
    u32 bar = pci_read(bdf, 0x30, 4) & 0xFFFFF800;
    u16 kb = 0;
    if (!bar)
        return 0;
    pci_write(bdf, 4, 2, pci_read(bdf, 4, 2) | 0x02);
    pci_write(bdf, 0x30, 4, bar | 1);
    u32 header = 0;
    flat_copy(0x7000, bar, 4);
    header = peek32(0, 0x7000);
    u32 size = (header >> 16 & 0xFF) * 512;
    if ((header & 0xFFFF) == 0xAA55 && size && size <= 0x10000) {
        shadow_open(seg, (u16)((size + 1023) / 1024));
        flat_copy((u32)seg << 4, bar, size);
        kb = (u16)((size + 2047) / 2048 * 2);
    }
    pci_write(bdf, 0x30, 4, bar);
    return kb;
}

static u16 find_display(void)
{
    for (u16 bdf = 0; bdf < 0x100; bdf += 8)
        if (pci_read(bdf, 0x0A, 2) == 0x0300)
            return bdf;
    return 0xFFFF;
}

void video_rom_init(void)
{
    u16 display = find_display();
    if (!rom_size(0xC000) && display != 0xFFFF)
        copy_expansion_rom(display, 0xC000);
    if (!rom_start(0xC000, display == 0xFFFF ? 0 : display))
        log_print(STR("no video BIOS\n"));
}

void option_roms_init(void)
{
    u32 seg = 0xC000 + rom_size(0xC000) / 16;
    seg = (seg + 0x7F) & ~0x7Fu;
    while (seg < 0xE000) {
        u32 size = rom_size((u16)seg);
        if (size && rom_start((u16)seg, 0))
            seg += (rom_size((u16)seg) / 16 + 0x7F) & ~0x7Fu;
        else
            seg += 0x80;
    }
}
