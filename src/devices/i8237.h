/* The PC/AT's two 8237A DMA controllers with their page registers (ports 00-0F, C0-DF, 81-8F without 80). */
#ifndef TRUEBOX_DEVICES_I8237_H
#define TRUEBOX_DEVICES_I8237_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/bay.h"

struct i8237_pair;

/* Seen from the peripheral; the data sheet calls the first "write transfer" and the second "read transfer". */
enum dma_direction { DMA_TO_MEMORY, DMA_FROM_MEMORY };

struct i8237_pair *i8237_pair_new(const struct bay *bay);
void i8237_pair_free(struct i8237_pair *pair);

/* The RESET pin of both chips (the page registers keep their values). */
void i8237_pair_reset(struct i8237_pair *pair);

/* DREQ of `channel` 0-7 as a wire: shows in the status register. It moves nothing by itself. */
void i8237_set_dreq(void *pair, unsigned channel, bool level);

/* Would the controller grant `channel` (0-3, 5-7) a cycle now? False while it is masked, its controller is disabled or the
   cascade (channel 4) is closed. A peripheral that asks at each byte time and gets false has an overrun, as in hardware. */
bool i8237_ready(const struct i8237_pair *pair, unsigned channel);

/* The peripheral on `channel` moves up to `count` bytes (an even number on the 16-bit channels 5-7) to or from guest memory.
   Returns how many were moved: fewer than `count` if the channel is not ready or terminal count came first. *terminal_count
   (may be NULL) is set true when the last byte moved carried TC; the channel is then masked or, with autoinitialization,
   reloaded, and another call goes on. On a verify transfer, or when the guest programmed the other direction, bytes are
   counted but memory is neither read nor written; the peripheral receives FF. */
size_t i8237_transfer(struct i8237_pair *pair, unsigned channel, uint8_t *bytes, size_t count, enum dma_direction direction,
                      bool *terminal_count);

#endif
