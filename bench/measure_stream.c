/* SPDX-License-Identifier: MIT */
/*
 * One late fact, then the rows that it may have changed, again and again on an engine that holds a whole history. What
 * comes late follows from its number alone, so that others can be given the same.
 */
#include "measure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_DAYS = 28, DAY_SECONDS = 86400, LATE_FACTS = 1000, WARM_UP = 20 };
static const int64_t second_us = 1000000;

/* A query for one service's window that ends on a day. */
typedef struct question {
    dora_query query;
    char day[11];
} question;

static void question_init(question *ask, const char *service, int32_t day) {
    dora_date_format(day, ask->day);
    ask->query =
        (dora_query){.struct_size = sizeof ask->query,
                     .by = DORA_GROUP_SERVICE,
                     .window_days = WINDOW_DAYS,
                     .step_days = 1,
                     .since = ask->day,
                     .until = ask->day,
                     .percentiles = "50,90",
                     .metrics = "deployments,change_lead_time,change_fail_rate,failed_deployment_recovery_time",
                     .only = service};
}

static dora_result *answer(dora_engine *engine, const dora_query *query) {
    dora_error error;
    dora_result *result;
    require(dora_query_run(engine, query, &result, &error), "query", &error);
    return result;
}

static int32_t last_day_of(dora_engine *engine) {
    const dora_query query = {.struct_size = sizeof query, .period = DORA_PERIOD_ALL};
    dora_result *result = answer(engine, &query);
    if (dora_result_rows(result) != 1)
        quit("stream", "the history is empty");
    const int32_t day = dora_result_date(result, dora_result_find(result, "window_end"))[0];
    dora_result_free(result);
    return day;
}

/* Parts of seconds between adding and the answer. */
typedef struct latencies {
    double seconds[LATE_FACTS];
    unsigned count;
} latencies;

static void add_and_ask(dora_engine *engine, const dora_fact *fact, const question *ask, latencies *all) {
    dora_error error;
    const double start = now_seconds();
    require(dora_engine_add(engine, fact, 1, &error), "add", &error);
    dora_result *result = answer(engine, &ask->query);
    all->seconds[all->count++] = now_seconds() - start;
    if (dora_result_rows(result) != 1)
        quit("stream", "not one row");
    dora_result_free(result);
}

static void write_row(dora_engine *engine, const question *ask, const char *path) {
    static const char *const columns[] = {"deployments", "change_lead_time_p50", "change_lead_time_p90",
                                          "change_fail_rate", "failed_deployment_recovery_time_p50"};
    dora_result *result = answer(engine, &ask->query);
    double cells[8] = {0, 0, dora_result_date(result, dora_result_find(result, "window_end"))[0]};
    for (unsigned i = 0; i < 5; i++) {
        const size_t column = dora_result_find(result, columns[i]);
        const double *values = dora_result_double(result, column);
        cells[3 + i] = dora_result_is_null(result, column, 0) ? -1
                       : values                               ? values[0]
                                                              : (double)dora_result_int64(result, column)[0];
    }
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(cells, sizeof cells, 1, file) != 1 || fclose(file) != 0)
        quit(path, strerror(errno));
    dora_result_free(result);
}

static void tell(const asked *what, latencies *all, uint64_t records) {
    tell_begin(what);
    tell_number("records", (double)records);
    tell_number("first_us", all->seconds[0] * 1e6);
    tell_latencies(all->seconds + WARM_UP, all->count - WARM_UP);
    tell_number("seconds", all->seconds[WARM_UP + (all->count - WARM_UP) / 2]); /* the median, as they are in order */
    tell_number("peak_bytes", (double)memory_peak());
    tell_end();
}

/* Deployments of the busiest service in the last 28 days. */
void job_stream(const asked *what) {
    static latencies all;
    uint64_t records, bytes;
    question ask;
    dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
    read_file(engine, what, &records, &bytes);
    const int32_t last_day = last_day_of(engine);
    question_init(&ask, "svc-0000", last_day);
    dora_result_free(answer(engine, &ask.query));
    const int64_t end_seconds = ((int64_t)last_day + 1) * DAY_SECONDS;
    for (uint32_t i = 0; i < LATE_FACTS; i++) {
        const uint32_t random = i * UINT32_C(2654435761);
        dora_fact fact;
        dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
        fact.service = dora_string_of("svc-0000");
        fact.environment = dora_string_of("production");
        fact.failed = 0;
        fact.finished_at = (end_seconds - 1 - random % (WINDOW_DAYS * DAY_SECONDS)) * second_us;
        fact.committed_at = fact.finished_at - (60 + (random >> 8) % DAY_SECONDS) * second_us;
        add_and_ask(engine, &fact, &ask, &all);
    }
    if (what->answers)
        write_row(engine, &ask, what->answers);
    tell(what, &all, records);
    dora_engine_free(engine);
}

/* Deployments of commits halfway between two tags, from the newest pair of tags back: each takes half the commits of
   the deployment after it. The file is `--rows` commits of bench_generate with its own number of tags and days. */
void job_stream_ancestor(const asked *what) {
    enum { TAGS = 1000, DAYS = 1826, BLOCK = 8, FIRST_DAY = 18628 /* 2021-01-01 */ };
    static latencies all;
    uint64_t records, bytes;
    dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
    read_file(engine, what, &records, &bytes);
    const uint64_t commits = records - TAGS, gap_seconds = (uint64_t)DAYS * DAY_SECONDS / commits;
    for (uint64_t tag = TAGS - 1; tag > TAGS / 10; tag--) {
        const uint64_t head = (commits - 1) * (2 * tag + 1) / (2 * TAGS) / BLOCK * BLOCK;
        const uint64_t seconds = (uint64_t)FIRST_DAY * DAY_SECONDS + head * gap_seconds + DAY_SECONDS / 24;
        char sha[24];
        snprintf(sha, sizeof sha, "c-%010" PRIu64, head);
        dora_fact fact;
        dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
        fact.service = dora_string_of("svc-0000");
        fact.sha = dora_string_of(sha);
        fact.finished_at = (int64_t)seconds * second_us;
        question ask;
        question_init(&ask, "svc-0000", (int32_t)(seconds / DAY_SECONDS));
        add_and_ask(engine, &fact, &ask, &all);
    }
    tell(what, &all, records);
    dora_engine_free(engine);
}
