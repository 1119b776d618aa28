/* The screen and the inputs of the public header, handed to the chips that know. */
#include "machine/image_kind.h"
#include "machine/machine.h"

enum tb_drive_kind tb_image_kind(const char *path, struct tb_error *error)
{
    return image_kind(path, error);
}

void tb_screen_get(tb_machine *machine, struct tb_screen *screen)
{
    vga_screen_get(machine->board.vga, screen);
}

void tb_screen_render(tb_machine *machine, uint32_t *pixels, size_t stride)
{
    vga_screen_render(machine->board.vga, pixels, stride);
}

size_t tb_screen_text(tb_machine *machine, char *text, size_t size)
{
    return vga_screen_text(machine->board.vga, text, size);
}

bool tb_screen_cell(tb_machine *machine, unsigned column, unsigned row, uint8_t *code, uint8_t *attribute)
{
    return vga_screen_cell(machine->board.vga, column, row, code, attribute);
}

bool tb_screen_cursor(tb_machine *machine, unsigned *column, unsigned *row)
{
    return vga_screen_cursor(machine->board.vga, column, row);
}

/* ------------------------------------------------------------------------------------------------------------------
   Inputs */

bool tb_key(tb_machine *machine, uint16_t scan_code, bool pressed)
{
    return at_keyboard_key(machine->board.keyboard, scan_code, pressed);
}

bool tb_keyboard_idle(const tb_machine *machine)
{
    return at_keyboard_idle(machine->board.keyboard);
}

void tb_mouse(tb_machine *machine, int right, int down, int wheel, unsigned buttons)
{
    ps2_mouse_move(machine->board.mouse, right, down, wheel);
    ps2_mouse_buttons(machine->board.mouse, (uint8_t)buttons);
}

bool tb_mouse_idle(const tb_machine *machine)
{
    return ps2_mouse_idle(machine->board.mouse);
}

size_t tb_serial_input(tb_machine *machine, unsigned index, const uint8_t *bytes, size_t count)
{
    return index < BOARD_SERIAL_PORTS ? uart16550_receive(machine->board.serial[index], bytes, count) : 0;
}

bool tb_drive_change(tb_machine *machine, enum tb_drive drive, const char *path, struct tb_error *error)
{
    return board_change_medium(&machine->board, drive, path, error);
}

bool tb_drive_read_only(const tb_machine *machine, enum tb_drive drive)
{
    const struct block *block = (unsigned)drive < TB_DRIVE_COUNT ? machine->board.blocks[drive] : NULL;

    return block && block_is_read_only(block);
}
