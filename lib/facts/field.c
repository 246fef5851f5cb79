/* SPDX-License-Identifier: MIT */
/* See field.h. */
#include "facts/field.h"

#include <string.h>

#define ROW(field, name, type, beginning) [field] = {#name, offsetof(dora_fact, name), type, beginning}

const struct dora__field_info dora__fields[DORA__FIELDS] = {
    ROW(DORA__KIND, kind, DORA__STRING, false),
    ROW(DORA__ID, id, DORA__STRING, false),
    ROW(DORA__AS_OF, as_of, DORA__INSTANT, false),
    ROW(DORA__DELETED, deleted, DORA__BOOL, false),
    ROW(DORA__SERVICE_NAME, service, DORA__SERVICE, false),
    ROW(DORA__ENVIRONMENT, environment, DORA__STRING, false),
    ROW(DORA__STATUS_FIELD, status, DORA__STATUS, false),
    ROW(DORA__STARTED_AT, started_at, DORA__INSTANT, true),
    ROW(DORA__FINISHED_AT, finished_at, DORA__INSTANT, false),
    ROW(DORA__VERSION, version, DORA__STRING, false),
    ROW(DORA__SHA, sha, DORA__STRING, false),
    ROW(DORA__RELEASE, release, DORA__STRING, false),
    ROW(DORA__CHANGES, changes, DORA__LIST, false),
    ROW(DORA__COMMITTED_AT, committed_at, DORA__INSTANT, true),
    ROW(DORA__REWORK, rework, DORA__BOOL, false),
    ROW(DORA__ROLLBACK_OF, rollback_of, DORA__STRING, false),
    ROW(DORA__ROLLED_BACK_AT, rolled_back_at, DORA__INSTANT, false),
    ROW(DORA__FAILED, failed, DORA__BOOL, false),
    ROW(DORA__RESTORED_AT, restored_at, DORA__INSTANT, false),
    ROW(DORA__OPENED_AT, opened_at, DORA__INSTANT, true),
    ROW(DORA__FIRST_REVIEW_AT, first_review_at, DORA__INSTANT, true),
    ROW(DORA__MERGED_AT, merged_at, DORA__INSTANT, false),
    ROW(DORA__PARENTS, parents, DORA__LIST, false),
    ROW(DORA__DEPLOYMENT, deployment, DORA__STRING, false),
    ROW(DORA__RESOLVED_AT, resolved_at, DORA__INSTANT, false),
    ROW(DORA__SEVERITY, severity, DORA__STRING, false),
    ROW(DORA__CATEGORY, category, DORA__STRING, false),
    ROW(DORA__RELEASED_AT, released_at, DORA__INSTANT, false),
    ROW(DORA__NAME, name, DORA__STRING, false),
    ROW(DORA__ACTIVE, active, DORA__BOOL, false),
    ROW(DORA__FOUND_AT, found_at, DORA__INSTANT, true),
    ROW(DORA__ENDED_AT, ended_at, DORA__INSTANT, false),
    ROW(DORA__MEASURE, measure, DORA__STRING, false),
    {"value", offsetof(dora_fact, value_millionths), DORA__NUMBER, false},
    ROW(DORA__AT, at, DORA__INSTANT, false),
    ROW(DORA__ENABLED_AT, enabled_at, DORA__INSTANT, true),
    ROW(DORA__TEAM, team, DORA__STRING, false),
    ROW(DORA__PRODUCT, product, DORA__STRING, false),
};

#define B(field) DORA__BIT(DORA__##field)

const struct dora__kind_info dora__kinds[DORA_KIND_COUNT] = {
    [DORA_KIND_DEPLOYMENT] = {"deployment", false,
                              B(SERVICE_NAME) | B(ENVIRONMENT) | B(STATUS_FIELD) | B(STARTED_AT) | B(FINISHED_AT) |
                                  B(VERSION) | B(SHA) | B(RELEASE) | B(CHANGES) | B(COMMITTED_AT) | B(REWORK) |
                                  B(ROLLBACK_OF) | B(ROLLED_BACK_AT) | B(FAILED) | B(RESTORED_AT)},
    [DORA_KIND_CHANGE] = {"change", true,
                          B(SERVICE_NAME) | B(COMMITTED_AT) | B(OPENED_AT) | B(FIRST_REVIEW_AT) | B(MERGED_AT) |
                              B(PARENTS) | B(DEPLOYMENT)},
    [DORA_KIND_INCIDENT] = {"incident", true,
                            B(SERVICE_NAME) | B(OPENED_AT) | B(RESOLVED_AT) | B(DEPLOYMENT) | B(SEVERITY)},
    [DORA_KIND_RELEASE] = {"release", true,
                           B(SERVICE_NAME) | B(VERSION) | B(CATEGORY) | B(STARTED_AT) | B(RELEASED_AT) |
                               B(ROLLED_BACK_AT)},
    [DORA_KIND_PHASE] = {"phase", false, B(RELEASE) | B(NAME) | B(STARTED_AT) | B(FINISHED_AT) | B(ACTIVE)},
    [DORA_KIND_DEFECT] = {"defect", true, B(RELEASE) | B(FOUND_AT) | B(SEVERITY)},
    [DORA_KIND_DOWNTIME] = {"downtime", false,
                            B(SERVICE_NAME) | B(RELEASE) | B(DEPLOYMENT) | B(STARTED_AT) | B(ENDED_AT)},
    [DORA_KIND_FEEDBACK] = {"feedback", false, B(RELEASE) | B(MEASURE) | B(VALUE) | B(AT)},
    [DORA_KIND_FLAG] = {"flag", true, B(SERVICE_NAME) | B(DEPLOYMENT) | B(RELEASE) | B(ENABLED_AT)},
    [DORA_KIND_SERVICE] = {"service", true, B(TEAM) | B(PRODUCT)},
};

static bool same(const char *known, const char *name, size_t size) {
    return strlen(known) == size && memcmp(known, name, size) == 0;
}

enum dora__field dora__field_find(const char *name, size_t size) {
    for (int field = 0; field < DORA__FIELDS; field++)
        if (same(dora__fields[field].name, name, size))
            return (enum dora__field)field;
    return DORA__FIELDS;
}

int dora__kind_find(const char *name, size_t size) {
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        if (same(dora__kinds[kind].name, name, size))
            return kind;
    return -1;
}

int dora__status_find(const char *name, size_t size) {
    static const char *const names[] = {"in_progress", "canceled", "success", "failure"};
    for (int status = 0; status < 4; status++)
        if (same(names[status], name, size))
            return status;
    return -1;
}

bool dora__measure_known(const char *name, size_t size) {
    return same("complaints", name, size) || same("satisfaction", name, size) || same("adoption", name, size);
}

const char *dora_kind_name(dora_kind kind) {
    return (unsigned)kind < DORA_KIND_COUNT ? dora__kinds[kind].name : NULL;
}
