/* SPDX-License-Identifier: MIT */
/* See select.h. */
#include "cells/select.h"

#include "base/sort.h"

#include <string.h>

enum { BLOCK_BITS = 9, SUPERBLOCK_BITS = 15, BLOCK_WORDS = 1 << (BLOCK_BITS - 6) };

void dora__select_init(struct dora__select *select, struct dora__memory *memory) {
    *select = (struct dora__select){.memory = memory};
}

void dora__select_free(struct dora__select *select) {
    dora__buffer_free(&select->sort, select->memory);
    dora__buffer_free(&select->keys, select->memory);
    dora__buffer_free(&select->ranks, select->memory);
    dora__buffer_free(&select->bitmap, select->memory);
}

/* The distinct values of a strip that is not narrow, ascending, so that samples can go by 32-bit keys. */
static bool make_values(struct dora__select *select) {
    const struct dora__strip *strip = select->strip;
    if (!dora__buffer_room(&select->keys, select->memory, 2 * strip->count, sizeof(uint64_t)))
        return false;
    uint64_t *values = select->keys.data;
    for (size_t i = 0; i < strip->count; i++)
        values[i] = dora__biased(strip->wide[i]);
    dora__sort_u64(values, values + strip->count, strip->count, 0);
    size_t kept = 0;
    for (size_t i = 0; i < strip->count; i++)
        if (!kept || values[kept - 1] != values[i])
            values[kept++] = values[i];
    select->values = values;
    /* The number of values, for key_of: kept behind them. */
    values[strip->count] = kept;
    return true;
}

static uint64_t key_of(const struct dora__select *select, size_t sample) {
    const struct dora__strip *strip = select->strip;
    if (!select->values)
        return strip->narrow[sample];
    uint64_t wanted = dora__biased(strip->wide[sample]);
    size_t low = 0, high = (size_t)select->values[strip->count];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (select->values[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool rank_samples(struct dora__select *select) {
    size_t count = select->strip->count;
    if (!dora__buffer_room(&select->sort, select->memory, 2 * count, sizeof(uint64_t)) ||
        !dora__buffer_room(&select->ranks, select->memory, count, sizeof *select->rank))
        return false;
    uint64_t *sorted = select->sort.data;
    for (size_t i = 0; i < count; i++)
        sorted[i] = key_of(select, i) << 32 | i;
    dora__sort_u64(sorted, sorted + count, count, 32);
    select->rank = select->ranks.data;
    for (size_t i = 0; i < count; i++)
        select->rank[(uint32_t)sorted[i]] = (uint32_t)i;
    select->sorted = sorted;
    return true;
}

static bool make_bitmap(struct dora__select *select) {
    size_t superblocks = (select->strip->count >> SUPERBLOCK_BITS) + 1;
    size_t blocks = superblocks << (SUPERBLOCK_BITS - BLOCK_BITS), words = blocks * BLOCK_WORDS;
    size_t used = (select->strip->count >> BLOCK_BITS) + 1; /* of the blocks; the rest is never looked at */
    size_t size = words * sizeof *select->bits + (blocks + superblocks) * sizeof *select->blocks;
    if (!dora__buffer_room(&select->bitmap, select->memory, size, 1))
        return false;
    select->bits = select->bitmap.data;
    select->blocks = (uint32_t *)(select->bits + words);
    select->superblocks = select->blocks + blocks;
    select->superblocks_count = superblocks;
    memset(select->bits, 0, used * BLOCK_WORDS * sizeof *select->bits);
    memset(select->blocks, 0, used * sizeof *select->blocks);
    memset(select->superblocks, 0, superblocks * sizeof *select->superblocks);
    return true;
}

bool dora__select_begin(struct dora__select *select, const struct dora__strip *strip, bool sliding) {
    select->strip = strip;
    select->sliding = sliding;
    select->low = select->high = select->count = 0;
    select->values = NULL;
    if (!sliding || !strip->count)
        return true;
    return (strip->narrow || make_values(select)) && rank_samples(select) && make_bitmap(select);
}

static void flip(struct dora__select *select, size_t begin, size_t end, uint32_t step) {
    for (size_t i = begin; i < end; i++) {
        uint32_t rank = select->rank[i];
        select->bits[rank >> 6] ^= UINT64_C(1) << (rank & 63);
        select->blocks[rank >> BLOCK_BITS] += step;
        select->superblocks[rank >> SUPERBLOCK_BITS] += step;
    }
}

static bool sort_window(struct dora__select *select) {
    const struct dora__strip *strip = select->strip;
    size_t from = strip->begin[select->low];
    if (!dora__buffer_room(&select->sort, select->memory, 2 * select->count, sizeof(uint64_t)))
        return false;
    uint64_t *sorted = select->sort.data;
    for (size_t i = 0; i < select->count; i++)
        sorted[i] = strip->narrow ? strip->narrow[from + i] : dora__biased(strip->wide[from + i]);
    dora__sort_u64(sorted, sorted + select->count, select->count, 0);
    select->sorted = sorted;
    return true;
}

bool dora__select_move(struct dora__select *select, size_t low, size_t high) {
    const size_t *begin = select->strip->begin;
    size_t old_low = select->low, old_high = select->high;
    if (low == old_low && high == old_high)
        return true;
    select->low = low;
    select->high = high;
    select->count = begin[high] - begin[low];
    if (!select->sliding)
        return select->count == 0 || sort_window(select);
    flip(select, begin[old_low], begin[low < old_high ? low : old_high], UINT32_MAX); /* modulo 2^32: minus one */
    flip(select, begin[old_high > low ? old_high : low], begin[high], 1);
    return true;
}

/* Place of the k-th set bit of a word that has more than k. */
static unsigned bit_at(uint64_t word, size_t k) {
    unsigned shift = 0;
    for (unsigned half = 32; half; half /= 2) {
        uint64_t lower = word & ((UINT64_C(1) << half) - 1);
        size_t n = (size_t)__builtin_popcountll(lower);
        if (k >= n) {
            k -= n;
            word >>= half;
            shift += half;
        } else {
            word = lower;
        }
    }
    return shift;
}

static size_t rank_at(const struct dora__select *select, size_t k) {
    size_t s = 0;
    while (k >= select->superblocks[s])
        k -= select->superblocks[s++];
    size_t b = s << (SUPERBLOCK_BITS - BLOCK_BITS);
    while (k >= select->blocks[b])
        k -= select->blocks[b++];
    size_t w = b * BLOCK_WORDS;
    for (size_t n; k >= (n = (size_t)__builtin_popcountll(select->bits[w])); w++)
        k -= n;
    return (w << 6) + bit_at(select->bits[w], k);
}

/* The set bit after `rank`; there is one. */
static size_t rank_after(const struct dora__select *select, size_t rank) {
    size_t w = rank >> 6;
    uint64_t word = select->bits[w] & ~((UINT64_C(2) << (rank & 63)) - 1); /* of rank 63 nothing is left, by wrapping */
    while (!word)
        word = select->bits[++w];
    return (w << 6) + (size_t)__builtin_ctzll(word);
}

static int64_t value_of(const struct dora__select *select, uint64_t sorted) {
    const struct dora__strip *strip = select->strip;
    if (!select->sliding)
        return strip->narrow ? (int64_t)sorted * strip->unit : dora__unbiased(sorted) * strip->unit;
    uint64_t key = sorted >> 32;
    return (select->values ? dora__unbiased(select->values[key]) : (int64_t)key) * strip->unit;
}

void dora__select_pair(const struct dora__select *select, size_t k, int64_t *value, int64_t *next) {
    size_t at = select->sliding ? rank_at(select, k) : k;
    *value = value_of(select, select->sorted[at]);
    *next = *value;
    if (k + 1 < select->count)
        *next = value_of(select, select->sorted[select->sliding ? rank_after(select, at) : at + 1]);
}
