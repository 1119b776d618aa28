/* The ISA bridge: Intel 82371SB (PIIX3, 8086:7000), PCI device 1 function 0: routes PCI interrupts to the 8259s and has the
   reset control register (CF9h). Its IDE controller is function 1 of the same device, a pci_function of its own. */
#ifndef TRUEBOX_DEVICES_PIIX3_H
#define TRUEBOX_DEVICES_PIIX3_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/pci_bus.h"

struct piix3;

enum { PIIX3_DEVICE = 1 };

/* `irq`: its `line` plus the IRQ number is driven as the PIRQ routing says. `reset` and `init` get a pulse (high, low) when
   CF9 asks for a hard or a soft reset. The bus's route wire is piix3_set_pirq. */
struct piix3 *piix3_new(const struct bay *bay, struct wire irq, struct wire reset, struct wire init);
void piix3_free(struct piix3 *bridge);
void piix3_reset(struct piix3 *bridge);

/* PIRQA#-PIRQD# (link 0-3) asserted or not; a wire. */
void piix3_set_pirq(void *bridge, unsigned link, bool asserted);

/* Puts the bridge on its bus, which was made after it. */
void piix3_attach(struct piix3 *bridge, struct pci_bus *bus);

#endif
