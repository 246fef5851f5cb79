/* SPDX-License-Identifier: MIT */
/*
 * See pool.h. Open addressing with linear probing; a slot carries the whole hash of 32 bits, so that a probe touches
 * the string only where it is all but certain to be equal. The low bits of the hash say which slot, those above which
 * segment. A first segment grows by doubling; from its full size on the pool grows by linear hashing: segments are
 * split in turn, each into itself and a new last one, paced so that none is more than three quarters full.
 */
#define _DEFAULT_SOURCE /* getentropy */
#include "base/pool.h"

#include "base/checked.h"

#include <unistd.h>

enum { SEGMENT_SLOTS = 1 << DORA__POOL_SEGMENT_BITS, CACHE_LINE = 64 };

uint64_t dora__hash_key(void) {
    uint64_t key;
    if (getentropy(&key, sizeof key) != 0)
        key = (uint64_t)(uintptr_t)&key * UINT64_C(0x9E3779B97F4A7C15);
    return key;
}

static inline uint64_t fold(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    a ^= b >> 29;
    a *= UINT64_C(0xFF51AFD7ED558CCD) ^ (b & ~UINT64_C(1));
    return a ^ a >> 32;
#endif
}

/* The bytes of a string of at most eight, perhaps some of them twice. */
static inline uint64_t last_word(const char *end, size_t size) {
    uint64_t word;
    uint32_t first, last;
    const unsigned char *bytes = (const unsigned char *)end - size;
    if (size == 8) {
        memcpy(&word, bytes, 8);
        return word;
    }
    if (size >= 4) {
        memcpy(&first, bytes, 4);
        memcpy(&last, end - 4, 4);
        return (uint64_t)last << 32 | first;
    }
    return size ? (uint64_t)(bytes[0] << 16 | bytes[size >> 1] << 8 | bytes[size - 1]) : 0;
}

uint32_t dora__hash(uint64_t key, const char *data, size_t size) {
    uint64_t hash = key ^ size * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t word;
    const char *end = data + size;
    if (size > 8) {
        for (; end - data > 8; data += 8) {
            memcpy(&word, data, 8);
            hash = fold(hash ^ word, UINT64_C(0xA0761D6478BD642F) ^ key);
        }
        size = 8;
    }
    hash = fold(hash ^ last_word(end, size), UINT64_C(0xE7037ED1A0B428DB));
    hash = fold(hash, UINT64_C(0x8EBC6AF09C88C6E3) ^ key);
    return (uint32_t)hash;
}

void dora__pool_init(struct dora__pool *pool, struct dora__memory *memory, uint64_t key) {
    *pool = (struct dora__pool){.key = key};
    dora__arena_init(&pool->bytes, memory);
    dora__arena_init(&pool->slots, memory);
}

void dora__pool_free(struct dora__pool *pool) {
    struct dora__memory *memory = pool->bytes.memory;
    if (pool->slots_count && pool->slots_count < SEGMENT_SLOTS)
        dora__free(memory, pool->segments[0], pool->slots_count, sizeof **pool->segments);
    dora__free(memory, pool->segments, pool->segments_capacity, sizeof *pool->segments);
    dora__free(memory, pool->chunks, pool->chunks_capacity, sizeof *pool->chunks);
    dora__arena_clear(&pool->bytes);
    dora__arena_clear(&pool->slots);
}

/* Short strings without a call. */
static inline bool same_bytes(const char *a, const char *b, size_t size) {
    if (size < 8 || size > 16)
        return memcmp(a, b, size) == 0;
    uint64_t first[2], last[2];
    memcpy(&first[0], a, 8);
    memcpy(&first[1], b, 8);
    memcpy(&last[0], a + size - 8, 8);
    memcpy(&last[1], b + size - 8, 8);
    return ((first[0] ^ first[1]) | (last[0] ^ last[1])) == 0;
}

/* The slot that holds the string, or the free one where it belongs. Needs at least one free slot in each segment. */
static inline uint64_t *find_slot(const struct dora__pool *pool, const char *data, size_t size, uint32_t hash) {
    uint64_t *slots = dora__pool_segment(pool, hash);
    size_t mask = pool->slots_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint64_t slot = slots[i];
        if (slot == 0)
            return &slots[i];
        if ((uint32_t)(slot >> 32) == hash) {
            dora_string known = dora__pool_get(pool, (uint32_t)slot);
            if (known.size == size && same_bytes(known.data, data, size))
                return &slots[i];
        }
    }
}

static void put_slot(uint64_t *slots, size_t count, uint64_t slot) {
    size_t at = (slot >> 32) & (count - 1);
    while (slots[at])
        at = (at + 1) & (count - 1);
    slots[at] = slot;
}

static uint64_t *new_slots(struct dora__pool *pool, size_t count) {
    if (count < SEGMENT_SLOTS)
        return dora__alloc_zeroed(pool->bytes.memory, count, sizeof **pool->segments);
    uint64_t *slots = dora__arena_alloc(&pool->slots, count * sizeof *slots, CACHE_LINE);
    if (slots)
        memset(slots, 0, count * sizeof *slots);
    return slots;
}

/* Doubles the first segment, or makes it. */
static bool double_slots(struct dora__pool *pool) {
    size_t before = pool->slots_count, count = before ? before * 2 : 64;
    if (!dora__grow(pool->bytes.memory, (void **)&pool->segments, &pool->segments_capacity, 1, sizeof *pool->segments))
        return false;
    uint64_t *slots = new_slots(pool, count);
    if (!slots)
        return false;
    for (size_t i = 0; i < before; i++)
        if (pool->segments[0][i])
            put_slot(slots, count, pool->segments[0][i]);
    if (before)
        dora__free(pool->bytes.memory, pool->segments[0], before, sizeof *slots);
    pool->segments[0] = slots;
    pool->segments_count = 1;
    pool->segments_mask = 1;
    pool->slots_count = count;
    pool->room = (uint32_t)(count < SEGMENT_SLOTS ? count / 3 * 2 : count / 2);
    return true;
}

/*
 * Splits the segment whose turn it is. Slots leave it and come back in order from a free one on, so that each lands at
 * or before where it was, and nothing that was passed moves again. With 2^l segments of S slots, splits begin when each
 * is half full; the next is due after another S / 4 strings, and the last one comes when the rest is 3 / 4 full.
 */
static bool split_segment(struct dora__pool *pool) {
    uint32_t half = (pool->segments_mask >> 1) + 1, turn = (uint32_t)pool->segments_count - half;
    if (!dora__grow(pool->bytes.memory, (void **)&pool->segments, &pool->segments_capacity, pool->segments_count + 1,
                    sizeof *pool->segments))
        return false;
    uint64_t *from = pool->segments[turn], *into = new_slots(pool, SEGMENT_SLOTS);
    if (!into)
        return false;
    size_t free_slot = 0;
    while (from[free_slot])
        free_slot++;
    for (size_t i = 1; i < SEGMENT_SLOTS; i++) {
        size_t at = (free_slot + i) & (SEGMENT_SLOTS - 1);
        uint64_t slot = from[at];
        if (!slot)
            continue;
        from[at] = 0;
        put_slot((uint32_t)(slot >> 32) >> DORA__POOL_SEGMENT_BITS & half ? into : from, SEGMENT_SLOTS, slot);
    }
    pool->segments[pool->segments_count++] = into;
    if (pool->segments_count > pool->segments_mask)
        pool->segments_mask = pool->segments_mask * 2 + 1;
    half = (pool->segments_mask >> 1) + 1;
    turn = (uint32_t)pool->segments_count - half;
    pool->room = half * (SEGMENT_SLOTS / 2) + turn * (SEGMENT_SLOTS / 4);
    return true;
}

/* Room for one more slot and entry. */
static bool reserve(struct dora__pool *pool) {
    if (pool->count >= pool->room && !(pool->slots_count < SEGMENT_SLOTS ? double_slots(pool) : split_segment(pool)))
        return false;
    if (pool->count < pool->chunks_count * DORA__POOL_CHUNK)
        return true;
    if (!dora__grow(pool->bytes.memory, (void **)&pool->chunks, &pool->chunks_capacity, pool->chunks_count + 1,
                    sizeof *pool->chunks))
        return false;
    struct dora__entry *chunk = dora__arena_alloc(&pool->bytes, DORA__POOL_CHUNK * sizeof *chunk, CACHE_LINE);
    if (!chunk)
        return false;
    pool->chunks[pool->chunks_count++] = chunk;
    return true;
}

/* Keeps a string as the next entry. False: out of memory. */
static bool put_entry(struct dora__pool *pool, const char *data, uint32_t size) {
    struct dora__entry *entry =
        &pool->chunks[pool->count >> DORA__POOL_CHUNK_BITS][pool->count & (DORA__POOL_CHUNK - 1)];
    if (size <= DORA__POOL_NEAR) {
        memset(entry->string.room, 0, sizeof entry->string.room);
        memcpy(entry->string.near, data, size);
        entry->string.room[DORA__POOL_NEAR] = (char)(DORA__POOL_NEAR - size);
        return true;
    }
    char *copy = dora__arena_alloc(&pool->bytes, (size_t)size + 1, 1);
    if (!copy)
        return false;
    memcpy(copy, data, size);
    copy[size] = '\0';
    entry->string.far.data = copy;
    entry->string.far.size = size;
    entry->string.room[DORA__POOL_NEAR] = (char)DORA__POOL_FAR;
    return true;
}

/* Where a string with that hash is kept, its slot being near; NULL: it is most likely new. */
static const struct dora__entry *likely_entry(const struct dora__pool *pool, uint32_t hash) {
    if (!pool->slots_count)
        return NULL;
    const uint64_t *slots = dora__pool_segment(pool, hash);
    size_t mask = pool->slots_count - 1;
    for (size_t i = hash & mask; slots[i]; i = (i + 1) & mask)
        if ((uint32_t)(slots[i] >> 32) == hash)
            return dora__pool_entry(pool, (uint32_t)slots[i]);
    return NULL;
}

void dora__pool_fetch(const struct dora__pool *pool, const uint32_t *hashes, uint32_t count) {
    const struct dora__entry *entries[DORA__POOL_SOME];
    for (uint32_t some; count; hashes += some, count -= some) {
        some = count < DORA__POOL_SOME ? count : DORA__POOL_SOME;
        for (uint32_t i = 0; i < some; i++) {
            entries[i] = likely_entry(pool, hashes[i]);
            __builtin_prefetch(entries[i]);
        }
        for (uint32_t i = 0; i < some; i++)
            if (entries[i] && dora__entry_is_far(entries[i]))
                __builtin_prefetch(entries[i]->string.far.data);
    }
}

dora_status dora__pool_intern(struct dora__pool *pool, const char *data, size_t size, uint32_t *handle) {
    return dora__pool_intern_hashed(pool, data, size, dora__pool_hash(pool, data, size), handle);
}

dora_status dora__pool_intern_hashed(struct dora__pool *pool, const char *data, size_t size, uint32_t hash,
                                     uint32_t *handle) {
    uint64_t *slot = NULL;
    if (pool->slots_count) {
        slot = find_slot(pool, data, size, hash);
        if (*slot) {
            *handle = (uint32_t)*slot;
            return DORA_OK;
        }
    }
    if (pool->count >= DORA__STRINGS_MOST || size > UINT32_MAX)
        return DORA_ERROR_LIMIT;
    bool grows = pool->count >= pool->room;
    if (!reserve(pool) || !put_entry(pool, data, (uint32_t)size))
        return DORA_ERROR_MEMORY;
    if (grows)
        slot = find_slot(pool, data, size, hash);
    pool->count++;
    *slot = (uint64_t)hash << 32 | pool->count;
    *handle = pool->count;
    return DORA_OK;
}

uint32_t dora__pool_find(const struct dora__pool *pool, const char *data, size_t size) {
    if (!pool->slots_count || size == 0)
        return 0;
    return (uint32_t)*find_slot(pool, data, size, dora__hash(pool->key, data, size));
}

dora_string dora_string_of(const char *text) {
    return (dora_string){text, text ? strlen(text) : 0};
}

int dora__string_compare(dora_string a, dora_string b) {
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.data, b.data, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

int dora__pool_compare(const struct dora__pool *pool, uint32_t a, uint32_t b) {
    return a == b ? 0 : dora__string_compare(dora__pool_get(pool, a), dora__pool_get(pool, b));
}
