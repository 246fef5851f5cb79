/* SPDX-License-Identifier: MIT */
/*
 * Handles of strings that came before: a column of text mostly holds few different ones, and those are found here by
 * their bytes in a register or two, without the pool's hash and its compare. Only strings of up to 16 bytes, each in
 * one of two places; what was pushed out, or never was here, is asked of the pool.
 */
#ifndef DORA_READ_RECALL_H
#define DORA_READ_RECALL_H

#include "base/pool.h"
#include "calendar/decode.h"

enum { DORA__RECALL_BITS = 11, DORA__RECALL_MOST = 16 };

struct dora__recalled {
    uint64_t low, high; /* the bytes, zeros behind them */
    uint32_t size;      /* 0: nobody is here */
    uint32_t handle;
};

struct dora__recall {
    struct dora__recalled places[1 << DORA__RECALL_BITS];
};

/* The bytes of each size, in two words. */
#define ALL UINT64_MAX
static const uint64_t dora__recall_masks[DORA__RECALL_MOST + 1][2] = {
    {0, 0},           {ALL >> 56, 0},   {ALL >> 48, 0},   {ALL >> 40, 0},   {ALL >> 32, 0},   {ALL >> 24, 0},
    {ALL >> 16, 0},   {ALL >> 8, 0},    {ALL, 0},         {ALL, ALL >> 56}, {ALL, ALL >> 48}, {ALL, ALL >> 40},
    {ALL, ALL >> 32}, {ALL, ALL >> 24}, {ALL, ALL >> 16}, {ALL, ALL >> 8},  {ALL, ALL},
};
#undef ALL

static inline size_t dora__recall_first(const struct dora__recalled *sought) {
    uint64_t mixed =
        (sought->low ^ (sought->high << 29 | sought->high >> 35) ^ sought->size) * UINT64_C(0x9E3779B97F4A7C15);
    return mixed >> (64 - DORA__RECALL_BITS);
}

static inline bool dora__recall_is(const struct dora__recalled *place, const struct dora__recalled *sought) {
    return ((place->low ^ sought->low) | (place->high ^ sought->high) | (place->size ^ sought->size)) == 0;
}

/* What is kept of a string of 1 to 16 bytes, NULL where nothing is; and in *sought what is to be kept, once its handle
   is known. Sixteen bytes from `text` on may be read. */
static inline const struct dora__recalled *dora__recall_find(const struct dora__recall *recall, const char *text,
                                                             size_t size, struct dora__recalled *sought) {
    uint64_t low = dora__load_le64(text) & dora__recall_masks[size][0];
    uint64_t high = dora__load_le64(text + 8) & dora__recall_masks[size][1];
    *sought = (struct dora__recalled){low, high, (uint32_t)size, 0};
    size_t first = dora__recall_first(sought);
    /* Which of the two it is nobody can guess, so that there is no branch on it. */
    const struct dora__recalled *place = &recall->places[first ^ !dora__recall_is(&recall->places[first], sought)];
    return dora__recall_is(place, sought) ? place : NULL;
}

/* Keeps what dora__recall_find sought; what was in its first place moves to the second. */
static inline void dora__recall_keep(struct dora__recall *recall, const struct dora__recalled *sought,
                                     uint32_t handle) {
    size_t first = dora__recall_first(sought);
    recall->places[first ^ 1] = recall->places[first];
    recall->places[first] = *sought;
    recall->places[first].handle = handle;
}

/* The handle of a string of 1 to 16 bytes in `pool`, interned if it is new. Sixteen bytes from `text` on may be read.
   OK, MEMORY or LIMIT. */
static inline dora_status dora__recall(struct dora__recall *recall, struct dora__pool *pool, const char *text,
                                       size_t size, uint32_t *handle) {
    struct dora__recalled sought;
    const struct dora__recalled *found = dora__recall_find(recall, text, size, &sought);
    if (found) {
        *handle = found->handle;
        return DORA_OK;
    }
    dora_status status = dora__pool_intern(pool, text, size, handle);
    if (status == DORA_OK)
        dora__recall_keep(recall, &sought, *handle);
    return status;
}

#endif
