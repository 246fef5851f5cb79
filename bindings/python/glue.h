/* SPDX-License-Identifier: MIT */
/*
 * What the Python package needs in C and cannot say through CFFI: PyCapsules in and out, callbacks that do their work
 * without Python where they can. declarations.py reads this header as it reads the library's; CFFI releases the
 * interpreter lock around each of these calls, hence they take it where they need it.
 *
 * A Python object passes as `uintptr_t`, its id(); the caller holds the object during the call.
 */
#ifndef DORA_PYTHON_GLUE_H
#define DORA_PYTHON_GLUE_H

#include <dora/arrow.h>
#include <dora/compact.h>
#include <dora/facts.h>
#include <dora/sources.h>

/* Marks what CFFI defines and Python implements. */
#define DORA_PYTHON_CALLBACK

/* DORA_VERSION_STRING of the headers that the module was compiled with. */
const char *dora_python_compiled_version(void);

/* -------------------------------------------------------------------------------------------------------- capsules */

/* What a capsule of the name "arrow_array_stream", "arrow_array" or "arrow_schema" holds, valid as long as the capsule;
   NULL where the object is no such capsule. */
struct ArrowArrayStream *dora_python_stream_of(uintptr_t capsule);
struct ArrowArray *dora_python_array_of(uintptr_t capsule);
struct ArrowSchema *dora_python_schema_of(uintptr_t capsule);

/* Appends to a Python list a capsule with a stream of the result, or with its schema. The stream holds the result;
   the caller keeps its own hold. Errors: MEMORY, ARGUMENT. */
dora_status dora_python_put_stream(dora_result *result, uintptr_t list, dora_error *error);
dora_status dora_python_put_schema(dora_result *result, uintptr_t list, dora_error *error);

/* ------------------------------------------------------------------------------------------------------- callbacks */

/* Context of dora_python_progress. `target` is what dora_python_tick is given. */
typedef struct dora_python_ticker {
    int64_t interval_us; /* Python is called at most so often */
    int64_t next_us;     /* a monotonic time; 0: with the next call */
    void *target;
} dora_python_ticker;

/* A dora_progress_fn. Asks a clock, and now and then Python, which also lets it handle signals. */
int dora_python_progress(void *context, const dora_progress *progress);
/* Non-zero cancels. */
DORA_PYTHON_CALLBACK int dora_python_tick(void *target, const dora_progress *progress);

#define DORA_PYTHON_REJECTIONS_KEPT 20

/* Context of dora_python_reject. */
typedef struct dora_python_rejections {
    int strict; /* non-zero: the first one stops the reading */
    uint64_t count;
    dora_error first[DORA_PYTHON_REJECTIONS_KEPT];
} dora_python_rejections;

/* A dora_reject_fn: counts, and keeps the first ones. */
int dora_python_reject(void *context, const dora_error *error);

/* Context of dora_python_write, {0} at first; the caller frees what it holds with dora_python_text_free. */
typedef struct dora_python_text {
    char *data;
    size_t size;
    size_t capacity;
} dora_python_text;

/* A dora_write_fn: gathers what is written. */
int dora_python_write(void *context, const void *bytes, size_t size);
/* Leaves {0}. */
void dora_python_text_free(dora_python_text *text);

/* Context of dora_python_convert. What the writer writes goes to `text`, by dora_python_write. */
typedef struct dora_python_conversion {
    dora_fact_writer *writer;
    dora_python_text text;
    dora_error error; /* of the fact that the writer refused */
} dora_python_conversion;

/* A dora_fact_fn: writes the fact. */
int dora_python_convert(void *context, const dora_fact *fact);

#endif
