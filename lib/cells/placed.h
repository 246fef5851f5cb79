/* SPDX-License-Identifier: MIT */
/*
 * The samples of a series, brought together by group: one counting pass, one placing pass. A sample is one word, so
 * that placing writes one stream a group. Deployments, by far the most, are passed once for three series: a word has
 * room for the events of a deployment and the lead time of its own change, so these two share their words, and
 * recoveries are placed on the way.
 *
 * Durations that are all whole seconds and fit, as nearly always, are the lower half of the word. Others go beside it.
 */
#ifndef DORA_CELLS_PLACED_H
#define DORA_CELLS_PLACED_H

#include "derive/derived.h"

#define DORA__NO_GROUP UINT32_MAX

/* Which group the samples of a service go to. */
struct dora__groups {
    const uint32_t *of_service; /* by service handle, 0 for none; DORA__NO_GROUP: they are left out */
    uint32_t count;
};

/* A word, from its top: the day counted from placed->first_day, whether there is a value, the set of events, the value
   in units. */
enum { DORA__WORD_DAY = 42, DORA__WORD_HAS_VALUE = 41, DORA__WORD_EVENTS = 32 };

struct dora__placed {
    struct dora__memory *memory;
    size_t count;
    uint32_t groups;
    size_t most;     /* samples of the largest group */
    size_t *begin;   /* samples of group g are begin[g] .. begin[g + 1] - 1 */
    uint64_t *words; /* in order of arrival within a group, until a strip puts them in the order of days */
    int64_t *wide;   /* NULL, or a sample each: the value, which the word then has not */
    int32_t first_day;
    uint32_t days;  /* from first_day to the last one of any sample */
    int64_t unit;   /* what one step of a value stands for, in the series' own unit (microseconds, millionths) */
    bool has_leads; /* of DORA__EVENTS: its words hold the samples of DORA__LEAD_TIME as well */
};

/* Asks the caller now and then, in one of some blocks, whether to go on; `blocks` is 0 at first and kept from call to
 * call. */
bool dora__blocks_go_on(const struct dora__derived *derived, uint32_t groups, uint32_t *blocks);

/* Places the series of a set (bit s: series s), of which DORA__EVENTS is one; all of `placed` is zero before. Where
   placed[DORA__EVENTS].has_leads, placed[DORA__LEAD_TIME] stays empty. MEMORY or CANCELLED, after which
   dora__placed_free is still due. */
dora_status dora__place(struct dora__placed placed[DORA__SERIES_COUNT], const struct dora__derived *derived,
                        uint32_t series, const struct dora__groups *groups);
void dora__placed_free(struct dora__placed placed[DORA__SERIES_COUNT]);

/* What one query placed, for the next one that groups the same facts in the same way and asks for the same series, as
   those of a dashboard do. All zero: nothing. */
struct dora__kept {
    struct dora__placed placed[DORA__SERIES_COUNT];
    uint32_t series;
    int by; /* how it is grouped; without meaning here */
};

/* Whether it is that. */
bool dora__kept_is(const struct dora__kept *kept, int by, uint32_t series);
/* Takes over what was placed, if it can be used again. */
void dora__keep(struct dora__kept *kept, int by, uint32_t series, struct dora__placed placed[DORA__SERIES_COUNT]);
void dora__kept_clear(struct dora__kept *kept);

#endif
