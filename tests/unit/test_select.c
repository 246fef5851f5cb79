/* SPDX-License-Identifier: MIT */
/*
 * Windows moved over strips of random samples: every order statistic, count and sum is compared with sorting the
 * window's samples. Sliding and not, values of whole seconds and others, days in order and not, few and many, with each
 * kernel.
 */
#include "cells/select.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 140000, PLACES = 5, FIRST_DAY = -5 };

static uint64_t state = 1234567;
static int32_t days[MOST];
static int64_t values[MOST], wide[MOST], picked[MOST];
static uint64_t words[MOST];
static const struct dora__select_kernel *kernel;

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

/* What to ask of one history; values lie below `range`. */
struct ask {
    size_t count;
    int32_t span, length, step;
    uint32_t range;
    bool narrow, ordered;
};

/* The sorted samples of a window. */
static size_t pick(const struct ask *ask, int32_t first, int32_t last, int64_t *sum) {
    size_t n = 0;
    *sum = 0;
    for (size_t i = 0; i < ask->count; i++)
        if (days[i] >= first && days[i] <= last) {
            *sum += values[i];
            picked[n++] = values[i];
        }
    qsort(picked, n, sizeof *picked, compare_i64);
    return n;
}

static void make_samples(const struct ask *ask, struct dora__placed *placed, size_t *begin) {
    for (size_t i = 0; i < ask->count; i++) {
        days[i] = (int32_t)(next_random() % (uint64_t)ask->span) + FIRST_DAY;
        values[i] = (int64_t)(next_random() % ask->range) - (ask->narrow ? 0 : 500);
    }
    if (ask->ordered)
        qsort(days, ask->count, sizeof *days, compare_i32);
    for (size_t i = 0; i < ask->count; i++) {
        words[i] = (uint64_t)(days[i] - FIRST_DAY) << DORA__WORD_DAY | UINT64_C(1) << DORA__WORD_HAS_VALUE |
                   (ask->narrow ? (uint64_t)values[i] : 0);
        wide[i] = values[i];
    }
    begin[0] = 0;
    begin[1] = ask->count;
    *placed = (struct dora__placed){.count = ask->count,
                                    .groups = 1,
                                    .most = ask->count,
                                    .begin = begin,
                                    .words = words,
                                    .wide = ask->narrow ? NULL : wide,
                                    .first_day = FIRST_DAY,
                                    .days = (uint32_t)ask->span,
                                    .unit = ask->narrow ? 1000000 : 1};
}

static int64_t sum_of(const struct dora__strip *strip, uint32_t low, uint32_t high) {
    if (strip->narrow_sums)
        return (int64_t)(strip->narrow_sums[high] - strip->narrow_sums[low]);
    return (int64_t)dora__wide_subtract(strip->wide_sums[high], strip->wide_sums[low]).low;
}

static struct {
    int32_t first[DORA__ASKED_WINDOWS], last[DORA__ASKED_WINDOWS];
    uint32_t low[DORA__ASKED_WINDOWS], high[DORA__ASKED_WINDOWS];
    size_t k[PLACES * DORA__ASKED_WINDOWS];
    uint32_t between[PLACES * DORA__ASKED_WINDOWS];
    int64_t value[PLACES * DORA__ASKED_WINDOWS], next[PLACES * DORA__ASKED_WINDOWS];
} asked;

static void check_windows(const struct ask *ask, struct dora__strip *strip, struct dora__select *select,
                          uint32_t windows) {
    int32_t day[DORA__ASKED_WINDOWS];
    uint32_t from_low = 0, from_high = 0;
    dora__strip_find(strip, from_low, asked.first, windows, asked.low);
    for (uint32_t w = 0; w < windows; w++)
        day[w] = asked.last[w] + 1;
    dora__strip_find(strip, from_high, day, windows, asked.high);
    for (uint32_t w = 0; w < windows; w++) {
        size_t n = strip->begin[asked.high[w]] - strip->begin[asked.low[w]];
        const size_t ks[PLACES] = {0, n / 2, n - 1, n / 3, n > 3 ? n - 3 : 0};
        for (size_t p = 0; p < PLACES; p++) {
            asked.k[p * DORA__ASKED_WINDOWS + w] = n ? ks[p] : DORA__NOT_ASKED;
            asked.between[p * DORA__ASKED_WINDOWS + w] = p % 2 == 0;
        }
    }
    const struct dora__asked all = {windows, asked.low,     asked.high,  PLACES,
                                    asked.k, asked.between, asked.value, asked.next};
    assert_true(dora__select_run(select, &all));
    for (uint32_t w = 0; w < windows; w++) {
        int64_t sum;
        size_t n = pick(ask, asked.first[w], asked.last[w], &sum);
        assert_int_equal(strip->begin[asked.high[w]] - strip->begin[asked.low[w]], n);
        assert_true(sum_of(strip, asked.low[w], asked.high[w]) == sum);
        for (size_t p = 0; p < PLACES && n; p++) {
            size_t at = p * DORA__ASKED_WINDOWS + w, k = asked.k[at];
            assert_true(asked.value[at] == picked[k]);
            assert_true(asked.next[at] == picked[asked.between[at] && k + 1 < n ? k + 1 : k]);
        }
    }
}

static void check(struct ask ask) {
    struct dora__memory memory;
    struct dora__strip strip;
    struct dora__select select;
    struct dora__placed placed;
    size_t begin[2];
    dora__memory_init(&memory, NULL);
    dora__strip_init(&strip, &memory, 0, NULL);
    dora__select_init(&select, &memory, kernel, NULL);
    make_samples(&ask, &placed, begin);
    assert_true(dora__strip_load(&strip, &placed, 0));
    assert_true(strip.count == ask.count && strip.unit == placed.unit);
    assert_true(dora__select_begin(&select, &strip, ask.length > ask.step ? (uint32_t)ask.length : 0));
    uint32_t windows = 0;
    for (int32_t last = FIRST_DAY - 3; last < ask.span; last += ask.step) {
        asked.first[windows] = last - ask.length + 1;
        asked.last[windows++] = last;
        if (windows == 100 || last + ask.step >= ask.span) { /* some blocks are full, some are not */
            check_windows(&ask, &strip, &select, windows);
            windows = 0;
        }
    }
    dora__select_free(&select);
    dora__strip_free(&strip);
}

static void check_all(void) {
    static const size_t counts[] = {0, 1, 2, 60, 700};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (int variant = 0; variant < 8; variant++) {
            uint32_t range = variant & 4 ? 7 : 100000;
            check((struct ask){counts[c], 60, 7, 1, range, variant & 1, variant & 2});
            check((struct ask){counts[c], 60, 28, 7, range, variant & 1, variant & 2});
            check((struct ask){counts[c], 60, 5, 5, range, variant & 1, variant & 2});
            check((struct ask){counts[c], 60, 3, 10, range, variant & 1, variant & 2});
            check((struct ask){counts[c], 9000, 400, 300, range, variant & 1, variant & 2});
        }
    /* More than one superblock of the bitmap; a set of counts; many equal values. */
    check((struct ask){40000, 40, 28, 9, 100000, true, false});
    check((struct ask){40000, 40, 28, 9, 100000, false, true});
    check((struct ask){MOST, 30, 14, 5, 200000, true, false});
    check((struct ask){MOST, 30, 14, 5, 3, true, true});
}

static void test_portable(void **unused) {
    (void)unused;
    kernel = &dora__select_portable;
    check_all();
}

/* The kernel of this machine, which may be the same. */
static void test_best(void **unused) {
    (void)unused;
    kernel = dora__select_kernel();
    check_all();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_portable), cmocka_unit_test(test_best)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
