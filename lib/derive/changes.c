/* SPDX-License-Identifier: MIT */
/*
 * Which deployment first contained each change: by list, else by ancestry, else by time; and the lead time that
 * follows.
 *
 * Deployments go by their rank while changes are linked, so that the first is the least number. What is looked up by
 * id is looked up for many at a time, each step of the way fetched before it is needed, since with millions of changes
 * every look-up misses the caches. Ancestry walks the parents of each deployed sha, the earliest deployment first, and
 * stops at what an earlier one has reached: each commit and each edge is looked at once over all deployments.
 */
#include "derive/step.h"

#include "base/sort.h"

#include <string.h>

enum { TOGETHER = 128 };

struct links {
    struct dora__steps *steps;
    const struct dora__table *changes;
    bool some_deleted;     /* of the changes */
    uint32_t *stack;       /* of changes; each is pushed at most once */
    int64_t *latest_begin; /* by place in the lanes: greatest (started_at or t) of the lane so far */
};

static bool have_column(const struct dora__table *table, enum dora__field field) {
    for (size_t i = 0; i < table->chunks_count; i++)
        if (table->chunks[i]->column[field])
            return true;
    return false;
}

/* derived->first[way], made where it is not yet there; NULL: out of memory. */
static uint32_t *make_first(const struct links *links, enum dora__way way) {
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
    uint32_t id[TOGETHER];
    uint32_t rank[TOGETHER];
};

static void link_together(const struct links *links, uint32_t *first, struct listed *listed) {
    uint32_t row[TOGETHER];
    for (uint32_t i = 0; i < listed->count; i++)
        dora__row_of_prefetch(links->changes, listed->id[i]);
    for (uint32_t i = 0; i < listed->count; i++) {
        row[i] = dora__row_of(links->changes, listed->id[i]);
        if (row[i] != DORA__NO_ROW)
            __builtin_prefetch(&first[row[i]], 1);
    }
    for (uint32_t i = 0; i < listed->count; i++)
        if (row[i] != DORA__NO_ROW)
            keep_least(&first[row[i]], listed->rank[i]);
    listed->count = 0;
}

static dora_status link_lists(struct links *links) {
    struct dora__steps *steps = links->steps;
    struct listed listed = {.count = 0};
    if (!have_column(steps->deployments, DORA__CHANGES))
        return DORA_OK;
    uint32_t *first = make_first(links, DORA__BY_LIST);
    if (!first)
        return DORA_ERROR_MEMORY;
    dora_status status = DORA_OK;
    for (uint32_t row = 0; row < steps->derived->deployments && status == DORA_OK; row++) {
        const struct dora__list *list = dora__table_list(steps->deployments, DORA__CHANGES, row);
        uint32_t rank = steps->order.rank[row];
        for (uint32_t k = 0; list && rank != DORA__NO_ROW && k < list->count; k++) {
            listed.id[listed.count] = list->items[k];
            listed.rank[listed.count++] = rank;
            if (listed.count == TOGETHER)
                link_together(links, first, &listed);
        }
        status = dora__step_each(steps, row);
    }
    link_together(links, first, &listed);
    return status;
}

/* Changes that name their deployment. */
static dora_status link_named(struct links *links) {
    struct dora__steps *steps = links->steps;
    if (!have_column(links->changes, DORA__DEPLOYMENT))
        return DORA_OK;
    uint32_t *first = make_first(links, DORA__BY_LIST);
    if (!first)
        return DORA_ERROR_MEMORY;
    dora_status status = DORA_OK;
    for (uint32_t begin = 0, end; begin < links->changes->rows && status == DORA_OK; begin = end) {
        uint32_t deployment[TOGETHER];
        end = links->changes->rows - begin < TOGETHER ? links->changes->rows : begin + TOGETHER;
        for (uint32_t row = begin; row < end; row++) {
            deployment[row - begin] = dora__table_handle(links->changes, DORA__DEPLOYMENT, row);
            dora__row_of_prefetch(steps->deployments, deployment[row - begin]);
        }
        for (uint32_t row = begin; row < end; row++) {
            uint32_t *found = &deployment[row - begin];
            *found = dora__row_of(steps->deployments, *found);
            if (*found != DORA__NO_ROW)
                __builtin_prefetch(&steps->order.rank[*found]);
        }
        for (uint32_t row = begin; row < end; row++)
            if (deployment[row - begin] != DORA__NO_ROW)
                keep_least(&first[row], steps->order.rank[deployment[row - begin]]);
        if (begin % DORA__CHUNK_ROWS == 0)
            status = dora__step_on(steps, 0);
    }
    return status;
}

/* The undeleted change with that id, or DORA__NO_ROW. */
static uint32_t known_change(const struct links *links, uint32_t id) {
    uint32_t row = dora__row_of(links->changes, id);
    return links->some_deleted && row != DORA__NO_ROW && dora__is_deleted(links->changes, row) ? DORA__NO_ROW : row;
}

/* A deployment whose sha is a known change. */
struct head {
    uint32_t rank;
    uint32_t change;
};

/* The heads of D+, in order. *heads is to be freed with room for *capacity. */
static dora_status find_heads(const struct links *links, struct head **heads, size_t *count, size_t *capacity) {
    struct dora__steps *steps = links->steps;
    for (uint32_t row = 0; row < steps->derived->deployments; row++) {
        uint32_t sha = dora__table_handle(steps->deployments, DORA__SHA, row), rank = steps->order.rank[row];
        uint32_t change = sha && rank != DORA__NO_ROW ? known_change(links, sha) : DORA__NO_ROW;
        if (change == DORA__NO_ROW)
            continue;
        if (!dora__grow(steps->memory, (void **)heads, capacity, *count + 1, sizeof **heads))
            return DORA_ERROR_MEMORY;
        (*heads)[(*count)++] = (struct head){rank, change};
    }
    uint64_t *keys = *count ? dora__alloc(steps->memory, *count, 2 * sizeof *keys) : NULL;
    if (!*count || !keys)
        return *count ? DORA_ERROR_MEMORY : DORA_OK;
    for (size_t i = 0; i < *count; i++)
        keys[i] = (uint64_t)(*heads)[i].rank << 32 | (*heads)[i].change;
    const uint64_t *sorted = dora__sort_u64(keys, keys + *count, *count, 32);
    for (size_t i = 0; i < *count; i++)
        (*heads)[i] = (struct head){(uint32_t)(sorted[i] >> 32), (uint32_t)sorted[i]};
    dora__free(steps->memory, keys, *count, 2 * sizeof *keys);
    return dora__step_on(steps, 0);
}

/* Gives a change to the walk of a deployment; returns the new height of the stack. */
static size_t reach(struct links *links, uint32_t *first, uint32_t change, uint32_t rank, size_t height) {
    if (change == DORA__NO_ROW || first[change] != DORA__NO_ROW)
        return height;
    first[change] = rank;
    links->stack[height] = change;
    return height + 1;
}

static dora_status walk_heads(struct links *links, uint32_t *first, const struct head *heads, size_t count) {
    struct dora__steps *steps = links->steps;
    uint32_t *anchor = steps->derived->anchor;
    dora_status status = DORA_OK;
    for (size_t i = 0, reached = 0; i < count && status == DORA_OK; i++) {
        const struct dora__ranked *deployment = &steps->order.ranked[heads[i].rank];
        if (anchor[deployment->service] == DORA__NO_ROW)
            anchor[deployment->service] = deployment->row;
        size_t height = reach(links, first, heads[i].change, heads[i].rank, 0);
        while (height && status == DORA_OK) {
            uint32_t change = links->stack[--height];
            const struct dora__list *parents = dora__table_list(links->changes, DORA__PARENTS, change);
            for (uint32_t k = 0; parents && k < parents->count; k++)
                height = reach(links, first, known_change(links, parents->items[k]), heads[i].rank, height);
            status = dora__step_each(steps, reached++);
        }
    }
    return status;
}

static dora_status link_ancestry(struct links *links) {
    struct dora__steps *steps = links->steps;
    struct dora__derived *derived = steps->derived;
    struct head *heads = NULL;
    size_t count = 0, capacity = 0, services = (size_t)derived->services + 1;
    if (!have_column(steps->deployments, DORA__SHA))
        return DORA_OK;
    dora_status status = find_heads(links, &heads, &count, &capacity);
    if (status == DORA_OK && count) {
        uint32_t *first = make_first(links, DORA__BY_ANCESTRY);
        links->stack = dora__alloc(steps->memory, links->changes->rows, sizeof *links->stack);
        if ((derived->anchor = dora__alloc(steps->memory, services, sizeof *derived->anchor))) {
            derived->anchor_capacity = derived->anchor_known = services;
            memset(derived->anchor, 0xFF, services * sizeof *derived->anchor);
        }
        status = first && links->stack && derived->anchor ? walk_heads(links, first, heads, count) : DORA_ERROR_MEMORY;
    }
    dora__free(steps->memory, heads, capacity, sizeof *heads);
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
    return low < end ? lanes->ranks[low] : DORA__NO_ROW;
}

static void find_latest_begins(const struct links *links) {
    const struct dora__steps *steps = links->steps;
    const struct dora__lanes *lanes = &steps->lanes;
    for (size_t service = 0; service <= steps->derived->services; service++) {
        int64_t latest = INT64_MIN;
        for (size_t i = lanes->begin[service]; i < lanes->begin[service + 1]; i++) {
            const struct dora__ranked *ranked = &steps->order.ranked[lanes->ranks[i]];
            int64_t begin = dora__table_instant(steps->deployments, DORA__STARTED_AT, ranked->row);
            if (begin == DORA_ABSENT)
                begin = ranked->t;
            latest = begin > latest ? begin : latest;
            links->latest_begin[i] = latest;
        }
    }
}

static dora_status link_time(struct links *links) {
    struct dora__steps *steps = links->steps;
    if (!steps->derived->linking.changes_by_time)
        return DORA_OK;
    dora_status status = dora__make_lanes(steps);
    const struct dora__lanes *lanes = &steps->lanes;
    if (status != DORA_OK || !lanes->count)
        return status;
    uint32_t *first = make_first(links, DORA__BY_TIME);
    links->latest_begin = dora__alloc(steps->memory, lanes->count, sizeof *links->latest_begin);
    if (!first || !links->latest_begin)
        return DORA_ERROR_MEMORY;
    find_latest_begins(links);
    for (uint32_t row = 0; row < links->changes->rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(links->changes, row);
        int64_t ready = dora__instant_at(chunk, DORA__MERGED_AT, row);
        if (ready == DORA_ABSENT)
            ready = dora__instant_at(chunk, DORA__COMMITTED_AT, row);
        if (ready != DORA_ABSENT)
            first[row] = first_after(links, dora__handle_at(chunk, DORA__SERVICE_NAME, row), ready);
    }
    return dora__step_on(steps, 0);
}

dora_disposition dora__change_disposition(const struct dora__chunk *chunk, uint32_t row, int64_t t, bool baseline) {
    int64_t committed = dora__instant_at(chunk, DORA__COMMITTED_AT, row);
    return baseline                   ? DORA_BASELINE
           : committed == DORA_ABSENT ? DORA_NO_COMMIT_TIME
           : t < committed            ? DORA_NEGATIVE
                                      : DORA_COUNTED;
}

void dora__change_values(const struct dora__chunk *chunk, uint32_t row, int64_t t, int64_t values[DORA__LEADS]) {
    const int64_t ends[] = {
        dora__instant_at(chunk, DORA__COMMITTED_AT, row), dora__instant_at(chunk, DORA__OPENED_AT, row),
        dora__instant_at(chunk, DORA__FIRST_REVIEW_AT, row), dora__instant_at(chunk, DORA__MERGED_AT, row), t};
    values[0] = t - ends[0];
    for (int i = 0; i < 4; i++) {
        bool known = ends[i] != DORA_ABSENT && ends[i + 1] != DORA_ABSENT && ends[i + 1] >= ends[i];
        values[1 + i] = known ? ends[i + 1] - ends[i] : DORA_ABSENT;
    }
}

dora_status dora__put_lead_times(struct dora__steps *steps, const struct dora__chunk *chunk, uint32_t row, int64_t t,
                                 uint32_t service) {
    int64_t values[DORA__LEADS];
    dora_status status = DORA_OK;
    dora__change_values(chunk, row, t, values);
    for (int i = 0; i < DORA__LEADS && status == DORA_OK; i++)
        if (values[i] != DORA_ABSENT)
            status = dora__put_sample(steps, (enum dora__series)(DORA__LEAD_TIME + i), t, service, values[i]);
    return status;
}

/* The way in which a change got its first deployment, or DORA__WAYS. */
static enum dora__way way_of(const struct dora__derived *derived, uint32_t change) {
    int way = 0;
    while (way < DORA__WAYS && (!derived->first[way] || derived->first[way][change] == DORA__NO_ROW))
        way++;
    return (enum dora__way)way;
}

static bool is_baseline(const struct dora__steps *steps, enum dora__way way, uint32_t rank) {
    const struct dora__ranked *deployment = &steps->order.ranked[rank];
    const struct dora__lanes *lanes = &steps->lanes;
    if (way == DORA__BY_ANCESTRY)
        return steps->derived->anchor[deployment->service] == deployment->row;
    return way == DORA__BY_TIME && lanes->ranks[lanes->begin[deployment->service]] == rank;
}

static dora_status settle_change(struct dora__steps *steps, const struct dora__chunk *chunk, uint32_t row) {
    struct dora__derived *derived = steps->derived;
    enum dora__way way = way_of(derived, row);
    dora_disposition disposition = DORA_UNDEPLOYED;
    const struct dora__ranked *deployment = NULL;
    if (way != DORA__WAYS) {
        uint32_t rank = derived->first[way][row];
        deployment = &steps->order.ranked[rank];
        disposition = dora__change_disposition(chunk, row, deployment->t, is_baseline(steps, way, rank));
    }
    if (dora__byte_at(chunk, DORA__DELETED, row) == 2)
        disposition = DORA_DELETED;
    dora__account_for(steps, DORA_KIND_CHANGE, disposition);
    for (int other = 0; other < DORA__WAYS; other++) /* from now on by row */
        if (derived->first[other] && derived->first[other][row] != DORA__NO_ROW)
            derived->first[other][row] = steps->order.ranked[derived->first[other][row]].row;
    return disposition == DORA_COUNTED ? dora__put_lead_times(steps, chunk, row, deployment->t, deployment->service)
                                       : DORA_OK;
}

static dora_status settle_changes(const struct links *links) {
    enum { AHEAD = 24 };
    struct dora__steps *steps = links->steps;
    const struct dora__derived *derived = steps->derived;
    dora_status status = DORA_OK;
    for (uint32_t row = 0; row < links->changes->rows && status == DORA_OK; row++) {
        for (int way = 0; way < DORA__WAYS && row + AHEAD < links->changes->rows; way++)
            if (derived->first[way] && derived->first[way][row + AHEAD] != DORA__NO_ROW)
                __builtin_prefetch(&steps->order.ranked[derived->first[way][row + AHEAD]]);
        status = settle_change(steps, dora__chunk_of(links->changes, row), row);
        if (status == DORA_OK)
            status = dora__step_each(steps, row);
    }
    return status;
}

dora_status dora__derive_changes(struct dora__steps *steps) {
    static dora_status (*const ways[])(struct links *) = {
        link_lists,
        link_named,
        link_ancestry,
        link_time,
    };
    struct links links = {.steps = steps, .changes = &steps->facts->tables[DORA_KIND_CHANGE]};
    if (!links.changes->rows)
        return DORA_OK;
    links.some_deleted = have_column(links.changes, DORA__DELETED);
    dora_status status = dora__make_order(steps);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && steps->order.count && status == DORA_OK; i++)
        status = ways[i](&links);
    if (status == DORA_OK)
        status = settle_changes(&links);
    dora__free(steps->memory, links.stack, links.changes->rows, sizeof *links.stack);
    dora__free(steps->memory, links.latest_begin, steps->lanes.count, sizeof *links.latest_begin);
    return status;
}
