/* SPDX-License-Identifier: MIT */
/*
 * The fixed-width pieces that instants and dates are made of. "YY-MM-DD" and "HH:MM:SS" have one shape, three pairs of
 * digits with a separator between, so one routine decodes both, all eight bytes at once. In line, because this is the
 * hottest code of the readers.
 */
#ifndef DORA_CALENDAR_DECODE_H
#define DORA_CALENDAR_DECODE_H

#include "calendar/civil.h"

#include <string.h>

enum { DORA__DATE_SIZE = 10, DORA__CLOCK_SIZE = 8 };

/* Eight bytes, the first one lowest, on any machine. */
static inline uint64_t dora__load_le64(const char *text) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Bytes 0, 3 and 6 of *pairs become the three numbers of "dd?dd?dd" with the separator (repeated in bytes 2 and 5 of
   `separators`) at both marks; the other bytes of it stay below 128. False where the text has another shape. */
static inline bool dora__decode_pairs(const char *text, uint64_t separators, uint64_t *pairs) {
    uint64_t digits = dora__load_le64(text) ^ (separators | UINT64_C(0x3030003030003030));
    /* Now 0 to 9 in the digits' bytes and 0 in the separators', else adding 118 or 127 reaches the top bit. A carry
       comes only out of a byte that has its own top bit set. */
    if (((digits + UINT64_C(0x76767F76767F7676)) | digits) & UINT64_C(0x8080808080808080))
        return false;
    *pairs = digits * 10 + (digits >> 8);
    return true;
}

static inline uint32_t dora__pair(uint64_t pairs, int byte) {
    return (uint32_t)(pairs >> (8 * byte)) & 0xFF;
}

static inline bool dora__leap_year(uint32_t year) {
    return (year & (year % 25 ? 3 : 15)) == 0;
}

/* Days from 1970-01-01 to a date of years 1 on. The year is taken to begin in March, so that the leap day is its last;
   (979 m - 2919) / 32 is the day of that year on which month m begins. */
static inline int32_t dora__count_days(uint32_t year, uint32_t month, uint32_t day) {
    uint32_t early = month < 3;
    year -= early;
    month += early ? 12 : 0;
    uint32_t century = year / 100;
    uint32_t days = 1461 * year / 4 - century + century / 4 + (979 * month - 2919) / 32 + day;
    return (int32_t)days - 719469;
}

/* Unsigned wrap makes day 0 and month 0 fail as well. */
static inline bool dora__date_exists(uint32_t year, uint32_t month, uint32_t day) {
    if (year - 1 >= 9999 || month - 1 >= 12)
        return false;
    if (day - 1 < 28)
        return true;
    uint32_t last = month != 2 ? 30 | (month ^ month >> 3) : dora__leap_year(year) ? 29 : 28;
    return day - 1 < last;
}

/* "YYYY-MM-DD" in the first ten bytes of text. NULL, or why not. */
static inline const char *dora__decode_date(const char *text, int32_t *day) {
    uint64_t pairs;
    uint32_t thousands = (uint32_t)(unsigned char)text[0] - '0', hundreds = (uint32_t)(unsigned char)text[1] - '0';
    if (!dora__decode_pairs(text + 2, UINT64_C(0x00002D00002D0000), &pairs) || thousands > 9 || hundreds > 9)
        return "not an instant";
    uint32_t year = thousands * 1000 + hundreds * 100 + dora__pair(pairs, 0);
    uint32_t month = dora__pair(pairs, 3), day_of_month = dora__pair(pairs, 6);
    if (!dora__date_exists(year, month, day_of_month))
        return "no such date";
    *day = dora__count_days(year, month, day_of_month);
    return NULL;
}

/* "HH:MM:SS" in the first eight bytes of text, up to 23:59:60. NULL, or why not. */
static inline const char *dora__decode_clock(const char *text, int32_t *seconds) {
    uint64_t pairs;
    if (!dora__decode_pairs(text, UINT64_C(0x00003A00003A0000), &pairs))
        return "not an instant";
    /* 127 - limit in the byte of each number: the top bit is reached above the limit, and no byte overflows. */
    if ((pairs + UINT64_C(0x0043000044000068)) & UINT64_C(0x0080000080000080))
        return "no such time";
    *seconds = (int32_t)(dora__pair(pairs, 0) * 3600 + dora__pair(pairs, 3) * 60 + dora__pair(pairs, 6));
    return NULL;
}

static inline bool dora__decode_two_digits(const char *text, int32_t *value) {
    uint32_t tens = (uint32_t)(unsigned char)text[0] - '0', units = (uint32_t)(unsigned char)text[1] - '0';
    *value = (int32_t)(tens * 10 + units);
    return tens <= 9 && units <= 9;
}

/* "+hh:mm", "+hhmm" or "+hh", either sign, below 24 hours: what local time is ahead of UTC. NULL, or why not. */
static inline const char *dora__decode_offset(const char *text, size_t size, int32_t *seconds) {
    int32_t hours, minutes = 0;
    bool shaped = (size == 3 || size == 5 || (size == 6 && text[3] == ':')) && (*text == '+' || *text == '-') &&
                  dora__decode_two_digits(text + 1, &hours) &&
                  (size == 3 || dora__decode_two_digits(text + size - 2, &minutes));
    if (!shaped)
        return "not an instant";
    if (hours > 23 || minutes > 59)
        return "no such offset";
    *seconds = (hours * 60 + minutes) * (*text == '-' ? -60 : 60);
    return NULL;
}

#endif
