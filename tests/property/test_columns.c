/* SPDX-License-Identifier: MIT */
/*
 * The columns that a query picks have, bit for bit, the values that they have among all: for random histories and
 * random picks, of reports and phases, alone and on several threads, whole and handed over in pieces, of one group and
 * of all. All that is written for people can be written of any pick.
 */
#include "../support/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 12, PICKS = 6, FACTS = 1000, MANY_FACTS = 200000 /* enough for rows to be made on two threads */ };
enum { QUERIES = 7 };

static const int editions[] = {2018, 2021, 2024};
static const dora_query queries[QUERIES] = {
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_MONTH, .intervals = 1},
    {.struct_size = sizeof(dora_query),
     .by = DORA_GROUP_TEAM,
     .window_days = 28,
     .percentiles = "99.9,50,0",
     .intervals = 1},
    {.struct_size = sizeof(dora_query), .period = DORA_PERIOD_DAY},
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .window_days = 7, .percentiles = "90"},
    {.struct_size = sizeof(dora_query),
     .by = DORA_GROUP_SERVICE,
     .period = DORA_PERIOD_QUARTER,
     .only = "shop",
     .percentile_rule = DORA_PERCENTILE_NEAREST_RANK,
     .intervals = 1},
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_PRODUCT, .period = DORA_PERIOD_WEEK, .only = "red"},
    {.struct_size = sizeof(dora_query), .table = DORA_TABLE_PHASES, .by = DORA_GROUP_PRODUCT},
};

/* The rows of a full result that pieces of a picked one have been compared with. */
struct comparing {
    const dora_result *full;
    size_t rows;
    size_t columns;
};

static void assert_same_cell(const dora_result *a, size_t column_a, size_t row_a, const dora_result *b, size_t column_b,
                             size_t row_b) {
    assert_int_equal(dora_result_is_null(a, column_a, row_a), dora_result_is_null(b, column_b, row_b));
    switch (dora_result_type(a, column_a)) {
    case DORA_TYPE_INT64:
        assert_true(dora_result_int64(a, column_a)[row_a] == dora_result_int64(b, column_b)[row_b]);
        break;
    case DORA_TYPE_DOUBLE:
        assert_memory_equal(dora_result_double(a, column_a) + row_a, dora_result_double(b, column_b) + row_b,
                            sizeof(double));
        break;
    case DORA_TYPE_DATE:
        assert_int_equal(dora_result_date(a, column_a)[row_a], dora_result_date(b, column_b)[row_b]);
        break;
    case DORA_TYPE_BOOL:
        assert_int_equal(dora_result_bool(a, column_a)[row_a], dora_result_bool(b, column_b)[row_b]);
        break;
    default: {
        const char *bytes_a, *bytes_b;
        const uint32_t *offsets_a = dora_result_string(a, column_a, &bytes_a) + row_a;
        const uint32_t *offsets_b = dora_result_string(b, column_b, &bytes_b) + row_b;
        assert_int_equal(offsets_a[1] - offsets_a[0], offsets_b[1] - offsets_b[0]);
        if (offsets_a[1] > offsets_a[0])
            assert_memory_equal(bytes_a + offsets_a[0], bytes_b + offsets_b[0], offsets_a[1] - offsets_a[0]);
    }
    }
}

/* A dora_rows_fn of a struct comparing. */
static int compare_rows(void *context, const dora_result *rows) {
    struct comparing *comparing = context;
    comparing->columns = dora_result_columns(rows);
    for (size_t column = 0; column < comparing->columns; column++) {
        size_t of = dora_result_find(comparing->full, dora_result_name(rows, column));
        assert_true(of != SIZE_MAX);
        assert_int_equal(dora_result_type(rows, column), dora_result_type(comparing->full, of));
        assert_int_equal(dora_result_unit(rows, column), dora_result_unit(comparing->full, of));
        for (size_t row = 0; row < dora_result_rows(rows); row++)
            assert_same_cell(rows, column, row, comparing->full, of, comparing->rows + row);
    }
    comparing->rows += dora_result_rows(rows);
    return 0;
}

/* Columns that name a row are there however they are asked for. */
static bool is_key(const dora_result *full, size_t column) {
    return dora_result_unit(full, column) == DORA_UNIT_NONE && dora_result_type(full, column) != DORA_TYPE_BOOL;
}

/* Names of about one in `sparse` columns, but of at least one; returns how many columns there will be. */
static size_t pick(uint64_t *state, const dora_result *full, uint32_t sparse, struct bytes *names) {
    size_t columns = dora_result_columns(full), keys = 0, picked = 0;
    while (is_key(full, keys) || strcmp(dora_result_name(full, keys), "days") == 0)
        keys++;
    size_t always = keys + random_below(state, (uint32_t)(columns - keys));
    names->size = 0;
    for (size_t column = 0; column < columns; column++) {
        if (column != always && random_below(state, sparse))
            continue;
        bytes_puts(names, names->size ? "," : "");
        bytes_puts(names, dora_result_name(full, column));
        picked += column >= keys;
    }
    bytes_append(names, "", 1);
    return keys + picked;
}

static void write_all(const dora_result *result) {
    for (int output = DORA_OUTPUT_TABLE; output <= DORA_OUTPUT_HTML; output++) {
        const dora_writer_options options = {
            .struct_size = sizeof options, .output = (dora_output)output, .color = 1, .rows_most = 40};
        struct bytes text = {0};
        assert_int_equal(dora_result_write(result, &options, bytes_append, &text, NULL), DORA_OK);
        assert_true(text.size > 0 || !dora_result_rows(result));
        bytes_free(&text);
    }
}

static void compare_pick(dora_engine *engine, dora_query query, const dora_result *full, size_t columns, bool whole) {
    struct comparing comparing = {.full = full};
    dora_error error = {0};
    if (whole) {
        dora_result *picked;
        if (dora_query_run(engine, &query, &picked, &error) != DORA_OK)
            fail_msg("%s", error.message);
        compare_rows(&comparing, picked);
        write_all(picked);
        dora_result_free(picked);
    } else if (dora_query_each(engine, &query, compare_rows, &comparing, &error) != DORA_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(comparing.columns, columns);
    assert_int_equal(comparing.rows, dora_result_rows(full));
}

/* Adds to `rows` how many each query has. */
static void compare_picks(dora_engine *engine, uint64_t *state, int picks, size_t rows[QUERIES]) {
    for (size_t i = 0; i < QUERIES; i++) {
        dora_query query = queries[i];
        struct bytes names = {0};
        dora_result *full;
        query.tiers = dora_tiers_edition(editions[random_below(state, 3)]);
        assert_int_equal(dora_query_run(engine, &query, &full, NULL), DORA_OK);
        rows[i] += dora_result_rows(full);
        for (int pick_number = 0; pick_number < picks; pick_number++) {
            size_t columns = pick(state, full, 1 + random_below(state, 60), &names);
            query.columns = names.data;
            compare_pick(engine, query, full, columns, random_below(state, 2));
        }
        bytes_free(&names);
        dora_result_free(full);
    }
}

static dora_engine *engine_of(uint64_t seed, size_t count, uint32_t threads) {
    const dora_engine_options options = {.struct_size = sizeof options, .threads = threads};
    dora_fact *facts = fixture_facts(seed, count, 0);
    dora_engine *engine;
    assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
    assert_int_equal(dora_engine_add(engine, facts, count, NULL), DORA_OK);
    free(facts);
    return engine;
}

/* Deployments of seven services in 300 days. */
static void add_many(dora_engine *engine, uint64_t *state, size_t count) {
    const int64_t begin_us = INT64_C(1704067200000000), second_us = 1000000;
    static const char *const services[] = {"shop", "a", "b", "c", "d", "e", "f"};
    for (; count; count--) {
        dora_fact fact;
        dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
        fact.service = dora_string_of(services[random_below(state, 7)]);
        fact.finished_at = begin_us + random_below(state, 300 * 86400) * second_us;
        fact.committed_at = fact.finished_at - random_below(state, 10 * 86400) * second_us;
        fact.failed = (int8_t)(random_below(state, 4) == 0);
        if (fact.failed)
            fact.restored_at = fact.finished_at + random_below(state, 2 * 86400) * second_us;
        assert_int_equal(dora_engine_add(engine, &fact, 1, NULL), DORA_OK);
    }
}

static void test_picks(void **unused) {
    size_t rows[QUERIES] = {0};
    (void)unused;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t state = seed;
        dora_engine *engine = engine_of(seed, FACTS, 1);
        compare_picks(engine, &state, PICKS, rows);
        dora_engine_free(engine);
    }
    for (size_t i = 0; i < QUERIES; i++)
        assert_true(rows[i] > 0);
}

static void test_threads(void **unused) {
    (void)unused;
    uint64_t state = 7;
    for (uint32_t threads = 1; threads <= 2; threads++) {
        size_t rows[QUERIES] = {0};
        dora_engine *engine = engine_of(5, FACTS, threads);
        add_many(engine, &state, MANY_FACTS);
        compare_picks(engine, &state, 3, rows);
        dora_engine_free(engine);
    }
}

static void test_unknown_names(void **unused) {
    static const struct {
        const char *columns, *metrics, *message;
        dora_table table;
    } cases[] = {
        {"deployments,happiness", NULL,
         "columns: there is no 'happiness' among those of the metrics and percentiles asked for", DORA_TABLE_REPORT},
        {"change_lead_time_p42", NULL,
         "columns: there is no 'change_lead_time_p42' among those of the metrics and percentiles asked for",
         DORA_TABLE_REPORT},
        {"releases", "dora", "columns: there is no 'releases' among those of the metrics and percentiles asked for",
         DORA_TABLE_REPORT},
        {"deployments,", NULL, "columns: there is no '' among those of the metrics and percentiles asked for",
         DORA_TABLE_REPORT},
        {"", NULL, "columns: there is no '' among those of the metrics and percentiles asked for", DORA_TABLE_REPORT},
        {"deployments", NULL, "columns: there is no 'deployments' among those of the metrics and percentiles asked for",
         DORA_TABLE_PHASES},
    };
    (void)unused;
    dora_engine *engine = engine_of(1, 20, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const dora_query query = {.struct_size = sizeof query,
                                  .table = cases[i].table,
                                  .metrics = cases[i].metrics,
                                  .columns = cases[i].columns};
        dora_error error = {0};
        dora_result *result;
        assert_int_equal(dora_query_run(engine, &query, &result, &error), DORA_ERROR_ARGUMENT);
        assert_null(result);
        assert_string_equal(error.message, cases[i].message);
    }
    dora_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_picks),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_unknown_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
