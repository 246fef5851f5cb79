/* SPDX-License-Identifier: MIT */
/*
 * Which tool an input is from, by the `recognise` lines of the built-in mappings: the members of the first item, or the
 * columns of CSV. What begins as the normal form does is never taken for anything else.
 */
#ifndef DORA_READ_SOURCE_RECOGNISE_H
#define DORA_READ_SOURCE_RECOGNISE_H

#include "read/source/mapping.h"

/* The mapping for JSON that begins so; NULL: none. Unless *whole, more of the input might change that. */
const struct dora__builtin *dora__recognise_json(const char *bytes, size_t size, bool *whole);

/* The mapping for CSV whose columns have these names; NULL: none. */
const struct dora__builtin *dora__recognise_columns(const struct dora__span *columns, size_t count);

#endif
