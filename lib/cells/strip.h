/* SPDX-License-Identifier: MIT */
/*
 * One group's samples in the order of days, with a directory of the days that have any and running totals over it, so
 * that the count or sum of any window is a difference of two.
 */
#ifndef DORA_CELLS_STRIP_H
#define DORA_CELLS_STRIP_H

#include "base/asking.h"
#include "base/wide.h"
#include "cells/placed.h"

/* Buffers that grow and are used again for the next group. */
struct dora__buffer {
    void *data;
    size_t capacity; /* bytes */
};

struct dora__strip {
    struct dora__memory *memory;
    struct dora__asking *asking; /* whether to go on with much; NULL: always */
    uint32_t events;             /* bit e: events e are totalled */
    size_t count;                /* values */
    size_t most;                 /* that any group has; buffers are made for them at once */
    size_t days;                 /* days that have samples */
    size_t days_most;            /* that there is room for */
    const int32_t *day;          /* of each such day, ascending, and INT32_MAX behind them */
    const size_t *begin;         /* the day's values are begin[d] .. begin[d + 1] - 1 */
    uint32_t *narrow;            /* values by day, in units; with room for a vector behind them. Or: */
    const int64_t *wide;
    const uint64_t *narrow_sums;          /* days + 1: sum of all narrow values before day d, in units. Or: */
    const dora__wide *wide_sums;          /* of wide ones */
    const uint32_t *totals[DORA__TOTALS]; /* days + 1: events before day d, of those that are totalled */
    int64_t unit;
    struct dora__buffer directory_days, directory_begin, values, scratch, sums, totals_room, counted;
};

/* `events`: bit e where events e are asked; DORA__EVENT_DAYS takes DORA__EVENT_DEPLOYMENT with it. What returns false
   below is out of memory, or was stopped. */
void dora__strip_init(struct dora__strip *strip, struct dora__memory *memory, uint32_t events,
                      struct dora__asking *asking);
void dora__strip_free(struct dora__strip *strip);

/* Loads a group, once: its words are put into the order of days. O(samples). */
bool dora__strip_load(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group);

/* In two steps, for strips that share a group, each with some of its days: the words are put into order once, then
   several strips may load days first .. last at once. Not where values are wide. */
bool dora__strip_order(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group);
bool dora__strip_load_days(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group, int32_t first,
                           int32_t last);

/* The day of the sample that so many of the group's, in order, come before. */
static inline int32_t dora__placed_day(const struct dora__placed *placed, uint32_t group, size_t before) {
    return placed->first_day + (int32_t)(placed->words[placed->begin[group] + before] >> DORA__WORD_DAY);
}

/* Room for `size` bytes; the content is lost where it grows. */
bool dora__buffer_room(struct dora__buffer *buffer, struct dora__memory *memory, size_t count, size_t item_size);
void dora__buffer_free(struct dora__buffer *buffer, struct dora__memory *memory);

/* For each of `count` ascending days the first directory place, from `from` on, whose day is not before it. */
void dora__strip_find(const struct dora__strip *strip, uint32_t from, const int32_t *day, uint32_t count,
                      uint32_t *found);

#endif
