/* SPDX-License-Identifier: MIT */
/*
 * A compacted engine refuses what comes too late, whichever way it comes, and takes the rest: the state and the account
 * are then the same. What cannot be compacted, or not like that, is said.
 */
#include "../support/fixture.h"
#include "../support/made.h"

#include <dora/arrow.h>
#include <dora/compact.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY_US   INT64_C(86400000000)
#define BEGIN_US INT64_C(1704067200000000) /* 2024-01-01 */

static const char before[] = "2024-02-01";
static const char history[] = "id,service,finished_at,version\nd1,shop,2024-01-02,v1\nd2,shop,2024-01-05,v2\n"
                              "d3,shop,2024-01-20,v3\n";

/* Of these the first two are too late: one has a forgotten id, one belongs to a day before. */
enum { COUNT = 4, LATE = 2 };
static const char *const ids[COUNT] = {"d1", "d7", "d8", "d9"};
static const int days[COUNT] = {40, 10, 50, 31};

static const char header[] = "id,service,finished_at\n";
static const char csv_rows[] = "d1,shop,2024-02-10\nd7,shop,2024-01-11\nd8,shop,2024-02-20\nd9,shop,2024-02-01\n";
static const char ndjson[] = "{\"id\":\"d1\",\"service\":\"shop\",\"finished_at\":\"2024-02-10\"}\n"
                             "{\"id\":\"d7\",\"service\":\"shop\",\"finished_at\":\"2024-01-11\"}\n"
                             "{\"id\":\"d8\",\"service\":\"shop\",\"finished_at\":\"2024-02-20\"}\n"
                             "{\"id\":\"d9\",\"service\":\"shop\",\"finished_at\":\"2024-02-01\"}\n";

static struct bytes state; /* of the history, compacted */

static dora_engine *new_engine(uint32_t threads) {
    const dora_engine_options options = {.struct_size = sizeof options, .threads = threads};
    dora_engine *engine;
    assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
    return engine;
}

static void load(dora_engine *engine) {
    assert_int_equal(dora_engine_load(engine, state.data, state.size, NULL, NULL), DORA_OK);
}

static int note_reject(void *context, const dora_error *error) {
    assert_non_null(strstr(error->message, "too late"));
    assert_true(error->record == 1 || error->record == 2);
    ++*(int *)context;
    return 0;
}

static dora_reader *new_reader(dora_engine *engine, dora_once once, int *rejected) {
    const dora_reader_options options = {
        .struct_size = sizeof options, .once = once, .on_reject = note_reject, .on_reject_context = rejected};
    dora_reader *reader;
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    return reader;
}

static void feed(dora_reader *reader, const char *text) {
    assert_int_equal(dora_reader_feed(reader, text, strlen(text), NULL), DORA_OK);
}

static void finish(dora_reader *reader) {
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    dora_reader_free(reader);
}

static int set_up(void **unused) {
    (void)unused;
    int rejected = 0;
    dora_engine *engine = new_engine(1);
    dora_reader *reader = new_reader(engine, DORA_ONCE_OFF, &rejected);
    feed(reader, history);
    finish(reader);
    assert_int_equal(dora_engine_compact(engine, before, NULL), DORA_OK);
    assert_int_equal(dora_engine_save(engine, bytes_append, &state, NULL), DORA_OK);
    dora_engine_free(engine);
    return rejected;
}

static int tear_down(void **unused) {
    (void)unused;
    bytes_free(&state);
    return 0;
}

/* Each way takes a new engine and leaves it with the state and what was not too late; how many records were refused. */
typedef int way_fn(dora_engine *engine);

static int add_facts(dora_engine *engine) {
    int refused = 0;
    load(engine);
    for (int i = 0; i < COUNT; i++) {
        dora_fact fact;
        dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
        fact.id = dora_string_of(ids[i]);
        fact.service = dora_string_of("shop");
        fact.finished_at = BEGIN_US + days[i] * DAY_US;
        dora_status status = dora_engine_add(engine, &fact, 1, NULL);
        assert_int_equal(status, i < LATE ? DORA_ERROR_TOO_LATE : DORA_OK);
        refused += status != DORA_OK;
    }
    return refused;
}

static int add_deployments(dora_engine *engine) {
    int refused = 0;
    load(engine);
    for (int i = 0; i < COUNT; i++) {
        dora_deployment deployment;
        dora_error error;
        dora_deployment_init(&deployment);
        deployment.id = dora_string_of(ids[i]);
        deployment.service_name = dora_string_of("shop");
        deployment.finished_at = BEGIN_US + days[i] * DAY_US;
        dora_status status = dora_engine_add_deployment(engine, &deployment, &error);
        assert_int_equal(status, i < LATE ? DORA_ERROR_TOO_LATE : DORA_OK);
        assert_true(status == DORA_OK || strstr(error.message, "too late"));
        refused += status != DORA_OK;
    }
    return refused;
}

static int read_ndjson(dora_engine *engine) {
    int refused = 0;
    load(engine);
    dora_reader *reader = new_reader(engine, DORA_ONCE_OFF, &refused);
    feed(reader, ndjson);
    finish(reader);
    return refused;
}

static int read_csv(dora_engine *engine) {
    int refused = 0;
    load(engine);
    dora_reader *reader = new_reader(engine, DORA_ONCE_OFF, &refused);
    feed(reader, header);
    feed(reader, csv_rows);
    finish(reader);
    return refused;
}

/* The engine was not compacted when the reader was made, and saw the header. */
static int read_csv_from_before(dora_engine *engine) {
    int refused = 0;
    dora_reader *reader = new_reader(engine, DORA_ONCE_OFF, &refused);
    feed(reader, header);
    load(engine);
    feed(reader, csv_rows);
    finish(reader);
    return refused;
}

static int read_ndjson_from_before(dora_engine *engine) {
    int refused = 0;
    dora_reader *reader = new_reader(engine, DORA_ONCE_OFF, &refused);
    load(engine);
    feed(reader, ndjson);
    finish(reader);
    return refused;
}

static int add_columns(dora_engine *engine) {
    const struct layout text = {.format = "u"}, time = {.format = "tsu:UTC"};
    int refused = 0;
    dora_string names[COUNT], services[COUNT];
    int64_t instants[COUNT];
    struct made table = made_array("+s", "", COUNT, 0);
    for (int i = 0; i < COUNT; i++) {
        names[i] = dora_string_of(ids[i]);
        services[i] = dora_string_of("shop");
        instants[i] = BEGIN_US + days[i] * DAY_US;
    }
    made_buffer(&table, NULL, 0);
    made_child(&table, made_strings("id", text, names, COUNT));
    made_child(&table, made_strings("service", text, services, COUNT));
    made_child(&table, made_numbers("finished_at", time, instants, COUNT));
    load(engine);
    const dora_arrow_options options = {
        .struct_size = sizeof options, .on_reject = note_reject, .on_reject_context = &refused};
    assert_int_equal(dora_engine_add_arrow_array(engine, &table.array, &table.schema, &options, NULL), DORA_OK);
    return refused;
}

static way_fn *const ways[] = {
    add_facts, add_deployments, read_ndjson, read_csv, read_csv_from_before, read_ndjson_from_before, add_columns};

static void test_every_way(void **unused) {
    (void)unused;
    struct bytes expected = {0};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (uint32_t threads = 1; threads <= 2; threads++) {
            dora_engine *engine = new_engine(threads);
            dora_account account = {.struct_size = sizeof account};
            struct bytes saved = {0};
            assert_int_equal(ways[i](engine), LATE);
            assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
            assert_int_equal(account.records, COUNT);
            assert_int_equal(account.rejected, LATE);
            assert_int_equal(account.too_late, LATE);
            assert_true(account.records + account.loaded == account.facts + account.merged + account.rejected);
            assert_int_equal(dora_engine_save(engine, bytes_append, &saved, NULL), DORA_OK);
            if (i == 0 && threads == 1)
                bytes_append(&expected, saved.data, saved.size);
            assert_int_equal(saved.size, expected.size);
            assert_memory_equal(saved.data, expected.data, saved.size);
            bytes_free(&saved);
            dora_engine_free(engine);
        }
    bytes_free(&expected);
    assert_int_equal(made_alive, 0);
}

/* A megabyte for two threads, to a reader that was made before the engine was compacted. */
static void test_large_pieces(void **unused) {
    (void)unused;
    enum { ROWS = 20000 };
    struct bytes text = {0};
    int refused = 0;
    dora_account account = {.struct_size = sizeof account};
    dora_engine *engine = new_engine(2);
    const dora_reader_options options = {.struct_size = sizeof options};
    dora_reader *reader;
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    feed(reader, header);
    load(engine);
    for (int i = 0; i < ROWS; i++)
        bytes_puts(&text, i % 4 ? ",shop,2024-02-20T01:02:03.000004Z\n" : ",shop,2024-01-10T01:02:03.000004Z\n");
    assert_int_equal(dora_reader_feed(reader, text.data, text.size, NULL), DORA_OK);
    finish(reader);
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_int_equal(account.too_late, ROWS / 4);
    assert_int_equal(account.records, ROWS);
    assert_int_equal(refused, 0);
    bytes_free(&text);
    dora_engine_free(engine);
}

/* What none of the records of an input that is read once says alone: the version of a forgotten deployment. */
static void test_together(void **unused) {
    (void)unused;
    static const char parts[] = "{\"kind\":\"release\",\"id\":\"r\",\"version\":\"v1\"}\n"
                                "{\"kind\":\"release\",\"id\":\"r\",\"service\":\"shop\"}\n";
    int refused = 0;
    struct bytes after = {0};
    dora_account account = {.struct_size = sizeof account};
    dora_engine *engine = new_engine(1);
    load(engine);
    dora_reader *reader = new_reader(engine, DORA_ONCE, &refused);
    feed(reader, parts);
    finish(reader);
    assert_int_equal(refused, 0);
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_int_equal(account.too_late, 1);
    assert_true(account.records + account.loaded == account.facts + account.merged + account.rejected);
    assert_int_equal(account.facts, 3);
    dora_engine_free(engine);
    bytes_free(&after);
}

static void test_what_cannot_be(void **unused) {
    (void)unused;
    dora_error error;
    const dora_engine_options unfit[] = {
        {.struct_size = sizeof *unfit, .changes = DORA_CHANGES_TIME},
        {.struct_size = sizeof *unfit, .infer_rollbacks = 1},
    };
    assert_int_equal(dora_engine_compact(NULL, before, &error), DORA_ERROR_ARGUMENT);
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        dora_engine *engine;
        assert_int_equal(dora_engine_new(&unfit[i], &engine, NULL), DORA_OK);
        assert_int_equal(dora_engine_compact(engine, before, &error), DORA_ERROR_ARGUMENT);
        assert_int_equal(dora_engine_load(engine, state.data, state.size, NULL, &error), DORA_ERROR_ARGUMENT);
        dora_engine_free(engine);
    }
    dora_engine *engine = new_engine(1);
    struct bytes saved = {0};
    load(engine);
    assert_int_equal(dora_engine_compact(engine, NULL, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_compact(engine, "2024-01-31", &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_compact(engine, "2024-02-30", &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_save(engine, bytes_append, &saved, NULL), DORA_OK);
    assert_int_equal(saved.size, state.size);
    assert_memory_equal(saved.data, state.data, saved.size);
    bytes_free(&saved);
    dora_engine_free(engine);
}

static int stop_where_told(void *context, const dora_progress *progress) {
    (void)progress;
    return *(int *)context;
}

static void test_cancelled(void **unused) {
    (void)unused;
    enum { MANY = 100000 };
    int told = 0;
    const dora_engine_options options = {
        .struct_size = sizeof options, .progress = stop_where_told, .progress_context = &told};
    struct bytes uncompacted = {0}, saved = {0};
    dora_engine *engine;
    dora_error error;
    assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
    for (int i = 0; i < MANY; i++) {
        dora_deployment deployment;
        dora_deployment_init(&deployment);
        deployment.finished_at = BEGIN_US + i % 60 * DAY_US;
        assert_int_equal(dora_engine_add_deployment(engine, &deployment, NULL), DORA_OK);
    }
    assert_int_equal(dora_engine_save(engine, bytes_append, &uncompacted, NULL), DORA_OK);
    told = 1;
    assert_int_equal(dora_engine_compact(engine, before, &error), DORA_ERROR_CANCELLED);
    told = 0;
    assert_int_equal(dora_engine_save(engine, bytes_append, &saved, NULL), DORA_OK);
    assert_int_equal(saved.size, uncompacted.size);
    assert_memory_equal(saved.data, uncompacted.data, saved.size);
    assert_int_equal(dora_engine_compact(engine, before, &error), DORA_OK);
    bytes_free(&uncompacted);
    bytes_free(&saved);
    dora_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way),      cmocka_unit_test(test_large_pieces), cmocka_unit_test(test_together),
        cmocka_unit_test(test_what_cannot_be), cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
