/* The host's own x87 and SSE as references for the soft floating point, and the operands to compare them with. On other
   hosts HOST_X87 is 0 and the comparing tests say that they are skipped. */
#ifndef TRUEBOX_TESTS_SOFTFLOAT_HOST_H
#define TRUEBOX_TESTS_SOFTFLOAT_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "cpu/fpu/softfloat.h"

#if defined(__x86_64__) || defined(__i386__)
#define HOST_X87 1
#else
#define HOST_X87 0
#endif

struct host_image { /* 80 bits as memory has them */
    uint8_t bytes[10];
};

enum { STATUS_C0 = 1 << 8, STATUS_C1 = 1 << 9, STATUS_C2 = 1 << 10, STATUS_C3 = 1 << 14 };

struct float80 host_value(const struct host_image *image);
struct host_image host_image(struct float80 value);

/* Operands that have broken floating point before: zeros, denormals of every kind, the edges of each format and precision,
   infinities, NaNs, what is not supported. */
extern const struct float80 boundary_values[];
extern const size_t boundary_count;
/* Any operand: bit patterns, values near the boundaries, small integers, near each other. */
struct float80 random_value(uint64_t *state);
uint64_t random_bits(uint64_t *state);

/* The status that a control word means. */
struct fp_status status_of_control(uint16_t control);

/* Control words: all rounding and precision modes, with all masked, none masked, and each exception unmasked alone. */
uint16_t control_word(unsigned index);
enum { CONTROL_WORDS = 4 * 3 * 8 };

/* a <operation> b on the host: ST0 = a, ST1 = b; the result is ST0 afterwards. */
enum host_operation {
    HOST_ADD,
    HOST_SUB,
    HOST_SUBR,
    HOST_MUL,
    HOST_DIV,
    HOST_DIVR,
    HOST_SQRT,
    HOST_PREM,
    HOST_PREM1,
    HOST_RNDINT,
    HOST_SCALE,
    HOST_COM,
    HOST_UCOM,
    HOST_TST,
    HOST_XAM,
    HOST_ABS,
    HOST_CHS,
    HOST_2XM1,
    HOST_SIN,
    HOST_COS,
    HOST_XTRACT, /* XTRACT: the significand */
    HOST_PATAN,
    HOST_YL2X,
    HOST_YL2XP1,
    HOST_PTAN, /* FPATAN of ST1 / ST0; FPTAN: the tangent */
    HOST_OPERATIONS
};
struct float80 host_run(enum host_operation operation, uint16_t control, struct float80 a, struct float80 b,
                        uint16_t *status);

/* Stores and loads of memory formats; results start out as bytes of AAh. */
enum host_format { HOST_FLOAT32, HOST_FLOAT64, HOST_INT16, HOST_INT32, HOST_INT64, HOST_BCD, HOST_FORMATS };
void host_x87_store(enum host_format format, uint16_t control, struct float80 value, uint8_t bytes[16], uint16_t *status);
struct float80 host_x87_load(enum host_format format, uint16_t control, const uint8_t bytes[16], uint16_t *status);

/* Scalar SSE: add, sub, mul, div, sqrt of 32 and 64 bits under an MXCSR whose exceptions are all masked; returns the flags.
 */
enum sse_operation { SSE_ADD, SSE_SUB, SSE_MUL, SSE_DIV, SSE_SQRT, SSE_OPERATIONS };
uint32_t host_sse32(enum sse_operation operation, uint32_t mxcsr, uint32_t a, uint32_t b, unsigned *flags);
uint64_t host_sse64(enum sse_operation operation, uint32_t mxcsr, uint64_t a, uint64_t b, unsigned *flags);

#endif
