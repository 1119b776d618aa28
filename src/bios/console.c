/* Messages: to the screen through INT 10h, to the debug console's ports (402h, E9h), POST codes to 80h. */
#include "bios.h"
#include <stdarg.h>

void post_code(u8 code)
{
    outb(0x80, code);
}

static void debug_char(char c)
{
    outb(0x402, (u8)c);
}

void put_char(char c)
{
    struct callregs r = {.ebx = 7, .eax = 0x0E00 | (u8)c};
    callout(0x10, &r);
}

static void put(char c, bool screen)
{
    debug_char(c);
    if (!screen)
        return;
    if (c == '\n')
        put_char('\r');
    put_char(c);
}

static void put_number(u32 v, u32 base, int width, char pad, bool screen)
{
    char digits[12];
    int n = 0;
    do {
        u32 d = v % base;
        digits[n++] = (char)(d < 10 ? '0' + d : 'A' + d - 10);
        v /= base;
    } while (v);
    while (width-- > n)
        put(pad, screen);
    while (n)
        put(digits[--n], screen);
}

static void format_out(romstr f, va_list ap, bool screen)
{
    for (char c; (c = *f) != 0; f++) {
        if (c != '%') {
            put(c, screen);
            continue;
        }
        char pad = ' ';
        int width = 0;
        for (c = *++f; c >= '0' && c <= '9'; c = *++f) {
            if (c == '0' && !width)
                pad = '0';
            else
                width = width * 10 + c - '0';
        }
        if (c == 's') {
            for (romstr s = va_arg(ap, romstr); *s; s++)
                put(*s, screen);
        } else if (c == 'd') {
            put_number(va_arg(ap, u32), 10, width, pad, screen);
        } else if (c == 'x') {
            put_number(va_arg(ap, u32), 16, width, pad, screen);
        } else if (c == 'c') {
            put((char)va_arg(ap, int), screen);
        } else {
            put(c, screen);
        }
    }
}

void print(romstr format, ...)
{
    va_list ap;
    va_start(ap, format);
    format_out(format, ap, true);
    va_end(ap);
}

void log_print(romstr format, ...)
{
    va_list ap;
    va_start(ap, format);
    format_out(format, ap, false);
    va_end(ap);
}
