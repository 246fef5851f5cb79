/* SPDX-License-Identifier: MIT */
/*
 * Selection with AVX2, BMI2 and POPCNT. In a sorted list, to insert a value is to take of each neighbouring pair what
 * the value leaves in the middle, eight at a time and whatever the place is; to take one out moves up what is not less.
 * Few keys are sorted without a branch on any of them: the place of a key is the
 * number of lesser ones, counted for eight keys at a time; gaps that equal keys leave are filled from below.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL dora__select_avx2
enum { SORT_FEW = 80, PICK_LEAST = 48, LIST_MOST = 128, LANES = 8 };

static inline size_t popcount(uint64_t word) {
    return (size_t)_mm_popcnt_u64(word);
}

static inline unsigned bit_at(uint64_t word, unsigned k) {
    return (unsigned)_tzcnt_u64(_pdep_u64(UINT64_C(1) << k, word));
}

static inline void sort_few(uint32_t *keys, size_t count) {
    uint32_t place[SORT_FEW], sorted[SORT_FEW];
    if (count < 2)
        return;
    const __m256i bias = _mm256_set1_epi32(INT32_MIN);
    for (size_t i = 0; i < count; i += LANES) {
        __m256i lanes = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)(keys + i)), bias);
        __m256i lesser = _mm256_setzero_si256();
        for (size_t k = 0; k < count; k++) {
            __m256i key = _mm256_set1_epi32((int32_t)(keys[k] ^ UINT32_C(0x80000000)));
            lesser = _mm256_sub_epi32(lesser, _mm256_cmpgt_epi32(lanes, key));
        }
        _mm256_storeu_si256((__m256i *)(void *)(place + i), lesser);
        _mm256_storeu_si256((__m256i *)(void *)(sorted + i), _mm256_setzero_si256());
    }
    for (size_t i = 0; i < count; i++)
        sorted[place[i]] = keys[i];
    uint32_t greatest = 0;
    for (size_t i = 0; i < count; i++) {
        greatest = sorted[i] > greatest ? sorted[i] : greatest;
        keys[i] = greatest;
    }
}

static inline __m256i load(const uint32_t *from) {
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

static inline size_t gather(const uint32_t *values, size_t count, uint32_t least, uint32_t most, uint32_t *to) {
    const __m256i from = _mm256_set1_epi32((int32_t)least), range = _mm256_set1_epi32((int32_t)(most - least));
    size_t n = 0;
    for (size_t i = 0; i < count; i += LANES) {
        __m256i above = _mm256_sub_epi32(load(values + i), from);
        __m256i inside = _mm256_cmpeq_epi32(_mm256_min_epu32(above, range), above);
        uint32_t mask = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(inside));
        if (count - i < LANES)
            mask &= (1u << (count - i)) - 1;
        for (; mask; mask &= mask - 1)
            to[n++] = values[i + (unsigned)__builtin_ctz(mask)];
    }
    return n;
}

static inline void insert(uint32_t *list, size_t count, uint32_t value) {
    const __m256i new = _mm256_set1_epi32((int32_t)value);
    for (size_t i = count / LANES * LANES;; i -= LANES) {
        __m256i moved = _mm256_min_epu32(load(list + i), _mm256_max_epu32(load(list + i - 1), new));
        _mm256_storeu_si256((__m256i *)(void *)(list + i), moved);
        if (!i)
            break;
    }
}

static inline void take_out(uint32_t *list, size_t count, uint32_t value) {
    const __m256i old = _mm256_set1_epi32((int32_t)value);
    for (size_t i = 0; i < count; i += LANES) {
        __m256i at = load(list + i), not_less = _mm256_cmpeq_epi32(_mm256_max_epu32(at, old), at);
        _mm256_storeu_si256((__m256i *)(void *)(list + i), _mm256_blendv_epi8(at, load(list + i + 1), not_less));
    }
}

#include "cells/select_windows.h"
