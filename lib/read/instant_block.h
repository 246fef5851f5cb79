/* SPDX-License-Identifier: MIT */
/*
 * Many instants of the one spelling that nearly all have, "YYYY-MM-DDTHH:MM:SSZ", as seconds. First each text becomes
 * eight numbers of a byte, pair by pair of its digits; then a loop without branches, which compilers turn into vectors,
 * makes seconds of them. Twins for AVX2 and for any machine.
 */
#ifndef DORA_READ_INSTANT_BLOCK_H
#define DORA_READ_INSTANT_BLOCK_H

#include "read/plain_instant.h"

enum { DORA__PLAIN_INSTANT_SIZE = 20 };
#define DORA__NO_SECONDS UINT32_MAX

#ifdef __AVX2__

/* The numbers, the first pair lowest, or 0 where the text has another shape. */
static inline uint64_t dora__instant_pairs(const char *text) {
    __m128i numbers, wrong = dora__instant_numbers(text, &numbers);
    uint64_t pairs = (uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(numbers, numbers));
    return _mm_testz_si128(wrong, wrong) ? pairs : 0;
}

#else

static inline uint64_t dora__instant_pairs(const char *text) {
    uint64_t date = 0, clock = 0;
    uint32_t thousands = (uint32_t)(unsigned char)text[0] - '0', hundreds = (uint32_t)(unsigned char)text[1] - '0';
    bool dated = dora__decode_pairs(text + 2, UINT64_C(0x00002D00002D0000), &date);
    bool timed = dora__decode_pairs(text + 11, UINT64_C(0x00003A00003A0000), &clock);
    bool shaped = dated && timed && thousands <= 9 && hundreds <= 9 && text[10] == 'T' && text[19] == 'Z';
    if (!shaped)
        return 0;
    uint32_t low = thousands * 10 + hundreds + (dora__pair(date, 0) << 8) + (dora__pair(date, 3) << 16) +
                   (dora__pair(date, 6) << 24);
    uint32_t high = dora__pair(clock, 0) + (dora__pair(clock, 3) << 8) + (dora__pair(clock, 6) << 16);
    return (uint64_t)high << 32 | low;
}

#endif

/* Seconds since 1970 of `count` instants, where they exist and lie in the years 1970 to 2105, else DORA__NO_SECONDS, of
   which there are as many as it returns. A leap second is none of them. */
static inline uint32_t dora__seconds_of_pairs(const uint64_t *pairs, uint32_t *seconds, uint32_t count) {
    uint32_t none = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t date = (uint32_t)pairs[i], clock = (uint32_t)(pairs[i] >> 32);
        uint32_t century = date & 0xFF, year_of_century = date >> 8 & 0xFF, month = date >> 16 & 0xFF, day = date >> 24;
        uint32_t hour = clock & 0xFF, minute = clock >> 8 & 0xFF, second = clock >> 16;
        uint32_t year = century * 100 + year_of_century;
        uint32_t leap = ((year_of_century ? year_of_century : century) & 3) == 0;
        uint32_t last = month == 2 ? 28 + leap : 30 | (month ^ month >> 3);
        uint32_t wrong = (month - 1 > 11) | (day - 1 >= last) | (hour > 23) | (minute > 59) | (second > 59) |
                         (year - 1970 > 2105 - 1970);
        /* As dora__count_days, of these years. */
        uint32_t early = month < 3;
        year -= early;
        month += early ? 12 : 0;
        uint32_t skipped = year > 2099 ? 16 : 15;
        uint32_t days = year * 1461 / 4 + (979 * month - 2919) / 32 + day - skipped - 719469;
        uint32_t sum = days * 86400 + hour * 3600 + minute * 60 + second;
        seconds[i] = wrong ? DORA__NO_SECONDS : sum;
        none += wrong;
    }
    return none;
}

#endif
