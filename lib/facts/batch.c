/* SPDX-License-Identifier: MIT */
/*
 * See batch.h. Rows that are new are appended column by column, as many at once as the batch and the chunk have in a
 * row. Of rows with ids, all are hashed and their places in the pool fetched before the first is looked at; a row whose
 * id is known, or that says when it was stated or that its fact is deleted, is put as the record that it is, after the
 * new rows before it.
 */
#include "facts/batch.h"

#include "facts/column.h"
#include "facts/list.h"
#include "facts/record.h"

#include <string.h>

/* Puts instants into their narrow form. False: not all have one. */
static bool narrow_cells(uint32_t *to, const int64_t *from, uint32_t count) {
    uint64_t seen = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t seconds = dora__narrow(from[i]);
        to[i] = (uint32_t)seconds;
        seen |= seconds;
    }
    return seen <= UINT32_MAX;
}

static void put_narrow(struct dora__chunk *chunk, int field, uint32_t at, const uint32_t *from, uint32_t count) {
    if (chunk->wide >> field & 1)
        for (uint32_t i = 0; i < count; i++)
            ((int64_t *)chunk->column[field])[at + i] = dora__instant_of_narrow(from[i]);
    else
        memcpy((uint32_t *)chunk->column[field] + at, from, count * sizeof *from);
}

/* Instants or numbers. False: out of memory. */
static bool put_numeric(struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t at,
                        const struct dora__batch *batch, uint32_t row, uint32_t count) {
    if (batch->narrow >> field & 1) {
        put_narrow(chunk, field, at, (const uint32_t *)batch->column[field] + row, count);
        return true;
    }
    const int64_t *from = (const int64_t *)batch->column[field] + row;
    if (!(chunk->wide >> field & 1)) {
        if (narrow_cells((uint32_t *)chunk->column[field] + at, from, count))
            return true;
        if (!dora__column_widen(facts, chunk, field, at))
            return false;
    }
    memcpy((int64_t *)chunk->column[field] + at, from, count * sizeof *from);
    return true;
}

static bool all_are(const uint32_t *handles, uint32_t count, uint32_t handle) {
    uint32_t differ = 0;
    for (uint32_t i = 0; i < count; i++)
        differ |= handles[i] ^ handle;
    return !differ;
}

/* False: out of memory. */
static bool put_handles(struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t at,
                        const uint32_t *from, uint32_t count) {
    if (chunk->shared >> field & 1) {
        if (all_are(from, count, *(const uint32_t *)chunk->column[field]))
            return true;
        if (!dora__columns_own(facts, chunk, DORA__BIT(field), at))
            return false;
    }
    memcpy((uint32_t *)chunk->column[field] + at, from, count * sizeof *from);
    return true;
}

/* Columns of a chunk's first rows that are of one handle each; what cannot be shared is left to be made. */
static void share_columns(struct dora__facts *facts, struct dora__chunk *chunk, const struct dora__batch *batch,
                          uint64_t fields, uint32_t row, uint32_t count) {
    for (uint64_t left = fields & facts->handles; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        const uint32_t *handles = (const uint32_t *)batch->column[field] + row;
        if (all_are(handles, count, handles[0]))
            (void)dora__column_share(facts, chunk, field, handles[0]);
    }
}

static int64_t instant_of(const struct dora__batch *batch, int field, uint32_t row) {
    const void *column = batch->column[field];
    return batch->narrow >> field & 1 ? dora__instant_of_narrow(((const uint32_t *)column)[row])
                                      : ((const int64_t *)column)[row];
}

void dora__batch_widen(struct dora__batch *batch, int field, uint32_t rows) {
    for (uint32_t row = rows; row-- > 0;) /* from the end, since it is in place */
        ((int64_t *)batch->column[field])[row] = dora__instant_of_narrow(((const uint32_t *)batch->column[field])[row]);
    batch->narrow &= ~DORA__BIT(field);
}

static void put_absent(const struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t at,
                       uint32_t count) {
    char *column = chunk->column[field];
    if (chunk->wide >> field & 1)
        for (uint32_t i = at; i < at + count; i++)
            ((int64_t *)(void *)column)[i] = DORA_ABSENT;
    else if (facts->numeric >> field & 1)
        memset(column + at * sizeof(uint32_t), 0xFF, count * sizeof(uint32_t));
    else if (facts->handles >> field & 1)
        memset(column + at * sizeof(uint32_t), 0, count * sizeof(uint32_t));
    else if (dora__fields[field].type == DORA__LIST)
        memset(column + at * sizeof(void *), 0, count * sizeof(void *));
    else
        memset(column + at, 0, count);
}

static bool states(const struct dora__facts *facts, const struct dora__batch *batch, int field, uint32_t row) {
    const void *column = batch->column[field];
    if (facts->numeric >> field & 1)
        return instant_of(batch, field, row) != DORA_ABSENT;
    if (facts->handles >> field & 1)
        return ((const uint32_t *)column)[row] != 0;
    return ((const uint8_t *)column)[row] != 0;
}

/* Those of `fields` that some row from .. from + count - 1 states. */
static uint64_t stated(const struct dora__facts *facts, const struct dora__batch *batch, uint64_t fields, uint32_t from,
                       uint32_t count) {
    uint64_t found = 0;
    for (uint64_t left = fields; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        uint32_t row = from;
        while (row < from + count && !states(facts, batch, field, row))
            row++;
        found |= (uint64_t)(row < from + count) << field;
    }
    return found;
}

static bool has_list(const struct dora__batch *batch, uint32_t row) {
    return batch->items_from && batch->items_from[row] != DORA__NO_LIST;
}

/* The list field if some of the rows have one, else none. */
static uint64_t list_stated(const struct dora__batch *batch, uint32_t from, uint32_t count) {
    for (uint32_t row = from; batch->items_from && row < from + count; row++)
        if (has_list(batch, row))
            return dora__kinds[batch->kind].fields & DORA__LISTS;
    return 0;
}

/* False: out of memory. */
static bool put_lists(struct dora__facts *facts, struct dora__list **to, const struct dora__batch *batch,
                      const uint32_t *ids, uint32_t from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = from + i;
        to[i] = NULL;
        if (has_list(batch, row) && !(to[i] = dora__list_new(facts, batch->items + batch->items_from[row],
                                                             batch->items_count[row], ids && ids[row])))
            return false;
    }
    return true;
}

/* New rows that fit the chunk. False: out of memory, and none is in. */
static bool append_to_chunk(struct dora__facts *facts, struct dora__table *table, const struct dora__batch *batch,
                            const uint32_t *ids, uint32_t from, uint32_t count) {
    uint32_t at = table->rows & (DORA__CHUNK_ROWS - 1);
    struct dora__chunk *chunk = dora__chunk_to_append(facts, table);
    if (!chunk)
        return false;
    uint64_t fields = batch->fields & dora__kinds[batch->kind].fields & ~chunk->columns;
    fields = stated(facts, batch, fields, from, count);
    if (at == 0)
        share_columns(facts, chunk, batch, fields, from, count);
    fields |= list_stated(batch, from, count);
    if (!dora__columns_own(facts, chunk, ~batch->fields, at) ||
        !dora__columns_make(facts, chunk, fields | (ids ? DORA__BIT(DORA__ID) : 0), at))
        return false;
    for (uint64_t left = chunk->columns; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        char *column = chunk->column[field];
        if (field == DORA__ID && ids)
            memcpy(column + at * sizeof *ids, ids + from, count * sizeof *ids);
        else if (DORA__LISTS >> field & 1 && batch->items_from) {
            if (!put_lists(facts, (struct dora__list **)(void *)column + at, batch, ids, from, count))
                return false;
        } else if (!(batch->fields >> field & 1))
            put_absent(facts, chunk, field, at, count);
        else if (facts->numeric >> field & 1) {
            if (!put_numeric(facts, chunk, field, at, batch, from, count))
                return false;
        } else if (facts->handles >> field & 1) {
            if (!put_handles(facts, chunk, field, at, (const uint32_t *)batch->column[field] + from, count))
                return false;
        } else
            memcpy(column + at, (const uint8_t *)batch->column[field] + from, count);
    }
    for (uint64_t left = chunk->as_ofs; left; left &= left - 1)
        for (uint32_t i = at; i < at + count; i++)
            chunk->as_of[__builtin_ctzll(left)][i] = DORA_ABSENT;
    table->rows += count;
    facts->records += count;
    return true;
}

/* Rows *done .. end - 1, all new; *done follows what is in. */
static dora_status append_rows(struct dora__facts *facts, const struct dora__batch *batch, const uint32_t *ids,
                               uint32_t *done, uint32_t end) {
    struct dora__table *table = &facts->tables[batch->kind];
    while (*done < end) {
        uint32_t count = end - *done, room = DORA__CHUNK_ROWS - (table->rows & (DORA__CHUNK_ROWS - 1));
        if (room > DORA__ROWS_MOST - table->rows)
            room = DORA__ROWS_MOST - table->rows;
        if (room == 0)
            return DORA_ERROR_LIMIT;
        if (count > room)
            count = room;
        if (!append_to_chunk(facts, table, batch, ids, *done, count))
            return DORA_ERROR_MEMORY;
        *done += count;
    }
    return DORA_OK;
}

/* The record that a row states. */
static void read_row(const struct dora__facts *facts, const struct dora__batch *batch, uint32_t row, uint32_t id,
                     struct dora__record *record) {
    dora__record_begin(record, batch->kind);
    record->id = id;
    for (uint64_t left = batch->fields; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        if (!states(facts, batch, field, row))
            continue;
        record->fields |= DORA__BIT(field);
        if (facts->numeric >> field & 1)
            record->values[field] = instant_of(batch, field, row);
        else if (facts->handles >> field & 1)
            record->values[field] = ((const uint32_t *)batch->column[field])[row];
        else
            record->values[field] = ((const uint8_t *)batch->column[field])[row];
    }
    if (record->fields & DORA__BIT(DORA__AS_OF))
        record->as_of = record->values[DORA__AS_OF];
    record->deleted = record->fields & DORA__BIT(DORA__DELETED) && record->values[DORA__DELETED] == 2;
    record->fields &= dora__kinds[batch->kind].fields;
    if (has_list(batch, row)) {
        record->fields |= dora__kinds[batch->kind].fields & DORA__LISTS;
        record->items = batch->items + batch->items_from[row];
        record->items_count = batch->items_count[row];
    }
}

static dora_status put_row(struct dora__facts *facts, const struct dora__batch *batch, uint32_t id, uint32_t row) {
    struct dora__record record;
    read_row(facts, batch, row, id, &record);
    return dora__facts_put(facts, &record);
}

/* Whether a row states more than columns can say. */
static bool stands_alone(const struct dora__batch *batch, uint32_t row) {
    return (batch->fields >> DORA__AS_OF & 1 && instant_of(batch, DORA__AS_OF, row) != DORA_ABSENT) ||
           (batch->fields >> DORA__DELETED & 1 && ((const uint8_t *)batch->column[DORA__DELETED])[row]);
}

/* Handles of the ids, 0 where a row has none; *count follows those that are there. */
static dora_status intern_ids(struct dora__pool *pool, const struct dora__batch *batch, uint32_t *ids,
                              uint32_t *count) {
    dora_status status = DORA_OK;
    uint32_t own[DORA__BATCH_ROWS];
    const uint32_t *hashes = batch->id_hashes ? batch->id_hashes : own;
    for (uint32_t i = 0; hashes == own && i < batch->rows; i++) {
        own[i] = dora__pool_hash(pool, batch->ids[i].data, batch->ids[i].size);
        dora__pool_prefetch(pool, own[i]);
    }
    for (*count = 0; *count < batch->rows; ++*count) {
        if (*count % DORA__POOL_SOME == 0)
            dora__pool_fetch(pool, hashes + *count,
                             batch->rows - *count < DORA__POOL_SOME ? batch->rows - *count : DORA__POOL_SOME);
        dora_string id = batch->ids[*count];
        ids[*count] = 0;
        if (id.size && (status = dora__pool_intern_hashed(pool, id.data, id.size, hashes[*count], &ids[*count])))
            break;
    }
    return status;
}

/* Fetches the cells of a row that is there. */
__attribute__((always_inline)) static inline void prefetch_row(const struct dora__facts *facts,
                                                               const struct dora__table *table, uint32_t row) {
    const struct dora__chunk *chunk = dora__chunk_of(table, row);
    uint32_t at = row & (DORA__CHUNK_ROWS - 1);
    for (uint64_t left = chunk->columns; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        size_t width = dora__cell_width(facts, chunk, field);
        __builtin_prefetch((const char *)chunk->column[field] + at * width, 1);
    }
    for (uint64_t left = chunk->as_ofs; left; left &= left - 1)
        __builtin_prefetch(&chunk->as_of[__builtin_ctzll(left)][at], 1);
}

/* The table says of a new id at once where its row will be, so that an id that comes twice is seen; rows that could not
   be added are taken back. */
static dora_status put_each(struct dora__facts *facts, const struct dora__batch *batch, uint32_t *done) {
    enum { AHEAD = 16 };
    struct dora__table *table = &facts->tables[batch->kind];
    uint32_t ids[DORA__BATCH_ROWS] = {0}, count = batch->rows, row;
    dora_status all = DORA_OK, status = DORA_OK;
    if (batch->ids)
        all = intern_ids(dora__facts_pool(facts, dora__id_type(batch->kind)), batch, ids, &count);
    for (row = 0; row < count; row++)
        dora__row_of_prefetch(table, ids[row]);
    for (row = 0; row < count && status == DORA_OK; row++) {
        uint32_t id = ids[row], known = row + AHEAD < count ? dora__row_of(table, ids[row + AHEAD]) : UINT32_MAX;
        bool alone = stands_alone(batch, row);
        if (known < table->rows)
            prefetch_row(facts, table, known);
        if (id == 0 && !alone)
            continue;
        if (alone || dora__row_of(table, id) != UINT32_MAX) {
            status = append_rows(facts, batch, batch->ids ? ids : NULL, done, row);
            if (status == DORA_OK)
                status = put_row(facts, batch, id, row);
            *done += status == DORA_OK;
        } else if (row - *done >= DORA__ROWS_MOST - table->rows) {
            all = DORA_ERROR_LIMIT;
            count = row;
        } else if (!dora__row_of_reserve(facts, table, id)) {
            all = DORA_ERROR_MEMORY;
            count = row;
        } else {
            dora__row_of_set(table, id, table->rows + (row - *done) + 1);
        }
    }
    if (status == DORA_OK)
        status = append_rows(facts, batch, batch->ids ? ids : NULL, done, count);
    for (uint32_t i = *done; status != DORA_OK && i < row && i < count; i++)
        if (ids[i] && dora__row_of(table, ids[i]) != UINT32_MAX && dora__row_of(table, ids[i]) >= table->rows)
            dora__row_of_set(table, ids[i], 0);
    return status == DORA_OK ? all : status;
}

dora_status dora__facts_put_batch(struct dora__facts *facts, const struct dora__batch *batch, uint32_t *done) {
    bool plain = !batch->ids && !(batch->fields & (DORA__BIT(DORA__AS_OF) | DORA__BIT(DORA__DELETED)));
    *done = 0;
    return plain ? append_rows(facts, batch, NULL, done, batch->rows) : put_each(facts, batch, done);
}
