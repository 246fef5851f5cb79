/* SPDX-License-Identifier: MIT */
/*
 * Where data goes: standard output, or a file that is written beside the old one and put in its place at the end, so
 * that nobody ever sees half of it and a failure leaves the old one. A reader that closes a pipe early is no failure.
 */
#ifndef DORA_TOOLS_OUTPUT_H
#define DORA_TOOLS_OUTPUT_H

#include "message.h"

#include <stdbool.h>

enum { OUTPUT_ROOM = 65536 };

struct output {
    int fd;
    const char *name; /* for messages */
    char *path;       /* the file to replace; NULL: written in place */
    char *temporary;
    int problem; /* errno of the first write that failed, 0 */
    size_t used;
    char buffer[OUTPUT_ROOM];
};

/* NULL and "-" are standard output. CODE_DONE, or the message was printed and nothing is to be closed. */
enum code output_open(struct output *output, const char *path);

/* A dora_write_fn; the context is the output. */
int output_write(void *context, const void *bytes, size_t size);

/* Whether a write failed, also because the reader is gone. */
bool output_failed(const struct output *output);

/* Ends the output: replaces the file where `code` is done or held, else leaves the old one. Returns `code`, or CODE_IO
   with a message when writing failed. */
enum code output_finish(struct output *output, enum code code);

#endif
