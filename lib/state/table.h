/* SPDX-License-Identifier: MIT */
/*
 * The section of a table's facts on its way in: column after column, each value looked at before it is stored.
 */
#ifndef DORA_STATE_TABLE_H
#define DORA_STATE_TABLE_H

#include "facts/facts.h"
#include "state/bytes.h"

/* Appends the facts of a section to their table. Strings and services are there, each handle its rank, and of a kind
   those with an id come first. OK, MEMORY or LIMIT, or the cursor fails; what is in the table then means nothing. */
dora_status dora__table_take(struct dora__state_cursor *cursor, struct dora__facts *facts, dora_kind kind, bool named);

#endif
