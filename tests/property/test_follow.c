/* SPDX-License-Identifier: MIT */
/*
 * An engine that is asked between its facts answers as one that got them all at once; and the rows of one group are
 * those that the full result has of it.
 */
#include "../support/fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FACTS = 160, SEEDS = 12 };

/* Few windows, answered from standing samples, and many. */
static const dora_query narrow_queries[] = {
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_YEAR, .intervals = 1},
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .window_days = 28, .step_days = 90},
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_WEEK},
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_TEAM, .period = DORA_PERIOD_QUARTER},
    {.struct_size = 0},
};
static const char *const services[] = {"shop", "s\xc3\xb8k", "x,y", "nobody"};

static void ask(dora_engine *engine, dora_query query, const char *only, struct bytes *out) {
    const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_NDJSON};
    dora_error error = {0};
    dora_result *result;
    query.only = only;
    if (dora_query_run(engine, &query, &result, &error) != DORA_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dora_result_write(result, &options, bytes_append, out, &error), DORA_OK);
    dora_result_free(result);
}

static void ask_all(dora_engine *engine, struct bytes *out) {
    const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_JSON};
    dora_error error = {0};
    for (const dora_query *query = narrow_queries; query->struct_size; query++)
        for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
            ask(engine, *query, services[i], out);
    assert_int_equal(dora_account_write(engine, &options, bytes_append, out, &error), DORA_OK);
}

static void assert_same(const struct bytes *a, const struct bytes *b) {
    if (a->size != b->size || (a->size && memcmp(a->data, b->data, a->size) != 0))
        fail_msg("differ:\n%.*s\n--- and ---\n%.*s", (int)a->size, a->data, (int)b->size, b->data);
}

/* What one engine that is asked after each batch says, beside a new engine that gets all up to there. */
static void follow(const dora_fact *facts, size_t count, bool alone, uint64_t *state) {
    dora_engine *engine;
    dora_error error;
    const dora_engine_options options = {.struct_size = sizeof options,
                                         .changes =
                                             !alone && random_below(state, 2) ? DORA_CHANGES_TIME : DORA_CHANGES_LISTED,
                                         .infer_rollbacks = !alone && random_below(state, 4) == 0};
    assert_int_equal(dora_engine_new(&options, &engine, &error), DORA_OK);
    for (size_t done = 0; done < count;) {
        size_t batch = 1 + random_below(state, 4);
        batch = batch < count - done ? batch : count - done;
        assert_int_equal(dora_engine_add(engine, facts + done, batch, &error), DORA_OK);
        done += batch;
        if (random_below(state, alone && done > count / 2 ? 2 : 3))
            continue;
        struct bytes followed = {0}, anew = {0};
        dora_engine *other;
        assert_int_equal(dora_engine_new(&options, &other, &error), DORA_OK);
        assert_int_equal(dora_engine_add(other, facts, done, &error), DORA_OK);
        ask_all(engine, &followed);
        ask_all(other, &anew);
        if (random_below(state, 4) == 0) {
            assert_int_equal(fixture_answer(engine, NULL, &followed, &error), DORA_OK);
            assert_int_equal(fixture_answer(other, NULL, &anew, &error), DORA_OK);
        }
        assert_same(&followed, &anew);
        bytes_free(&followed);
        bytes_free(&anew);
        dora_engine_free(other);
    }
    dora_engine_free(engine);
}

static int by_kind(const void *a, const void *b) {
    const dora_fact *x = a, *y = b;
    return (x->kind == DORA_KIND_DEPLOYMENT) - (y->kind == DORA_KIND_DEPLOYMENT);
}

/* Makes a deployment one that nothing refers to and that refers to nothing, later than all incidents. */
static void stand_alone(dora_fact *fact, char *id, size_t size) {
    const int64_t decade_us = INT64_C(3653) * 24 * 3600 * 1000000;
    if (fact->kind != DORA_KIND_DEPLOYMENT)
        return;
    fact->changes = NULL;
    fact->started_at = DORA_ABSENT;
    fact->sha = fact->release = fact->version = fact->rollback_of = (dora_string){NULL, 0};
    if (fact->id.size && size) {
        snprintf(id, size, "new %p", (void *)fact);
        fact->id = dora_string_of(id);
    }
    if (fact->finished_at != DORA_ABSENT)
        fact->finished_at += decade_us;
}

/* Of three histories one is mixed, which is mostly derived anew, two have their deployments last, and those of
   one stand alone. */
static void test_follow(void **unused) {
    (void)unused;
    static char ids[FACTS][32];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t state = seed * 77;
        dora_fact *facts = fixture_facts(seed, FACTS, 0);
        assert_non_null(facts);
        if (seed % 3)
            qsort(facts, FACTS, sizeof *facts, by_kind);
        for (size_t i = 0; seed % 3 == 1 && i < FACTS; i++)
            stand_alone(&facts[i], ids[i], sizeof ids[i]);
        follow(facts, FACTS, seed % 3 == 1, &state);
        free(facts);
    }
}

/* Commits with parents, some reviewed, and deployments of them: by sha, by list, named by the change. Most refer to
   what came before, and most deployments are late. Strings are in `names`, 16 bytes each. */
static void make_stream(dora_fact *facts, size_t count, char (*names)[16], dora_string *items, uint64_t *state) {
    const int64_t hour_us = INT64_C(3600000000), begin_us = 19000 * 24 * hour_us;
    for (size_t i = 0; i < count; i++) {
        dora_fact *fact = &facts[i];
        bool change = i < 3 || random_below(state, 3) < 2;
        size_t ahead = random_below(state, 40) == 0 ? 3 : 0; /* refers to what comes later, perhaps */
        dora_fact_init(fact, change ? DORA_KIND_CHANGE : DORA_KIND_DEPLOYMENT);
        snprintf(names[i], sizeof names[i], "%zu", i);
        fact->id = dora_string_of(names[i]);
        fact->service = dora_string_of(services[random_below(state, 2)]);
        int64_t at = begin_us + (int64_t)i * 7 * hour_us;
        dora_string other = dora_string_of(i + ahead ? names[random_below(state, (uint32_t)(i + ahead))] : NULL);
        if (change) {
            fact->committed_at = random_below(state, 10) ? at : DORA_ABSENT;
            fact->opened_at = at + random_below(state, 9) * hour_us;
            fact->merged_at = fact->opened_at + random_below(state, 30) * hour_us;
            fact->parents = items + 3 * i;
            items[3 * i] = dora_string_of(i ? names[i - 1 - random_below(state, i < 4 ? 1 : 4)] : NULL);
            items[3 * i + 1] = other;
            fact->parents_count = 1 + (random_below(state, 4) == 0);
            fact->deployment = random_below(state, 8) ? fact->deployment : other;
            fact->deleted = random_below(state, 30) == 0 ? 1 : DORA_UNKNOWN;
        } else {
            fact->finished_at = at - (int64_t)random_below(state, (uint32_t)i * 7) * hour_us + 5 * hour_us;
            fact->sha = random_below(state, 5) ? other : fact->sha;
            fact->status = random_below(state, 9) ? DORA_UNKNOWN : DORA_STATUS_FAILURE;
            fact->changes = random_below(state, 4) ? NULL : items + 3 * i;
            fact->changes_count = fact->changes ? 2 : 0;
            for (size_t k = 0; k < 2; k++)
                items[3 * i + k] = dora_string_of(names[random_below(state, (uint32_t)i)]);
            if (random_below(state, 6) == 0) /* stands alone */
                fact->id = (dora_string){NULL, 0};
        }
    }
}

/* Changes that get other first deployments. */
static void test_streams(void **unused) {
    (void)unused;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t state = seed * 1001;
        static char names[FACTS + 3][16];
        static dora_string items[3 * FACTS];
        static dora_fact facts[FACTS];
        for (size_t i = 0; i < 3; i++)
            snprintf(names[FACTS + i], sizeof names[0], "%zu", FACTS + i);
        make_stream(facts, FACTS, names, items, &state);
        follow(facts, FACTS, true, &state);
    }
}

/* The lines of a report that begin as those of the group do. */
static void lines_of(const struct bytes *all, const char *column, const char *name, struct bytes *out) {
    char begin[64];
    int size = snprintf(begin, sizeof begin, "{\"%s\":\"%s\",", column, name);
    for (const char *at = all->data, *end = at + all->size; at < end;) {
        const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        if (end - at > size && memcmp(at, begin, (size_t)size) == 0)
            bytes_append(out, at, (size_t)(next - at));
        at = next;
    }
}

static void test_only(void **unused) {
    (void)unused;
    static const char *const teams[] = {"red", "blue", "nobody"};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        dora_engine *engine;
        dora_error error;
        dora_fact *facts = fixture_facts(seed, FACTS, 1);
        assert_int_equal(dora_engine_new(NULL, &engine, &error), DORA_OK);
        assert_int_equal(dora_engine_add(engine, facts, FACTS, &error), DORA_OK);
        for (const dora_query *query = narrow_queries; query->struct_size; query++) {
            bool team = query->by == DORA_GROUP_TEAM;
            struct bytes all = {0};
            ask(engine, *query, NULL, &all);
            for (size_t i = 0; i < 3; i++) {
                struct bytes wanted = {0}, got = {0};
                lines_of(&all, team ? "team" : "service", team ? teams[i] : services[i], &wanted);
                ask(engine, *query, team ? teams[i] : services[i], &got);
                assert_same(&got, &wanted);
                bytes_free(&wanted);
                bytes_free(&got);
            }
            bytes_free(&all);
        }
        dora_engine_free(engine);
        free(facts);
    }
}

/* Queries that may use again what the one before them placed, in any order, between facts. */
static void test_again(void **unused) {
    (void)unused;
    static const dora_query queries[] = {
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_DAY, .metrics = "dora"},
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .window_days = 28, .metrics = "dora"},
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_WEEK, .metrics = "all"},
        {.struct_size = sizeof(dora_query), .by = DORA_GROUP_TEAM, .period = DORA_PERIOD_WEEK, .metrics = "dora"},
        {.struct_size = sizeof(dora_query), .period = DORA_PERIOD_MONTH, .metrics = "deployments"},
    };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t state = seed;
        dora_engine *engine, *other;
        dora_error error;
        dora_fact *facts = fixture_facts(seed, FACTS, 1);
        for (size_t i = 0; i < FACTS && seed % 2; i++) /* whole seconds are placed in another way */
            for (int64_t *at = &facts[i].as_of; at <= &facts[i].at; at++)
                *at -= *at == DORA_ABSENT ? 0 : *at % 1000000;
        assert_int_equal(dora_engine_new(NULL, &engine, &error), DORA_OK);
        for (size_t step = 0; step < 24; step++) {
            struct bytes again = {0}, first = {0};
            if (step % 8 == 0)
                assert_int_equal(dora_engine_add(engine, facts + step * 5, 40, &error), DORA_OK);
            assert_int_equal(dora_engine_new(NULL, &other, &error), DORA_OK);
            assert_int_equal(dora_engine_add(other, facts, step / 8 * 40 + 40, &error), DORA_OK);
            const dora_query *query = &queries[random_below(&state, sizeof queries / sizeof queries[0])];
            const char *only = query->by == DORA_GROUP_SERVICE && random_below(&state, 4) == 0 ? "shop" : NULL;
            ask(engine, *query, only, &again);
            ask(other, *query, only, &first);
            assert_same(&again, &first);
            bytes_free(&again);
            bytes_free(&first);
            dora_engine_free(other);
        }
        dora_engine_free(engine);
        free(facts);
    }
}

static void test_only_needs_by(void **unused) {
    (void)unused;
    dora_engine *engine;
    dora_result *result;
    dora_error error;
    const dora_query query = {.struct_size = sizeof query, .only = "shop"};
    assert_int_equal(dora_engine_new(NULL, &engine, &error), DORA_OK);
    assert_int_equal(dora_query_run(engine, &query, &result, &error), DORA_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "only"));
    dora_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follow), cmocka_unit_test(test_streams),       cmocka_unit_test(test_only),
        cmocka_unit_test(test_again),  cmocka_unit_test(test_only_needs_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
