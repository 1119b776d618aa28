/* The 8259A pair: vectors 08h and 70h as every PC has them, and hardware interrupts nobody claims. */
#include "bios.h"

void pic_init(void)
{
    static const __seg_fs u8 icw[2][4]
        __attribute__((section(".romdata"))) = {{0x11, 0x08, 0x04, 0x01}, {0x11, 0x70, 0x02, 0x01}};
    for (int chip = 0; chip < 2; chip++) {
        u16 port = chip ? 0xA0 : 0x20;
        outb(port, icw[chip][0]);
        for (int i = 1; i < 4; i++) {
            io_delay();
            outb(port + 1, icw[chip][i]);
        }
        io_delay();
    }
    outb(0x21, 0xFB); /* all closed but the cascade; whoever initialises a device opens its line */
    outb(0xA1, 0xFF);
}

void pic_unmask(u8 irq)
{
    u16 port = irq < 8 ? 0x21 : 0xA1;
    outb(port, inb(port) & ~(1 << (irq & 7)));
}

void pic_eoi(u8 irq)
{
    if (irq >= 8)
        outb(0xA0, 0x20);
    outb(0x20, 0x20);
}

/* An interrupt without a handler: find it in the in-service registers, mask it as IBM's BIOS did (so that a stuck
 * line does not storm), and leave its bit in 40:6B. No bit in service: a spurious interrupt, nothing to end. */
void irq_unexpected(struct regs *r);
void irq_unexpected(struct regs *r)
{
    (void)r;
    outb(0x20, 0x0B);
    u8 master = inb(0x20), slave = 0;
    if (master & 0x04) {
        outb(0xA0, 0x0B);
        slave = inb(0xA0);
        if (slave) {
            outb(0xA1, inb(0xA1) | slave);
            outb(0xA0, 0x20);
        }
        outb(0x20, 0x20);
    } else if (master) {
        outb(0x21, inb(0x21) | (master & ~0x04));
        outb(0x20, 0x20);
    }
    BDA_SET(spurious, master ? master : 0xFF);
}
