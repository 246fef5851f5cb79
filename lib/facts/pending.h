/* SPDX-License-Identifier: MIT */
/*
 * Deployments that were added one at a time and wait until there are enough for a batch, or until somebody looks at the
 * facts: cache misses of their ids then overlap, and a row costs a few stores. A deployment that waits is in, for
 * whoever added it: should memory be out when the batch is put, those that are not yet put go on waiting.
 */
#ifndef DORA_FACTS_PENDING_H
#define DORA_FACTS_PENDING_H

#include "facts/facts.h"

struct dora__pending;

/* NULL: out of memory. */
struct dora__pending *dora__pending_new(struct dora__memory *memory);
void dora__pending_free(struct dora__pending *pending, struct dora__memory *memory);

/* OK, MEMORY, LIMIT, or INPUT: *field and *reason say what is wrong. On failure the deployment is not in. */
dora_status dora__pending_add(struct dora__pending *pending, struct dora__facts *facts,
                              const dora_deployment *deployment, enum dora__field *field, const char **reason);

/* Puts those that wait; to be called before the facts are looked at. OK, MEMORY or LIMIT. */
dora_status dora__pending_flush(struct dora__pending *pending, struct dora__facts *facts);

#endif
