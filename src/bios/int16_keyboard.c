/* INT 16h: the keyboard buffer's other end. Runs on the caller's stack (see entry.S). */
#include "bios.h"

static u16 next_slot(u16 at)
{
    at += 2;
    return at >= BDA_GET(key_end) ? BDA_GET(key_start) : at;
}

bool key_put(u16 code)
{
    u16 tail = BDA_GET(key_tail), next = next_slot(tail);
    if (next == BDA_GET(key_head))
        return false;
    poke16(BDA_SEG, tail, code);
    BDA_SET(key_tail, next);
    return true;
}

/* For the old functions 00h and 01h: grey keys look like the number pad's, keys the 83-key board lacked vanish. */
static bool to_old(u16 *code)
{
    u8 al = *code & 0xFF, ah = *code >> 8;
    if (ah == 0xE0) {
        *code = al | (al == '/' ? 0x3500 : 0x1C00);
        return true;
    }
    if ((al == 0xE0 || al == 0xF0) && ah) {
        if (al == 0xF0)
            return false;
        al = 0;
        *code = (u16)ah << 8;
    }
    return ah <= 0x84 || al;
}

/* With AL = F0h the enhanced functions hand out 00h. */
static u16 to_new(u16 code)
{
    return (code & 0xFF) == 0xF0 && code >> 8 ? code & 0xFF00 : code;
}

static bool key_ready(bool enhanced, u16 *code)
{
    for (;;) {
        u16 head = BDA_GET(key_head);
        if (head == BDA_GET(key_tail))
            return false;
        *code = peek16(BDA_SEG, head);
        if (enhanced) {
            *code = to_new(*code);
            return true;
        }
        if (to_old(code))
            return true;
        BDA_SET(key_head, next_slot(head));
    }
}

static u16 key_get(bool enhanced)
{
    u16 code;
    if (!key_ready(enhanced, &code)) {
        struct callregs r = {.eax = 0x9002}; /* INT 15h 90h: about to wait for the keyboard */
        callout(0x15, &r);
        while (!key_ready(enhanced, &code))
            cpu_idle();
    }
    BDA_SET(key_head, next_slot(BDA_GET(key_head)));
    return code;
}

void int16_keyboard(struct regs *r);
void int16_keyboard(struct regs *r)
{
    u16 code;
    switch (r->ah) {
    case 0x00:
    case 0x10: r->ax = key_get(r->ah == 0x10); break;
    case 0x01:
    case 0x11:
        if (key_ready(r->ah == 0x11, &code)) {
            r->ax = code;
            set_zf(r, false);
        } else {
            set_zf(r, true);
            r->flags |= IF; /* programs that poll with interrupts closed expect them open afterwards */
            if (r->ah == 0x01)
                cpu_open();
        }
        break;
    case 0x02: r->al = BDA_GET(shift1); break;
    case 0x03: /* typematic rate */
        if (r->al == 5) {
            u8 mask = inb(0x21);
            outb(0x21, mask | 0x02); /* the acknowledgements are ours, not INT 09h's */
            if (keyboard_command(0xF3))
                keyboard_command((r->bh & 3) << 5 | (r->bl & 0x1F));
            outb(0x21, mask);
        }
        break;
    case 0x05: r->al = !key_put(r->cx); break;
    case 0x09: /* functions: 10h-12h, 05h, 03h 05h */ r->al = 0x24; break;
    case 0x12: {
        u8 s2 = BDA_GET(shift2), s3 = BDA_GET(shift3);
        r->al = BDA_GET(shift1);
        r->ah = (s2 & 0x73) | (s2 & 0x04 ? 0x80 : 0) | (s3 & 0x0C);
        break;
    }
    default: break;
    }
}
