/* INT 09h by scan codes put into the 8042's output buffer (command D2h), and INT 16h. */
#include "selftest.h"

static void inject(u8 scan)
{
    for (u32 i = 0; (inb(0x64) & 3) && i < 100000; i++) {
    }
    outb(0x64, 0xD2);
    for (u32 i = 0; (inb(0x64) & 2) && i < 100000; i++) {
    }
    outb(0x60, scan);
    u32 start = peek32(0x40, 0x6C);
    while ((inb(0x64) & 1) && peek32(0x40, 0x6C) - start < 5) {
    }
    for (volatile int i = 0; i < 200; i++) {
    }
}

static void inject_all(const char *codes)
{
    for (; *codes; codes++)
        inject((u8)*codes);
}

static u16 key(u8 function)
{
    struct callregs r = CALL(0x16, .eax = (u32)(function | 1) << 8);
    if (r.flags & ZF)
        return 0xFFFF;
    return CALL(0x16, .eax = (u32)function << 8).ax;
}

static void empty(void)
{
    while (key(0x10) != 0xFFFF) {
    }
}

extern u16 selftest_packet[4];
extern u8 selftest_mouse[];

/* A byte as if the mouse had sent it (8042 command D3h). */
static void inject_mouse(u8 v)
{
    for (u32 i = 0; (inb(0x64) & 3) && i < 100000; i++) {
    }
    outb(0x64, 0xD3);
    for (u32 i = 0; (inb(0x64) & 2) && i < 100000; i++) {
    }
    outb(0x60, v);
    u32 start = peek32(0x40, 0x6C);
    while ((inb(0x64) & 1) && peek32(0x40, 0x6C) - start < 5) {
    }
    for (volatile int i = 0; i < 200; i++) {
    }
}

/* INT 15h C2h, INT 74h; without a mouse every function has to say so. */
static void mouse(void)
{
    struct callregs r;
    if (!(CALL(0x11, .eax = 0).ax & 4)) {
        r = CALL(0x15, .eax = 0xC200, .ebx = 0x0100);
        CHECK("C200h without a mouse", r.ah << 8 | (r.flags & CF), 3 << 8 | CF);
        return;
    }
    r = CALL(0x15, .eax = 0xC200, .ebx = 0x0100);
    CHECK("C200h without a handler", r.ah, 5);
    r = CALL(0x15, .eax = 0xC205, .ebx = 0x0300);
    CHECK("C205h", r.ah << 8 | (r.flags & CF), 0);
    CHECK("C205h result", r.bx, 0x00AA);
    r = CALL(0x15, .eax = 0xC204);
    CHECK("C204h", r.ah, 0);
    CHECK("C202h", CALL(0x15, .eax = 0xC202, .ebx = 0x0500).ah, 0);
    CHECK("C203h", CALL(0x15, .eax = 0xC203, .ebx = 0x0300).ah, 0);
    r = CALL(0x15, .eax = 0xC206, .ebx = 0);
    CHECK("C206h resolution", r.cl, 3);
    CHECK("C206h rate", r.dl, 100);
    CHECK("C207h", CALL(0x15, .eax = 0xC207, .es = segment(), .ebx = (u32)selftest_mouse).ah, 0);
    CHECK("C200h", CALL(0x15, .eax = 0xC200, .ebx = 0x0100).ah, 0);
    inject_mouse(0x09);
    inject_mouse(0x12);
    inject_mouse(0x34);
    volatile u16 *seen = selftest_packet;
    CHECK("one packet", seen[0], 1);
    CHECK("packet status", seen[1], 0x09);
    CHECK("packet X, Y", seen[2] << 16 | seen[3], 0x120034);
    inject_all("\x1E\x9E");
    CHECK("key beside the mouse", key(0x10), 0x1E61);
    CHECK("C200h off", CALL(0x15, .eax = 0xC200, .ebx = 0).ah, 0);
    CHECK("C207h none", CALL(0x15, .eax = 0xC207, .es = 0, .ebx = 0).ah, 0);
}

void test_keyboard(void)
{
    static const struct {
        const char *name, *codes;
        u16 old, enhanced;
    } cases[] = {
        {"a", "\x1E\x9E", 0x1E61, 0x1E61},
        {"Shift a", "\x2A\x1E\x9E\xAA", 0x1E41, 0x1E41},
        {"right Shift 1", "\x36\x02\x82\xB6", 0x0221, 0x0221},
        {"Ctrl c", "\x1D\x2E\xAE\x9D", 0x2E03, 0x2E03},
        {"right Ctrl c", "\xE0\x1D\x2E\xAE\xE0\x9D", 0x2E03, 0x2E03},
        {"Alt x", "\x38\x2D\xAD\xB8", 0x2D00, 0x2D00},
        {"Enter", "\x1C\x9C", 0x1C0D, 0x1C0D},
        {"Esc", "\x01\x81", 0x011B, 0x011B},
        {"F1", "\x3B\xBB", 0x3B00, 0x3B00},
        {"Shift F10", "\x2A\x44\xC4\xAA", 0x5D00, 0x5D00},
        {"Alt 1", "\x38\x02\x82\xB8", 0x7800, 0x7800},
        {"Shift Tab", "\x2A\x0F\x8F\xAA", 0x0F00, 0x0F00},
        {"F12", "\x58\xD8", 0xFFFF, 0x8600},
        {"grey Up", "\xE0\x48\xE0\xC8", 0x4800, 0x48E0},
        {"grey Up with fake shift", "\xE0\x2A\xE0\x48\xE0\xC8\xE0\xAA", 0x4800, 0x48E0},
        {"Ctrl grey Left", "\x1D\xE0\x4B\xE0\xCB\x9D", 0x7300, 0x73E0},
        {"grey Delete", "\xE0\x53\xE0\xD3", 0x5300, 0x53E0},
        {"keypad Enter", "\xE0\x1C\xE0\x9C", 0x1C0D, 0xE00D},
        {"keypad /", "\xE0\x35\xE0\xB5", 0x352F, 0xE02F},
        {"keypad 7", "\x47\xC7", 0x4700, 0x4700},
        {"Shift keypad 7", "\x2A\x47\xC7\xAA", 0x4737, 0x4737},
        {"Alt 6 5", "\x38\x4D\xCD\x4C\xCC\xB8", 0x0041, 0x0041},
        {"key 102", "\x56\xD6", 0x565C, 0x565C},
    };
    empty();
    for (u32 i = 0; i < ARRAY_LEN(cases); i++) {
        inject_all(cases[i].codes);
        CHECK(cases[i].name, key(0x10), cases[i].enhanced);
        inject_all(cases[i].codes);
        CHECK(cases[i].name, key(0x00), cases[i].old);
        empty();
    }
    inject_all("\x3A\xBA\x1E\x9E\x2A\x1E\x9E\xAA\x02\x82"); /* Caps Lock turns letters, not digits */
    CHECK("Caps a", key(0x10), 0x1E41);
    CHECK("Caps Shift a", key(0x10), 0x1E61);
    CHECK("Caps 1", key(0x10), 0x0231);
    CHECK("Caps state", CALL(0x16, .eax = 0x0200).al & 0x40, 0x40);
    inject_all("\x3A\xBA\x45\xC5\x47\xC7\x45\xC5");
    CHECK("Num 7", key(0x10), 0x4737);
    CHECK("locks off", CALL(0x16, .eax = 0x0200).al & 0x70, 0);
    inject_all("\x2A\x1D");
    CHECK("Shift and Ctrl held", CALL(0x16, .eax = 0x0200).al & 0x0F, 0x06);
    CHECK("12h left Ctrl", CALL(0x16, .eax = 0x1200).ah & 0x01, 1);
    inject_all("\xAA\x9D");
    inject_all("\x1D\xE0\x46\xE0\xC6\x9D"); /* Ctrl-Break */
    CHECK("break flag", peek8(0x40, 0x71), 0x80);
    CHECK("break key", key(0x10), 0x0000);
    empty();
    for (u32 i = 0; i < 15; i++)
        CHECK("05h", CALL(0x16, .eax = 0x0500, .ecx = 0x4100 + i).al, 0);
    CHECK("05h full", CALL(0x16, .eax = 0x0500, .ecx = 0x4200).al, 1);
    for (u32 i = 0; i < 15; i++)
        CHECK("05h order", key(0x10), 0x4100 + i);
    CHECK("empty", key(0x10), 0xFFFF);
    mouse();
}
