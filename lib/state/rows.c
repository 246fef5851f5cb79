/* SPDX-License-Identifier: MIT */
/* See rows.h. */
#include "state/rows.h"

#include "base/sort.h"
#include "calendar/civil.h"
#include "facts/list.h"
#include "state/packed.h"

#include <stdlib.h>
#include <string.h>

static const struct dora__table *table_of(const struct dora__rows *rows) {
    return &rows->facts->tables[rows->kind];
}

uint64_t dora__rows_columns(const struct dora__rows *rows) {
    uint64_t columns = 0;
    for (uint32_t row = 0; row < table_of(rows)->rows; row += DORA__CHUNK_ROWS)
        columns |= dora__chunk_of(table_of(rows), row)->columns;
    return columns & ~DORA__BIT(DORA__ID);
}

uint64_t dora__rows_as_ofs(const struct dora__rows *rows) {
    uint64_t as_ofs = 0;
    for (uint32_t row = 0; row < table_of(rows)->rows; row += DORA__CHUNK_ROWS)
        as_ofs |= dora__chunk_of(table_of(rows), row)->as_ofs;
    return as_ofs;
}

static void instants_of(const struct dora__rows *rows, int field, uint32_t i, uint32_t end, int64_t *values) {
    for (; i < end; i++)
        values[i] = dora__table_instant(table_of(rows), (enum dora__field)field, rows->rows[i]);
}

static void ranks_of(const struct dora__rows *rows, int field, uint32_t i, uint32_t end, int64_t *values) {
    const uint32_t *of = dora__ranks_for(rows->catalog, rows->kind, field)->of;
    for (; i < end; i++) {
        uint32_t rank = of[dora__table_handle(table_of(rows), (enum dora__field)field, rows->rows[i])];
        values[i] = rank ? (int64_t)rank : DORA_ABSENT;
    }
}

static void bytes_of(const struct dora__rows *rows, int field, uint32_t i, uint32_t end, int64_t *values) {
    bool timed = rows->named && field == DORA__DELETED;
    for (; i < end; i++) {
        const struct dora__chunk *chunk = dora__chunk_of(table_of(rows), rows->rows[i]);
        uint8_t byte = dora__byte_at(chunk, (enum dora__field)field, rows->rows[i]);
        const int64_t *as_of = timed ? chunk->as_of[field] : NULL;
        bool said = as_of && as_of[rows->rows[i] & (DORA__CHUNK_ROWS - 1)] != DORA_ABSENT;
        values[i] = byte == 0 || (field == DORA__DELETED && byte == 1 && !said) ? DORA_ABSENT : byte;
    }
}

bool dora__rows_values(const struct dora__rows *rows, int field, int64_t *values) {
    const struct dora__facts *facts = rows->facts;
    for (uint32_t i = 0, end; i < rows->count; i = end) {
        end = rows->count - i < DORA__ASKING_PIECE ? rows->count : i + DORA__ASKING_PIECE;
        if (!dora__asking_take(rows->catalog->asking, end - i))
            return false;
        if (facts->numeric >> field & 1)
            instants_of(rows, field, i, end, values);
        else if (facts->bytes >> field & 1)
            bytes_of(rows, field, i, end, values);
        else
            ranks_of(rows, field, i, end, values);
    }
    return true;
}

bool dora__rows_as_of(const struct dora__rows *rows, int field, int64_t *values) {
    if (!dora__rows_values(rows, field, values))
        return false;
    for (uint32_t i = 0; i < rows->count; i++) {
        if (!dora__asking_at(rows->catalog->asking, i))
            return false;
        const int64_t *as_of = dora__chunk_of(table_of(rows), rows->rows[i])->as_of[field];
        int64_t stated = as_of ? as_of[rows->rows[i] & (DORA__CHUNK_ROWS - 1)] : DORA_ABSENT;
        values[i] = values[i] == DORA_ABSENT ? DORA_ABSENT : stated == INT64_MAX ? DORA__AS_OF_FINAL : stated;
    }
    return true;
}

static int compare_ranks(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

uint32_t dora__rows_list(const struct dora__rows *rows, const struct dora__list *list, uint32_t *ranks) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        ranks[i] = rows->catalog->strings.of[list->items[i]];
    if (list->count > 1)
        qsort(ranks, list->count, sizeof *ranks, compare_ranks);
    for (uint32_t i = 0; i < list->count; i++)
        if (!kept || ranks[i] != ranks[kept - 1])
            ranks[kept++] = ranks[i];
    return kept;
}

/* What sorting by radix works on. A key is gathered from the lowest bit up: pieces of columns, the last column first.
 */
struct ordering {
    struct dora__rows *rows;
    uint32_t *next; /* rows in their next order */
    int64_t *values;
    uint64_t *keys;
    uint64_t *scratch;
    unsigned place_bits; /* of a place among the rows, which is the lowest part of a key */
    unsigned used;       /* bits of keys */
};

static unsigned bits_of(uint64_t most) {
    return most ? 64 - (unsigned)__builtin_clzll(most) : 0;
}

static void clear_keys(struct ordering *ordering) {
    for (uint32_t i = 0; i < ordering->rows->count; i++)
        ordering->keys[i] = i;
    ordering->used = ordering->place_bits;
}

static bool goes_on(const struct ordering *ordering, uint32_t i) {
    return dora__asking_at(ordering->rows->catalog->asking, i);
}

/* Brings the rows into the order of the keys and begins new ones. False: stopped. */
static bool sort_rows(struct ordering *ordering) {
    struct dora__rows *rows = ordering->rows;
    uint64_t places = (UINT64_C(1) << ordering->place_bits) - 1;
    if (ordering->used > ordering->place_bits) {
        const uint64_t *sorted = dora__sort_u64_asking(ordering->keys, ordering->scratch, rows->count,
                                                       ordering->place_bits, rows->catalog->asking);
        for (uint32_t i = 0; i < rows->count; i++) {
            if (!goes_on(ordering, i))
                return false;
            ordering->next[i] = rows->rows[sorted[i] & places];
        }
        uint32_t *swap = rows->rows;
        rows->rows = ordering->next;
        ordering->next = swap;
    }
    clear_keys(ordering);
    return true;
}

/* A field as further bits of the keys: 0 where it is absent, else 1 + how far it is above the least, in units. False:
   stopped. */
static bool add_field(struct ordering *ordering, int field) {
    const struct dora__rows *rows = ordering->rows;
    int64_t least = INT64_MAX, most = INT64_MIN;
    bool nullable;
    if (!dora__rows_values(rows, field, ordering->values))
        return false;
    for (uint32_t i = 0; i < rows->count; i++) {
        int64_t value = ordering->values[i];
        most = value > most ? value : most;
        least = value != DORA_ABSENT && value < least ? value : least;
    }
    if (most == DORA_ABSENT)
        return true;
    int64_t unit = dora__packed_unit(ordering->values, rows->count, &nullable);
    unsigned bits = bits_of((uint64_t)(most - least) / (uint64_t)unit + nullable), taken;
    for (unsigned shift = 0; shift < bits; shift += taken) {
        taken = bits - shift < 64 - ordering->used ? bits - shift : 64 - ordering->used;
        uint64_t mask = (UINT64_C(1) << taken) - 1;
        for (uint32_t i = 0; i < rows->count; i++) {
            int64_t value = ordering->values[i];
            if (!goes_on(ordering, i))
                return false;
            uint64_t above = value == DORA_ABSENT ? 0 : (uint64_t)(value - least) / (uint64_t)unit + nullable;
            ordering->keys[i] |= (above >> shift & mask) << ordering->used;
        }
        ordering->used += taken;
        if (ordering->used == 64 && (!sort_rows(ordering) || !dora__rows_values(rows, field, ordering->values)))
            return false;
    }
    return true;
}

static const struct dora__list *list_of(const struct dora__rows *rows, int field, uint32_t row) {
    const struct dora__list *list = dora__table_list(table_of(rows), (enum dora__field)field, row);
    return list && list->count ? list : NULL;
}

/* Lists of facts without an id are sorted by bytes. */
static int compare_lists(const void *context, uint32_t a, uint32_t b) {
    const struct dora__rows *rows = context;
    int field = dora__list_field(dora__kinds[rows->kind].fields);
    const struct dora__list *x = list_of(rows, field, a), *y = list_of(rows, field, b);
    if (!x || !y)
        return (x != NULL) - (y != NULL);
    const uint32_t *ranks = rows->catalog->strings.of;
    for (uint32_t i = 0; i < x->count && i < y->count; i++)
        if (x->items[i] != y->items[i])
            return ranks[x->items[i]] < ranks[y->items[i]] ? -1 : 1;
    return (x->count > y->count) - (x->count < y->count);
}

/* Orders rows that are equal in all but their lists. Equal neighbours are marked field by field, in the keys. False:
   stopped. */
static bool order_by_lists(struct ordering *ordering, uint64_t scalars) {
    struct dora__rows *rows = ordering->rows;
    memset(ordering->keys, 0, rows->count * sizeof *ordering->keys);
    for (uint64_t left = scalars; left; left &= left - 1) {
        if (!dora__rows_values(rows, __builtin_ctzll(left), ordering->values))
            return false;
        for (uint32_t i = 1; i < rows->count; i++)
            ordering->keys[i] |= ordering->values[i] != ordering->values[i - 1];
    }
    for (uint32_t begin = 0, end; begin < rows->count; begin = end) {
        for (end = begin + 1; end < rows->count && !ordering->keys[end];)
            end++;
        if (!dora__asking_take(rows->catalog->asking, end - begin))
            return false;
        if (end - begin > 1)
            dora__sort_items(rows->rows + begin, ordering->next, end - begin, compare_lists, rows);
    }
    return true;
}

static bool order(struct ordering *ordering) {
    struct dora__rows *rows = ordering->rows;
    uint64_t columns = dora__rows_columns(rows), scalars = columns & ~DORA__LISTS;
    ordering->place_bits = bits_of(rows->count - 1);
    clear_keys(ordering);
    if (rows->named)
        return add_field(ordering, DORA__ID) && sort_rows(ordering);
    for (uint64_t left = scalars; left;) {
        int last = 63 - __builtin_clzll(left);
        left ^= DORA__BIT(last);
        if (!add_field(ordering, last))
            return false;
    }
    return sort_rows(ordering) && (!(columns & DORA__LISTS) || order_by_lists(ordering, scalars));
}

/* Rows in the order of arrival: those with an id, or the others. */
static void collect(struct dora__rows *rows) {
    const struct dora__table *table = table_of(rows);
    uint32_t count = 0;
    for (uint32_t row = 0; row < table->rows; row++)
        if ((dora__table_handle(table, DORA__ID, row) != 0) == rows->named) {
            if (rows->rows)
                rows->rows[count] = row;
            count++;
        }
    rows->count = count;
}

void dora__rows_free(struct dora__rows *rows) {
    dora__free(rows->facts->memory, rows->rows, rows->count, sizeof *rows->rows);
    rows->rows = NULL;
}

bool dora__rows_make(struct dora__rows *rows, const struct dora__facts *facts, const struct dora__catalog *catalog,
                     dora_kind kind, bool named) {
    struct dora__memory *memory = facts->memory;
    *rows = (struct dora__rows){.facts = facts, .catalog = catalog, .kind = kind, .named = named};
    collect(rows);
    if (!rows->count)
        return true;
    size_t count = rows->count;
    struct ordering ordering = {.rows = rows};
    rows->rows = dora__alloc(memory, count, sizeof *rows->rows);
    ordering.next = dora__alloc(memory, count, sizeof *ordering.next);
    ordering.values = dora__alloc(memory, count, sizeof *ordering.values);
    ordering.keys = dora__alloc(memory, count, sizeof *ordering.keys);
    ordering.scratch = dora__alloc(memory, count, sizeof *ordering.scratch);
    bool made = rows->rows && ordering.next && ordering.values && ordering.keys && ordering.scratch;
    if (made) {
        collect(rows);
        made = order(&ordering);
    }
    dora__free(memory, ordering.scratch, count, sizeof *ordering.scratch);
    dora__free(memory, ordering.keys, count, sizeof *ordering.keys);
    dora__free(memory, ordering.values, count, sizeof *ordering.values);
    dora__free(memory, ordering.next, count, sizeof *ordering.next);
    if (!made)
        dora__rows_free(rows);
    return made;
}
