/* SPDX-License-Identifier: MIT */
/*
 * Reading a large piece on several threads: it is cut at line ends into a slice a thread, each read by a reader of its
 * own into facts of its own, which are then absorbed in order. What can be seen of it is what one thread shows: the
 * numbers and places of rejected records, the order in which they are told, and which records are in when one of them
 * stops the reading.
 */
#ifndef DORA_READ_PARALLEL_H
#define DORA_READ_PARALLEL_H

#include "read/reader.h"

/* Whether there are threads and enough bytes for two of them. */
bool dora__parallel_worthwhile(const struct dora_reader *reader, size_t size);

/* How much of a piece to read at once: what parts hold back grows with their slices. */
size_t dora__parallel_most(const struct dora_reader *reader);

/* Whether the reader stands at the begin of a record of known form. */
bool dora__parallel_ready(const struct dora_reader *reader);

/* As dora__read_bytes, of a reader that is ready. */
size_t dora__read_parallel(struct dora_reader *reader, const char *bytes, size_t size);

void dora__parallel_free(struct dora__parallel *parallel);

#endif
