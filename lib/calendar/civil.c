/* SPDX-License-Identifier: MIT */
/*
 * See civil.h. Dates from days count in the year that begins in March, as in decode.h; periods are then first days of
 * units, and the last day is the one before the next unit.
 */
#include "calendar/civil.h"

#include "calendar/decode.h"

int32_t dora__day_from_date(struct dora__date date) {
    return dora__count_days((uint32_t)date.year, (uint32_t)date.month, (uint32_t)date.day);
}

struct dora__date dora__date_from_day(int32_t day) {
    uint32_t days = (uint32_t)(day + 719468); /* since 0000-03-01 */
    uint32_t century = (4 * days + 3) / 146097;
    uint32_t day_of_century = days - century * 146097 / 4;
    uint32_t year_of_century = (4 * day_of_century + 3) / 1461;
    uint32_t day_of_year = day_of_century - year_of_century * 1461 / 4;
    uint32_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    uint32_t early = month >= 10;
    return (struct dora__date){
        .year = (int32_t)(century * 100 + year_of_century + early),
        .month = (int32_t)(early ? month - 9 : month + 3),
        .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

bool dora__date_valid(struct dora__date date) {
    return dora__date_exists((uint32_t)date.year, (uint32_t)date.month, (uint32_t)date.day);
}

bool dora__parse_date(const char *text, size_t size, int32_t *day) {
    int32_t parsed;
    if (size != DORA__DATE_SIZE || dora__decode_date(text, &parsed))
        return false;
    if (parsed < DORA__INSTANT_MIN / DORA__US_PER_DAY || parsed > DORA__INSTANT_MAX / DORA__US_PER_DAY)
        return false;
    *day = parsed;
    return true;
}

/* First day of the month `months` after January of a year. */
static int32_t month_begin(int32_t year, int32_t months) {
    return dora__count_days((uint32_t)(year + months / 12), (uint32_t)(months % 12 + 1), 1);
}

void dora__period_of(int32_t day, dora_period period, int32_t *first, int32_t *last) {
    *first = *last = day;
    if (period == DORA_PERIOD_WEEK) {
        int32_t weekday = ((day + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
        *first = day - weekday;
        *last = *first + 6;
        return;
    }
    int32_t months = period == DORA_PERIOD_MONTH     ? 1
                     : period == DORA_PERIOD_QUARTER ? 3
                     : period == DORA_PERIOD_YEAR    ? 12
                                                     : 0;
    if (!months)
        return;
    struct dora__date date = dora__date_from_day(day);
    int32_t begin = (date.month - 1) / months * months;
    *first = month_begin(date.year, begin);
    *last = month_begin(date.year, begin + months) - 1;
}
