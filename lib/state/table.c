/* SPDX-License-Identifier: MIT */
/*
 * See table.h. Rows are made first, absent in all columns, so that whatever comes after may look at any cell. A column
 * takes at least a byte for 64 rows: how many rows there are is checked against that before they get room.
 */
#include "state/table.h"

#include "calendar/civil.h"
#include "facts/column.h"
#include "facts/list.h"
#include "facts/record.h"
#include "state/packed.h"
#include "state/rows.h"

#include <string.h>

enum { PIECE = 16 * DORA__PACKED_BLOCK };

struct taking {
    struct dora__state_cursor *cursor;
    struct dora__facts *facts;
    struct dora__table *table;
    dora_kind kind;
    bool named;
    uint32_t first; /* row of the section's first fact */
    uint32_t count;
    int lead;         /* the first column of instants, or -1 */
    int as_of_lead;   /* the first column of when values were stated, or -1 */
    uint32_t last;    /* the id or item before */
    uint32_t measure; /* handle of one that is known */
};

static dora_status fail(struct taking *taking, const char *reason) {
    dora__cursor_fail(taking->cursor, reason);
    return DORA_OK;
}

static uint32_t rows_in(const struct dora__table *table, uint32_t row) {
    uint32_t begin = row & ~(uint32_t)(DORA__CHUNK_ROWS - 1);
    return table->rows - begin < DORA__CHUNK_ROWS ? table->rows - begin : DORA__CHUNK_ROWS;
}

/* Cells of columns that were there before, from row `at` up to `end` of the chunk. */
static void clear_cells(const struct dora__facts *facts, struct dora__chunk *chunk, uint32_t at, uint32_t end) {
    for (uint64_t left = chunk->columns & ~DORA__LISTS; left; left &= left - 1)
        for (uint32_t i = at; i < end; i++)
            dora__cell_set(facts, chunk, __builtin_ctzll(left), i, dora__absent_of(facts, __builtin_ctzll(left)));
    for (uint64_t left = chunk->columns & DORA__LISTS; left; left &= left - 1)
        memset((struct dora__list **)chunk->column[__builtin_ctzll(left)] + at, 0,
               (end - at) * sizeof(struct dora__list *));
    for (uint64_t left = chunk->as_ofs; left; left &= left - 1)
        for (uint32_t i = at; i < end; i++)
            chunk->as_of[__builtin_ctzll(left)][i] = DORA_ABSENT;
}

static dora_status make_rows(struct taking *taking, uint64_t present, uint64_t as_ofs) {
    struct dora__table *table = taking->table;
    if (taking->count > DORA__ROWS_MOST - table->rows)
        return DORA_ERROR_LIMIT;
    for (uint32_t left = taking->count, more; left; left -= more) {
        uint32_t at = table->rows & (DORA__CHUNK_ROWS - 1);
        more = left < DORA__CHUNK_ROWS - at ? left : DORA__CHUNK_ROWS - at;
        if (!dora__asking_take(taking->cursor->asking, more))
            return fail(taking, "stopped");
        struct dora__chunk *chunk = dora__chunk_to_append(taking->facts, table);
        if (!chunk || !dora__columns_own(taking->facts, chunk, chunk->shared, at))
            return DORA_ERROR_MEMORY;
        clear_cells(taking->facts, chunk, at, at + more);
        if (!dora__columns_make(taking->facts, chunk, present, at + more) ||
            !dora__as_ofs_make(taking->facts, chunk, as_ofs, at + more))
            return DORA_ERROR_MEMORY;
        table->rows += more;
    }
    return DORA_OK;
}

static dora_status store_numbers(struct taking *taking, struct dora__chunk *chunk, int field, uint32_t row,
                                 const int64_t *values, uint32_t count) {
    bool instant = dora__fields[field].type == DORA__INSTANT, narrow = true;
    int64_t least = instant ? DORA__INSTANT_MIN : -INT64_C(1000000000000000000);
    int64_t most = instant ? DORA__INSTANT_MAX : INT64_C(1000000000000000000);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != DORA_ABSENT && (values[i] < least || values[i] > most))
            return fail(taking, "an instant or number is out of range");
        narrow &= dora__narrow(values[i]) <= UINT32_MAX;
    }
    if (!narrow && !(chunk->wide >> field & 1) &&
        !dora__column_widen(taking->facts, chunk, field, rows_in(taking->table, row)))
        return DORA_ERROR_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        dora__cell_set(taking->facts, chunk, field, (row + i) & (DORA__CHUNK_ROWS - 1), values[i]);
    return DORA_OK;
}

static bool measure_known(struct taking *taking, uint32_t handle) {
    if (handle == taking->measure)
        return true;
    dora_string measure = dora__pool_get(&taking->facts->strings, handle);
    if (!dora__measure_known(measure.data, measure.size))
        return false;
    taking->measure = handle;
    return true;
}

/* Says for an id which row has it. Ids ascend, so that each is there once. */
static dora_status store_id(struct taking *taking, uint32_t id, uint32_t row) {
    if (id <= taking->last)
        return fail(taking, "ids are not in order");
    taking->last = id;
    if (!dora__row_of_reserve(taking->facts, taking->table, id))
        return DORA_ERROR_MEMORY;
    dora__row_of_set(taking->table, id, row + 1);
    return DORA_OK;
}

static dora_status store_handles(struct taking *taking, struct dora__chunk *chunk, int field, uint32_t row,
                                 const int64_t *values, uint32_t count) {
    enum dora__type type = field == DORA__ID ? dora__id_type(taking->kind) : (enum dora__type)dora__fields[field].type;
    uint32_t most = dora__facts_pool(taking->facts, type)->count;
    uint32_t *cells = (uint32_t *)chunk->column[field] + (row & (DORA__CHUNK_ROWS - 1));
    for (uint32_t i = 0; i < count && !taking->cursor->failure; i++) {
        if (values[i] != DORA_ABSENT && (values[i] < 1 || values[i] > most))
            return fail(taking, "a string that is not there");
        cells[i] = values[i] == DORA_ABSENT ? 0 : (uint32_t)values[i];
        if (field == DORA__MEASURE && cells[i] && !measure_known(taking, cells[i]))
            return fail(taking, "a measure that is none");
        if (field == DORA__ID && store_id(taking, cells[i], row + i) != DORA_OK)
            return DORA_ERROR_MEMORY;
    }
    return DORA_OK;
}

static dora_status store_bytes(struct taking *taking, struct dora__chunk *chunk, int field, uint32_t row,
                               const int64_t *values, uint32_t count) {
    uint8_t *cells = (uint8_t *)chunk->column[field] + (row & (DORA__CHUNK_ROWS - 1));
    int64_t most = dora__fields[field].type == DORA__STATUS ? 1 + DORA_STATUS_FAILURE : 2;
    int64_t least = field == DORA__DELETED && !taking->named ? 2 : 1;
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != DORA_ABSENT && (values[i] < least || values[i] > most))
            return fail(taking, "not a value of its type");
        cells[i] = values[i] == DORA_ABSENT ? 0 : (uint8_t)values[i];
    }
    return DORA_OK;
}

/* When values were stated: of none that is absent, and never later than it was said whether the fact is deleted. */
static dora_status store_as_of(struct taking *taking, struct dora__chunk *chunk, int field, uint32_t row,
                               const int64_t *values, uint32_t count) {
    const struct dora__facts *facts = taking->facts;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (row + i) & (DORA__CHUNK_ROWS - 1);
        if (values[i] == DORA_ABSENT)
            continue;
        int64_t cell = dora__cell(facts, chunk, field, at);
        bool final = values[i] == DORA__AS_OF_FINAL && field == DORA__DELETED && cell == 2;
        if (cell == dora__absent_of(facts, field) || (!final && dora__check_instant(values[i])))
            return fail(taking, "an as_of that cannot be");
        if (field != DORA__DELETED && (!chunk->as_of[DORA__DELETED] || chunk->as_of[DORA__DELETED][at] < values[i]))
            return fail(taking, "a value is stated later than its fact");
        chunk->as_of[field][at] = final ? INT64_MAX : values[i];
    }
    return DORA_OK;
}

typedef dora_status store_fn(struct taking *taking, struct dora__chunk *chunk, int field, uint32_t row,
                             const int64_t *values, uint32_t count);

/* Rows of a piece, a chunk at a time. */
static dora_status store_piece(struct taking *taking, store_fn *store, int field, uint32_t row, const int64_t *values,
                               uint32_t count) {
    dora_status status = DORA_OK;
    for (uint32_t some; count && status == DORA_OK && !taking->cursor->failure; count -= some) {
        uint32_t room = DORA__CHUNK_ROWS - (row & (DORA__CHUNK_ROWS - 1));
        some = count < room ? count : room;
        status = store(taking, taking->table->chunks[row >> DORA__CHUNK_BITS], field, row, values, some);
        row += some;
        values += some;
    }
    return status;
}

/* What is beside the rows of a piece in the column that leads, if there is one. */
static const int64_t *lead_of(const struct taking *taking, bool as_of, uint32_t row, int64_t *lead, uint32_t count) {
    const struct dora__table *table = taking->table;
    int field = as_of && taking->as_of_lead >= 0 ? taking->as_of_lead : taking->lead;
    if (field < 0)
        return NULL;
    for (uint32_t i = 0; i < count; i++, row++) {
        const struct dora__chunk *chunk = dora__chunk_of(table, row);
        if (as_of && taking->as_of_lead >= 0) {
            int64_t stated = chunk->as_of[field][row & (DORA__CHUNK_ROWS - 1)];
            lead[i] = stated == INT64_MAX ? DORA__AS_OF_FINAL : stated;
        } else
            lead[i] = dora__instant_at(chunk, (enum dora__field)field, row);
    }
    return lead;
}

static dora_status take_column(struct taking *taking, store_fn *store, int field, bool leads) {
    int64_t values[PIECE], lead[PIECE];
    bool as_of = store == store_as_of;
    bool has_lead = leads && (taking->lead >= 0 || (as_of && taking->as_of_lead >= 0));
    struct dora__unpacking unpacking;
    dora_status status = DORA_OK;
    dora__unpack_begin(&unpacking, taking->cursor, taking->count, has_lead);
    for (uint32_t i = 0, count; i < taking->count && status == DORA_OK && !taking->cursor->failure; i += count) {
        uint32_t row = taking->first + i;
        count = taking->count - i < PIECE ? taking->count - i : PIECE;
        dora__unpack(&unpacking, values, has_lead ? lead_of(taking, as_of, row, lead, count) : NULL, count);
        if (!taking->cursor->failure)
            status = store_piece(taking, store, field, row, values, count);
    }
    return status;
}

/* How many items each list has, in counts[0 .. taking->count); returns how many there are in all. */
static uint64_t take_counts(struct taking *taking, uint32_t *counts) {
    struct dora__unpacking unpacking;
    int64_t values[DORA__PACKED_BLOCK];
    uint64_t total = 0;
    dora__unpack_begin(&unpacking, taking->cursor, taking->count, false);
    for (uint32_t i = 0; i < taking->count && !taking->cursor->failure; i += DORA__PACKED_BLOCK) {
        uint32_t some = taking->count - i < DORA__PACKED_BLOCK ? taking->count - i : DORA__PACKED_BLOCK;
        dora__unpack(&unpacking, values, NULL, some);
        for (uint32_t k = 0; k < some; k++) {
            bool absent = values[k] == DORA_ABSENT;
            if (!absent && (values[k] < 1 || values[k] > UINT32_MAX))
                dora__cursor_fail(taking->cursor, "a list of no size");
            counts[i + k] = absent ? 0 : (uint32_t)values[k];
            total += counts[i + k];
        }
    }
    if (total / DORA__PACKED_BLOCK > dora__cursor_left(taking->cursor))
        dora__cursor_fail(taking->cursor, "lists are shorter than they say");
    return taking->cursor->failure ? 0 : total;
}

static void take_items(struct taking *taking, uint32_t *items, uint64_t total) {
    struct dora__unpacking unpacking;
    int64_t values[DORA__PACKED_BLOCK];
    dora__unpack_begin(&unpacking, taking->cursor, total, false);
    for (uint64_t i = 0; i < total && !taking->cursor->failure; i += DORA__PACKED_BLOCK) {
        uint32_t some = total - i < DORA__PACKED_BLOCK ? (uint32_t)(total - i) : DORA__PACKED_BLOCK;
        dora__unpack(&unpacking, values, NULL, some);
        for (uint32_t k = 0; k < some; k++) {
            if (values[k] < 1 || values[k] > taking->facts->strings.count)
                dora__cursor_fail(taking->cursor, "a string that is not there");
            items[i + k] = (uint32_t)values[k];
        }
    }
}

static dora_status make_lists(struct taking *taking, int field, const uint32_t *counts, const uint32_t *items) {
    for (uint32_t i = 0; i < taking->count; items += counts[i], i++) {
        if (!dora__asking_at(taking->cursor->asking, i))
            return fail(taking, "stopped");
        if (!counts[i])
            continue;
        for (uint32_t k = 1; k < counts[i]; k++)
            if (items[k] <= items[k - 1])
                return fail(taking, "items of a list are not in order");
        struct dora__list *list = dora__list_new(taking->facts, items, counts[i], taking->named);
        if (!list)
            return DORA_ERROR_MEMORY;
        uint32_t row = taking->first + i;
        struct dora__chunk *chunk = taking->table->chunks[row >> DORA__CHUNK_BITS];
        ((struct dora__list **)chunk->column[field])[row & (DORA__CHUNK_ROWS - 1)] = list;
    }
    return DORA_OK;
}

static dora_status take_lists(struct taking *taking, int field) {
    struct dora__memory *memory = taking->facts->memory;
    uint32_t *counts = dora__alloc(memory, taking->count, sizeof *counts);
    if (!counts)
        return DORA_ERROR_MEMORY;
    uint64_t total = take_counts(taking, counts);
    uint32_t *items =
        total && total < SIZE_MAX / sizeof *items ? dora__alloc(memory, (size_t)total, sizeof *items) : NULL;
    dora_status status = DORA_OK;
    if (!total)
        dora__cursor_fail(taking->cursor, "lists without items");
    else if (!items)
        status = DORA_ERROR_MEMORY;
    else if (!taking->cursor->failure)
        take_items(taking, items, total);
    if (status == DORA_OK && !taking->cursor->failure)
        status = make_lists(taking, field, counts, items);
    dora__free(memory, items, (size_t)total, sizeof *items);
    dora__free(memory, counts, taking->count, sizeof *counts);
    return status;
}

/* That a fact is not deleted needs no saying but at some time; a tombstone without a time is final, and says so. */
static void check_deleted(struct taking *taking) {
    for (uint32_t row = taking->first; row < taking->table->rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(taking->table, row);
        const int64_t *as_of = chunk->as_of[DORA__DELETED];
        if (dora__byte_at(chunk, DORA__DELETED, row) && (!as_of || as_of[row & (DORA__CHUNK_ROWS - 1)] == DORA_ABSENT))
            dora__cursor_fail(taking->cursor, "a fact that is said at no time to be deleted or not");
    }
}

static dora_status take_columns(struct taking *taking, uint64_t present, uint64_t as_ofs) {
    const struct dora__facts *facts = taking->facts;
    dora_status status = DORA_OK;
    for (uint64_t left = present; left && status == DORA_OK && !taking->cursor->failure; left &= left - 1) {
        int field = __builtin_ctzll(left);
        bool instant = dora__fields[field].type == DORA__INSTANT;
        if (DORA__BIT(field) & DORA__LISTS)
            status = take_lists(taking, field);
        else if (facts->numeric >> field & 1)
            status = take_column(taking, store_numbers, field, instant);
        else
            status = take_column(taking, facts->bytes >> field & 1 ? store_bytes : store_handles, field, false);
        if (instant && taking->lead < 0)
            taking->lead = field;
    }
    for (uint64_t left = as_ofs; left && status == DORA_OK && !taking->cursor->failure; left &= left - 1) {
        status = take_column(taking, store_as_of, __builtin_ctzll(left), true);
        if (taking->as_of_lead < 0)
            taking->as_of_lead = __builtin_ctzll(left);
    }
    if (taking->named && status == DORA_OK && !taking->cursor->failure)
        check_deleted(taking);
    return status;
}

dora_status dora__table_take(struct dora__state_cursor *cursor, struct dora__facts *facts, dora_kind kind, bool named) {
    struct taking taking = {cursor, facts, &facts->tables[kind], kind, named, facts->tables[kind].rows, 0, -1, -1,
                            0,      0};
    uint64_t own = dora__kinds[kind].fields | DORA__BIT(DORA__DELETED), id = named ? DORA__BIT(DORA__ID) : 0;
    uint64_t room = (uint64_t)dora__cursor_left(cursor) * DORA__PACKED_BLOCK;
    uint64_t count = dora__cursor_varint(cursor, room < DORA__ROWS_MOST ? room : DORA__ROWS_MOST);
    uint64_t present = dora__cursor_varint(cursor, UINT64_MAX), as_ofs = dora__cursor_varint(cursor, UINT64_MAX);
    if (cursor->failure)
        return DORA_OK;
    if (!count || !present || (present & ~DORA__BIT(DORA__ID) & ~own) || (present & DORA__BIT(DORA__ID)) != id ||
        (!named && dora__kinds[kind].needs_id) || (as_ofs & ~(named ? present & ~id & ~DORA__LISTS : 0)))
        return fail(&taking, "columns that a kind does not have");
    taking.count = (uint32_t)count;
    dora_status status = make_rows(&taking, present, as_ofs);
    facts->loaded += status == DORA_OK ? count : 0;
    return status == DORA_OK && !cursor->failure ? take_columns(&taking, present, as_ofs) : status;
}
