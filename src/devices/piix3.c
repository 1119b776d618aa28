/* The 82371SB ISA bridge, after Intel's data sheet 290550: configuration space, PIRQ routing, reset control. */
#include "devices/piix3.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"

enum bridge_register {
    IORT = 0x4c,
    XBCS = 0x4e,
    PIRQRCA = 0x60,
    TOM = 0x69,
    MSTAT = 0x6a,
    MBIRQ0 = 0x70,
    MBDMA0 = 0x76,
    PCSC = 0x78,
    APICBASE = 0x80,
    DLC = 0x82,
    SMICNTL = 0xa0,
    FTMR = 0xa8
};

enum { ROUTING_DISABLED = 0x80, LINKS = 4 };
enum reset_control { SRST = 0x02, RCPU = 0x04 };

struct piix3 {
    struct bay bay;
    struct wire irq, reset, init;
    struct pci_function function;
    uint8_t reset_control;
    uint8_t asserted; /* PIRQ links, a bit each */
    uint16_t driven;  /* IRQ lines held high */
};

static bool can_be_routed(unsigned irq)
{
    return 0xdef8u >> irq & 1; /* not 0, 1, 2, 8 and 13 */
}

/* The IRQ lines that the asserted links drive together. */
static void update_lines(struct piix3 *bridge)
{
    uint16_t wanted = 0, changed;

    for (unsigned link = 0; link < LINKS; link++) {
        uint8_t route = bridge->function.config[PIRQRCA + link];

        if (bridge->asserted >> link & 1 && !(route & ROUTING_DISABLED) && can_be_routed(route & 15))
            wanted |= (uint16_t)(1u << (route & 15));
    }
    changed = wanted ^ bridge->driven;
    bridge->driven = wanted;
    for (unsigned irq = 0; irq < 16; irq++)
        if (changed >> irq & 1 && bridge->irq.set)
            bridge->irq.set(bridge->irq.owner, bridge->irq.line + irq, wanted >> irq & 1);
}

void piix3_set_pirq(void *owner, unsigned link, bool asserted)
{
    struct piix3 *bridge = owner;
    uint8_t bit = (uint8_t)(1u << (link & 3));

    bridge->asserted = asserted ? bridge->asserted | bit : bridge->asserted & (uint8_t)~bit;
    update_lines(bridge);
}

static void written(void *owner, unsigned offset, unsigned size)
{
    (void)offset, (void)size;
    update_lines(owner);
}

static const struct state_field bridge_fields[] = {
    STATE_STRUCT(struct piix3, function, &pci_function_table),
    STATE_U8(struct piix3, reset_control),
    STATE_U8(struct piix3, asserted),
    STATE_U16(struct piix3, driven),
};
static STATE_TABLE(bridge_table, "piix3", 1, bridge_fields, NULL);

static uint32_t reset_read(void *device, uint16_t port, unsigned size)
{
    (void)port, (void)size;
    return ((struct piix3 *)device)->reset_control;
}

static void pulse(const struct wire *wire)
{
    wire_set(wire, true);
    wire_set(wire, false);
}

/* RCPU going from 0 to 1 resets: the whole system with SRST set, else the processor alone. */
static void reset_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct piix3 *bridge = device;
    bool starts = value & RCPU && !(bridge->reset_control & RCPU);

    (void)port, (void)size;
    bridge->reset_control = (uint8_t)value & (SRST | RCPU);
    if (!starts)
        return;
    log_write(bridge->bay.log, LOG_MACHINE, "%s reset by port CF9h", value & SRST ? "hard" : "soft");
    pulse(value & SRST ? &bridge->reset : &bridge->init);
}

void piix3_reset(struct piix3 *bridge)
{
    uint8_t *config = bridge->function.config;

    store_le16(config + PCI_COMMAND, 0x0007);
    store_le16(config + PCI_STATUS, 0x0200);
    memset(config + 0x40, 0, 0xc0);
    config[IORT] = 0x4d;
    config[XBCS] = 0x03;
    memset(config + PIRQRCA, ROUTING_DISABLED, LINKS);
    config[TOM] = 0x02;
    memset(config + MBIRQ0, ROUTING_DISABLED, 2);
    memset(config + MBDMA0, 0x0c, 2);
    config[PCSC] = 0x02;
    config[SMICNTL] = 0x08;
    config[FTMR] = 0x0f;
    bridge->reset_control = 0;
    update_lines(bridge);
}

struct piix3 *piix3_new(const struct bay *bay, struct wire irq, struct wire reset, struct wire init)
{
    struct piix3 *bridge = memory_new(sizeof *bridge);
    uint8_t *writable = bridge->function.writable;

    bridge->bay = *bay;
    bridge->irq = irq;
    bridge->reset = reset;
    bridge->init = init;
    bridge->function.written = written;
    bridge->function.owner = bridge;
    pci_function_identify(&bridge->function, 0x8086, 0x7000, 0x060100, 0x00);
    bridge->function.config[PCI_HEADER_TYPE] = 0x80; /* several functions */
    writable[PCI_INTERRUPT_LINE] = 0;
    writable[PCI_COMMAND] = 0x08; /* special cycles */
    bridge->function.write_one_clears[PCI_STATUS + 1] = 0x38;
    writable[IORT] = 0x7f;
    memset(writable + XBCS, 0xff, 2);
    memset(writable + PIRQRCA, 0x8f, LINKS);
    writable[TOM] = 0xfe;
    memset(writable + MSTAT, 0xff, 2);
    memset(writable + MBIRQ0, 0xef, 2);
    memset(writable + MBDMA0, 0x8f, 2);
    memset(writable + PCSC, 0xff, 2);
    writable[APICBASE] = 0x7f;
    writable[DLC] = 0x0f;
    memset(writable + SMICNTL, 0xff, 16);
    ports_claim(bay->ports, 0xcf9, 1, PORT_BYTE, reset_read, reset_write, bridge, "piix3.reset");
    state_registry_add(bay->states, "piix3", &bridge_table, bridge);
    piix3_reset(bridge);
    return bridge;
}

void piix3_attach(struct piix3 *bridge, struct pci_bus *bus)
{
    pci_bus_add(bus, &bridge->function, PIIX3_DEVICE, 0);
}

void piix3_free(struct piix3 *bridge)
{
    free(bridge);
}
