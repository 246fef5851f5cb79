/* SPDX-License-Identifier: MIT */
/*
 * A table for a terminal: every part of a field is a column of its own width, so that numbers stand below each other; a
 * group or window is named once.
 */
#include "write/escape.h"
#include "write/writer.h"

#include <string.h>

#define BOLD  "\033[1m"
#define RESET "\033[0m"

struct shape {
    size_t widths[DORA__PARTS];
    size_t parts;         /* that some row has */
    size_t width;         /* of the field */
    size_t slack;         /* by which the title is wider than the values */
    dora_string previous; /* the row above, of a leading text */
};

struct table {
    struct dora_writer *writer;
    const struct dora__grid *grid;
    struct dora__text *out;
    struct dora__text label;
    struct shape *shapes;
    size_t pending; /* blanks that are written once something follows them */
};

static bool is_number(const struct dora__field *field) {
    return field->kind == DORA__FIELD_NUMBER;
}

/* A lone column of numbers has its title above the last digit. */
static bool is_right(const struct dora__field *field, const struct shape *shape) {
    return is_number(field) && shape->parts == 1;
}

/* Blanks before a part that others precede: a count and its rate are two numbers and must not read as one. */
static size_t gap_before(size_t part) {
    return part == DORA__PART_VALUE ? 2 : 1;
}

static void measure_row(struct table *table, struct dora__grid_walk *walk) {
    for (size_t i = 0; i < table->grid->fields.count; i++) {
        const struct dora__field *field = &table->grid->fields.items[i];
        for (size_t part = 0; part < DORA__PARTS; part++) {
            if (!dora__field_has(field, part))
                continue;
            dora_string string = dora__grid_next(walk, field, "*", &table->label);
            size_t width = dora__display_width(string.data, string.size);
            if (width > table->shapes[i].widths[part])
                table->shapes[i].widths[part] = width;
        }
    }
}

static void measure(struct table *table) {
    struct dora__grid_walk walk = {.grid = table->grid};
    for (; walk.row < table->grid->rows; walk.row++)
        measure_row(table, &walk);
    for (size_t i = 0; i < table->grid->fields.count; i++) {
        struct shape *shape = &table->shapes[i];
        for (size_t part = 0; part < DORA__PARTS; part++)
            if (shape->widths[part])
                shape->width += shape->widths[part] + (shape->parts++ ? gap_before(part) : 0);
        size_t title = strlen(table->grid->fields.items[i].title);
        shape->slack = title > shape->width ? title - shape->width : 0;
        shape->width += shape->slack;
    }
}

static void put(struct table *table, dora_string string) {
    static const char blanks[] = "                                ";
    for (size_t n; string.size && table->pending; table->pending -= n) {
        n = table->pending < sizeof blanks - 1 ? table->pending : sizeof blanks - 1;
        dora__text_put(table->out, blanks, n);
    }
    dora__text_put(table->out, string.data, string.size);
}

static void put_aligned(struct table *table, dora_string string, size_t width, bool right) {
    size_t slack = width - dora__display_width(string.data, string.size);
    table->pending += right ? slack : 0;
    put(table, string);
    table->pending += right ? 0 : slack;
}

static void put_tier(struct table *table, dora_string tier, size_t width) {
    static const char *const colors[] = {
        [DORA_TIER_LOW] = "\033[31m",
        [DORA_TIER_MEDIUM] = "\033[33m",
        [DORA_TIER_HIGH] = "\033[36m",
        [DORA_TIER_ELITE] = "\033[32m",
    };
    for (int i = DORA_TIER_LOW; i <= DORA_TIER_ELITE && table->writer->color; i++) {
        const char *name = dora_tier_name((dora_tier)i);
        if (strlen(name) != tier.size || memcmp(name, tier.data, tier.size) != 0)
            continue;
        put(table, dora_string_of(colors[i]));
        put(table, tier);
        put(table, dora_string_of(RESET));
        table->pending += width - tier.size;
        return;
    }
    put_aligned(table, tier, width, false);
}

static void end_line(struct table *table) {
    dora__text_put(table->out, "\n", 1);
    table->pending = 0;
    dora__sink_spill(&table->writer->sink);
}

static void put_titles(struct table *table) {
    if (table->writer->color)
        dora__text_puts(table->out, BOLD);
    for (size_t i = 0; i < table->grid->fields.count; i++) {
        const struct dora__field *field = &table->grid->fields.items[i];
        table->pending += i ? 2 : 0;
        put_aligned(table, dora_string_of(field->title), table->shapes[i].width, is_right(field, &table->shapes[i]));
    }
    if (table->writer->color)
        dora__text_puts(table->out, RESET);
    end_line(table);
}

/* Whether the row above says the same in a field that all before it agree on as well. */
static bool is_repeated(const struct table *table, const struct dora__field *field, struct shape *shape, size_t row,
                        dora_string string) {
    const struct dora__grid_window *window = &table->grid->windows[row];
    dora_string previous = shape->previous;
    if (field->kind == DORA__FIELD_WINDOW)
        return row > 0 && window[0].first == window[-1].first && window[0].last == window[-1].last;
    shape->previous = string;
    return row > 0 && previous.size == string.size &&
           (!string.size || memcmp(previous.data, string.data, string.size) == 0);
}

static void put_field(struct table *table, size_t index, struct dora__grid_walk *walk, bool *leading) {
    const struct dora__field *field = &table->grid->fields.items[index];
    struct shape *shape = &table->shapes[index];
    size_t shown = 0;
    table->pending += (index ? 2 : 0) + (is_right(field, shape) ? shape->slack : 0);
    for (size_t part = 0; part < DORA__PARTS; part++) {
        if (!dora__field_has(field, part))
            continue;
        dora_string string = dora__grid_next(walk, field, "*", &table->label);
        *leading &= is_repeated(table, field, shape, walk->row, string);
        if (*leading)
            string.size = 0;
        if (!shape->widths[part])
            continue;
        table->pending += shown++ ? gap_before(part) : 0;
        if (part == DORA__PART_TIER || field->kind == DORA__FIELD_TIER)
            put_tier(table, string, shape->widths[part]);
        else
            put_aligned(table, string, shape->widths[part], is_number(field) && part != DORA__PART_NOTE);
    }
    table->pending += is_right(field, shape) ? 0 : shape->slack;
}

static void put_row(struct table *table, struct dora__grid_walk *walk) {
    bool leading = true; /* all fields so far are as in the row above, none is behind the window */
    if (dora__grid_gap(table->grid, walk->row)) {
        dora__grid_put_gap(table->grid, table->out);
        end_line(table);
        leading = false;
    }
    for (size_t i = 0; i < table->grid->fields.count; i++) {
        put_field(table, i, walk, &leading);
        leading &= table->grid->fields.items[i].kind != DORA__FIELD_WINDOW;
    }
    end_line(table);
}

static void begin(struct dora_writer *writer, const dora_result *first) {
    dora__people_begin(writer, first, NULL);
}

static void put_end(struct dora_writer *writer) {
    struct dora__grid *grid = &writer->grid;
    struct table table = {.writer = writer, .grid = grid, .out = &writer->sink.text};
    if (!writer->any_rows) {
        dora__text_puts(table.out, "no rows\n");
        return;
    }
    dora__text_init(&table.label, &writer->sink.memory);
    table.shapes = dora__alloc_zeroed(&writer->sink.memory, grid->fields.count, sizeof *table.shapes);
    if (!table.shapes) {
        dora__sink_fail_memory(&writer->sink);
        return;
    }
    dora__grid_end(grid);
    measure(&table);
    put_titles(&table);
    for (struct dora__grid_walk walk = {.grid = grid}; walk.row < grid->rows && !table.label.failed; walk.row++)
        put_row(&table, &walk);
    dora__grid_notes(grid, &(const struct dora__notes_style){"*", "\n", "\n", "\n"}, table.out);
    if (table.label.failed)
        dora__sink_fail_memory(&writer->sink);
    dora__text_free(&table.label);
    dora__free(&writer->sink.memory, table.shapes, grid->fields.count, sizeof *table.shapes);
}

const struct dora__output dora__output_table = {begin, dora__people_rows, put_end};
