/* The display adapter: a VGA at register level with the Bochs DISPI extension (linear modes to 32 bits a pixel) in
   16 MiB of video memory. */
#ifndef TRUEBOX_DEVICES_VGA_H
#define TRUEBOX_DEVICES_VGA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <truebox/truebox.h>

#include "devices/bay.h"
#include "devices/pci_bus.h"

struct vga;

#define VGA_FRAME_BUFFER_SIZE (UINT64_C(16) << 20)

/* Claims the ports 3B4h-3DFh that a VGA answers, 1CEh/1CFh, and A0000h-BFFFFh. `irq` is driven by the vertical retrace
   interrupt (IRQ 2 on an IBM adapter; leave it unconnected as most clones do). `linear_base`: where the linear frame buffer
   stands; 0: nowhere, until a PCI base address register places it. */
struct vga *vga_new(const struct bay *bay, struct wire irq, uint64_t linear_base);
void vga_free(struct vga *vga);

/* The bus's reset line: registers to their power-on values; video memory keeps its contents. */
void vga_reset(struct vga *vga);

/* Puts the adapter on the bus as function 0 of `device`: 1234h:1111h, a VGA-compatible controller, whose base address
   register 0 is the linear frame buffer. Legacy ports and memory answer whatever the command register says. The expansion
   ROM register shows the first `rom_size` bytes of `rom`, the video BIOS, for firmware that copies it from there (NULL: no
   ROM). */
void vga_attach(struct vga *vga, struct pci_bus *bus, unsigned device, struct physical_rom *rom, uint32_t rom_size);

/* Moves the linear frame buffer (16 MiB) of an adapter that is not on a bus; 0 takes it out of the address space. */
void vga_map_frame_buffer(struct vga *vga, uint64_t base);

/* What the functions tb_screen_... of the public header promise. */
void vga_screen_get(struct vga *vga, struct tb_screen *screen);
void vga_screen_render(struct vga *vga, uint32_t *pixels, size_t stride);
size_t vga_screen_text(struct vga *vga, char *text, size_t size);
bool vga_screen_cell(struct vga *vga, unsigned column, unsigned row, uint8_t *code, uint8_t *attribute);
bool vga_screen_cursor(struct vga *vga, unsigned *column, unsigned *row);

#endif
