/* SPDX-License-Identifier: MIT */
/*
 * 95 % confidence intervals: Wilson's for a proportion, Garwood's exact one for a count of events, and the ranks of the
 * order statistics that enclose a percentile.
 */
#ifndef DORA_QUERY_INTERVAL_H
#define DORA_QUERY_INTERVAL_H

#include <stdint.h>

/* Limits of a proportion of which k out of n were seen; k <= n < 2^63, n > 0. k = 0 has low 0, k = n has high 1. */
void dora__wilson(uint64_t k, uint64_t n, double *low, double *high);

/* Limits of the expected count where n <= 2^32 events were seen, to about 1e-14. O(sqrt n). */
void dora__garwood(uint64_t n, double *low, double *high);

/* 1-based ranks among n <= 2^32 sorted samples that enclose the percentile p_num / p_den (0 <= p_num <= p_den <= 10^8,
   p_den > 0): with B binomial(n, p), the greatest rank with P(B < lower) <= 0.025 and the least with
   P(B >= upper) <= 0.025; 0 where there is no such rank. O(sqrt n). */
void dora__order_ranks(uint64_t n, uint64_t p_num, uint64_t p_den, uint64_t *lower, uint64_t *upper);

/* What was asked before. Rolling windows hold the same few counts again and again. All zero is empty. */
enum { DORA__INTERVAL_SLOTS = 1024 };

struct dora__interval_cache {
    struct {
        uint64_t key; /* n + 1 */
        double low, high;
    } counts[DORA__INTERVAL_SLOTS];
    struct {
        uint64_t n, p_num, p_den, lower, upper;
    } ranks[DORA__INTERVAL_SLOTS];
};

void dora__garwood_cached(struct dora__interval_cache *cache, uint64_t n, double *low, double *high);
void dora__order_ranks_cached(struct dora__interval_cache *cache, uint64_t n, uint64_t p_num, uint64_t p_den,
                              uint64_t *lower, uint64_t *upper);

#endif
