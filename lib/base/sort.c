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

static void insertion_sort_u64(uint64_t *keys, size_t count, unsigned skip_bits) {
    for (size_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] >> skip_bits > key >> skip_bits; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static void radix_pass_u64(const uint64_t *from, uint64_t *to, size_t count, unsigned shift, unsigned bits) {
    size_t places[1 << DIGIT_MOST];
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    memset(places, 0, sizeof *places << bits);
    for (size_t i = 0; i < count; i++)
        places[from[i] >> shift & mask]++;
    make_places(places, (size_t)1 << bits);
    for (size_t i = 0; i < count; i++)
        to[places[from[i] >> shift & mask]++] = from[i];
}

uint64_t *dora__sort_u64(uint64_t *keys, uint64_t *scratch, size_t count, unsigned skip_bits) {
    if (count <= INSERTION_MOST) {
        insertion_sort_u64(keys, count, skip_bits);
        return keys;
    }
    uint64_t differ = 0;
    for (size_t i = 1; i < count; i++)
        differ |= keys[i] ^ keys[0];
    differ = differ >> skip_bits << skip_bits;
    if (!differ)
        return keys;
    unsigned shift = (unsigned)__builtin_ctzll(differ), end = 64 - (unsigned)__builtin_clzll(differ);
    unsigned bits = digit_bits(end - shift, count);
    uint64_t *from = keys, *to = scratch;
    for (; shift < end; shift += bits) {
        radix_pass_u64(from, to, count, shift, bits);
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

static void insertion_sort_u32(uint32_t *keys, size_t count) {
    for (size_t i = 1; i < count; i++) {
        uint32_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static void radix_pass_u32(const uint32_t *from, uint32_t *to, size_t count, unsigned shift, unsigned bits) {
    size_t places[1 << DIGIT_MOST];
    uint32_t mask = (UINT32_C(1) << bits) - 1;
    memset(places, 0, sizeof *places << bits);
    for (size_t i = 0; i < count; i++)
        places[from[i] >> shift & mask]++;
    make_places(places, (size_t)1 << bits);
    for (size_t i = 0; i < count; i++)
        to[places[from[i] >> shift & mask]++] = from[i];
}

uint32_t *dora__sort_u32(uint32_t *keys, uint32_t *scratch, size_t count) {
    if (count <= INSERTION_MOST) {
        insertion_sort_u32(keys, count);
        return keys;
    }
    uint32_t differ = 0;
    for (size_t i = 1; i < count; i++)
        differ |= keys[i] ^ keys[0];
    if (!differ)
        return keys;
    unsigned shift = (unsigned)__builtin_ctz(differ), end = 32 - (unsigned)__builtin_clz(differ);
    unsigned bits = digit_bits(end - shift, count);
    uint32_t *from = keys, *to = scratch;
    for (; shift < end; shift += bits) {
        radix_pass_u32(from, to, count, shift, bits);
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
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
