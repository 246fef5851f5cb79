/* SPDX-License-Identifier: MIT */
/*
 * Order statistics of windows that move forwards over a strip.
 *
 * Windows that do not overlap sort their own samples. For windows that do, each sample of the group gets its rank once,
 * and a bitmap over ranks, with counts by block, holds the samples inside the window: a day that enters or leaves flips
 * its samples' bits, and the k-th sample is found by counts. No window is selected anew.
 */
#ifndef DORA_CELLS_SELECT_H
#define DORA_CELLS_SELECT_H

#include "cells/strip.h"

struct dora__select {
    struct dora__memory *memory;
    const struct dora__strip *strip;
    bool sliding;
    size_t low, high; /* the window: days low .. high - 1 of the directory */
    size_t count;     /* samples in the window */

    const uint64_t *sorted; /* not sliding: the window's samples; sliding: by rank, key in the upper half */
    const uint64_t *values; /* sliding: value of each key in units; NULL: the key itself */
    uint32_t *rank;         /* sliding: of each sample */
    uint64_t *bits;
    uint32_t *blocks;      /* bits set in each 512 */
    uint32_t *superblocks; /* bits set in each 32,768 */
    size_t superblocks_count;
    struct dora__buffer sort, keys, ranks, bitmap;
};

void dora__select_init(struct dora__select *select, struct dora__memory *memory);
void dora__select_free(struct dora__select *select);

/* Begins with a loaded strip, the window empty. False: out of memory. O(samples) where sliding. */
bool dora__select_begin(struct dora__select *select, const struct dora__strip *strip, bool sliding);

/* Moves the window to days low .. high - 1; neither end moves back. False: out of memory. */
bool dora__select_move(struct dora__select *select, size_t low, size_t high);

/* The k-th least sample of the window, from 0, and the one after it (the same where there is none), in the series' own
   unit. k < count. */
void dora__select_pair(const struct dora__select *select, size_t k, int64_t *value, int64_t *next);

#endif
