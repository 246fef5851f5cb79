/* SPDX-License-Identifier: MIT */
/*
 * Deployments added by the small call: the same engine as by dora_engine_add, whichever way the service is said, and an
 * error for each thing that cannot be.
 */
#include "../support/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 3000 };
static const int64_t second_us = 1000000;

/* A deployment in both forms; one in ten instants has a fraction, one id in three comes again. */
static void make(uint64_t *state, dora_deployment *small, dora_fact *fact, char service[24], char id[24]) {
    snprintf(service, 24, "service-%u", random_below(state, 20));
    snprintf(id, 24, "deployment-%u", random_below(state, 1000));
    dora_deployment_init(small);
    small->service_name = dora_string_of(random_below(state, 10) ? service : NULL);
    small->id = dora_string_of(random_below(state, 2) ? id : "");
    small->failed = (int8_t)((int)random_below(state, 3) - 1);
    small->rework = (int8_t)((int)random_below(state, 3) - 1);
    if (random_below(state, 20))
        small->finished_at = (1700000000 + random_below(state, 10000000)) * second_us + !random_below(state, 10);
    if (random_below(state, 3))
        small->committed_at = (1690000000 + random_below(state, 15000000)) * second_us + !random_below(state, 10);
    if (!random_below(state, 5))
        small->restored_at = (1700000000 + random_below(state, 15000000)) * second_us - !random_below(state, 50);
    dora_fact_init(fact, DORA_KIND_DEPLOYMENT);
    fact->service = small->service_name;
    fact->id = small->id;
    fact->failed = small->failed;
    fact->rework = small->rework;
    fact->finished_at = small->finished_at;
    fact->committed_at = small->committed_at;
    fact->restored_at = small->restored_at;
}

static void append_answer(dora_engine *engine, struct bytes *answer) {
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(fixture_answer(engine, NULL, answer, NULL), DORA_OK);
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    bytes_append(answer, &account, sizeof account);
}

static void test_same_as_facts(void **unused) {
    (void)unused;
    dora_engine *engines[2];
    struct bytes answers[2] = {{0}, {0}};
    uint64_t state = 99;
    char service[24], id[24];
    for (int i = 0; i < 2; i++)
        assert_int_equal(dora_engine_new(NULL, &engines[i], NULL), DORA_OK);
    for (int i = 0; i < COUNT; i++) {
        dora_deployment small;
        dora_fact fact;
        make(&state, &small, &fact, service, id);
        assert_int_equal(dora_engine_add(engines[0], &fact, 1, NULL), DORA_OK);
        if (random_below(&state, 2))
            assert_int_equal(dora_engine_service(engines[1], small.service_name, &small.service, NULL), DORA_OK);
        if (small.service)
            small.service_name = dora_string_of("not looked at");
        assert_int_equal(dora_engine_add_deployment(engines[1], &small, NULL), DORA_OK);
    }
    for (int i = 0; i < 2; i++) {
        append_answer(engines[i], &answers[i]);
        dora_engine_free(engines[i]);
    }
    assert_int_equal(answers[0].size, answers[1].size);
    assert_memory_equal(answers[0].data, answers[1].data, answers[0].size);
    bytes_free(&answers[0]);
    bytes_free(&answers[1]);
}

static void test_numbers_of_services(void **unused) {
    (void)unused;
    dora_engine *engine;
    dora_error error;
    uint32_t first, second, again;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    assert_int_equal(dora_engine_service(engine, dora_string_of("a"), &first, NULL), DORA_OK);
    assert_int_equal(dora_engine_service(engine, dora_string_of("b"), &second, NULL), DORA_OK);
    assert_int_equal(dora_engine_service(engine, dora_string_of("a"), &again, NULL), DORA_OK);
    assert_int_equal(first, again);
    assert_int_not_equal(first, second);
    assert_int_not_equal(first, 0);
    assert_int_equal(dora_engine_service(engine, dora_string_of(""), &again, NULL), DORA_OK);
    assert_int_equal(again, 0);
    assert_int_equal(dora_engine_service(engine, dora_string_of("\xff"), &again, &error), DORA_ERROR_INPUT);
    assert_string_equal(error.message, "service: ill-formed UTF-8");
    assert_int_equal(error.record, 0);
    assert_int_equal(dora_engine_service(engine, dora_string_of("a"), NULL, NULL), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_service(NULL, dora_string_of("a"), &again, NULL), DORA_ERROR_ARGUMENT);
    dora_engine_free(engine);
}

static void test_what_cannot_be(void **unused) {
    (void)unused;
    dora_deployment wrong[9];
    static const char *const messages[] = {
        "finished_at: instant out of range", "committed_at: instant out of range", "restored_at: instant out of range",
        "failed: not a value of its type",   "failed: not a value of its type",    "rework: not a value of its type",
        "service: no number of a service",   "service: ill-formed UTF-8",          "id: a size without bytes",
    };
    for (size_t i = 0; i < 9; i++)
        dora_deployment_init(&wrong[i]);
    wrong[0].finished_at = INT64_MAX;
    wrong[1].committed_at = INT64_MIN + 1;
    wrong[2].restored_at = INT64_C(253370764800000000); /* 9999-01-01 */
    wrong[3].failed = 2;
    wrong[4].failed = -2;
    wrong[5].rework = 3;
    wrong[6].service = 1;
    wrong[7].service_name = dora_string_of("\xc3");
    wrong[8].id = (dora_string){NULL, 3};
    dora_engine *engine;
    dora_error error;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(dora_engine_add_deployment(engine, &wrong[i], &error), DORA_ERROR_INPUT);
        assert_string_equal(error.message, messages[i]);
    }
    wrong[0].struct_size = 0;
    assert_int_equal(dora_engine_add_deployment(engine, &wrong[0], &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_add_deployment(engine, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_add_deployment(NULL, &wrong[0], &error), DORA_ERROR_ARGUMENT);
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_int_equal(account.records, 0);
    dora_engine_free(engine);
}

/* A caller of an earlier version knows fewer fields, one of a later version more. */
static void test_other_versions(void **unused) {
    (void)unused;
    struct {
        dora_deployment known;
        int64_t later;
    } given = {.later = 0};
    dora_engine *engine;
    dora_error error;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    dora_deployment_init(&given.known);
    given.known.struct_size = sizeof given;
    assert_int_equal(dora_engine_add_deployment(engine, &given.known, &error), DORA_OK);
    given.later = 1;
    assert_int_equal(dora_engine_add_deployment(engine, &given.known, &error), DORA_ERROR_ARGUMENT);
    given.known.struct_size = offsetof(dora_deployment, restored_at);
    given.known.restored_at = INT64_MAX; /* not looked at */
    assert_int_equal(dora_engine_add_deployment(engine, &given.known, &error), DORA_OK);
    dora_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_facts),
        cmocka_unit_test(test_numbers_of_services),
        cmocka_unit_test(test_what_cannot_be),
        cmocka_unit_test(test_other_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
