/* SPDX-License-Identifier: MIT */
/*
 * Little-endian numbers in bytes, on any machine and at any address. Compilers make single loads and stores of these.
 */
#ifndef DORA_BASE_LITTLE_H
#define DORA_BASE_LITTLE_H

#include <stdint.h>

static inline uint32_t dora__little_32(const uint8_t *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline uint64_t dora__little_64(const uint8_t *bytes) {
    return dora__little_32(bytes) | (uint64_t)dora__little_32(bytes + 4) << 32;
}

static inline void dora__put_little_32(uint8_t *bytes, uint32_t number) {
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
}

static inline void dora__put_little_64(uint8_t *bytes, uint64_t number) {
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
}

#endif
