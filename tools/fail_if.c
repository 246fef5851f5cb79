/* SPDX-License-Identifier: MIT */
/* See fail_if.h. */
#include "fail_if.h"

#include "suggest.h"
#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool greater(double a, double b) {
    return a > b;
}
static bool greater_or_equal(double a, double b) {
    return a >= b;
}
static bool less(double a, double b) {
    return a < b;
}
static bool less_or_equal(double a, double b) {
    return a <= b;
}
static bool equal(double a, double b) {
    return a == b;
}
static bool not_equal(double a, double b) {
    return a != b;
}

/* Of two that begin alike the longer one comes first. */
static const struct {
    const char *sign;
    bool (*holds)(double a, double b);
} comparisons[] = {
    {">=", greater_or_equal}, {"<=", less_or_equal}, {"!=", not_equal}, {"==", equal},
    {">", greater},           {"<", less},           {"=", equal},
};
enum { COMPARISONS_COUNT = sizeof comparisons / sizeof comparisons[0] };

static bool parse_tier(const char *text, double *value) {
    for (int tier = DORA_TIER_LOW; tier <= DORA_TIER_ELITE; tier++)
        if (strcmp(dora_tier_name((dora_tier)tier), text) == 0) {
            *value = tier;
            return true;
        }
    return false;
}

bool condition_parse(const char *text, struct condition *condition) {
    size_t name_size = strcspn(text, "<>=!");
    const char *sign = text + name_size;
    int comparison = 0;
    while (comparison < COMPARISONS_COUNT &&
           strncmp(sign, comparisons[comparison].sign, strlen(comparisons[comparison].sign)) != 0)
        comparison++;
    if (comparison == COMPARISONS_COUNT)
        return false;
    const char *value_text = sign + strlen(comparisons[comparison].sign);
    const char *name = text + strspn(text, " ");
    while (text + name_size > name && text[name_size - 1] == ' ')
        name_size--;
    value_text += strspn(value_text, " ");
    *condition = (struct condition){.text = text, .comparison = comparison, .value_text = value_text};
    if (parse_tier(value_text, &condition->value))
        condition->unit = DORA_UNIT_TIER;
    else if (!parse_amount(value_text, &condition->value, &condition->unit))
        return false;
    if (text + name_size == name)
        return false;
    condition->column = strndup(name, (size_t)(text + name_size - name));
    return condition->column != NULL;
}

void condition_free(struct condition *condition) {
    free(condition->column);
}

/* Whether a query offers the column of a condition, as a number or tier that its value can be compared with. */
struct probe {
    struct condition *condition;
    bool found, comparable;
    dora_unit unit;
    bool list; /* print all columns, and the nearest */
};

static bool comparable(const struct condition *condition, dora_unit unit, dora_type type) {
    if (unit == DORA_UNIT_TIER || condition->unit == DORA_UNIT_TIER)
        return unit == condition->unit;
    return (type == DORA_TYPE_INT64 || type == DORA_TYPE_DOUBLE) &&
           (condition->unit == DORA_UNIT_NONE || condition->unit == unit);
}

static void list_columns(const struct condition *condition, const dora_result *rows) {
    struct suggestion suggestion = {.wanted = condition->column};
    char names[12288];
    size_t used = 0;
    names[0] = '\0';
    for (size_t c = 0; c < dora_result_columns(rows); c++) {
        dora_unit unit = dora_result_unit(rows, c);
        if (unit == DORA_UNIT_NONE)
            continue;
        suggestion_consider(&suggestion, dora_result_name(rows, c));
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     dora_result_name(rows, c));
    }
    if (suggestion.best)
        message("--fail-if: there is no column '%s'; did you mean '%s'?", condition->column, suggestion.best);
    else
        message("--fail-if: there is no column '%s'", condition->column);
    message("the columns are %s", names);
}

static int probe_rows(void *context, const dora_result *rows) {
    struct probe *probe = context;
    size_t column = dora_result_find(rows, probe->condition->column);
    probe->found = column != SIZE_MAX;
    if (probe->found) {
        probe->unit = dora_result_unit(rows, column);
        probe->comparable = comparable(probe->condition, probe->unit, dora_result_type(rows, column));
    } else if (probe->list) {
        list_columns(probe->condition, rows);
    }
    return 0;
}

static dora_status run_probe(struct probe *probe, dora_engine *engine, const dora_query *query) {
    probe->found = false;
    return dora_query_each(engine, query, probe_rows, probe, NULL);
}

/* Asks the second query for a column. */
static enum code add_column(struct fail_if *fail_if, const char *column) {
    size_t size = fail_if->columns ? strlen(fail_if->columns) : 0, room = size + strlen(column) + 2;
    char *columns = realloc(fail_if->columns, room);
    if (!columns)
        return memory_error();
    snprintf(columns + size, room - size, "%s%s", size ? "," : "", column);
    fail_if->columns = columns;
    return CODE_DONE;
}

static enum code prepare(struct fail_if *fail_if, struct condition *condition, dora_engine *engine,
                         const dora_query *query) {
    struct probe probe = {.condition = condition};
    dora_query all = *query;
    all.metrics = all.columns = NULL;
    dora_status status = run_probe(&probe, engine, query);
    condition->in_report = probe.found;
    if (status == DORA_OK && !probe.found) {
        probe.list = true;
        status = run_probe(&probe, engine, &all);
    }
    if (status != DORA_OK)
        return memory_error(); /* the query itself was found good before */
    if (!probe.found)
        return CODE_USAGE;
    if (!probe.comparable)
        return usage_error("--fail-if: '%s' cannot be compared with '%s'%s", condition->column, condition->value_text,
                           probe.unit == DORA_UNIT_TIER ? ", but with low, medium, high and elite" : "");
    return condition->in_report ? CODE_DONE : add_column(fail_if, condition->column);
}

enum code fail_if_prepare(struct fail_if *fail_if, dora_engine *engine, const dora_query *query,
                          struct condition *conditions, size_t count) {
    *fail_if = (struct fail_if){.conditions = conditions, .count = count, .group_size = SIZE_MAX};
    enum code code = CODE_DONE;
    for (size_t i = 0; i < count && code == CODE_DONE; i++)
        code = prepare(fail_if, &conditions[i], engine, query);
    return code;
}

static dora_string string_at(const dora_result *rows, size_t column, size_t row) {
    const char *bytes = NULL;
    const uint32_t *offsets = dora_result_string(rows, column, &bytes);
    if (!offsets || dora_result_is_null(rows, column, row))
        return (dora_string){NULL, 0};
    return (dora_string){bytes + offsets[row], offsets[row + 1] - offsets[row]};
}

static void forget_from(struct fail_if *fail_if, size_t count) {
    while (fail_if->held_count > count)
        free(fail_if->held[--fail_if->held_count].place);
}

/* Notices when a row begins another group, which makes what held final, or another window, which voids it. */
static void follow(struct fail_if *fail_if, const dora_result *rows, size_t window, size_t row) {
    dora_string group = window > 0 ? string_at(rows, 0, row) : (dora_string){NULL, 0};
    int32_t start = dora_result_date(rows, window)[row];
    bool same =
        fail_if->group_size == group.size && (group.size == 0 || memcmp(fail_if->group, group.data, group.size) == 0);
    if (same && fail_if->window_start == start)
        return;
    if (same) {
        forget_from(fail_if, fail_if->kept);
    } else {
        char *grown = realloc(fail_if->group, group.size + 1);
        if (!grown) {
            fail_if->failed = true;
            return;
        }
        fail_if->group = grown;
        if (group.size)
            memcpy(grown, group.data, group.size);
        fail_if->group_size = group.size;
        fail_if->kept = fail_if->held_count;
    }
    fail_if->window_start = start;
}

/* "(service shop, 2024-03-01 to 2024-03-31, phase build)" */
static char *describe(const dora_result *rows, size_t window, size_t row) {
    char group[256] = "", phase[256] = "", start[16], end[16];
    dora_date_format(dora_result_date(rows, window)[row], start);
    dora_date_format(dora_result_date(rows, window + 1)[row], end);
    if (window > 0) {
        dora_string name = string_at(rows, 0, row);
        if (name.data)
            snprintf(group, sizeof group, "%s %.*s, ", dora_result_name(rows, 0), (int)name.size, name.data);
        else
            snprintf(group, sizeof group, "no %s, ", dora_result_name(rows, 0));
    }
    size_t phase_column = dora_result_find(rows, "phase");
    if (phase_column != SIZE_MAX) {
        dora_string name = string_at(rows, phase_column, row);
        snprintf(phase, sizeof phase, ", phase %.*s", (int)name.size, name.data ? name.data : "");
    }
    size_t room = strlen(group) + strlen(phase) + 48;
    char *out = malloc(room);
    if (out)
        snprintf(out, room, "(%s%s to %s%s)", group, start, end, phase);
    return out;
}

static void remember(struct fail_if *fail_if, const struct condition *condition, double value, dora_unit unit,
                     char *place) {
    if (place && fail_if->held_count == fail_if->held_capacity) {
        size_t capacity = fail_if->held_capacity ? 2 * fail_if->held_capacity : 16;
        struct held *grown =
            capacity <= SIZE_MAX / sizeof *grown ? realloc(fail_if->held, capacity * sizeof *grown) : NULL;
        if (grown) {
            fail_if->held = grown;
            fail_if->held_capacity = capacity;
        }
    }
    if (!place || fail_if->held_count == fail_if->held_capacity) {
        fail_if->failed = true;
        free(place);
        return;
    }
    fail_if->held[fail_if->held_count++] = (struct held){condition, value, unit, place};
}

/* The value as a number, a tier as its rank. False where it is null. */
static bool value_at(const dora_result *rows, size_t column, size_t row, double *value) {
    if (dora_result_is_null(rows, column, row))
        return false;
    const double *doubles = dora_result_double(rows, column);
    const int64_t *integers = dora_result_int64(rows, column);
    char tier[16];
    dora_string name = string_at(rows, column, row);
    snprintf(tier, sizeof tier, "%.*s", (int)name.size, name.data ? name.data : "");
    if (!doubles && !integers)
        return parse_tier(tier, value);
    *value = doubles ? doubles[row] : (double)integers[row];
    return true;
}

static void look_at_row(struct fail_if *fail_if, const dora_result *rows, size_t window, size_t row) {
    follow(fail_if, rows, window, row);
    for (size_t i = 0; i < fail_if->count; i++) {
        const struct condition *condition = &fail_if->conditions[i];
        double value;
        if (condition->at == SIZE_MAX || !value_at(rows, condition->at, row, &value))
            continue;
        if (comparisons[condition->comparison].holds(value, condition->value))
            remember(fail_if, condition, value, dora_result_unit(rows, condition->at), describe(rows, window, row));
    }
}

void fail_if_rows(struct fail_if *fail_if, const dora_result *rows) {
    if (fail_if->count == 0)
        return;
    for (size_t i = 0; i < fail_if->count; i++) {
        struct condition *condition = &fail_if->conditions[i];
        condition->at = condition->in_report == fail_if->second ? SIZE_MAX : dora_result_find(rows, condition->column);
    }
    size_t window = dora_result_find(rows, "window_start"), count = dora_result_rows(rows);
    for (size_t row = 0; row < count; row++)
        look_at_row(fail_if, rows, window, row);
}

static int second_rows(void *context, const dora_result *rows) {
    fail_if_rows(context, rows);
    return 0;
}

static void print_held(const struct held *held) {
    const struct condition *condition = held->condition;
    const char *sign = comparisons[condition->comparison].sign;
    if (held->unit == DORA_UNIT_TIER)
        message("%s %s %s %s %s", condition->column, dora_tier_name((dora_tier)(int)held->value), sign,
                condition->value_text, held->place);
    else
        message("%s %.15g%s %s %s %s", condition->column, held->value, held->unit == DORA_UNIT_SECONDS ? " s" : "",
                sign, condition->value_text, held->place);
}

enum code fail_if_finish(struct fail_if *fail_if, dora_engine *engine, const dora_query *query) {
    if (fail_if->columns && !fail_if->failed) {
        dora_query own = *query;
        own.metrics = NULL;
        own.columns = fail_if->columns;
        fail_if->second = true;
        fail_if->kept = fail_if->held_count; /* the report's last group is complete */
        fail_if->group_size = SIZE_MAX;
        dora_error error;
        if (dora_query_each(engine, &own, second_rows, fail_if, &error) != DORA_OK)
            return library_error(&error);
    }
    return fail_if->failed ? memory_error() : CODE_DONE;
}

enum code fail_if_print(const struct fail_if *fail_if) {
    for (size_t i = 0; i < fail_if->held_count; i++)
        print_held(&fail_if->held[i]);
    return fail_if->held_count ? CODE_HELD : CODE_DONE;
}

void fail_if_free(struct fail_if *fail_if) {
    forget_from(fail_if, 0);
    free(fail_if->held);
    free(fail_if->group);
    free(fail_if->columns);
}
