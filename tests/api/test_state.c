/* SPDX-License-Identifier: MIT */
/*
 * States: the same facts give the same bytes, however they arrived; what was loaded or merged answers as what was read;
 * an input that must count once does.
 */
#include "../support/fixture.h"

#include <dora/compact.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { COUNT = 400, PARTS = 5 };

static dora_engine *new_engine(void) {
    dora_engine *engine;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    return engine;
}

static struct bytes state_of(dora_engine *engine) {
    struct bytes state = {0};
    assert_int_equal(dora_engine_save(engine, bytes_append, &state, NULL), DORA_OK);
    return state;
}

static void assert_same(const struct bytes *a, const struct bytes *b) {
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

static dora_engine *load(const struct bytes *state) {
    dora_engine *engine = new_engine();
    dora_error error;
    if (dora_engine_load(engine, state->data, state->size, NULL, &error) != DORA_OK)
        fail_msg("%s at %lu", error.message, (unsigned long)error.byte);
    return engine;
}

static void shuffle(dora_fact *facts, size_t count, uint64_t *random) {
    for (size_t i = count; i > 1; i--) {
        size_t other = random_below(random, (uint32_t)i);
        dora_fact swap = facts[i - 1];
        facts[i - 1] = facts[other];
        facts[other] = swap;
    }
}

/* The engine answers and accounts for its facts as the state's would that is expected. */
static void assert_answers(dora_engine *engine, dora_engine *expected) {
    struct bytes answers[2] = {{0}, {0}};
    dora_account accounts[2] = {{.struct_size = sizeof *accounts}, {.struct_size = sizeof *accounts}};
    dora_engine *engines[2] = {engine, expected};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture_answer(engines[i], NULL, &answers[i], NULL), DORA_OK);
        assert_int_equal(dora_engine_account(engines[i], &accounts[i], NULL), DORA_OK);
        assert_true(accounts[i].records + accounts[i].loaded ==
                    accounts[i].facts + accounts[i].merged + accounts[i].rejected);
    }
    assert_same(&answers[0], &answers[1]);
    assert_true(accounts[0].facts == accounts[1].facts);
    assert_memory_equal(accounts[0].dispositions, accounts[1].dispositions, sizeof accounts[0].dispositions);
    bytes_free(&answers[0]);
    bytes_free(&answers[1]);
}

/* Merges parts two by two, at random, some of them after being saved and loaded, until one is left. */
static dora_engine *merge_tree(dora_engine **parts, size_t count, uint64_t *random) {
    while (count > 1) {
        size_t from = random_below(random, (uint32_t)count), into = random_below(random, (uint32_t)count - 1);
        into += into >= from;
        if (random_below(random, 2)) {
            struct bytes state = state_of(parts[into]);
            dora_engine_free(parts[into]);
            parts[into] = load(&state);
            bytes_free(&state);
        }
        assert_int_equal(dora_engine_merge(parts[into], parts[from], NULL, NULL), DORA_OK);
        dora_engine_free(parts[from]);
        parts[from] = parts[--count];
    }
    return parts[0];
}

static void test_same_facts_same_bytes(void **unused) {
    (void)unused;
    uint64_t random = 7;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        dora_fact *facts = fixture_facts(seed, COUNT, seed % 3 == 0);
        dora_engine *whole = new_engine(), *parts[PARTS];
        assert_int_equal(dora_engine_add(whole, facts, COUNT, NULL), DORA_OK);
        struct bytes expected = state_of(whole);
        shuffle(facts, COUNT, &random);
        for (int i = 0; i < PARTS; i++)
            parts[i] = new_engine();
        for (size_t i = 0; i < COUNT; i++)
            assert_int_equal(dora_engine_add(parts[random_below(&random, PARTS)], &facts[i], 1, NULL), DORA_OK);
        dora_engine *merged = merge_tree(parts, PARTS, &random);
        struct bytes state = state_of(merged);
        assert_same(&expected, &state);
        assert_answers(merged, whole);
        dora_engine *loaded = load(&state);
        struct bytes again = state_of(loaded);
        assert_same(&expected, &again);
        assert_answers(loaded, whole);
        bytes_free(&again);
        bytes_free(&state);
        bytes_free(&expected);
        dora_engine_free(loaded);
        dora_engine_free(merged);
        dora_engine_free(whole);
        free(facts);
    }
}

static void test_merging_ids_twice_changes_nothing(void **unused) {
    (void)unused;
    dora_fact *facts = fixture_facts(3, COUNT, 1);
    dora_engine *engine = new_engine(), *same = new_engine();
    assert_int_equal(dora_engine_add(engine, facts, COUNT, NULL), DORA_OK);
    assert_int_equal(dora_engine_add(same, facts, COUNT, NULL), DORA_OK);
    struct bytes before = state_of(engine);
    assert_int_equal(dora_engine_merge(engine, same, NULL, NULL), DORA_OK);
    assert_int_equal(dora_engine_load(engine, before.data, before.size, NULL, NULL), DORA_OK);
    struct bytes after = state_of(engine);
    assert_same(&before, &after);
    bytes_free(&before);
    bytes_free(&after);
    dora_engine_free(engine);
    dora_engine_free(same);
    free(facts);
}

static void test_added_after_loading(void **unused) {
    (void)unused;
    dora_fact *facts = fixture_facts(9, COUNT, 0);
    dora_engine *whole = new_engine(), *half = new_engine();
    assert_int_equal(dora_engine_add(whole, facts, COUNT, NULL), DORA_OK);
    assert_int_equal(dora_engine_add(half, facts, COUNT / 2, NULL), DORA_OK);
    struct bytes state = state_of(half);
    dora_engine *loaded = load(&state);
    struct bytes answer = {0};
    assert_int_equal(fixture_answer(loaded, NULL, &answer, NULL), DORA_OK);
    assert_int_equal(dora_engine_add(loaded, facts + COUNT / 2, COUNT - COUNT / 2, NULL), DORA_OK);
    assert_answers(loaded, whole);
    bytes_free(&answer);
    bytes_free(&state);
    dora_engine_free(loaded);
    dora_engine_free(half);
    dora_engine_free(whole);
    free(facts);
}

static dora_status read_once(dora_engine *engine, const char *text, dora_once once, dora_error *error) {
    const dora_reader_options options = {.struct_size = sizeof options, .once = once};
    dora_reader *reader;
    assert_int_equal(dora_reader_new(engine, &options, &reader, error), DORA_OK);
    for (size_t i = 0; i < strlen(text); i++)
        assert_int_equal(dora_reader_feed(reader, text + i, 1, error), DORA_OK);
    dora_status status = dora_reader_finish(reader, error);
    assert_int_equal(dora_reader_finish(reader, NULL), status);
    dora_reader_free(reader);
    return status;
}

static uint64_t facts_in(dora_engine *engine) {
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_true(account.records + account.loaded == account.facts + account.merged + account.rejected);
    return account.facts;
}

static const char nameless[] = "service,finished_at\nshop,2024-01-05\nshop,2024-01-05\n";
static const char named[] = "id,service,finished_at\nd1,shop,2024-01-05\nd2,shop,2024-01-06\n";

static void test_input_once(void **unused) {
    (void)unused;
    dora_error error;
    dora_engine *engine = new_engine();
    assert_int_equal(read_once(engine, nameless, DORA_ONCE, &error), DORA_OK);
    assert_int_equal(facts_in(engine), 2);
    assert_int_equal(read_once(engine, nameless, DORA_ONCE, &error), DORA_ERROR_REPEATED);
    assert_int_equal(facts_in(engine), 2);
    struct bytes state = state_of(engine);
    dora_engine *loaded = load(&state);
    assert_int_equal(read_once(loaded, nameless, DORA_ONCE, &error), DORA_ERROR_REPEATED);
    assert_int_equal(read_once(loaded, named, DORA_ONCE, &error), DORA_OK);
    assert_int_equal(facts_in(loaded), 4);
    assert_int_equal(read_once(loaded, nameless, DORA_ONCE_AGAIN, &error), DORA_OK);
    assert_int_equal(facts_in(loaded), 6);
    bytes_free(&state);
    dora_engine_free(loaded);
    dora_engine_free(engine);
}

static void test_merge_of_the_same_input(void **unused) {
    (void)unused;
    dora_error error;
    const dora_merge_options again = {.struct_size = sizeof again, .again = 1};
    dora_engine *a = new_engine(), *b = new_engine();
    assert_int_equal(read_once(a, named, DORA_ONCE, &error), DORA_OK);
    assert_int_equal(read_once(b, named, DORA_ONCE, &error), DORA_OK);
    assert_int_equal(dora_engine_merge(a, b, NULL, &error), DORA_OK); /* every fact has an id: no harm */
    assert_int_equal(facts_in(a), 2);
    assert_int_equal(read_once(a, nameless, DORA_ONCE, &error), DORA_OK);
    assert_int_equal(read_once(b, nameless, DORA_ONCE, &error), DORA_OK);
    struct bytes before = state_of(a);
    assert_int_equal(dora_engine_merge(a, b, NULL, &error), DORA_ERROR_REPEATED);
    struct bytes after = state_of(a);
    assert_same(&before, &after);
    assert_int_equal(dora_engine_merge(a, b, &again, &error), DORA_OK);
    assert_int_equal(facts_in(a), 6);
    bytes_free(&before);
    bytes_free(&after);
    dora_engine_free(a);
    dora_engine_free(b);
}

static void test_what_is_no_state(void **unused) {
    (void)unused;
    dora_error error;
    dora_engine *engine = new_engine();
    struct bytes state = state_of(engine);
    assert_true(dora_is_state(state.data, state.size));
    assert_false(dora_is_state(state.data, 7));
    assert_int_equal(dora_engine_load(engine, "", 0, NULL, &error), DORA_ERROR_STATE);
    assert_int_equal(dora_engine_load(engine, named, sizeof named, NULL, &error), DORA_ERROR_STATE);
    assert_int_equal(dora_engine_load(NULL, "", 0, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_merge(engine, engine, NULL, &error), DORA_ERROR_ARGUMENT);
    state.data[8] = 2;
    assert_int_equal(dora_engine_load(engine, state.data, state.size, NULL, &error), DORA_ERROR_STATE);
    assert_non_null(strstr(error.message, "2.0"));
    bytes_free(&state);
    dora_engine_free(engine);
}

static int refuse(void *context, const void *data, size_t size) {
    (void)context, (void)data, (void)size;
    return 1;
}

static void test_bad_arguments(void **unused) {
    (void)unused;
    dora_error error;
    const dora_merge_options later = {.struct_size = 0};
    dora_engine *engine = new_engine(), *other = new_engine();
    struct bytes state = state_of(engine);
    assert_int_equal(dora_engine_save(NULL, refuse, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_save(engine, NULL, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_save(engine, refuse, NULL, &error), DORA_ERROR_IO);
    assert_int_equal(dora_engine_save_file(engine, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_load_file(engine, NULL, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_load(engine, NULL, 1, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_load(engine, state.data, state.size, &later, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_merge(engine, other, &later, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_merge(engine, NULL, NULL, &error), DORA_ERROR_ARGUMENT);
    bytes_free(&state);
    dora_engine_free(other);
    dora_engine_free(engine);
}

/* A history as they are: some services have most of the deployments, which come in seconds and hours after the commit,
   and one in ten fails. The size of its state, compacted or not. */
static size_t size_of(uint32_t count, bool ids, bool compacted, uint32_t *service_days) {
    enum { SERVICES = 40, DAYS = 500 };
    static const int64_t begin_us = INT64_C(1640995200000000), second_us = 1000000, day_s = 86400; /* 2022-01-01 */
    static uint8_t seen[SERVICES][DAYS];
    uint64_t random = 5;
    dora_engine *engine = new_engine();
    memset(seen, 0, sizeof seen);
    *service_days = 0;
    for (uint32_t i = 0; i < count; i++) {
        char service[16], id[16];
        dora_deployment deployment;
        uint32_t number = random_below(&random, 1 + random_below(&random, SERVICES)), day = i / (count / DAYS);
        snprintf(service, sizeof service, "service-%u", (unsigned)number);
        snprintf(id, sizeof id, "%08x", (unsigned)(i * UINT32_C(2654435761)));
        dora_deployment_init(&deployment);
        deployment.service_name = dora_string_of(service);
        if (ids)
            deployment.id = dora_string_of(id);
        deployment.finished_at = begin_us + (day * day_s + random_below(&random, 86400)) * second_us;
        deployment.committed_at = deployment.finished_at - random_below(&random, 400000) * second_us;
        deployment.failed = random_below(&random, 10) == 0;
        if (deployment.failed)
            deployment.restored_at = deployment.finished_at + random_below(&random, 20000) * second_us;
        assert_int_equal(dora_engine_add_deployment(engine, &deployment, NULL), DORA_OK);
        *service_days += !seen[number][day];
        seen[number][day] = 1;
    }
    if (compacted)
        assert_int_equal(dora_engine_compact(engine, "2024-01-01", NULL), DORA_OK);
    struct bytes state = state_of(engine);
    size_t size = state.size;
    bytes_free(&state);
    dora_engine_free(engine);
    return size;
}

/* What docs/state.md and docs/forgetting.md say of sizes, with some room. */
static void test_sizes(void **unused) {
    (void)unused;
    enum { MANY = 50000 };
    uint32_t service_days;
    size_t inline_facts = size_of(MANY, false, false, &service_days);
    assert_true(inline_facts <= MANY * 8);
    size_t compacted = size_of(MANY, false, true, &service_days);
    assert_true(compacted <= MANY * 5 && compacted <= service_days * 16);
    size_t with_ids = size_of(MANY, true, true, &service_days);
    assert_true(with_ids >= compacted + MANY * 16 && with_ids <= compacted + MANY * 16 + 1000);
}

/* In the folder of the build, or where the test is run. */
static void make_folder(char folder[256]) {
    const char *build = getenv("DORA_BUILD");
    snprintf(folder, 256, "%s/state-XXXXXX", build && strlen(build) < 200 ? build : ".");
    assert_non_null(mkdtemp(folder));
}

static void test_files(void **unused) {
    (void)unused;
    char folder[256], path[300], link[300], nowhere[300];
    struct stat about;
    dora_error error;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/a.dora", folder);
    snprintf(link, sizeof link, "%s/link.dora", folder);
    snprintf(nowhere, sizeof nowhere, "%s/none/a.dora", folder);
    dora_engine *engine = new_engine(), *loaded = new_engine();
    assert_int_equal(dora_engine_load_file(engine, path, NULL, &error), DORA_ERROR_IO);
    assert_int_equal(read_once(engine, named, DORA_ONCE, &error), DORA_OK);
    assert_int_equal(dora_engine_save_file(engine, path, &error), DORA_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(dora_engine_save_file(engine, path, &error), DORA_OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0640);
    assert_int_equal(dora_engine_load_file(loaded, path, NULL, &error), DORA_OK);
    assert_int_equal(facts_in(loaded), 2);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(dora_engine_save_file(engine, link, &error), DORA_ERROR_IO);
    assert_int_equal(dora_engine_save_file(engine, folder, &error), DORA_ERROR_IO);
    assert_int_equal(dora_engine_save_file(engine, nowhere, &error), DORA_ERROR_IO);
    assert_non_null(strstr(error.message, "no such file or folder"));
    dora_engine_free(engine);
    dora_engine_free(loaded);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else is left */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_facts_same_bytes),
        cmocka_unit_test(test_merging_ids_twice_changes_nothing),
        cmocka_unit_test(test_added_after_loading),
        cmocka_unit_test(test_input_once),
        cmocka_unit_test(test_merge_of_the_same_input),
        cmocka_unit_test(test_what_is_no_state),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
