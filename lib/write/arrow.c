/* SPDX-License-Identifier: MIT */
/*
 * A result as an Arrow stream. Whatever a consumer holds of it, be it the stream, its schema, its array or one column
 * moved out of them, keeps the whole result alive; consumers may let go of their parts on different threads, hence the
 * atomic count.
 */
#include "base/error.h"
#include "query/result.h"

#include <dora/arrow.h>

#include <errno.h>
#include <stdatomic.h>

enum { BUFFERS_MOST = 3 };

struct exported_column {
    const char *format;
    const void *buffers[BUFFERS_MOST];
    void *made; /* bits or wide offsets, which the result does not have */
    size_t made_size;
    struct ArrowArray array;
};

struct exported {
    atomic_size_t holders;
    struct dora__memory memory;
    dora_result *result;
    bool ended; /* the array was handed out */
    const void *no_validity;
    struct ArrowArray **children;
    size_t count;
    struct exported_column columns[];
};

static void let_go(struct exported *exported) {
    if (atomic_fetch_sub_explicit(&exported->holders, 1, memory_order_acq_rel) != 1)
        return;
    struct dora__memory memory = exported->memory;
    size_t count = exported->count;
    for (size_t i = 0; i < count; i++)
        dora__free(&memory, exported->columns[i].made, exported->columns[i].made_size, 1);
    dora__free(&memory, exported->children, count, sizeof *exported->children);
    dora_result_free(exported->result);
    dora__free(&memory, exported, 1, sizeof *exported + count * sizeof *exported->columns);
}

static void hold(struct exported *exported, size_t times) {
    atomic_fetch_add_explicit(&exported->holders, times, memory_order_relaxed);
}

static void release_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    array->release = NULL;
    let_go(array->private_data);
}

/* Schemas of columns lie in one block, in front of the list of them. */
static size_t schema_block_size(size_t count) {
    return count * (sizeof(struct ArrowSchema) + sizeof(struct ArrowSchema *));
}

static void release_schema(struct ArrowSchema *schema) {
    struct exported *exported = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
    if (schema->n_children) {
        size_t count = (size_t)schema->n_children;
        void *block = (struct ArrowSchema *)(void *)schema->children - count;
        dora__free(&exported->memory, block, schema_block_size(count), 1);
    }
    schema->release = NULL;
    let_go(exported);
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    struct exported *exported = stream->private_data;
    size_t count = exported->count;
    struct ArrowSchema *columns = NULL, **list = NULL;
    if (count) {
        columns = dora__alloc_zeroed(&exported->memory, schema_block_size(count), 1);
        if (!columns)
            return ENOMEM;
        list = (struct ArrowSchema **)(void *)(columns + count);
    }
    for (size_t i = 0; i < count; i++) {
        columns[i].format = exported->columns[i].format;
        columns[i].name = exported->result->columns[i].name;
        columns[i].flags = ARROW_FLAG_NULLABLE;
        columns[i].release = release_schema;
        columns[i].private_data = exported;
        list[i] = &columns[i];
    }
    *out = (struct ArrowSchema){
        .format = "+s",
        .name = "",
        .n_children = (int64_t)count,
        .children = list,
        .release = release_schema,
        .private_data = exported,
    };
    hold(exported, count + 1);
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    struct exported *exported = stream->private_data;
    *out = (struct ArrowArray){0};
    if (exported->ended)
        return 0;
    exported->ended = true;
    *out = (struct ArrowArray){
        .length = (int64_t)exported->result->rows,
        .n_buffers = 1,
        .n_children = (int64_t)exported->count,
        .buffers = &exported->no_validity,
        .children = exported->children,
        .release = release_array,
        .private_data = exported,
    };
    hold(exported, exported->count + 1);
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "out of memory";
}

static void release_stream(struct ArrowArrayStream *stream) {
    stream->release = NULL;
    let_go(stream->private_data);
}

/* Booleans as bits. */
static bool make_bits(struct exported_column *column, struct dora__memory *memory, const uint8_t *bytes, size_t rows) {
    column->made_size = rows / 8 + 1;
    uint8_t *bits = dora__alloc_zeroed(memory, column->made_size, 1);
    column->made = bits;
    for (size_t i = 0; bits && i < rows; i++)
        bits[i / 8] |= (uint8_t)(bytes[i] << i % 8);
    return bits;
}

/* Offsets of 64 bits, where those of 32 bits would be taken for negative ones. */
static bool make_wide(struct exported_column *column, struct dora__memory *memory, const uint32_t *offsets,
                      size_t rows) {
    if (rows >= SIZE_MAX / sizeof(int64_t))
        return false;
    column->made_size = (rows + 1) * sizeof(int64_t);
    int64_t *wide = dora__alloc(memory, column->made_size, 1);
    column->made = wide;
    for (size_t i = 0; wide && i <= rows; i++)
        wide[i] = offsets[i];
    return wide;
}

static bool fill_column(struct exported_column *column, struct exported *exported, size_t at) {
    static const char *const formats[] = {
        [DORA_TYPE_INT64] = "l",  [DORA_TYPE_DOUBLE] = "g", [DORA_TYPE_STRING] = "u",
        [DORA_TYPE_DATE] = "tdD", [DORA_TYPE_BOOL] = "b",
    };
    const dora_result *result = exported->result;
    dora_type type = result->columns[at].type;
    column->format = formats[type];
    column->buffers[0] = dora_result_validity(result, at);
    column->buffers[1] = result->columns[at].data;
    if (type == DORA_TYPE_BOOL && !make_bits(column, &exported->memory, column->buffers[1], result->rows))
        return false;
    if (type == DORA_TYPE_STRING) {
        const char *bytes;
        const uint32_t *offsets = dora_result_string(result, at, &bytes);
        column->buffers[2] = bytes;
        if (offsets[result->rows] > INT32_MAX) {
            column->format = "U";
            if (!make_wide(column, &exported->memory, offsets, result->rows))
                return false;
        }
    }
    if (column->made)
        column->buffers[1] = column->made;
    column->array = (struct ArrowArray){
        .length = (int64_t)result->rows,
        .null_count = (int64_t)result->columns[at].nulls,
        .n_buffers = type == DORA_TYPE_STRING ? 3 : 2,
        .buffers = column->buffers,
        .release = release_array,
        .private_data = exported,
    };
    exported->children[at] = &column->array;
    return true;
}

dora_status dora_result_arrow(dora_result *result, struct ArrowArrayStream *stream, dora_error *error) {
    if (!result || !stream)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no result, or nowhere to put the stream");
    size_t count = result->columns_count;
    struct exported *exported =
        dora__alloc_zeroed(&result->memory, 1, sizeof *exported + count * sizeof *exported->columns);
    if (!exported)
        return dora__fail_memory(error);
    exported->memory = result->memory;
    exported->result = result;
    exported->count = count;
    atomic_init(&exported->holders, 1);
    exported->children = count ? dora__alloc(&exported->memory, count, sizeof *exported->children) : NULL;
    bool made = exported->children || !count;
    for (size_t i = 0; i < count && made; i++)
        made = fill_column(&exported->columns[i], exported, i);
    if (!made) {
        exported->result = NULL; /* it stays the caller's */
        let_go(exported);
        return dora__fail_memory(error);
    }
    *stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, exported};
    return DORA_OK;
}
