/* The VGA's I/O registers (IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"), 3B4h-3DFh. */
#include "devices/vga.h"

#include <stdlib.h>

#include "base/memory.h"
#include "devices/vga_internal.h"

/* Bits that exist in each register; the others read as zero. */
static const uint8_t sequencer_bits[5] = {0x03, 0x3F, 0x0F, 0x3F, 0x0E};
static const uint8_t graphics_bits[9] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF};
static const uint8_t crtc_bits[25] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0x3F, 0x7F, 0xFF,
                                      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xEF, 0xFF};
static const uint8_t attribute_bits[21] = {0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
                                           0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0xEF, 0xFF, 0x3F, 0x0F, 0x0F};

enum { ATTRIBUTE_PAS = 0x20 };

/* --- Vertical retrace interrupt (CR11 bit 4: 0 clears; bit 5: 0 enables) ----------------------------------------- */
static void interrupt_set(struct vga *vga, bool pending)
{
    if (vga->interrupt_pending == pending)
        return;
    vga->interrupt_pending = pending;
    wire_set(&vga->irq, pending);
}

static void interrupt_update(struct vga *vga)
{
    bool wanted = (vga->crtc[0x11] & 0x30) == 0x10;

    if (!(vga->crtc[0x11] & 0x10))
        interrupt_set(vga, false);
    if (wanted)
        schedule_at(vga->schedule, &vga->retrace_event, vga_next_retrace(vga));
    else
        schedule_cancel(vga->schedule, &vga->retrace_event);
}

static void retrace_begins(void *owner)
{
    struct vga *vga = owner;

    interrupt_set(vga, true);
    interrupt_update(vga);
}

/* --- CRT controller ---------------------------------------------------------------------------------------------- */
/* The start address in use stays on the screen until the next vertical retrace. */
static void start_address_changes(struct vga *vga)
{
    vga->displayed_start = vga_start_address(vga);
    vga->start_written_in = vga_retrace_number(vga);
    vga->start_pending = true;
}

static void crtc_write(struct vga *vga, uint8_t value)
{
    unsigned index = vga->crtc_index;

    if (index >= ARRAY_LENGTH(vga->crtc))
        return;
    if (index <= 0x07 && vga->crtc[0x11] & 0x80) {
        /* Protected, all but the line compare's bit 8. */
        if (index == 0x07)
            vga->crtc[7] = (uint8_t)((vga->crtc[7] & ~0x10) | (value & 0x10));
        return;
    }
    value &= crtc_bits[index];
    if ((index == 0x0C || index == 0x0D) && vga->crtc[index] != value)
        start_address_changes(vga);
    vga->crtc[index] = value;
    if (index == 0x11 || vga->retrace_event.when != SCHEDULE_NEVER)
        interrupt_update(vga);
}

static uint8_t crtc_read(const struct vga *vga)
{
    unsigned index = vga->crtc_index;

    if (index < ARRAY_LENGTH(vga->crtc))
        return vga->crtc[index];
    /* Two that IBM left undocumented and every VGA has: the read latch and the attribute flip-flop. */
    if (index == 0x22)
        return (uint8_t)(vga->latch >> 8 * (vga->graphics[4] & 3));
    if (index == 0x24)
        return (uint8_t)(vga->attribute_data_next << 7 | vga->attribute_index);
    return 0xFF;
}

/* --- Attribute controller ---------------------------------------------------------------------------------------- */
static void attribute_write(struct vga *vga, uint8_t value)
{
    unsigned index = vga->attribute_index & 0x1F;

    vga->attribute_data_next = !vga->attribute_data_next;
    if (vga->attribute_data_next) {
        vga->attribute_index = value & 0x3F;
        return;
    }
    /* The palette answers the processor only while it is not in use by the display. */
    if (index < 0x10 && vga->attribute_index & ATTRIBUTE_PAS)
        return;
    if (index < ARRAY_LENGTH(vga->attribute))
        vga->attribute[index] = value & attribute_bits[index];
}

static uint8_t attribute_read(const struct vga *vga)
{
    unsigned index = vga->attribute_index & 0x1F;

    return index < ARRAY_LENGTH(vga->attribute) ? vga->attribute[index] : 0;
}

/* --- DAC (Inmos G171: one address register for both directions; reading fetches ahead) --------------------------- */
static bool dac_is_8bit(const struct vga *vga)
{
    return vga->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC;
}

static void dac_fetch(struct vga *vga)
{
    memcpy(vga->dac_latch, vga->dac[vga->dac_address], 3);
    vga->dac_address++;
}

static uint8_t dac_data_read(struct vga *vga)
{
    uint8_t value = vga->dac_latch[vga->dac_component];

    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        dac_fetch(vga);
    }
    return dac_is_8bit(vga) ? value : value >> 2;
}

static void dac_data_write(struct vga *vga, uint8_t value)
{
    vga->dac_latch[vga->dac_component] = dac_is_8bit(vga) ? value : (uint8_t)(value << 2);
    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        memcpy(vga->dac[vga->dac_address], vga->dac_latch, 3);
        vga->dac_address++;
    }
}

/* --- Ports ------------------------------------------------------------------------------------------------------- */
/* The CRT controller, input status 1 and feature control answer at 3Bxh or 3Dxh, as misc output bit 0 says; the other range
   is then nobody's. Gives the 3Dxh name of a port, or 0 where nothing answers. */
static uint16_t port_decode(const struct vga *vga, uint16_t port)
{
    bool colour = vga->misc_output & 1;

    if (port == 0x3C3)
        return port;
    if (!(vga->subsystem_enable & 1))
        return 0;
    if ((port & 0xFFF0) == 0x3C0)
        return port;
    if (colour != ((port & 0xFFF0) == 0x3D0))
        return 0;
    return (uint16_t)(0x3D0 | (port & 15));
}

static uint32_t port_read(void *device, uint16_t port, unsigned size)
{
    struct vga *vga = device;

    (void)size;
    switch (port_decode(vga, port)) {
    case 0x3C0: return vga->attribute_index;
    case 0x3C1: return attribute_read(vga);
    case 0x3C2: /* input status 0: switch sense tells of a colour monitor whose cable ends the DAC's outputs */
        return 0x10u | (unsigned)vga->interrupt_pending << 7;
    case 0x3C3: return vga->subsystem_enable;
    case 0x3C4: return vga->sequencer_index;
    case 0x3C5: return vga->sequencer_index < ARRAY_LENGTH(vga->sequencer) ? vga->sequencer[vga->sequencer_index] : 0;
    case 0x3C6: return vga->pel_mask;
    case 0x3C7: return vga->dac_reading ? 3 : 0;
    case 0x3C8: return vga->dac_address;
    case 0x3C9: return dac_data_read(vga);
    case 0x3CA: return vga->feature_control;
    case 0x3CC: return vga->misc_output;
    case 0x3CE: return vga->graphics_index;
    case 0x3CF: return vga->graphics_index < ARRAY_LENGTH(vga->graphics) ? vga->graphics[vga->graphics_index] : 0;
    case 0x3D4: return vga->crtc_index;
    case 0x3D5: return crtc_read(vga);
    case 0x3DA: vga->attribute_data_next = false; return vga_input_status_1(vga);
    default: return 0xFF;
    }
}

static void port_write(void *device, uint16_t port, uint32_t value32, unsigned size)
{
    struct vga *vga = device;
    uint8_t value = (uint8_t)value32;

    (void)size;
    vga->generation++;
    switch (port_decode(vga, port)) {
    case 0x3C0: attribute_write(vga, value); break;
    case 0x3C2:
        vga->misc_output = value & 0xEF; /* bit 4 is the EGA's video driver switch, absent here */
        if (vga->retrace_event.when != SCHEDULE_NEVER)
            interrupt_update(vga);
        break;
    case 0x3C3: vga->subsystem_enable = value & 1; break;
    case 0x3C4: vga->sequencer_index = value & 7; break;
    case 0x3C5:
        if (vga->sequencer_index < ARRAY_LENGTH(vga->sequencer))
            vga->sequencer[vga->sequencer_index] = value & sequencer_bits[vga->sequencer_index];
        break;
    case 0x3C6: vga->pel_mask = value; break;
    case 0x3C7:
        vga->dac_address = value;
        vga->dac_component = 0;
        vga->dac_reading = true;
        dac_fetch(vga);
        break;
    case 0x3C8:
        vga->dac_address = value;
        vga->dac_component = 0;
        vga->dac_reading = false;
        break;
    case 0x3C9: dac_data_write(vga, value); break;
    case 0x3CE: vga->graphics_index = value & 15; break;
    case 0x3CF:
        if (vga->graphics_index < ARRAY_LENGTH(vga->graphics))
            vga->graphics[vga->graphics_index] = value & graphics_bits[vga->graphics_index];
        break;
    case 0x3D4: vga->crtc_index = value & 0x3F; break;
    case 0x3D5: crtc_write(vga, value); break;
    case 0x3DA: vga->feature_control = value & 0x0B; break;
    default: break;
    }
}

/* --- Life -------------------------------------------------------------------------------------------------------- */
void vga_reset(struct vga *vga)
{
    vga->subsystem_enable = 1;
    vga->misc_output = vga->feature_control = 0;
    vga->sequencer_index = vga->crtc_index = vga->graphics_index = vga->attribute_index = 0;
    memset(vga->sequencer, 0, sizeof vga->sequencer);
    memset(vga->crtc, 0, sizeof vga->crtc);
    memset(vga->graphics, 0, sizeof vga->graphics);
    memset(vga->attribute, 0, sizeof vga->attribute);
    vga->attribute_data_next = false;
    vga->pel_mask = 0xFF;
    vga->dac_address = vga->dac_component = 0;
    vga->dac_reading = false;
    vga->latch = 0;
    vga->displayed_start = 0;
    vga->start_pending = false;
    vga->start_written_in = 0;
    interrupt_set(vga, false);
    schedule_cancel(vga->schedule, &vga->retrace_event);
    vga_dispi_reset(vga);
    vga->generation++;
}

/* A snapshot is foreign bytes: bits that no register has are dropped before anything relies on their absence. */
static void vga_restored(void *object)
{
    struct vga *vga = object;

    for (unsigned i = 0; i < ARRAY_LENGTH(vga->sequencer); i++)
        vga->sequencer[i] &= sequencer_bits[i];
    for (unsigned i = 0; i < ARRAY_LENGTH(vga->crtc); i++)
        vga->crtc[i] &= crtc_bits[i];
    for (unsigned i = 0; i < ARRAY_LENGTH(vga->graphics); i++)
        vga->graphics[i] &= graphics_bits[i];
    for (unsigned i = 0; i < ARRAY_LENGTH(vga->attribute); i++)
        vga->attribute[i] &= attribute_bits[i];
    vga->dac_component %= 3;
    vga_dispi_restored(vga);
    vga->generation++;
}

static const struct state_field vga_fields[] = {
    STATE_U8(struct vga, subsystem_enable),
    STATE_U8(struct vga, misc_output),
    STATE_U8(struct vga, feature_control),
    STATE_U8(struct vga, sequencer_index),
    STATE_U8_ARRAY(struct vga, sequencer),
    STATE_U8(struct vga, crtc_index),
    STATE_U8_ARRAY(struct vga, crtc),
    STATE_U8(struct vga, graphics_index),
    STATE_U8_ARRAY(struct vga, graphics),
    STATE_U8(struct vga, attribute_index),
    STATE_U8_ARRAY(struct vga, attribute),
    STATE_BOOL(struct vga, attribute_data_next),
    STATE_U8(struct vga, pel_mask),
    STATE_U8(struct vga, dac_address),
    STATE_U8(struct vga, dac_component),
    STATE_BOOL(struct vga, dac_reading),
    STATE_U8_ARRAY(struct vga, dac_latch),
    STATE_U8_ARRAY(struct vga, dac),
    STATE_U32(struct vga, latch),
    STATE_U16(struct vga, displayed_start),
    STATE_BOOL(struct vga, start_pending),
    STATE_U64(struct vga, start_written_in),
    STATE_BOOL(struct vga, interrupt_pending),
    STATE_EVENT(struct vga, retrace_event),
    STATE_STRUCT(struct vga, pci, &pci_function_table),
    STATE_U16(struct vga, dispi_index),
    STATE_U16_ARRAY(struct vga, dispi),
    STATE_BYTES(struct vga, memory),
};
static STATE_TABLE(vga_table, "vga", 1, vga_fields, vga_restored);

void vga_map_frame_buffer(struct vga *vga, uint64_t base)
{
    struct physical_source nothing = {.target = PHYSICAL_NOTHING};

    if (vga->frame_buffer_base)
        physical_map_route(vga->map, vga->frame_buffer_base, VGA_FRAME_BUFFER_SIZE, nothing, nothing);
    vga->frame_buffer_base = base;
    if (base)
        physical_map_route_device(vga->map, base, VGA_FRAME_BUFFER_SIZE, vga->frame_buffer, 0);
}

static void pci_window_moved(void *owner, unsigned bar, uint32_t base, bool mapped)
{
    struct vga *vga = owner;
    struct physical_source nothing = {.target = PHYSICAL_NOTHING};

    if (bar != PCI_ROM_BAR)
        vga_map_frame_buffer(vga, mapped ? base : 0);
    else if (mapped)
        physical_map_route_rom(vga->map, base, vga->pci.bars[bar].size, vga->rom, 0);
    else
        physical_map_route(vga->map, base, vga->pci.bars[bar].size, nothing, nothing);
}

void vga_attach(struct vga *vga, struct pci_bus *bus, unsigned device, struct physical_rom *rom, uint32_t rom_size)
{
    uint32_t window = PHYSICAL_PAGE_SIZE;

    vga_map_frame_buffer(vga, 0);
    pci_function_identify(&vga->pci, 0x1234, 0x1111, 0x030000, 2);
    pci_function_bar(&vga->pci, 0, PCI_BAR_PREFETCHABLE, VGA_FRAME_BUFFER_SIZE);
    if (rom) {
        while (window < rom_size)
            window *= 2;
        vga->rom = rom;
        pci_function_bar(&vga->pci, PCI_ROM_BAR, PCI_BAR_ROM, window);
    }
    vga->pci.writable[PCI_COMMAND] |= PCI_COMMAND_IO;
    vga->pci.moved = pci_window_moved;
    vga->pci.owner = vga;
    pci_bus_add(bus, &vga->pci, device, 0);
}

struct vga *vga_new(const struct bay *bay, struct wire irq, uint64_t linear_base)
{
    struct vga *vga = memory_new(sizeof *vga);

    vga->log = bay->log;
    vga->schedule = bay->schedule;
    vga->map = bay->memory;
    vga->irq = irq;
    event_initialise(&vga->retrace_event, "vga retrace", retrace_begins, vga);
    vga_reset(vga);

    ports_claim(bay->ports, 0x3B4, 2, PORT_BYTE, port_read, port_write, vga, "vga crtc (mono)");
    ports_claim(bay->ports, 0x3BA, 1, PORT_BYTE, port_read, port_write, vga, "vga status (mono)");
    ports_claim(bay->ports, 0x3C0, 16, PORT_BYTE, port_read, port_write, vga, "vga");
    ports_claim(bay->ports, 0x3D4, 2, PORT_BYTE, port_read, port_write, vga, "vga crtc (colour)");
    ports_claim(bay->ports, 0x3DA, 1, PORT_BYTE, port_read, port_write, vga, "vga status (colour)");
    ports_claim(bay->ports, 0x1CE, 2, PORT_WORD, vga_dispi_port_read, vga_dispi_port_write, vga, "vga dispi");

    struct physical_device *window =
        physical_map_new_device(bay->memory, "vga window", vga_window_read, vga_window_write, vga);
    physical_map_route_device(bay->memory, 0xA0000, 0x20000, window, 0);
    vga->frame_buffer = physical_map_new_device(bay->memory, "vga frame buffer", vga_linear_read, vga_linear_write, vga);
    vga_map_frame_buffer(vga, linear_base);

    state_registry_add(bay->states, "vga", &vga_table, vga);
    return vga;
}

void vga_free(struct vga *vga)
{
    if (!vga)
        return;
    schedule_cancel(vga->schedule, &vga->retrace_event);
    free(vga);
}
