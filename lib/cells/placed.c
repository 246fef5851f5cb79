/* SPDX-License-Identifier: MIT */
/* See placed.h. */
#include "cells/placed.h"

#include <string.h>

enum { PART_ROWS_LEAST = 1 << 16 };
enum { NEXT_LINE = 8 }; /* words to where a group's samples go soon: fetched ahead, since groups are many */

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
    placed->days = (uint32_t)(derived->last_day - derived->first_day) + 1;
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

/* Counts of groups, begin[g + 1] of group g, become the places where their next samples go, begin[g]; those of a part,
   at[g + 1], where the part's go, at[g], behind those of the parts before it. */
static bool make_room(struct dora__placed *placed, size_t *const *at, uint32_t parts, bool wide) {
    for (size_t group = 0; group < placed->groups; group++) {
        size_t begin = placed->begin[group], next = begin, stored = placed->begin[group + 1];
        for (uint32_t part = 0; part < parts; part++) {
            size_t count = at[part][group + 1];
            at[part][group] = next;
            next += count;
        }
        placed->begin[group] = next;
        placed->begin[group + 1] = next + stored;
        placed->most = next + stored - begin > placed->most ? next + stored - begin : placed->most;
    }
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

bool dora__blocks_go_on(const struct dora__derived *derived, uint32_t groups, uint32_t *blocks) {
    enum { ASK_BLOCKS = 32 };
    const struct dora__linking *linking = &derived->linking;
    dora_progress progress = {"querying", 0, groups};
    return ++*blocks % ASK_BLOCKS || !linking->progress || !linking->progress(linking->progress_context, &progress);
}

/* Touches the memory of the words where one thread is asked whether to go on: groups are spread over all of it, and the
   first blocks would wait for the system to hand out all of its pages. False: cancelled. */
static bool touch_words(const struct dora__placed *placed, const struct dora__linking *linking) {
    const size_t page_words = (2 << 20) / sizeof *placed->words, pages_between = 4;
    dora_progress progress = {"querying", 0, placed->groups};
    if (!linking->progress || (linking->threads && linking->threads->most > 1) || !placed->words)
        return true;
    for (size_t page = 0; page < placed->count / page_words; page++) {
        *(volatile uint64_t *)&placed->words[page * page_words] = 0;
        if (page % pages_between == 0 && linking->progress(linking->progress_context, &progress))
            return false;
    }
    return true;
}

struct placing {
    const struct dora__derived *derived;
    struct dora__placed *placed;
    const uint32_t *group_of;
    uint32_t blocks;
    bool fits;
};

static dora_status count_block(void *context, const struct dora__block *block) {
    struct placing *placing = context;
    if (!dora__blocks_go_on(placing->derived, placing->placed->groups, &placing->blocks))
        return DORA_ERROR_CANCELLED;
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
    if (!dora__blocks_go_on(placing->derived, placed->groups, &placing->blocks))
        return DORA_ERROR_CANCELLED;
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
    struct placing placing = {derived, placed, groups->of_service, 0, true};
    if (!begin_placing(placed, derived, groups))
        return DORA_ERROR_MEMORY;
    dora_status status = dora__derived_each(derived, series, count_block, &placing);
    if (status == DORA_OK && !make_room(placed, NULL, 0, !placing.fits))
        status = DORA_ERROR_MEMORY;
    if (status == DORA_OK)
        status = dora__derived_each(derived, series, place_block, &placing);
    end_placing(placed);
    return status;
}

/* A part of the deployments on its way to words that events and leads share, and to recoveries where `recovery` is not
   NULL. Parts are rows that follow each other, so that the words of a group are in the order of rows. */
struct deployments {
    const struct dora__derived *derived;
    const uint32_t *group_of;
    struct dora__placed *shared;
    struct dora__placed *recovery;
    size_t *shared_at; /* of each group, counts and then places of the part, as in make_room */
    size_t *recovery_at;
    uint32_t row;
    uint32_t end;
    bool fits;
    bool *cancelled; /* of all parts */
    struct dora__walk walk;
};

/* By their flags alone: a recovery that turns out to be negative gets a word without a value. */
static void count_deployments(struct deployments *placing) {
    const struct dora__table *table = &placing->derived->facts->tables[DORA_KIND_DEPLOYMENT];
    size_t *shared = placing->shared_at + 1;
    size_t *recoveries = placing->recovery ? placing->recovery_at + 1 : NULL;
    for (uint32_t row = placing->row, end = placing->end, chunk_end; row < end; row = chunk_end) {
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

static void place_block_of_deployments(const struct deployments *placing) {
    const struct dora__walk *walk = &placing->walk;
    struct dora__placed *shared = placing->shared, *recovery = placing->recovery;
    for (uint32_t i = 0; i < walk->count; i++) {
        uint32_t group = placing->group_of[walk->service[i]];
        if (!walk->flags[i] || group == DORA__NO_GROUP)
            continue;
        uint64_t *to = shared->words + placing->shared_at[group]++;
        *to = word_of(shared, walk->day[i], walk->has_lead[i], walk->flags[i] & DORA__EVENT_FLAGS, walk->lead_s[i]);
        __builtin_prefetch(to + NEXT_LINE, 1);
    }
    for (uint32_t k = 0; recovery && k < walk->recovered_count; k++) {
        uint32_t i = walk->recovered[k], group = placing->group_of[walk->service[i]];
        if (group != DORA__NO_GROUP)
            recovery->words[placing->recovery_at[group]++] =
                word_of(recovery, walk->day[i], walk->has_recovery[k], 0, walk->recovery_s[k]);
    }
}

/* Sets `fits`: false where a series does not, and walk.lead_fits or walk.recovery_fits says which. The caller's own
   thread asks whether to go on. */
static void place_deployments(struct deployments *placing, bool asks) {
    struct dora__walk *walk = &placing->walk;
    uint32_t blocks = 0;
    placing->fits = true;
    dora__walk_begin(walk, placing->derived, placing->row, placing->end, placing->shared->has_leads,
                     placing->recovery != NULL);
    while (placing->fits && !__atomic_load_n(placing->cancelled, __ATOMIC_RELAXED) && dora__walk_next(walk)) {
        placing->fits = walk->lead_fits && walk->recovery_fits;
        if (asks && !dora__blocks_go_on(placing->derived, placing->shared->groups, &blocks))
            __atomic_store_n(placing->cancelled, true, __ATOMIC_RELAXED);
        if (placing->fits)
            place_block_of_deployments(placing);
    }
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

/* All parts. */
struct sharing {
    const struct dora__derived *derived;
    const struct dora__groups *groups;
    struct deployments *parts;
    uint32_t parts_count;
    size_t *at[2][DORA__THREADS_MOST]; /* of events, of recoveries */
    bool cancelled;
};

static void count_part(void *context, size_t part, uint32_t thread) {
    (void)thread;
    count_deployments(&((struct sharing *)context)->parts[part]);
}

static void place_part(void *context, size_t part, uint32_t thread) {
    place_deployments(&((struct sharing *)context)->parts[part], thread == 0);
}

static bool begin_parts(struct sharing *sharing, struct dora__placed *shared, struct dora__placed *recovery) {
    const struct dora__derived *derived = sharing->derived;
    uint32_t chunks = (derived->deployments >> DORA__CHUNK_BITS) + 1, count = sharing->parts_count;
    for (uint32_t i = 0; i < count; i++) {
        struct deployments *part = &sharing->parts[i];
        size_t *shared_at = dora__alloc_zeroed(derived->memory, (size_t)shared->groups + 1, sizeof *shared_at);
        size_t *recovery_at =
            recovery ? dora__alloc_zeroed(derived->memory, (size_t)shared->groups + 1, sizeof *recovery_at) : NULL;
        sharing->at[0][i] = part->shared_at = shared_at;
        sharing->at[1][i] = part->recovery_at = recovery_at;
        if (!shared_at || (recovery && !recovery_at))
            return false;
        part->derived = derived;
        part->group_of = sharing->groups->of_service;
        part->shared = shared;
        part->recovery = recovery;
        part->cancelled = &sharing->cancelled;
        part->row = (uint32_t)((uint64_t)chunks * i / count) << DORA__CHUNK_BITS;
        part->end = (uint32_t)((uint64_t)chunks * (i + 1) / count) << DORA__CHUNK_BITS;
    }
    sharing->parts[count - 1].end = derived->deployments;
    return true;
}

static void end_parts(struct sharing *sharing) {
    for (int of = 0; of < 2; of++)
        for (uint32_t i = 0; i < sharing->parts_count; i++) {
            dora__free(sharing->derived->memory, sharing->at[of][i], (size_t)sharing->groups->count + 1,
                       sizeof(size_t));
            sharing->at[of][i] = NULL;
        }
}

/* Places what fits: *leads and *recoveries say what is wanted, and are cleared where it does not fit; then nothing is
   placed and another try is due. */
static dora_status try_shared(struct sharing *sharing, struct dora__placed *shared, struct dora__placed *recovery,
                              bool *leads, bool *recoveries) {
    const struct dora__derived *derived = sharing->derived;
    const struct dora__groups *groups = sharing->groups;
    uint32_t parts = sharing->parts_count;
    bool joined = *leads;
    if (!begin_placing(shared, derived, groups) || (recovery && !begin_placing(recovery, derived, groups)) ||
        !begin_parts(sharing, shared, recovery))
        return DORA_ERROR_MEMORY;
    shared->has_leads = joined;
    dora__threads_run(derived->linking.threads, count_part, sharing, parts);
    count_stored(shared, groups, &derived->samples[DORA__EVENTS], false);
    if (joined && !count_stored(shared, groups, &derived->samples[DORA__LEAD_TIME], true)) {
        *leads = false;
        return DORA_OK;
    }
    if (!make_room(shared, sharing->at[0], parts, false) ||
        (recovery && !make_room(recovery, sharing->at[1], parts, false)))
        return DORA_ERROR_MEMORY;
    if (!touch_words(shared, &derived->linking) || (recovery && !touch_words(recovery, &derived->linking)))
        return DORA_ERROR_CANCELLED;
    dora__threads_run(derived->linking.threads, place_part, sharing, parts);
    bool fits = true;
    if (sharing->cancelled)
        return DORA_ERROR_CANCELLED;
    for (uint32_t i = 0; i < parts; i++) {
        fits &= sharing->parts[i].fits;
        *leads &= sharing->parts[i].walk.lead_fits;
        *recoveries &= sharing->parts[i].walk.recovery_fits;
    }
    if (!fits)
        return DORA_OK;
    place_stored(shared, groups, &derived->samples[DORA__EVENTS], false);
    if (joined)
        place_stored(shared, groups, &derived->samples[DORA__LEAD_TIME], true);
    end_placing(shared);
    if (recovery)
        end_placing(recovery);
    return DORA_OK;
}

/* Events, with leads and recoveries where these are wanted and fit. *series: what is left to place. */
static dora_status place_shared(struct dora__placed placed[DORA__SERIES_COUNT], const struct dora__derived *derived,
                                uint32_t *series, const struct dora__groups *groups) {
    struct sharing sharing = {.derived = derived, .groups = groups};
    sharing.parts_count = dora__threads_parts(derived->linking.threads, derived->deployments, PART_ROWS_LEAST);
    sharing.parts = dora__alloc(derived->memory, sharing.parts_count, sizeof *sharing.parts);
    if (!sharing.parts)
        return DORA_ERROR_MEMORY;
    bool leads = *series >> DORA__LEAD_TIME & 1, again = true;
    bool recoveries = *series >> DORA__RECOVERY & 1 && !derived->samples[DORA__RECOVERY].count; /* none are stored */
    dora_status status = DORA_OK;
    while (again && status == DORA_OK) {
        bool leads_wanted = leads, recoveries_wanted = recoveries;
        free_placed(&placed[DORA__EVENTS]);
        free_placed(&placed[DORA__RECOVERY]);
        status = try_shared(&sharing, &placed[DORA__EVENTS], recoveries ? &placed[DORA__RECOVERY] : NULL, &leads,
                            &recoveries);
        end_parts(&sharing);
        again = leads != leads_wanted || recoveries != recoveries_wanted;
    }
    dora__free(derived->memory, sharing.parts, sharing.parts_count, sizeof *sharing.parts);
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

bool dora__kept_is(const struct dora__kept *kept, int by, uint32_t series) {
    return kept->series && kept->series == series && kept->by == by;
}

void dora__kept_clear(struct dora__kept *kept) {
    dora__placed_free(kept->placed);
    kept->series = 0;
}

/* Words with values beside them point to these, and are not to be put into the order of days twice. */
void dora__keep(struct dora__kept *kept, int by, uint32_t series, struct dora__placed placed[DORA__SERIES_COUNT]) {
    bool wide = false;
    for (int i = 0; i < DORA__SERIES_COUNT; i++)
        wide |= placed[i].wide != NULL;
    if (wide)
        return;
    dora__kept_clear(kept);
    memcpy(kept->placed, placed, sizeof kept->placed);
    memset(placed, 0, sizeof kept->placed);
    kept->series = series;
    kept->by = by;
}
