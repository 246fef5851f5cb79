/* SPDX-License-Identifier: MIT */
/* See records.h. */
#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a reader says: rejects, the failure if any, format and number of records; and the state that it leaves. */
struct outcome {
    struct bytes said;
    struct bytes state;
    dora_engine *engine;
};

static int note_reject(void *context, const dora_error *error) {
    char text[400];
    fuzz_check_error(error->status, error);
    snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", error->record, error->line, error->byte,
             error->message);
    bytes_puts(context, text);
    return 0;
}

/* Pieces of `piece` bytes, each a block of its own; 0: all at once. */
static dora_status feed(dora_reader *reader, const uint8_t *bytes, size_t size, size_t piece, dora_error *error) {
    dora_status status = DORA_OK;
    for (size_t at = 0, step; at < size && status == DORA_OK; at += step) {
        step = piece && piece < size - at ? piece : size - at;
        struct fuzz_input part = {bytes + at, step};
        char *copy = fuzz_copy(&part, &step);
        status = dora_reader_feed(reader, copy, step, error);
        free(copy);
    }
    return status == DORA_OK ? dora_reader_finish(reader, error) : status;
}

static struct outcome read_all(struct fuzz_input input, dora_reader_options options, struct fuzz_input engine_input,
                               size_t piece) {
    struct outcome outcome = {.engine = fuzz_engine(&engine_input)};
    dora_reader *reader;
    dora_error error;
    char text[80];
    options.on_reject = note_reject;
    options.on_reject_context = &outcome.said;
    REQUIRE(dora_reader_new(outcome.engine, &options, &reader, NULL) == DORA_OK);
    dora_status status = feed(reader, input.bytes, input.size, piece, &error);
    fuzz_check_error(status, &error);
    REQUIRE(status != DORA_ERROR_MEMORY && status != DORA_ERROR_LIMIT);
    if (status != DORA_OK)
        note_reject(&outcome.said, &error);
    snprintf(text, sizeof text, "%d %" PRIu64 "\n", (int)dora_reader_format(reader), dora_reader_records(reader));
    bytes_puts(&outcome.said, text);
    dora_reader_free(reader);
    fuzz_save(outcome.engine, &outcome.state);
    return outcome;
}

static void free_outcome(struct outcome *outcome) {
    dora_engine_free(outcome->engine);
    bytes_free(&outcome->said);
    bytes_free(&outcome->state);
}

static bool same(const struct bytes *one, const struct bytes *other) {
    return one->size == other->size && memcmp(one->data, other->data, one->size) == 0;
}

void fuzz_records(struct fuzz_input input, const int *formats) {
    static const char delimiters[] = {0, ',', ';', '\t'};
    static const size_t longest[] = {0, 64, 33, 16, 8, 1, 4096, 300};
    static const char *const kinds[] = {NULL, "change", "incident", "release", "phase", "service", "feedback"};
    static const dora_field_name names[] = {{"service", "app"}, {"finished_at", "x"}};
    const struct fuzz_input engine_input = input;
    uint8_t formats_count = 0;
    while (formats[formats_count] >= 0)
        formats_count++;
    fuzz_byte(&input);
    uint8_t choice = fuzz_byte(&input), kind = fuzz_below(&input, sizeof kinds / sizeof *kinds);
    const dora_reader_options options = {
        .struct_size = sizeof options,
        .format = (dora_format)formats[fuzz_below(&input, formats_count)],
        .delimiter = delimiters[choice & 3],
        .record_bytes_max = longest[choice >> 2 & 7],
        .kind = kinds[kind],
        .names = choice & 32 ? names : NULL,
        .names_count = choice & 32 ? 2 : 0,
        .once = choice & 64 ? DORA_ONCE : DORA_ONCE_OFF,
    };
    size_t piece = 1 + fuzz_byte(&input);
    struct outcome whole = read_all(input, options, engine_input, 0);
    REQUIRE(setenv("DORA_KERNEL", "portable", 1) == 0);
    struct outcome pieces = read_all(input, options, engine_input, piece);
    REQUIRE(unsetenv("DORA_KERNEL") == 0);
    REQUIRE(same(&whole.said, &pieces.said));
    REQUIRE(same(&whole.state, &pieces.state));
    fuzz_use(whole.engine, (uint8_t)(piece + kind));
    free_outcome(&whole);
    free_outcome(&pieces);
}
