/* The Bochs DISPI extension: a 16-bit index at 1CEh, 16-bit data at 1CFh, and linear modes of 4 (planar), 8, 15, 16, 24 and
   32 bits a pixel of any size that fits the video memory. */
#include "devices/vga_internal.h"

enum { DISPI_ID_FIRST = 0xB0C0, DISPI_ID_LAST = 0xB0C5, DISPI_MAX_XRES = 2560, DISPI_MAX_YRES = 1600, DISPI_MAX_BPP = 32 };

void vga_dispi_reset(struct vga *vga)
{
    vga->dispi_index = 0;
    memset(vga->dispi, 0, sizeof vga->dispi);
    vga->dispi[DISPI_ID] = DISPI_ID_LAST;
    vga->dispi[DISPI_XRES] = 640;
    vga->dispi[DISPI_YRES] = 480;
    vga->dispi[DISPI_BPP] = 8;
}

/* Bytes that one line of `width` pixels takes (of each plane with 4 bits a pixel). */
static uint32_t line_bytes(const struct vga *vga, uint32_t width)
{
    switch (vga->dispi[DISPI_BPP]) {
    case 4: return width / 8;
    case 15: return width * 2;
    default: return width * (vga->dispi[DISPI_BPP] / 8u);
    }
}

static uint32_t memory_lines_cover(const struct vga *vga)
{
    return vga->dispi[DISPI_BPP] == 4 ? VGA_MEMORY_SIZE / 4 : VGA_MEMORY_SIZE;
}

uint32_t vga_dispi_pitch(const struct vga *vga)
{
    return line_bytes(vga, vga->dispi[DISPI_VIRT_WIDTH]);
}

static uint16_t virtual_height(const struct vga *vga)
{
    uint32_t pitch = vga_dispi_pitch(vga), lines = pitch ? memory_lines_cover(vga) / pitch : 0;

    return lines > 0xFFFF ? 0xFFFF : (uint16_t)lines;
}

static bool depth_exists(uint16_t bits)
{
    return bits == 4 || bits == 8 || bits == 15 || bits == 16 || bits == 24 || bits == 32;
}

static bool mode_fits(const struct vga *vga)
{
    uint32_t width = vga->dispi[DISPI_XRES], height = vga->dispi[DISPI_YRES];

    return (uint64_t)line_bytes(vga, width) * height <= memory_lines_cover(vga);
}

void vga_dispi_restored(struct vga *vga)
{
    const uint16_t *dispi = vga->dispi;
    bool sane = depth_exists(dispi[DISPI_BPP]) && dispi[DISPI_XRES] && dispi[DISPI_XRES] <= DISPI_MAX_XRES &&
                dispi[DISPI_YRES] && dispi[DISPI_YRES] <= DISPI_MAX_YRES && mode_fits(vga);

    if (sane && vga_dispi_active(vga))
        sane = dispi[DISPI_VIRT_WIDTH] >= dispi[DISPI_XRES] && dispi[DISPI_VIRT_HEIGHT] >= dispi[DISPI_YRES];
    if (!sane)
        vga_dispi_reset(vga);
}

static void virtual_width_set(struct vga *vga, uint16_t width)
{
    width &= 0xFFF8;
    if (width < vga->dispi[DISPI_XRES])
        width = vga->dispi[DISPI_XRES];
    /* A width that leaves no room for the visible lines is refused. */
    if ((uint64_t)line_bytes(vga, width) * vga->dispi[DISPI_YRES] > memory_lines_cover(vga)) {
        log_write(vga->log, LOG_GUEST, "vga: DISPI virtual width %u does not fit the video memory: ignored", width);
        return;
    }
    vga->dispi[DISPI_VIRT_WIDTH] = width;
    vga->dispi[DISPI_VIRT_HEIGHT] = virtual_height(vga);
    if (vga->dispi[DISPI_X_OFFSET] > width - vga->dispi[DISPI_XRES])
        vga->dispi[DISPI_X_OFFSET] = 0;
    if (vga->dispi[DISPI_Y_OFFSET] > vga->dispi[DISPI_VIRT_HEIGHT] - vga->dispi[DISPI_YRES])
        vga->dispi[DISPI_Y_OFFSET] = 0;
}

static void enable_set(struct vga *vga, uint16_t value)
{
    bool was_active = vga_dispi_active(vga);

    value &= DISPI_ENABLED | DISPI_GETCAPS | DISPI_8BIT_DAC | DISPI_LFB_ENABLED | DISPI_NOCLEARMEM;
    if (value & DISPI_ENABLED && !was_active) {
        if (!mode_fits(vga)) {
            log_write(vga->log, LOG_GUEST, "vga: DISPI mode %ux%u with %u bits does not fit the video memory: not enabled",
                      vga->dispi[DISPI_XRES], vga->dispi[DISPI_YRES], vga->dispi[DISPI_BPP]);
            value &= (uint16_t)~DISPI_ENABLED;
        } else {
            vga->dispi[DISPI_VIRT_WIDTH] = vga->dispi[DISPI_XRES];
            vga->dispi[DISPI_VIRT_HEIGHT] = virtual_height(vga);
            vga->dispi[DISPI_X_OFFSET] = vga->dispi[DISPI_Y_OFFSET] = 0;
            vga->dispi[DISPI_BANK] = 0;
            if (!(value & DISPI_NOCLEARMEM))
                memset(vga->memory, 0, sizeof vga->memory);
        }
    }
    vga->dispi[DISPI_ENABLE] = value;
}

static void offset_set(struct vga *vga, enum dispi_index index, uint16_t value)
{
    unsigned room = index == DISPI_X_OFFSET ? vga->dispi[DISPI_VIRT_WIDTH] - vga->dispi[DISPI_XRES]
                                            : vga->dispi[DISPI_VIRT_HEIGHT] - vga->dispi[DISPI_YRES];

    if (!vga_dispi_active(vga))
        return;
    if (value > room) {
        log_write(vga->log, LOG_GUEST, "vga: DISPI %c offset %u leaves the virtual screen: ignored",
                  index == DISPI_X_OFFSET ? 'x' : 'y', value);
        return;
    }
    vga->dispi[index] = value;
}

static void register_write(struct vga *vga, uint16_t value)
{
    bool active = vga_dispi_active(vga);

    switch (vga->dispi_index) {
    case DISPI_ID:
        if (value >= DISPI_ID_FIRST && value <= DISPI_ID_LAST)
            vga->dispi[DISPI_ID] = value;
        break;
    case DISPI_XRES:
        if (!active && value >= 8 && value <= DISPI_MAX_XRES)
            vga->dispi[DISPI_XRES] = value & 0xFFF8;
        break;
    case DISPI_YRES:
        if (!active && value && value <= DISPI_MAX_YRES)
            vga->dispi[DISPI_YRES] = value;
        break;
    case DISPI_BPP:
        if (!active && (!value || depth_exists(value)))
            vga->dispi[DISPI_BPP] = value ? value : 8;
        break;
    case DISPI_ENABLE: enable_set(vga, value); break;
    case DISPI_BANK:
        if (value < VGA_MEMORY_SIZE >> 16)
            vga->dispi[DISPI_BANK] = value;
        break;
    case DISPI_VIRT_WIDTH:
        if (active)
            virtual_width_set(vga, value);
        break;
    case DISPI_X_OFFSET:
    case DISPI_Y_OFFSET: offset_set(vga, (enum dispi_index)vga->dispi_index, value); break;
    default: break; /* VIRT_HEIGHT and VIDEO_MEMORY_64K are read-only */
    }
}

static uint16_t register_read(const struct vga *vga)
{
    if (vga->dispi[DISPI_ENABLE] & DISPI_GETCAPS) {
        switch (vga->dispi_index) {
        case DISPI_XRES: return DISPI_MAX_XRES;
        case DISPI_YRES: return DISPI_MAX_YRES;
        case DISPI_BPP: return DISPI_MAX_BPP;
        default: break;
        }
    }
    if (vga->dispi_index == DISPI_VIDEO_MEMORY_64K)
        return VGA_MEMORY_SIZE >> 16;
    return vga->dispi_index < DISPI_COUNT ? vga->dispi[vga->dispi_index] : 0;
}

uint32_t vga_dispi_port_read(void *device, uint16_t port, unsigned size)
{
    const struct vga *vga = device;

    (void)size; /* a byte access sees the low half */
    return port == 0x1CE ? vga->dispi_index : register_read(vga);
}

void vga_dispi_port_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct vga *vga = device;

    if (size != 2) {
        log_write(vga->log, LOG_GUEST, "vga: byte write to the 16-bit DISPI port %04x ignored", port);
        return;
    }
    vga->generation++;
    if (port == 0x1CE)
        vga->dispi_index = (uint16_t)value;
    else
        register_write(vga, (uint16_t)value);
}

/* --- The picture ------------------------------------------------------------------------------------------------- */
static uint32_t spread(uint32_t value, unsigned bits)
{
    return value << (8 - bits) | value >> (2 * bits - 8);
}

static uint32_t direct_colour(const struct vga *vga, uint32_t address)
{
    const uint8_t *memory = vga->memory;
    unsigned low = memory[address % VGA_MEMORY_SIZE], high = memory[(address + 1) % VGA_MEMORY_SIZE];
    unsigned word = low | high << 8;

    switch (vga->dispi[DISPI_BPP]) {
    case 15: return spread(word >> 10 & 31, 5) << 16 | spread(word >> 5 & 31, 5) << 8 | spread(word & 31, 5);
    case 16: return spread(word >> 11, 5) << 16 | spread(word >> 5 & 63, 6) << 8 | spread(word & 31, 5);
    default: return word | (uint32_t)memory[(address + 2) % VGA_MEMORY_SIZE] << 16;
    }
}

static unsigned planar_pixel(const struct vga *vga, uint32_t line, unsigned x)
{
    uint32_t lanes = load_le32(vga->memory + 4 * ((line + x / 8) % (VGA_MEMORY_SIZE / 4)));
    unsigned bit = 7 - x % 8;

    lanes >>= bit;
    return (lanes & 1) | (lanes >> 7 & 2) | (lanes >> 14 & 4) | (lanes >> 21 & 8);
}

/* `colours`: what the DAC makes of each palette index (256, PEL mask included). */
void vga_dispi_render(const struct vga *vga, const uint32_t *colours, uint32_t *pixels, size_t stride)
{
    unsigned width = vga->dispi[DISPI_XRES], height = vga->dispi[DISPI_YRES], depth = vga->dispi[DISPI_BPP];
    unsigned left = vga->dispi[DISPI_X_OFFSET], bytes = depth == 15 ? 2 : depth / 8;
    uint32_t pitch = vga_dispi_pitch(vga);

    for (unsigned y = 0; y < height; y++) {
        uint32_t line = (y + vga->dispi[DISPI_Y_OFFSET]) * pitch;
        uint32_t *row = pixels + y * stride;

        for (unsigned x = 0; x < width; x++) {
            if (depth == 4)
                row[x] = colours[vga->attribute[planar_pixel(vga, line, left + x)] & 0x3F];
            else if (depth == 8)
                row[x] = colours[vga->memory[(line + left + x) % VGA_MEMORY_SIZE]];
            else
                row[x] = direct_colour(vga, line + (left + x) * bytes);
        }
    }
}
