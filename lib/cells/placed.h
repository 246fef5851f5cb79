/* SPDX-License-Identifier: MIT */
/*
 * The samples of a series, brought together by group: one counting pass, one placing pass. Durations that are all whole
 * seconds and fit, as nearly always, take four bytes; sets of events take two.
 */
#ifndef DORA_CELLS_PLACED_H
#define DORA_CELLS_PLACED_H

#include "derive/derived.h"

#define DORA__NO_GROUP UINT32_MAX

/* Which group the samples of a service go to. */
struct dora__groups {
    const uint32_t *of_service; /* by service handle, 0 for none; DORA__NO_GROUP: it has no samples */
    uint32_t count;
};

struct dora__placed {
    struct dora__memory *memory;
    bool is_events; /* the series is DORA__EVENTS, even where it has no sample */
    size_t count;
    uint32_t groups;
    size_t *begin;    /* samples of group g are begin[g] .. begin[g + 1] - 1 */
    int32_t *day;     /* a sample each, as one of the next three */
    uint32_t *narrow; /* in units */
    int64_t *wide;    /* in units */
    uint16_t *events;
    int64_t unit; /* what one step of narrow or wide stands for, in the series' own unit (microseconds, millionths) */
};

/* Places a series; `placed` is all zero before. MEMORY, after which dora__placed_free is still due. */
dora_status dora__place(struct dora__placed *placed, const struct dora__derived *derived, enum dora__series series,
                        const struct dora__groups *groups);
void dora__placed_free(struct dora__placed *placed);

#endif
