/* SPDX-License-Identifier: MIT */
/*
 * Records on their way from a reader into the facts: a batch of each kind, filled row by row. A row is begun, its cells
 * are stored, and it counts only once it is committed; cells of rows to come are always absent. Strings that tend to be
 * few are recalled; of those that tend to be many, such as references, the slots in the pool are prefetched, and they
 * are interned when the batches are put. The bytes of ids, references and items are borrowed until then.
 */
#ifndef DORA_READ_STAGING_H
#define DORA_READ_STAGING_H

#include "facts/batch.h"
#include "facts/record.h"
#include "read/recall.h"

enum {
    DORA__STAGING_WAITING = 2048, /* strings that wait for their handle */
    DORA__STAGING_ITEMS = 1024    /* items of lists, which are among them */
};

struct dora__waiting {
    const char *data;
    uint32_t size;
    uint32_t hash;
    uint32_t *into;
};

/* The rows of one kind. */
struct dora__staged_kind {
    struct dora__batch batch;
    uint64_t fields; /* those that there are columns for */
    bool any_id;
    bool any_list;
    size_t columns_size;
    dora_string ids[DORA__BATCH_ROWS];
    uint32_t id_hashes[DORA__BATCH_ROWS];
    uint32_t items_from[DORA__BATCH_ROWS]; /* of a kind that has lists */
    uint32_t items_count[DORA__BATCH_ROWS];
    int64_t columns[];
};

struct dora__staging {
    struct dora__facts *facts;
    struct dora__staged_kind *kinds[DORA_KIND_COUNT];
    uint32_t rows; /* committed in all kinds, not yet put */
    uint32_t waiting_count;
    uint32_t items_count;
    struct dora__recall services;
    struct dora__recall strings;
    struct dora__waiting waiting[DORA__STAGING_WAITING];
    uint32_t items[DORA__STAGING_ITEMS];
};

/* The row at hand. */
struct dora__staged_row {
    struct dora__staged_kind *kind;
    uint64_t stated; /* fields whose cells were stored, and perhaps the list */
    dora_string id;
    uint32_t at; /* its number in the batch */
    uint32_t items_from;
    uint32_t waiting_from;
};

/* Of a staging that is all zeros. */
static inline void dora__staging_init(struct dora__staging *staging, struct dora__facts *facts) {
    staging->facts = facts;
}
void dora__staging_free(struct dora__staging *staging);

/* Puts all rows. OK, MEMORY or LIMIT; *lost committed rows are then not in. */
dora_status dora__staging_put(struct dora__staging *staging, uint32_t *lost);

/* Columns for a kind. NULL: out of memory. */
struct dora__staged_kind *dora__staging_make_kind(struct dora__staging *staging, dora_kind kind);

static inline bool dora__staging_full(const struct dora__staging *staging, const struct dora__staged_kind *kind) {
    return kind->batch.rows == DORA__BATCH_ROWS || staging->waiting_count > DORA__STAGING_WAITING - DORA__FIELDS;
}

/* Begins a row of a kind that is not full. */
static inline void dora__staged_begin(struct dora__staged_row *row, const struct dora__staging *staging,
                                      struct dora__staged_kind *kind) {
    *row =
        (struct dora__staged_row){kind, 0, {NULL, 0}, kind->batch.rows, staging->items_count, staging->waiting_count};
}

/* Makes the cells of a row absent again. */
void dora__staged_clear(struct dora__staged_kind *kind, uint32_t row, uint64_t fields);

/* Ends a row that does not count. */
static inline void dora__staged_drop(const struct dora__staged_row *row, struct dora__staging *staging) {
    staging->items_count = row->items_from;
    staging->waiting_count = row->waiting_from;
    dora__staged_clear(row->kind, row->at, row->stated);
}

/* Makes a string wait; there is room. */
static inline void dora__staging_wait(struct dora__staging *staging, const char *data, size_t size, uint32_t *into) {
    uint32_t hash = dora__pool_hash(&staging->facts->strings, data, size);
    dora__pool_prefetch(&staging->facts->strings, hash);
    staging->waiting[staging->waiting_count++] = (struct dora__waiting){data, (uint32_t)size, hash, into};
}

/* String fields that hold references, and versions. */
#define DORA__MANY_STRINGS                                                                                             \
    (DORA__BIT(DORA__VERSION) | DORA__BIT(DORA__SHA) | DORA__BIT(DORA__RELEASE) | DORA__BIT(DORA__ROLLBACK_OF) |       \
     DORA__BIT(DORA__DEPLOYMENT))

/* An item of the row's list, none if it is empty. False: there is no room for it. */
static inline bool dora__staged_item(struct dora__staging *staging, const char *data, size_t size) {
    if (size == 0)
        return true;
    if (staging->items_count == DORA__STAGING_ITEMS || staging->waiting_count > DORA__STAGING_WAITING - DORA__FIELDS)
        return false;
    dora__staging_wait(staging, data, size, &staging->items[staging->items_count++]);
    return true;
}

/* Counts the row in. */
static inline void dora__staged_commit(const struct dora__staged_row *row, struct dora__staging *staging) {
    struct dora__staged_kind *kind = row->kind;
    kind->ids[row->at] = row->id;
    if (row->id.size) {
        const struct dora__pool *pool = dora__facts_pool(staging->facts, dora__id_type(kind->batch.kind));
        kind->any_id = true;
        kind->id_hashes[row->at] = dora__pool_hash(pool, row->id.data, row->id.size);
        dora__pool_prefetch(pool, kind->id_hashes[row->at]);
    }
    kind->batch.fields |= row->stated & ~DORA__LISTS;
    bool has_list = row->stated & DORA__LISTS;
    kind->items_from[row->at] = has_list ? row->items_from : DORA__NO_LIST;
    kind->items_count[row->at] = staging->items_count - row->items_from;
    kind->any_list |= has_list;
    kind->batch.rows++;
    staging->rows++;
}

#endif
