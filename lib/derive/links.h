/* SPDX-License-Identifier: MIT */
/*
 * The ways in which a change gets its first deployment, each a function. Deployments go by their rank while changes are
 * linked, so that the first is the least number. What is looked up by id is looked up for many at a time, each step of
 * the way fetched before it is needed, since with millions of changes every look-up misses the caches.
 */
#ifndef DORA_DERIVE_LINKS_H
#define DORA_DERIVE_LINKS_H

#include "derive/step.h"

enum { DORA__TOGETHER = 128 };

struct dora__links {
    struct dora__steps *steps;
    const struct dora__table *changes;
    bool some_deleted; /* of the changes */
};

/* Each fills derived->first[way], by rank. MEMORY or CANCELLED. */
dora_status dora__link_ancestry(const struct dora__links *links);
/* Of changes that no other way has linked; so the last one. */
dora_status dora__link_time(const struct dora__links *links);

/* derived->first[way], made where it is not yet there, DORA__NO_ROW each; NULL: out of memory. */
uint32_t *dora__first_make(const struct dora__links *links, enum dora__way way);

bool dora__have_column(const struct dora__table *table, enum dora__field field);

/* Rows of the facts with these ids, at most DORA__TOGETHER; DORA__NO_ROW where there is none. May be in place. */
static inline void dora__rows_together(const struct dora__table *table, const uint32_t *ids, uint32_t count,
                                       uint32_t *rows) {
    for (uint32_t i = 0; i < count; i++)
        dora__row_of_prefetch(table, ids[i]);
    for (uint32_t i = 0; i < count; i++)
        rows[i] = dora__row_of(table, ids[i]);
}

/* The same of changes, without deleted ones. */
static inline void dora__changes_together(const struct dora__links *links, const uint32_t *ids, uint32_t count,
                                          uint32_t *rows) {
    dora__rows_together(links->changes, ids, count, rows);
    for (uint32_t i = 0; links->some_deleted && i < count; i++)
        if (rows[i] != DORA__NO_ROW && dora__is_deleted(links->changes, rows[i]))
            rows[i] = DORA__NO_ROW;
}

#endif
