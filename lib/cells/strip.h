/* SPDX-License-Identifier: MIT */
/*
 * One group's samples of one series in the order of days, with a directory of the days that have any and running totals
 * over it, so that the count or sum of any window is a difference of two.
 */
#ifndef DORA_CELLS_STRIP_H
#define DORA_CELLS_STRIP_H

#include "base/wide.h"
#include "cells/placed.h"

/* Buffers that grow and are used again for the next group. */
struct dora__buffer {
    void *data;
    size_t capacity; /* bytes */
};

struct dora__strip {
    struct dora__memory *memory;
    size_t count;           /* samples */
    size_t days;            /* days that have samples */
    const int32_t *day;     /* of each such day, ascending */
    const size_t *begin;    /* its samples are begin[d] .. begin[d + 1] - 1 */
    const uint32_t *narrow; /* as in struct dora__placed, by day */
    const int64_t *wide;
    const dora__wide *sums;                 /* days + 1: sum of all values before day d, in units; not for events */
    const uint64_t (*counts)[DORA__TOTALS]; /* days + 1: events before day d; only for events */
    int64_t unit;
    struct dora__buffer directory_days, directory_begin, values, order, totals;
};

void dora__strip_init(struct dora__strip *strip, struct dora__memory *memory);
void dora__strip_free(struct dora__strip *strip);

/* Loads a group. False: out of memory. O(samples + days between the first and last, or samples log samples). */
bool dora__strip_load(struct dora__strip *strip, const struct dora__placed *placed, uint32_t group);

/* Room for `size` bytes; the content is lost where it grows. */
bool dora__buffer_room(struct dora__buffer *buffer, struct dora__memory *memory, size_t count, size_t item_size);
void dora__buffer_free(struct dora__buffer *buffer, struct dora__memory *memory);

/* The first directory place, from `from` on, whose day is not before `day`. Windows move forwards, so a scan is short;
   far jumps are found by bisection. */
size_t dora__strip_seek(const struct dora__strip *strip, size_t from, int32_t day);

static inline int64_t dora__strip_value(const struct dora__strip *strip, size_t sample) {
    return strip->narrow ? strip->narrow[sample] : strip->wide[sample];
}

#endif
