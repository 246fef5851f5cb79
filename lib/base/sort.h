/* SPDX-License-Identifier: MIT */
/*
 * Sorting: keys by radix, items by a comparison that may look anything up. No recursion; the caller brings the scratch.
 */
#ifndef DORA_BASE_SORT_H
#define DORA_BASE_SORT_H

#include "base/asking.h"
#include "base/memory.h"

/* Sorts keys[0..count) ascending by their upper `64 - skip_bits` bits, stably; scratch has room for count keys. Returns
   whichever of the two holds them sorted; the other one's content is lost. A pass for each digit of some 8 to 11 bits
   in the range of bits in which keys differ; up to 32 keys by insertion, in place and without the scratch. */
uint64_t *dora__sort_u64(uint64_t *keys, uint64_t *scratch, size_t count, unsigned skip_bits);
/* The same, which asks now and then; in no order where it is to stop. */
uint64_t *dora__sort_u64_asking(uint64_t *keys, uint64_t *scratch, size_t count, unsigned skip_bits,
                                struct dora__asking *asking);
uint32_t *dora__sort_u32(uint32_t *keys, uint32_t *scratch, size_t count);

/* Negative, 0 or positive as item a belongs before, with or after item b. */
typedef int dora__compare_fn(const void *context, uint32_t a, uint32_t b);

/* Stable merge sort of items; scratch has room for count items. O(count log count) comparisons. */
void dora__sort_items(uint32_t *items, uint32_t *scratch, size_t count, dora__compare_fn *compare, const void *context);

/* The items 0 .. count - 1 in order, or NULL: out of memory. To be freed by dora__order_free. count > 0. */
uint32_t *dora__order(struct dora__memory *memory, size_t count, dora__compare_fn *compare, const void *context);
void dora__order_free(struct dora__memory *memory, uint32_t *order, size_t count);

/* Puts items of item_size bytes into order, by way of a copy where they are not yet. False: out of memory, and nothing
   has changed. */
bool dora__put_in_order(struct dora__memory *memory, void *items, size_t count, size_t item_size,
                        dora__compare_fn *compare, const void *context);

/* Order-preserving map of int64 onto uint64. */
static inline uint64_t dora__biased(int64_t value) {
    return (uint64_t)value ^ UINT64_C(0x8000000000000000);
}

static inline int64_t dora__unbiased(uint64_t key) {
    return (int64_t)(key ^ UINT64_C(0x8000000000000000));
}

#endif
