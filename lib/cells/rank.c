/* SPDX-License-Identifier: MIT */
/*
 * See rank.h. A radix sort of keys, each with its place behind it, that saves two passes over memory: the first pass
 * reads bare keys, and the last one does not write what it has sorted but where each went.
 */
#include "cells/rank.h"

#include <string.h>

enum { FEW = 4096, DIGIT_FEW = 8, DIGIT_MOST = 12, PASSES_MOST = 4 };

struct digits {
    unsigned passes;
    unsigned bits; /* of a digit */
    uint32_t mask;
    uint32_t place[PASSES_MOST][1 << DIGIT_MOST]; /* where the next key of each digit goes */
};

static void count_digits(struct digits *digits, const uint32_t *keys, size_t count) {
    uint32_t any = 1;
    for (size_t i = 0; i < count; i++)
        any |= keys[i];
    unsigned bits = 32 - (unsigned)__builtin_clz(any), most = count < FEW ? DIGIT_FEW : DIGIT_MOST;
    digits->passes = (bits + most - 1) / most;
    digits->bits = (bits + digits->passes - 1) / digits->passes;
    digits->mask = (UINT32_C(1) << digits->bits) - 1;
    for (unsigned pass = 0; pass < digits->passes; pass++) {
        uint32_t *place = digits->place[pass], sum = 0;
        unsigned shift = pass * digits->bits;
        memset(place, 0, sizeof *place << digits->bits);
        for (size_t i = 0; i < count; i++)
            place[keys[i] >> shift & digits->mask]++;
        for (uint32_t digit = 0; digit <= digits->mask; digit++) {
            uint32_t n = place[digit];
            place[digit] = sum;
            sum += n;
        }
    }
}

bool dora__rank_keys(const uint32_t *keys, size_t count, uint64_t *room, uint32_t **rank, uint32_t **by_rank,
                     struct dora__asking *asking) {
    struct digits digits;
    if (!dora__asking_take(asking, count))
        return false;
    count_digits(&digits, keys, count);
    uint32_t *place = digits.place[0];
    *rank = (uint32_t *)room;
    *by_rank = *rank + count;
    if (digits.passes == 1) {
        for (size_t i = 0; i < count; i++) {
            uint32_t at = place[keys[i] & digits.mask]++;
            (*rank)[i] = at;
            (*by_rank)[at] = keys[i];
        }
        return true;
    }
    /* The last pass reads from the upper half, so that the lower one is free for ranks. */
    uint64_t *to = digits.passes % 2 == 0 ? room + count : room, *from;
    for (size_t i = 0; i < count; i++)
        to[place[keys[i] & digits.mask]++] = (uint64_t)keys[i] << 32 | i;
    unsigned pass = 1, shift = 32 + digits.bits;
    for (; pass + 1 < digits.passes; pass++, shift += digits.bits) {
        from = to;
        to = from == room ? room + count : room;
        place = digits.place[pass];
        if (!dora__asking_take(asking, count))
            return false;
        for (size_t i = 0; i < count; i++)
            to[place[from[i] >> shift & digits.mask]++] = from[i];
    }
    from = to;
    place = digits.place[pass];
    if (!dora__asking_take(asking, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = place[from[i] >> shift & digits.mask]++;
        (*rank)[(uint32_t)from[i]] = at;
        (*by_rank)[at] = (uint32_t)(from[i] >> 32);
    }
    return true;
}
