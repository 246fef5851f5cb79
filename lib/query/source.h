/* SPDX-License-Identifier: MIT */
/*
 * Finds the figures of windows from the placed samples of a group.
 */
#ifndef DORA_QUERY_SOURCE_H
#define DORA_QUERY_SOURCE_H

#include "query/figures.h"

struct dora__source {
    const struct dora__plan *plan;
    struct dora__memory *memory;
    struct dora__asking *asking; /* whether to go on with a group of many samples; NULL: always */
    struct dora__strip strips[DORA__SERIES_COUNT];
    struct dora__select selects[DORA__DISTRIBUTIONS];
    bool shared;                                     /* leads are in the strip of events */
    uint32_t low[DORA__SERIES_COUNT][DORA__WINDOWS]; /* the windows' places in the strips' directories */
    uint32_t high[DORA__SERIES_COUNT][DORA__WINDOWS];
    uint32_t last_low[DORA__SERIES_COUNT]; /* of the last window so far */
    uint32_t last_high[DORA__SERIES_COUNT];
};

/* `events`: as in struct dora__figures. */
void dora__source_init(struct dora__source *source, const struct dora__plan *plan, struct dora__memory *memory,
                       uint32_t events, struct dora__asking *asking);
void dora__source_free(struct dora__source *source);

/* Why one of the functions below failed: MEMORY, or CANCELLED. */
dora_status dora__source_failure(const struct dora__source *source);

/* Begins a group whose samples are placed; false: failed. */
bool dora__source_begin(struct dora__source *source, const struct dora__placed *placed, uint32_t group);

/* The same with the days first .. last of a group that several sources share, once dora__source_share has put it in
   order; *shareable: whether it can be. */
bool dora__source_share(struct dora__source *source, const struct dora__placed *placed, uint32_t group,
                        bool *shareable);
bool dora__source_begin_days(struct dora__source *source, const struct dora__placed *placed, uint32_t group,
                             int32_t first, int32_t last);

/* Finds the figures of figures->windows, all later than those before. False: failed. */
bool dora__source_find(struct dora__source *source, struct dora__figures *figures);

#endif
