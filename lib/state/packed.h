/* SPDX-License-Identifier: MIT */
/*
 * A column of integers in few bits. Each value is foretold, from nothing, from the value before it, or from a lead
 * column beside it; what is left is folded to a natural number, and blocks of 64 of these take as many bits each as the
 * largest of the block needs. Instants are told in the largest of microseconds, milliseconds and seconds that keeps
 * all. The writer takes the cheapest way, of equals the first: the same values always give the same bytes.
 */
#ifndef DORA_STATE_PACKED_H
#define DORA_STATE_PACKED_H

#include "state/bytes.h"

enum { DORA__PACKED_BLOCK = 64 };

/* The largest of 1,000,000, 1,000 and 1 that divides all values; *nullable: some are absent. */
int64_t dora__packed_unit(const int64_t *values, size_t count, bool *nullable);

/* Appends `count` values, DORA_ABSENT where there is none; others from -2^61 to 2^61. `lead` is NULL, or as many
   values that a reader will have. */
void dora__packed_put(struct dora__bytes *bytes, const int64_t *values, const int64_t *lead, size_t count);

/* A packed column on its way out of a cursor. */
struct dora__unpacking {
    struct dora__state_cursor *cursor;
    uint64_t left; /* values not yet taken */
    int64_t unit;
    int64_t before; /* the last value that there was, in units */
    uint8_t way;
    bool nullable;
};

/* Begins with a column of `count` values; the cursor fails where it cannot have as many. */
void dora__unpack_begin(struct dora__unpacking *unpacking, struct dora__state_cursor *cursor, uint64_t count,
                        bool has_lead);

/* The next `count` values: a multiple of DORA__PACKED_BLOCK, but for the last ones. `lead` are those beside them. Where
   the cursor fails they are absent. */
void dora__unpack(struct dora__unpacking *unpacking, int64_t *values, const int64_t *lead, size_t count);

#endif
