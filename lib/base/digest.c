/* SPDX-License-Identifier: MIT */
/* See digest.h. */
#include "base/digest.h"

#include "base/little.h"

#include <string.h>

static inline uint64_t rotated(uint64_t word, unsigned bits) {
    return word << bits | word >> (64 - bits);
}

static inline void mix(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotated(v[1], 13) ^ v[0];
    v[3] = rotated(v[3], 16) ^ v[2];
    v[0] = rotated(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotated(v[1], 17) ^ v[2];
    v[3] = rotated(v[3], 21) ^ v[0];
    v[2] = rotated(v[2], 32);
}

static inline void take_word(uint64_t v[4], uint64_t word) {
    v[3] ^= word;
    mix(v);
    mix(v);
    v[0] ^= word;
}

void dora__digest_begin(struct dora__digesting *digesting) {
    *digesting = (struct dora__digesting){
        .v = {UINT64_C(0x736f6d6570736575), UINT64_C(0x646f72616e646f6d) ^ 0xEE, UINT64_C(0x6c7967656e657261),
              UINT64_C(0x7465646279746573)},
    };
}

void dora__digest_add(struct dora__digesting *digesting, const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    if (!size) /* there may be no bytes to point to */
        return;
    size_t waiting = digesting->size % 8;
    digesting->size += size;
    if (waiting) {
        size_t taken = size < 8 - waiting ? size : 8 - waiting;
        memcpy(digesting->tail + waiting, at, taken);
        if (waiting + taken < 8)
            return;
        take_word(digesting->v, dora__little_64(digesting->tail));
        at += taken;
        size -= taken;
    }
    uint64_t v[4];
    memcpy(v, digesting->v, sizeof v);
    for (; size >= 8; at += 8, size -= 8)
        take_word(v, dora__little_64(at));
    memcpy(digesting->v, v, sizeof v);
    if (size)
        memcpy(digesting->tail, at, size);
}

static uint64_t half(uint64_t v[4]) {
    for (int i = 0; i < 4; i++)
        mix(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct dora__digest dora__digest_end(const struct dora__digesting *digesting) {
    uint64_t v[4], last = digesting->size << 56;
    memcpy(v, digesting->v, sizeof v);
    for (size_t i = 0; i < digesting->size % 8; i++)
        last |= (uint64_t)digesting->tail[i] << 8 * i;
    take_word(v, last);
    struct dora__digest digest;
    v[2] ^= 0xEE;
    dora__put_little_64(digest.bytes, half(v));
    v[1] ^= 0xDD;
    dora__put_little_64(digest.bytes + 8, half(v));
    return digest;
}

struct dora__digest dora__digest_of(const void *bytes, size_t size) {
    struct dora__digesting digesting;
    dora__digest_begin(&digesting);
    dora__digest_add(&digesting, bytes, size);
    return dora__digest_end(&digesting);
}

uint64_t dora__checksum(const void *bytes, size_t size) {
    return dora__little_64(dora__digest_of(bytes, size).bytes);
}
