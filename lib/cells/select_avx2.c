/* SPDX-License-Identifier: MIT */
/*
 * Selection with AVX2, BMI2 and POPCNT. Few keys are sorted without a branch on any of them: the place of a key is the
 * number of lesser ones, counted for eight keys at a time; gaps that equal keys leave are filled from below.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL dora__select_avx2
enum { SORT_FEW = 80, LANES = 8 };

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

#include "cells/select_windows.h"
