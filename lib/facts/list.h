/* SPDX-License-Identifier: MIT */
/*
 * List fields: sets of handles that only ever grow.
 */
#ifndef DORA_FACTS_LIST_H
#define DORA_FACTS_LIST_H

#include "facts/facts.h"

/* The list field among `fields`, or -1; a kind has at most one. */
static inline int dora__list_field(uint64_t fields) {
    return fields & DORA__BIT(DORA__CHANGES) ? DORA__CHANGES : fields & DORA__BIT(DORA__PARENTS) ? DORA__PARENTS : -1;
}

/* A list of a fact, with an id or without; NULL: out of memory. */
struct dora__list *dora__list_new(struct dora__facts *facts, const uint32_t *items, uint32_t count, bool has_id);

/* Unites the record's items with the list of a fact, which may be NULL and may move. OK, MEMORY or LIMIT. */
dora_status dora__list_unite(struct dora__facts *facts, struct dora__list **slot, const struct dora__record *record);

#endif
