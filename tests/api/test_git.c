/* SPDX-License-Identifier: MIT */
/*
 * What git prints: the same facts in whatever pieces it comes, recognised or asked for; cut anywhere or spoilt it is
 * read to an end, and what follows a record that is none is still found.
 */
#include "../support/fixture.h"

#include <dora/facts.h>
#include <dora/sources.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc" /* of SHA-256 */

static const char log_text[] = A "\0" B " " C "\0"
                                 "1700000300\0HEAD -> refs/heads/main, tag: refs/tags/v2.0.1, tag: v2.1-rc1, tag: "
                                 "refs/tags/x,y\0This reverts commit " B ".\n\nx\n" A "\n\0\n" B "\0" C "\0"
                                 "1700000200\0\0tag: refs/tags/v9.9\n\n\n\0\n" C "\0\0"
                                 "1700000100\0refs/remotes/o/v3.0, tag: refs/tags/web@1.10_0\0\0\n"
                                 "refs/tags/v2.0.1\0" A "\0commit\0"
                                 "1700000400\0\nrefs/tags/v4.0\0" A "\0blob\0"
                                 "1\0\nrefs/tags/v5.0\0\0\0\0\n";

static const char expected[] =
    "{\"kind\":\"change\",\"id\":\"" A "\",\"service\":\"p\",\"committed_at\":\"2023-11-14T22:18:20Z\",\"parents\":["
    "\"" B "\",\"" C "\"]}\n"
    "{\"kind\":\"release\",\"id\":\"git:p:v2.0.1\",\"service\":\"p\",\"version\":\"v2.0.1\",\"category\":\"patch\","
    "\"released_at\":\"2023-11-14T22:18:20Z\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"git:p:v2.0.1\",\"service\":\"p\",\"finished_at\":\"2023-11-14T22:18:20Z\","
    "\"version\":\"v2.0.1\",\"sha\":\"" A "\",\"release\":\"git:p:v2.0.1\",\"rework\":true}\n"
    "{\"kind\":\"change\",\"id\":\"" B "\",\"service\":\"p\",\"committed_at\":\"2023-11-14T22:16:40Z\",\"parents\":["
    "\"" C "\"]}\n"
    "{\"kind\":\"change\",\"id\":\"" C "\",\"service\":\"p\",\"committed_at\":\"2023-11-14T22:15:00Z\"}\n"
    "{\"kind\":\"release\",\"id\":\"git:p:web@1.10_0\",\"service\":\"p\",\"version\":\"web@1.10_0\",\"category\":"
    "\"minor\",\"released_at\":\"2023-11-14T22:15:00Z\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"git:p:web@1.10_0\",\"service\":\"p\",\"finished_at\":\"2023-11-14T22:15:00Z\","
    "\"version\":\"web@1.10_0\",\"sha\":\"" C "\",\"release\":\"git:p:web@1.10_0\"}\n"
    "{\"kind\":\"release\",\"id\":\"git:p:v2.0.1\",\"service\":\"p\",\"version\":\"v2.0.1\",\"category\":\"patch\","
    "\"released_at\":\"2023-11-14T22:20:00Z\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"git:p:v2.0.1\",\"service\":\"p\",\"finished_at\":\"2023-11-14T22:20:00Z\","
    "\"version\":\"v2.0.1\",\"sha\":\"" A "\",\"release\":\"git:p:v2.0.1\"}\n";

static int take(void *writer, const dora_fact *fact) {
    return dora_fact_writer_put(writer, fact, 1, NULL) != DORA_OK;
}

static int count_rejected(void *context, const dora_error *error) {
    assert_true(error->line > 0);
    ++*(unsigned *)context;
    return 0;
}

/* The facts of a text, read in pieces from copies without room behind them; returns how many records were rejected. */
static unsigned read_text(dora_reader_options options, const char *text, size_t size, size_t piece, struct bytes *out) {
    unsigned rejected = 0;
    const dora_writer_options form = {.struct_size = sizeof form, .output = DORA_OUTPUT_NDJSON};
    dora_engine *engine;
    dora_reader *reader;
    dora_fact_writer *writer;
    out->size = 0;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    assert_int_equal(dora_fact_writer_new(&form, bytes_append, out, &writer, NULL), DORA_OK);
    options.struct_size = sizeof options;
    options.on_fact = take;
    options.on_fact_context = writer;
    options.on_reject = count_rejected;
    options.on_reject_context = &rejected;
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    for (size_t at = 0; at < size; at += piece) {
        size_t now = size - at < piece ? size - at : piece;
        char *copy = malloc(now);
        assert_non_null(copy);
        memcpy(copy, text + at, now);
        assert_int_equal(dora_reader_feed(reader, copy, now, NULL), DORA_OK);
        free(copy);
    }
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    assert_int_equal(dora_fact_writer_finish(writer, NULL), DORA_OK);
    dora_reader_free(reader);
    dora_fact_writer_free(writer);
    dora_engine_free(engine);
    return rejected;
}

static void test_pieces(void **state) {
    (void)state;
    struct bytes out = {0};
    for (size_t piece = 1; piece <= sizeof log_text; piece++)
        for (int asked = 0; asked < 2; asked++) {
            dora_reader_options options = {.project = "p", .source = asked ? "git" : NULL};
            assert_int_equal(read_text(options, log_text, sizeof log_text - 1, piece, &out), 0);
            assert_int_equal(out.size, sizeof expected - 1);
            assert_memory_equal(out.data, expected, out.size);
        }
    bytes_free(&out);
}

/* Lines of paths end where a record begins, wherever pieces do. */
static void test_paths(void **state) {
    (void)state;
    static const char text[] = A "\0" B "\0"
                                 "1700000300\0\0x\n\0\n\nb/1\na/2\n" B "\0" C "\0"
                                 "1700000200\0\0\0\nb/\n\n" C "\0\0"
                                 "1700000100\0\0\0\nca/\n0123abc\na/3";
    static const char want[] =
        "{\"kind\":\"change\",\"id\":\"" A "\",\"committed_at\":\"2023-11-14T22:18:20Z\","
        "\"parents\":[\"" B "\"]}\n{\"kind\":\"change\",\"id\":\"" B "\",\"parents\":[\"" C
        "\"]}\n{\"kind\":\"change\",\"id\":\"" C "\",\"committed_at\":\"2023-11-14T22:15:00Z\"}\n";
    struct bytes out = {0};
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        dora_reader_options options = {.source = "git", .parameters = "paths=/^a\\//"};
        assert_int_equal(read_text(options, text, sizeof text - 1, piece, &out), 0);
        assert_int_equal(out.size, sizeof want - 1);
        assert_memory_equal(out.data, want, out.size);
    }
    dora_reader_options options = {.source = "git", .parameters = "paths=/^a/", .record_bytes_max = 100};
    assert_int_equal(read_text(options, text, sizeof text - 1, 7, &out), 2); /* with their paths too long */
    bytes_free(&out);
}

static void test_tags(void **state) {
    (void)state;
    struct bytes out = {0};
    dora_reader_options options = {.source = "git", .tags = "^v2"};
    read_text(options, log_text, sizeof log_text - 1, 100, &out);
    bytes_append(&out, "", 1);
    assert_non_null(strstr(out.data, "\"id\":\"git:v2.1-rc1\",\"version\":\"v2.1-rc1\",\"category\":\"prerelease\""));
    assert_null(strstr(out.data, "web@"));
    assert_null(strstr(out.data, "service"));
    bytes_free(&out);
}

/* Newlines come as \r\n, a NUL is between two records, or nothing at all. */
static void test_between(void **state) {
    (void)state;
    static const char *const between[] = {"\r\n", "", "\0"};
    const size_t sizes[] = {2, 0, 1};
    for (int i = 0; i < 3; i++) {
        struct bytes text = {0}, out = {0};
        for (int k = 0; k < 3; k++) {
            bytes_append(&text,
                         A "\0\0"
                           "1\0\0\0",
                         46);
            bytes_append(&text, between[i], sizes[i]);
        }
        dora_reader_options options = {0};
        assert_int_equal(read_text(options, text.data, text.size, 9, &out), 0);
        assert_int_equal(out.size % 3, 0);
        assert_true(out.size > 0);
        bytes_free(&text);
        bytes_free(&out);
    }
}

static void test_none(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        unsigned rejected;
        int facts;
    } cases[] = {
#define TEXT(text) text, sizeof text - 1
        {TEXT("commit " A "\nAuthor: x\n\n  y\n"), 1, 0},
        {TEXT("rubbish\n\n" A "\n" A "\0\0"
              "5\0\0\0\n"),
         1, 1},
        {TEXT(A "\0"
                "q\0"
                "5\0\0\0\n" A "\0\0"
                "5\0\0\0\n"),
         1, 1},
        {TEXT(A "\0\0"
                "never\0\0\0\n" A "\0\0"
                "5\0\0\0\n"),
         1, 1},
        {TEXT(A "\0\0"
                "5\0\0\0\n" A "\0\0"
                "5\0\0"),
         1, 1},
        {TEXT("refs/tags/v1.0\0zz\0commit\0"
              "5\0\n" A "\0\0"
              "5\0\0\0\n"),
         1, 1},
        {TEXT(A "\0\0"
                "5\0tag: v1.0\xFF\0\0\n"),
         1, 1},
        {TEXT(""), 0, 0},
#undef TEXT
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 90; piece += 8) {
            struct bytes out = {0};
            dora_reader_options options = {.source = "git"};
            assert_int_equal(read_text(options, cases[i].text, cases[i].size, piece, &out), cases[i].rejected);
            int facts = 0;
            for (size_t k = 0; k < out.size; k++)
                facts += out.data[k] == '\n';
            assert_int_equal(facts, cases[i].facts);
            bytes_free(&out);
        }
}

static void test_long(void **state) {
    (void)state;
    struct bytes text = {0}, out = {0};
    bytes_append(&text,
                 A "\0\0"
                   "5\0\0",
                 45);
    for (int i = 0; i < 3000; i++)
        bytes_puts(&text, "a line of a message\n");
    bytes_append(&text,
                 "\0 its last line\n" A "\0\0"
                 "5\0\0\0\n",
                 63);
    const size_t pieces[] = {1, 700, 1001, 30000, text.size - 1, text.size};
    dora_reader_options options = {.record_bytes_max = 1000};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        assert_int_equal(read_text(options, text.data, text.size, pieces[i], &out), 1);
        assert_true(out.size > 0);
    }
    bytes_free(&text);
    bytes_free(&out);
}

static void test_spoilt(void **state) {
    (void)state;
    char text[sizeof log_text];
    uint64_t random = 7;
    struct bytes out = {0};
    dora_reader_options options = {.source = "git"};
    for (size_t size = 0; size < sizeof log_text; size++) {
        read_text(options, log_text, size, 7, &out);
        memcpy(text, log_text, sizeof text);
        for (int flips = 0; flips < 3; flips++)
            text[random_below(&random, sizeof text - 1)] = (char)random_below(&random, 256);
        read_text(options, text, sizeof text - 1, 50, &out);
    }
    bytes_free(&out);
}

static void test_options(void **state) {
    (void)state;
    static const dora_reader_options bad[] = {
        {.struct_size = sizeof *bad, .source = "git", .tags = "("},
        {.struct_size = sizeof *bad, .source = "git", .format = DORA_FORMAT_CSV},
        {.struct_size = sizeof *bad, .source = "git", .mapping = "fact deployment", .mapping_size = 15},
    };
    dora_engine *engine;
    dora_reader *reader;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(dora_reader_new(engine, &bad[i], &reader, NULL), DORA_ERROR_ARGUMENT);
    dora_engine_free(engine);
    size_t sources = 0;
    while (dora_source_name(sources)) {
        assert_true(strncmp(dora_source_text(sources), "# ", 2) == 0);
        sources++;
    }
    assert_true(sources > 1);
    assert_null(dora_source_text(sources));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),  cmocka_unit_test(test_paths),   cmocka_unit_test(test_tags),
        cmocka_unit_test(test_between), cmocka_unit_test(test_none),    cmocka_unit_test(test_long),
        cmocka_unit_test(test_spoilt),  cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
