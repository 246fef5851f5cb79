/* SPDX-License-Identifier: MIT */
/*
 * Queries taken apart: percentiles as exact fractions, metrics and sets, and windows against a walk along the calendar.
 */
#include "query/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct dora__plan plan;
static dora_error error;

static dora_status make(dora_query query) {
    query.struct_size = sizeof query;
    return dora__plan_make(&plan, &query, &error);
}

static void test_metrics_have_names(void **unused) {
    (void)unused;
    for (size_t i = 0; i < DORA__METRICS; i++) {
        assert_non_null(dora__metrics[i].name);
        assert_true(dora__metrics[i].sets & (DORA__SET_DEPLOYMENT | DORA__SET_RELEASE));
        assert_int_equal(make((dora_query){.metrics = dora__metrics[i].name}), DORA_OK);
        for (size_t k = 0; k < DORA__METRICS; k++)
            assert_int_equal(plan.chosen[k], k == i);
    }
    assert_int_equal(make((dora_query){.metrics = "deployments,nope"}), DORA_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "nope"));
    assert_int_equal(make((dora_query){.metrics = ""}), DORA_ERROR_ARGUMENT);
}

static void test_percentiles(void **unused) {
    (void)unused;
    static const struct {
        const char *text, *name;
        uint32_t numerator, denominator;
    } good[] = {{"50", "p50", 1, 2},
                {"0", "p0", 0, 1},
                {"100", "p100", 1, 1},
                {"99.90", "p99.9", 999, 1000},
                {"12.5", "p12.5", 1, 8},
                {"33.3333", "p33.3333", 333333, 1000000},
                {"0.0001", "p0.0001", 1, 1000000},
                {"050.00", "p50", 1, 2}};
    static const char *const bad[] = {"",   "x",     "-1",       "100.5", "101", "1.",
                                      ".5", "1.2.3", "99.99999", "50,",   "5 0", "1e1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(make((dora_query){.percentiles = good[i].text}), DORA_OK);
        assert_int_equal(plan.percentiles_count, 1);
        assert_string_equal(plan.percentiles[0].name, good[i].name);
        assert_int_equal(plan.percentiles[0].numerator, good[i].numerator);
        assert_int_equal(plan.percentiles[0].denominator, good[i].denominator);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(make((dora_query){.percentiles = bad[i]}), DORA_ERROR_ARGUMENT);
    assert_int_equal(make((dora_query){.percentiles = "90,50,90.0"}), DORA_OK);
    assert_int_equal(plan.percentiles_count, 2);
    assert_int_equal(plan.median, 1);
}

static void check_units(dora_period period, int32_t since, int32_t until) {
    struct dora__span span = {since, until, since};
    uint64_t index = 0;
    plan.query.period = period;
    for (int32_t day = since; day <= until; index++) {
        struct dora__window window = dora__plan_window(&plan, &span, index);
        int32_t first, last;
        dora__period_of(day, period, &first, &last);
        assert_int_equal(window.first, first);
        assert_int_equal(window.last, last);
        assert_int_equal(window.from, first > since ? first : since);
        assert_int_equal(window.to, last < until ? last : until);
        assert_int_equal(window.days, window.to - window.from + 1);
        assert_int_equal(dora__plan_first_window(&plan, &span, day), index);
        day = last + 1;
    }
    assert_int_equal(dora__plan_windows(&plan, &span), index);
}

static void test_units(void **unused) {
    (void)unused;
    static const dora_period periods[] = {DORA_PERIOD_DAY, DORA_PERIOD_WEEK, DORA_PERIOD_MONTH, DORA_PERIOD_QUARTER,
                                          DORA_PERIOD_YEAR};
    assert_int_equal(make((dora_query){0}), DORA_OK);
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        check_units(periods[i], -25567, -24000); /* from 1900-01-01 */
        check_units(periods[i], -40, 40);
        for (int32_t since = 19700; since < 20100; since += 37)
            check_units(periods[i], since, since + 3 * (since - 19700));
    }
}

static void test_rolling(void **unused) {
    (void)unused;
    assert_int_equal(make((dora_query){.window_days = 28, .step_days = 7}), DORA_OK);
    struct dora__span span = {100, 121, 90};
    static const int32_t lasts[] = {100, 107, 114, 121};
    assert_int_equal(dora__plan_windows(&plan, &span), 4);
    for (uint64_t i = 0; i < 4; i++) {
        struct dora__window window = dora__plan_window(&plan, &span, i);
        assert_int_equal(window.last, lasts[i]);
        assert_int_equal(window.first, lasts[i] - 27);
        assert_int_equal(window.days, window.first >= 90 ? 28 : lasts[i] - 90 + 1);
    }
    assert_int_equal(dora__plan_first_window(&plan, &span, 108), 2);
    assert_int_equal(make((dora_query){.window_days = 700000}), DORA_ERROR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_metrics_have_names), cmocka_unit_test(test_percentiles),
                                       cmocka_unit_test(test_units), cmocka_unit_test(test_rolling)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
