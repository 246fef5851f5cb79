/* SPDX-License-Identifier: MIT */
/*
 * Changes, and deployments that contain them, as they arrive later: a change may get its first deployment, or another
 * one than it had. A walk along the ancestry stops at what an earlier deployment has reached, as when all is derived
 * anew, so that the cost is that of the changes whose first deployment becomes another.
 *
 * Each sample that comes or goes is noted in derived->edits. The stored samples are made anew only when somebody wants
 * all of them.
 */
#include "derive/step.h"

#include <string.h>

struct owning {
    struct dora__steps *steps;
    struct dora__derived *derived;
    const struct dora__table *changes;
    uint32_t *stack; /* of changes whose parents are to be looked at */
    size_t height;
    size_t capacity;
};

static uint32_t service_of(const struct dora__steps *steps, uint32_t deployment) {
    return dora__table_handle(steps->deployments, DORA__SERVICE_NAME, deployment);
}

dora_status dora__put_edit(struct dora__steps *steps, enum dora__series series, bool taken, int64_t cohort_us,
                           uint32_t service, int64_t value) {
    struct dora__derived *derived = steps->derived;
    if (!dora__grow(steps->memory, (void **)&derived->edits, &derived->edits_capacity, derived->edits_count + 1,
                    sizeof *derived->edits))
        return DORA_ERROR_MEMORY;
    int32_t day = dora__zone_day(derived->linking.zone, cohort_us, &steps->span);
    derived->edits[derived->edits_count++] = (struct dora__edit){series, taken, {service, day, value}};
    return DORA_OK;
}

/* Counts a change under its owner, or with `taken` no longer. */
static dora_status count_change(const struct owning *all, uint32_t change, struct dora__owner owner, bool taken) {
    struct dora__steps *steps = all->steps;
    const struct dora__chunk *chunk = dora__chunk_of(all->changes, change);
    dora_disposition disposition = dora__owned(steps, chunk, change, owner);
    all->derived->account[DORA_KIND_CHANGE][disposition] += taken ? UINT64_MAX : 1; /* modulo 2^64: minus one */
    if (disposition != DORA_COUNTED)
        return DORA_OK;
    int64_t t = dora__t_of(steps, owner.deployment);
    uint32_t service = service_of(steps, owner.deployment);
    dora_status status = DORA_OK;
    for (uint32_t left = DORA__LEADS; left && status == DORA_OK; left &= left - 1) {
        enum dora__series series = (enum dora__series)__builtin_ctz(left);
        int64_t value = dora__change_value(chunk, change, t, series);
        if (value != DORA_ABSENT)
            status = dora__put_edit(steps, series, taken, t, service, value);
    }
    all->derived->leads_made = 0;
    return status;
}

/* Whether the deployment is before the one that has the change that way, which it then gets. */
static dora_status offer(const struct owning *all, uint32_t change, enum dora__way way, uint32_t deployment,
                         bool *taken) {
    uint32_t *first = &all->derived->first[way][change];
    *taken = *first == DORA__NO_ROW || dora__compare_deployments(all->steps, deployment, *first) < 0;
    if (!*taken)
        return DORA_OK;
    struct dora__owner before = dora__owner_of(all->derived, change);
    *first = deployment;
    struct dora__owner after = dora__owner_of(all->derived, change);
    if (before.deployment == after.deployment && before.way == after.way)
        return DORA_OK;
    dora_status status = count_change(all, change, before, true);
    return status == DORA_OK ? count_change(all, change, after, false) : status;
}

/* Room in derived->first[way] for all changes. False: out of memory. */
static bool make_first(const struct owning *all, enum dora__way way, uint32_t settled) {
    struct dora__derived *derived = all->derived;
    if (!derived->first[way])
        settled = 0;
    if (!dora__grow(derived->memory, (void **)&derived->first[way], &derived->first_capacity[way], all->changes->rows,
                    sizeof **derived->first))
        return false;
    if (all->changes->rows > settled)
        memset(derived->first[way] + settled, 0xFF, (all->changes->rows - settled) * sizeof **derived->first);
    return true;
}

static bool make_anchor(struct dora__derived *derived) {
    size_t services = (size_t)derived->services + 1, known = derived->anchor ? derived->anchor_known : 0;
    if (!dora__grow(derived->memory, (void **)&derived->anchor, &derived->anchor_capacity, services,
                    sizeof *derived->anchor))
        return false;
    memset(derived->anchor + known, 0xFF, (services - known) * sizeof *derived->anchor);
    derived->anchor_known = services;
    return true;
}

static uint32_t known_change(const struct dora__table *changes, uint32_t id) {
    uint32_t row = dora__row_of(changes, id);
    return row != DORA__NO_ROW && !dora__is_deleted(changes, row) ? row : DORA__NO_ROW;
}

static dora_status reach(struct owning *all, uint32_t change, uint32_t deployment) {
    bool taken;
    if (change == DORA__NO_ROW)
        return DORA_OK;
    dora_status status = offer(all, change, DORA__BY_ANCESTRY, deployment, &taken);
    if (status != DORA_OK || !taken)
        return status;
    if (!dora__grow(all->steps->memory, (void **)&all->stack, &all->capacity, all->height + 1, sizeof *all->stack))
        return DORA_ERROR_MEMORY;
    all->stack[all->height++] = change;
    return DORA_OK;
}

static dora_status walk(struct owning *all, uint32_t head, uint32_t deployment) {
    dora_status status = reach(all, head, deployment);
    while (all->height && status == DORA_OK) {
        uint32_t change = all->stack[--all->height];
        const struct dora__list *parents = dora__table_list(all->changes, DORA__PARENTS, change);
        for (uint32_t k = 0; parents && k < parents->count && status == DORA_OK; k++)
            status = reach(all, known_change(all->changes, parents->items[k]), deployment);
    }
    return status;
}

static uint32_t head_of(const struct owning *all, uint32_t deployment) {
    return known_change(all->changes, dora__table_handle(all->steps->deployments, DORA__SHA, deployment));
}

/* Services that had no anchor get it. */
static void set_anchor(const struct owning *all, uint32_t deployment) {
    uint32_t *anchor = &all->derived->anchor[service_of(all->steps, deployment)];
    if (head_of(all, deployment) != DORA__NO_ROW &&
        (*anchor == DORA__NO_ROW || dora__compare_deployments(all->steps, deployment, *anchor) < 0))
        *anchor = deployment;
}

/* What a new deployment in D+ contains. */
static dora_status take_changes(struct owning *all, uint32_t deployment) {
    const struct dora__chunk *chunk = dora__chunk_of(all->steps->deployments, deployment);
    const struct dora__list *list = dora__list_at(chunk, DORA__CHANGES, deployment);
    uint32_t head = head_of(all, deployment);
    dora_status status = DORA_OK;
    for (uint32_t k = 0; list && k < list->count && status == DORA_OK; k++) {
        uint32_t change = known_change(all->changes, list->items[k]);
        bool taken;
        if (change != DORA__NO_ROW)
            status = offer(all, change, DORA__BY_LIST, deployment, &taken);
    }
    return head == DORA__NO_ROW || status != DORA_OK ? status : walk(all, head, deployment);
}

static dora_status take_change(struct owning *all, uint32_t change) {
    uint32_t named = dora__table_handle(all->changes, DORA__DEPLOYMENT, change);
    uint32_t deployment = dora__plus_by_id(all->steps, named);
    bool taken;
    dora_status status = count_change(all, change, (struct dora__owner){DORA__NO_ROW, DORA__WAYS}, false);
    if (status != DORA_OK || deployment == DORA__NO_ROW || dora__is_deleted(all->changes, change))
        return status;
    return offer(all, change, DORA__BY_LIST, deployment, &taken);
}

bool dora__changes_follow(const struct dora__derived *derived, uint32_t deployment) {
    const struct dora__table *tables = derived->facts->tables;
    const struct dora__chunk *chunk = dora__chunk_of(&tables[DORA_KIND_DEPLOYMENT], deployment);
    uint32_t service = dora__handle_at(chunk, DORA__SERVICE_NAME, deployment),
             sha = dora__handle_at(chunk, DORA__SHA, deployment);
    if (!tables[DORA_KIND_CHANGE].rows)
        return true;
    if (derived->linking.changes_by_time || (sha && derived->facts->frozen))
        return false;
    if (!derived->anchor || service >= derived->anchor_known || derived->anchor[service] == DORA__NO_ROW ||
        known_change(&tables[DORA_KIND_CHANGE], sha) == DORA__NO_ROW)
        return true;
    const struct dora__steps steps = {.facts = derived->facts, .deployments = &tables[DORA_KIND_DEPLOYMENT]};
    return dora__compare_deployments(&steps, derived->anchor[service], deployment) <= 0;
}

dora_status dora__follow_changes(struct dora__steps *steps, uint32_t first_change) {
    struct dora__derived *derived = steps->derived;
    struct owning all = {.steps = steps, .derived = derived, .changes = &steps->facts->tables[DORA_KIND_CHANGE]};
    if (!all.changes->rows)
        return DORA_OK;
    if (!make_first(&all, DORA__BY_LIST, first_change) || !make_first(&all, DORA__BY_ANCESTRY, first_change) ||
        !make_anchor(derived))
        return DORA_ERROR_MEMORY;
    dora_status status = DORA_OK;
    for (uint32_t change = first_change; change < all.changes->rows && status == DORA_OK; change++)
        status = take_change(&all, change);
    for (uint32_t row = steps->first; row < derived->deployments; row++)
        if (derived->flags[row] & DORA__IS_PLUS)
            set_anchor(&all, row);
    for (uint32_t row = steps->first; row < derived->deployments && status == DORA_OK; row++)
        if (derived->flags[row] & DORA__IS_PLUS)
            status = take_changes(&all, row);
    dora__free(steps->memory, all.stack, all.capacity, sizeof *all.stack);
    return status;
}
