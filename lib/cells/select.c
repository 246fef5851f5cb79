/* SPDX-License-Identifier: MIT */
/* See select.h: what is made once a group. What is done for each window is in select_windows.h. */
#include "cells/select.h"

#include "base/kernel.h"
#include "base/sort.h"

#include <string.h>

enum { COUNTS_LEAST = 1 << 16, COUNTS_RANGE = 2 }; /* sets of counts: samples at least, range at most times samples */

const struct dora__select_kernel *dora__select_kernel(void) {
#ifdef DORA__WITH_AVX2
    if (dora__kernel_pick() == DORA__KERNEL_AVX2)
        return &dora__select_avx2;
#endif
    return &dora__select_portable;
}

void dora__select_init(struct dora__select *select, struct dora__memory *memory,
                       const struct dora__select_kernel *kernel) {
    *select = (struct dora__select){.memory = memory, .kernel = kernel};
}

void dora__select_free(struct dora__select *select) {
    dora__buffer_free(&select->sort_room, select->memory);
    dora__buffer_free(&select->keys_room, select->memory);
    dora__buffer_free(&select->set_room, select->memory);
}

/* The distinct values of a wide strip, ascending, so that samples can go by 32-bit keys. *kept: their number. */
static bool make_values(struct dora__select *select, size_t *kept) {
    const struct dora__strip *strip = select->strip;
    if (!dora__buffer_room(&select->keys_room, select->memory, 2 * strip->count, sizeof(uint64_t)))
        return false;
    uint64_t *values = select->keys_room.data;
    for (size_t i = 0; i < strip->count; i++)
        values[i] = dora__biased(strip->wide[i]);
    values = dora__sort_u64(values, values + strip->count, strip->count, 0);
    *kept = 0;
    for (size_t i = 0; i < strip->count; i++)
        if (!*kept || values[*kept - 1] != values[i])
            values[(*kept)++] = values[i];
    select->values = values;
    return true;
}

static uint32_t key_of(const uint64_t *values, size_t count, uint64_t wanted) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (values[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

/* Sorts samples by key, each with its place below it; ranks and values by rank then take the other half of the room. */
static bool rank_samples(struct dora__select *select) {
    const struct dora__strip *strip = select->strip;
    size_t count = strip->count, values = 0;
    if (count > UINT32_MAX || (strip->wide && !make_values(select, &values)) ||
        !dora__buffer_room(&select->sort_room, select->memory, 2 * count, sizeof(uint64_t)))
        return false;
    uint64_t *room = select->sort_room.data;
    for (size_t i = 0; i < count; i++) {
        uint32_t key = strip->wide ? key_of(select->values, values, dora__biased(strip->wide[i])) : strip->narrow[i];
        room[i] = (uint64_t)key << 32 | i;
    }
    const uint64_t *sorted = dora__sort_u64(room, room + count, count, 32);
    uint32_t *rank = (uint32_t *)(sorted == room ? room + count : room), *by_rank = rank + count;
    for (size_t i = 0; i < count; i++) {
        rank[(uint32_t)sorted[i]] = (uint32_t)i;
        by_rank[i] = (uint32_t)(sorted[i] >> 32);
    }
    select->rank = rank;
    select->by_rank = by_rank;
    return true;
}

/* An empty set of `size` bits or counts of item_size bytes for each 512 of them. */
static void *make_set(struct dora__select *select, size_t size, size_t block_size) {
    size_t superblocks = (size >> DORA__SUPERBLOCK_BITS) + 1, blocks = (size >> DORA__BLOCK_BITS) + 1;
    size_t room = blocks * block_size + (blocks + superblocks) * sizeof *select->blocks;
    if (!dora__buffer_room(&select->set_room, select->memory, room, 1))
        return NULL;
    memset(select->set_room.data, 0, room);
    select->blocks = (uint32_t *)((char *)select->set_room.data + blocks * block_size);
    select->superblocks = select->blocks + blocks;
    select->superblocks_count = superblocks;
    return select->set_room.data;
}

/* Whether counts of values are to be preferred: it saves to rank the samples, and costs memory by the range. */
static bool prefer_counts(const struct dora__strip *strip, uint32_t *least, size_t *range) {
    if (!strip->narrow || strip->count < COUNTS_LEAST)
        return false;
    uint32_t low = UINT32_MAX, high = 0;
    for (size_t i = 0; i < strip->count; i++) {
        uint32_t value = strip->narrow[i];
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    *least = low;
    *range = (size_t)(high - low) + 1;
    return (high - low) / COUNTS_RANGE < strip->count;
}

bool dora__select_begin(struct dora__select *select, const struct dora__strip *strip, bool sliding) {
    size_t range;
    select->strip = strip;
    select->low = select->high = 0;
    select->values = NULL;
    select->run = select->kernel->sort;
    if (!sliding || !strip->count)
        return true;
    if (prefer_counts(strip, &select->least, &range)) {
        select->run = select->kernel->slide_counts;
        select->counts = make_set(select, range, sizeof *select->counts << DORA__BLOCK_BITS);
        return select->counts != NULL;
    }
    select->run = select->kernel->slide_ranks;
    select->bits =
        rank_samples(select) ? make_set(select, strip->count, sizeof *select->bits << (DORA__BLOCK_BITS - 6)) : NULL;
    return select->bits != NULL;
}

bool dora__select_run(struct dora__select *select, const struct dora__asked *asked) {
    const size_t *begin = select->strip->begin;
    if (select->run != select->kernel->sort) {
        select->run(select, asked);
        return true;
    }
    size_t most = 0;
    for (uint32_t w = 0; w < asked->windows; w++) {
        size_t count = begin[asked->high[w]] - begin[asked->low[w]];
        most = count > most ? count : most;
    }
    if (!dora__buffer_room(&select->sort_room, select->memory, 2 * most, sizeof *select->scratch_wide))
        return false;
    select->scratch_wide = select->sort_room.data;
    select->scratch = select->sort_room.data;
    select->run(select, asked);
    return true;
}
