/* INT 15h function 53h: the real-mode interface of the APM BIOS Specification 1.2. There is one power managed thing, the
 * machine, and what can be done with it is to stop until an interrupt and to switch it off (port 8900h). The protected-mode
 * interfaces are not offered. */
#include "bios.h"

enum {
    APM_DISABLED = 0x01,
    APM_CONNECTED = 0x02,
    APM_NOT_CONNECTED = 0x03,
    APM_NO_16_BIT = 0x06,
    APM_NO_32_BIT = 0x08,
    APM_BAD_DEVICE = 0x09,
    APM_BAD_VALUE = 0x0A,
    APM_NO_EVENT = 0x80,
    APM_NOT_SUPPORTED = 0x0C
};
enum { DEVICE_BIOS = 0x0000, DEVICE_ALL = 0x0001, STATE_OFF = 3 };

static void switch_off(void)
{
    static ROM char word[] = "Shutdown";
    for (u8 i = 0; word[i]; i++)
        outb(0x8900, (u8)word[i]);
}

static u8 power_state(struct regs *r)
{
    if (r->bx != DEVICE_ALL)
        return APM_BAD_DEVICE;
    if (r->cx == 0 || r->cx > STATE_OFF)
        return APM_BAD_VALUE;
    if (r->cx == STATE_OFF)
        switch_off();
    return 0; /* standby and suspend: the machine goes on at once */
}

static u8 power_status(struct regs *r)
{
    if (r->bx != DEVICE_ALL)
        return APM_BAD_DEVICE;
    r->bx = 0x01FF; /* on line; no battery */
    r->cx = 0x80FF;
    r->dx = 0xFFFF;
    return 0;
}

/* 0: done. Which programs are connected makes no difference to what is done for them, but they are told what they did wrong.
 */
static u8 connected(struct regs *r)
{
    switch (r->al) {
    case 0x05: /* idle */ cpu_idle(); return 0;
    case 0x06: /* busy */ return 0;
    case 0x07: return power_state(r);
    case 0x08:
        if (r->bx != DEVICE_ALL && r->bx != 0xFFFF)
            return APM_BAD_DEVICE;
        return r->cx > 1 ? APM_BAD_VALUE : 0;
    case 0x09: return r->bx == DEVICE_BIOS ? 0 : APM_BAD_DEVICE;
    case 0x0A: return power_status(r);
    case 0x0B: return APM_NO_EVENT;
    case 0x0C:
        if (r->bx != DEVICE_ALL)
            return APM_BAD_DEVICE;
        r->cx = 0; /* ready */
        return 0;
    case 0x0D:
    case 0x0F:
        if (r->bx != DEVICE_ALL)
            return APM_BAD_DEVICE;
        r->cx = 1; /* engaged */
        return 0;
    case 0x0E: /* the driver's version: the lower of both */
        if (r->bx != DEVICE_BIOS)
            return APM_BAD_DEVICE;
        r->ax = r->cx < 0x0102 ? r->cx : 0x0102;
        return 0;
    default: return APM_NOT_SUPPORTED;
    }
}

void apm(struct regs *r)
{
    u8 function = r->al, status = 0, was = EBDA_GET(apm_connected);
    switch (function) {
    case 0x00:
        if (r->bx == DEVICE_BIOS) {
            r->ax = 0x0102;
            r->bx = 0x504D; /* "PM" */
            r->cx = 0;      /* neither protected-mode interface, idle does not slow the clock */
        } else {
            status = APM_BAD_DEVICE;
        }
        break;
    case 0x01:
        status = r->bx != DEVICE_BIOS ? APM_BAD_DEVICE : was ? APM_CONNECTED : 0;
        if (!status)
            EBDA_SET(apm_connected, 1);
        break;
    case 0x02: status = APM_NO_16_BIT; break;
    case 0x03: status = APM_NO_32_BIT; break;
    case 0x04:
        status = r->bx != DEVICE_BIOS ? APM_BAD_DEVICE : !was ? APM_NOT_CONNECTED : 0;
        if (!status)
            EBDA_SET(apm_connected, 0);
        break;
    default:
        /* Before connecting, programs may switch off, idle and ask for the state, as all BIOSes let them. */
        status = connected(r);
        break;
    }
    if (status)
        r->ah = status;
    else if (function != 0x00 && function != 0x0E) /* these return a version in AX */
        r->ah = 0;
    set_cf(r, status != 0);
}
