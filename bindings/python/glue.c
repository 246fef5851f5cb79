/* SPDX-License-Identifier: MIT */
/*
 * See glue.h. Python's limited API and no more, so that one binary serves all versions of Python.
 */
#include <Python.h>

#include "glue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char stream_name[] = "arrow_array_stream";
static const char array_name[] = "arrow_array";
static const char schema_name[] = "arrow_schema";

const char *dora_python_compiled_version(void) {
    return DORA_VERSION_STRING;
}

static void *held_by(uintptr_t capsule, const char *name) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *object = (PyObject *)capsule;
    void *held = PyCapsule_IsValid(object, name) ? PyCapsule_GetPointer(object, name) : NULL;
    PyGILState_Release(state);
    return held;
}

struct ArrowArrayStream *dora_python_stream_of(uintptr_t capsule) {
    return held_by(capsule, stream_name);
}

struct ArrowArray *dora_python_array_of(uintptr_t capsule) {
    return held_by(capsule, array_name);
}

struct ArrowSchema *dora_python_schema_of(uintptr_t capsule) {
    return held_by(capsule, schema_name);
}

static dora_status fail_memory(dora_error *error) {
    if (error) {
        *error = (dora_error){.status = DORA_ERROR_MEMORY};
        snprintf(error->message, sizeof error->message, "out of memory");
    }
    return DORA_ERROR_MEMORY;
}

static void free_stream(struct ArrowArrayStream *stream) {
    if (stream->release)
        stream->release(stream);
    free(stream);
}

static void free_schema(struct ArrowSchema *schema) {
    if (schema->release)
        schema->release(schema);
    free(schema);
}

static void drop_stream(PyObject *capsule) {
    free_stream(PyCapsule_GetPointer(capsule, stream_name));
}

static void drop_schema(PyObject *capsule) {
    free_schema(PyCapsule_GetPointer(capsule, schema_name));
}

/* A capsule around `held`, appended to the list; from then on the capsule frees it. False: it is still the caller's. */
static int put_capsule(uintptr_t list, void *held, const char *name, PyCapsule_Destructor drop) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *capsule = PyCapsule_New(held, name, NULL);
    int put = capsule && PyList_Append((PyObject *)list, capsule) == 0 && PyCapsule_SetDestructor(capsule, drop) == 0;
    if (!put)
        PyErr_Clear();
    Py_XDECREF(capsule);
    PyGILState_Release(state);
    return put;
}

dora_status dora_python_put_stream(dora_result *result, uintptr_t list, dora_error *error) {
    struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return fail_memory(error);
    dora_status status = dora_result_arrow(dora_result_retain(result), stream, error);
    if (status != DORA_OK) {
        dora_result_free(result);
    } else if (put_capsule(list, stream, stream_name, drop_stream)) {
        return DORA_OK;
    } else {
        status = fail_memory(error);
    }
    free_stream(stream);
    return status;
}

dora_status dora_python_put_schema(dora_result *result, uintptr_t list, dora_error *error) {
    struct ArrowArrayStream stream;
    struct ArrowSchema *schema = calloc(1, sizeof *schema);
    if (!schema)
        return fail_memory(error);
    dora_status status = dora_result_arrow(dora_result_retain(result), &stream, error);
    if (status != DORA_OK) {
        dora_result_free(result);
        free(schema);
        return status;
    }
    int made = stream.get_schema(&stream, schema) == 0;
    stream.release(&stream);
    if (made && put_capsule(list, schema, schema_name, drop_schema))
        return DORA_OK;
    free_schema(schema);
    return fail_memory(error);
}

int dora_python_progress(void *context, const dora_progress *progress) {
    dora_python_ticker *ticker = context;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    int64_t now_us = (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
    if (now_us < ticker->next_us)
        return 0;
    ticker->next_us = now_us + ticker->interval_us;
    return dora_python_tick(ticker->target, progress);
}

int dora_python_reject(void *context, const dora_error *error) {
    dora_python_rejections *rejections = context;
    if (rejections->count < DORA_PYTHON_REJECTIONS_KEPT)
        rejections->first[rejections->count] = *error;
    rejections->count++;
    return rejections->strict;
}

int dora_python_write(void *context, const void *bytes, size_t size) {
    dora_python_text *text = context;
    if (size > text->capacity - text->size) {
        size_t least = text->size + size, capacity = text->capacity < SIZE_MAX / 2 ? text->capacity * 2 : SIZE_MAX;
        capacity = capacity > least ? capacity : least;
        char *grown = least < size ? NULL : realloc(text->data, capacity);
        if (!grown)
            return 1;
        text->data = grown;
        text->capacity = capacity;
    }
    if (size)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    return 0;
}

int dora_python_convert(void *context, const dora_fact *fact) {
    dora_python_conversion *conversion = context;
    return dora_fact_writer_put(conversion->writer, fact, 1, &conversion->error) != DORA_OK;
}

void dora_python_text_free(dora_python_text *text) {
    free(text->data);
    *text = (dora_python_text){0};
}
