/* The real-time clock and its 128 bytes of battery-backed memory (ports 70h and 71h). */
#ifndef TRUEBOX_DEVICES_MC146818_H
#define TRUEBOX_DEVICES_MC146818_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/bay.h"

struct mc146818;

/* Drive types of CMOS byte 10h. */
enum cmos_floppy {
    CMOS_FLOPPY_NONE,
    CMOS_FLOPPY_360K,
    CMOS_FLOPPY_1200K,
    CMOS_FLOPPY_720K,
    CMOS_FLOPPY_1440K,
    CMOS_FLOPPY_2880K
};

/* Geometry of a hard disk as the setup program would have stored it; cylinders 0: no disk. */
struct cmos_disk {
    uint16_t cylinders;
    uint8_t heads;
    uint8_t sectors;
};

/* What the setup program of this board has left in the memory. */
struct mc146818_config {
    int64_t seconds;          /* local time at clock 0, since 1970-01-01T00:00:00; years 1900-2099 */
    uint64_t memory_below_4g; /* bytes of RAM from address 0 */
    uint64_t memory_above_4g; /* bytes of RAM from 4 GiB */
    enum cmos_floppy floppies[2];
    struct cmos_disk disks[2]; /* primary master and slave */
    char boot_order[4];        /* letters of a, c, d, zero-terminated */
    bool coprocessor;
    bool mouse; /* PS/2 pointing device */
    unsigned processors;
};

/* `irq` is IRQ 8; `nmi_masked` follows bit 7 of port 70h (high: NMI is held off, as after power-on). */
struct mc146818 *mc146818_new(const struct bay *bay, const struct mc146818_config *config, struct wire irq,
                              struct wire nmi_masked);
void mc146818_free(struct mc146818 *rtc);

/* The RESET pin: interrupt enables and flags clear, time and memory stay. */
void mc146818_reset(struct mc146818 *rtc);

/* A byte of the memory as the guest would read it, without side effects. */
uint8_t mc146818_peek(const struct mc146818 *rtc, unsigned index);

#endif
