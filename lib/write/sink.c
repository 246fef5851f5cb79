/* SPDX-License-Identifier: MIT */
/* See sink.h. */
#include "write/sink.h"

#include "base/checked.h"
#include "base/error.h"

dora_status dora__sink_init(struct dora__sink *sink, dora_writer_options *own, const dora_writer_options *given,
                            dora_write_fn write, void *context, dora_error *error) {
    *own = (dora_writer_options){.struct_size = sizeof *own};
    if (given && !dora__take_struct(own, sizeof *own, given))
        return dora__fail(error, DORA_ERROR_ARGUMENT,
                          "writer options: struct_size is not set, or a later version's field is");
    if ((unsigned)own->output > DORA_OUTPUT_HTML)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "output: no such format");
    if (!write)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "write: a function is needed");
    const dora_allocator *allocator = own->allocator;
    if (allocator && !(allocator->allocate && allocator->reallocate && allocator->release))
        return dora__fail(error, DORA_ERROR_ARGUMENT, "allocator: all three functions are needed");
    *sink = (struct dora__sink){.write = write, .context = context};
    dora__memory_init(&sink->memory, allocator);
    dora__text_init(&sink->text, &sink->memory);
    return DORA_OK;
}

void dora__sink_free(struct dora__sink *sink) {
    dora__text_free(&sink->text);
}

void dora__sink_move(struct dora__sink *to, struct dora__sink *from) {
    *to = *from;
    to->text.memory = &to->memory;
}

void dora__sink_fail_memory(struct dora__sink *sink) {
    if (sink->status == DORA_OK)
        sink->status = DORA_ERROR_MEMORY;
}

void dora__sink_flush(struct dora__sink *sink) {
    if (sink->text.failed)
        dora__sink_fail_memory(sink);
    if (sink->status == DORA_OK && sink->text.size && sink->write(sink->context, sink->text.data, sink->text.size))
        sink->status = DORA_ERROR_IO;
    sink->text.size = 0;
}

void dora__sink_spill(struct dora__sink *sink) {
    if (sink->text.size >= DORA__SINK_ROOM || sink->text.failed)
        dora__sink_flush(sink);
}

char *dora__sink_reserve(struct dora__sink *sink, size_t size) {
    struct dora__text *text = &sink->text;
    if (text->capacity - text->size < size && text->size)
        dora__sink_flush(sink);
    void *block = text->data;
    size_t need = size < DORA__SINK_ROOM ? DORA__SINK_ROOM : size;
    if (text->capacity < size && !dora__grow(text->memory, &block, &text->capacity, need, 1))
        text->failed = true;
    text->data = block;
    if (text->failed)
        dora__sink_fail_memory(sink);
    return sink->status == DORA_OK ? text->data + text->size : NULL;
}

void dora__sink_commit(struct dora__sink *sink, const char *end) {
    sink->text.size = (size_t)(end - sink->text.data);
}

dora_status dora__sink_status(const struct dora__sink *sink, dora_error *error) {
    if (sink->status == DORA_ERROR_MEMORY || sink->text.failed)
        return dora__fail_memory(error);
    if (sink->status == DORA_ERROR_IO)
        return dora__fail(error, DORA_ERROR_IO, "the write function failed");
    return DORA_OK;
}
