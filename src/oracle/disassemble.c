/* Disassembly by Zydis, Intel syntax. */
#include <truebox/truebox.h>

#include <Zydis/Zydis.h>

unsigned tb_disassemble(const uint8_t *bytes, size_t size, unsigned bits, uint64_t rip, char *text, size_t text_size)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisMachineMode mode = bits == 64   ? ZYDIS_MACHINE_MODE_LONG_64
                            : bits == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32
                                         : ZYDIS_MACHINE_MODE_LEGACY_16;
    ZydisStackWidth width = bits == 64 ? ZYDIS_STACK_WIDTH_64 : bits == 32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16;

    if (text_size)
        text[0] = 0;
    if (ZYAN_FAILED(ZydisDecoderInit(&decoder, mode, width)) ||
        ZYAN_FAILED(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL)) ||
        ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, bytes, size, &instruction, operands)))
        return 0;
    if (text_size && ZYAN_FAILED(ZydisFormatterFormatInstruction(
                         &formatter, &instruction, operands, instruction.operand_count_visible, text, text_size, rip, NULL)))
        return 0;
    return instruction.length;
}
