/* SPDX-License-Identifier: MIT */
/*
 * See rule.h. The span around an instant lies between two switches of the years around it. They are put in order; of
 * two at one moment the later year's stands, so that a daylight time that ends as the next begins lasts for ever.
 */
#include "calendar/rule.h"

#include "calendar/decode.h"

struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *cursor, char byte) {
    bool there = cursor->at < cursor->end && *cursor->at == byte;
    cursor->at += there;
    return there;
}

/* A number of at most three digits, from least to most. */
static bool take_number(struct cursor *cursor, int32_t least, int32_t most, int32_t *number) {
    const char *begin = cursor->at;
    *number = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        if (cursor->at - begin == 3)
            return false;
        *number = *number * 10 + (*cursor->at - '0');
    }
    return cursor->at > begin && *number >= least && *number <= most;
}

/* [+-]h[:mm[:ss]] */
static bool take_time(struct cursor *cursor, int32_t hours_most, int32_t *seconds) {
    bool negative = take(cursor, '-');
    if (!negative)
        take(cursor, '+');
    int32_t hour, minute = 0, second = 0;
    if (!take_number(cursor, 0, hours_most, &hour))
        return false;
    if (take(cursor, ':')) {
        if (!take_number(cursor, 0, 59, &minute))
            return false;
        if (take(cursor, ':') && !take_number(cursor, 0, 59, &second))
            return false;
    }
    *seconds = (hour * 3600 + minute * 60 + second) * (negative ? -1 : 1);
    return true;
}

static bool is_letter(char byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* Three or more letters, or letters, digits and signs in <>. Names are not kept. */
static bool take_name(struct cursor *cursor) {
    bool quoted = take(cursor, '<');
    const char *begin = cursor->at;
    for (; cursor->at < cursor->end; cursor->at++) {
        char byte = *cursor->at;
        if (!is_letter(byte) && !(quoted && ((byte >= '0' && byte <= '9') || byte == '+' || byte == '-')))
            break;
    }
    return cursor->at - begin >= 3 && (!quoted || take(cursor, '>'));
}

/* POSIX counts offsets westward. */
static bool take_offset(struct cursor *cursor, int32_t *ahead_seconds) {
    int32_t behind;
    if (!take_time(cursor, 24, &behind))
        return false;
    *ahead_seconds = -behind;
    return true;
}

/* ,Mm.w.d or ,Jn or ,n and perhaps /time; without it the switch is at two o'clock. */
static bool take_switch(struct cursor *cursor, struct dora__rule_switch *at) {
    *at = (struct dora__rule_switch){.seconds = 2 * 3600};
    bool taken = take(cursor, ',');
    if (taken && take(cursor, 'M')) {
        at->form = DORA__RULE_WEEKDAY;
        taken = take_number(cursor, 1, 12, &at->month) && take(cursor, '.') && take_number(cursor, 1, 5, &at->week) &&
                take(cursor, '.') && take_number(cursor, 0, 6, &at->day);
    } else if (taken && take(cursor, 'J')) {
        at->form = DORA__RULE_JULIAN;
        taken = take_number(cursor, 1, 365, &at->day);
    } else if (taken) {
        at->form = DORA__RULE_DAY;
        taken = take_number(cursor, 0, 365, &at->day);
    }
    return taken && (!take(cursor, '/') || take_time(cursor, 167, &at->seconds));
}

bool dora__rule_parse(const char *text, size_t size, struct dora__rule *rule) {
    struct cursor cursor = {text, text + size};
    *rule = (struct dora__rule){.has_daylight = false};
    if (!take_name(&cursor) || !take_offset(&cursor, &rule->standard_seconds))
        return false;
    if (cursor.at == cursor.end)
        return true;
    rule->has_daylight = true;
    rule->daylight_seconds = rule->standard_seconds + 3600;
    if (!take_name(&cursor) || cursor.at == cursor.end)
        return false;
    if (*cursor.at != ',' && !take_offset(&cursor, &rule->daylight_seconds))
        return false;
    return take_switch(&cursor, &rule->start) && take_switch(&cursor, &rule->end) && cursor.at == cursor.end;
}

static int32_t switch_day(const struct dora__rule_switch *at, int32_t year) {
    int32_t new_year = dora__count_days((uint32_t)year, 1, 1);
    if (at->form == DORA__RULE_DAY)
        return new_year + at->day;
    if (at->form == DORA__RULE_JULIAN)
        return new_year + at->day - 1 + (at->day > 59 && dora__leap_year((uint32_t)year));
    int32_t month_begin, month_end;
    dora__period_of(dora__count_days((uint32_t)year, (uint32_t)at->month, 1), DORA_PERIOD_MONTH, &month_begin,
                    &month_end);
    int32_t weekday = (month_begin + 4 + 7 * 146097) % 7; /* 1970-01-01 was a Thursday; the term keeps it positive */
    int32_t day = month_begin + (at->day - weekday + 7) % 7 + (at->week - 1) * 7;
    return day > month_end ? day - 7 : day;
}

struct moment {
    int64_t us;
    int32_t seconds; /* offset from then on */
};

static struct moment moment_of(const struct dora__rule_switch *at, int32_t year, int32_t before, int32_t after) {
    return (struct moment){
        .us = switch_day(at, year) * DORA__US_PER_DAY + (at->seconds - before) * DORA__US_PER_SECOND,
        .seconds = after,
    };
}

/* The switches of the years around `year`, in order. */
enum { MOMENTS = 6 };
static void list_moments(const struct dora__rule *rule, int32_t year, struct moment moments[MOMENTS]) {
    int32_t standard = rule->standard_seconds, daylight = rule->daylight_seconds;
    for (size_t i = 0; i < MOMENTS; i++) {
        int32_t of = year - 1 + (int32_t)(i / 2);
        struct moment moment =
            i % 2 ? moment_of(&rule->end, of, daylight, standard) : moment_of(&rule->start, of, standard, daylight);
        size_t place = i;
        for (; place > 0 && moments[place - 1].us > moment.us; place--)
            moments[place] = moments[place - 1];
        moments[place] = moment;
    }
}

void dora__rule_find(const struct dora__rule *rule, int64_t instant_us, struct dora__zone_span *span) {
    *span = (struct dora__zone_span){INT64_MIN, INT64_MAX, rule->standard_seconds * DORA__US_PER_SECOND};
    if (!rule->has_daylight)
        return;
    int64_t near_us = instant_us < DORA__INSTANT_MIN   ? DORA__INSTANT_MIN
                      : instant_us > DORA__INSTANT_MAX ? DORA__INSTANT_MAX
                                                       : instant_us;
    int64_t day = near_us / DORA__US_PER_DAY - (near_us % DORA__US_PER_DAY < 0);
    struct moment moments[MOMENTS];
    list_moments(rule, dora__date_from_day((int32_t)day).year, moments);
    for (size_t i = 0; i < MOMENTS; i++) {
        if (moments[i].us > instant_us) {
            span->end_us = moments[i].us;
            return;
        }
        span->begin_us = moments[i].us;
        span->offset_us = moments[i].seconds * DORA__US_PER_SECOND;
    }
}
