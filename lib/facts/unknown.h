/* SPDX-License-Identifier: MIT */
/*
 * How often records carried fields that their kind does not have: in all, and by name for the 1,000 least names. A name
 * once pushed out by lesser ones is greater than all that are kept and never comes back, so the counts of those kept do
 * not depend on the order of arrival.
 */
#ifndef DORA_FACTS_UNKNOWN_H
#define DORA_FACTS_UNKNOWN_H

#include "base/memory.h"

enum { DORA__UNKNOWN_MOST = 1000, DORA__UNKNOWN_NAME_MOST = 256 };

struct dora__unknown_name {
    char *data; /* terminated; room for size + 1 bytes */
    size_t size;
    uint64_t count;
};

struct dora__unknown {
    struct dora__memory *memory;
    struct dora__unknown_name *names; /* ordered by bytes */
    size_t count;
    size_t capacity;
    size_t last; /* where the name before was found: input repeats them in turn */
    uint64_t total;
};

void dora__unknown_init(struct dora__unknown *unknown, struct dora__memory *memory);
void dora__unknown_free(struct dora__unknown *unknown);

/* Counts a name so many times: well-formed UTF-8, cut to DORA__UNKNOWN_NAME_MOST bytes. False: out of memory, not
   counted. */
bool dora__unknown_add_times(struct dora__unknown *unknown, const char *data, size_t size, uint64_t times);

static inline bool dora__unknown_add(struct dora__unknown *unknown, const char *data, size_t size) {
    return dora__unknown_add_times(unknown, data, size, 1);
}

#endif
