/* SPDX-License-Identifier: MIT */
/*
 * Bytes that grow while a state is written, and a cursor over those of one that is read. Both remember that something
 * failed, so that callers ask once at the end: a cursor that has failed gives zeros.
 */
#ifndef DORA_STATE_BYTES_H
#define DORA_STATE_BYTES_H

#include "base/asking.h"
#include "base/little.h"
#include "base/memory.h"

struct dora__bytes {
    struct dora__memory *memory;
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed;                 /* out of memory, or stopped */
    struct dora__asking *asking; /* asked now and then; may be NULL */
};

void dora__bytes_free(struct dora__bytes *bytes);

/* Room for `size` more bytes, zeroed, which the caller fills; NULL: out of memory. */
uint8_t *dora__bytes_more(struct dora__bytes *bytes, size_t size);
void dora__bytes_put(struct dora__bytes *bytes, const void *data, size_t size);
/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
void dora__bytes_varint(struct dora__bytes *bytes, uint64_t number);

struct dora__state_cursor {
    const uint8_t *at;
    const uint8_t *end;
    const char *failure;         /* NULL: all is well; else what is wrong at `at` */
    struct dora__asking *asking; /* asked now and then; a cursor that is stopped fails. May be NULL */
};

static inline size_t dora__cursor_left(const struct dora__state_cursor *cursor) {
    return (size_t)(cursor->end - cursor->at);
}

/* `items` more are written, or about to be. False: the bytes have failed. */
static inline bool dora__bytes_go_on(struct dora__bytes *bytes, size_t items) {
    bytes->failed |= !dora__asking_take(bytes->asking, items);
    return !bytes->failed;
}

/* Fails the cursor, unless it has failed before. */
void dora__cursor_fail(struct dora__state_cursor *cursor, const char *failure);

/* The next `size` bytes, or NULL where they are not there. */
const uint8_t *dora__cursor_take(struct dora__state_cursor *cursor, size_t size);
/* A number as dora__bytes_varint() writes it, in as few bytes as possible, of at most `most`. */
uint64_t dora__cursor_varint(struct dora__state_cursor *cursor, uint64_t most);

#endif
