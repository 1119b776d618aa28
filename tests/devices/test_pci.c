/* PCI configuration mechanism 1, the 82441FX and the 82371SB against their data sheets, with a function of the test's own.
 */
#include <string.h>

#include "devices/i440fx.h"
#include "devices/i8259.h"
#include "devices/pci_bus.h"
#include "devices/piix3.h"
#include "system_bench.h"

static struct bench bench;
static struct probe reset, init, smram, intr;
static struct i8259_pair *pic;
static struct piix3 *isa;
static struct pci_bus *bus;
static struct i440fx *host;
static uint8_t rom_bytes[0x40000];

/* A function with a port window, a memory window and a ROM. */
static struct {
    struct pci_function function;
    uint32_t base[PCI_BAR_COUNT];
    bool mapped[PCI_BAR_COUNT];
    unsigned moves;
} card;

static void card_moved(void *owner, unsigned bar, uint32_t base, bool mapped)
{
    (void)owner;
    card.base[bar] = base;
    card.mapped[bar] = mapped;
    card.moves++;
}

static const struct state_field card_fields[] = {
    {"function", STATE_KIND_STRUCT, STATE_VISIBLE, 0, 1, sizeof(struct pci_function), &pci_function_table},
};
static STATE_TABLE(card_table, "card", 1, card_fields, NULL);

static void setup(void)
{
    struct i440fx_config config;
    struct physical_rom *rom;

    bench_open(&bench, 100000000);
    memset(rom_bytes, 0xee, sizeof rom_bytes);
    rom = physical_map_new_rom(bench.bay.memory, rom_bytes, sizeof rom_bytes);
    for (unsigned i = 0; i < I440FX_SEGMENTS; i++)
        config.behind[i] = (struct physical_source){.target = PHYSICAL_ROM, .rom = rom, .offset = i * I440FX_SEGMENT_SIZE};
    pic = i8259_pair_new(&bench.bay, probe_wire(&intr, &bench));
    isa = piix3_new(&bench.bay, (struct wire){i8259_pair_set_irq, pic, 0}, probe_wire(&reset, &bench),
                    probe_wire(&init, &bench));
    bus = pci_bus_new(&bench.bay, (struct wire){piix3_set_pirq, isa, 0});
    piix3_attach(isa, bus);
    host = i440fx_new(&bench.bay, bus, &config, probe_wire(&smram, &bench));
    memset(&card, 0, sizeof card);
    pci_function_identify(&card.function, 0x1234, 0x5678, 0x020000, 3);
    card.function.config[PCI_INTERRUPT_PIN] = 1;
    card.function.moved = card_moved;
    pci_function_bar(&card.function, 0, PCI_BAR_IO, 0x20);
    pci_function_bar(&card.function, 1, PCI_BAR_MEMORY, 0x10000);
    pci_function_bar(&card.function, PCI_ROM_BAR, PCI_BAR_ROM, 0x8000);
    pci_bus_add(bus, &card.function, 3, 0);
    state_registry_add(bench.bay.states, "card", &card_table, &card);
}

static void teardown(void)
{
    i440fx_free(host);
    pci_bus_free(bus);
    piix3_free(isa);
    i8259_pair_free(pic);
    bench_close(&bench);
}

TestSuite(pci, .init = setup, .fini = teardown);

static void latch(unsigned device, unsigned function, unsigned offset)
{
    ports_write(bench.bay.ports, 0xcf8, 0x80000000u | device << 11 | function << 8 | (offset & 0xfc), 4);
}

static uint32_t get(unsigned device, unsigned offset, unsigned size)
{
    latch(device, 0, offset);
    return ports_read(bench.bay.ports, (uint16_t)(0xcfc + (offset & 3)), size);
}

static void put(unsigned device, unsigned offset, uint32_t value, unsigned size)
{
    latch(device, 0, offset);
    ports_write(bench.bay.ports, (uint16_t)(0xcfc + (offset & 3)), value, size);
}

Test(pci, mechanism_1)
{
    cr_assert_eq(get(0, 0, 4), 0x12378086);
    cr_assert_eq(get(1, 0, 4), 0x70008086);
    cr_assert_eq(get(1, 8, 4), 0x06010000);
    cr_assert_eq(get(1, 0x0e, 1), 0x80);
    cr_assert_eq(get(3, 2, 2), 0x5678);
    cr_assert_eq(get(3, 1, 1), 0x12);
    cr_assert_eq(get(2, 0, 4), 0xffffffff, "an empty slot");
    latch(1, 3, 0);
    cr_assert_eq(ports_read(bench.bay.ports, 0xcfc, 2), 0xffff, "no such function");
    ports_write(bench.bay.ports, 0xcf8, 0x80010000, 4);
    cr_assert_eq(ports_read(bench.bay.ports, 0xcfc, 4), 0xffffffff, "no such bus");
    ports_write(bench.bay.ports, 0xcf8, 0x00000000, 4);
    cr_assert_eq(ports_read(bench.bay.ports, 0xcfc, 4), 0xffffffff, "not enabled");
    ports_write(bench.bay.ports, 0xcf8, 0xffffffff, 4);
    cr_assert_eq(ports_read(bench.bay.ports, 0xcf8, 4), 0x80fffffc);
    ports_write(bench.bay.ports, 0xcf8, 0x80000000, 4);
    ports_write(bench.bay.ports, 0xcf8, 0x55, 1);
    ports_write(bench.bay.ports, 0xcfa, 0x5555, 2);
    cr_assert_eq(ports_read(bench.bay.ports, 0xcf8, 4), 0x80000000, "the latch takes doublewords only");
    cr_assert_eq(ports_read(bench.bay.ports, 0xcf8, 2), 0xffff);
    cr_assert_eq(ports_read(bench.bay.ports, 0xcfe, 4), 0xffff1237, "what leaves the doubleword is another cycle");
}

Test(pci, windows)
{
    put(3, 0x10, 0xffffffff, 4);
    cr_assert_eq(get(3, 0x10, 4), 0xffffffe1, "size 32, ports");
    put(3, 0x14, 0xffffffff, 4);
    cr_assert_eq(get(3, 0x14, 4), 0xffff0000);
    put(3, 0x30, 0xffffffff, 4);
    cr_assert_eq(get(3, 0x30, 4), 0xffff8001);
    put(3, 0x18, 0xffffffff, 4);
    cr_assert_eq(get(3, 0x18, 4), 0, "no such register");
    put(3, 4, 3, 2);
    cr_assert_eq(card.moves, 0, "all ones is nowhere");
    put(3, 0x10, 0xc100, 4);
    cr_assert(card.mapped[0] && card.base[0] == 0xc100);
    put(3, 0x14, 0xe0001234, 4);
    cr_assert(card.mapped[1] && card.base[1] == 0xe0000000);
    put(3, 0x16, 0xe123, 2);
    cr_assert(card.mapped[1] && card.base[1] == 0xe1230000, "by words too");
    put(3, 0x30, 0xe2000000, 4);
    cr_assert_not(card.mapped[6], "the ROM has an enable bit of its own");
    put(3, 0x30, 0xe2000001, 4);
    cr_assert(card.mapped[6]);
    put(3, 4, 1, 1);
    cr_assert(card.mapped[0] && !card.mapped[1] && !card.mapped[6]);
    put(3, 4, 3, 1);
    put(3, 0x14, 0x00100000, 4);
    cr_assert_not(card.mapped[1], "RAM is there");
    put(3, 0x14, 0xfffc0000, 4);
    cr_assert_not(card.mapped[1], "the BIOS is there");
    pci_bus_reset(bus);
    cr_assert_not(card.mapped[0]);
    cr_assert_eq(get(3, 0x10, 4), 1);
    put(3, 0, 0, 4);
    cr_assert_eq(get(3, 0, 4), 0x56781234, "read only");
}

Test(pci, interrupt_routing)
{
    static const uint8_t words[] = {0x11, 0x08, 0x04, 0x01}, slave[] = {0x11, 0x70, 0x02, 0x01};

    out8(&bench, 0x20, words[0]), out8(&bench, 0xa0, slave[0]);
    for (unsigned i = 1; i < 4; i++)
        out8(&bench, 0x21, words[i]), out8(&bench, 0xa1, slave[i]);
    out8(&bench, 0x4d1, 0x0c);
    pci_function_interrupt(&card.function, true);
    cr_assert_not(intr.level, "routing is off after reset");
    put(1, 0x62, 0x0b, 1); /* device 3, INTA#: link 2, PIRQC# */
    cr_assert(intr.level);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x73);
    out8(&bench, 0xa0, 0x20), out8(&bench, 0x20, 0x20);
    cr_assert(intr.level, "level-triggered: still asserted");
    put(1, 0x62, 0x0a, 1);
    cr_assert_eq(i8259_pair_acknowledge(pic), 0x72);
    out8(&bench, 0xa0, 0x20), out8(&bench, 0x20, 0x20);
    pci_function_interrupt(&card.function, false);
    cr_assert_not(intr.level);
    put(1, 0x62, 0x02, 1);
    pci_function_interrupt(&card.function, true);
    cr_assert_not(intr.level, "IRQ 2 cannot be had");
}

Test(pci, reset_control)
{
    out8(&bench, 0xcf9, 0x02);
    cr_assert_eq(reset.rises + init.rises, 0);
    out8(&bench, 0xcf9, 0x06);
    cr_assert_eq(reset.rises, 1);
    out8(&bench, 0xcf9, 0x06);
    cr_assert_eq(reset.rises, 1, "only the rising bit");
    cr_assert_eq(in8(&bench, 0xcf9), 0x06);
    out8(&bench, 0xcf9, 0x00);
    out8(&bench, 0xcf9, 0x04);
    cr_assert_eq(init.rises, 1);
    cr_assert_eq(reset.rises, 1);
}

static uint8_t peek(uint32_t address)
{
    uint8_t byte;

    physical_read(bench.bay.memory, address, &byte, 1);
    return byte;
}

static void poke(uint32_t address, uint8_t byte)
{
    physical_write(bench.bay.memory, address, &byte, 1);
}

Test(pci, programmable_attribute_map)
{
    static const struct {
        uint8_t offset, shift;
        uint32_t first, last;
    } segments[] = {
        {0x5a, 0, 0xc0000, 0xc3fff}, {0x5a, 4, 0xc4000, 0xc7fff}, {0x5b, 0, 0xc8000, 0xcbfff}, {0x5b, 4, 0xcc000, 0xcffff},
        {0x5c, 0, 0xd0000, 0xd3fff}, {0x5c, 4, 0xd4000, 0xd7fff}, {0x5d, 0, 0xd8000, 0xdbfff}, {0x5d, 4, 0xdc000, 0xdffff},
        {0x5e, 0, 0xe0000, 0xe3fff}, {0x5e, 4, 0xe4000, 0xe7fff}, {0x5f, 0, 0xe8000, 0xebfff}, {0x5f, 4, 0xec000, 0xeffff},
        {0x59, 4, 0xf0000, 0xfffff},
    };

    for (unsigned i = 0; i < 13; i++) {
        uint32_t first = segments[i].first, last = segments[i].last;

        cr_assert_eq(peek(first), 0xee);
        put(0, segments[i].offset, 2u << segments[i].shift, 1);
        poke(first, 0x11), poke(last, 0x22);
        cr_assert_eq(peek(first), 0xee, "reads still come from the ROM");
        put(0, segments[i].offset, 1u << segments[i].shift, 1);
        cr_assert_eq(peek(first), 0x11);
        cr_assert_eq(peek(last), 0x22);
        cr_assert_eq(peek(first - 1) == 0x22, false, "the neighbour below is as it was");
        poke(first, 0x33);
        cr_assert_eq(peek(first), 0x11, "write protected");
        put(0, segments[i].offset, 3u << segments[i].shift, 1);
        poke(first, 0x33);
        cr_assert_eq(peek(first), 0x33);
        put(0, segments[i].offset, 0, 1);
        cr_assert_eq(peek(first), 0xee);
    }
    put(0, 0x58, 0x3333ffff, 4);
    cr_assert_eq(get(0, 0x59, 1), 0x30, "reserved bits read as zero");
}

Test(pci, smram_locks)
{
    cr_assert_eq(get(0, 0x72, 1), 0x02);
    put(0, 0x72, 0x4a, 1);
    cr_assert(i440fx_smram(host).open && i440fx_smram(host).enabled);
    cr_assert_gt(smram.rises, 1);
    put(0, 0x72, 0x5a, 1);
    cr_assert_eq(get(0, 0x72, 1), 0x1a, "locking closes");
    put(0, 0x72, 0x4a, 1);
    cr_assert_eq(get(0, 0x72, 1), 0x1a);
    i440fx_reset(host);
    cr_assert_eq(get(0, 0x72, 1), 0x02);
    put(0, 0x72, 0x4a, 1);
    cr_assert(i440fx_smram(host).open);
}

Test(pci, saved_and_restored_routes)
{
    size_t size;
    uint8_t *saved;
    uint64_t hash;

    put(0, 0x5f, 0x33, 1);
    poke(0xec000, 0x77);
    put(3, 0x10, 0xc100, 4);
    put(3, 4, 1, 1);
    hash = state_registry_hash(bench.bay.states);
    saved = bench_save(&bench, &size);
    put(0, 0x5f, 0x00, 1);
    put(3, 0x10, 0xd100, 4);
    put(0, 0x72, 0x1a, 1);
    bench_restore(&bench, saved, size, 0);
    cr_assert_eq(state_registry_hash(bench.bay.states), hash);
    cr_assert_eq(peek(0xec000), 0x77);
    cr_assert(card.mapped[0] && card.base[0] == 0xc100);
    put(0, 0x72, 0x4a, 1);
    cr_assert_eq(get(0, 0x72, 1), 0x4a);
}
