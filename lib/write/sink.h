/* SPDX-License-Identifier: MIT */
/*
 * Where output goes: a buffer in front of the caller's write function. The first failure, of memory or of writing,
 * is kept; from then on nothing more is written.
 */
#ifndef DORA_WRITE_SINK_H
#define DORA_WRITE_SINK_H

#include "base/text.h"

enum { DORA__SINK_ROOM = 1 << 16 };

struct dora__sink {
    struct dora__memory memory; /* of the whole writer */
    struct dora__text text;     /* what is not handed over yet; its memory is the one above */
    dora_write_fn write;
    void *context;
    dora_status status;
};

/* Checks the options (NULL: all default), copies them to *own and sets up a sink. ARGUMENT, and then nothing to free.
 */
dora_status dora__sink_init(struct dora__sink *sink, dora_writer_options *own, const dora_writer_options *given,
                            dora_write_fn write, void *context, dora_error *error);
void dora__sink_free(struct dora__sink *sink);

/* Sinks hold a pointer into themselves: moves one to where it stays. */
void dora__sink_move(struct dora__sink *to, struct dora__sink *from);

/* Where `size` bytes can be written, or NULL. What is buffered is handed over when they do not fit in behind it. */
char *dora__sink_reserve(struct dora__sink *sink, size_t size);
/* The bytes up to `end` are written. */
void dora__sink_commit(struct dora__sink *sink, const char *end);

/* Hands over what was put into `text`: all of it, or only where it has become much. */
void dora__sink_flush(struct dora__sink *sink);
void dora__sink_spill(struct dora__sink *sink);

/* Out of memory, somewhere on the way. */
void dora__sink_fail_memory(struct dora__sink *sink);

/* The status so far, with its message. */
dora_status dora__sink_status(const struct dora__sink *sink, dora_error *error);

#endif
