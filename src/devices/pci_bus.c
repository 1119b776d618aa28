/* PCI bus 0: configuration mechanism 1, windows, interrupt links. */
#include "devices/pci_bus.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"

/* CONFADD of the 82441FX: enable, bus, device, function, register; the other bits read as zero. */
#define ADDRESS_MASK 0x80fffffcu
#define ADDRESS_ENABLE 0x80000000u

/* The host bridge keeps accesses below the top of RAM, and the ISA bridge decodes I/O APIC, APIC and BIOS at the top: a
   window put there would never see a cycle. */
#define FIRST_FIXED_ADDRESS 0xfec00000u

enum { INTERRUPT_LINKS = 4 };

struct pci_bus {
    struct bay bay;
    struct wire route;
    struct pci_function *functions[256]; /* by device << 3 | function */
    uint32_t address;
    bool links[INTERRUPT_LINKS];
};

static const struct state_field bus_fields[] = {
    STATE_U32(struct pci_bus, address),
    STATE_ROW(struct pci_bus, links, STATE_KIND_BOOL, STATE_VISIBLE, INTERRUPT_LINKS, 1, NULL),
};
static STATE_TABLE(bus_table, "pci_bus", 1, bus_fields, NULL);

static void function_restored(void *object)
{
    pci_function_update_windows(object);
}

static const struct state_field function_fields[] = {
    STATE_U8_ARRAY(struct pci_function, config),
    STATE_BOOL(struct pci_function, interrupt_level),
};
STATE_TABLE(pci_function_table, "pci_function", 1, function_fields, function_restored);

static unsigned bar_register(unsigned bar)
{
    return bar == PCI_ROM_BAR ? PCI_ROM_BASE : PCI_BAR0 + 4 * bar;
}

/* Where the registers want the window; false: nowhere. All ones, as written to find the size, is nowhere. */
static bool wanted_window(const struct pci_function *function, unsigned index, uint32_t *base)
{
    const struct pci_bar *bar = &function->bars[index];
    uint32_t value = load_le32(function->config + bar_register(index));
    uint32_t enable = bar->kind == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;

    *base = value & ~(bar->size - 1);
    if (!(function->config[PCI_COMMAND] & enable) || *base == 0 || *base == ~(bar->size - 1) ||
        (bar->kind == PCI_BAR_ROM && !(value & 1)))
        return false;
    if (bar->kind == PCI_BAR_IO)
        return *base <= 0x10000 - bar->size;
    return *base >= physical_map_ram_size(function->bus->bay.memory) && *base <= FIRST_FIXED_ADDRESS - bar->size;
}

static void update_window(struct pci_function *function, unsigned index)
{
    struct pci_bar *bar = &function->bars[index];
    uint32_t base;
    bool wanted;

    if (bar->kind == PCI_BAR_NONE)
        return;
    wanted = wanted_window(function, index, &base);
    if (wanted == bar->is_mapped && (!wanted || base == bar->mapped))
        return;
    if (bar->is_mapped)
        function->moved(function->owner, index, bar->mapped, false);
    bar->is_mapped = wanted;
    bar->mapped = wanted ? base : 0;
    if (wanted)
        function->moved(function->owner, index, base, true);
}

void pci_function_update_windows(struct pci_function *function)
{
    for (unsigned i = 0; i < PCI_BAR_COUNT; i++)
        update_window(function, i);
}

static void config_write(struct pci_function *function, unsigned offset, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++, value >>= 8) {
        uint8_t *byte = &function->config[offset + i], mask = function->writable[offset + i];

        *byte = (uint8_t)((*byte & ~mask) | (value & mask));
        *byte &= (uint8_t) ~(value & function->write_one_clears[offset + i]);
    }
    pci_function_update_windows(function);
    if (function->written)
        function->written(function->owner, offset, size);
}

static uint32_t config_read(const struct pci_function *function, unsigned offset, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = size; i-- > 0;)
        value = value << 8 | function->config[offset + i];
    return value;
}

/* The function that the address latch selects, or NULL: mechanism off, another bus, or an empty slot (master abort). */
static struct pci_function *selected(const struct pci_bus *bus)
{
    if (!(bus->address & ADDRESS_ENABLE) || bit_field(bus->address, 16, 8) != 0)
        return NULL;
    return bus->functions[bit_field(bus->address, 8, 8)];
}

/* CF8 is the latch for doublewords only; other sizes are ordinary port accesses, which nothing answers. */
static uint32_t address_read(void *device, uint16_t port, unsigned size)
{
    (void)port;
    return size == 4 ? ((struct pci_bus *)device)->address : UINT32_MAX;
}

static void address_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    (void)port;
    if (size == 4)
        ((struct pci_bus *)device)->address = value & ADDRESS_MASK;
}

/* An access that leaves the doubleword at CFC is two cycles on the bus. */
static bool crosses(uint16_t port, unsigned size)
{
    return (port & 3) + size > 4;
}

static uint32_t data_read(void *device, uint16_t port, unsigned size)
{
    struct pci_bus *bus = device;
    const struct pci_function *function = selected(bus);
    uint32_t value = 0;

    if (!crosses(port, size))
        return function ? config_read(function, (bus->address & 0xfc) + (port & 3), size) : UINT32_MAX;
    for (unsigned i = size; i-- > 0;)
        value = value << 8 | ports_read(bus->bay.ports, (uint16_t)(port + i), 1);
    return value;
}

static void data_write(void *device, uint16_t port, uint32_t value, unsigned size)
{
    struct pci_bus *bus = device;
    struct pci_function *function = selected(bus);

    if (!crosses(port, size)) {
        if (function)
            config_write(function, (bus->address & 0xfc) + (port & 3), value, size);
        return;
    }
    for (unsigned i = 0; i < size; i++)
        ports_write(bus->bay.ports, (uint16_t)(port + i), value >> 8 * i & 0xff, 1);
}

static unsigned link_of(const struct pci_function *function)
{
    return (function->config[PCI_INTERRUPT_PIN] - 1u + (function->device_function >> 3) - 1u) % INTERRUPT_LINKS;
}

/* A link is the wired OR of the pins on it. */
void pci_function_interrupt(struct pci_function *function, bool level)
{
    struct pci_bus *bus = function->bus;
    unsigned link = link_of(function);
    bool any = false;

    if (!function->config[PCI_INTERRUPT_PIN])
        return;
    function->interrupt_level = level;
    for (unsigned i = 0; i < 256; i++) {
        const struct pci_function *other = bus->functions[i];

        any |= other && other->interrupt_level && link_of(other) == link;
    }
    if (any == bus->links[link])
        return;
    bus->links[link] = any;
    if (bus->route.set)
        bus->route.set(bus->route.owner, bus->route.line + link, any);
}

static void put_mask32(uint8_t *mask, uint32_t value)
{
    store_le32(mask, value);
}

void pci_function_bar(struct pci_function *function, unsigned index, enum pci_bar_kind kind, uint32_t size)
{
    struct pci_bar *bar = &function->bars[index];
    unsigned offset = bar_register(index);
    uint32_t mask = ~(size - 1);

    bar->kind = kind;
    bar->size = size;
    if (kind == PCI_BAR_ROM)
        mask |= 1;
    put_mask32(function->writable + offset, mask);
    function->config[offset] = kind == PCI_BAR_IO ? 1 : kind == PCI_BAR_PREFETCHABLE ? 8 : 0;
    if (kind == PCI_BAR_IO)
        function->writable[PCI_COMMAND] |= PCI_COMMAND_IO;
    else
        function->writable[PCI_COMMAND] |= PCI_COMMAND_MEMORY;
}

void pci_function_identify(struct pci_function *function, uint16_t vendor, uint16_t device, uint32_t class_code,
                           uint8_t revision)
{
    store_le16(function->config + PCI_VENDOR_ID, vendor);
    store_le16(function->config + PCI_DEVICE_ID, device);
    function->config[PCI_REVISION] = revision;
    function->config[PCI_PROGRAMMING_INTERFACE] = (uint8_t)class_code;
    function->config[PCI_SUBCLASS] = (uint8_t)(class_code >> 8);
    function->config[PCI_CLASS] = (uint8_t)(class_code >> 16);
    function->writable[PCI_INTERRUPT_LINE] = 0xff;
}

void pci_bus_add(struct pci_bus *bus, struct pci_function *function, unsigned device, unsigned number)
{
    unsigned index = (device << 3 | number) & 0xff;

    if (bus->functions[index])
        abort(); /* the board is fixed: two functions in one place are our own defect */
    function->device_function = (uint8_t)index;
    function->bus = bus;
    bus->functions[index] = function;
    pci_function_update_windows(function);
}

void pci_bus_reset(struct pci_bus *bus)
{
    bus->address = 0;
    for (unsigned i = 0; i < 256; i++) {
        struct pci_function *function = bus->functions[i];

        if (!function)
            continue;
        for (unsigned n = 0; n < 2; n++)
            function->config[PCI_COMMAND + n] &= (uint8_t)~function->writable[PCI_COMMAND + n];
        for (unsigned bar = 0; bar < PCI_BAR_COUNT; bar++) {
            uint8_t *value = function->config + bar_register(bar);

            if (function->bars[bar].kind != PCI_BAR_NONE)
                store_le32(value, load_le32(value) & ~load_le32(function->writable + bar_register(bar)));
        }
        function->config[PCI_INTERRUPT_LINE] = 0;
        pci_function_update_windows(function);
    }
}

struct pci_bus *pci_bus_new(const struct bay *bay, struct wire route)
{
    struct pci_bus *bus = memory_new(sizeof *bus);

    bus->bay = *bay;
    bus->route = route;
    ports_claim(bay->ports, 0xcf8, 1, PORT_ANY, address_read, address_write, bus, "pci.address");
    ports_claim(bay->ports, 0xcfc, 4, PORT_ANY, data_read, data_write, bus, "pci.data");
    state_registry_add(bay->states, "pci", &bus_table, bus);
    return bus;
}

void pci_bus_free(struct pci_bus *bus)
{
    free(bus);
}
