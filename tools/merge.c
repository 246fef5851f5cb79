/* SPDX-License-Identifier: MIT */
/* See merge.h. */
#include "merge.h"

#include "input.h"
#include "output.h"
#include "progress.h"
#include "state.h"

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

static enum code read_and_save(const struct options *options, dora_engine *engine, const struct state *state) {
    struct input input;
    enum code code = input_read(&input, options, engine);
    progress_stop();
    if (code == CODE_DONE)
        code = state->path ? state_save(state, engine) : write_standard(engine);
    else
        message("nothing was written to '%s'", state->path ? state->path : "standard output");
    return code;
}

enum code run_merge(const struct options *options) {
    if (is_standard(options->output) && isatty(STDOUT_FILENO))
        return usage_error("a state is nothing for a terminal; see -o");
    dora_engine_options engine_options = options->engine;
    dora_engine *engine = NULL;
    dora_error error;
    struct state state;
    engine_options.progress = progress_library;
    if (dora_engine_new(&engine_options, &engine, &error) != DORA_OK)
        return library_error(&error);
    enum code code = state_lock(&state, is_standard(options->output) ? NULL : options->output, options->quiet);
    if (code == CODE_DONE)
        code = read_and_save(options, engine, &state);
    state_unlock(&state);
    dora_engine_free(engine);
    return code;
}
