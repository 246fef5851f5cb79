/* SPDX-License-Identifier: MIT */
/* See january.h. */
#include "january.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(dora_status status, const dora_error *error) {
    if (status == DORA_OK)
        return;
    fprintf(stderr, "%s\n", error->message);
    abort();
}

int take(void *context, const void *bytes, size_t size) {
    struct sink *sink = context;
    if (++sink->writes == sink->fail_at)
        return 1;
    char *grown = realloc(sink->bytes, sink->size + size + 1);
    if (!grown)
        abort();
    memcpy(grown + sink->size, bytes, size);
    sink->bytes = grown;
    sink->size += size;
    grown[sink->size] = '\0';
    return 0;
}

void add(dora_engine *engine, const dora_fact *fact) {
    dora_error error;
    must(dora_engine_add(engine, fact, 1, &error), &error);
}

dora_fact deployment(const char *service, const char *id, int day, int hours) {
    dora_fact fact;
    dora_fact_init(&fact, DORA_KIND_DEPLOYMENT);
    fact.service = dora_string_of(service);
    fact.id = dora_string_of(id);
    fact.finished_at = JANUARY_1 + (day - 1) * DAY_US + 12 * HOUR_US;
    fact.committed_at = fact.finished_at - hours * HOUR_US;
    return fact;
}

static void add_phase(dora_engine *engine, const char *name, int hours, int8_t active) {
    dora_fact fact;
    dora_fact_init(&fact, DORA_KIND_PHASE);
    fact.release = dora_string_of("r1");
    fact.name = dora_string_of(name);
    fact.started_at = JANUARY_1;
    fact.finished_at = JANUARY_1 + hours * HOUR_US;
    fact.active = active;
    add(engine, &fact);
}

dora_engine *make_engine(void) {
    dora_engine *engine;
    dora_error error;
    must(dora_engine_new(NULL, &engine, &error), &error);
    dora_fact fact = deployment("shop", "d1", 1, 2);
    add(engine, &fact);
    fact = deployment("shop", "d2", 2, 4);
    fact.failed = 1;
    fact.restored_at = fact.finished_at + HOUR_US / 2;
    add(engine, &fact);
    fact = deployment("shop", "d3", 31, 72);
    fact.failed = 1;
    add(engine, &fact);
    fact = deployment("caf\xc3\xa9", "d4", 31, 30);
    add(engine, &fact);
    dora_fact_init(&fact, DORA_KIND_RELEASE);
    fact.id = dora_string_of("r1");
    fact.started_at = JANUARY_1;
    fact.released_at = JANUARY_1 + 2 * DAY_US;
    add(engine, &fact);
    add_phase(engine, "build", 12, 1);
    add_phase(engine, "approval", 36, 0);
    return engine;
}

dora_query query_of(dora_group by, const char *metrics) {
    return (dora_query){.struct_size = sizeof(dora_query), .by = by, .metrics = metrics};
}

dora_result *run(dora_engine *engine, const dora_query *query) {
    dora_result *result;
    dora_error error;
    must(dora_query_run(engine, query, &result, &error), &error);
    return result;
}

dora_writer_options options_of(dora_output output) {
    return (dora_writer_options){.struct_size = sizeof(dora_writer_options), .output = output};
}

char *written(dora_engine *engine, const dora_query *query, dora_output output, int color) {
    struct sink sink = {0};
    dora_error error;
    dora_writer_options options = options_of(output);
    options.color = color;
    dora_result *result = run(engine, query);
    must(dora_result_write(result, &options, take, &sink, &error), &error);
    dora_result_free(result);
    return sink.bytes ? sink.bytes : calloc(1, 1);
}
