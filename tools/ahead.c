/* SPDX-License-Identifier: MIT */
/*
 * See ahead.h. A thread is made for each piece: next to reading some megabytes that costs nothing, and there is no
 * state to agree on but who has the stream, which is the thread from its start until it is joined.
 */
#include "ahead.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

/* For one thread a piece that stays in its cache; for more, enough that it is worth sharing. */
enum { ROOM_OF_ONE = 256 << 10, ROOM_A_THREAD = 2 << 20 };

/* A piece is worth waiting for until one can tell from it what the input is (dora_is_state). */
enum { BEGINNING = 8 };

bool ahead_open(struct ahead *ahead, struct stream *stream, unsigned threads) {
    struct stat status;
    *ahead = (struct ahead){.stream = stream, .room = threads > 1 ? (size_t)threads * ROOM_A_THREAD : ROOM_OF_ONE};
    ahead->is_regular = fstat(stream->fd, &status) == 0 && S_ISREG(status.st_mode);
    ahead->with_thread = HAVE_THREADS && threads > 1 && ahead->is_regular;
    for (int i = 0; i < 2; i++)
        if (!(ahead->pieces[i].bytes = malloc(ahead->room)))
            return false;
    return true;
}

/* Whether reading on does not have to wait. */
static bool is_ready(const struct ahead *ahead) {
    struct pollfd ready = {.fd = ahead->stream->fd, .events = POLLIN};
    return ahead->is_regular || poll(&ready, 1, 0) > 0;
}

static void fill(struct ahead *ahead) {
    struct piece *piece = &ahead->pieces[ahead->next];
    piece->size = 0;
    do {
        size_t size;
        piece->more = stream_next(ahead->stream, piece->bytes + piece->size, ahead->room - piece->size, &size);
        piece->size += piece->more > 0 ? size : 0;
    } while (piece->more > 0 && piece->size < ahead->room && (piece->size < BEGINNING || is_ready(ahead)));
    piece->stream_bytes = ahead->stream->bytes;
}

#if HAVE_THREADS
static void *fill_in_thread(void *context) {
    fill(context);
    return NULL;
}

static void start_filling(struct ahead *ahead) {
    ahead->filling = pthread_create(&ahead->thread, NULL, fill_in_thread, ahead) == 0;
}

/* False: nobody was at it. */
static bool end_filling(struct ahead *ahead) {
    bool filled = ahead->filling;
    if (filled)
        pthread_join(ahead->thread, NULL);
    ahead->filling = false;
    return filled;
}
#else
static void start_filling(struct ahead *ahead) {
    (void)ahead;
}

static bool end_filling(struct ahead *ahead) {
    (void)ahead;
    return false;
}
#endif

const struct piece *ahead_next(struct ahead *ahead) {
    if (!end_filling(ahead))
        fill(ahead);
    const struct piece *piece = &ahead->pieces[ahead->next];
    ahead->next ^= 1;
    if (ahead->with_thread && piece->more > 0)
        start_filling(ahead);
    return piece;
}

void ahead_close(struct ahead *ahead) {
    end_filling(ahead);
    free(ahead->pieces[0].bytes);
    free(ahead->pieces[1].bytes);
}
