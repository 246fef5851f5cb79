/* SPDX-License-Identifier: MIT */
/*
 * Long work that is stopped where its caller is asked says so, and leaves the engine as it was: saving, loading,
 * stating facts, marks and queries, each stopped at one question after the other, until it comes to its end.
 */
#include "../support/fixture.h"

#include <dora/facts.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FACTS = 2000, MANY_FACTS = 120000, STOPS_MOST = 60, STOPS_LEAST = 3 };

/* How many questions are answered with "go on"; then the answer is "stop". */
struct patience {
    uint64_t left;
    uint64_t asked;
    const char *stage;
};

static int on_progress(void *context, const dora_progress *progress) {
    struct patience *patience = context;
    patience->asked++;
    patience->stage = progress->stage;
    return patience->left ? (patience->left--, 0) : 1;
}

static dora_engine *new_engine(struct patience *patience, uint32_t threads) {
    const dora_engine_options options = {.struct_size = sizeof options,
                                         .progress = on_progress,
                                         .progress_context = patience,
                                         .threads = threads,
                                         .changes = DORA_CHANGES_TIME};
    dora_engine *engine;
    assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
    return engine;
}

/* Facts of all kinds, and many deployments: of few services, half of them with an id, some with fractions of seconds.
 */
static void fill(dora_engine *engine) {
    const int64_t begin_us = INT64_C(1704067200000000);
    static const char *const services[] = {"shop", "a", "b"};
    uint64_t state = 3;
    dora_fact *facts = fixture_facts(1, FACTS, 1);
    assert_int_equal(dora_engine_add(engine, facts, FACTS, NULL), DORA_OK);
    free(facts);
    for (uint32_t i = 0; i < MANY_FACTS; i++) {
        char id[32];
        dora_fact fact;
        dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
        snprintf(id, sizeof id, "deployment-%u", (unsigned)random_below(&state, 1u << 30));
        fact.service = dora_string_of(services[random_below(&state, 3)]);
        fact.finished_at = begin_us + random_below(&state, 300 * 86400) * INT64_C(1000000) + i % 2 * 7;
        fact.committed_at = fact.finished_at - random_below(&state, 10 * 86400) * INT64_C(1000000) - i % 3;
        fact.failed = (int8_t)(random_below(&state, 4) == 0);
        if (i % 2)
            fact.id = dora_string_of(id);
        assert_int_equal(dora_engine_add(engine, &fact, 1, NULL), DORA_OK);
    }
}

/* What is done again and again, with what it needs. */
struct work {
    dora_engine *engine;
    struct patience *patience;
    const struct bytes *state;
    const dora_query *query;
};

typedef dora_status work_fn(const struct work *work, struct bytes *out, dora_error *error);

static dora_status save(const struct work *work, struct bytes *out, dora_error *error) {
    return dora_engine_save(work->engine, bytes_append, out, error);
}

/* Into an engine with a fact of its own, which it keeps. */
static dora_status load(const struct work *work, struct bytes *out, dora_error *error) {
    struct patience others = {.left = UINT64_MAX};
    dora_engine *engine = new_engine(work->patience, 1);
    dora_fact fact;
    dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
    fact.finished_at = 0;
    assert_int_equal(dora_engine_add(engine, &fact, 1, NULL), DORA_OK);
    dora_status status = dora_engine_load(engine, work->state->data, work->state->size, NULL, error);
    struct patience kept = *work->patience;
    *work->patience = others;
    if (status == DORA_OK) {
        assert_int_equal(dora_engine_save(engine, bytes_append, out, NULL), DORA_OK);
    } else {
        dora_account account = {.struct_size = sizeof account};
        assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
        assert_int_equal(account.facts, 1);
    }
    *work->patience = kept;
    dora_engine_free(engine);
    return status;
}

static int put_fact(void *context, const dora_fact *fact) {
    bytes_append(context, &fact->finished_at, sizeof fact->finished_at);
    return 0;
}

static dora_status state_facts(const struct work *work, struct bytes *out, dora_error *error) {
    return dora_engine_facts(work->engine, put_fact, out, error);
}

static dora_status mark(const struct work *work, struct bytes *out, dora_error *error) {
    dora_mark *made;
    dora_result *cells;
    (void)out;
    dora_status status = dora_mark_new(work->engine, DORA_GROUP_SERVICE, 0, &made, error);
    if (status != DORA_OK)
        return status;
    status = dora_engine_changes(work->engine, made, NULL, &cells, error);
    if (status == DORA_OK)
        assert_int_equal(dora_result_rows(cells), 0);
    dora_result_free(cells);
    dora_mark_free(made);
    return status;
}

static dora_status ask(const struct work *work, struct bytes *out, dora_error *error) {
    const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_CSV};
    dora_result *result;
    dora_status status = dora_query_run(work->engine, work->query, &result, error);
    if (status == DORA_OK)
        assert_int_equal(dora_result_write(result, &options, bytes_append, out, NULL), DORA_OK);
    dora_result_free(result);
    return status;
}

/* Stops the work at its first question, then at a later one, and so on until it is done; what it gives then is what it
   gives at first. Returns how often it was stopped. */
static int stop_again_and_again(work_fn *function, const struct work *work, const char *stage) {
    struct bytes expected = {0};
    dora_error error = {0};
    bool of_stage = false;
    *work->patience = (struct patience){.left = UINT64_MAX};
    if (function(work, &expected, &error) != DORA_OK)
        fail_msg("%s", error.message);
    uint64_t questions = work->patience->asked, step = questions / STOPS_MOST + 1;
    int stops = 0;
    for (uint64_t left = 0;; left += step, stops++) {
        struct bytes out = {0};
        *work->patience = (struct patience){.left = left};
        dora_status status = function(work, &out, &error);
        if (status == DORA_OK) {
            assert_int_equal(out.size, expected.size);
            assert_true(!out.size || memcmp(out.data, expected.data, out.size) == 0);
            bytes_free(&out);
            break;
        }
        assert_int_equal(status, DORA_ERROR_CANCELLED);
        assert_string_equal(error.message, "cancelled");
        assert_int_equal(work->patience->asked, left + 1); /* nobody is asked again */
        of_stage |= strcmp(work->patience->stage, stage) == 0;
        bytes_free(&out);
    }
    bytes_free(&expected);
    assert_true(of_stage);
    return stops;
}

static void test_stopping(void **unused) {
    static const dora_query queries[] = {
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_MONTH},
        {.struct_size = sizeof(dora_query), .window_days = 28, .intervals = 1},
        {.struct_size = sizeof(dora_query), .period = DORA_PERIOD_WEEK},
    };
    (void)unused;
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct patience patience = {.left = UINT64_MAX};
        struct bytes state = {0};
        dora_engine *engine = new_engine(&patience, threads);
        fill(engine);
        assert_int_equal(dora_engine_save(engine, bytes_append, &state, NULL), DORA_OK);
        struct work work = {engine, &patience, &state, NULL};
        assert_true(stop_again_and_again(save, &work, "saving") >= STOPS_LEAST);
        assert_true(stop_again_and_again(load, &work, "loading") >= STOPS_LEAST);
        assert_true(stop_again_and_again(state_facts, &work, "stating") >= STOPS_LEAST);
        assert_true(stop_again_and_again(mark, &work, "querying") >= STOPS_LEAST);
        for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
            work.query = &queries[i];
            assert_true(stop_again_and_again(ask, &work, "querying") >= STOPS_LEAST);
        }
        bytes_free(&state);
        dora_engine_free(engine);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stopping)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
