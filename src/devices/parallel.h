/* A standard parallel port (SPP) with a printer that takes every byte: data, status and control at three ports. */
#ifndef TRUEBOX_DEVICES_PARALLEL_H
#define TRUEBOX_DEVICES_PARALLEL_H

#include "devices/bay.h"
#include "devices/byte_sink.h"

struct parallel;

/* Claims three ports from `base` (378h for LPT1, with IRQ 7). A sink without `put` is a port with nothing plugged in. */
struct parallel *parallel_new(const struct bay *bay, const char *instance, uint16_t base, struct wire irq,
                              struct byte_sink sink);
void parallel_free(struct parallel *parallel);
void parallel_reset(struct parallel *parallel);

#endif
