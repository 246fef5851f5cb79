/* SPDX-License-Identifier: MIT */
/*
 * The facts of an engine, given to the caller as records that state them again. Each field keeps the as_of that it has:
 * a fact whose fields have several goes in as many records. What means the same comes out the same, as in a state.
 */
#include <dora/facts.h>

#include "base/error.h"
#include "engine.h"
#include "facts/list.h"
#include "facts/record.h"
#include "state/rows.h"

struct restating {
    struct dora__facts *facts;
    dora_fact_fn on_fact;
    void *context;
    const struct dora__table *table;
    const struct dora__catalog *catalog;
    uint32_t *ranks; /* of the list at hand */
    size_t ranks_capacity;
    dora_string *items;
    size_t items_capacity;
};

/* A field of a row in column form; false: it has none. */
static bool value_of(const struct restating *restating, uint32_t row, int field, int64_t *value) {
    const struct dora__chunk *chunk = dora__chunk_of(restating->table, row);
    if (restating->facts->numeric >> field & 1)
        *value = dora__instant_at(chunk, (enum dora__field)field, row);
    else if (restating->facts->bytes >> field & 1)
        *value = dora__byte_at(chunk, (enum dora__field)field, row);
    else
        *value = dora__handle_at(chunk, (enum dora__field)field, row);
    return *value != (restating->facts->numeric >> field & 1 ? DORA_ABSENT : 0);
}

/* When a field of a row was stated, DORA_ABSENT also of a tombstone that is final. */
static int64_t stated_at(const struct dora__chunk *chunk, uint32_t row, int field) {
    const int64_t *as_of = chunk->as_of[field];
    int64_t stated = as_of ? as_of[row & (DORA__CHUNK_ROWS - 1)] : DORA_ABSENT;
    return stated == INT64_MAX ? DORA_ABSENT : stated;
}

/* The items of the row's list, each once, in order of bytes. */
static bool take_list(struct restating *restating, const struct dora__rows *rows, const struct dora__list *list,
                      struct dora__record *record) {
    struct dora__memory *memory = restating->facts->memory;
    if (!dora__grow(memory, (void **)&restating->ranks, &restating->ranks_capacity, list->count, sizeof(uint32_t)) ||
        !dora__grow(memory, (void **)&restating->items, &restating->items_capacity, list->count, sizeof(dora_string)))
        return false;
    record->items_count = dora__rows_list(rows, list, restating->ranks);
    for (uint32_t i = 0; i < record->items_count; i++)
        restating->ranks[i] = rows->catalog->strings.handles[restating->ranks[i] - 1];
    record->items = restating->ranks;
    return true;
}

static dora_status give(struct restating *restating, struct dora__record *record) {
    dora_fact fact;
    dora__record_to_fact(restating->facts, record, restating->items, &fact);
    record->items_count = 0;
    return restating->on_fact(restating->context, &fact) ? DORA_ERROR_CANCELLED : DORA_OK;
}

/* One record for each as_of that a field of the row has, the earliest first; the list, which has none, in the first. */
static dora_status restate_row(struct restating *restating, const struct dora__rows *rows, uint32_t row) {
    const struct dora__chunk *chunk = dora__chunk_of(restating->table, row);
    uint64_t fields = chunk->columns & ~DORA__BIT(DORA__ID), there = 0;
    struct dora__record record;
    uint32_t id = dora__handle_at(chunk, DORA__ID, row);
    dora__record_begin(&record, rows->kind);
    for (uint64_t left = fields & ~DORA__LISTS; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        there |= (uint64_t)value_of(restating, row, field, &record.values[field]) << field;
    }
    if (there & DORA__BIT(DORA__DELETED) && record.values[DORA__DELETED] == 1 &&
        (!id || stated_at(chunk, row, DORA__DELETED) == DORA_ABSENT))
        there &= ~DORA__BIT(DORA__DELETED);
    int list_at = dora__list_field(fields);
    const struct dora__list *list = list_at < 0 ? NULL : dora__list_at(chunk, (enum dora__field)list_at, row);
    if (list && list->count) {
        if (!take_list(restating, rows, list, &record))
            return DORA_ERROR_MEMORY;
        record.fields = DORA__BIT(list_at);
    }
    record.id = id;
    dora_status status = DORA_OK;
    do {
        uint64_t now = 0;
        int64_t as_of = INT64_MAX;
        for (uint64_t left = there; left; left &= left - 1) {
            int field = __builtin_ctzll(left);
            int64_t stated = stated_at(chunk, row, field);
            if (stated < as_of)
                now = 0;
            as_of = stated < as_of ? stated : as_of;
            now |= stated == as_of ? DORA__BIT(field) : 0;
        }
        there &= ~now;
        record.as_of = now && id ? as_of : DORA_ABSENT;
        record.deleted = now & DORA__BIT(DORA__DELETED) && record.values[DORA__DELETED] == 2;
        record.fields |= now & ~DORA__BIT(DORA__DELETED);
        status = give(restating, &record);
        record.fields = 0;
    } while (there && status == DORA_OK);
    return status;
}

static dora_status restate_rows(struct restating *restating, dora_kind kind, bool named) {
    struct dora__rows rows;
    restating->table = &restating->facts->tables[kind];
    dora_status status = DORA_OK;
    if (!dora__rows_make(&rows, restating->facts, restating->catalog, kind, named))
        return restating->catalog->asking->stopped ? DORA_ERROR_CANCELLED : DORA_ERROR_MEMORY;
    for (uint32_t i = 0; i < rows.count && status == DORA_OK; i++)
        status = restate_row(restating, &rows, rows.rows[i]);
    dora__rows_free(&rows);
    return status;
}

dora_status dora_engine_facts(dora_engine *engine, dora_fact_fn on_fact, void *context, dora_error *error) {
    if (!engine || !on_fact)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "no engine or no function to give facts to");
    if (engine->facts.frozen)
        return dora__fail(error, DORA_ERROR_ARGUMENT, "facts were forgotten: what is left of them cannot be stated");
    dora_status status = dora__engine_flush(engine, error);
    if (status != DORA_OK)
        return status;
    struct dora__catalog catalog;
    struct restating restating = {.facts = &engine->facts, .on_fact = on_fact, .context = context};
    restating.catalog = &catalog;
    struct dora__asking asking = dora__engine_asking(engine, "stating");
    if (!dora__catalog_make(&catalog, &engine->facts, &asking))
        return dora__engine_fail_stopped(&asking, error);
    for (int kind = 0; kind < 2 * DORA_KIND_COUNT && status == DORA_OK; kind++)
        status = restate_rows(&restating, (dora_kind)(kind / 2), kind % 2);
    dora__catalog_free(&catalog);
    dora__free(&engine->memory, restating.ranks, restating.ranks_capacity, sizeof *restating.ranks);
    dora__free(&engine->memory, restating.items, restating.items_capacity, sizeof *restating.items);
    if (status == DORA_ERROR_CANCELLED)
        return dora__fail(error, status, asking.stopped ? "cancelled" : "the caller asked to stop");
    return status == DORA_OK ? status : dora__fail_memory(error);
}
