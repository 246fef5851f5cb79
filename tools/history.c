/* SPDX-License-Identifier: MIT */
/*
 * See history.h. Everything that can be wrong with options is found on the empty engine, before a byte is read and
 * before anything is written.
 */
#include "history.h"

#include "input.h"
#include "notes.h"
#include "output.h"
#include "progress.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct history {
    const struct options *options;
    dora_query query; /* the options' with the defaults of the command */
    dora_writer_options writer_options;
    dora_engine *engine;
    struct fail_if fail_if;
    struct output output;
    dora_writer *writer;
    uint64_t rows;
    dora_status write_status;
    dora_error error;
};

static bool for_people(const struct options *options) {
    return options->format == DORA_OUTPUT_TABLE || options->format >= DORA_OUTPUT_MARKDOWN;
}

static bool use_color(const struct options *options) {
    if (options->color != COLOR_AUTO || options->output)
        return options->color == COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && (!no_color || !*no_color) && terminal && strcmp(terminal, "dumb") != 0;
}

static enum code choose_formats(struct history *history) {
    const struct options *options = history->options;
    history->query = options->query;
    if (!history->query.metrics)
        history->query.metrics = for_people(options) && !history->query.columns ? "dora" : "all";
    history->writer_options = (dora_writer_options){.struct_size = sizeof history->writer_options,
                                                    .output = options->format,
                                                    .color = use_color(options),
                                                    .csv_safe = options->csv_safe};
    if (options->verb != VERB_CHECK)
        return CODE_DONE;
    if (options->format == DORA_OUTPUT_CSV)
        return usage_error("dora check writes table, json, markdown or html");
    if (options->format == DORA_OUTPUT_NDJSON)
        history->writer_options.output = DORA_OUTPUT_JSON; /* it is one line */
    return CODE_DONE;
}

static enum code open_engine(struct history *history) {
    dora_engine_options options = history->options->engine;
    options.progress = progress_library;
    dora_status status = dora_engine_new(&options, &history->engine, &history->error);
    if (status != DORA_ERROR_IO)
        return status == DORA_OK ? CODE_DONE : library_error(&history->error);
    return usage_error("--tz: %s", history->error.message); /* no such zone */
}

static int no_rows(void *context, const dora_result *rows) {
    (void)context;
    (void)rows;
    return 0;
}

static enum code check_options(struct history *history) {
    const struct options *options = history->options;
    enum code code = input_check(options, history->engine);
    if (code != CODE_DONE || options->verb == VERB_CHECK)
        return code;
    if (dora_query_each(history->engine, &history->query, no_rows, NULL, &history->error) != DORA_OK)
        return library_error(&history->error);
    return fail_if_prepare(&history->fail_if, history->engine, &history->query, options->conditions,
                           options->conditions_count);
}

/* A dora_rows_fn. Once a write has failed, rows are only looked at for --fail-if. */
static int take_rows(void *context, const dora_result *rows) {
    struct history *history = context;
    history->rows += dora_result_rows(rows);
    fail_if_rows(&history->fail_if, rows);
    if (history->write_status == DORA_OK)
        history->write_status = dora_writer_put(history->writer, rows, &history->error);
    return history->write_status != DORA_OK && history->fail_if.count == 0;
}

static enum code write_rows(struct history *history) {
    dora_error error;
    dora_status status = dora_query_each(history->engine, &history->query, take_rows, history, &error);
    if (status == DORA_ERROR_LIMIT) {
        message("%s; see --since, --until and --max-rows", error.message);
        return CODE_USAGE;
    }
    if (status != DORA_OK && status != DORA_ERROR_CANCELLED)
        return library_error(&error);
    if (history->write_status == DORA_OK)
        history->write_status = dora_writer_finish(history->writer, &history->error);
    if (history->write_status != DORA_OK && !output_failed(&history->output))
        return library_error(&history->error);
    return fail_if_finish(&history->fail_if, history->engine, &history->query);
}

static enum code write_report(struct history *history) {
    if (dora_writer_new(&history->writer_options, output_write, &history->output, &history->writer, &history->error) !=
        DORA_OK)
        return library_error(&history->error);
    enum code code = write_rows(history);
    dora_writer_free(history->writer);
    return code;
}

static enum code write_account(struct history *history) {
    dora_status status =
        dora_account_write(history->engine, &history->writer_options, output_write, &history->output, &history->error);
    return status == DORA_OK || output_failed(&history->output) ? CODE_DONE : library_error(&history->error);
}

/* What is said after the rows. */
static enum code conclude(struct history *history) {
    const struct options *options = history->options;
    if (options->verb == VERB_CHECK)
        return CODE_DONE;
    if (!options->quiet && for_people(options))
        note_left_out(history->engine);
    if (!options->quiet)
        note_nothing(history->engine, history->query.table, history->rows);
    return fail_if_print(&history->fail_if);
}

static enum code worse(enum code a, enum code b) {
    return a > b ? a : b;
}

/* The state is loaded; it stays as it is unless all went well and something was read. */
static enum code read_and_write(struct history *history, const struct state *state) {
    enum code code = output_open(&history->output, history->options->output);
    if (code != CODE_DONE)
        return code;
    struct input input;
    code = input_read(&input, history->options, history->engine);
    bool reportable = input_reportable(&input);
    enum code written = CODE_DONE;
    if (reportable)
        written = history->options->verb == VERB_CHECK ? write_account(history) : write_report(history);
    progress_stop();
    code = output_finish(&history->output, worse(code, written));
    if (reportable && written == CODE_DONE)
        code = worse(code, conclude(history));
    if (!state->path || history->options->arguments_count == 0)
        return code;
    if (code == CODE_DONE || code == CODE_HELD)
        return input.taken ? worse(code, state_save(state, history->engine)) : code;
    message("'%s' was not changed", state->path);
    return code;
}

static enum code run_with_state(struct history *history) {
    const struct options *options = history->options;
    struct state state;
    enum code code = state_lock(&state, options->state, options->quiet);
    if (code == CODE_DONE)
        code = state_load(&state, history->engine, options->arguments_count == 0);
    if (code == CODE_DONE)
        code = read_and_write(history, &state);
    state_unlock(&state);
    return code;
}

enum code run_history(const struct options *options) {
    struct history *history = calloc(1, sizeof *history);
    if (!history)
        return memory_error();
    history->options = options;
    enum code code = choose_formats(history);
    if (code == CODE_DONE)
        code = open_engine(history);
    if (code == CODE_DONE)
        code = check_options(history);
    if (code == CODE_DONE)
        code = run_with_state(history);
    fail_if_free(&history->fail_if);
    dora_engine_free(history->engine);
    free(history);
    return code;
}
