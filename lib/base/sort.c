/* SPDX-License-Identifier: MIT */
/* See sort.h. */
#include "base/sort.h"

#include <string.h>

enum { INSERTION_MOST = 48, RUN = 8 };

static void insertion_sort(uint64_t *keys, size_t count, unsigned skip_bits) {
    for (size_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] >> skip_bits > key >> skip_bits; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static void radix_pass(const uint64_t *from, uint64_t *to, size_t count, unsigned shift) {
    size_t starts[256] = {0};
    for (size_t i = 0; i < count; i++)
        starts[from[i] >> shift & 0xFF]++;
    size_t sum = 0;
    for (size_t digit = 0; digit < 256; digit++) {
        size_t n = starts[digit];
        starts[digit] = sum;
        sum += n;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[from[i] >> shift & 0xFF]++] = from[i];
}

void dora__sort_u64(uint64_t *keys, uint64_t *scratch, size_t count, unsigned skip_bits) {
    if (count <= INSERTION_MOST) {
        insertion_sort(keys, count, skip_bits);
        return;
    }
    uint64_t differ = 0;
    for (size_t i = 1; i < count; i++)
        differ |= keys[i] ^ keys[0];
    uint64_t *from = keys, *to = scratch;
    for (unsigned shift = skip_bits; shift < 64; shift += 8) {
        if (!(differ >> shift & 0xFF))
            continue;
        radix_pass(from, to, count, shift);
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof *keys);
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
