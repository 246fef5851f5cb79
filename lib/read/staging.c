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

/* *done follows how many are in. */
static dora_status put_kind(struct dora__staging *staging, struct dora__staged_kind *kind, uint32_t *done) {
    struct dora__batch *batch = &kind->batch;
    dora_status status;
    uint32_t put;
    batch->items_from = kind->any_list ? kind->items_from : NULL;
    batch->items_count = kind->items_count;
    batch->items = staging->items;
    batch->ids = kind->any_id ? kind->ids : NULL;
    batch->id_hashes = kind->id_hashes;
    status = dora__facts_put_batch(staging->facts, batch, &put);
    *done += put;
    return status;
}

static dora_status intern_waiting(struct dora__staging *staging) {
    struct dora__pool *pool = &staging->facts->strings;
    uint32_t hashes[DORA__POOL_SOME];
    for (uint32_t from = 0; from < staging->waiting_count; from += DORA__POOL_SOME) {
        const struct dora__waiting *waiting = staging->waiting + from;
        uint32_t left = staging->waiting_count - from, count = left < DORA__POOL_SOME ? left : DORA__POOL_SOME;
        for (uint32_t i = 0; i < count; i++)
            hashes[i] = waiting[i].hash;
        dora__pool_fetch(pool, hashes, count);
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
        kind->any_list = false;
    }
    *lost = staging->rows - done;
    staging->rows = 0;
    staging->waiting_count = 0;
    staging->items_count = 0;
    return status;
}
