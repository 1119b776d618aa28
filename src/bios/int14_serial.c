/* INT 14h: 8250/16550A ports in 40:0, polled with the time-outs of 40:7C. */
#include "bios.h"

void serial_init(void)
{
    static ROM u16 bases[] = {0x3F8, 0x2F8, 0x3E8, 0x2E8};
    u8 n = 0;
    for (u32 i = 0; i < ARRAY_LEN(bases); i++) {
        outb(bases[i] + 1, 0x0F); /* the upper half of IER is always zero */
        io_delay();
        if (inb(bases[i] + 1) != 0x0F)
            continue;
        outb(bases[i] + 1, 0);
        outb(bases[i] + 3, 0x03);
        BDA_SET(com[n], bases[i]);
        BDA_SET(com_timeout[n], 1);
        n++;
    }
    BDA_SET(equipment, (BDA_GET(equipment) & ~0x0E00) | n << 9);
}

/* Waits until all bits of mask are set in the register; the unit of the time-out is about a second. */
static bool wait_bits(u16 port, u8 mask, u8 seconds)
{
    for (u32 start = ticks_now();;) {
        if ((inb(port) & mask) == mask)
            return true;
        if (ticks_passed(start, seconds * 18u + 1))
            return false;
        cpu_open();
    }
}

static void set_line(u16 base, u16 divisor, u8 lcr)
{
    outb(base + 3, lcr | 0x80);
    outb(base, (u8)divisor);
    outb(base + 1, (u8)(divisor >> 8));
    outb(base + 3, lcr);
    outb(base + 1, 0);
}

void int14_serial(struct regs *r);
void int14_serial(struct regs *r)
{
    static ROM u16 divisors[] = {1047, 768, 384, 192, 96, 48, 24, 12, 6, 3, 2, 1};
    u16 base = r->dx < 4 ? BDA_GET(com[r->dx]) : 0;
    u8 seconds = r->dx < 4 ? BDA_GET(com_timeout[r->dx]) : 0;
    if (!base) {
        r->ah = 0x80;
        return;
    }
    switch (r->ah) {
    case 0x00: set_line(base, divisors[r->al >> 5], r->al & 0x1F); break;
    case 0x01:
        outb(base + 4, inb(base + 4) | 0x03);
        if (!wait_bits(base + 6, 0x30, seconds) || !wait_bits(base + 5, 0x20, seconds)) {
            r->ah = inb(base + 5) | 0x80;
            return;
        }
        outb(base, r->al);
        r->ah = inb(base + 5) & 0x7F;
        return;
    case 0x02:
        outb(base + 4, (inb(base + 4) & ~0x02) | 0x01);
        if (!wait_bits(base + 6, 0x20, seconds) || !wait_bits(base + 5, 0x01, seconds)) {
            r->ah = inb(base + 5) | 0x80;
            return;
        }
        r->ah = inb(base + 5) & 0x1E;
        r->al = inb(base);
        return;
    case 0x04: /* extended: CL rate, BL stop bits, BH parity, CH length, AL break */
        if (r->cl < ARRAY_LEN(divisors)) {
            static ROM u8 parity[] = {0x00, 0x08, 0x18, 0x28, 0x38};
            set_line(base, divisors[r->cl],
                     (r->ch & 3) | (r->bl ? 4 : 0) | parity[r->bh < 5 ? r->bh : 0] | (r->al ? 0x40 : 0));
        }
        break;
    case 0x05: /* modem control */
        if (r->al)
            outb(base + 4, r->bl);
        else
            r->bl = inb(base + 4);
        break;
    case 0x03: break;
    default: r->ah = 0x80; return;
    }
    r->ah = inb(base + 5);
    r->al = inb(base + 6);
}
