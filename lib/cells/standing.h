/* SPDX-License-Identifier: MIT */
/*
 * Samples of the services that are asked about again and again, kept from question to question: by day, the values of a
 * day in order, with their number and sum, or the totals of its events. A new sample goes to its place, and a few
 * windows are answered from the days inside them alone.
 */
#ifndef DORA_CELLS_STANDING_H
#define DORA_CELLS_STANDING_H

#include "base/wide.h"
#include "derive/derived.h"

/* Of a distribution or of what is only summed: the values, ascending. */
struct dora__standing_day {
    int32_t day;
    uint32_t totals[DORA__TOTALS]; /* of events, which have no values */
    int64_t *values;
    size_t count;
    size_t capacity;
    dora__wide sum;
};

struct dora__standing_series {
    bool ready;
    struct dora__standing_day *days; /* ascending */
    size_t count;
    size_t capacity;
};

struct dora__standing_service {
    uint32_t service;
    struct dora__standing_series series[DORA__SERIES_COUNT];
};

/* All zero: nothing stands. */
struct dora__standing {
    struct dora__memory *memory;
    struct dora__standing_service *services; /* the last ones asked about */
    size_t count;
    size_t capacity;
};

void dora__standing_clear(struct dora__standing *standing);

/* The service's samples of the series of a set (bit s: series s), gathered where they do not stand yet, which is
   O(samples of these series). NULL: out of memory. */
const struct dora__standing_service *dora__standing_of(struct dora__standing *standing,
                                                       const struct dora__derived *derived, uint32_t service,
                                                       uint32_t series);

/* Whether all of these stand. */
bool dora__standing_has(const struct dora__standing *standing, uint32_t service, uint32_t series);

/* Takes the edits, and the samples of deployments from row `first` on, which were derived since. False: out of memory,
   and the standing samples are to be cleared. O(log) a sample, and as much again as the day has. */
bool dora__standing_follow(struct dora__standing *standing, const struct dora__derived *derived, uint32_t first);

/* The days from .. end - 1 of a series, as places in its `days`. */
void dora__standing_find(const struct dora__standing_series *series, int32_t from, int32_t end, size_t *low,
                         size_t *high);

/* The k-th least value of days low .. high - 1, from 0, and the one after it (itself where there is none). False: out
   of memory. O(days * log^2) . */
bool dora__standing_select(const struct dora__standing *standing, const struct dora__standing_series *series,
                           size_t low, size_t high, size_t k, int64_t *value, int64_t *next);

#endif
