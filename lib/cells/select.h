/* SPDX-License-Identifier: MIT */
/*
 * Order statistics of windows that move forwards over a strip, asked for many windows at a time.
 *
 * Windows that do not overlap sort their own samples. For windows that do, a set holds what is inside: a day that
 * enters or leaves changes the set by its samples; no window is selected anew. The set is a sorted list where windows
 * hold few samples. Else it is a bitmap over the ranks of the group's samples, or, where samples are so many that it
 * is cheaper, the number of each value, and the k-th is found by counts of its blocks.
 */
#ifndef DORA_CELLS_SELECT_H
#define DORA_CELLS_SELECT_H

#include "cells/strip.h"

enum { DORA__ASKED_WINDOWS = 256 }; /* most windows of one call, and the stride of what is asked of them */

#define DORA__NOT_ASKED SIZE_MAX

/* Windows, as days low[w] .. high[w] - 1 of the directory, neither of which falls, also from call to call; and of each
   `places` samples, place p of window w at [p * DORA__ASKED_WINDOWS + w]. */
struct dora__asked {
    uint32_t windows;
    const uint32_t *low;
    const uint32_t *high;
    size_t places;
    const size_t *k;         /* the k-th least sample from 0, below the number in the window; or DORA__NOT_ASKED */
    const uint32_t *between; /* not 0: the sample after it is wanted as well (itself where there is none) */
    int64_t *value;          /* the answers, in the strip's units; `next` is `value` where it is not wanted */
    int64_t *next;
};

struct dora__select;

/* The ways, compiled for one kind of machine. */
struct dora__select_kernel {
    size_t list_most; /* samples of a window for which a list is best */
    void (*sort)(struct dora__select *select, const struct dora__asked *asked);
    void (*slide_list)(struct dora__select *select, const struct dora__asked *asked);
    void (*slide_ranks)(struct dora__select *select, const struct dora__asked *asked);
    void (*slide_counts)(struct dora__select *select, const struct dora__asked *asked);
};

struct dora__select {
    struct dora__memory *memory;
    struct dora__asking *asking; /* whether to go on with much; NULL: always */
    const struct dora__select_kernel *kernel;
    void (*run)(struct dora__select *select, const struct dora__asked *asked);
    const struct dora__strip *strip;
    size_t low, high; /* the window at hand, as places in the directory */

    uint32_t *scratch;       /* of sorting: as many as the largest window has */
    uint64_t *scratch_wide;  /* the same twice, for wide values */
    const uint32_t *rank;    /* sliding over ranks: of each sample */
    const uint32_t *by_rank; /* its value by rank, or the place of its value in `values` */
    const uint64_t *values;  /* NULL, or the distinct biased values of a wide strip */
    uint32_t *list;          /* sliding over a list: the window's values; 0 before them, UINT32_MAX behind */
    size_t listed;
    uint64_t *bits;        /* a bit a rank */
    uint32_t *counts;      /* sliding over counts: samples of each value */
    uint32_t least;        /* the value that counts[0] counts */
    uint32_t *blocks;      /* samples in each 512 bits or counts */
    uint32_t *superblocks; /* in each 32,768 bits */
    size_t superblocks_count;
    struct dora__buffer sort_room, keys_room, list_room;
    struct dora__buffer set_room; /* all zero while no window is inside */
};

/* Blocks of the sets. */
enum { DORA__BLOCK_BITS = 9, DORA__SUPERBLOCK_BITS = 15 };

void dora__select_init(struct dora__select *select, struct dora__memory *memory,
                       const struct dora__select_kernel *kernel, struct dora__asking *asking);
void dora__select_free(struct dora__select *select);

/* Begins with a loaded strip. `sliding_days`: the length of windows where they overlap, else 0. False: out of memory
   or stopped. O(samples) where sliding. */
bool dora__select_begin(struct dora__select *select, const struct dora__strip *strip, uint32_t sliding_days);
/* Ends with a strip, before it is loaded again. */
void dora__select_end(struct dora__select *select);

/* Answers for the next windows. Those that do not overlap may lose the order of the strip's values within a window.
   False: out of memory. */
bool dora__select_run(struct dora__select *select, const struct dora__asked *asked);

extern const struct dora__select_kernel dora__select_portable, dora__select_avx2; /* the latter with DORA__WITH_AVX2 */

/* The fastest for this machine. */
const struct dora__select_kernel *dora__select_kernel(void);

#endif
