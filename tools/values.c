/* SPDX-License-Identifier: MIT */
/* See values.h. */
#include "values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct suffix {
    char letter;
    int32_t seconds; /* 0: not a duration */
    dora_unit unit;
} suffixes[] = {
    {'\0', 1, DORA_UNIT_NONE},      {'s', 1, DORA_UNIT_SECONDS},     {'m', 60, DORA_UNIT_SECONDS},
    {'h', 3600, DORA_UNIT_SECONDS}, {'d', 86400, DORA_UNIT_SECONDS}, {'w', 604800, DORA_UNIT_SECONDS},
    {'%', 0, DORA_UNIT_RATIO},
};

static const struct suffix *find_suffix(const char *text) {
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (text[0] == suffixes[i].letter && (text[0] == '\0' || text[1] == '\0'))
            return &suffixes[i];
    return NULL;
}

/* The number that text begins with; NULL without a digit or above `most`, else what follows. */
static const char *take_whole(const char *text, uint64_t most, uint64_t *value) {
    const char *s = text;
    *value = 0;
    for (; *s >= '0' && *s <= '9'; s++) {
        unsigned digit = (unsigned)(*s - '0');
        if (*value > (most - digit) / 10 || digit > most)
            return NULL;
        *value = *value * 10 + digit;
    }
    return s == text ? NULL : s;
}

bool parse_whole(const char *text, uint64_t most, uint64_t *value) {
    const char *end = take_whole(text, most, value);
    return end && *end == '\0';
}

bool parse_duration_us(const char *text, int64_t *value_us) {
    uint64_t number;
    const char *end = take_whole(text, INT64_MAX, &number);
    const struct suffix *suffix = end ? find_suffix(end) : NULL;
    if (!suffix || suffix->seconds == 0)
        return false;
    return !__builtin_mul_overflow((int64_t)number, (int64_t)suffix->seconds * 1000000, value_us);
}

bool parse_amount(const char *text, double *value, dora_unit *unit) {
    /* strtod also takes hexadecimal, infinity and NaN; the command never sets a locale, so the point is a point. */
    size_t size = strspn(text, "0123456789.eE+-");
    char number[64], *end;
    if (size == 0 || size >= sizeof number)
        return false;
    memcpy(number, text, size);
    number[size] = '\0';
    double parsed = strtod(number, &end);
    const struct suffix *suffix = find_suffix(text + size);
    if (end == number || *end != '\0' || !suffix || !isfinite(parsed))
        return false;
    *value = suffix->seconds ? parsed * suffix->seconds : parsed / 100;
    *unit = suffix->unit;
    return true;
}
