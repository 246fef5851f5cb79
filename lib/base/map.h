/* SPDX-License-Identifier: MIT */
/*
 * A map from 64-bit keys other than 0 to 32-bit values, open addressing, keyed like the string pools.
 */
#ifndef DORA_BASE_MAP_H
#define DORA_BASE_MAP_H

#include "base/memory.h"

struct dora__map_entry {
    uint64_t key; /* 0: free */
    uint32_t value;
};

struct dora__map {
    struct dora__memory *memory;
    struct dora__map_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    uint64_t hash_key;
};

void dora__map_init(struct dora__map *map, struct dora__memory *memory, uint64_t hash_key);
void dora__map_free(struct dora__map *map);
/* Forgets the entries; keeps the room where it is not much larger than what was in it. */
void dora__map_clear(struct dora__map *map);

/* The value of a key, or NULL. */
uint32_t *dora__map_find(const struct dora__map *map, uint64_t key);
/* The value of a key, made as `initial` where it is new; NULL: out of memory. Valid until the next call. */
uint32_t *dora__map_at(struct dora__map *map, uint64_t key, uint32_t initial);

#endif
