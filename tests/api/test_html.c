/* SPDX-License-Identifier: MIT */
/*
 * HTML, and tables of which only the first and the last rows are shown, through the public interface. That HTML is well
 * formed for any report is for tests/command/test_html.py.
 */
#include "../support/january.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The text from `from` on. */
static void assert_ends(dora_engine *engine, const dora_query *query, const char *from, const char *expected) {
    char *text = written(engine, query, DORA_OUTPUT_HTML, 0);
    const char *found = strstr(text, from);
    assert_non_null(found);
    assert_string_equal(found, expected);
    free(text);
}

static void test_html(void **state) {
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_NONE, "dora");
    query.period = DORA_PERIOD_ALL;
    assert_ends(
        engine, &query, "<caption>",
        "<caption>2024-01-01 to 2024-01-31</caption>\n<thead>\n<tr>"
        "<th scope=\"col\" title=\"window\"><span class=\"dora-title\">window</span></th>"
        "<th scope=\"colgroup\" colspan=\"3\" title=\"deployment_frequency\"><span class=\"dora-title\">"
        "deployment frequency</span></th>"
        "<th scope=\"colgroup\" colspan=\"3\" title=\"change_lead_time_p50\"><span class=\"dora-title\">"
        "change lead time<br><span class=\"dora-more\">median (samples)</span></span></th>"
        "<th scope=\"colgroup\" colspan=\"3\" title=\"change_fail_rate\"><span class=\"dora-title\">"
        "change fail rate</span></th>"
        "<th scope=\"colgroup\" colspan=\"4\" title=\"failed_deployment_recovery_time_p50\">"
        "<span class=\"dora-title\">failed deployment recovery time<br>"
        "<span class=\"dora-more\">median (samples)</span></span></th>"
        "<th scope=\"col\" class=\"dora-number\" title=\"deployment_rework_rate\"><span class=\"dora-title\">"
        "deployment rework rate</span></th>"
        "<th scope=\"col\" class=\"dora-number\" title=\"score\"><span class=\"dora-title\">score</span></th>"
        "</tr>\n</thead>\n<tbody>\n<tr><th scope=\"row\">2024-01</th>"
        "<td class=\"dora-number dora-count dora-part\">4</td><td class=\"dora-number dora-part\">3.9/month</td>"
        "<td><span class=\"dora-tier dora-high\">high</span></td>"
        "<td class=\"dora-number dora-part\" title=\"61200 s\">17 h</td>"
        "<td class=\"dora-number dora-more dora-part\">(4)</td>"
        "<td><span class=\"dora-tier dora-elite\">elite</span></td>"
        "<td class=\"dora-number dora-part\">50.0 %</td>"
        "<td class=\"dora-number dora-more dora-part\">(2/4)</td>"
        "<td><span class=\"dora-tier dora-low\">low</span></td>"
        "<td class=\"dora-number dora-part\" title=\"1800 s\">30 min</td>"
        "<td class=\"dora-number dora-more dora-part\">(1)</td>"
        "<td class=\" dora-part\"><span class=\"dora-tier dora-elite\">elite</span></td>"
        "<td class=\"dora-more\">1 open</td>"
        "<td class=\"dora-number\">-</td><td class=\"dora-number\">7.3</td></tr>\n"
        "</tbody>\n</table>\n</div>\n<p>- no data</p>\n</div>\n");
    query = query_of(DORA_GROUP_SERVICE, "change_lead_time");
    query.percentiles = "50,90";
    query.since = "2024-01-29"; /* a null group, which is not counted, and no exact number where there is none */
    assert_ends(engine, &query, "<caption>",
                "<caption>2 services, 2024-01-01 to 2024-01-31</caption>\n<thead>\n<tr>"
                "<th scope=\"col\" title=\"service\"><span class=\"dora-title\">service</span></th>"
                "<th scope=\"col\" title=\"window\"><span class=\"dora-title\">window</span></th>"
                "<th scope=\"colgroup\" colspan=\"3\" title=\"change_lead_time_p50\"><span class=\"dora-title\">"
                "change lead time<br><span class=\"dora-more\">median (samples)</span></span></th>"
                "<th scope=\"col\" class=\"dora-number\" title=\"change_lead_time_mean\"><span class=\"dora-title\">"
                "<span class=\"dora-more\">mean</span></span></th>"
                "<th scope=\"col\" class=\"dora-number\" title=\"change_lead_time_p90\"><span class=\"dora-title\">"
                "<span class=\"dora-more\">p90</span></span></th></tr>\n</thead>\n<tbody>\n"
                "<tr><th scope=\"row\">(none)</th><th scope=\"row\">2024-01*</th>"
                "<td class=\"dora-number dora-part\">-</td><td class=\"dora-number dora-more dora-part\"></td><td></td>"
                "<td class=\"dora-number\">-</td><td class=\"dora-number\">-</td></tr>\n"
                "<tr><th scope=\"row\">caf\xc3\xa9</th><th scope=\"row\">2024-01*</th>"
                "<td class=\"dora-number dora-part\" title=\"108000 s\">1.3 d</td>"
                "<td class=\"dora-number dora-more dora-part\">(1)</td>"
                "<td><span class=\"dora-tier dora-high\">high</span></td>"
                "<td class=\"dora-number\" title=\"108000 s\">1.3 d</td>"
                "<td class=\"dora-number\" title=\"108000 s\">1.3 d</td></tr>\n"
                "<tr><th scope=\"row\">shop</th><th scope=\"row\">2024-01*</th>"
                "<td class=\"dora-number dora-part\" title=\"259200 s\">3.0 d</td>"
                "<td class=\"dora-number dora-more dora-part\">(1)</td>"
                "<td><span class=\"dora-tier dora-high\">high</span></td>"
                "<td class=\"dora-number\" title=\"259200 s\">3.0 d</td>"
                "<td class=\"dora-number\" title=\"259200 s\">3.0 d</td></tr>\n"
                "</tbody>\n</table>\n</div>\n"
                "<p>* partial: not all days of this window are observed<br>\n- no data</p>\n</div>\n");
    dora_engine_free(engine);
}

static void test_html_of_strings(void **state) {
    (void)state;
    dora_engine *engine;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    dora_query query = query_of(DORA_GROUP_SERVICE, "deployments");
    assert_ends(engine, &query, "<caption>",
                "<caption>no rows</caption>\n<thead>\n<tr>"
                "<th scope=\"col\" title=\"service\"><span class=\"dora-title\">service</span></th>"
                "<th scope=\"col\" title=\"window\"><span class=\"dora-title\">window</span></th>"
                "<th scope=\"col\" class=\"dora-number\" title=\"deployments\"><span class=\"dora-title\">deployments"
                "</span></th></tr>\n</thead>\n<tbody>\n</tbody>\n</table>\n</div>\n</div>\n");
    dora_fact fact = deployment("<script>\"&'" NAUGHTY, "1", 1, 1);
    add(engine, &fact);
    fact = deployment("<script>\"&'" NAUGHTY, "2", 32, 1);
    add(engine, &fact);
    assert_ends(
        engine, &query, "<tbody>",
        "<tbody>\n"
        "<tr><th scope=\"row\">&lt;script&gt;&quot;&amp;&#39;a\\x1b[31m|&quot;,\\x0a\\u{202e}&lt;b&gt;</th>"
        "<th scope=\"row\">2024-01</th><td class=\"dora-number\">1</td></tr>\n"
        "<tr><th scope=\"row\" class=\"dora-more\">&lt;script&gt;&quot;&amp;&#39;a\\x1b[31m|&quot;,\\x0a\\u{202e}"
        "&lt;b&gt;</th><th scope=\"row\">2024-02*</th><td class=\"dora-number\">1</td></tr>\n"
        "</tbody>\n</table>\n</div>\n"
        "<p>* partial: not all days of this window are observed</p>\n</div>\n");
    dora_engine_free(engine);
}

static void put_shown(const dora_result *result, const dora_writer_options *options, int times, struct sink *sink) {
    dora_writer *writer;
    assert_int_equal(dora_writer_new(options, take, sink, &writer, NULL), DORA_OK);
    for (int i = 0; i < times; i++)
        assert_int_equal(dora_writer_put(writer, result, NULL), DORA_OK);
    assert_int_equal(dora_writer_finish(writer, NULL), DORA_OK);
    dora_writer_free(writer);
}

/* Of more rows than the most the first and last are shown, be they of one result or of several. */
static void test_rows_most(void **state) {
    (void)state;
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_NONE, "deployments");
    query.period = DORA_PERIOD_DAY;
    dora_result *result = run(engine, &query);
    size_t rows = dora_result_rows(result);
    assert_int_equal(rows, 31);
    for (int output = DORA_OUTPUT_TABLE; output <= DORA_OUTPUT_HTML; output++) {
        dora_writer_options options = options_of((dora_output)output);
        bool people = output == DORA_OUTPUT_TABLE || output >= DORA_OUTPUT_MARKDOWN;
        for (options.rows_most = 1; options.rows_most <= 62; options.rows_most++) {
            struct sink sink = {0};
            char more[64];
            put_shown(result, &options, 2, &sink);
            bool cut = people && options.rows_most < 62;
            snprintf(more, sizeof more, "... %d more %s", 62 - (int)options.rows_most,
                     options.rows_most == 61 ? "row" : "rows");
            assert_int_equal(strstr(sink.bytes, more) != NULL, cut);
            assert_int_equal(strstr(sink.bytes, "more row") != NULL, cut);
            assert_int_equal(strstr(sink.bytes, "2024-01-06") != NULL, !people || options.rows_most >= 12);
            assert_non_null(strstr(sink.bytes, "2024-01-31"));
            free(sink.bytes);
        }
    }
    struct sink sink = {0};
    dora_writer_options options = options_of(DORA_OUTPUT_TABLE);
    options.rows_most = 5;
    put_shown(result, &options, 1, &sink);
    assert_string_equal(sink.bytes, "window      deployments\n2024-01-01            1\n2024-01-02            1\n"
                                    "... 26 more rows\n"
                                    "2024-01-29            0\n2024-01-30            0\n2024-01-31            2\n");
    sink.size = 0;
    options.output = DORA_OUTPUT_MARKDOWN;
    options.rows_most = 1;
    put_shown(result, &options, 3, &sink);
    assert_string_equal(sink.bytes, "| window | deployments |\n| --- | ---: |\n| ... 92 more rows | |\n"
                                    "| 2024-01-31 | 2 |\n");
    free(sink.bytes);
    dora_result_free(result);
    dora_engine_free(engine);
}

/* What is said of the rows is said of those that are shown, but for the span and the groups; a group is named again
   behind the gap. */
static void test_rows_most_of_groups(void **state) {
    (void)state;
    struct sink sink = {0};
    dora_engine *engine = make_engine();
    dora_query query = query_of(DORA_GROUP_SERVICE, "deployments");
    query.period = DORA_PERIOD_DAY;
    dora_writer_options options = options_of(DORA_OUTPUT_TABLE);
    options.rows_most = 4;
    dora_result *result = run(engine, &query);
    put_shown(result, &options, 1, &sink);
    assert_string_equal(sink.bytes, "service  window      deployments\n"
                                    "(none)   2024-01-03            0\n         2024-01-04            0\n"
                                    "... 57 more rows\n"
                                    "shop     2024-01-30            0\n         2024-01-31            1\n");
    sink.size = 0;
    options.output = DORA_OUTPUT_HTML;
    put_shown(result, &options, 1, &sink);
    assert_non_null(strstr(sink.bytes, "<caption>2 services, 2024-01-01 to 2024-01-31</caption>"));
    assert_non_null(strstr(sink.bytes, "<tr><td class=\"dora-gap\" colspan=\"3\">... 57 more rows</td></tr>\n"
                                       "<tr><th scope=\"row\">shop</th>"));
    free(sink.bytes);
    dora_result_free(result);
    dora_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_html_of_strings),
        cmocka_unit_test(test_rows_most),
        cmocka_unit_test(test_rows_most_of_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
