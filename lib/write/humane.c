/* SPDX-License-Identifier: MIT */
/* See humane.h. Decimals are made from integers, as the C library would ask the locale for the point. */
#include "write/humane.h"

#include "calendar/civil.h"
#include "calendar/date_text.h"

#include <math.h>

/* A value rounded to so many places, 0 to 2. */
static void put_decimal(struct dora__text *text, double value, int places) {
    static const int64_t scales[] = {1, 10, 100};
    if (!(fabs(value) < 1e15)) {
        dora__text_double(text, value);
        return;
    }
    int64_t scale = scales[places], scaled = (int64_t)floor(fabs(value) * (double)scale + 0.5);
    if (value < 0 && scaled)
        dora__text_put(text, "-", 1);
    dora__text_int64(text, scaled / scale);
    if (places)
        dora__text_put(text, ".", 1);
    for (int64_t rest = scaled % scale; places > 0; places--, rest = rest * 10 % scale) {
        char digit = (char)('0' + rest * 10 / scale);
        dora__text_put(text, &digit, 1);
    }
}

/* Two digits at least: a decimal below 10, none above. What is more than nothing is never shown as 0. */
static double round_short(double value) {
    return value < 9.95 ? floor(value * 10 + 0.5) / 10 : floor(value + 0.5);
}

static void put_short(struct dora__text *text, double value, const char *unit) {
    if (value == 0)
        dora__text_puts(text, "0");
    else if (value < 0.05)
        dora__text_puts(text, "<0.1");
    else
        put_decimal(text, value, value < 9.95 ? 1 : 0);
    dora__text_puts(text, unit);
}

/* The first unit in which the rounded value stays below the limit. */
static void put_seconds(struct dora__text *text, double seconds) {
    static const struct {
        const char *name;
        double seconds, limit;
    } units[] = {{" s", 1, 60}, {" min", 60, 60}, {" h", 3600, 24}, {" d", 86400, 1000}, {" y", 31557600, INFINITY}};
    size_t i = 0;
    while (round_short(seconds / units[i].seconds) >= units[i].limit)
        i++;
    put_short(text, seconds / units[i].seconds, units[i].name);
}

/* The shortest time in which it happens once. */
static void put_per_day(struct dora__text *text, double per_day) {
    static const struct {
        const char *name;
        double days;
    } units[] = {{"/day", 1}, {"/week", 7}, {"/month", 30.4375}, {"/year", 365.25}};
    size_t i = 0;
    while (i < 3 && per_day > 0 && per_day * units[i].days < 0.95)
        i++;
    put_short(text, per_day * units[i].days, units[i].name);
}

/* Only all and nothing are "100 %" and "0 %". */
static void put_ratio(struct dora__text *text, double ratio) {
    if (ratio == 0 || ratio == 1)
        put_decimal(text, ratio * 100, 0);
    else if (ratio > 0 && ratio < 0.0005)
        dora__text_puts(text, "<0.1");
    else if (ratio < 1 && ratio >= 0.9995)
        dora__text_puts(text, ">99.9");
    else
        put_decimal(text, ratio * 100, 1);
    dora__text_puts(text, " %");
}

static void put_score(struct dora__text *text, double score) {
    put_decimal(text, score, 1);
}

static void put_number(struct dora__text *text, double value) {
    put_decimal(text, value, value == floor(value) ? 0 : 2);
}

void dora__humane_value(struct dora__text *text, dora_unit unit, double value) {
    static void (*const put[])(struct dora__text *, double) = {
        [DORA_UNIT_NONE] = put_number,        [DORA_UNIT_COUNT] = put_number,    [DORA_UNIT_DAYS] = put_number,
        [DORA_UNIT_SECONDS] = put_seconds,    [DORA_UNIT_PER_DAY] = put_per_day, [DORA_UNIT_RATIO] = put_ratio,
        [DORA_UNIT_PER_RELEASE] = put_number, [DORA_UNIT_VALUE] = put_number,    [DORA_UNIT_SCORE] = put_score,
        [DORA_UNIT_TIER] = put_number,
    };
    put[(size_t)unit < sizeof put / sizeof *put ? unit : DORA_UNIT_NONE](text, value);
}

void dora__humane_grouped(struct dora__text *text, uint64_t number) {
    char digits[32];
    size_t at = sizeof digits;
    for (int count = 0; count == 0 || number > 0; count++, number /= 10) {
        if (count && count % 3 == 0)
            digits[--at] = ',';
        digits[--at] = (char)('0' + number % 10);
    }
    dora__text_put(text, digits + at, sizeof digits - at);
}

static const dora_period styles[] = {DORA_PERIOD_DAY, DORA_PERIOD_WEEK, DORA_PERIOD_MONTH, DORA_PERIOD_QUARTER,
                                     DORA_PERIOD_YEAR};
enum { STYLES = sizeof styles / sizeof *styles };

unsigned dora__window_styles(int32_t first, int32_t last) {
    unsigned suits = 0;
    for (unsigned i = 0; i < STYLES; i++) {
        int32_t unit_first, unit_last;
        dora__period_of(first, styles[i], &unit_first, &unit_last);
        suits |= (unsigned)(unit_first == first && unit_last == last) << i;
    }
    return suits;
}

/* The ISO year and number of a week are those of its Thursday. */
static void put_week(struct dora__text *text, int32_t monday) {
    char date[DORA__NUMBER_ROOM];
    int32_t thursday = monday + 3, new_year, last;
    dora__period_of(thursday, DORA_PERIOD_YEAR, &new_year, &last);
    int32_t week = (thursday - new_year) / 7 + 1;
    dora__format_date(date, thursday);
    dora__text_put(text, date, 5);
    dora__text_puts(text, week < 10 ? "W0" : "W");
    dora__text_int64(text, week);
}

void dora__window_label(struct dora__text *text, unsigned suits, int32_t first, int32_t last) {
    char date[DORA__NUMBER_ROOM];
    size_t size = dora__format_date(date, first);
    unsigned style = 0;
    while (style < STYLES && !(suits >> style & 1))
        style++;
    if (style == STYLES) {
        dora__text_put(text, date, size);
        dora__text_puts(text, "..");
        dora__text_date(text, last);
        return;
    }
    switch (styles[style]) {
    case DORA_PERIOD_WEEK:
        put_week(text, first);
        break;
    case DORA_PERIOD_QUARTER:
        dora__text_put(text, date, 5);
        dora__text_put(text, "Q", 1);
        dora__text_int64(text, (dora__date_from_day(first).month + 2) / 3);
        break;
    case DORA_PERIOD_YEAR:
        dora__text_put(text, date, 4);
        break;
    case DORA_PERIOD_MONTH:
        dora__text_put(text, date, 7);
        break;
    default:
        dora__text_put(text, date, size);
    }
}
