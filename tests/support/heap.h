/* SPDX-License-Identifier: MIT */
/*
 * An allocator of which the call of number `fail_at`, from 1, fails (0: none), and which knows what was not given back.
 */
#ifndef DORA_TESTS_HEAP_H
#define DORA_TESTS_HEAP_H

#include <dora/dora.h>

struct heap {
    size_t calls;
    size_t fail_at;
    size_t bytes;
    size_t most; /* bytes at once */
    size_t blocks;
};

dora_allocator heap_allocator(struct heap *heap);

#endif
