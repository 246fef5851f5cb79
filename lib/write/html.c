/* SPDX-License-Identifier: MIT */
/*
 * A table for notebooks, mails and pages: a fragment of HTML with the fields of the table for a terminal, each part of
 * a field a column of its own, so that numbers stand below each other. It takes the colours of the text around it and
 * tints what is behind the tiers, so that it can be read in light and in dark; what is wide scrolls in a box of its
 * own. No script, nothing from elsewhere. All that is data is escaped.
 */
#include "calendar/date_text.h"
#include "write/escape.h"
#include "write/humane.h"
#include "write/writer.h"

#include <string.h>

/* Cells are addressed by all that they are in, to win over what notebooks say of any table. */
static const char head[] =
    "<div class=\"dora-report\">\n"
    "<style>\n"
    ".dora-scroll{overflow-x:auto}\n"
    ".dora-report .dora-scroll table{border:0;border-collapse:collapse;color:inherit;font-size:inherit;"
    "font-variant-numeric:tabular-nums;margin:0;table-layout:auto;width:auto}\n"
    ".dora-scroll caption{caption-side:top;color:inherit;padding:0 .3em .4em;text-align:left;white-space:nowrap}\n"
    ".dora-report .dora-scroll table th,.dora-report .dora-scroll table td{border:0;"
    "border-bottom:1px solid rgba(128,128,128,.3);font-weight:normal;line-height:1.4;max-width:none;"
    "padding:.3em 1.3em .3em .3em;text-align:left;vertical-align:baseline;white-space:nowrap}\n"
    ".dora-report .dora-scroll table thead th{border-bottom-color:rgba(128,128,128,.7);font-weight:600;"
    "vertical-align:bottom}\n"
    ".dora-report .dora-scroll table .dora-number{text-align:right}\n"
    ".dora-report .dora-scroll table .dora-part{padding-right:.2em;width:1px}\n"
    ".dora-report .dora-scroll table .dora-count{padding-right:.8em}\n"
    ".dora-report .dora-scroll table .dora-gap{text-align:center}\n"
    ".dora-title{display:inline-block;max-width:11em;white-space:normal}\n"
    ".dora-report .dora-more,.dora-gap,.dora-scroll caption,.dora-report p,.dora-account{font-weight:normal;"
    "opacity:.8}\n"
    ".dora-report p,.dora-account{font-size:90%;margin:.4em .3em}\n"
    ".dora-tier{border-radius:.7em;padding:.1em .55em}\n"
    ".dora-elite{background:rgba(46,160,67,.26)}\n"
    ".dora-high{background:rgba(56,139,253,.26)}\n"
    ".dora-medium{background:rgba(210,153,34,.3)}\n"
    ".dora-low{background:rgba(248,81,73,.26)}\n"
    "</style>\n"
    "<div class=\"dora-scroll\" role=\"region\" aria-label=\"Table\" tabindex=\"0\">\n"
    "<table>\n";

struct html {
    const struct dora__grid *grid;
    struct dora__text *out;
    struct dora__text label;
    dora_string group; /* of the row above */
};

/* How the cell of a part of a number looks. */
static const char *const classes[DORA__PARTS] = {
    [DORA__PART_COUNT] = "dora-number dora-count",
    [DORA__PART_VALUE] = "dora-number",
    [DORA__PART_INTERVAL] = "dora-number dora-more",
    [DORA__PART_SIZE] = "dora-number dora-more",
    [DORA__PART_TIER] = "",
    [DORA__PART_NOTE] = "dora-more",
};

/* The parts that get a column, a bit each. The exact number has none: it is the title of its value. */
static unsigned columns_of(const struct dora__field *field) {
    return (field->used | 1u << DORA__PART_VALUE) & ~(1u << DORA__PART_EXACT);
}

static int count_of(unsigned columns) {
    int count = 0;
    for (; columns; columns &= columns - 1)
        count++;
    return count;
}

static bool is_row_title(const struct dora__field *field) {
    return field->kind == DORA__FIELD_TEXT || field->kind == DORA__FIELD_WINDOW;
}

/* A name of the library's as words. */
static void put_words(struct html *html, const char *name, size_t size) {
    static const struct { const char *name, *words; } known[] = {{"n", "samples"}, {"p50", "median"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == size && memcmp(known[i].name, name, size) == 0) {
            dora__text_puts(html->out, known[i].words);
            return;
        }
    for (size_t i = 0; i < size; i++)
        dora__text_put(html->out, name[i] == '_' ? " " : &name[i], 1);
}

/* The metric in full, below it which figure of it; of its other figures only that. */
static void put_title(struct html *html, const struct dora__field *field, bool same_metric) {
    static const char more[] = "<br><span class=\"dora-more\">";
    const char *figure = field->name + field->metric_size + 1;
    size_t figure_size = field->name[field->metric_size] ? strlen(figure) : 0;
    dora__text_puts(html->out, "<span class=\"dora-title\">");
    if (!same_metric)
        put_words(html, field->name, field->metric_size);
    if (figure_size) {
        dora__text_puts(html->out, same_metric ? more + strlen("<br>") : more);
        put_words(html, figure, figure_size);
        dora__text_puts(html->out, field->used >> DORA__PART_SIZE & 1 ? " (samples)</span>" : "</span>");
    }
    dora__text_puts(html->out, "</span></th>");
}

static void put_titles(struct html *html) {
    const struct dora__field *before = NULL;
    dora__text_puts(html->out, "<thead>\n<tr>");
    for (size_t i = 0; i < html->grid->fields.count; i++) {
        const struct dora__field *field = &html->grid->fields.items[i];
        int columns = count_of(columns_of(field));
        dora__text_puts(html->out, columns > 1 ? "<th scope=\"colgroup\" colspan=\"" : "<th scope=\"col\"");
        if (columns > 1) {
            dora__text_int64(html->out, columns);
            dora__text_puts(html->out, "\"");
        } else if (field->kind == DORA__FIELD_NUMBER) {
            dora__text_puts(html->out, " class=\"dora-number\"");
        }
        dora__text_puts(html->out, " title=\"");
        dora__text_html(html->out, dora_string_of(field->name));
        dora__text_puts(html->out, "\">");
        put_title(html, field,
                  before && before->name[before->metric_size] && field->name[field->metric_size] &&
                      before->metric_size == field->metric_size &&
                      memcmp(before->name, field->name, field->metric_size) == 0);
        before = field;
    }
    dora__text_puts(html->out, "</tr>\n</thead>\n");
}

static void put_tier(struct html *html, dora_string tier) {
    dora__text_puts(html->out, "<span class=\"dora-tier dora-");
    dora__text_html(html->out, tier);
    dora__text_puts(html->out, "\">");
    dora__text_html(html->out, tier);
    dora__text_puts(html->out, "</span>");
}

/* Groups and windows. A group that the row above names as well is paler. */
static void put_row_title(struct html *html, const struct dora__field *field, dora_string string) {
    bool again = false;
    if (field == html->grid->fields.items && dora__grid_has_groups(html->grid)) {
        again =
            string.size && string.size == html->group.size && memcmp(string.data, html->group.data, string.size) == 0;
        html->group = string;
    }
    dora__text_puts(html->out, again ? "<th scope=\"row\" class=\"dora-more\">" : "<th scope=\"row\">");
    dora__text_html(html->out, string);
    dora__text_puts(html->out, "</th>");
}

static void put_cell(struct html *html, const struct dora__field *field, size_t part, dora_string string,
                     dora_string exact) {
    bool last = columns_of(field) >> part == 1;
    const char *class = field->kind == DORA__FIELD_NUMBER ? classes[part] : "";
    dora__text_puts(html->out, "<td");
    if (*class || !last) {
        dora__text_puts(html->out, " class=\"");
        dora__text_puts(html->out, class);
        dora__text_puts(html->out, last ? "\"" : " dora-part\"");
    }
    if (exact.size && part == DORA__PART_VALUE) {
        dora__text_puts(html->out, " title=\"");
        dora__text_html(html->out, exact);
        dora__text_puts(html->out, " s\"");
    }
    dora__text_puts(html->out, ">");
    bool tier = part == DORA__PART_TIER || field->kind == DORA__FIELD_TIER;
    if (tier && string.size > 1) /* not "-" */
        put_tier(html, string);
    else
        dora__text_html(html->out, string);
    dora__text_puts(html->out, "</td>");
}

static void put_field(struct html *html, const struct dora__field *field, struct dora__grid_walk *walk) {
    dora_string exact = {NULL, 0};
    for (size_t part = 0; part < DORA__PARTS; part++) {
        if (!dora__field_has(field, part))
            continue;
        dora_string string = dora__grid_next(walk, field, "*", &html->label);
        if (part == DORA__PART_EXACT)
            exact = string;
        else if (is_row_title(field))
            put_row_title(html, field, string);
        else if (columns_of(field) >> part & 1)
            put_cell(html, field, part, string, exact);
    }
}

static void put_gap(struct html *html) {
    int columns = 0;
    for (size_t i = 0; i < html->grid->fields.count; i++)
        columns += count_of(columns_of(&html->grid->fields.items[i]));
    dora__text_puts(html->out, "<tr><td class=\"dora-gap\" colspan=\"");
    dora__text_int64(html->out, columns);
    dora__text_puts(html->out, "\">");
    dora__grid_put_gap(html->grid, html->out);
    dora__text_puts(html->out, "</td></tr>\n");
    html->group.size = 0;
}

static void put_row(struct html *html, struct dora__grid_walk *walk) {
    if (dora__grid_gap(html->grid, walk->row))
        put_gap(html);
    dora__text_puts(html->out, "<tr>");
    for (size_t i = 0; i < html->grid->fields.count; i++)
        put_field(html, &html->grid->fields.items[i], walk);
    dora__text_puts(html->out, "</tr>\n");
}

/* "60 services, 2024-01-01 to 2024-03-31": of all rows, be they shown or not. */
static void put_caption(struct html *html) {
    const struct dora__grid *grid = html->grid;
    dora__text_puts(html->out, "<caption>");
    if (grid->groups) {
        dora__humane_grouped(html->out, grid->groups);
        dora__text_puts(html->out, " ");
        dora__text_puts(html->out, grid->fields.items[0].title);
        dora__text_puts(html->out, grid->groups == 1 ? ", " : "s, ");
    }
    if (grid->rows) {
        dora__text_date(html->out, grid->first);
        dora__text_puts(html->out, " to ");
        dora__text_date(html->out, grid->last);
    } else {
        dora__text_puts(html->out, "no rows");
    }
    dora__text_puts(html->out, "</caption>\n");
}

static void begin(struct dora_writer *writer, const dora_result *first) {
    dora__people_begin(writer, first, NULL);
    for (size_t i = 0; i < writer->grid.fields.count; i++) {
        struct dora__field *field = &writer->grid.fields.items[i];
        if (field->kind == DORA__FIELD_NUMBER && field->unit == DORA_UNIT_SECONDS)
            field->columns[DORA__PART_EXACT] = field->columns[DORA__PART_VALUE];
    }
}

static void put_end(struct dora_writer *writer) {
    struct dora__grid *grid = &writer->grid;
    struct html html = {.grid = grid, .out = &writer->sink.text};
    dora__grid_end(grid);
    dora__text_init(&html.label, &writer->sink.memory);
    dora__text_puts(html.out, head);
    put_caption(&html);
    if (writer->begun)
        put_titles(&html);
    dora__text_puts(html.out, "<tbody>\n");
    for (struct dora__grid_walk walk = {.grid = grid}; walk.row < grid->rows && !html.label.failed; walk.row++) {
        put_row(&html, &walk);
        dora__sink_spill(&writer->sink);
    }
    dora__text_puts(html.out, "</tbody>\n</table>\n</div>\n");
    dora__grid_notes(grid, &(const struct dora__notes_style){"*", "<p>", "<br>\n", "</p>\n"}, html.out);
    dora__text_puts(html.out, "</div>\n");
    if (html.label.failed)
        dora__sink_fail_memory(&writer->sink);
    dora__text_free(&html.label);
}

const struct dora__output dora__output_html = {begin, dora__people_rows, put_end};
