/* SPDX-License-Identifier: MIT */
/*
 * The steps of a derivation, each a file, in the order in which derive.c takes them. A step reads the facts and what
 * the steps before it found.
 */
#ifndef DORA_DERIVE_STEP_H
#define DORA_DERIVE_STEP_H

#include "base/map.h"
#include "derive/derived.h"

/* D+ in the order of deployments; made once, when a step asks. */
struct dora__ranked {
    int64_t t;
    uint32_t row;
    uint32_t service;
};

struct dora__order {
    uint32_t *rank; /* a deployment each: its place in the order, DORA__NO_ROW outside D+ */
    struct dora__ranked *ranked;
    uint32_t count;
};

/* The same by service. */
struct dora__lanes {
    uint32_t *ranks; /* of D+, lane after lane */
    size_t *begin;   /* services + 2: lane of service s is ranks[begin[s] .. begin[s + 1]) */
    uint32_t count;  /* of ranks */
};

/* What steps share while they run. */
struct dora__steps {
    struct dora__derived *derived;
    const struct dora__facts *facts;
    const struct dora__table *deployments;
    struct dora__memory *memory;
    uint32_t first; /* deployment of those that are to be settled; not 0 where all before it are and stay so */
    struct dora__zone_span span;
    struct dora__order order;
    struct dora__lanes lanes;
};

/* t(d): finished_at, else started_at, else DORA_ABSENT. */
static inline int64_t dora__t(const struct dora__chunk *chunk, uint32_t row) {
    int64_t finished = dora__instant_at(chunk, DORA__FINISHED_AT, row);
    return finished != DORA_ABSENT ? finished : dora__instant_at(chunk, DORA__STARTED_AT, row);
}

static inline int64_t dora__t_of(const struct dora__steps *steps, uint32_t row) {
    return dora__t(dora__chunk_of(steps->deployments, row), row);
}

static inline bool dora__in_plus(const struct dora__steps *steps, uint32_t row) {
    return row != DORA__NO_ROW && steps->derived->flags[row] & DORA__IS_PLUS;
}

/* The deployment in D+ with that id, or DORA__NO_ROW. */
static inline uint32_t dora__plus_by_id(const struct dora__steps *steps, uint32_t id) {
    uint32_t row = dora__row_of(steps->deployments, id);
    return dora__in_plus(steps, row) ? row : DORA__NO_ROW;
}

/* The order of deployments, a dora__compare_fn over rows whose context is the steps: by t, then by id, an absent one
   first; equals without id by their other fields in the order of the table of fields, absent first. */
int dora__compare_deployments(const void *steps, uint32_t a, uint32_t b);

/* Makes steps->order, or the order and steps->lanes, where they are not yet there. */
dora_status dora__make_order(struct dora__steps *steps);
dora_status dora__make_lanes(struct dora__steps *steps);
void dora__steps_end(struct dora__steps *steps);

/* The last deployment of a service with t <= opened that is near enough to be blamed, or DORA__NO_ROW; there are lanes.
   O(log deployments). */
uint32_t dora__last_before(const struct dora__steps *steps, uint32_t service, int64_t opened);

/* One of a row array a deployment, made when first asked for, all `initial`. */
int64_t *dora__deployment_column(struct dora__steps *steps, int64_t **column, int64_t initial);

/* The first deployment of a change, and how it got it; DORA__NO_ROW for none. */
struct dora__owner {
    uint32_t deployment;
    enum dora__way way;
};
struct dora__owner dora__owner_of(const struct dora__derived *derived, uint32_t change);

/* Whether what a deployment contains in that way was there before, so that it has no lead time. */
static inline bool dora__is_baseline(const struct dora__derived *derived, enum dora__way way, uint32_t service,
                                     uint32_t deployment) {
    const uint32_t *first = way == DORA__BY_ANCESTRY ? derived->anchor
                            : way == DORA__BY_TIME   ? derived->earliest
                                                     : NULL;
    return first && first[service] == deployment;
}

/* Where a change goes whose first deployment was at t, DORA_ABSENT for none. */
dora_disposition dora__change_disposition(const struct dora__chunk *chunk, uint32_t row, int64_t t, bool baseline);
/* The same from its owner. */
dora_disposition dora__owned(const struct dora__steps *steps, const struct dora__chunk *chunk, uint32_t change,
                             struct dora__owner owner);
/* Of DORA__LEADS, the value of one that counts; DORA_ABSENT where it is not known or negative. */
int64_t dora__change_value(const struct dora__chunk *chunk, uint32_t row, int64_t t, enum dora__series series);

/* Whether a new deployment takes changes in a way that can be followed; and follows new deployments and changes. */
bool dora__changes_follow(const struct dora__derived *derived, uint32_t deployment);
dora_status dora__follow_changes(struct dora__steps *steps, uint32_t first_change);

/* Notes a sample that came or was taken away. */
dora_status dora__put_edit(struct dora__steps *steps, enum dora__series series, bool taken, int64_t cohort_us,
                           uint32_t service, int64_t value);

/* When a failed deployment had recovered; DORA_ABSENT while it is open. */
int64_t dora__recovered_at(const struct dora__derived *derived, const struct dora__chunk *chunk, uint32_t row);

/* How many of the stored samples of a series are left of forgotten facts: the first ones. */
static inline size_t dora__thawed(const struct dora__derived *derived, enum dora__series series) {
    return derived->facts->frozen ? derived->facts->frozen->samples[series].count : 0;
}

/* Stores a sample at an instant. */
dora_status dora__put_sample(struct dora__steps *steps, enum dora__series series, int64_t cohort_us, uint32_t service,
                             int64_t value);

/* Takes the days of the deployments settled into account. False: out of memory. */
dora_status dora__note_deployments(struct dora__steps *steps);

/* Counts facts passed and asks the caller now and then whether to go on. */
dora_status dora__step_on(struct dora__steps *steps, uint64_t facts);

/* The same for loops over rows: once every so many. */
static inline dora_status dora__step_each(struct dora__steps *steps, size_t row) {
    return (row & (DORA__CHUNK_ROWS - 1)) == DORA__CHUNK_ROWS - 1 ? dora__step_on(steps, DORA__CHUNK_ROWS) : DORA_OK;
}

static inline void dora__account_for(struct dora__steps *steps, dora_kind kind, dora_disposition disposition) {
    steps->derived->account[kind][disposition]++;
}

/* What a step does with deployments row .. end - 1: it may change their flags, and of `derived` only what counts. Whole
   chunks, but for the first and the last row. */
typedef dora_status dora__range_fn(struct dora__steps *steps, uint32_t row, uint32_t end);

/* Calls it for all deployments that are to be settled, on several threads where that pays. */
dora_status dora__in_ranges(struct dora__steps *steps, dora__range_fn *range);

/* Whether an undeleted deployment says that failures, or rework, are told. */
void dora__note_evidence(const struct dora__chunk *chunk, uint32_t row, bool *failure, bool *rework);

/* Adds to the counts of environments; false: out of memory. */
bool dora__add_environments(struct dora__derived *derived, const struct dora__environment *environments, size_t count);

dora_status dora__derive_deployments(struct dora__steps *steps);
dora_status dora__derive_changes(struct dora__steps *steps);
dora_status dora__derive_incidents(struct dora__steps *steps);
dora_status dora__derive_rollbacks(struct dora__steps *steps);
dora_status dora__derive_outcomes(struct dora__steps *steps);
dora_status dora__derive_releases(struct dora__steps *steps);

#endif
