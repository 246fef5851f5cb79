/* SPDX-License-Identifier: MIT */
/* See column.h. */
#include "facts/column.h"

#include <string.h>

enum { NARROW_SIZE = DORA__CHUNK_ROWS * sizeof(uint32_t) };

/* A block of NARROW_SIZE bytes out of use. */
struct dora__spare {
    struct dora__spare *next;
};

static const uint8_t widths[] = {
    [DORA__INSTANT] = 4,           [DORA__NUMBER] = 8, [DORA__STRING] = 4, [DORA__SERVICE] = 4, [DORA__BOOL] = 1,
    [DORA__LIST] = sizeof(void *), [DORA__STATUS] = 1,
};

static inline enum dora__type type_of(int field) {
    return (enum dora__type)dora__fields[field].type;
}

struct dora__chunk *dora__chunk_to_append(struct dora__facts *facts, struct dora__table *table) {
    size_t at = table->rows >> DORA__CHUNK_BITS;
    if (at < table->chunks_count)
        return table->chunks[at];
    if (!dora__grow(facts->memory, (void **)&table->chunks, &table->chunks_capacity, at + 1, sizeof *table->chunks))
        return NULL;
    struct dora__chunk *chunk = dora__alloc_zeroed(facts->memory, 1, sizeof *chunk);
    if (chunk)
        table->chunks[table->chunks_count++] = chunk;
    return chunk;
}

static void *new_column(struct dora__facts *facts, size_t width) {
    if (width != sizeof(uint32_t) || !facts->spare)
        return dora__arena_alloc(&facts->columns, DORA__CHUNK_ROWS * width, 16);
    struct dora__spare *spare = facts->spare;
    facts->spare = spare->next;
    return spare;
}

static void fill_i64(int64_t *cells, int64_t value, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        cells[i] = value;
}

bool dora__columns_make(struct dora__facts *facts, struct dora__chunk *chunk, uint64_t fields, uint32_t rows) {
    for (uint64_t left = fields & ~chunk->columns; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        size_t width = widths[type_of(field)];
        void *column = new_column(facts, width);
        if (!column)
            return false;
        if (type_of(field) == DORA__NUMBER) {
            fill_i64(column, DORA_ABSENT, rows);
            chunk->wide |= DORA__BIT(field);
        } else {
            memset(column, type_of(field) == DORA__INSTANT ? 0xFF : 0, rows * width);
        }
        chunk->column[field] = column;
        chunk->columns |= DORA__BIT(field);
    }
    return true;
}

/* NULL: there are enough of them, or no memory. */
static uint32_t *uniform_of(struct dora__facts *facts, uint32_t handle) {
    for (uint32_t i = 0; i < facts->uniform_count; i++)
        if (facts->uniform[i][0] == handle)
            return facts->uniform[i];
    if (facts->uniform_count == DORA__UNIFORM_MOST)
        return NULL;
    uint32_t *cells = new_column(facts, sizeof *cells);
    if (!cells)
        return NULL;
    for (uint32_t i = 0; i < DORA__CHUNK_ROWS; i++)
        cells[i] = handle;
    return facts->uniform[facts->uniform_count++] = cells;
}

bool dora__column_share(struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t handle) {
    uint32_t *cells = uniform_of(facts, handle);
    if (!cells)
        return false;
    chunk->column[field] = cells;
    chunk->columns |= DORA__BIT(field);
    chunk->shared |= DORA__BIT(field);
    return true;
}

bool dora__columns_own(struct dora__facts *facts, struct dora__chunk *chunk, uint64_t fields, uint32_t rows) {
    for (uint64_t left = chunk->shared & fields; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        uint32_t *cells = new_column(facts, sizeof *cells);
        if (!cells)
            return false;
        memcpy(cells, chunk->column[field], rows * sizeof *cells);
        chunk->column[field] = cells;
        chunk->shared &= ~DORA__BIT(field);
    }
    return true;
}

bool dora__as_ofs_make(struct dora__facts *facts, struct dora__chunk *chunk, uint64_t fields, uint32_t rows) {
    for (uint64_t left = fields & ~chunk->as_ofs; left; left &= left - 1) {
        int field = __builtin_ctzll(left);
        chunk->as_of[field] = new_column(facts, sizeof(int64_t));
        if (!chunk->as_of[field])
            return false;
        fill_i64(chunk->as_of[field], DORA_ABSENT, rows);
        chunk->as_ofs |= DORA__BIT(field);
    }
    return true;
}

bool dora__column_widen(struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t rows) {
    uint32_t *narrow = chunk->column[field];
    int64_t *wide = new_column(facts, sizeof *wide);
    if (!wide)
        return false;
    for (uint32_t i = 0; i < rows; i++)
        wide[i] = dora__instant_of_narrow(narrow[i]);
    chunk->column[field] = wide;
    chunk->wide |= DORA__BIT(field);
    struct dora__spare *spare = (struct dora__spare *)(void *)narrow;
    spare->next = facts->spare;
    facts->spare = spare;
    return true;
}

int64_t dora__cell(const struct dora__facts *facts, const struct dora__chunk *chunk, int field, uint32_t at) {
    if (facts->numeric >> field & 1)
        return dora__instant_at(chunk, (enum dora__field)field, at);
    if (facts->handles >> field & 1)
        return ((const uint32_t *)chunk->column[field])[at];
    return ((const uint8_t *)chunk->column[field])[at];
}

void dora__cell_set(const struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t at, int64_t value) {
    void *column = chunk->column[field];
    if (chunk->wide >> field & 1)
        ((int64_t *)column)[at] = value;
    else if (facts->numeric >> field & 1)
        ((uint32_t *)column)[at] = (uint32_t)dora__narrow(value);
    else if (facts->handles >> field & 1)
        ((uint32_t *)column)[at] = (uint32_t)value;
    else
        ((uint8_t *)column)[at] = (uint8_t)value;
}

bool dora__row_of_make(struct dora__facts *facts, struct dora__table *table, uint32_t id) {
    size_t block = id >> DORA__ROW_OF_BITS;
    if (!dora__grow(facts->memory, (void **)&table->row_of, &table->row_of_capacity, block + 1, sizeof *table->row_of))
        return false;
    while (table->row_of_count <= block)
        table->row_of[table->row_of_count++] = NULL;
    if (!table->row_of[block]) {
        size_t size = sizeof(uint32_t) << DORA__ROW_OF_BITS;
        uint32_t *made = dora__arena_alloc(&facts->columns, size, 64);
        if (made)
            memset(made, 0, size);
        table->row_of[block] = made;
    }
    return table->row_of[block] != NULL;
}
