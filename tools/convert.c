/* SPDX-License-Identifier: MIT */
/*
 * See convert.h. Records are written as they are read, and nothing is kept of them: what they state, and when, is what
 * they stated before. Only states are loaded, and their facts written at the end.
 */
#include "convert.h"

#include "input.h"
#include "output.h"
#include "progress.h"

#include <dora/facts.h>

#include <stdlib.h>

struct conversion {
    dora_fact_writer *writer;
    dora_status status; /* of the last write */
    dora_error error;
    struct output output;
};

/* A dora_fact_fn. */
static int take_fact(void *context, const dora_fact *fact) {
    struct conversion *conversion = context;
    conversion->status = dora_fact_writer_put(conversion->writer, fact, 1, &conversion->error);
    return conversion->status != DORA_OK;
}

static enum code failed(const struct conversion *conversion) {
    if (conversion->status == DORA_OK || output_failed(&conversion->output))
        return CODE_DONE; /* the output says what is wrong with it */
    if (conversion->status == DORA_ERROR_INPUT)
        message("%s (--format ndjson takes everything)", conversion->error.message);
    else
        return library_error(&conversion->error);
    return CODE_INPUT;
}

static enum code worse(enum code a, enum code b) {
    return a > b ? a : b;
}

static enum code convert(struct conversion *conversion, const struct options *options, dora_engine *engine) {
    struct options own = *options;
    struct input input;
    own.reader.on_fact = take_fact;
    own.reader.on_fact_context = conversion;
    enum code code = input_read(&input, &own, engine);
    dora_error error;
    dora_status status = DORA_OK;
    if (!input.fatal)
        status = dora_engine_facts(engine, take_fact, conversion, &error);
    if (status == DORA_OK && conversion->status == DORA_OK)
        conversion->status = dora_fact_writer_finish(conversion->writer, &conversion->error);
    progress_stop();
    if (status != DORA_OK && status != DORA_ERROR_CANCELLED)
        code = worse(code, library_error(&error));
    return worse(code, failed(conversion));
}

static enum code convert_to_output(struct conversion *conversion, const struct options *options, dora_engine *engine) {
    enum code code = input_check(options, engine);
    if (code != CODE_DONE)
        return code;
    const dora_writer_options writer = {.struct_size = sizeof writer, .output = options->format};
    if (dora_fact_writer_new(&writer, output_write, &conversion->output, &conversion->writer, &conversion->error) !=
        DORA_OK)
        return library_error(&conversion->error);
    code = output_open(&conversion->output, options->output);
    if (code == CODE_DONE) {
        code = convert(conversion, options, engine);
        code = output_finish(&conversion->output, code);
    }
    dora_fact_writer_free(conversion->writer);
    return code;
}

enum code run_convert(const struct options *options) {
    dora_engine_options engine_options = options->engine;
    dora_engine *engine;
    dora_error error;
    engine_options.progress = progress_library;
    if (dora_engine_new(&engine_options, &engine, &error) != DORA_OK)
        return library_error(&error);
    struct conversion *conversion = calloc(1, sizeof *conversion);
    enum code code = conversion ? convert_to_output(conversion, options, engine) : memory_error();
    free(conversion);
    dora_engine_free(engine);
    return code;
}
