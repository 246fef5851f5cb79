/* SPDX-License-Identifier: MIT */
/*
 * Every allocation fails once, and every one from some point on, while exports of tools are read: each call says
 * DORA_ERROR_MEMORY, nothing leaks, and the export read again into the same engine gives the same facts.
 */
#include "../support/fixture.h"
#include "faulty.h"

#include <dora/facts.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An input and what is told of it. All its facts have ids, so that those that are in stay as they are. */
struct export {
    const char *name;
    const char *source;
    const char *mapping;
    const char *parameters;
    const char *tags;
    const char *text;
    size_t size;
};

static const char deployments[] =
    "[{\"id\":1,\"statuses_url\":\"u\",\"sha\":\"aa\",\"environment\":\"production\",\"description\":\"caf\\u00e9\","
    "\"created_at\":\"2024-01-02T10:00:00Z\"},\n"
    "{\"id\":12,\"state\":\"success\",\"deployment_url\":\"https://h/repos/o/r/deployments/1\","
    "\"created_at\":\"2024-01-02T10:05:00Z\"},5,\n"
    "{\"number\":7,\"labels\":[{\"name\":\"bug\"},{\"name\":\"outage\"}],\"created_at\":\"2024-01-02T11:00:00Z\"}]";

static const char xml[] = "<All><D><DeploymentId>d</DeploymentId><TaskId>t</TaskId><ReleaseVersion>&#233;</"
                          "ReleaseVersion><State>Success</State>"
                          "<CompletedTime>2024-01-02</CompletedTime></D><D><DeploymentId>d</TaskId></D><D/></All>";

static const char wrapped[] =
    "{\"data\":{\"runs\":[{\"n\":\"deploy-1\",\"at\":\"2022-1-11 8:51:47\",\"u\":\"h/a\\u00e9/7\",\"list\":["
    "{\"k\":\"ENV\",\"v\":\"prod\"}],\"commits\":[{\"id\":\"A1\",\"at\":1704189600},{\"id\":\"b2\",\"at\":"
    "1704189700}]},{\"n\":\"test-2\",\"at\":null}]}}";

static const char own_mapping[] = "parameter jobs = deploy-*\n"
                                  "items data.runs\n"
                                  "fact deployment\n"
                                  "  when n = $jobs /^release-\\d+$/\n"
                                  "  id = \"x:\" project \":\" last(u) | n\n"
                                  "  service = project\n"
                                  "  finished_at = at\n"
                                  "  environment = list[k=ENV].v\n"
                                  "  translate environment prod = production\n"
                                  "  status = \"success\"\n"
                                  "  changes = commits[*].id\n"
                                  "fact change\n"
                                  "  each commits\n"
                                  "  id = lower(each.id)\n"
                                  "  committed_at = each.at\n"
                                  "  as_of = reversed(each.at)\n";

static const char table[] = "id,cicd_scope_id,result,finished_date,environment\n"
                            "d1,s,SUCCESS,2022-1-11 8:51:47,PRODUCTION\n"
                            "d2,s,FAILURE,2022-1-12 8:51:47,\"PRODUCTION\"\n";

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char history[] =
    A "\0" B "\0"
      "1700000300\0tag: refs/tags/v2.0.1, tag: refs/tags/w1\0This reverts commit " B ".\n\0\n" B "\0\0"
      "1700000200\0\0tag: refs/tags/v9.9\n\0\n"
      "refs/tags/v2.0.0\0" B "\0commit\0"
      "1700000400\0\n";

static const struct export exports[] = {
    {"github", "github", NULL, "incident_labels=outage,/^sev\\d$/", NULL, deployments, sizeof deployments - 1},
    {"known by its shape", NULL, NULL, NULL, NULL, deployments, sizeof deployments - 1},
    {"a mapping of one's own", NULL, own_mapping, "jobs=deploy-*,/x+/", NULL, wrapped, sizeof wrapped - 1},
    {"devlake", "devlake", NULL, NULL, NULL, table, sizeof table - 1},
    {"octopus, XML", "octopus", NULL, NULL, NULL, xml, sizeof xml - 1},
    {"XML known by its shape", NULL, NULL, NULL, NULL, xml, sizeof xml - 1},
    {"git", "git", NULL, NULL, "^[vw]\\d", history, sizeof history - 1},
};

struct taking {
    dora_fact_writer *writer;
    dora_status status;
};

static int take_fact(void *context, const dora_fact *fact) {
    struct taking *taking = context;
    taking->status = dora_fact_writer_put(taking->writer, fact, 1, NULL);
    return taking->status != DORA_OK;
}

static dora_status read_export(dora_engine *engine, const struct export *export, dora_error *error) {
    const dora_reader_options options = {.struct_size = sizeof options,
                                         .source = export->source,
                                         .mapping = export->mapping,
                                         .mapping_size = export->mapping ? strlen(export->mapping) : 0,
                                         .project = "o/r",
                                         .parameters = export->parameters,
                                         .tags = export->tags};
    dora_reader *reader;
    dora_status status = dora_reader_new(engine, &options, &reader, error);
    if (status != DORA_OK)
        return status;
    for (size_t at = 0, piece; status == DORA_OK && at < export->size; at += piece) {
        piece = export->size - at < 90 ? export->size - at : 90;
        status = dora_reader_feed(reader, export->text + at, piece, error);
    }
    if (status == DORA_OK)
        status = dora_reader_finish(reader, error);
    dora_reader_free(reader);
    return status;
}

/* What the engine took in, from memory that does not fail. */
static void write_facts(dora_engine *engine, struct bytes *out) {
    struct taking taking = {0};
    assert_int_equal(dora_fact_writer_new(NULL, bytes_append, out, &taking.writer, NULL), DORA_OK);
    assert_int_equal(dora_engine_facts(engine, take_fact, &taking, NULL), DORA_OK);
    assert_int_equal(dora_fact_writer_finish(taking.writer, NULL), DORA_OK);
    dora_fact_writer_free(taking.writer);
}

/* Reads with the fault, and where it happened once more without; the number of allocations. */
static uint64_t read_with(const struct export *export, uint64_t fail_at, int and_after, struct bytes *out) {
    struct faulty faulty = {0};
    const dora_allocator allocator = {faulty_allocate, faulty_reallocate, faulty_release, &faulty};
    const dora_engine_options options = {.struct_size = sizeof options, .allocator = &allocator};
    dora_engine *engine;
    dora_error error = {0};
    assert_int_equal(dora_engine_new(&options, &engine, NULL), DORA_OK);
    faulty.calls = 0;
    faulty.fail_at = fail_at;
    faulty.and_after = and_after;
    dora_status status = read_export(engine, export, &error);
    uint64_t calls = faulty.calls;
    if (faulty.failed) {
        clear_fault(&faulty);
        assert_int_equal(status, DORA_ERROR_MEMORY);
        assert_int_equal(error.status, DORA_ERROR_MEMORY);
        status = read_export(engine, export, &error);
    }
    if (status != DORA_OK)
        fail_msg("%s, allocation %llu: %s", export->name, (unsigned long long)fail_at, error.message);
    write_facts(engine, out);
    dora_engine_free(engine);
    assert_int_equal(faulty.blocks, 0);
    assert_int_equal(faulty.wrong_sizes, 0);
    return calls;
}

static void test_exports(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        struct bytes want = {0}, out = {0};
        uint64_t calls = read_with(&exports[i], 0, 0, &want);
        assert_true(want.size > 0);
        assert_true(calls > 0);
        for (uint64_t n = 1; n <= 2 * calls; n++) {
            out.size = 0;
            read_with(&exports[i], 1 + (n - 1) / 2, n % 2, &out);
            if (out.size != want.size || memcmp(out.data, want.data, out.size) != 0)
                fail_msg("%s, allocation %llu: other facts", exports[i].name, (unsigned long long)(n + 1) / 2);
        }
        bytes_free(&want);
        bytes_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exports)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
