/* SPDX-License-Identifier: MIT */
/*
 * Scanning bytes for the few that mean something, sixteen at a time where the machine's base instructions allow it,
 * else eight at a time in a register. Both never look past the end.
 */
#ifndef DORA_BASE_SCAN_H
#define DORA_BASE_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define DORA__ONES  UINT64_C(0x0101010101010101)
#define DORA__HIGHS UINT64_C(0x8080808080808080)

/* High bits set in the bytes of a word that are zero, exact up to the first one. */
static inline uint64_t dora__zero_bytes(uint64_t word) {
    return (word - DORA__ONES) & ~word & DORA__HIGHS;
}

/* The place, counted in bytes from the first in memory, of the first set high bit; 0 where that cannot be told. */
static inline unsigned dora__first_high(uint64_t highs) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (unsigned)__builtin_ctzll(highs) >> 3;
#else
    (void)highs;
    return 0;
#endif
}

/* The first byte from `at` on that is a or b, or `end`. */
static inline const char *dora__find_either(const char *at, const char *end, char a, char b) {
#if defined(__SSE2__)
    const __m128i as = _mm_set1_epi8(a), bs = _mm_set1_epi8(b);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, as), _mm_cmpeq_epi8(bytes, bs)));
        if (found)
            return at + __builtin_ctz((unsigned)found);
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t found = dora__zero_bytes(word ^ DORA__ONES * (unsigned char)a) |
                         dora__zero_bytes(word ^ DORA__ONES * (unsigned char)b);
        if (found) {
            at += dora__first_high(found);
            break;
        }
    }
    while (at < end && *at != a && *at != b)
        at++;
    return at;
}

/* How many bytes from the front are ASCII. */
static inline size_t dora__ascii_prefix(const char *text, size_t size) {
    size_t i = 0;
#if defined(__SSE2__)
    while (size - i >= 16 && !_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(text + i))))
        i += 16;
    /* The rest of what was ASCII so far: once more the last sixteen, part of which was seen. */
    if (size >= 16 && size - i < 16 &&
        !_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(text + size - 16))))
        return size;
#endif
    for (uint64_t word; size - i >= 8; i += 8) {
        memcpy(&word, text + i, 8);
        if (word & DORA__HIGHS)
            break;
    }
    while (i < size && (unsigned char)text[i] < 0x80)
        i++;
    return i;
}

/* Passes over bytes that mean themselves in a JSON string: stops at a quote, a backslash, a control character, a byte
   above 127 or `end`, or perhaps a little before. */
static inline const char *dora__skip_plain(const char *at, const char *end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(' ');
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i odd = _mm_cmplt_epi8(bytes, space); /* bytes above 127 are negative */
        odd = _mm_or_si128(odd, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
        int found = _mm_movemask_epi8(odd);
        if (found)
            return at + __builtin_ctz((unsigned)found);
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t found = dora__zero_bytes(word ^ DORA__ONES * '"') | dora__zero_bytes(word ^ DORA__ONES * '\\') |
                         ((word - DORA__ONES * ' ') & ~word & DORA__HIGHS) | (word & DORA__HIGHS);
        if (found)
            return at + dora__first_high(found);
    }
    return at;
}

#endif
