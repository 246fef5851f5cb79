/* SPDX-License-Identifier: MIT */
/*
 * The allocator of an object and what is built on it: checked array allocation, growing, and an arena whose blocks live
 * as long as the arena. Sizes are checked before they are multiplied; a size that overflows is a failed allocation.
 */
#ifndef DORA_BASE_MEMORY_H
#define DORA_BASE_MEMORY_H

#include <dora/dora.h>

#include <stdbool.h>

/* The caller's allocator, or libc's. Every internal object holds a pointer to one that outlives it. */
struct dora__memory {
    dora_allocator allocator;
};

void dora__memory_init(struct dora__memory *memory, const dora_allocator *allocator);

/* Room for count items of item_size bytes; NULL where it fails or count is 0. */
void *dora__alloc(struct dora__memory *memory, size_t count, size_t item_size);
void *dora__alloc_zeroed(struct dora__memory *memory, size_t count, size_t item_size);
void dora__free(struct dora__memory *memory, void *block, size_t count, size_t item_size);

/* Makes room for at least `need` items in *block of *capacity, growing by half or more. False: nothing changed. */
bool dora__grow(struct dora__memory *memory, void **block, size_t *capacity, size_t need, size_t item_size);

/* Blocks that are freed together. */
struct dora__arena {
    struct dora__memory *memory;
    struct dora__arena_chunk *chunks;
    char *next;
    size_t left;
};

void dora__arena_init(struct dora__arena *arena, struct dora__memory *memory);
void dora__arena_clear(struct dora__arena *arena);
/* Takes a new block with room for `size` bytes of any alignment. False: out of memory. */
bool dora__arena_refill(struct dora__arena *arena, size_t size);

/* `size` bytes aligned to `align` (a power of two up to 64), or NULL. */
static inline void *dora__arena_alloc(struct dora__arena *arena, size_t size, size_t align) {
    size_t pad = (size_t)(-(uintptr_t)arena->next) & (align - 1);
    if (arena->left < pad || arena->left - pad < size) {
        if (!dora__arena_refill(arena, size))
            return NULL;
        pad = (size_t)(-(uintptr_t)arena->next) & (align - 1);
    }
    void *block = arena->next + pad;
    arena->next += pad + size;
    arena->left -= pad + size;
    return block;
}

#endif
