/* SPDX-License-Identifier: MIT */
/* See options.h. */
#include "options.h"

#include "processors.h"
#include "suggest.h"
#include "tiers.h"
#include "values.h"

#include <dora/sources.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_DEFAULT_MOST = 8, THREADS_MOST = 64 };

/* The words that an option takes. */
struct choice {
    const char *word;
    int value;
};

struct option;
typedef enum code take_fn(struct options *options, const struct option *option, const char *value);

struct option {
    const char *group; /* heading in the help; NULL: as the one before */
    const char *name;
    char letter;
    const char *argument; /* placeholder; NULL: a flag */
    unsigned verbs;
    take_fn *take;
    size_t target; /* offset in struct options */
    const struct choice *choices;
    const char *help;
};

static const struct choice formats[] = {
    {"table", DORA_OUTPUT_TABLE},
    {"ndjson", DORA_OUTPUT_NDJSON},
    {"csv", DORA_OUTPUT_CSV},
    {"json", DORA_OUTPUT_JSON},
    {"markdown", DORA_OUTPUT_MARKDOWN},
    {"html", DORA_OUTPUT_HTML},
    {NULL, 0},
};
static const struct choice normal_forms[] = {{"ndjson", DORA_OUTPUT_NDJSON}, {"csv", DORA_OUTPUT_CSV}, {NULL, 0}};
static const struct choice inputs[] = {
    {"auto", DORA_FORMAT_AUTO}, {"ndjson", DORA_FORMAT_NDJSON}, {"csv", DORA_FORMAT_CSV}, {NULL, 0}};
static const struct choice groups[] = {
    {"service", DORA_GROUP_SERVICE}, {"team", DORA_GROUP_TEAM}, {"product", DORA_GROUP_PRODUCT}, {NULL, 0}};
static const struct choice periods[] = {
    {"day", DORA_PERIOD_DAY},
    {"week", DORA_PERIOD_WEEK},
    {"month", DORA_PERIOD_MONTH},
    {"quarter", DORA_PERIOD_QUARTER},
    {"year", DORA_PERIOD_YEAR},
    {"all", DORA_PERIOD_ALL},
    {NULL, 0},
};
static const struct choice rules[] = {
    {"linear", DORA_PERCENTILE_LINEAR},
    {"lower", DORA_PERCENTILE_LOWER},
    {"nearest_rank", DORA_PERCENTILE_NEAREST_RANK},
    {NULL, 0},
};
static const struct choice changes[] = {{"listed", DORA_CHANGES_LISTED}, {"time", DORA_CHANGES_TIME}, {NULL, 0}};
static const struct choice colors[] = {
    {"auto", COLOR_AUTO}, {"always", COLOR_ALWAYS}, {"never", COLOR_NEVER}, {NULL, 0}};
static const struct choice delimiters[] = {{",", ','}, {";", ';'}, {"tab", '\t'}, {"\t", '\t'}, {NULL, 0}};

static enum code wrong_value(const struct option *option, const char *takes, const char *value) {
    return usage_error("--%s takes %s, not '%s'", option->name, takes, value);
}

/* "day, week or month" */
static void list_choices(const struct choice *choices, char *out, size_t room) {
    size_t used = 0;
    out[0] = '\0';
    for (const struct choice *c = choices; c->word && used < room; c++) {
        if (c->word[0] == '\t')
            continue;
        const char *joint = c == choices ? "" : c[1].word && c[1].word[0] != '\t' ? ", " : " or ";
        used += (size_t)snprintf(out + used, room - used, "%s%s", joint, c->word);
    }
}

static enum code take_choice(struct options *options, const struct option *option, const char *value) {
    static_assert(sizeof(dora_period) == sizeof(int), "choices are stored as int");
    for (const struct choice *c = option->choices; c->word; c++) {
        if (strcmp(c->word, value) != 0)
            continue;
        memcpy((char *)options + option->target, &c->value, sizeof c->value);
        return CODE_DONE;
    }
    char words[256];
    list_choices(option->choices, words, sizeof words);
    return wrong_value(option, words, value);
}

static enum code take_from(struct options *options, const struct option *option, const char *value) {
    const char *name;
    for (size_t i = 0; (name = dora_source_name(i)); i++)
        if (strcmp(name, value) == 0) {
            options->reader.source = name;
            return CODE_DONE;
        }
    options->reader.source = NULL;
    for (const struct choice *c = option->choices; c->word; c++)
        if (strcmp(c->word, value) == 0)
            return take_choice(options, option, value);
    char words[512] = "auto, ndjson, csv";
    size_t used = strlen(words);
    for (size_t i = 0; (name = dora_source_name(i)) && used < sizeof words; i++)
        used +=
            (size_t)snprintf(words + used, sizeof words - used, "%s%s", dora_source_name(i + 1) ? ", " : " or ", name);
    return wrong_value(option, words, value);
}

static enum code take_text(struct options *options, const struct option *option, const char *value) {
    memcpy((char *)options + option->target, &value, sizeof value);
    return CODE_DONE;
}

static enum code take_flag(struct options *options, const struct option *option, const char *value) {
    (void)value;
    *((char *)options + option->target) = 1; /* a bool */
    return CODE_DONE;
}

static enum code take_switch(struct options *options, const struct option *option, const char *value) {
    (void)value;
    const int on = 1;
    memcpy((char *)options + option->target, &on, sizeof on);
    return CODE_DONE;
}

static enum code take_days(struct options *options, const struct option *option, const char *value) {
    uint64_t days;
    if (!parse_whole(value, 690000, &days) || days == 0)
        return wrong_value(option, "a number of days from 1 to 690,000", value);
    uint32_t narrow = (uint32_t)days;
    memcpy((char *)options + option->target, &narrow, sizeof narrow);
    return CODE_DONE;
}

static enum code take_rows(struct options *options, const struct option *option, const char *value) {
    if (strcmp(value, "none") == 0)
        options->query.rows_max = UINT64_MAX;
    else if (!parse_whole(value, UINT64_MAX, &options->query.rows_max) || options->query.rows_max == 0)
        return wrong_value(option, "a number of rows or none", value);
    return CODE_DONE;
}

static enum code take_threads(struct options *options, const struct option *option, const char *value) {
    uint64_t threads;
    if (!parse_whole(value, THREADS_MOST, &threads) || threads == 0)
        return wrong_value(option, "a number from 1 to 64", value);
    options->engine.threads = (uint32_t)threads;
    return CODE_DONE;
}

static enum code take_attribution(struct options *options, const struct option *option, const char *value) {
    int64_t *window_us = &options->engine.attribution_us;
    if (strcmp(value, "none") == 0)
        *window_us = DORA_ATTRIBUTION_UNLIMITED;
    else if (!parse_duration_us(value, window_us))
        return wrong_value(option, "a duration such as 72h or 7d, none or 0", value);
    else if (*window_us == 0)
        *window_us = DORA_ATTRIBUTION_EXPLICIT;
    return CODE_DONE;
}

static enum code take_delimiter(struct options *options, const struct option *option, const char *value) {
    for (const struct choice *c = delimiters; c->word; c++)
        if (strcmp(c->word, value) == 0) {
            options->reader.delimiter = (char)c->value;
            return CODE_DONE;
        }
    return wrong_value(option, ", or ; or tab", value);
}

static enum code take_kind(struct options *options, const struct option *option, const char *value) {
    char kinds[256];
    size_t used = 0;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        const char *name = dora_kind_name((dora_kind)kind);
        if (strcmp(name, value) == 0)
            return take_text(options, option, value);
        const char *joint = kind == 0 ? "" : kind + 1 < DORA_KIND_COUNT ? ", " : " or ";
        if (used < sizeof kinds)
            used += (size_t)snprintf(kinds + used, sizeof kinds - used, "%s%s", joint, name);
    }
    return wrong_value(option, kinds, value);
}

static enum code take_map(struct options *options, const struct option *option, const char *value) {
    const char *equals = strchr(value, '=');
    if (!equals || equals == value || equals[1] == '\0')
        return wrong_value(option, "field=column", value);
    char *copy = strdup(value);
    if (!copy)
        return memory_error();
    copy[equals - value] = '\0';
    options->names_copies[options->reader.names_count] = copy;
    options->names[options->reader.names_count++] = (dora_field_name){copy, copy + (equals - value) + 1};
    return CODE_DONE;
}

/* Of several all hold. */
static enum code take_parameter(struct options *options, const struct option *option, const char *value) {
    const char *equals = strchr(value, '=');
    size_t before = options->parameters ? strlen(options->parameters) : 0, size = strlen(value);
    if (!equals || equals == value || equals[1] == '\0')
        return wrong_value(option, "name=word,word", value);
    char *all = realloc(options->parameters, before + size + 2);
    if (!all)
        return memory_error();
    if (before)
        all[before++] = ';';
    memcpy(all + before, value, size + 1);
    options->parameters = all;
    options->reader.parameters = all;
    return CODE_DONE;
}

static enum code take_tiers(struct options *options, const struct option *option, const char *value) {
    (void)option;
    return tiers_load(value, &options->tiers, &options->query.tiers);
}

static enum code take_condition(struct options *options, const struct option *option, const char *value) {
    if (!condition_parse(value, &options->conditions[options->conditions_count]))
        return wrong_value(option, "column, one of > >= < <= = != and a value, such as 'change_fail_rate>0.15'", value);
    options->conditions_count++;
    return CODE_DONE;
}

#define TO(field) offsetof(struct options, field)

static const struct option table[] = {
    {"Input", "from", 0, "FORMAT", VERBS_INPUT, take_from, TO(reader.format), inputs,
     "auto (default), ndjson, csv, or a source such as git (see dora help)"},
    {NULL, "mapping", 0, "FILE", VERBS_INPUT, take_text, TO(mapping), NULL,
     "read JSON or CSV as that mapping says (docs/mappings.md)"},
    {NULL, "project", 0, "NAME", VERBS_INPUT, take_text, TO(reader.project), NULL,
     "what sources and mappings put in front of ids"},
    {NULL, "set", 0, "NAME=WORDS", VERBS_INPUT, take_parameter, 0, NULL,
     "words of a source's parameter: incident_labels=sev1,sev2; repeatable"},
    {NULL, "tags", 0, "REGEX", VERBS_INPUT, take_text, TO(reader.tags), NULL,
     "tags of git that are releases (default: those that are versions)"},
    {NULL, "map", 0, "FIELD=COLUMN", VERBS_INPUT, take_map, 0, NULL, "read FIELD from that column or key; repeatable"},
    {NULL, "kind", 0, "KIND", VERBS_INPUT, take_kind, TO(reader.kind), NULL,
     "kind of records that state none (default deployment)"},
    {NULL, "delimiter", 0, "CHAR", VERBS_INPUT, take_delimiter, 0, NULL,
     "of CSV: , or ; or tab (default: the most frequent in the header)"},
    {NULL, "strict", 0, NULL, VERBS_INPUT, take_flag, TO(strict), NULL, "stop at the first rejected record, exit 3"},
    {NULL, "state", 0, "FILE", VERBS_HISTORY, take_text, TO(state), NULL,
     "add to that state, report over all, save; without files: report"},
    {NULL, "again", 0, NULL, VERBS_INPUT, take_flag, TO(again), NULL,
     "take what was read before: its facts without an id count again"},
    {NULL, "before", 0, "DATE", VERB_COMPACT, take_text, TO(before), NULL,
     "forget what was before that day, such as 2024-01-31"},
    {"What counts", "production", 0, "NAMES", VERBS_LINKING, take_text, TO(engine.production), NULL,
     "production environments (default production,prod,live)"},
    {NULL, "attribution", 0, "TIME", VERBS_LINKING, take_attribution, 0, NULL,
     "how long after a deployment incidents are its own: 7d, 72h, none, 0"},
    {NULL, "changes", 0, "HOW", VERBS_HISTORY, take_choice, TO(engine.changes), changes,
     "listed (default), or time: place unlisted changes by time"},
    {NULL, "infer-rollbacks", 0, NULL, VERBS_HISTORY, take_switch, TO(engine.infer_rollbacks), NULL,
     "take a return to an earlier version for a rollback"},
    {NULL, "tz", 0, "ZONE", VERBS_LINKING, take_text, TO(engine.time_zone), NULL,
     "zone of the calendar: UTC (default), +05:30, Europe/Berlin"},
    {"Rows", "by", 0, "GROUP", VERBS_HISTORY, take_choice, TO(query.by), groups, "service, team or product"},
    {NULL, "only", 0, "NAME", VERBS_HISTORY, take_text, TO(query.only), NULL, "with --by: that group alone"},
    {NULL, "period", 0, "UNIT", VERBS_HISTORY, take_choice, TO(query.period), periods,
     "day, week, month (default), quarter, year or all"},
    {NULL, "window", 0, "DAYS", VERBS_HISTORY, take_days, TO(query.window_days), NULL,
     "rolling windows of so many days, instead of --period"},
    {NULL, "step", 0, "DAYS", VERBS_HISTORY, take_days, TO(query.step_days), NULL,
     "days from one rolling window to the next (default 1)"},
    {NULL, "since", 0, "DATE", VERBS_HISTORY, take_text, TO(query.since), NULL, "first day, such as 2024-01-31"},
    {NULL, "until", 0, "DATE", VERBS_HISTORY, take_text, TO(query.until), NULL, "last day, inclusive"},
    {NULL, "max-rows", 0, "N", VERBS_HISTORY, take_rows, 0, NULL, "refuse more rows (default 10,000,000), or none"},
    {"Columns", "metrics", 0, "NAMES", VERBS_HISTORY, take_text, TO(query.metrics), NULL,
     "metrics and sets: dora, deployment, release, all (dora help metrics)"},
    {NULL, "columns", 0, "NAMES", VERBS_HISTORY, take_text, TO(query.columns), NULL,
     "those columns alone, such as deployments,change_lead_time_p50"},
    {NULL, "percentiles", 0, "LIST", VERBS_HISTORY, take_text, TO(query.percentiles), NULL,
     "of distributions (default 50,75,90,95)"},
    {NULL, "percentile-rule", 0, "RULE", VERBS_HISTORY, take_choice, TO(query.percentile_rule), rules,
     "linear (default), lower or nearest_rank"},
    {NULL, "tiers", 0, "EDITION", VERBS_HISTORY, take_tiers, 0, NULL,
     "2018, 2019, 2021 to 2024 (default), or a file with a table"},
    {NULL, "intervals", 0, NULL, VERBS_HISTORY, take_switch, TO(query.intervals), NULL, "95 % confidence intervals"},
    {"Output", "format", 0, "FORMAT", VERBS_WRITTEN, take_choice, TO(format), formats,
     "table (default), ndjson, csv, json, markdown or html"},
    {NULL, "format", 0, "FORMAT", VERB_CONVERT, take_choice, TO(format), normal_forms, "ndjson (default) or csv"},
    {NULL, "output", 'o', "FILE", VERBS_ALL, take_text, TO(output), NULL,
     "write to FILE, replaced only when all went well"},
    {NULL, "csv-safe", 0, NULL, VERBS_HISTORY, take_flag, TO(csv_safe), NULL,
     "for spreadsheets: no text in --format csv is a formula"},
    {NULL, "color", 0, "WHEN", VERBS_HISTORY, take_choice, TO(color), colors, "auto (default), always or never"},
    {NULL, "fail-if", 0, "CONDITION", VERBS_HISTORY, take_condition, 0, NULL,
     "exit 1 when it holds in the last window of a group; repeatable"},
    {NULL, "quiet", 'q', NULL, VERBS_INPUT, take_flag, TO(quiet), NULL,
     "no progress, no notes, no list of rejected records"},
    {NULL, "threads", 0, "N", VERBS_INPUT, take_threads, 0, NULL,
     "how many work at once (default: one a processor, up to 8)"},
    {NULL, "help", 'h', NULL, VERBS_ALL, take_flag, TO(help), NULL, "this text"},
};
enum { OPTIONS_COUNT = sizeof table / sizeof table[0] };

/* Verbs may have options of the same name. */
static const struct option *find_name(enum verb verb, const char *name, size_t size) {
    for (size_t i = 0; i < OPTIONS_COUNT; i++)
        if (table[i].verbs & (unsigned)verb && strlen(table[i].name) == size && memcmp(table[i].name, name, size) == 0)
            return &table[i];
    return NULL;
}

static const struct option *find_letter(enum verb verb, char letter) {
    for (size_t i = 0; i < OPTIONS_COUNT; i++)
        if (table[i].verbs & (unsigned)verb && table[i].letter == letter)
            return &table[i];
    return NULL;
}

static enum code unknown_option(const struct options *options, const char *text, size_t name_size) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%.*s", (int)(name_size < 63 ? name_size : 63), text + 2);
    struct suggestion suggestion = {.wanted = wanted};
    for (size_t i = 0; i < OPTIONS_COUNT && text[1] == '-'; i++)
        if (table[i].verbs & (unsigned)options->verb)
            suggestion_consider(&suggestion, table[i].name);
    int size = text[1] == '-' ? (int)name_size + 2 : 2;
    if (suggestion.best)
        return usage_error("unknown option %.*s; did you mean --%s?", size, text, suggestion.best);
    return usage_error("unknown option %.*s; see dora help", size, text);
}

/* One option, at argv[*at]; its value may be the next argument. */
static enum code take_option(struct options *options, int count, char **argv, int *at) {
    const char *text = argv[*at], *value = NULL;
    const struct option *option;
    size_t name_size = 0;
    if (text[1] == '-') {
        name_size = strcspn(text + 2, "=");
        option = find_name(options->verb, text + 2, name_size);
        value = text[2 + name_size] == '=' ? text + 3 + name_size : NULL;
    } else {
        option = find_letter(options->verb, text[1]);
        value = text[2] ? text + 2 : NULL;
    }
    if (!option)
        return unknown_option(options, text, name_size);
    if (!option->argument && value)
        return usage_error("--%s takes no value", option->name);
    if (option->argument && !value) {
        if (*at + 1 == count)
            return usage_error("--%s needs a value: %s", option->name, option->help);
        value = argv[++*at];
    }
    return option->take(options, option, value);
}

static uint32_t threads_by_default(void) {
    uint32_t processors = processors_allowed();
    return processors < THREADS_DEFAULT_MOST ? processors : THREADS_DEFAULT_MOST;
}

enum code options_parse(struct options *options, enum verb verb, int count, char **argv) {
    size_t most = (size_t)count + 1;
    *options = (struct options){
        .verb = verb,
        .arguments = calloc(most, sizeof *options->arguments),
        .names = calloc(most, sizeof *options->names),
        .names_copies = calloc(most, sizeof *options->names_copies),
        .conditions = calloc(most, sizeof *options->conditions),
        .engine = {.struct_size = sizeof options->engine, .threads = threads_by_default()},
        .reader = {.struct_size = sizeof options->reader},
        .query = {.struct_size = sizeof options->query},
        .tiers = {.struct_size = sizeof options->tiers},
    };
    if (!options->arguments || !options->names || !options->names_copies || !options->conditions)
        return memory_error();
    options->reader.names = options->names;
    options->format = verb == VERB_CONVERT ? DORA_OUTPUT_NDJSON : DORA_OUTPUT_TABLE;
    options->query.table = verb == VERB_PHASES ? DORA_TABLE_PHASES : DORA_TABLE_REPORT;
    bool ended = false;
    for (int i = 0; i < count; i++) {
        enum code code = CODE_DONE;
        if (ended || argv[i][0] != '-' || argv[i][1] == '\0')
            options->arguments[options->arguments_count++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            ended = true;
        else
            code = take_option(options, count, argv, &i);
        if (code != CODE_DONE)
            return code;
    }
    return CODE_DONE;
}

void options_free(struct options *options) {
    for (size_t i = 0; i < options->reader.names_count; i++)
        free(options->names_copies[i]);
    for (size_t i = 0; i < options->conditions_count; i++)
        condition_free(&options->conditions[i]);
    free(options->arguments);
    free(options->names);
    free(options->names_copies);
    free(options->parameters);
    free(options->conditions);
}

void options_print(enum verb verb) {
    const char *group = NULL, *printed = NULL;
    for (size_t i = 0; i < OPTIONS_COUNT; i++) {
        const struct option *option = &table[i];
        group = option->group ? option->group : group;
        if (!(option->verbs & (unsigned)verb))
            continue;
        if (printed != group)
            printf("\n%s\n", group);
        printed = group;
        char left[32], letter[8] = "    ";
        if (option->letter)
            snprintf(letter, sizeof letter, "-%c, ", option->letter);
        snprintf(left, sizeof left, "%s--%s %s", letter, option->name, option->argument ? option->argument : "");
        printf("  %-28s %s\n", left, option->help);
    }
}
