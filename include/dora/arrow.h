/* SPDX-License-Identifier: MIT */
/*
 * Facts from columns in memory, and results as such: the Arrow C data and stream interfaces, which data frames and
 * databases speak, without any Arrow library. docs/arrow.md says which columns are read and how.
 *
 *     struct ArrowArrayStream stream;
 *     ... a producer fills it ...
 *     const dora_arrow_options options = {.struct_size = sizeof options, .kind = "deployment"};
 *     dora_status status = dora_engine_add_arrow(engine, &stream, &options, &error);
 */
#ifndef DORA_ARROW_H
#define DORA_ARROW_H

#include <dora/dora.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------- Arrow's own structures */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

/* The type of an array. `release` is NULL once it was called. */
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

/* The values of an array. */
struct ArrowArray {
    int64_t length;
    int64_t null_count; /* -1: not known */
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

/* Arrays of one type, one after the other; the end is an array whose `release` is NULL. */
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* ----------------------------------------------------------------------------------------------------------- import */

typedef struct dora_arrow_options {
    size_t struct_size;
    const char *kind;             /* of rows that state none; NULL: "deployment" */
    const dora_field_name *names; /* columns that go by another name than their field */
    size_t names_count;
    dora_reject_fn on_reject; /* called for each rejected row; `record` is its number, from 1 */
    void *on_reject_context;
} dora_arrow_options;

/*
 * Adds the rows of all arrays of `stream`, which are structs: a column is a field where it has its name. A row that
 * cannot be is rejected, reported and counted, and the rest read on. The stream is consumed: its `release` is called
 * once, whatever happens. Expected O(1) a row and column.
 *
 * Errors: ARGUMENT (an option, or no stream), INPUT (on_reject said stop; a column whose type cannot be its field's; an
 * array that contradicts itself or its schema; the message names the column), IO (the producer failed; its message is
 * quoted), MEMORY, LIMIT, CANCELLED (by the engine's progress function, which is called every 65,536 rows).
 * error->record is the number of a row where the failure belongs to one, of the last row taken where cancelled; the
 * rows before it are in the engine, or rejected.
 */
DORA_API dora_status dora_engine_add_arrow(dora_engine *engine, struct ArrowArrayStream *stream,
                                           const dora_arrow_options *options, dora_error *error);

/* The same for one array and its schema. Both are consumed. */
DORA_API dora_status dora_engine_add_arrow_array(dora_engine *engine, struct ArrowArray *array,
                                                 struct ArrowSchema *schema, const dora_arrow_options *options,
                                                 dora_error *error);

/* ----------------------------------------------------------------------------------------------------------- export */

/*
 * Hands a result over as a stream of one array, a struct with the result's columns: int64, double, date32, boolean and
 * utf8 (large utf8 beyond 2 GiB), all nullable. Nothing is copied but booleans. On success the caller's hold of the
 * result passes to the stream and to what comes from it, and is given back with the last of them, on any thread; a
 * result that is to be used on, or exported again, is retained before: dora_result_arrow(dora_result_retain(result),
 * ...). The engine may be freed before. On failure the result is the caller's as before. O(columns + rows of booleans).
 * Errors: ARGUMENT, MEMORY.
 */
DORA_API dora_status dora_result_arrow(dora_result *result, struct ArrowArrayStream *stream, dora_error *error);

#ifdef __cplusplus
}
#endif

#endif
