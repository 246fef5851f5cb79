/* SPDX-License-Identifier: MIT */
/*
 * A program built with an earlier header: its structures, frozen here, are shorter than those of today. Each is handed
 * over in a block of its own size, so that reading beyond it shows. And one built with a later header: fields that this
 * library does not know may be there as long as they are zero.
 */
#include "../support/january.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As the first header had them; never to be changed. */
struct old_engine_options {
    size_t struct_size;
    const dora_allocator *allocator;
    const char *production;
    int64_t attribution_us;
    dora_changes changes;
    int infer_rollbacks;
    const char *time_zone;
    const char *zone_folder;
    dora_progress_fn progress;
    void *progress_context;
};

struct old_reader_options {
    size_t struct_size;
    dora_format format;
    char delimiter;
    const char *kind;
    const dora_field_name *names;
    size_t names_count;
    size_t record_bytes_max;
    dora_reject_fn on_reject;
    void *on_reject_context;
};

struct old_query {
    size_t struct_size;
    dora_table table;
    dora_group by;
    dora_period period;
    uint32_t window_days;
    uint32_t step_days;
    const char *since;
    const char *until;
    const char *percentiles;
    dora_percentile_rule percentile_rule;
    const char *metrics;
    const dora_tiers *tiers;
    int intervals;
    uint64_t rows_max;
};

struct old_writer_options {
    size_t struct_size;
    dora_output output;
    int color;
    const dora_allocator *allocator;
};

/* Fields lie where they lay. */
#define SAME_PLACE(old, new, field) _Static_assert(offsetof(old, field) == offsetof(new, field), #field " moved")
SAME_PLACE(struct old_engine_options, dora_engine_options, attribution_us);
SAME_PLACE(struct old_engine_options, dora_engine_options, progress_context);
SAME_PLACE(struct old_reader_options, dora_reader_options, delimiter);
SAME_PLACE(struct old_reader_options, dora_reader_options, on_reject_context);
SAME_PLACE(struct old_query, dora_query, since);
SAME_PLACE(struct old_query, dora_query, percentile_rule);
SAME_PLACE(struct old_query, dora_query, rows_max);
SAME_PLACE(struct old_writer_options, dora_writer_options, allocator);

/* A copy in a block of `size` bytes, the first `known` of them from `bytes`, the rest `filler`. */
static void *block(const void *bytes, size_t known, size_t size, int filler) {
    char *copy = malloc(size);
    assert_non_null(copy);
    memset(copy, filler, size);
    memcpy(copy, bytes, known);
    memcpy(copy, &size, sizeof size); /* struct_size comes first */
    return copy;
}

static void test_older_program(void **state) {
    (void)state;
    const struct old_engine_options engine_options = {.attribution_us = 1};
    const struct old_reader_options reader_options = {.format = DORA_FORMAT_CSV, .kind = "deployment"};
    const struct old_query query = {.metrics = "deployments", .by = DORA_GROUP_SERVICE, .rows_max = 5};
    const struct old_writer_options writer_options = {.output = DORA_OUTPUT_CSV};
    static const char input[] = "service,finished_at\n=a,2024-01-01\n";
    void *blocks[] = {
        block(&engine_options, sizeof engine_options, sizeof engine_options, 0),
        block(&reader_options, sizeof reader_options, sizeof reader_options, 0),
        block(&query, sizeof query, sizeof query, 0),
        block(&writer_options, sizeof writer_options, sizeof writer_options, 0),
    };
    struct sink text = {0};
    dora_engine *engine;
    dora_reader *reader;
    dora_result *result;
    assert_int_equal(dora_engine_new(blocks[0], &engine, NULL), DORA_OK);
    assert_int_equal(dora_reader_new(engine, blocks[1], &reader, NULL), DORA_OK);
    assert_int_equal(dora_reader_feed(reader, input, sizeof input - 1, NULL), DORA_OK);
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    assert_int_equal(dora_query_run(engine, blocks[2], &result, NULL), DORA_OK);
    assert_int_equal(dora_result_write(result, blocks[3], take, &text, NULL), DORA_OK);
    assert_string_equal(text.bytes, "service,window_start,window_end,days,deployments\n"
                                    "=a,2024-01-01,2024-01-31,1,1\n");
    free(text.bytes);
    dora_result_free(result);
    dora_reader_free(reader);
    dora_engine_free(engine);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        free(blocks[i]);
}

static void test_newer_program(void **state) {
    (void)state;
    enum { MORE = 24 };
    for (int filler = 0; filler < 2; filler++) {
        const dora_engine_options options = {.attribution_us = 1};
        const dora_query query = {.metrics = "deployments"};
        const dora_status expected = filler ? DORA_ERROR_ARGUMENT : DORA_OK;
        void *longer = block(&options, sizeof options, sizeof options + MORE, filler);
        dora_engine *engine;
        dora_result *result;
        assert_int_equal(dora_engine_new(longer, &engine, NULL), expected);
        free(longer);
        if (!filler)
            dora_engine_free(engine);
        assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
        longer = block(&query, sizeof query, sizeof query + MORE, filler);
        assert_int_equal(dora_query_run(engine, longer, &result, NULL), expected);
        free(longer);
        dora_result_free(result);
        dora_engine_free(engine);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_older_program), cmocka_unit_test(test_newer_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
