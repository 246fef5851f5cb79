/* SPDX-License-Identifier: MIT */
/*
 * A pool of distinct strings. Each gets a handle, 1, 2, 3, ... in order of arrival; 0 is "no string". Equal strings
 * have equal handles, so that the rest of the library compares and indexes by handle. Handles never reach any output:
 * they depend on the order of arrival. The hash is keyed, so that input cannot be made to collide. A large pool grows a
 * little at a time, so that no string takes long to add.
 */
#ifndef DORA_BASE_POOL_H
#define DORA_BASE_POOL_H

#include "base/memory.h"

#include <string.h>

enum {
    DORA__POOL_CHUNK_BITS = 10,
    DORA__POOL_CHUNK = 1 << DORA__POOL_CHUNK_BITS,
    DORA__POOL_SEGMENT_BITS = 14,
    DORA__POOL_NEAR = 15,
    DORA__POOL_FAR = 255
};

/* A string of up to DORA__POOL_NEAR bytes, as most ids are, and behind them by how many it is shorter, which ends the
   longest one with a zero as well; or the place of a longer one, which costs a second cache miss, and DORA__POOL_FAR.
   Every string is terminated. */
struct dora__entry {
    union {
        struct {
            const char *data;
            uint32_t size;
        } far;
        char near[DORA__POOL_NEAR];
        char room[16];
    } string;
};
_Static_assert(sizeof(struct dora__entry) == 16, "an entry is not split over cache lines");

/* The most strings of a pool: a quarter of the slots that 32 bits of hash can tell apart stays free. */
#define DORA__STRINGS_MOST UINT32_C(3000000000)

struct dora__pool {
    struct dora__arena bytes;
    struct dora__arena slots;    /* segments of full size, kept close together */
    struct dora__entry **chunks; /* by handle */
    size_t chunks_count;
    size_t chunks_capacity;
    uint32_t count;      /* handles are 1 .. count */
    uint32_t room;       /* the count at which the slots have to grow */
    uint64_t **segments; /* of slots: hash in the upper half, handle in the lower; 0: free */
    size_t segments_count;
    size_t segments_capacity;
    size_t slots_count; /* of a segment; a power of two, or 0 */
    uint32_t segments_mask;
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

/* The first slot of the segment where a hash belongs: segments above the last one are not yet split from their lower
   half. Without a branch, which could not be foretold. */
static inline uint64_t *dora__pool_segment(const struct dora__pool *pool, uint32_t hash) {
    uint32_t segment = hash >> DORA__POOL_SEGMENT_BITS & pool->segments_mask;
    return pool->segments[segment & pool->segments_mask >> (segment >= pool->segments_count)];
}

/* gcc 12 takes a function that only prefetches for one that does nothing, unless it is told to inline it. */
__attribute__((always_inline)) static inline void dora__pool_prefetch(const struct dora__pool *pool, uint32_t hash) {
    if (pool->slots_count)
        __builtin_prefetch(dora__pool_segment(pool, hash) + (hash & (pool->slots_count - 1)), 1);
}

/* Fetches what the pool has of strings with those hashes, whose slots were prefetched: first the entries of all that
   are known, then what is far, so that one cache miss does not wait for another. Best for up to DORA__POOL_SOME at a
   time, interned right after it. */
enum { DORA__POOL_SOME = 64 };
void dora__pool_fetch(const struct dora__pool *pool, const uint32_t *hashes, uint32_t count);

dora_status dora__pool_intern_hashed(struct dora__pool *pool, const char *data, size_t size, uint32_t hash,
                                     uint32_t *handle);

/* The handle of a known string, else 0. */
uint32_t dora__pool_find(const struct dora__pool *pool, const char *data, size_t size);

static inline const struct dora__entry *dora__pool_entry(const struct dora__pool *pool, uint32_t handle) {
    return &pool->chunks[(handle - 1) >> DORA__POOL_CHUNK_BITS][(handle - 1) & (DORA__POOL_CHUNK - 1)];
}

static inline bool dora__entry_is_far(const struct dora__entry *entry) {
    return (unsigned char)entry->string.room[DORA__POOL_NEAR] == DORA__POOL_FAR;
}

static inline dora_string dora__pool_get(const struct dora__pool *pool, uint32_t handle) {
    if (handle == 0)
        return (dora_string){NULL, 0};
    const struct dora__entry *entry = dora__pool_entry(pool, handle);
    if (dora__entry_is_far(entry))
        return (dora_string){entry->string.far.data, entry->string.far.size};
    return (dora_string){entry->string.near,
                         DORA__POOL_NEAR - (uint32_t)(unsigned char)entry->string.room[DORA__POOL_NEAR]};
}

/* Order by bytes, a prefix first. */
int dora__string_compare(dora_string a, dora_string b);

/* Order of two handles by bytes, 0 first. */
int dora__pool_compare(const struct dora__pool *pool, uint32_t a, uint32_t b);

#endif
