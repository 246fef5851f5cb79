/* SPDX-License-Identifier: MIT */
/* Files into an engine: opening, reading, telling of what was rejected. Several files make one history. */
#ifndef DORA_TOOLS_INPUT_H
#define DORA_TOOLS_INPUT_H

#include "options.h"

struct input {
    const struct options *options;
    dora_engine *engine;
    char *mapping; /* text of --mapping, NULL: none */
    size_t mapping_size;
    uint64_t bytes;   /* read so far, as they are in the files */
    uint64_t records; /* of the files before the present one */
    uint64_t rejected;
    size_t taken;  /* inputs of which something was read: what was read before is passed over */
    size_t failed; /* files that could not be read to their end */
    bool fatal;    /* nothing more is to be read, nothing reported */
};

/* Whether a reader takes the options, as far as they are known before any file is opened. */
enum code input_check(const struct options *options, dora_engine *engine);

/* Reads all files of the options, each once where there is a state. Returns the worst code: CODE_IO for a file that
   cannot be read (the others still are), CODE_INPUT for a rejected record under --strict, input that has no form, or
   not one good record. */
enum code input_read(struct input *input, const struct options *options, dora_engine *engine);

/* Whether there is something to report: a good record (to check: any), or files that are truly empty. */
bool input_reportable(const struct input *input);

#endif
