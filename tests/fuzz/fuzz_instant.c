/* SPDX-License-Identifier: MIT */
/*
 * One text as an instant, an epoch number and a value. What the parsers say is what a record with that text says, in
 * JSON and CSV and with both sorts of kernels, and leaves the same state as the number itself given in a fact.
 */
#include "fuzz.h"

#include "calendar/instant.h"
#include "read/json.h"
#include "write/escape.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 200 };

/* The state after one record, or of no facts where it is rejected. */
static void read_record(const char *record, size_t size, dora_format format, struct bytes *state) {
    const dora_reader_options options = {.struct_size = sizeof options, .format = format};
    dora_engine *engine;
    dora_reader *reader;
    REQUIRE(dora_engine_new(NULL, &engine, NULL) == DORA_OK);
    REQUIRE(dora_reader_new(engine, &options, &reader, NULL) == DORA_OK);
    REQUIRE(dora_reader_feed(reader, record, size, NULL) == DORA_OK);
    REQUIRE(dora_reader_finish(reader, NULL) == DORA_OK);
    dora_reader_free(reader);
    fuzz_save(engine, state);
    dora_engine_free(engine);
}

static void add_fact(const dora_fact *fact, struct bytes *state) {
    dora_engine *engine;
    REQUIRE(dora_engine_new(NULL, &engine, NULL) == DORA_OK);
    if (fact)
        REQUIRE(dora_engine_add(engine, fact, 1, NULL) == DORA_OK);
    fuzz_save(engine, state);
    dora_engine_free(engine);
}

/* A record of `before`, the text and `after`, as both kernels read it, is `fact`; NULL: it is rejected. */
static void check_record(const char *before, const char *text, size_t size, const char *after, dora_format format,
                         const dora_fact *fact) {
    struct bytes record = {0}, want = {0}, got = {0};
    bytes_puts(&record, before);
    bytes_append(&record, text, size);
    bytes_puts(&record, after);
    add_fact(fact, &want);
    for (int portable = 0; portable < 2; portable++) {
        REQUIRE(portable ? setenv("DORA_KERNEL", "portable", 1) == 0 : unsetenv("DORA_KERNEL") == 0);
        read_record(record.data, record.size, format, &got);
        REQUIRE(got.size == want.size && memcmp(got.data, want.data, got.size) == 0);
    }
    bytes_free(&record);
    bytes_free(&want);
    bytes_free(&got);
}

static const dora_fact *fact_at(dora_fact *fact, const char *problem, int64_t instant_us) {
    dora_fact_init(fact, DORA_KIND_DEPLOYMENT);
    fact->finished_at = instant_us;
    REQUIRE(problem || (instant_us >= DORA__INSTANT_MIN && instant_us <= DORA__INSTANT_MAX));
    return problem ? NULL : fact;
}

static void check_text(const char *text, size_t size) {
    char escaped[TEXT_MOST * DORA__JSON_GROWTH], quoted[TEXT_MOST * DORA__CSV_GROWTH + 3];
    dora_fact fact;
    int64_t instant_us = 0;
    const char *problem = dora__parse_instant(text, size, &instant_us);
    const dora_fact *expected = fact_at(&fact, problem, instant_us);
    size_t escaped_size = (size_t)(dora__escape_json(escaped, text, size) - escaped);
    check_record("{\"finished_at\":\"", escaped, escaped_size, "\"}", DORA_FORMAT_NDJSON, expected);
    size_t quoted_size = (size_t)(dora__escape_csv_safe(quoted, text, size) - quoted);
    if (quoted[1] != '\'')
        check_record("kind,finished_at\ndeployment,", quoted, quoted_size, "", DORA_FORMAT_CSV, expected);
}

static void check_number(const char *text, size_t size) {
    dora_fact fact;
    int64_t instant_us = 0, millionths = 0;
    const char *problem = dora__parse_epoch(text, size, &instant_us);
    check_record("{\"finished_at\":", text, size, "}", DORA_FORMAT_NDJSON, fact_at(&fact, problem, instant_us));
    problem = dora__parse_millionths(text, size, &millionths);
    REQUIRE(problem || (millionths >= -INT64_C(1000000000000000000) && millionths <= INT64_C(1000000000000000000)));
    dora_fact_init(&fact, DORA_KIND_FEEDBACK);
    fact.value_millionths = millionths;
    fact.release = dora_string_of("r");
    check_record("{\"kind\":\"feedback\",\"release\":\"r\",\"value\":", text, size, "}", DORA_FORMAT_NDJSON,
                 problem ? NULL : &fact);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *text = (const char *)bytes;
    if (size == 0 || size > TEXT_MOST)
        return 0;
    check_text(text, size);
    struct dora__json json = {.at = text, .end = text + size};
    struct dora__raw raw;
    if ((*text == '-' || (*text >= '0' && *text <= '9')) && dora__json_scalar(&json, &raw) && json.at == json.end)
        check_number(text, size);
    return 0;
}
