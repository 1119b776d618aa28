/* The 82441FX host bridge, after Intel's data sheet 290549: identification, DRAM description, PAM and SMRAM. The registers
   that only tune timing are kept as written. */
#include "devices/i440fx.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"

enum bridge_register {
    PMCCFG = 0x50,
    DETURBO = 0x52,
    DBC = 0x53,
    AXC = 0x54,
    DRT = 0x55,
    DRAMC = 0x57,
    DRAMT = 0x58,
    PAM0 = 0x59,
    DRB0 = 0x60,
    FDHC = 0x68,
    MTT = 0x70,
    CLT = 0x71,
    SMRAM = 0x72,
    ERRCMD = 0x90,
    ERRSTS = 0x91,
    TRC = 0x93
};

enum pam_bits { PAM_READ = 1, PAM_WRITE = 2 };
enum smram_bits { DOPEN = 0x40, DCLS = 0x20, DLCK = 0x10, G_SMRAME = 0x08, C_BASE_SEG_A0000 = 0x02 };

struct i440fx {
    struct bay bay;
    struct i440fx_config config;
    struct wire smram_changed;
    struct pci_function function;
    uint8_t routed[I440FX_SEGMENTS]; /* enum pam_bits as the map has them now */
};

static uint8_t pam_of_segment(const struct i440fx *bridge, unsigned segment)
{
    const uint8_t *pam = bridge->function.config + PAM0;

    if (segment >= 12)
        return pam[0] >> 4 & 3; /* F0000-FFFFF is one piece */
    return pam[1 + segment / 2] >> (segment & 1 ? 4 : 0) & 3;
}

static void route_segment(struct i440fx *bridge, unsigned segment)
{
    uint8_t pam = pam_of_segment(bridge, segment);
    uint32_t base = I440FX_FIRST_SEGMENT + segment * I440FX_SEGMENT_SIZE;
    struct physical_source ram = {.target = PHYSICAL_RAM, .offset = base}, behind = bridge->config.behind[segment];

    bridge->routed[segment] = pam;
    physical_map_route(bridge->bay.memory, base, I440FX_SEGMENT_SIZE, pam & PAM_READ ? ram : behind,
                       pam & PAM_WRITE ? ram : behind);
}

static void route_changes(struct i440fx *bridge)
{
    for (unsigned segment = 0; segment < I440FX_SEGMENTS; segment++)
        if (bridge->routed[segment] != pam_of_segment(bridge, segment))
            route_segment(bridge, segment);
}

static void pulse_smram(struct i440fx *bridge)
{
    wire_set(&bridge->smram_changed, true);
    wire_set(&bridge->smram_changed, false);
}

/* Once locked, the register keeps its value and DOPEN is clear until the next reset. */
static void smram_written(struct i440fx *bridge)
{
    uint8_t *smram = &bridge->function.config[SMRAM];

    if (*smram & DLCK) {
        *smram &= (uint8_t)~DOPEN;
        bridge->function.writable[SMRAM] = 0;
    }
    pulse_smram(bridge);
}

static void written(void *owner, unsigned offset, unsigned size)
{
    struct i440fx *bridge = owner;

    route_changes(bridge);
    if (offset <= SMRAM && SMRAM < offset + size)
        smram_written(bridge);
}

static void restored(void *object)
{
    struct i440fx *bridge = object;

    bridge->function.writable[SMRAM] = bridge->function.config[SMRAM] & DLCK ? 0 : DOPEN | DCLS | DLCK | G_SMRAME;
    route_changes(bridge);
    pulse_smram(bridge);
}

static const struct state_field bridge_fields[] = {STATE_STRUCT(struct i440fx, function, &pci_function_table)};
static STATE_TABLE(bridge_table, "i440fx", 1, bridge_fields, restored);

struct i440fx_smram i440fx_smram(const struct i440fx *bridge)
{
    uint8_t smram = bridge->function.config[SMRAM];

    return (struct i440fx_smram){smram & G_SMRAME, smram & G_SMRAME && smram & DOPEN, smram & DCLS, smram & DLCK};
}

/* DRB0-7: where each row of memory ends, in units of 8 MiB. Rows of 128 MiB, the last one takes what is left. */
static void describe_memory(struct i440fx *bridge)
{
    uint64_t units = physical_map_ram_size(bridge->bay.memory) >> 23;

    for (unsigned row = 0; row < 8; row++) {
        uint64_t end = row < 7 && units > (row + 1) * 16u ? (row + 1) * 16u : units;

        bridge->function.config[DRB0 + row] = (uint8_t)(end > 255 ? 255 : end);
    }
}

static void make_writable(struct i440fx *bridge, unsigned first, unsigned count, uint8_t mask)
{
    memset(bridge->function.writable + first, mask, count);
}

void i440fx_reset(struct i440fx *bridge)
{
    uint8_t *config = bridge->function.config;

    config[PCI_COMMAND] = 0x06;
    store_le16(config + PCI_STATUS, 0x0280);
    memset(config + PMCCFG, 0, 0x100 - PMCCFG);
    config[DBC] = 0x83;
    config[DRAMC] = 0x01;
    config[DRAMT] = 0x10;
    config[SMRAM] = C_BASE_SEG_A0000;
    bridge->function.writable[SMRAM] = DOPEN | DCLS | DLCK | G_SMRAME;
    describe_memory(bridge);
    route_changes(bridge);
    pulse_smram(bridge);
}

struct i440fx *i440fx_new(const struct bay *bay, struct pci_bus *bus, const struct i440fx_config *config,
                          struct wire smram_changed)
{
    struct i440fx *bridge = memory_new(sizeof *bridge);

    bridge->bay = *bay;
    bridge->config = *config;
    bridge->smram_changed = smram_changed;
    bridge->function.written = written;
    bridge->function.owner = bridge;
    pci_function_identify(&bridge->function, 0x8086, 0x1237, 0x060000, 0x02);
    bridge->function.writable[PCI_INTERRUPT_LINE] = 0; /* a bridge has none */
    bridge->function.writable[PCI_COMMAND] = 0x40;
    bridge->function.writable[PCI_COMMAND + 1] = 0x01;
    bridge->function.write_one_clears[PCI_STATUS + 1] = 0xf9;
    make_writable(bridge, 0x0d, 1, 0xf8); /* latency timer */
    make_writable(bridge, PMCCFG, 8, 0xff);
    make_writable(bridge, DRAMT, 1, 0xff);
    make_writable(bridge, PAM0, 1, 0x30);
    make_writable(bridge, PAM0 + 1, 6, 0x33);
    make_writable(bridge, DRB0, 8, 0xff);
    make_writable(bridge, FDHC, 1, 0xc0);
    make_writable(bridge, MTT, 2, 0xff);
    make_writable(bridge, ERRCMD, 1, 0xff);
    bridge->function.write_one_clears[ERRSTS] = 0x11;
    make_writable(bridge, TRC, 1, 0x0e);
    for (unsigned segment = 0; segment < I440FX_SEGMENTS; segment++)
        route_segment(bridge, segment);
    i440fx_reset(bridge);
    pci_bus_add(bus, &bridge->function, 0, 0);
    state_registry_add(bay->states, "i440fx", &bridge_table, bridge);
    return bridge;
}

void i440fx_free(struct i440fx *bridge)
{
    free(bridge);
}
