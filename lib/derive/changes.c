/* SPDX-License-Identifier: MIT */
/*
 * Which deployment first contained each change: by list, else by ancestry, else by time; and where the change goes in
 * the account. What is by list stands here.
 */
#include "derive/links.h"

#include <string.h>

bool dora__have_column(const struct dora__table *table, enum dora__field field) {
    for (size_t i = 0; i < table->chunks_count; i++)
        if (table->chunks[i]->column[field])
            return true;
    return false;
}

uint32_t *dora__first_make(const struct dora__links *links, enum dora__way way) {
    struct dora__derived *derived = links->steps->derived;
    size_t count = links->changes->rows;
    if (!derived->first[way] && (derived->first[way] = dora__alloc(derived->memory, count, sizeof(uint32_t)))) {
        derived->first_capacity[way] = count;
        memset(derived->first[way], 0xFF, count * sizeof(uint32_t));
    }
    return derived->first[way];
}

static void keep_least(uint32_t *first, uint32_t rank) {
    *first = rank < *first ? rank : *first;
}

/* Changes that a deployment lists, as they wait to be looked up. */
struct listed {
    uint32_t count;
    uint32_t id[DORA__TOGETHER];
    uint32_t rank[DORA__TOGETHER];
};

static void link_together(const struct dora__links *links, uint32_t *first, struct listed *listed) {
    uint32_t row[DORA__TOGETHER];
    dora__rows_together(links->changes, listed->id, listed->count, row);
    for (uint32_t i = 0; i < listed->count; i++)
        if (row[i] != DORA__NO_ROW)
            __builtin_prefetch(&first[row[i]], 1);
    for (uint32_t i = 0; i < listed->count; i++)
        if (row[i] != DORA__NO_ROW)
            keep_least(&first[row[i]], listed->rank[i]);
    listed->count = 0;
}

static dora_status link_lists(const struct dora__links *links) {
    struct dora__steps *steps = links->steps;
    struct listed listed = {.count = 0};
    if (!dora__have_column(steps->deployments, DORA__CHANGES))
        return DORA_OK;
    uint32_t *first = dora__first_make(links, DORA__BY_LIST);
    if (!first)
        return DORA_ERROR_MEMORY;
    dora_status status = DORA_OK;
    for (uint32_t row = 0; row < steps->derived->deployments && status == DORA_OK; row++) {
        const struct dora__list *list = dora__table_list(steps->deployments, DORA__CHANGES, row);
        uint32_t rank = steps->order.rank[row];
        for (uint32_t k = 0; list && rank != DORA__NO_ROW && k < list->count; k++) {
            listed.id[listed.count] = list->items[k];
            listed.rank[listed.count++] = rank;
            if (listed.count == DORA__TOGETHER)
                link_together(links, first, &listed);
        }
        status = dora__step_each(steps, row);
    }
    link_together(links, first, &listed);
    return status;
}

/* Changes that name their deployment. */
static dora_status link_named(const struct dora__links *links) {
    struct dora__steps *steps = links->steps;
    if (!dora__have_column(links->changes, DORA__DEPLOYMENT))
        return DORA_OK;
    uint32_t *first = dora__first_make(links, DORA__BY_LIST);
    if (!first)
        return DORA_ERROR_MEMORY;
    dora_status status = DORA_OK;
    for (uint32_t begin = 0, end; begin < links->changes->rows && status == DORA_OK; begin = end) {
        uint32_t deployment[DORA__TOGETHER];
        end = links->changes->rows - begin < DORA__TOGETHER ? links->changes->rows : begin + DORA__TOGETHER;
        for (uint32_t row = begin; row < end; row++)
            deployment[row - begin] = dora__table_handle(links->changes, DORA__DEPLOYMENT, row);
        dora__rows_together(steps->deployments, deployment, end - begin, deployment);
        for (uint32_t row = begin; row < end; row++)
            if (deployment[row - begin] != DORA__NO_ROW)
                __builtin_prefetch(&steps->order.rank[deployment[row - begin]]);
        for (uint32_t row = begin; row < end; row++)
            if (deployment[row - begin] != DORA__NO_ROW)
                keep_least(&first[row], steps->order.rank[deployment[row - begin]]);
        if (begin % DORA__CHUNK_ROWS == 0)
            status = dora__step_on(steps, 0);
    }
    return status;
}

/* Counts a change, and from now on goes by the row of its deployment. Its lead time, which nearly every report asks
   for, is kept now that the deployment is at hand. */
static void settle_change(struct dora__steps *steps, const struct dora__chunk *chunk, uint32_t row) {
    struct dora__derived *derived = steps->derived;
    struct dora__samples *leads = &derived->samples[DORA__LEAD_TIME];
    struct dora__owner owner = dora__owner_of(derived, row); /* so far by rank */
    struct dora__ranked deployment = {.t = DORA_ABSENT};
    bool baseline = false;
    if (owner.deployment != DORA__NO_ROW) {
        deployment = steps->order.ranked[owner.deployment];
        baseline = dora__is_baseline(derived, owner.way, deployment.service, deployment.row);
    }
    dora_disposition disposition = dora__change_disposition(chunk, row, deployment.t, baseline);
    dora__account_for(steps, DORA_KIND_CHANGE, disposition);
    if (disposition == DORA_COUNTED)
        leads->data[leads->count++] =
            (struct dora__sample){deployment.service, dora__zone_day(derived->linking.zone, deployment.t, &steps->span),
                                  dora__change_value(chunk, row, deployment.t, DORA__LEAD_TIME)};
    for (int way = 0; way < DORA__WAYS; way++)
        if (derived->first[way] && derived->first[way][row] != DORA__NO_ROW)
            derived->first[way][row] = steps->order.ranked[derived->first[way][row]].row;
}

static dora_status settle_changes(const struct dora__links *links) {
    enum { AHEAD = 24 };
    struct dora__steps *steps = links->steps;
    struct dora__derived *derived = steps->derived;
    struct dora__samples *leads = &derived->samples[DORA__LEAD_TIME];
    dora_status status = DORA_OK;
    if (!dora__grow(steps->memory, (void **)&leads->data, &leads->capacity, leads->count + links->changes->rows,
                    sizeof *leads->data))
        return DORA_ERROR_MEMORY;
    for (uint32_t row = 0; row < links->changes->rows && status == DORA_OK; row++) {
        for (int way = 0; way < DORA__WAYS && row + AHEAD < links->changes->rows; way++)
            if (derived->first[way] && derived->first[way][row + AHEAD] != DORA__NO_ROW)
                __builtin_prefetch(&steps->order.ranked[derived->first[way][row + AHEAD]]);
        settle_change(steps, dora__chunk_of(links->changes, row), row);
        status = dora__step_each(steps, row);
    }
    derived->leads_made = UINT32_C(1) << DORA__LEAD_TIME;
    return status;
}

dora_status dora__derive_changes(struct dora__steps *steps) {
    static dora_status (*const ways[])(const struct dora__links *) = {
        link_lists,
        link_named,
        dora__link_ancestry,
        dora__link_time,
    };
    struct dora__links links = {.steps = steps, .changes = &steps->facts->tables[DORA_KIND_CHANGE]};
    if (!links.changes->rows)
        return DORA_OK;
    links.some_deleted = dora__have_column(links.changes, DORA__DELETED);
    dora_status status = dora__make_order(steps);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && steps->order.count && status == DORA_OK; i++)
        status = ways[i](&links);
    return status == DORA_OK ? settle_changes(&links) : status;
}
