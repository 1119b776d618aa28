/* A fast 64-bit hash of bytes, the same on every host; for state hashes and trace blocks, not for security. */
#ifndef TRUEBOX_BASE_HASH_H
#define TRUEBOX_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SEED UINT64_C(0x7472756565626f78)

/* Continues `hash` over `size` bytes (start with HASH_SEED). Feeding pieces is not the same as feeding the whole. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);
uint64_t hash_u64(uint64_t hash, uint64_t value);

#endif
