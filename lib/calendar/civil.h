/* SPDX-License-Identifier: MIT */
/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar, and the calendar units made of them. Weeks begin on
 * Monday.
 */
#ifndef DORA_CALENDAR_CIVIL_H
#define DORA_CALENDAR_CIVIL_H

#include <dora/dora.h>

#include <stdbool.h>

#define DORA__US_PER_SECOND INT64_C(1000000)
#define DORA__US_PER_DAY    INT64_C(86400000000)
#define DORA__INSTANT_MIN   INT64_C(-2208988800000000)        /* 1900-01-01 */
#define DORA__INSTANT_MAX   (INT64_C(253339228800000000) - 1) /* before 9998-01-01 */

struct dora__date {
    int32_t year;
    int32_t month; /* 1 to 12 */
    int32_t day;   /* 1 to 31 */
};

/* Any valid date of years 1 to 9999 and back. */
int32_t dora__day_from_date(struct dora__date date);
struct dora__date dora__date_from_day(int32_t day);
bool dora__date_valid(struct dora__date date);

/* Exactly "YYYY-MM-DD", years 1900 to 9997; false for anything else. */
bool dora__parse_date(const char *text, size_t size, int32_t *day);

/* First and last day of the unit that holds `day`; DORA_PERIOD_ALL is not a calendar unit and gives `day` itself. */
void dora__period_of(int32_t day, dora_period period, int32_t *first, int32_t *last);

#endif
