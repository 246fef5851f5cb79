/* SPDX-License-Identifier: MIT */
/*
 * Facts on their way out: what is given away, or taken from an engine, and written in either form makes the same state
 * when it is read back; what cannot be written is refused and leaves no trace.
 */
#include "../support/fixture.h"

#include <dora/facts.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 600 };

static dora_engine *new_engine(void) {
    dora_engine *engine;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    return engine;
}

static dora_fact_writer *new_writer(dora_output output, struct bytes *out) {
    const dora_writer_options options = {.struct_size = sizeof options, .output = output};
    dora_fact_writer *writer;
    assert_int_equal(dora_fact_writer_new(&options, bytes_append, out, &writer, NULL), DORA_OK);
    return writer;
}

static void finish(dora_fact_writer *writer) {
    assert_int_equal(dora_fact_writer_finish(writer, NULL), DORA_OK);
    dora_fact_writer_free(writer);
}

static int take(void *writer, const dora_fact *fact) {
    dora_error error;
    if (dora_fact_writer_put(writer, fact, 1, &error) != DORA_OK)
        fail_msg("%s", error.message);
    return 0;
}

/* Reads text in pieces of that size into the engine, or into the writer where there is one. */
static uint64_t read_text(dora_engine *engine, dora_fact_writer *writer, const struct bytes *text, size_t piece) {
    const dora_reader_options options = {
        .struct_size = sizeof options, .on_fact = writer ? take : NULL, .on_fact_context = writer};
    dora_reader *reader;
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    for (size_t at = 0; at < text->size; at += piece)
        assert_int_equal(
            dora_reader_feed(reader, text->data + at, text->size - at < piece ? text->size - at : piece, NULL),
            DORA_OK);
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    uint64_t records = dora_reader_records(reader);
    dora_reader_free(reader);
    return records;
}

static void assert_state(dora_engine *engine, dora_engine *expected) {
    struct bytes states[2] = {{0}, {0}};
    assert_int_equal(dora_engine_save(engine, bytes_append, &states[0], NULL), DORA_OK);
    assert_int_equal(dora_engine_save(expected, bytes_append, &states[1], NULL), DORA_OK);
    assert_int_equal(states[0].size, states[1].size);
    assert_memory_equal(states[0].data, states[1].data, states[0].size);
    bytes_free(&states[0]);
    bytes_free(&states[1]);
}

/* The facts of the text are in the engine. */
static void assert_text(const struct bytes *text, dora_engine *expected) {
    dora_engine *engine = new_engine();
    dora_account account = {.struct_size = sizeof account};
    read_text(engine, NULL, text, SIZE_MAX);
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_int_equal(account.rejected, 0);
    assert_int_equal(account.unknown_fields, 0);
    assert_state(engine, expected);
    dora_engine_free(engine);
}

static void test_written_and_read(void **state) {
    (void)state;
    for (int output = DORA_OUTPUT_NDJSON; output <= DORA_OUTPUT_CSV; output++) {
        dora_fact *facts = fixture_facts(7 + (uint64_t)output, COUNT, 0);
        dora_engine *engine = new_engine();
        struct bytes text = {0};
        dora_fact_writer *writer = new_writer((dora_output)output, &text);
        assert_int_equal(dora_engine_add(engine, facts, COUNT, NULL), DORA_OK);
        assert_int_equal(dora_fact_writer_put(writer, facts, COUNT, NULL), DORA_OK);
        finish(writer);
        assert_text(&text, engine);
        bytes_free(&text);
        dora_engine_free(engine);
        free(facts);
    }
}

/* A reader in between changes nothing, in whatever pieces it is fed, and adds nothing to its engine. */
static void test_given_away(void **state) {
    (void)state;
    dora_fact *facts = fixture_facts(3, COUNT, 0);
    for (int form = 0; form < 2; form++)
        for (int output = DORA_OUTPUT_NDJSON; output <= DORA_OUTPUT_CSV; output++) {
            struct bytes text = {0}, outs[2] = {{0}, {0}};
            dora_engine *engine = new_engine(), *bystander = new_engine();
            dora_account account = {.struct_size = sizeof account};
            (form ? fixture_csv : fixture_ndjson)(facts, COUNT, 11, &text);
            uint64_t records = read_text(engine, NULL, &text, SIZE_MAX);
            for (int i = 0; i < 2; i++) {
                dora_fact_writer *writer = new_writer((dora_output)output, &outs[i]);
                assert_true(read_text(bystander, writer, &text, i ? 13 : SIZE_MAX) == records);
                finish(writer);
                assert_text(&outs[i], engine);
            }
            assert_int_equal(outs[0].size, outs[1].size);
            assert_memory_equal(outs[0].data, outs[1].data, outs[0].size);
            assert_int_equal(dora_engine_account(bystander, &account, NULL), DORA_OK);
            assert_int_equal(account.records, 0);
            assert_int_equal(account.facts, 0);
            dora_engine_free(engine);
            dora_engine_free(bystander);
            bytes_free(&text);
            bytes_free(&outs[0]);
            bytes_free(&outs[1]);
        }
    free(facts);
}

static void test_engine_restated(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        dora_fact *facts = fixture_facts(seed, COUNT, seed == 2);
        struct bytes outs[2] = {{0}, {0}};
        dora_engine *engines[2] = {new_engine(), new_engine()};
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(dora_engine_add(engines[0], &facts[i], 1, NULL), DORA_OK);
            assert_int_equal(dora_engine_add(engines[1], &facts[COUNT - 1 - i], 1, NULL), DORA_OK);
        }
        for (int i = 0; i < 2; i++) {
            dora_fact_writer *writer = new_writer(DORA_OUTPUT_NDJSON, &outs[i]);
            assert_int_equal(dora_engine_facts(engines[i], take, writer, NULL), DORA_OK);
            finish(writer);
            assert_text(&outs[i], engines[0]);
        }
        dora_engine_free(engines[0]);
        dora_engine_free(engines[1]);
        assert_int_equal(outs[0].size, outs[1].size); /* whatever the order of arrival */
        assert_memory_equal(outs[0].data, outs[1].data, outs[0].size);
        bytes_free(&outs[0]);
        bytes_free(&outs[1]);
        free(facts);
    }
}

static void test_text(void **state) {
    (void)state;
    static const char expected[] =
        "{\"kind\":\"deployment\",\"id\":\"a,\\\"\",\"as_of\":\"1969-12-31T23:59:59.25Z\",\"status\":\"failure\","
        "\"changes\":[\"x\",\"y z\"],\"failed\":false}\n"
        "{\"kind\":\"feedback\",\"measure\":\"adoption\",\"value\":-0.05}\n"
        "{\"kind\":\"change\",\"id\":\"c\",\"deleted\":true,\"parents\":[]}\n";
    const dora_string changes[] = {dora_string_of("x"), dora_string_of(""), dora_string_of("y z")};
    dora_fact facts[3];
    struct bytes text = {0}, csv = {0};
    dora_fact_init(&facts[0], DORA_KIND_DEPLOYMENT);
    facts[0].id = dora_string_of("a,\"");
    facts[0].as_of = -750000;
    facts[0].status = DORA_STATUS_FAILURE;
    facts[0].failed = 0;
    facts[0].changes = changes;
    facts[0].changes_count = 3;
    facts[0].team = dora_string_of("no field of a deployment");
    dora_fact_init(&facts[1], DORA_KIND_FEEDBACK);
    facts[1].measure = dora_string_of("adoption");
    facts[1].value_millionths = -50000;
    dora_fact_init(&facts[2], DORA_KIND_CHANGE);
    facts[2].id = dora_string_of("c");
    facts[2].deleted = 1;
    facts[2].parents = changes;
    dora_fact_writer *writer = new_writer(DORA_OUTPUT_NDJSON, &text);
    assert_int_equal(dora_fact_writer_put(writer, facts, 3, NULL), DORA_OK);
    finish(writer);
    assert_int_equal(text.size, sizeof expected - 1);
    assert_memory_equal(text.data, expected, text.size);
    writer = new_writer(DORA_OUTPUT_CSV, &csv);
    dora_error error;
    assert_int_equal(dora_fact_writer_put(writer, facts + 1, 2, &error), DORA_OK);
    assert_int_equal(dora_fact_writer_put(writer, facts, 3, &error), DORA_ERROR_INPUT); /* an item with a space */
    assert_int_equal(error.record, 1);
    finish(writer);
    bytes_append(&csv, "", 1);
    assert_non_null(strstr(csv.data, "\nchange,c,,true,"));
    assert_null(strstr(csv.data, "\ndeployment,"));
    bytes_free(&text);
    bytes_free(&csv);
}

static void test_refused(void **state) {
    (void)state;
    dora_fact fact;
    dora_error error;
    struct bytes text = {0};
    dora_fact_writer *writer = new_writer(DORA_OUTPUT_NDJSON, &text);
    for (int i = 0; i < 8; i++) {
        dora_fact_init(&fact, DORA_KIND_FEEDBACK);
        if (i == 0)
            fact.kind = (dora_kind)77;
        else if (i == 1)
            fact.kind = DORA_KIND_CHANGE; /* without an id */
        else if (i == 2)
            fact.at = INT64_MAX;
        else if (i == 3)
            fact.id = dora_string_of("\xFF");
        else if (i == 4)
            fact.measure = dora_string_of("height");
        else if (i == 5)
            fact.value_millionths = INT64_MAX;
        else if (i == 6)
            fact.deleted = 2;
        else
            fact.struct_size = 1;
        assert_int_equal(dora_fact_writer_put(writer, &fact, 1, &error),
                         i < 7 ? DORA_ERROR_INPUT : DORA_ERROR_ARGUMENT);
    }
    finish(writer);
    assert_int_equal(text.size, 0);
    const dora_writer_options table = {.struct_size = sizeof table};
    assert_int_equal(dora_fact_writer_new(&table, bytes_append, &text, &writer, &error), DORA_ERROR_ARGUMENT);
    const dora_reader_options once = {.struct_size = sizeof once, .once = DORA_ONCE, .on_fact = take};
    dora_engine *engine = new_engine();
    dora_reader *reader;
    assert_int_equal(dora_reader_new(engine, &once, &reader, &error), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_engine_facts(engine, NULL, NULL, &error), DORA_ERROR_ARGUMENT);
    dora_engine_free(engine);
}

static int stop_at_third(void *context, const dora_fact *fact) {
    int *count = context;
    assert_int_equal(fact->kind, DORA_KIND_DEPLOYMENT);
    return ++*count == 3;
}

static void test_stopped(void **state) {
    (void)state;
    int count = 0;
    const dora_reader_options options = {
        .struct_size = sizeof options, .on_fact = stop_at_third, .on_fact_context = &count};
    static const char text[] = "{}\n{}\n{}\n{}\n{}\n";
    dora_error error;
    dora_engine *engine = new_engine();
    dora_reader *reader;
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    assert_int_equal(dora_reader_feed(reader, text, sizeof text - 1, &error), DORA_ERROR_CANCELLED);
    assert_int_equal(error.line, 3);
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_ERROR_CANCELLED);
    assert_int_equal(count, 3);
    dora_reader_free(reader);
    dora_fact facts[4];
    for (int i = 0; i < 4; i++)
        dora_fact_init(&facts[i], DORA_KIND_DEPLOYMENT);
    assert_int_equal(dora_engine_add(engine, facts, 4, NULL), DORA_OK);
    count = 0;
    assert_int_equal(dora_engine_facts(engine, stop_at_third, &count, NULL), DORA_ERROR_CANCELLED);
    assert_int_equal(count, 3);
    dora_engine_free(engine);
}

/* Memory does not grow with the strings that have been given away. */
struct counted {
    size_t now, most;
};

static void *counted_allocate(void *context, size_t size) {
    struct counted *counted = context;
    counted->now += size;
    counted->most = counted->now > counted->most ? counted->now : counted->most;
    return malloc(size);
}

static void *counted_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct counted *counted = context;
    counted->now += new_size - old_size;
    counted->most = counted->now > counted->most ? counted->now : counted->most;
    return realloc(block, new_size);
}

static void counted_release(void *context, void *block, size_t size) {
    ((struct counted *)context)->now -= size;
    free(block);
}

static int pass(void *context, const dora_fact *fact) {
    *(size_t *)context += fact->id.size;
    return 0;
}

static void test_memory(void **state) {
    (void)state;
    enum { RECORDS = 600000 };
    struct counted counted = {0};
    size_t seen = 0;
    const dora_allocator allocator = {counted_allocate, counted_reallocate, counted_release, &counted};
    const dora_engine_options engine_options = {.struct_size = sizeof engine_options, .allocator = &allocator};
    const dora_reader_options options = {.struct_size = sizeof options, .on_fact = pass, .on_fact_context = &seen};
    dora_engine *engine;
    dora_reader *reader;
    char line[64];
    assert_int_equal(dora_engine_new(&engine_options, &engine, NULL), DORA_OK);
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    for (int i = 0; i < RECORDS; i++) {
        int size = snprintf(line, sizeof line, "{\"id\":\"deployment-%020d\",\"service\":\"s\"}\n", i);
        assert_int_equal(dora_reader_feed(reader, line, (size_t)size, NULL), DORA_OK);
    }
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    assert_int_equal(seen, (size_t)RECORDS * 31);
    assert_true(counted.most < (size_t)12 << 20);
    dora_reader_free(reader);
    dora_engine_free(engine);
    assert_int_equal(counted.now, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read), cmocka_unit_test(test_given_away),
        cmocka_unit_test(test_engine_restated),  cmocka_unit_test(test_text),
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
