/* SPDX-License-Identifier: MIT */
/*
 * What a writer is made of. A format is a row of three functions: machines' formats write rows as they come, those for
 * people keep them in a grid until the end.
 */
#ifndef DORA_WRITE_WRITER_H
#define DORA_WRITE_WRITER_H

#include "write/cells.h"
#include "write/grid.h"
#include "write/sink.h"

struct dora__writer_column {
    struct dora__cells cells; /* of the result at hand */
    size_t name_end;          /* in `names` */
};

struct dora_writer {
    struct dora__sink sink;
    const struct dora__output *output;
    bool color;
    bool csv_safe;
    bool begun; /* the columns are known */
    bool finished;
    bool any_rows;
    struct dora__writer_column *columns;
    size_t columns_count;
    struct dora__text names; /* of the columns, one after the other, as the format writes them */
    size_t row_room;         /* the most bytes of a row, strings not counted */
    struct dora__grid grid;
};

/* Failures are left in the sink. */
struct dora__output {
    void (*begin)(struct dora_writer *writer, const dora_result *first);
    void (*rows)(struct dora_writer *writer, const dora_result *rows);
    void (*end)(struct dora_writer *writer);
};

extern const struct dora__output dora__output_table;
extern const struct dora__output dora__output_ndjson;
extern const struct dora__output dora__output_csv;
extern const struct dora__output dora__output_json;
extern const struct dora__output dora__output_markdown;
extern const struct dora__output dora__output_html;

/* What NDJSON and JSON share: names are keys, a row is an object without line end. */
void dora__json_begin(struct dora_writer *writer, const dora_result *first);
/* Each row between what comes before the first row of all or before a later one, and what comes after. */
void dora__json_rows(struct dora_writer *writer, size_t rows, const char *before_first, const char *before,
                     const char *after);

/* What formats for people share: rows are put into the grid. `special` (static, or NULL) are the characters of data
   that need a backslash. */
void dora__people_begin(struct dora_writer *writer, const dora_result *first, const char *special);
void dora__people_rows(struct dora_writer *writer, const dora_result *rows);

/* The most bytes that the strings of a row take when each byte becomes up to `growth`. */
size_t dora__writer_strings_room(const struct dora_writer *writer, size_t row, size_t growth);

#endif
