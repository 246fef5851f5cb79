/* SPDX-License-Identifier: MIT */
/*
 * Some rows of a table in Arrow, column by column turned into what facts hold. A row that cannot be is blamed on its
 * first bad field, in the order of fields, and passed over by the columns after it.
 */
#ifndef DORA_READ_ARROW_BLOCK_H
#define DORA_READ_ARROW_BLOCK_H

#include "facts/batch.h"
#include "read/arrow_value.h"
#include "read/recall.h"

/* A column of the table. Of `list`, `codes` and `value` an array has those that its type is made of: lists of items,
   codes of a dictionary's entries, values. The last is always there. */
struct dora__arrow_column {
    const char *name;
    enum dora__field field; /* DORA__FIELDS: no field of the rows' */
    bool is_list;
    bool is_coded;
    struct dora__arrow_array list;
    struct dora__arrow_array codes;
    struct dora__arrow_array value;
    uint32_t *meanings; /* of the dictionary's entries, in column form; UINT32_MAX: not yet asked for */
    size_t meanings_capacity;
    bool remembers;              /* the meanings are of this batch's dictionary */
    uint32_t last;               /* handle of the last string */
    struct dora__recall *recall; /* of strings that are no codes; NULL for other columns */
    uint64_t unknown;            /* how many rows had a value though their kind has no such field */
};

struct dora__arrow_mask {
    uint64_t words[DORA__MASK_WORDS];
};

struct dora__arrow_block {
    struct dora__facts *facts;
    size_t first;  /* row of the table */
    uint32_t rows; /* up to DORA__BATCH_ROWS */
    struct dora__arrow_mask bad;
    struct dora__arrow_mask of_kind[DORA_KIND_COUNT]; /* rows of each kind, bad ones included */
    uint8_t blamed[DORA__BATCH_ROWS];                 /* of bad rows: the field */
    const char *reasons[DORA__BATCH_ROWS];
    uint64_t stated;               /* bit f: some row may have a value of field f, which values[f] has */
    void *values[DORA__FIELDS];    /* in column form, room for DORA__BATCH_ROWS; NULL where no column feeds the field */
    struct dora__arrow_mask lists; /* rows that state their list */
    struct dora__items items;
    size_t items_from[DORA__BATCH_ROWS]; /* of each row of `lists` */
    size_t items_to[DORA__BATCH_ROWS];
    dora_string ids[DORA__BATCH_ROWS];
    char digits[DORA__BATCH_ROWS][DORA__DIGITS_ROOM]; /* text of ids that are integers */
};

/* The array that has a row for each of the table. */
static inline struct dora__arrow_array *dora__arrow_outer(struct dora__arrow_column *column) {
    return column->is_list ? &column->list : column->is_coded ? &column->codes : &column->value;
}

/* The list of rows in a mask; returns how many. */
size_t dora__arrow_rows(const struct dora__arrow_mask *mask, uint32_t rows, uint8_t list[DORA__BATCH_ROWS]);

void dora__arrow_blame(struct dora__arrow_block *block, size_t i, enum dora__field field, const char *reason);

/* Takes the values of a column whose field is some row's. OK, MEMORY, LIMIT, or INPUT: the array is broken. */
dora_status dora__arrow_take(struct dora__arrow_block *block, struct dora__arrow_column *column);

/* The rows among `mask` that have a value in the column, empty text being none. */
void dora__arrow_having(struct dora__arrow_column *column, const struct dora__arrow_block *block,
                        struct dora__arrow_mask *mask);

/* The text of a row of a column of text, for a message; absent where it has none. */
dora_string dora__arrow_shown(struct dora__arrow_column *column, size_t row);

#endif
