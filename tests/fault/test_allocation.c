/* SPDX-License-Identifier: MIT */
/*
 * Every allocation fails once, and every one from some point on: no call crashes or leaks, each says DORA_ERROR_MEMORY,
 * and the failed call, made again when there is memory, gives what an engine gives that never saw a failure. A block is
 * given back with the size that it has.
 */
#include "../support/fixture.h"
#include "faulty.h"

#include <dora/compact.h>
#include <dora/facts.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the steps of a scenario share. */
struct run {
    struct faulty faulty;
    dora_allocator allocator;
    dora_engine *engine;
    dora_fact *facts;
    size_t facts_count;
    size_t added;    /* facts that are in */
    size_t repeated; /* how many of them were looked at by add_deployments */
    struct bytes ndjson;
    struct bytes csv;
    struct bytes answer;  /* what the step at hand wrote */
    struct bytes answers; /* of all steps */
    struct bytes state;
    dora_mark *mark;
    dora_engine_options options;
};

typedef dora_status step_fn(struct run *run, dora_error *error);

static dora_status make_engine(struct run *run, dora_error *error) {
    return dora_engine_new(&run->options, &run->engine, error);
}

/* The facts before a failing one are in; the next try begins with that one. */
static dora_status add_facts(struct run *run, dora_error *error) {
    dora_status status = dora_engine_add(run->engine, run->facts + run->added, run->facts_count - run->added, error);
    if (status == DORA_OK)
        return DORA_OK;
    assert_in_range(error->record, 1, run->facts_count - run->added);
    run->added += error->record - 1;
    return status;
}

/* The deployments among the facts once more, now by the small call; the next try begins with the failing one. */
static dora_status add_deployments(struct run *run, dora_error *error) {
    for (; run->repeated < run->facts_count; run->repeated++) {
        const dora_fact *fact = &run->facts[run->repeated];
        dora_deployment deployment;
        if (fact->kind != DORA_KIND_DEPLOYMENT)
            continue;
        dora_deployment_init(&deployment);
        deployment.id = fact->id;
        deployment.failed = fact->failed;
        deployment.finished_at = fact->finished_at;
        deployment.restored_at = fact->restored_at;
        dora_status status = dora_engine_service(run->engine, fact->service, &deployment.service, error);
        if (status == DORA_OK)
            status = dora_engine_add_deployment(run->engine, &deployment, error);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}

/* A failed reader is of no more use. Its input is read again: all facts have an id, so those that are in stay as they
   are. */
static dora_status read_text(struct run *run, const struct bytes *input, dora_once once, dora_error *error) {
    dora_reader *reader;
    const dora_field_name names[] = {{"service", "application"}, {"service", "service"}};
    const dora_reader_options options = {.struct_size = sizeof options, .names = names, .names_count = 2, .once = once};
    dora_status status = dora_reader_new(run->engine, &options, &reader, error);
    if (status != DORA_OK)
        return status;
    for (size_t at = 0, size = 1; status == DORA_OK && at < input->size; at += size, size = size % 700 + 13) {
        size = size < input->size - at ? size : input->size - at;
        status = dora_reader_feed(reader, input->data + at, size, error);
    }
    if (status == DORA_OK)
        status = dora_reader_finish(reader, error);
    else
        assert_int_equal(dora_reader_finish(reader, NULL), status);
    dora_reader_free(reader);
    return status;
}

static dora_status read_ndjson(struct run *run, dora_error *error) {
    return read_text(run, &run->ndjson, DORA_ONCE_OFF, error);
}

static dora_status read_ndjson_once(struct run *run, dora_error *error) {
    return read_text(run, &run->ndjson, DORA_ONCE, error);
}

static dora_status read_csv(struct run *run, dora_error *error) {
    return read_text(run, &run->csv, DORA_ONCE_OFF, error);
}

struct taking {
    dora_fact_writer *writer;
    dora_status status;
    dora_error *error;
};

static int take_fact(void *context, const dora_fact *fact) {
    struct taking *taking = context;
    taking->status = dora_fact_writer_put(taking->writer, fact, 1, taking->error);
    return taking->status != DORA_OK;
}

/* Facts on their way out, whose writer is what says why they stopped. */
static dora_status give(struct run *run, const struct bytes *input, dora_output output, dora_error *error) {
    const dora_writer_options writer_options = {
        .struct_size = sizeof writer_options, .output = output, .allocator = &run->allocator};
    struct taking taking = {.error = error};
    const dora_reader_options options = {
        .struct_size = sizeof options, .on_fact = take_fact, .on_fact_context = &taking};
    dora_reader *reader = NULL;
    dora_status status = dora_fact_writer_new(&writer_options, bytes_append, &run->answer, &taking.writer, error);
    if (status != DORA_OK)
        return status;
    dora_error own;
    if (input)
        status = dora_reader_new(run->engine, &options, &reader, &own);
    else
        status = dora_engine_facts(run->engine, take_fact, &taking, &own);
    if (status == DORA_OK && reader)
        status = dora_reader_feed(reader, input->data, input->size, &own);
    if (status == DORA_OK && reader)
        status = dora_reader_finish(reader, &own);
    if (status == DORA_ERROR_CANCELLED)
        status = taking.status;
    else if (status != DORA_OK && error)
        *error = own;
    if (status == DORA_OK)
        status = dora_fact_writer_finish(taking.writer, error);
    dora_reader_free(reader);
    dora_fact_writer_free(taking.writer);
    return status;
}

static dora_status give_csv(struct run *run, dora_error *error) {
    return give(run, &run->csv, DORA_OUTPUT_NDJSON, error);
}

static dora_status give_ndjson(struct run *run, dora_error *error) {
    return give(run, &run->ndjson, DORA_OUTPUT_CSV, error);
}

static dora_status give_engine(struct run *run, dora_error *error) {
    return give(run, NULL, DORA_OUTPUT_NDJSON, error);
}

/* The state of the engine, also kept for later steps. */
static dora_status save(struct run *run, dora_error *error) {
    run->state.size = 0;
    dora_status status = dora_engine_save(run->engine, bytes_append, &run->state, error);
    bytes_append(&run->answer, run->state.data, run->state.size);
    return status;
}

/* The state into a new engine, which then says the same; that one into the engine that it came from. */
static dora_status load_and_merge(struct run *run, dora_error *error) {
    dora_engine *loaded = NULL;
    dora_status status = dora_engine_new(&run->options, &loaded, error);
    if (status == DORA_OK)
        status = dora_engine_load(loaded, run->state.data, run->state.size, NULL, error);
    if (status == DORA_OK)
        status = dora_engine_save(loaded, bytes_append, &run->answer, error);
    if (status == DORA_OK)
        status = dora_engine_merge(run->engine, loaded, NULL, error);
    dora_engine_free(loaded);
    return status;
}

/* Some that is forgotten, and a deployment that stays. */
static const char past[] =
    "{\"kind\":\"release\",\"id\":\"p\",\"service\":\"a\",\"started_at\":\"2023-01-01\",\"released_at\":\"2023-01-09\"}"
    "\n"
    "{\"kind\":\"phase\",\"id\":\"p\",\"release\":\"p\",\"name\":\"n\",\"started_at\":\"2023-01-01\",\"finished_at\":"
    "\"2023-01-02\"}\n"
    "{\"kind\":\"change\",\"id\":\"p1\",\"committed_at\":\"2023-01-01\",\"parents\":[\"p0\"]}\n"
    "{\"kind\":\"deployment\",\"id\":\"p1\",\"service\":\"a\",\"finished_at\":\"2023-01-03\",\"sha\":\"p1\","
    "\"release\":\"p\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"p2\",\"service\":\"a\",\"finished_at\":\"2023-01-04\",\"version\":\"1\"}\n"
    "{\"kind\":\"deployment\",\"id\":\"p3\",\"service\":\"a\",\"finished_at\":\"2024-01-04\",\"environment\":\"prod\"}"
    "\n";
static const struct bytes past_text = {(char *)(uintptr_t)past, sizeof past - 1, 0};

/* A history of its own, forgotten in part, saved, loaded and merged with a copy. */
static dora_status forget(struct run *run, dora_error *error) {
    const dora_engine_options options = {.struct_size = sizeof options, .allocator = &run->allocator};
    struct run own = {.options = options};
    struct bytes state = {0};
    dora_engine *loaded = NULL;
    dora_status status = dora_engine_new(&options, &own.engine, error);
    if (status == DORA_OK)
        status = dora_engine_new(&options, &loaded, error);
    if (status == DORA_OK)
        status = read_text(&own, &past_text, DORA_ONCE_OFF, error);
    if (status == DORA_OK)
        status = dora_engine_compact(own.engine, "2023-06-01", error);
    if (status == DORA_OK)
        status = dora_engine_save(own.engine, bytes_append, &state, error);
    if (status == DORA_OK)
        status = dora_engine_load(loaded, state.data, state.size, NULL, error);
    if (status == DORA_OK)
        status = dora_engine_merge(loaded, own.engine, NULL, error);
    run->answer.size = 0;
    if (status == DORA_OK)
        status = dora_engine_save(loaded, bytes_append, &run->answer, error);
    dora_engine_free(loaded);
    dora_engine_free(own.engine);
    bytes_free(&state);
    return status;
}

/* After a failure a part of the facts is in; all of them have an id. */
static dora_status load(struct run *run, dora_error *error) {
    return dora_engine_load(run->engine, run->state.data, run->state.size, NULL, error);
}

/* Where the states of this process go. */
static const char *state_path(void) {
    static char path[300];
    const char *build = getenv("DORA_BUILD");
    snprintf(path, sizeof path, "%s/allocation-%ld.dora", build && strlen(build) < 200 ? build : ".", (long)getpid());
    return path;
}

/* The file is there as a whole or not at all, and nothing beside it. */
static dora_status save_file(struct run *run, dora_error *error) {
    char beside[340];
    unlink(state_path());
    dora_status status = dora_engine_save_file(run->engine, state_path(), error);
    snprintf(beside, sizeof beside, "%s.%ld.0.tmp", state_path(), (long)getpid());
    assert_int_equal(access(state_path(), F_OK) == 0, status == DORA_OK);
    assert_int_not_equal(access(beside, F_OK), 0);
    return status;
}

/* A new engine has no facts where it fails. */
static dora_status load_file(struct run *run, dora_error *error) {
    dora_engine *loaded = NULL;
    dora_status status = dora_engine_new(&run->options, &loaded, error);
    if (status != DORA_OK)
        return status;
    status = dora_engine_load_file(loaded, state_path(), NULL, error);
    if (status != DORA_OK) {
        clear_fault(&run->faulty);
        dora_account counts = {.struct_size = sizeof counts};
        assert_int_equal(dora_engine_account(loaded, &counts, NULL), DORA_OK);
        assert_int_equal(counts.facts + counts.loaded, 0);
        assert_int_equal(dora_engine_load_file(loaded, state_path(), NULL, NULL), DORA_OK);
    } else
        status = dora_engine_save(loaded, bytes_append, &run->answer, error);
    dora_engine_free(loaded);
    return status;
}

static dora_status mark(struct run *run, dora_error *error) {
    dora_mark_free(run->mark);
    return dora_mark_new(run->engine, DORA_GROUP_TEAM, 0, &run->mark, error);
}

static dora_status changes(struct run *run, dora_error *error) {
    dora_result *cells;
    dora_status status = dora_engine_changes(run->engine, run->mark, NULL, &cells, error);
    size_t rows = status == DORA_OK ? dora_result_rows(cells) : 0;
    bytes_append(&run->answer, &rows, sizeof rows);
    dora_result_free(cells);
    return status;
}

static dora_status account(struct run *run, dora_error *error) {
    dora_account counts = {.struct_size = sizeof counts};
    dora_status status = dora_engine_account(run->engine, &counts, error);
    bytes_append(&run->answer, counts.dispositions, sizeof counts.dispositions);
    return status;
}

static dora_status write_account(struct run *run, dora_error *error) {
    static const dora_output outputs[] = {DORA_OUTPUT_TABLE, DORA_OUTPUT_JSON, DORA_OUTPUT_HTML};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        const dora_writer_options options = {
            .struct_size = sizeof options, .output = outputs[i], .allocator = &run->allocator};
        dora_status status = dora_account_write(run->engine, &options, bytes_append, &run->answer, error);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}

static dora_status ask(struct run *run, dora_error *error) {
    return fixture_answer(run->engine, &run->allocator, &run->answer, error);
}

static dora_status ask_other_groups(struct run *run, dora_error *error) {
    dora_query query = {
        .struct_size = sizeof query, .percentile_rule = DORA_PERCENTILE_LOWER, .metrics = "dora,releases"};
    for (int by = DORA_GROUP_NONE; by <= DORA_GROUP_PRODUCT; by++)
        for (int period = by; period <= DORA_PERIOD_ALL; period += 3) {
            query.by = (dora_group)by;
            query.period = (dora_period)period;
            query.columns = by == DORA_GROUP_TEAM ? "releases,change_lead_time_p90,score" : NULL;
            dora_result *result;
            dora_status status = dora_query_run(run->engine, &query, &result, error);
            if (status != DORA_OK) {
                assert_null(result);
                return status;
            }
            size_t numbers[] = {dora_result_rows(result), dora_result_columns(result)};
            bytes_append(&run->answer, numbers, sizeof numbers);
            dora_result_free(result);
        }
    return DORA_OK;
}

static dora_status write_all_outputs(struct run *run, dora_error *error) {
    dora_result *result;
    dora_status status = dora_query_run(run->engine, &fixture_queries[0], &result, error);
    for (int output = DORA_OUTPUT_TABLE; status == DORA_OK && output <= DORA_OUTPUT_HTML; output++) {
        const dora_writer_options options = {.struct_size = sizeof options,
                                             .output = (dora_output)output,
                                             .color = 1,
                                             .rows_most = output == DORA_OUTPUT_MARKDOWN ? 3 : 0,
                                             .allocator = &run->allocator};
        status = dora_result_write(result, &options, bytes_append, &run->answer, error);
    }
    dora_result_free(result);
    return status;
}

/* A callback's failure is its writer's. */
struct sink {
    dora_writer *writer;
    dora_error error;
};

static int put_rows(void *context, const dora_result *rows) {
    struct sink *sink = context;
    return dora_writer_put(sink->writer, rows, &sink->error) != DORA_OK;
}

static dora_status ask_each(struct run *run, dora_error *error) {
    const dora_writer_options options = {
        .struct_size = sizeof options, .output = DORA_OUTPUT_CSV, .allocator = &run->allocator};
    dora_status status = DORA_OK;
    for (const dora_query *query = fixture_queries; status == DORA_OK && query->struct_size; query++) {
        struct sink sink = {0};
        status = dora_writer_new(&options, bytes_append, &run->answer, &sink.writer, error);
        if (status != DORA_OK)
            return status;
        status = dora_query_each(run->engine, query, put_rows, &sink, error);
        if (status == DORA_ERROR_CANCELLED) {
            *error = sink.error;
            status = error->status;
        }
        if (status == DORA_OK)
            status = dora_writer_finish(sink.writer, error);
        dora_writer_free(sink.writer);
    }
    return status;
}

static dora_status write_tiers(struct run *run, dora_error *error) {
    const dora_writer_options options = {.struct_size = sizeof options, .allocator = &run->allocator};
    return dora_tiers_write(dora_tiers_edition(2024), &options, bytes_append, &run->answer, error);
}

/* Runs the steps; one that fails is made again without faults. All that they wrote is in run->answers. */
static void run_steps(struct run *run, step_fn *const *steps) {
    for (size_t i = 0; steps[i]; i++) {
        dora_error error = {0};
        run->answer.size = 0;
        dora_status status = steps[i](run, &error);
        if (status != DORA_OK) {
            assert_int_equal(status, DORA_ERROR_MEMORY);
            assert_int_equal(error.status, DORA_ERROR_MEMORY);
            assert_true(run->faulty.failed);
            clear_fault(&run->faulty);
            run->answer.size = 0;
            status = steps[i](run, &error);
            if (status != DORA_OK)
                fail_msg("step %zu again: %s", i, error.message);
        }
        bytes_append(&run->answers, run->answer.data, run->answer.size);
    }
    dora_mark_free(run->mark);
    run->mark = NULL;
    dora_engine_free(run->engine);
    run->engine = NULL;
    assert_int_equal(run->faulty.blocks, 0);
    assert_int_equal(run->faulty.wrong_sizes, 0);
}

static void begin_run(struct run *run, uint64_t fail_at, int and_after) {
    run->faulty = (struct faulty){.fail_at = fail_at, .and_after = and_after};
    run->allocator = (dora_allocator){faulty_allocate, faulty_reallocate, faulty_release, &run->faulty};
    run->options = (dora_engine_options){.struct_size = sizeof run->options,
                                         .allocator = &run->allocator,
                                         .production = "production,prod",
                                         .changes = DORA_CHANGES_TIME,
                                         .infer_rollbacks = 1,
                                         .time_zone = "Europe/Berlin"};
    run->added = run->repeated = 0;
    run->answers.size = 0;
}

static void check_scenario(step_fn *const *steps, size_t facts_count) {
    struct run run = {0};
    struct bytes want = {0};
    run.facts = fixture_facts(7, facts_count, 1);
    run.facts_count = facts_count;
    fixture_ndjson(run.facts, facts_count, 0, &run.ndjson);
    fixture_csv(run.facts, facts_count, 0, &run.csv);
    begin_run(&run, 0, 0);
    run_steps(&run, steps);
    bytes_append(&want, run.answers.data, run.answers.size);
    assert_true(run.faulty.calls > 0);
    for (int and_after = 0; and_after < 2; and_after++) {
        run.faulty.failed = 1;
        for (uint64_t n = 1; run.faulty.failed; n++) {
            begin_run(&run, n, and_after);
            run_steps(&run, steps);
            if (run.answers.size != want.size || memcmp(run.answers.data, want.data, want.size) != 0)
                fail_msg("allocation %llu%s: another answer", (unsigned long long)n, and_after ? " and all after" : "");
        }
    }
    free(run.facts);
    bytes_free(&run.ndjson);
    bytes_free(&run.csv);
    bytes_free(&run.answer);
    bytes_free(&run.answers);
    bytes_free(&run.state);
    bytes_free(&want);
}

/* Asking takes longest and allocates most: two scenarios do. A state tells facts apart as well as all answers do. */
static void test_add(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, add_facts, ask, account, write_account, NULL}, 48);
}

static void test_add_deployments(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, add_deployments, save, account, NULL}, 100);
}

static void test_add_between_queries(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, account, add_facts, ask, read_ndjson, ask, NULL}, 20);
}

static void test_read_ndjson(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, read_ndjson, save, account, NULL}, 32);
}

static void test_read_csv(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, read_csv, save, account, NULL}, 32);
}

static void test_read_and_give(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, give_csv, give_ndjson, read_csv, give_engine, NULL}, 32);
}

static void test_state(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, read_ndjson_once, save, load_and_merge, save, NULL}, 12);
    check_scenario((step_fn *const[]){make_engine, add_facts, save, load, save, NULL}, 20);
}

static void test_state_forgetting(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){forget, NULL}, 1);
}

static void test_state_file(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, add_facts, save_file, load_file, NULL}, 20);
    unlink(state_path());
}

static void test_state_changes(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, read_ndjson, mark, add_facts, changes, NULL}, 20);
}

static void test_query_groups_and_periods(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, add_facts, ask_other_groups, NULL}, 40);
}

static void test_query_writers(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, add_facts, write_all_outputs, write_tiers, NULL}, 40);
}

static void test_query_each(void **state) {
    (void)state;
    check_scenario((step_fn *const[]){make_engine, add_facts, ask_each, NULL}, 40);
}

/* An argument is a pattern of tests to run, so that the build can run them side by side. */
int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_add_deployments),
        cmocka_unit_test(test_add_between_queries),
        cmocka_unit_test(test_read_ndjson),
        cmocka_unit_test(test_read_csv),
        cmocka_unit_test(test_read_and_give),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_state_forgetting),
        cmocka_unit_test(test_state_file),
        cmocka_unit_test(test_state_changes),
        cmocka_unit_test(test_query_groups_and_periods),
        cmocka_unit_test(test_query_writers),
        cmocka_unit_test(test_query_each),
    };
    if (count > 1)
        cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
