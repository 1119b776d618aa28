/* INT 10h 4Fh on our own display: information, modes, banks, lines, start, palette. */
#include "selftest.h"

static u16 word_at(u32 at)
{
    return *(u16 *)(buffer[0] + at);
}

static u32 long_at(u32 at)
{
    return *(u32 *)(buffer[0] + at);
}

static void information(void)
{
    *(u32 *)buffer[0] = 0x32454256; /* "VBE2" */
    struct callregs r = CALL(0x10, .eax = 0x4F00, .es = segment(), .edi = (u32)buffer[0]);
    CHECK("4F00h", r.ax, 0x004F);
    CHECK("VESA", long_at(0), 0x41534556);
    CHECK("version", word_at(4), 0x0300);
    CHECK("memory", word_at(0x12), 256);
    u16 *modes = (u16 *)(u32)word_at(0x0E);
    CHECK("list segment", word_at(0x10), segment());
    u32 count = 0;
    while (modes[count] != 0xFFFF && count < 110)
        count++;
    CHECK("modes", count > 30 && count < 110, 1);
    r = CALL(0x10, .eax = 0x4F01, .ecx = 0x115, .es = segment(), .edi = (u32)buffer[0]);
    CHECK("4F01h", r.ax, 0x004F);
    CHECK("attributes", word_at(0) & 0x9B, 0x9B);
    CHECK("pitch", word_at(0x10), 2400);
    CHECK("width", word_at(0x12), 800);
    CHECK("height", word_at(0x14), 600);
    CHECK("bits", buffer[0][0x19], 24);
    CHECK("frame buffer", long_at(0x28) >= 0xC0000000, 1);
    CHECK("red", word_at(0x1F), 0x1008);
    CHECK("no such mode", CALL(0x10, .eax = 0x4F01, .ecx = 0x1FE, .es = segment(), .edi = (u32)buffer[0]).ax, 0x014F);
    CHECK("no such function", CALL(0x10, .eax = 0x4F7F).al == 0x4F, 0);
}

static void banked_mode(void)
{
    struct callregs r = CALL(0x10, .eax = 0x4F02, .ebx = 0x101);
    CHECK("4F02h", r.ax, 0x004F);
    CHECK("4F03h", CALL(0x10, .eax = 0x4F03).bx, 0x101);
    for (u32 bank = 0; bank < 4; bank++) {
        CHECK("bank set", CALL(0x10, .eax = 0x4F05, .ebx = 0, .edx = bank).ax, 0x004F);
        poke8(0xA000, 5, (u8)(0x40 + bank));
    }
    for (u32 bank = 0; bank < 4; bank++) {
        CALL(0x10, .eax = 0x4F05, .ebx = 0, .edx = bank);
        CHECK("bank read", CALL(0x10, .eax = 0x4F05, .ebx = 0x0100).dx, bank);
        CHECK("bank holds", peek8(0xA000, 5), 0x40 + bank);
    }
    CHECK("bank beyond", CALL(0x10, .eax = 0x4F05, .ebx = 0, .edx = 0x1000).ax, 0x014F);
    r = CALL(0x10, .eax = 0x4F06, .ebx = 0, .ecx = 1024);
    CHECK("4F06h", r.ax, 0x004F);
    CHECK("line bytes", r.bx, 1024);
    CHECK("line pixels", r.cx, 1024);
    CHECK("lines", r.dx, 16384);
    CHECK("4F07h", CALL(0x10, .eax = 0x4F07, .ebx = 0, .ecx = 16, .edx = 100).ax, 0x004F);
    r = CALL(0x10, .eax = 0x4F07, .ebx = 1);
    CHECK("start", (u32)r.dx << 16 | r.cx, 100 << 16 | 16);
    CHECK("start beyond", CALL(0x10, .eax = 0x4F07, .ebx = 0, .ecx = 1000, .edx = 0).ax, 0x014F);
    r = CALL(0x10, .eax = 0x4F08, .ebx = 0x0800);
    CHECK("DAC of 8 bits", r.bh, 8);
    *(u32 *)buffer[0] = 0x00C1A2F3;
    CALL(0x10, .eax = 0x4F09, .ebx = 0, .ecx = 1, .edx = 7, .es = segment(), .edi = (u32)buffer[0]);
    CALL(0x10, .eax = 0x4F09, .ebx = 1, .ecx = 1, .edx = 7, .es = segment(), .edi = (u32)buffer[1]);
    CHECK("palette", *(u32 *)buffer[1], 0x00C1A2F3);
}

void test_vbe(void)
{
    information();
    banked_mode();
    CHECK("linear", CALL(0x10, .eax = 0x4F02, .ebx = 0x4115).ax, 0x004F);
    CHECK("linear is kept", CALL(0x10, .eax = 0x4F03).bx, 0x4115);
    CHECK("no bank there", CALL(0x10, .eax = 0x4F05, .ebx = 0, .edx = 0).ax, 0x014F);
    CHECK("a mode of the BIOS", CALL(0x10, .eax = 0x4F02, .ebx = 3).ax, 0x004F);
    CHECK("mode 3", CALL(0x10, .eax = 0x4F03).bx & 0x3FFF, 3);
    CALL(0x10, .eax = 0x4F02, .ebx = 0x4115);
    CALL(0x10, .eax = 0x0003); /* as old programs go back */
    CHECK("back", CALL(0x10, .eax = 0x4F03).bx & 0x3FFF, 3);
}
