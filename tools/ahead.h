/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a stream in large pieces, the next one read and decompressed by a thread of its own while the last one
 * is worked on. A pipe is not read ahead: whoever fills it does that.
 */
#ifndef DORA_TOOLS_AHEAD_H
#define DORA_TOOLS_AHEAD_H

#include "decompress.h"

#if HAVE_THREADS
#include <pthread.h>
#endif

struct piece {
    unsigned char *bytes;
    size_t size;           /* 0: none is left */
    int more;              /* then as of stream_next: 0, or -1 with the stream's problem */
    uint64_t stream_bytes; /* read from the file so far */
};

struct ahead {
    struct stream *stream;
    size_t room;
    struct piece pieces[2];
    unsigned next;    /* which of them comes next */
    bool is_regular;  /* a file whose reading waits for nobody */
    bool with_thread; /* to read ahead */
    bool filling;     /* the thread is at it */
#if HAVE_THREADS
    pthread_t thread;
#endif
};

/* Begins to read an open stream for `threads` threads to work on. False: out of memory; ahead_close either way. */
bool ahead_open(struct ahead *ahead, struct stream *stream, unsigned threads);

/* The next piece, valid until the next call. */
const struct piece *ahead_next(struct ahead *ahead);

void ahead_close(struct ahead *ahead);

#endif
