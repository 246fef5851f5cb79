/* SPDX-License-Identifier: MIT */
/*
 * A table in Arrow as facts see it: which column is which field, said once by the schema, and each array of the table
 * put into the facts block by block.
 */
#ifndef DORA_READ_ARROW_TABLE_H
#define DORA_READ_ARROW_TABLE_H

#include "read/arrow_block.h"
#include "read/names.h"

struct dora__arrow_table {
    struct dora__facts *facts;
    struct dora__memory *memory;
    dora_kind kind; /* of rows that state none */
    dora_reject_fn on_reject;
    void *on_reject_context;
    dora_progress_fn progress; /* NULL: nobody asks */
    void *progress_context;
    dora_error failure; /* status DORA_OK while nothing failed */
    uint64_t rows;      /* of the arrays before the one at hand */
    size_t row;         /* first row of the block, in the array at hand */
    size_t untold;      /* rows since progress was told */

    struct dora__names names;
    struct dora__arrow_column *columns;
    size_t columns_count;
    struct dora__arrow_column *column_of[DORA__FIELDS];
    uint64_t fields;             /* bit f: column_of[f] is read */
    bool counts;                 /* some column may hold values of rows whose kind has no such field */
    struct dora__arrow_array of; /* the array at hand */
    struct dora__arrow_block block;
    void *picked[DORA__FIELDS]; /* room for values of rows picked out of the block; block.values has the other half */
    dora_string picked_ids[DORA__BATCH_ROWS];
    struct dora__record record;
};

/* Takes the options into a zeroed table, which is to be freed in any case. ARGUMENT, MEMORY. */
dora_status dora__arrow_table_init(struct dora__arrow_table *table, struct dora__facts *facts,
                                   const dora_arrow_options *options, dora_error *error);
void dora__arrow_table_free(struct dora__arrow_table *table);

/* Takes the schema, which must outlive the table. Where it cannot be, table->failure says why. */
void dora__arrow_table_columns(struct dora__arrow_table *table, const struct ArrowSchema *schema);

/* Binds the columns to an array. False: table->failure says why not. */
bool dora__arrow_table_bind(struct dora__arrow_table *table, const struct ArrowArray *array);

/* Adds the rows of an array; stops where table->failure says why. */
void dora__arrow_table_add(struct dora__arrow_table *table, const struct ArrowArray *array);

/* Counts, by name, the values that rows had beside their fields. To be called once, after the last array. */
void dora__arrow_table_finish(struct dora__arrow_table *table);

#endif
