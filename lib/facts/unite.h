/* SPDX-License-Identifier: MIT */
/*
 * What is left of forgotten facts of two sets, put together. Facts that are gone cannot be compared any more: two such
 * remainders fit where they are equal, copies of one, or have nothing to do with each other.
 */
#ifndef DORA_FACTS_UNITE_H
#define DORA_FACTS_UNITE_H

#include "facts/facts.h"

/* What becomes of the forgotten facts of `into` when those of `from` are added. */
struct dora__union {
    struct dora__frozen *frozen; /* to be put in the place of into's, or freed; NULL where neither has any */
    const char *misfit;          /* why they do not fit; else NULL */
};

/* Strings of `from` that are left are interned in `into`, else nothing changes. MEMORY or LIMIT leave nothing to free.
 */
dora_status dora__unite(struct dora__facts *into, const struct dora__facts *from, struct dora__union *both);

#endif
