/* SPDX-License-Identifier: MIT */
/*
 * The table of kinds and fields that everything else reads: a new field is a row here. A field has one name and one
 * type in all kinds that have it.
 */
#ifndef DORA_FACTS_FIELD_H
#define DORA_FACTS_FIELD_H

#include <dora/dora.h>

#include <stdbool.h>

enum dora__type {
    DORA__INSTANT, /* int64 microseconds, DORA_ABSENT */
    DORA__NUMBER,  /* int64 millionths, DORA_ABSENT */
    DORA__STRING,  /* handle in the pool of strings, 0 absent */
    DORA__SERVICE, /* handle in the pool of services, 0 absent */
    DORA__LIST,    /* struct dora__list *, NULL absent */
    DORA__BOOL,    /* 0 absent, 1 false, 2 true */
    DORA__STATUS   /* 0 absent, 1 + dora_deployment_status */
};

enum dora__field {
    DORA__KIND, /* the first four belong to every kind */
    DORA__ID,
    DORA__AS_OF,
    DORA__DELETED,
    DORA__SERVICE_NAME,
    DORA__ENVIRONMENT,
    DORA__STATUS_FIELD,
    DORA__STARTED_AT,
    DORA__FINISHED_AT,
    DORA__VERSION,
    DORA__SHA,
    DORA__RELEASE,
    DORA__CHANGES,
    DORA__COMMITTED_AT,
    DORA__REWORK,
    DORA__ROLLBACK_OF,
    DORA__ROLLED_BACK_AT,
    DORA__FAILED,
    DORA__RESTORED_AT,
    DORA__OPENED_AT,
    DORA__FIRST_REVIEW_AT,
    DORA__MERGED_AT,
    DORA__PARENTS,
    DORA__DEPLOYMENT,
    DORA__RESOLVED_AT,
    DORA__SEVERITY,
    DORA__CATEGORY,
    DORA__RELEASED_AT,
    DORA__NAME,
    DORA__ACTIVE,
    DORA__FOUND_AT,
    DORA__ENDED_AT,
    DORA__MEASURE,
    DORA__VALUE,
    DORA__AT,
    DORA__ENABLED_AT,
    DORA__TEAM,
    DORA__PRODUCT,
    DORA__FIELDS
};

struct dora__field_info {
    const char *name;
    uint16_t offset; /* in dora_fact */
    uint8_t type;
    bool beginning; /* of equal as_of the least value wins, not the greatest */
};

struct dora__kind_info {
    const char *name;
    bool needs_id;
    uint64_t fields; /* bit f: the kind has field f; the common four left out */
};

extern const struct dora__field_info dora__fields[DORA__FIELDS];
extern const struct dora__kind_info dora__kinds[DORA_KIND_COUNT];

#define DORA__BIT(field) (UINT64_C(1) << (field))
#define DORA__LISTS      (DORA__BIT(DORA__CHANGES) | DORA__BIT(DORA__PARENTS))

/* The field of that name, or DORA__FIELDS. O(size). */
enum dora__field dora__field_find(const char *name, size_t size);
/* The kind of that name, or -1. */
int dora__kind_find(const char *name, size_t size);
/* The deployment status of that name, or -1. */
int dora__status_find(const char *name, size_t size);
/* Whether it is one of the measures of feedback. */
bool dora__measure_known(const char *name, size_t size);

#endif
