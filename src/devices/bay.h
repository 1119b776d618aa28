/* What every device needs of the house: passed to each xxx_new() beside its own wires (R7). */
#ifndef TRUEBOX_DEVICES_BAY_H
#define TRUEBOX_DEVICES_BAY_H

#include "base/log.h"
#include "base/schedule.h"
#include "base/state.h"
#include "devices/ports.h"
#include "devices/wire.h"
#include "mmu/physical_map.h"

struct bay {
    struct log *log;
    struct schedule *schedule;
    struct state_registry *states;
    struct ports *ports;
    struct physical_map *memory;
};

#endif
