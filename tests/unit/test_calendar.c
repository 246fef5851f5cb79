/* SPDX-License-Identifier: MIT */
/*
 * Civil dates, periods, and instants and numbers from text. Dates are held against a plain count of days, instants
 * against a table and against a slow parser that looks at one byte at a time. Every text is parsed from a block of its
 * exact size, so that a sanitizer sees a read past its end.
 */
#include "calendar/civil.h"
#include "calendar/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

typedef const char *parse_fn(const char *text, size_t size, int64_t *value);

static const char *parse_exact(parse_fn *parse, const char *text, size_t size, int64_t *value) {
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    const char *error = parse(copy, size, value);
    free(copy);
    return error;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Calls `visit` for each day of 1899 to 9998 in order, with its number counted from 1970-01-01. */
static void each_day(void (*visit)(int32_t day, struct dora__date date)) {
    int32_t day = -25567 - 365; /* 1900-01-01 is 25,567 days before 1970-01-01 */
    for (int year = 1899; year <= 9998; year++)
        for (int month = 1; month <= 12; month++)
            for (int of_month = 1; of_month <= days_in_month(year, month); of_month++)
                visit(day++, (struct dora__date){year, month, of_month});
}

static void check_day(int32_t day, struct dora__date date) {
    struct dora__date back = dora__date_from_day(day);
    if (dora__day_from_date(date) != day || memcmp(&back, &date, sizeof date) != 0 || !dora__date_valid(date))
        fail_msg("day %d: %d-%d-%d", day, date.year, date.month, date.day);
    char text[32];
    snprintf(text, sizeof text, "%04d-%02d-%02d", date.year, date.month, date.day);
    int32_t parsed = 0;
    bool accepted = dora__parse_date(text, 10, &parsed);
    bool inside = date.year >= 1900 && date.year <= 9997;
    if (accepted != inside || (inside && parsed != day))
        fail_msg("%s is read as day %d", text, parsed);
}

static void test_days(void **state) {
    (void)state;
    each_day(check_day);
    assert_int_equal(dora__day_from_date((struct dora__date){1970, 1, 1}), 0);
    assert_int_equal(dora__day_from_date((struct dora__date){1, 1, 1}), -719162);
    assert_int_equal(dora__day_from_date((struct dora__date){9999, 12, 31}), 2932896);
    assert_int_equal(dora__date_from_day(-719162).year, 1);
    assert_int_equal(dora__date_from_day(2932896).day, 31);
    assert_int_equal(dora__day_from_date((struct dora__date){1900, 1, 1}) * DORA__US_PER_DAY, DORA__INSTANT_MIN);
    assert_int_equal(dora__day_from_date((struct dora__date){9998, 1, 1}) * DORA__US_PER_DAY, DORA__INSTANT_MAX + 1);
}

static void test_date_valid(void **state) {
    (void)state;
    static const struct dora__date none[] = {{2023, 2, 29}, {1900, 2, 29}, {2024, 4, 31}, {2024, 13, 1},
                                             {2024, 0, 1},  {2024, 1, 0},  {2024, 1, 32}, {0, 1, 1},
                                             {10000, 1, 1}, {-1, 1, 1},    {2024, -1, 1}, {2024, 1, -1},
                                             {2024, 2, 30}, {2024, 9, 31}, {2024, 11, 31}};
    for (size_t i = 0; i < COUNT(none); i++)
        assert_false(dora__date_valid(none[i]));
    assert_true(dora__date_valid((struct dora__date){2000, 2, 29}));
    int32_t day = 7;
    static const char *const texts[] = {"",           "2024-01-3",  "2024-01-311", "2024-02-30",
                                        "2024/01/31", "1899-12-31", "9998-01-01",  "20240-1-31",
                                        "2024-01-3Z", "-024-01-31", "2024-1--31",  " 2024-1-31"};
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_false(dora__parse_date(texts[i], strlen(texts[i]), &day));
    assert_int_equal(day, 7);
}

static bool period_is(int32_t day, dora_period period, int32_t first, int32_t last) {
    int32_t got_first, got_last;
    dora__period_of(day, period, &got_first, &got_last);
    return got_first == first && got_last == last;
}

static void check_periods(int32_t day, struct dora__date date) {
    int quarter = (date.month - 1) / 3 * 3 + 1;
    int32_t before_month = day - date.day, before_quarter = before_month, before_year = before_month;
    for (int month = 1; month < date.month; month++) {
        before_quarter -= month >= quarter ? days_in_month(date.year, month) : 0;
        before_year -= days_in_month(date.year, month);
    }
    int32_t quarter_days = 0;
    for (int month = quarter; month < quarter + 3; month++)
        quarter_days += days_in_month(date.year, month);
    int32_t year_days = 337 + days_in_month(date.year, 2);
    int32_t monday = -25567 - 371; /* 53 weeks before 1900-01-01, which was one */
    int32_t week = monday + (day - monday) / 7 * 7;
    bool right =
        period_is(day, DORA_PERIOD_DAY, day, day) && period_is(day, DORA_PERIOD_ALL, day, day) &&
        period_is(day, DORA_PERIOD_WEEK, week, week + 6) &&
        period_is(day, DORA_PERIOD_MONTH, before_month + 1, before_month + days_in_month(date.year, date.month)) &&
        period_is(day, DORA_PERIOD_QUARTER, before_quarter + 1, before_quarter + quarter_days) &&
        period_is(day, DORA_PERIOD_YEAR, before_year + 1, before_year + year_days);
    if (!right)
        fail_msg("periods of day %d, %d-%d-%d", day, date.year, date.month, date.day);
}

static void test_periods(void **state) {
    (void)state;
    each_day(check_periods);
}

#define S    INT64_C(1000000)
#define NOON (INT64_C(1706702400) * S) /* 2024-01-31T12:00:00Z */

static const struct {
    const char *text;
    int64_t instant_us;
} accepted[] = {
    {"2024-01-31T12:00:00Z", NOON},
    {"2024-01-31 12:00:00", NOON},
    {"2024-01-31t12:00:00z", NOON},
    {"2024-01-31T12:00:00 UTC", NOON},
    {"2024-01-31", NOON - 43200 * S},
    {"2024-01-31T17:30:00+05:30", NOON},
    {"2024-01-31T17:30:00+0530", NOON},
    {"2024-01-31T04:00:00-08", NOON},
    {"2024-01-31 04:00:00 -08:00", NOON},
    {"2024-01-31 04:00:00 -08", NOON},
    {"2024-01-31 04:00:00 -0800", NOON},
    {"2024-01-31T12:00:00-00:00", NOON},
    {"2024-01-31T12:00:00.1Z", NOON + 100000},
    {"2024-01-31T12:00:00.123456Z", NOON + 123456},
    {"2024-01-31T12:00:00.123456999", NOON + 123456},
    {"2024-01-31T12:00:00.000000999 UTC", NOON},
    {"2024-01-31T13:00:00.5+01:00", NOON + 500000},
    {"1969-12-31T23:59:59.999999999Z", -1},
    {"1970-01-01T00:00:00.0000001-00:00", 0},
    {"2024-01-31T11:59:60Z", NOON},
    {"2024-01-31T11:00:60Z", NOON - 3540 * S},
    {"2024-01-31T23:59:60", NOON + 43200 * S},
    {"2016-12-31T23:59:60.5Z", INT64_C(1483228800) * S + 500000},
    {"1900-01-01", DORA__INSTANT_MIN},
    {"1899-12-31T23:59:60Z", DORA__INSTANT_MIN},
    {"1899-12-31T23:30:00-00:30", DORA__INSTANT_MIN},
    {"9997-12-31T23:59:59.999999Z", DORA__INSTANT_MAX},
    {"9998-01-01T00:00:00.000000+00:01", DORA__INSTANT_MAX + 1 - 60 * S},
    {"0", 0},
    {"-0", 0},
    {"+1", S},
    {"-1", -S},
    {"1706702400", NOON},
    {"+0001706702400", NOON},
    {"1706702400000", NOON},
    {"1706702400000000", NOON},
    {"1706702400000000000", NOON},
    {"0000000000000000000000000000000000001706702400", NOON},
    {"99999999999", INT64_C(99999999999) * S},
    {"100000000000", INT64_C(100000000) * S},
    {"99999999999999", INT64_C(99999999999999) * 1000},
    {"100000000000000", INT64_C(100000000000000)},
    {"99999999999999999", INT64_C(99999999999999999)},
    {"100000000000000000", INT64_C(100000000000000)},
    {"100000000000000999", INT64_C(100000000000000)},
    {"-100000000000000001", INT64_C(-100000000000001)},
    {"-2208988800", DORA__INSTANT_MIN},
    {"253339228799999999999", DORA__INSTANT_MAX},
};

static const struct {
    const char *text;
    const char *reason;
} rejected[] = {
    {"", "not an instant"},
    {"+", "not an instant"},
    {"-", "not an instant"},
    {"+-1", "not an instant"},
    {"1.5", "not an instant"},
    {"1e9", "not an instant"},
    {" 1", "not an instant"},
    {"1 ", "not an instant"},
    {"yesterday", "not an instant"},
    {"2024-01", "not an instant"},
    {"2024-01-3", "not an instant"},
    {"2024-1-31T12:00:00Z", "not an instant"},
    {"2024-01-31Z", "not an instant"},
    {"2024-01-31 UTC", "not an instant"},
    {"2024-01-31T", "not an instant"},
    {"2024-01-31T12:00", "not an instant"},
    {"2024-01-31T12:00Z", "not an instant"},
    {"2024-01-31  12:00:00", "not an instant"},
    {"2024-01-31_12:00:00", "not an instant"},
    {"2024-01-31T12:00:00 Z", "not an instant"},
    {"2024-01-31T12:00:00UTC", "not an instant"},
    {"2024-01-31T12:00:00 utc", "not an instant"},
    {"2024-01-31T12:00:00  +01:00", "not an instant"},
    {"2024-01-31T12:00:00 ", "not an instant"},
    {"2024-01-31T12:00:00ZZ", "not an instant"},
    {"2024-01-31T12:00:00.Z", "not an instant"},
    {"2024-01-31T12:00:00.", "not an instant"},
    {"2024-01-31T12:00:00,5Z", "not an instant"},
    {"2024-01-31T12:00:00.1234567890Z", "not an instant"},
    {"2024-01-31T12:00:00+1", "not an instant"},
    {"2024-01-31T12:00:00+010", "not an instant"},
    {"2024-01-31T12:00:00+01:0", "not an instant"},
    {"2024-01-31T12:00:00+01:000", "not an instant"},
    {"2024-01-31T12:00:00+01.00", "not an instant"},
    {"2024-02-30T12:00:00Z", "no such date"},
    {"2023-02-29", "no such date"},
    {"2024-00-10", "no such date"},
    {"2024-13-10", "no such date"},
    {"2024-01-00", "no such date"},
    {"0000-01-01", "no such date"},
    {"2024-01-31T24:00:00Z", "no such time"},
    {"2024-01-31T12:60:00Z", "no such time"},
    {"2024-01-31T12:00:61Z", "no such time"},
    {"2024-01-31T12:00:00+24:00", "no such offset"},
    {"2024-01-31T12:00:00+23:60", "no such offset"},
    {"1899-12-31", "instant out of range"},
    {"1900-01-01T00:00:00+00:01", "instant out of range"},
    {"9998-01-01", "instant out of range"},
    {"9997-12-31T23:59:60Z", "instant out of range"},
    {"9997-12-31T23:59:59-00:01", "instant out of range"},
    {"-2208988801", "instant out of range"},
    {"253339228800000000000", "instant out of range"},
    {"99999999999999999999999999999999999999999999999999999999", "instant out of range"},
};

static void test_instant_table(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        int64_t instant_us = 0;
        const char *error = parse_exact(dora__parse_instant, accepted[i].text, strlen(accepted[i].text), &instant_us);
        if (error || instant_us != accepted[i].instant_us)
            fail_msg("\"%s\": %s, %lld", accepted[i].text, error ? error : "", (long long)instant_us);
    }
    for (size_t i = 0; i < COUNT(rejected); i++) {
        int64_t instant_us = 7;
        const char *error = parse_exact(dora__parse_instant, rejected[i].text, strlen(rejected[i].text), &instant_us);
        if (!error || strcmp(error, rejected[i].reason) != 0 || instant_us != 7)
            fail_msg("\"%s\": %s", rejected[i].text, error ? error : "accepted");
    }
    int64_t unused;
    assert_non_null(dora__parse_instant("2024-01-31T12:00:00Z\0", 21, &unused));
    assert_non_null(dora__parse_instant("2024-01-31T12:00:00\0", 20, &unused));
}

/* The number in `count` digits at text, or -1. */
static int slow_number(const char *text, int count) {
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* "YYYY-MM-DDTHH:MM:SSZ" or without the Z, read byte by byte. */
static bool slow_instant(const char *text, size_t size, int64_t *instant_us) {
    int year = slow_number(text, 4), month = slow_number(text + 5, 2), day = slow_number(text + 8, 2);
    int hour = slow_number(text + 11, 2), minute = slow_number(text + 14, 2), second = slow_number(text + 17, 2);
    bool marks = text[4] == '-' && text[7] == '-' && strchr("Tt ", text[10]) && text[10] && text[13] == ':' &&
                 text[16] == ':' && (size == 19 || text[19] == 'Z' || text[19] == 'z');
    if (!marks || year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    int64_t days = dora__day_from_date((struct dora__date){year, month, day});
    *instant_us = ((days * 24 + hour) * 60 + minute) * 60 * S + second * S;
    return *instant_us >= DORA__INSTANT_MIN && *instant_us <= DORA__INSTANT_MAX;
}

static void check_slow(const char *text, size_t size) {
    int64_t slow_us = 0, fast_us = 0;
    bool slow = slow_instant(text, size, &slow_us);
    const char *error = parse_exact(dora__parse_instant, text, size, &fast_us);
    if (slow != !error || (slow && slow_us != fast_us))
        fail_msg("\"%.*s\": %s, %lld", (int)size, text, error ? error : "", (long long)fast_us);
    if (slow) {
        char longer[32];
        int longer_size = snprintf(longer, sizeof longer, "%.19s.000+00:00", text);
        assert_null(parse_exact(dora__parse_instant, longer, (size_t)longer_size, &fast_us));
        assert_int_equal(fast_us, slow_us);
    }
}

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void test_instant_generated(void **state) {
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 50000; i++) {
        char text[80];
        uint32_t r[6];
        for (int k = 0; k < 6; k++)
            r[k] = next_random(&seed);
        snprintf(text, sizeof text, "%04u-%02u-%02u%c%02u:%02u:%02uZ", r[0] % 10000, r[1] % 14, r[2] % 33,
                 "T t"[r[3] % 3], r[3] % 25, r[4] % 61, r[5] % 62);
        check_slow(text, 20);
        check_slow(text, 19);
    }
}

/* Every byte at every place. Other bytes than Z at the end may begin another form only at the last place. */
static void test_instant_mutated(void **state) {
    (void)state;
    static const char *const seeds[] = {"2024-02-29T23:59:60Z", "1999-10-31 09:08:07Z", "2100-12-09t10:20:30z"};
    for (size_t i = 0; i < COUNT(seeds); i++)
        for (size_t place = 0; place < 20; place++)
            for (int byte = 0; byte < 256; byte++) {
                char text[21];
                memcpy(text, seeds[i], sizeof text);
                text[place] = (char)byte;
                check_slow(text, 20);
                if (place < 19)
                    check_slow(text, 19);
            }
    char text[] = "2024-02-29T23:59:59.123456789 +05:30";
    int64_t unused;
    for (size_t size = 0; size < sizeof text; size++)
        parse_exact(dora__parse_instant, text, size, &unused);
    for (size_t place = 0; place + 1 < sizeof text; place++)
        for (int byte = 0; byte < 256; byte++) {
            char kept = text[place];
            text[place] = (char)byte;
            parse_exact(dora__parse_instant, text, sizeof text - 1, &unused);
            text[place] = kept;
        }
}

struct number_case {
    const char *text;
    int64_t value;
    const char *reason; /* NULL: accepted */
};

static void check_numbers(parse_fn *parse, const struct number_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int64_t value = 0;
        const char *error = parse_exact(parse, cases[i].text, strlen(cases[i].text), &value);
        bool same = error && cases[i].reason ? strcmp(error, cases[i].reason) == 0 : error == cases[i].reason;
        if (!same || value != cases[i].value)
            fail_msg("%s: %s, %lld", cases[i].text, error ? error : "", (long long)value);
    }
}

static void test_epoch(void **state) {
    (void)state;
    static const char out[] = "instant out of range", bad[] = "not a number";
    static const struct number_case cases[] = {
        {"0", 0, NULL},
        {"-0", 0, NULL},
        {"-0.0e5", 0, NULL},
        {"0e99999", 0, NULL},
        {"0.000e999999999999999999999", 0, NULL},
        {"1706702400", NOON, NULL},
        {"1706702400.5", NOON + 500000, NULL},
        {"1706702400.1234567", NOON + 123456, NULL},
        {"-1.5", -1500000, NULL},
        {"-0.0000001", -1, NULL},
        {"-0.000001", -1, NULL},
        {"-0.0000011", -2, NULL},
        {"0.0000009999999999999999999999999999999999999", 0, NULL},
        {"1.7067024E9", NOON, NULL},
        {"17067024e+2", NOON, NULL},
        {"17067024000000e-4", NOON, NULL},
        {"0.00000017067024e16", NOON, NULL},
        {"1706702400000.5", NOON + 500, NULL},
        {"1706702400000000.5", NOON, NULL},
        {"1.7067024e18", NOON, NULL},
        {"99999999999.9999999", INT64_C(99999999999999999), NULL},
        {"1e11", INT64_C(100000000) * S, NULL},
        {"99999999999999.9999", INT64_C(99999999999999999), NULL},
        {"1e14", INT64_C(100000000000000), NULL},
        {"99999999999999999.999", INT64_C(99999999999999999), NULL},
        {"1e17", INT64_C(100000000000000), NULL},
        {"-1e17", INT64_C(-100000000000000), NULL},
        {"-100000000000000000.1", INT64_C(-100000000000001), NULL},
        {"1e-400", 0, NULL},
        {"-1e-400", -1, NULL},
        {"-1e-999999999999999999999", -1, NULL},
        {"1e400", 0, out},
        {"1e999999999999999999999", 0, out},
        {"-1e9223372036854775807", 0, out},
        {"1e31", 0, out},
        {"-2208988800", DORA__INSTANT_MIN, NULL},
        {"-2208988800.0000001", 0, out},
        {"253339228799999999999.999", DORA__INSTANT_MAX, NULL},
        {"253339228800000000000", 0, out},
        {"", 0, bad},
        {"-", 0, bad},
        {"1e", 0, bad},
        {"1e+", 0, bad},
        {"1.5x", 0, bad},
        {"true", 0, bad},
    };
    check_numbers(dora__parse_epoch, cases, COUNT(cases));
}

/* Digits and exponent of any length meet exactly. */
static void test_epoch_long(void **state) {
    (void)state;
    enum { ZEROS = 100000 };
    char *text = malloc(ZEROS + 32);
    assert_non_null(text);
    int64_t value = 0;
    memset(text, '0', ZEROS);
    text[1] = '.';
    memcpy(text + ZEROS, "5e100000", 8);
    assert_null(dora__parse_epoch(text, ZEROS + 8, &value)); /* 5 at place ZEROS - 1 behind the point */
    assert_int_equal(value, 50 * S);
    text[0] = '1';
    memcpy(text + ZEROS, "1e-3", 4);
    assert_null(dora__parse_epoch(text, ZEROS + 4, &value));
    assert_int_equal(value, 1000);
    text[1] = '0';
    memcpy(text + ZEROS, "0e-99999", 8);
    assert_null(dora__parse_epoch(text, ZEROS + 8, &value)); /* 10^100000 / 10^99999 */
    assert_int_equal(value, 10 * S);
    free(text);
}

static void test_millionths(void **state) {
    (void)state;
    static const char out[] = "number out of range", bad[] = "not a number";
    static const struct number_case cases[] = {
        {"0", 0, NULL},
        {"-0.0", 0, NULL},
        {"1", 1000000, NULL},
        {"-4.25", -4250000, NULL},
        {"0.0000005", 0, NULL},
        {"0.0000015", 2, NULL},
        {"0.0000025", 2, NULL},
        {"-0.0000015", -2, NULL},
        {"-0.0000025", -2, NULL},
        {"0.00000050000000000000000000000000000000000001", 1, NULL},
        {"0.00000049999999999999999999999999999999999999", 0, NULL},
        {"0.0000025000000000000000000000000000000000000", 2, NULL},
        {"0.9999995", 1000000, NULL},
        {"9.9999999", 10000000, NULL},
        {"25e-7", 2, NULL},
        {"35e-7", 4, NULL},
        {"1e12", INT64_C(1000000000000000000), NULL},
        {"-1e12", INT64_C(-1000000000000000000), NULL},
        {"1000000000000.0000000", INT64_C(1000000000000000000), NULL},
        {"999999999999.9999999", INT64_C(1000000000000000000), NULL},
        {"1000000000000.0000000000000000000000001", 0, out},
        {"-1000000000000.0000001", 0, out},
        {"9999999999999", 0, out},
        {"1e13", 0, out},
        {"1e400", 0, out},
        {"0e400", 0, NULL},
        {"1e-400", 0, NULL},
        {"-1e-999999999999999999999", 0, NULL},
        {"", 0, bad},
        {"x", 0, bad},
    };
    check_numbers(dora__parse_millionths, cases, COUNT(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_date_valid),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_instant_table),
        cmocka_unit_test(test_instant_generated),
        cmocka_unit_test(test_instant_mutated),
        cmocka_unit_test(test_epoch),
        cmocka_unit_test(test_epoch_long),
        cmocka_unit_test(test_millionths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
