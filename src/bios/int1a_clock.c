/* INT 1Ah: tick count, real-time clock, alarm, PCI BIOS; INT 70h: the clock chip's interrupt. */
#include "bios.h"

static bool binary(void)
{
    return cmos_read(0x0B) & 0x04;
}
static u8 clock_get(u8 reg)
{
    u8 v = cmos_read(reg);
    return binary() ? to_bcd(v) : v;
}
static void clock_set(u8 reg, u8 bcd)
{
    cmos_write(reg, binary() ? from_bcd(bcd) : bcd);
}

/* Hours may be in the 12-hour form with PM in bit 7. */
static u8 hours24(void)
{
    u8 v = cmos_read(0x04), b = cmos_read(0x0B);
    if (b & 0x02)
        return clock_get(0x04);
    u8 h = b & 0x04 ? v & 0x7F : from_bcd(v & 0x7F);
    h = h % 12 + (v & 0x80 ? 12 : 0);
    return to_bcd(h);
}

/* Seconds since midnight times 1193182 / 65536, without a 64-bit product: 18 + 0.20648. */
void clock_init(void)
{
    cmos_write(0x0A, 0x26);
    cmos_write(0x0B, 0x02 | (cmos_read(0x0B) & 0x05));
    (void)cmos_read(0x0C);
    rtc_wait_ready();
    u32 s = from_bcd(hours24()) * 3600u + from_bcd(clock_get(0x02)) * 60u + from_bcd(clock_get(0x00));
    if (s >= 86400)
        s = 0;
    BDA_SET(ticks, s * 18 + s * 20648 / 100000);
    BDA_SET(midnight, 0);
}

static bool set_running(bool on)
{
    u8 b = cmos_read(0x0B);
    cmos_write(0x0B, on ? b & ~0x80 : b | 0x80);
    return true;
}

void int1a_clock(struct regs *r);
void int1a_clock(struct regs *r)
{
    set_cf(r, false);
    switch (r->ah) {
    case 0x00: {
        u32 t = ticks_now();
        r->cx = (u16)(t >> 16);
        r->dx = (u16)t;
        r->al = BDA_GET(midnight);
        BDA_SET(midnight, 0);
        break;
    }
    case 0x01:
        BDA_SET(ticks, (u32)r->cx << 16 | r->dx);
        BDA_SET(midnight, 0);
        break;
    case 0x02:
        if (!rtc_wait_ready()) {
            set_cf(r, true);
            break;
        }
        r->ch = hours24();
        r->cl = clock_get(0x02);
        r->dh = clock_get(0x00);
        r->dl = cmos_read(0x0B) & 1;
        break;
    case 0x03:
        set_running(false);
        clock_set(0x04, r->ch);
        clock_set(0x02, r->cl);
        clock_set(0x00, r->dh);
        cmos_write(0x0B, (cmos_read(0x0B) & ~1) | (r->dl & 1) | 0x02);
        set_running(true);
        break;
    case 0x04:
        if (!rtc_wait_ready()) {
            set_cf(r, true);
            break;
        }
        r->ch = cmos_read(0x32);
        r->cl = clock_get(0x09);
        r->dh = clock_get(0x08);
        r->dl = clock_get(0x07);
        break;
    case 0x05:
        set_running(false);
        clock_set(0x07, r->dl);
        clock_set(0x08, r->dh);
        clock_set(0x09, r->cl);
        cmos_write(0x32, r->ch);
        set_running(true);
        break;
    case 0x06:
        if (cmos_read(0x0B) & 0x20) {
            set_cf(r, true);
            break;
        }
        clock_set(0x05, r->ch);
        clock_set(0x03, r->cl);
        clock_set(0x01, r->dh);
        cmos_write(0x0B, cmos_read(0x0B) | 0x20);
        pic_unmask(8);
        pic_unmask(2);
        break;
    case 0x07: cmos_write(0x0B, cmos_read(0x0B) & ~0x20); break;
    case 0xB1: pci_bios(r); break;
    default: set_cf(r, true);
    }
}

/* A periodic interrupt every 976.5 us counts INT 15h 83h and 86h down; an alarm calls INT 4Ah. */
void irq8_rtc(struct regs *frame);
void irq8_rtc(struct regs *frame)
{
    (void)frame;
    u8 why = cmos_read(0x0C) & cmos_read(0x0B);
    if (why & 0x40 && BDA_GET(wait_active) & 1) {
        u32 left = BDA_GET(wait_count);
        if (left > 976) {
            BDA_SET(wait_count, left - 976);
        } else {
            u32 at = BDA_GET(wait_pointer);
            cmos_write(0x0B, cmos_read(0x0B) & ~0x40);
            BDA_SET(wait_count, 0);
            BDA_SET(wait_active, 0);
            poke8((u16)(at >> 16), (u16)at, peek8((u16)(at >> 16), (u16)at) | 0x80);
        }
    }
    if (why & 0x20) {
        struct callregs r = {.eax = 0};
        callout(0x4A, &r);
    }
    pic_eoi(8);
}
