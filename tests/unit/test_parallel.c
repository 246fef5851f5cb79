/* SPDX-License-Identifier: MIT */
/*
 * Pieces cut into slices, however many and small, and read by threads: the same rejected records at the same places in
 * the same order, the same failure, counts and reports as one thread has, also where one rejected record stops it all.
 * The reports are made by threads as well.
 */
#include "../support/fixture.h"
#include "read/parallel.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* How an input is read. */
struct way {
    uint32_t threads;
    size_t slice_bytes_least;
    size_t piece_most; /* pieces of random size up to it; 0: all at once */
    uint64_t seed;
    dora_reader_options options;
    uint64_t stop_at; /* the number of the rejected record that stops it; 0: none */
};

struct listener {
    const struct way *way;
    struct bytes *out;
    dora_reader *reader;
    uint64_t rejected;
};

static int note_reject(void *context, const dora_error *error) {
    struct listener *listener = context;
    char text[400];
    snprintf(text, sizeof text, "%d %" PRIu64 "/%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", (int)error->status,
             error->record, dora_reader_records(listener->reader), error->line, error->byte, error->message);
    bytes_puts(listener->out, text);
    return ++listener->rejected == listener->way->stop_at;
}

static dora_status feed_pieces(dora_reader *reader, const struct bytes *input, const struct way *way,
                               dora_error *error) {
    uint64_t state = way->seed + 1;
    dora_status status = DORA_OK;
    for (size_t at = 0, size; at < input->size && status == DORA_OK; at += size) {
        size = way->piece_most ? 1 + random_below(&state, (uint32_t)way->piece_most) : input->size;
        size = size < input->size - at ? size : input->size - at;
        char *piece = malloc(size); /* of its own, so that reading past it is seen */
        assert_non_null(piece);
        memcpy(piece, input->data + at, size);
        status = dora_reader_feed(reader, piece, size, error);
        free(piece);
    }
    return status == DORA_OK ? dora_reader_finish(reader, error) : status;
}

/* Appends all that can be seen of the reading. */
static void read_in(const struct way *way, const struct bytes *input, struct bytes *out) {
    dora_engine *engine;
    dora_error error;
    struct listener listener = {way, out, NULL, 0};
    const dora_engine_options engine_options = {.struct_size = sizeof engine_options, .threads = way->threads};
    dora_reader_options options = way->options;
    options.struct_size = sizeof options;
    options.on_reject = note_reject;
    options.on_reject_context = &listener;
    assert_int_equal(dora_engine_new(&engine_options, &engine, &error), DORA_OK);
    assert_int_equal(dora_reader_new(engine, &options, &listener.reader, &error), DORA_OK);
    listener.reader->slice_bytes_least = way->slice_bytes_least;
    listener.reader->threads->eager = true; /* also in what is asked below */
    if (feed_pieces(listener.reader, input, way, &error) != DORA_OK)
        note_reject(&listener, &error);
    char text[64];
    snprintf(text, sizeof text, "%" PRIu64 " records\n", dora_reader_records(listener.reader));
    bytes_puts(out, text);
    dora_reader_free(listener.reader);
    const dora_writer_options json = {.struct_size = sizeof json, .output = DORA_OUTPUT_JSON};
    assert_int_equal(dora_account_write(engine, &json, bytes_append, out, &error), DORA_OK);
    assert_int_equal(fixture_answer(engine, NULL, out, &error), DORA_OK);
    dora_engine_free(engine);
}

static void check(const struct way *way, const struct bytes *input) {
    struct bytes want = {0}, got = {0};
    struct way alone = *way;
    alone.threads = 0;
    alone.piece_most = 0;
    read_in(&alone, input, &want);
    read_in(way, input, &got);
    size_t at = 0;
    while (at < got.size && at < want.size && got.data[at] == want.data[at])
        at++;
    if (at < got.size || at < want.size) {
        size_t from = at < 100 ? 0 : at - 100;
        fail_msg("%" PRIu32 " threads, slices of %zu, pieces of %zu, stop at %" PRIu64 "\n got: %.*s\nwant: %.*s",
                 way->threads, way->slice_bytes_least, way->piece_most, way->stop_at,
                 (int)(got.size - from < 200 ? got.size - from : 200), got.data + from,
                 (int)(want.size - from < 200 ? want.size - from : 200), want.data + from);
    }
    bytes_free(&want);
    bytes_free(&got);
}

typedef void text_fn(const dora_fact *facts, size_t count, size_t bad_every, struct bytes *out);

static void check_text(text_fn *write_text, size_t bad_every) {
    static const struct way ways[] = {
        {.threads = 2, .slice_bytes_least = 1, .piece_most = 500},
        {.threads = 2, .slice_bytes_least = 1000, .piece_most = 20000},
        {.threads = 3, .slice_bytes_least = 50},
        {.threads = 3, .slice_bytes_least = 5000, .piece_most = 50000},
        {.threads = 16, .slice_bytes_least = 300, .piece_most = 100000},
    };
    struct bytes input = {0};
    dora_fact *facts = fixture_facts(5, 2000, 0);
    write_text(facts, 2000, bad_every, &input);
    free(facts);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        for (uint64_t seed = 1; seed <= 2; seed++) {
            struct way way = ways[i];
            way.seed = seed;
            check(&way, &input);
            way.stop_at = bad_every ? 1 + seed * 7 % (2000 / bad_every) : 0;
            check(&way, &input);
        }
    bytes_free(&input);
}

static void test_ndjson(void **state) {
    (void)state;
    check_text(fixture_ndjson, 0);
    check_text(fixture_ndjson, 3);
    check_text(fixture_ndjson, 200);
}

static void test_csv(void **state) {
    (void)state;
    check_text(fixture_csv, 0);
    check_text(fixture_csv, 3);
    check_text(fixture_csv, 200);
}

/* Lines that are no cuts, quotes that never close, records that are too long. */
static void test_rubbish(void **state) {
    (void)state;
    static const char *const lines[] = {
        "a,1714000000,1\n",
        "\"a\",1714000000,\n",
        "\"a\nb\nc\",1714000000,1\n",
        "a,\"1714000000\",1\r\n",
        "\"a \"\"b\"\"\",17140,\n",
        "a\"b,1714000000,\n",
        "\"never,1714000000,\n",
        "\"a\"x,1714000000,1\n",
        "a,b,c,d\n",
        "\n",
        "a,1714000000",
        "long long long long long,,\n",
    };
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t random = seed;
        struct bytes input = {0};
        bytes_puts(&input, "service,finished_at,\"a \"\"name\"\"\"\n");
        uint32_t good = 1 + random_below(&random, 60);
        for (uint32_t i = 0; i < 150; i++)
            bytes_puts(&input, lines[random_below(&random, good) ? 0 : random_below(&random, 12)]);
        struct way way = {.threads = 2 + random_below(&random, 3),
                          .slice_bytes_least = 1 + random_below(&random, 200),
                          .piece_most = 1 + random_below(&random, 1500),
                          .seed = seed,
                          .options.format = DORA_FORMAT_CSV,
                          .options.record_bytes_max = random_below(&random, 2) ? 60 : 0};
        check(&way, &input);
        way.options.format = DORA_FORMAT_NDJSON;
        check(&way, &input);
        bytes_free(&input);
    }
}

/* More rejected records than are kept, and a column that is no field in each. */
static void test_all_rejected(void **state) {
    (void)state;
    struct bytes input = {0};
    for (int i = 0; i < 20000; i++)
        bytes_puts(&input, i % 17 ? "{\"finished_at\":[],\"id\":1}\n" : "{\"id\":\"a\",\"who\":1,\"where\":2}\n");
    struct way way = {.threads = 2, .slice_bytes_least = 1000};
    check(&way, &input);
    way.stop_at = 15000;
    check(&way, &input);
    bytes_free(&input);
}

/* Ids so many that the strings of a part are forgotten between pieces. */
static void test_many_ids(void **state) {
    (void)state;
    struct bytes input = {0};
    for (int i = 0; i < 250000; i++) {
        char line[100];
        snprintf(line, sizeof line, "{\"id\":\"d%d\",\"service\":\"s%d\",\"finished_at\":%d}\n", i % 200000, i % 7,
                 1714000000 + i);
        bytes_puts(&input, line);
    }
    check(&(struct way){.threads = 2, .slice_bytes_least = 65536, .piece_most = 12 << 20, .seed = 3}, &input);
    bytes_free(&input);
}

/* An allocator of which one call fails, and which notices calls that meet. */
struct faulty {
    uint64_t calls;
    uint64_t fail_at; /* 0: none */
    volatile int inside;
    int met;
    size_t blocks;
};

static bool enter(struct faulty *faulty) {
    faulty->met |= faulty->inside;
    faulty->inside = 1;
    return ++faulty->calls != faulty->fail_at;
}

static void *faulty_allocate(void *context, size_t size) {
    struct faulty *faulty = context;
    void *block = enter(faulty) ? malloc(size) : NULL;
    faulty->blocks += block != NULL;
    faulty->inside = 0;
    return block;
}

static void *faulty_reallocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct faulty *faulty = context;
    (void)old_size;
    void *moved = enter(faulty) ? realloc(block, new_size) : NULL;
    faulty->inside = 0;
    return moved;
}

static void faulty_release(void *context, void *block, size_t size) {
    struct faulty *faulty = context;
    (void)size;
    enter(faulty);
    free(block);
    faulty->blocks--;
    faulty->inside = 0;
}

static dora_status read_once(dora_engine *engine, const struct bytes *input) {
    dora_reader *reader;
    dora_status status = dora_reader_new(engine, NULL, &reader, NULL);
    if (status != DORA_OK)
        return status;
    reader->slice_bytes_least = 500;
    reader->threads->eager = true;
    status = dora_reader_feed(reader, input->data, input->size, NULL);
    if (status == DORA_OK)
        status = dora_reader_finish(reader, NULL);
    dora_reader_free(reader);
    return status;
}

/* Reads and asks; what fails is done again without faults. False: no call failed. */
static bool run_with_fault(const struct bytes *input, uint64_t fail_at, bool again, struct bytes *answer) {
    struct faulty faulty = {.fail_at = fail_at};
    const dora_allocator allocator = {faulty_allocate, faulty_reallocate, faulty_release, &faulty};
    const dora_engine_options options = {.struct_size = sizeof options, .allocator = &allocator, .threads = 3};
    dora_engine *engine;
    dora_error error;
    dora_status status = dora_engine_new(&options, &engine, NULL);
    if (status != DORA_OK)
        status = dora_engine_new(&options, &engine, NULL);
    assert_int_equal(status, DORA_OK);
    status = read_once(engine, input);
    assert_true(status == DORA_OK || status == DORA_ERROR_MEMORY);
    if (status != DORA_OK && again)
        assert_int_equal(read_once(engine, input), DORA_OK);
    answer->size = 0;
    status = fixture_answer(engine, &allocator, answer, &error);
    if (status != DORA_OK) {
        assert_int_equal(status, DORA_ERROR_MEMORY);
        answer->size = 0;
        assert_int_equal(fixture_answer(engine, &allocator, answer, &error), DORA_OK);
    }
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_true(account.facts <= account.records && account.merged <= account.records);
    dora_engine_free(engine);
    assert_int_equal(faulty.blocks, 0);
    assert_int_equal(faulty.met, 0);
    return faulty.calls >= fail_at;
}

static void check_faults(text_fn *write_text, bool all_ids) {
    struct bytes input = {0}, want = {0}, got = {0};
    dora_fact *facts = fixture_facts(9, 150, all_ids);
    for (int i = 0; i < 150; i++)
        if (!all_ids) {
            facts[i].kind = DORA_KIND_DEPLOYMENT; /* without ids, so that their rows are copied */
            facts[i].id = (dora_string){NULL, 0};
            facts[i].deleted = DORA_UNKNOWN;
            facts[i].changes_count = 0;
        }
    write_text(facts, 150, 0, &input);
    free(facts);
    run_with_fault(&input, UINT64_MAX, false, &want);
    for (uint64_t n = 1; run_with_fault(&input, n, all_ids, &got); n += 1 + n / 60)
        if (all_ids && (got.size != want.size || memcmp(got.data, want.data, want.size) != 0))
            fail_msg("allocation %" PRIu64 ": another answer", n);
    bytes_free(&input);
    bytes_free(&want);
    bytes_free(&got);
}

static void test_faults(void **state) {
    (void)state;
    check_faults(fixture_ndjson, true);
    check_faults(fixture_csv, true);
    check_faults(fixture_ndjson, false);
    check_faults(fixture_csv, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ndjson),       cmocka_unit_test(test_csv),      cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_all_rejected), cmocka_unit_test(test_many_ids), cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
