/* Bit fields, alignment and byte-order helpers; nothing here knows about PCs. */
#ifndef TRUEBOX_BASE_BITS_H
#define TRUEBOX_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

ALWAYS_INLINE uint64_t bit_field(uint64_t value, unsigned low, unsigned count)
{
    return (value >> low) & ((UINT64_C(1) << count) - 1);
}

/* `value` of `width` bits (8, 16, 32 or 64) extended by its sign bit. */
ALWAYS_INLINE uint64_t sign_extend(uint64_t value, unsigned width)
{
    return (uint64_t)((int64_t)(value << (64 - width)) >> (64 - width));
}

/* All ones in the low `width` bits, 1 <= width <= 64. */
ALWAYS_INLINE uint64_t width_mask(unsigned width)
{
    return ~UINT64_C(0) >> (64 - width);
}

ALWAYS_INLINE uint16_t load_le16(const void *bytes)
{
    const uint8_t *b = bytes;
    return (uint16_t)(b[0] | b[1] << 8);
}

ALWAYS_INLINE uint32_t load_le32(const void *bytes)
{
    const uint8_t *b = bytes;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

ALWAYS_INLINE uint64_t load_le64(const void *bytes)
{
    return load_le32(bytes) | (uint64_t)load_le32((const uint8_t *)bytes + 4) << 32;
}

ALWAYS_INLINE void store_le16(void *bytes, uint16_t value)
{
    uint8_t *b = bytes;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
}

ALWAYS_INLINE void store_le32(void *bytes, uint32_t value)
{
    uint8_t *b = bytes;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
    b[2] = (uint8_t)(value >> 16);
    b[3] = (uint8_t)(value >> 24);
}

ALWAYS_INLINE void store_le64(void *bytes, uint64_t value)
{
    store_le32(bytes, (uint32_t)value);
    store_le32((uint8_t *)bytes + 4, (uint32_t)(value >> 32));
}

#endif
