/* SPDX-License-Identifier: MIT */
/* Selection in plain C. */
#include "base/sort.h"

#define KERNEL dora__select_portable
enum { SORT_FEW = 24, PICK_LEAST = 64, LIST_MOST = 48 };

static inline size_t popcount(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    word -= word >> 1 & ones * 0x55;
    word = (word & ones * 0x33) + (word >> 2 & ones * 0x33);
    return (size_t)(((word + (word >> 4)) & ones * 0x0F) * ones >> 56);
}

static inline unsigned bit_at(uint64_t word, unsigned k) {
    unsigned shift = 0;
    for (unsigned half = 32; half >= 8; half /= 2) {
        unsigned n = (unsigned)popcount(word & ((UINT64_C(1) << half) - 1));
        if (k >= n) {
            k -= n;
            word >>= half;
            shift += half;
        }
    }
    for (; k; k--)
        word &= word - 1;
    return shift + (unsigned)__builtin_ctzll(word);
}

static inline void sort_few(uint32_t *keys, size_t count) {
    dora__sort_u32(keys, NULL, count);
}

static inline size_t gather(const uint32_t *values, size_t count, uint32_t least, uint32_t most, uint32_t *to) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        to[n] = values[i];
        n += values[i] - least <= most - least;
    }
    return n;
}

static inline void insert(uint32_t *list, size_t count, uint32_t value) {
    size_t at = count;
    for (; at > 0 && list[at - 1] > value; at--)
        list[at] = list[at - 1];
    list[at] = value;
}

static inline void take_out(uint32_t *list, size_t count, uint32_t value) {
    size_t at = 0;
    while (list[at] < value)
        at++;
    for (; at + 1 < count; at++)
        list[at] = list[at + 1];
    list[count - 1] = UINT32_MAX;
}

#include "cells/select_windows.h"
