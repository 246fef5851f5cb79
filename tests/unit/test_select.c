/* SPDX-License-Identifier: MIT */
/*
 * Windows moved over strips of random samples: every order statistic, count and sum is compared with sorting the
 * window's samples. Sliding and not, values of whole seconds and others, days in order and not, few and many.
 */
#include "cells/select.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 40000 };

static uint64_t state = 1234567;
static int32_t days[MOST];
static uint32_t narrow[MOST];
static int64_t wide[MOST], picked[MOST];

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int compare_i64(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int compare_i32(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void check_window(const struct dora__select *select, const struct dora__strip *strip, size_t count,
                         int32_t first, int32_t last, bool is_narrow, size_t low, size_t high) {
    size_t n = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        if (days[i] >= first && days[i] <= last) {
            picked[n++] = is_narrow ? (int64_t)narrow[i] * 1000000 : wide[i];
            sum += is_narrow ? narrow[i] : wide[i];
        }
    assert_int_equal(select->count, n);
    dora__wide total = dora__wide_subtract(strip->sums[high], strip->sums[low]);
    assert_true(total.low == (uint64_t)sum);
    qsort(picked, n, sizeof *picked, compare_i64);
    for (size_t k = 0; k < n; k += 1 + n / 50) {
        int64_t value, next;
        dora__select_pair(select, k, &value, &next);
        assert_true(value == picked[k]);
        assert_true(next == picked[k + 1 < n ? k + 1 : k]);
    }
}

static void check(size_t count, int32_t span, int32_t length, int32_t step, bool is_narrow, bool ordered) {
    struct dora__memory memory;
    struct dora__strip strip;
    struct dora__select select;
    size_t begin[2] = {0, count};
    dora__memory_init(&memory, NULL);
    dora__strip_init(&strip, &memory);
    dora__select_init(&select, &memory);
    for (size_t i = 0; i < count; i++) {
        days[i] = (int32_t)(next_random() % (uint64_t)span) - 5;
        narrow[i] = (uint32_t)(next_random() % 1000);
        wide[i] = (int64_t)(next_random() % 100000) - 500;
    }
    if (ordered)
        qsort(days, count, sizeof *days, compare_i32);
    struct dora__placed placed = {.memory = &memory,
                                  .count = count,
                                  .groups = 1,
                                  .begin = begin,
                                  .day = days,
                                  .narrow = is_narrow ? narrow : NULL,
                                  .wide = is_narrow ? NULL : wide,
                                  .unit = is_narrow ? 1000000 : 1};
    assert_true(dora__strip_load(&strip, &placed, 0));
    assert_true(dora__select_begin(&select, &strip, length > step));
    size_t low = 0, high = 0;
    for (int32_t last = -8; last < span; last += step) {
        low = dora__strip_seek(&strip, low, last - length + 1);
        high = dora__strip_seek(&strip, high > low ? high : low, last + 1);
        assert_true(dora__select_move(&select, low, high));
        check_window(&select, &strip, count, last - length + 1, last, is_narrow, low, high);
    }
    dora__select_free(&select);
    dora__strip_free(&strip);
}

static void test_windows(void **unused) {
    (void)unused;
    static const size_t counts[] = {0, 1, 2, 60, 700};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (int variant = 0; variant < 4; variant++) {
            check(counts[c], 60, 7, 1, variant & 1, variant & 2);
            check(counts[c], 60, 28, 7, variant & 1, variant & 2);
            check(counts[c], 60, 5, 5, variant & 1, variant & 2);
            check(counts[c], 60, 3, 10, variant & 1, variant & 2);
            check(counts[c], 9000, 400, 300, variant & 1, variant & 2);
        }
}

/* More than one superblock of the bitmap. */
static void test_many(void **unused) {
    (void)unused;
    check(MOST, 40, 28, 9, true, false);
    check(MOST, 40, 28, 9, false, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
