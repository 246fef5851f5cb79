/* SPDX-License-Identifier: MIT */
/*
 * What people see of a result. Its columns, several a metric, are gathered into fields, about one a metric, by their
 * names, types and units, so that any choice of metrics can be shown. With many columns the table is condensed: of
 * percentiles it shows the median alone.
 */
#ifndef DORA_WRITE_FIELDS_H
#define DORA_WRITE_FIELDS_H

#include "base/memory.h"

/* What a field shows, from left to right: "42 1.4/day [1.0/day..1.9/day] (12) elite 2 open". The exact number behind a
   rounded value is there where a format asked for it. */
enum dora__part {
    DORA__PART_COUNT,
    DORA__PART_EXACT,
    DORA__PART_VALUE,
    DORA__PART_INTERVAL,
    DORA__PART_SIZE,
    DORA__PART_TIER,
    DORA__PART_NOTE,
    DORA__PARTS
};

enum dora__field_kind { DORA__FIELD_TEXT, DORA__FIELD_WINDOW, DORA__FIELD_NUMBER, DORA__FIELD_MARK, DORA__FIELD_TIER };

struct dora__field {
    enum dora__field_kind kind;
    char title[80];
    char name[80];               /* of the column that holds the value; it begins with */
    size_t metric_size;          /* the name of the metric */
    const char *note;            /* what DORA__PART_NOTE counts */
    dora_unit unit;              /* of the value */
    size_t columns[DORA__PARTS]; /* of the result; SIZE_MAX: no such part. Of an interval the lower bound */
    size_t high;                 /* the upper bound */
    size_t whole;                /* the size is a part of this; SIZE_MAX: of nothing */
    unsigned used;               /* by the end: a bit for each part that some row has */
};

/* A window field has window_start as its value, window_end as `high` and days as `whole`. A tier is a field of its own
   where what it judges is not there. */

struct dora__fields {
    struct dora__field *items;
    size_t count;
    size_t capacity;
};

/* False: out of memory; fields are still to be freed. */
bool dora__fields_make(struct dora__fields *fields, struct dora__memory *memory, const dora_result *result);

#endif
