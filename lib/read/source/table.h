/* SPDX-License-Identifier: MIT */
/*
 * Exports as CSV: a row is an item, whose members are its cells by the names of the header. Where a tool's answers were
 * put into a table as they came, the object in the column `data` is the item.
 */
#ifndef DORA_READ_SOURCE_TABLE_H
#define DORA_READ_SOURCE_TABLE_H

#include "read/reader.h"

/* Takes the built-in mapping that knows the columns, or makes the reader undecided where the first row will say. */
void dora__table_recognise(struct dora_reader *reader);

/* Takes the one that knows the row at hand, the first; whether it has a tool's answer, known or not. */
bool dora__table_decide(struct dora_reader *reader);

/* Whether the mapping looks at a column. */
bool dora__table_reads(const struct dora_reader *reader);

/* States the facts of the row at hand. The scratch has room for twice its size. */
void dora__table_item(struct dora_reader *reader, const char *row, size_t size, uint64_t byte);

#endif
