/* SPDX-License-Identifier: MIT */
/*
 * Facts that a program adds one a call. Calls are made ready a few thousand at a time outside of the measured time.
 */
#include "measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { READY = 4096, SERVICES = 1000, ID_SIZE = 12, SPAN_SECONDS = 1826 * 86400 };
static const int64_t first_second = INT64_C(1609459200); /* 2021-01-01 */
static const int64_t second_us = 1000000;

typedef enum way { BY_HANDLE, BY_NAME, BY_ID, AS_FACT } way;

/* Some thousand calls. */
typedef struct calls {
    char names[SERVICES][16];
    uint32_t handles[SERVICES];
    char ids[READY][ID_SIZE + 1];
    dora_deployment deployments[READY];
    dora_fact facts[READY];
} calls;

static uint64_t random_of(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static void make_ready(calls *all, way how, uint64_t from, uint64_t count, uint64_t total) {
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t number = from + i, random = random_of(number + 1);
        const unsigned service = (unsigned)(random % SERVICES);
        const int64_t finished = first_second + (int64_t)((double)number / (double)total * SPAN_SECONDS);
        dora_deployment *fill = &all->deployments[i];
        dora_deployment_init(fill);
        fill->finished_at = finished * second_us;
        fill->committed_at = fill->finished_at - (int64_t)(random >> 40 & 0xFFFF) * second_us;
        fill->failed = (random >> 32 & 15) == 0;
        if (how == BY_NAME)
            fill->service_name = dora_string_of(all->names[service]);
        else
            fill->service = all->handles[service];
        if (how == BY_ID) { /* every number below 2^32 once, in no order */
            snprintf(all->ids[i], sizeof all->ids[i], "d-%010" PRIu32, (uint32_t)number * UINT32_C(2654435761));
            fill->id = (dora_string){all->ids[i], ID_SIZE};
        }
        dora_fact *fact = &all->facts[i];
        dora_fact_init(fact, DORA_KIND_DEPLOYMENT);
        fact->service = dora_string_of(all->names[service]);
        fact->finished_at = fill->finished_at;
        fact->committed_at = fill->committed_at;
        fact->failed = fill->failed;
    }
}

static double add(dora_engine *engine, calls *all, way how, uint64_t count) {
    dora_error error;
    dora_status status = DORA_OK;
    const double start = now_seconds();
    if (how == AS_FACT)
        for (uint64_t i = 0; i < count && status == DORA_OK; i++)
            status = dora_engine_add(engine, &all->facts[i], 1, &error);
    else
        for (uint64_t i = 0; i < count && status == DORA_OK; i++)
            status = dora_engine_add_deployment(engine, &all->deployments[i], &error);
    const double seconds = now_seconds() - start;
    require(status, "add", &error);
    return seconds;
}

static void name_services(dora_engine *engine, calls *all) {
    dora_error error;
    for (unsigned i = 0; i < SERVICES; i++) {
        snprintf(all->names[i], sizeof all->names[i], "svc-%04u", i);
        require(dora_engine_service(engine, dora_string_of(all->names[i]), &all->handles[i], &error), "service",
                &error);
    }
}

/* Adds `before` facts, then `rows` whose time counts. */
static void measure(const asked *what, way how, uint64_t before) {
    calls *all = array_of(1, sizeof *all);
    double *seconds = array_of(what->repeat, sizeof *seconds), best = 1e300;
    for (unsigned run = 0; run < what->repeat; run++) {
        dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
        name_services(engine, all);
        seconds[run] = 0;
        for (uint64_t at = 0, total = before + what->rows; at < total;) {
            const uint64_t end = at < before ? before : total, count = end - at < READY ? end - at : READY;
            make_ready(all, how, at, count, total);
            const double spent = add(engine, all, how, count);
            seconds[run] += at >= before ? spent : 0;
            at += count;
        }
        best = seconds[run] < best ? seconds[run] : best;
        dora_engine_free(engine);
    }
    tell_begin(what);
    tell_number("seconds", best);
    tell_list("all_seconds", seconds, what->repeat);
    tell_number("records", (double)what->rows);
    tell_number("records_before", (double)before);
    tell_number("ns_per_call", best * 1e9 / (double)what->rows);
    tell_number("peak_bytes", (double)memory_peak());
    tell_end();
    free(seconds);
    free(all);
}

void job_add_by_handle(const asked *what) {
    measure(what, BY_HANDLE, 0);
}

void job_add_by_name(const asked *what) {
    measure(what, BY_NAME, 0);
}

/* `rows` new ids among ten times as many. */
void job_add_by_id(const asked *what) {
    measure(what, BY_ID, what->rows * 10);
}

void job_add_fact(const asked *what) {
    measure(what, AS_FACT, 0);
}
