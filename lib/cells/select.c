/* SPDX-License-Identifier: MIT */
/* See select.h: what is made once a group. What is done for each window is in select_windows.h. */
#include "cells/select.h"

#include "base/kernel.h"
#include "base/sort.h"
#include "cells/rank.h"

#include <string.h>

/* Where sets of counts are taken: at least so many samples, in a range of values of at most so many times their number
   and, unless they are dense, at most so many. */
enum { COUNTS_LEAST = 1 << 16, COUNTS_SPARSE = 256, COUNTS_DENSE = 2, COUNTS_RANGE = 1 << 24 };
enum { LIST_PADS = 16 /* before and behind */, PIECE_ROOM = 32 /* blocks that may be read behind the last */ };

const struct dora__select_kernel *dora__select_kernel(void) {
#ifdef DORA__WITH_AVX2
    if (dora__kernel_pick() >= DORA__KERNEL_AVX2)
        return &dora__select_avx2;
#endif
    return &dora__select_portable;
}

void dora__select_init(struct dora__select *select, struct dora__memory *memory,
                       const struct dora__select_kernel *kernel, struct dora__asking *asking) {
    *select = (struct dora__select){.memory = memory, .asking = asking, .kernel = kernel};
}

void dora__select_free(struct dora__select *select) {
    dora__buffer_free(&select->sort_room, select->memory);
    dora__buffer_free(&select->keys_room, select->memory);
    dora__buffer_free(&select->set_room, select->memory);
    dora__buffer_free(&select->list_room, select->memory);
}

/* The distinct values of a wide strip, ascending, so that samples can go by 32-bit keys. *kept: their number. */
static bool make_values(struct dora__select *select, size_t *kept) {
    const struct dora__strip *strip = select->strip;
    if (!dora__buffer_room(&select->keys_room, select->memory, 2 * strip->count, sizeof(uint64_t)))
        return false;
    uint64_t *values = select->keys_room.data;
    for (size_t i = 0; i < strip->count; i++)
        values[i] = dora__biased(strip->wide[i]);
    values = dora__sort_u64_asking(values, values + strip->count, strip->count, 0, select->asking);
    if (!dora__asking_take(select->asking, strip->count))
        return false;
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

static bool rank_samples(struct dora__select *select) {
    const struct dora__strip *strip = select->strip;
    size_t count = strip->count, values = 0, rooms = strip->wide ? 3 : 2;
    uint32_t *rank, *by_rank;
    if (count > UINT32_MAX || (strip->wide && !make_values(select, &values)) ||
        !dora__buffer_room(&select->sort_room, select->memory, rooms * strip->most, sizeof(uint64_t)))
        return false;
    uint64_t *room = select->sort_room.data;
    uint32_t *keys = strip->wide ? (uint32_t *)(room + 2 * count) : strip->narrow;
    for (size_t i = 0; strip->wide && i < count; i++) {
        if (!dora__asking_at(select->asking, i))
            return false;
        keys[i] = key_of(select->values, values, dora__biased(strip->wide[i]));
    }
    if (!dora__rank_keys(keys, count, room, &rank, &by_rank, select->asking))
        return false;
    select->rank = rank;
    select->by_rank = by_rank;
    return true;
}

/* An empty set of `size` bits or counts, block_size bytes for each 512 of them. */
static void *make_set(struct dora__select *select, size_t size, size_t block_size) {
    size_t superblocks = (size >> DORA__SUPERBLOCK_BITS) + 1, blocks = (size >> DORA__BLOCK_BITS) + 1;
    size_t room = blocks * block_size + (blocks + superblocks + PIECE_ROOM) * sizeof *select->blocks;
    if (room > select->set_room.capacity) {
        if (!dora__buffer_room(&select->set_room, select->memory, room, 1))
            return NULL;
        memset(select->set_room.data, 0, select->set_room.capacity);
    }
    select->blocks = (uint32_t *)((char *)select->set_room.data + blocks * block_size);
    select->superblocks = select->blocks + blocks;
    select->superblocks_count = superblocks;
    return select->set_room.data;
}

/* Whether counts of values are to be preferred: they save to rank the samples, and cost memory by the range. */
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
    return (high - low) / COUNTS_DENSE < strip->count ||
           (high - low < COUNTS_RANGE && (high - low) / COUNTS_SPARSE < strip->count);
}

/* The most samples that so many days hold. */
static size_t most_in(const struct dora__strip *strip, uint32_t days) {
    size_t most = 0, low = 0;
    for (size_t high = 0; high < strip->days; high++) {
        while ((uint32_t)(strip->day[high] - strip->day[low]) >= days)
            low++;
        size_t count = strip->begin[high + 1] - strip->begin[low];
        most = count > most ? count : most;
    }
    return most;
}

static bool make_list(struct dora__select *select) {
    size_t size = select->kernel->list_most + 2 * LIST_PADS;
    if (!dora__buffer_room(&select->list_room, select->memory, size, sizeof *select->list))
        return false;
    select->list = (uint32_t *)select->list_room.data + LIST_PADS;
    select->listed = 0;
    memset(select->list_room.data, 0, LIST_PADS * sizeof *select->list);
    memset(select->list, 0xFF, (size - LIST_PADS) * sizeof *select->list);
    return true;
}

bool dora__select_begin(struct dora__select *select, const struct dora__strip *strip, uint32_t sliding_days) {
    size_t range;
    select->strip = strip;
    select->low = select->high = 0;
    select->values = NULL;
    select->run = select->kernel->sort;
    if (!sliding_days || !strip->count)
        return true;
    if (strip->narrow && most_in(strip, sliding_days) <= select->kernel->list_most) {
        select->run = select->kernel->slide_list;
        return make_list(select);
    }
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

void dora__select_end(struct dora__select *select) {
    if (select->strip && (select->run == select->kernel->slide_ranks || select->run == select->kernel->slide_counts)) {
        uint32_t end = (uint32_t)select->high; /* an empty window behind the last one takes all samples out */
        const struct dora__asked asked = {.windows = 1, .low = &end, .high = &end};
        select->run(select, &asked);
    }
    select->strip = NULL;
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
