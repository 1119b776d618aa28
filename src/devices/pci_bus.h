/* PCI bus 0 through configuration mechanism 1 (ports CF8 and CFC), and what a PCI function needs: a configuration space with
   writable masks, base address registers that move its port and memory windows, and interrupt pins. */
#ifndef TRUEBOX_DEVICES_PCI_BUS_H
#define TRUEBOX_DEVICES_PCI_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/bay.h"

/* Offsets in the configuration space (PCI 2.1, chapter 6). */
enum pci_register {
    PCI_VENDOR_ID = 0x00,
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_PROGRAMMING_INTERFACE = 0x09,
    PCI_SUBCLASS = 0x0a,
    PCI_CLASS = 0x0b,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SUBSYSTEM_VENDOR_ID = 0x2c,
    PCI_SUBSYSTEM_ID = 0x2e,
    PCI_ROM_BASE = 0x30,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d
};

enum pci_command_bits { PCI_COMMAND_IO = 1, PCI_COMMAND_MEMORY = 2, PCI_COMMAND_MASTER = 4 };

enum pci_bar_kind { PCI_BAR_NONE, PCI_BAR_IO, PCI_BAR_MEMORY, PCI_BAR_PREFETCHABLE, PCI_BAR_ROM };

enum { PCI_BAR_COUNT = 7, PCI_ROM_BAR = 6 };

struct pci_bar {
    enum pci_bar_kind kind;
    uint32_t size;   /* a power of two: ports from 4, memory from 4096 */
    uint32_t mapped; /* where the window is now, size 0 bytes if `is_mapped` is false */
    bool is_mapped;
};

/* One function, embedded in its device. The device fills in everything up to `owner` before pci_bus_add and registers
   pci_function_table as a nested struct of its own field table. */
struct pci_function {
    uint8_t config[256];
    uint8_t writable[256];         /* bits that software can change */
    uint8_t write_one_clears[256]; /* bits that a written one clears (status) */
    struct pci_bar bars[PCI_BAR_COUNT];
    /* After a write of `size` bytes at `offset` has changed config; may be NULL. */
    void (*written)(void *owner, unsigned offset, unsigned size);
    /* Window `bar` has moved: claim or route [base, base + size) if `mapped`, release it otherwise. Only memory and port
       decoding that the command register enables is reported. Needed if there are BARs. */
    void (*moved)(void *owner, unsigned bar, uint32_t base, bool mapped);
    void *owner;
    uint8_t device_function; /* device << 3 | function, set by pci_bus_add */
    struct pci_bus *bus;
    bool interrupt_level;
};

extern const struct state_table pci_function_table;

struct pci_bus;

/* `route` drives the board's four interrupt links (line 0 = PIRQA# ... 3 = PIRQD#), high meaning asserted; device d's pin
   INTx# is on link (x + d - 1) mod 4, as on Intel's 440FX boards. */
struct pci_bus *pci_bus_new(const struct bay *bay, struct wire route);
void pci_bus_free(struct pci_bus *bus);

/* PCIRST#: the address latch, and the command and base address registers of every function. Devices reset the rest of their
   configuration themselves. */
void pci_bus_reset(struct pci_bus *bus);

/* Puts `function` at device 0-31, function 0-7. */
void pci_bus_add(struct pci_bus *bus, struct pci_function *function, unsigned device, unsigned number);

/* Base address register `bar` of a function, before pci_bus_add: its window's kind and size. */
void pci_function_bar(struct pci_function *function, unsigned bar, enum pci_bar_kind kind, uint32_t size);

/* The identification every function has: 16-bit ids, 24-bit class code. */
void pci_function_identify(struct pci_function *function, uint16_t vendor, uint16_t device, uint32_t class_code,
                           uint8_t revision);

/* The function's interrupt pin (level). */
void pci_function_interrupt(struct pci_function *function, bool level);

/* Recomputes every window from the registers: for a `restored` callback or a device that changes its configuration itself.
 */
void pci_function_update_windows(struct pci_function *function);

#endif
