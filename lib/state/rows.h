/* SPDX-License-Identifier: MIT */
/*
 * The rows of a table in their canonical order, and their columns in that order. Facts with an id come by its bytes.
 * Those without one come by their fields in the order of the table of fields, lists last, absent first: two that this
 * does not order are equal. Values are as a state holds them, so that what means the same is the same: ranks for
 * handles, nothing for an empty list or a `deleted` that says what is so anyway, no as_of where no id can meet it.
 */
#ifndef DORA_STATE_ROWS_H
#define DORA_STATE_ROWS_H

#include "state/catalog.h"

/* The last as_of of all, of a tombstone without one: the first instant that cannot be. */
#define DORA__AS_OF_FINAL (DORA__INSTANT_MAX + 1)

/* Rows of one kind, all with an id or all without. */
struct dora__rows {
    const struct dora__facts *facts;
    const struct dora__catalog *catalog;
    dora_kind kind;
    bool named;
    uint32_t count;
    uint32_t *rows; /* in canonical order; NULL where there are none */
};

/* False: out of memory or stopped, and nothing is left to free. O(rows * columns), by radix. */
bool dora__rows_make(struct dora__rows *rows, const struct dora__facts *facts, const struct dora__catalog *catalog,
                     dora_kind kind, bool named);
void dora__rows_free(struct dora__rows *rows);

/* Columns that some chunk of the table has, DORA__ID left out. */
uint64_t dora__rows_columns(const struct dora__rows *rows);
uint64_t dora__rows_as_ofs(const struct dora__rows *rows);

/* The values of a scalar field, or when they were stated, DORA_ABSENT where there is none. False: stopped. */
bool dora__rows_values(const struct dora__rows *rows, int field, int64_t *values);
bool dora__rows_as_of(const struct dora__rows *rows, int field, int64_t *values);

/* The ranks in a list in ascending order, each once, in `ranks`, which has room for all its items; returns how many. */
uint32_t dora__rows_list(const struct dora__rows *rows, const struct dora__list *list, uint32_t *ranks);

#endif
