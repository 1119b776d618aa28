/* The self-test's frame: counting, reporting, the order of the parts. */
#include "selftest.h"

static u32 passed, failed;
u8 buffer[2][2048];

u16 segment(void)
{
    u16 v;
    asm("movw %%ds,%0" : "=r"(v));
    return v;
}

static void say_char(char c)
{
    outb(0xE9, (u8)c);
}

void say(const char *s)
{
    while (*s)
        say_char(*s++);
}

void say_hex(u32 v)
{
    for (int i = 28; i >= 0; i -= 4)
        if (v >> i || i == 0)
            say_char("0123456789ABCDEF"[v >> i & 15]);
}

void check_at(const char *what, u32 got, u32 want)
{
    if (got == want) {
        passed++;
        return;
    }
    failed++;
    say("FAIL ");
    say(what);
    say(": got ");
    say_hex(got);
    say(", want ");
    say_hex(want);
    say("\n");
}

static void part(const char *name, void (*test)(void))
{
    u32 before = failed, count = passed;
    test();
    say(failed == before ? "ok " : "BAD ");
    say(name);
    say(" ");
    say_hex(passed - count);
    say("\n");
}

static void screen(const char *s)
{
    for (; *s; s++)
        CALL(0x10, .eax = 0x0E00 | (u8)*s, .ebx = 7);
}

/* How much of the firmware's private stack in the EBDA stays unused: painted before, looked at after all tests. */
enum { EBDA_DATA_END = 0x60, EBDA_STACK_END = 0x3F0 };

static void stack_paint(void)
{
    for (u32 at = EBDA_DATA_END; at < EBDA_STACK_END; at++)
        poke8(peek16(0x40, 0x0E), at, 0xA5);
}

static void stack_check(void)
{
    u32 at = EBDA_DATA_END;
    while (at < EBDA_STACK_END && peek8(peek16(0x40, 0x0E), at) == 0xA5)
        at++;
    say("private stack: at most ");
    say_hex(0x400 - at);
    say(" bytes\n");
    CHECK("room left on the private stack", at - EBDA_DATA_END >= 128, 1);
}

void selftest(void);
void selftest(void)
{
    stack_paint();
    part("system", test_system);
    part("clock", test_clock);
    part("keyboard", test_keyboard);
    part("floppy", test_floppy);
    part("disk", test_disk);
    part("video", test_video);
    part("graphics", test_graphics);
    part("VBE", test_vbe);
    CALL(0x10, .eax = 0x0003);
    stack_check();
    say("BIOS-TEST ");
    say(failed ? "FAIL " : "PASS ");
    say_hex(failed ? failed : passed);
    say("\n");
    screen(failed ? "BIOS-TEST FAIL" : "BIOS-TEST PASS");
    outb(0xF4, failed ? 1 : 0); /* isa-debug-exit, where there is one */
}
