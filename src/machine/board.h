/* The board: which chips there are and how they are wired. */
#ifndef TRUEBOX_MACHINE_BOARD_H
#define TRUEBOX_MACHINE_BOARD_H

#include <truebox/truebox.h>

#include "cpu/cpu.h"
#include "devices/a20.h"
#include "devices/at_keyboard.h"
#include "devices/ata.h"
#include "devices/bay.h"
#include "devices/block.h"
#include "devices/coprocessor_error.h"
#include "devices/debug_ports.h"
#include "devices/i440fx.h"
#include "devices/i8042.h"
#include "devices/i82077.h"
#include "devices/i8237.h"
#include "devices/i8254.h"
#include "devices/i8259.h"
#include "devices/mc146818.h"
#include "devices/parallel.h"
#include "devices/pci_bus.h"
#include "devices/piix3.h"
#include "devices/piix3_ide.h"
#include "devices/port61.h"
#include "devices/port92.h"
#include "devices/ps2_mouse.h"
#include "devices/uart16550.h"
#include "devices/vga.h"
#include "machine/firmware.h"

enum { BOARD_SERIAL_PORTS = 4 };

/* What the board is given, and whom it tells. */
struct board_wiring {
    const struct tb_config *config;
    const struct cpu_model *model;
    const struct bay *bay;
    struct cpu *cpu;
    void *owner;
    void (*power_off)(void *owner);
    void (*reset)(void *owner); /* the RESET line: processor and chips */
    void (*debug_exit)(void *owner, uint32_t value);
    void (*output)(void *owner, enum tb_output output, uint8_t byte);
};

struct board_output { /* one outgoing byte channel */
    struct board *board;
    enum tb_output output;
};

struct board {
    struct board_wiring wiring;
    struct i8259_pair *pic;
    struct i8254 *timer;
    struct a20 *a20;
    struct port61 *port61;
    struct port92 *port92;
    struct coprocessor_error *coprocessor_error;
    struct i8237_pair *dma;
    struct mc146818 *rtc;
    struct i8042 *keyboard_controller;
    struct at_keyboard *keyboard;
    struct ps2_mouse *mouse;
    struct pci_bus *pci;
    struct i440fx *north_bridge;
    struct piix3 *south_bridge;
    struct i82077 *floppy;
    struct ata_channel *ide[2];
    struct piix3_ide *ide_bus_master;
    struct vga *vga;
    struct uart16550 *serial[BOARD_SERIAL_PORTS];
    struct parallel *parallel;
    struct debug_ports *debug_ports;
    bool serial_request[BOARD_SERIAL_PORTS];
    struct board_output outputs[TB_OUTPUT_COUNT];
    struct physical_rom *bios_rom, *option_rom;
    uint64_t bios_size, option_size;
    uint32_t vga_rom_size;  /* of the video BIOS, the first of the option ROMs; 0: none */
    uint64_t firmware_hash; /* which ROMs are in: snapshots are for the same */
    struct block_list images;
    struct block *blocks[TB_DRIVE_COUNT]; /* NULL: no medium */
};

/* Makes every chip and the memory map; the machine stands at power-on. false with *error; board_close in either case. */
bool board_build(struct board *board, const struct board_wiring *wiring, struct tb_error *error);

/* Closes the images and frees the chips. false with *error if an image could not be written. */
bool board_close(struct board *board, struct tb_error *error);

/* The RESET line, for every chip that has the pin. */
void board_reset_chips(struct board *board);

/* The processor's INTA cycles. */
uint8_t board_acknowledge(void *board);

/* Puts another medium into a floppy or CD drive (path NULL: takes it out). */
bool board_change_medium(struct board *board, enum tb_drive drive, const char *path, struct tb_error *error);

#endif
