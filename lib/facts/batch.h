/* SPDX-License-Identifier: MIT */
/*
 * Rows of one kind on their way into the facts, column by column: what readers fill and the facts take in one go, so
 * that the work a row costs is a few stores. The order of records means nothing to the facts, so a batch may wait while
 * single records pass it.
 */
#ifndef DORA_FACTS_BATCH_H
#define DORA_FACTS_BATCH_H

#include "facts/facts.h"

enum { DORA__BATCH_ROWS = 256 };
#define DORA__NO_LIST UINT32_MAX

struct dora__batch {
    dora_kind kind;
    uint32_t rows; /* up to DORA__BATCH_ROWS */
    /* Bit f: column[f] is there and says of every row what it states, or that it states nothing. Fields of the kind,
       and DORA__AS_OF and DORA__DELETED. */
    uint64_t fields;
    /* By type, as struct dora__record has values: int64_t (DORA_ABSENT), uint32_t handles (0) or uint8_t (0). Columns
       that are not in `fields` may be anything. */
    void *column[DORA__FIELDS];
    uint64_t narrow; /* bit f: column[f], of instants, is in their narrow form instead, uint32_t (see facts.h) */
    /* The kind's list: what row r has of it is items[items_from[r]] and on, items_count[r] handles; DORA__NO_LIST:
       none. NULL: no row has one. Neither `fields` nor `column` know of it. */
    const uint32_t *items_from;
    const uint32_t *items_count;
    const uint32_t *items;
    const dora_string *ids;    /* a row each, borrowed until the batch is put; size 0: none. NULL: no row has an id */
    const uint32_t *id_hashes; /* dora__pool_hash of each, its slot prefetched; NULL: still to be done */
};

/* Adds the rows as that many records of dora__facts_put, of which none can be too late (dora__gate_of is NULL). OK,
   MEMORY or LIMIT; on failure *done rows are in, the first ones. Where ids are new or absent the cost is a few
   nanoseconds a row and one cache miss an id, overlapped.
 */
dora_status dora__facts_put_batch(struct dora__facts *facts, const struct dora__batch *batch, uint32_t *done);

/* Gives a narrow column, which has room for that, the form of all instants; `rows` of its cells are set. */
void dora__batch_widen(struct dora__batch *batch, int field, uint32_t rows);

#endif
