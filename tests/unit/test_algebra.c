/* SPDX-License-Identifier: MIT */
/*
 * Facts that are split in any way over engines, which are merged in any order and shape of tree, through states or not,
 * asked in between or not, in threads of their own or not: the state and the reports are those of one engine that was
 * given all of them.
 */
#include "../support/fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TREES = 60, FACTS = 90, PARTS_MOST = 4, DEPTH_MOST = 4, ENGINES_MOST = 8, ROUNDS = 3, MANY = 40000 };

/* Some facts of an array. */
struct share {
    const dora_fact *facts;
    size_t count;
    size_t places[4 * FACTS];
};

static dora_engine *new_engine(uint32_t threads) {
    const dora_engine_options options = {.struct_size = sizeof options, .threads = threads};
    dora_engine *engine;
    if (dora_engine_new(&options, &engine, NULL) != DORA_OK)
        abort();
    return engine;
}

/* Ends the program, since cmocka's checks do not work in threads. */
static void need(dora_status status) {
    if (status != DORA_OK)
        abort();
}

static void check_same(dora_engine *engine, const struct bytes *state, const struct bytes *answer) {
    struct bytes own_state = {0}, own_answer = {0};
    need(dora_engine_save(engine, bytes_append, &own_state, NULL));
    assert_int_equal(own_state.size, state->size);
    assert_memory_equal(own_state.data, state->data, state->size);
    if (answer) {
        need(fixture_answer(engine, NULL, &own_answer, NULL));
        assert_int_equal(own_answer.size, answer->size);
        assert_memory_equal(own_answer.data, answer->data, answer->size);
    }
    bytes_free(&own_state);
    bytes_free(&own_answer);
}

/* Facts that meet: a third with an as_of, some later than others, some void for a time or for good. */
static dora_fact *make_facts(uint64_t seed, bool all_ids) {
    dora_fact *facts = fixture_facts(seed, FACTS, all_ids);
    uint64_t state = seed + 100;
    for (size_t i = 0; i < FACTS; i++) {
        if (random_below(&state, 3) == 0)
            facts[i].as_of = INT64_C(1704067200000000) + random_below(&state, 5);
        if (random_below(&state, 12) == 0)
            facts[i].deleted = (int8_t)random_below(&state, 2);
    }
    return facts;
}

static void expect(const dora_fact *facts, struct bytes *state, struct bytes *answer) {
    dora_engine *engine = new_engine(0);
    need(dora_engine_add(engine, facts, FACTS, NULL));
    need(dora_engine_save(engine, bytes_append, state, NULL));
    need(fixture_answer(engine, NULL, answer, NULL));
    dora_engine_free(engine);
}

/* A new engine with the facts of the state of one that is freed. */
static dora_engine *reload(dora_engine *engine) {
    struct bytes state = {0};
    dora_engine *loaded = new_engine(0);
    need(dora_engine_save(engine, bytes_append, &state, NULL));
    need(dora_engine_load(loaded, state.data, state.size, NULL, NULL));
    bytes_free(&state);
    dora_engine_free(engine);
    return loaded;
}

static void put_into(dora_engine *into, dora_engine *from, bool by_state) {
    struct bytes state = {0};
    if (by_state) {
        need(dora_engine_save(from, bytes_append, &state, NULL));
        need(dora_engine_load(into, state.data, state.size, NULL, NULL));
    } else
        need(dora_engine_merge(into, from, NULL, NULL));
    bytes_free(&state);
}

/* The facts of a share, each in one part, or where they all have an id now and then in two. */
static void deal(const struct share *share, struct share *parts, uint32_t count, bool repeat, uint64_t *random) {
    for (uint32_t i = 0; i < count; i++) {
        parts[i].facts = share->facts;
        parts[i].count = 0;
    }
    for (size_t i = 0; i < share->count; i++) {
        struct share *part = &parts[random_below(random, count)], *other = &parts[random_below(random, count)];
        part->places[part->count++] = share->places[i];
        if (repeat && other != part && random_below(random, 4) == 0)
            other->places[other->count++] = share->places[i];
    }
}

static dora_engine *leaf_of(const struct share *share) {
    dora_engine *engine = new_engine(0);
    for (size_t i = share->count; i-- > 0;)
        need(dora_engine_add(engine, &share->facts[share->places[i]], 1, NULL));
    return engine;
}

static dora_engine *tree_of(const struct share *share, int depth, bool repeat, uint64_t *random) {
    if (depth == DEPTH_MOST || share->count < 2 || random_below(random, 4) == 0)
        return leaf_of(share);
    struct share *parts = malloc(PARTS_MOST * sizeof *parts);
    assert_non_null(parts);
    uint32_t count = 2 + random_below(random, PARTS_MOST - 1);
    deal(share, parts, count, repeat, random);
    dora_engine *all = random_below(random, 2) ? new_engine(random_below(random, 3)) : NULL;
    for (uint32_t i = 0; i < count; i++) {
        dora_engine *part = tree_of(&parts[i], depth + 1, repeat, random);
        if (random_below(random, 3) == 0)
            part = reload(part);
        if (all) {
            put_into(all, part, random_below(random, 2));
            dora_engine_free(part);
        } else
            all = part;
        dora_account account = {.struct_size = sizeof account};
        if (random_below(random, 4) == 0)
            need(dora_engine_account(all, &account, NULL)); /* settles what is there */
    }
    free(parts);
    return all;
}

static void check_trees(bool all_ids) {
    uint64_t random = all_ids ? 5 : 6;
    struct share *share = malloc(sizeof *share);
    assert_non_null(share);
    for (uint64_t seed = 1; seed <= TREES; seed++) {
        struct bytes state = {0}, answer = {0};
        dora_fact *facts = make_facts(seed, all_ids);
        expect(facts, &state, &answer);
        share->facts = facts;
        share->count = FACTS;
        for (size_t i = 0; i < FACTS; i++)
            share->places[i] = i;
        dora_engine *tree = tree_of(share, 0, all_ids, &random);
        check_same(tree, &state, seed % 6 == 0 ? &answer : NULL);
        if (all_ids) { /* what is there already changes nothing */
            dora_engine *again = tree_of(share, 1, true, &random);
            put_into(tree, again, seed % 2);
            check_same(tree, &state, seed % 6 == 1 ? &answer : NULL);
            dora_engine_free(again);
        }
        dora_engine_free(tree);
        bytes_free(&state);
        bytes_free(&answer);
        free(facts);
    }
    free(share);
}

static void test_trees(void **unused) {
    (void)unused;
    check_trees(false);
}

static void test_trees_with_repeats(void **unused) {
    (void)unused;
    check_trees(true);
}

/* Every other fact and so on, in a thread of its own, which asks and saves besides. */
struct worker {
    const dora_fact *facts;
    size_t first, step;
    dora_engine *engine;
};

static void *work(void *context) {
    struct worker *worker = context;
    struct bytes answer = {0};
    worker->engine = new_engine(worker->first % 2 ? 2 : 0);
    for (size_t i = worker->first; i < FACTS; i += worker->step) {
        need(dora_engine_add(worker->engine, &worker->facts[i], 1, NULL));
        if (i == worker->first + 2 * worker->step)
            worker->engine = reload(worker->engine);
    }
    need(fixture_answer(worker->engine, NULL, &answer, NULL));
    bytes_free(&answer);
    return NULL;
}

static void check_threads(size_t count, uint64_t seed) {
    struct bytes state = {0}, answer = {0};
    struct worker workers[ENGINES_MOST];
    pthread_t threads[ENGINES_MOST];
    dora_fact *facts = make_facts(seed, false);
    for (size_t i = 0; i < count; i++) {
        workers[i] = (struct worker){.facts = facts, .first = i, .step = count};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    expect(facts, &state, &answer);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t some = 1; some < count; some *= 2)
        for (size_t i = 0; i + some < count; i += 2 * some)
            put_into(workers[i].engine, workers[i + some].engine, i % 4);
    check_same(workers[0].engine, &state, &answer);
    for (size_t i = 0; i < count; i++)
        dora_engine_free(workers[i].engine);
    bytes_free(&state);
    bytes_free(&answer);
    free(facts);
}

static void test_threads(void **unused) {
    (void)unused;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        check_threads(2, seed);
        check_threads(ENGINES_MOST, seed);
    }
}

/* More facts than a block of rows has room for, in runs of any length, so that blocks end within what is merged. */
static void test_many(void **unused) {
    (void)unused;
    enum { PARTS = 5 };
    uint64_t random = 9;
    struct bytes state = {0};
    dora_fact *facts = fixture_facts(4, MANY, 0);
    dora_engine *whole = new_engine(0), *parts[PARTS];
    for (size_t i = 0; i < PARTS; i++)
        parts[i] = new_engine((uint32_t)i);
    for (size_t i = 0; i < MANY; i += 99)
        if (facts[i].finished_at != DORA_ABSENT)
            facts[i].finished_at -= INT64_C(2000000000000000); /* wider than the others */
    for (size_t i = 0, count; i < MANY; i += count) {
        count = 1 + random_below(&random, 3000);
        count = count < MANY - i ? count : MANY - i;
        need(dora_engine_add(parts[random_below(&random, PARTS)], facts + i, count, NULL));
    }
    need(dora_engine_add(whole, facts, MANY, NULL));
    need(dora_engine_save(whole, bytes_append, &state, NULL));
    put_into(parts[3], parts[4], true);
    parts[3] = reload(parts[3]);
    put_into(parts[0], parts[3], false);
    put_into(parts[2], parts[1], false);
    put_into(parts[2], parts[0], true);
    check_same(parts[2], &state, NULL);
    bytes_free(&state);
    dora_engine_free(whole);
    for (size_t i = 0; i < PARTS; i++)
        dora_engine_free(parts[i]);
    free(facts);
}

/* What has changed since a mark is the same whether facts were added, merged or loaded, also into an empty engine. */
static size_t cells_since_mark(const dora_fact *before, const dora_fact *facts, int way) {
    dora_engine *engine = new_engine(0), *other = new_engine(0);
    dora_mark *mark;
    dora_result *cells;
    if (before)
        need(dora_engine_add(engine, before, FACTS, NULL));
    need(dora_mark_new(engine, DORA_GROUP_SERVICE, 0, &mark, NULL));
    need(dora_engine_add(way == 0 ? engine : other, facts, FACTS, NULL));
    if (way > 0)
        put_into(engine, other, way == 2);
    need(dora_engine_changes(engine, mark, NULL, &cells, NULL));
    size_t rows = dora_result_rows(cells);
    dora_result_free(cells);
    dora_mark_free(mark);
    dora_engine_free(engine);
    dora_engine_free(other);
    return rows;
}

static void test_marks(void **unused) {
    (void)unused;
    for (uint64_t seed = 1; seed <= 2 * ROUNDS; seed++) {
        dora_fact *facts = make_facts(seed, false), *before = seed % 2 ? make_facts(seed + 50, false) : NULL;
        size_t added = cells_since_mark(before, facts, 0);
        assert_true(added > 0);
        assert_int_equal(cells_since_mark(before, facts, 1), added);
        assert_int_equal(cells_since_mark(before, facts, 2), added);
        free(before);
        free(facts);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),   cmocka_unit_test(test_trees_with_repeats),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_many),
        cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
