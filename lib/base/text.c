/* SPDX-License-Identifier: MIT */
/*
 * See text.h. Doubles are printed with the fewest digits by exact integer arithmetic. The doubles that read back as
 * m * 2^e lie between (2m - 1) and (2m + 1) halves of its last bit. Scaled by a power of ten that leaves 17 or 18 digits,
 * these ends are integers of two words over a power of two; the decimals between them that end in the most zeros are
 * the shortest, and the one nearest to the double is taken. Few-decimal values, the most frequent, have a shorter way;
 * huge and tiny ones, which no metric has, go through the C library.
 */
#include "base/text.h"

#include "base/wide.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_ROOM = 20,
    PLAIN_POINT_MIN = -4, /* 0.0000123; what is smaller gets an exponent */
    PLAIN_POINT_MAX = 17,
};

static const char pairs[] = "00010203040506070809"
                            "10111213141516171819"
                            "20212223242526272829"
                            "30313233343536373839"
                            "40414243444546474849"
                            "50515253545556575859"
                            "60616263646566676869"
                            "70717273747576777879"
                            "80818283848586878889"
                            "90919293949596979899";

static const uint64_t powers_of_ten[] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

static size_t count_digits(uint64_t value) {
    /* 1233 / 4096 is log10(2), a bit too large near powers of ten; the table decides. */
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    unsigned guess = bits * 1233 >> 12;
    return guess + (value >= powers_of_ten[guess]) + (value == 0);
}

/* Decimal digits of value, `count` of them. */
static void put_digits(char *out, uint64_t value, size_t count) {
    char *end = out + count;
    while (value > UINT32_MAX) {
        uint32_t eight = (uint32_t)(value % 100000000);
        value /= 100000000;
        for (int i = 0; i < 4; i++, eight /= 100)
            memcpy(end -= 2, pairs + 2 * (size_t)(eight % 100), 2);
    }
    uint32_t rest = (uint32_t)value;
    for (; end - out >= 2; rest /= 100)
        memcpy(end -= 2, pairs + 2 * (size_t)(rest % 100), 2);
    if (end != out)
        *out = (char)('0' + rest);
}

static size_t format_unsigned(char *out, uint64_t value) {
    size_t count = count_digits(value);
    put_digits(out, value, count);
    return count;
}

size_t dora__format_int64(char out[DORA__NUMBER_ROOM], int64_t value) {
    if (value >= 0)
        return format_unsigned(out, (uint64_t)value);
    *out = '-';
    return 1 + format_unsigned(out + 1, -(uint64_t)value);
}

/* The number 0.DIGITS * 10^point. */
static size_t lay_out(char *out, const char *digits, size_t count, int point) {
    char *next = out;
    if (point < PLAIN_POINT_MIN || point > PLAIN_POINT_MAX) {
        *next++ = digits[0];
        if (count > 1) {
            *next++ = '.';
            memcpy(next, digits + 1, count - 1);
            next += count - 1;
        }
        *next++ = 'e';
        int exponent = point - 1;
        *next++ = exponent < 0 ? '-' : '+';
        return (size_t)(next - out) + format_unsigned(next, (uint64_t)abs(exponent));
    }
    if (point <= 0) {
        memcpy(next, "0.000000", (size_t)(2 - point));
        next += 2 - point;
        memcpy(next, digits, count);
        return (size_t)(next - out) + count;
    }
    size_t whole = (size_t)point;
    if (count <= whole) {
        memcpy(next, digits, count);
        memset(next + count, '0', whole - count);
        return whole;
    }
    memcpy(next, digits, whole);
    next[whole] = '.';
    memcpy(next + whole + 1, digits + whole, count - whole);
    return count + 1;
}

/* decimal / 10^scale, where decimal does not end in 0. */
static size_t format_decimal(char *out, uint64_t decimal, int scale) {
    char digits[DIGITS_ROOM];
    size_t count = format_unsigned(digits, decimal);
    return lay_out(out, digits, count, (int)count - scale);
}

/* Through the C library; digits are picked out of its text, so its decimal point may be any. */
static size_t format_far(char *out, double value) {
    char text[64];
    for (int digits = value < DBL_MIN ? 1 : DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value)
            break;
    }
    char digits[DIGITS_ROOM];
    size_t count = 0, i = 0;
    for (; text[i] && text[i] != 'e'; i++)
        if (text[i] >= '0' && text[i] <= '9')
            digits[count++] = text[i];
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return lay_out(out, digits, count, atoi(text + i + 1) + 1);
}

#if FLT_EVAL_METHOD == 0
/* Values of at most six decimals, exact: a correctly rounded quotient of exact doubles reads as that decimal, and below
   2^50 no other decimal of six places reads the same. Returns 0 for other values. */
static size_t format_few_decimals(char *out, double value) {
    double scaled = value * 1e6;
    if (scaled >= 0x1p50)
        return 0;
    int64_t decimal = (int64_t)(scaled + 0.5);
    if (decimal == 0 || (double)decimal / 1e6 != value)
        return 0;
    int scale = 6;
    for (; scale > 0 && decimal % 10 == 0; scale--)
        decimal /= 10;
    return format_decimal(out, (uint64_t)decimal, scale);
}
#else
static size_t format_few_decimals(char *out, double value) {
    (void)out;
    (void)value;
    return 0;
}
#endif

/* Five to the power of 0 to 27, which fits a word. */
static uint64_t power_of_five(int exponent) {
    if (exponent < 20)
        return powers_of_ten[exponent] >> exponent;
    return (powers_of_ten[19] >> 19) * (powers_of_ten[exponent - 19] >> (exponent - 19));
}

struct two_words {
    uint64_t low;
    uint64_t high;
};

/* Whole part of value / 2^shift, 0 < shift < 64, and whether it is all. */
static uint64_t whole_part(struct two_words value, int shift, bool *exact) {
    *exact = !(value.low << (64 - shift));
    return value.high << (64 - shift) | value.low >> shift;
}

/* The shortest decimal of a value that is no integer, 2^-36 <= value < 2^52. */
static size_t format_shortest(char *out, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023; /* 2^exponent <= value < 2^(exponent + 1) */
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1), twice = (fraction | UINT64_C(1) << 52) << 1;
    /* With 1233 / 4096 for log10(2), 10^16 <= value * 10^scale < 2 * 10^17: doubles there are more than 1 apart. */
    int scale = 16 - (exponent * 1233 - (exponent < 0 ? 4095 : 0)) / 4096;
    int shift = 53 - exponent - scale; /* value * 10^scale = twice * 5^scale / 2^shift */

    uint64_t half_gap = power_of_five(scale);
    struct two_words middle, least, most;
    middle.low = dora__multiply_u64(twice, half_gap, &middle.high);
    most.low = middle.low + half_gap;
    most.high = middle.high + (most.low < half_gap);
    uint64_t gap_below = half_gap;
    if (!fraction) { /* the doubles below a power of two are half as far apart: count everything in halves */
        shift++;
        middle = (struct two_words){middle.low << 1, middle.high << 1 | middle.low >> 63};
        most = (struct two_words){most.low << 1, most.high << 1 | most.low >> 63};
    }
    least.low = middle.low - gap_below;
    least.high = middle.high - (middle.low < gap_below);

    /* low..high are the integers that read back; the ends do so where the mantissa is even. */
    bool even = !(fraction & 1), exact, all;
    uint64_t low = whole_part(least, shift, &exact);
    low += !(exact && even);
    uint64_t high = whole_part(most, shift, &exact);
    high -= exact && !even;
    uint64_t nearest = whole_part(middle, shift, &all), unit = 1;
    while (high / 10 >= (low + 9) / 10) {
        high /= 10;
        low = (low + 9) / 10;
        unit *= 10;
        scale--;
    }
    uint64_t decimal = nearest / unit, over = 2 * (nearest % unit);
    if (unit == 1)
        over = middle.low >> (shift - 1) & 1, all = !(middle.low << (65 - shift) << 0);
    bool above_half = unit == 1 ? over && !all : over > unit || (over == unit && !all);
    bool at_half = unit == 1 ? over && all : over == unit && all;
    decimal += above_half || (at_half && (decimal & 1));
    decimal = decimal < low ? low : decimal > high ? high : decimal;
    return format_decimal(out, decimal, scale);
}
