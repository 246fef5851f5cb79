/* SPDX-License-Identifier: MIT */
/*
 * See pool.h. Open addressing with linear probing at a load of at most one half; a slot carries 32 bits of the hash,
 * so that a probe touches the string only where it is all but certain to be equal.
 */
#define _DEFAULT_SOURCE /* getentropy */
#include "base/pool.h"

#include "base/checked.h"

#include <string.h>
#include <unistd.h>

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

static inline uint64_t load_word(const char *data, size_t size) {
    uint64_t word = 0;
    memcpy(&word, data, size);
    return word;
}

uint32_t dora__hash(uint64_t key, const char *data, size_t size) {
    uint64_t hash = key ^ size * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t word;
    for (; size > 8; data += 8, size -= 8) {
        memcpy(&word, data, 8);
        hash = fold(hash ^ word, UINT64_C(0xA0761D6478BD642F) ^ key);
    }
    if (size == 8)
        memcpy(&word, data, 8);
    else
        word = load_word(data, size);
    hash = fold(hash ^ word, UINT64_C(0xE7037ED1A0B428DB));
    hash = fold(hash, UINT64_C(0x8EBC6AF09C88C6E3) ^ key);
    return (uint32_t)hash;
}

void dora__pool_init(struct dora__pool *pool, struct dora__memory *memory, uint64_t key) {
    *pool = (struct dora__pool){.key = key};
    dora__arena_init(&pool->bytes, memory);
}

void dora__pool_free(struct dora__pool *pool) {
    struct dora__memory *memory = pool->bytes.memory;
    for (size_t i = 0; i < pool->chunks_count; i++)
        dora__free(memory, pool->chunks[i], DORA__POOL_CHUNK, sizeof **pool->chunks);
    dora__free(memory, pool->chunks, pool->chunks_capacity, sizeof *pool->chunks);
    dora__free(memory, pool->slots, pool->slots_count, sizeof *pool->slots);
    dora__arena_clear(&pool->bytes);
}

/* The slot that holds the string, or the free one where it belongs. Needs at least one free slot. */
static size_t find_slot(const struct dora__pool *pool, const char *data, size_t size, uint32_t hash) {
    size_t mask = pool->slots_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint64_t slot = pool->slots[i];
        if (slot == 0)
            return i;
        if ((uint32_t)(slot >> 32) == hash) {
            dora_string known = dora__pool_get(pool, (uint32_t)slot);
            if (known.size == size && memcmp(known.data, data, size) == 0)
                return i;
        }
    }
}

static bool grow_slots(struct dora__pool *pool) {
    size_t count = pool->slots_count ? pool->slots_count * 2 : 64;
    uint64_t *slots = dora__alloc_zeroed(pool->bytes.memory, count, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < pool->slots_count; i++) {
        uint64_t slot = pool->slots[i];
        if (slot == 0)
            continue;
        size_t at = (slot >> 32) & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = slot;
    }
    dora__free(pool->bytes.memory, pool->slots, pool->slots_count, sizeof *pool->slots);
    pool->slots = slots;
    pool->slots_count = count;
    return true;
}

/* Room for one more entry and slot. */
static bool reserve(struct dora__pool *pool) {
    struct dora__memory *memory = pool->bytes.memory;
    if (((size_t)pool->count + 1) * 3 > pool->slots_count * 2 && !grow_slots(pool))
        return false;
    if (pool->count < pool->chunks_count * DORA__POOL_CHUNK)
        return true;
    if (!dora__grow(memory, (void **)&pool->chunks, &pool->chunks_capacity, pool->chunks_count + 1,
                    sizeof *pool->chunks))
        return false;
    pool->chunks[pool->chunks_count] = dora__alloc(memory, DORA__POOL_CHUNK, sizeof **pool->chunks);
    if (!pool->chunks[pool->chunks_count])
        return false;
    pool->chunks_count++;
    return true;
}

dora_status dora__pool_intern(struct dora__pool *pool, const char *data, size_t size, uint32_t *handle) {
    return dora__pool_intern_hashed(pool, data, size, dora__pool_hash(pool, data, size), handle);
}

dora_status dora__pool_intern_hashed(struct dora__pool *pool, const char *data, size_t size, uint32_t hash,
                                     uint32_t *handle) {
    size_t at = 0;
    if (pool->slots_count) {
        at = find_slot(pool, data, size, hash);
        if (pool->slots[at]) {
            *handle = (uint32_t)pool->slots[at];
            return DORA_OK;
        }
    }
    if (pool->count >= UINT32_MAX - 1 || size > UINT32_MAX)
        return DORA_ERROR_LIMIT;
    size_t slots_before = pool->slots_count;
    char *copy = reserve(pool) ? dora__arena_alloc(&pool->bytes, size, 1) : NULL;
    if (!copy)
        return DORA_ERROR_MEMORY;
    if (pool->slots_count != slots_before)
        at = find_slot(pool, data, size, hash);
    memcpy(copy, data, size);
    pool->chunks[pool->count >> DORA__POOL_CHUNK_BITS][pool->count & (DORA__POOL_CHUNK - 1)] =
        (struct dora__pool_entry){copy, (uint32_t)size, hash};
    pool->count++;
    pool->slots[at] = (uint64_t)hash << 32 | pool->count;
    *handle = pool->count;
    return DORA_OK;
}

uint32_t dora__pool_find(const struct dora__pool *pool, const char *data, size_t size) {
    if (!pool->slots_count || size == 0)
        return 0;
    return (uint32_t)pool->slots[find_slot(pool, data, size, dora__hash(pool->key, data, size))];
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
