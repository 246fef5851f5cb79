/* SPDX-License-Identifier: MIT */
/*
 * What an engine's samples were at some moment, a fingerprint for each (group, day) that has any, so that it can be
 * told later which of them are others. A fingerprint is a sum over samples: it does not depend on their order, and a
 * sample that comes and goes leaves no trace.
 */
#ifndef DORA_QUERY_MARK_H
#define DORA_QUERY_MARK_H

#include "derive/derived.h"

struct dora__marked_cell {
    uint64_t key; /* group handle, 0 for null, and day */
    uint64_t sums[2];
};

struct dora_mark {
    struct dora__memory *memory;
    const struct dora__facts *facts; /* whose samples these are */
    dora_group by;
    uint64_t secret;  /* of the fingerprints */
    uint64_t strings; /* the key of the pool that the handles are of */

    struct dora__marked_cell *cells; /* by key */
    size_t count;
    size_t capacity;
    uint64_t grouping; /* fingerprint of which service is in which group */
    bool any;
    int32_t first_day;
    int32_t last_day;
    bool failure_known;
    bool rework_known;
};

/* Takes down the samples as they are; `mark` is all zero but for its first four members. MEMORY or CANCELLED leave
   nothing to free. O(samples + cells log cells). */
dora_status dora__mark_fill(struct dora_mark *mark, struct dora__derived *derived);
void dora__mark_clear(struct dora_mark *mark);

/* The cells that differ, as a result. OK or MEMORY. */
dora_status dora__mark_compare(const struct dora_mark *before, const struct dora_mark *now, dora_moves *moves,
                               dora_result **result);

#endif
