/* SPDX-License-Identifier: MIT */
/* See decompress.h. A codec is a row of a table: how it is recognised and, where it was built in, three functions. */
#include "decompress.h"

#include <errno.h>
#include <limits.h>
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
    /* From input to out, *produced bytes; sets `inside`. False: problem is set, what was produced is good. */
    bool (*step)(struct stream *stream, unsigned char *out, size_t room, size_t *produced);
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

static bool gzip_step(struct stream *stream, unsigned char *out, size_t room, size_t *produced) {
    z_stream *z = stream->state;
    bool was_inside = stream->inside;
    z->next_in = stream->input + stream->at;
    z->avail_in = (uInt)(stream->have - stream->at);
    z->next_out = out;
    z->avail_out = (uInt)(room < UINT_MAX ? room : UINT_MAX);
    int result = inflate(z, Z_NO_FLUSH);
    stream->at = stream->have - z->avail_in;
    *produced = (size_t)(z->next_out - out);
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

static bool zstd_step(struct stream *stream, unsigned char *out, size_t room, size_t *produced) {
    bool was_inside = stream->inside;
    ZSTD_inBuffer input = {stream->input, stream->have, stream->at};
    ZSTD_outBuffer output = {out, room, 0};
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

/* The next bytes of the file as they are; false where reading failed. */
static bool read_raw(struct stream *stream, unsigned char *out, size_t room, size_t *size) {
    for (;;) {
        ssize_t n = read(stream->fd, out, room);
        if (n >= 0) {
            *size = (size_t)n;
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

/* Fills the input buffer behind what it has; false where reading failed. */
static bool fill(struct stream *stream) {
    size_t size;
    if (!read_raw(stream, stream->input + stream->have, ROOM - stream->have, &size))
        return false;
    stream->have += size;
    return true;
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
    stream->state = codec->begin();
    if (!stream->state)
        return fail(stream, "out of memory", NULL);
    stream->codec = codec;
    return true;
}

/* What was read to recognise the file, then the rest of it. */
static int next_plain(struct stream *stream, unsigned char *out, size_t room, size_t *size) {
    size_t left = stream->have - stream->at;
    if (left == 0)
        return stream->ended ? 0 : !read_raw(stream, out, room, size) ? -1 : *size > 0;
    *size = left < room ? left : room;
    memcpy(out, stream->input + stream->at, *size);
    stream->at += *size;
    return 1;
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

int stream_next(struct stream *stream, unsigned char *out, size_t room, size_t *size) {
    if (!stream->codec)
        return stream->problem[0] ? -1 : next_plain(stream, out, room, size);
    while (!stream->problem[0]) {
        if (stream->at == stream->have && !stream->ended) {
            stream->at = stream->have = 0;
            if (!fill(stream))
                break;
        }
        bool dry = stream->at == stream->have;
        if (dry && !stream->inside && stream->ended)
            return 0;
        if (dry && !stream->ended)
            continue;
        bool good = stream->codec->step(stream, out, room, size);
        if (*size > 0)
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
}
