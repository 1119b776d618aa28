/* Multiply-fold hash over little-endian 64-bit words. */
#include "base/hash.h"

#include "base/bits.h"

uint64_t hash_u64(uint64_t hash, uint64_t value)
{
    unsigned __int128 product =
        (unsigned __int128)(hash ^ value ^ UINT64_C(0x9e3779b97f4a7c15)) * (UINT64_C(0xd6e8feb86659fd93) + 2 * value);
    uint64_t folded = (uint64_t)product ^ (uint64_t)(product >> 64) ^ (hash << 23 | hash >> 41);

    return folded * UINT64_C(0x9fb21c651e98df25) + value;
}

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint8_t tail[8] = {0};

    hash = hash_u64(hash, size);
    for (; size >= 8; size -= 8, at += 8)
        hash = hash_u64(hash, load_le64(at));
    if (size) {
        memcpy(tail, at, size);
        hash = hash_u64(hash, load_le64(tail));
    }
    return hash;
}
