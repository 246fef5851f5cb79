/* SPDX-License-Identifier: MIT */
/*
 * Samples: what the metrics count and measure, each with the service it belongs to and the local day that places it in
 * a window. They come in blocks, since there is one or more for every deployment.
 */
#ifndef DORA_FACTS_SAMPLES_H
#define DORA_FACTS_SAMPLES_H

#include "base/memory.h"

enum dora__series {
    DORA__LEAD_TIME, /* distributions: microseconds */
    DORA__LEAD_CODING,
    DORA__LEAD_PICKUP,
    DORA__LEAD_REVIEW,
    DORA__LEAD_DEPLOY,
    DORA__RECOVERY,
    DORA__RESTORE,
    DORA__DURATION,
    DORA__TIME_TO_RELEASE,
    DORA__RELEASE_DOWNTIME,
    DORA__RELEASE_LAG,
    DORA__COMPLAINTS, /* of which only sums and numbers are asked: millionths */
    DORA__SATISFACTION,
    DORA__ADOPTION,
    DORA__CYCLE_ACTIVE, /* the same: microseconds */
    DORA__CYCLE_TOTAL,
    DORA__EVENTS, /* values are sets of enum dora__event bits */
    DORA__SERIES_COUNT
};
#define DORA__DISTRIBUTIONS 11
#define DORA__LEADS         31 /* as bits, those that changes have, which come first */

/* What is counted. One sample of DORA__EVENTS may be several at once. */
enum dora__event {
    DORA__EVENT_ATTEMPT,
    DORA__EVENT_DEPLOYMENT,
    DORA__EVENT_FAILED,
    DORA__EVENT_OPEN,
    DORA__EVENT_REWORK,
    DORA__EVENT_ROLLED_BACK,
    DORA__EVENT_RELEASE,
    DORA__EVENT_RELEASE_ROLLED_BACK,
    DORA__EVENT_DEFECT,
    DORA__EVENT_COUNT
};
#define DORA__EVENT_DAYS DORA__EVENT_COUNT /* where events are totalled, also the days that have a deployment */
#define DORA__TOTALS     (DORA__EVENT_COUNT + 1)

enum { DORA__BLOCK = 512 };

/* `service` is a handle in the pool of services, 0 for none. */
struct dora__block {
    uint32_t count;
    uint32_t service[DORA__BLOCK];
    int32_t day[DORA__BLOCK];
    int64_t value[DORA__BLOCK];
};

/* Takes a block; anything but DORA_OK ends the run and is returned. */
typedef dora_status dora__block_fn(void *context, const struct dora__block *block);

struct dora__sample {
    uint32_t service;
    int32_t day;
    int64_t value;
};

/* A growing run of samples. */
struct dora__samples {
    struct dora__sample *data;
    size_t count;
    size_t capacity;
};

/* A phase of a counted release, at the release's day. */
struct dora__phase_sample {
    uint32_t service;
    int32_t day;
    uint32_t name; /* handle in the pool of strings */
    bool active;
    int64_t duration_us;
};

/* Order by service handle, day and value; of phases then by name and activity. */
static inline int dora__sample_compare(const struct dora__sample *a, const struct dora__sample *b) {
    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return (a->value > b->value) - (a->value < b->value);
}

static inline int dora__phase_compare(const struct dora__phase_sample *a, const struct dora__phase_sample *b) {
    struct dora__sample x = {a->service, a->day, a->duration_us}, y = {b->service, b->day, b->duration_us};
    int order = dora__sample_compare(&x, &y);
    if (order)
        return order;
    return a->name != b->name ? (a->name < b->name ? -1 : 1) : a->active - b->active;
}

/* Puts them into that order. False: out of memory, and nothing has changed. */
bool dora__samples_order(struct dora__memory *memory, struct dora__samples *samples);
bool dora__phases_order(struct dora__memory *memory, struct dora__phase_sample *phases, size_t count);

#endif
