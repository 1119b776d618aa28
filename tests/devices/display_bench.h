/* A test bench for the display and serial chips: ports, a clock, the address space, and a save/restore round trip. */
#ifndef TRUEBOX_TESTS_DEVICES_DISPLAY_BENCH_H
#define TRUEBOX_TESTS_DEVICES_DISPLAY_BENCH_H

#include "devices/bay.h"
#include "devices/vga.h"

struct bench {
    struct log log;
    struct schedule schedule;
    struct bay bay;
    bool irq;           /* level of the wire from bench_irq() */
    unsigned irq_edges; /* rising ones */
};

#define BENCH_FRAME_BUFFER UINT64_C(0xE0000000)

void bench_open(struct bench *bench); /* 100 MHz clock at 0 */
void bench_close(struct bench *bench);
struct wire bench_irq(struct bench *bench);

uint8_t in8(struct bench *bench, uint16_t port);
uint16_t in16(struct bench *bench, uint16_t port);
void out8(struct bench *bench, uint16_t port, uint8_t value);
void out16(struct bench *bench, uint16_t port, uint16_t value);
uint8_t peek8(struct bench *bench, uint64_t address);
void poke8(struct bench *bench, uint64_t address, uint8_t value);

/* Moves the clock to `when`, firing what falls due on the way at its own time. */
void clock_to(struct bench *bench, uint64_t when);
void clock_step_ns(struct bench *bench, uint64_t nanoseconds);

/* The whole state into a buffer, and back. */
uint8_t *bench_save(struct bench *bench);
void bench_restore(struct bench *bench, uint8_t *saved); /* frees `saved` */

#endif
