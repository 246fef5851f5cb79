/* SPDX-License-Identifier: MIT */
/*
 * The common line of NDJSON, taken in one pass from its bytes to the cells of a batch: an object of known fields and
 * scalars, one key after the other where it was in the line before. Whatever is unusual about a line makes nothing of
 * it, and leaves it to the general way, which says what is wrong or takes it nevertheless.
 */
#ifndef DORA_READ_NDJSON_ROWS_H
#define DORA_READ_NDJSON_ROWS_H

#include "read/reader.h"

/* Takes common lines from the front of bytes; how many bytes they are. Less than all of them may be taken even where
   more lines are common; the rows wait for dora__ndjson_rows_put. The reader may fail. */
size_t dora__ndjson_rows_take(struct dora_reader *reader, const char *bytes, size_t size);

/* Adds the rows that wait. False: the reader has failed. */
bool dora__ndjson_rows_put(struct dora_reader *reader);

void dora__ndjson_rows_free(struct dora_reader *reader);

#endif
