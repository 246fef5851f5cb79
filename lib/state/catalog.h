/* SPDX-License-Identifier: MIT */
/*
 * The strings that a set of facts uses, in order of bytes. Handles depend on the order of arrival and a pool keeps what
 * no fact holds any more; ranks do not.
 */
#ifndef DORA_STATE_CATALOG_H
#define DORA_STATE_CATALOG_H

#include "facts/facts.h"
#include "state/bytes.h"

struct dora__ranks {
    uint32_t *of;      /* by handle: 1 + its place among the strings used, 0 of others */
    uint32_t *handles; /* in order of bytes */
    uint32_t count;
    uint32_t capacity; /* handles of the pool, and 0 */
};

struct dora__catalog {
    struct dora__memory *memory;
    struct dora__asking *asking; /* asked by all that uses the catalog; may be NULL */
    struct dora__ranks strings;
    struct dora__ranks services;
};

/* O(bytes of strings * log). False: out of memory or stopped, and nothing is left to free. */
bool dora__catalog_make(struct dora__catalog *catalog, const struct dora__facts *facts, struct dora__asking *asking);
void dora__catalog_free(struct dora__catalog *catalog);

/* Whether the handles of a field, the id of `kind` included, are those of services. */
static inline bool dora__is_of_services(dora_kind kind, int field) {
    return (field == DORA__ID ? dora__id_type(kind) : (enum dora__type)dora__fields[field].type) == DORA__SERVICE;
}

static inline const struct dora__ranks *dora__ranks_for(const struct dora__catalog *catalog, dora_kind kind,
                                                        int field) {
    return dora__is_of_services(kind, field) ? &catalog->services : &catalog->strings;
}

/* Sorts handles by the bytes of their strings, which all differ: by radix, a few bytes at a time. False: out of memory
   or stopped. */
bool dora__sort_strings(struct dora__memory *memory, const struct dora__pool *pool, uint32_t *handles, size_t count,
                        struct dora__asking *asking);

/* The strings as a section: each as the bytes that it shares with the one before, and the rest. */
void dora__strings_put(struct dora__bytes *bytes, const struct dora__pool *pool, const struct dora__ranks *ranks);
/* Reads them into an empty pool, in which a string's handle is then its rank. OK, MEMORY or LIMIT, or the cursor fails.
 */
dora_status dora__strings_take(struct dora__state_cursor *cursor, struct dora__pool *pool);

#endif
