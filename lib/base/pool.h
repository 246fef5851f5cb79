/* SPDX-License-Identifier: MIT */
/*
 * A pool of distinct strings. Each gets a handle, 1, 2, 3, ... in order of arrival; 0 is "no string". Equal strings
 * have equal handles, so that the rest of the library compares and indexes by handle. Handles never reach any output:
 * they depend on the order of arrival. The hash is keyed, so that input cannot be made to collide.
 */
#ifndef DORA_BASE_POOL_H
#define DORA_BASE_POOL_H

#include "base/memory.h"

struct dora__pool_entry {
    const char *data;
    uint32_t size;
    uint32_t hash;
};

enum { DORA__POOL_CHUNK_BITS = 10, DORA__POOL_CHUNK = 1 << DORA__POOL_CHUNK_BITS };

struct dora__pool {
    struct dora__arena bytes;
    struct dora__pool_entry **chunks;
    size_t chunks_count;
    size_t chunks_capacity;
    uint32_t count;     /* handles are 1 .. count */
    uint64_t *slots;    /* hash in the upper half, handle in the lower; 0: free */
    size_t slots_count; /* a power of two, or 0 */
    uint64_t key;
};

/* A key for hashing that input cannot know. */
uint64_t dora__hash_key(void);
uint32_t dora__hash(uint64_t key, const char *data, size_t size);

void dora__pool_init(struct dora__pool *pool, struct dora__memory *memory, uint64_t key);
void dora__pool_free(struct dora__pool *pool);

/* The handle of a string of at least one byte, new or known. Expected O(size). OK, MEMORY or LIMIT. */
dora_status dora__pool_intern(struct dora__pool *pool, const char *data, size_t size, uint32_t *handle);

/*
 * The same in parts, for callers that have many strings at hand: hash all, prefetch the slot of each, then intern. The
 * cache misses of large pools then overlap.
 */
static inline uint32_t dora__pool_hash(const struct dora__pool *pool, const char *data, size_t size) {
    return dora__hash(pool->key, data, size);
}

static inline void dora__pool_prefetch(const struct dora__pool *pool, uint32_t hash) {
    if (pool->slots_count)
        __builtin_prefetch(&pool->slots[hash & (pool->slots_count - 1)]);
}

dora_status dora__pool_intern_hashed(struct dora__pool *pool, const char *data, size_t size, uint32_t hash,
                                     uint32_t *handle);

/* The handle of a known string, else 0. */
uint32_t dora__pool_find(const struct dora__pool *pool, const char *data, size_t size);

static inline dora_string dora__pool_get(const struct dora__pool *pool, uint32_t handle) {
    if (handle == 0)
        return (dora_string){NULL, 0};
    const struct dora__pool_entry *entry =
        &pool->chunks[(handle - 1) >> DORA__POOL_CHUNK_BITS][(handle - 1) & (DORA__POOL_CHUNK - 1)];
    return (dora_string){entry->data, entry->size};
}

/* Order by bytes, a prefix first. */
int dora__string_compare(dora_string a, dora_string b);

/* Order of two handles by bytes, 0 first. */
int dora__pool_compare(const struct dora__pool *pool, uint32_t a, uint32_t b);

#endif
