/* SPDX-License-Identifier: MIT */
/*
 * What changed since a mark: an old report, its rows replaced where dora_engine_changes() says that they may differ, is
 * the new one. Few facts touch few rows.
 */
#include "../support/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 500, SEEDS = 30 };

/* A report: the rows in memory, and each as a line. */
struct report {
    dora_result *rows;
    struct bytes text;
    const char **lines;
    size_t group, start, end;
};

static struct report ask(dora_engine *engine, const dora_query *query) {
    const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_NDJSON};
    struct report report = {0};
    assert_int_equal(dora_query_run(engine, query, &report.rows, NULL), DORA_OK);
    assert_int_equal(dora_result_write(report.rows, &options, bytes_append, &report.text, NULL), DORA_OK);
    bytes_append(&report.text, "", 1);
    report.lines = calloc(dora_result_rows(report.rows) + 1, sizeof *report.lines);
    char *at = report.text.data;
    for (size_t i = 0; i < dora_result_rows(report.rows); i++) {
        report.lines[i] = at;
        at = strchr(at, '\n');
        *at++ = '\0';
    }
    report.group = query->by == DORA_GROUP_NONE ? SIZE_MAX : 0;
    report.start = dora_result_find(report.rows, "window_start");
    report.end = dora_result_find(report.rows, "window_end");
    return report;
}

static void free_report(struct report *report) {
    dora_result_free(report->rows);
    free(report->lines);
    bytes_free(&report->text);
}

static dora_string group_at(const dora_result *rows, size_t column, size_t row) {
    const char *bytes;
    if (column == SIZE_MAX || dora_result_is_null(rows, column, row))
        return (dora_string){NULL, 0};
    const uint32_t *offsets = dora_result_string(rows, column, &bytes);
    return (dora_string){bytes + offsets[row], offsets[row + 1] - offsets[row]};
}

static int same_string(dora_string a, dora_string b) {
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

/* Whether a row may differ, by what was said to have changed. */
static int may_differ(const struct report *report, size_t row, const dora_result *cells, size_t group) {
    const int32_t *days = dora_result_date(cells, dora_result_find(cells, "day"));
    const uint8_t *moved = dora_result_bool(cells, dora_result_find(cells, "first_day_moved"));
    int32_t start = dora_result_date(report->rows, report->start)[row];
    int32_t end = dora_result_date(report->rows, report->end)[row];
    for (size_t i = 0; i < dora_result_rows(cells); i++)
        if (same_string(group_at(cells, group, i), group_at(report->rows, report->group, row)) && days[i] <= end &&
            (days[i] >= start || moved[i]))
            return 1;
    return 0;
}

/* Every row of `a` that cannot differ is in `b`. Returns how many can. */
static size_t compare(const struct report *a, const struct report *b, const dora_result *cells) {
    size_t differ = 0, group = a->group;
    for (size_t i = 0; i < dora_result_rows(a->rows); i++) {
        if (may_differ(a, i, cells, group)) {
            differ++;
            continue;
        }
        size_t k = 0;
        while (k < dora_result_rows(b->rows) && strcmp(a->lines[i], b->lines[k]))
            k++;
        if (k == dora_result_rows(b->rows))
            fail_msg("a row changed unsaid: %s", a->lines[i]);
    }
    return differ;
}

static void check_cells(const dora_result *cells, dora_group by) {
    static const char *const names[] = {"day", "service", "team", "product"};
    assert_int_equal(dora_result_columns(cells), by == DORA_GROUP_NONE ? 2 : 3);
    assert_string_equal(dora_result_name(cells, 0), names[by]);
}

/* Counts the rows that were looked at, and those that might differ. */
static void follow(uint64_t seed, const dora_query *query, const dora_engine_options *options, size_t *rows,
                   size_t *differ) {
    dora_fact *facts = fixture_facts(seed, COUNT, seed % 2 == 0);
    size_t at = COUNT * 3 / 4, step;
    dora_engine *engine;
    dora_mark *mark;
    dora_error error;
    assert_int_equal(dora_engine_new(options, &engine, NULL), DORA_OK);
    assert_int_equal(dora_engine_add(engine, facts, at, NULL), DORA_OK);
    assert_int_equal(dora_mark_new(engine, query->by, 0, &mark, &error), DORA_OK);
    struct report old = ask(engine, query);
    for (; at < COUNT; at += step) {
        step = 1 + at % 5 < COUNT - at ? 1 + at % 5 : COUNT - at;
        dora_moves moves = {.struct_size = sizeof moves};
        dora_result *cells;
        assert_int_equal(dora_engine_add(engine, facts + at, step, NULL), DORA_OK);
        assert_int_equal(dora_engine_changes(engine, mark, &moves, &cells, &error), DORA_OK);
        check_cells(cells, query->by);
        struct report new = ask(engine, query);
        if (!moves.evidence && !moves.span) {
            *rows += dora_result_rows(new.rows);
            *differ += compare(&new, &old, cells);
            compare(&old, &new, cells);
        }
        dora_result_free(cells);
        free_report(&old);
        old = new;
    }
    free_report(&old);
    dora_mark_free(mark);
    dora_engine_free(engine);
    free(facts);
}

static void test_old_rows_and_changes_are_the_new_rows(void **unused) {
    (void)unused;
    const dora_query queries[] = {
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .window_days = 7, .step_days = 3},
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_TEAM, .period = DORA_PERIOD_WEEK},
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_NONE, .period = DORA_PERIOD_DAY},
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_PRODUCT, .period = DORA_PERIOD_MONTH, .intervals = 1},
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .table = DORA_TABLE_PHASES},
    };
    const dora_engine_options options[] = {
        {.struct_size = sizeof(dora_engine_options)},
        {.struct_size = sizeof(dora_engine_options), .infer_rollbacks = 1, .changes = DORA_CHANGES_TIME},
    };
    size_t rows = 0, differ = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        follow(seed, &queries[seed % (sizeof queries / sizeof *queries)], &options[seed / 5 % 2], &rows, &differ);
    assert_true(differ > 0 && differ < rows / 2);
}

static void test_nothing_new(void **unused) {
    (void)unused;
    dora_fact *facts = fixture_facts(5, COUNT, 1);
    dora_engine *engine, *other;
    dora_mark *mark, *none;
    dora_result *cells;
    dora_moves moves = {.struct_size = sizeof moves};
    dora_error error;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    assert_int_equal(dora_engine_new(NULL, &other, NULL), DORA_OK);
    assert_int_equal(dora_mark_new(engine, DORA_GROUP_SERVICE, 1, &none, &error), DORA_OK);
    assert_int_equal(dora_engine_add(engine, facts, COUNT, NULL), DORA_OK);
    assert_int_equal(dora_mark_new(engine, DORA_GROUP_SERVICE, 0, &mark, &error), DORA_OK);
    assert_int_equal(dora_engine_add(engine, facts, COUNT, NULL), DORA_OK); /* all have an id */
    assert_int_equal(dora_engine_changes(engine, mark, &moves, &cells, &error), DORA_OK);
    assert_int_equal(dora_result_rows(cells), 0);
    assert_int_equal(moves.span + moves.grouping + moves.evidence, 0);
    dora_result_free(cells);
    assert_int_equal(dora_engine_changes(engine, none, &moves, &cells, &error), DORA_OK);
    assert_true(dora_result_rows(cells) > 0 && moves.span && moves.grouping && moves.evidence);
    dora_result_free(cells);
    assert_int_equal(dora_engine_changes(engine, none, NULL, &cells, &error), DORA_OK);
    assert_int_equal(dora_result_rows(cells), 0);
    dora_result_free(cells);
    assert_int_equal(dora_engine_changes(other, mark, NULL, &cells, &error), DORA_ERROR_ARGUMENT);
    dora_mark_free(none);
    assert_int_equal(dora_mark_new(engine, (dora_group)9, 0, &none, &error), DORA_ERROR_ARGUMENT);
    assert_null(none);
    dora_mark_free(mark);
    dora_engine_free(engine);
    dora_engine_free(other);
    free(facts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_rows_and_changes_are_the_new_rows),
        cmocka_unit_test(test_nothing_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
