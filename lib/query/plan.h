/* SPDX-License-Identifier: MIT */
/*
 * A query checked and taken apart: which metrics, which percentiles, which windows.
 */
#ifndef DORA_QUERY_PLAN_H
#define DORA_QUERY_PLAN_H

#include "derive/derived.h"
#include "query/metric.h"

enum { DORA__PERCENTILES_MOST = 100 };

struct dora__percentile {
    char name[12];        /* "p99.9" */
    uint32_t numerator;   /* of the fraction of 1, in lowest terms */
    uint32_t denominator; /* at most 10^8 */
};

struct dora__plan {
    dora_query query; /* of its strings `only` and `columns` alone may be used, until the call ends */
    dora_tiers tiers;
    bool has_since;
    bool has_until;
    int32_t since;
    int32_t until;
    struct dora__percentile percentiles[DORA__PERCENTILES_MOST];
    size_t percentiles_count;
    size_t median; /* place of 50 among them, or SIZE_MAX: no tiers, no score */
    bool chosen[DORA__METRICS];
    uint32_t series; /* bit s: series s is needed */
    /* Of a distribution, whether a column needs the samples of a place; places as in figures.h. Of the two samples that
       enclose a percentile the first stands for both. */
    bool asked[DORA__DISTRIBUTIONS][3 * DORA__PERCENTILES_MOST];
    uint32_t picked; /* bit s: some place of series s is asked for */
};

/* Checks and takes apart a query. ARGUMENT names what is wrong. */
dora_status dora__plan_make(struct dora__plan *plan, const dora_query *query, dora_error *error);

/* Finds out which series the chosen metrics need. */
void dora__plan_find_series(struct dora__plan *plan);

/* Where a percentile of `count` > 0 sorted samples lies: `numerator` of the percentile's denominator past one sample
   towards the next. */
struct dora__place {
    uint64_t index;
    uint32_t numerator;
};

struct dora__place dora__percentile_place(dora_percentile_rule rule, const struct dora__percentile *percentile,
                                          uint64_t count);

/* Which of the tier table's metrics this metric carries under the plan's edition, or DORA__JUDGED_NOT. */
enum dora__judged dora__plan_judged(const struct dora__plan *plan, const struct dora__metric *metric);

/* The days that a query looks at. */
struct dora__span {
    int32_t since; /* of periods the first day, of rolling windows the least last day */
    int32_t until;
    int32_t data_start; /* rolling windows: days before it do not count as days of the window */
};

struct dora__window {
    int32_t first; /* calendar days of the window, as shown */
    int32_t last;
    int32_t from; /* days whose samples it takes */
    int32_t to;
    int64_t days; /* that lie inside the observed span */
};

/* The observed span under the plan; false: there is none. */
bool dora__plan_span(const struct dora__plan *plan, const struct dora__derived *derived, struct dora__span *span);

/* How many windows a span has, and the index-th by time. O(1). */
uint64_t dora__plan_windows(const struct dora__plan *plan, const struct dora__span *span);
struct dora__window dora__plan_window(const struct dora__plan *plan, const struct dora__span *span, uint64_t index);

/* `count` of them from the index-th on, an array each. */
enum { DORA__WINDOWS = 256 }; /* at most */

struct dora__windows {
    uint32_t count;
    int32_t first[DORA__WINDOWS];
    int32_t last[DORA__WINDOWS];
    int32_t from[DORA__WINDOWS];
    int32_t end[DORA__WINDOWS]; /* the day after `to` */
    int64_t days[DORA__WINDOWS];
};

void dora__plan_windows_from(const struct dora__plan *plan, const struct dora__span *span, uint64_t index,
                             uint32_t count, struct dora__windows *windows);

/* The first window that ends on or after `day`, or their number. O(1). */
uint64_t dora__plan_first_window(const struct dora__plan *plan, const struct dora__span *span, int32_t day);

#endif
