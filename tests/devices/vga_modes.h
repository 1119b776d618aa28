/* IBM's parameter tables for the standard modes, programmed through the ports as a video BIOS does. */
#ifndef TRUEBOX_TESTS_DEVICES_VGA_MODES_H
#define TRUEBOX_TESTS_DEVICES_VGA_MODES_H

#include "display_bench.h"

struct vga_mode {
    uint8_t misc, sequencer[5], crtc[25], attribute[21], graphics[9];
};

extern const struct vga_mode vga_mode_03, vga_mode_04, vga_mode_06, vga_mode_07, vga_mode_0d, vga_mode_12, vga_mode_13;

/* Leaves the display on; the DAC gets dac_colour's table. */
void vga_mode_set(struct bench *bench, const struct vga_mode *mode);

void sequencer_set(struct bench *bench, uint8_t index, uint8_t value);
void graphics_set(struct bench *bench, uint8_t index, uint8_t value);
void crtc_set(struct bench *bench, uint8_t index, uint8_t value);
void attribute_set(struct bench *bench, uint8_t index, uint8_t value);

/* The colour that vga_mode_set gives DAC entry `index`: red its low six bits, green the upper two. */
uint32_t dac_colour(unsigned index);

#endif
