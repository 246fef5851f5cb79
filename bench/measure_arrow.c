/* SPDX-License-Identifier: MIT */
/*
 * Columns in memory as a data frame hands them out: services and environments by dictionary, instants as timestamps,
 * in batches. They hold the same history as the inline files of bench_generate.
 */
#include "history.h"
#include "measure.h"

#include <dora/arrow.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_ROWS = 65536, SERVICES = 1000, DAYS = 1826, FAILED_PERCENT = 10, NAME_SIZE = 8, COLUMNS = 6 };
static const int64_t first_second = INT64_C(1609459200); /* 2021-01-01 */
static const int64_t second_us = 1000000;

/* The history in columns, and how far the stream has come. */
typedef struct frame {
    uint64_t rows;
    uint64_t given;
    int32_t *service;
    int8_t *environment;
    int64_t *finished;
    int64_t *committed;
    int64_t *restored;
    uint8_t *failed;   /* bits */
    uint8_t *restores; /* bits: where `restored` is known */
    char names[SERVICES * NAME_SIZE];
    int32_t name_offsets[SERVICES + 1];
    struct ArrowArray service_names, environment_names;
    struct ArrowArray columns[COLUMNS];
    struct ArrowArray *column_pointers[COLUMNS];
    const void *buffers[COLUMNS][2];
    const void *service_buffers[3], *environment_buffers[3], *no_buffers[1];
    struct ArrowSchema types[COLUMNS];
    struct ArrowSchema *type_pointers[COLUMNS];
    struct ArrowSchema text_type;
} frame;

static void release_schema(struct ArrowSchema *schema) {
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
    array->release = NULL;
}

static void release_stream(struct ArrowArrayStream *stream) {
    stream->release = NULL;
}

static const char *no_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return NULL;
}

/* Everything points into the frame, which outlives the stream. */
static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    static const char *const names[COLUMNS] = {"service",      "environment", "finished_at",
                                               "committed_at", "failed",      "restored_at"};
    static const char *const formats[COLUMNS] = {"i", "c", "tsu:UTC", "tsu:UTC", "b", "tsu:UTC"};
    frame *all = stream->private_data;
    all->text_type = (struct ArrowSchema){.format = "u", .release = release_schema};
    for (unsigned i = 0; i < COLUMNS; i++) {
        all->types[i] = (struct ArrowSchema){.format = formats[i],
                                             .name = names[i],
                                             .flags = ARROW_FLAG_NULLABLE,
                                             .dictionary = i < 2 ? &all->text_type : NULL,
                                             .release = release_schema};
        all->type_pointers[i] = &all->types[i];
    }
    *out = (struct ArrowSchema){
        .format = "+s", .name = "", .n_children = COLUMNS, .children = all->type_pointers, .release = release_schema};
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    frame *all = stream->private_data;
    const uint64_t at = all->given;
    const void *const values[COLUMNS] = {all->service + at,   all->environment + at, all->finished + at,
                                         all->committed + at, all->failed + at / 8,  all->restored + at};
    *out = (struct ArrowArray){.release = NULL};
    if (at == all->rows)
        return 0;
    const int64_t count = (int64_t)(all->rows - at < BATCH_ROWS ? all->rows - at : BATCH_ROWS);
    for (unsigned i = 0; i < COLUMNS; i++) {
        all->buffers[i][0] = i == COLUMNS - 1 ? all->restores + at / 8 : NULL;
        all->buffers[i][1] = values[i];
        all->columns[i] = (struct ArrowArray){
            .length = count, .null_count = -1, .n_buffers = 2, .buffers = all->buffers[i], .release = release_array};
        all->column_pointers[i] = &all->columns[i];
    }
    all->service_names = (struct ArrowArray){
        .length = SERVICES, .n_buffers = 3, .buffers = all->service_buffers, .release = release_array};
    all->environment_names =
        (struct ArrowArray){.length = 1, .n_buffers = 3, .buffers = all->environment_buffers, .release = release_array};
    all->columns[0].dictionary = &all->service_names;
    all->columns[1].dictionary = &all->environment_names;
    *out = (struct ArrowArray){.length = count,
                               .n_buffers = 1,
                               .buffers = all->no_buffers,
                               .n_children = COLUMNS,
                               .children = all->column_pointers,
                               .release = release_array};
    all->given += (uint64_t)count;
    return 0;
}

static void name_services(frame *all) {
    static const int32_t environment_offsets[2] = {0, sizeof "production" - 1};
    for (unsigned i = 0; i < SERVICES; i++) {
        char name[16];
        snprintf(name, sizeof name, "svc-%04u", i);
        memcpy(all->names + i * NAME_SIZE, name, NAME_SIZE);
        all->name_offsets[i + 1] = (int32_t)((i + 1) * NAME_SIZE);
    }
    all->service_buffers[1] = all->name_offsets;
    all->service_buffers[2] = all->names;
    all->environment_buffers[1] = environment_offsets;
    all->environment_buffers[2] = "production";
}

static frame *make_frame(const asked *what) {
    history drawn = {.rows_count = what->rows,
                     .seed = what->seed,
                     .services = SERVICES,
                     .days = DAYS,
                     .failed_percent = FAILED_PERCENT};
    frame *all = calloc(1, sizeof *all);
    if (!all)
        quit("memory", "not enough");
    history_draw(&drawn);
    all->rows = what->rows;
    all->service = array_of(what->rows, sizeof *all->service);
    all->environment = array_of(what->rows, sizeof *all->environment);
    all->finished = array_of(what->rows, sizeof *all->finished);
    all->committed = array_of(what->rows, sizeof *all->committed);
    all->restored = array_of(what->rows, sizeof *all->restored);
    all->failed = array_of(what->rows / 8 + 1, 1);
    memset(all->failed, 0, what->rows / 8 + 1);
    all->restores = all->failed; /* who failed was restored */
    for (uint64_t i = 0; i < what->rows; i++) {
        const row *told = &drawn.rows[i];
        all->service[i] = (int32_t)told->service;
        all->environment[i] = 0;
        all->finished[i] = (first_second + told->finished) * second_us;
        all->committed[i] = all->finished[i] - told->lead_seconds * second_us;
        all->restored[i] = told->recovery_seconds > 0 ? all->finished[i] + told->recovery_seconds * second_us : 0;
        all->failed[i / 8] |= (uint8_t)((told->recovery_seconds > 0) << i % 8);
    }
    history_free(&drawn);
    name_services(all);
    return all;
}

static void free_frame(frame *all) {
    free(all->service);
    free(all->environment);
    free(all->finished);
    free(all->committed);
    free(all->restored);
    free(all->failed);
    free(all);
}

void job_read_arrow(const asked *what) {
    frame *all = make_frame(what);
    stages *runs = array_of(what->repeat, sizeof *runs);
    const uint64_t before = memory_now();
    uint64_t rest = 0;
    for (unsigned i = 0; i < what->repeat; i++) {
        dora_error error;
        struct ArrowArrayStream stream = {.get_schema = get_schema,
                                          .get_next = get_next,
                                          .get_last_error = no_error,
                                          .release = release_stream,
                                          .private_data = all};
        all->given = 0;
        const double start = now_seconds();
        dora_engine *engine = engine_for(what, DORA_CHANGES_LISTED);
        require(dora_engine_add_arrow(engine, &stream, NULL, &error), "arrow", &error);
        const double seconds = now_seconds() - start;
        runs[i] = (stages){.read = seconds, .total = seconds};
        rest = i == 0 ? memory_now() - before : rest;
        if (what->answers && i == what->repeat - 1)
            write_totals(engine, what->answers);
        dora_engine_free(engine);
    }
    tell_begin(what);
    tell_runs(runs, what->repeat);
    tell_number("records", (double)what->rows);
    tell_number("bytes", (double)what->rows * (4 + 1 + 3 * 8 + 2 / 8.0));
    tell_number("rest_bytes", (double)rest);
    tell_number("peak_bytes", (double)memory_peak());
    tell_end();
    free(runs);
    free_frame(all);
}
