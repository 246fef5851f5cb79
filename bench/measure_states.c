/* SPDX-License-Identifier: MIT */
/*
 * States: what saving, loading, merging and compacting take of time a fact, and how many bytes a fact the state then
 * has. The history is read once, and each run begins with a new engine that loaded its state, outside of the time.
 */
#include "measure.h"

#include <dora/compact.h>

#include <stdlib.h>
#include <string.h>

/* Generated histories begin in 2021 and last five years, of which two stay. */
static const char compacted_before[] = "2024-01-01";

typedef struct state {
    unsigned char *bytes;
    size_t size;
} state;

/* A dora_write_fn: a state comes at once. */
static int keep(void *context, const void *bytes, size_t size) {
    state *kept = context;
    kept->bytes = realloc(kept->bytes, size);
    kept->size = size;
    if (!kept->bytes)
        return 1;
    memcpy(kept->bytes, bytes, size);
    return 0;
}

/* A dora_write_fn. */
static int count(void *context, const void *bytes, size_t size) {
    (void)bytes;
    *(uint64_t *)context += size;
    return 0;
}

static dora_engine *loaded(const asked *what, const state *from) {
    dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
    dora_error error;
    require(dora_engine_load(engine, from->bytes, from->size, NULL, &error), "load", &error);
    return engine;
}

/* Seconds of one run; fills the size of the state after it. */
typedef double run_fn(const asked *what, const state *from, uint64_t *size);

static uint64_t size_of(dora_engine *engine) {
    dora_error error;
    uint64_t size = 0;
    require(dora_engine_save(engine, count, &size, &error), "save", &error);
    return size;
}

static double run_save(const asked *what, const state *from, uint64_t *size) {
    dora_engine *engine = loaded(what, from);
    const double start = now_seconds();
    *size = size_of(engine);
    const double seconds = now_seconds() - start;
    dora_engine_free(engine);
    return seconds;
}

static double run_load(const asked *what, const state *from, uint64_t *size) {
    const double start = now_seconds();
    dora_engine *engine = loaded(what, from);
    const double seconds = now_seconds() - start;
    *size = from->size;
    dora_engine_free(engine);
    return seconds;
}

/* Into an engine that has the same facts: those with an id meet each other, others are then there twice. */
static double run_merge(const asked *what, const state *from, uint64_t *size) {
    dora_engine *into = loaded(what, from), *other = loaded(what, from);
    dora_error error;
    const double start = now_seconds();
    require(dora_engine_merge(into, other, NULL, &error), "merge", &error);
    const double seconds = now_seconds() - start;
    *size = size_of(into);
    dora_engine_free(into);
    dora_engine_free(other);
    return seconds;
}

static double run_compact(const asked *what, const state *from, uint64_t *size) {
    dora_engine *engine = loaded(what, from);
    dora_error error;
    const double start = now_seconds();
    require(dora_engine_compact(engine, compacted_before, &error), "compact", &error);
    const double seconds = now_seconds() - start;
    *size = size_of(engine);
    dora_engine_free(engine);
    return seconds;
}

static void measure(const asked *what, run_fn *run) {
    dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
    dora_error error;
    state from = {NULL, 0};
    uint64_t records, bytes, size = 0;
    read_file(engine, what, &records, &bytes);
    require(dora_engine_save(engine, keep, &from, &error), "save", &error);
    dora_engine_free(engine);
    double *seconds = array_of(what->repeat, sizeof *seconds), best = 1e300;
    for (unsigned i = 0; i < what->repeat; i++) {
        seconds[i] = run(what, &from, &size);
        best = seconds[i] < best ? seconds[i] : best;
    }
    tell_begin(what);
    tell_number("seconds", best);
    tell_list("all_seconds", seconds, what->repeat);
    tell_number("records", (double)records);
    tell_number("state_bytes", (double)size);
    tell_number("peak_bytes", (double)memory_peak());
    tell_end();
    free(seconds);
    free(from.bytes);
}

void job_state_save(const asked *what) {
    measure(what, run_save);
}

void job_state_load(const asked *what) {
    measure(what, run_load);
}

void job_state_merge(const asked *what) {
    measure(what, run_merge);
}

void job_state_compact(const asked *what) {
    measure(what, run_compact);
}
