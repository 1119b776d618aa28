/* The VGA's state, shared by the files vga*.c and nobody else. Register names are those of IBM's VGA reference: SR
   sequencer, CR CRT controller, GR graphics controller, AR attribute controller. */
#ifndef TRUEBOX_DEVICES_VGA_INTERNAL_H
#define TRUEBOX_DEVICES_VGA_INTERNAL_H

#include "base/bits.h"
#include "devices/vga.h"

#define VGA_MEMORY_SIZE 0x1000000u
#define VGA_PLANE_MASK 0xFFFFu /* a standard plane is 64 KiB */

/* Bochs DISPI register indices, as its interface description numbers them. */
enum dispi_index {
    DISPI_ID,
    DISPI_XRES,
    DISPI_YRES,
    DISPI_BPP,
    DISPI_ENABLE,
    DISPI_BANK,
    DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT,
    DISPI_X_OFFSET,
    DISPI_Y_OFFSET,
    DISPI_VIDEO_MEMORY_64K,
    DISPI_COUNT
};

enum dispi_enable {
    DISPI_ENABLED = 0x01,
    DISPI_GETCAPS = 0x02,
    DISPI_8BIT_DAC = 0x20,
    DISPI_LFB_ENABLED = 0x40,
    DISPI_NOCLEARMEM = 0x80
};

struct vga {
    const struct log *log;
    struct schedule *schedule;
    struct physical_map *map;
    struct physical_device *frame_buffer;
    uint64_t frame_buffer_base; /* follows the PCI base address register or vga_new's argument */
    struct physical_rom *rom;   /* behind the expansion ROM register */
    struct pci_function pci;    /* without base address registers until vga_attach */
    struct wire irq;

    uint8_t subsystem_enable; /* 3C3h bit 0 */
    uint8_t misc_output;
    uint8_t feature_control;
    uint8_t sequencer_index, sequencer[5];
    uint8_t crtc_index, crtc[25];
    uint8_t graphics_index, graphics[9];
    uint8_t attribute_index; /* bit 5 is PAS, the palette address source: display on */
    uint8_t attribute[21];
    bool attribute_data_next; /* the flip-flop of 3C0h */
    uint8_t pel_mask;
    uint8_t dac_address, dac_component;
    bool dac_reading;
    uint8_t dac_latch[3];
    uint8_t dac[256][3]; /* 8 bits each; six-bit writes land in the upper six */
    uint32_t latch;      /* byte p: plane p */

    /* The start address is taken over at vertical retrace: the one on the screen, and during which retrace interval the
       registers were written (valid while start_pending). */
    uint16_t displayed_start;
    bool start_pending;
    uint64_t start_written_in;

    bool interrupt_pending;
    struct event retrace_event; /* queued only while the retrace interrupt is enabled */

    uint16_t dispi_index;
    uint16_t dispi[DISPI_COUNT];

    /* For observers only: how often the picture may have changed, and the blink phase last told. */
    uint64_t generation;
    uint64_t told_phase;

    /* The planes interleaved: plane p of plane offset o is byte 4 * o + p, so that one 32-bit load fills the latches. The
       first 256 KiB are the standard VGA's memory, all of it the DISPI frame buffer. */
    uint8_t memory[VGA_MEMORY_SIZE];
};

/* --- vga_timing.c ------------------------------------------------------------------------------------------------ */
struct vga_timing {
    uint32_t dot_hertz;
    unsigned dots_per_character; /* 8 or 9 */
    unsigned line_dots;          /* of a whole line, blanking included */
    unsigned display_dots;
    unsigned frame_lines; /* of a whole frame, blanking included */
    unsigned display_lines;
    unsigned retrace_start, retrace_lines;
};
struct vga_timing vga_timing_get(const struct vga *vga);
uint64_t vga_frame_number(const struct vga *vga);   /* frames since power-on, for blinking */
uint64_t vga_retrace_number(const struct vga *vga); /* vertical retraces begun since power-on */
uint8_t vga_input_status_1(const struct vga *vga);  /* bits 0, 3, 4 and 5 */
uint64_t vga_next_retrace(const struct vga *vga);   /* clock count at which the next vertical retrace begins */
uint16_t vga_start_address(const struct vga *vga);  /* the one being displayed */

/* --- vga_memory.c ------------------------------------------------------------------------------------------------ */
uint64_t vga_window_read(void *device, uint64_t offset, unsigned size);
void vga_window_write(void *device, uint64_t offset, uint64_t value, unsigned size);
uint64_t vga_linear_read(void *device, uint64_t offset, unsigned size);
void vga_linear_write(void *device, uint64_t offset, uint64_t value, unsigned size);

/* --- vga_dispi.c ------------------------------------------------------------------------------------------------- */
void vga_dispi_reset(struct vga *vga);
void vga_dispi_restored(struct vga *vga); /* turns a mode off that the port interface could not have set */
uint32_t vga_dispi_port_read(void *device, uint16_t port, unsigned size);
void vga_dispi_port_write(void *device, uint16_t port, uint32_t value, unsigned size);
uint32_t vga_dispi_pitch(const struct vga *vga); /* bytes of video memory (of a plane with 4 bits a pixel) per line */
void vga_dispi_render(const struct vga *vga, const uint32_t *colours, uint32_t *pixels, size_t stride);

static inline bool vga_dispi_active(const struct vga *vga)
{
    return vga->dispi[DISPI_ENABLE] & DISPI_ENABLED;
}

/* --- vga_render.c ------------------------------------------------------------------------------------------------ */
/* What the CRT controller addresses on one scan line. */
struct vga_scan_line {
    uint16_t address; /* the counter at the line's first character */
    unsigned row_scan;
    bool split; /* below the line compare */
};
struct vga_scan_line vga_scan_line_get(const struct vga *vga, unsigned line);
uint32_t vga_plane_offset(const struct vga *vga, uint16_t counter, unsigned row_scan);
unsigned vga_columns(const struct vga *vga);
bool vga_text_mode(const struct vga *vga);
uint8_t vga_beam_pixel(const struct vga *vga, unsigned line, unsigned dot); /* what goes to the DAC at that dot */
/* Scan lines of one character row, line doubling included. */
unsigned vga_row_lines(const struct vga *vga);

#endif
