/* SPDX-License-Identifier: MIT */
/*
 * However the bytes of an input are cut into pieces, the reader makes the same facts of them and reports the same
 * rejected records at the same places; and the facts that are read are those that can be added one by one.
 */
#include "../support/fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* All that a reading shows: rejected records, then accounting, then reports. */
static int note_reject(void *context, const dora_error *error) {
    char text[400];
    snprintf(text, sizeof text, "%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", (int)error->status, error->record,
             error->line, error->byte, error->message);
    bytes_puts(context, text);
    return 0;
}

static void conclude(dora_engine *engine, struct bytes *out) {
    const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_JSON};
    dora_error error;
    assert_int_equal(dora_account_write(engine, &options, bytes_append, out, &error), DORA_OK);
    assert_int_equal(fixture_answer(engine, NULL, out, &error), DORA_OK);
}

/* The next size of piece; at least 1. */
typedef size_t size_fn(void *context);

static void read_in_pieces(const struct bytes *input, size_fn *next_size, void *context, struct bytes *out) {
    dora_engine *engine;
    dora_reader *reader;
    dora_error error;
    const dora_reader_options options = {
        .struct_size = sizeof options, .on_reject = note_reject, .on_reject_context = out};
    assert_int_equal(dora_engine_new(NULL, &engine, &error), DORA_OK);
    assert_int_equal(dora_reader_new(engine, &options, &reader, &error), DORA_OK);
    for (size_t at = 0, size; at < input->size; at += size) {
        size = next_size(context);
        size = size < input->size - at ? size : input->size - at;
        /* A copy of its own, so that reading past the piece is seen by a sanitizer or valgrind. */
        char *piece = malloc(size);
        assert_non_null(piece);
        memcpy(piece, input->data + at, size);
        assert_int_equal(dora_reader_feed(reader, piece, size, &error), DORA_OK);
        free(piece);
    }
    assert_int_equal(dora_reader_finish(reader, &error), DORA_OK);
    char records[32];
    snprintf(records, sizeof records, "%" PRIu64 " records\n", dora_reader_records(reader));
    bytes_puts(out, records);
    dora_reader_free(reader);
    conclude(engine, out);
    dora_engine_free(engine);
}

static size_t all_size(void *context) {
    (void)context;
    return SIZE_MAX;
}

static size_t one_size(void *context) {
    (void)context;
    return 1;
}

/* First the context's number of bytes, then the rest. */
static size_t split_size(void *context) {
    size_t *first = context, size = *first;
    *first = SIZE_MAX;
    return size;
}

static size_t random_size(void *context) {
    static const uint32_t limits[] = {2, 20, 300, 5000};
    return 1 + random_below(context, limits[random_below(context, 4)]);
}

typedef void text_fn(const dora_fact *facts, size_t count, size_t bad_every, struct bytes *out);

static void assert_same(const struct bytes *got, const struct bytes *want, const char *how, size_t number) {
    if (got->size == want->size && memcmp(got->data, want->data, got->size) == 0)
        return;
    size_t at = 0;
    while (at < got->size && at < want->size && got->data[at] == want->data[at])
        at++;
    size_t from = at < 60 ? 0 : at - 60;
    fail_msg("%s %zu: at byte %zu\n got: %.*s\nwant: %.*s", how, number, at,
             (int)(got->size - from < 160 ? got->size - from : 160), got->data + from,
             (int)(want->size - from < 160 ? want->size - from : 160), want->data + from);
}

static void check_splits(text_fn *write_text, const char *prefix) {
    struct bytes input = {0}, want = {0}, got = {0};
    dora_fact *facts = fixture_facts(1, 12, 0);
    bytes_puts(&input, prefix);
    write_text(facts, 12, 2, &input);
    free(facts);
    input.size--; /* the last newline */
    read_in_pieces(&input, all_size, NULL, &want);
    read_in_pieces(&input, one_size, NULL, &got);
    assert_same(&got, &want, "byte by byte", 1);
    for (size_t i = 1; i < input.size; i++) {
        size_t first = i;
        got.size = 0;
        read_in_pieces(&input, split_size, &first, &got);
        assert_same(&got, &want, "split at", i);
    }
    bytes_free(&input);
    bytes_free(&want);
    bytes_free(&got);
}

static void check_random(text_fn *write_text) {
    struct bytes input = {0}, want = {0}, got = {0};
    dora_fact *facts = fixture_facts(2, 2000, 0);
    write_text(facts, 2000, 40, &input);
    free(facts);
    read_in_pieces(&input, all_size, NULL, &want);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t state = seed;
        got.size = 0;
        read_in_pieces(&input, random_size, &state, &got);
        assert_same(&got, &want, "sizes of seed", seed);
    }
    bytes_free(&input);
    bytes_free(&want);
    bytes_free(&got);
}

static void test_ndjson_splits(void **state) {
    (void)state;
    check_splits(fixture_ndjson, "");
    check_splits(fixture_ndjson, "\xef\xbb\xbf \n\t\n");
}

static void test_csv_splits(void **state) {
    (void)state;
    check_splits(fixture_csv, "");
    check_splits(fixture_csv, "\xef\xbb\xbf");
}

static void test_ndjson_random(void **state) {
    (void)state;
    check_random(fixture_ndjson);
}

static void test_csv_random(void **state) {
    (void)state;
    check_random(fixture_csv);
}

/* Facts added, read as NDJSON and read as CSV. */
static void test_same_facts(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        size_t count = seed * 40;
        dora_fact *facts = fixture_facts(seed, count, 0);
        struct bytes added = {0}, read = {0}, input = {0};
        dora_engine *engine;
        dora_error error;
        assert_int_equal(dora_engine_new(NULL, &engine, &error), DORA_OK);
        if (dora_engine_add(engine, facts, count, &error) != DORA_OK)
            fail_msg("fact %" PRIu64 ": %s", error.record, error.message);
        bytes_puts(&added, "records\n");
        conclude(engine, &added);
        dora_engine_free(engine);
        text_fn *const forms[] = {fixture_ndjson, fixture_csv};
        for (size_t i = 0; i < 2; i++) {
            input.size = read.size = 0;
            forms[i](facts, count, 0, &input);
            read_in_pieces(&input, all_size, NULL, &read);
            size_t number = strcspn(read.data, " ") + 1;
            struct bytes rest = {read.data + number, read.size - number, 0};
            assert_same(&rest, &added, i ? "CSV of seed" : "NDJSON of seed", seed);
        }
        bytes_free(&added);
        bytes_free(&read);
        bytes_free(&input);
        free(facts);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ndjson_splits), cmocka_unit_test(test_csv_splits), cmocka_unit_test(test_ndjson_random),
        cmocka_unit_test(test_csv_random),    cmocka_unit_test(test_same_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
