/* The IDE controller of the 82371SB (PIIX3, 8086:7010), PCI device 1 function 1: bus master DMA for two ATA channels at
   their ISA addresses. */
#ifndef TRUEBOX_DEVICES_PIIX3_IDE_H
#define TRUEBOX_DEVICES_PIIX3_IDE_H

#include "devices/ata.h"
#include "devices/pci_bus.h"

struct piix3_ide;

/* Connects itself as bus master to both channels: create it before the machine runs. The channels answer at 1F0/170 whatever
   IDETIM's decode enable bits (set at reset) say, as they do on boards with the channels on the ISA bus. */
struct piix3_ide *piix3_ide_new(const struct bay *bay, struct ata_channel *primary, struct ata_channel *secondary);
void piix3_ide_attach(struct piix3_ide *ide, struct pci_bus *bus);
void piix3_ide_free(struct piix3_ide *ide);
void piix3_ide_reset(struct piix3_ide *ide);

#endif
