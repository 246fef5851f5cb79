/* SPDX-License-Identifier: MIT */
/*
 * Which deployment first contained each change: by list, else by ancestry, else by time; and the lead time that
 * follows.
 *
 * Ancestry walks the parents of each deployed sha, the earliest deployment first, and stops at what an earlier one has
 * reached: each commit and each edge is looked at once over all deployments.
 */
#include "derive/step.h"

#include "base/sort.h"

#include <string.h>

enum { BY_NOTHING, BY_LIST, BY_ANCESTRY, BY_TIME };

struct links {
    struct dora__steps *steps;
    const struct dora__table *changes;
    uint32_t *first;  /* a change each: deployment row, DORA__NO_ROW for none */
    uint8_t *how;     /* a change each */
    uint8_t *seen;    /* a change each: the walk has been there */
    uint32_t *stack;  /* of changes; each is pushed at most once */
    uint32_t *picked; /* deployments of D+, in order */
    size_t picked_count;
    size_t picked_capacity;
    uint32_t *anchor;      /* by service: the first whose sha is a known change; DORA__NO_ROW for none */
    int64_t *latest_begin; /* by place in the lanes: greatest (started_at or t) of the lane so far */
};

/* The undeleted change with that id, or DORA__NO_ROW. */
static uint32_t known_change(const struct links *links, uint32_t id) {
    uint32_t row = dora__row_of(links->changes, id);
    return row != DORA__NO_ROW && !dora__is_deleted(links->changes, row) ? row : DORA__NO_ROW;
}

/* The deployments of D+ that `wanted` picks, in order, in links->picked. */
static dora_status pick(struct links *links, bool (*wanted)(const struct links *, uint32_t)) {
    struct dora__steps *steps = links->steps;
    uint32_t deployments = steps->derived->deployments;
    links->picked_count = 0;
    for (uint32_t row = 0; row < deployments; row++)
        if (steps->derived->flags[row] & DORA__IS_PLUS && wanted(links, row)) {
            if (!dora__grow(steps->memory, (void **)&links->picked, &links->picked_capacity, links->picked_count + 1,
                            sizeof *links->picked))
                return DORA_ERROR_MEMORY;
            links->picked[links->picked_count++] = row;
        }
    if (links->picked_count < 2)
        return dora__step_on(steps, deployments);
    uint32_t *scratch = dora__alloc(steps->memory, links->picked_count, sizeof *scratch);
    if (!scratch)
        return DORA_ERROR_MEMORY;
    dora__sort_items(links->picked, scratch, links->picked_count, dora__compare_deployments, steps);
    dora__free(steps->memory, scratch, links->picked_count, sizeof *scratch);
    return dora__step_on(steps, deployments);
}

static bool has_list(const struct links *links, uint32_t deployment) {
    return dora__table_list(links->steps->deployments, DORA__CHANGES, deployment) != NULL;
}

static dora_status link_listed(struct links *links) {
    struct dora__steps *steps = links->steps;
    dora_status status = pick(links, has_list);
    for (size_t i = 0; i < links->picked_count && status == DORA_OK; i++) {
        const struct dora__list *list = dora__table_list(steps->deployments, DORA__CHANGES, links->picked[i]);
        for (uint32_t k = 0; k < list->count; k++) {
            uint32_t change = known_change(links, list->items[k]);
            if (change != DORA__NO_ROW && links->how[change] == BY_NOTHING) {
                links->how[change] = BY_LIST;
                links->first[change] = links->picked[i];
            }
        }
        status = dora__step_on(steps, 1);
    }
    for (uint32_t row = 0; row < links->changes->rows && status == DORA_OK; row++) {
        uint32_t deployment = dora__plus_by_id(steps, dora__table_handle(links->changes, DORA__DEPLOYMENT, row));
        if (deployment == DORA__NO_ROW || dora__is_deleted(links->changes, row))
            continue;
        uint32_t *first = &links->first[row];
        if (*first == DORA__NO_ROW || dora__compare_deployments(steps, deployment, *first) < 0)
            *first = deployment;
        links->how[row] = BY_LIST;
        status = dora__step_each(steps, row);
    }
    return status;
}

static uint32_t head_of(const struct links *links, uint32_t deployment) {
    return known_change(links, dora__table_handle(links->steps->deployments, DORA__SHA, deployment));
}

/* Gives a change to the walk of `deployment`; returns the new height of the stack. */
static size_t reach(struct links *links, uint32_t change, uint32_t deployment, size_t height) {
    if (change == DORA__NO_ROW || links->seen[change])
        return height;
    links->seen[change] = 1;
    if (links->how[change] == BY_NOTHING) {
        links->how[change] = BY_ANCESTRY;
        links->first[change] = deployment;
    }
    links->stack[height] = change;
    return height + 1;
}

static bool is_head(const struct links *links, uint32_t deployment) {
    return head_of(links, deployment) != DORA__NO_ROW;
}

static dora_status link_ancestry(struct links *links) {
    struct dora__steps *steps = links->steps;
    const struct dora__derived *derived = steps->derived;
    dora_status status = pick(links, is_head);
    if (status != DORA_OK || !links->picked_count)
        return status;
    links->seen = dora__alloc_zeroed(steps->memory, links->changes->rows, 1);
    links->stack = dora__alloc(steps->memory, links->changes->rows, sizeof *links->stack);
    links->anchor = dora__alloc(steps->memory, (size_t)derived->services + 1, sizeof *links->anchor);
    if (!links->seen || !links->stack || !links->anchor)
        return DORA_ERROR_MEMORY;
    memset(links->anchor, 0xFF, ((size_t)derived->services + 1) * sizeof *links->anchor);
    for (size_t i = 0, reached = 0; i < links->picked_count && status == DORA_OK; i++) {
        uint32_t deployment = links->picked[i];
        uint32_t service = dora__table_handle(steps->deployments, DORA__SERVICE_NAME, deployment);
        if (links->anchor[service] == DORA__NO_ROW)
            links->anchor[service] = deployment;
        size_t height = reach(links, head_of(links, deployment), deployment, 0);
        while (height && status == DORA_OK) {
            uint32_t change = links->stack[--height];
            const struct dora__list *parents = dora__table_list(links->changes, DORA__PARENTS, change);
            for (uint32_t k = 0; parents && k < parents->count; k++)
                height = reach(links, known_change(links, parents->items[k]), deployment, height);
            status = dora__step_each(steps, reached++);
        }
    }
    return status;
}

/* The first deployment of the lane that began at or after `ready`, or DORA__NO_ROW: begin times are in no order, but
   their greatest so far is, and the first place where it reaches `ready` is the answer. */
static uint32_t first_after(const struct links *links, uint32_t service, int64_t ready) {
    const struct dora__lanes *lanes = &links->steps->lanes;
    size_t low = lanes->begin[service], high = lanes->begin[service + 1], end = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (links->latest_begin[middle] >= ready)
            high = middle;
        else
            low = middle + 1;
    }
    return low < end ? lanes->rows[low] : DORA__NO_ROW;
}

static dora_status link_time(struct links *links) {
    struct dora__steps *steps = links->steps;
    if (!steps->derived->linking.changes_by_time)
        return DORA_OK;
    dora_status status = dora__make_lanes(steps);
    const struct dora__lanes *lanes = &steps->lanes;
    if (status != DORA_OK || !lanes->count)
        return status;
    links->latest_begin = dora__alloc(steps->memory, lanes->count, sizeof *links->latest_begin);
    if (!links->latest_begin)
        return DORA_ERROR_MEMORY;
    for (size_t service = 0; service <= steps->derived->services; service++) {
        int64_t latest = INT64_MIN;
        for (size_t i = lanes->begin[service]; i < lanes->begin[service + 1]; i++) {
            int64_t begin = dora__table_instant(steps->deployments, DORA__STARTED_AT, lanes->rows[i]);
            if (begin == DORA_ABSENT)
                begin = dora__t_of(steps, lanes->rows[i]);
            latest = begin > latest ? begin : latest;
            links->latest_begin[i] = latest;
        }
    }
    for (uint32_t row = 0; row < links->changes->rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(links->changes, row);
        int64_t ready = dora__instant_at(chunk, DORA__MERGED_AT, row);
        if (ready == DORA_ABSENT)
            ready = dora__instant_at(chunk, DORA__COMMITTED_AT, row);
        if (links->how[row] != BY_NOTHING || ready == DORA_ABSENT || dora__byte_at(chunk, DORA__DELETED, row) == 2)
            continue;
        links->first[row] = first_after(links, dora__handle_at(chunk, DORA__SERVICE_NAME, row), ready);
        links->how[row] = BY_TIME;
    }
    return dora__step_on(steps, links->changes->rows);
}

static bool is_baseline(const struct links *links, uint32_t change, uint32_t deployment, uint32_t service) {
    if (links->how[change] == BY_ANCESTRY)
        return links->anchor[service] == deployment;
    const struct dora__lanes *lanes = &links->steps->lanes;
    return links->how[change] == BY_TIME && lanes->rows[lanes->begin[service]] == deployment;
}

/* Lead time and stages of a change that counts. */
static dora_status put_lead_times(struct dora__steps *steps, const struct dora__chunk *chunk, uint32_t row, int64_t t,
                                  uint32_t service) {
    const int64_t ends[] = {
        dora__instant_at(chunk, DORA__COMMITTED_AT, row), dora__instant_at(chunk, DORA__OPENED_AT, row),
        dora__instant_at(chunk, DORA__FIRST_REVIEW_AT, row), dora__instant_at(chunk, DORA__MERGED_AT, row), t};
    dora_status status = dora__put_sample(steps, DORA__LEAD_TIME, t, service, t - ends[0]);
    for (int i = 0; i < 4 && status == DORA_OK; i++)
        if (ends[i] != DORA_ABSENT && ends[i + 1] != DORA_ABSENT && ends[i + 1] >= ends[i])
            status =
                dora__put_sample(steps, (enum dora__series)(DORA__LEAD_CODING + i), t, service, ends[i + 1] - ends[i]);
    return status;
}

static dora_status settle_change(struct links *links, uint32_t row) {
    struct dora__steps *steps = links->steps;
    const struct dora__chunk *chunk = dora__chunk_of(links->changes, row);
    uint32_t deployment = links->first[row];
    if (dora__byte_at(chunk, DORA__DELETED, row) == 2) {
        dora__account_for(steps, DORA_KIND_CHANGE, DORA_DELETED);
        return DORA_OK;
    }
    if (deployment == DORA__NO_ROW) {
        dora__account_for(steps, DORA_KIND_CHANGE, DORA_UNDEPLOYED);
        return DORA_OK;
    }
    int64_t committed = dora__instant_at(chunk, DORA__COMMITTED_AT, row), t = dora__t_of(steps, deployment);
    uint32_t service = dora__table_handle(steps->deployments, DORA__SERVICE_NAME, deployment);
    dora_disposition disposition = is_baseline(links, row, deployment, service) ? DORA_BASELINE
                                   : committed == DORA_ABSENT                   ? DORA_NO_COMMIT_TIME
                                   : t < committed                              ? DORA_NEGATIVE
                                                                                : DORA_COUNTED;
    dora__account_for(steps, DORA_KIND_CHANGE, disposition);
    return disposition == DORA_COUNTED ? put_lead_times(steps, chunk, row, t, service) : DORA_OK;
}

static void free_links(struct links *links) {
    struct dora__memory *memory = links->steps->memory;
    size_t changes = links->changes->rows, services = (size_t)links->steps->derived->services + 1;
    dora__free(memory, links->first, changes, sizeof *links->first);
    dora__free(memory, links->how, changes, 1);
    dora__free(memory, links->seen, changes, 1);
    dora__free(memory, links->stack, changes, sizeof *links->stack);
    dora__free(memory, links->picked, links->picked_capacity, sizeof *links->picked);
    dora__free(memory, links->anchor, services, sizeof *links->anchor);
    dora__free(memory, links->latest_begin, links->steps->lanes.count, sizeof *links->latest_begin);
}

dora_status dora__derive_changes(struct dora__steps *steps) {
    struct links links = {.steps = steps, .changes = &steps->facts->tables[DORA_KIND_CHANGE]};
    uint32_t changes = links.changes->rows;
    if (!changes)
        return DORA_OK;
    links.first = dora__alloc(steps->memory, changes, sizeof *links.first);
    links.how = dora__alloc_zeroed(steps->memory, changes, 1);
    dora_status status = links.first && links.how ? DORA_OK : DORA_ERROR_MEMORY;
    if (status == DORA_OK) {
        memset(links.first, 0xFF, (size_t)changes * sizeof *links.first);
        status = link_listed(&links);
    }
    if (status == DORA_OK)
        status = link_ancestry(&links);
    if (status == DORA_OK)
        status = link_time(&links);
    for (uint32_t row = 0; row < changes && status == DORA_OK; row++) {
        status = settle_change(&links, row);
        if (status == DORA_OK)
            status = dora__step_each(steps, row);
    }
    free_links(&links);
    return status;
}
