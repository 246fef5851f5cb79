/* SPDX-License-Identifier: MIT */
/*
 * What is done for each window, compiled once for each kind of machine. The file that includes this has defined:
 *   popcount(word), the number of its bits; bit_at(word, k), the place of its k-th bit from 0, of which there are more;
 *   sort_few(keys, count), for up to SORT_FEW keys with room for a vector behind them that may be read;
 *   gather(values, count, least, most, to), which copies those in a range and tells how many, with such room as well
 *   and room for all and one more in `to`; PICK_LEAST, the number of values from which it pays not to sort them all;
 *   insert(list, count, value) and take_out(list, count, value), for sorted lists of up to LIST_MOST values, padded as
 *   struct dora__select says;
 *   KERNEL, the name of the kernel.
 */
#include "base/sort.h"
#include "cells/select.h"

/* The place in `counts` that the k-th sample falls to; *k is counted from its first sample then. Sums of pieces come
   first, since they take several counts at a time. */
static inline size_t place_at(const uint32_t *counts, size_t *k) {
    enum { PIECE = 32 };
    size_t at = 0, left = *k;
    for (;; at += PIECE) {
        uint32_t sum = 0;
        for (size_t i = 0; i < PIECE; i++)
            sum += counts[at + i];
        if (left < sum)
            break;
        left -= sum;
    }
    while (left >= counts[at])
        left -= counts[at++];
    *k = left;
    return at;
}

/* Buckets of values, 16 for each power of two: few values share one with the k-th, however they are spread. */
enum { BUCKET_BITS = 4, BUCKETS = 15 << (BUCKET_BITS + 1), PICKS_MOST = 8 };

static inline unsigned bucket_of(uint32_t value) {
    unsigned shift = 31 - BUCKET_BITS - (unsigned)__builtin_clz(value | 1 << BUCKET_BITS);
    return (shift << BUCKET_BITS) + (value >> shift);
}

/* The k-th value from the numbers of values in buckets: those of its bucket alone are put in order. */
static void pick(const uint32_t *values, size_t count, const uint32_t *number, size_t k, uint32_t *scratch,
                 int64_t *value, int64_t *next) {
    size_t in_bucket = k;
    uint32_t bucket = (uint32_t)place_at(number, &in_bucket), shift = bucket >> BUCKET_BITS;
    shift -= shift > 0;
    uint32_t least = (bucket - (shift << BUCKET_BITS)) << shift, most = least + ((UINT32_C(1) << shift) - 1);
    size_t n = gather(values, count, least, most, scratch);
    if (n <= SORT_FEW)
        sort_few(scratch, n);
    else
        scratch = dora__sort_u32(scratch, scratch + n, n);
    *value = *next = scratch[in_bucket];
    if (in_bucket + 1 < n) {
        *next = scratch[in_bucket + 1];
    } else if (k + 1 < count) {
        uint32_t above = UINT32_MAX; /* the least one above `most`, by so much */
        for (size_t i = 0; i < count; i++)
            above = values[i] - most - 1 < above ? values[i] - most - 1 : above;
        *next = (int64_t)most + 1 + above;
    }
}

static void pick_narrow(struct dora__select *select, const struct dora__asked *asked, uint32_t w,
                        const uint32_t *values, size_t count) {
    uint32_t number[BUCKETS] = {0};
    for (size_t i = 0; i < count; i++)
        number[bucket_of(values[i])]++;
    for (size_t at = w; at < asked->places * DORA__ASKED_WINDOWS; at += DORA__ASKED_WINDOWS) {
        size_t k = asked->k[at];
        if (k == DORA__NOT_ASKED)
            continue;
        pick(values, count, number, k, select->scratch, &asked->value[at], &asked->next[at]);
        if (!asked->between[at])
            asked->next[at] = asked->value[at];
    }
}

static void sort_narrow(struct dora__select *select, const struct dora__asked *asked, uint32_t w, size_t from,
                        size_t count) {
    uint32_t *values = select->strip->narrow + from;
    const uint32_t *sorted = values;
    if (count >= PICK_LEAST && asked->places <= PICKS_MOST) {
        pick_narrow(select, asked, w, values, count);
        return;
    }
    if (count <= SORT_FEW)
        sort_few(values, count);
    else
        sorted = dora__sort_u32(values, select->scratch, count);
    for (size_t at = w; at < asked->places * DORA__ASKED_WINDOWS; at += DORA__ASKED_WINDOWS) {
        size_t k = asked->k[at];
        if (k == DORA__NOT_ASKED)
            continue;
        asked->value[at] = sorted[k];
        asked->next[at] = sorted[asked->between[at] && k + 1 < count ? k + 1 : k];
    }
}

static void sort_wide(struct dora__select *select, const struct dora__asked *asked, uint32_t w, size_t from,
                      size_t count) {
    uint64_t *keys = select->scratch_wide;
    for (size_t i = 0; i < count; i++)
        keys[i] = dora__biased(select->strip->wide[from + i]);
    const uint64_t *sorted = dora__sort_u64(keys, keys + count, count, 0);
    for (size_t at = w; at < asked->places * DORA__ASKED_WINDOWS; at += DORA__ASKED_WINDOWS) {
        size_t k = asked->k[at];
        if (k == DORA__NOT_ASKED)
            continue;
        asked->value[at] = dora__unbiased(sorted[k]);
        asked->next[at] = dora__unbiased(sorted[asked->between[at] && k + 1 < count ? k + 1 : k]);
    }
}

static void sort(struct dora__select *select, const struct dora__asked *asked) {
    const size_t *begin = select->strip->begin;
    for (uint32_t w = 0; w < asked->windows; w++) {
        size_t from = begin[asked->low[w]], count = begin[asked->high[w]] - from;
        if (!count)
            continue;
        if (select->strip->narrow)
            sort_narrow(select, asked, w, from, count);
        else
            sort_wide(select, asked, w, from, count);
    }
}

/* The window before this one had the same samples, so it has the same answers. */
static void repeat_answers(const struct dora__asked *asked, uint32_t w) {
    for (size_t at = w; at < asked->places * DORA__ASKED_WINDOWS; at += DORA__ASKED_WINDOWS) {
        asked->value[at] = asked->value[at - 1];
        asked->next[at] = asked->next[at - 1];
    }
}

/* Moves a set to a window by `change`, which takes samples out or in. */
#define SLIDE(select, low, high, change)                                                                               \
    do {                                                                                                               \
        const size_t *begin = (select)->strip->begin;                                                                  \
        size_t old_low = (select)->low, old_high = (select)->high;                                                     \
        change(select, begin[old_low], begin[(low) < old_high ? (low) : old_high], UINT32_MAX);                        \
        change(select, begin[old_high > (low) ? old_high : (low)], begin[high], 1);                                    \
        (select)->low = (low);                                                                                         \
        (select)->high = (high);                                                                                       \
    } while (0)

/* `step` is 1, or minus 1 modulo 2^32. */
static inline void change_list(struct dora__select *select, size_t from, size_t end, uint32_t step) {
    const uint32_t *values = select->strip->narrow;
    if (step == 1)
        for (size_t i = from; i < end; i++)
            insert(select->list, select->listed++, values[i]);
    else
        for (size_t i = from; i < end; i++)
            take_out(select->list, select->listed--, values[i]);
}

static void slide_list(struct dora__select *select, const struct dora__asked *asked) {
    for (uint32_t w = 0; w < asked->windows; w++) {
        size_t low = asked->low[w], high = asked->high[w];
        SLIDE(select, low, high, change_list);
        for (size_t at = w; at < asked->places * DORA__ASKED_WINDOWS; at += DORA__ASKED_WINDOWS) {
            size_t k = asked->k[at];
            if (k == DORA__NOT_ASKED)
                continue;
            asked->value[at] = select->list[k];
            asked->next[at] = select->list[asked->between[at] && k + 1 < select->listed ? k + 1 : k];
        }
    }
}

static inline void change_ranks(struct dora__select *select, size_t from, size_t end, uint32_t step) {
    bool one_superblock = select->superblocks_count == 1;
    for (size_t i = from; i < end; i++) {
        uint32_t rank = select->rank[i];
        select->bits[rank >> 6] ^= UINT64_C(1) << (rank & 63);
        select->blocks[rank >> DORA__BLOCK_BITS] += step;
        if (!one_superblock)
            select->superblocks[rank >> DORA__SUPERBLOCK_BITS] += step;
    }
}

/* The block that holds the k-th of a set; *k is counted from its start then. */
static inline size_t block_at(const struct dora__select *select, size_t *k) {
    size_t left = *k, s = 0;
    if (select->superblocks_count > 1)
        while (left >= select->superblocks[s])
            left -= select->superblocks[s++];
    size_t b = s << (DORA__SUPERBLOCK_BITS - DORA__BLOCK_BITS);
    while (left >= select->blocks[b])
        left -= select->blocks[b++];
    *k = left;
    return b;
}

static inline size_t rank_at(const struct dora__select *select, size_t k) {
    size_t w = block_at(select, &k) << (DORA__BLOCK_BITS - 6);
    for (size_t n; k >= (n = popcount(select->bits[w])); w++)
        k -= n;
    return (w << 6) + bit_at(select->bits[w], (unsigned)k);
}

/* The rank in the set after `rank`; there is one. */
static inline size_t rank_after(const struct dora__select *select, size_t rank) {
    size_t w = rank >> 6;
    uint64_t word = select->bits[w] & ~((UINT64_C(2) << (rank & 63)) - 1); /* of rank 63 nothing is left, by wrapping */
    while (!word)
        word = select->bits[++w];
    return (w << 6) + (size_t)__builtin_ctzll(word);
}

static inline int64_t value_of_rank(const struct dora__select *select, size_t rank) {
    uint32_t key = select->by_rank[rank];
    return select->values ? dora__unbiased(select->values[key]) : (int64_t)key;
}

static void slide_ranks(struct dora__select *select, const struct dora__asked *asked) {
    for (uint32_t w = 0; w < asked->windows; w++) {
        size_t low = asked->low[w], high = asked->high[w];
        if (w && low == select->low && high == select->high) {
            repeat_answers(asked, w);
            continue;
        }
        SLIDE(select, low, high, change_ranks);
        size_t count = select->strip->begin[high] - select->strip->begin[low];
        for (size_t at = w; at < asked->places * DORA__ASKED_WINDOWS; at += DORA__ASKED_WINDOWS) {
            size_t k = asked->k[at];
            if (k == DORA__NOT_ASKED)
                continue;
            size_t rank = rank_at(select, k);
            asked->value[at] = asked->next[at] = value_of_rank(select, rank);
            if (asked->between[at] && k + 1 < count)
                asked->next[at] = value_of_rank(select, rank_after(select, rank));
        }
    }
}

static inline void change_counts(struct dora__select *select, size_t from, size_t end, uint32_t step) {
    for (size_t i = from; i < end; i++) {
        uint32_t at = select->strip->narrow[i] - select->least;
        select->counts[at] += step;
        select->blocks[at >> DORA__BLOCK_BITS] += step;
    }
}

/* The value of the k-th of a set, from the least one; *k is counted from the first sample of that value then. */
static inline size_t value_at(const struct dora__select *select, size_t *k) {
    size_t value = place_at(select->blocks, k) << DORA__BLOCK_BITS;
    return value + place_at(select->counts + value, k);
}

static void slide_counts(struct dora__select *select, const struct dora__asked *asked) {
    for (uint32_t w = 0; w < asked->windows; w++) {
        size_t low = asked->low[w], high = asked->high[w];
        if (w && low == select->low && high == select->high) {
            repeat_answers(asked, w);
            continue;
        }
        SLIDE(select, low, high, change_counts);
        size_t count = select->strip->begin[high] - select->strip->begin[low];
        for (size_t at = w; at < asked->places * DORA__ASKED_WINDOWS; at += DORA__ASKED_WINDOWS) {
            size_t k = asked->k[at], left = k;
            if (k == DORA__NOT_ASKED)
                continue;
            size_t value = value_at(select, &left);
            asked->value[at] = asked->next[at] = (int64_t)(value + select->least);
            if (!asked->between[at] || k + 1 == count || left + 1 < select->counts[value])
                continue;
            while (!select->counts[++value])
                continue;
            asked->next[at] = (int64_t)(value + select->least);
        }
    }
}

const struct dora__select_kernel KERNEL = {LIST_MOST, sort, slide_list, slide_ranks, slide_counts};
