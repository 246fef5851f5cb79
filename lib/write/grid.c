/* SPDX-License-Identifier: MIT */
/* See grid.h. */
#include "write/grid.h"

#include "write/escape.h"
#include "write/humane.h"
#include "write/writer.h"

#include <string.h>

void dora__grid_init(struct dora__grid *grid, struct dora__memory *memory, uint64_t rows_most) {
    *grid = (struct dora__grid){.memory = memory, .rows_most = rows_most ? rows_most : UINT64_MAX, .styles = ~0u};
    dora__text_init(&grid->bytes, memory);
}

void dora__grid_free(struct dora__grid *grid) {
    dora__free(grid->memory, grid->fields.items, grid->fields.capacity, sizeof *grid->fields.items);
    dora__free(grid->memory, grid->sizes, grid->sizes_capacity, sizeof *grid->sizes);
    dora__free(grid->memory, grid->windows, grid->windows_capacity, sizeof *grid->windows);
    dora__text_free(&grid->bytes);
}

void dora__grid_begin(struct dora__grid *grid, const dora_result *first, const char *special) {
    grid->special = special;
    grid->failed = !dora__fields_make(&grid->fields, grid->memory, first);
}

struct row {
    struct dora__grid *grid;
    const struct dora__writer_column *columns;
    size_t row;
};

static const struct dora__cells *cells_of(const struct row *row, size_t column) {
    return &row->columns[column].cells;
}

static bool is_null(const struct row *row, size_t column) {
    return column == SIZE_MAX || dora__cells_null(cells_of(row, column), row->row);
}

static double number(const struct row *row, size_t column) {
    return dora__cells_double(cells_of(row, column), row->row);
}

static void put_count(const struct row *row, const struct dora__field *field) {
    dora__humane_value(&row->grid->bytes, DORA_UNIT_COUNT, number(row, field->columns[DORA__PART_COUNT]));
}

static void put_string_cell(const struct row *row, size_t column) {
    char date[DORA__NUMBER_ROOM];
    const struct dora__cells *cells = cells_of(row, column);
    if (cells->type == DORA_TYPE_STRING)
        dora__text_printable(&row->grid->bytes, dora__cells_string(cells, row->row), row->grid->special,
                             DORA__GRID_STRING_COLUMNS);
    else
        dora__text_put(&row->grid->bytes, date, (size_t)(dora__cells_format(date, cells, row->row) - date));
}

static void put_value(const struct row *row, const struct dora__field *field) {
    struct dora__text *out = &row->grid->bytes;
    size_t column = field->columns[DORA__PART_VALUE];
    if (is_null(row, column)) {
        row->grid->any_null |= field->kind != DORA__FIELD_TEXT;
        dora__text_puts(out, field->kind == DORA__FIELD_TEXT ? "(none)" : "-");
    } else if (field->kind == DORA__FIELD_TEXT) {
        put_string_cell(row, column);
    } else if (field->kind == DORA__FIELD_MARK) {
        dora__text_puts(out, ((const uint8_t *)cells_of(row, column)->values)[row->row] ? "yes" : "");
    } else {
        dora__humane_value(out, field->unit, number(row, column));
    }
}

static void put_bound(const struct row *row, const struct dora__field *field, size_t column) {
    if (is_null(row, column))
        dora__text_puts(&row->grid->bytes, "?");
    else
        dora__humane_value(&row->grid->bytes, field->unit, number(row, column));
}

static void put_interval(const struct row *row, const struct dora__field *field) {
    struct dora__text *out = &row->grid->bytes;
    dora__text_puts(out, "[");
    put_bound(row, field, field->columns[DORA__PART_INTERVAL]);
    dora__text_puts(out, "..");
    put_bound(row, field, field->high);
    dora__text_puts(out, "]");
}

static void put_size(const struct row *row, const struct dora__field *field) {
    struct dora__text *out = &row->grid->bytes;
    dora__text_puts(out, "(");
    dora__humane_value(out, DORA_UNIT_COUNT, number(row, field->columns[DORA__PART_SIZE]));
    if (field->whole != SIZE_MAX) {
        dora__text_puts(out, "/");
        dora__humane_value(out, DORA_UNIT_COUNT, number(row, field->whole));
    }
    dora__text_puts(out, ")");
}

static void put_tier(const struct row *row, const struct dora__field *field) {
    put_string_cell(row, field->columns[DORA__PART_TIER]);
}

static void put_note(const struct row *row, const struct dora__field *field) {
    double left = number(row, field->columns[DORA__PART_NOTE]);
    if (left == 0)
        return;
    dora__humane_value(&row->grid->bytes, DORA_UNIT_COUNT, left);
    dora__text_puts(&row->grid->bytes, " ");
    dora__text_puts(&row->grid->bytes, field->note);
}

/* What says more about a value is left out where there is none. Counts are never null; a null tier is an empty string.
 */
static const struct {
    void (*put)(const struct row *, const struct dora__field *);
    bool of_value;
} parts[DORA__PARTS] = {
    [DORA__PART_COUNT] = {put_count, false},      [DORA__PART_VALUE] = {put_value, false},
    [DORA__PART_INTERVAL] = {put_interval, true}, [DORA__PART_SIZE] = {put_size, true},
    [DORA__PART_TIER] = {put_tier, true},         [DORA__PART_NOTE] = {put_note, false},
};

static void add_window(struct row *row, const struct dora__field *field) {
    struct dora__grid *grid = row->grid;
    struct dora__grid_window *window = &grid->windows[grid->rows];
    window->first = ((const int32_t *)cells_of(row, field->columns[DORA__PART_VALUE])->values)[row->row];
    window->last = ((const int32_t *)cells_of(row, field->high)->values)[row->row];
    window->partial = number(row, field->whole) < (double)((int64_t)window->last - window->first + 1);
    grid->any_partial |= window->partial;
    if (grid->styles)
        grid->styles &= dora__window_styles(window->first, window->last);
}

static void add_field(struct row *row, const struct dora__field *field) {
    struct dora__grid *grid = row->grid;
    if (field->kind == DORA__FIELD_WINDOW) {
        add_window(row, field);
        return;
    }
    bool null = is_null(row, field->columns[DORA__PART_VALUE]);
    for (size_t part = 0; part < DORA__PARTS; part++) {
        size_t before = grid->bytes.size;
        if (!dora__field_has(field, part))
            continue;
        if (!(null && parts[part].of_value))
            parts[part].put(row, field);
        grid->sizes[grid->sizes_count++] = (uint32_t)(grid->bytes.size - before);
    }
}

void dora__grid_add(struct dora__grid *grid, const struct dora__writer_column *columns, size_t rows) {
    struct row row = {grid, columns, 0};
    size_t most = grid->fields.count * DORA__PARTS;
    if (rows > grid->rows_most - grid->rows) {
        grid->left_out += rows - (grid->rows_most - grid->rows);
        rows = (size_t)(grid->rows_most - grid->rows);
    }
    for (; row.row < rows && !grid->failed; row.row++) {
        void *sizes = grid->sizes, *windows = grid->windows;
        grid->failed =
            !dora__grow(grid->memory, &sizes, &grid->sizes_capacity, grid->sizes_count + most, sizeof *grid->sizes);
        grid->sizes = sizes;
        grid->failed |=
            !dora__grow(grid->memory, &windows, &grid->windows_capacity, grid->rows + 1, sizeof *grid->windows);
        grid->windows = windows;
        if (grid->failed)
            return;
        for (size_t i = 0; i < grid->fields.count; i++)
            add_field(&row, &grid->fields.items[i]);
        grid->rows++;
        grid->failed |= grid->bytes.failed;
    }
}

dora_string dora__grid_next(struct dora__grid_walk *walk, const struct dora__field *field, const char *star,
                            struct dora__text *label) {
    const struct dora__grid *grid = walk->grid;
    if (field->kind == DORA__FIELD_WINDOW) {
        const struct dora__grid_window *window = &grid->windows[walk->row];
        label->size = 0;
        dora__window_label(label, grid->styles, window->first, window->last);
        if (window->partial)
            dora__text_puts(label, star);
        return (dora_string){label->data, label->size};
    }
    uint32_t size = grid->sizes[walk->part++];
    dora_string string = {grid->bytes.data + walk->byte, size};
    walk->byte += size;
    return string;
}

void dora__grid_notes(const struct dora__grid *grid, const struct dora__notes_style *style, struct dora__text *text) {
    unsigned lines = 0;
    if (grid->any_partial) {
        dora__text_puts(text, lines++ ? style->between : style->open);
        dora__text_puts(text, style->star);
        dora__text_puts(text, " partial: not all days of this window are observed");
    }
    if (grid->any_null) {
        dora__text_puts(text, lines++ ? style->between : style->open);
        dora__text_puts(text, "- no data");
    }
    if (grid->left_out) {
        dora__text_puts(text, lines++ ? style->between : style->open);
        dora__text_int64(text, grid->left_out > INT64_MAX ? INT64_MAX : (int64_t)grid->left_out);
        dora__text_puts(text, grid->left_out == 1 ? " more row" : " more rows");
    }
    if (lines)
        dora__text_puts(text, style->close);
}
