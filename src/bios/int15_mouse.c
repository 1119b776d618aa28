/* INT 15h C2xxh: the pointing device, a PS/2 mouse behind the 8042's auxiliary port, and INT 74h, its interrupt. */
#include "bios.h"

enum { OK = 0, BAD_FUNCTION = 1, BAD_INPUT = 2, INTERFACE = 3, RESEND = 4, NO_HANDLER = 5 };
enum { HANDLER = 0x80, ENABLED = 0x80 }; /* bits in mouse_flags2, mouse_flags1 */

static u8 config_byte(u8 clear, u8 set)
{
    kbc_command(0x20);
    int v = kbc_read(20);
    if (v >= 0) {
        kbc_command(0x60);
        kbc_write(((u8)v & ~clear) | set);
    }
    return (u8)v;
}

static int mouse_byte(u32 ms)
{
    for (u32 i = 0; i < ms; i++) {
        if ((inb(0x64) & 0x21) == 0x21)
            return inb(0x60);
        delay_us(1000);
    }
    return -1;
}

static bool mouse_send(u8 v)
{
    kbc_command(0xD4);
    kbc_write(v);
    return mouse_byte(30) == 0xFA;
}

/* Commands are exchanged with both interrupts masked, or INT 74h would eat the answers. */
static u8 exchange(u8 command, int argument, u8 *answer, int answers)
{
    u8 m1 = inb(0x21), m2 = inb(0xA1), status = OK;
    outb(0x21, m1 | 0x02);
    outb(0xA1, m2 | 0x10);
    kbc_command(0xAD);
    if (!mouse_send(command) || (argument >= 0 && !mouse_send((u8)argument)))
        status = INTERFACE;
    for (int i = 0; i < answers && status == OK; i++) {
        int v = mouse_byte(command == 0xFF ? 600 : 30);
        if (v < 0)
            status = INTERFACE;
        else
            answer[i] = (u8)v;
    }
    kbc_command(0xAE);
    outb(0x21, m1);
    outb(0xA1, m2);
    return status;
}

static void port_on(void)
{
    kbc_command(0xA8);
    config_byte(0x20, 0x02);
    pic_unmask(12);
}

static u8 sample_rate(u8 code)
{
    static ROM u8 rates[] = {10, 20, 40, 60, 80, 100, 200};
    return code < ARRAY_LEN(rates) ? exchange(0xF3, rates[code], 0, 0) : BAD_INPUT;
}

static u8 extended(struct regs *r)
{
    u8 answer[3];
    u8 status;
    switch (r->bh) {
    case 0:
        if ((status = exchange(0xE9, -1, answer, 3)) == OK) {
            r->bl = answer[0];
            r->cl = answer[1];
            r->dl = answer[2];
        }
        return status;
    case 1: return exchange(0xE6, -1, 0, 0);
    case 2: return exchange(0xE7, -1, 0, 0);
    default: return BAD_INPUT;
    }
}

static u8 reset(struct regs *r)
{
    u8 answer[2];
    port_on();
    u8 status = exchange(0xFF, -1, answer, 2);
    if (status == OK) {
        r->bl = answer[0];
        r->bh = answer[1];
        EBDA_SET(mouse_flags1, 0);
    }
    return status;
}

void pointing_device(struct regs *r)
{
    u8 status = BAD_FUNCTION, answer[2];
    if (!(BDA_GET(equipment) & 0x04)) {
        r->ah = INTERFACE;
        set_cf(r, true);
        return;
    }
    switch (r->al) {
    case 0x00:
        if (r->bh > 1) {
            status = BAD_INPUT;
        } else if (r->bh && !(EBDA_GET(mouse_flags2) & HANDLER)) {
            status = NO_HANDLER;
        } else {
            if (r->bh)
                port_on();
            EBDA_SET(mouse_flags1, 0);
            status = exchange(r->bh ? 0xF4 : 0xF5, -1, 0, 0);
        }
        break;
    case 0x01: status = reset(r); break;
    case 0x02: status = sample_rate(r->bh); break;
    case 0x03: status = r->bh < 4 ? exchange(0xE8, r->bh, 0, 0) : BAD_INPUT; break;
    case 0x04:
        if ((status = exchange(0xF2, -1, answer, 1)) == OK)
            r->bh = answer[0];
        break;
    case 0x05:
        if (r->bh < 1 || r->bh > 8) {
            status = BAD_INPUT;
        } else {
            EBDA_SET(mouse_flags2, (EBDA_GET(mouse_flags2) & ~7) | (r->bh - 1));
            status = reset(r);
        }
        break;
    case 0x06: status = extended(r); break;
    case 0x07:
        EBDA_SET(mouse_off, r->bx);
        EBDA_SET(mouse_seg, r->es);
        EBDA_SET(mouse_flags2, (EBDA_GET(mouse_flags2) & ~HANDLER) | (r->es | r->bx ? HANDLER : 0));
        if (!(r->es | r->bx))
            exchange(0xF5, -1, 0, 0);
        status = OK;
        break;
    default: break;
    }
    r->ah = status;
    set_cf(r, status != OK);
}

/* At POST: is there a mouse? Leaves the port closed until somebody enables it. */
void mouse_init(void)
{
    u8 answer[2];
    kbc_command(0xA8);
    if (exchange(0xFF, -1, answer, 2) == OK && answer[0] == 0xAA)
        BDA_SET(equipment, BDA_GET(equipment) | 0x04);
    else
        kbc_command(0xA7);
}

extern void call_mouse_handler(u16 seg, u16 off, const volatile u16 *words);

/* Packets are gathered in the EBDA; a whole one goes to the handler as four words on the stack. */
void irq12_mouse(struct regs *frame);
void irq12_mouse(struct regs *frame)
{
    (void)frame;
    if ((inb(0x64) & 0x21) != 0x21) {
        pic_eoi(12);
        return;
    }
    u8 v = inb(0x60);
    u8 n = EBDA_GET(mouse_flags1) & 7, size = EBDA_GET(mouse_flags2) & 7;
    if (!(EBDA_GET(mouse_flags2) & HANDLER)) {
        pic_eoi(12);
        return;
    }
    u16 seg = ebda_seg();
    poke8(seg, __builtin_offsetof(struct ebda, mouse_packet) + n, v);
    if (n < size) {
        EBDA_SET(mouse_flags1, n + 1);
        pic_eoi(12);
        return;
    }
    EBDA_SET(mouse_flags1, 0);
    u16 words[4] = {0};
    for (int i = 0; i <= size && i < 4; i++)
        words[i] = peek8(seg, __builtin_offsetof(struct ebda, mouse_packet) + i);
    pic_eoi(12);
    call_mouse_handler(EBDA_GET(mouse_seg), EBDA_GET(mouse_off), words);
}
