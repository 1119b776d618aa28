/* All system chips together under random port traffic: nothing crashes or hangs, and a snapshot taken at any moment has the
   same future as the machine it was taken from. */
#include <stdlib.h>
#include <string.h>

#include "devices/a20.h"
#include "devices/at_keyboard.h"
#include "devices/debug_ports.h"
#include "devices/i440fx.h"
#include "devices/i8042.h"
#include "devices/i8237.h"
#include "devices/i8254.h"
#include "devices/i8259.h"
#include "devices/mc146818.h"
#include "devices/piix3.h"
#include "devices/port61.h"
#include "devices/port92.h"
#include "devices/ps2_mouse.h"
#include "system_bench.h"

struct system {
    struct bench bench;
    struct probe intr, gate, other;
    struct i8259_pair *pic;
    struct i8254 *pit;
    struct port61 *port61;
    struct a20 *a20;
    struct i8042 *kbc;
    struct at_keyboard *keyboard;
    struct ps2_mouse *mouse;
    struct port92 *port92;
    struct mc146818 *rtc;
    struct i8237_pair *dma;
    struct piix3 *isa;
    struct pci_bus *bus;
    struct i440fx *host;
    struct debug_ports *debug;
    uint32_t seed;
};

static void system_open(struct system *s)
{
    struct mc146818_config cmos = {.seconds = 946684800, .memory_below_4g = UINT64_C(2) << 20, .boot_order = "acd"};
    struct debug_ports_config debug = {.exit_present = true, .exit_port = 0xf4};
    struct i440fx_config bridge;
    struct bay *bay = &s->bench.bay;
    struct wire other;

    memset(s, 0, sizeof *s);
    memset(&bridge, 0, sizeof bridge);
    bench_open(&s->bench, 5000000);
    other = probe_wire(&s->other, &s->bench);
    s->pic = i8259_pair_new(bay, probe_wire(&s->intr, &s->bench));
    s->pit = i8254_new(bay, (const struct wire[3]){{i8259_pair_set_irq, s->pic, 0}});
    s->port61 = port61_new(bay, s->pit);
    s->a20 = a20_new(bay, probe_wire(&s->gate, &s->bench));
    s->kbc = i8042_new(bay, (struct wire){i8259_pair_set_irq, s->pic, 1}, (struct wire){i8259_pair_set_irq, s->pic, 12},
                       (struct wire){a20_set, s->a20, A20_KEYBOARD_CONTROLLER}, other);
    s->keyboard = at_keyboard_new(bay, s->kbc);
    s->mouse = ps2_mouse_new(bay, s->kbc);
    s->port92 = port92_new(bay, (struct wire){a20_set, s->a20, A20_PORT92}, other);
    s->rtc = mc146818_new(bay, &cmos, (struct wire){i8259_pair_set_irq, s->pic, 8}, other);
    s->dma = i8237_pair_new(bay);
    s->isa = piix3_new(bay, (struct wire){i8259_pair_set_irq, s->pic, 0}, other, other);
    s->bus = pci_bus_new(bay, (struct wire){piix3_set_pirq, s->isa, 0});
    piix3_attach(s->isa, s->bus);
    s->host = i440fx_new(bay, s->bus, &bridge, other);
    s->debug = debug_ports_new(bay, &debug, other);
    s->seed = 2463534242u;
}

static void system_close(struct system *s)
{
    debug_ports_free(s->debug);
    i440fx_free(s->host);
    pci_bus_free(s->bus);
    piix3_free(s->isa);
    i8237_pair_free(s->dma);
    mc146818_free(s->rtc);
    port92_free(s->port92);
    ps2_mouse_free(s->mouse);
    at_keyboard_free(s->keyboard);
    i8042_free(s->kbc);
    a20_free(s->a20);
    port61_free(s->port61);
    i8254_free(s->pit);
    i8259_pair_free(s->pic);
    bench_close(&s->bench);
}

static uint32_t draw(struct system *s)
{
    s->seed ^= s->seed << 13;
    s->seed ^= s->seed >> 17;
    s->seed ^= s->seed << 5;
    return s->seed;
}

/* One random access, input or leap in time. */
static void act(struct system *s)
{
    static const uint16_t ports[] = {0x00, 0x08, 0x09, 0x0b, 0x0f, 0x20, 0x21,  0x40,  0x42,  0x43,  0x43,
                                     0x60, 0x60, 0x61, 0x64, 0x64, 0x64, 0x70,  0x71,  0x71,  0x81,  0x92,
                                     0xa0, 0xa1, 0xc0, 0xd0, 0xd4, 0xd6, 0x4d0, 0xcf8, 0xcf9, 0xcfc, 0xcfe};
    uint16_t port = (uint16_t)(ports[draw(s) % (sizeof ports / sizeof ports[0])] + (draw(s) % 4 ? 0 : draw(s) % 8));
    unsigned size = draw(s) % 8 ? 1 : 1u << draw(s) % 3;
    uint32_t value = draw(s), kind = draw(s) % 16;
    uint8_t bytes[64] = {0};

    if (port == 0xcf8)
        size = 4, value = 0x80000000 | (value & 0x18fc);
    if (kind < 7)
        ports_write(s->bench.bay.ports, port, size == 4 ? value : value & ((1u << 8 * size) - 1), size);
    else if (kind < 11)
        ports_read(s->bench.bay.ports, port, size);
    else if (kind == 11)
        at_keyboard_key(s->keyboard, (uint16_t)((value & 0x100 ? 0xe000 : 0) | (value & 0x7f)), value >> 9 & 1);
    else if (kind == 12)
        ps2_mouse_move(s->mouse, (int)(value & 0xff) - 128, (int)(value >> 8 & 0xff) - 128, (int)(value >> 16 & 3) - 1),
            ps2_mouse_buttons(s->mouse, value >> 24 & 0x1f);
    else if (kind == 13)
        i8237_transfer(s->dma, value & 7, bytes, 2 + (value >> 3 & 0x3e), value & 0x80 ? DMA_TO_MEMORY : DMA_FROM_MEMORY,
                       NULL);
    else if (kind == 14 && i8259_pair_interrupt_pending(s->pic))
        i8259_pair_acknowledge(s->pic);
    else
        bench_run_to(&s->bench, s->bench.schedule.now + (value % 64 ? value % 5000 : value % 20000000));
}

Test(system_traffic, random_ports_and_snapshots)
{
    static struct system s;

    system_open(&s);
    for (unsigned round = 0; round < 400; round++) {
        uint64_t hash, now;
        uint32_t seed;
        size_t size;
        uint8_t *saved;

        for (unsigned i = 0; i < 200; i++)
            act(&s);
        saved = bench_save(&s.bench, &size);
        seed = s.seed;
        now = s.bench.schedule.now;
        for (unsigned i = 0; i < 100; i++)
            act(&s);
        hash = state_registry_hash(s.bench.bay.states);
        for (unsigned i = 0; i < 50; i++)
            act(&s);
        bench_restore(&s.bench, saved, size, now);
        s.seed = seed;
        for (unsigned i = 0; i < 100; i++)
            act(&s);
        cr_assert_eq(state_registry_hash(s.bench.bay.states), hash, "round %u", round);
    }
    system_close(&s);
}

/* A damaged snapshot may be refused or give nonsense, but the chips stay within themselves. */
Test(system_traffic, damaged_snapshots)
{
    static struct system s;

    system_open(&s);
    for (unsigned round = 0; round < 200; round++) {
        size_t size;
        uint8_t *saved;

        for (unsigned i = 0; i < 50; i++)
            act(&s);
        saved = bench_save(&s.bench, &size);
        for (unsigned i = 0; i < 8; i++)
            saved[draw(&s) % size] = (uint8_t)draw(&s);
        state_registry_restore(s.bench.bay.states, saved, size);
        free(saved);
        for (unsigned i = 0; i < 50; i++)
            act(&s);
    }
    system_close(&s);
}
