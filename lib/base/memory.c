/* SPDX-License-Identifier: MIT */
/*
 * See memory.h. The arena takes chunks that double up to some megabytes, so that small engines stay small and large
 * ones do few allocations; a block larger than a chunk gets a chunk of its own. Where nobody gave an allocator, large
 * blocks are aligned for huge pages and ask for them: touching new memory for the first time is otherwise slower than
 * filling it. They are whole pages but for what libc keeps in front of the next block: its pages then follow without a
 * gap, and what one engine freed is exactly what the next one asks for.
 */
#define _DEFAULT_SOURCE /* madvise */
#include "base/memory.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BEFORE_NEXT = 64 }; /* bytes between two blocks, more than libc needs */

#ifdef MADV_HUGEPAGE
enum { HUGE_PAGE = 2 << 20 };

static void *libc_allocate(void *context, size_t size) {
    void *block;
    (void)context;
    if (size < HUGE_PAGE)
        return malloc(size);
    size_t pages;
    if (!dora__add_size(size, BEFORE_NEXT + HUGE_PAGE - 1, &pages))
        return NULL;
    pages &= ~(size_t)(HUGE_PAGE - 1);
    if (posix_memalign(&block, HUGE_PAGE, pages - BEFORE_NEXT) != 0)
        return NULL;
    (void)madvise(block, pages, MADV_HUGEPAGE); /* only advice */
    return block;
}
#else
static void *libc_allocate(void *context, size_t size) {
    (void)context;
    return malloc(size);
}
#endif

static void *libc_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    return realloc(block, new_size);
}

static void libc_release(void *context, void *block, size_t size) {
    (void)context;
    (void)size;
    free(block);
}

void dora__memory_init(struct dora__memory *memory, const dora_allocator *allocator) {
    if (allocator)
        memory->allocator = *allocator;
    else
        memory->allocator = (dora_allocator){libc_allocate, libc_reallocate, libc_release, NULL};
}

void *dora__alloc(struct dora__memory *memory, size_t count, size_t item_size) {
    size_t size;
    if (!dora__multiply_size(count, item_size, &size) || size == 0)
        return NULL;
    return memory->allocator.allocate(memory->allocator.context, size);
}

void *dora__alloc_zeroed(struct dora__memory *memory, size_t count, size_t item_size) {
    void *block = dora__alloc(memory, count, item_size);
    if (block)
        memset(block, 0, count * item_size);
    return block;
}

void dora__free(struct dora__memory *memory, void *block, size_t count, size_t item_size) {
    if (block)
        memory->allocator.release(memory->allocator.context, block, count * item_size);
}

bool dora__grow(struct dora__memory *memory, void **block, size_t *capacity, size_t need, size_t item_size) {
    if (need <= *capacity)
        return true;
    size_t wanted = *capacity + *capacity / 2;
    if (wanted < need)
        wanted = need;
    if (wanted < 8)
        wanted = 8;
    size_t size;
    if (!dora__multiply_size(wanted, item_size, &size))
        return false;
    void *grown = *block ? memory->allocator.reallocate(memory->allocator.context, *block, *capacity * item_size, size)
                         : memory->allocator.allocate(memory->allocator.context, size);
    if (!grown)
        return false;
    *block = grown;
    *capacity = wanted;
    return true;
}

struct dora__arena_chunk {
    struct dora__arena_chunk *previous;
    size_t size; /* of the whole chunk */
};

enum { ARENA_HEADER = 32, ARENA_ALIGN = 64, ARENA_FIRST = 1024, ARENA_MOST = (4 << 20) - BEFORE_NEXT };

void dora__arena_init(struct dora__arena *arena, struct dora__memory *memory) {
    *arena = (struct dora__arena){.memory = memory};
}

void dora__arena_clear(struct dora__arena *arena) {
    while (arena->chunks) {
        struct dora__arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->previous;
        dora__free(arena->memory, chunk, chunk->size, 1);
    }
    arena->next = NULL;
    arena->left = 0;
}

bool dora__arena_refill(struct dora__arena *arena, size_t size) {
    size_t last = arena->chunks ? arena->chunks->size : ARENA_FIRST / 2;
    size_t wanted = last < ARENA_MOST ? last * 2 : ARENA_MOST;
    size_t least;
    if (!dora__add_size(size, ARENA_HEADER + ARENA_ALIGN, &least))
        return false;
    if (wanted < least)
        wanted = least;
    struct dora__arena_chunk *chunk = dora__alloc(arena->memory, wanted, 1);
    if (!chunk)
        return false;
    *chunk = (struct dora__arena_chunk){arena->chunks, wanted};
    arena->chunks = chunk;
    arena->next = (char *)chunk + ARENA_HEADER;
    arena->left = wanted - ARENA_HEADER;
    return true;
}
