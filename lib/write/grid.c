/* SPDX-License-Identifier: MIT */
/* See grid.h. */
#include "write/grid.h"

#include "write/escape.h"
#include "write/humane.h"
#include "write/writer.h"

#include <string.h>

void dora__grid_init(struct dora__grid *grid, struct dora__memory *memory, uint64_t rows_most) {
    *grid = (struct dora__grid){
        .memory = memory, .rows_most = rows_most ? rows_most : UINT64_MAX, .first = INT32_MAX, .last = INT32_MIN};
    grid->head = grid->rows_most / 2;
    dora__text_init(&grid->bytes, memory);
    dora__text_init(&grid->group, memory);
}

void dora__grid_free(struct dora__grid *grid) {
    dora__free(grid->memory, grid->fields.items, grid->fields.capacity, sizeof *grid->fields.items);
    dora__free(grid->memory, grid->sizes, grid->sizes_capacity, sizeof *grid->sizes);
    dora__free(grid->memory, grid->windows, grid->windows_capacity, sizeof *grid->windows);
    dora__text_free(&grid->bytes);
    dora__text_free(&grid->group);
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
        row->grid->windows[row->grid->rows].any_null |= field->kind != DORA__FIELD_TEXT;
        dora__text_puts(out, field->kind == DORA__FIELD_TEXT ? "(none)" : "-");
    } else if (field->kind == DORA__FIELD_TEXT || field->kind == DORA__FIELD_TIER) {
        put_string_cell(row, column);
    } else if (field->kind == DORA__FIELD_MARK) {
        dora__text_puts(out, ((const uint8_t *)cells_of(row, column)->values)[row->row] ? "yes" : "");
    } else {
        dora__humane_value(out, field->unit, number(row, column));
    }
}

/* The whole number behind a rounded one. */
static void put_exact(const struct row *row, const struct dora__field *field) {
    char digits[DORA__NUMBER_ROOM];
    const struct dora__cells *cells = cells_of(row, field->columns[DORA__PART_EXACT]);
    dora__text_put(&row->grid->bytes, digits, (size_t)(dora__cells_format(digits, cells, row->row) - digits));
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
    [DORA__PART_COUNT] = {put_count, false}, [DORA__PART_EXACT] = {put_exact, true},
    [DORA__PART_VALUE] = {put_value, false}, [DORA__PART_INTERVAL] = {put_interval, true},
    [DORA__PART_SIZE] = {put_size, true},    [DORA__PART_TIER] = {put_tier, true},
    [DORA__PART_NOTE] = {put_note, false},
};

static int32_t date_of(const struct row *row, size_t column) {
    return ((const int32_t *)cells_of(row, column)->values)[row->row];
}

static void add_window(struct row *row, const struct dora__field *field) {
    struct dora__grid *grid = row->grid;
    struct dora__grid_window *window = &grid->windows[grid->rows];
    window->first = date_of(row, field->columns[DORA__PART_VALUE]);
    window->last = date_of(row, field->high);
    window->partial = number(row, field->whole) < (double)((int64_t)window->last - window->first + 1);
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

static void add_row(struct row *row) {
    struct dora__grid *grid = row->grid;
    void *sizes = grid->sizes, *windows = grid->windows;
    size_t most = grid->fields.count * DORA__PARTS;
    grid->failed |=
        !dora__grow(grid->memory, &sizes, &grid->sizes_capacity, grid->sizes_count + most, sizeof *grid->sizes);
    grid->sizes = sizes;
    grid->failed |= !dora__grow(grid->memory, &windows, &grid->windows_capacity, grid->rows + 1, sizeof *grid->windows);
    grid->windows = windows;
    if (grid->failed)
        return;
    grid->windows[grid->rows] = (struct dora__grid_window){0};
    for (size_t i = 0; i < grid->fields.count; i++)
        add_field(row, &grid->fields.items[i]);
    grid->rows++;
    grid->failed |= grid->bytes.failed;
}

/* What is said of all rows, be they kept or not. Those of a group follow each other. */
static void add_to_span(const struct row *row, const struct dora__field *window) {
    struct dora__grid *grid = row->grid;
    int32_t first = date_of(row, window->columns[DORA__PART_VALUE]), last = date_of(row, window->high);
    grid->first = first < grid->first ? first : grid->first;
    grid->last = last > grid->last ? last : grid->last;
    size_t column = grid->fields.items[0].columns[DORA__PART_VALUE];
    if (!dora__grid_has_groups(grid) || cells_of(row, column)->type != DORA_TYPE_STRING || is_null(row, column))
        return;
    dora_string group = dora__cells_string(cells_of(row, column), row->row);
    if (grid->groups && group.size == grid->group.size && memcmp(group.data, grid->group.data, group.size) == 0)
        return;
    grid->groups++;
    grid->group.size = 0;
    dora__text_put(&grid->group, group.data, group.size);
    grid->failed |= grid->group.failed;
}

static size_t sum(const uint32_t *sizes, size_t count) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += sizes[i];
    return total;
}

/* Drops rows behind the first ones until no more are left than shall be kept. */
static void trim(struct dora__grid *grid) {
    size_t drop = grid->rows > grid->rows_most ? (size_t)(grid->rows - grid->rows_most) : 0;
    if (!drop || grid->failed)
        return;
    size_t head = (size_t)grid->head, after = head + drop, stored = grid->sizes_count / grid->rows;
    size_t begin = sum(grid->sizes, head * stored), end = begin + sum(grid->sizes + head * stored, drop * stored);
    memmove(grid->windows + head, grid->windows + after, (grid->rows - after) * sizeof *grid->windows);
    memmove(grid->sizes + head * stored, grid->sizes + after * stored,
            (grid->rows - after) * stored * sizeof *grid->sizes);
    if (end > begin)
        memmove(grid->bytes.data + begin, grid->bytes.data + end, grid->bytes.size - end);
    grid->rows -= drop;
    grid->sizes_count -= drop * stored;
    grid->bytes.size -= end - begin;
    grid->left_out += drop;
}

void dora__grid_add(struct dora__grid *grid, const struct dora__writer_column *columns, size_t rows) {
    struct row row = {grid, columns, 0};
    const struct dora__field *window = NULL;
    for (size_t i = 0; i < grid->fields.count && !window; i++)
        if (grid->fields.items[i].kind == DORA__FIELD_WINDOW)
            window = &grid->fields.items[i];
    for (; row.row < rows && !grid->failed; row.row++) {
        if (window)
            add_to_span(&row, window);
        if (grid->rows < grid->head || rows - row.row <= grid->rows_most - grid->head)
            add_row(&row);
        else
            grid->left_out++;
    }
    trim(grid);
}

void dora__grid_end(struct dora__grid *grid) {
    const uint32_t *size = grid->sizes;
    grid->styles = ~0u;
    for (size_t row = 0; row < grid->rows; row++) {
        const struct dora__grid_window *window = &grid->windows[row];
        if (grid->styles)
            grid->styles &= dora__window_styles(window->first, window->last);
        grid->any_partial |= window->partial;
        grid->any_null |= window->any_null;
        for (size_t i = 0; i < grid->fields.count; i++) {
            struct dora__field *field = &grid->fields.items[i];
            for (unsigned part = 0; part < DORA__PARTS; part++)
                if (dora__field_has(field, part))
                    field->used |= (unsigned)(field->kind == DORA__FIELD_WINDOW || *size++ > 0) << part;
        }
    }
}

void dora__people_begin(struct dora_writer *writer, const dora_result *first, const char *special) {
    struct dora__grid *grid = &writer->grid;
    grid->special = special;
    grid->failed = !dora__fields_make(&grid->fields, grid->memory, first);
    if (grid->failed)
        dora__sink_fail_memory(&writer->sink);
}

void dora__people_rows(struct dora_writer *writer, const dora_result *rows) {
    dora__grid_add(&writer->grid, writer->columns, dora_result_rows(rows));
    if (writer->grid.failed)
        dora__sink_fail_memory(&writer->sink);
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
    if (lines)
        dora__text_puts(text, style->close);
}

void dora__grid_put_gap(const struct dora__grid *grid, struct dora__text *text) {
    dora__text_puts(text, "... ");
    dora__humane_grouped(text, grid->left_out);
    dora__text_puts(text, grid->left_out == 1 ? " more row" : " more rows");
}
