/* SPDX-License-Identifier: MIT */
/* See model.h. */
#include "model.h"

#include "fuzz.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum type { INSTANT, BEGINNING, NUMBER, SMALL, STRING, LIST };

/* A letter a kind, in the order of dora_kind: deployment, change, incident, release, phase, defect, downtime (t),
   feedback (b), flag (g), service. */
static const char letters[] = "dcirpftbgs";

static const struct field {
    size_t offset;
    enum type type;
    const char *kinds;
} fields[] = {
    {offsetof(dora_fact, deleted), SMALL, "dcirpftbgs"}, /* the first */
    {offsetof(dora_fact, service), STRING, "dcirtg"},
    {offsetof(dora_fact, environment), STRING, "d"},
    {offsetof(dora_fact, status), SMALL, "d"},
    {offsetof(dora_fact, started_at), BEGINNING, "drpt"},
    {offsetof(dora_fact, finished_at), INSTANT, "dp"},
    {offsetof(dora_fact, version), STRING, "dr"},
    {offsetof(dora_fact, sha), STRING, "d"},
    {offsetof(dora_fact, release), STRING, "dpftbg"},
    {offsetof(dora_fact, changes), LIST, "d"},
    {offsetof(dora_fact, committed_at), BEGINNING, "dc"},
    {offsetof(dora_fact, rework), SMALL, "d"},
    {offsetof(dora_fact, rollback_of), STRING, "d"},
    {offsetof(dora_fact, rolled_back_at), INSTANT, "dr"},
    {offsetof(dora_fact, failed), SMALL, "d"},
    {offsetof(dora_fact, restored_at), INSTANT, "d"},
    {offsetof(dora_fact, opened_at), BEGINNING, "ci"},
    {offsetof(dora_fact, first_review_at), BEGINNING, "c"},
    {offsetof(dora_fact, merged_at), INSTANT, "c"},
    {offsetof(dora_fact, parents), LIST, "c"},
    {offsetof(dora_fact, deployment), STRING, "citg"},
    {offsetof(dora_fact, resolved_at), INSTANT, "i"},
    {offsetof(dora_fact, severity), STRING, "if"},
    {offsetof(dora_fact, category), STRING, "r"},
    {offsetof(dora_fact, released_at), INSTANT, "r"},
    {offsetof(dora_fact, name), STRING, "p"},
    {offsetof(dora_fact, active), SMALL, "p"},
    {offsetof(dora_fact, found_at), BEGINNING, "f"},
    {offsetof(dora_fact, ended_at), INSTANT, "t"},
    {offsetof(dora_fact, measure), STRING, "b"},
    {offsetof(dora_fact, value_millionths), NUMBER, "b"},
    {offsetof(dora_fact, at), INSTANT, "b"},
    {offsetof(dora_fact, enabled_at), BEGINNING, "g"},
    {offsetof(dora_fact, team), STRING, "s"},
    {offsetof(dora_fact, product), STRING, "s"},
};
enum { FIELDS = sizeof fields / sizeof *fields };
_Static_assert(sizeof fields / sizeof *fields <= MODEL_FIELDS, "room for the fields");

void model_free(struct model *model) {
    for (size_t i = 0; i < model->count; i++)
        free(model->facts[i]);
    model->count = 0;
}

static int compare(dora_string a, dora_string b) {
    int order = memcmp(a.size ? a.data : "", b.size ? b.data : "", a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static void add_item(struct model_value *value, dora_string item) {
    for (size_t i = 0; i < value->items_count; i++)
        if (!compare(value->items[i], item))
            return;
    REQUIRE(value->items_count < MODEL_ITEMS_MOST);
    value->items[value->items_count++] = item;
}

/* Whether `new` takes the place of `old`. */
static bool wins(const struct field *field, const struct model_value *new, const struct model_value *old) {
    if (!old->stated || new->as_of != old->as_of)
        return !old->stated || new->as_of > old->as_of;
    if (field->type == STRING)
        return compare(new->string, old->string) > 0;
    return field->type == BEGINNING ? new->number < old->number : new->number > old->number;
}

static void merge_value(const struct field *field, struct model_value *into, const struct model_value *from) {
    if (!from->stated)
        return;
    if (field->type == LIST) {
        into->stated = true;
        into->as_of = INT64_MIN;
        for (size_t i = 0; i < from->items_count; i++)
            add_item(into, from->items[i]);
    } else if (wins(field, from, into))
        *into = *from;
}

/* What a record says of a field. */
static void read_value(const struct field *field, const dora_fact *fact, struct model_value *value) {
    const char *at = (const char *)fact + field->offset;
    value->as_of = fact->as_of;
    if (field->type == LIST) {
        const dora_string *items = field->offset == offsetof(dora_fact, changes) ? fact->changes : fact->parents;
        size_t count = field->offset == offsetof(dora_fact, changes) ? fact->changes_count : fact->parents_count;
        for (size_t i = 0; i < count; i++)
            if (items[i].size)
                add_item(value, items[i]);
        value->stated = value->items_count > 0;
    } else if (field->type == STRING) {
        value->string = *(const dora_string *)(const void *)at;
        value->stated = value->string.size > 0;
    } else if (field->type == SMALL) {
        value->number = *(const int8_t *)at;
        value->stated = value->number != DORA_UNKNOWN;
    } else {
        value->number = *(const int64_t *)(const void *)at;
        value->stated = value->number != DORA_ABSENT;
    }
}

/* A record says whether its fact is deleted, also where it does not say so; a tombstone at no time is for good. */
static void read_fact(const dora_fact *fact, struct model_fact *read) {
    *read = (struct model_fact){.kind = fact->kind, .id = fact->id};
    for (size_t i = 0; i < FIELDS; i++)
        if (strchr(fields[i].kinds, letters[fact->kind]))
            read_value(&fields[i], fact, &read->values[i]);
    struct model_value *deleted = &read->values[0];
    deleted->number = deleted->stated && deleted->number == 1;
    deleted->stated = true;
    if (deleted->number && deleted->as_of == DORA_ABSENT)
        deleted->as_of = INT64_MAX;
}

/* The fact that a record of this kind and id speaks of, or a new one; NULL: no room. */
static struct model_fact *fact_for(struct model *model, const struct model_fact *like) {
    for (size_t i = 0; like->id.size && i < model->count; i++)
        if (model->facts[i]->kind == like->kind && !compare(model->facts[i]->id, like->id))
            return model->facts[i];
    if (model->count == MODEL_FACTS_MOST)
        return NULL;
    struct model_fact *fact = calloc(1, sizeof *fact);
    REQUIRE(fact);
    fact->kind = like->kind;
    fact->id = like->id;
    return model->facts[model->count++] = fact;
}

static bool merge_fact(struct model *model, const struct model_fact *from) {
    struct model_fact *fact = fact_for(model, from);
    for (size_t i = 0; fact && i < FIELDS; i++)
        merge_value(&fields[i], &fact->values[i], &from->values[i]);
    return fact;
}

bool model_add(struct model *model, const dora_fact *fact) {
    struct model_fact read;
    read_fact(fact, &read);
    return merge_fact(model, &read);
}

bool model_merge(struct model *into, const struct model *from) {
    if (from->count > MODEL_FACTS_MOST - into->count)
        return false;
    for (size_t i = 0; i < from->count; i++)
        REQUIRE(merge_fact(into, from->facts[i]));
    return true;
}

static void write_value(const struct field *field, const struct model_value *value, dora_fact *fact) {
    char *at = (char *)fact + field->offset;
    if (field->type == STRING)
        *(dora_string *)(void *)at = value->string;
    else if (field->type == SMALL)
        *at = (char)value->number;
    else if (field->type != LIST)
        *(int64_t *)(void *)at = value->number;
    else if (field->offset == offsetof(dora_fact, changes)) {
        fact->changes = value->items;
        fact->changes_count = value->items_count;
    } else {
        fact->parents = value->items;
        fact->parents_count = value->items_count;
    }
}

/* A record with all that was stated of a fact at a time: of a fact without an id, all that was ever stated. */
static void tell_part(const struct model_fact *fact, int64_t as_of, dora_engine *engine) {
    dora_fact part;
    dora_fact_init(&part, fact->kind);
    part.id = fact->id;
    part.as_of = as_of == INT64_MAX || !fact->id.size ? DORA_ABSENT : as_of;
    for (size_t i = 0; i < FIELDS; i++)
        if (fact->values[i].stated && (fact->values[i].as_of == as_of || !fact->id.size))
            write_value(&fields[i], &fact->values[i], &part);
    REQUIRE(dora_engine_add(engine, &part, 1, NULL) == DORA_OK);
}

static void tell_fact(const struct model_fact *fact, dora_engine *engine, bool backwards) {
    for (size_t k = 0; k < FIELDS; k++) {
        size_t i = backwards ? FIELDS - 1 - k : k;
        bool told = !fact->values[i].stated;
        for (size_t before = 0; !told && before < k; before++) {
            const struct model_value *other = &fact->values[backwards ? FIELDS - 1 - before : before];
            told = other->stated && other->as_of == fact->values[i].as_of;
        }
        if (!told)
            tell_part(fact, fact->values[i].as_of, engine);
        if (!fact->id.size && !told)
            return;
    }
}

void model_tell(const struct model *model, dora_engine *engine, uint64_t seed) {
    uint64_t random = seed + 1;
    size_t order[MODEL_FACTS_MOST];
    for (size_t i = 0; i < model->count; i++) {
        size_t place = random_below(&random, (uint32_t)i + 1);
        order[i] = order[place];
        order[place] = i;
    }
    for (size_t i = 0; i < model->count; i++)
        tell_fact(model->facts[order[i]], engine, random_below(&random, 2));
}
