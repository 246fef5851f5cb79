/* SPDX-License-Identifier: MIT */
/* See placed.h. */
#include "cells/placed.h"

#include <string.h>

static uint64_t word_of(const struct dora__placed *placed, int32_t day, bool has_value, unsigned events,
                        uint32_t value) {
    return (uint64_t)(uint32_t)(day - placed->first_day) << DORA__WORD_DAY |
           (uint64_t)has_value << DORA__WORD_HAS_VALUE | (uint64_t)events << DORA__WORD_EVENTS | value;
}

static bool fits(int64_t value) {
    return value >= 0 && value % DORA__US_PER_SECOND == 0 && value / DORA__US_PER_SECOND <= UINT32_MAX;
}

static bool begin_placing(struct dora__placed *placed, const struct dora__derived *derived,
                          const struct dora__groups *groups) {
    placed->memory = derived->memory;
    placed->groups = groups->count;
    placed->first_day = derived->first_day;
    placed->begin = dora__alloc_zeroed(placed->memory, (size_t)groups->count + 1, sizeof *placed->begin);
    return placed->begin != NULL;
}

static void free_placed(struct dora__placed *placed) {
    struct dora__memory *memory = placed->memory;
    if (!memory)
        return;
    dora__free(memory, placed->begin, (size_t)placed->groups + 1, sizeof *placed->begin);
    dora__free(memory, placed->words, placed->count, sizeof *placed->words);
    dora__free(memory, placed->wide, placed->count, sizeof *placed->wide);
    *placed = (struct dora__placed){0};
}

/* Counts of groups, begin[g + 1] of group g, become the places where their next samples go, begin[g]. */
static bool make_room(struct dora__placed *placed, bool wide) {
    for (size_t group = 0; group < placed->groups; group++)
        placed->begin[group + 1] += placed->begin[group];
    placed->count = placed->begin[placed->groups];
    placed->unit = wide ? 1 : DORA__US_PER_SECOND;
    if (!placed->count)
        return true;
    placed->words = dora__alloc(placed->memory, placed->count, sizeof *placed->words);
    if (wide)
        placed->wide = dora__alloc(placed->memory, placed->count, sizeof *placed->wide);
    return placed->words && (placed->wide || !wide);
}

/* begin[g] has run to the end of group g, which is where group g + 1 begins. */
static void end_placing(struct dora__placed *placed) {
    memmove(placed->begin + 1, placed->begin, placed->groups * sizeof *placed->begin);
    placed->begin[0] = 0;
}

struct placing {
    struct dora__placed *placed;
    const uint32_t *group_of;
    bool fits;
};

static dora_status count_block(void *context, const struct dora__block *block) {
    struct placing *placing = context;
    for (uint32_t i = 0; i < block->count; i++) {
        uint32_t group = placing->group_of[block->service[i]];
        if (group != DORA__NO_GROUP)
            placing->placed->begin[group + 1]++;
        placing->fits &= fits(block->value[i]);
    }
    return DORA_OK;
}

static dora_status place_block(void *context, const struct dora__block *block) {
    struct placing *placing = context;
    struct dora__placed *placed = placing->placed;
    for (uint32_t i = 0; i < block->count; i++) {
        uint32_t group = placing->group_of[block->service[i]];
        if (group == DORA__NO_GROUP)
            continue;
        size_t at = placed->begin[group]++;
        int64_t value = block->value[i];
        placed->words[at] =
            word_of(placed, block->day[i], true, 0, placed->wide ? 0 : (uint32_t)(value / DORA__US_PER_SECOND));
        if (placed->wide)
            placed->wide[at] = value;
    }
    return DORA_OK;
}

/* Any series of values. */
static dora_status place_series(struct dora__placed *placed, const struct dora__derived *derived,
                                enum dora__series series, const struct dora__groups *groups) {
    struct placing placing = {placed, groups->of_service, true};
    if (!begin_placing(placed, derived, groups))
        return DORA_ERROR_MEMORY;
    dora_status status = dora__derived_each(derived, series, count_block, &placing);
    if (status == DORA_OK && !make_room(placed, !placing.fits))
        status = DORA_ERROR_MEMORY;
    if (status == DORA_OK)
        status = dora__derived_each(derived, series, place_block, &placing);
    end_placing(placed);
    return status;
}

/* Deployments on their way to words that events and leads share, and to recoveries where `recovery` is not NULL. */
struct deployments {
    const struct dora__derived *derived;
    const uint32_t *group_of;
    struct dora__placed *shared;
    struct dora__placed *recovery;
    struct dora__walk walk;
};

/* By their flags alone: a recovery that turns out to be negative gets a word without a value. */
static void count_deployments(struct deployments *placing, uint32_t row, uint32_t end) {
    const struct dora__table *table = &placing->derived->facts->tables[DORA_KIND_DEPLOYMENT];
    size_t *shared = placing->shared->begin + 1;
    size_t *recoveries = placing->recovery ? placing->recovery->begin + 1 : NULL;
    for (uint32_t chunk_end; row < end; row = chunk_end) {
        const uint32_t *services = dora__chunk_of(table, row)->column[DORA__SERVICE_NAME];
        chunk_end = (row | (DORA__CHUNK_ROWS - 1)) + 1;
        if (chunk_end > end)
            chunk_end = end;
        for (; row < chunk_end; row++) {
            unsigned flags = placing->derived->flags[row];
            uint32_t group = placing->group_of[services ? services[row & (DORA__CHUNK_ROWS - 1)] : 0];
            if (!flags || group == DORA__NO_GROUP)
                continue;
            shared[group]++;
            if (recoveries)
                recoveries[group] += (flags & (DORA__IS_FAILED | DORA__IS_OPEN)) == DORA__IS_FAILED;
        }
    }
}

static void place_block_of_deployments(struct deployments *placing) {
    const struct dora__walk *walk = &placing->walk;
    struct dora__placed *shared = placing->shared, *recovery = placing->recovery;
    for (uint32_t i = 0; i < walk->count; i++) {
        uint32_t group = placing->group_of[walk->service[i]];
        if (!walk->flags[i] || group == DORA__NO_GROUP)
            continue;
        shared->words[shared->begin[group]++] =
            word_of(shared, walk->day[i], walk->has_lead[i], walk->flags[i] & DORA__EVENT_FLAGS, walk->lead_s[i]);
    }
    for (uint32_t k = 0; recovery && k < walk->recovered_count; k++) {
        uint32_t i = walk->recovered[k], group = placing->group_of[walk->service[i]];
        if (group != DORA__NO_GROUP)
            recovery->words[recovery->begin[group]++] =
                word_of(recovery, walk->day[i], walk->has_recovery[k], 0, walk->recovery_s[k]);
    }
}

/* False: a series does not fit, and walk.lead_fits or walk.recovery_fits says which. */
static bool place_deployments(struct deployments *placing, uint32_t row, uint32_t end) {
    struct dora__walk *walk = &placing->walk;
    dora__walk_begin(walk, placing->derived, row, end, placing->shared->has_leads, placing->recovery != NULL);
    while (dora__walk_next(walk)) {
        if (!walk->lead_fits || !walk->recovery_fits)
            return false;
        place_block_of_deployments(placing);
    }
    return true;
}

/* Stored samples that join the shared words. */
static bool count_stored(struct dora__placed *shared, const struct dora__groups *groups,
                         const struct dora__samples *samples, bool values) {
    bool all_fit = true;
    for (size_t i = 0; i < samples->count; i++) {
        uint32_t group = groups->of_service[samples->data[i].service];
        if (group != DORA__NO_GROUP)
            shared->begin[group + 1]++;
        all_fit &= !values || fits(samples->data[i].value);
    }
    return all_fit;
}

static void place_stored(struct dora__placed *shared, const struct dora__groups *groups,
                         const struct dora__samples *samples, bool values) {
    for (size_t i = 0; i < samples->count; i++) {
        const struct dora__sample *sample = &samples->data[i];
        uint32_t group = groups->of_service[sample->service];
        if (group == DORA__NO_GROUP)
            continue;
        shared->words[shared->begin[group]++] =
            values ? word_of(shared, sample->day, true, 0, (uint32_t)(sample->value / DORA__US_PER_SECOND))
                   : word_of(shared, sample->day, false, (unsigned)sample->value, 0);
    }
}

/* Places what fits: *leads and *recoveries say what is wanted, and are cleared where it does not fit; then nothing is
   placed and another try is due. */
static dora_status try_shared(struct deployments *placing, const struct dora__groups *groups, bool *leads,
                              bool *recoveries) {
    const struct dora__derived *derived = placing->derived;
    struct dora__placed *shared = placing->shared;
    bool joined = *leads;
    if (!begin_placing(shared, derived, groups) ||
        (placing->recovery && !begin_placing(placing->recovery, derived, groups)))
        return DORA_ERROR_MEMORY;
    shared->has_leads = joined;
    count_deployments(placing, 0, derived->deployments);
    count_stored(shared, groups, &derived->samples[DORA__EVENTS], false);
    if (joined && !count_stored(shared, groups, &derived->samples[DORA__LEAD_TIME], true)) {
        *leads = false;
        return DORA_OK;
    }
    if (!make_room(shared, false) || (placing->recovery && !make_room(placing->recovery, false)))
        return DORA_ERROR_MEMORY;
    if (!place_deployments(placing, 0, derived->deployments)) {
        *leads &= placing->walk.lead_fits;
        *recoveries &= placing->walk.recovery_fits;
        return DORA_OK;
    }
    place_stored(shared, groups, &derived->samples[DORA__EVENTS], false);
    if (joined)
        place_stored(shared, groups, &derived->samples[DORA__LEAD_TIME], true);
    end_placing(shared);
    if (placing->recovery)
        end_placing(placing->recovery);
    return DORA_OK;
}

/* Events, with leads and recoveries where these are wanted and fit. *series: what is left to place. */
static dora_status place_shared(struct dora__placed placed[DORA__SERIES_COUNT], const struct dora__derived *derived,
                                uint32_t *series, const struct dora__groups *groups) {
    struct deployments *placing = dora__alloc(derived->memory, 1, sizeof *placing);
    if (!placing)
        return DORA_ERROR_MEMORY;
    bool leads = *series >> DORA__LEAD_TIME & 1, recoveries = *series >> DORA__RECOVERY & 1, again = true;
    dora_status status = DORA_OK;
    while (again && status == DORA_OK) {
        bool leads_wanted = leads, recoveries_wanted = recoveries;
        free_placed(&placed[DORA__EVENTS]);
        free_placed(&placed[DORA__RECOVERY]);
        placing->derived = derived;
        placing->group_of = groups->of_service;
        placing->shared = &placed[DORA__EVENTS];
        placing->recovery = recoveries ? &placed[DORA__RECOVERY] : NULL;
        status = try_shared(placing, groups, &leads, &recoveries);
        again = leads != leads_wanted || recoveries != recoveries_wanted;
    }
    dora__free(derived->memory, placing, 1, sizeof *placing);
    *series &=
        ~(UINT32_C(1) << DORA__EVENTS | (uint32_t)leads << DORA__LEAD_TIME | (uint32_t)recoveries << DORA__RECOVERY);
    return status;
}

dora_status dora__place(struct dora__placed placed[DORA__SERIES_COUNT], const struct dora__derived *derived,
                        uint32_t series, const struct dora__groups *groups) {
    dora_status status = place_shared(placed, derived, &series, groups);
    for (int other = 0; other < DORA__SERIES_COUNT && status == DORA_OK; other++)
        if (series >> other & 1)
            status = place_series(&placed[other], derived, (enum dora__series)other, groups);
    return status;
}

void dora__placed_free(struct dora__placed placed[DORA__SERIES_COUNT]) {
    for (int series = 0; series < DORA__SERIES_COUNT; series++)
        free_placed(&placed[series]);
}
