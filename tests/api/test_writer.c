/* SPDX-License-Identifier: MIT */
/*
 * Writers through the public interface: the exact text of each format for a small history, strings that try to get out
 * of their cell, results in pieces, and every way to fail.
 */
#include "../support/heap.h"
#include "../support/january.h"

#include <dora/dora.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_written(dora_engine *engine, const dora_query *query, dora_output output, const char *expected) {
    char *text = written(engine, query, output, 0);
    assert_string_equal(text, expected);
    free(text);
}

static void test_machine_formats(void **state) {
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_SERVICE, "deployments,failed_deployment_recovery_time");
    query.percentiles = "50,99.9";
    query.since = "2024-01-01";
    assert_written(engine, &query, DORA_OUTPUT_NDJSON,
                   "{\"service\":null,\"window_start\":\"2024-01-01\",\"window_end\":\"2024-01-31\",\"days\":31,"
                   "\"deployments\":0,\"failed_deployment_recovery_time_n\":0,"
                   "\"failed_deployment_recovery_time_mean\":null,\"failed_deployment_recovery_time_p50\":null,"
                   "\"failed_deployment_recovery_time_p99.9\":null,\"failed_deployment_recovery_time_tier\":null}\n"
                   "{\"service\":\"caf\xc3\xa9\",\"window_start\":\"2024-01-01\",\"window_end\":\"2024-01-31\","
                   "\"days\":31,\"deployments\":1,\"failed_deployment_recovery_time_n\":0,"
                   "\"failed_deployment_recovery_time_mean\":null,\"failed_deployment_recovery_time_p50\":null,"
                   "\"failed_deployment_recovery_time_p99.9\":null,\"failed_deployment_recovery_time_tier\":null}\n"
                   "{\"service\":\"shop\",\"window_start\":\"2024-01-01\",\"window_end\":\"2024-01-31\",\"days\":31,"
                   "\"deployments\":3,\"failed_deployment_recovery_time_n\":1,"
                   "\"failed_deployment_recovery_time_mean\":1800,\"failed_deployment_recovery_time_p50\":1800,"
                   "\"failed_deployment_recovery_time_p99.9\":1800,"
                   "\"failed_deployment_recovery_time_tier\":\"elite\"}\n");
    query = query_of(DORA_GROUP_SERVICE, "change_fail_rate");
    assert_written(engine, &query, DORA_OUTPUT_CSV,
                   "service,window_start,window_end,days,change_fail_rate,change_fail_rate_tier\n"
                   ",2024-01-01,2024-01-31,31,,\n"
                   "caf\xc3\xa9,2024-01-01,2024-01-31,31,0,elite\n"
                   "shop,2024-01-01,2024-01-31,31,0.6666666666666666,low\n");
    query = query_of(DORA_GROUP_SERVICE, "deployments");
    query.until = "2024-01-30";
    assert_written(engine, &query, DORA_OUTPUT_JSON,
                   "[\n"
                   "{\"service\":null,\"window_start\":\"2024-01-01\",\"window_end\":\"2024-01-31\",\"days\":30,"
                   "\"deployments\":0},\n"
                   "{\"service\":\"caf\xc3\xa9\",\"window_start\":\"2024-01-01\",\"window_end\":\"2024-01-31\","
                   "\"days\":30,\"deployments\":0},\n"
                   "{\"service\":\"shop\",\"window_start\":\"2024-01-01\",\"window_end\":\"2024-01-31\",\"days\":30,"
                   "\"deployments\":2}\n"
                   "]\n");
    dora_engine_free(engine);
}

static void test_people_formats(void **state) {
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_SERVICE, "dora");
    query.period = DORA_PERIOD_WEEK;
    query.until = "2024-01-08";
    assert_written(engine, &query, DORA_OUTPUT_TABLE,
                   "service  window     deployments       lead time p50 (n)  fail rate         recovery p50 (n)  "
                   "rework  score\n"
                   "(none)   2024-W01   0     0/day low       -                   -                 -            "
                   "     -    0.0\n"
                   "         2024-W02*  0     0/day low       -                   -                 -            "
                   "     -    0.0\n"
                   "shop     2024-W01   2  2.0/week high  3.0 h (2) elite    50.0 % (1/2) low  30 min (1) elite  "
                   "     -    7.3\n"
                   "         2024-W02*  0     0/day low       -                   -                 -            "
                   "     -    0.0\n"
                   "\n* partial: not all days of this window are observed\n- no data\n");
    query.by = DORA_GROUP_NONE;
    query.period = DORA_PERIOD_ALL;
    query.until = NULL;
    assert_written(engine, &query, DORA_OUTPUT_MARKDOWN,
                   "| window | deployments | lead time p50 (n) | fail rate | recovery p50 (n) | rework | score |\n"
                   "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
                   "| 2024-01 | 4, 3.9/month high | 17 h (4) elite | 50.0 % (2/4) low | 30 min (1) elite 1 open | - "
                   "| 7.3 |\n\n"
                   "- no data\n");
    dora_engine_free(engine);
}

static void test_table_details(void **state) {
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_NONE, "change_lead_time,deployments");
    query.period = DORA_PERIOD_ALL;
    query.percentiles = "50,90";
    query.intervals = 1;
    assert_written(engine, &query, DORA_OUTPUT_TABLE,
                   "window   deployments  lead time p50 (n)       mean  p90\n"
                   "2024-01            4  17 h [?..?] (4) elite  1.1 d  2.5 d [4.0 h..?]\n");
    query = query_of(DORA_GROUP_NONE, NULL);
    query.table = DORA_TABLE_PHASES;
    query.percentiles = "50";
    assert_written(engine, &query, DORA_OUTPUT_TABLE,
                   "window   phase     n  total  active   share   mean    p50  bottleneck\n"
                   "2024-01  approval  1  1.5 d     0 s  75.0 %  1.5 d  1.5 d  yes\n"
                   "         build     1   12 h    12 h  25.0 %   12 h   12 h\n");
    dora_engine_free(engine);
}

/* Some columns of a metric without the others: each is shown, with what there is of its company. */
static void test_picked_columns(void **state) {
    static const struct {
        const char *columns, *expected;
    } cases[] = {
        {"change_lead_time_p50", "window   lead time p50\n2024-01           17 h\n"},
        {"change_lead_time_tier", "window   change lead time tier\n2024-01  elite\n"},
        {"change_lead_time_n,change_lead_time_tier", "window   lead time n\n2024-01  4 elite\n"},
        {"change_lead_time_mean,change_lead_time_n", "window   lead time mean (n)\n2024-01  1.1 d (4)\n"},
        {"change_lead_time_p90_lo", "window   change lead time p90 lo\n2024-01                    4.0 h\n"},
        {"change_lead_time_n,change_lead_time_p90_lo,change_lead_time_p90_hi",
         "window   lead time n  p90 lo  p90 hi\n2024-01            4   4.0 h       -\n\n- no data\n"},
        {"change_lead_time_p50,change_lead_time_p90,change_lead_time_p90_lo,change_lead_time_tier",
         "window   lead time p50    p90  p90 lo\n2024-01  17 h elite     2.5 d   4.0 h\n"},
        {"change_fail_rate,failed_deployments",
         "window   failed deployments  fail rate\n2024-01                   2     50.0 %\n"},
        {"change_fail_rate,failed_deployments,deployments,change_fail_rate_hi",
         "window   deployments  fail rate     change fail rate hi\n"
         "2024-01            4  50.0 % (2/4)               85.0 %\n"},
        {"deployment_frequency_tier,change_fail_rate_tier",
         "window   deployment frequency tier  change fail rate tier\n2024-01  high                       low\n"},
        {"failed_deployment_recovery_time_p90,open_failures", "window   recovery p90\n2024-01  30 min 1 open\n"},
        {"open_failures", "window   open failures\n2024-01              1\n"},
        {"days", "window\n2024-01\n"},
    };
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_NONE, NULL);
    query.period = DORA_PERIOD_ALL;
    query.percentiles = "50,90";
    query.intervals = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        query.columns = cases[i].columns;
        assert_written(engine, &query, DORA_OUTPUT_TABLE, cases[i].expected);
    }
    query.columns = "change_lead_time_tier,deployments";
    assert_written(engine, &query, DORA_OUTPUT_MARKDOWN,
                   "| window | deployments | change lead time tier |\n| --- | ---: | --- |\n| 2024-01 | 4 | elite |\n");
    query.since = "2024-02-01";
    query.until = "2024-02-29";
    assert_written(engine, &query, DORA_OUTPUT_MARKDOWN,
                   "| window | deployments | change lead time tier |\n| --- | ---: | --- |\n| 2024-02 | 0 | - |\n\n"
                   "- no data\n");
    dora_engine_free(engine);
}

static void test_window_labels(void **state) {
    static const struct {
        dora_period period;
        uint32_t window_days;
        const char *label;
    } cases[] = {
        {DORA_PERIOD_DAY, 0, "2024-01-31 "},
        {DORA_PERIOD_WEEK, 0, "2024-W05* "},
        {DORA_PERIOD_MONTH, 0, "2024-01 "},
        {DORA_PERIOD_QUARTER, 0, "2024-Q1* "},
        {DORA_PERIOD_YEAR, 0, "2024* "},
        {DORA_PERIOD_MONTH, 3, "2024-01-29..2024-01-31 "},
        {DORA_PERIOD_MONTH, 7, "2024-01-25..2024-01-31 "},
    };
    (void)state;
    dora_engine *engine = make_engine();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dora_query query = query_of(DORA_GROUP_NONE, "deployments");
        query.period = cases[i].period;
        query.window_days = cases[i].window_days;
        char *text = written(engine, &query, DORA_OUTPUT_TABLE, 0);
        char line[64];
        snprintf(line, sizeof line, "\n%s", cases[i].label);
        assert_non_null(strstr(text, line));
        assert_null(strstr(text, " \n"));
        free(text);
    }
    dora_engine_free(engine);
}

static void test_naughty_strings(void **state) {
    (void)state;
    dora_engine *engine;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    dora_fact fact = deployment(NAUGHTY, "1", 1, 1);
    add(engine, &fact);
    dora_query query = query_of(DORA_GROUP_SERVICE, "deployments");
    assert_written(engine, &query, DORA_OUTPUT_NDJSON,
                   "{\"service\":\"a\\u001b[31m|\\\",\\n\\u202e<b>\",\"window_start\":\"2024-01-01\","
                   "\"window_end\":\"2024-01-31\",\"days\":1,\"deployments\":1}\n");
    assert_written(engine, &query, DORA_OUTPUT_CSV,
                   "service,window_start,window_end,days,deployments\n"
                   "\"a\x1b[31m|\"\",\n\xe2\x80\xae<b>\",2024-01-01,2024-01-31,1,1\n");
    assert_written(engine, &query, DORA_OUTPUT_TABLE,
                   "service                      window    deployments\n"
                   "a\\x1b[31m|\",\\x0a\\u{202e}<b>  2024-01*            1\n\n"
                   "* partial: not all days of this window are observed\n");
    assert_written(engine, &query, DORA_OUTPUT_MARKDOWN,
                   "| service | window | deployments |\n| --- | --- | ---: |\n"
                   "| a\\\\x1b\\[31m\\|\",\\\\x0a\\\\u{202e}\\<b\\> | 2024-01\\* | 1 |\n\n"
                   "\\* partial: not all days of this window are observed\n");
    dora_engine_free(engine);
}

static void test_csv_safe(void **state) {
    (void)state;
    dora_engine *engine;
    static const char *const names[] = {"\t=1", "+1", "-", "@a", "a=", "\xef\xbc\x9d!", "=\"x\",\n"};
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        dora_fact fact = deployment(names[i], names[i], 31, 1);
        add(engine, &fact);
    }
    dora_fact fact = deployment("", "none", 31, 1);
    add(engine, &fact);
    dora_query query = query_of(DORA_GROUP_SERVICE, "failed_deployments");
    query.since = "2024-01-31";
    dora_result *result;
    struct sink text = {0};
    dora_writer_options options = options_of(DORA_OUTPUT_CSV);
    options.csv_safe = 1;
    assert_int_equal(dora_query_run(engine, &query, &result, NULL), DORA_OK);
    assert_int_equal(dora_result_write(result, &options, take, &text, NULL), DORA_OK);
    assert_string_equal(text.bytes, "service,window_start,window_end,days,failed_deployments\n"
                                    ",2024-01-01,2024-01-31,1,0\n"
                                    "\"'\t=1\",2024-01-01,2024-01-31,1,0\n"
                                    "\"'+1\",2024-01-01,2024-01-31,1,0\n"
                                    "\"'-\",2024-01-01,2024-01-31,1,0\n"
                                    "\"'=\"\"x\"\",\n\",2024-01-01,2024-01-31,1,0\n"
                                    "\"'@a\",2024-01-01,2024-01-31,1,0\n"
                                    "\"a=\",2024-01-01,2024-01-31,1,0\n"
                                    "\"'\xef\xbc\x9d!\",2024-01-01,2024-01-31,1,0\n");
    free(text.bytes);
    dora_result_free(result);
    dora_engine_free(engine);
}

/* Long strings are cut, wide and combining characters keep the columns in line. */
static void test_widths(void **state) {
    (void)state;
    dora_engine *engine;
    char name[201], expected[512];
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *names[] = {name, "\xe6\xa4\x9c\xe7\xb4\xa2", "e\xcc\x81t\xcc\x81"};
    for (size_t i = 0; i < 3; i++) {
        dora_fact fact = deployment(names[i], names[i], 31, 1);
        add(engine, &fact);
    }
    dora_query query = query_of(DORA_GROUP_SERVICE, "deployments");
    query.since = "2024-01-01";
    snprintf(expected, sizeof expected,
             "%-60s  window   deployments\n%s%58s  2024-01            1\n%.57s...  2024-01            1\n"
             "%s%56s  2024-01            1\n",
             "service", names[2], "", name, names[1], "");
    assert_written(engine, &query, DORA_OUTPUT_TABLE, expected);
    dora_engine_free(engine);
}

static void test_no_rows(void **state) {
    (void)state;
    dora_engine *engine;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    dora_query query = query_of(DORA_GROUP_NONE, "deployments");
    assert_written(engine, &query, DORA_OUTPUT_NDJSON, "");
    assert_written(engine, &query, DORA_OUTPUT_CSV, "window_start,window_end,days,deployments\n");
    assert_written(engine, &query, DORA_OUTPUT_JSON, "[]\n");
    assert_written(engine, &query, DORA_OUTPUT_TABLE, "no rows\n");
    assert_written(engine, &query, DORA_OUTPUT_MARKDOWN, "| window | deployments |\n| --- | ---: |\n");
    dora_engine_free(engine);
}

static void test_color(void **state) {
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_NONE, "dora");
    char *plain = written(engine, &query, DORA_OUTPUT_TABLE, 0);
    char *colored = written(engine, &query, DORA_OUTPUT_TABLE, 1);
    assert_null(strchr(plain, '\x1b'));
    assert_non_null(strstr(colored, "\x1b[32melite\x1b[0m"));
    assert_non_null(strstr(colored, "\x1b[31mlow\x1b[0m"));
    size_t kept = 0;
    for (size_t i = 0; colored[i]; i++) {
        if (colored[i] == '\x1b')
            i += strcspn(colored + i, "m");
        else
            colored[kept++] = colored[i];
    }
    colored[kept] = '\0';
    assert_string_equal(colored, plain);
    free(plain);
    free(colored);
    dora_engine_free(engine);
}

static int put_piece(void *context, const dora_result *rows) {
    return dora_writer_put(context, rows, NULL) != DORA_OK;
}

/* Many rows, more than a buffer holds, whole and in pieces. */
static void test_pieces(void **state) {
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_SERVICE, NULL);
    query.window_days = 28;
    query.since = "2022-01-01";
    query.until = "2026-12-31";
    for (int output = DORA_OUTPUT_TABLE; output <= DORA_OUTPUT_HTML; output++) {
        struct sink pieces = {0};
        dora_writer *writer;
        dora_writer_options options = options_of((dora_output)output);
        char *whole = written(engine, &query, (dora_output)output, 0);
        assert_int_equal(dora_writer_new(&options, take, &pieces, &writer, NULL), DORA_OK);
        assert_int_equal(dora_query_each(engine, &query, put_piece, writer, NULL), DORA_OK);
        assert_int_equal(dora_writer_finish(writer, NULL), DORA_OK);
        dora_writer_free(writer);
        assert_string_equal(pieces.bytes, whole);
        assert_true(pieces.writes <= pieces.size / 32768 + 2);
        free(pieces.bytes);
        free(whole);
    }
    dora_engine_free(engine);
}

static void test_account(void **state) {
    (void)state;
    static const char bytes[] = "{\"id\":\"1\",\"finished_at\":\"2024-01-01\",\"x\\u001b\":1,\"colour\":2}\n"
                                "{\"id\":\"1\",\"finished_at\":\"2024-01-01\",\"colour\":2}\n{\"id\":\n";
    struct sink sink = {0};
    dora_engine *engine;
    dora_reader *reader;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    assert_int_equal(dora_reader_new(engine, NULL, &reader, NULL), DORA_OK);
    assert_int_equal(dora_reader_feed(reader, bytes, sizeof bytes - 1, NULL), DORA_OK);
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    dora_reader_free(reader);
    dora_writer_options options = options_of(DORA_OUTPUT_JSON);
    assert_int_equal(dora_account_write(engine, &options, take, &sink, NULL), DORA_OK);
    assert_string_equal(sink.bytes, "{\"records\":3,\"distinct_facts\":1,\"merged\":1,\"rejected\":1,"
                                    "\"facts\":{\"deployment\":{\"counted\":1}},"
                                    "\"unknown_fields\":{\"total\":3,\"names\":{\"colour\":2,\"x\\u001b\":1}}}\n");
    sink.size = 0;
    options.output = DORA_OUTPUT_TABLE;
    assert_int_equal(dora_account_write(engine, &options, take, &sink, NULL), DORA_OK);
    assert_string_equal(sink.bytes, "records                                    3\n"
                                    "  distinct facts                           1\n"
                                    "  merged into others                       1\n"
                                    "  rejected                                 1\n"
                                    "\n"
                                    "deployment                                 1\n"
                                    "  counted                                  1\n"
                                    "\n"
                                    "unknown fields, ignored                    3\n"
                                    "  colour                                   2\n"
                                    "  x\\x1b                                    1\n");
    sink.size = 0;
    dora_fact fact = deployment("shop", "2", 1, 1);
    fact.committed_at = DORA_ABSENT;
    fact.environment = dora_string_of("<b>staging</b>");
    add(engine, &fact);
    options.output = DORA_OUTPUT_MARKDOWN;
    assert_int_equal(dora_account_write(engine, &options, take, &sink, NULL), DORA_OK);
    assert_string_equal(sink.bytes, "4 records: 2 facts, 1 merged, 1 rejected; not counted: 1 deployment outside "
                                    "production\n");
    sink.size = 0;
    for (int i = 0; i < 1234; i++) {
        dora_fact_init(&fact, DORA_KIND_CHANGE);
        char id[16];
        snprintf(id, sizeof id, "c%d", i);
        fact.id = dora_string_of(id);
        add(engine, &fact);
    }
    options.output = DORA_OUTPUT_HTML;
    assert_int_equal(dora_account_write(engine, &options, take, &sink, NULL), DORA_OK);
    assert_string_equal(sink.bytes, "<p class=\"dora-account\">1,238 records: 1,236 facts, 1 merged, 1 rejected; not "
                                    "counted: 1 deployment outside production, 1,234 changes not deployed</p>\n");
    assert_string_equal(dora_disposition_words(DORA_BASELINE), "in the baseline");
    assert_null(dora_disposition_words(DORA_COUNTED));
    assert_null(dora_disposition_words((dora_disposition)DORA_DISPOSITION_COUNT));
    options.output = DORA_OUTPUT_CSV;
    assert_int_equal(dora_account_write(engine, &options, take, &sink, NULL), DORA_ERROR_ARGUMENT);
    free(sink.bytes);
    dora_engine_free(engine);
}

static void test_tiers(void **state) {
    (void)state;
    struct sink sink = {0};
    dora_tiers tiers = *dora_tiers_edition(2022), parsed = {.struct_size = sizeof parsed};
    dora_writer_options options = options_of(DORA_OUTPUT_TABLE);
    assert_int_equal(dora_tiers_write(&tiers, &options, take, &sink, NULL), DORA_OK);
    assert_int_equal(dora_tiers_parse(sink.bytes, sink.size, &parsed, NULL), DORA_OK);
    assert_string_equal(parsed.name, tiers.name);
    assert_int_equal(parsed.restore, tiers.restore);
    sink.size = 0;
    options.output = DORA_OUTPUT_JSON;
    assert_int_equal(dora_tiers_write(&tiers, &options, take, &sink, NULL), DORA_OK);
    assert_non_null(strstr(sink.bytes, "{\"name\":\"2022\",\"restore\":true,\"frequency\":{\"elite\":null,"
                                       "\"high\":{\"numerator\":1,\"denominator\":1,\"strict\":true},"));
    tiers.lead_time[2].numerator = 1; /* stricter than that of high */
    assert_int_equal(dora_tiers_write(&tiers, &options, take, &sink, NULL), DORA_ERROR_ARGUMENT);
    free(sink.bytes);
}

static void test_bad_arguments(void **state) {
    (void)state;
    struct sink sink = {0};
    dora_writer *writer;
    dora_error error;
    dora_writer_options options = options_of(DORA_OUTPUT_NDJSON);
    assert_int_equal(dora_writer_new(&options, NULL, NULL, &writer, &error), DORA_ERROR_ARGUMENT);
    options.output = (dora_output)(DORA_OUTPUT_HTML + 1);
    assert_int_equal(dora_writer_new(&options, take, &sink, &writer, &error), DORA_ERROR_ARGUMENT);
    assert_null(writer);
    options = options_of(DORA_OUTPUT_NDJSON);
    options.struct_size = 0;
    assert_int_equal(dora_writer_new(&options, take, &sink, &writer, &error), DORA_ERROR_ARGUMENT);
    dora_allocator half = {.allocate = heap_allocator(NULL).allocate};
    options = options_of(DORA_OUTPUT_NDJSON);
    options.allocator = &half;
    assert_int_equal(dora_writer_new(&options, take, &sink, &writer, &error), DORA_ERROR_ARGUMENT);
    dora_writer_free(NULL);
}

static void test_order_of_calls(void **state) {
    (void)state;
    struct sink sink = {0};
    dora_writer *writer;
    dora_writer_options options = options_of(DORA_OUTPUT_NDJSON);
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_NONE, "deployments"), other = query_of(DORA_GROUP_SERVICE, "deployments");
    dora_result *result = run(engine, &query), *another = run(engine, &other);
    assert_int_equal(dora_writer_new(&options, take, &sink, &writer, NULL), DORA_OK);
    assert_int_equal(dora_writer_put(writer, result, NULL), DORA_OK);
    assert_int_equal(dora_writer_put(writer, another, NULL), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_writer_put(writer, result, NULL), DORA_OK);
    assert_int_equal(dora_writer_finish(writer, NULL), DORA_OK);
    assert_int_equal(dora_writer_put(writer, result, NULL), DORA_ERROR_ARGUMENT);
    assert_int_equal(dora_writer_finish(writer, NULL), DORA_OK);
    assert_int_equal(sink.writes, 1);
    dora_writer_free(writer);
    dora_result_free(result);
    dora_result_free(another);
    free(sink.bytes);
    dora_engine_free(engine);
}

static void test_failing_writes(void **state) {
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_SERVICE, NULL);
    query.window_days = 7;
    query.since = "2024-02-01";
    dora_result *result = run(engine, &query);
    for (int output = DORA_OUTPUT_TABLE; output <= DORA_OUTPUT_HTML; output++) {
        dora_writer_options options = options_of((dora_output)output);
        for (size_t n = 1;; n++) {
            struct sink sink = {.fail_at = n};
            dora_writer *writer;
            dora_error error;
            assert_int_equal(dora_writer_new(&options, take, &sink, &writer, NULL), DORA_OK);
            dora_status put = dora_writer_put(writer, result, NULL), finish = dora_writer_finish(writer, &error);
            assert_true(put == DORA_OK || put == finish);
            assert_int_equal(dora_writer_finish(writer, NULL), finish);
            dora_writer_free(writer);
            free(sink.bytes);
            if (sink.writes < n) {
                assert_int_equal(finish, DORA_OK);
                break;
            }
            assert_int_equal(finish, DORA_ERROR_IO);
            assert_int_equal(error.status, DORA_ERROR_IO);
            assert_int_equal(sink.writes, n); /* nothing after the failure */
        }
    }
    dora_result_free(result);
    dora_engine_free(engine);
}

enum { ACCOUNT = 1, TIERS };

static dora_status write_anything(int what, dora_output output, dora_engine *engine, const dora_result *result,
                                  const dora_allocator *allocator, struct sink *sink) {
    dora_writer_options options = options_of(output);
    options.allocator = allocator;
    options.rows_most = output == DORA_OUTPUT_MARKDOWN ? 3 : 0;
    if (what == ACCOUNT)
        return dora_account_write(engine, &options, take, sink, NULL);
    if (what == TIERS)
        return dora_tiers_write(dora_tiers_edition(2024), &options, take, sink, NULL);
    return dora_result_write(result, &options, take, sink, NULL);
}

static void test_failing_allocator(void **state) {
    static const struct {
        int what;
        dora_output output;
    } cases[] = {
        {0, DORA_OUTPUT_TABLE},      {0, DORA_OUTPUT_NDJSON},     {0, DORA_OUTPUT_CSV},
        {0, DORA_OUTPUT_JSON},       {0, DORA_OUTPUT_MARKDOWN},   {ACCOUNT, DORA_OUTPUT_TABLE},
        {ACCOUNT, DORA_OUTPUT_JSON}, {TIERS, DORA_OUTPUT_TABLE},  {TIERS, DORA_OUTPUT_JSON},
        {0, DORA_OUTPUT_HTML},       {ACCOUNT, DORA_OUTPUT_HTML},
    };
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_SERVICE, NULL);
    query.window_days = 7;
    query.intervals = 1;
    dora_result *result = run(engine, &query);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dora_status status = DORA_ERROR_MEMORY;
        for (size_t n = 1; status != DORA_OK; n++) {
            struct heap heap = {.fail_at = n};
            struct sink sink = {0};
            dora_allocator allocator = heap_allocator(&heap);
            status = write_anything(cases[i].what, cases[i].output, engine, result, &allocator, &sink);
            assert_int_equal(status, heap.calls < n ? DORA_OK : DORA_ERROR_MEMORY);
            assert_int_equal(heap.bytes, 0);
            free(sink.bytes);
        }
    }
    dora_result_free(result);
    dora_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine_formats),
        cmocka_unit_test(test_people_formats),
        cmocka_unit_test(test_table_details),
        cmocka_unit_test(test_picked_columns),
        cmocka_unit_test(test_window_labels),
        cmocka_unit_test(test_naughty_strings),
        cmocka_unit_test(test_csv_safe),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_color),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_tiers),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_order_of_calls),
        cmocka_unit_test(test_failing_writes),
        cmocka_unit_test(test_failing_allocator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
