/* SPDX-License-Identifier: MIT */
/*
 * Common rows of CSV, from bytes to columns. A block of them is gone through twice: once for the places of delimiters
 * and line ends, which come as bit masks of 64 bytes; then column by column, each cell by the type of its column into
 * a batch. A row with anything unusual, be it a quote, a byte above 127, a cell that is not what its column wants, ends
 * the block before it and is left to the general way of csv.c, which also says what is wrong.
 */
#ifndef DORA_READ_CSV_ROWS_H
#define DORA_READ_CSV_ROWS_H

#include "base/kernel.h"
#include "facts/batch.h"
#include "read/recall.h"

struct dora_reader;

/* Bytes looked at at once; places of stops written at once at most. */
enum { DORA__CSV_COLUMNS_MOST = 64, DORA__CSV_WINDOW = 64, DORA__CSV_PLACES = 16 };

/* What a column's cells are. */
enum dora__csv_cells {
    DORA__CELLS_INSTANT,
    DORA__CELLS_SERVICE,
    DORA__CELLS_STRING,
    DORA__CELLS_BOOL,
    DORA__CELLS_STATUS, /* up to here stored in the batch */
    DORA__CELLS_ID,
    DORA__CELLS_KIND,    /* says again what all rows are */
    DORA__CELLS_UNKNOWN, /* counted where there is something */
    DORA__CELLS_RARE     /* where there is something, the general way takes the row */
};

struct dora__csv_column {
    enum dora__csv_cells cells;
    uint8_t field;
    void *to; /* column of the batch */
};

struct dora__csv_rows {
    struct dora__facts *facts;
    enum dora__kernel kernel;
    char delimiter;
    uint32_t columns_count;
    uint32_t block_rows; /* at most so many; few after an unusual row, so that no work is done in vain too often */
    size_t size;         /* of this block of memory */
    struct dora__csv_column columns[DORA__CSV_COLUMNS_MOST];
    uint64_t unknown_rows[DORA__CSV_COLUMNS_MOST]; /* of the batch: how many hold something in that column */
    struct dora__batch batch;
    uint64_t instants; /* its columns that begin narrow */
    dora_string ids[DORA__BATCH_ROWS];
    dora_status status; /* of interning: MEMORY or LIMIT end the reader */
    struct dora__recall services;
    struct dora__recall strings;
    uint32_t ends[DORA__BATCH_ROWS + DORA__CSV_WINDOW]; /* of the texts of the block's rows */
    uint32_t *stops;   /* places of the block's delimiters and line ends; before the first, -1 */
    int64_t storage[]; /* the batch's columns, then the stops */
};

/* Readies the reader for common rows, its header being read, where there can be any. Without memory there are none. */
void dora__csv_rows_make(struct dora_reader *reader);
void dora__csv_rows_free(struct dora_reader *reader);

/* Takes common rows from the front of bytes, which may hold any number of them, and says how many bytes they were. None
   if the first row is another, or rows->status is not OK, or the batch is full. */
size_t dora__csv_rows_take(struct dora__csv_rows *rows, const char *bytes, size_t size);

/* Adds what waits in the batch to the facts. False: the reader has failed. */
bool dora__csv_rows_flush(struct dora_reader *reader);

/* The kernels' own. */
size_t dora__csv_rows_take_portable(struct dora__csv_rows *rows, const char *bytes, size_t size);
size_t dora__csv_rows_take_avx2(struct dora__csv_rows *rows, const char *bytes, size_t size);
size_t dora__csv_rows_take_avx512(struct dora__csv_rows *rows, const char *bytes, size_t size);

#endif
