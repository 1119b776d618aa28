/* INT 17h: parallel printers in 40:8, and INT 05h, the print-screen key. */
#include "bios.h"

void parallel_init(void)
{
    static ROM u16 bases[] = {0x3BC, 0x378, 0x278};
    u8 n = 0;
    for (u32 i = 0; i < ARRAY_LEN(bases); i++) {
        outb(bases[i], 0xAA);
        io_delay();
        if (inb(bases[i]) != 0xAA)
            continue;
        BDA_SET(lpt[n], bases[i]);
        BDA_SET(lpt_timeout[n], 20);
        n++;
    }
    BDA_SET(equipment, (BDA_GET(equipment) & 0x3FFF) | n << 14);
}

static u8 status(u16 base)
{
    return (inb(base + 1) ^ 0x48) & 0xF8;
}

void int17_printer(struct regs *r);
void int17_printer(struct regs *r)
{
    u16 base = r->dx < 3 ? BDA_GET(lpt[r->dx]) : 0;
    if (!base) {
        r->ah = 0x01; /* time-out: no such printer */
        return;
    }
    switch (r->ah) {
    case 0x00: {
        u32 start = ticks_now();
        outb(base, r->al);
        while (!(inb(base + 1) & 0x80)) {
            if (ticks_passed(start, BDA_GET(lpt_timeout[r->dx]))) {
                r->ah = status(base) | 0x01;
                return;
            }
            cpu_open();
        }
        outb(base + 2, 0x0D);
        io_delay();
        outb(base + 2, 0x0C);
        break;
    }
    case 0x01:
        outb(base + 2, 0x08);
        delay_us(2000);
        outb(base + 2, 0x0C);
        break;
    case 0x02: break;
    default: return;
    }
    r->ah = status(base);
}

/* 50:0 says 1 in progress, FFh failed, 0 done. Characters are read through INT 10h and sent to LPT1. */
static bool print_char(u8 c)
{
    struct callregs r = {.eax = c};
    callout(0x17, &r);
    return !(r.ah & 0x29);
}

void int05_print_screen(struct regs *r);
void int05_print_screen(struct regs *r)
{
    (void)r;
    if (peek8(0x50, 0) == 1)
        return;
    poke8(0x50, 0, 1);
    struct callregs c = {.eax = 0x0300, .ebx = BDA_GET(page) << 8};
    callout(0x10, &c);
    u16 cursor = c.dx, columns = BDA_GET(columns);
    bool ok = BDA_GET(lpt[0]) != 0 && print_char('\r') && print_char('\n');
    for (u8 row = 0; ok && row <= BDA_GET(rows_minus_1); row++) {
        for (u16 column = 0; ok && column < columns; column++) {
            c = (struct callregs){.eax = 0x0200, .ebx = BDA_GET(page) << 8, .edx = row << 8 | column};
            callout(0x10, &c);
            c = (struct callregs){.eax = 0x0800, .ebx = BDA_GET(page) << 8};
            callout(0x10, &c);
            ok = print_char(c.al ? c.al : ' ');
        }
        ok = ok && print_char('\r') && print_char('\n');
    }
    c = (struct callregs){.eax = 0x0200, .ebx = BDA_GET(page) << 8, .edx = cursor};
    callout(0x10, &c);
    poke8(0x50, 0, ok ? 0 : 0xFF);
}
