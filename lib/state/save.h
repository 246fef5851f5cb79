/* SPDX-License-Identifier: MIT */
/*
 * A set of facts as the bytes of a state: equal sets give equal bytes, in whatever order and pieces they arrived.
 */
#ifndef DORA_STATE_SAVE_H
#define DORA_STATE_SAVE_H

#include "facts/facts.h"
#include "state/bytes.h"

/* Appends the state to empty `bytes`, which are the caller's to free in any case: it begins at *begin. OK, or
   MEMORY: or stopped, which bytes->asking say. O(facts * fields + bytes of strings). */
dora_status dora__state_save(const struct dora__facts *facts, struct dora__bytes *bytes, size_t *begin);

#endif
