/* SPDX-License-Identifier: MIT */
/*
 * See interval.h. Tails are sums of probabilities from the largest term on, each term a factor times the one before.
 * The largest term is written as Loader does (2000, "Fast and accurate computation of binomial probabilities"): what is
 * left of Stirling's formula, and deviances that vanish where the count is the mean, so that nothing large cancels.
 */
#include "query/interval.h"

#include "base/wide.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static const double z = 1.959963984540054;
static const double two_pi = 6.283185307179586476925;
static const double tail_probability = 0.025;
static const double negligible = 1e-18;

/* log(n!) minus Stirling's log(sqrt(2 pi n) (n / e)^n), n >= 1. */
static double stirling_error(double n) {
    static const double exact[] = {
        0.08106146679532725822,   0.041340695955409294094,  0.027677925684998339149, 0.020790672103765093112,
        0.016644691189821192163,  0.013876128823070747999,  0.011896709945891770095, 0.010411265261972096497,
        0.0092554621827127329177, 0.0083305634333628712565, 0.007573675487951840795, 0.0069428401072095298657,
        0.0064089941880042070684, 0.0059513701127588477356, 0.005554733551962801371,
    };
    if (n <= 15)
        return exact[(int)n - 1];
    double square = n * n;
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / square) / square) / square) / square) / n;
}

/* x log(x / mean) + mean - x, where difference is x - mean; by a series where the two are near. */
static double deviance(double x, double mean, double difference) {
    if (x == 0)
        return mean;
    if (fabs(difference) >= 0.1 * (x + mean))
        return x * log(x / mean) - difference;
    double ratio = difference / (x + mean), square = ratio * ratio;
    double sum = difference * ratio, power = 2 * x * ratio;
    for (int odd = 3;; odd += 2) {
        power *= square;
        double next = sum + power / odd;
        if (next == sum)
            return sum;
        sum = next;
    }
}

static double poisson(double n, double mean) {
    if (n == 0)
        return exp(-mean);
    return exp(-stirling_error(n) - deviance(n, mean, n - mean)) / sqrt(two_pi * n);
}

/* P(X >= n) and P(X <= n) in units of P(X = n); the terms fall, since the mean is below (above) n. */
static double poisson_above(double n, double mean) {
    double sum = 1, term = 1;
    for (double k = n + 1; term > sum * negligible; k++) {
        term *= mean / k;
        sum += term;
    }
    return sum;
}

static double poisson_below(double n, double mean) {
    double sum = 1, term = 1;
    for (double k = n; term > sum * negligible; k--) {
        term *= k / mean;
        sum += term;
    }
    return sum;
}

/* The mean at which the tail has its probability: P(X >= n) for the low limit, P(X <= n) for the high one. Newton's
   steps on the logarithm of the tail, kept inside what is known to enclose the root. */
static double poisson_limit(double n, bool low) {
    double least = low ? 0 : n, most = low ? n : 2 * n + 10;
    double center = low ? n : n + 1, spread = z / (3 * sqrt(center));
    double root = 1 - 1 / (9 * center) + (low ? -spread : spread); /* Wilson and Hilferty */
    double mean = center * root * root * root;
    for (int i = 0; i < 100; i++) {
        double sum = low ? poisson_above(n, mean) : poisson_below(n, mean);
        double excess = log(poisson(n, mean) * sum / tail_probability);
        double slope = low ? n / (mean * sum) : -1 / sum;
        if ((excess > 0) == low)
            most = mean;
        else
            least = mean;
        double next = mean - excess / slope;
        if (!(next > least && next < most))
            next = (least + most) / 2;
        if (fabs(next - mean) <= 1e-15 * mean)
            return next;
        mean = next;
    }
    return mean;
}

void dora__garwood(uint64_t n, double *low, double *high) {
    *low = n ? poisson_limit((double)n, true) : 0;
    *high = n ? poisson_limit((double)n, false) : -log(tail_probability);
}

void dora__wilson(uint64_t k, uint64_t n, double *low, double *high) {
    double variance = dora__wide_ratio(dora__wide_multiply((int64_t)k, n - k), dora__wide_from_i64((int64_t)n));
    double middle = (double)k + z * z / 2, half = z * sqrt(variance + z * z / 4), total = (double)n + z * z;
    *low = k == 0 ? 0 : fmax(0, (middle - half) / total);
    *high = k == n ? 1 : fmin(1, (middle + half) / total);
}

/* B(n, p) with p = p_num / p_den strictly between 0 and 1. */
struct binomial {
    int64_t n;
    int64_t p_num;
    int64_t p_den;
};

/* log of numerator / denominator, at most 1, without loss near 1. */
static double log_ratio(int64_t numerator, int64_t denominator) {
    if (numerator > denominator / 2)
        return log1p(-dora__ratio_i64(denominator - numerator, denominator));
    return log(dora__ratio_i64(numerator, denominator));
}

static double binomial(const struct binomial *b, int64_t k) {
    int64_t q_num = b->p_den - b->p_num, rest = b->n - k;
    if (k == 0)
        return exp((double)b->n * log_ratio(q_num, b->p_den));
    if (rest == 0)
        return exp((double)b->n * log_ratio(b->p_num, b->p_den));
    double difference = dora__ratio_i64(k * b->p_den - b->n * b->p_num, b->p_den);
    double mean = dora__ratio_i64(b->n * b->p_num, b->p_den), mean_rest = dora__ratio_i64(b->n * q_num, b->p_den);
    double n = (double)b->n, x = (double)k, y = (double)rest;
    double stirling = stirling_error(n) - stirling_error(x) - stirling_error(y);
    return exp(stirling - deviance(x, mean, difference) - deviance(y, mean_rest, -difference)) *
           sqrt(n / (two_pi * x * y));
}

/* P(B < rank), rank at most one above the mean, so that the terms fall. */
static double binomial_below(const struct binomial *b, int64_t rank) {
    if (rank == 0)
        return 0;
    double sum = 1, term = 1, odds = dora__ratio_i64(b->p_den - b->p_num, b->p_num);
    for (double k = (double)(rank - 1), above = (double)(b->n - rank + 2); term > sum * negligible; k--, above++) {
        term *= k / above * odds;
        sum += term;
    }
    return binomial(b, rank - 1) * sum;
}

/* The greatest rank with P(B < rank) <= 0.025. A normal guess corrected for skewness is hardly ever off by more than
   one. */
static uint64_t rank_below(uint64_t n, uint64_t p_num, uint64_t p_den) {
    if (p_num == 0 || n == 0)
        return 0;
    if (p_num == p_den)
        return n;
    const struct binomial b = {(int64_t)n, (int64_t)p_num, (int64_t)p_den};
    const double limit = tail_probability * (1 + 1e-12);
    double p = (double)p_num / (double)p_den, q = 1 - p, mean = (double)n * p;
    double guess = mean - z * sqrt(mean * q) + (z * z - 1) / 6 * (q - p);
    int64_t most = b.n * b.p_num / b.p_den;
    int64_t rank = guess <= 0 ? 0 : guess < (double)most ? (int64_t)guess : most;
    double below;
    while ((below = binomial_below(&b, rank)) > limit)
        rank--;
    for (; rank < b.n; rank++) {
        below += binomial(&b, rank);
        if (below > limit)
            break;
    }
    return (uint64_t)rank;
}

void dora__order_ranks(uint64_t n, uint64_t p_num, uint64_t p_den, uint64_t *lower, uint64_t *upper) {
    *lower = rank_below(n, p_num, p_den);
    uint64_t from_above = rank_below(n, p_den - p_num, p_den); /* P(B >= u) = P(n - B < n - u + 1) */
    *upper = from_above ? n + 1 - from_above : 0;
}

void dora__garwood_cached(struct dora__interval_cache *cache, uint64_t n, double *low, double *high) {
    size_t slot = (size_t)(n % DORA__INTERVAL_SLOTS);
    if (cache->counts[slot].key != n + 1) {
        dora__garwood(n, &cache->counts[slot].low, &cache->counts[slot].high);
        cache->counts[slot].key = n + 1;
    }
    *low = cache->counts[slot].low;
    *high = cache->counts[slot].high;
}

void dora__order_ranks_cached(struct dora__interval_cache *cache, uint64_t n, uint64_t p_num, uint64_t p_den,
                              uint64_t *lower, uint64_t *upper) {
    if (n == 0) {
        *lower = *upper = 0;
        return;
    }
    /* Neighbouring n of one percentile and the same n of another go to slots of their own. */
    size_t slot =
        (size_t)((n + (p_num * 1000003 ^ p_den) * UINT64_C(0x9E3779B97F4A7C15) / 65536) % DORA__INTERVAL_SLOTS);
    if (cache->ranks[slot].n != n || cache->ranks[slot].p_num != p_num || cache->ranks[slot].p_den != p_den) {
        cache->ranks[slot].n = n;
        cache->ranks[slot].p_num = p_num;
        cache->ranks[slot].p_den = p_den;
        dora__order_ranks(n, p_num, p_den, &cache->ranks[slot].lower, &cache->ranks[slot].upper);
    }
    *lower = cache->ranks[slot].lower;
    *upper = cache->ranks[slot].upper;
}
