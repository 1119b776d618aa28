/* A board with nothing but clock, ports, RAM, DMA and interrupt lines, for testing drives by their ports. */
#ifndef TRUEBOX_TESTS_STORAGE_BENCH_H
#define TRUEBOX_TESTS_STORAGE_BENCH_H

#include "devices/bay.h"
#include "devices/block.h"
#include "devices/i8237.h"

struct bench {
    struct schedule schedule;
    struct bay bay;
    struct i8237_pair *dma;
    struct block_list blocks;
    bool irq[16];
    unsigned irq_edges[16];
    uint8_t *saved;
    size_t saved_size;
    uint64_t saved_clock;
};

struct bench *bench_new(void);
void bench_free(struct bench *bench);
struct wire bench_irq(struct bench *bench, unsigned line);

uint32_t bench_in(struct bench *bench, uint16_t port, unsigned size);
void bench_out(struct bench *bench, uint16_t port, uint32_t value, unsigned size);
static inline uint8_t in8(struct bench *bench, uint16_t port)
{
    return (uint8_t)bench_in(bench, port, 1);
}
static inline void out8(struct bench *bench, uint16_t port, uint8_t value)
{
    bench_out(bench, port, value, 1);
}

/* Lets `counts` pass, firing what is due at its own time. */
void bench_run(struct bench *bench, uint64_t counts);

/* Skips from event to event until the line is high (true) or nothing is queued or `limit` virtual nanoseconds have passed.
 */
bool bench_wait_irq(struct bench *bench, unsigned line, uint64_t limit_ns);

/* Saves all state; bench_restore brings it back, clock included. */
void bench_save(struct bench *bench);
void bench_restore(struct bench *bench);
uint64_t bench_hash(struct bench *bench);

/* A temporary file of `size` bytes where byte i of sector n is (n + i / 2) or so (see pattern_byte), in the test's
   directory; removed when all tests have run. Returns its name. */
const char *temporary_image(uint64_t size);
const char *temporary_file(const void *bytes, size_t size);
uint8_t pattern_byte(uint64_t offset);

#endif
