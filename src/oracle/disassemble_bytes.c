/* Stands in for the disassembler where Zydis was left out: the bytes as the assembler's db. */
#include <stdio.h>
#include <truebox/truebox.h>

unsigned tb_disassemble(const uint8_t *bytes, size_t size, unsigned bits, uint64_t rip, char *text, size_t text_size)
{
    (void)bits;
    (void)rip;
    if (!size)
        return 0;
    if (text_size)
        snprintf(text, text_size, "db 0x%02x", bytes[0]);
    return 1;
}
