/* SPDX-License-Identifier: MIT */
/*
 * Results as they are built: columns are declared first, then rows are filled from left to right through a cursor, many
 * at once or one by one.
 */
#ifndef DORA_QUERY_RESULT_H
#define DORA_QUERY_RESULT_H

#include "base/memory.h"

#include <stdatomic.h>

struct dora__column {
    char name[64];
    dora_type type;
    dora_unit unit;
    void *data; /* a value a row; of strings the offsets, rows + 1 */
    size_t data_capacity;
    uint8_t *validity; /* a bit a row; bits past the last row are 0 */
    size_t validity_capacity;
    size_t nulls;
    char *bytes; /* of strings */
    size_t bytes_capacity;
};

struct dora_result {
    atomic_size_t holders;
    struct dora__memory memory;
    struct dora__column *columns;
    size_t columns_count;
    size_t columns_capacity;
    const char *wanted; /* while columns are declared: the names of those to have, by commas; NULL: all */
    uint32_t *slots;    /* of each column declared its place among those that are there, or DORA__NOT_WANTED */
    size_t slots_count;
    size_t slots_capacity;
    size_t rows;
    size_t rows_capacity;
};

#define DORA__NOT_WANTED UINT32_MAX

/* Bytes of a value; of a string's offset. */
size_t dora__type_width(dora_type type);

/* An empty result without columns, or NULL. */
struct dora_result *dora__result_new(const struct dora__memory *memory);

/* Declares a column, its name made of up to three parts (NULL: none). It is there if result->wanted names it. False:
   out of memory. Before any row. */
bool dora__result_column(struct dora_result *result, dora_type type, dora_unit unit, const char *name, const char *part,
                         const char *last);

/* Room for so many more rows. False: out of memory. */
bool dora__result_reserve(struct dora_result *result, size_t rows);
/* The share of one column in that, whose memory is touched: for those who ask between columns whether to go on, and
   then call dora__result_reserve with the same rows. */
bool dora__result_reserve_column(struct dora_result *result, size_t column, size_t rows);
/* Room in a column of strings for all in all so many bytes; false: out of memory. Strings find room without it. */
bool dora__result_reserve_bytes(struct dora_result *result, size_t column, size_t bytes);

/* To be called when `rows` more rows are there: touches new memory some rows ahead of them, a column after the other.
   The system zeroes a page when it is first touched, and large pages begin at the same row in all columns: the row that
   came to it would wait for all of them. */
void dora__result_touch_ahead(struct dora_result *result, size_t rows);

/* Forgets the rows, keeps the room. */
void dora__result_clear(struct dora_result *result);

/* Where the next value of the row being filled goes; every declared column is to be filled once, in order. */
struct dora__cursor {
    struct dora_result *result;
    size_t slot;
    dora_status status; /* MEMORY or LIMIT where a string found no room */
};

/* A column of many rows at once, from the row being filled on. The cells of numbers are the caller's to set; those of
   nulls are to be 0. `known`: bit r of word r / 64 where row r is not null; NULL: none is. NULL where nobody wants the
   column. */
int64_t *dora__fill_int64(struct dora__cursor *cursor, size_t rows, const uint64_t *known);
double *dora__fill_double(struct dora__cursor *cursor, size_t rows, const uint64_t *known);
int32_t *dora__fill_date(struct dora__cursor *cursor, size_t rows);
/* The same string in each; data NULL is null. */
void dora__fill_string(struct dora__cursor *cursor, size_t rows, dora_string string);
/* Whether somebody wants the next column; if not, it is passed. */
bool dora__fill_wanted(struct dora__cursor *cursor);
/* Short names by number; those of no size are null. */
enum { DORA__NAME_MOST = 8 };
struct dora__name {
    char text[DORA__NAME_MOST];
    uint32_t size;
};
void dora__fill_names(struct dora__cursor *cursor, size_t rows, const struct dora__name *names, const uint8_t *number);

void dora__put_null(struct dora__cursor *cursor);
void dora__put_int64(struct dora__cursor *cursor, int64_t value);
void dora__put_double(struct dora__cursor *cursor, double value);
void dora__put_date(struct dora__cursor *cursor, int32_t day);
void dora__put_bool(struct dora__cursor *cursor, bool value);
/* A string; data NULL is null. */
void dora__put_string(struct dora__cursor *cursor, dora_string string);

#endif
