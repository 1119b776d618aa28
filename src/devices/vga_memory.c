/* The processor's ways into video memory: the window at A0000h-BFFFFh through the graphics controller's data path, the DISPI
   bank, and the linear frame buffer. Wider accesses are byte accesses in address order. */
#include "devices/vga_internal.h"

enum { NO_ADDRESS = -1 };

/* One byte lane per plane, all ones in the planes of a four-bit set. */
static const uint32_t plane_lanes[16] = {
    0x00000000, 0x000000FF, 0x0000FF00, 0x0000FFFF, 0x00FF0000, 0x00FF00FF, 0x00FFFF00, 0x00FFFFFF,
    0xFF000000, 0xFF0000FF, 0xFF00FF00, 0xFF00FFFF, 0xFFFF0000, 0xFFFF00FF, 0xFFFFFF00, 0xFFFFFFFF,
};

static uint32_t every_lane(uint8_t value)
{
    return value * 0x01010101u;
}

static uint8_t rotate_right(uint8_t value, unsigned count)
{
    return (uint8_t)((value | value << 8) >> count);
}

/* --- Addressing -------------------------------------------------------------------------------------------------- */
/* The address within the memory map chosen by GR6 bits 3:2, or NO_ADDRESS outside of it. */
static int32_t window_address(const struct vga *vga, uint32_t offset)
{
    switch (vga->graphics[6] >> 2 & 3) {
    case 0: return (int32_t)offset;                                                          /* A0000, 128 KiB */
    case 1: return offset < 0x10000 ? (int32_t)offset : NO_ADDRESS;                          /* A0000, 64 KiB */
    case 2: return (offset & 0x18000) == 0x10000 ? (int32_t)(offset & 0x7FFF) : NO_ADDRESS;  /* B0000, 32 KiB */
    default: return (offset & 0x18000) == 0x18000 ? (int32_t)(offset & 0x7FFF) : NO_ADDRESS; /* B8000, 32 KiB */
    }
}

static bool window_open(const struct vga *vga)
{
    return vga->misc_output & 2 && vga->subsystem_enable & 1;
}

/* A byte's place: offset in the planes, and the planes that the address itself selects. */
struct place {
    uint32_t plane_offset;
    unsigned planes;
};

/* Odd/even addressing spends A0 on the choice of planes; with GR6 bit 1 ("chain odd maps to even") A16 or zero takes its
 * place. */
static struct place odd_even_place(const struct vga *vga, uint32_t address)
{
    uint32_t plane_offset = address;

    if (vga->graphics[6] & 2)
        plane_offset = (address & ~1u) | (address >> 16 & 1);
    return (struct place){plane_offset & VGA_PLANE_MASK, address & 1 ? 0xA : 0x5};
}

static struct place chained_place(uint32_t address)
{
    return (struct place){address & VGA_PLANE_MASK & ~3u, 1u << (address & 3)};
}

/* --- The graphics controller's data path ------------------------------------------------------------------------- */
static uint8_t read_mode_1(const struct vga *vga)
{
    uint32_t differs = (vga->latch ^ plane_lanes[vga->graphics[2]]) & plane_lanes[vga->graphics[7]];

    differs |= differs >> 16;
    return (uint8_t) ~(differs | differs >> 8);
}

static void planes_write(struct vga *vga, uint32_t plane_offset, uint8_t value, unsigned planes)
{
    uint8_t *memory = vga->memory + 4 * plane_offset;
    uint8_t bit_mask = vga->graphics[8];
    uint32_t lanes = 0, result, selected = plane_lanes[planes & vga->sequencer[2]];
    uint32_t set_reset = plane_lanes[vga->graphics[0]];

    switch (vga->graphics[5] & 3) {
    case 0: {
        uint32_t enabled = plane_lanes[vga->graphics[1]];
        lanes = every_lane(rotate_right(value, vga->graphics[3] & 7));
        lanes = (lanes & ~enabled) | (set_reset & enabled);
        break;
    }
    case 1: store_le32(memory, (load_le32(memory) & ~selected) | (vga->latch & selected)); return;
    case 2: lanes = plane_lanes[value & 15]; break;
    case 3:
        bit_mask &= rotate_right(value, vga->graphics[3] & 7);
        lanes = set_reset;
        break;
    }
    switch (vga->graphics[3] >> 3 & 3) {
    case 1: lanes &= vga->latch; break;
    case 2: lanes |= vga->latch; break;
    case 3: lanes ^= vga->latch; break;
    }
    result = (lanes & every_lane(bit_mask)) | (vga->latch & ~every_lane(bit_mask));
    store_le32(memory, (load_le32(memory) & ~selected) | (result & selected));
}

static uint8_t byte_read(struct vga *vga, uint32_t address)
{
    struct place place = {address & VGA_PLANE_MASK, 0};
    unsigned plane = vga->graphics[4];

    if (vga->sequencer[4] & 8) {
        place = chained_place(address);
        plane = address & 3;
    } else if (vga->graphics[5] & 0x10) {
        place = odd_even_place(vga, address);
        plane = (plane & 2) | (address & 1);
    }
    vga->latch = load_le32(vga->memory + 4 * place.plane_offset);
    if (vga->graphics[5] & 8)
        return read_mode_1(vga);
    return (uint8_t)(vga->latch >> 8 * plane);
}

static void byte_write(struct vga *vga, uint32_t address, uint8_t value)
{
    struct place place = {address & VGA_PLANE_MASK, 0xF};

    if (vga->sequencer[4] & 8)
        place = chained_place(address);
    else if (!(vga->sequencer[4] & 4))
        place = odd_even_place(vga, address);
    planes_write(vga, place.plane_offset, value, place.planes);
}

/* --- The DISPI bank at A0000h ------------------------------------------------------------------------------------ */
static uint8_t bank_read(struct vga *vga, uint32_t offset)
{
    uint32_t address = (uint32_t)vga->dispi[DISPI_BANK] << 16 | offset;

    if (vga->dispi[DISPI_BPP] != 4)
        return vga->memory[address % VGA_MEMORY_SIZE];
    vga->latch = load_le32(vga->memory + 4 * (address % (VGA_MEMORY_SIZE / 4)));
    if (vga->graphics[5] & 8)
        return read_mode_1(vga);
    return (uint8_t)(vga->latch >> 8 * vga->graphics[4]);
}

static void bank_write(struct vga *vga, uint32_t offset, uint8_t value)
{
    uint32_t address = (uint32_t)vga->dispi[DISPI_BANK] << 16 | offset;

    if (vga->dispi[DISPI_BPP] == 4)
        planes_write(vga, address % (VGA_MEMORY_SIZE / 4), value, 0xF);
    else
        vga->memory[address % VGA_MEMORY_SIZE] = value;
}

/* --- Memory-mapped I/O ------------------------------------------------------------------------------------------- */
uint64_t vga_window_read(void *device, uint64_t offset, unsigned size)
{
    struct vga *vga = device;
    uint64_t value = 0;

    if (!window_open(vga))
        return ~UINT64_C(0);
    for (unsigned i = 0; i < size; i++) {
        uint32_t at = (uint32_t)offset + i;
        uint8_t byte = 0xFF;

        if (vga_dispi_active(vga)) {
            if (at < 0x10000)
                byte = bank_read(vga, at);
        } else {
            int32_t address = window_address(vga, at);
            if (address != NO_ADDRESS)
                byte = byte_read(vga, (uint32_t)address);
        }
        value |= (uint64_t)byte << 8 * i;
    }
    return value;
}

/* Write mode 0 with nothing in the data path but the map mask: what nearly all text and 256-colour programs do. */
static bool data_path_is_plain(const struct vga *vga)
{
    return !(vga->graphics[5] & 3) && !vga->graphics[1] && !vga->graphics[3] && vga->graphics[8] == 0xFF;
}

static void plain_byte_write(struct vga *vga, uint32_t address, uint8_t value)
{
    if (vga->sequencer[4] & 8) {
        if (vga->sequencer[2] >> (address & 3) & 1)
            vga->memory[4 * (address & VGA_PLANE_MASK & ~3u) + (address & 3)] = value;
    } else if (!(vga->sequencer[4] & 4)) {
        uint8_t *memory = vga->memory + 4 * odd_even_place(vga, address).plane_offset + (address & 1);
        if (vga->sequencer[2] >> (address & 1) & 1)
            memory[0] = value;
        if (vga->sequencer[2] >> (address & 1) & 4)
            memory[2] = value;
    } else {
        byte_write(vga, address, value);
    }
}

void vga_window_write(void *device, uint64_t offset, uint64_t value, unsigned size)
{
    struct vga *vga = device;

    if (!window_open(vga))
        return;
    vga->generation++;
    if (vga_dispi_active(vga)) {
        for (unsigned i = 0; i < size && offset + i < 0x10000; i++)
            bank_write(vga, (uint32_t)offset + i, (uint8_t)(value >> 8 * i));
        return;
    }
    bool plain = data_path_is_plain(vga);
    for (unsigned i = 0; i < size; i++) {
        int32_t address = window_address(vga, (uint32_t)offset + i);
        uint8_t byte = (uint8_t)(value >> 8 * i);

        if (address == NO_ADDRESS)
            continue;
        if (plain)
            plain_byte_write(vga, (uint32_t)address, byte);
        else
            byte_write(vga, (uint32_t)address, byte);
    }
}

uint64_t vga_linear_read(void *device, uint64_t offset, unsigned size)
{
    const struct vga *vga = device;
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)vga->memory[(offset + i) % VGA_MEMORY_SIZE] << 8 * i;
    return value;
}

void vga_linear_write(void *device, uint64_t offset, uint64_t value, unsigned size)
{
    struct vga *vga = device;

    vga->generation++;
    for (unsigned i = 0; i < size; i++)
        vga->memory[(offset + i) % VGA_MEMORY_SIZE] = (uint8_t)(value >> 8 * i);
}
