/* SPDX-License-Identifier: MIT */
/*
 * Following new facts without deriving everything anew. What a new deployment or change does is known where it has a
 * new id or none, so that nothing settled names it: it then has its own flags and samples, and may take changes from
 * others (reown.c). Whether that is all is looked up, never guessed; the rest is left to dora__derive.
 */
#include "derive/step.h"

#include <string.h>

/* Whether nothing was added but rows of deployments and changes. */
static bool rows_follow(const struct dora__derived *derived) {
    const struct dora__facts *facts = derived->facts;
    for (int kind = 0; kind < DORA_KIND_COUNT; kind++)
        if (kind != DORA_KIND_DEPLOYMENT && kind != DORA_KIND_CHANGE && facts->tables[kind].rows != derived->rows[kind])
            return false;
    bool changes = facts->tables[DORA_KIND_CHANGE].rows != derived->rows[DORA_KIND_CHANGE];
    return facts->merged == derived->merged && !derived->linking.infer_rollbacks &&
           !(changes && derived->linking.changes_by_time);
}

static bool is_new(const struct dora__derived *derived, uint32_t id) {
    return id == 0 || id > derived->strings;
}

static bool changes_are_new(const struct dora__derived *derived) {
    const struct dora__table *changes = &derived->facts->tables[DORA_KIND_CHANGE];
    for (uint32_t row = derived->rows[DORA_KIND_CHANGE]; row < changes->rows; row++)
        if (!is_new(derived, dora__table_handle(changes, DORA__ID, row)))
            return false;
    return true;
}

/* The latest time at which an incident that names no deployment was opened, by service: a later deployment takes none
   of them. False: out of memory. */
static bool find_latest_opened(struct dora__derived *derived) {
    const struct dora__table *incidents = &derived->facts->tables[DORA_KIND_INCIDENT];
    if (derived->latest_opened || !incidents->rows)
        return true;
    size_t count = (size_t)derived->services + 1;
    int64_t *latest = dora__alloc(derived->memory, count, sizeof *latest);
    if (!latest)
        return false;
    for (size_t service = 0; service < count; service++)
        latest[service] = INT64_MIN;
    for (uint32_t row = 0; row < incidents->rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(incidents, row);
        uint32_t service = dora__handle_at(chunk, DORA__SERVICE_NAME, row);
        int64_t opened = dora__instant_at(chunk, DORA__OPENED_AT, row);
        if (!dora__handle_at(chunk, DORA__DEPLOYMENT, row) && opened > latest[service])
            latest[service] = opened;
    }
    derived->latest_opened = latest;
    derived->latest_opened_capacity = count;
    return true;
}

/* Whether it is known what the new deployment touches. */
static bool deployment_follows(const struct dora__derived *derived, uint32_t row) {
    const struct dora__table *tables = derived->facts->tables;
    const struct dora__chunk *chunk = dora__chunk_of(&tables[DORA_KIND_DEPLOYMENT], row);
    uint32_t id = dora__handle_at(chunk, DORA__ID, row), service = dora__handle_at(chunk, DORA__SERVICE_NAME, row);
    if (!is_new(derived, id) || dora__handle_at(chunk, DORA__ROLLBACK_OF, row) || !dora__changes_follow(derived, row))
        return false;
    if (tables[DORA_KIND_RELEASE].rows &&
        (dora__handle_at(chunk, DORA__RELEASE, row) || dora__handle_at(chunk, DORA__VERSION, row)))
        return false;
    int64_t t = dora__t(chunk, row);
    return t == DORA_ABSENT || !derived->latest_opened || service >= derived->latest_opened_capacity ||
           derived->latest_opened[service] < t;
}

/* Room for as many deployments and services as there are now, absent. False: out of memory. */
static bool make_room(struct dora__derived *derived, uint32_t deployments, uint32_t services) {
    struct dora__memory *memory = derived->memory;
    size_t born = (size_t)services + 1, born_before = (size_t)derived->services + 1;
    if (!dora__grow(memory, (void **)&derived->flags, &derived->flags_capacity, deployments, 1) ||
        !dora__grow(memory, (void **)&derived->born, &derived->born_capacity, born, sizeof *derived->born) ||
        (derived->resolved && !dora__grow(memory, (void **)&derived->resolved, &derived->resolved_capacity, deployments,
                                          sizeof *derived->resolved)) ||
        (derived->rolled_by && !dora__grow(memory, (void **)&derived->rolled_by, &derived->rolled_by_capacity,
                                           deployments, sizeof *derived->rolled_by)))
        return false;
    if (deployments > derived->deployments)
        memset(derived->flags + derived->deployments, 0, deployments - derived->deployments);
    for (size_t service = born_before; service < born; service++)
        derived->born[service] = INT32_MAX;
    for (uint32_t row = derived->deployments; row < deployments; row++) {
        if (derived->resolved)
            derived->resolved[row] = DORA_ABSENT;
        if (derived->rolled_by)
            derived->rolled_by[row] = DORA_ABSENT;
    }
    return true;
}

dora_status dora__derive_more(struct dora__derived *derived, bool *done) {
    const struct dora__facts *facts = derived->facts;
    uint32_t first = derived->deployments, end = facts->tables[DORA_KIND_DEPLOYMENT].rows;
    *done = false;
    if (!rows_follow(derived) || !changes_are_new(derived))
        return DORA_OK;
    if (!find_latest_opened(derived))
        return DORA_ERROR_MEMORY;
    for (uint32_t row = first; row < end; row++)
        if (!deployment_follows(derived, row))
            return DORA_OK;
    if (!make_room(derived, end, facts->services.count))
        return DORA_ERROR_MEMORY;
    uint32_t first_change = derived->rows[DORA_KIND_CHANGE];
    derived->deployments = derived->rows[DORA_KIND_DEPLOYMENT] = end;
    derived->rows[DORA_KIND_CHANGE] = facts->tables[DORA_KIND_CHANGE].rows;
    derived->edits_count = 0;
    derived->services = facts->services.count;
    derived->strings = facts->strings.count;
    struct dora__steps steps = {.derived = derived,
                                .facts = facts,
                                .deployments = &facts->tables[DORA_KIND_DEPLOYMENT],
                                .memory = derived->memory,
                                .first = first};
    dora_status status = dora__derive_deployments(&steps);
    if (status == DORA_OK)
        status = dora__follow_changes(&steps, first_change);
    if (status == DORA_OK)
        status = dora__derive_outcomes(&steps);
    if (status == DORA_OK)
        status = dora__note_deployments(&steps);
    *done = status == DORA_OK;
    return status;
}
