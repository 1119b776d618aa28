/* INT 15h in C: everything but the mode switches of int15_modes.S. */
#include "bios.h"

extern const __seg_fs u8 config_table[];

static void unsupported(struct regs *r)
{
    r->ah = 0x86;
    set_cf(r, true);
}

/* 83h, 86h: the RTC's periodic interrupt counts CX:DX microseconds down in steps of 976 (INT 70h). */
static bool wait_start(u32 us, u16 seg, u16 off)
{
    if (BDA_GET(wait_active) & 1)
        return false;
    BDA_SET(wait_pointer, (u32)seg << 16 | off);
    BDA_SET(wait_count, us);
    BDA_SET(wait_active, 1);
    cmos_write(0x0A, (cmos_read(0x0A) & 0xF0) | 0x06);
    cmos_write(0x0B, cmos_read(0x0B) | 0x40);
    (void)cmos_read(0x0C);
    pic_unmask(8);
    pic_unmask(2);
    return true;
}

static void wait_cancel(void)
{
    cmos_write(0x0B, cmos_read(0x0B) & ~0x40);
    BDA_SET(wait_active, 0);
}

static void wait_event(struct regs *r)
{
    if (r->al == 1) {
        wait_cancel();
        set_cf(r, false);
    } else {
        set_cf(r, !wait_start((u32)r->cx << 16 | r->dx, r->es, r->bx));
    }
}

static void wait_here(struct regs *r)
{
    u32 us = (u32)r->cx << 16 | r->dx;
    if (!wait_start(us, BDA_SEG, __builtin_offsetof(struct bda, wait_active))) {
        r->ah = 0x83;
        set_cf(r, true);
        return;
    }
    /* Bit 7 of 40:A0 is set when the time is over. A clock chip that does not interrupt must not hang us. */
    u32 start = ticks_now(), limit = us / 54925 + 3;
    while (!(BDA_GET(wait_active) & 0x80) && !ticks_passed(start, limit))
        cpu_idle();
    wait_cancel();
    set_cf(r, false);
}

static void a20(struct regs *r)
{
    set_cf(r, false);
    switch (r->al) {
    case 0:
    case 1:
        r->ah = 0;
        if (!a20_set(r->al)) {
            r->ah = 1;
            set_cf(r, true);
        }
        break;
    case 2:
        r->ah = 0;
        r->al = a20_get();
        break;
    case 3:
        r->ah = 0;
        r->bx = 3; /* through the 8042 and port 92h */
        break;
    default: unsupported(r);
    }
}

void int15_system(struct regs *r);
void int15_system(struct regs *r)
{
    switch (r->ah) {
    case 0x24: a20(r); break;
    case 0x4F: /* keyboard intercept: the key goes on */ set_cf(r, true); break;
    case 0x53: apm(r); break;
    case 0x80: /* device open, close, program termination, SysReq, busy loop and interrupt complete: nothing */
    case 0x81:
    case 0x82:
    case 0x85:
    case 0x90:
    case 0x91:
        r->ah = 0;
        set_cf(r, false);
        break;
    case 0x83: wait_event(r); break;
    case 0x84: /* no joystick */
        if (r->dx == 0) {
            r->al = 0xF0;
        } else {
            r->ax = r->bx = r->cx = r->dx = 0;
        }
        r->ah = 0x86;
        set_cf(r, true);
        break;
    case 0x86: wait_here(r); break;
    case 0x88:
        r->ax = extended_kb();
        set_cf(r, false);
        break;
    case 0xC0:
        r->es = get_cs();
        r->bx = (u16)(u32)config_table;
        r->ah = 0;
        set_cf(r, false);
        break;
    case 0xC1:
        r->es = ebda_seg();
        set_cf(r, false);
        break;
    case 0xC2: pointing_device(r); break;
    case 0xE8:
        if (r->al == 0x01) {
            e801(r);
        } else if (r->al == 0x81) {
            e801(r);
            r->eax = r->ax, r->ebx = r->bx, r->ecx = r->cx, r->edx = r->dx;
        } else if (r->al == 0x20) {
            e820(r);
        } else {
            unsupported(r);
        }
        break;
    default: unsupported(r);
    }
}
