/* The built-in guest: shows that the machine is alive. One text screen with the processor's modes, a clock, the
 * keyboard's echo and how to go on; two pictures in graphics modes. Needs no more than an 80386. */
#include "demo.h"

enum { FRAME = 0x1B, LABEL = 0x17, VALUE = 0x1F, FAINT = 0x13, GOOD = 0x1A, KEY = 0x1E };

static bool has_cpuid(void)
{
    u32 before, after;
    asm volatile("pushfl; popl %0; movl %0,%1; xorl $0x200000,%1; pushl %1; popfl; pushfl; popl %1; pushl %0; popfl"
                 : "=&r"(before), "=&r"(after));
    return (before ^ after) & 0x200000;
}

/* EFLAGS.AC exists from the 80486 on. */
static bool has_ac(void)
{
    u32 before, after;
    asm volatile("pushfl; popl %0; movl %0,%1; xorl $0x40000,%1; pushl %1; popfl; pushfl; popl %1; pushl %0; popfl"
                 : "=&r"(before), "=&r"(after));
    return (before ^ after) & 0x40000;
}

static void cpuid(u32 leaf, u32 *v)
{
    asm volatile("cpuid" : "=a"(v[0]), "=b"(v[1]), "=d"(v[2]), "=c"(v[3]) : "a"(leaf), "c"(0));
}

static bool long_mode;

static void processor(int row, int column)
{
    if (!has_cpuid()) {
        text(row, column, VALUE, has_ac() ? "80486" : "80386");
        return;
    }
    union {
        u32 v[4];
        char s[17];
    } id;
    u32 v[4];
    cpuid(0, v);
    id.v[0] = v[1], id.v[1] = v[2], id.v[2] = v[3];
    id.s[12] = 0;
    text(row, column, VALUE, id.s);
    cpuid(1, v);
    text(row, column + 13, LABEL, "family");
    decimal(row, column + 20, VALUE, v[0] >> 8 & 15, 2);
    cpuid(0x80000000, v);
    if (v[0] >= 0x80000001 && v[0] < 0x80010000) {
        cpuid(0x80000001, v);
        long_mode = v[2] & 1u << 29;
    }
}

static void here(const char *s, int row)
{
    int i = 0;
    for (; s[i] && i < 31; i++)
        here_text[i] = s[i];
    here_text[i] = 0;
    video_at = (u32)(row * 160 + 4 * 2);
}

/* Each line's first words are written by code running in that mode; the figures come from its record. */
static void modes(int row)
{
    static const struct {
        const char *name, *extra;
        void (*visit)(struct seen *);
    } list[] = {
        {"real mode", 0, mode_real},
        {"protected mode, 16-bit", "limit", mode_protected16},
        {"protected mode, 32-bit", 0, mode_protected32},
        {"paging", "PTE", mode_paging},
        {"virtual-8086 mode", "MSW", mode_v86},
        {"long mode, 64-bit", "EFER", mode_long},
    };
    for (u32 i = 0; i < ARRAY_LEN(list); i++) {
        struct seen s = {0, 0, 0, 0};
        int y = row + (int)i;
        if (list[i].visit == mode_long && !long_mode) {
            text(y, 4, FAINT, "long mode, 64-bit");
            text(y, 30, FAINT, "not on this processor");
            continue;
        }
        here(list[i].name, y);
        list[i].visit(&s);
        text(y, 30, LABEL, "CR0");
        hex(y, 34, VALUE, s.cr0, 8);
        text(y, 44, LABEL, "CS");
        hex(y, 47, VALUE, s.cs, 4);
        text(y, 53, LABEL, "EFLAGS");
        hex(y, 60, VALUE, s.eflags, 6);
        if (list[i].extra) {
            text(y, 67, LABEL, list[i].extra);
            hex(y, 73, VALUE, s.extra, 4);
        }
    }
}

static void screen(void)
{
    struct bregs r = {.eax = 0x0003};
    bios(0x10, &r);
    r = (struct bregs){.eax = 0x0100, .ecx = 0x2000};
    bios(0x10, &r);
    fill(0, 0, 25, 80, 0x17, ' ');
    fill(0, 0, 1, 80, 0x3F, ' ');
    text(0, 2, 0x3F, "TRUEBOX");
    text(0, 11, 0x30, "a PC in software");
    text(0, 58, 0x30, "the built-in demo");
    box(2, 1, 9, 78, FRAME, " Processor modes ");
    text(3, 4, LABEL, "Processor:");
    processor(3, 15);
    modes(4);
    box(12, 1, 5, 38, FRAME, " Clock ");
    text(13, 4, LABEL, "Date");
    text(14, 4, LABEL, "Time");
    text(15, 4, LABEL, "Ticks since midnight");
    box(12, 41, 5, 38, FRAME, " Keyboard ");
    text(13, 44, LABEL, "Type something:");
    text(15, 44, LABEL, "Scan code and ASCII:");
    box(18, 1, 6, 78, FRAME, " How to go on ");
    text(19, 4, KEY, "F2");
    text(19, 7, LABEL, "plasma, 320x200 in 256 colours");
    text(19, 42, KEY, "F3");
    text(19, 45, LABEL, "boxes, 640x480 in 16 colours");
    text(20, 4, LABEL, "Boot a floppy, a hard disk or a CD of yours:");
    text(21, 8, VALUE, "truebox run IMAGE");
    text(21, 30, LABEL, "or, in the source tree,");
    text(21, 54, VALUE, "./dev run IMAGE");
    text(22, 4, LABEL, "All options:");
    text(22, 18, VALUE, "truebox run --help");
    r = (struct bregs){.eax = 0};
    bios(0x12, &r);
    u32 base = r.eax & 0xFFFF;
    r = (struct bregs){.eax = 0xE801};
    bios(0x15, &r);
    u32 extended = (r.eax & 0xFFFF) + (r.ebx & 0xFFFF) * 64;
    text(3, 44, LABEL, "Memory:");
    decimal(3, 52, VALUE, base, 3);
    text(3, 56, LABEL, "KB base,");
    decimal(3, 65, VALUE, extended, 7);
    text(3, 73, LABEL, "KB");
    fill(24, 0, 1, 80, 0x30, ' ');
}

static void clock(void)
{
    static const char spin[] = "|/-\\";
    struct bregs r = {.eax = 0x0400};
    bios(0x1A, &r);
    hex(13, 25, VALUE, r.ecx & 0xFFFF, 4);
    text(13, 29, LABEL, "-");
    hex(13, 30, VALUE, r.edx >> 8 & 0xFF, 2);
    text(13, 32, LABEL, "-");
    hex(13, 33, VALUE, r.edx & 0xFF, 2);
    r = (struct bregs){.eax = 0x0200};
    bios(0x1A, &r);
    hex(14, 25, VALUE, r.ecx >> 8 & 0xFF, 2);
    text(14, 27, LABEL, ":");
    hex(14, 28, VALUE, r.ecx & 0xFF, 2);
    text(14, 30, LABEL, ":");
    hex(14, 31, VALUE, r.edx >> 8 & 0xFF, 2);
    u32 t = ticks();
    decimal(15, 27, VALUE, t, 7);
    char s[2] = {spin[t >> 1 & 3], 0};
    text(14, 35, GOOD, s);
}

static char typed[33];
static int typed_count;

static void echo(u16 code)
{
    u8 c = (u8)code;
    if (c == 8) {
        if (typed_count)
            typed[--typed_count] = 0;
    } else if (c == 13) {
        typed_count = 0;
        typed[0] = 0;
    } else if (c >= ' ') {
        if (typed_count == 32) {
            for (int i = 0; i < 31; i++)
                typed[i] = typed[i + 1];
            typed_count = 31;
        }
        typed[typed_count++] = (char)c;
        typed[typed_count] = 0;
    }
    fill(14, 44, 1, 33, 0x1F, ' ');
    text(14, 44, 0x1E, typed);
    fill(14, 44 + typed_count, 1, 1, 0x9A, 0xDB);
    hex(15, 66, VALUE, code >> 8, 2);
    hex(15, 69, VALUE, c, 2);
}

static void pictures(bool first, bool second)
{
    bool key = first && plasma();
    if (second && !key)
        key = whirl();
    if (key)
        key_read();
    screen();
    echo(0);
}

void demo(void);
void demo(void)
{
    sine_init();
    screen();
    echo(0);
    /* Left alone for ten seconds, it shows its pictures once. */
    bool shown = false;
    u32 idle = ticks(), last = 0;
    for (;;) {
        if (ticks() != last) {
            last = ticks();
            clock();
        }
        if (key_waiting()) {
            u16 code = key_read();
            idle = ticks();
            if (code == 0x3C00)
                pictures(true, false);
            else if (code == 0x3D00)
                pictures(false, true);
            else
                echo(code);
        } else if (!shown && ticks() - idle > 182) {
            shown = true;
            pictures(true, true);
        }
        asm volatile("hlt");
    }
}
