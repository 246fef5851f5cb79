/* SPDX-License-Identifier: MIT */
/*
 * See strip.h. Samples mostly arrive in the order of days and are then used where they lie; otherwise one counting pass
 * over the days brings them into order, or, where days are many and samples few, a sort.
 */
#include "cells/strip.h"

#include "base/checked.h"
#include "base/sort.h"

#include <string.h>

void dora__strip_init(struct dora__strip *strip, struct dora__memory *memory) {
    *strip = (struct dora__strip){.memory = memory};
}

void dora__buffer_free(struct dora__buffer *buffer, struct dora__memory *memory) {
    dora__free(memory, buffer->data, buffer->capacity, 1);
    *buffer = (struct dora__buffer){0};
}

void dora__strip_free(struct dora__strip *strip) {
    dora__buffer_free(&strip->directory_days, strip->memory);
    dora__buffer_free(&strip->directory_begin, strip->memory);
    dora__buffer_free(&strip->values, strip->memory);
    dora__buffer_free(&strip->order, strip->memory);
    dora__buffer_free(&strip->totals, strip->memory);
}

bool dora__buffer_room(struct dora__buffer *buffer, struct dora__memory *memory, size_t count, size_t item_size) {
    size_t size;
    if (!dora__multiply_size(count, item_size, &size))
        return false;
    if (size <= buffer->capacity)
        return true;
    size_t wanted;
    if (!dora__add_size(size, size / 4, &wanted))
        wanted = size;
    void *data = dora__alloc(memory, wanted, 1);
    if (!data)
        return false;
    dora__free(memory, buffer->data, buffer->capacity, 1);
    *buffer = (struct dora__buffer){data, wanted};
    return true;
}

size_t dora__strip_seek(const struct dora__strip *strip, size_t from, int32_t day) {
    size_t end = from + 8 < strip->days ? from + 8 : strip->days;
    while (from < end && strip->day[from] < day)
        from++;
    if (from < end || from == strip->days)
        return from;
    size_t low = from, high = strip->days;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strip->day[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool in_order(const int32_t *day, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (day[i] < day[i - 1])
            return false;
    return true;
}

static size_t width_of(const struct dora__placed *placed) {
    return placed->narrow ? sizeof *placed->narrow : placed->events ? sizeof *placed->events : sizeof *placed->wide;
}

static const void *values_of(const struct dora__placed *placed, size_t from) {
    if (placed->narrow)
        return placed->narrow + from;
    return placed->events ? (const void *)(placed->events + from) : (const void *)(placed->wide + from);
}

static inline void copy_value(const struct dora__placed *placed, size_t from, void *values, size_t to) {
    if (placed->narrow)
        ((uint32_t *)values)[to] = placed->narrow[from];
    else if (placed->events)
        ((uint16_t *)values)[to] = placed->events[from];
    else
        ((int64_t *)values)[to] = placed->wide[from];
}

/* The directory of samples that are in order already. */
static bool directory_of_ordered(struct dora__strip *strip, const int32_t *day) {
    size_t count = strip->count, days = count > 0;
    for (size_t i = 1; i < count; i++)
        days += day[i] != day[i - 1];
    if (!dora__buffer_room(&strip->directory_days, strip->memory, days, sizeof *day) ||
        !dora__buffer_room(&strip->directory_begin, strip->memory, days + 1, sizeof *strip->begin))
        return false;
    int32_t *directory = strip->directory_days.data;
    size_t *begin = strip->directory_begin.data, at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i && day[i] == day[i - 1])
            continue;
        directory[at] = day[i];
        begin[at++] = i;
    }
    begin[at] = count;
    strip->days = days;
    return true;
}

/* Brings samples into order by counting the samples of each day from `first` on. */
static bool order_by_counting(struct dora__strip *strip, const struct dora__placed *placed, size_t from, int32_t first,
                              size_t span, void *values) {
    const int32_t *day = placed->day + from;
    if (!dora__buffer_room(&strip->order, strip->memory, span, sizeof(size_t)) ||
        !dora__buffer_room(&strip->directory_days, strip->memory, span, sizeof *day) ||
        !dora__buffer_room(&strip->directory_begin, strip->memory, span + 1, sizeof *strip->begin))
        return false;
    size_t *next = strip->order.data;
    memset(next, 0, span * sizeof *next);
    for (size_t i = 0; i < strip->count; i++)
        next[day[i] - first]++;
    int32_t *directory = strip->directory_days.data;
    size_t *begin = strip->directory_begin.data, days = 0, sum = 0;
    for (size_t d = 0; d < span; d++) {
        size_t n = next[d];
        next[d] = sum;
        if (n) {
            directory[days] = first + (int32_t)d;
            begin[days++] = sum;
        }
        sum += n;
    }
    begin[days] = sum;
    for (size_t i = 0; i < strip->count; i++)
        copy_value(placed, from + i, values, next[day[i] - first]++);
    strip->days = days;
    return true;
}

/* Brings few samples over many days into order by sorting (day, place). */
static bool order_by_sorting(struct dora__strip *strip, const struct dora__placed *placed, size_t from, int32_t first,
                             void *values) {
    const int32_t *day = placed->day + from;
    size_t count = strip->count;
    if (!dora__buffer_room(&strip->order, strip->memory, 2 * count, sizeof(uint64_t)))
        return false;
    uint64_t *keys = strip->order.data;
    for (size_t i = 0; i < count; i++)
        keys[i] = (uint64_t)(day[i] - first) << 32 | i;
    dora__sort_u64(keys, keys + count, count, 32);
    int32_t *days = (int32_t *)(keys + count);
    for (size_t i = 0; i < count; i++) {
        copy_value(placed, from + (uint32_t)keys[i], values, i);
        days[i] = first + (int32_t)(keys[i] >> 32);
    }
    return directory_of_ordered(strip, days);
}

static bool total_events(struct dora__strip *strip, const uint16_t *events) {
    if (!dora__buffer_room(&strip->totals, strip->memory, strip->days + 1, sizeof *strip->counts))
        return false;
    uint64_t(*counts)[DORA__TOTALS] = strip->totals.data;
    uint64_t so_far[DORA__TOTALS] = {0};
    for (size_t d = 0; d < strip->days; d++) {
        memcpy(counts[d], so_far, sizeof so_far);
        for (size_t i = strip->begin[d]; i < strip->begin[d + 1]; i++)
            for (unsigned left = events[i]; left; left &= left - 1)
                so_far[__builtin_ctz(left)]++;
        so_far[DORA__EVENT_DAYS] += so_far[DORA__EVENT_DEPLOYMENT] > counts[d][DORA__EVENT_DEPLOYMENT];
    }
    memcpy(counts[strip->days], so_far, sizeof so_far);
    strip->counts = (const uint64_t(*)[DORA__TOTALS])counts;
    return true;
}

static bool total_values(struct dora__strip *strip) {
    if (!dora__buffer_room(&strip->totals, strip->memory, strip->days + 1, sizeof *strip->sums))
        return false;
    dora__wide *sums = strip->totals.data, so_far = {0, 0};
    for (size_t d = 0; d < strip->days; d++) {
        sums[d] = so_far;
        for (size_t i = strip->begin[d]; i < strip->begin[d + 1]; i++)
            so_far = dora__wide_add_i64(so_far, dora__strip_value(strip, i));
    }
    sums[strip->days] = so_far;
    strip->sums = sums;
    return true;
}

bool dora__strip_load(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group) {
    size_t from = placed->begin[group], count = placed->begin[group + 1] - from;
    strip->count = count;
    strip->unit = placed->unit;
    const int32_t *day = placed->day ? placed->day + from : NULL;
    const void *values = count ? values_of(placed, from) : NULL;
    bool done;
    if (in_order(day, count)) {
        done = directory_of_ordered(strip, day);
    } else {
        int32_t first = day[0], last = day[0];
        for (size_t i = 1; i < count; i++) {
            first = day[i] < first ? day[i] : first;
            last = day[i] > last ? day[i] : last;
        }
        size_t span = (size_t)(last - first) + 1;
        done = dora__buffer_room(&strip->values, strip->memory, count, width_of(placed));
        values = strip->values.data;
        if (done)
            done = span <= 8 * count + 1024 ? order_by_counting(strip, placed, from, first, span, strip->values.data)
                                            : order_by_sorting(strip, placed, from, first, strip->values.data);
    }
    if (!done)
        return false;
    strip->day = strip->directory_days.data;
    strip->begin = strip->directory_begin.data;
    strip->narrow = placed->narrow ? values : NULL;
    strip->wide = placed->wide ? values : NULL;
    return placed->is_events ? total_events(strip, values) : total_values(strip);
}
