/* SPDX-License-Identifier: MIT */
/* See writer.h; the public functions, and what they check for every format. */
#include "write/writer.h"

#include "base/error.h"

static const struct dora__output *const outputs[] = {
    [DORA_OUTPUT_TABLE] = &dora__output_table,       [DORA_OUTPUT_NDJSON] = &dora__output_ndjson,
    [DORA_OUTPUT_CSV] = &dora__output_csv,           [DORA_OUTPUT_JSON] = &dora__output_json,
    [DORA_OUTPUT_MARKDOWN] = &dora__output_markdown, [DORA_OUTPUT_HTML] = &dora__output_html,
};

dora_status dora_writer_new(const dora_writer_options *options, dora_write_fn write, void *context,
                            dora_writer **writer, dora_error *error) {
    dora_writer_options own;
    struct dora__sink sink;
    *writer = NULL;
    dora_status status = dora__sink_init(&sink, &own, options, write, context, error);
    if (status != DORA_OK)
        return status;
    struct dora_writer *made = dora__alloc_zeroed(&sink.memory, 1, sizeof *made);
    if (!made)
        return dora__fail_memory(error);
    dora__sink_move(&made->sink, &sink);
    dora__text_init(&made->names, &made->sink.memory);
    dora__grid_init(&made->grid, &made->sink.memory, own.rows_most);
    made->output = outputs[own.output];
    made->color = own.color != 0;
    made->csv_safe = own.csv_safe != 0;
    *writer = made;
    return DORA_OK;
}

void dora_writer_free(dora_writer *writer) {
    if (!writer)
        return;
    struct dora__memory memory = writer->sink.memory;
    dora__grid_free(&writer->grid);
    dora__text_free(&writer->names);
    dora__free(&memory, writer->columns, writer->columns_count, sizeof *writer->columns);
    dora__sink_free(&writer->sink);
    dora__free(&memory, writer, 1, sizeof *writer);
}

static dora_status begin(struct dora_writer *writer, const dora_result *result, dora_error *error) {
    size_t count = dora_result_columns(result);
    writer->begun = true;
    if (count) {
        writer->columns = dora__alloc_zeroed(&writer->sink.memory, count, sizeof *writer->columns);
        if (!writer->columns) {
            dora__sink_fail_memory(&writer->sink);
            return dora__fail_memory(error);
        }
    }
    writer->columns_count = count;
    for (size_t i = 0; i < count; i++)
        writer->columns[i].cells = dora__cells_of(result, i);
    writer->output->begin(writer, result);
    if (writer->names.failed)
        dora__sink_fail_memory(&writer->sink);
    return dora__sink_status(&writer->sink, error);
}

/* Looks up where the values are. False: these are other columns than before, and nothing changed. */
static bool take_columns(struct dora_writer *writer, const dora_result *result) {
    bool same = dora_result_columns(result) == writer->columns_count;
    for (size_t i = 0; i < writer->columns_count && same; i++)
        same = dora_result_type(result, i) == writer->columns[i].cells.type;
    for (size_t i = 0; i < writer->columns_count && same; i++)
        writer->columns[i].cells = dora__cells_of(result, i);
    return same;
}

dora_status dora_writer_put(dora_writer *writer, const dora_result *result, dora_error *error) {
    dora_status status = dora__sink_status(&writer->sink, error);
    if (status == DORA_OK && writer->finished)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "the writer is finished");
    if (status == DORA_OK && !writer->begun)
        status = begin(writer, result, error);
    if (status != DORA_OK)
        return status;
    if (!take_columns(writer, result))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "the results of a writer must be of one query");
    writer->output->rows(writer, result);
    writer->any_rows |= dora_result_rows(result) > 0;
    return dora__sink_status(&writer->sink, error);
}

dora_status dora_writer_finish(dora_writer *writer, dora_error *error) {
    if (!writer->finished && writer->sink.status == DORA_OK) {
        writer->output->end(writer);
        dora__sink_flush(&writer->sink);
    }
    writer->finished = true;
    return dora__sink_status(&writer->sink, error);
}

dora_status dora_result_write(const dora_result *result, const dora_writer_options *options, dora_write_fn write,
                              void *context, dora_error *error) {
    dora_writer *writer;
    dora_status status = dora_writer_new(options, write, context, &writer, error);
    if (status == DORA_OK)
        status = dora_writer_put(writer, result, error);
    if (status == DORA_OK)
        status = dora_writer_finish(writer, error);
    dora_writer_free(writer);
    return status;
}

size_t dora__writer_strings_room(const struct dora_writer *writer, size_t row, size_t growth) {
    size_t size = 0; /* of at most 4 GiB a column; a sum that wraps cannot be where pointers have 64 bits */
    for (size_t i = 0; i < writer->columns_count; i++)
        if (writer->columns[i].cells.type == DORA_TYPE_STRING)
            size += dora__cells_string(&writer->columns[i].cells, row).size;
    return size * growth;
}
