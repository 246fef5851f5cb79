/* SPDX-License-Identifier: MIT */
/*
 * A table for notebooks, mails and pages: a fragment of HTML with the fields of the table for a terminal. Its style
 * takes the colours of the text around it, so that it is readable in light and in dark, and colours tiers behind their
 * names. No script, nothing from elsewhere. All that is data is escaped.
 */
#include "write/escape.h"
#include "write/writer.h"

#include <string.h>

static const char head[] =
    "<div class=\"dora-report\">\n"
    "<style>\n"
    ".dora-report{overflow-x:auto}\n"
    ".dora-report table{border-collapse:collapse;color:inherit;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    ".dora-report th,.dora-report td{padding:.3em .8em;border-bottom:1px solid rgba(128,128,128,.3);text-align:left;"
    "vertical-align:baseline}\n"
    ".dora-report thead th{border-bottom-width:2px}\n"
    ".dora-report .dora-number{text-align:right}\n"
    ".dora-report .dora-more{opacity:.7;font-size:90%}\n"
    ".dora-report .dora-tier{border-radius:.6em;padding:.05em .5em}\n"
    ".dora-report .dora-elite{background:rgba(46,160,67,.25)}\n"
    ".dora-report .dora-high{background:rgba(56,139,253,.25)}\n"
    ".dora-report .dora-medium{background:rgba(210,153,34,.28)}\n"
    ".dora-report .dora-low{background:rgba(248,81,73,.25)}\n"
    "</style>\n"
    "<table>\n";

static void put_escaped(struct dora__text *out, dora_string string) {
    static const struct {
        char sign;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    size_t begin = 0;
    for (size_t i = 0; i < string.size; i++)
        for (size_t k = 0; k < sizeof entities / sizeof entities[0]; k++)
            if (string.data[i] == entities[k].sign) {
                dora__text_put(out, string.data + begin, i - begin);
                dora__text_puts(out, entities[k].entity);
                begin = i + 1;
            }
    dora__text_put(out, string.data + begin, string.size - begin);
}

static void put_spanned(struct dora__text *out, const char *class, dora_string string) {
    dora__text_puts(out, "<span class=\"");
    dora__text_puts(out, class);
    dora__text_puts(out, "\">");
    put_escaped(out, string);
    dora__text_puts(out, "</span>");
}

static void put_tier(struct dora__text *out, dora_string tier) {
    static const char *const classes[] = {
        [DORA_TIER_LOW] = "dora-tier dora-low",
        [DORA_TIER_MEDIUM] = "dora-tier dora-medium",
        [DORA_TIER_HIGH] = "dora-tier dora-high",
        [DORA_TIER_ELITE] = "dora-tier dora-elite",
    };
    for (int i = DORA_TIER_LOW; i <= DORA_TIER_ELITE; i++) {
        const char *name = dora_tier_name((dora_tier)i);
        if (strlen(name) == tier.size && memcmp(name, tier.data, tier.size) == 0)
            put_spanned(out, classes[i], tier);
    }
}

static bool is_number(const struct dora__field *field) {
    return field->kind == DORA__FIELD_NUMBER;
}

static void put_titles(const struct dora__grid *grid, struct dora__text *out) {
    dora__text_puts(out, "<thead><tr>");
    for (size_t i = 0; i < grid->fields.count; i++) {
        const struct dora__field *field = &grid->fields.items[i];
        dora__text_puts(out, is_number(field) ? "<th scope=\"col\" class=\"dora-number\">" : "<th scope=\"col\">");
        put_escaped(out, dora_string_of(field->title));
        dora__text_puts(out, "</th>");
    }
    dora__text_puts(out, "</tr></thead>\n<tbody>\n");
}

static void put_field(const struct dora__field *field, struct dora__grid_walk *walk, struct dora__text *label,
                      struct dora__text *out) {
    bool any = false;
    dora__text_puts(out, is_number(field) ? "<td class=\"dora-number\">" : "<td>");
    for (size_t part = 0; part < DORA__PARTS; part++) {
        if (!dora__field_has(field, part))
            continue;
        dora_string string = dora__grid_next(walk, field, "*", label);
        dora__text_puts(out, any && string.size ? " " : "");
        any |= string.size != 0;
        if (part == DORA__PART_TIER)
            put_tier(out, string);
        else if (string.size && part != DORA__PART_COUNT && part != DORA__PART_VALUE)
            put_spanned(out, "dora-more", string);
        else
            put_escaped(out, string);
        dora__text_puts(out, part == DORA__PART_COUNT && dora__field_has(field, DORA__PART_VALUE) ? "," : "");
    }
    dora__text_puts(out, "</td>");
}

static void begin(struct dora_writer *writer, const dora_result *first) {
    dora__grid_begin(&writer->grid, first, NULL);
    if (writer->grid.failed)
        dora__sink_fail_memory(&writer->sink);
}

static void put_rows(struct dora_writer *writer, const dora_result *result) {
    dora__grid_add(&writer->grid, writer->columns, dora_result_rows(result));
    if (writer->grid.failed)
        dora__sink_fail_memory(&writer->sink);
}

static void put_end(struct dora_writer *writer) {
    const struct dora__grid *grid = &writer->grid;
    struct dora__text *out = &writer->sink.text, label;
    dora__text_puts(out, head);
    dora__text_init(&label, &writer->sink.memory);
    if (writer->begun)
        put_titles(grid, out);
    for (struct dora__grid_walk walk = {.grid = grid}; walk.row < grid->rows && !label.failed; walk.row++) {
        dora__text_puts(out, "<tr>");
        for (size_t i = 0; i < grid->fields.count; i++)
            put_field(&grid->fields.items[i], &walk, &label, out);
        dora__text_puts(out, "</tr>\n");
        dora__sink_spill(&writer->sink);
    }
    dora__text_puts(out, writer->begun ? "</tbody>\n</table>\n" : "</table>\n");
    dora__grid_notes(grid, &(const struct dora__notes_style){"*", "<p class=\"dora-more\">", "<br>\n", "</p>\n"}, out);
    dora__text_puts(out, "</div>\n");
    if (label.failed)
        dora__sink_fail_memory(&writer->sink);
    dora__text_free(&label);
}

const struct dora__output dora__output_html = {begin, put_rows, put_end};
