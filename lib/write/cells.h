/* SPDX-License-Identifier: MIT */
/*
 * A column of a result at hand, with its pointers looked up once, and its values as machines read them.
 */
#ifndef DORA_WRITE_CELLS_H
#define DORA_WRITE_CELLS_H

#include "base/text.h"

struct dora__cells {
    dora_type type;
    const uint8_t *validity; /* NULL: nothing is null */
    const void *values;      /* of strings the offsets */
    const char *bytes;
};

struct dora__cells dora__cells_of(const dora_result *result, size_t column);

/* A number, date or truth value that is not null, at most DORA__NUMBER_ROOM bytes. Returns the end. */
char *dora__cells_format(char *out, const struct dora__cells *cells, size_t row);

static inline bool dora__cells_null(const struct dora__cells *cells, size_t row) {
    return cells->validity && !(cells->validity[row / 8] >> row % 8 & 1);
}

static inline dora_string dora__cells_string(const struct dora__cells *cells, size_t row) {
    const uint32_t *offsets = cells->values;
    return (dora_string){cells->bytes + offsets[row], offsets[row + 1] - offsets[row]};
}

/* The value of an int64 or double column; 0 for another. */
double dora__cells_double(const struct dora__cells *cells, size_t row);

#endif
