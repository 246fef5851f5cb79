/* SPDX-License-Identifier: MIT */
/*
 * A time zone: UTC, a fixed offset, or the transitions of a TZif file and its closing POSIX rule. Only the question
 * that metrics ask is answered: on which local day does an instant fall.
 */
#ifndef DORA_CALENDAR_ZONE_H
#define DORA_CALENDAR_ZONE_H

#include "base/memory.h"
#include "calendar/civil.h"

struct dora__zone; /* immutable after it is made */

/* "UTC", "Z", "+hh:mm", "+hhmm", "-hh:mm" or an IANA name looked up below `folder` (NULL: /usr/share/zoneinfo). A name
   cannot leave the folder. Errors: ARGUMENT (no such zone), IO (a file that is no TZif), MEMORY. */
dora_status dora__zone_new(struct dora__memory *memory, const char *name, const char *folder, struct dora__zone **zone,
                           dora_error *error);
void dora__zone_free(struct dora__zone *zone);

/* The span of instants around one that share its offset: [begin_us, end_us). A cursor is a span kept between calls, so
   that neighbouring instants cost an addition and two comparisons. Zero-initialised it is empty. */
struct dora__zone_span {
    int64_t begin_us;
    int64_t end_us;
    int64_t offset_us;
};

void dora__zone_find(const struct dora__zone *zone, int64_t instant_us, struct dora__zone_span *span);

/* Local day of an instant, days since 1970-01-01. */
static inline int32_t dora__zone_day(const struct dora__zone *zone, int64_t instant_us, struct dora__zone_span *span) {
    if (instant_us < span->begin_us || instant_us >= span->end_us)
        dora__zone_find(zone, instant_us, span);
    /* Counted from a day before 1900, so that the division is of an unsigned number and rounds towards the past. */
    const int64_t before_days = 30000;
    uint64_t local_us = (uint64_t)(instant_us + span->offset_us + before_days * DORA__US_PER_DAY);
    return (int32_t)(local_us / DORA__US_PER_DAY) - (int32_t)before_days;
}

#endif
