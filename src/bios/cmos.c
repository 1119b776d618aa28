/* MC146818: the CMOS cells and the guard around an update in progress. */
#include "bios.h"

/* NMI is masked while the index points into the chip; the index is left at 0Dh, as IBM's BIOS leaves it. */
u8 cmos_read(u8 reg)
{
    outb(0x70, reg | 0x80);
    u8 v = inb(0x71);
    outb(0x70, 0x0D);
    (void)inb(0x71);
    return v;
}

void cmos_write(u8 reg, u8 v)
{
    outb(0x70, reg | 0x80);
    outb(0x71, v);
    outb(0x70, 0x0D);
    (void)inb(0x71);
}

u8 from_bcd(u8 v)
{
    return (v >> 4) * 10 + (v & 15);
}
u8 to_bcd(u8 v)
{
    return (u8)(v / 10 << 4 | v % 10);
}

/* An update takes 2 ms; a chip whose UIP never falls is not there. */
bool rtc_wait_ready(void)
{
    for (u32 i = 0; i < 60000; i++)
        if (!(cmos_read(0x0A) & 0x80))
            return true;
    return false;
}
