/* INT 10h in graphics modes: pixels, characters, scrolling. */
#include "selftest.h"

void test_graphics(void)
{
    static const struct {
        u8 mode;
        u16 width, height;
        u8 color, char_height;
    } modes[] = {
        {0x04, 320, 200, 2, 8},   {0x05, 320, 200, 3, 8},   {0x06, 640, 200, 1, 8},   {0x0D, 320, 200, 13, 8},
        {0x0E, 640, 200, 9, 8},   {0x0F, 640, 350, 1, 14},  {0x10, 640, 350, 14, 14}, {0x11, 640, 480, 1, 16},
        {0x12, 640, 480, 10, 16}, {0x13, 320, 200, 201, 8},
    };
    for (u32 i = 0; i < ARRAY_LEN(modes); i++) {
        u8 m = modes[i].mode, color = modes[i].color;
        u16 x = modes[i].width - 3, y = modes[i].height - 2;
        CALL(0x10, .eax = m);
        CHECK("mode", CALL(0x10, .eax = 0x0F00).al, m);
        CHECK("character height", peek16(0x40, 0x85), modes[i].char_height);
        CALL(0x10, .eax = 0x0C00 | color, .ecx = x, .edx = y);
        CHECK("pixel", CALL(0x10, .eax = 0x0D00, .ecx = x, .edx = y).al, color);
        CHECK("neighbour", CALL(0x10, .eax = 0x0D00, .ecx = x - 1, .edx = y).al, 0);
        if (m != 0x13) {
            CALL(0x10, .eax = 0x0C80 | color, .ecx = x, .edx = y);
            CHECK("pixel XOR", CALL(0x10, .eax = 0x0D00, .ecx = x, .edx = y).al, 0);
        }
        CALL(0x10, .eax = 0x0200, .ebx = 0, .edx = 0x0405);
        CALL(0x10, .eax = 0x0941, .ebx = color & (m == 0x13 ? 0xFF : 0x7F), .ecx = 2);
        CHECK("character read", CALL(0x10, .eax = 0x0800, .ebx = 0).al, 'A');
        CALL(0x10, .eax = 0x0200, .ebx = 0, .edx = 0x0406);
        CHECK("second character", CALL(0x10, .eax = 0x0800, .ebx = 0).al, 'A');
        CALL(0x10, .eax = 0x0602, .ebx = 0, .ecx = 0, .edx = 0x1000 | (peek16(0x40, 0x4A) - 1));
        CALL(0x10, .eax = 0x0200, .ebx = 0, .edx = 0x0206);
        CHECK("scrolled up", CALL(0x10, .eax = 0x0800, .ebx = 0).al, 'A');
        CALL(0x10, .eax = 0x0703, .ebx = 0, .ecx = 0, .edx = 0x1000 | (peek16(0x40, 0x4A) - 1));
        CALL(0x10, .eax = 0x0200, .ebx = 0, .edx = 0x0506);
        CHECK("scrolled down", CALL(0x10, .eax = 0x0800, .ebx = 0).al, 'A');
        CALL(0x10, .eax = 0x0E5A, .ebx = color & 0x7F);
        CALL(0x10, .eax = 0x0200, .ebx = 0, .edx = 0x0506);
        CHECK("teletype", CALL(0x10, .eax = 0x0800, .ebx = 0).al, 'Z');
    }
}
