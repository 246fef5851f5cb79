/* SPDX-License-Identifier: MIT */
/*
 * Whether a record comes too late: it has to do with what was forgotten, or belongs to a day before. What such a record
 * would change is no longer there, so that to take it would be to misfile it.
 */
#ifndef DORA_FACTS_TOO_LATE_H
#define DORA_FACTS_TOO_LATE_H

#include "facts/facts.h"

/* NULL where a record, whose handles are those of `of`, may be added to `gate`, which has forgotten facts; else why
   not. One that says nothing new of a fact that is still there may. */
const char *dora__too_late(const struct dora__facts *gate, const struct dora__facts *of,
                           const struct dora__record *record);

/* Whether a fact, as a record with handles of `of`, has or names an id that `gate` has forgotten, whatever its day. */
bool dora__has_forgotten(const struct dora__facts *gate, const struct dora__facts *of,
                         const struct dora__record *record);

#endif
