/* SPDX-License-Identifier: MIT */
/*
 * "YYYY-MM-DDTHH:MM:SSZ", of years 1900 to 9997: the instants that nearly all input has, in two twins. False where it
 * is anything else; dora__parse_instant then knows more.
 */
#ifndef DORA_READ_PLAIN_INSTANT_H
#define DORA_READ_PLAIN_INSTANT_H

#include "calendar/decode.h"

#ifdef __AVX2__
#include <immintrin.h>

/* What is wrong with the shape of a text, all zeros where nothing is, and its eight numbers: century, year, month, day,
   hour, minute, second, 0. The year is taken from the first four bytes, the rest from the sixteen behind them; pairs of
   digits become numbers at once. */
static inline __m128i dora__instant_numbers(const char *text, __m128i *numbers) {
    const __m128i separators = _mm_setr_epi8('-', 0, 0, '-', 0, 0, 'T', 0, 0, ':', 0, 0, ':', 0, 0, 'Z');
    const __m128i is_digit = _mm_setr_epi8(0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0, -1, -1, 0);
    const __m128i pick = _mm_setr_epi8(-1, -1, -1, -1, 1, 2, 4, 5, 7, 8, 10, 11, 13, 14, -1, -1);
    const __m128i tens = _mm_setr_epi8(10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 0, 0);
    const __m128i zeros = _mm_setr_epi8('0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', 0, 0);
    int32_t year;
    memcpy(&year, text, sizeof year);
    __m128i rest = _mm_loadu_si128((const __m128i *)(const void *)(text + sizeof year));
    __m128i digits = _mm_sub_epi8(_mm_insert_epi32(_mm_shuffle_epi8(rest, pick), year, 0), zeros);
    *numbers = _mm_maddubs_epi16(digits, tens);
    return _mm_or_si128(_mm_andnot_si128(is_digit, _mm_xor_si128(rest, separators)),
                        _mm_subs_epu8(digits, _mm_set1_epi8(9)));
}

/* A leap second is left to others. */
static inline bool dora__plain_instant(const char *text, int64_t *instant_us) {
    const __m128i least = _mm_setr_epi16(0, 0, 1, 1, 0, 0, 0, 0), span = _mm_setr_epi16(99, 99, 11, 30, 23, 59, 59, 0);
    __m128i numbers, wrong = dora__instant_numbers(text, &numbers);
    wrong = _mm_or_si128(wrong, _mm_subs_epu16(_mm_sub_epi16(numbers, least), span));
    if (!_mm_testz_si128(wrong, wrong))
        return false;
    /* Centuries and years, months and days in halves of words; then hours and minutes, seconds. */
    __m128i sums = _mm_madd_epi16(numbers, _mm_setr_epi16(100, 1, 0, 1, 60, 1, 1, 0));
    uint32_t year = (uint32_t)_mm_cvtsi128_si32(sums), day = (uint32_t)_mm_extract_epi16(sums, 2);
    uint32_t month = (uint32_t)_mm_extract_epi16(numbers, 2);
    uint32_t seconds = (uint32_t)_mm_extract_epi32(sums, 2) * 60 + (uint32_t)_mm_extract_epi32(sums, 3);
    if (year - 1900 > 9997 - 1900 || (day > 28 && !dora__date_exists(year, month, day)))
        return false;
    *instant_us = (dora__count_days(year, month, day) * INT64_C(86400) + seconds) * DORA__US_PER_SECOND;
    return true;
}

#else

static inline bool dora__plain_instant(const char *text, int64_t *instant_us) {
    int32_t day, seconds;
    if (((text[10] ^ 'T') | (text[19] ^ 'Z')) || text[4] != '-' || dora__decode_date(text, &day) ||
        dora__decode_clock(text + 11, &seconds))
        return false;
    int64_t us = day * DORA__US_PER_DAY + seconds * DORA__US_PER_SECOND;
    *instant_us = us;
    return us >= DORA__INSTANT_MIN && us <= DORA__INSTANT_MAX;
}

#endif

#endif
