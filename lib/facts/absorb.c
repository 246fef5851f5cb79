/* SPDX-License-Identifier: MIT */
/*
 * See absorb.h. A fact with an id may have been merged from records of different as_of: it is taken apart into a record
 * for each as_of that its fields were stated at. Each of these says nothing that none of the original ones said: a
 * record stated at some time also states then whether the fact is deleted, and so did the one that stated its fields.
 * Of plain rows only the room is made by one thread; each shard's rows are then copied side by side, in their order.
 */
#include "facts/absorb.h"

#include "facts/column.h"
#include "facts/list.h"
#include "facts/record.h"
#include "facts/too_late.h"

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

void dora__record_of_row(const struct dora__facts *facts, dora_kind kind, uint32_t row, struct dora__record *record) {
    const struct dora__chunk *chunk = dora__chunk_of(&facts->tables[kind], row);
    uint32_t at = row & (DORA__CHUNK_ROWS - 1);
    dora__record_begin(record, kind);
    record->id = dora__handle_at(chunk, DORA__ID, at);
    record->fields = stated_fields(facts, chunk, at);
    for (uint64_t left = record->fields & ~DORA__LISTS; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        record->values[field] = dora__cell(facts, chunk, field, at);
        int64_t as_of = as_of_at(chunk, field, at);
        record->as_of = as_of > record->as_of && as_of != INT64_MAX ? as_of : record->as_of;
    }
    record->deleted = dora__byte_at(chunk, DORA__DELETED, at) == 2;
    record->fields &= ~DORA__BIT(DORA__DELETED);
    int list_at = dora__list_field(record->fields);
    const struct dora__list *list = list_at < 0 ? NULL : dora__list_at(chunk, (enum dora__field)list_at, at);
    if (list) {
        record->items = list->items;
        record->items_count = list->count;
    }
}

static dora_status absorb_row(struct dora__shard *shard, dora_kind kind, uint32_t row) {
    const struct dora__chunk *chunk = dora__chunk_of(&shard->facts.tables[kind], row);
    uint32_t at = row & (DORA__CHUNK_ROWS - 1);
    uint64_t left = stated_fields(&shard->facts, chunk, at);
    uint32_t id = handles_of(shard, dora__id_type(kind))[dora__handle_at(chunk, DORA__ID, at)];
    dora_status status;
    if (shard->into->frozen) {
        struct dora__record whole;
        dora__record_of_row(&shard->facts, kind, row, &whole);
        if (dora__too_late(shard->into, &shard->facts, &whole)) { /* by what several records state together */
            shard->facts.rejected++;
            shard->facts.too_late++;
            return DORA_OK;
        }
    }
    do {
        struct dora__record record;
        dora__record_begin(&record, kind);
        record.id = id;
        if (!take_fields(shard, chunk, at, &left, &record))
            return DORA_ERROR_MEMORY;
        status = dora__facts_put_known(shard->into, &record);
    } while (left && status == DORA_OK);
    return status;
}

static dora_status absorb_rows(struct dora__shard *shard, dora_kind kind) {
    const struct dora__table *table = &shard->facts.tables[kind];
    dora_status status = DORA_OK;
    shard->singly += table->rows;
    for (uint32_t row = 0; row < table->rows && status == DORA_OK; row++)
        status = absorb_row(shard, kind, row);
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

/* Columns that exist in some chunk of the shard; *wide: those that are wide in one. */
static uint64_t columns_of(const struct dora__table *table, uint64_t *wide) {
    uint64_t columns = 0;
    *wide = 0;
    for (uint32_t row = 0; row < table->rows; row += DORA__CHUNK_ROWS) {
        columns |= dora__chunk_of(table, row)->columns;
        *wide |= dora__chunk_of(table, row)->wide;
    }
    return columns;
}

/* Makes room for the plain rows of a kind, in chunks and columns as the shard has them, and says where they go. */
static dora_status reserve_plain(struct dora__shard *shard, int kind) {
    const struct dora__table *from = &shard->facts.tables[kind];
    struct dora__facts *facts = shard->into;
    struct dora__table *into = &facts->tables[kind];
    uint64_t wide, columns = columns_of(from, &wide), end = (uint64_t)into->rows + from->rows;
    if (end > DORA__ROWS_MOST)
        return DORA_ERROR_LIMIT;
    shard->row[kind] = into->rows;
    while (into->rows < end) {
        uint32_t at = into->rows & (DORA__CHUNK_ROWS - 1);
        struct dora__chunk *chunk = dora__chunk_to_append(facts, into);
        if (!chunk || !dora__columns_own(facts, chunk, chunk->shared, at) ||
            !dora__columns_make(facts, chunk, columns, at))
            return DORA_ERROR_MEMORY;
        for (uint64_t left = wide & ~chunk->wide; left; left &= left - 1)
            if (!dora__column_widen(facts, chunk, __builtin_ctzll(left), at))
                return DORA_ERROR_MEMORY;
        uint64_t next = (uint64_t)into->rows - at + DORA__CHUNK_ROWS;
        into->rows = (uint32_t)(next < end ? next : end);
    }
    return DORA_OK;
}

static void copy_wide(const struct dora__chunk *from, uint32_t place, int64_t *to, int field, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        to[i] = dora__instant_at(from, (enum dora__field)field, place + i);
}

static void copy_handles(const struct dora__shard *shard, const uint32_t *from, uint32_t *to, int field,
                         uint32_t count) {
    const uint32_t *handles = handles_of(shard, (enum dora__type)dora__fields[field].type);
    for (uint32_t i = 0; i < count; i++)
        to[i] = handles[from[i]];
}

/* Cells of a column that has room for them, as the shard has them or absent. */
static void copy_cells(const struct dora__shard *shard, const struct dora__chunk *from, uint32_t place,
                       struct dora__chunk *to, int field, uint32_t at, uint32_t count) {
    const char *cells = from->column[field];
    char *out = to->column[field];
    bool numeric = shard->facts.numeric >> field & 1, handles = shard->facts.handles >> field & 1;
    if (to->wide >> field & 1) {
        copy_wide(from, place, (int64_t *)(void *)out + at, field, count);
        return;
    }
    bool list = dora__fields[field].type == DORA__LIST;
    size_t width = numeric || handles ? sizeof(uint32_t) : list ? sizeof(void *) : 1;
    out += at * width;
    if (!cells)
        memset(out, numeric ? 0xFF : 0, count * width);
    else if (handles)
        copy_handles(shard, (const uint32_t *)(const void *)cells + place, (uint32_t *)(void *)out, field, count);
    else
        memcpy(out, cells + place * width, count * width);
}

/* Plain rows into the room that was made for them. */
static void copy_plain(struct dora__shard *shard, int kind) {
    const struct dora__table *from = &shard->facts.tables[kind];
    struct dora__table *into = &shard->into->tables[kind];
    for (uint32_t row = 0, count; row < from->rows; row += count) {
        uint32_t to_row = shard->row[kind] + row;
        uint32_t place = row & (DORA__CHUNK_ROWS - 1), at = to_row & (DORA__CHUNK_ROWS - 1);
        struct dora__chunk *to = into->chunks[to_row >> DORA__CHUNK_BITS];
        count = DORA__CHUNK_ROWS - (place > at ? place : at);
        count = count < from->rows - row ? count : from->rows - row;
        for (uint64_t left = to->columns; left; left &= left - 1)
            copy_cells(shard, dora__chunk_of(from, row), place, to, __builtin_ctzll(left), at, count);
        for (uint64_t left = to->as_ofs; left; left &= left - 1)
            for (uint32_t i = at; i < at + count; i++)
                to->as_of[__builtin_ctzll(left)][i] = DORA_ABSENT;
    }
}

struct absorbing {
    struct dora__shard *const *shards;
};

/* A dora__task_fn over shards. */
static void copy_shard(void *context, size_t number, uint32_t thread) {
    struct dora__shard *shard = ((const struct absorbing *)context)->shards[number];
    (void)thread;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        if (shard->row[kind] != UINT32_MAX)
            copy_plain(shard, kind);
}

/* Strings, then room for plain rows. */
static dora_status prepare(struct dora__shard *shard) {
    struct dora__facts *from = &shard->facts, *into = shard->into;
    dora_status status = translate(into->memory, &shard->strings, &from->strings, &into->strings);
    if (status == DORA_OK)
        status = translate(into->memory, &shard->services, &from->services, &into->services);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++) {
        shard->row[kind] = UINT32_MAX;
        if (status == DORA_OK && from->tables[kind].rows && !into->frozen && is_plain(&from->tables[kind]))
            status = reserve_plain(shard, kind);
    }
    return status;
}

static bool absorb_unknown(struct dora__unknown *into, const struct dora__unknown *from) {
    uint64_t named = 0;
    for (size_t i = 0; i < from->count; i++) {
        if (!dora__unknown_add_times(into, from->names[i].data, from->names[i].size, from->names[i].count))
            return false;
        named += from->names[i].count;
    }
    into->total += from->total - named; /* of names that were too great to be kept */
    return true;
}

/* What is not plain, and unknown names. */
static dora_status absorb_rest(struct dora__shard *shard) {
    dora_status status = DORA_OK;
    for (int kind = 0; kind < DORA_KIND_COUNT && status == DORA_OK; kind++)
        if (shard->row[kind] == UINT32_MAX)
            status = absorb_rows(shard, (dora_kind)kind);
    if (status == DORA_OK && !absorb_unknown(&shard->into->unknown, &shard->facts.unknown))
        status = DORA_ERROR_MEMORY;
    return status;
}

/* Tables say that they have the plain rows before these are there, and take it back where room for all is not had. */
static dora_status absorb(struct dora__shard *const *shards, size_t count, struct dora__threads *threads) {
    struct dora__facts *into = shards[0]->into;
    uint32_t rows[DORA_KIND_COUNT];
    uint64_t before = dora__facts_count(into), records = into->records, loaded = into->loaded,
             rejected = into->rejected;
    uint64_t items = into->items, silent = into->silent, too_late = into->too_late;
    dora_status status = DORA_OK;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        rows[kind] = into->tables[kind].rows;
    for (size_t i = 0; i < count && status == DORA_OK; i++)
        status = prepare(shards[i]);
    if (status != DORA_OK) {
        for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
            into->tables[kind].rows = rows[kind];
        return status;
    }
    dora__threads_run(threads, copy_shard, &(struct absorbing){shards}, count);
    into->records += dora__facts_count(into) - before;
    for (size_t i = 0; i < count && status == DORA_OK; i++) {
        status = absorb_rest(shards[i]);
        records += shards[i]->facts.records;
        loaded += shards[i]->facts.loaded;
        rejected += shards[i]->facts.rejected;
        items += shards[i]->facts.items;
        silent += shards[i]->facts.silent;
        too_late += shards[i]->facts.too_late;
    }
    if (status != DORA_OK)
        return status;
    into->records = records;
    into->loaded = loaded;
    into->rejected = rejected;
    into->items = items;
    into->silent = silent;
    into->too_late = too_late;
    into->merged = records + loaded - rejected - dora__facts_count(into); /* among the shards' own facts, too */
    return DORA_OK;
}

dora_status dora__shards_absorb(struct dora__shard *const *shards, size_t count, struct dora__threads *threads) {
    dora_status status = count ? absorb(shards, count, threads) : DORA_OK;
    for (size_t i = 0; i < count; i++)
        dora__shard_clear(shards[i]);
    return status;
}

dora_status dora__facts_merge(struct dora__facts *into, const struct dora__facts *from, struct dora__threads *threads) {
    struct dora__shard shard = {.facts = *from, .into = into}, *shards[] = {&shard};
    shard.facts.records = shard.facts.merged = shard.facts.rejected = shard.facts.items = shard.facts.silent = 0;
    shard.facts.too_late = 0;
    shard.facts.loaded = dora__facts_count(from);
    dora__unknown_init(&shard.facts.unknown, into->memory);
    dora_status status = DORA_ERROR_MEMORY;
    if (dora__inputs_reserve(&into->inputs, into->memory, from->inputs.count))
        status = absorb(shards, 1, threads);
    for (size_t i = 0; i < from->inputs.count && status == DORA_OK; i++)
        dora__inputs_add(&into->inputs, into->memory, &from->inputs.items[i]); /* there is room */
    free_translation(into->memory, &shard.strings);
    free_translation(into->memory, &shard.services);
    dora__free(into->memory, shard.items, shard.items_capacity, sizeof *shard.items);
    return status;
}

/* Marks the strings of a row, in the place of their handles in the other pool. */
static void mark_strings(const struct dora__facts *facts, dora_kind kind, const struct dora__chunk *chunk, uint32_t row,
                         uint32_t *marks) {
    uint64_t handles = chunk->columns & (facts->handles | DORA__BIT(DORA__ID)) & ~DORA__BIT(DORA__SERVICE_NAME);
    if (dora__id_type(kind) == DORA__SERVICE)
        handles &= ~DORA__BIT(DORA__ID);
    for (; handles; handles &= handles - 1)
        marks[dora__handle_at(chunk, (enum dora__field)__builtin_ctzll(handles), row)] = 1;
    int list_at = dora__list_field(chunk->columns);
    const struct dora__list *list = list_at < 0 ? NULL : dora__list_at(chunk, (enum dora__field)list_at, row);
    for (uint32_t i = 0; list && i < list->count; i++)
        marks[list->items[i]] = 1;
}

/* Handles of the strings of the rows that are kept. */
static dora_status translate_kept(struct dora__shard *shard, uint8_t *const keep[DORA_KIND_COUNT]) {
    const struct dora__facts *from = &shard->facts;
    struct dora__translation *strings = &shard->strings;
    size_t count = (size_t)from->strings.count + 1;
    if (!dora__grow(shard->into->memory, (void **)&strings->to, &strings->capacity, count, sizeof *strings->to))
        return DORA_ERROR_MEMORY;
    memset(strings->to, 0, count * sizeof *strings->to);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (uint32_t row = 0; row < from->tables[kind].rows; row++)
            if (keep[kind][row])
                mark_strings(from, (dora_kind)kind, dora__chunk_of(&from->tables[kind], row), row, strings->to);
    strings->to[0] = 0;
    dora_status status = DORA_OK;
    for (uint32_t handle = 1; handle < count && status == DORA_OK; handle++)
        if (strings->to[handle]) {
            dora_string string = dora__pool_get(&from->strings, handle);
            status = dora__pool_intern(&shard->into->strings, string.data, string.size, &strings->to[handle]);
        }
    strings->count = from->strings.count;
    return status == DORA_OK ? translate(shard->into->memory, &shard->services, &from->services, &shard->into->services)
                             : status;
}

dora_status dora__facts_keep(struct dora__facts *into, const struct dora__facts *from,
                             uint8_t *const keep[DORA_KIND_COUNT]) {
    struct dora__shard shard = {.facts = *from, .into = into};
    dora_status status = translate_kept(&shard, keep);
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        for (uint32_t row = 0; row < from->tables[kind].rows && status == DORA_OK; row++)
            if (keep[kind][row])
                status = absorb_row(&shard, (dora_kind)kind, row);
    if (status == DORA_OK && (!dora__inputs_reserve(&into->inputs, into->memory, from->inputs.count) ||
                              !absorb_unknown(&into->unknown, &from->unknown)))
        status = DORA_ERROR_MEMORY;
    for (size_t i = 0; i < from->inputs.count && status == DORA_OK; i++)
        dora__inputs_add(&into->inputs, into->memory, &from->inputs.items[i]); /* there is room */
    into->records = from->records;
    into->loaded = from->loaded;
    into->merged = from->merged;
    into->rejected = from->rejected;
    into->items = from->items;
    into->silent = from->silent;
    into->too_late = from->too_late;
    free_translation(into->memory, &shard.strings);
    free_translation(into->memory, &shard.services);
    dora__free(into->memory, shard.items, shard.items_capacity, sizeof *shard.items);
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
    facts->records = facts->loaded = facts->merged = facts->rejected = facts->items = facts->silent = 0;
    facts->too_late = 0;
    if (facts->strings.count <= STRINGS_KEPT && facts->services.count <= STRINGS_KEPT)
        return;
    clear_strings(&facts->strings, &shard->strings);
    clear_strings(&facts->services, &shard->services);
    shard->renewals++;
}
