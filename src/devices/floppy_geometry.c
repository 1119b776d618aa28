/* The standard PC diskettes. */
#include "devices/floppy_geometry.h"

#include <stddef.h>

#include "base/bits.h"

static const struct floppy_geometry geometries[] = {
    {"160K", 40, 1, 8, FLOPPY_DRIVE_360K, 250},    {"180K", 40, 1, 9, FLOPPY_DRIVE_360K, 250},
    {"320K", 40, 2, 8, FLOPPY_DRIVE_360K, 250},    {"360K", 40, 2, 9, FLOPPY_DRIVE_360K, 250},
    {"720K", 80, 2, 9, FLOPPY_DRIVE_720K, 250},    {"1.2M", 80, 2, 15, FLOPPY_DRIVE_1200K, 500},
    {"1.44M", 80, 2, 18, FLOPPY_DRIVE_1440K, 500}, {"2.88M", 80, 2, 36, FLOPPY_DRIVE_2880K, 1000},
};

/* Taken only by an image of exactly this size. */
static const struct floppy_geometry special_geometries[] = {
    {"1.68M", 80, 2, 21, FLOPPY_DRIVE_1440K, 500}, /* distribution media format */
    {"1.72M", 82, 2, 21, FLOPPY_DRIVE_1440K, 500},
};

static unsigned total(const struct floppy_geometry *geometry)
{
    return (unsigned)geometry->cylinders * geometry->heads * geometry->sectors;
}

const struct floppy_geometry *floppy_geometry_for(uint64_t sectors)
{
    if (sectors == 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(special_geometries); i++)
        if (total(&special_geometries[i]) == sectors)
            return &special_geometries[i];
    for (size_t i = 0; i < ARRAY_LENGTH(geometries); i++)
        if (total(&geometries[i]) >= sectors)
            return &geometries[i];
    return NULL;
}

unsigned floppy_data_rate(enum floppy_drive_type type, const struct floppy_geometry *geometry)
{
    bool five_inch = geometry->drive == FLOPPY_DRIVE_360K || geometry->drive == FLOPPY_DRIVE_1200K;

    switch (type) {
    case FLOPPY_DRIVE_NONE: return 0;
    case FLOPPY_DRIVE_360K:
    case FLOPPY_DRIVE_720K: return geometry->drive == type ? geometry->kilobits : 0;
    case FLOPPY_DRIVE_1200K: return !five_inch ? 0 : geometry->drive == FLOPPY_DRIVE_360K ? 300 : geometry->kilobits;
    case FLOPPY_DRIVE_1440K: return five_inch || geometry->drive == FLOPPY_DRIVE_2880K ? 0 : geometry->kilobits;
    case FLOPPY_DRIVE_2880K: return five_inch ? 0 : geometry->kilobits;
    }
    return 0;
}

unsigned floppy_drive_tracks(enum floppy_drive_type type)
{
    return type == FLOPPY_DRIVE_NONE ? 0 : type == FLOPPY_DRIVE_360K ? 42 : 83;
}
