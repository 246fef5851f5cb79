/* SPDX-License-Identifier: MIT */
/* A GitHub Markdown table of the same fields as the table for a terminal. Renderers align it, so it is not padded. */
#include "write/writer.h"

static void begin(struct dora_writer *writer, const dora_result *first) {
    dora__people_begin(writer, first, "\\|`*_[]<>&#~");
}

static void put_titles(const struct dora__grid *grid, struct dora__text *out) {
    for (size_t i = 0; i < grid->fields.count; i++) {
        dora__text_puts(out, "| ");
        dora__text_puts(out, grid->fields.items[i].title);
        dora__text_puts(out, " ");
    }
    dora__text_puts(out, "|\n");
    for (size_t i = 0; i < grid->fields.count; i++)
        dora__text_puts(out, grid->fields.items[i].kind == DORA__FIELD_NUMBER ? "| ---: " : "| --- ");
    dora__text_puts(out, "|\n");
}

static void put_row(const struct dora__grid *grid, struct dora__grid_walk *walk, struct dora__text *label,
                    struct dora__text *out) {
    for (size_t i = 0; i < grid->fields.count; i++) {
        const struct dora__field *field = &grid->fields.items[i];
        dora__text_puts(out, "|");
        for (size_t part = 0; part < DORA__PARTS; part++) {
            if (!dora__field_has(field, part))
                continue;
            dora_string string = dora__grid_next(walk, field, "\\*", label);
            dora__text_puts(out, string.size ? " " : "");
            dora__text_put(out, string.data, string.size);
            dora__text_puts(out, part == DORA__PART_COUNT ? "," : "");
        }
        dora__text_puts(out, " ");
    }
    dora__text_puts(out, "|\n");
}

static void put_gap(const struct dora__grid *grid, struct dora__text *out) {
    dora__text_puts(out, "| ");
    dora__grid_put_gap(grid, out);
    for (size_t i = 0; i < grid->fields.count; i++)
        dora__text_puts(out, " |");
    dora__text_puts(out, "\n");
}

static void put_end(struct dora_writer *writer) {
    struct dora__grid *grid = &writer->grid;
    struct dora__text *out = &writer->sink.text, label;
    if (!writer->begun)
        return;
    dora__grid_end(grid);
    dora__text_init(&label, &writer->sink.memory);
    put_titles(grid, out);
    for (struct dora__grid_walk walk = {.grid = grid}; walk.row < grid->rows && !label.failed; walk.row++) {
        if (dora__grid_gap(grid, walk.row))
            put_gap(grid, out);
        put_row(grid, &walk, &label, out);
        dora__sink_spill(&writer->sink);
    }
    dora__grid_notes(grid, &(const struct dora__notes_style){"\\*", "\n", "  \n", "\n"}, out);
    if (label.failed)
        dora__sink_fail_memory(&writer->sink);
    dora__text_free(&label);
}

const struct dora__output dora__output_markdown = {begin, dora__people_rows, put_end};
