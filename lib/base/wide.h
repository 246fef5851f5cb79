/* SPDX-License-Identifier: MIT */
/*
 * A signed 128-bit integer in two's complement, for sums and comparisons that must be exact: sums of microseconds,
 * cross products of ratios. Made of two words, so that results and layout are the same with and without __int128.
 * Division gives what callers need of it: the correctly rounded double of a ratio.
 */
#ifndef DORA_BASE_WIDE_H
#define DORA_BASE_WIDE_H

#include <stdbool.h>
#include <stdint.h>

/* DORA__WIDE_PORTABLE asks for the code without __int128, so that a test can compare the two. */
#if defined(__SIZEOF_INT128__) && !defined(DORA__WIDE_PORTABLE)
#define DORA__WIDE_NATIVE 1
__extension__ typedef unsigned __int128 dora__u128;
#else
#define DORA__WIDE_NATIVE 0
#endif

typedef struct {
    uint64_t low;
    int64_t high;
} dora__wide;

/* The full product of two words: the lower word is returned. */
static inline uint64_t dora__multiply_u64(uint64_t a, uint64_t b, uint64_t *high) {
#if DORA__WIDE_NATIVE
    dora__u128 product = (dora__u128)a * b;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#else
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low, cross = a_high * b_low, other = a_low * b_high;
    uint64_t middle = (low >> 32) + (uint32_t)cross + (uint32_t)other;
    *high = a_high * b_high + (cross >> 32) + (other >> 32) + (middle >> 32);
    return middle << 32 | (uint32_t)low;
#endif
}

static inline dora__wide dora__wide_from_i64(int64_t value) {
    return (dora__wide){(uint64_t)value, value < 0 ? -1 : 0};
}

/* Sums and differences wrap at 128 bits; 2^63 sums of int64 do not get there. */
static inline dora__wide dora__wide_add(dora__wide a, dora__wide b) {
    uint64_t low = a.low + b.low;
    return (dora__wide){low, (int64_t)((uint64_t)a.high + (uint64_t)b.high + (low < a.low))};
}

static inline dora__wide dora__wide_add_i64(dora__wide a, int64_t b) {
    return dora__wide_add(a, dora__wide_from_i64(b));
}

static inline dora__wide dora__wide_subtract(dora__wide a, dora__wide b) {
    return (dora__wide){a.low - b.low, (int64_t)((uint64_t)a.high - (uint64_t)b.high - (a.low < b.low))};
}

static inline dora__wide dora__wide_negate(dora__wide a) {
    return dora__wide_subtract((dora__wide){0, 0}, a);
}

static inline bool dora__wide_is_zero(dora__wide a) {
    return (a.low | (uint64_t)a.high) == 0;
}

/* -1, 0 or 1. */
static inline int dora__wide_compare(dora__wide a, dora__wide b) {
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

/* a * b where the product fits 128 bits, as it does for every |a| < 2^127 / b. */
static inline dora__wide dora__wide_scale(dora__wide a, uint64_t b) {
    uint64_t carry, low = dora__multiply_u64(a.low, b, &carry);
    return (dora__wide){low, (int64_t)((uint64_t)a.high * b + carry)};
}

/* a * b, which always fits. */
static inline dora__wide dora__wide_multiply(int64_t a, uint64_t b) {
    return dora__wide_scale(dora__wide_from_i64(a), b);
}

/* The double nearest to numerator / denominator (of two equally near the even one); denominator > 0. */
double dora__wide_ratio(dora__wide numerator, dora__wide denominator);
double dora__ratio_i64(int64_t numerator, int64_t denominator);

/* The double nearest to the seconds of x0_us + (x1_us - x0_us) * frac_num / frac_den, a percentile between two
   samples. frac_num <= frac_den, 1 <= frac_den <= 10^8, |x| < 2^60. */
double dora__interpolate_seconds(int64_t x0_us, int64_t x1_us, uint32_t frac_num, uint32_t frac_den);

#endif
