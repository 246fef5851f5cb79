/* SPDX-License-Identifier: MIT */
/*
 * See facts.h. A new row's cells may be written before all room for it is there: they mean nothing until the table
 * counts the row. A row that is there is changed only once nothing can fail any more.
 */
#include "facts/facts.h"

#include "facts/column.h"
#include "facts/list.h"
#include "facts/too_late.h"

void dora__facts_init(struct dora__facts *facts, struct dora__memory *memory) {
    *facts = (struct dora__facts){.memory = memory};
    for (int field = 0; field < DORA__FIELDS; field++) {
        enum dora__type type = (enum dora__type)dora__fields[field].type;
        facts->numeric |= (uint64_t)(type == DORA__INSTANT || type == DORA__NUMBER) << field;
        facts->handles |= (uint64_t)(type == DORA__STRING || type == DORA__SERVICE) << field;
        facts->bytes |= (uint64_t)(type == DORA__BOOL || type == DORA__STATUS) << field;
    }
    uint64_t key = dora__hash_key();
    dora__pool_init(&facts->strings, memory, key);
    dora__pool_init(&facts->services, memory, key);
    dora__arena_init(&facts->columns, memory);
    dora__arena_init(&facts->lists, memory);
    dora__unknown_init(&facts->unknown, memory);
}

static void free_table(struct dora__memory *memory, struct dora__table *table) {
    for (size_t i = 0; i < table->chunks_count; i++)
        dora__free(memory, table->chunks[i], 1, sizeof **table->chunks);
    dora__free(memory, table->chunks, table->chunks_capacity, sizeof *table->chunks);
    dora__free(memory, table->row_of, table->row_of_capacity, sizeof *table->row_of);
}

void dora__facts_free(struct dora__facts *facts) {
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        free_table(facts->memory, &facts->tables[kind]);
    dora__unknown_free(&facts->unknown);
    dora__inputs_free(&facts->inputs, facts->memory);
    dora__frozen_free(facts->frozen);
    dora__arena_clear(&facts->columns);
    dora__arena_clear(&facts->lists);
    dora__pool_free(&facts->services);
    dora__pool_free(&facts->strings);
}

static uint8_t deleted_value(const struct dora__record *record) {
    return record->deleted ? 2 : 1;
}

/* When a record states a field: a tombstone without as_of is final. */
static int64_t stated_at(const struct dora__record *record, int field) {
    if (field == DORA__DELETED && record->deleted && record->as_of == DORA_ABSENT)
        return INT64_MAX;
    return record->as_of;
}

/* The fields a record writes. `deleted` is false by default; stating that matters only where it has an as_of. */
static uint64_t fields_written(const struct dora__record *record) {
    uint64_t fields = record->fields;
    if (record->id)
        fields |= DORA__BIT(DORA__ID);
    if (record->deleted || (record->id && record->as_of != DORA_ABSENT))
        fields |= DORA__BIT(DORA__DELETED);
    return fields;
}

/* The fields of which it matters when the record states them. */
static uint64_t fields_timed(const struct dora__record *record, uint64_t fields) {
    if (!record->id || (record->as_of == DORA_ABSENT && !record->deleted))
        return 0;
    fields &= ~(DORA__BIT(DORA__ID) | DORA__LISTS);
    return record->as_of == DORA_ABSENT ? fields & DORA__BIT(DORA__DELETED) : fields;
}

/* Those of some shared columns that do not hold what the record states. */
static uint64_t other_handles(const struct dora__chunk *chunk, const struct dora__record *record, uint64_t among) {
    uint64_t others = 0;
    for (uint64_t left = chunk->shared & among; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        int64_t handle = record->fields >> field & 1 ? record->values[field] : 0;
        others |= (uint64_t)(handle != *(const uint32_t *)chunk->column[field]) << field;
    }
    return others;
}

/* Columns for `fields`, and columns of its own of those in `among` that the record would change; `rows` cells are set.
   False: out of memory. */
static bool reserve_columns(struct dora__facts *facts, struct dora__chunk *chunk, const struct dora__record *record,
                            uint64_t fields, uint64_t among, uint32_t rows) {
    uint64_t timed = fields_timed(record, fields);
    return dora__columns_own(facts, chunk, other_handles(chunk, record, among), rows) &&
           (!(fields & ~chunk->columns) || dora__columns_make(facts, chunk, fields, rows)) &&
           (!(timed & ~chunk->as_ofs) || dora__as_ofs_make(facts, chunk, timed, rows));
}

/* A new row in every column of the chunk, type by type: a switch for each would be the costliest part of adding. False:
   out of memory for a column that has to be widened. */
static bool write_row(struct dora__facts *facts, struct dora__chunk *chunk, const struct dora__record *record,
                      uint64_t fields, uint32_t at) {
    for (uint64_t left = chunk->columns & facts->numeric; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        int64_t value = fields >> field & 1 ? record->values[field] : DORA_ABSENT;
        uint64_t seconds = dora__narrow(value);
        if (!(chunk->wide >> field & 1) && seconds > UINT32_MAX && !dora__column_widen(facts, chunk, field, at))
            return false;
        if (chunk->wide >> field & 1)
            ((int64_t *)chunk->column[field])[at] = value;
        else
            ((uint32_t *)chunk->column[field])[at] = (uint32_t)seconds;
    }
    for (uint64_t left = chunk->columns & facts->handles & ~chunk->shared & ~DORA__BIT(DORA__ID); left;
         left &= left - 1) {
        int field = __builtin_ctzll(left);
        ((uint32_t *)chunk->column[field])[at] = fields >> field & 1 ? (uint32_t)record->values[field] : 0;
    }
    for (uint64_t left = chunk->columns & facts->bytes & ~DORA__BIT(DORA__DELETED); left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        ((uint8_t *)chunk->column[field])[at] = fields >> field & 1 ? (uint8_t)record->values[field] : 0;
    }
    for (uint64_t left = chunk->columns & DORA__LISTS; left; left &= left - 1)
        ((struct dora__list **)chunk->column[__builtin_ctzll(left)])[at] = NULL;
    for (uint64_t left = chunk->as_ofs; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        chunk->as_of[field][at] = record->id && fields >> field & 1 ? stated_at(record, field) : DORA_ABSENT;
    }
    if (chunk->columns & DORA__BIT(DORA__ID))
        ((uint32_t *)chunk->column[DORA__ID])[at] = record->id;
    if (chunk->columns & DORA__BIT(DORA__DELETED))
        ((uint8_t *)chunk->column[DORA__DELETED])[at] = fields & DORA__BIT(DORA__DELETED) ? deleted_value(record) : 0;
    return true;
}

static dora_status append(struct dora__facts *facts, struct dora__table *table, const struct dora__record *record) {
    if (table->rows == DORA__ROWS_MOST)
        return DORA_ERROR_LIMIT;
    uint64_t fields = fields_written(record);
    uint32_t at = table->rows & (DORA__CHUNK_ROWS - 1);
    size_t last = table->rows >> DORA__CHUNK_BITS;
    struct dora__chunk *chunk = last < table->chunks_count ? table->chunks[last] : dora__chunk_to_append(facts, table);
    if (!chunk || !reserve_columns(facts, chunk, record, fields, chunk->columns, at) ||
        !write_row(facts, chunk, record, fields, at))
        return DORA_ERROR_MEMORY;
    int list_at = dora__list_field(fields);
    if (list_at >= 0) {
        struct dora__list *list = dora__list_new(facts, record->items, record->items_count, record->id != 0);
        if (!list)
            return DORA_ERROR_MEMORY;
        ((struct dora__list **)chunk->column[list_at])[at] = list;
    }
    if (record->id) {
        if (!dora__row_of_reserve(facts, table, record->id))
            return DORA_ERROR_MEMORY;
        dora__row_of_set(table, record->id, table->rows + 1);
    }
    table->rows++;
    return DORA_OK;
}

/* Whether a value stated at new_as_of takes the place of one stated at old_as_of. */
static bool wins(const struct dora__facts *facts, int field, int64_t old_as_of, int64_t old, int64_t new_as_of,
                 int64_t new) {
    if (new_as_of != old_as_of)
        return new_as_of > old_as_of;
    if (facts->handles >> field & 1) {
        bool service = dora__fields[field].type == DORA__SERVICE;
        return dora__pool_compare(service ? &facts->services : &facts->strings, (uint32_t) new, (uint32_t)old) > 0;
    }
    return dora__fields[field].beginning ? new < old : new > old;
}

/* Widens columns for values that have no narrow form. False: out of memory. */
static bool widen_columns(struct dora__facts *facts, struct dora__chunk *chunk, const struct dora__record *record,
                          uint64_t fields, uint32_t rows) {
    for (uint64_t left = fields & facts->numeric & ~chunk->wide; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        if (dora__narrow(record->values[field]) > UINT32_MAX && !dora__column_widen(facts, chunk, field, rows))
            return false;
    }
    return true;
}

bool dora__facts_restates(const struct dora__facts *facts, const struct dora__chunk *chunk, int field, uint32_t at,
                          const struct dora__record *record) {
    int64_t old = dora__cell(facts, chunk, field, at);
    int64_t new = field == DORA__DELETED ? deleted_value(record) : record->values[field];
    int64_t old_as_of = chunk->as_of[field] ? chunk->as_of[field][at] : DORA_ABSENT;
    return old == dora__absent_of(facts, field) || wins(facts, field, old_as_of, old, stated_at(record, field), new);
}

static dora_status merge(struct dora__facts *facts, struct dora__table *table, uint32_t row,
                         const struct dora__record *record) {
    struct dora__chunk *chunk = table->chunks[row >> DORA__CHUNK_BITS];
    uint64_t fields = fields_written(record) & ~DORA__BIT(DORA__ID);
    uint32_t at = row & (DORA__CHUNK_ROWS - 1);
    uint32_t rows = table->rows - (row - at);
    rows = rows < DORA__CHUNK_ROWS ? rows : DORA__CHUNK_ROWS;
    if (!reserve_columns(facts, chunk, record, fields, fields, rows) ||
        !widen_columns(facts, chunk, record, fields, rows))
        return DORA_ERROR_MEMORY;
    int list_at = dora__list_field(fields);
    if (list_at >= 0) {
        dora_status status = dora__list_unite(facts, &((struct dora__list **)chunk->column[list_at])[at], record);
        if (status != DORA_OK)
            return status;
        fields &= ~DORA__BIT(list_at);
    }
    for (uint64_t left = fields; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        int64_t *as_of = chunk->as_of[field];
        if (!dora__facts_restates(facts, chunk, field, at, record))
            continue;
        if (!(chunk->shared >> field & 1)) /* else it is what stands there */
            dora__cell_set(facts, chunk, field, at,
                           field == DORA__DELETED ? deleted_value(record) : record->values[field]);
        if (as_of)
            as_of[at] = stated_at(record, field);
    }
    return DORA_OK;
}

uint64_t dora__facts_count(const struct dora__facts *facts) {
    uint64_t count = facts->frozen ? facts->frozen->forgotten : 0;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        count += facts->tables[kind].rows;
    return count;
}

dora_status dora__facts_put(struct dora__facts *facts, const struct dora__record *record) {
    const struct dora__facts *gate = dora__gate_of(facts);
    if (gate && (facts->late = dora__too_late(gate, facts, record)))
        return DORA_ERROR_TOO_LATE;
    return dora__facts_put_known(facts, record);
}

dora_status dora__facts_put_known(struct dora__facts *facts, const struct dora__record *record) {
    struct dora__table *table = &facts->tables[record->kind];
    uint32_t row = dora__row_of(table, record->id);
    dora_status status = row == UINT32_MAX ? append(facts, table, record) : merge(facts, table, row, record);
    if (status != DORA_OK)
        return status;
    facts->records++;
    facts->merged += row != UINT32_MAX;
    return DORA_OK;
}
