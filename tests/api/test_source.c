/* SPDX-License-Identifier: MIT */
/*
 * Exports of tools through mappings: the facts of the fixtures, the same in whatever pieces they come; cut anywhere or
 * with bytes spoilt, they are read to an end.
 */
#include "../support/fixture.h"

#include <dora/sources.h>

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char github[] =
    "\xEF\xBB\xBF[{\"id\":1,\"statuses_url\":\"u\",\"sha\":\"aa\",\"environment\":\"production\","
    "\"created_at\":\"2024-01-02T10:00:00Z\",\"payload\":{\"a\":[1,{\"b\":null}]}},\n"
    "{\"id\":12,\"state\":\"success\",\"deployment_url\":\"https://h/repos/o/r/deployments/1\","
    "\"created_at\":\"2024-01-02T10:05:00Z\"},"
    "{\"id\":13,\"state\":\"inactive\",\"deployment_url\":\"h/1\",\"created_at\":\"2024-02-02T10:05:00Z\"},\n"
    "{\"number\":7,\"labels\":[{\"name\":\"bug\"},{\"name\":\"Incident\"}],\"created_at\":\"2024-01-02T11:00:00Z\"},"
    "{\"number\":9,\"merged_at\":null,\"merge_commit_sha\":\"bb\",\"created_at\":\"2024-01-01T00:00:00Z\"}]\n"
    "{\"total_count\":1,\"items\":[{\"tag_name\":\"v1\",\"published_at\":\"2024-01-02T12:00:00Z\","
    "\"name\":\"caf\\u00e9\"}]}\n";

static const char jenkins[] =
    "{\"_class\":\"x\",\"allBuilds\":[{\"number\":1,\"timestamp\":1704189600000,\"duration\":60000,"
    "\"result\":\"SUCCESS\",\"building\":false,\"actions\":[{},{\"lastBuiltRevision\":{\"SHA1\":\"aa\"}}]},"
    "{\"number\":2,\"timestamp\":1704193200000,\"duration\":0,\"result\":null,\"building\":true},"
    "{\"number\":3,\"timestamp\":1704196800000,\"duration\":1000,\"result\":\"ABORTED\"}],\"name\":\"d\"}";

static const char octopus[] =
    "\xEF\xBB\xBF<?xml version='1.0' encoding=\"UTF-8\"?>\n<!-- a -> b --><x:All xmlns:x='u'>\n"
    "<x:Deployment a=\"1>2\"><x:DeploymentId>d1</x:DeploymentId> <TaskId>t&#49;</TaskId><?p i?>"
    "<ReleaseVersion>1</ReleaseVersion><State>Suc<![CDATA[ces]]>s</State><ProjectName>a&lt;b&amp;\"\\c</"
    "ProjectName><!-- c -->"
    "<Links><Self>s</Self>tail&gt;<Self/></Links><CompletedTime>2024-01-02T10:00:00Z</CompletedTime></x:Deployment >\n"
    "<Deployment><DeploymentId>d2</DeploymentId><TaskId>t2</TaskId><State>Failed</State>"
    "<CompletedTime>2024-01-03T10:00:00Z</CompletedTime></Deployment><Deployment/></x:All>\n<!-- end -->\n";

/* Reads text in pieces of that size, from a copy without room behind it. */
static dora_account read_pieces(const char *source, const char *text, size_t size, size_t piece, int spoilt) {
    const dora_reader_options options = {.struct_size = sizeof options, .source = source, .project = "o/r"};
    dora_account account = {.struct_size = sizeof account};
    dora_engine *engine;
    dora_reader *reader;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    for (size_t at = 0; at < size; at += piece) {
        size_t now = size - at < piece ? size - at : piece;
        char *copy = malloc(now);
        assert_non_null(copy);
        memcpy(copy, text + at, now);
        dora_status status = dora_reader_feed(reader, copy, now, NULL);
        free(copy);
        if (status != DORA_OK && spoilt)
            break;
        assert_int_equal(status, DORA_OK);
    }
    dora_status status = dora_reader_finish(reader, NULL);
    assert_true(status == DORA_OK || (spoilt && status == DORA_ERROR_INPUT)); /* it was taken for CSV */
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    dora_reader_free(reader);
    dora_engine_free(engine);
    return account;
}

static dora_account read_text(const char *source, const char *text, size_t size, size_t piece) {
    return read_pieces(source, text, size, piece, 0);
}

static void test_pieces(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * sizeof github; i++) { /* told, or known by its shape */
        size_t piece = 1 + i / 2;
        dora_account account = read_text(i % 2 ? "github" : NULL, github, sizeof github - 1, piece);
        assert_int_equal(account.rejected, 0);
        assert_int_equal(account.facts, 3);
        assert_int_equal(account.dispositions[DORA_KIND_DEPLOYMENT][DORA_COUNTED], 1);
        account = read_text(i % 2 ? "jenkins" : NULL, jenkins, sizeof jenkins - 1, piece);
        assert_int_equal(account.rejected, 0);
        assert_int_equal(account.facts, 2);
        assert_int_equal(account.dispositions[DORA_KIND_DEPLOYMENT][DORA_CANCELED], 1);
        account = read_text(i % 2 ? "octopus" : NULL, octopus, sizeof octopus - 1, piece);
        assert_int_equal(account.rejected, 0);
        assert_int_equal(account.items, 3);
        assert_int_equal(account.silent, 1);
        assert_int_equal(account.dispositions[DORA_KIND_DEPLOYMENT][DORA_COUNTED], 1);
        assert_int_equal(account.dispositions[DORA_KIND_DEPLOYMENT][DORA_FAILED_ATTEMPT], 1);
    }
}

/* The order of members says nothing, nor what stood at a place of the item before: other keys, spaces, escapes, bytes
   above 127, more members than places are kept of. */
static void test_member_order(void **state) {
    (void)state;
    static const char *const items[] = {
        "{\"id\":1,\"statuses_url\":\"u\",\"sha\":\"aa\",\"environment\":\"e\"}",
        "{\"id\":2,\"statuses_url\":\"u\",\"sha\":\"aa\",\"environment\":\"e\"}",
        "{\"sha\":\"aa\",\"environment\":\"e\",\"id\":3,\"statuses_url\":\"u\"}",
        "{ \"sha\" : \"aa\" , \"environment\" : \"e\" , \"id\" : 4 , \"statuses_url\" : \"u\" }",
        "{\"\xC3\xA9\":0,\"\\u0069\":7,\"id\":5,\"statuses_url\":\"u\",\"sha\":\"aa\"}",
        "{\"\xC3\xA9\":0,\"\\u0069\":7,\"id\":6,\"statuses_url\":\"u\",\"sha\":\"aa\"}",
    };
    static const char *const wrong[] = {
        "{\"\xC3\":0,\"id\":5,\"statuses_url\":\"u\",\"sha\":\"aa\"}",
        "{\"id\"1,\"statuses_url\":\"u\"}",
        "{\"id\":1,\"statuses_url\":\"u\",}",
        "{\"id\":,\"statuses_url\":\"u\"}",
        "{\"id\":1 \"statuses_url\":\"u\"}",
        "{\"id\":1,\"statuses_url\"}",
    };
    char text[4000], *at = text, *end = text + sizeof text;
    *at++ = '[';
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
            if (i == 0 || k == i - 1)
                at += snprintf(at, (size_t)(end - at), "%s,%s,", items[i], wrong[k]);
    for (int twice = 0; twice < 2; twice++) {
        *at++ = '{';
        for (int i = 0; i < 70; i++)
            at += snprintf(at, (size_t)(end - at), "\"%c%d\":%d,", 'a' + twice * (i > 60), i, i);
        at += snprintf(at, (size_t)(end - at), "\"id\":%d,\"statuses_url\":\"u\",\"sha\":\"aa\"}%s", 7 + twice,
                       twice ? "]" : ",");
    }
    for (size_t piece = 1; piece < 200; piece += 11) {
        dora_account account = read_text("github", text, (size_t)(at - text), piece);
        assert_int_equal(account.facts, 8);
        assert_int_equal(account.rejected, 11);
    }
}

/* What follows a bad item is read; what is no XML that can be is refused. */
static void test_bad_xml(void **state) {
    (void)state;
    static const char *const items[] = {
        "<D><TaskId>1</Task></D>",
        "<D><a b=c/></D>",
        "<D><a b></a></D>",
        "<D>text</D>",
        "<D><a>&none;</a></D>",
        "<D><a>&#0;</a></D>",
        "<D><a>&#xD800;</a></D>",
        "<D><a>& b</a></D>",
        "<D><1/></D>",
        "<D><a b='</D>",
        "<D><a>\xff</a></D>",
        "<D><a>&#1114112;</a></D>",
        "<D><a>&#x;</a></D>",
        "<D><a></ a></a></D>",
        "<D><a / ></a></D>",
    };
    static const char *const documents[] = {"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
                                            "<?xml version='1.0' encoding='ISO-8859-1'?><a/>"};
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        char text[400];
        int size = snprintf(text, sizeof text,
                            "<A>%s<D><DeploymentId>d</DeploymentId><TaskId>t</TaskId><State>Success</State>"
                            "<CompletedTime>2024-01-02</CompletedTime></D></A>",
                            items[i]);
        dora_account account = read_text("octopus", text, (size_t)size, 7);
        if (account.rejected != 1 || account.facts != 1)
            fail_msg("%s: %d rejected, %d facts", items[i], (int)account.rejected, (int)account.facts);
    }
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        const dora_reader_options options = {.struct_size = sizeof options, .source = "octopus"};
        dora_engine *engine;
        dora_reader *reader;
        dora_error error;
        assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
        assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
        dora_reader_feed(reader, documents[i], strlen(documents[i]), &error);
        assert_int_equal(dora_reader_finish(reader, &error), DORA_ERROR_INPUT);
        dora_reader_free(reader);
        dora_engine_free(engine);
    }
    static const char *const beside[] = {"<A>text</A>", "<A/><B/>", "<A></B>", "<A><D", "<A>", "</A>"};
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
        assert_int_equal(read_text("octopus", beside[i], strlen(beside[i]), 3).rejected, 1);
    char deep[2000];
    for (size_t i = 0; i < sizeof deep; i += 4)
        memcpy(deep + i, i ? "<aa>" : "<bb>", 4);
    assert_int_equal(read_text("octopus", deep, sizeof deep, sizeof deep).rejected, 2); /* and the root has no end */
}

static void test_spoilt(void **state) {
    (void)state;
    char text[sizeof github];
    uint64_t random = 7;
    for (size_t size = 0; size < sizeof github; size++) {
        read_pieces("github", github, size, 7, 1);
        memcpy(text, github, sizeof text);
        for (int flips = 0; flips < 3; flips++)
            text[random_below(&random, sizeof text - 1)] = (char)random_below(&random, 256);
        read_pieces("github", text, sizeof text - 1, 50, 1);
    }
    dora_account cut = read_text("jenkins", jenkins, sizeof jenkins - 30, 50);
    assert_int_equal(cut.facts, 1);
    assert_true(cut.rejected > 0);
}

/* The text to its first `size` bytes, in two pieces, into an engine of any facts. */
static void read_some(dora_engine *engine, const char *source, const char *text, size_t size) {
    const dora_reader_options options = {.struct_size = sizeof options, .source = source, .project = "o/r"};
    dora_reader *reader;
    assert_int_equal(dora_reader_new(engine, &options, &reader, NULL), DORA_OK);
    for (size_t from = 0, piece = size / 2; from < size; from += piece, piece = size - from) {
        char *copy = malloc(piece + !piece);
        assert_non_null(copy);
        memcpy(copy, text + from, piece);
        dora_status status = dora_reader_feed(reader, copy, piece, NULL);
        free(copy);
        if (status != DORA_OK)
            break; /* a header that has no column of the mapping */
    }
    dora_reader_finish(reader, NULL);
    dora_reader_free(reader);
}

/* The file cut at every byte, and with bytes spoilt. */
static void spoil_file(const char *source, const char *path) {
    enum { MOST = 1 << 16 };
    uint64_t random = 3;
    dora_engine *engine;
    char *text = malloc(MOST), *spoilt = malloc(MOST);
    FILE *file = fopen(path, "rb");
    assert_true(text && spoilt && file);
    size_t size = fread(text, 1, MOST, file);
    fclose(file);
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    for (size_t cut = 0; cut <= size; cut++) {
        read_some(engine, source, text, cut);
        if (cut % 4)
            continue;
        memcpy(spoilt, text, size);
        for (int flips = 0; flips < 4; flips++)
            spoilt[random_below(&random, size)] = (char)random_below(&random, 256);
        read_some(engine, source, spoilt, size);
        read_some(engine, NULL, cut % 8 ? spoilt : text, cut % 8 ? size : cut); /* known by its shape, or not */
    }
    dora_engine_free(engine);
    free(text);
    free(spoilt);
}

static void test_fixtures_spoilt(void **state) {
    (void)state;
    const char *root = getenv("DORA_SOURCE");
    if (!root) {
        print_message("DORA_SOURCE does not say where the fixtures are; meson test sets it\n");
        skip();
    }
    for (size_t i = 0; dora_source_name(i); i++) {
        char folder[512], path[1024];
        snprintf(folder, sizeof folder, "%s/tests/data/sources/%s", root, dora_source_name(i));
        DIR *files = opendir(folder);
        for (struct dirent *entry; files && (entry = readdir(files));) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            if (entry->d_name[0] != '.' && strcmp(entry->d_name, "expected.ndjson") != 0)
                spoil_file(dora_source_name(i), path);
        }
        if (files)
            closedir(files);
    }
}

static void test_mappings(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "fact nothing",
                                      "id = x",
                                      "fact deployment\n id \"x",
                                      "fact flag\nsha = a",
                                      "fact flag\ntranslate id = a",
                                      "each a",
                                      "within a\nfact flag\nid = a",
                                      "within a b\nwithin a c\nfact flag\nid = a",
                                      "fact flag\neach",
                                      "fact flag\nid = no(a)",
                                      "fact flag\nid = last(a",
                                      "fact flag\nid = before(a)",
                                      "fact flag\nid = after(\"x\")",
                                      "fact flag\nid = last()",
                                      "fact flag\nwhen a = $none",
                                      "parameter a =",
                                      "fact flag\nwhen a = /(/"};
    dora_engine *engine;
    dora_reader *reader;
    dora_error error;
    assert_int_equal(dora_engine_new(NULL, &engine, NULL), DORA_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const dora_reader_options options = {
            .struct_size = sizeof options, .mapping = bad[i], .mapping_size = strlen(bad[i])};
        assert_int_equal(dora_reader_new(engine, &options, &reader, &error), DORA_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "mapping"));
    }
    const dora_reader_options none = {.struct_size = sizeof none, .source = "no such"};
    assert_int_equal(dora_reader_new(engine, &none, &reader, &error), DORA_ERROR_ARGUMENT);
    static const char own[] = "fact deployment\nid = \"x:\" a.b[0]\nfinished_at = t\n";
    const dora_reader_options options = {.struct_size = sizeof options, .mapping = own, .mapping_size = sizeof own - 1};
    static const char item[] = "{\"a\":{\"b\":[5,6]},\"t\":\"2022-1-11 8:51:47\"}";
    assert_int_equal(dora_reader_new(engine, &options, &reader, &error), DORA_OK);
    assert_int_equal(dora_reader_feed(reader, item, sizeof item - 1, NULL), DORA_OK);
    assert_int_equal(dora_reader_finish(reader, NULL), DORA_OK);
    dora_account account = {.struct_size = sizeof account};
    assert_int_equal(dora_engine_account(engine, &account, NULL), DORA_OK);
    assert_int_equal(account.rejected, 0);
    assert_int_equal(account.dispositions[DORA_KIND_DEPLOYMENT][DORA_COUNTED], 1);
    dora_reader_free(reader);
    dora_engine_free(engine);
    assert_string_equal(dora_source_name(0), "argocd");
    assert_null(dora_source_name(99));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_member_order),    cmocka_unit_test(test_bad_xml),
        cmocka_unit_test(test_spoilt), cmocka_unit_test(test_fixtures_spoilt), cmocka_unit_test(test_mappings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
