/* SPDX-License-Identifier: MIT */
/*
 * The table of metrics: one row a metric. A new metric is a row here and, where it counts something new, a sample in
 * derive/.
 */
#ifndef DORA_QUERY_METRIC_H
#define DORA_QUERY_METRIC_H

#include "facts/samples.h"

/* How a metric is computed and which columns it has. */
enum dora__shape {
    DORA__SHAPE_COUNT,        /* events */
    DORA__SHAPE_RATE,         /* events / days of the window */
    DORA__SHAPE_RATIO,        /* events / other events */
    DORA__SHAPE_SUM,          /* of a series */
    DORA__SHAPE_SUM_RATIO,    /* sum of a series / events */
    DORA__SHAPE_MEAN,         /* of a series */
    DORA__SHAPE_EFFICIENCY,   /* sum of a series / sum of another */
    DORA__SHAPE_DISTRIBUTION, /* n, mean, percentiles of a series */
    DORA__SHAPE_SCORE
};

enum { DORA__SET_DORA = 1, DORA__SET_DEPLOYMENT = 2, DORA__SET_RELEASE = 4 };

/* What must be known at all for a ratio of failures not to be null. */
enum dora__evidence { DORA__EVIDENCE_NONE, DORA__EVIDENCE_FAILURE, DORA__EVIDENCE_REWORK };

enum dora__judged {
    DORA__JUDGED_NOT,
    DORA__JUDGED_FREQUENCY,
    DORA__JUDGED_LEAD_TIME,
    DORA__JUDGED_FAIL_RATE,
    DORA__JUDGED_RECOVERY, /* where the edition judges failed deployments */
    DORA__JUDGED_RESTORE   /* where it judges incidents */
};

enum dora__score { DORA__SCORE_ALL, DORA__SCORE_THROUGHPUT, DORA__SCORE_STABILITY };

struct dora__metric {
    const char *name;
    uint8_t shape;
    uint8_t sets;
    uint8_t unit; /* a dora_unit */
    uint8_t of;   /* event, series or score */
    uint8_t per;  /* event or series below the line */
    uint8_t evidence;
    uint8_t judged;
    bool interval;
};

enum { DORA__METRICS = 37 };
extern const struct dora__metric dora__metrics[DORA__METRICS];

#endif
