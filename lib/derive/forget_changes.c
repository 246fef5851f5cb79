/* SPDX-License-Identifier: MIT */
/*
 * Which changes can be forgotten. One whose first deployment is before the day keeps it, unless a deployment that is
 * still to count names it, or it names such a one. Since whoever has a change by ancestry has its ancestors, too, the
 * ancestors of a forgotten change have to be forgotten with it: what descends from a change that stays, stays. A change
 * that stays needs the deployments it belongs to.
 */
#include "derive/forget.h"

struct kin {
    const struct dora__table *changes;
    const struct dora__table *deployments;
    uint8_t *keep;   /* changes */
    uint8_t *named;  /* changes that deployments name */
    uint8_t *needed; /* deployments */
    size_t *begin;   /* rows + 1: the children of a change are children[begin[c] .. begin[c + 1]) */
    uint32_t *children;
    size_t edges;
    uint32_t *stack;
};

static bool is_owned_early(const struct dora__forgetting *forgetting, const struct kin *kin, uint32_t change) {
    struct dora__owner owner = dora__owner_of(forgetting->derived, change);
    return owner.deployment != DORA__NO_ROW &&
           dora__forget_early(forgetting,
                              dora__t(dora__chunk_of(kin->deployments, owner.deployment), owner.deployment));
}

/* A tombstone stays where it is of late and nothing names it, so that nobody can miss it who is forgotten. */
static bool tombstone_stays(const struct dora__forgetting *forgetting, const struct kin *kin,
                            const struct dora__chunk *chunk, uint32_t change) {
    static const uint8_t times[] = {DORA__COMMITTED_AT, DORA__OPENED_AT, DORA__FIRST_REVIEW_AT, DORA__MERGED_AT};
    if (kin->named[change] || kin->begin[change] != kin->begin[change + 1])
        return false;
    for (size_t i = 0; i < sizeof times; i++) {
        int64_t at = dora__instant_at(chunk, (enum dora__field)times[i], change);
        if (at != DORA_ABSENT && at >= forgetting->before_us)
            return true;
    }
    return false;
}

static bool has_to_stay(const struct dora__forgetting *forgetting, const struct kin *kin, uint32_t change) {
    const struct dora__chunk *chunk = dora__chunk_of(kin->changes, change);
    uint32_t named = dora__row_of(kin->deployments, dora__handle_at(chunk, DORA__DEPLOYMENT, change));
    if (dora__byte_at(chunk, DORA__DELETED, change) == 2)
        return tombstone_stays(forgetting, kin, chunk, change);
    if (kin->keep[change] || (named != DORA__NO_ROW && !dora__forget_is_settled(forgetting, named)))
        return true;
    return !is_owned_early(forgetting, kin, change);
}

/* What deployments name; and keeps what those list that are not settled. */
static void mark_named(const struct dora__forgetting *forgetting, const struct kin *kin) {
    for (uint32_t row = 0; row < kin->deployments->rows; row++) {
        const struct dora__list *list = dora__table_list(kin->deployments, DORA__CHANGES, row);
        uint32_t head = dora__row_of(kin->changes, dora__table_handle(kin->deployments, DORA__SHA, row));
        if (head != DORA__NO_ROW)
            kin->named[head] = 1;
        bool stays = !dora__forget_is_settled(forgetting, row);
        for (uint32_t k = 0; list && k < list->count; k++) {
            uint32_t change = dora__row_of(kin->changes, list->items[k]);
            if (change != DORA__NO_ROW && stays)
                kin->keep[change] = 1;
            if (change != DORA__NO_ROW)
                kin->named[change] = 1;
        }
    }
}

/* Counts, and on the second pass places, each change among the children of its parents. */
static void note_children(struct kin *kin, bool place) {
    for (uint32_t row = 0; row < kin->changes->rows; row++) {
        const struct dora__list *list = dora__table_list(kin->changes, DORA__PARENTS, row);
        for (uint32_t k = 0; list && k < list->count; k++) {
            uint32_t parent = dora__row_of(kin->changes, list->items[k]);
            if (parent == DORA__NO_ROW)
                continue;
            if (place)
                kin->children[kin->begin[parent]++] = row;
            else
                kin->begin[parent + 1]++, kin->edges++;
        }
    }
}

static bool find_children(struct kin *kin, struct dora__memory *memory) {
    size_t rows = kin->changes->rows;
    kin->begin = dora__alloc_zeroed(memory, rows + 1, sizeof *kin->begin);
    kin->stack = dora__alloc(memory, rows, sizeof *kin->stack);
    if (!kin->begin || !kin->stack)
        return false;
    note_children(kin, false);
    for (size_t row = 0; row < rows; row++)
        kin->begin[row + 1] += kin->begin[row];
    if (kin->edges && !(kin->children = dora__alloc(memory, kin->edges, sizeof *kin->children)))
        return false;
    note_children(kin, true); /* begin[c] runs to the end of c's, where those of c + 1 begin */
    for (size_t row = rows; row > 0; row--)
        kin->begin[row] = kin->begin[row - 1];
    kin->begin[0] = 0;
    return true;
}

static void keep_descendants(struct kin *kin) {
    size_t height = 0;
    for (uint32_t row = 0; row < kin->changes->rows; row++)
        if (kin->keep[row])
            kin->stack[height++] = row;
    while (height) {
        uint32_t change = kin->stack[--height];
        for (size_t i = kin->begin[change]; i < kin->begin[change + 1]; i++)
            if (!kin->keep[kin->children[i]] && !dora__is_deleted(kin->changes, kin->children[i])) {
                kin->keep[kin->children[i]] = 1;
                kin->stack[height++] = kin->children[i];
            }
    }
}

/* The first deployments of the changes that stay, in every way, and the one that they name. */
static void need_owners(const struct dora__derived *derived, const struct kin *kin) {
    for (uint32_t row = 0; row < kin->changes->rows; row++) {
        if (!kin->keep[row])
            continue;
        uint32_t named = dora__row_of(kin->deployments, dora__table_handle(kin->changes, DORA__DEPLOYMENT, row));
        if (named != DORA__NO_ROW)
            kin->needed[named] = 1;
        for (int way = 0; way < DORA__WAYS; way++)
            if (derived->first[way] && derived->first[way][row] != DORA__NO_ROW)
                kin->needed[derived->first[way][row]] = 1;
    }
}

dora_status dora__forget_changes(struct dora__forgetting *forgetting) {
    const struct dora__table *tables = forgetting->facts->tables;
    struct dora__memory *memory = forgetting->memory;
    struct kin kin = {.changes = &tables[DORA_KIND_CHANGE],
                      .deployments = &tables[DORA_KIND_DEPLOYMENT],
                      .keep = forgetting->keep[DORA_KIND_CHANGE],
                      .needed = forgetting->keep[DORA_KIND_DEPLOYMENT]};
    if (!kin.changes->rows)
        return DORA_OK;
    kin.named = dora__alloc_zeroed(memory, kin.changes->rows, 1);
    bool done = kin.named && find_children(&kin, memory);
    if (done) {
        mark_named(forgetting, &kin);
        for (uint32_t row = 0; row < kin.changes->rows; row++)
            kin.keep[row] = has_to_stay(forgetting, &kin, row);
        keep_descendants(&kin);
        need_owners(forgetting->derived, &kin);
    }
    dora__free(memory, kin.named, kin.changes->rows, 1);
    dora__free(memory, kin.children, kin.edges, sizeof *kin.children);
    dora__free(memory, kin.stack, kin.changes->rows, sizeof *kin.stack);
    dora__free(memory, kin.begin, (size_t)kin.changes->rows + 1, sizeof *kin.begin);
    return done ? DORA_OK : DORA_ERROR_MEMORY;
}
