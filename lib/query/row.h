/* SPDX-License-Identifier: MIT */
/*
 * The row of one group and window: its columns, and their values from the window's samples.
 */
#ifndef DORA_QUERY_ROW_H
#define DORA_QUERY_ROW_H

#include "cells/select.h"
#include "query/interval.h"
#include "query/plan.h"
#include "query/result.h"

/* A distribution's figures in a window, the percentiles as the pair of samples that each lies between. */
struct dora__figures {
    bool known; /* for the window at hand */
    struct {
        int64_t value_us;
        int64_t next_us;
        uint32_t numerator; /* how far from value to next, in parts of the percentile's denominator */
    } percentiles[DORA__PERCENTILES_MOST];
};

/* What rows are made from: the series of one group, and the window's place in each. */
struct dora__row_source {
    const struct dora__plan *plan;
    const struct dora__derived *derived;
    struct dora__memory *memory;
    struct dora__strip strips[DORA__SERIES_COUNT];
    struct dora__select selects[DORA__DISTRIBUTIONS];
    struct dora__figures *figures;          /* DORA__DISTRIBUTIONS */
    struct dora__interval_cache *intervals; /* NULL where none are asked for */
    size_t low[DORA__SERIES_COUNT];         /* places in the strips' directories of days */
    size_t high[DORA__SERIES_COUNT];
    struct dora__window window;
};

/* Room for the figures; false: out of memory. To be freed either way. */
bool dora__row_source_init(struct dora__row_source *source, const struct dora__plan *plan,
                           const struct dora__derived *derived);
void dora__row_source_free(struct dora__row_source *source);

/* Begins a group whose samples are placed; false: out of memory. */
bool dora__row_source_begin(struct dora__row_source *source, const struct dora__placed *placed, uint32_t group);

/* Moves to a window, later than the one before. False: out of memory. */
bool dora__row_source_move(struct dora__row_source *source, const struct dora__window *window);

/* Declares the metric columns of a plan; false: out of memory. */
bool dora__row_columns(const struct dora__plan *plan, struct dora_result *result);

/* Fills them for the window at hand. */
void dora__row_write(struct dora__row_source *source, struct dora__cursor *cursor);

#endif
