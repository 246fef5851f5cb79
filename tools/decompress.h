/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a file, decompressed where its first bytes say gzip or zstd, piece by piece, in bounded memory. Files of
 * several gzip members or zstd frames are read to the end; what is cut off or followed by something else is an error.
 */
#ifndef DORA_TOOLS_DECOMPRESS_H
#define DORA_TOOLS_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct codec;

struct stream {
    int fd;
    unsigned char *input;
    size_t at, have;           /* what of input is still to be used */
    bool ended;                /* nothing more comes from fd */
    uint64_t bytes;            /* read from fd so far */
    const struct codec *codec; /* NULL: not compressed */
    void *state;               /* the codec's */
    bool inside;               /* in the middle of a gzip member or zstd frame */
    bool second;               /* past the first one */
    char problem[128];         /* why stream_next failed; "": it did not */
};

/* Begins to read fd, which stays the caller's. False: stream->problem says why; stream_close either way. */
bool stream_open(struct stream *stream, int fd);

/* Puts the next bytes into `out`, up to `room` of them and *size at least one: 1, or 0 at the end, or -1 with
   stream->problem. Waits for no more than the first ones. */
int stream_next(struct stream *stream, unsigned char *out, size_t room, size_t *size);

void stream_close(struct stream *stream);

#endif
