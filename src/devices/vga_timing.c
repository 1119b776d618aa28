/* Where the beam is: retrace, display enable and frame number from the clock and the programmed CRTC timing. */
#include "devices/vga_internal.h"

struct vga_timing vga_timing_get(const struct vga *vga)
{
    const uint8_t *cr = vga->crtc;
    struct vga_timing timing;
    /* Clock selects 2 and 3 are for external oscillators, which this board has not: the 25 MHz one runs on. */
    uint32_t crystal = (vga->misc_output >> 2 & 3) == 1 ? 28322000 : 25175000;
    unsigned repeat = cr[0x17] & 4 ? 2 : 1; /* horizontal retrace select: the line counter at half speed */
    unsigned total = (cr[0x06] | (cr[0x07] & 0x01) << 8 | (cr[0x07] & 0x20) << 4) + 2u;
    unsigned display_end = (cr[0x12] | (cr[0x07] & 0x02) << 7 | (cr[0x07] & 0x40) << 3) + 1u;
    unsigned retrace_start = cr[0x10] | (cr[0x07] & 0x04) << 6 | (cr[0x07] & 0x80) << 2;
    /* The end is given by the four low bits of the line at which the counter meets it. */
    unsigned retrace_lines = (cr[0x11] - retrace_start) & 15;

    timing.dot_hertz = vga->sequencer[1] & 8 ? crystal / 2 : crystal;
    timing.dots_per_character = vga->sequencer[1] & 1 ? 8 : 9;
    timing.line_dots = (cr[0x00] + 5u) * timing.dots_per_character;
    timing.display_dots = (cr[0x01] + 1u) * timing.dots_per_character;
    timing.frame_lines = total * repeat;
    timing.display_lines = display_end * repeat;
    timing.retrace_start = retrace_start * repeat;
    timing.retrace_lines = (retrace_lines ? retrace_lines : 16) * repeat;
    return timing;
}

static uint64_t frame_dots(const struct vga_timing *timing)
{
    return (uint64_t)timing->line_dots * timing->frame_lines;
}

uint64_t vga_frame_number(const struct vga *vga)
{
    struct vga_timing timing = vga_timing_get(vga);

    return schedule_ticks(vga->schedule, timing.dot_hertz) / frame_dots(&timing);
}

/* Dots from a frame's start to its retrace; a start beyond the frame never comes, so the frame's end stands in for it. */
static uint64_t retrace_dot(const struct vga_timing *timing)
{
    uint64_t dot = (uint64_t)timing->retrace_start * timing->line_dots, frame = frame_dots(timing);

    return dot < frame ? dot : frame - 1;
}

uint64_t vga_retrace_number(const struct vga *vga)
{
    struct vga_timing timing = vga_timing_get(vga);
    uint64_t frame = frame_dots(&timing);

    return (schedule_ticks(vga->schedule, timing.dot_hertz) + frame - retrace_dot(&timing)) / frame;
}

uint64_t vga_next_retrace(const struct vga *vga)
{
    struct vga_timing timing = vga_timing_get(vga);
    uint64_t dot = vga_retrace_number(vga) * frame_dots(&timing) + retrace_dot(&timing);
    uint64_t when = schedule_count_of_tick(vga->schedule, dot, timing.dot_hertz);

    return when > vga->schedule->now ? when : vga->schedule->now + 1;
}

/* Bits 5 and 4 show two of the eight lines to the DAC, chosen by AR12 bits 5:4. */
static uint8_t video_status(const struct vga *vga, uint8_t pixel)
{
    static const uint8_t upper[4] = {2, 5, 3, 7}, lower[4] = {0, 4, 1, 6};
    unsigned mux = vga->attribute[0x12] >> 4 & 3;

    return (uint8_t)((pixel >> upper[mux] & 1) << 5 | (pixel >> lower[mux] & 1) << 4);
}

uint8_t vga_input_status_1(const struct vga *vga)
{
    struct vga_timing timing = vga_timing_get(vga);
    uint64_t position = schedule_ticks(vga->schedule, timing.dot_hertz) % frame_dots(&timing);
    unsigned line = (unsigned)(position / timing.line_dots), dot = (unsigned)(position % timing.line_dots);
    bool displays = line < timing.display_lines && dot < timing.display_dots;
    bool palette_off = !(vga->attribute_index & 0x20); /* the overscan colour everywhere */
    uint8_t status = 0;

    if (!displays)
        status |= 0x01; /* display enable complement */
    if (line >= timing.retrace_start && line < timing.retrace_start + timing.retrace_lines)
        status |= 0x08;
    if (!displays || palette_off || vga_dispi_active(vga))
        return status | video_status(vga, vga->attribute[0x11]);
    return status | video_status(vga, vga_beam_pixel(vga, line, dot));
}

uint16_t vga_start_address(const struct vga *vga)
{
    if (vga->start_pending && vga_retrace_number(vga) == vga->start_written_in)
        return vga->displayed_start;
    return (uint16_t)(vga->crtc[0x0C] << 8 | vga->crtc[0x0D]);
}
