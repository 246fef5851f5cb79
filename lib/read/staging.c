/* SPDX-License-Identifier: MIT */
/* See staging.h. */
#include "read/staging.h"

#include <string.h>

static size_t kind_size(const struct dora__staged_kind *kind) {
    return sizeof *kind + kind->columns_size;
}

void dora__staging_free(struct dora__staging *staging) {
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        if (staging->kinds[kind])
            dora__free(staging->facts->memory, staging->kinds[kind], 1, kind_size(staging->kinds[kind]));
}

static size_t cell_size(const struct dora__facts *facts, int field) {
    return facts->numeric >> field & 1 ? sizeof(int64_t) : facts->handles >> field & 1 ? sizeof(uint32_t) : 1;
}

/* Makes `count` cells from `from` on absent. */
static void put_absent(struct dora__staged_kind *kind, int field, uint32_t from, uint32_t count) {
    void *column = kind->batch.column[field];
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        for (uint32_t i = from; i < from + count; i++)
            ((int64_t *)column)[i] = DORA_ABSENT;
        break;
    case DORA__STRING:
    case DORA__SERVICE:
        memset((uint32_t *)column + from, 0, count * sizeof(uint32_t));
        break;
    default:
        memset((uint8_t *)column + from, 0, count);
    }
}

struct dora__staged_kind *dora__staging_make_kind(struct dora__staging *staging, dora_kind kind) {
    const struct dora__facts *facts = staging->facts;
    uint64_t fields = (dora__kinds[kind].fields & ~DORA__LISTS) | DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED);
    size_t columns_size = 0;
    for (uint64_t left = fields; left; left &= left - 1)
        columns_size += cell_size(facts, __builtin_ctzll(left)) * DORA__BATCH_ROWS;
    struct dora__staged_kind *made = dora__alloc_zeroed(facts->memory, 1, sizeof *made + columns_size);
    if (!made)
        return NULL;
    made->batch.kind = kind;
    made->fields = fields;
    made->columns_size = columns_size;
    char *column = (char *)made->columns;
    for (uint64_t left = fields; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        made->batch.column[field] = column;
        column += cell_size(facts, field) * DORA__BATCH_ROWS;
        put_absent(made, field, 0, DORA__BATCH_ROWS);
    }
    return staging->kinds[kind] = made;
}

void dora__staged_clear(struct dora__staged_kind *kind, uint32_t row, uint64_t fields) {
    for (uint64_t left = fields & kind->fields; left; left &= left - 1)
        put_absent(kind, __builtin_ctzll(left), row, 1);
}

void dora__staged_set_single(struct dora__staging *staging, struct dora__staged_kind *kind, uint32_t row) {
    dora_string id = kind->ids[row];
    kind->any_single = true;
    kind->single[row / 64] |= UINT64_C(1) << row % 64;
    kind->id_handles[row] = 0;
    if (id.size && dora__id_type(kind->batch.kind) == DORA__STRING)
        dora__staging_wait(staging, id.data, id.size, &kind->id_handles[row]);
}

static bool is_single(const struct dora__staged_kind *kind, uint32_t row) {
    return kind->single[row / 64] >> row % 64 & 1;
}

static dora_status put_single(struct dora__staging *staging, const struct dora__staged_kind *kind, uint32_t row) {
    const struct dora__batch *batch = &kind->batch;
    struct dora__record record;
    dora__record_begin(&record, batch->kind);
    dora__batch_read(staging->facts, batch, row, &record);
    record.id = kind->id_handles[row];
    if (kind->ids[row].size && !record.id) {
        dora_status status =
            dora__pool_intern(&staging->facts->services, kind->ids[row].data, kind->ids[row].size, &record.id);
        if (status != DORA_OK)
            return status;
    }
    if (record.fields & DORA__BIT(DORA__AS_OF))
        record.as_of = record.values[DORA__AS_OF];
    record.deleted = record.fields & DORA__BIT(DORA__DELETED) && record.values[DORA__DELETED] == 2;
    record.fields &= dora__kinds[batch->kind].fields;
    return dora__facts_put(staging->facts, &record);
}

/* Moves the rows that are not single to the front. */
static void drop_singles(const struct dora__facts *facts, struct dora__staged_kind *kind) {
    struct dora__batch *batch = &kind->batch;
    uint8_t kept[DORA__BATCH_ROWS];
    uint32_t count = 0;
    for (uint32_t row = 0; row < batch->rows; row++) {
        kept[count] = (uint8_t)row;
        count += !is_single(kind, row);
    }
    for (uint32_t i = 0; i < count; i++)
        kind->ids[i] = kind->ids[kept[i]], kind->id_hashes[i] = kind->id_hashes[kept[i]],
        kind->items_from[i] = kind->items_from[kept[i]], kind->items_count[i] = kind->items_count[kept[i]];
    for (uint64_t left = batch->fields; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        void *column = batch->column[field];
        for (uint32_t i = 0; i < count; i++) {
            if (facts->numeric >> field & 1)
                ((int64_t *)column)[i] = ((int64_t *)column)[kept[i]];
            else if (facts->handles >> field & 1)
                ((uint32_t *)column)[i] = ((uint32_t *)column)[kept[i]];
            else
                ((uint8_t *)column)[i] = ((uint8_t *)column)[kept[i]];
        }
    }
    batch->rows = count;
}

/* Where a pool keeps a string with that hash, its slot being near; NULL: it is most likely new. */
static const struct dora__entry *likely_entry(const struct dora__pool *pool, uint32_t hash) {
    if (!pool->slots_count)
        return NULL;
    const uint64_t *slots = dora__pool_segment(pool, hash);
    size_t mask = pool->slots_count - 1;
    for (size_t i = hash & mask; slots[i]; i = (i + 1) & mask)
        if ((uint32_t)(slots[i] >> 32) == hash)
            return dora__pool_entry(pool, (uint32_t)slots[i]);
    return NULL;
}

enum { SOME = 64 };

/* Fetches what the pool has of strings with those hashes: first the entries of all that are known, then what is far, so
   that one cache miss does not wait for another. */
static void fetch_some(const struct dora__pool *pool, const uint32_t *hashes, uint32_t count) {
    const struct dora__entry *entries[SOME];
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = likely_entry(pool, hashes[i]);
        __builtin_prefetch(entries[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        if (entries[i] && dora__entry_is_far(entries[i]))
            __builtin_prefetch(entries[i]->string.far.data);
}

/* *done follows how many are in. */
static dora_status put_kind(struct dora__staging *staging, struct dora__staged_kind *kind, uint32_t *done) {
    struct dora__batch *batch = &kind->batch;
    dora_status status = DORA_OK;
    batch->items_from = kind->any_list ? kind->items_from : NULL;
    batch->items_count = kind->items_count;
    batch->items = staging->items;
    if (kind->any_single) {
        for (uint32_t row = 0; row < batch->rows && status == DORA_OK; row++)
            if (is_single(kind, row)) {
                status = put_single(staging, kind, row);
                *done += status == DORA_OK;
            }
        drop_singles(staging->facts, kind);
        batch->fields &= dora__kinds[batch->kind].fields;
    }
    if (status == DORA_OK && batch->rows) {
        uint32_t put;
        if (kind->any_id)
            for (uint32_t from = 0; from < batch->rows; from += SOME)
                fetch_some(dora__facts_pool(staging->facts, dora__id_type(batch->kind)), kind->id_hashes + from,
                           batch->rows - from < SOME ? batch->rows - from : SOME);
        batch->ids = kind->any_id ? kind->ids : NULL;
        batch->id_hashes = kind->id_hashes;
        status = dora__facts_put_batch(staging->facts, batch, &put);
        *done += put;
    }
    return status;
}

static dora_status intern_waiting(struct dora__staging *staging) {
    struct dora__pool *pool = &staging->facts->strings;
    uint32_t hashes[SOME];
    for (uint32_t from = 0; from < staging->waiting_count; from += SOME) {
        const struct dora__waiting *waiting = staging->waiting + from;
        uint32_t count = staging->waiting_count - from < SOME ? staging->waiting_count - from : SOME;
        for (uint32_t i = 0; i < count; i++)
            hashes[i] = waiting[i].hash;
        fetch_some(pool, hashes, count);
        for (uint32_t i = 0; i < count; i++) {
            dora_status status =
                dora__pool_intern_hashed(pool, waiting[i].data, waiting[i].size, waiting[i].hash, waiting[i].into);
            if (status != DORA_OK)
                return status;
        }
    }
    return DORA_OK;
}

dora_status dora__staging_put(struct dora__staging *staging, uint32_t *lost) {
    dora_status status = intern_waiting(staging);
    uint32_t done = 0;
    for (int i = 0; i < DORA_KIND_COUNT; i++) {
        struct dora__staged_kind *kind = staging->kinds[i];
        if (!kind || !kind->batch.rows)
            continue;
        uint32_t count = kind->batch.rows;
        uint64_t fields = kind->batch.fields;
        if (status == DORA_OK)
            status = put_kind(staging, kind, &done);
        for (uint64_t left = fields; left; left &= left - 1)
            put_absent(kind, __builtin_ctzll(left), 0, count);
        kind->batch.rows = 0;
        kind->batch.fields = 0;
        kind->any_id = false;
        kind->any_single = false;
        kind->any_list = false;
        memset(kind->single, 0, sizeof kind->single);
    }
    *lost = staging->rows - done;
    staging->rows = 0;
    staging->waiting_count = 0;
    staging->items_count = 0;
    return status;
}
