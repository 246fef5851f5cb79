/* SPDX-License-Identifier: MIT */
/* See bytes.h. */
#include "state/bytes.h"

#include <string.h>

void dora__bytes_free(struct dora__bytes *bytes) {
    dora__free(bytes->memory, bytes->data, bytes->capacity, 1);
    *bytes = (struct dora__bytes){.memory = bytes->memory};
}

uint8_t *dora__bytes_more(struct dora__bytes *bytes, size_t size) {
    if (bytes->failed || size > SIZE_MAX - bytes->size ||
        !dora__grow(bytes->memory, (void **)&bytes->data, &bytes->capacity, bytes->size + size, 1)) {
        bytes->failed = true;
        return NULL;
    }
    uint8_t *more = bytes->data + bytes->size;
    memset(more, 0, size);
    bytes->size += size;
    return more;
}

void dora__bytes_put(struct dora__bytes *bytes, const void *data, size_t size) {
    uint8_t *more = size ? dora__bytes_more(bytes, size) : NULL;
    if (more)
        memcpy(more, data, size);
}

void dora__bytes_varint(struct dora__bytes *bytes, uint64_t number) {
    uint8_t digits[10];
    size_t size = 0;
    do {
        digits[size++] = (uint8_t)((number & 0x7F) | (number > 0x7F ? 0x80 : 0));
        number >>= 7;
    } while (number);
    dora__bytes_put(bytes, digits, size);
}

void dora__cursor_fail(struct dora__state_cursor *cursor, const char *failure) {
    if (!cursor->failure)
        cursor->failure = failure;
}

const uint8_t *dora__cursor_take(struct dora__state_cursor *cursor, size_t size) {
    if (cursor->failure)
        return NULL;
    if (dora__cursor_left(cursor) < size) {
        dora__cursor_fail(cursor, "a section ends too early");
        return NULL;
    }
    const uint8_t *taken = cursor->at;
    cursor->at += size;
    return taken;
}

uint64_t dora__cursor_varint(struct dora__state_cursor *cursor, uint64_t most) {
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t *digit = dora__cursor_take(cursor, 1);
        if (!digit)
            return 0;
        uint64_t bits = *digit & 0x7F;
        if ((shift == 63 && bits > 1) || (*digit == 0 && shift > 0))
            break;
        number |= bits << shift;
        if (*digit & 0x80)
            continue;
        if (number <= most)
            return number;
        dora__cursor_fail(cursor, "a number is out of range");
        return 0;
    }
    dora__cursor_fail(cursor, "a number that is not well written");
    return 0;
}
