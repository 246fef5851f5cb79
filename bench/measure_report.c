/* SPDX-License-Identifier: MIT */
/*
 * The jobs that go from a file to rows in memory. Answers are written as doubles, eight a row: part, group, day and the
 * values of the row, -1 where there is none; rows of windows without a deployment are left out. Others that do the same
 * job write the same.
 */
#include "../tools/ahead.h"
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_WIDTH = 8, QUERIES_MAX = 2, VALUES_MAX = 5 };

/* A job: its queries, and the columns whose values are its answer. */
typedef struct report {
    dora_changes changes;
    const char *day; /* column that names the window; NULL: there is one only */
    const char *values[VALUES_MAX];
    unsigned queries_count;
    dora_query queries[QUERIES_MAX];
} report;

#define FIGURES                                                                                                        \
    .percentiles = "50,90", .columns = "deployments,change_lead_time_p50,change_lead_time_p90,change_fail_rate,"       \
                                       "failed_deployment_recovery_time_p50"
#define FIGURES_VALUES                                                                                                 \
    {                                                                                                                  \
        "deployments", "change_lead_time_p50", "change_lead_time_p90", "change_fail_rate",                             \
            "failed_deployment_recovery_time_p50"                                                                      \
    }

#define MONTHLY_KEYS                                                                                                   \
    .by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_MONTH, .percentiles = "50",                                        \
    .columns = "deployments,change_lead_time_p50,change_fail_rate,failed_deployment_recovery_time_p50,"                \
               "deployment_rework_rate"

static const report days_and_weeks = {
    .day = "window_start",
    .values = FIGURES_VALUES,
    .queries_count = 2,
    .queries =
        {
            {.by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_DAY, FIGURES},
            {.by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_WEEK, FIGURES},
        },
};
static const report rolling_whole = {
    .day = "window_end",
    .values = FIGURES_VALUES,
    .queries_count = 1,
    .queries = {{.window_days = 28, .step_days = 1, FIGURES}},
};
static const report rolling_by_service = {
    .day = "window_end",
    .values = FIGURES_VALUES,
    .queries_count = 1,
    .queries = {{.by = DORA_GROUP_SERVICE, .window_days = 28, .step_days = 1, FIGURES}},
};
static const report monthly_keys = {
    .changes = DORA_CHANGES_TIME,
    .day = "window_start",
    .values = {"deployments", "change_lead_time_p50", "change_fail_rate", "failed_deployment_recovery_time_p50",
               "deployment_rework_rate"},
    .queries_count = 1,
    .queries = {{MONTHLY_KEYS}},
};
static const report all_time = {
    .values = {"deployments", "change_lead_time_mean", "change_fail_rate", "failed_deployment_recovery_time_mean"},
    .queries_count = 1,
    .queries = {{.period = DORA_PERIOD_ALL,
                 .columns = "deployments,change_lead_time_mean,change_fail_rate,failed_deployment_recovery_time_mean"}},
};

dora_engine *engine_for(const asked *what, dora_changes changes) {
    dora_error error;
    dora_engine *engine;
    const dora_engine_options options = {.struct_size = sizeof options, .threads = what->threads, .changes = changes};
    require(dora_engine_new(&options, &engine, &error), "engine", &error);
    return engine;
}

void read_file(dora_engine *engine, const asked *what, uint64_t *records, uint64_t *bytes) {
    dora_error error;
    dora_reader *reader;
    struct stream stream;
    struct ahead ahead;
    const struct piece *piece;
    const int file = open(what->path, O_RDONLY);
    if (file < 0)
        quit(what->path, strerror(errno));
    if (!stream_open(&stream, file) || !ahead_open(&ahead, &stream, what->threads))
        quit(what->path, "out of memory");
    require(dora_reader_new(engine, NULL, &reader, &error), "reader", &error);
    while ((piece = ahead_next(&ahead))->size)
        require(dora_reader_feed(reader, piece->bytes, piece->size, &error), what->path, &error);
    if (piece->more < 0)
        quit(what->path, stream.problem);
    *bytes = stream.bytes;
    require(dora_reader_finish(reader, &error), what->path, &error);
    *records = dora_reader_records(reader);
    dora_reader_free(reader);
    ahead_close(&ahead);
    stream_close(&stream);
    close(file);
}

void settle(dora_engine *engine) {
    dora_error error;
    dora_account account = {.struct_size = sizeof account};
    require(dora_engine_account(engine, &account, &error), "settle", &error);
    if (account.rejected > 0)
        quit("settle", "records were rejected");
}

/* "svc-0012" is 12; a result without groups has group 0. */
static double group_number(const dora_result *result, size_t row) {
    const char *bytes;
    const uint32_t *offsets = dora_result_string(result, 0, &bytes);
    if (!offsets)
        return 0;
    double number = 0;
    for (uint32_t i = offsets[row]; i < offsets[row + 1]; i++)
        if (bytes[i] >= '0' && bytes[i] <= '9')
            number = number * 10 + (bytes[i] - '0');
    return number;
}

static double value_at(const dora_result *result, size_t column, size_t row) {
    if (dora_result_is_null(result, column, row))
        return -1;
    const double *values = dora_result_double(result, column);
    return values ? values[row] : (double)dora_result_int64(result, column)[row];
}

static void write_answer(const report *job, dora_result *const *results, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file)
        quit(path, strerror(errno));
    for (unsigned part = 0; part < job->queries_count; part++) {
        const dora_result *result = results[part];
        const int32_t *days = job->day ? dora_result_date(result, dora_result_find(result, job->day)) : NULL;
        size_t columns[VALUES_MAX];
        for (unsigned i = 0; i < VALUES_MAX; i++)
            columns[i] = job->values[i] ? dora_result_find(result, job->values[i]) : SIZE_MAX;
        for (size_t row = 0; row < dora_result_rows(result); row++) {
            double cells[ANSWER_WIDTH] = {part, group_number(result, row), days ? days[row] : 0};
            for (unsigned i = 0; i < VALUES_MAX; i++)
                cells[3 + i] = columns[i] == SIZE_MAX ? -1 : value_at(result, columns[i], row);
            if (cells[3] > 0)
                fwrite(cells, sizeof cells, 1, file);
        }
    }
    if (fclose(file) != 0)
        quit(path, strerror(errno));
}

void write_totals(dora_engine *engine, const char *path) {
    dora_error error;
    dora_result *result;
    dora_query query = all_time.queries[0];
    query.struct_size = sizeof query;
    require(dora_query_run(engine, &query, &result, &error), "query", &error);
    write_answer(&all_time, &result, path);
    dora_result_free(result);
}

typedef struct outcome {
    uint64_t records;
    uint64_t bytes;
    uint64_t result_rows;
    uint64_t rest_bytes; /* of the settled engine */
} outcome;

static stages run_report(const report *job, const asked *what, bool ask, outcome *out, const char *answers) {
    dora_error error;
    dora_result *results[QUERIES_MAX] = {NULL};
    const uint64_t before = memory_now();
    stages times;
    const double start = now_seconds();
    dora_engine *engine = engine_for(what, job->changes);
    read_file(engine, what, &out->records, &out->bytes);
    times.read = now_seconds() - start;
    settle(engine);
    times.settle = now_seconds() - start - times.read;
    const double asking = now_seconds();
    out->rest_bytes = memory_now() - before;
    const double asked_at = now_seconds();
    out->result_rows = 0;
    for (unsigned i = 0; ask && i < job->queries_count; i++) {
        dora_query query = job->queries[i];
        query.struct_size = sizeof query;
        require(dora_query_run(engine, &query, &results[i], &error), "query", &error);
        out->result_rows += dora_result_rows(results[i]);
    }
    times.query = now_seconds() - asked_at;
    times.total = asking - start + times.query;
    if (answers)
        write_answer(job, results, answers);
    for (unsigned i = 0; i < job->queries_count; i++)
        dora_result_free(results[i]);
    dora_engine_free(engine);
    return times;
}

/* Memory is told of the first run, before an answer is written. */
static void measure(const report *job, const asked *what, bool ask) {
    stages *runs = array_of(what->repeat, sizeof *runs);
    outcome out = {0}, first = {0};
    const uint64_t before = memory_peak();
    uint64_t peak = 0;
    for (unsigned i = 0; i < what->repeat; i++) {
        runs[i] = run_report(job, what, ask, &out, NULL);
        if (i == 0) {
            first = out;
            peak = memory_peak();
        }
    }
    if (what->answers)
        run_report(job, what, true, &out, what->answers);
    tell_begin(what);
    tell_runs(runs, what->repeat);
    tell_number("records", (double)first.records);
    tell_number("bytes", (double)first.bytes);
    tell_number("result_rows", (double)first.result_rows);
    tell_number("rest_bytes", (double)first.rest_bytes);
    tell_number("job_bytes", (double)(peak - before));
    tell_number("peak_bytes", (double)peak);
    tell_end();
    free(runs);
}

void job_read(const asked *what) {
    stages *runs = array_of(what->repeat, sizeof *runs);
    uint64_t records = 0, bytes = 0, peak = 0;
    for (unsigned i = 0; i < what->repeat; i++) {
        const double start = now_seconds();
        dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
        read_file(engine, what, &records, &bytes);
        const double seconds = now_seconds() - start;
        runs[i] = (stages){.read = seconds, .total = seconds};
        peak = i == 0 ? memory_peak() : peak;
        if (what->answers && i == what->repeat - 1)
            write_totals(engine, what->answers);
        dora_engine_free(engine);
    }
    tell_begin(what);
    tell_runs(runs, what->repeat);
    tell_number("records", (double)records);
    tell_number("bytes", (double)bytes);
    tell_number("peak_bytes", (double)peak);
    tell_end();
    free(runs);
}

void job_settle(const asked *what) {
    measure(&all_time, what, false);
}

void job_days_and_weeks(const asked *what) {
    measure(&days_and_weeks, what, true);
}

void job_rolling_whole(const asked *what) {
    measure(&rolling_whole, what, true);
}

void job_rolling_by_service(const asked *what) {
    measure(&rolling_by_service, what, true);
}

void job_monthly_keys(const asked *what) {
    measure(&monthly_keys, what, true);
}

static int count_bytes(void *context, const void *bytes, size_t size) {
    (void)bytes;
    *(uint64_t *)context += size;
    return 0;
}

typedef struct csv_sink {
    dora_writer *writer;
    dora_error error;
} csv_sink;

static int put_rows(void *context, const dora_result *rows) {
    csv_sink *into = context;
    return dora_writer_put(into->writer, rows, &into->error) != DORA_OK;
}

/* The rolling windows of every service as CSV text that goes nowhere, on an engine that is settled. */
void job_rows_as_csv(const asked *what) {
    stages *runs = array_of(what->repeat, sizeof *runs);
    uint64_t records, bytes, written = 0;
    dora_error error;
    dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
    read_file(engine, what, &records, &bytes);
    settle(engine);
    for (unsigned i = 0; i < what->repeat; i++) {
        csv_sink into;
        dora_query query = rolling_by_service.queries[0];
        query.struct_size = sizeof query;
        const dora_writer_options options = {.struct_size = sizeof options, .output = DORA_OUTPUT_CSV};
        written = 0;
        const double start = now_seconds();
        require(dora_writer_new(&options, count_bytes, &written, &into.writer, &error), "writer", &error);
        require(dora_query_each(engine, &query, put_rows, &into, &error), "query", &error);
        require(dora_writer_finish(into.writer, &error), "writer", &error);
        const double seconds = now_seconds() - start;
        runs[i] = (stages){.query = seconds, .total = seconds};
        dora_writer_free(into.writer);
    }
    dora_engine_free(engine);
    tell_begin(what);
    tell_runs(runs, what->repeat);
    tell_number("records", (double)records);
    tell_number("bytes", (double)written);
    tell_end();
    free(runs);
}

static int count_rows(void *context, const dora_result *rows) {
    *(uint64_t *)context += dora_result_rows(rows);
    return 0;
}

/* The five keys a month by service, whose rows are looked at once, however many there are. */
void job_growth(const asked *what) {
    static const dora_query monthly = {.struct_size = sizeof monthly, MONTHLY_KEYS, .rows_max = UINT64_MAX};
    stages *runs = array_of(what->repeat, sizeof *runs);
    uint64_t records = 0, bytes, rows = 0, rest = 0;
    dora_error error;
    for (unsigned i = 0; i < what->repeat; i++) {
        const uint64_t before = memory_now();
        const double start = now_seconds();
        dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
        read_file(engine, what, &records, &bytes);
        const double read_at = now_seconds();
        settle(engine);
        const double settled_at = now_seconds();
        rest = i == 0 ? memory_now() - before : rest;
        rows = 0;
        require(dora_query_each(engine, &monthly, count_rows, &rows, &error), "query", &error);
        const double end = now_seconds();
        runs[i] = (stages){
            .read = read_at - start, .settle = settled_at - read_at, .query = end - settled_at, .total = end - start};
        dora_engine_free(engine);
    }
    tell_begin(what);
    tell_runs(runs, what->repeat);
    tell_number("records", (double)records);
    tell_number("result_rows", (double)rows);
    tell_number("rest_bytes", (double)rest);
    tell_number("peak_bytes", (double)memory_peak());
    tell_end();
    free(runs);
}
