/* SPDX-License-Identifier: MIT */
/* See fields.h. */
#include "write/fields.h"

#include <stdio.h>
#include <string.h>

enum { NAME_ROOM = 80, DETAILED_MOST = 16 /* columns of metrics that are still shown in full */ };

/* How metrics are shown together with the counts they are made of. Others stand for themselves. */
static const struct view {
    const char *metric, *title;
    const char *count; /* shown before the value */
    const char *part;  /* shown behind it as (part/whole) */
    const char *whole;
    const char *left; /* shown at the end, where not 0, with this word */
    const char *word;
} views[] = {
    {"deployment_frequency", "deployments", "deployments", NULL, NULL, NULL, NULL},
    {"release_frequency", "releases", "releases", NULL, NULL, NULL, NULL},
    {"change_lead_time", "lead time", NULL, NULL, NULL, NULL, NULL},
    {"change_fail_rate", "fail rate", NULL, "failed_deployments", "deployments", NULL, NULL},
    {"failed_deployment_recovery_time", "recovery", NULL, NULL, NULL, "open_failures", "open"},
    {"time_to_restore_service", "restore", NULL, NULL, NULL, NULL, NULL},
    {"deployment_rework_rate", "rework", NULL, "rework_deployments", "deployments", NULL, NULL},
    {"deployment_rollback_rate", "rollbacks", NULL, "rolled_back_deployments", "deployments", NULL, NULL},
    {"release_rollback_rate", "release rollbacks", NULL, "rolled_back_releases", "releases", NULL, NULL},
};
enum { VIEWS = sizeof views / sizeof *views };

/* Left out where the table is condensed and the score itself is there. */
static const char *const details[] = {"score_throughput", "score_stability"};

struct making {
    struct dora__fields *fields;
    struct dora__memory *memory;
    const dora_result *result;
    size_t count; /* columns */
    bool condensed;
};

static size_t find(const struct making *making, const char *name, const char *suffix) {
    char whole[NAME_ROOM];
    if (!name || snprintf(whole, sizeof whole, "%s%s", name, suffix) >= (int)sizeof whole)
        return SIZE_MAX;
    return dora_result_find(making->result, whole);
}

/* How long the name of the metric is that a column is a figure of: of its distribution the number, the mean or a
   percentile, "metric_p99.9". 0: it is none. */
static size_t figure_of(const char *name) {
    const char *last = strrchr(name, '_');
    if (!last)
        return 0;
    bool percentile = last[1] == 'p' && last[2] >= '0' && last[2] <= '9';
    return percentile || strcmp(last, "_n") == 0 || strcmp(last, "_mean") == 0 ? (size_t)(last - name) : 0;
}

static bool has_metric(const struct making *making, const char *metric) {
    size_t size = strlen(metric);
    for (size_t i = 0; i < making->count; i++) {
        const char *name = dora_result_name(making->result, i);
        if (strncmp(name, metric, size) == 0 && (!name[size] || figure_of(name) == size))
            return true;
    }
    return false;
}

static const struct view *view_of(const char *metric) {
    for (size_t i = 0; i < VIEWS; i++)
        if (strcmp(views[i].metric, metric) == 0)
            return &views[i];
    return NULL;
}

/* Whether a column is shown in the field of a metric that is there, or not at all. */
static bool is_covered(const struct making *making, const char *name) {
    for (size_t i = 0; i < VIEWS; i++) {
        bool parted = views[i].part && find(making, views[i].whole, "") != SIZE_MAX;
        const char *const parts[] = {views[i].count, parted ? views[i].part : NULL, views[i].left};
        for (size_t k = 0; k < 3; k++)
            if (parts[k] && strcmp(parts[k], name) == 0 && has_metric(making, views[i].metric))
                return true;
    }
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        if (strcmp(details[i], name) == 0 && making->condensed && has_metric(making, "score"))
            return true;
    return false;
}

/* An empty field at the end, its title the words of a name; NULL: out of memory. */
static struct dora__field *add_field(struct making *making, enum dora__field_kind kind, const char *title,
                                     const char *more) {
    struct dora__fields *fields = making->fields;
    void *block = fields->items;
    if (!dora__grow(making->memory, &block, &fields->capacity, fields->count + 1, sizeof *fields->items))
        return NULL;
    fields->items = block;
    struct dora__field *field = &fields->items[fields->count++];
    *field = (struct dora__field){.kind = kind, .high = SIZE_MAX, .whole = SIZE_MAX};
    for (size_t i = 0; i < DORA__PARTS; i++)
        field->columns[i] = SIZE_MAX;
    snprintf(field->title, sizeof field->title, "%s%s", title, more);
    for (char *c = field->title; *c; c++)
        if (*c == '_')
            *c = ' ';
    return field;
}

static void set_value(const struct making *making, struct dora__field *field, size_t column) {
    const char *name = dora_result_name(making->result, column);
    snprintf(field->name, sizeof field->name, "%s", name);
    field->metric_size = strlen(field->name);
    field->unit = dora_result_unit(making->result, column);
    field->columns[DORA__PART_VALUE] = column;
    field->columns[DORA__PART_INTERVAL] = find(making, name, "_lo");
    field->high = find(making, name, "_hi");
    if (field->high == SIZE_MAX)
        field->columns[DORA__PART_INTERVAL] = SIZE_MAX;
}

/* The counts and the tier that belong to a metric. */
static void add_company(const struct making *making, struct dora__field *field, const char *metric) {
    const struct view *view = view_of(metric);
    field->columns[DORA__PART_TIER] = find(making, metric, "_tier");
    if (!view)
        return;
    bool judged = field->columns[DORA__PART_TIER] != SIZE_MAX;
    field->columns[DORA__PART_COUNT] = find(making, view->count, "");
    field->columns[DORA__PART_NOTE] = find(making, view->left, "");
    field->note = view->word;
    size_t part = find(making, view->part, ""), whole = find(making, view->whole, "");
    if (part != SIZE_MAX && whole != SIZE_MAX && (judged || !making->condensed)) {
        field->columns[DORA__PART_SIZE] = part;
        field->whole = whole;
    }
}

static bool is_suffix(const char *text, const char *suffix) {
    size_t size = strlen(text), suffix_size = strlen(suffix);
    return size > suffix_size && strcmp(text + size - suffix_size, suffix) == 0;
}

static bool is_bound(const char *name) {
    return is_suffix(name, "_lo") || is_suffix(name, "_hi");
}

/* Whether a column is shown with the one that it bounds or judges. */
static bool is_companion(const struct making *making, size_t column) {
    char base[NAME_ROOM];
    const char *name = dora_result_name(making->result, column);
    bool tier = is_suffix(name, "_tier");
    if (!tier && !is_bound(name))
        return false;
    snprintf(base, sizeof base, "%.*s", (int)(strlen(name) - (tier ? 5 : 3)), name);
    if (tier)
        return has_metric(making, base);
    return find(making, base, "") != SIZE_MAX && find(making, base, "_lo") != SIZE_MAX &&
           find(making, base, "_hi") != SIZE_MAX;
}

/* The columns of a distribution that begins at `column`: returns the column after them. */
static size_t end_of_distribution(const struct making *making, size_t column, size_t metric_size) {
    const char *metric = dora_result_name(making->result, column);
    while (column < making->count) {
        const char *name = dora_result_name(making->result, column);
        if (strncmp(name, metric, metric_size + 1) != 0)
            break;
        column++;
    }
    return column;
}

/* The median, else the first percentile, else the mean, else the number of samples. */
static size_t main_figure(const struct making *making, const char *metric, size_t column, size_t end) {
    size_t median = find(making, metric, "_p50"), mean = find(making, metric, "_mean"), size = strlen(metric);
    if (median != SIZE_MAX)
        return median;
    for (size_t i = column; i < end; i++) {
        const char *name = dora_result_name(making->result, i);
        if (figure_of(name) == size && name[size + 1] == 'p')
            return i;
    }
    return mean != SIZE_MAX ? mean : column;
}

/* One field with the median, number of samples and tier; where there is room one more a figure. */
static bool add_distribution(struct making *making, size_t *column, size_t size) {
    char metric[NAME_ROOM];
    const char *name = dora_result_name(making->result, *column);
    size_t first = *column, end = end_of_distribution(making, first, size);
    snprintf(metric, sizeof metric, "%.*s", (int)size, name);
    const struct view *view = view_of(metric);
    size_t shown = main_figure(making, metric, first, end), n = find(making, metric, "_n");
    const char *figure = dora_result_name(making->result, shown) + size + 1;
    struct dora__field *field = add_field(making, DORA__FIELD_NUMBER, view ? view->title : metric, "");
    if (!field)
        return false;
    bool sized = n != SIZE_MAX && n != shown;
    size_t title_size = strlen(field->title);
    snprintf(field->title + title_size, sizeof field->title - title_size, " %s%s", figure, sized ? " (n)" : "");
    set_value(making, field, shown);
    field->metric_size = size;
    add_company(making, field, metric);
    field->columns[DORA__PART_SIZE] = sized ? n : SIZE_MAX;
    for (size_t i = first; i < end && !making->condensed; i++) {
        if (i == shown || i == n || is_companion(making, i))
            continue;
        field = add_field(making, DORA__FIELD_NUMBER, dora_result_name(making->result, i) + size + 1, "");
        if (!field)
            return false;
        set_value(making, field, i);
        field->metric_size = size;
    }
    *column = end;
    return true;
}

static bool add_single(struct making *making, size_t *column) {
    const dora_result *result = making->result;
    const char *name = dora_result_name(result, *column);
    dora_type type = dora_result_type(result, *column);
    const struct view *view = view_of(name);
    enum dora__field_kind kind = dora_result_unit(result, *column) == DORA_UNIT_TIER  ? DORA__FIELD_TIER
                                 : type == DORA_TYPE_STRING || type == DORA_TYPE_DATE ? DORA__FIELD_TEXT
                                 : type == DORA_TYPE_BOOL                             ? DORA__FIELD_MARK
                                                                                      : DORA__FIELD_NUMBER;
    struct dora__field *field = add_field(making, kind, view ? view->title : name, "");
    if (!field)
        return false;
    set_value(making, field, *column);
    if (kind == DORA__FIELD_NUMBER)
        add_company(making, field, name);
    ++*column;
    return true;
}

/* Whether window_start, window_end and days begin here. */
static bool is_window(const struct making *making, size_t column) {
    return column == find(making, "window_start", "") && column + 1 == find(making, "window_end", "") &&
           column + 2 == find(making, "days", "") && dora_result_type(making->result, column) == DORA_TYPE_DATE &&
           dora_result_type(making->result, column + 1) == DORA_TYPE_DATE;
}

static bool add_window(struct making *making, size_t *column) {
    struct dora__field *field = add_field(making, DORA__FIELD_WINDOW, "window", "");
    if (!field)
        return false;
    snprintf(field->name, sizeof field->name, "window");
    field->metric_size = strlen(field->name);
    field->columns[DORA__PART_VALUE] = *column;
    field->high = *column + 1;
    field->whole = *column + 2;
    *column += 3;
    return true;
}

static bool add_column(struct making *making, size_t *column) {
    const char *name = dora_result_name(making->result, *column);
    size_t metric_size = figure_of(name);
    if (is_window(making, *column))
        return add_window(making, column);
    if (is_covered(making, name) || is_companion(making, *column)) {
        ++*column;
        return true;
    }
    return metric_size ? add_distribution(making, column, metric_size) : add_single(making, column);
}

bool dora__fields_make(struct dora__fields *fields, struct dora__memory *memory, const dora_result *result) {
    size_t measured = 0;
    struct making making = {fields, memory, result, dora_result_columns(result), false};
    for (size_t i = 0; i < making.count; i++)
        measured += dora_result_unit(result, i) != DORA_UNIT_NONE && !is_bound(dora_result_name(result, i));
    making.condensed = measured > DETAILED_MOST + 1; /* the days of the window are measured as well */
    for (size_t column = 0; column < making.count;)
        if (!add_column(&making, &column))
            return false;
    return true;
}
