/* SPDX-License-Identifier: MIT */
/* See merge.h. Compacting is merging files into a state, of which some is then forgotten. */
#include "merge.h"

#include <dora/compact.h>

#include "input.h"
#include "output.h"
#include "progress.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_standard(const char *output) {
    return !output || strcmp(output, "-") == 0;
}

static enum code write_standard(dora_engine *engine) {
    struct output *output = malloc(sizeof *output);
    if (!output)
        return memory_error();
    dora_error error;
    enum code code = output_open(output, NULL);
    if (code == CODE_DONE) {
        dora_status status = dora_engine_save(engine, output_write, output, &error);
        code = status == DORA_OK || output_failed(output) ? CODE_DONE : library_error(&error);
        code = output_finish(output, code);
    }
    free(output);
    return code;
}

/* What was forgotten, and what the state still has. */
static void note_forgotten(dora_engine *engine, const struct options *options) {
    dora_account account = {.struct_size = sizeof account};
    if (options->quiet || dora_engine_account(engine, &account, NULL) != DORA_OK)
        return;
    message("%s of %s facts are forgotten but for their samples, of before %s", grouped(account.forgotten).text,
            grouped(account.facts).text, options->before);
}

static enum code forget(dora_engine *engine, const struct options *options) {
    dora_error error;
    if (dora_engine_compact(engine, options->before, &error) != DORA_OK)
        return library_error(&error);
    note_forgotten(engine, options);
    return CODE_DONE;
}

static enum code read_and_save(const struct options *options, dora_engine *engine, const struct state *state) {
    struct input input;
    enum code code = input_read(&input, options, engine);
    if (code == CODE_DONE && options->before)
        code = forget(engine, options);
    progress_stop();
    if (code == CODE_DONE)
        code = state->path ? state_save(state, engine) : write_standard(engine);
    else
        message("nothing was written to '%s'", state->path ? state->path : "standard output");
    return code;
}

static enum code write_state(const struct options *options, const char *output) {
    if (is_standard(output) && isatty(STDOUT_FILENO))
        return usage_error("a state is nothing for a terminal; see -o");
    dora_engine_options engine_options = options->engine;
    dora_engine *engine = NULL;
    dora_error error;
    struct state state;
    engine_options.progress = progress_library;
    if (dora_engine_new(&engine_options, &engine, &error) != DORA_OK)
        return library_error(&error);
    enum code code = state_lock(&state, is_standard(output) ? NULL : output, options->quiet);
    if (code == CODE_DONE)
        code = read_and_save(options, engine, &state);
    state_unlock(&state);
    dora_engine_free(engine);
    return code;
}

enum code run_merge(const struct options *options) {
    return write_state(options, options->output);
}

/* Whether a file begins as a state does. */
static bool is_state(const char *name) {
    unsigned char head[8];
    FILE *file = fopen(name, "rb");
    size_t size = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        fclose(file);
    return dora_is_state(head, size);
}

enum code run_compact(const struct options *options) {
    if (!options->before)
        return usage_error("--before is needed: the day to forget what was before, such as 2024-01-31");
    if (options->output)
        return write_state(options, options->output);
    if (options->arguments_count != 1 || !is_state(options->arguments[0]))
        return usage_error("one state is compacted in its place; of other files -o names the state to write");
    return write_state(options, options->arguments[0]);
}
