/* The kernel card: how --kernel gets into a PC. A memory-mapped ROM at C0000000 holds the kernel, its modules and the
   information block as files are; an option ROM (src/bios/kernel_loader.S) takes INT 19h, copies them to their places and
   enters the kernel. So firmware runs first, whichever it is, and a reset boots the kernel again.

   On the card: 8 number of copies, 12 entry, 16 address of the information block, from 32 on the copies: from (in the card),
   to, bytes, zeros behind them. The information block: the multiboot structure, from 128 the memory map and from 1664 the
   loader's notes, which the loader fills in, from 1680 module list and strings. */
#ifndef TRUEBOX_MACHINE_KERNEL_CARD_H
#define TRUEBOX_MACHINE_KERNEL_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

#define KERNEL_CARD_BASE 0xc0000000u /* RAM ends below, PCI windows begin at E0000000 */
#define KERNEL_CARD_MAXIMUM 0x20000000u

struct kernel_card {
    uint8_t *bytes; /* NULL: no kernel */
    size_t size;    /* whole pages */
    uint32_t information;
};

/* Reads and checks what the configuration names. false with *error; kernel_card_free in either case. */
bool kernel_card_load(struct kernel_card *card, const struct tb_config *config, struct tb_error *error);
void kernel_card_free(struct kernel_card *card);

/* Tells the loader's option ROM where card and information block are. */
void kernel_card_patch(const struct kernel_card *card, uint8_t *option_rom);

#endif
