/* SPDX-License-Identifier: MIT */
/*
 * Changes by time: a change that nothing else links belongs to the first deployment of its service that began at or
 * after it was ready. Begin times are in no order, but their greatest so far is, and the first place where it reaches
 * the time is the answer. Many places are sought in step with each other, so that their cache misses overlap.
 */
#include "derive/links.h"

struct timing {
    const struct dora__links *links;
    int64_t *latest_begin; /* by place in the lanes: greatest (started_at or t) of the lane so far */
    uint32_t *first;
};

/* Changes whose place is sought: it is from low on among `count` places, or right behind them. */
struct sought {
    uint32_t count;
    size_t most; /* places of one */
    struct {
        uint32_t change;
        uint32_t service;
        int64_t ready;
        size_t low;
        size_t count;
    } of[DORA__TOGETHER];
};

static void find_latest_begins(const struct timing *timing) {
    const struct dora__steps *steps = timing->links->steps;
    const struct dora__lanes *lanes = &steps->lanes;
    bool told = dora__have_column(steps->deployments, DORA__STARTED_AT);
    for (size_t service = 0; service <= steps->derived->services; service++) {
        int64_t latest = INT64_MIN;
        for (size_t i = lanes->begin[service]; i < lanes->begin[service + 1]; i++) {
            const struct dora__ranked *ranked = &steps->order.ranked[lanes->ranks[i]];
            int64_t begin = DORA_ABSENT;
            if (told)
                begin = dora__table_instant(steps->deployments, DORA__STARTED_AT, ranked->row);
            if (begin == DORA_ABSENT)
                begin = ranked->t;
            latest = begin > latest ? begin : latest;
            timing->latest_begin[i] = latest;
        }
    }
}

/* What is contained by time in the first deployment of a service was there before. */
static bool find_earliest(const struct timing *timing) {
    const struct dora__steps *steps = timing->links->steps;
    struct dora__derived *derived = steps->derived;
    const struct dora__lanes *lanes = &steps->lanes;
    size_t services = (size_t)derived->services + 1;
    derived->earliest = dora__alloc(derived->memory, services, sizeof *derived->earliest);
    if (!derived->earliest)
        return false;
    derived->earliest_capacity = services;
    for (size_t service = 0; service < services; service++)
        derived->earliest[service] = lanes->begin[service] < lanes->begin[service + 1]
                                         ? steps->order.ranked[lanes->ranks[lanes->begin[service]]].row
                                         : DORA__NO_ROW;
    return true;
}

static void find_together(const struct timing *timing, struct sought *sought) {
    const struct dora__lanes *lanes = &timing->links->steps->lanes;
    const int64_t *latest = timing->latest_begin;
    for (; sought->most; sought->most /= 2) /* halves of what is left are rounded down */
        for (uint32_t i = 0; i < sought->count; i++) {
            size_t half = sought->of[i].count / 2, low = sought->of[i].low, left = sought->of[i].count;
            if (!left)
                continue;
            bool before = latest[low + half] < sought->of[i].ready;
            low = before ? low + half + 1 : low;
            left = before ? left - half - 1 : half;
            sought->of[i].low = low;
            sought->of[i].count = left;
            __builtin_prefetch(&latest[low + left / 2]);
        }
    for (uint32_t i = 0; i < sought->count; i++)
        if (sought->of[i].low < lanes->begin[sought->of[i].service + 1])
            timing->first[sought->of[i].change] = lanes->ranks[sought->of[i].low];
    sought->count = 0;
}

static void seek(const struct timing *timing, struct sought *sought, uint32_t change) {
    const struct dora__chunk *chunk = dora__chunk_of(timing->links->changes, change);
    const size_t *begin = timing->links->steps->lanes.begin;
    uint32_t service = dora__handle_at(chunk, DORA__SERVICE_NAME, change), i = sought->count;
    int64_t ready = dora__instant_at(chunk, DORA__MERGED_AT, change);
    if (ready == DORA_ABSENT)
        ready = dora__instant_at(chunk, DORA__COMMITTED_AT, change);
    if (ready == DORA_ABSENT)
        return;
    size_t count = begin[service + 1] - begin[service];
    sought->of[i].change = change;
    sought->of[i].service = service;
    sought->of[i].ready = ready;
    sought->of[i].low = begin[service];
    sought->of[i].count = count;
    sought->most = count > sought->most ? count : sought->most;
    if (++sought->count == DORA__TOGETHER)
        find_together(timing, sought);
}

static bool is_linked(const struct dora__derived *derived, uint32_t change) {
    return (derived->first[DORA__BY_LIST] && derived->first[DORA__BY_LIST][change] != DORA__NO_ROW) ||
           (derived->first[DORA__BY_ANCESTRY] && derived->first[DORA__BY_ANCESTRY][change] != DORA__NO_ROW);
}

static dora_status link_rest(const struct timing *timing) {
    struct dora__steps *steps = timing->links->steps;
    struct sought sought = {.count = 0, .most = 0};
    dora_status status = DORA_OK;
    for (uint32_t row = 0; row < timing->links->changes->rows && status == DORA_OK; row++) {
        if (!is_linked(steps->derived, row))
            seek(timing, &sought, row);
        if (row % DORA__CHUNK_ROWS == 0)
            status = dora__step_on(steps, 0);
    }
    find_together(timing, &sought);
    return status;
}

dora_status dora__link_time(const struct dora__links *links) {
    struct dora__steps *steps = links->steps;
    struct timing timing = {.links = links};
    if (!steps->derived->linking.changes_by_time)
        return DORA_OK;
    dora_status status = dora__make_lanes(steps);
    size_t count = steps->lanes.count;
    if (status != DORA_OK || !count)
        return status;
    timing.first = dora__first_make(links, DORA__BY_TIME);
    timing.latest_begin = dora__alloc(steps->memory, count, sizeof *timing.latest_begin);
    status = timing.first && timing.latest_begin && find_earliest(&timing) ? DORA_OK : DORA_ERROR_MEMORY;
    if (status == DORA_OK) {
        find_latest_begins(&timing);
        status = link_rest(&timing);
    }
    dora__free(steps->memory, timing.latest_begin, count, sizeof *timing.latest_begin);
    return status;
}
