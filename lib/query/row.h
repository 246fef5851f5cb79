/* SPDX-License-Identifier: MIT */
/*
 * Rows: their metric columns, and the values of these from the figures of windows.
 */
#ifndef DORA_QUERY_ROW_H
#define DORA_QUERY_ROW_H

#include "query/figures.h"
#include "query/result.h"

/* What is worked out once a query to write its rows. */
struct dora__row_writer {
    const struct dora__plan *plan;
    const struct dora__derived *derived;
    /* A median in whole seconds, times the denominator of its percentile, is judged by the limits of elite, high and
       medium below which it is to be. None is less than the one before. */
    struct dora__row_limits {
        bool usable;
        int64_t below[3];
    } lead_time, recovery;
    bool rates_small;              /* the bounds of fail rates fit 32 bits */
    uint8_t judged[DORA__METRICS]; /* an enum dora__judged each */
};

void dora__row_writer_init(struct dora__row_writer *writer, const struct dora__plan *plan,
                           const struct dora__derived *derived);

/* Declares the metric columns of a plan, which forgets metrics of which none is wanted; false: out of memory. */
bool dora__row_columns(struct dora__plan *plan, struct dora_result *result);

/* Fills them for all windows of the figures, a row each, from the row at hand on. */
void dora__row_write(const struct dora__row_writer *writer, const struct dora__figures *figures,
                     struct dora__cursor *cursor);

#endif
