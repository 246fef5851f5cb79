/* SPDX-License-Identifier: MIT */
/*
 * Which tool an input is from, by the `recognise` lines of the built-in mappings: the members of the first item, or the
 * columns of CSV. What begins as the normal form does is never taken for anything else.
 */
#ifndef DORA_READ_SOURCE_RECOGNISE_H
#define DORA_READ_SOURCE_RECOGNISE_H

#include "read/source/mapping.h"

#include <string.h>

/* The mapping for JSON that begins so; NULL: none. Unless *whole, more of the input might change that. */
const struct dora__builtin *dora__recognise_json(const char *bytes, size_t size, bool *whole);

/* How many bytes at the front are lists without items and wrappers of such, as tools give where there is nothing. */
size_t dora__pass_empty(const char *bytes, size_t size);

/* Where a tool's answers were put into a table as they came, as DevLake's raw tables do, they are in this column. */
static inline bool dora__is_answer(const char *name, size_t size) {
    return size == 4 && memcmp(name, "data", 4) == 0;
}

/* The mapping for CSV whose columns have these names; NULL: none. *open: the cells of the first row may tell, which are
   NULL where they are not there yet. */
const struct dora__builtin *dora__recognise_columns(const struct dora__span *columns, const struct dora__span *cells,
                                                    size_t count, bool *open);

#endif
