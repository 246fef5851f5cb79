/* SPDX-License-Identifier: MIT */
/*
 * A compacted state that holds every kind of section of what was forgotten, spoilt in every bit and cut at every byte,
 * with the checksums as they were and made to fit: loading says so or gives an engine that can be asked, merged, saved,
 * given more facts and compacted again.
 */
#include "../support/fixture.h"
#include "../support/heap.h"
#include "../support/reseal.h"

#include "engine.h"

#include <dora/compact.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMORY_A_BYTE = 1000, MEMORY_ALWAYS = 32 << 20, USE_EVERY = 23 };

static const char history[] =
    "{\"kind\":\"service\",\"id\":\"shop\",\"team\":\"red\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"d1\",\"service\":\"shop\",\"sha\":\"c2\",\"started_at\":\"2024-01-02T10:00:"
    "00Z\","
    "\"finished_at\":\"2024-01-02T11:00:00.5Z\",\"version\":\"v1\",\"release\":\"r1\",\"rollback_of\":\"d0\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"d2\",\"service\":\"shop\",\"sha\":\"c4\",\"finished_at\":\"2024-01-04\","
    "\"version\":\"v2\",\"environment\":\"Prod\",\"committed_at\":\"2024-01-01\",\"changes\":[\"c9\"]}\n"
    "{\"kind\":\"deployment\",\"service\":\"pay\",\"finished_at\":\"2024-01-05\",\"failed\":true,"
    "\"restored_at\":\"2024-01-06\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"d3\",\"service\":\"shop\",\"finished_at\":\"2024-02-20\",\"sha\":\"c5\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"d4\",\"service\":\"pay\",\"finished_at\":\"2024-02-20\"}\n"
    "{\"kind\":\"change\",\"id\":\"c1\",\"committed_at\":\"2024-01-01\",\"opened_at\":\"2024-01-01T01:00:00Z\","
    "\"first_review_at\":\"2024-01-01T02:00:00Z\",\"merged_at\":\"2024-01-01T03:00:00Z\"}\n"
    "{\"kind\":\"change\",\"id\":\"c2\",\"committed_at\":\"2024-01-01\",\"parents\":[\"c1\"]}\n"
    "{\"kind\":\"change\",\"id\":\"c4\",\"committed_at\":\"2024-01-03\",\"opened_at\":\"2024-01-03T01:00:00Z\","
    "\"first_review_at\":\"2024-01-03T02:00:00Z\",\"merged_at\":\"2024-01-03T03:00:00Z\",\"parents\":[\"c2\"]}\n"
    "{\"kind\":\"change\",\"id\":\"c5\",\"committed_at\":\"2024-02-19\",\"parents\":[\"c4\"]}\n"
    "{\"kind\":\"incident\",\"id\":\"i1\",\"service\":\"shop\",\"opened_at\":\"2024-01-04T02:00:00Z\","
    "\"resolved_at\":\"2024-01-04T03:00:00Z\"}\n"
    "{\"kind\":\"release\",\"id\":\"r1\",\"service\":\"shop\",\"category\":\"emergency\",\"version\":\"v1\","
    "\"started_at\":\"2024-01-01\",\"released_at\":\"2024-01-03\"}\n"
    "{\"kind\":\"phase\",\"release\":\"r1\",\"name\":\"build\",\"active\":true,\"started_at\":\"2024-01-01\","
    "\"finished_at\":\"2024-01-02\"}\n"
    "{\"kind\":\"phase\",\"release\":\"r1\",\"name\":\"approve\",\"started_at\":\"2024-01-02\","
    "\"finished_at\":\"2024-01-03\"}\n"
    "{\"kind\":\"defect\",\"id\":\"x1\",\"release\":\"r1\"}\n"
    "{\"kind\":\"downtime\",\"id\":\"w1\",\"release\":\"r1\",\"started_at\":\"2024-01-03\",\"ended_at\":\"2024-01-04\"}"
    "\n"
    "{\"kind\":\"feedback\",\"release\":\"r1\",\"measure\":\"complaints\",\"value\":2}\n"
    "{\"kind\":\"feedback\",\"release\":\"r1\",\"measure\":\"satisfaction\",\"value\":4.5}\n"
    "{\"kind\":\"feedback\",\"release\":\"r1\",\"measure\":\"adoption\",\"value\":0.5}\n"
    "{\"kind\":\"flag\",\"id\":\"f1\",\"deployment\":\"d1\",\"service\":\"shop\",\"enabled_at\":\"2024-01-09\"}\n";

static const char later[] =
    "{\"kind\":\"deployment\",\"id\":\"d9\",\"service\":\"shop\",\"finished_at\":\"2024-03-01\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"d1\",\"service\":\"shop\",\"finished_at\":\"2024-03-01\"}\n"
    "{\"kind\":\"incident\",\"id\":\"i9\",\"service\":\"pay\",\"opened_at\":\"2024-02-21\"}\n";

static struct bytes whole;
static size_t loaded_count;

static dora_engine *new_engine(const dora_allocator *allocator) {
    const dora_engine_options options = {.struct_size = sizeof options, .allocator = allocator};
    dora_engine *engine;
    assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
    return engine;
}

static void read_all(dora_engine *engine, const char *text) {
    const dora_reader_options options = {.struct_size = sizeof options, .format = DORA_FORMAT_NDJSON};
    dora_reader *reader;
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    assert_int_equal(dora_reader_feed(reader, text, strlen(text), NULL), DORA_OK);
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    dora_reader_free(reader);
}

static int make_whole(void **unused) {
    (void)unused;
    dora_engine *engine = new_engine(NULL);
    dora_account account = {.struct_size = sizeof account};
    read_all(engine, history);
    assert_int_equal(dora_engine_compact(engine, "2024-02-01", NULL), DORA_OK);
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_true(account.rejected == 0 && account.forgotten > 10);
    assert_int_equal(dora_engine_save(engine, bytes_append, &whole, NULL), DORA_OK);
    dora_engine_free(engine);
    return 0;
}

static int free_whole(void **unused) {
    (void)unused;
    bytes_free(&whole);
    return 0;
}

/* Whatever passed can be used like any other engine. */
static void use(dora_engine *engine) {
    struct bytes state = {0}, answer = {0};
    dora_engine *again = new_engine(NULL), *other = new_engine(NULL);
    dora_error error;
    assert_int_equal(dora_engine_save(engine, bytes_append, &state, NULL), DORA_OK);
    assert_int_equal(dora_engine_load(again, state.data, state.size, NULL, NULL), DORA_OK);
    assert_int_equal(dora_engine_merge(again, engine, NULL, NULL), DORA_OK);
    assert_int_equal(dora_engine_load(other, whole.data, whole.size, NULL, NULL), DORA_OK);
    dora_status status = dora_engine_merge(other, engine, NULL, &error);
    assert_true(status == DORA_OK || status == DORA_ERROR_STATE);
    read_all(engine, later);
    status = fixture_answer(engine, NULL, &answer, NULL);
    assert_true(status == DORA_OK || status == DORA_ERROR_LIMIT); /* a span of thousands of years */
    status = dora_engine_compact(engine, "2024-03-15", &error);
    assert_true(status == DORA_OK || status == DORA_ERROR_ARGUMENT || status == DORA_ERROR_LIMIT);
    dora_engine_free(other);
    dora_engine_free(again);
    bytes_free(&answer);
    bytes_free(&state);
}

static void try_load(const void *bytes, size_t size) {
    struct heap heap = {0};
    dora_allocator allocator = heap_allocator(&heap);
    dora_engine *engine = new_engine(&allocator);
    dora_error error;
    dora_status status = dora_engine_load(engine, bytes, size, NULL, &error);
    assert_true(heap.most <= size * MEMORY_A_BYTE + MEMORY_ALWAYS);
    if (status == DORA_OK && loaded_count++ % USE_EVERY == 0)
        use(engine);
    else if (status != DORA_OK) /* ARGUMENT and IO: an option that cannot be, such as a time zone */
        assert_true(status == DORA_ERROR_STATE || status == DORA_ERROR_ARGUMENT || status == DORA_ERROR_IO);
    dora_engine_free(engine);
    assert_int_equal(heap.blocks, 0);
}

static void test_every_bit(void **unused) {
    (void)unused;
    try_every_bit(whole.data, whole.size, try_load);
    assert_true(loaded_count > 10 * USE_EVERY);
}

static void test_every_length(void **unused) {
    (void)unused;
    try_every_length(whole.data, whole.size, try_load);
}

/* The last sample of each series, and the last phase, on a day that nothing else has: a state that no history makes.
   Room is made for as many days as are between the first and the last one. */
static void test_lonely_days(void **unused) {
    (void)unused;
    for (int series = 0; series <= DORA__SERIES_COUNT; series++) {
        dora_engine *made = new_engine(NULL), *engine = new_engine(NULL);
        struct bytes state = {0}, answer = {0};
        assert_int_equal(dora_engine_load(made, whole.data, whole.size, NULL, NULL), DORA_OK);
        struct dora__frozen *frozen = made->facts.frozen;
        int32_t day;
        if (series == DORA__SERIES_COUNT) {
            assert_true(frozen->phases_count);
            day = frozen->phases[frozen->phases_count - 1].day += 1000;
        } else {
            struct dora__samples *samples = &frozen->samples[series];
            assert_true(samples->count);
            day = samples->data[samples->count - 1].day += 1000;
        }
        assert_int_equal(dora_engine_save(made, bytes_append, &state, NULL), DORA_OK);
        assert_int_equal(dora_engine_load(engine, state.data, state.size, NULL, NULL), DORA_OK);
        assert_int_equal(fixture_answer(engine, NULL, &answer, NULL), DORA_OK);
        assert_true(engine->derived.first_day < day && day <= engine->derived.last_day);
        use(engine);
        dora_engine_free(made);
        dora_engine_free(engine);
        bytes_free(&state);
        bytes_free(&answer);
    }
}

/* Sections that only a first one gives a meaning. */
static void test_whole(void **unused) {
    (void)unused;
    dora_engine *engine = new_engine(NULL), *uncompacted = new_engine(NULL);
    dora_error error;
    assert_int_equal(dora_engine_load(engine, whole.data, whole.size, NULL, &error), DORA_OK);
    use(engine);
    read_all(uncompacted, later);
    assert_int_equal(dora_engine_load(uncompacted, whole.data, whole.size, NULL, &error), DORA_ERROR_STATE);
    dora_engine_free(engine);
    dora_engine_free(uncompacted);
}

/* An engine that has forgotten, though it had nothing yet, goes on refusing what is not compacted as it is. */
static void test_empty(void **unused) {
    (void)unused;
    static const char *const days[] = {"2024-02-01", "2024-01-31"};
    struct bytes plain = {0};
    dora_engine *engine = new_engine(NULL);
    read_all(engine, history);
    assert_int_equal(dora_engine_save(engine, bytes_append, &plain, NULL), DORA_OK);
    dora_engine_free(engine);
    for (int same = 1; same >= 0; same--) {
        dora_error error;
        engine = new_engine(NULL);
        assert_int_equal(dora_engine_compact(engine, days[!same], NULL), DORA_OK);
        assert_int_equal(dora_engine_load(engine, plain.data, plain.size, NULL, &error), DORA_ERROR_STATE);
        dora_status status = dora_engine_load(engine, whole.data, whole.size, NULL, &error);
        assert_int_equal(status, same ? DORA_OK : DORA_ERROR_STATE);
        dora_engine_free(engine);
    }
    bytes_free(&plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),     cmocka_unit_test(test_lonely_days),  cmocka_unit_test(test_empty),
        cmocka_unit_test(test_every_bit), cmocka_unit_test(test_every_length),
    };
    return cmocka_run_group_tests(tests, make_whole, free_whole);
}
