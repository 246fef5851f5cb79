/* SPDX-License-Identifier: MIT */
/*
 * Intervals against values worked out elsewhere: ranks by exact fractions, limits of counts and proportions with 40
 * digits.
 */
#include "query/interval.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_near(double value, double expected, double tolerance) {
    if (fabs(value - expected) > tolerance * fabs(expected))
        fail_msg("%.17g is not %.17g", value, expected);
}

static const struct {
    uint64_t k, n;
    double low, high;
} proportions[] = {
    {0, 1, 0.0, 0.79345068562276257264},
    {1, 1, 0.20654931437723742736, 1.0},
    {0, 30, 0.0, 0.11351339317396874994},
    {1, 30, 0.0059085903816124476062, 0.16670390991409171901},
    {15, 30, 0.33154125640533766736, 0.66845874359466233264},
    {29, 30, 0.83329609008590828099, 0.99409140961838755239},
    {3, 7, 0.15821985525146970761, 0.74954163547234277822},
    {123, 4567, 0.022620022313028029304, 0.032039816815401245608},
    {5000000000, 1099511627776, 0.0045473477503018544959, 0.0045475992708894385251},
};

static void test_wilson(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof proportions / sizeof *proportions; i++) {
        double low, high;
        dora__wilson(proportions[i].k, proportions[i].n, &low, &high);
        assert_near(low, proportions[i].low, 2e-14);
        assert_near(high, proportions[i].high, 2e-15);
    }
    for (uint64_t n = 1; n < 2000; n++) {
        double low, high;
        dora__wilson(0, n, &low, &high);
        assert_true(low == 0 && high > 0 && high < 1);
        dora__wilson(n, n, &low, &high);
        assert_true(high == 1 && low > 0 && low < 1);
    }
}

static const struct {
    uint64_t n;
    double low, high;
} counts[] = {
    {0, 0.0, 3.6888794541139363029},
    {1, 0.025317807984289875404, 5.5716433909388985972},
    {2, 0.2422092785439649029, 7.224687667723960815},
    {3, 0.61867212289560128657, 8.7672730697423260397},
    {7, 2.8143630515198660794, 14.422675361702379412},
    {15, 8.3953861327833124699, 24.740218871485843695},
    {16, 9.1453824536415235472, 25.982997597560953955},
    {17, 9.9031264696072875793, 27.218646815906611127},
    {52, 38.836087200461228079, 68.191081740872895228},
    {365, 328.51090278540972943, 404.43430189234211942},
    {5000, 4862.3591886948991127, 5140.5489485350048891},
};

static void test_garwood(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        double low, high;
        dora__garwood(counts[i].n, &low, &high);
        assert_near(low, counts[i].low, 1e-14);
        assert_near(high, counts[i].high, 1e-14);
    }
    /* Far out the limits are n + z^2 / 2 + 1 / 2 -+ z sqrt(n) and what vanishes with n. */
    double low, high, n = 4294967296.0, square = 1.959963984540054 * 1.959963984540054;
    dora__garwood(UINT64_C(4294967296), &low, &high);
    assert_near(low, n - 1.959963984540054 * 65536 + (square - 1) / 3, 1e-13);
    assert_near(high, n + 1 + 1.959963984540054 * sqrt(n + 1) + (square - 1) / 3, 1e-13);
}

static void test_garwood_grows(void **state) {
    (void)state;
    double low, high, low_before = 0, high_before = 0;
    for (uint64_t n = 0; n < 3000; n++) {
        dora__garwood(n, &low, &high);
        assert_true(low <= (double)n && high > (double)n);
        assert_true(n == 0 || (low > low_before && high > high_before));
        low_before = low;
        high_before = high;
    }
}

static const struct {
    uint64_t n, p_num, p_den, lower, upper;
} ranks[] = {
    {1, 0, 1, 0, 1},
    {1, 1, 40, 0, 1},
    {1, 1, 20, 0, 0},
    {1, 1, 2, 0, 0},
    {1, 3, 4, 0, 0},
    {1, 95, 100, 0, 0},
    {1, 999, 1000, 1, 0},
    {1, 1, 1, 1, 0},
    {2, 0, 1, 0, 1},
    {2, 1, 40, 0, 2},
    {2, 1, 20, 0, 2},
    {2, 1, 2, 0, 0},
    {2, 3, 4, 0, 0},
    {2, 95, 100, 1, 0},
    {2, 999, 1000, 2, 0},
    {2, 1, 1, 2, 0},
    {3, 0, 1, 0, 1},
    {3, 1, 40, 0, 2},
    {3, 1, 20, 0, 2},
    {3, 1, 2, 0, 0},
    {3, 3, 4, 1, 0},
    {3, 95, 100, 2, 0},
    {3, 999, 1000, 3, 0},
    {3, 1, 1, 3, 0},
    {5, 0, 1, 0, 1},
    {5, 1, 40, 0, 2},
    {5, 1, 20, 0, 2},
    {5, 1, 2, 0, 0},
    {5, 3, 4, 2, 0},
    {5, 95, 100, 4, 0},
    {5, 999, 1000, 5, 0},
    {5, 1, 1, 5, 0},
    {6, 0, 1, 0, 1},
    {6, 1, 40, 0, 2},
    {6, 1, 20, 0, 3},
    {6, 1, 2, 1, 6},
    {6, 3, 4, 2, 0},
    {6, 95, 100, 4, 0},
    {6, 999, 1000, 6, 0},
    {6, 1, 1, 6, 0},
    {8, 0, 1, 0, 1},
    {8, 1, 40, 0, 2},
    {8, 1, 20, 0, 3},
    {8, 1, 2, 1, 8},
    {8, 3, 4, 3, 0},
    {8, 95, 100, 6, 0},
    {8, 999, 1000, 8, 0},
    {8, 1, 1, 8, 0},
    {9, 0, 1, 0, 1},
    {9, 1, 40, 0, 2},
    {9, 1, 20, 0, 3},
    {9, 1, 2, 2, 8},
    {9, 3, 4, 4, 0},
    {9, 95, 100, 7, 0},
    {9, 999, 1000, 9, 0},
    {9, 1, 1, 9, 0},
    {17, 0, 1, 0, 1},
    {17, 1, 40, 0, 3},
    {17, 1, 20, 0, 4},
    {17, 1, 2, 5, 13},
    {17, 3, 4, 9, 17},
    {17, 95, 100, 14, 0},
    {17, 999, 1000, 17, 0},
    {17, 1, 1, 17, 0},
    {30, 0, 1, 0, 1},
    {30, 1, 40, 0, 4},
    {30, 1, 20, 0, 5},
    {30, 1, 2, 10, 21},
    {30, 3, 4, 18, 28},
    {30, 95, 100, 26, 0},
    {30, 999, 1000, 29, 0},
    {30, 1, 1, 30, 0},
    {73, 0, 1, 0, 1},
    {73, 1, 40, 0, 6},
    {73, 1, 20, 1, 9},
    {73, 1, 2, 28, 46},
    {73, 3, 4, 47, 63},
    {73, 95, 100, 65, 73},
    {73, 999, 1000, 72, 0},
    {73, 1, 1, 73, 0},
    {100, 0, 1, 0, 1},
    {100, 1, 40, 0, 7},
    {100, 1, 20, 1, 11},
    {100, 1, 2, 40, 61},
    {100, 3, 4, 66, 84},
    {100, 95, 100, 90, 100},
    {100, 999, 1000, 99, 0},
    {100, 1, 1, 100, 0},
    {365, 0, 1, 0, 1},
    {365, 1, 40, 4, 16},
    {365, 1, 20, 11, 28},
    {365, 1, 2, 164, 202},
    {365, 3, 4, 257, 291},
    {365, 95, 100, 338, 355},
    {365, 999, 1000, 363, 0},
    {365, 1, 1, 365, 0},
    {1000, 0, 1, 0, 1},
    {1000, 1, 40, 16, 36},
    {1000, 1, 20, 37, 65},
    {1000, 1, 2, 469, 532},
    {1000, 3, 4, 723, 778},
    {1000, 95, 100, 936, 964},
    {1000, 999, 1000, 997, 0},
    {1000, 1, 1, 1000, 0},
    {3000, 0, 1, 0, 1},
    {3000, 1, 40, 59, 93},
    {3000, 1, 20, 127, 175},
    {3000, 1, 2, 1446, 1555},
    {3000, 3, 4, 2203, 2297},
    {3000, 95, 100, 2826, 2874},
    {3000, 999, 1000, 2993, 0},
    {3000, 1, 1, 3000, 0},
};

static void test_ranks(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        uint64_t lower, upper;
        dora__order_ranks(ranks[i].n, ranks[i].p_num, ranks[i].p_den, &lower, &upper);
        assert_int_equal(lower, ranks[i].lower);
        assert_int_equal(upper, ranks[i].upper);
        /* The same fraction in other terms, and seen from the other end. */
        dora__order_ranks(ranks[i].n, ranks[i].p_num * 1000, ranks[i].p_den * 1000, &lower, &upper);
        assert_int_equal(lower, ranks[i].lower);
        assert_int_equal(upper, ranks[i].upper);
        dora__order_ranks(ranks[i].n, ranks[i].p_den - ranks[i].p_num, ranks[i].p_den, &lower, &upper);
        assert_int_equal(lower, ranks[i].upper ? ranks[i].n + 1 - ranks[i].upper : 0);
    }
}

static void test_ranks_far_out(void **state) {
    (void)state;
    static const uint64_t percents[] = {1, 1000000, 5000000, 50000000, 99000000, 99999999};
    for (uint64_t n = 1; n <= UINT64_C(1) << 32; n *= 16)
        for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
            uint64_t lower, upper;
            dora__order_ranks(n, percents[i], 100000000, &lower, &upper);
            double mean = (double)n * (double)percents[i] / 1e8, spread = sqrt(mean * (1 - (double)percents[i] / 1e8));
            assert_true(lower <= n && upper <= n);
            if (spread > 100) {
                assert_near((double)lower, mean - 1.96 * spread, 3 / mean);
                assert_near((double)upper, mean + 1 + 1.96 * spread, 3 / mean);
            }
        }
}

static void test_cache(void **state) {
    (void)state;
    struct dora__interval_cache *cache = calloc(1, sizeof *cache);
    assert_non_null(cache);
    for (int turn = 0; turn < 2; turn++)
        for (uint64_t n = 0; n < 2500; n += 7) {
            double low, high, low_cached, high_cached;
            dora__garwood(n, &low, &high);
            dora__garwood_cached(cache, n, &low_cached, &high_cached);
            assert_true(low == low_cached && high == high_cached);
            for (uint64_t p = 0; p <= 100; p += 25) {
                uint64_t lower, upper, lower_cached, upper_cached;
                dora__order_ranks(n, p, 100, &lower, &upper);
                dora__order_ranks_cached(cache, n, p, 100, &lower_cached, &upper_cached);
                if (n)
                    assert_true(lower == lower_cached && upper == upper_cached);
                else
                    assert_true(lower_cached == 0 && upper_cached == 0);
            }
        }
    free(cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wilson), cmocka_unit_test(test_garwood),       cmocka_unit_test(test_garwood_grows),
        cmocka_unit_test(test_ranks),  cmocka_unit_test(test_ranks_far_out), cmocka_unit_test(test_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
