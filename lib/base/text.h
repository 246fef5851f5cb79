/* SPDX-License-Identifier: MIT */
/*
 * A byte buffer that output is built in. A failed allocation is remembered and makes the rest no-ops, so that callers
 * check once. Numbers are written without the locale.
 */
#ifndef DORA_BASE_TEXT_H
#define DORA_BASE_TEXT_H

#include "base/memory.h"

struct dora__text {
    struct dora__memory *memory;
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
};

void dora__text_init(struct dora__text *text, struct dora__memory *memory);
void dora__text_free(struct dora__text *text);
void dora__text_put(struct dora__text *text, const void *bytes, size_t size);
void dora__text_puts(struct dora__text *text, const char *terminated);
void dora__text_int64(struct dora__text *text, int64_t value);
/* The fewest digits that read back as the same double, or a form that does; finite values only. */
void dora__text_double(struct dora__text *text, double value);

/* The number forms into a caller's buffer; return the length, not terminated. */
enum { DORA__NUMBER_ROOM = 48 };
size_t dora__format_int64(char out[DORA__NUMBER_ROOM], int64_t value);
size_t dora__format_double(char out[DORA__NUMBER_ROOM], double value);

#endif
