/* 128-bit integers for the soft floating point: with the compiler's own type where it has one, else by halves. */
#ifndef TRUEBOX_CPU_FPU_SOFTFLOAT_WIDE_H
#define TRUEBOX_CPU_FPU_SOFTFLOAT_WIDE_H

#include <stdbool.h>
#include <stdint.h>

struct wide {
    uint64_t hi, lo;
};

static inline struct wide wide_add(struct wide a, struct wide b)
{
    uint64_t lo = a.lo + b.lo;

    return (struct wide){a.hi + b.hi + (lo < a.lo), lo};
}

static inline struct wide wide_subtract(struct wide a, struct wide b)
{
    return (struct wide){a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo};
}

static inline bool wide_less(struct wide a, struct wide b)
{
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

static inline bool wide_is_zero(struct wide a)
{
    return !(a.hi | a.lo);
}

static inline struct wide wide_shift_left(struct wide a, unsigned count) /* count < 128 */
{
    if (count >= 64)
        return (struct wide){a.lo << (count - 64), 0};
    return count ? (struct wide){a.hi << count | a.lo >> (64 - count), a.lo << count} : a;
}

static inline struct wide wide_shift_right(struct wide a, unsigned count) /* any count */
{
    if (count >= 128)
        return (struct wide){0, 0};
    if (count >= 64)
        return (struct wide){0, a.hi >> (count - 64)};
    return count ? (struct wide){a.hi >> count, a.lo >> count | a.hi << (64 - count)} : a;
}

/* The bits shifted out are or-ed into the last one. */
static inline struct wide wide_shift_right_sticky(struct wide a, unsigned count)
{
    struct wide shifted = wide_shift_right(a, count), back;

    if (!count)
        return a;
    if (count >= 128) {
        shifted.lo = !wide_is_zero(a);
        return shifted;
    }
    back = wide_shift_left(shifted, count);
    shifted.lo |= back.hi != a.hi || back.lo != a.lo;
    return shifted;
}

static inline unsigned leading_zeros64(uint64_t value) /* value not 0 */
{
    return (unsigned)__builtin_clzll(value);
}

static inline unsigned wide_leading_zeros(struct wide a) /* not 0 */
{
    return a.hi ? leading_zeros64(a.hi) : 64 + leading_zeros64(a.lo);
}

static inline struct wide wide_product(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (struct wide){(uint64_t)(product >> 64), (uint64_t)product};
}

/* The quotient of a by b, with a.hi < b; the remainder goes to *remainder. */
static inline uint64_t wide_divide(struct wide a, uint64_t b, uint64_t *remainder)
{
    unsigned __int128 dividend = (unsigned __int128)a.hi << 64 | a.lo;

    *remainder = (uint64_t)(dividend % b);
    return (uint64_t)(dividend / b);
}

#endif
