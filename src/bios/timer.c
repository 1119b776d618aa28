/* The 8254: counter 0 for the time of day, counter 2 for short delays. */
#include "bios.h"

void pit_init(void)
{
    outb(0x43, 0x36); /* counter 0: square wave, full count: 18.2 Hz */
    outb(0x40, 0);
    outb(0x40, 0);
    outb(0x43, 0x54); /* counter 1: refresh every 15 us, for programs that time by port 61h bit 4 */
    outb(0x41, 18);
    outb(0x43, 0xB6); /* counter 2: the beep's 1.19 MHz / 533h */
    outb(0x42, 0x33);
    outb(0x42, 0x05);
    outb(0x61, inb(0x61) & 0xFC);
}

/* Counter 2 in mode 0 with the gate on and the speaker off: OUT2 rises (port 61h bit 5) when the count is over. */
static void delay_count(u16 count)
{
    u8 old = inb(0x61);
    outb(0x61, (old & ~0x02) | 0x01);
    outb(0x43, 0xB0);
    outb(0x42, count & 0xFF);
    outb(0x42, count >> 8);
    for (u32 guard = 0; !(inb(0x61) & 0x20) && guard < 1000000; guard++) {
    }
    outb(0x61, old);
}

void delay_us(u32 us)
{
    while (us >= 50000) {
        delay_count(59659);
        us -= 50000;
    }
    delay_count((u16)(us * 1193 / 1000 + 1));
}

u32 ticks_now(void)
{
    return BDA_GET(ticks);
}

/* Ticks wrap at midnight; a wait that straddles it ends at most a little late. */
bool ticks_passed(u32 since, u32 ticks)
{
    u32 now = ticks_now();
    u32 gone = now >= since ? now - since : now + 0x1800B0 - since;
    return gone >= ticks;
}
