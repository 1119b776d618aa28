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

void selftest(void);
void selftest(void)
{
    part("system", test_system);
    part("clock", test_clock);
    part("keyboard", test_keyboard);
    part("floppy", test_floppy);
    part("disk", test_disk);
    part("video", test_video);
    part("graphics", test_graphics);
    CALL(0x10, .eax = 0x0003);
    say("BIOS-TEST ");
    say(failed ? "FAIL " : "PASS ");
    say_hex(failed ? failed : passed);
    say("\n");
    screen(failed ? "BIOS-TEST FAIL" : "BIOS-TEST PASS");
    outb(0xF4, failed ? 1 : 0); /* isa-debug-exit, where there is one */
}
