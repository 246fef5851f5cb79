/* SPDX-License-Identifier: MIT */
/*
 * See absorb.h. A fact with an id may have been merged from records of different as_of: it is taken apart into a record
 * for each as_of that its fields were stated at. Each of these says nothing that none of the original ones said: a
 * record stated at some time also states then whether the fact is deleted, and so did the one that stated its fields.
 */
#include "facts/absorb.h"

#include "facts/batch.h"
#include "facts/column.h"
#include "facts/list.h"
#include "facts/record.h"

#include <string.h>

enum { STRINGS_KEPT = 1 << 16, STRINGS_AT_ONCE = 64 };

void dora__shard_init(struct dora__shard *shard, struct dora__facts *into) {
    *shard = (struct dora__shard){.into = into};
    dora__facts_init(&shard->facts, into->memory);
}

static void free_translation(struct dora__memory *memory, struct dora__translation *translation) {
    dora__free(memory, translation->to, translation->capacity, sizeof *translation->to);
    *translation = (struct dora__translation){0};
}

void dora__shard_free(struct dora__shard *shard) {
    struct dora__memory *memory = shard->into->memory;
    dora__arena_join(&shard->into->columns, &shard->facts.columns);
    dora__facts_free(&shard->facts);
    free_translation(memory, &shard->strings);
    free_translation(memory, &shard->services);
    dora__free(memory, shard->items, shard->items_capacity, sizeof *shard->items);
}

/* Handles of strings that came since the last time. Misses of a large pool overlap. OK, MEMORY or LIMIT. */
static dora_status translate(struct dora__memory *memory, struct dora__translation *translation,
                             const struct dora__pool *from, struct dora__pool *into) {
    if (!dora__grow(memory, (void **)&translation->to, &translation->capacity, (size_t)from->count + 1,
                    sizeof *translation->to))
        return DORA_ERROR_MEMORY;
    translation->to[0] = 0;
    while (translation->count < from->count) {
        uint32_t hashes[STRINGS_AT_ONCE], first = translation->count + 1, count = from->count - translation->count;
        count = count < STRINGS_AT_ONCE ? count : STRINGS_AT_ONCE;
        for (uint32_t i = 0; i < count; i++) {
            dora_string string = dora__pool_get(from, first + i);
            hashes[i] = dora__pool_hash(into, string.data, string.size);
            dora__pool_prefetch(into, hashes[i]);
        }
        for (uint32_t i = 0; i < count; i++) {
            dora_string string = dora__pool_get(from, first + i);
            dora_status status =
                dora__pool_intern_hashed(into, string.data, string.size, hashes[i], &translation->to[first + i]);
            if (status != DORA_OK)
                return status;
            translation->count++;
        }
    }
    return DORA_OK;
}

static const uint32_t *handles_of(const struct dora__shard *shard, enum dora__type type) {
    return type == DORA__SERVICE ? shard->services.to : shard->strings.to;
}

static int64_t as_of_at(const struct dora__chunk *chunk, int field, uint32_t at) {
    return chunk->as_of[field] ? chunk->as_of[field][at] : DORA_ABSENT;
}

/* A value in column form, a handle translated. */
static int64_t value_at(const struct dora__shard *shard, const struct dora__chunk *chunk, int field, uint32_t at) {
    int64_t value = dora__cell(&shard->facts, chunk, field, at);
    if (!(shard->facts.handles >> field & 1))
        return value;
    return handles_of(shard, (enum dora__type)dora__fields[field].type)[value];
}

static bool put_items(struct dora__shard *shard, struct dora__record *record, const struct dora__list *list) {
    if (!dora__grow(shard->into->memory, (void **)&shard->items, &shard->items_capacity, list->count,
                    sizeof *shard->items))
        return false;
    for (uint32_t i = 0; i < list->count; i++)
        shard->items[i] = shard->strings.to[list->items[i]];
    record->items = shard->items;
    record->items_count = list->count;
    return true;
}

/* What a row states but for its id. */
static uint64_t stated_fields(const struct dora__facts *facts, const struct dora__chunk *chunk, uint32_t at) {
    uint64_t lists = DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__PARENTS), stated = 0;
    for (uint64_t left = chunk->columns & ~(lists | DORA__BIT(DORA__ID)); left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        if (dora__cell(facts, chunk, field, at) != dora__absent_of(facts, field))
            stated |= DORA__BIT(field);
    }
    int list_at = dora__list_field(chunk->columns);
    if (list_at >= 0 && dora__list_at(chunk, (enum dora__field)list_at, at))
        stated |= DORA__BIT(list_at);
    return stated;
}

/* Moves the fields that were stated when the first of *left was, from *left to the record. False: out of memory. */
static bool take_fields(struct dora__shard *shard, const struct dora__chunk *chunk, uint32_t at, uint64_t *left,
                        struct dora__record *record) {
    uint64_t lists = DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__PARENTS), timed = *left & ~lists;
    int64_t first = timed ? as_of_at(chunk, __builtin_ctzll(timed), at) : DORA_ABSENT;
    record->as_of = first == INT64_MAX ? DORA_ABSENT : first; /* of a tombstone without as_of */
    for (uint64_t fields = timed; fields; fields &= fields - 1) {
        int field = __builtin_ctzll(fields);
        if (as_of_at(chunk, field, at) != first)
            continue;
        int64_t value = value_at(shard, chunk, field, at);
        *left &= ~DORA__BIT(field);
        if (field == DORA__DELETED)
            record->deleted = value == 2;
        else
            dora__record_value(record, field, value);
    }
    int list_at = dora__list_field(*left); /* a list goes with whichever record is the first */
    if (list_at < 0)
        return true;
    *left &= ~DORA__BIT(list_at);
    record->fields |= DORA__BIT(list_at);
    return put_items(shard, record, dora__list_at(chunk, (enum dora__field)list_at, at));
}

static dora_status absorb_row(struct dora__shard *shard, dora_kind kind, const struct dora__chunk *chunk, uint32_t at) {
    uint64_t left = stated_fields(&shard->facts, chunk, at);
    uint32_t id = handles_of(shard, dora__id_type(kind))[dora__handle_at(chunk, DORA__ID, at)];
    dora_status status;
    do {
        struct dora__record record;
        dora__record_begin(&record, kind);
        record.id = id;
        if (!take_fields(shard, chunk, at, &left, &record))
            return DORA_ERROR_MEMORY;
        status = dora__facts_put(shard->into, &record);
    } while (left && status == DORA_OK);
    return status;
}

static dora_status absorb_rows(struct dora__shard *shard, dora_kind kind) {
    const struct dora__table *table = &shard->facts.tables[kind];
    dora_status status = DORA_OK;
    for (uint32_t row = 0; row < table->rows && status == DORA_OK; row++)
        status = absorb_row(shard, kind, dora__chunk_of(table, row), row & (DORA__CHUNK_ROWS - 1));
    return status;
}

/* Whether no fact of the table has an id, a list, an as_of or a tombstone. */
static bool is_plain(const struct dora__table *table) {
    const uint64_t special =
        DORA__BIT(DORA__ID) | DORA__BIT(DORA__DELETED) | DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__PARENTS);
    for (uint32_t row = 0; row < table->rows; row += DORA__CHUNK_ROWS)
        if (dora__chunk_of(table, row)->columns & special)
            return false;
    return true;
}

/* Room for the columns of a batch; all cells are as wide as the widest. */
struct copy {
    struct dora__batch batch;
    int64_t cells[DORA__FIELDS][DORA__BATCH_ROWS];
};

static void copy_column(const struct dora__shard *shard, const struct dora__chunk *chunk, int field, uint32_t at,
                        uint32_t count, struct copy *copy) {
    void *to = copy->cells[field];
    copy->batch.column[field] = to;
    if (shard->facts.numeric >> field & 1) {
        for (uint32_t i = 0; i < count; i++)
            ((int64_t *)to)[i] = dora__instant_at(chunk, (enum dora__field)field, at + i);
    } else if (shard->facts.handles >> field & 1) {
        const uint32_t *handles = handles_of(shard, (enum dora__type)dora__fields[field].type);
        const uint32_t *from = (const uint32_t *)chunk->column[field] + at;
        for (uint32_t i = 0; i < count; i++)
            ((uint32_t *)to)[i] = handles[from[i]];
    } else {
        memcpy(to, (const uint8_t *)chunk->column[field] + at, count);
    }
}

/* Plain rows, batch by batch. */
static dora_status copy_rows(struct dora__shard *shard, dora_kind kind, uint32_t row, uint32_t end) {
    const struct dora__table *table = &shard->facts.tables[kind];
    struct copy copy;
    copy.batch = (struct dora__batch){.kind = kind};
    dora_status status = DORA_OK;
    while (row < end && status == DORA_OK) {
        const struct dora__chunk *chunk = dora__chunk_of(table, row);
        uint32_t at = row & (DORA__CHUNK_ROWS - 1), count = end - row, done;
        count = count < DORA__BATCH_ROWS ? count : DORA__BATCH_ROWS;
        count = count < DORA__CHUNK_ROWS - at ? count : DORA__CHUNK_ROWS - at;
        copy.batch.rows = count;
        copy.batch.fields = chunk->columns;
        for (uint64_t left = chunk->columns; left; left &= left - 1)
            copy_column(shard, chunk, __builtin_ctzll(left), at, count, &copy);
        status = dora__facts_put_batch(shard->into, &copy.batch, &done);
        row += count;
    }
    return status;
}

/* Full chunks change hands where the table that takes them has no row beyond its last full one. */
static bool take_chunks(struct dora__shard *shard, dora_kind kind, size_t count) {
    struct dora__table *from = &shard->facts.tables[kind], *into = &shard->into->tables[kind];
    size_t at = into->rows >> DORA__CHUNK_BITS;
    if (!dora__grow(shard->into->memory, (void **)&into->chunks, &into->chunks_capacity, into->chunks_count + count,
                    sizeof *into->chunks))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct dora__chunk *chunk = from->chunks[i];
        for (uint64_t left = chunk->columns & shard->facts.handles; left; left &= left - 1) {
            int field = __builtin_ctzll(left);
            const uint32_t *handles = handles_of(shard, (enum dora__type)dora__fields[field].type);
            uint32_t *cells = chunk->column[field];
            for (uint32_t k = 0; k < DORA__CHUNK_ROWS; k++)
                cells[k] = handles[cells[k]];
        }
    }
    /* Chunks that wait for rows stay behind the last. */
    memmove(into->chunks + at + count, into->chunks + at, (into->chunks_count - at) * sizeof *into->chunks);
    memcpy(into->chunks + at, from->chunks, count * sizeof *into->chunks);
    into->chunks_count += count;
    into->rows += (uint32_t)count * DORA__CHUNK_ROWS;
    shard->into->records += count * DORA__CHUNK_ROWS;
    from->chunks_count -= count;
    from->rows -= (uint32_t)count * DORA__CHUNK_ROWS;
    memmove(from->chunks, from->chunks + count, from->chunks_count * sizeof *from->chunks);
    return true;
}

static dora_status absorb_plain(struct dora__shard *shard, dora_kind kind) {
    struct dora__table *from = &shard->facts.tables[kind];
    const struct dora__table *into = &shard->into->tables[kind];
    if (from->rows > DORA__ROWS_MOST - into->rows)
        return DORA_ERROR_LIMIT;
    uint32_t gap = -into->rows & (DORA__CHUNK_ROWS - 1);
    if (from->rows >= gap + DORA__CHUNK_ROWS) {
        dora_status status = copy_rows(shard, kind, from->rows - gap, from->rows);
        if (status != DORA_OK)
            return status;
        from->rows -= gap;
        if (!take_chunks(shard, kind, from->rows >> DORA__CHUNK_BITS))
            return DORA_ERROR_MEMORY;
    }
    return copy_rows(shard, kind, 0, from->rows);
}

static bool absorb_unknown(struct dora__unknown *into, const struct dora__unknown *from) {
    for (size_t i = 0; i < from->count; i++)
        if (!dora__unknown_add_times(into, from->names[i].data, from->names[i].size, from->names[i].count))
            return false;
    uint64_t named = 0;
    for (size_t i = 0; i < from->count; i++)
        named += from->names[i].count;
    into->total += from->total - named; /* of names that were too great to be kept */
    return true;
}

static dora_status absorb(struct dora__shard *shard) {
    struct dora__facts *from = &shard->facts, *into = shard->into;
    dora_status status = translate(into->memory, &shard->strings, &from->strings, &into->strings);
    if (status == DORA_OK)
        status = translate(into->memory, &shard->services, &from->services, &into->services);
    if (status == DORA_OK && !absorb_unknown(&into->unknown, &from->unknown))
        status = DORA_ERROR_MEMORY;
    uint64_t records = into->records + from->records, rejected = into->rejected + from->rejected, rows = 0;
    for (int kind = 0; kind < DORA_KIND_COUNT && status == DORA_OK; kind++)
        status =
            is_plain(&from->tables[kind]) ? absorb_plain(shard, (dora_kind)kind) : absorb_rows(shard, (dora_kind)kind);
    if (status != DORA_OK)
        return status;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        rows += into->tables[kind].rows;
    into->records = records;
    into->rejected = rejected;
    into->merged = records - rejected - rows; /* among the shard's own facts, too */
    return DORA_OK;
}

dora_status dora__shard_absorb(struct dora__shard *shard) {
    dora_status status = absorb(shard);
    dora__shard_clear(shard);
    return status;
}

static void clear_table(struct dora__table *table) {
    if (table->rows == 0)
        return;
    table->rows = 0;
    for (size_t i = 0; i < table->row_of_count; i++)
        if (table->row_of[i])
            memset(table->row_of[i], 0, sizeof(uint32_t) << DORA__ROW_OF_BITS);
}

static void clear_strings(struct dora__pool *pool, struct dora__translation *translation) {
    struct dora__memory *memory = pool->bytes.memory;
    uint64_t key = pool->key;
    dora__pool_free(pool);
    dora__pool_init(pool, memory, key);
    free_translation(memory, translation);
}

void dora__shard_clear(struct dora__shard *shard) {
    struct dora__facts *facts = &shard->facts;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        clear_table(&facts->tables[kind]);
    dora__arena_clear(&facts->lists);
    dora__unknown_free(&facts->unknown);
    dora__unknown_init(&facts->unknown, facts->memory);
    facts->records = facts->merged = facts->rejected = 0;
    if (facts->strings.count <= STRINGS_KEPT && facts->services.count <= STRINGS_KEPT)
        return;
    clear_strings(&facts->strings, &shard->strings);
    clear_strings(&facts->services, &shard->services);
    shard->renewals++;
}
