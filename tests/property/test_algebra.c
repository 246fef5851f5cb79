/* SPDX-License-Identifier: MIT */
/*
 * The algebra of merging: facts split at random over engines, each filled, asked, saved and loaded by a thread of its
 * own, then merged two by two in a random tree, give the state and the answers of one engine that got them all.
 */
#include "../support/fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 300, PARTS_MOST = 8 };

/* A thread's share: facts by number, its engine and what went wrong. Assertions are for the main thread. */
struct part {
    pthread_t thread;
    const dora_fact *facts;
    size_t numbers[COUNT];
    size_t count;
    uint64_t random;
    dora_engine *engine;
    dora_status status;
};

/* The engine's state into another engine, which takes its place. */
static dora_status pass_through_state(dora_engine **engine) {
    struct bytes state = {0};
    dora_engine *loaded = NULL;
    dora_status status = dora_engine_save(*engine, bytes_append, &state, NULL);
    if (status == DORA_OK)
        status = dora_engine_new(NULL, &loaded, NULL);
    if (status == DORA_OK)
        status = dora_engine_load(loaded, state.data, state.size, NULL, NULL);
    bytes_free(&state);
    dora_engine_free(*engine);
    *engine = loaded;
    return status;
}

static void *fill(void *context) {
    struct part *part = context;
    struct bytes answer = {0};
    const dora_engine_options options = {.struct_size = sizeof options, .threads = 1 + random_below(&part->random, 2)};
    part->status = dora_engine_new(&options, &part->engine, NULL);
    for (size_t i = 0; i < part->count && part->status == DORA_OK; i++) {
        part->status = dora_engine_add(part->engine, &part->facts[part->numbers[i]], 1, NULL);
        if (part->status == DORA_OK && !random_below(&part->random, 60))
            part->status = pass_through_state(&part->engine);
        if (part->status == DORA_OK && !random_below(&part->random, 60))
            part->status = fixture_answer(part->engine, NULL, &answer, NULL);
    }
    bytes_free(&answer);
    return NULL;
}

static dora_engine *merge_all(struct part *parts, size_t count, uint64_t *random) {
    for (; count > 1; count--) {
        size_t from = random_below(random, (uint32_t)count), into = random_below(random, (uint32_t)count - 1);
        into += into >= from;
        assert_int_equal(dora_engine_merge(parts[into].engine, parts[from].engine, NULL, NULL), DORA_OK);
        dora_engine_free(parts[from].engine);
        parts[from].engine = parts[count - 1].engine;
    }
    return parts[0].engine;
}

static void assert_same(dora_engine *engine, dora_engine *expected) {
    struct bytes texts[2] = {{0}, {0}};
    dora_engine *engines[2] = {engine, expected};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dora_engine_save(engines[i], bytes_append, &texts[i], NULL), DORA_OK);
        assert_int_equal(fixture_answer(engines[i], NULL, &texts[i], NULL), DORA_OK);
    }
    assert_int_equal(texts[0].size, texts[1].size);
    assert_memory_equal(texts[0].data, texts[1].data, texts[0].size);
    bytes_free(&texts[0]);
    bytes_free(&texts[1]);
}

static void check(uint64_t seed, size_t parts_count) {
    struct part *parts = calloc(parts_count, sizeof *parts);
    dora_fact *facts = fixture_facts(seed, COUNT, seed % 2 == 0);
    dora_engine *whole;
    uint64_t random = seed + 1;
    assert_int_equal(dora_engine_new(NULL, &whole, NULL), DORA_OK);
    assert_int_equal(dora_engine_add(whole, facts, COUNT, NULL), DORA_OK);
    for (size_t i = 0; i < COUNT; i++) {
        struct part *part = &parts[random_below(&random, (uint32_t)parts_count)];
        part->numbers[part->count++] = i;
    }
    for (size_t i = 0; i < parts_count; i++) {
        parts[i].facts = facts;
        parts[i].random = seed * 100 + i + 1;
        assert_int_equal(pthread_create(&parts[i].thread, NULL, fill, &parts[i]), 0);
    }
    for (size_t i = 0; i < parts_count; i++)
        pthread_join(parts[i].thread, NULL);
    for (size_t i = 0; i < parts_count; i++)
        assert_int_equal(parts[i].status, DORA_OK);
    dora_engine *merged = merge_all(parts, parts_count, &random);
    assert_same(merged, whole);
    dora_engine_free(merged);
    dora_engine_free(whole);
    free(facts);
    free(parts);
}

static void test_two_engines(void **unused) {
    (void)unused;
    for (uint64_t seed = 1; seed <= 6; seed++)
        check(seed, 2);
}

static void test_eight_engines(void **unused) {
    (void)unused;
    for (uint64_t seed = 11; seed <= 16; seed++)
        check(seed, PARTS_MOST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_engines),
        cmocka_unit_test(test_eight_engines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
