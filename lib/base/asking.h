/* SPDX-License-Identifier: MIT */
/*
 * Whether long work is to go on: it says how many items it has done, and every quarter of a million of them the caller
 * is asked. What was stopped stays stopped, so that all loops end soon; whoever began the work asks why it failed.
 */
#ifndef DORA_BASE_ASKING_H
#define DORA_BASE_ASKING_H

#include <dora/dora.h>

#include <stdbool.h>

struct dora__asking {
    dora_progress_fn progress; /* NULL: never asked */
    void *context;
    dora_progress told; /* with a total, of something else than items: it stays as it is */
    uint64_t items;     /* since the caller was asked last */
    bool stopped;
};

enum { DORA__ASKING_ITEMS = 1 << 18, DORA__ASKING_PIECE = 1 << 12 /* items of a loop that counts them by pieces */ };

static inline bool dora__asking_now(struct dora__asking *asking) {
    asking->told.done += asking->told.total ? 0 : asking->items;
    asking->items = 0;
    asking->stopped = asking->progress && asking->progress(asking->context, &asking->told);
    return !asking->stopped;
}

/* `items` more are done, or about to be. False: stop. NULL: always go on. */
static inline bool dora__asking_take(struct dora__asking *asking, size_t items) {
    if (!asking)
        return true;
    asking->items += items;
    if (asking->stopped || asking->items < DORA__ASKING_ITEMS)
        return !asking->stopped;
    return dora__asking_now(asking);
}

/* Before item i of a loop over many. */
static inline bool dora__asking_at(struct dora__asking *asking, size_t i) {
    return i % DORA__ASKING_PIECE || dora__asking_take(asking, DORA__ASKING_PIECE);
}

#endif
