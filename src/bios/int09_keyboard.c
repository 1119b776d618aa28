/* INT 09h, IRQ 1: scan codes of set 1 become shift states, key codes in the buffer, and the special keys. */
#include "bios.h"
#include "keytable.h"

enum { RSHIFT = 0x01, LSHIFT = 0x02, CTRL = 0x04, ALT = 0x08, SCROLL = 0x10, NUM = 0x20, CAPS = 0x40, INS = 0x80 };
enum { HOLD = 0x08 };
enum { SAW_E1 = 0x01, SAW_E0 = 0x02, RCTRL = 0x04, RALT = 0x08 };

static void call(u8 vector)
{
    struct callregs r = {.eax = 0};
    callout(vector, &r);
}

static void beep(void)
{
    u8 old = inb(0x61);
    outb(0x61, old | 3);
    for (u32 i = 0; i < 20000; i++)
        io_delay();
    outb(0x61, old);
}

static NOINLINE void reset_machine(void)
{
    BDA_SET(warm_boot, 0x1234);
    kbc_command(0xFE); /* the 8042 pulses the reset line */
    for (volatile u32 i = 0; i < 10000; i++) {
    }
    asm volatile("ljmp $0xFFFF,$0");
}

/* Ctrl-Break: an empty buffer with one zero in it, 40:71, INT 1Bh. */
static void break_key(void)
{
    u16 start = BDA_GET(key_start);
    BDA_SET(key_head, start);
    BDA_SET(key_tail, start);
    BDA_SET(ctrl_break, 0x80);
    call(0x1B);
    key_put(0);
}

/* The machine stands still until a key clears the flag; the clock and the other interrupts go on. */
static void hold(void)
{
    if (BDA_GET(shift2) & HOLD)
        return;
    BDA_SET(shift2, BDA_GET(shift2) | HOLD);
    pic_eoi(1);
    while (BDA_GET(shift2) & HOLD)
        cpu_idle();
}

static void set_shift(u8 bit1, u8 bit2, u8 bit3, bool down)
{
    u8 s1 = BDA_GET(shift1), s2 = BDA_GET(shift2), s3 = BDA_GET(shift3);
    s2 = down ? s2 | bit2 : s2 & ~bit2;
    s3 = down ? s3 | bit3 : s3 & ~bit3;
    BDA_SET(shift2, s2);
    BDA_SET(shift3, s3);
    s1 = down ? s1 | bit1 : s1 & ~bit1;
    /* Ctrl and Alt exist twice: the state is up when both are. */
    if ((bit1 == CTRL && ((s2 & 1) || (s3 & RCTRL))) || (bit1 == ALT && ((s2 & 2) || (s3 & RALT))))
        s1 |= bit1;
    BDA_SET(shift1, s1);
}

static void toggle_key(u8 bit, bool down)
{
    u8 s2 = BDA_GET(shift2);
    if (down && !(s2 & bit))
        BDA_SET(shift1, BDA_GET(shift1) ^ bit);
    BDA_SET(shift2, down ? s2 | bit : s2 & ~bit);
    if (bit != INS)
        keyboard_update_leds();
}

/* Keys that are states: true if this was one. */
static bool shift_key(u8 key, bool down, bool e0)
{
    u8 s1 = BDA_GET(shift1);
    switch (key) {
    case 0x2A:
    case 0x36:
        if (!e0) /* E0 2A, E0 36: the keyboard's own shifts around grey keys */
            set_shift(key == 0x2A ? LSHIFT : RSHIFT, 0, 0, down);
        return true;
    case 0x1D: set_shift(CTRL, e0 ? 0 : 1, e0 ? RCTRL : 0, down); return true;
    case 0x38:
        set_shift(ALT, e0 ? 0 : 2, e0 ? RALT : 0, down);
        if (!down && !(BDA_GET(shift1) & ALT) && BDA_GET(alt_number)) {
            u8 number = BDA_GET(alt_number);
            BDA_SET(alt_number, 0);
            key_put(number);
        }
        return true;
    case 0x3A: toggle_key(CAPS, down); return true;
    case 0x45:
        if (down && (s1 & CTRL))
            hold();
        else
            toggle_key(NUM, down);
        return true;
    case 0x46:
        if (s1 & CTRL || e0) {
            if (down)
                break_key();
        } else {
            toggle_key(SCROLL, down);
        }
        return true;
    default: return false;
    }
}

static u16 translate(u8 key, bool e0, u8 s1)
{
    int column = s1 & ALT ? 3 : s1 & CTRL ? 2 : s1 & (LSHIFT | RSHIFT) ? 1 : 0;
    if (e0) {
        for (u32 i = 0; i < ARRAY_LEN(grey_codes); i++)
            if (grey_codes[i].scan == key)
                return grey_codes[i].code[column];
        return 0;
    }
    if (key >= ARRAY_LEN(key_codes))
        return 0;
    if (column < 2) {
        u8 plain = key_codes[key][0] & 0xFF;
        bool letter = plain >= 'a' && plain <= 'z';
        bool pad = key >= 0x47 && key <= 0x53 && key != 0x4A && key != 0x4E;
        if ((letter && (s1 & CAPS)) || (pad && (s1 & NUM)))
            column ^= 1;
    }
    return key_codes[key][column];
}

/* Alt and the number pad spell a character code; true if the key was part of it. */
static bool alt_digit(u8 key)
{
    static ROM u8 digit[] = {7, 8, 9, 0xFF, 4, 5, 6, 0xFF, 1, 2, 3, 0};
    if (key < 0x47 || key > 0x52 || digit[key - 0x47] == 0xFF)
        return false;
    BDA_SET(alt_number, BDA_GET(alt_number) * 10 + digit[key - 0x47]);
    return true;
}

static void key(u8 scan, bool e0, bool e1)
{
    u8 code = scan & 0x7F;
    bool down = !(scan & 0x80);
    if (e1) { /* E1 1D 45 E1 9D C5: Pause */
        if (code == 0x45 && down)
            hold();
        return;
    }
    if (shift_key(code, down, e0))
        return;
    u8 s1 = BDA_GET(shift1);
    if (code == 0x54) { /* Alt-PrtSc */
        struct callregs r = {.eax = 0x8500 | !down};
        callout(0x15, &r);
        return;
    }
    if (code == 0x52 && !(s1 & (ALT | CTRL)) && (e0 || !(s1 & NUM) == !(s1 & (LSHIFT | RSHIFT))))
        toggle_key(INS, down);
    if (!down)
        return;
    if (BDA_GET(shift2) & HOLD) {
        BDA_SET(shift2, BDA_GET(shift2) & ~HOLD);
        return;
    }
    if ((s1 & (CTRL | ALT)) == (CTRL | ALT) && code == 0x53)
        reset_machine();
    if (code == 0x37 && !(s1 & ALT) && ((e0 && !(s1 & CTRL)) || (!e0 && (s1 & (LSHIFT | RSHIFT))))) {
        pic_eoi(1);
        call(0x05);
        return;
    }
    if (code == 0x37 && e0 && (s1 & CTRL)) {
        if (!key_put(0x7200))
            beep();
        return;
    }
    if ((s1 & ALT) && !e0 && alt_digit(code))
        return;
    u16 c = translate(code, e0, s1);
    if (c && !key_put(c))
        beep();
}

/* Answers of the keyboard to our LED command. */
static bool led_answer(u8 v)
{
    u8 leds = BDA_GET(leds);
    if ((v != 0xFA && v != 0xFE) || !(leds & 0x40))
        return false;
    if (v == 0xFE) {
        BDA_SET(leds, (leds & ~0x50) | 0x80);
    } else if (!(leds & 0x10)) {
        BDA_SET(leds, leds | 0x10);
        kbc_write(leds & 7);
    } else {
        BDA_SET(leds, leds & ~0x50);
    }
    return true;
}

void irq1_keyboard(struct regs *frame);
void irq1_keyboard(struct regs *frame)
{
    (void)frame;
    u8 scan = inb(0x60); /* whatever the status says: a resident program may have read it before us */
    if (led_answer(scan)) {
        pic_eoi(1);
        return;
    }
    struct callregs r = {.eax = 0x4F00 | scan, .flags = CF};
    callout(0x15, &r); /* INT 15h 4Fh: CF set on entry, clear afterwards if a hook has eaten the key */
    scan = r.al;
    if (r.flags & CF) {
        u8 s3 = BDA_GET(shift3);
        if (scan == 0xE0) {
            BDA_SET(shift3, s3 | SAW_E0);
        } else if (scan == 0xE1) {
            BDA_SET(shift3, s3 | SAW_E1);
        } else {
            bool e1 = s3 & SAW_E1;
            if (!(e1 && (scan & 0x7F) == 0x1D)) /* the middle byte of Pause keeps the state */
                BDA_SET(shift3, s3 & ~(SAW_E0 | SAW_E1));
            if (scan != 0 && scan != 0xFF && scan != 0xFA && scan != 0xFE)
                key(scan, s3 & SAW_E0, e1);
        }
    }
    outb(0x20, 0x0B);
    if (inb(0x20) & 0x02) /* not ended yet by a special key */
        pic_eoi(1);
}
