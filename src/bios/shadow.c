/* Shadow RAM by the 440FX's PAM registers (59h-5Fh): two bits per 16 KiB, read enable and write enable. */
#include "bios.h"

enum { CLOSED = 0, READ_ONLY = 1, OPEN = 3 };

static u8 pam_get(u16 seg)
{
    u8 index = (seg - 0xC000) >> 10; /* 16 KiB blocks from C0000 */
    return pci_read(0, 0x5A + index / 2, 1) >> (index & 1 ? 4 : 0) & 3;
}

static void pam_set(u16 seg, u8 access)
{
    u8 index = (seg - 0xC000) >> 10, reg = 0x5A + index / 2, shift = index & 1 ? 4 : 0;
    pci_write(0, reg, 1, (pci_read(0, reg, 1) & ~(3 << shift)) | access << shift);
}

/* After a reset of the processor alone the shadows still stand, with what the last POST froze in them: the ROMs come
 * back into view. */
void shadow_reset(void)
{
    for (u8 reg = 0x5A; reg <= 0x5F; reg++)
        pci_write(0, reg, 1, 0);
}

/* Makes seg:0 and kb more writable RAM with the contents the ROM has there. A block at a time goes through low
 * memory, since while it is RAM the ROM cannot be read. Blocks that are RAM already keep their contents. */
void shadow_open(u16 seg, u16 kb)
{
    for (u16 s = seg & 0xFC00; s < seg + kb * 64; s += 0x400) {
        if (pam_get(s) == CLOSED) {
            far_copy(0x1000, 0, s, 0, 0x4000);
            pam_set(s, OPEN);
            far_copy(s, 0, 0x1000, 0, 0x4000);
        } else {
            pam_set(s, OPEN);
        }
    }
}

/* Write protection: blocks of C0000-DFFFF that were opened, and the system BIOS itself. From here on FROZEN holds. */
void shadow_lock(void)
{
    for (u32 s = 0xC000; s < 0xF000; s += 0x400)
        if (pam_get((u16)s) == OPEN)
            pam_set((u16)s, READ_ONLY);
    pci_write(0, 0x59, 1, 0x10);
}
