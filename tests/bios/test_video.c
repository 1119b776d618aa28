/* INT 10h in text modes. */
#include "selftest.h"

static u16 cell(int row, int column)
{
    return peek16(0xB800, (u32)(row * 160 + column * 2));
}

static void cursor(u8 row, u8 column)
{
    CALL(0x10, .eax = 0x0200, .ebx = 0, .edx = (u32)row << 8 | column);
}
static u16 where(u8 page)
{
    return CALL(0x10, .eax = 0x0300, .ebx = (u32)page << 8).dx;
}

static void characters(void)
{
    CALL(0x10, .eax = 0x0003);
    cursor(5, 10);
    CALL(0x10, .eax = 0x0941, .ebx = 0x001E, .ecx = 3);
    CHECK("09h first", cell(5, 10), 0x1E41);
    CHECK("09h third", cell(5, 12), 0x1E41);
    CHECK("09h stops", cell(5, 13), 0x0720);
    CALL(0x10, .eax = 0x0A42, .ebx = 0, .ecx = 1);
    CHECK("0Ah keeps attribute", cell(5, 10), 0x1E42);
    CHECK("08h", CALL(0x10, .eax = 0x0800, .ebx = 0).ax, 0x1E42);
    CHECK("cursor unmoved", where(0), 0x050A);
    cursor(24, 79);
    CALL(0x10, .eax = 0x0E58, .ebx = 0);
    CHECK("teletype scrolled", cell(23, 79), 0x0758);
    CHECK("teletype wrapped", where(0), 0x1800);
    CHECK("text moved up", cell(4, 10), 0x1E42);
    CALL(0x10, .eax = 0x0E08, .ebx = 0);
    CHECK("backspace at column 0", where(0), 0x1800);
    cursor(3, 3);
    CALL(0x10, .eax = 0x0E0D, .ebx = 0);
    CALL(0x10, .eax = 0x0E0A, .ebx = 0);
    CHECK("CR LF", where(0), 0x0400);
    static const char s[] = "ab\r\nc";
    CALL(0x10, .eax = 0x1301, .ebx = 0x004F, .ecx = 5, .edx = 0x0A14, .es = segment(), .ebp = (u32)s);
    CHECK("13h text", cell(10, 21), 0x4F62);
    CHECK("13h next line", cell(11, 0), 0x4F63);
    CHECK("13h cursor", where(0), 0x0B01);
    static const char t[] = "x\x21y\x32";
    CALL(0x10, .eax = 0x1302, .ebx = 0, .ecx = 2, .edx = 0x0C00, .es = segment(), .ebp = (u32)t);
    CHECK("13h attributes", cell(12, 1), 0x3279);
    CHECK("13h cursor kept", where(0), 0x0B01);
}

static void scrolling(void)
{
    CALL(0x10, .eax = 0x0003);
    for (int row = 0; row < 25; row++)
        for (int column = 0; column < 80; column++)
            poke16(0xB800, (u32)(row * 160 + column * 2), (u16)(row << 8 | column));
    CALL(0x10, .eax = 0x0602, .ebx = 0x7000, .ecx = 0x0505, .edx = 0x0A0A);
    CHECK("06h moved", cell(5, 5), 0x0705);
    CHECK("06h blank", cell(10, 10), 0x7020);
    CHECK("06h outside", cell(5, 4), 0x0504);
    CHECK("06h below", cell(11, 5), 0x0B05);
    CALL(0x10, .eax = 0x0701, .ebx = 0x1700, .ecx = 0x1400, .edx = 0x184F);
    CHECK("07h moved", cell(24, 0), 0x1700);
    CHECK("07h blank", cell(20, 79), 0x1720);
    CALL(0x10, .eax = 0x0600, .ebx = 0x0700, .ecx = 0, .edx = 0x184F);
    CHECK("06h clear", cell(12, 40), 0x0720);
}

static void pages(void)
{
    CALL(0x10, .eax = 0x0003);
    CALL(0x10, .eax = 0x0200, .ebx = 0x0300, .edx = 0x0203);
    CALL(0x10, .eax = 0x0951, .ebx = 0x0322, .ecx = 1);
    CHECK("page 3 memory", peek16(0xB800, 3 * 0x1000 + 2 * 160 + 6), 0x2251);
    CHECK("page 0 untouched", cell(2, 3), 0x0720);
    CALL(0x10, .eax = 0x0503);
    CHECK("active page", CALL(0x10, .eax = 0x0F00).bh, 3);
    outb(0x3D4, 0x0C);
    CHECK("CRTC start", inb(0x3D5), 3 * 0x800 >> 8);
    outb(0x3D4, 0x0E);
    u8 high = inb(0x3D5);
    outb(0x3D4, 0x0F);
    CHECK("CRTC cursor", high << 8 | inb(0x3D5), 3 * 0x800 + 2 * 80 + 3);
    CALL(0x10, .eax = 0x0500);
}

static void palette(void)
{
    CALL(0x10, .eax = 0x1000, .ebx = 0x2A05);
    CHECK("1007h", CALL(0x10, .eax = 0x1007, .ebx = 5).bh, 0x2A);
    CALL(0x10, .eax = 0x1001, .ebx = 0x0300);
    CHECK("1008h", CALL(0x10, .eax = 0x1008).bh, 3);
    CALL(0x10, .eax = 0x1010, .ebx = 77, .edx = 0x1100, .ecx = 0x2233);
    struct callregs r = CALL(0x10, .eax = 0x1015, .ebx = 77);
    CHECK("1015h red", r.dh, 0x11);
    CHECK("1015h green, blue", r.cx, 0x2233);
    CALL(0x10, .eax = 0x1009, .es = segment(), .edx = (u32)buffer[0]);
    CHECK("1009h", buffer[0][5], 0x2A);
    CHECK("1009h overscan", buffer[0][16], 3);
    CALL(0x10, .eax = 0x1017, .ebx = 77, .ecx = 1, .es = segment(), .edx = (u32)buffer[0]);
    CHECK("1017h", buffer[0][2], 0x33);
    CALL(0x10, .eax = 0x1003, .ebx = 0);
    CALL(0x10, .eax = 0x1003, .ebx = 1);
    CALL(0x10, .eax = 0x0003);
    CHECK("palette restored", CALL(0x10, .eax = 0x1007, .ebx = 6).bh, 0x14);
}

static void fonts(void)
{
    CALL(0x10, .eax = 0x0003);
    struct callregs r = CALL(0x10, .eax = 0x1130, .ebx = 0x0600);
    CHECK("1130h height", r.cx, 16);
    CHECK("1130h rows", r.dl, 24);
    CHECK("glyph of A is not empty", peek32(r.es, (u16)(r.bp + 'A' * 16 + 4)) != 0, 1);
    CALL(0x10, .eax = 0x1112, .ebx = 0);
    CHECK("8x8 rows", peek8(0x40, 0x84), 49);
    CHECK("8x8 height", peek16(0x40, 0x85), 8);
    CALL(0x10, .eax = 0x0200, .ebx = 0, .edx = 0x3100);
    CALL(0x10, .eax = 0x0E5A, .ebx = 0);
    CHECK("row 49", cell(49, 0), 0x075A);
    CALL(0x10, .eax = 0x1111, .ebx = 0);
    CHECK("8x14 rows", peek8(0x40, 0x84), 27);
    CALL(0x10, .eax = 0x0003);
    CHECK("8x16 rows", peek8(0x40, 0x84), 24);
    static const u16 lines[] = {8, 14, 16};
    for (u32 i = 0; i < 3; i++) {
        CHECK("1230h", CALL(0x10, .eax = 0x1200 | i, .ebx = 0x30).al, 0x12);
        CALL(0x10, .eax = 0x0003);
        CHECK("1230h height", peek16(0x40, 0x85), lines[i]);
    }
}

void test_video(void)
{
    static const struct {
        u8 mode, columns, rows;
        u16 page, crtc;
    } modes[] = {
        {0, 40, 24, 0x0800, 0x3D4}, {1, 40, 24, 0x0800, 0x3D4}, {2, 80, 24, 0x1000, 0x3D4},
        {3, 80, 24, 0x1000, 0x3D4}, {7, 80, 24, 0x1000, 0x3B4},
    };
    for (u32 i = 0; i < ARRAY_LEN(modes); i++) {
        CALL(0x10, .eax = modes[i].mode);
        struct callregs r = CALL(0x10, .eax = 0x0F00);
        CHECK("mode", r.al, modes[i].mode);
        CHECK("columns", r.ah, modes[i].columns);
        CHECK("page size", peek16(0x40, 0x4C), modes[i].page);
        CHECK("CRTC", peek16(0x40, 0x63), modes[i].crtc);
        CHECK("rows", peek8(0x40, 0x84), modes[i].rows);
    }
    characters();
    scrolling();
    pages();
    palette();
    fonts();
    CALL(0x10, .eax = 0x0100, .ecx = 0x0607);
    CHECK("cursor shape", CALL(0x10, .eax = 0x0300, .ebx = 0).cx, 0x0607);
    struct callregs r = CALL(0x10, .eax = 0x1A00);
    CHECK("1A00h", r.al << 16 | r.bx, 0x1A0008);
    r = CALL(0x10, .eax = 0x1200, .ebx = 0x10);
    CHECK("1210h", r.bx, 0x0003);
    r = CALL(0x10, .eax = 0x1B00, .ebx = 0, .es = segment(), .edi = (u32)buffer[0]);
    CHECK("1Bh", r.al, 0x1B);
    CHECK("1Bh mode", buffer[0][4], 3);
    CHECK("1Bh rows", buffer[0][0x22], 25);
    CHECK("1Bh height", *(u16 *)(buffer[0] + 0x23), 16);
}
