/* SPDX-License-Identifier: MIT */
/* See placed.h. */
#include "cells/placed.h"

#include <string.h>

struct placing {
    struct dora__placed *placed;
    const uint32_t *group_of;
    int64_t least;
    int64_t greatest;
    bool whole_seconds;
};

static dora_status count_block(void *context, const struct dora__block *block) {
    struct placing *placing = context;
    size_t *begin = placing->placed->begin;
    int64_t least = placing->least, greatest = placing->greatest;
    bool whole = placing->whole_seconds;
    for (uint32_t i = 0; i < block->count; i++) {
        int64_t value = block->value[i];
        begin[placing->group_of[block->service[i]] + 1]++;
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
        whole &= value % DORA__US_PER_SECOND == 0;
    }
    placing->least = least;
    placing->greatest = greatest;
    placing->whole_seconds = whole;
    placing->placed->count += block->count;
    return DORA_OK;
}

/* begin[g] is where the next sample of group g goes. */
static dora_status place_block(void *context, const struct dora__block *block) {
    struct placing *placing = context;
    struct dora__placed *placed = placing->placed;
    for (uint32_t i = 0; i < block->count; i++) {
        size_t at = placed->begin[placing->group_of[block->service[i]]]++;
        placed->day[at] = block->day[i];
        if (placed->narrow)
            placed->narrow[at] = (uint32_t)(block->value[i] / DORA__US_PER_SECOND);
        else if (placed->events)
            placed->events[at] = (uint16_t)block->value[i];
        else
            placed->wide[at] = block->value[i];
    }
    return DORA_OK;
}

static bool make_room(struct placing *placing) {
    struct dora__placed *placed = placing->placed;
    placed->day = dora__alloc(placed->memory, placed->count, sizeof *placed->day);
    if (placed->is_events)
        return placed->day &&
               (placed->events = dora__alloc(placed->memory, placed->count, sizeof *placed->events)) != NULL;
    if (!placing->whole_seconds || placing->least < 0 || placing->greatest / DORA__US_PER_SECOND > UINT32_MAX)
        return placed->day && (placed->wide = dora__alloc(placed->memory, placed->count, sizeof *placed->wide)) != NULL;
    placed->unit = DORA__US_PER_SECOND;
    return placed->day && (placed->narrow = dora__alloc(placed->memory, placed->count, sizeof *placed->narrow)) != NULL;
}

dora_status dora__place(struct dora__placed *placed, const struct dora__derived *derived, enum dora__series series,
                        const struct dora__groups *groups) {
    placed->memory = derived->memory;
    placed->is_events = series == DORA__EVENTS;
    placed->groups = groups->count;
    placed->unit = 1;
    placed->begin = dora__alloc_zeroed(placed->memory, (size_t)groups->count + 1, sizeof *placed->begin);
    if (!placed->begin)
        return DORA_ERROR_MEMORY;
    struct placing placing = {placed, groups->of_service, INT64_MAX, INT64_MIN, true};
    dora_status status = dora__derived_each(derived, series, count_block, &placing);
    if (status != DORA_OK || !placed->count)
        return status;
    for (size_t group = 0; group < groups->count; group++)
        placed->begin[group + 1] += placed->begin[group];
    if (!make_room(&placing))
        return DORA_ERROR_MEMORY;
    status = dora__derived_each(derived, series, place_block, &placing);
    memmove(placed->begin + 1, placed->begin, groups->count * sizeof *placed->begin);
    placed->begin[0] = 0;
    return status;
}

void dora__placed_free(struct dora__placed *placed) {
    struct dora__memory *memory = placed->memory;
    if (!memory)
        return;
    dora__free(memory, placed->begin, (size_t)placed->groups + 1, sizeof *placed->begin);
    dora__free(memory, placed->day, placed->count, sizeof *placed->day);
    dora__free(memory, placed->narrow, placed->count, sizeof *placed->narrow);
    dora__free(memory, placed->wide, placed->count, sizeof *placed->wide);
    dora__free(memory, placed->events, placed->count, sizeof *placed->events);
    *placed = (struct dora__placed){0};
}
