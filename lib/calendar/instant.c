/* SPDX-License-Identifier: MIT */
/*
 * See instant.h. A text instant is a fixed-width date, a fixed-width clock and, rarely, a tail of fraction and offset.
 * Numbers never become doubles: a decimal stays the text of its digits with the place of its point, and since every
 * unit and limit is a power of ten, choosing the unit is a comparison of places and scaling moves the point.
 */
#include "calendar/instant.h"

#include "calendar/decode.h"

static const char not_an_instant[] = "not an instant";
static const char not_a_number[] = "not a number";
static const char instant_out_of_range[] = "instant out of range";

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

static const char *check_range(int64_t instant_us) {
    return instant_us < DORA__INSTANT_MIN || instant_us > DORA__INSTANT_MAX ? instant_out_of_range : NULL;
}

/* The value 0.d1 d2 d3 ... * 10^place with d1 not 0, negative or not. Between first and end are digits and at most one
   point. Zero has no digits: first is end. */
struct decimal {
    const char *first;
    const char *end;
    int64_t place;
    bool negative;
};

/* Digits to skip or count never exceed the address space, so a place beyond this is out of any range. */
#define PLACE_MAX (INT64_MAX / 4)

/* The exponent at text, which ends at end; its size is cut at PLACE_MAX. False where it is none. */
static bool parse_exponent(const char *text, const char *end, int64_t *exponent) {
    bool negative = text < end && *text == '-';
    if (text < end && (*text == '-' || *text == '+'))
        text++;
    if (text == end)
        return false;
    int64_t value = 0;
    for (; text < end; text++) {
        if (!is_digit(*text))
            return false;
        if (value < PLACE_MAX / 10)
            value = value * 10 + (*text - '0');
    }
    *exponent = negative ? -value : value;
    return true;
}

/* Sign, digits, one point among them, exponent. Takes every JSON number, and some texts that are none. */
static bool parse_decimal(const char *text, size_t size, struct decimal *decimal) {
    const char *end = text + size;
    *decimal = (struct decimal){.negative = size && *text == '-'};
    if (size && (*text == '-' || *text == '+'))
        text++;
    const char *mantissa = text, *point = NULL;
    for (; text < end && (is_digit(*text) || (*text == '.' && !point)); text++) {
        if (*text == '.')
            point = text;
        else if (*text != '0' && !decimal->first)
            decimal->first = text;
    }
    decimal->end = text;
    if (!decimal->first)
        decimal->first = text;
    if (!point)
        point = text;
    decimal->place = point - decimal->first + (point < decimal->first);
    if (text == mantissa)
        return false;
    int64_t exponent = 0;
    if (text < end && ((*text != 'e' && *text != 'E') || !parse_exponent(text + 1, end, &exponent)))
        return false;
    decimal->place += exponent;
    return true;
}

/* What is left of a decimal behind its whole part: whether that is nothing, below, at or above a half. */
enum rest { REST_NONE, REST_BELOW_HALF, REST_HALF, REST_ABOVE_HALF };

/* The first `count` digits (at most 19) as a number, missing ones being 0. A negative count is 0 digits of a value
   that is less than a tenth. */
static uint64_t whole_part(const struct decimal *decimal, int64_t count, enum rest *rest) {
    const char *digit = decimal->first;
    uint64_t whole = 0;
    for (int64_t i = 0; i < count; i++) {
        if (digit < decimal->end && *digit == '.')
            digit++;
        whole = whole * 10 + (digit < decimal->end ? (uint64_t)(*digit++ - '0') : 0);
    }
    if (digit < decimal->end && *digit == '.')
        digit++;
    char next = count >= 0 && digit < decimal->end ? *digit++ : '0';
    while (digit < decimal->end && (*digit == '0' || *digit == '.'))
        digit++;
    bool more = digit < decimal->end;
    *rest = next > '5' || (next == '5' && more) ? REST_ABOVE_HALF
            : next == '5'                       ? REST_HALF
            : next > '0' || more                ? REST_BELOW_HALF
                                                : REST_NONE;
    return whole;
}

/* The unit of an epoch number below 10^place, and how many places it lies above a microsecond. */
static const struct {
    int64_t place;
    int64_t shift;
} epoch_units[] = {
    {11, 6},             /* seconds */
    {14, 3},             /* milliseconds */
    {17, 0},             /* microseconds */
    {PLACE_MAX * 2, -3}, /* nanoseconds */
};

static const char *instant_from_decimal(const struct decimal *decimal, int64_t *instant_us) {
    size_t unit = 0;
    while (decimal->place > epoch_units[unit].place)
        unit++;
    int64_t count = decimal->place + epoch_units[unit].shift;
    enum rest rest;
    if (decimal->first == decimal->end)
        count = 0;
    else if (count > 18)
        return instant_out_of_range;
    int64_t whole = (int64_t)whole_part(decimal, count, &rest);
    int64_t us = decimal->negative ? -whole - (rest != REST_NONE) : whole;
    const char *error = check_range(us);
    if (!error)
        *instant_us = us;
    return error;
}

const char *dora__parse_epoch(const char *text, size_t size, int64_t *instant_us) {
    struct decimal decimal;
    if (!parse_decimal(text, size, &decimal))
        return not_a_number;
    return instant_from_decimal(&decimal, instant_us);
}

const char *dora__parse_millionths(const char *text, size_t size, int64_t *millionths) {
    static const char out_of_range[] = "number out of range";
    const uint64_t most = UINT64_C(1000000000000000000);
    struct decimal decimal;
    if (!parse_decimal(text, size, &decimal))
        return not_a_number;
    int64_t count = decimal.first == decimal.end ? 0 : decimal.place + 6;
    if (count > 19)
        return out_of_range;
    enum rest rest;
    uint64_t whole = whole_part(&decimal, count, &rest);
    if (whole > most || (whole == most && rest != REST_NONE))
        return out_of_range;
    whole += rest == REST_ABOVE_HALF || (rest == REST_HALF && whole % 2);
    *millionths = decimal.negative ? -(int64_t)whole : (int64_t)whole;
    return NULL;
}

/* Text that is no date: a signed integer, or nothing we know. */
static const char *parse_integer(const char *text, size_t size, int64_t *instant_us) {
    size_t sign = size && (*text == '-' || *text == '+');
    for (size_t i = sign; i < size; i++)
        if (!is_digit(text[i]))
            return not_an_instant;
    struct decimal decimal;
    if (!parse_decimal(text, size, &decimal))
        return not_an_instant;
    return instant_from_decimal(&decimal, instant_us);
}

/* "", "Z", "z", " UTC", or "+hh:mm", "+hhmm", "+hh" with perhaps a space before; what local time is ahead of UTC. */
static const char *parse_offset(const char *text, size_t size, int64_t *offset_us) {
    *offset_us = 0;
    if (size == 0 || (size == 1 && (*text == 'Z' || *text == 'z')))
        return NULL;
    if (size == 4 && text[0] == ' ' && text[1] == 'U' && text[2] == 'T' && text[3] == 'C')
        return NULL;
    size_t space = *text == ' ';
    int32_t seconds;
    const char *error = dora__decode_offset(text + space, size - space, &seconds);
    if (!error)
        *offset_us = seconds * DORA__US_PER_SECOND;
    return error;
}

/* What follows the seconds: a fraction, an offset, or both; how much it adds to the instant. */
static const char *parse_tail(const char *text, size_t size, int64_t *added_us) {
    int64_t fraction_us = 0, offset_us;
    if (size && *text == '.') {
        size_t digits = 0;
        for (; digits + 1 < size && is_digit(text[digits + 1]); digits++)
            if (digits < 6)
                fraction_us = fraction_us * 10 + (text[digits + 1] - '0');
        if (digits < 1 || digits > 9)
            return not_an_instant;
        for (size_t i = digits; i < 6; i++)
            fraction_us *= 10;
        text += digits + 1;
        size -= digits + 1;
    }
    const char *error = parse_offset(text, size, &offset_us);
    *added_us = fraction_us - offset_us;
    return error;
}

const char *dora__parse_instant(const char *text, size_t size, int64_t *instant_us) {
    if (size < DORA__DATE_SIZE || text[4] != '-')
        return parse_integer(text, size, instant_us);
    int32_t day, second = 0;
    int64_t added_us = 0;
    const char *error = dora__decode_date(text, &day);
    if (error)
        return error;
    if (size > DORA__DATE_SIZE) {
        const size_t clock = DORA__DATE_SIZE + 1, tail = clock + DORA__CLOCK_SIZE;
        if (size < tail || ((text[10] | 0x20) != 't' && text[10] != ' '))
            return not_an_instant;
        error = dora__decode_clock(text + clock, &second);
        if (!error && size > tail && !(size == tail + 1 && text[tail] == 'Z'))
            error = parse_tail(text + tail, size - tail, &added_us);
        if (error)
            return error;
    }
    int64_t us = day * DORA__US_PER_DAY + second * DORA__US_PER_SECOND + added_us;
    error = check_range(us);
    if (!error)
        *instant_us = us;
    return error;
}
