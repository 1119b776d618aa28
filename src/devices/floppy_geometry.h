/* The standard PC diskettes and the drives that take them. */
#ifndef TRUEBOX_DEVICES_FLOPPY_GEOMETRY_H
#define TRUEBOX_DEVICES_FLOPPY_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#define FLOPPY_MAXIMUM_SECTORS 5760u /* 2.88 MB */

/* The numbers are those of CMOS register 10h. */
enum floppy_drive_type {
    FLOPPY_DRIVE_NONE = 0,
    FLOPPY_DRIVE_360K = 1,
    FLOPPY_DRIVE_1200K = 2,
    FLOPPY_DRIVE_720K = 3,
    FLOPPY_DRIVE_1440K = 4,
    FLOPPY_DRIVE_2880K = 5
};

struct floppy_geometry {
    const char *name;
    uint8_t cylinders, heads, sectors; /* sectors per track, 512 bytes each */
    enum floppy_drive_type drive;      /* the drive that this diskette belongs to */
    uint32_t kilobits;                 /* data rate per second in that drive */
};

/* The geometry of an image of `sectors` sectors: the smallest that holds it; NULL if none does (or 0). */
const struct floppy_geometry *floppy_geometry_for(uint64_t sectors);

/* The data rate in kbit/s at which a drive of `type` reads the diskette; 0 if it cannot. A 1.2M drive turns at 360 rpm,
   which makes 250 kbit/s diskettes come by at 300. */
unsigned floppy_data_rate(enum floppy_drive_type type, const struct floppy_geometry *geometry);

/* Cylinders that the drive's head can reach (80-cylinder drives step twice per cylinder of 40-cylinder diskettes). */
unsigned floppy_drive_tracks(enum floppy_drive_type type);

#endif
