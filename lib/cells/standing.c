/* SPDX-License-Identifier: MIT */
/* See standing.h. The k-th value over days whose values are in order is found by taking the middle of what is left of
   the longest day and dropping what lies on the wrong side of it in all of them. */
#include "cells/standing.h"

#include "base/sort.h"

#include <string.h>

enum { SERVICES_MOST = 256 };

static void clear_series(struct dora__memory *memory, struct dora__standing_series *series) {
    for (size_t i = 0; i < series->count; i++)
        dora__free(memory, series->days[i].values, series->days[i].capacity, sizeof *series->days[i].values);
    dora__free(memory, series->days, series->capacity, sizeof *series->days);
    *series = (struct dora__standing_series){0};
}

void dora__standing_clear(struct dora__standing *standing) {
    for (size_t i = 0; i < standing->count; i++)
        for (int series = 0; series < DORA__SERIES_COUNT; series++)
            clear_series(standing->memory, &standing->services[i].series[series]);
    dora__free(standing->memory, standing->services, standing->capacity, sizeof *standing->services);
    *standing = (struct dora__standing){.memory = standing->memory};
}

/* The place of the first day that is not before `day`. */
static size_t place_of(const struct dora__standing_series *series, int32_t day) {
    size_t low = 0, high = series->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void dora__standing_find(const struct dora__standing_series *series, int32_t from, int32_t end, size_t *low,
                         size_t *high) {
    *low = place_of(series, from);
    *high = place_of(series, end);
}

/* The day of that number, made where there is none; NULL: out of memory. */
static struct dora__standing_day *day_of(struct dora__memory *memory, struct dora__standing_series *series,
                                         int32_t day) {
    size_t at = series->count && series->days[series->count - 1].day < day ? series->count : place_of(series, day);
    if (at < series->count && series->days[at].day == day)
        return &series->days[at];
    if (!dora__grow(memory, (void **)&series->days, &series->capacity, series->count + 1, sizeof *series->days))
        return NULL;
    memmove(&series->days[at + 1], &series->days[at], (series->count - at) * sizeof *series->days);
    series->days[at] = (struct dora__standing_day){.day = day};
    series->count++;
    return &series->days[at];
}

/* The number of a day's values from `from` on, below `end`, that are less than `value`, or, with `equal`, not more. */
static size_t rank_in(const struct dora__standing_day *day, size_t from, size_t end, int64_t value, bool equal) {
    size_t low = from;
    while (low < end) {
        size_t middle = low + (end - low) / 2;
        if (day->values[middle] < value || (equal && day->values[middle] == value))
            low = middle + 1;
        else
            end = middle;
    }
    return low - from;
}

static void add_events(struct dora__standing_day *day, int64_t events) {
    for (int event = 0; event < DORA__EVENT_COUNT; event++)
        day->totals[event] += events >> event & 1;
    day->totals[DORA__EVENT_DAYS] = day->totals[DORA__EVENT_DEPLOYMENT] != 0;
}

/* Adds a sample; `in_order`: the day's values are, and stay so. */
static bool add(struct dora__memory *memory, struct dora__standing_series *series, bool events, int32_t number,
                int64_t value, bool in_order) {
    struct dora__standing_day *day = day_of(memory, series, number);
    if (!day)
        return false;
    if (events) {
        add_events(day, value);
        return true;
    }
    if (!dora__grow(memory, (void **)&day->values, &day->capacity, day->count + 1, sizeof *day->values))
        return false;
    size_t at = in_order ? rank_in(day, 0, day->count, value, true) : day->count;
    memmove(&day->values[at + 1], &day->values[at], (day->count - at) * sizeof *day->values);
    day->values[at] = value;
    day->count++;
    day->sum = dora__wide_add_i64(day->sum, value);
    return true;
}

/* Takes a sample away that is there. */
static void take(struct dora__standing_series *series, int32_t number, int64_t value) {
    struct dora__standing_day *day = &series->days[place_of(series, number)];
    size_t at = rank_in(day, 0, day->count, value, false);
    day->count--;
    memmove(&day->values[at], &day->values[at + 1], (day->count - at) * sizeof *day->values);
    day->sum = dora__wide_subtract(day->sum, dora__wide_from_i64(value));
}

/* Samples of one service on their way in, by the order of days: a key is a day and the place of its value. */
struct gathering {
    struct dora__memory *memory;
    uint32_t service;
    uint64_t *keys;
    size_t keys_capacity;
    int64_t *values;
    size_t values_capacity;
    size_t count;
};

static dora_status gather(void *context, const struct dora__block *block) {
    struct gathering *all = context;
    for (uint32_t i = 0; i < block->count; i++) {
        if (block->service[i] != all->service)
            continue;
        if (!dora__grow(all->memory, (void **)&all->keys, &all->keys_capacity, all->count + 1, sizeof *all->keys) ||
            !dora__grow(all->memory, (void **)&all->values, &all->values_capacity, all->count + 1, sizeof *all->values))
            return DORA_ERROR_MEMORY;
        if (all->count > UINT32_MAX)
            return DORA_ERROR_MEMORY;
        all->keys[all->count] = (uint64_t)((uint32_t)block->day[i] ^ UINT32_C(0x80000000)) << 32 | all->count;
        all->values[all->count++] = block->value[i];
    }
    return DORA_OK;
}

static bool sort_days(struct dora__memory *memory, struct dora__standing_series *series) {
    size_t most = 0;
    for (size_t i = 0; i < series->count; i++)
        most = series->days[i].count > most ? series->days[i].count : most;
    uint64_t *keys = dora__alloc(memory, 2 * most + 1, sizeof *keys);
    for (size_t i = 0; keys && i < series->count; i++) {
        struct dora__standing_day *day = &series->days[i];
        for (size_t k = 0; k < day->count; k++)
            keys[k] = dora__biased(day->values[k]);
        const uint64_t *sorted = dora__sort_u64(keys, keys + day->count, day->count, 0);
        for (size_t k = 0; k < day->count; k++)
            day->values[k] = dora__unbiased(sorted[k]);
    }
    dora__free(memory, keys, 2 * most + 1, sizeof *keys);
    return keys != NULL;
}

static bool fill(struct dora__memory *memory, struct dora__standing_series *series, bool events,
                 struct gathering *all) {
    if (!all->count)
        return true;
    uint64_t *scratch = dora__alloc(memory, all->count, sizeof *scratch);
    if (!scratch)
        return false;
    const uint64_t *sorted = dora__sort_u64(all->keys, scratch, all->count, 32);
    bool done = true;
    for (size_t i = 0; i < all->count && done; i++)
        done = add(memory, series, events, (int32_t)((uint32_t)(sorted[i] >> 32) ^ UINT32_C(0x80000000)),
                   all->values[(uint32_t)sorted[i]], false);
    dora__free(memory, scratch, all->count, sizeof *scratch);
    return done && (events || sort_days(memory, series));
}

static bool load(struct dora__standing *standing, const struct dora__derived *derived, uint32_t service,
                 enum dora__series which, struct dora__standing_series *series) {
    struct gathering all = {.memory = standing->memory, .service = service};
    bool done = dora__derived_each(derived, which, gather, &all) == DORA_OK &&
                fill(standing->memory, series, which == DORA__EVENTS, &all);
    dora__free(standing->memory, all.keys, all.keys_capacity, sizeof *all.keys);
    dora__free(standing->memory, all.values, all.values_capacity, sizeof *all.values);
    if (!done)
        clear_series(standing->memory, series);
    series->ready = done;
    return done;
}

static struct dora__standing_service *find_service(const struct dora__standing *standing, uint32_t service) {
    for (size_t i = 0; i < standing->count; i++)
        if (standing->services[i].service == service)
            return &standing->services[i];
    return NULL;
}

const struct dora__standing_service *dora__standing_of(struct dora__standing *standing,
                                                       const struct dora__derived *derived, uint32_t service,
                                                       uint32_t series) {
    standing->memory = derived->memory;
    struct dora__standing_service *found = find_service(standing, service);
    if (!found) {
        if (standing->count == SERVICES_MOST)
            dora__standing_clear(standing);
        if (!dora__grow(standing->memory, (void **)&standing->services, &standing->capacity, standing->count + 1,
                        sizeof *standing->services))
            return NULL;
        found = &standing->services[standing->count++];
        memset(found, 0, sizeof *found);
        found->service = service;
    }
    for (uint32_t left = series; left; left &= left - 1) {
        int which = __builtin_ctz(left);
        if (!found->series[which].ready &&
            !load(standing, derived, service, (enum dora__series)which, &found->series[which]))
            return NULL;
    }
    return found;
}

bool dora__standing_has(const struct dora__standing *standing, uint32_t service, uint32_t series) {
    const struct dora__standing_service *found = find_service(standing, service);
    for (uint32_t left = found ? series : 0; left; left &= left - 1)
        if (!found->series[__builtin_ctz(left)].ready)
            return false;
    return found != NULL;
}

struct following {
    struct dora__standing *standing;
    int series;
};

static dora_status follow(void *context, const struct dora__block *block) {
    const struct following *following = context;
    struct dora__standing *standing = following->standing;
    for (uint32_t i = 0; i < block->count; i++) {
        struct dora__standing_service *found = find_service(standing, block->service[i]);
        if (found && found->series[following->series].ready &&
            !add(standing->memory, &found->series[following->series], following->series == DORA__EVENTS, block->day[i],
                 block->value[i], true))
            return DORA_ERROR_MEMORY;
    }
    return DORA_OK;
}

static bool follow_edits(struct dora__standing *standing, const struct dora__derived *derived) {
    for (size_t i = 0; i < derived->edits_count; i++) {
        const struct dora__edit *edit = &derived->edits[i];
        struct dora__standing_service *found = find_service(standing, edit->sample.service);
        if (!found || !found->series[edit->series].ready)
            continue;
        if (edit->taken)
            take(&found->series[edit->series], edit->sample.day, edit->sample.value);
        else if (!add(standing->memory, &found->series[edit->series], false, edit->sample.day, edit->sample.value,
                      true))
            return false;
    }
    return true;
}

bool dora__standing_follow(struct dora__standing *standing, const struct dora__derived *derived, uint32_t first) {
    if (!standing->count)
        return true;
    for (int series = 0; series < DORA__SERIES_COUNT; series++) {
        struct following following = {standing, series};
        if (dora__derived_new(derived, (enum dora__series)series, first, follow, &following) != DORA_OK)
            return false;
    }
    return follow_edits(standing, derived);
}

/* What is left of a day's values. */
struct rest {
    size_t begin;
    size_t end;
};

static int64_t middle_of_longest(const struct dora__standing_day *days, const struct rest *rests, size_t count) {
    size_t longest = 0;
    for (size_t i = 1; i < count; i++)
        if (rests[i].end - rests[i].begin > rests[longest].end - rests[longest].begin)
            longest = i;
    return days[longest].values[rests[longest].begin + (rests[longest].end - rests[longest].begin) / 2];
}

/* The least value above `value`, or `value`. */
static int64_t least_above(const struct dora__standing_day *days, size_t count, int64_t value) {
    int64_t least = INT64_MAX;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        size_t at = rank_in(&days[i], 0, days[i].count, value, true);
        if (at < days[i].count && days[i].values[at] <= least) {
            least = days[i].values[at];
            any = true;
        }
    }
    return any ? least : value;
}

/* Narrows the rests to the side of `value` on which the k-th lies. True: it is `value`, and `more` equal ones follow.
 */
static bool narrow(const struct dora__standing_day *days, struct rest *rests, size_t count, int64_t value, size_t *k,
                   size_t *more) {
    size_t less = 0, equal = 0;
    for (size_t i = 0; i < count; i++) {
        size_t below = rank_in(&days[i], rests[i].begin, rests[i].end, value, false);
        less += below;
        equal += rank_in(&days[i], rests[i].begin + below, rests[i].end, value, true);
    }
    if (*k >= less && *k < less + equal) {
        *more = less + equal - 1 - *k;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (*k < less)
            rests[i].end = rests[i].begin + rank_in(&days[i], rests[i].begin, rests[i].end, value, false);
        else
            rests[i].begin += rank_in(&days[i], rests[i].begin, rests[i].end, value, true);
    }
    *k -= *k < less ? 0 : less + equal;
    return false;
}

bool dora__standing_select(const struct dora__standing *standing, const struct dora__standing_series *series,
                           size_t low, size_t high, size_t k, int64_t *value, int64_t *next) {
    const struct dora__standing_day *days = series->days + low;
    size_t count = high - low, more = 0;
    struct rest *rests = dora__alloc(standing->memory, count, sizeof *rests);
    if (!rests)
        return false;
    for (size_t i = 0; i < count; i++)
        rests[i] = (struct rest){0, days[i].count};
    do
        *value = middle_of_longest(days, rests, count);
    while (!narrow(days, rests, count, *value, &k, &more));
    *next = more ? *value : least_above(days, count, *value);
    dora__free(standing->memory, rests, count, sizeof *rests);
    return true;
}
