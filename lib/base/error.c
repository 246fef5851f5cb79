/* SPDX-License-Identifier: MIT */
/* See error.h. */
#include "base/error.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Longest escape: \u{10FFFF}. */
static size_t escape_point(char out[16], const char *text, size_t size, size_t *length) {
    int32_t point = dora__utf8_decode(text, size, length);
    if (point >= 0 && !dora__utf8_unsafe(point)) {
        memcpy(out, text, *length);
        return *length;
    }
    if (point < 0 || point < 0x100)
        return (size_t)snprintf(out, 16, "\\x%02x", (unsigned)(point < 0 ? (unsigned char)*text : point));
    return (size_t)snprintf(out, 16, "\\u{%x}", (unsigned)point);
}

size_t dora__printable(char *out, size_t room, const char *text, size_t size) {
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        char piece[16];
        size_t length, n = escape_point(piece, text + i, size - i, &length);
        bool last = i + length == size;
        if (used + n + (last ? 1 : 4) > room) {
            const char *cut = "...";
            for (size_t k = 0; k < 3 && used + 1 < room; k++)
                out[used++] = cut[k];
            break;
        }
        memcpy(out + used, piece, n);
        used += n;
        i += length;
    }
    out[used] = '\0';
    return used;
}

struct dora__quoted dora__quote(const char *text, size_t size) {
    struct dora__quoted quoted;
    dora__printable(quoted.text, sizeof quoted.text, text, size);
    return quoted;
}

dora_status dora__fail(dora_error *error, dora_status status, const char *format, ...) {
    if (!error)
        return status;
    memset(error, 0, sizeof *error);
    error->status = status;
    char raw[512];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    size_t size = n < 0 ? 0 : (size_t)n < sizeof raw ? (size_t)n : sizeof raw - 1;
    dora__printable(error->message, sizeof error->message, raw, size);
    return status;
}

dora_status dora__fail_memory(dora_error *error) {
    return dora__fail(error, DORA_ERROR_MEMORY, "out of memory");
}

int dora__take_struct(void *own, size_t own_size, const void *given) {
    size_t given_size;
    memset(own, 0, own_size);
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < sizeof given_size || given_size > 4096)
        return 0;
    memcpy(own, given, given_size < own_size ? given_size : own_size);
    for (size_t i = own_size; i < given_size; i++)
        if (((const unsigned char *)given)[i])
            return 0;
    return 1;
}
