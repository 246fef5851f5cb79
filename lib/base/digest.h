/* SPDX-License-Identifier: MIT */
/*
 * A digest of 128 bits: SipHash-2-4 with the 128-bit output, as its authors J.-P. Aumasson and D. J. Bernstein publish
 * it, with a key of zeros. It names inputs, forgotten ids and the contents of a section of a state. The bytes may come
 * in pieces; the digest is of all of them, on any machine.
 */
#ifndef DORA_BASE_DIGEST_H
#define DORA_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DORA__DIGEST_SIZE = 16 };

struct dora__digest {
    uint8_t bytes[DORA__DIGEST_SIZE];
};

struct dora__digesting {
    uint64_t v[4];
    uint64_t size;
    uint8_t tail[8]; /* size % 8 bytes that wait for the rest of their word */
};

void dora__digest_begin(struct dora__digesting *digesting);
void dora__digest_add(struct dora__digesting *digesting, const void *bytes, size_t size);
struct dora__digest dora__digest_end(const struct dora__digesting *digesting);

/* Of bytes that are all there. */
struct dora__digest dora__digest_of(const void *bytes, size_t size);

/* Its first 8 bytes as a little-endian number: a checksum. */
uint64_t dora__checksum(const void *bytes, size_t size);

#endif
