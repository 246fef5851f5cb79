/* SPDX-License-Identifier: MIT */
/*
 * The set of facts: one table a kind, in chunks of rows, in columns that exist only from the first value on. Facts with
 * an id are found by the handle of the id and merged field by field; facts without one are only ever appended. Rows are
 * in order of arrival, which nothing downstream may let reach a result.
 */
#ifndef DORA_FACTS_FACTS_H
#define DORA_FACTS_FACTS_H

#include "base/pool.h"
#include "facts/field.h"
#include "facts/frozen.h"
#include "facts/inputs.h"
#include "facts/unknown.h"

enum { DORA__CHUNK_BITS = 13, DORA__CHUNK_ROWS = 1 << DORA__CHUNK_BITS, DORA__UNIFORM_MOST = 8 };
#define DORA__ROWS_MOST (UINT32_MAX - 1) /* of a table */

/* A list field. Of a fact with an id it may hold an item twice; of one without it is sorted by bytes, each once. */
struct dora__list {
    uint32_t count;
    uint32_t capacity;
    uint32_t items[];
};

/* DORA__CHUNK_ROWS rows. A column that is NULL is absent in all of them; cells past the table's end mean nothing. The
   column of when a value was stated (as_of) is NULL where no such value in the chunk has an as_of. Instants are kept
   narrow, as uint32_t seconds, for as long as all of the column are whole seconds from 1970 to 2106. A column of
   handles that are all the same, as environments tend to be, is a block that chunks share and nobody writes to. */
#define DORA__NARROW_ABSENT UINT32_MAX
struct dora__chunk {
    uint64_t columns; /* bit f: column[f] is there */
    uint64_t wide;    /* bit f: it is of int64_t; among instants and numbers, the latter always */
    uint64_t as_ofs;
    uint64_t shared; /* bit f: column[f] is such a block */
    void *column[DORA__FIELDS];
    int64_t *as_of[DORA__FIELDS];
};

struct dora__table {
    struct dora__chunk **chunks;
    size_t chunks_count;
    size_t chunks_capacity;
    uint32_t rows;
    uint32_t **row_of; /* blocks of 1 + row by id handle */
    size_t row_of_count;
    size_t row_of_capacity;
};

struct dora__facts {
    struct dora__memory *memory;
    struct dora__pool strings;
    struct dora__pool services;
    struct dora__arena columns;
    struct dora__arena lists;
    struct dora__table tables[DORA_KIND_COUNT];
    struct dora__unknown unknown;
    struct dora__inputs inputs;            /* that were read whole, by digest */
    struct dora__spare *spare;             /* narrow columns that had to be widened, to be used again */
    uint32_t *uniform[DORA__UNIFORM_MOST]; /* blocks of one handle each, which chunks share */
    uint32_t uniform_count;
    uint64_t numeric; /* bit f: column f is of instants or numbers */
    uint64_t handles; /* of strings or services */
    uint64_t bytes;   /* of bools or a status */
    uint64_t records; /* that were read: records + loaded = facts + merged + rejected */
    uint64_t loaded;  /* facts that came from states or other sets */
    uint64_t merged;
    uint64_t rejected;
    uint64_t items;                 /* of exports */
    uint64_t silent;                /* of them state nothing */
    uint64_t too_late;              /* of the rejected ones */
    struct dora__frozen *frozen;    /* NULL, or what is left of facts that were forgotten; owned */
    const struct dora__facts *into; /* NULL, or the set whose forgotten facts decide for these, which go there */
    const char *late;               /* why the last record was */
};

/* One validated record, its strings interned. */
struct dora__record {
    dora_kind kind;
    uint32_t id;     /* 0: none */
    uint64_t fields; /* bit f: values[f] is stated */
    int64_t as_of;
    int64_t values[DORA__FIELDS]; /* in column form, see enum dora__type; not for lists */
    const uint32_t *items;        /* of the one list that a kind has */
    uint32_t items_count;
    bool deleted;
};

/* The set whose forgotten facts say which records are too late for these; NULL: none are. */
static inline const struct dora__facts *dora__gate_of(const struct dora__facts *facts) {
    const struct dora__facts *gate = facts->into ? facts->into : facts;
    return gate->frozen ? gate : NULL;
}

void dora__facts_init(struct dora__facts *facts, struct dora__memory *memory);
void dora__facts_free(struct dora__facts *facts);

/* Distinct facts, the forgotten ones among them. */
uint64_t dora__facts_count(const struct dora__facts *facts);

/* Adds a record. OK, MEMORY, LIMIT or TOO_LATE, when facts->late says why; on failure nothing is added. Counts it. */
dora_status dora__facts_put(struct dora__facts *facts, const struct dora__record *record);

/* The same of a record of which it is known that it is not too late. */
dora_status dora__facts_put_known(struct dora__facts *facts, const struct dora__record *record);

/* Whether the cell of a row, of a field that is no list, becomes another one by a record that states the field. */
bool dora__facts_restates(const struct dora__facts *facts, const struct dora__chunk *chunk, int field, uint32_t at,
                          const struct dora__record *record);

/* Interns a string for a field of the given type (DORA__SERVICE has a pool of its own). */
static inline struct dora__pool *dora__facts_pool(struct dora__facts *facts, enum dora__type type) {
    return type == DORA__SERVICE ? &facts->services : &facts->strings;
}

/* Handle of an id of `kind` goes to this pool: a service's id is its name. */
static inline enum dora__type dora__id_type(dora_kind kind) {
    return kind == DORA_KIND_SERVICE ? DORA__SERVICE : DORA__STRING;
}

/* Row of the fact with that id handle, or UINT32_MAX. */
enum { DORA__ROW_OF_BITS = 10 };
static inline uint32_t dora__row_of(const struct dora__table *table, uint32_t id) {
    size_t block = id >> DORA__ROW_OF_BITS;
    if (id == 0 || block >= table->row_of_count || !table->row_of[block])
        return UINT32_MAX;
    return table->row_of[block][id & ((1u << DORA__ROW_OF_BITS) - 1)] - 1;
}

/* Fetches what that asks for, so that the cache misses of many ids overlap. */
__attribute__((always_inline)) static inline void dora__row_of_prefetch(const struct dora__table *table, uint32_t id) {
    size_t block = id >> DORA__ROW_OF_BITS;
    if (block < table->row_of_count && table->row_of[block])
        __builtin_prefetch(&table->row_of[block][id & ((1u << DORA__ROW_OF_BITS) - 1)]);
}

static inline const struct dora__chunk *dora__chunk_of(const struct dora__table *table, uint32_t row) {
    return table->chunks[row >> DORA__CHUNK_BITS];
}

static inline int64_t dora__instant_of_narrow(uint32_t seconds) {
    return seconds == DORA__NARROW_ABSENT ? DORA_ABSENT : (int64_t)seconds * 1000000;
}

/* Also of a number. */
static inline int64_t dora__instant_at(const struct dora__chunk *chunk, enum dora__field field, uint32_t row) {
    const void *column = chunk->column[field];
    uint32_t at = row & (DORA__CHUNK_ROWS - 1);
    if (!column)
        return DORA_ABSENT;
    if (chunk->wide >> field & 1)
        return ((const int64_t *)column)[at];
    return dora__instant_of_narrow(((const uint32_t *)column)[at]);
}

/* The seconds of a column of instants where it is narrow, for loops over a chunk; else NULL. */
static inline const uint32_t *dora__narrow_column(const struct dora__chunk *chunk, enum dora__field field) {
    return chunk->wide >> field & 1 ? NULL : (const uint32_t *)chunk->column[field];
}

static inline uint32_t dora__handle_at(const struct dora__chunk *chunk, enum dora__field field, uint32_t row) {
    const uint32_t *column = (const uint32_t *)chunk->column[field];
    return column ? column[row & (DORA__CHUNK_ROWS - 1)] : 0;
}

/* Of a bool: 0 absent, 1 false, 2 true; of a status: 0 or 1 + status. */
static inline uint8_t dora__byte_at(const struct dora__chunk *chunk, enum dora__field field, uint32_t row) {
    const uint8_t *column = (const uint8_t *)chunk->column[field];
    return column ? column[row & (DORA__CHUNK_ROWS - 1)] : 0;
}

static inline const struct dora__list *dora__list_at(const struct dora__chunk *chunk, enum dora__field field,
                                                     uint32_t row) {
    const struct dora__list *const *column = (const struct dora__list *const *)chunk->column[field];
    return column ? column[row & (DORA__CHUNK_ROWS - 1)] : NULL;
}

/* The same by row of a table. */
static inline int64_t dora__table_instant(const struct dora__table *table, enum dora__field field, uint32_t row) {
    return dora__instant_at(dora__chunk_of(table, row), field, row);
}

static inline uint32_t dora__table_handle(const struct dora__table *table, enum dora__field field, uint32_t row) {
    return dora__handle_at(dora__chunk_of(table, row), field, row);
}

static inline const struct dora__list *dora__table_list(const struct dora__table *table, enum dora__field field,
                                                        uint32_t row) {
    return dora__list_at(dora__chunk_of(table, row), field, row);
}

static inline bool dora__is_deleted(const struct dora__table *table, uint32_t row) {
    return dora__byte_at(dora__chunk_of(table, row), DORA__DELETED, row) == 2;
}

#endif
