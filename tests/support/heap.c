/* SPDX-License-Identifier: MIT */
/* See heap.h. A block that grows is moved, so that whoever keeps the old place is found out. */
#include "heap.h"

#include <stdlib.h>
#include <string.h>

static void *heap_allocate(void *context, size_t size) {
    struct heap *heap = context;
    if (++heap->calls == heap->fail_at)
        return NULL;
    heap->bytes += size;
    heap->most = heap->bytes > heap->most ? heap->bytes : heap->most;
    heap->blocks++;
    return malloc(size);
}

static void heap_release(void *context, void *block, size_t size) {
    struct heap *heap = context;
    if (!block)
        return;
    heap->bytes -= size;
    heap->blocks--;
    free(block);
}

static void *heap_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    void *moved = heap_allocate(context, new_size);
    if (!moved || !block)
        return moved;
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    heap_release(context, block, old_size);
    return moved;
}

dora_allocator heap_allocator(struct heap *heap) {
    return (dora_allocator){heap_allocate, heap_reallocate, heap_release, heap};
}
