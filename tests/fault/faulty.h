/* SPDX-License-Identifier: MIT */
/*
 * The allocator of the tests in which every allocation fails once: it knows what was not given back, and what was with
 * another size than it has. What it gives is no zeros, and a block that grows always moves.
 */
#ifndef DORA_TESTS_FAULTY_H
#define DORA_TESTS_FAULTY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An allocator that counts, knows the size of each block, and fails on demand. */
struct faulty {
    uint64_t calls;
    uint64_t fail_at; /* the number of the call that fails; 0: none */
    int and_after;    /* all from that one on fail, until the fault is cleared */
    int failed;
    size_t blocks;      /* not yet given back */
    size_t wrong_sizes; /* blocks given back or resized with another size than they have */
};

union header {
    size_t size;
    max_align_t align;
};

static inline int fails(struct faulty *faulty) {
    faulty->calls++;
    int now = faulty->fail_at && (faulty->calls == faulty->fail_at || (faulty->and_after && faulty->failed));
    faulty->failed |= now;
    return now;
}

static inline void clear_fault(struct faulty *faulty) {
    faulty->fail_at = 0;
    faulty->and_after = 0;
}

static inline void *faulty_allocate(void *context, size_t size) {
    struct faulty *faulty = context;
    union header *header = fails(faulty) ? NULL : malloc(sizeof *header + size);
    if (!header)
        return NULL;
    header->size = size;
    memset(header + 1, 0xA5, size);
    faulty->blocks++;
    return header + 1;
}

static inline void faulty_release(void *context, void *block, size_t size) {
    struct faulty *faulty = context;
    if (!block)
        return;
    union header *header = (union header *)block - 1;
    faulty->wrong_sizes += header->size != size;
    memset(block, 0x5A, header->size);
    faulty->blocks--;
    free(header);
}

/* Always moves, so that nothing may hold on to the old block. */
static inline void *faulty_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct faulty *faulty = context;
    void *moved = faulty_allocate(context, new_size);
    if (!moved || !block)
        return moved;
    size_t size = ((union header *)block - 1)->size;
    faulty->wrong_sizes += size != old_size;
    memcpy(moved, block, size < new_size ? size : new_size);
    faulty_release(context, block, size);
    return moved;
}

#endif
