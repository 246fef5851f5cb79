/* SPDX-License-Identifier: MIT */
/*
 * Handles of strings that came before: a column of text mostly holds few different ones, and those are found here by
 * their bytes in a register or two, without the pool's hash and its compare. Only strings of up to 16 bytes; what was
 * pushed out, or never was here, is asked of the pool.
 */
#ifndef DORA_READ_RECALL_H
#define DORA_READ_RECALL_H

#include "base/pool.h"
#include "calendar/decode.h"

enum { DORA__RECALL_BITS = 9, DORA__RECALL_MOST = 16 };

struct dora__recalled {
    uint64_t low, high; /* the bytes, zeros behind them */
    uint32_t size;      /* 0: nobody is here */
    uint32_t handle;
};

struct dora__recall {
    struct dora__recalled places[1 << DORA__RECALL_BITS];
};

/* The handle of a string of 1 to 16 bytes in `pool`, interned if it is new. Sixteen bytes from `text` on may be read.
   OK, MEMORY or LIMIT. */
static inline dora_status dora__recall(struct dora__recall *recall, struct dora__pool *pool, const char *text,
                                       size_t size, uint32_t *handle) {
    uint64_t low = dora__load_le64(text), high = 0;
    if (size > 8)
        high = dora__load_le64(text + 8) & (UINT64_MAX >> (8 * (16 - size)));
    else
        low &= UINT64_MAX >> (8 * (8 - size));
    uint64_t mixed = (low ^ (high << 29 | high >> 35) ^ size) * UINT64_C(0x9E3779B97F4A7C15);
    struct dora__recalled *place = &recall->places[mixed >> (64 - DORA__RECALL_BITS)];
    if (((place->low ^ low) | (place->high ^ high) | (place->size ^ size)) == 0) {
        *handle = place->handle;
        return DORA_OK;
    }
    dora_status status = dora__pool_intern(pool, text, size, handle);
    if (status == DORA_OK)
        *place = (struct dora__recalled){low, high, (uint32_t)size, *handle};
    return status;
}

#endif
