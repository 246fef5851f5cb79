/* SPDX-License-Identifier: MIT */
/* See decompress.h. A codec is a row of a table: how it is recognised and, where it was built in, three functions. */
#include "decompress.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if HAVE_ZLIB
#include <zlib.h>
#endif
#if HAVE_ZSTD
#include <zstd.h>
#endif

/* Read() into one buffer that stays in the cache is faster than mapping the file. */
enum { ROOM = 256 * 1024, MAGIC_MAX = 6 };

struct codec {
    const char *name;
    const char *library;
    size_t magic_size;
    unsigned char magic[MAGIC_MAX];
    /* NULL: not built in */
    void *(*begin)(void);
    /* From input to output, *produced bytes; sets `inside`. False: problem is set, what was produced is good. */
    bool (*step)(struct stream *stream, size_t *produced);
    void (*end)(void *state);
};

static bool fail(struct stream *stream, const char *what, const char *why) {
    snprintf(stream->problem, sizeof stream->problem, why ? "%s (%s)" : "%s", what, why);
    return false;
}

#if HAVE_ZLIB || HAVE_ZSTD
/* What does not begin a further member or frame is no part of the file. */
static bool fail_damaged(struct stream *stream, bool was_inside, const char *why) {
    char what[64];
    const char *kind = stream->second && !was_inside ? "garbage after the" : "damaged";
    snprintf(what, sizeof what, "%s %s data", kind, stream->codec->name);
    return fail(stream, what, why);
}
#endif

#if HAVE_ZLIB
static void *gzip_begin(void) {
    z_stream *z = calloc(1, sizeof *z);
    if (z && inflateInit2(z, 16 + MAX_WBITS) == Z_OK) /* 16: gzip and nothing else */
        return z;
    free(z);
    return NULL;
}

static bool gzip_step(struct stream *stream, size_t *produced) {
    z_stream *z = stream->state;
    bool was_inside = stream->inside;
    z->next_in = stream->input + stream->at;
    z->avail_in = (uInt)(stream->have - stream->at);
    z->next_out = stream->output;
    z->avail_out = ROOM;
    int result = inflate(z, Z_NO_FLUSH);
    stream->at = stream->have - z->avail_in;
    *produced = ROOM - z->avail_out;
    if (result == Z_MEM_ERROR)
        return fail(stream, "out of memory", NULL);
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
        return fail_damaged(stream, was_inside, z->msg);
    stream->inside = result != Z_STREAM_END;
    if (result == Z_STREAM_END) {
        stream->second = true;
        inflateReset(z);
    }
    return true;
}

static void gzip_end(void *state) {
    inflateEnd(state);
    free(state);
}
#define GZIP gzip_begin, gzip_step, gzip_end
#else
#define GZIP NULL, NULL, NULL
#endif

#if HAVE_ZSTD
static void *zstd_begin(void) {
    return ZSTD_createDStream();
}

static bool zstd_step(struct stream *stream, size_t *produced) {
    bool was_inside = stream->inside;
    ZSTD_inBuffer input = {stream->input, stream->have, stream->at};
    ZSTD_outBuffer output = {stream->output, ROOM, 0};
    size_t result = ZSTD_decompressStream(stream->state, &output, &input);
    stream->at = input.pos;
    *produced = output.pos;
    if (ZSTD_isError(result))
        return fail_damaged(stream, was_inside, ZSTD_getErrorName(result));
    stream->inside = result != 0;
    stream->second |= result == 0;
    return true;
}

static void zstd_end(void *state) {
    ZSTD_freeDStream(state);
}
#define ZSTD zstd_begin, zstd_step, zstd_end
#else
#define ZSTD NULL, NULL, NULL
#endif

/* None of these can begin CSV or NDJSON in UTF-8, but for bzip2's, which is long enough. */
static const struct codec codecs[] = {
    {"gzip", "zlib", 2, {0x1F, 0x8B}, GZIP},
    {"zstd", "libzstd", 4, {0x28, 0xB5, 0x2F, 0xFD}, ZSTD},
    {"zstd", "libzstd", 4, {0x50, 0x2A, 0x4D, 0x18}, ZSTD}, /* a skippable frame, as pzstd writes first */
    {"xz", NULL, 6, {0xFD, '7', 'z', 'X', 'Z', 0x00}, NULL, NULL, NULL},
};

/* Fills the input buffer behind what it has; false where reading failed. */
static bool fill(struct stream *stream) {
    for (;;) {
        ssize_t n = read(stream->fd, stream->input + stream->have, ROOM - stream->have);
        if (n >= 0) {
            stream->have += (size_t)n;
            stream->bytes += (uint64_t)n;
            stream->ended = n == 0;
            return true;
        }
        if (errno == EAGAIN) {
            struct pollfd ready = {.fd = stream->fd, .events = POLLIN};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return fail(stream, strerror(errno), NULL);
        }
    }
}

static const struct codec *recognise(const struct stream *stream) {
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (stream->have >= codecs[i].magic_size && memcmp(stream->input, codecs[i].magic, codecs[i].magic_size) == 0)
            return &codecs[i];
    return NULL;
}

bool stream_open(struct stream *stream, int fd) {
    *stream = (struct stream){.fd = fd, .input = malloc(ROOM)};
    if (!stream->input)
        return fail(stream, "out of memory", NULL);
    while (stream->have < MAGIC_MAX && !stream->ended)
        if (!fill(stream))
            return false;
    const struct codec *codec = recognise(stream);
    if (!codec)
        return true;
    if (!codec->begin) {
        char what[64];
        snprintf(what, sizeof what, "compressed with %s; this dora was built without %s", codec->name, codec->library);
        if (!codec->library)
            snprintf(what, sizeof what, "compressed with %s, which dora does not read", codec->name);
        return fail(stream, what, NULL);
    }
    stream->output = malloc(ROOM);
    stream->state = stream->output ? codec->begin() : NULL;
    if (!stream->state)
        return fail(stream, "out of memory", NULL);
    stream->codec = codec;
    return true;
}

static int next_plain(struct stream *stream, const unsigned char **bytes, size_t *size) {
    *bytes = stream->input + stream->at;
    *size = stream->have - stream->at;
    stream->at = stream->have;
    return *size > 0;
}

/* No input is left to decompress, and none comes. */
static int end_compressed(struct stream *stream) {
    if (!stream->inside)
        return 0;
    char what[64];
    snprintf(what, sizeof what, "the %s data is cut off", stream->codec->name);
    fail(stream, what, NULL);
    return -1;
}

int stream_next(struct stream *stream, const unsigned char **bytes, size_t *size) {
    while (!stream->problem[0]) {
        if (stream->at == stream->have && !stream->ended) {
            stream->at = stream->have = 0;
            if (!fill(stream))
                break;
        }
        if (!stream->codec)
            return next_plain(stream, bytes, size);
        bool dry = stream->at == stream->have;
        if (dry && !stream->inside && stream->ended)
            return 0;
        if (dry && !stream->ended)
            continue;
        size_t produced = 0;
        bool good = stream->codec->step(stream, &produced);
        *bytes = stream->output;
        *size = produced;
        if (produced > 0)
            return 1; /* a problem is told by the next call */
        if (good && dry)
            return end_compressed(stream);
    }
    return -1;
}

void stream_close(struct stream *stream) {
    if (stream->codec)
        stream->codec->end(stream->state);
    free(stream->input);
    free(stream->output);
}
