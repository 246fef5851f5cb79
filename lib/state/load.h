/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a state as a set of facts. Nothing is believed: frame, checksums, sizes before they are used, order,
 * ranges, types, what belongs to which kind. What has passed is a set of facts like any other.
 */
#ifndef DORA_STATE_LOAD_H
#define DORA_STATE_LOAD_H

#include "base/asking.h"
#include "facts/facts.h"

/* Loads into `facts`, new and empty, which are the caller's to free in any case. OK, MEMORY, LIMIT, CANCELLED, or STATE
   with the place and what is wrong in *error. O(size + facts * fields); memory of at most 1,000 bytes a byte of input
   and 32 MiB: a column has room for a block of rows, however few there are. */
dora_status dora__state_load(struct dora__facts *facts, const void *bytes, size_t size, struct dora__asking *asking,
                             dora_error *error);

#endif
