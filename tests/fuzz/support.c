/* SPDX-License-Identifier: MIT */
/* See fuzz.h. */
#include "fuzz.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fuzz_fail(const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

uint8_t fuzz_byte(struct fuzz_input *input) {
    if (!input->size)
        return 0;
    input->size--;
    return *input->bytes++;
}

uint8_t fuzz_below(struct fuzz_input *input, uint8_t limit) {
    return (uint8_t)(fuzz_byte(input) % limit);
}

char *fuzz_copy(struct fuzz_input *input, size_t *size) {
    *size = *size < input->size ? *size : input->size;
    char *copy = malloc(*size ? *size : 1);
    REQUIRE(copy);
    if (*size)
        memcpy(copy, input->bytes, *size);
    input->bytes += *size;
    input->size -= *size;
    return copy;
}

dora_engine *fuzz_engine(struct fuzz_input *input) {
    uint8_t choice = fuzz_byte(input);
    const dora_engine_options options = {
        .struct_size = sizeof options,
        .changes = choice & 1 ? DORA_CHANGES_TIME : DORA_CHANGES_LISTED,
        .infer_rollbacks = choice >> 1 & 1,
        .time_zone = choice & 4 ? "-03:30" : NULL,
        .attribution_us = choice & 8 ? DORA_ATTRIBUTION_UNLIMITED : DORA_ATTRIBUTION_DEFAULT,
    };
    dora_engine *engine;
    REQUIRE(dora_engine_new(&options, &engine, NULL) == DORA_OK);
    return engine;
}

void fuzz_check_error(dora_status status, const dora_error *error) {
    if (status == DORA_OK)
        return;
    const char *end = memchr(error->message, '\0', sizeof error->message);
    REQUIRE(error->status == status);
    REQUIRE(end && end != error->message);
    for (size_t at = 0, size = (size_t)(end - error->message), length; at < size; at += length) {
        int32_t point = dora__utf8_decode(error->message + at, size - at, &length);
        REQUIRE(point >= 0 && !dora__utf8_unsafe(point));
    }
}

void fuzz_save(dora_engine *engine, struct bytes *state) {
    state->size = 0;
    REQUIRE(dora_engine_save(engine, bytes_append, state, NULL) == DORA_OK);
}

static void use_account(dora_engine *engine) {
    dora_account account = {.struct_size = sizeof account};
    REQUIRE(dora_engine_account(engine, &account, NULL) == DORA_OK);
    uint64_t disposed = 0;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (int disposition = 0; disposition < DORA_DISPOSITION_COUNT; disposition++)
            disposed += account.dispositions[kind][disposition];
    REQUIRE(disposed >= account.facts);
    dora_name_count name;
    for (size_t i = 0; dora_engine_environment(engine, i, &name); i++)
        REQUIRE(name.name.size == 0 || name.name.data);
    for (size_t i = 0; dora_engine_unknown_field(engine, i, &name); i++)
        REQUIRE(name.name.data && name.count);
}

void fuzz_report(dora_engine *engine, uint8_t choice, struct bytes *text) {
    enum { ROWS_MOST = 200 };
    static const char *const metrics[] = {"dora", "deployment", "release", "all"};
    const dora_query queries[] = {
        {.period = DORA_PERIOD_ALL, .by = DORA_GROUP_SERVICE, .intervals = 1},
        {.period = DORA_PERIOD_YEAR, .by = DORA_GROUP_TEAM},
        {.window_days = 30, .step_days = 7},
        {.table = DORA_TABLE_PHASES, .period = DORA_PERIOD_ALL},
    };
    dora_query query = queries[choice & 3];
    dora_result *result;
    dora_error error;
    query.struct_size = sizeof query;
    query.rows_max = ROWS_MOST;
    query.metrics = query.table == DORA_TABLE_PHASES ? NULL : metrics[choice >> 2 & 3];
    dora_status status = dora_query_run(engine, &query, &result, &error);
    fuzz_check_error(status, &error);
    REQUIRE(status == DORA_OK || status == DORA_ERROR_LIMIT);
    const dora_writer_options options = {
        .struct_size = sizeof options, .output = (dora_output)((choice >> 4) % 6), .csv_safe = choice >> 7};
    if (status == DORA_OK)
        REQUIRE(dora_result_write(result, &options, bytes_append, text, NULL) == DORA_OK);
    dora_result_free(result);
}

static void use_state(dora_engine *engine) {
    struct bytes state = {0}, again = {0};
    dora_engine *other;
    dora_error error;
    fuzz_save(engine, &state);
    REQUIRE(dora_engine_new(NULL, &other, NULL) == DORA_OK);
    REQUIRE(dora_engine_load(other, state.data, state.size, NULL, &error) == DORA_OK);
    fuzz_save(other, &again);
    REQUIRE(state.size == again.size && memcmp(state.data, again.data, state.size) == 0);
    dora_engine_free(other);
    bytes_free(&state);
    bytes_free(&again);
}

void fuzz_use(dora_engine *engine, uint8_t choice) {
    struct bytes text = {0};
    use_account(engine);
    fuzz_report(engine, choice, &text);
    use_state(engine);
    bytes_free(&text);
}
