/* SPDX-License-Identifier: MIT */
/* See sort.h. */
#include "base/sort.h"

#include <string.h>

enum { INSERTION_MOST = 32, RUN = 8, FEW = 4096, DIGIT_FEW = 8, DIGIT_MOST = 11 };

/* Digits of `bits` bits in as few passes as their counters allow: small ones where there are few keys. */
static unsigned digit_bits(unsigned bits, size_t count) {
    unsigned most = count < FEW ? DIGIT_FEW : DIGIT_MOST, passes = (bits + most - 1) / most;
    return (bits + passes - 1) / passes;
}

/* Counts become the places where the keys of each digit go. */
static void make_places(size_t *counts, size_t digits) {
    size_t sum = 0;
    for (size_t digit = 0; digit < digits; digit++) {
        size_t n = counts[digit];
        counts[digit] = sum;
        sum += n;
    }
}

#define KEY       uint64_t
#define NAME(job) job##_u64
#include "base/sort_keys.h"

#define KEY       uint32_t
#define NAME(job) job##_u32
#include "base/sort_keys.h"

uint64_t *dora__sort_u64(uint64_t *keys, uint64_t *scratch, size_t count, unsigned skip_bits) {
    return sort_u64(keys, scratch, count, skip_bits, NULL);
}

uint64_t *dora__sort_u64_asking(uint64_t *keys, uint64_t *scratch, size_t count, unsigned skip_bits,
                                struct dora__asking *asking) {
    return sort_u64(keys, scratch, count, skip_bits, asking);
}

uint32_t *dora__sort_u32(uint32_t *keys, uint32_t *scratch, size_t count) {
    return sort_u32(keys, scratch, count, 0, NULL);
}

static void sort_run(uint32_t *items, size_t count, dora__compare_fn *compare, const void *context) {
    for (size_t i = 1; i < count; i++) {
        uint32_t item = items[i];
        size_t at = i;
        for (; at > 0 && compare(context, items[at - 1], item) > 0; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

static void merge(const uint32_t *from, uint32_t *to, size_t begin, size_t middle, size_t end,
                  dora__compare_fn *compare, const void *context) {
    size_t a = begin, b = middle;
    for (size_t i = begin; i < end; i++)
        to[i] = b >= end || (a < middle && compare(context, from[a], from[b]) <= 0) ? from[a++] : from[b++];
}

void dora__sort_items(uint32_t *items, uint32_t *scratch, size_t count, dora__compare_fn *compare,
                      const void *context) {
    for (size_t begin = 0; begin < count; begin += RUN)
        sort_run(items + begin, count - begin < RUN ? count - begin : RUN, compare, context);
    uint32_t *from = items, *to = scratch;
    for (size_t width = RUN; width < count; width *= 2) {
        for (size_t begin = 0; begin < count; begin += 2 * width) {
            size_t middle = count - begin < width ? count : begin + width;
            size_t end = count - begin < 2 * width ? count : begin + 2 * width;
            merge(from, to, begin, middle, end, compare, context);
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}

uint32_t *dora__order(struct dora__memory *memory, size_t count, dora__compare_fn *compare, const void *context) {
    uint32_t *order = dora__alloc(memory, 2 * count, sizeof *order);
    if (!order)
        return NULL;
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    dora__sort_items(order, order + count, count, compare, context);
    return order;
}

void dora__order_free(struct dora__memory *memory, uint32_t *order, size_t count) {
    dora__free(memory, order, 2 * count, sizeof *order);
}

bool dora__put_in_order(struct dora__memory *memory, void *items, size_t count, size_t item_size,
                        dora__compare_fn *compare, const void *context) {
    size_t at = 1;
    while (at < count && compare(context, (uint32_t)at - 1, (uint32_t)at) <= 0)
        at++;
    if (at >= count)
        return true;
    uint32_t *order = dora__order(memory, count, compare, context);
    char *sorted = dora__alloc(memory, count, item_size);
    bool done = order && sorted;
    for (size_t i = 0; done && i < count; i++)
        memcpy(sorted + i * item_size, (const char *)items + order[i] * item_size, item_size);
    if (done)
        memcpy(items, sorted, count * item_size);
    dora__order_free(memory, order, count);
    dora__free(memory, sorted, count, item_size);
    return done;
}
