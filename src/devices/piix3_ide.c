/* PIIX3 IDE: configuration space and bus master (82371SB data sheet 290550, sections 2.4, 2.6 and 3.6). */
#include "devices/piix3_ide.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"

#define PIIX3_DEVICE 1
#define IDE_FUNCTION 1
#define BAR_BUS_MASTER 4

enum { IDETIM = 0x40, SIDETIM = 0x44 };
enum { BMICOM_START = 0x01, BMICOM_READ = 0x08 /* the bus master writes memory */ };
enum { BMISTA_ACTIVE = 0x01, BMISTA_ERROR = 0x02, BMISTA_INTERRUPT = 0x04, BMISTA_CAPABLE = 0x60 };

/* One channel's bus master. */
struct bus_master {
    struct piix3_ide *ide;
    struct ata_channel *channel;
    uint8_t command, status;
    uint32_t table;         /* BMIDTP */
    uint32_t descriptor;    /* the next one to be fetched */
    uint32_t address, left; /* of the region in progress */
    bool last;              /* it has EOT */
    bool interrupt;         /* level of INTRQ, for its edge */
};

struct piix3_ide {
    struct bay bay;
    struct pci_function function;
    struct bus_master master[2];
    uint16_t base; /* of the ports claimed */
};

/* --- the transfer ------------------------------------------------------------------------------------------------- */

/* A descriptor: address, byte count (0: 64 KiB), EOT in bit 31. */
static void fetch_descriptor(struct bus_master *master)
{
    uint8_t bytes[8];

    physical_read(master->ide->bay.memory, master->descriptor, bytes, sizeof bytes);
    master->descriptor += 8;
    master->address = load_le32(bytes) & ~1u;
    master->left = load_le16(bytes + 4) & 0xFFFE;
    if (master->left == 0)
        master->left = 0x10000;
    master->last = bytes[7] & 0x80;
}

static size_t transfer(void *owner, uint8_t *bytes, size_t size, bool to_memory)
{
    struct bus_master *master = owner;
    struct physical_map *memory = master->ide->bay.memory;
    size_t moved = 0;

    if (!(master->status & BMISTA_ACTIVE) || !(master->ide->function.config[PCI_COMMAND] & PCI_COMMAND_MASTER) ||
        !(master->command & BMICOM_READ) != !to_memory)
        return 0;
    while (moved < size) {
        size_t piece;

        if (master->left == 0) {
            if (master->last) /* EOT was used up: the drive waits for more that never comes */
                break;
            fetch_descriptor(master);
        }
        piece = size - moved < master->left ? size - moved : master->left;
        if (to_memory)
            physical_write(memory, master->address, bytes + moved, piece);
        else
            physical_read(memory, master->address, bytes + moved, piece);
        moved += piece;
        master->address += (uint32_t)piece;
        master->left -= (uint32_t)piece;
    }
    if (master->left == 0 && master->last)
        master->status &= (uint8_t)~BMISTA_ACTIVE;
    return moved;
}

/* BMISTA bit 2 latches the rising edge of INTRQ. */
static void interrupt(void *owner, bool level)
{
    struct bus_master *master = owner;

    if (level && !master->interrupt)
        master->status |= BMISTA_INTERRUPT;
    master->interrupt = level;
}

/* --- bus master registers ----------------------------------------------------------------------------------------- */

static void write_command(struct bus_master *master, uint8_t value)
{
    uint8_t old = master->command;

    master->command = value & (BMICOM_START | BMICOM_READ);
    if (value & BMICOM_START && !(old & BMICOM_START)) {
        master->descriptor = master->table;
        master->left = 0;
        master->last = false;
        master->status |= BMISTA_ACTIVE;
        ata_channel_dma_started(master->channel);
    } else if (!(value & BMICOM_START)) {
        master->status &= (uint8_t)~BMISTA_ACTIVE;
    }
}

static uint32_t port_read(void *owner, uint16_t port, unsigned size)
{
    struct piix3_ide *ide = owner;
    unsigned offset = (port - ide->base) & 7;
    const struct bus_master *master = &ide->master[(port - ide->base) >> 3 & 1];

    (void)size;
    switch (offset) {
    case 0: return master->command;
    case 2: return master->status;
    case 4:
    case 5:
    case 6:
    case 7: return master->table >> 8 * (offset - 4) & 0xFF;
    default: return 0;
    }
}

static void port_write(void *owner, uint16_t port, uint32_t value, unsigned size)
{
    struct piix3_ide *ide = owner;
    unsigned offset = (port - ide->base) & 7, shift = 8 * (offset & 3);
    struct bus_master *master = &ide->master[(port - ide->base) >> 3 & 1];

    (void)size;
    switch (offset) {
    case 0: write_command(master, (uint8_t)value); break;
    case 2:
        master->status &= (uint8_t) ~(value & (BMISTA_ERROR | BMISTA_INTERRUPT));
        master->status = (uint8_t)((master->status & ~BMISTA_CAPABLE) | (value & BMISTA_CAPABLE));
        break;
    case 4:
    case 5:
    case 6:
    case 7: master->table = (master->table & ~(0xFFu << shift)) | ((value << shift) & ~3u); break;
    }
}

static void moved(void *owner, unsigned bar, uint32_t base, bool mapped)
{
    struct piix3_ide *ide = owner;

    if (bar != BAR_BUS_MASTER)
        return;
    ide->base = (uint16_t)base;
    if (mapped)
        ports_claim(ide->bay.ports, ide->base, 16, PORT_BYTE, port_read, port_write, ide, "piix3.ide");
    else
        ports_release(ide->bay.ports, ide->base, 16);
}

/* A drive that waits goes on when the command register lets the function be master. */
static void written(void *owner, unsigned offset, unsigned size)
{
    struct piix3_ide *ide = owner;

    (void)size;
    if (offset > PCI_COMMAND || !(ide->function.config[PCI_COMMAND] & PCI_COMMAND_MASTER))
        return;
    for (unsigned i = 0; i < 2; i++)
        if (ide->master[i].status & BMISTA_ACTIVE)
            ata_channel_dma_started(ide->master[i].channel);
}

/* --- state -------------------------------------------------------------------------------------------------------- */

static const struct state_field master_fields[] = {
    STATE_U8(struct bus_master, command),     STATE_U8(struct bus_master, status),      STATE_U32(struct bus_master, table),
    STATE_U32(struct bus_master, descriptor), STATE_U32(struct bus_master, address),    STATE_U32(struct bus_master, left),
    STATE_BOOL(struct bus_master, last),      STATE_BOOL(struct bus_master, interrupt),
};
static STATE_TABLE(master_table, "ide_bus_master", 1, master_fields, NULL);

static const struct state_field ide_fields[] = {
    STATE_STRUCT(struct piix3_ide, function, &pci_function_table),
    STATE_STRUCT_ARRAY(struct piix3_ide, master, &master_table),
};
static STATE_TABLE(ide_table, "piix3_ide", 1, ide_fields, NULL);

/* --- the board's side --------------------------------------------------------------------------------------------- */

void piix3_ide_reset(struct piix3_ide *ide)
{
    uint8_t *config = ide->function.config;

    memset(config + IDETIM, 0, 5);
    config[IDETIM + 1] = config[IDETIM + 3] = 0x80; /* decode enabled */
    store_le16(config + PCI_STATUS, 0x0280);        /* medium DEVSEL#, fast back to back */
    for (unsigned i = 0; i < 2; i++) {
        struct bus_master *master = &ide->master[i];

        master->command = master->status = 0;
        master->table = master->descriptor = master->left = 0;
        master->last = false;
    }
}

struct piix3_ide *piix3_ide_new(const struct bay *bay, struct ata_channel *primary, struct ata_channel *secondary)
{
    struct piix3_ide *ide = memory_new(sizeof *ide);
    struct ata_channel *channels[2] = {primary, secondary};

    ide->bay = *bay;
    ide->function.owner = ide;
    ide->function.moved = moved;
    ide->function.written = written;
    pci_function_identify(&ide->function, 0x8086, 0x7010, 0x010180, 0x00);
    pci_function_bar(&ide->function, BAR_BUS_MASTER, PCI_BAR_IO, 16);
    ide->function.writable[PCI_COMMAND] |= PCI_COMMAND_MASTER;
    memset(ide->function.writable + IDETIM, 0xFF, 5);
    ide->function.writable[IDETIM + 1] = ide->function.writable[IDETIM + 3] = 0xF3;
    ide->function.write_one_clears[PCI_STATUS + 1] = 0x38;
    for (unsigned i = 0; i < 2; i++) {
        struct ata_bus_master bus_master = {transfer, interrupt, &ide->master[i]};

        ide->master[i].ide = ide;
        ide->master[i].channel = channels[i];
        ata_channel_connect_bus_master(channels[i], &bus_master);
    }
    state_registry_add(bay->states, "piix3.ide", &ide_table, ide);
    piix3_ide_reset(ide);
    return ide;
}

void piix3_ide_attach(struct piix3_ide *ide, struct pci_bus *bus)
{
    pci_bus_add(bus, &ide->function, PIIX3_DEVICE, IDE_FUNCTION);
}

void piix3_ide_free(struct piix3_ide *ide)
{
    free(ide);
}
