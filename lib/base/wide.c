/* SPDX-License-Identifier: MIT */
/*
 * Ratios of 128-bit integers, correctly rounded. Operands below 2^53 are doubles already and one division rounds right.
 * Else both are shifted up to their full width, a quotient of at least 55 bits is taken, and what is left over only
 * matters as "something": it decides ties.
 */
#include "base/wide.h"

#include "base/checked.h"

#include <float.h>
#include <math.h>

enum { QUOTIENT_BITS = 56 };

struct magnitude {
    uint64_t low;
    uint64_t high;
};

static struct magnitude magnitude_of(dora__wide value) {
    if (value.high < 0)
        value = dora__wide_negate(value);
    return (struct magnitude){value.low, (uint64_t)value.high};
}

/* Shifts a value that is not 0 until its top bit is set; returns by how much. */
static int normalize(struct magnitude *value) {
    int shift = 0;
    if (!value->high) {
        *value = (struct magnitude){0, value->low};
        shift = 64;
    }
    int rest = __builtin_clzll(value->high);
    if (rest)
        *value = (struct magnitude){value->low << rest, value->high << rest | value->low >> (64 - rest)};
    return shift + rest;
}

static bool below(struct magnitude a, struct magnitude b) {
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* quotient * 2^exponent rounded to 53 bits; quotient has at least 55, `rest` says that the true one is a bit larger.
   Ratios of 128-bit integers are far from the ends of the doubles, so ldexp is exact. */
static double round_quotient(uint64_t quotient, bool rest, int exponent) {
    int extra = 64 - __builtin_clzll(quotient) - DBL_MANT_DIG;
    uint64_t kept = quotient >> extra, half = UINT64_C(1) << (extra - 1);
    uint64_t cut = quotient & (2 * half - 1);
    kept += cut > half || (cut == half && (rest || (kept & 1)));
    return ldexp((double)kept, exponent + extra);
}

/* Both normalized. Bit by bit: the first bit of the quotient says whether numerator >= denominator. */
static double divide_long(struct magnitude numerator, struct magnitude denominator, int exponent) {
    uint64_t quotient = 0;
    bool carry = false;
    for (int i = 0; i < QUOTIENT_BITS; i++) {
        bool bit = carry || !below(numerator, denominator);
        if (bit) {
            bool borrow = numerator.low < denominator.low;
            numerator.low -= denominator.low;
            numerator.high -= denominator.high + borrow;
        }
        quotient = quotient << 1 | bit;
        carry = numerator.high >> 63;
        numerator.high = numerator.high << 1 | numerator.low >> 63;
        numerator.low <<= 1;
    }
    bool rest = carry || numerator.low || numerator.high;
    return round_quotient(quotient, rest, exponent - (QUOTIENT_BITS - 1));
}

#if DORA__WIDE_NATIVE
/* Both normalized, the denominator within its upper word: one division of two words by one. */
static double divide_by_word(struct magnitude numerator, uint64_t denominator, int exponent) {
    dora__u128 dividend = (dora__u128)numerator.high << 64 | numerator.low;
    bool rest = false;
    if (numerator.high >= denominator) { /* the quotient would not fit a word */
        rest = dividend & 1;
        dividend >>= 1;
        exponent++;
    }
    uint64_t quotient = (uint64_t)(dividend / denominator);
    rest |= (uint64_t)dividend != quotient * denominator;
    return round_quotient(quotient, rest, exponent - 64);
}
#endif

double dora__wide_ratio(dora__wide numerator, dora__wide denominator) {
    struct magnitude n = magnitude_of(numerator), d = magnitude_of(denominator);
    bool negative = numerator.high < 0;
    if (!(n.high | n.low))
        return 0;
#if FLT_EVAL_METHOD == 0
    if (!(n.high | d.high | (n.low | d.low) >> DBL_MANT_DIG)) {
        double ratio = (double)n.low / (double)d.low;
        return negative ? -ratio : ratio;
    }
#endif
    int n_shift = normalize(&n), d_shift = normalize(&d);
    int exponent = d_shift - n_shift;
    double ratio;
#if DORA__WIDE_NATIVE
    if (!d.low)
        ratio = divide_by_word(n, d.high, exponent);
    else
#endif
        ratio = divide_long(n, d, exponent);
    return negative ? -ratio : ratio;
}

double dora__ratio_i64(int64_t numerator, int64_t denominator) {
#if FLT_EVAL_METHOD == 0
    const int64_t exact = INT64_C(1) << DBL_MANT_DIG;
    if (numerator > -exact && numerator < exact && denominator < exact)
        return (double)numerator / (double)denominator + 0.0;
#endif
    return dora__wide_ratio(dora__wide_from_i64(numerator), dora__wide_from_i64(denominator));
}

double dora__interpolate_seconds(int64_t x0_us, int64_t x1_us, uint32_t frac_num, uint32_t frac_den) {
    const int64_t us_per_second = 1000000;
    if (frac_num == 0)
        return dora__ratio_i64(x0_us, us_per_second);
    int64_t denominator = frac_den * us_per_second, whole, part, sum;
    if (dora__multiply_i64(x0_us, frac_den, &whole) && dora__multiply_i64(x1_us - x0_us, frac_num, &part) &&
        dora__add_i64(whole, part, &sum))
        return dora__ratio_i64(sum, denominator);
    dora__wide numerator =
        dora__wide_add(dora__wide_multiply(x0_us, frac_den), dora__wide_multiply(x1_us - x0_us, frac_num));
    return dora__wide_ratio(numerator, dora__wide_from_i64(denominator));
}
