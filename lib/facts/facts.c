/* SPDX-License-Identifier: MIT */
/*
 * See facts.h. A record is put in two steps: everything it needs room for is reserved, which may fail and changes no
 * fact, then it is written, which cannot fail.
 */
#include "facts/facts.h"

#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t widths[] = {
    [DORA__INSTANT] = 8,           [DORA__NUMBER] = 8, [DORA__STRING] = 4, [DORA__SERVICE] = 4, [DORA__BOOL] = 1,
    [DORA__LIST] = sizeof(void *), [DORA__STATUS] = 1,
};

static size_t width_of(int field) {
    return widths[dora__fields[field].type];
}

static int64_t absent_of(int field) {
    uint8_t type = dora__fields[field].type;
    return type == DORA__INSTANT || type == DORA__NUMBER ? DORA_ABSENT : 0;
}

/* A column cell by the width of its type; pointers of lists are not touched here. */
static inline void store(void *column, int field, uint32_t at, int64_t value) {
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        ((int64_t *)column)[at] = value;
        break;
    case DORA__STRING:
    case DORA__SERVICE:
        ((uint32_t *)column)[at] = (uint32_t)value;
        break;
    case DORA__LIST:
        ((struct dora__list **)column)[at] = NULL;
        break;
    default:
        ((uint8_t *)column)[at] = (uint8_t)value;
    }
}

static int64_t load(const void *column, int field, uint32_t at) {
    switch (dora__fields[field].type) {
    case DORA__INSTANT:
    case DORA__NUMBER:
        return ((const int64_t *)column)[at];
    case DORA__STRING:
    case DORA__SERVICE:
        return ((const uint32_t *)column)[at];
    default:
        return ((const uint8_t *)column)[at];
    }
}

void dora__facts_init(struct dora__facts *facts, struct dora__memory *memory) {
    *facts = (struct dora__facts){.memory = memory};
    for (int field = 0; field < DORA__FIELDS; field++) {
        enum dora__type type = (enum dora__type)dora__fields[field].type;
        facts->eight_bytes |= (uint64_t)(type == DORA__INSTANT || type == DORA__NUMBER) << field;
        facts->four_bytes |= (uint64_t)(type == DORA__STRING || type == DORA__SERVICE) << field;
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
    for (size_t i = 0; i < table->row_of_count; i++)
        dora__free(memory, table->row_of[i], (size_t)1 << DORA__ROW_OF_BITS, sizeof(uint32_t));
    dora__free(memory, table->row_of, table->row_of_capacity, sizeof *table->row_of);
}

void dora__facts_free(struct dora__facts *facts) {
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        free_table(facts->memory, &facts->tables[kind]);
    dora__unknown_free(&facts->unknown);
    dora__arena_clear(&facts->columns);
    dora__arena_clear(&facts->lists);
    dora__pool_free(&facts->services);
    dora__pool_free(&facts->strings);
}

/* What a record states of a field other than a list, in column form. */
static int64_t value_of(const struct dora__record *record, int field) {
    if (field == DORA__ID)
        return record->id;
    if (field == DORA__DELETED)
        return record->deleted ? 2 : 1;
    return record->values[field];
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

/* Columns for `fields` and as_of columns for those stated at a time; new ones say "absent" for rows before `rows`. */
static bool reserve_columns(struct dora__arena *arena, struct dora__chunk *chunk, const struct dora__record *record,
                            uint64_t fields, uint32_t rows) {
    for (uint64_t left = fields & ~chunk->columns; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        void *column = dora__arena_alloc(arena, DORA__CHUNK_ROWS * width_of(field), 16);
        if (!column)
            return false;
        for (uint32_t i = 0; i < rows; i++)
            store(column, field, i, absent_of(field));
        chunk->column[field] = column;
        chunk->columns |= DORA__BIT(field);
    }
    if (!record->id)
        return true;
    for (uint64_t left = fields & ~chunk->as_ofs & ~DORA__BIT(DORA__ID); left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        if (stated_at(record, field) == DORA_ABSENT || dora__fields[field].type == DORA__LIST)
            continue;
        int64_t *as_of = dora__arena_alloc(arena, DORA__CHUNK_ROWS * sizeof *as_of, 16);
        if (!as_of)
            return false;
        for (uint32_t i = 0; i < rows; i++)
            as_of[i] = DORA_ABSENT;
        chunk->as_of[field] = as_of;
        chunk->as_ofs |= DORA__BIT(field);
    }
    return true;
}

static bool reserve_row_of(struct dora__memory *memory, struct dora__table *table, uint32_t id) {
    size_t block = id >> DORA__ROW_OF_BITS;
    if (!dora__grow(memory, (void **)&table->row_of, &table->row_of_capacity, block + 1, sizeof *table->row_of))
        return false;
    while (table->row_of_count <= block)
        table->row_of[table->row_of_count++] = NULL;
    if (!table->row_of[block])
        table->row_of[block] = dora__alloc_zeroed(memory, (size_t)1 << DORA__ROW_OF_BITS, sizeof(uint32_t));
    return table->row_of[block] != NULL;
}

static struct dora__list *new_list(struct dora__facts *facts, uint32_t capacity) {
    struct dora__list *list =
        dora__arena_alloc(&facts->lists, sizeof *list + (size_t)capacity * sizeof *list->items, _Alignof(max_align_t));
    if (list)
        *list = (struct dora__list){0, capacity};
    return list;
}

static int compare_handles(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Drops items that equal the one before them. */
static void drop_repeats(struct dora__list *list) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (!kept || list->items[i] != list->items[kept - 1])
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static void sort_by_handle(struct dora__list *list) {
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare_handles);
    drop_repeats(list);
}

static int compare_strings(const void *context, uint32_t a, uint32_t b) {
    return dora__pool_compare(context, a, b);
}

/* So that lists of equal deployments compare without more ado. False: out of memory. */
static bool sort_by_bytes(struct dora__facts *facts, struct dora__list *list) {
    if (list->count < 2)
        return true;
    uint32_t *scratch = dora__alloc(facts->memory, list->count, sizeof *scratch);
    if (!scratch)
        return false;
    size_t count = list->count;
    dora__sort_items(list->items, scratch, count, compare_strings, &facts->strings);
    dora__free(facts->memory, scratch, count, sizeof *scratch);
    drop_repeats(list);
    return true;
}

static void append_items(struct dora__list *list, const struct dora__record *record) {
    if (record->items_count)
        memcpy(list->items + list->count, record->items, record->items_count * sizeof *list->items);
    list->count += record->items_count;
}

static int list_field(uint64_t fields) {
    return fields & DORA__BIT(DORA__CHANGES) ? DORA__CHANGES : fields & DORA__BIT(DORA__PARENTS) ? DORA__PARENTS : -1;
}

static struct dora__chunk *chunk_for_append(struct dora__memory *memory, struct dora__table *table) {
    size_t at = table->rows >> DORA__CHUNK_BITS;
    if (at < table->chunks_count)
        return table->chunks[at];
    if (!dora__grow(memory, (void **)&table->chunks, &table->chunks_capacity, at + 1, sizeof *table->chunks))
        return NULL;
    struct dora__chunk *chunk = dora__alloc_zeroed(memory, 1, sizeof *chunk);
    if (chunk)
        table->chunks[table->chunks_count++] = chunk;
    return chunk;
}

/* A new row in every column of the chunk, width by width: a switch for each would be the costliest part of adding. */
static void write_row(const struct dora__facts *facts, struct dora__chunk *chunk, const struct dora__record *record,
                      uint64_t fields, uint32_t at) {
    uint64_t special = DORA__BIT(DORA__ID) | DORA__BIT(DORA__DELETED);
    for (uint64_t left = chunk->columns & facts->eight_bytes; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        ((int64_t *)chunk->column[field])[at] = fields >> field & 1 ? record->values[field] : DORA_ABSENT;
    }
    for (uint64_t left = chunk->columns & facts->four_bytes & ~special; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        ((uint32_t *)chunk->column[field])[at] = fields >> field & 1 ? (uint32_t)record->values[field] : 0;
    }
    uint64_t others = ~(facts->eight_bytes | facts->four_bytes) | special;
    for (uint64_t left = chunk->columns & others; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        store(chunk->column[field], field, at, fields >> field & 1 ? value_of(record, field) : 0);
    }
}

static dora_status append(struct dora__facts *facts, struct dora__table *table, const struct dora__record *record) {
    if (table->rows == UINT32_MAX - 1)
        return DORA_ERROR_LIMIT;
    uint64_t fields = fields_written(record);
    uint32_t at = table->rows & (DORA__CHUNK_ROWS - 1);
    struct dora__chunk *chunk = chunk_for_append(facts->memory, table);
    if (!chunk ||
        ((fields & ~chunk->columns || record->id) && !reserve_columns(&facts->columns, chunk, record, fields, at)))
        return DORA_ERROR_MEMORY;
    struct dora__list *list = NULL;
    int list_at = list_field(fields);
    if (list_at >= 0) {
        if (!(list = new_list(facts, record->items_count)))
            return DORA_ERROR_MEMORY;
        append_items(list, record);
        if (!record->id && !sort_by_bytes(facts, list))
            return DORA_ERROR_MEMORY;
    }
    if (record->id && !reserve_row_of(facts->memory, table, record->id))
        return DORA_ERROR_MEMORY;

    write_row(facts, chunk, record, fields, at);
    for (uint64_t left = chunk->as_ofs; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        chunk->as_of[field][at] = record->id && fields >> field & 1 ? stated_at(record, field) : DORA_ABSENT;
    }
    if (list)
        ((struct dora__list **)chunk->column[list_at])[at] = list;
    if (record->id)
        table->row_of[record->id >> DORA__ROW_OF_BITS][record->id & ((1u << DORA__ROW_OF_BITS) - 1)] = table->rows + 1;
    table->rows++;
    return DORA_OK;
}

/* Room in the list of a fact for the items of one more record: united, and moved where it is still too small. Items
   already there may be lost from view only by being equal to others. */
static dora_status reserve_list(struct dora__facts *facts, struct dora__list **slot, uint32_t more) {
    struct dora__list *list = *slot;
    if (list && list->capacity - list->count >= more)
        return DORA_OK;
    if (list)
        sort_by_handle(list);
    uint32_t count = list ? list->count : 0;
    if (list && list->capacity - count >= more && count <= list->capacity / 2)
        return DORA_OK;
    if (more > UINT32_MAX / 4 || count > UINT32_MAX / 4)
        return DORA_ERROR_LIMIT;
    struct dora__list *larger = new_list(facts, (count + more) * 2);
    if (!larger)
        return DORA_ERROR_MEMORY;
    if (count)
        memcpy(larger->items, list->items, count * sizeof *list->items);
    larger->count = count;
    *slot = larger;
    return DORA_OK;
}

/* Whether a value stated at new_as_of takes the place of one stated at old_as_of. */
static bool wins(const struct dora__facts *facts, int field, int64_t old_as_of, int64_t old, int64_t new_as_of,
                 int64_t new) {
    if (new_as_of != old_as_of)
        return new_as_of > old_as_of;
    uint8_t type = dora__fields[field].type;
    if (type == DORA__STRING || type == DORA__SERVICE) {
        const struct dora__pool *pool = type == DORA__SERVICE ? &facts->services : &facts->strings;
        return dora__pool_compare(pool, (uint32_t) new, (uint32_t)old) > 0;
    }
    return dora__fields[field].beginning ? new < old : new > old;
}

static dora_status merge(struct dora__facts *facts, struct dora__table *table, uint32_t row,
                         const struct dora__record *record) {
    struct dora__chunk *chunk = table->chunks[row >> DORA__CHUNK_BITS];
    uint64_t fields = fields_written(record) & ~DORA__BIT(DORA__ID);
    uint32_t at = row & (DORA__CHUNK_ROWS - 1);
    size_t rows = table->rows - ((size_t)row - at);
    if (!reserve_columns(&facts->columns, chunk, record, fields,
                         rows < DORA__CHUNK_ROWS ? (uint32_t)rows : DORA__CHUNK_ROWS))
        return DORA_ERROR_MEMORY;
    int list_at = list_field(fields);
    if (list_at >= 0) {
        struct dora__list **slot = &((struct dora__list **)chunk->column[list_at])[at];
        dora_status status = reserve_list(facts, slot, record->items_count);
        if (status != DORA_OK)
            return status;
        append_items(*slot, record);
        fields &= ~DORA__BIT(list_at);
    }
    for (uint64_t left = fields; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        int64_t *as_of = chunk->as_of[field];
        int64_t old = load(chunk->column[field], field, at), new = value_of(record, field);
        int64_t old_as_of = as_of ? as_of[at] : DORA_ABSENT, new_as_of = stated_at(record, field);
        if (old != absent_of(field) && !wins(facts, field, old_as_of, old, new_as_of, new))
            continue;
        store(chunk->column[field], field, at, new);
        if (as_of)
            as_of[at] = new_as_of;
    }
    return DORA_OK;
}

dora_status dora__facts_put(struct dora__facts *facts, const struct dora__record *record) {
    struct dora__table *table = &facts->tables[record->kind];
    uint32_t row = dora__row_of(table, record->id);
    dora_status status = row == UINT32_MAX ? append(facts, table, record) : merge(facts, table, row, record);
    if (status != DORA_OK)
        return status;
    facts->records++;
    facts->merged += row != UINT32_MAX;
    return DORA_OK;
}
