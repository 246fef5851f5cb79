/* SPDX-License-Identifier: MIT */
/*
 * Pools, maps, sorting and arenas against what they must be equal to: plain arrays and libc's qsort.
 */
#include "base/map.h"
#include "base/pool.h"
#include "base/sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void test_pool(void **unused) {
    (void)unused;
    enum { COUNT = 100000 }; /* of which many segments of slots are made */
    struct dora__memory memory;
    struct dora__pool pool;
    char text[32];
    uint32_t handle;
    dora__memory_init(&memory, NULL);
    dora__pool_init(&pool, &memory, dora__hash_key());
    assert_int_equal(dora__pool_find(&pool, "x", 1), 0);
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < COUNT; i++) {
            size_t size = (size_t)snprintf(text, sizeof text, "name-%u", (unsigned)i);
            assert_int_equal(dora__pool_intern(&pool, text, size, &handle), DORA_OK);
            assert_int_equal(handle, i + 1);
            dora_string string = dora__pool_get(&pool, handle);
            assert_int_equal(string.size, size);
            assert_memory_equal(string.data, text, size);
        }
    assert_int_equal(pool.count, COUNT);
    assert_int_equal(dora__pool_find(&pool, "name-7", 6), 8);
    assert_int_equal(dora__pool_find(&pool, "name-", 5), 0);
    assert_true(dora__pool_compare(&pool, 0, 1) < 0);
    assert_true(dora__pool_compare(&pool, 2, 11) < 0); /* name-1 before name-10 */
    dora__pool_free(&pool);
}

static void test_pool_of_all_sizes(void **unused) {
    (void)unused;
    enum { MOST = 600 };
    static char text[MOST];
    struct dora__memory memory;
    struct dora__pool pool;
    uint32_t handle;
    memset(text, 'x', MOST);
    dora__memory_init(&memory, NULL);
    dora__pool_init(&pool, &memory, dora__hash_key());
    for (int round = 0; round < 2; round++)
        for (uint32_t size = 1; size <= MOST; size++) {
            assert_int_equal(dora__pool_intern(&pool, text, size, &handle), DORA_OK);
            assert_int_equal(handle, size);
            assert_int_equal(dora__pool_get(&pool, handle).size, size);
            assert_memory_equal(dora__pool_get(&pool, handle).data, text, size);
            for (uint32_t at = 0; at < size; at++) { /* a string that differs in one byte is another */
                text[at] = 'y';
                assert_int_equal(dora__pool_find(&pool, text, size), 0);
                text[at] = 'x';
            }
        }
    dora__pool_free(&pool);
}

static void test_map(void **unused) {
    (void)unused;
    enum { COUNT = 3000 };
    struct dora__memory memory;
    struct dora__map map;
    dora__memory_init(&memory, NULL);
    dora__map_init(&map, &memory, 7);
    for (int round = 0; round < 3; round++) {
        assert_null(dora__map_find(&map, 12345));
        for (uint32_t i = 1; i <= COUNT; i++)
            assert_int_equal(*dora__map_at(&map, (uint64_t)i << 32, i), i);
        for (uint32_t i = 1; i <= COUNT; i++)
            assert_int_equal(*dora__map_find(&map, (uint64_t)i << 32), i);
        dora__map_clear(&map);
        assert_int_equal(map.count, 0);
    }
    dora__map_free(&map);
}

static int compare_u64(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_sort_keys(void **unused) {
    (void)unused;
    static uint64_t keys[70000], scratch[70000], expected[70000];
    static const size_t counts[] = {0, 1, 2, 47, 48, 49, 300, 70000};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (unsigned bits = 1; bits <= 64; bits += 21) {
            for (size_t i = 0; i < counts[c]; i++)
                keys[i] = expected[i] = next_random() >> (64 - bits);
            qsort(expected, counts[c], sizeof *expected, compare_u64);
            const uint64_t *sorted = dora__sort_u64(keys, scratch, counts[c], 0);
            assert_memory_equal(sorted, expected, counts[c] * sizeof *keys);
        }
}

/* By the upper half only, and the lower halves, which number the keys, keep their order. */
static void test_sort_keys_is_stable(void **unused) {
    (void)unused;
    static uint64_t keys[5000], scratch[5000];
    static const size_t counts[] = {30, 5000};
    for (size_t c = 0; c < 2; c++) {
        for (size_t i = 0; i < counts[c]; i++)
            keys[i] = next_random() % 7 << 32 | i;
        const uint64_t *sorted = dora__sort_u64(keys, scratch, counts[c], 32);
        for (size_t i = 1; i < counts[c]; i++)
            assert_true(sorted[i - 1] < sorted[i]);
    }
}

static void test_sort_short_keys(void **unused) {
    (void)unused;
    static uint32_t keys[70000], scratch[70000];
    static const size_t counts[] = {0, 1, 2, 31, 32, 33, 80, 81, 300, 5000, 70000};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (unsigned bits = 1; bits <= 32; bits += 5) {
            uint64_t sum = 0, sorted_sum = 0;
            for (size_t i = 0; i < counts[c]; i++)
                sum += keys[i] = (uint32_t)(next_random() >> (64 - bits));
            const uint32_t *sorted = dora__sort_u32(keys, scratch, counts[c]);
            for (size_t i = 0; i < counts[c]; i++) {
                assert_true(i == 0 || sorted[i - 1] <= sorted[i]);
                sorted_sum += sorted[i];
            }
            assert_true(sum == sorted_sum);
        }
}

static int compare_by_tens(const void *context, uint32_t a, uint32_t b) {
    const uint32_t *values = context;
    return (int)(values[a] / 10) - (int)(values[b] / 10);
}

static void test_sort_items(void **unused) {
    (void)unused;
    enum { COUNT = 1000 };
    static uint32_t values[COUNT], items[COUNT], scratch[COUNT];
    for (uint32_t count = 0; count <= COUNT; count += 111) {
        for (uint32_t i = 0; i < count; i++) {
            values[i] = (uint32_t)(next_random() % 200);
            items[i] = i;
        }
        dora__sort_items(items, scratch, count, compare_by_tens, values);
        for (uint32_t i = 1; i < count; i++) {
            int order = compare_by_tens(values, items[i - 1], items[i]);
            assert_true(order < 0 || (order == 0 && items[i - 1] < items[i]));
        }
    }
}

static void test_arena(void **unused) {
    (void)unused;
    struct dora__memory memory;
    struct dora__arena arena;
    dora__memory_init(&memory, NULL);
    dora__arena_init(&arena, &memory);
    for (size_t i = 0; i < 3000; i++) {
        size_t size = next_random() % 5000, align = (size_t)1 << next_random() % 5;
        char *block = dora__arena_alloc(&arena, size, align);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % align, 0);
        memset(block, 0x5A, size);
    }
    assert_null(dora__arena_alloc(&arena, SIZE_MAX - 8, 1));
    assert_null(dora__alloc(&memory, SIZE_MAX / 2, 3));
    dora__arena_clear(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_pool_of_all_sizes),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_sort_keys),
        cmocka_unit_test(test_sort_keys_is_stable),
        cmocka_unit_test(test_sort_short_keys),
        cmocka_unit_test(test_sort_items),
        cmocka_unit_test(test_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
