/* SPDX-License-Identifier: MIT */
/*
 * What follows from the facts: which deployments count, what they contain, which failed and recovered, where each fact
 * went. A pure function of the set of facts and the linking options; nothing here depends on the order of rows.
 *
 * Deployments are by far the most, so their samples are not stored but made from the facts and one byte of flags each,
 * whenever they are asked for. All other samples are few and stored.
 */
#ifndef DORA_DERIVE_DERIVED_H
#define DORA_DERIVE_DERIVED_H

#include "base/threads.h"
#include "calendar/zone.h"
#include "facts/facts.h"

/* The engine's options that decide what links to what. */
struct dora__linking {
    const char *production; /* names separated by commas, lower case */
    int64_t attribution_us; /* -1: explicit only; INT64_MAX: no limit */
    bool changes_by_time;
    bool infer_rollbacks;
    const struct dora__zone *zone;
    dora_progress_fn progress;
    void *progress_context;
    struct dora__threads *threads; /* NULL: only the caller's */
};

/* Flags of a deployment, 0 for one that is no attempt. The first six are its events, bit by bit. */
enum {
    DORA__IS_ATTEMPT = 1 << DORA__EVENT_ATTEMPT, /* in D+ or failed */
    DORA__IS_PLUS = 1 << DORA__EVENT_DEPLOYMENT, /* in D+ */
    DORA__IS_FAILED = 1 << DORA__EVENT_FAILED,
    DORA__IS_OPEN = 1 << DORA__EVENT_OPEN,
    DORA__IS_REWORK = 1 << DORA__EVENT_REWORK,
    DORA__IS_ROLLED_BACK = 1 << DORA__EVENT_ROLLED_BACK,
    DORA__EVENT_FLAGS = 63,
    DORA__IS_BLAMED = 64 /* has an attributed incident */
};

#define DORA__NO_ROW        UINT32_MAX
#define DORA__FORGOTTEN_ROW (UINT32_MAX - 1) /* no row has this number */

/* How a change got its first deployment; what comes first decides. */
enum dora__way { DORA__BY_LIST, DORA__BY_ANCESTRY, DORA__BY_TIME, DORA__WAYS };

/* A sample that has come, or was taken away. */
struct dora__edit {
    enum dora__series series;
    bool taken;
    struct dora__sample sample;
};

struct dora__derived {
    const struct dora__facts *facts;
    struct dora__linking linking;
    struct dora__memory *memory;

    uint8_t *flags;       /* a deployment each */
    uint32_t deployments; /* rows */
    size_t flags_capacity, resolved_capacity, rolled_by_capacity;
    int64_t
        *resolved; /* NULL, or a deployment each: latest resolved_at of its incidents; INT64_MAX while one is open */
    int64_t *rolled_by; /* NULL, or a deployment each: least t of those that rolled it back, else DORA_ABSENT */
    bool has_inline;    /* some deployment in D+ has a committed_at of its own */
    uint32_t *first[DORA__WAYS]; /* NULL, or a change each: the first deployment that contains it that way, or
                                    DORA__NO_ROW */
    size_t first_capacity[DORA__WAYS];
    uint32_t *anchor;    /* NULL, or by service: the first deployment whose sha is a known change, or DORA__NO_ROW */
    size_t anchor_known; /* services */
    size_t anchor_capacity;
    uint32_t *earliest; /* the same of the first deployment in D+; where changes are placed by time */
    size_t earliest_capacity;
    uint32_t leads_made;      /* of DORA__LEADS, as bits: the series whose stored samples stand */
    struct dora__edit *edits; /* what the last dora__derive_more changed beside the samples of new deployments */
    size_t edits_count;
    size_t edits_capacity;

    uint64_t account[DORA_KIND_COUNT][DORA_DISPOSITION_COUNT];
    struct dora__environment *environments; /* most frequent first */
    size_t environments_count;
    size_t environments_capacity;
    bool failure_known;
    bool rework_known;

    struct dora__samples samples[DORA__SERIES_COUNT]; /* all but those made from deployments */
    struct dora__phase_sample *phases;
    size_t phases_count;
    size_t phases_capacity;

    bool any;          /* there is a sample */
    int32_t first_day; /* of any sample */
    int32_t last_day;
    int32_t *born; /* by service handle, 0 .. services: day of its first sample, INT32_MAX for none */
    uint32_t services;
    size_t born_capacity;

    uint32_t rows[DORA_KIND_COUNT]; /* what it was derived from: rows of each kind, ... */
    uint64_t merged;                /* ... records merged into others, ... */
    uint32_t strings;               /* ... and strings */
    int64_t *latest_opened;         /* NULL, or by service handle: the latest opening of an incident that names no
                                       deployment */
    size_t latest_opened_capacity;

    uint64_t steps; /* progress of the run */
};

/* Derives everything. `derived` is all zero before; after a failure it is to be freed as well. MEMORY or CANCELLED. */
dora_status dora__derive(struct dora__derived *derived, const struct dora__facts *facts,
                         const struct dora__linking *linking);
void dora__derived_free(struct dora__derived *derived);

/* Follows facts that were added since, where they are new deployments and changes of which it is known what they touch.
   *done: it did, at the cost of that; else nothing has changed, and all is to be derived anew. After MEMORY `derived`
   is to be freed. */
dora_status dora__derive_more(struct dora__derived *derived, bool *done);

/* Makes the stored samples of those series of a set (bit s: series s) that changes have and that do not stand yet; to
   be called before samples are asked for. OK, MEMORY or CANCELLED, after which it may be called again. O(changes). */
dora_status dora__derived_make_leads(struct dora__derived *derived, uint32_t series);

/* All samples of a series, in blocks. O(deployments + samples). */
dora_status dora__derived_each(const struct dora__derived *derived, enum dora__series series, dora__block_fn *take,
                               void *context);
/* Those alone that are made from deployments of row `first` on. */
dora_status dora__derived_new(const struct dora__derived *derived, enum dora__series series, uint32_t first,
                              dora__block_fn *take, void *context);

struct dora__walk_kernel; /* walk_kernel.h */

/*
 * Deployments in blocks of rows of one chunk, as placing takes them: all that most reports ask of a deployment in one
 * pass. Leads and recoveries are in whole seconds; a series that has one that is not, or is too long, does not fit and
 * is to be had from dora__derived_each.
 */
struct dora__walk {
    const struct dora__derived *derived;
    const struct dora__walk_kernel *kernel;
    uint32_t row; /* of the next block */
    uint32_t end;
    bool leads; /* which are wanted */
    bool recoveries;
    bool lead_fits; /* of all blocks so far */
    bool recovery_fits;
    struct dora__zone_span span;

    uint32_t count;          /* rows of the block */
    const uint8_t *flags;    /* where they are 0 nothing else is set */
    const uint32_t *service; /* handles */
    int32_t day[DORA__BLOCK];
    uint32_t lead_s[DORA__BLOCK]; /* from its own commit; 0 where there is none, or leads are not wanted */
    uint8_t has_lead[DORA__BLOCK];
    uint32_t recovered_count;         /* failed deployments that are not open */
    uint16_t recovered[DORA__BLOCK];  /* their places in the block */
    uint32_t recovery_s[DORA__BLOCK]; /* a recovered one each; 0 where it has none */
    uint8_t has_recovery[DORA__BLOCK];

    uint32_t absent[DORA__BLOCK]; /* a column that is not there */
    uint32_t t_s[DORA__BLOCK];
};

/* Begins with rows row .. end - 1. */
void dora__walk_begin(struct dora__walk *walk, const struct dora__derived *derived, uint32_t row, uint32_t end,
                      bool leads, bool recoveries);
/* The next block; false: there is none. */
bool dora__walk_next(struct dora__walk *walk);

/* The service's value of `field` (team or product) as a handle, 0 for none. */
uint32_t dora__service_group(const struct dora__facts *facts, uint32_t service, enum dora__field field);

#endif
