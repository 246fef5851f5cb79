/* SPDX-License-Identifier: MIT */
/*
 * Rows for people, kept as text until the widths of all are known. A row has the parts of each field that the field
 * can have, in order; a part may be empty.
 */
#ifndef DORA_WRITE_GRID_H
#define DORA_WRITE_GRID_H

#include "base/text.h"
#include "write/cells.h"
#include "write/fields.h"

struct dora__grid_window {
    int32_t first, last;
    bool partial;  /* not all of its days lie in the observed span */
    bool any_null; /* the row says "-" somewhere */
};

/* Of a longer string of data only the beginning is shown, so that a row stays a row. */
enum { DORA__GRID_STRING_COLUMNS = 60 };

struct dora__grid {
    struct dora__memory *memory;
    const char *special; /* characters of data that get a backslash */
    struct dora__fields fields;
    struct dora__text bytes; /* of all parts, row by row */
    uint32_t *sizes;         /* of each part */
    size_t sizes_count;
    size_t sizes_capacity;
    struct dora__grid_window *windows; /* one a row */
    size_t windows_capacity;
    size_t rows;
    uint64_t rows_most; /* to be kept: of more, the first `head` and the last of all */
    uint64_t head;
    uint64_t left_out;       /* rows between those */
    int32_t first, last;     /* the days that the windows of all rows lie in, */
    uint64_t groups;         /* and how many groups they name */
    struct dora__text group; /* the last of these */
    unsigned styles;         /* from here on set by dora__grid_end: labels that suit every window */
    bool any_partial;
    bool any_null;
    bool failed; /* out of memory */
};

/* rows_most 0: all rows are kept. */
void dora__grid_init(struct dora__grid *grid, struct dora__memory *memory, uint64_t rows_most);
void dora__grid_free(struct dora__grid *grid);

struct dora__writer_column;
/* Appends rows whose columns are at hand. */
void dora__grid_add(struct dora__grid *grid, const struct dora__writer_column *columns, size_t rows);

/* No more rows come: looks at those that are kept, before they are walked over. */
void dora__grid_end(struct dora__grid *grid);

/* Whether a field has a part at all. Windows have one, which is made from the row's window, not stored. */
static inline bool dora__field_has(const struct dora__field *field, size_t part) {
    return field->columns[part] != SIZE_MAX;
}

/* Walks over the stored parts in order. */
struct dora__grid_walk {
    const struct dora__grid *grid;
    size_t row, part, byte;
};

/* The next part of a field of the row at hand; of a window its label, made in `label`, marked by `star` if partial. */
dora_string dora__grid_next(struct dora__grid_walk *walk, const struct dora__field *field, const char *star,
                            struct dora__text *label);

/* Whether rows are left out in front of this one, and what is shown in their place. */
static inline bool dora__grid_gap(const struct dora__grid *grid, size_t row) {
    return grid->left_out > 0 && row == grid->head;
}
void dora__grid_put_gap(const struct dora__grid *grid, struct dora__text *text);

/* Whether a field names the groups of the rows: it comes before their windows. */
static inline bool dora__grid_has_groups(const struct dora__grid *grid) {
    return grid->fields.count && grid->fields.items[0].kind == DORA__FIELD_TEXT;
}

/* What the signs in the grid mean, where it has any, a line a sign. */
struct dora__notes_style {
    const char *star;    /* the sign of partial windows */
    const char *open;    /* before the first line, */
    const char *between; /* between two, */
    const char *close;   /* and after the last */
};
void dora__grid_notes(const struct dora__grid *grid, const struct dora__notes_style *style, struct dora__text *text);

#endif
