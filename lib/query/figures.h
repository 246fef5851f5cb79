/* SPDX-License-Identifier: MIT */
/*
 * The figures of some windows of one group: what rows are written from, whoever found them. Each figure is an array
 * over the windows, so that a column of a result is filled in one loop.
 */
#ifndef DORA_QUERY_FIGURES_H
#define DORA_QUERY_FIGURES_H

#include "base/wide.h"
#include "cells/select.h"
#include "query/interval.h"
#include "query/plan.h"

_Static_assert((int)DORA__WINDOWS == (int)DORA__ASKED_WINDOWS, "arrays over windows have one length");

/* Of a series. Samples are asked for by place: one a percentile, in their order; then, with intervals, two a
   percentile, the samples that enclose it. */
struct dora__series_figures {
    int64_t unit; /* what one step of the values below stands for, in the series' own unit */
    bool small;   /* whole seconds that fit 32 bits, and sums below 2^53: doubles hold them */
    uint64_t n[DORA__WINDOWS];
    dora__wide sum[DORA__WINDOWS];      /* in units */
    uint64_t known[DORA__WINDOWS / 64]; /* bit w: n[w] > 0 */
    struct dora__asked asked;           /* of a distribution, its arrays below */
    size_t *k;                          /* all by place: [place * DORA__WINDOWS + w] */
    uint32_t *between;                  /* how far from value to next, in parts of the denominator */
    int64_t *value;                     /* in units */
    int64_t *next;
};

struct dora__figures {
    const struct dora__plan *plan;
    const struct dora__derived *derived;
    struct dora__memory *memory;
    struct dora__windows windows;
    uint32_t events; /* bit e: what the plan asks of events[e] */
    uint32_t event[DORA__TOTALS][DORA__WINDOWS];
    struct dora__series_figures *series[DORA__SERIES_COUNT]; /* NULL where the plan does not ask */
    size_t places;                                           /* of a distribution */
    struct dora__interval_cache *intervals;                  /* NULL where none are asked for */
};

/* Room for what a plan asks; false: out of memory. To be freed either way. */
bool dora__figures_init(struct dora__figures *figures, const struct dora__plan *plan,
                        const struct dora__derived *derived);
void dora__figures_free(struct dora__figures *figures);

/* Once n of a series is set for all windows: sets `known`, and of a distribution k and `between`. */
void dora__figures_ask(struct dora__figures *figures, enum dora__series series);

#endif
