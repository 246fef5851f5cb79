/* SPDX-License-Identifier: MIT */
/*
 * Facts to test with, and their text. Instants are written as microseconds since 1970, which is a form of both formats.
 */
#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bytes_append(void *context, const void *data, size_t size) {
    struct bytes *bytes = context;
    if (size > bytes->capacity - bytes->size) {
        bytes->capacity = 2 * (bytes->size + size);
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (!bytes->data)
            abort();
    }
    if (size)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return 0;
}

void bytes_puts(struct bytes *bytes, const char *text) {
    bytes_append(bytes, text, strlen(text));
}

void bytes_free(struct bytes *bytes) {
    free(bytes->data);
    *bytes = (struct bytes){0};
}

uint32_t random_below(uint64_t *state, uint32_t limit) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state >> 16) % limit);
}

/* ids: "d0", "c17", ... by the first letter of their kind. */
enum { IDS = 100 };
static char ids[26][IDS][8];
static const char *const services[] = {"shop", "s\xc3\xb8k", "x,y", "quo\"te", "two\nlines", " b ", "a;b\\c"};
static const char *const environments[] = {"production", "Prod", "staging"};
static const char *const versions[] = {"v1", "v2", "v3", "v4"};
static const char *const names[] = {"planning", "building", "testing"};
static const char *const measures[] = {"complaints", "satisfaction", "adoption"};
static const char *const categories[] = {"minor", "emergency"};
static const char *const teams[] = {"red", "blue"};

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof *(array))

static dora_string id_of(char letter, uint32_t number) {
    char *id = ids[letter - 'a'][number];
    snprintf(id, sizeof ids[0][0], "%c%" PRIu32, letter, number);
    return dora_string_of(id);
}

/* One of the texts, or as often none. */
static dora_string some(uint64_t *state, const char *const *texts, uint32_t count) {
    uint32_t at = random_below(state, 2 * count);
    return at < count ? dora_string_of(texts[at]) : (dora_string){NULL, 0};
}

static dora_string some_id(uint64_t *state, char letter) {
    uint32_t at = random_below(state, 2 * IDS);
    return at < IDS ? id_of(letter, at) : (dora_string){NULL, 0};
}

/* An instant in the first 100 days of 2024, or as often none. */
static int64_t some_time(uint64_t *state) {
    const int64_t begin_us = INT64_C(1704067200000000), day_us = INT64_C(86400000000);
    if (random_below(state, 4) == 0)
        return DORA_ABSENT;
    return begin_us + random_below(state, 100) * day_us + random_below(state, 86400) * INT64_C(1000000) +
           random_below(state, 3);
}

static int8_t some_bool(uint64_t *state) {
    return (int8_t)((int)random_below(state, 3) - 1);
}

static void set_list(uint64_t *state, const dora_string **list, size_t *count) {
    static dora_string changes[IDS + 3];
    for (uint32_t i = 0; i < IDS + 3; i++)
        changes[i] = id_of('c', i % IDS);
    *count = random_below(state, 4);
    *list = *count ? changes + random_below(state, IDS) : NULL;
}

static void set_deployment(uint64_t *state, dora_fact *fact) {
    fact->service = some(state, services, COUNT(services));
    fact->environment = some(state, environments, COUNT(environments));
    fact->version = some(state, versions, COUNT(versions));
    fact->status = (int8_t)((int)random_below(state, 12) - 1);
    fact->status = fact->status > DORA_STATUS_FAILURE ? DORA_UNKNOWN : fact->status;
    fact->started_at = some_time(state);
    fact->finished_at = some_time(state);
    if (random_below(state, 2))
        fact->sha = some_id(state, 'c');
    else
        set_list(state, &fact->changes, &fact->changes_count);
    fact->committed_at = random_below(state, 3) ? DORA_ABSENT : some_time(state);
    fact->release = some_id(state, 'r');
    fact->rework = some_bool(state);
    fact->failed = random_below(state, 4) ? DORA_UNKNOWN : some_bool(state);
    fact->rollback_of = random_below(state, 6) ? (dora_string){NULL, 0} : some_id(state, 'd');
    fact->restored_at = random_below(state, 6) ? DORA_ABSENT : some_time(state);
}

static void set_change(uint64_t *state, dora_fact *fact) {
    fact->service = some(state, services, COUNT(services));
    fact->committed_at = some_time(state);
    fact->opened_at = some_time(state);
    fact->first_review_at = some_time(state);
    fact->merged_at = some_time(state);
    fact->deployment = random_below(state, 4) ? (dora_string){NULL, 0} : some_id(state, 'd');
    set_list(state, &fact->parents, &fact->parents_count);
}

/* The fields of the other kinds; those that a kind does not have are taken away again by clear_foreign(). */
static void set_other(uint64_t *state, dora_fact *fact) {
    fact->service = some(state, services, COUNT(services));
    fact->deployment = some_id(state, 'd');
    fact->release = some_id(state, 'r');
    fact->version = some(state, versions, COUNT(versions));
    fact->category = some(state, categories, COUNT(categories));
    fact->name = some(state, names, COUNT(names));
    fact->measure = some(state, measures, COUNT(measures));
    fact->team = some(state, teams, COUNT(teams));
    fact->product = some(state, teams, COUNT(teams));
    fact->severity = some(state, teams, COUNT(teams));
    fact->active = some_bool(state);
    fact->value_millionths = random_below(state, 5) ? (int64_t)random_below(state, 9000000) - 1000000 : DORA_ABSENT;
    int64_t *const times[] = {&fact->started_at,  &fact->finished_at, &fact->opened_at,
                              &fact->resolved_at, &fact->released_at, &fact->found_at,
                              &fact->ended_at,    &fact->enabled_at,  &fact->at};
    for (size_t i = 0; i < COUNT(times); i++)
        *times[i] = some_time(state);
}

enum type { STRING, INSTANT, NUMBER, BOOL, STATUS, LIST };
#define KIND(kind) (1u << DORA_KIND_##kind)
#define ALL_KINDS  ((1u << DORA_KIND_COUNT) - 1)

static const struct field {
    const char *name;
    size_t offset;
    enum type type;
    unsigned kinds;
} fields[] = {
#define FIELD(name, type, kinds)                                                                                       \
    { #name, offsetof(dora_fact, name), type, kinds }
    FIELD(id, STRING, ALL_KINDS),
    FIELD(as_of, INSTANT, ALL_KINDS),
    FIELD(deleted, BOOL, ALL_KINDS),
    FIELD(service, STRING,
          KIND(DEPLOYMENT) | KIND(CHANGE) | KIND(INCIDENT) | KIND(RELEASE) | KIND(DOWNTIME) | KIND(FLAG)),
    FIELD(environment, STRING, KIND(DEPLOYMENT)),
    FIELD(status, STATUS, KIND(DEPLOYMENT)),
    FIELD(started_at, INSTANT, KIND(DEPLOYMENT) | KIND(RELEASE) | KIND(PHASE) | KIND(DOWNTIME)),
    FIELD(finished_at, INSTANT, KIND(DEPLOYMENT) | KIND(PHASE)),
    FIELD(version, STRING, KIND(DEPLOYMENT) | KIND(RELEASE)),
    FIELD(sha, STRING, KIND(DEPLOYMENT)),
    FIELD(release, STRING,
          KIND(DEPLOYMENT) | KIND(PHASE) | KIND(DEFECT) | KIND(DOWNTIME) | KIND(FEEDBACK) | KIND(FLAG)),
    FIELD(changes, LIST, KIND(DEPLOYMENT)),
    FIELD(committed_at, INSTANT, KIND(DEPLOYMENT) | KIND(CHANGE)),
    FIELD(rework, BOOL, KIND(DEPLOYMENT)),
    FIELD(rollback_of, STRING, KIND(DEPLOYMENT)),
    FIELD(rolled_back_at, INSTANT, KIND(DEPLOYMENT) | KIND(RELEASE)),
    FIELD(failed, BOOL, KIND(DEPLOYMENT)),
    FIELD(restored_at, INSTANT, KIND(DEPLOYMENT)),
    FIELD(opened_at, INSTANT, KIND(CHANGE) | KIND(INCIDENT)),
    FIELD(first_review_at, INSTANT, KIND(CHANGE)),
    FIELD(merged_at, INSTANT, KIND(CHANGE)),
    FIELD(parents, LIST, KIND(CHANGE)),
    FIELD(deployment, STRING, KIND(CHANGE) | KIND(INCIDENT) | KIND(DOWNTIME) | KIND(FLAG)),
    FIELD(resolved_at, INSTANT, KIND(INCIDENT)),
    FIELD(severity, STRING, KIND(INCIDENT) | KIND(DEFECT)),
    FIELD(category, STRING, KIND(RELEASE)),
    FIELD(released_at, INSTANT, KIND(RELEASE)),
    FIELD(name, STRING, KIND(PHASE)),
    FIELD(active, BOOL, KIND(PHASE)),
    FIELD(found_at, INSTANT, KIND(DEFECT)),
    FIELD(ended_at, INSTANT, KIND(DOWNTIME)),
    FIELD(measure, STRING, KIND(FEEDBACK)),
    {"value", offsetof(dora_fact, value_millionths), NUMBER, KIND(FEEDBACK)},
    FIELD(at, INSTANT, KIND(FEEDBACK)),
    FIELD(enabled_at, INSTANT, KIND(FLAG)),
    FIELD(team, STRING, KIND(SERVICE)),
    FIELD(product, STRING, KIND(SERVICE)),
};

static void clear_foreign(dora_fact *fact) {
    for (size_t i = 0; i < COUNT(fields); i++) {
        char *place = (char *)fact + fields[i].offset;
        if (fields[i].kinds >> fact->kind & 1)
            continue;
        if (fields[i].type == STRING)
            *(dora_string *)place = (dora_string){NULL, 0};
        else if (fields[i].type == INSTANT || fields[i].type == NUMBER)
            *(int64_t *)place = DORA_ABSENT;
        else if (fields[i].type == BOOL)
            *(int8_t *)place = DORA_UNKNOWN;
    }
}

dora_fact *fixture_facts(uint64_t seed, size_t count, int all_ids) {
    static const char letters[] = "dcirpbwfgs";
    dora_fact *facts = malloc((count + 1) * sizeof *facts);
    if (!facts)
        abort();
    uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (size_t i = 0; i < count; i++) {
        dora_fact *fact = &facts[i];
        uint32_t of = random_below(&state, 2 * DORA_KIND_COUNT);
        dora_fact_init(fact, of < DORA_KIND_COUNT ? (dora_kind)of : of % 2 ? DORA_KIND_DEPLOYMENT : DORA_KIND_CHANGE);
        if (fact->kind == DORA_KIND_DEPLOYMENT)
            set_deployment(&state, fact);
        else if (fact->kind == DORA_KIND_CHANGE)
            set_change(&state, fact);
        else
            set_other(&state, fact);
        clear_foreign(fact);
        if (fact->kind == DORA_KIND_SERVICE)
            fact->id = dora_string_of(services[random_below(&state, COUNT(services))]);
        else if (all_ids || fact->kind != DORA_KIND_DEPLOYMENT || random_below(&state, 3))
            fact->id = id_of(letters[fact->kind], random_below(&state, IDS));
        fact->as_of = random_below(&state, 2) ? DORA_ABSENT : some_time(&state);
        fact->deleted = random_below(&state, 30) ? DORA_UNKNOWN : 1;
    }
    return facts;
}

static void put_number(struct bytes *out, const char *format, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, format, value);
    bytes_puts(out, text);
}

static void put_millionths(struct bytes *out, int64_t value) {
    char text[32];
    uint64_t size = value < 0 ? (uint64_t)-value : (uint64_t)value;
    snprintf(text, sizeof text, "%s%" PRIu64 ".%06" PRIu64, value < 0 ? "-" : "", size / 1000000, size % 1000000);
    bytes_puts(out, text);
}

static void put_json_string(struct bytes *out, dora_string string) {
    bytes_puts(out, "\"");
    for (size_t i = 0; i < string.size; i++) {
        if (string.data[i] == '\n')
            bytes_puts(out, "\\n");
        else if (string.data[i] == '"' || string.data[i] == '\\')
            bytes_puts(out, "\\");
        if (string.data[i] != '\n')
            bytes_append(out, &string.data[i], 1);
    }
    bytes_puts(out, "\"");
}

static void put_csv_string(struct bytes *out, dora_string string) {
    bytes_puts(out, "\"");
    for (size_t i = 0; i < string.size; i++) {
        bytes_append(out, &string.data[i], 1);
        if (string.data[i] == '"')
            bytes_puts(out, "\"");
    }
    bytes_puts(out, "\"");
}

typedef void put_string_fn(struct bytes *out, dora_string string);

/* The text of a field that is not a list; nothing, and 0, where it is absent. `before` comes first. */
static int put_scalar(struct bytes *out, const dora_fact *fact, const struct field *field, const char *before,
                      put_string_fn *put_string) {
    static const char *const statuses[] = {"in_progress", "canceled", "success", "failure"};
    const void *place = (const char *)fact + field->offset;
    dora_string string = field->type == STRING ? *(const dora_string *)place : (dora_string){NULL, 0};
    int8_t small = field->type == BOOL || field->type == STATUS ? *(const int8_t *)place : DORA_UNKNOWN;
    int64_t number = field->type == INSTANT || field->type == NUMBER ? *(const int64_t *)place : DORA_ABSENT;
    if (string.size == 0 && small == DORA_UNKNOWN && number == DORA_ABSENT)
        return 0;
    bytes_puts(out, before);
    if (field->type == STRING)
        put_string(out, string);
    else if (field->type == STATUS)
        put_string(out, dora_string_of(statuses[small]));
    else if (field->type == BOOL)
        bytes_puts(out, small ? "true" : "false");
    else if (field->type == INSTANT)
        put_number(out, "%" PRId64, number);
    else
        put_millionths(out, number);
    return 1;
}

static const dora_string *list_of(const dora_fact *fact, const struct field *field, size_t *count) {
    int is_changes = field->offset == offsetof(dora_fact, changes);
    *count = is_changes ? fact->changes_count : fact->parents_count;
    return is_changes ? fact->changes : fact->parents;
}

void fixture_ndjson(const dora_fact *facts, size_t count, size_t bad_every, struct bytes *out) {
    static const char *const bad[] = {"{\"id\":\n",
                                      "[1,{}]\n",
                                      "{\"kind\":\"nope\"}\n",
                                      "{\"id\":\"x\",\"finished_at\":\"2024-02-30\"}\n",
                                      "{\"kind\":\"change\"}\n",
                                      "\"\xff\"\n",
                                      "{\"id\":\"x\",\"as_of\":[]}\n",
                                      "{\"service\":\"\\ud800\"}\n"};
    for (size_t i = 0; i < count; i++) {
        bytes_puts(out, "{\"kind\":");
        put_json_string(out, dora_string_of(dora_kind_name(facts[i].kind)));
        for (size_t j = 0; j < COUNT(fields); j++) {
            char before[32];
            snprintf(before, sizeof before, ", \"%s\":", fields[j].name);
            if (fields[j].type != LIST) {
                put_scalar(out, &facts[i], &fields[j], before, put_json_string);
                continue;
            }
            size_t items;
            const dora_string *list = list_of(&facts[i], &fields[j], &items);
            for (size_t k = 0; k < items; k++) {
                bytes_puts(out, k ? "," : before);
                bytes_puts(out, k ? "" : "[");
                put_json_string(out, list[k]);
            }
            bytes_puts(out, items ? "]" : "");
        }
        bytes_puts(out, "}\n");
        if (bad_every && i % bad_every == 0)
            bytes_puts(out, bad[i / bad_every % COUNT(bad)]);
    }
}

void fixture_csv(const dora_fact *facts, size_t count, size_t bad_every, struct bytes *out) {
    static const char *const bad[] = {"too,few\n", "nope,x", "change,", "deployment,\xff", "deployment,\"x\"y"};
    bytes_puts(out, "kind");
    for (size_t j = 0; j < COUNT(fields); j++) {
        bytes_puts(out, ",");
        bytes_puts(out, fields[j].name);
    }
    bytes_puts(out, "\n");
    for (size_t i = 0; i < count; i++) {
        bytes_puts(out, dora_kind_name(facts[i].kind));
        for (size_t j = 0; j < COUNT(fields); j++) {
            bytes_puts(out, ",");
            if (fields[j].type != LIST) {
                put_scalar(out, &facts[i], &fields[j], "", put_csv_string);
                continue;
            }
            size_t items;
            const dora_string *list = list_of(&facts[i], &fields[j], &items);
            for (size_t k = 0; k < items; k++) {
                bytes_puts(out, k ? ";" : "");
                bytes_append(out, list[k].data, list[k].size);
            }
        }
        bytes_puts(out, "\n");
        if (bad_every && i % bad_every == 0) {
            const char *start = bad[i / bad_every % COUNT(bad)];
            bytes_puts(out, start);
            for (size_t j = 1; j < COUNT(fields) && !strchr(start, '\n'); j++)
                bytes_puts(out, ",");
            bytes_puts(out, strchr(start, '\n') ? "" : "\n");
        }
    }
}

const dora_query fixture_queries[] = {
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_SERVICE, .period = DORA_PERIOD_QUARTER, .intervals = 1},
    {.struct_size = sizeof(dora_query), .by = DORA_GROUP_TEAM, .window_days = 28, .step_days = 7},
    {.struct_size = sizeof(dora_query),
     .period = DORA_PERIOD_DAY,
     .percentiles = "0,50,99.9",
     .percentile_rule = DORA_PERCENTILE_NEAREST_RANK,
     .since = "2024-03-25"},
    {.struct_size = sizeof(dora_query), .table = DORA_TABLE_PHASES, .by = DORA_GROUP_PRODUCT},
    {0},
};

dora_status fixture_answer(dora_engine *engine, const dora_allocator *allocator, struct bytes *out, dora_error *error) {
    const dora_writer_options options = {
        .struct_size = sizeof options, .output = DORA_OUTPUT_NDJSON, .allocator = allocator};
    for (const dora_query *query = fixture_queries; query->struct_size; query++) {
        dora_result *result;
        dora_status status = dora_query_run(engine, query, &result, error);
        if (status != DORA_OK)
            return status;
        status = dora_result_write(result, &options, bytes_append, out, error);
        dora_result_free(result);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}
