/* SPDX-License-Identifier: MIT */
/*
 * Arrow streams: whatever happens, each structure that was received is released once.
 */
#include "read/arrow.h"

#include "base/error.h"
#include "read/arrow_table.h"

#include <errno.h>

/* A table for the options, or NULL, and *status why not. */
static struct dora__arrow_table *new_table(const struct dora__arrow_target *target, const dora_arrow_options *options,
                                           dora_error *error, dora_status *status) {
    struct dora__facts *facts = target->facts;
    dora_arrow_options own = {0};
    if (options && !dora__take_struct(&own, sizeof own, options)) {
        *status = dora__fail(error, DORA_ERROR_ARGUMENT,
                             "Arrow options: struct_size is not set, or a later version's field is");
        return NULL;
    }
    struct dora__arrow_table *table = dora__alloc_zeroed(facts->memory, 1, sizeof *table);
    if (!table) {
        *status = dora__fail_memory(error);
        return NULL;
    }
    *status = dora__arrow_table_init(table, facts, &own, error);
    table->progress = target->progress;
    table->progress_context = target->progress_context;
    if (*status == DORA_OK)
        return table;
    dora__arrow_table_free(table);
    dora__free(facts->memory, table, 1, sizeof *table);
    return NULL;
}

static dora_status end_table(struct dora__arrow_table *table, dora_error *error) {
    dora_error failure = table->failure;
    struct dora__memory *memory = table->memory;
    dora__arrow_table_free(table);
    dora__free(memory, table, 1, sizeof *table);
    if (failure.status != DORA_OK && error)
        *error = failure;
    return failure.status;
}

/* The producer's failure, an errno with perhaps a message. */
static void fail_producer(struct dora__arrow_table *table, struct ArrowArrayStream *stream, int code) {
    const char *message = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    if (code == ENOMEM && !message)
        dora__fail_memory(&table->failure);
    else if (message)
        dora__fail(&table->failure, DORA_ERROR_IO, "the producer failed: %.160s", message);
    else
        dora__fail(&table->failure, DORA_ERROR_IO, "the producer failed with error %d", code);
}

static void add_arrays(struct dora__arrow_table *table, struct ArrowArrayStream *stream) {
    while (table->failure.status == DORA_OK) {
        struct ArrowArray array = {0};
        int code = stream->get_next(stream, &array);
        if (code != 0) {
            fail_producer(table, stream, code);
            return;
        }
        if (!array.release)
            return;
        dora__arrow_table_add(table, &array);
        array.release(&array);
    }
}

static void add_stream(struct dora__arrow_table *table, struct ArrowArrayStream *stream) {
    struct ArrowSchema schema = {0};
    int code = stream->get_schema(stream, &schema);
    if (code != 0) {
        fail_producer(table, stream, code);
        return;
    }
    dora__arrow_table_columns(table, &schema);
    add_arrays(table, stream);
    dora__arrow_table_finish(table);
    if (schema.release)
        schema.release(&schema);
}

dora_status dora__add_arrow(const struct dora__arrow_target *target, struct ArrowArrayStream *stream,
                            const dora_arrow_options *options, dora_error *error) {
    if (!stream || !stream->release)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no stream, or one that was released");
    dora_status status;
    if (!target->facts || !stream->get_schema || !stream->get_next) {
        status = dora__fail(error, DORA_ERROR_ARGUMENT, "no engine, or a stream without its functions");
    } else {
        struct dora__arrow_table *table = new_table(target, options, error, &status);
        if (table) {
            add_stream(table, stream);
            status = end_table(table, error);
        }
    }
    stream->release(stream);
    return status;
}

dora_status dora__add_arrow_array(const struct dora__arrow_target *target, struct ArrowArray *array,
                                  struct ArrowSchema *schema, const dora_arrow_options *options, dora_error *error) {
    dora_status status;
    if (!target->facts || !array || !array->release || !schema || !schema->release) {
        status = dora__fail(error, DORA_ERROR_ARGUMENT, "no engine, or no array and schema that are not released");
    } else {
        struct dora__arrow_table *table = new_table(target, options, error, &status);
        if (table) {
            dora__arrow_table_columns(table, schema);
            if (table->failure.status == DORA_OK)
                dora__arrow_table_add(table, array);
            dora__arrow_table_finish(table);
            status = end_table(table, error);
        }
    }
    if (array && array->release)
        array->release(array);
    if (schema && schema->release)
        schema->release(schema);
    return status;
}
