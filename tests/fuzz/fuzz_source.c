/* SPDX-License-Identifier: MIT */
/*
 * Exports of tools. The first line names the source, else the input is to be known by its shape; the rest says the same
 * whether it comes whole or in pieces, and what is made of it can be written. Of an odd size, git's are read by path.
 */
#include "fuzz.h"

#include <dora/facts.h>
#include <dora/sources.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct outcome {
    struct bytes text; /* the facts, and where records were rejected */
    dora_fact_writer *writer;
    dora_status status;
};

static int take(void *context, const dora_fact *fact) {
    struct outcome *outcome = context;
    return dora_fact_writer_put(outcome->writer, fact, 1, NULL) != DORA_OK;
}

static int on_reject(void *context, const dora_error *error) {
    struct outcome *outcome = context;
    bytes_append(&outcome->text, &error->line, sizeof error->line);
    bytes_append(&outcome->text, &error->byte, sizeof error->byte);
    return 0;
}

static void read_in_pieces(const char *source, const uint8_t *bytes, size_t size, size_t piece,
                           struct outcome *outcome) {
    const bool by_path = size % 2 && (!source || strcmp(source, "git") == 0);
    const dora_writer_options form = {.struct_size = sizeof form, .output = DORA_OUTPUT_NDJSON};
    const dora_reader_options options = {.struct_size = sizeof options,
                                         .source = source,
                                         .parameters = by_path ? "paths=/a/" : NULL,
                                         .project = "p",
                                         .record_bytes_max = 4096,
                                         .on_fact = take,
                                         .on_fact_context = outcome,
                                         .on_reject = on_reject,
                                         .on_reject_context = outcome};
    dora_engine *engine;
    dora_reader *reader;
    if (dora_engine_new(NULL, &engine, NULL) != DORA_OK ||
        dora_fact_writer_new(&form, bytes_append, &outcome->text, &outcome->writer, NULL) != DORA_OK ||
        dora_reader_new(engine, &options, &reader, NULL) != DORA_OK)
        abort(); /* out of memory */
    for (size_t at = 0; at < size && outcome->status == DORA_OK; at += piece)
        outcome->status = dora_reader_feed(reader, bytes + at, size - at < piece ? size - at : piece, NULL);
    if (outcome->status == DORA_OK)
        outcome->status = dora_reader_finish(reader, NULL);
    REQUIRE(outcome->status != DORA_ERROR_CANCELLED); /* what was read could not be written */
    REQUIRE(dora_fact_writer_finish(outcome->writer, NULL) == DORA_OK);
    dora_fact_writer_free(outcome->writer);
    dora_reader_free(reader);
    dora_engine_free(engine);
}

/* The source that the first line names, and the size of that line. */
static const char *source_of(const uint8_t *bytes, size_t size, size_t *line) {
    const uint8_t *newline = size ? memchr(bytes, '\n', size) : NULL;
    const char *name = NULL;
    *line = newline ? (size_t)(newline - bytes) + 1 : 0;
    for (size_t i = 0; (name = dora_source_name(i)); i++)
        if (strlen(name) + 1 == *line && memcmp(name, bytes, *line - 1) == 0)
            break;
    return name;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct outcome outcomes[2] = {{.status = DORA_OK}, {.status = DORA_OK}};
    size_t line;
    const char *source = source_of(bytes, size, &line);
    size -= line;
    for (int i = 0; i < 2; i++)
        read_in_pieces(source, bytes + line, size, i ? 1 + size % 29 : size + 1, &outcomes[i]);
    REQUIRE(outcomes[0].status == outcomes[1].status);
    REQUIRE(outcomes[0].text.size == outcomes[1].text.size);
    REQUIRE(outcomes[0].text.size == 0 ||
            memcmp(outcomes[0].text.data, outcomes[1].text.data, outcomes[0].text.size) == 0);
    bytes_free(&outcomes[0].text);
    bytes_free(&outcomes[1].text);
    return 0;
}
