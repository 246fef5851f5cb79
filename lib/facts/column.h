/* SPDX-License-Identifier: MIT */
/*
 * The columns of a chunk from the side that writes them: room for a column, cells by the type of their field. A cell
 * in column form is an int64_t, whatever the type (see enum dora__type); cells of lists are not touched here.
 */
#ifndef DORA_FACTS_COLUMN_H
#define DORA_FACTS_COLUMN_H

#include "facts/facts.h"

/* Seconds of an instant, DORA__NARROW_ABSENT of an absent one; more than UINT32_MAX where it has no narrow form. A
   multiple of 1,000,000 = 15,625 * 64 is divided by multiplying with the inverse of 15,625 modulo 2^64 and rotating out
   six zeros; what is no multiple, or negative, comes out large. */
static inline uint64_t dora__narrow(int64_t instant_us) {
    uint64_t scaled = (uint64_t)instant_us * UINT64_C(0x790FB65668C26139);
    uint64_t seconds = scaled >> 6 | scaled << 58;
    if (seconds < DORA__NARROW_ABSENT)
        return seconds;
    return instant_us == DORA_ABSENT ? DORA__NARROW_ABSENT : UINT64_MAX;
}

static inline int64_t dora__absent_of(const struct dora__facts *facts, int field) {
    return facts->numeric >> field & 1 ? DORA_ABSENT : 0;
}

/* Bytes of a cell of a column that is there. */
static inline size_t dora__cell_width(const struct dora__facts *facts, const struct dora__chunk *chunk, int field) {
    if (facts->numeric >> field & 1)
        return chunk->wide >> field & 1 ? sizeof(int64_t) : sizeof(uint32_t);
    return facts->handles >> field & 1 ? sizeof(uint32_t) : DORA__LISTS >> field & 1 ? sizeof(void *) : 1;
}

/* The chunk that takes the table's next row, or NULL: out of memory. */
struct dora__chunk *dora__chunk_to_append(struct dora__facts *facts, struct dora__table *table);

/* Columns that are not yet there for all of `fields`, absent in the first `rows` cells. False: out of memory. */
bool dora__columns_make(struct dora__facts *facts, struct dora__chunk *chunk, uint64_t fields, uint32_t rows);

/* The same of when values were stated. */
bool dora__as_ofs_make(struct dora__facts *facts, struct dora__chunk *chunk, uint64_t fields, uint32_t rows);

/* Gives a narrow column the width of all instants; `rows` of its cells are set. False: out of memory. */
bool dora__column_widen(struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t rows);

/* Makes a column that is not yet there one of a handle in every cell. False: there is no such block, and none could be
   made; to be made as others then. */
bool dora__column_share(struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t handle);

/* Gives the chunk its own copies of columns that it shares, for those who write to any of them; `rows` of their cells
   are set. False: out of memory. */
bool dora__columns_own(struct dora__facts *facts, struct dora__chunk *chunk, uint64_t fields, uint32_t rows);

int64_t dora__cell(const struct dora__facts *facts, const struct dora__chunk *chunk, int field, uint32_t at);
/* An instant has to have the form of its column, which is the chunk's own. */
void dora__cell_set(const struct dora__facts *facts, struct dora__chunk *chunk, int field, uint32_t at, int64_t value);

/* Makes room to say which row has the id. False: out of memory. */
bool dora__row_of_make(struct dora__facts *facts, struct dora__table *table, uint32_t id);

static inline bool dora__row_of_reserve(struct dora__facts *facts, struct dora__table *table, uint32_t id) {
    size_t block = id >> DORA__ROW_OF_BITS;
    return (block < table->row_of_count && table->row_of[block]) || dora__row_of_make(facts, table, id);
}

static inline void dora__row_of_set(struct dora__table *table, uint32_t id, uint32_t row_plus_1) {
    table->row_of[id >> DORA__ROW_OF_BITS][id & ((1u << DORA__ROW_OF_BITS) - 1)] = row_plus_1;
}

#endif
