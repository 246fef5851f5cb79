/* SPDX-License-Identifier: MIT */
/*
 * Changes by ancestry: a walk of the parents of each deployed sha, the earliest deployment first, that stops at what an
 * earlier one has reached. Each commit and each edge is looked at once over all deployments.
 *
 * A walk waits for one cache miss after the other. So the only parent that most commits have is looked up before, many
 * at a time, and kept in one word with what the walk finds; and what the next walks begin with is fetched ahead.
 */
#include "derive/links.h"

#include "base/sort.h"

#define SEVERAL (DORA__NO_ROW - 1) /* for parents: they are in the list; no row has this number */

/* A change: the rank of the first deployment that reaches it, and its parent's row or DORA__NO_ROW. */
struct node {
    uint32_t first;
    uint32_t parent;
};

/* A deployment whose sha is a known change; DORA__NO_ROW: one that is forgotten, and so are its ancestors. */
struct head {
    uint32_t rank;
    uint32_t change;
};

struct ancestry {
    const struct dora__links *links;
    struct node *nodes;
    struct head *heads; /* in the order of deployments */
    size_t heads_count;
    size_t heads_capacity;
    uint32_t *stack; /* of changes; each is pushed at most once */
    uint64_t reached;
};

/* Shas and ranks of deployments as they wait to be looked up. */
struct waiting {
    uint32_t count;
    uint32_t id[DORA__TOGETHER];
    uint32_t of[DORA__TOGETHER];
};

static bool is_forgotten(const struct ancestry *ancestry, uint32_t sha) {
    const struct dora__facts *facts = ancestry->links->steps->facts;
    return facts->frozen && dora__frozen_has_change(facts->frozen, dora__pool_get(&facts->strings, sha));
}

static bool add_heads(struct ancestry *ancestry, struct waiting *waiting) {
    uint32_t changes[DORA__TOGETHER];
    dora__changes_together(ancestry->links, waiting->id, waiting->count, changes);
    if (!dora__grow(ancestry->links->steps->memory, (void **)&ancestry->heads, &ancestry->heads_capacity,
                    ancestry->heads_count + waiting->count, sizeof *ancestry->heads))
        return false;
    for (uint32_t i = 0; i < waiting->count; i++)
        if (changes[i] != DORA__NO_ROW || is_forgotten(ancestry, waiting->id[i]))
            ancestry->heads[ancestry->heads_count++] = (struct head){waiting->of[i], changes[i]};
    waiting->count = 0;
    return true;
}

static bool sort_heads(struct ancestry *ancestry) {
    struct dora__memory *memory = ancestry->links->steps->memory;
    size_t count = ancestry->heads_count;
    uint64_t *keys = count ? dora__alloc(memory, count, 2 * sizeof *keys) : NULL;
    if (!keys)
        return count == 0;
    for (size_t i = 0; i < count; i++)
        keys[i] = (uint64_t)ancestry->heads[i].rank << 32 | ancestry->heads[i].change;
    const uint64_t *sorted = dora__sort_u64(keys, keys + count, count, 32);
    for (size_t i = 0; i < count; i++)
        ancestry->heads[i] = (struct head){(uint32_t)(sorted[i] >> 32), (uint32_t)sorted[i]};
    dora__free(memory, keys, count, 2 * sizeof *keys);
    return true;
}

static dora_status find_heads(struct ancestry *ancestry) {
    struct dora__steps *steps = ancestry->links->steps;
    struct waiting waiting = {.count = 0};
    for (uint32_t row = 0; row < steps->derived->deployments; row++) {
        uint32_t sha = dora__table_handle(steps->deployments, DORA__SHA, row);
        if (!sha || steps->order.rank[row] == DORA__NO_ROW)
            continue;
        waiting.id[waiting.count] = sha;
        waiting.of[waiting.count++] = steps->order.rank[row];
        if (waiting.count == DORA__TOGETHER && !add_heads(ancestry, &waiting))
            return DORA_ERROR_MEMORY;
    }
    return add_heads(ancestry, &waiting) && sort_heads(ancestry) ? dora__step_on(steps, 0) : DORA_ERROR_MEMORY;
}

static void set_parents(const struct ancestry *ancestry, struct waiting *waiting) {
    uint32_t parents[DORA__TOGETHER];
    dora__changes_together(ancestry->links, waiting->id, waiting->count, parents);
    for (uint32_t i = 0; i < waiting->count; i++)
        ancestry->nodes[waiting->of[i]].parent = parents[i];
    waiting->count = 0;
}

static dora_status make_nodes(struct ancestry *ancestry) {
    const struct dora__links *links = ancestry->links;
    struct waiting waiting = {.count = 0};
    dora_status status = DORA_OK;
    ancestry->nodes = dora__alloc(links->steps->memory, links->changes->rows, sizeof *ancestry->nodes);
    if (!ancestry->nodes)
        return DORA_ERROR_MEMORY;
    for (uint32_t row = 0; row < links->changes->rows && status == DORA_OK; row++) {
        const struct dora__list *list = dora__table_list(links->changes, DORA__PARENTS, row);
        ancestry->nodes[row] = (struct node){DORA__NO_ROW, list && list->count > 1 ? SEVERAL : DORA__NO_ROW};
        if (row % DORA__CHUNK_ROWS == 0)
            status = dora__step_on(links->steps, 0);
        if (!list || list->count != 1)
            continue;
        waiting.id[waiting.count] = list->items[0];
        waiting.of[waiting.count++] = row;
        if (waiting.count == DORA__TOGETHER)
            set_parents(ancestry, &waiting);
    }
    set_parents(ancestry, &waiting);
    return status;
}

/* Gives a change to the walk of a deployment; false: an earlier one, or this one, has it. */
static inline bool reach(const struct ancestry *ancestry, uint32_t change, uint32_t rank) {
    if (change == DORA__NO_ROW || ancestry->nodes[change].first != DORA__NO_ROW)
        return false;
    ancestry->nodes[change].first = rank;
    return true;
}

/* Returns the new height of the stack. */
static size_t push_parents(const struct ancestry *ancestry, uint32_t change, uint32_t rank, size_t height) {
    const struct dora__list *list = dora__table_list(ancestry->links->changes, DORA__PARENTS, change);
    for (uint32_t from = 0; from < list->count; from += DORA__TOGETHER) {
        uint32_t parents[DORA__TOGETHER];
        uint32_t count = list->count - from < DORA__TOGETHER ? list->count - from : DORA__TOGETHER;
        dora__changes_together(ancestry->links, list->items + from, count, parents);
        for (uint32_t i = 0; i < count; i++)
            if (reach(ancestry, parents[i], rank))
                ancestry->stack[height++] = parents[i];
    }
    return height;
}

static dora_status walk(struct ancestry *ancestry, const struct head *head) {
    dora_status status = DORA_OK;
    uint32_t change = reach(ancestry, head->change, head->rank) ? head->change : DORA__NO_ROW;
    for (size_t height = 0; change != DORA__NO_ROW && status == DORA_OK;) {
        uint32_t parent = ancestry->nodes[change].parent;
        if (parent == SEVERAL)
            height = push_parents(ancestry, change, head->rank, height);
        if (parent != SEVERAL && reach(ancestry, parent, head->rank))
            change = parent;
        else
            change = height ? ancestry->stack[--height] : DORA__NO_ROW;
        status = dora__step_each(ancestry->links->steps, ancestry->reached++);
    }
    return status;
}

/* Fetches what later walks begin with: the change of one, the parent of one that is nearer. gcc 12 drops calls of a
   function that only prefetches. */
__attribute__((always_inline)) static inline void look_ahead(const struct ancestry *ancestry, size_t at) {
    enum { NEAR = 8, FAR = 16 };
    if (at + FAR >= ancestry->heads_count)
        return;
    uint32_t far = ancestry->heads[at + FAR].change, near = ancestry->heads[at + NEAR].change;
    if (far != DORA__NO_ROW)
        __builtin_prefetch(&ancestry->nodes[far], 1);
    uint32_t parent = near != DORA__NO_ROW ? ancestry->nodes[near].parent : DORA__NO_ROW;
    if (parent < SEVERAL)
        __builtin_prefetch(&ancestry->nodes[parent], 1);
}

static dora_status walk_heads(struct ancestry *ancestry) {
    struct dora__steps *steps = ancestry->links->steps;
    uint32_t *anchor = steps->derived->anchor;
    dora_status status = DORA_OK;
    for (size_t i = 0; i < ancestry->heads_count && status == DORA_OK; i++) {
        const struct dora__ranked *deployment = &steps->order.ranked[ancestry->heads[i].rank];
        look_ahead(ancestry, i);
        if (anchor[deployment->service] == DORA__NO_ROW)
            anchor[deployment->service] = deployment->row;
        status = walk(ancestry, &ancestry->heads[i]);
    }
    return status;
}

static bool make_anchors(struct dora__derived *derived) {
    const struct dora__frozen *frozen = derived->facts->frozen;
    size_t services = (size_t)derived->services + 1;
    derived->anchor = dora__alloc(derived->memory, services, sizeof *derived->anchor);
    if (!derived->anchor)
        return false;
    derived->anchor_capacity = derived->anchor_known = services;
    for (size_t service = 0; service < services; service++)
        derived->anchor[service] = DORA__NO_ROW;
    for (size_t i = 0; frozen && i < frozen->anchored_count; i++)
        derived->anchor[frozen->anchored[i]] = DORA__FORGOTTEN_ROW;
    return true;
}

/* There are heads. */
static dora_status link_heads(struct ancestry *ancestry) {
    const struct dora__links *links = ancestry->links;
    uint32_t rows = links->changes->rows, *first = dora__first_make(links, DORA__BY_ANCESTRY);
    ancestry->stack = dora__alloc(links->steps->memory, rows, sizeof *ancestry->stack);
    if (!first || !ancestry->stack || !make_anchors(links->steps->derived))
        return DORA_ERROR_MEMORY;
    dora_status status = make_nodes(ancestry);
    if (status == DORA_OK)
        status = walk_heads(ancestry);
    for (uint32_t row = 0; status == DORA_OK && row < rows; row++)
        first[row] = ancestry->nodes[row].first;
    return status;
}

dora_status dora__link_ancestry(const struct dora__links *links) {
    struct dora__memory *memory = links->steps->memory;
    struct ancestry ancestry = {.links = links};
    if (!dora__have_column(links->steps->deployments, DORA__SHA))
        return DORA_OK;
    dora_status status = find_heads(&ancestry);
    if (status == DORA_OK && ancestry.heads_count)
        status = link_heads(&ancestry);
    dora__free(memory, ancestry.stack, links->changes->rows, sizeof *ancestry.stack);
    dora__free(memory, ancestry.nodes, links->changes->rows, sizeof *ancestry.nodes);
    dora__free(memory, ancestry.heads, ancestry.heads_capacity, sizeof *ancestry.heads);
    return status;
}
