/* SPDX-License-Identifier: MIT */
/*
 * Answers queries: groups, then windows, then rows.
 */
#ifndef DORA_QUERY_RUN_H
#define DORA_QUERY_RUN_H

#include "cells/standing.h"
#include "query/plan.h"
#include "query/result.h"
#include "query/row.h"
#include "query/source.h"

/* A group and the day of its first sample. */
struct dora__group {
    uint32_t name; /* handle, 0 for null */
    int32_t born;
};

struct dora__run {
    const struct dora__plan *plan;
    struct dora__derived *derived; /* changed by dora__derived_make_leads alone */
    struct dora__standing *standing;
    struct dora__kept *kept;
    struct dora__memory *memory;
    struct dora__span span;
    uint64_t windows;
    struct dora__group *groups; /* in the order of rows */
    uint32_t groups_count;
    size_t groups_capacity;
    uint32_t *group_of; /* by service handle */
    struct dora_result *result;
    size_t rows_batch; /* rows to gather before they are handed over; SIZE_MAX: keep all */
    dora_rows_fn rows;
    void *rows_context;
    uint64_t rows_made;
    uint64_t rows_expected; /* of a report */
    dora_error *error;
};

/* Answers a plan, which forgets what no column needs; with `rows` NULL all rows are in *result, else they are handed
   over in batches. */
dora_status dora__run_query(struct dora__plan *plan, struct dora__derived *derived, struct dora__standing *standing,
                            struct dora__kept *kept, dora_rows_fn rows, void *rows_context, dora_result **result,
                            dora_error *error);

/* Makes the rows of a report for a range of windows of one group at a time. Each part has a result and buffers of its
   own and changes nothing else but the placed words of its groups, so parts may work on different groups at once. */
struct dora__part {
    const struct dora__run *run;
    const struct dora__placed *placed;
    struct dora_result *result;
    struct dora__source source;
    struct dora__figures figures;
    struct dora__row_writer writer;
};

/* `asking` is NULL where another thread than the caller's uses the part. False: out of memory. To be freed either way;
   the result is not. */
bool dora__part_init(struct dora__part *part, const struct dora__run *run, const struct dora__placed *placed,
                     struct dora_result *result, struct dora__asking *asking);
void dora__part_free(struct dora__part *part);

/* Appends the rows of the windows whose figures were found. MEMORY or LIMIT. */
dora_status dora__run_write(const struct dora__run *run, const struct dora__row_writer *writer,
                            const struct dora__figures *figures, uint32_t group, struct dora_result *result);

/* Whether the report is of few windows of one service, and its rows then. */
bool dora__run_is_narrow(const struct dora__run *run);
bool dora__run_stands(const struct dora__run *run); /* and whether all samples for it stand already */
dora_status dora__run_narrow(struct dora__run *run);

/* Appends the rows of the next windows of the group that part->source has begun, up to DORA__WINDOWS. MEMORY or
   LIMIT. */
dora_status dora__part_rows(struct dora__part *part, uint32_t group, uint64_t window, uint32_t count);

/* Makes all of a report's rows on several threads, and hands them over where that is asked. */
dora_status dora__run_slices(struct dora__run *run, const struct dora__placed *placed, struct dora__part *part,
                             uint32_t threads);

/* Windows of a group to take at once, up to DORA__WINDOWS: where somebody is asked whether to go on, few enough that
   the questions are soon. */
uint32_t dora__run_stride(const struct dora__run *run, const struct dora__placed *placed, uint32_t group);

/* Begins a row with its group and window columns; false: failed, see *status. */
bool dora__run_begin_row(struct dora__run *run, struct dora__cursor *cursor, uint32_t group,
                         const struct dora__window *window, dora_status *status);
/* Ends it, and hands over a full batch. */
dora_status dora__run_end_row(struct dora__run *run, const struct dora__cursor *cursor);

/* Progress and cancelling, once a group. */
dora_status dora__run_step(struct dora__run *run, uint32_t group);

/* Gives rows to the function that takes them. */
dora_status dora__run_hand_over(struct dora__run *run, const struct dora_result *rows);

/* Fills the error for DORA_ERROR_LIMIT of a part. */
dora_status dora__run_fail_bytes(struct dora__run *run);

/* The phase table's columns and rows. */
bool dora__phase_columns(const struct dora__plan *plan, struct dora_result *result);
dora_status dora__run_phases(struct dora__run *run);

#endif
