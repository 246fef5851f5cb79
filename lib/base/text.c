/* SPDX-License-Identifier: MIT */
/*
 * See text.h. Doubles are printed with the fewest digits by exact integer arithmetic. The doubles that read back as
 * m * 2^e lie between (2m - 1) and (2m + 1) halves of its last bit. Scaled by a power of ten that leaves 17 or 18
 * digits, these ends are integers of two words over a power of two; the decimals between them that end in the most
 * zeros are the shortest, and the one nearest to the double is taken. Few-decimal values, the most frequent, have a
 * shorter way; huge and tiny ones, which no metric has, go through the C library.
 */
#include "base/text.h"

#include "base/checked.h"
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
        if (point < 1)
            *next++ = '-';
        return (size_t)(next - out) + format_unsigned(next, (uint64_t)abs(point - 1));
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

/* Powers of five that fit a word. */
static const uint64_t powers_of_five[] = {
    UINT64_C(1),
    UINT64_C(5),
    UINT64_C(25),
    UINT64_C(125),
    UINT64_C(625),
    UINT64_C(3125),
    UINT64_C(15625),
    UINT64_C(78125),
    UINT64_C(390625),
    UINT64_C(1953125),
    UINT64_C(9765625),
    UINT64_C(48828125),
    UINT64_C(244140625),
    UINT64_C(1220703125),
    UINT64_C(6103515625),
    UINT64_C(30517578125),
    UINT64_C(152587890625),
    UINT64_C(762939453125),
    UINT64_C(3814697265625),
    UINT64_C(19073486328125),
    UINT64_C(95367431640625),
    UINT64_C(476837158203125),
    UINT64_C(2384185791015625),
    UINT64_C(11920928955078125),
    UINT64_C(59604644775390625),
    UINT64_C(298023223876953125),
    UINT64_C(1490116119384765625),
    UINT64_C(7450580596923828125),
};

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
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1), mantissa = fraction | UINT64_C(1) << 52;
    /* With 1233 / 4096 for log10(2), 10^16 <= value * 10^scale < 2 * 10^17: doubles there are more than 1 apart. */
    int scale = 16 - (exponent * 1233 - (exponent < 0 ? 4095 : 0)) / 4096;

    /* value * 10^scale is middle / 2^shift. Half the way to the next double is two fives; so it is to the one before,
       except below a power of two. */
    int shift = 54 - exponent - scale;
    uint64_t five = powers_of_five[scale], gap_above = 2 * five, gap_below = fraction ? 2 * five : five;
    struct two_words middle, least, most;
    middle.low = dora__multiply_u64(4 * mantissa, five, &middle.high);
    least = (struct two_words){middle.low - gap_below, middle.high - (middle.low < gap_below)};
    most = (struct two_words){middle.low + gap_above, middle.high + (middle.low + gap_above < gap_above)};

    /* low to high are the integers that read back as the value; at the ends the even mantissa wins. */
    bool even = !(fraction & 1), exact;
    uint64_t low = whole_part(least, shift, &exact);
    low += !(exact && even);
    uint64_t high = whole_part(most, shift, &exact);
    high -= exact && !even;
    uint64_t doubled = whole_part(middle, shift - 1, &exact), unit = 1;
    while (high / 10 >= (low + 9) / 10) {
        high /= 10;
        low = (low + 9) / 10;
        unit *= 10;
        scale--;
    }
    uint64_t decimal = doubled / (2 * unit), over = doubled % (2 * unit);
    decimal += over > unit || (over == unit && (!exact || (decimal & 1)));
    decimal = decimal < low ? low : decimal > high ? high : decimal;
    return format_decimal(out, decimal, scale);
}

size_t dora__format_double(char out[DORA__NUMBER_ROOM], double value) {
    assert(isfinite(value));
    if (!isfinite(value)) {
        memcpy(out, "null", 4);
        return 4;
    }
    if (value > -0x1p53 && value < 0x1p53 && value == (double)(int64_t)value)
        return dora__format_int64(out, (int64_t)value);
    size_t sign = value < 0;
    if (sign) {
        *out++ = '-';
        value = -value;
    }
    size_t size = format_few_decimals(out, value);
    if (!size)
        size = value >= 0x1p-36 && value < 0x1p52 ? format_shortest(out, value) : format_far(out, value);
    return sign + size;
}

void dora__text_init(struct dora__text *text, struct dora__memory *memory) {
    *text = (struct dora__text){.memory = memory};
}

void dora__text_free(struct dora__text *text) {
    dora__free(text->memory, text->data, text->capacity, 1);
    *text = (struct dora__text){.memory = text->memory};
}

void dora__text_put(struct dora__text *text, const void *bytes, size_t size) {
    size_t need;
    if (text->failed || size == 0)
        return;
    if (text->capacity - text->size < size) {
        void *block = text->data;
        if (!dora__add_size(text->size, size, &need) || !dora__grow(text->memory, &block, &text->capacity, need, 1)) {
            text->failed = true;
            return;
        }
        text->data = block;
    }
    memcpy(text->data + text->size, bytes, size);
    text->size += size;
}

void dora__text_puts(struct dora__text *text, const char *terminated) {
    dora__text_put(text, terminated, strlen(terminated));
}

void dora__text_int64(struct dora__text *text, int64_t value) {
    char out[DORA__NUMBER_ROOM];
    dora__text_put(text, out, dora__format_int64(out, value));
}

void dora__text_double(struct dora__text *text, double value) {
    char out[DORA__NUMBER_ROOM];
    dora__text_put(text, out, dora__format_double(out, value));
}
