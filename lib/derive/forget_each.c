/* SPDX-License-Identifier: MIT */
/*
 * What forgotten facts leave behind one by one: keys of their ids and of the ids that they name and nothing has, what
 * they say of the facts as a whole, and the services whose first deployment of a known sha is among them.
 */
#include "derive/forget.h"

#include <string.h>

/* Fields by which a fact names another, and of which kind. */
static const struct {
    enum dora__field field;
    dora_kind kind;
} references[] = {
    {DORA__RELEASE, DORA_KIND_RELEASE},        {DORA__DEPLOYMENT, DORA_KIND_DEPLOYMENT},
    {DORA__ROLLBACK_OF, DORA_KIND_DEPLOYMENT}, {DORA__SHA, DORA_KIND_CHANGE},
    {DORA__CHANGES, DORA_KIND_CHANGE},         {DORA__PARENTS, DORA_KIND_CHANGE},
};

struct leaving {
    const struct dora__forgetting *forgetting;
    const struct dora__facts *facts;
    struct dora__frozen *frozen;
    struct dora__map environments; /* 1 + name, to a place in frozen->environments */
};

static bool add_id(const struct leaving *leaving, int of, dora_kind kind, uint32_t id) {
    struct dora__digest key = dora__key_of_id(kind, dora__pool_get(&leaving->facts->strings, id));
    return dora__id_keys_add(&leaving->frozen->keys[of], leaving->frozen->memory, &key);
}

/* An id that a forgotten fact names. One that a fact has is either forgotten itself, or can do without this one. */
static bool add_named(const struct leaving *leaving, dora_kind kind, uint32_t id) {
    if (!id || dora__row_of(&leaving->facts->tables[kind], id) != DORA__NO_ROW)
        return true;
    return add_id(leaving, kind == DORA_KIND_CHANGE ? DORA__KEY_NAMED_CHANGE : (int)kind, kind, id);
}

static bool add_all_named(const struct leaving *leaving, const struct dora__chunk *chunk, uint32_t row) {
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
        enum dora__field field = references[i].field;
        if (!(chunk->columns >> field & 1))
            continue;
        if (!(DORA__BIT(field) & DORA__LISTS)) {
            if (!add_named(leaving, references[i].kind, dora__handle_at(chunk, field, row)))
                return false;
            continue;
        }
        const struct dora__list *list = dora__list_at(chunk, field, row);
        for (uint32_t k = 0; list && k < list->count; k++)
            if (!add_named(leaving, references[i].kind, list->items[k]))
                return false;
    }
    return true;
}

static bool add_version(const struct leaving *leaving, int of, const struct dora__chunk *chunk, uint32_t row) {
    uint32_t version = dora__handle_at(chunk, DORA__VERSION, row);
    if (!version)
        return true;
    struct dora__digest key = dora__key_of_version(
        dora__pool_get(&leaving->facts->strings, version),
        dora__pool_get(&leaving->facts->services, dora__handle_at(chunk, DORA__SERVICE_NAME, row)));
    return dora__id_keys_add(&leaving->frozen->keys[of], leaving->frozen->memory, &key);
}

static bool count_environment(struct leaving *leaving, uint32_t name) {
    struct dora__frozen *frozen = leaving->frozen;
    uint32_t *at = dora__map_at(&leaving->environments, (uint64_t)name + 1, (uint32_t)frozen->environments_count);
    if (!at)
        return false;
    if (*at == frozen->environments_count) {
        if (!dora__grow(frozen->memory, (void **)&frozen->environments, &frozen->environments_capacity,
                        frozen->environments_count + 1, sizeof *frozen->environments))
            return false;
        frozen->environments[frozen->environments_count++] = (struct dora__environment){name, 0};
    }
    frozen->environments[*at].count++;
    return true;
}

/* What a fact that is not deleted leaves beside keys of ids. */
static bool leave_undeleted(struct leaving *leaving, dora_kind kind, const struct dora__chunk *chunk, uint32_t row) {
    struct dora__frozen *frozen = leaving->frozen;
    if (kind == DORA_KIND_INCIDENT)
        frozen->failure_known = true;
    if (kind == DORA_KIND_RELEASE) {
        uint32_t emergency = dora__pool_find(&leaving->facts->strings, "emergency", 9);
        frozen->rework_known |= emergency && dora__handle_at(chunk, DORA__CATEGORY, row) == emergency;
        return add_version(leaving, DORA__KEY_RELEASED_VERSION, chunk, row);
    }
    if (kind != DORA_KIND_DEPLOYMENT)
        return true;
    dora__note_evidence(chunk, row, &frozen->failure_known, &frozen->rework_known);
    if (!count_environment(leaving, dora__handle_at(chunk, DORA__ENVIRONMENT, row)))
        return false;
    bool by_version =
        leaving->forgetting->derived->flags[row] & DORA__IS_PLUS && !dora__handle_at(chunk, DORA__RELEASE, row);
    return !by_version || add_version(leaving, DORA__KEY_DEPLOYED_VERSION, chunk, row);
}

static bool leave(struct leaving *leaving, dora_kind kind, uint32_t row) {
    const struct dora__chunk *chunk = dora__chunk_of(&leaving->facts->tables[kind], row);
    uint32_t id = dora__handle_at(chunk, DORA__ID, row);
    bool deleted = dora__byte_at(chunk, DORA__DELETED, row) == 2;
    int of = kind == DORA_KIND_CHANGE && deleted ? DORA__KEY_NAMED_CHANGE : (int)kind;
    return (!id || add_id(leaving, of, kind, id)) && add_all_named(leaving, chunk, row) &&
           (deleted || leave_undeleted(leaving, kind, chunk, row));
}

/* Whether a sha is that of a known change, be it forgotten. */
static bool is_known(const struct dora__facts *facts, uint32_t sha) {
    const struct dora__table *changes = &facts->tables[DORA_KIND_CHANGE];
    uint32_t row = dora__row_of(changes, sha);
    if (row != DORA__NO_ROW)
        return !dora__is_deleted(changes, row);
    return sha && facts->frozen && dora__frozen_has_change(facts->frozen, dora__pool_get(&facts->strings, sha));
}

/* The first deployment of each service whose sha is a known change, DORA__FORGOTTEN_ROW where it was forgotten before.
 */
static void find_anchors(const struct leaving *leaving, uint32_t *anchors) {
    const struct dora__derived *derived = leaving->forgetting->derived;
    const struct dora__frozen *before = leaving->facts->frozen;
    const struct dora__table *deployments = &leaving->facts->tables[DORA_KIND_DEPLOYMENT];
    const struct dora__steps steps = {.facts = leaving->facts, .deployments = deployments};
    memset(anchors, 0xFF, ((size_t)derived->services + 1) * sizeof *anchors);
    for (size_t i = 0; before && i < before->anchored_count; i++)
        anchors[before->anchored[i]] = DORA__FORGOTTEN_ROW;
    for (uint32_t row = 0; row < derived->deployments; row++) {
        uint32_t *anchor = &anchors[dora__table_handle(deployments, DORA__SERVICE_NAME, row)];
        if (!(derived->flags[row] & DORA__IS_PLUS) || *anchor == DORA__FORGOTTEN_ROW ||
            !is_known(leaving->facts, dora__table_handle(deployments, DORA__SHA, row)))
            continue;
        if (*anchor == DORA__NO_ROW || dora__compare_deployments(&steps, row, *anchor) < 0)
            *anchor = row;
    }
}

/* Shas that would make an earlier deployment the first of its service if they became known: what was in the baseline
   of the one that is now would have a lead time then. */
static bool close_shas(const struct leaving *leaving, const uint32_t *anchors) {
    const struct dora__derived *derived = leaving->forgetting->derived;
    const struct dora__table *deployments = &leaving->facts->tables[DORA_KIND_DEPLOYMENT];
    const struct dora__steps steps = {.facts = leaving->facts, .deployments = deployments};
    for (uint32_t row = 0; row < derived->deployments; row++) {
        uint32_t anchor = anchors[dora__table_handle(deployments, DORA__SERVICE_NAME, row)];
        if (!(derived->flags[row] & DORA__IS_PLUS) || anchor == DORA__NO_ROW ||
            !dora__forget_is_settled(leaving->forgetting, row))
            continue;
        if ((anchor == DORA__FORGOTTEN_ROW || dora__compare_deployments(&steps, row, anchor) < 0) &&
            !is_known(leaving->facts, dora__table_handle(deployments, DORA__SHA, row)) &&
            !add_named(leaving, DORA_KIND_CHANGE, dora__table_handle(deployments, DORA__SHA, row)))
            return false;
    }
    return true;
}

static bool leave_anchors(const struct leaving *leaving) {
    struct dora__frozen *frozen = leaving->frozen;
    const uint8_t *keep = leaving->forgetting->keep[DORA_KIND_DEPLOYMENT];
    size_t services = (size_t)leaving->forgetting->derived->services + 1;
    uint32_t *anchors = dora__alloc(frozen->memory, services, sizeof *anchors);
    bool done = anchors != NULL;
    if (done)
        find_anchors(leaving, anchors);
    done = done && close_shas(leaving, anchors);
    for (uint32_t service = 0; done && service < services; service++) {
        if (anchors[service] == DORA__NO_ROW || (anchors[service] != DORA__FORGOTTEN_ROW && keep[anchors[service]]))
            continue;
        done = dora__grow(frozen->memory, (void **)&frozen->anchored, &frozen->anchored_capacity,
                          frozen->anchored_count + 1, sizeof *frozen->anchored);
        if (done)
            frozen->anchored[frozen->anchored_count++] = service;
    }
    dora__free(frozen->memory, anchors, services, sizeof *anchors);
    return done;
}

/* What facts forgotten earlier have left goes on. */
static bool take_over(struct leaving *leaving) {
    const struct dora__frozen *before = leaving->facts->frozen;
    struct dora__frozen *frozen = leaving->frozen;
    if (!before)
        return true;
    frozen->failure_known = before->failure_known;
    frozen->rework_known = before->rework_known;
    for (size_t i = 0; i < before->environments_count; i++) {
        if (!count_environment(leaving, before->environments[i].name))
            return false;
        frozen->environments[frozen->environments_count - 1].count = before->environments[i].count;
    }
    for (int of = 0; of < DORA__KEY_SPENT_CHANGE; of++)
        for (size_t i = 0; i < before->keys[of].count; i++)
            if (!dora__id_keys_add(&frozen->keys[of], frozen->memory, &before->keys[of].items[i]))
                return false;
    return true;
}

/* Changes that stay and were deployed by ancestry before the day: ancestors of theirs may be forgotten. */
static bool leave_spent(const struct leaving *leaving) {
    const struct dora__derived *derived = leaving->forgetting->derived;
    const uint32_t *first = derived->first[DORA__BY_ANCESTRY];
    const struct dora__table *changes = &leaving->facts->tables[DORA_KIND_CHANGE];
    const struct dora__table *deployments = &leaving->facts->tables[DORA_KIND_DEPLOYMENT];
    for (uint32_t row = 0; first && row < changes->rows; row++)
        if (leaving->forgetting->keep[DORA_KIND_CHANGE][row] && first[row] != DORA__NO_ROW &&
            dora__forget_early(leaving->forgetting, dora__t(dora__chunk_of(deployments, first[row]), first[row])) &&
            !add_id(leaving, DORA__KEY_SPENT_CHANGE, DORA_KIND_CHANGE, dora__table_handle(changes, DORA__ID, row)))
            return false;
    return true;
}

bool dora__forget_each(const struct dora__forgetting *forgetting, struct dora__frozen *frozen) {
    struct leaving leaving = {.forgetting = forgetting, .facts = forgetting->facts, .frozen = frozen};
    dora__map_init(&leaving.environments, forgetting->memory, forgetting->facts->strings.key);
    bool done = take_over(&leaving);
    for (int kind = 0; kind < DORA_KIND_COUNT && done; kind++)
        for (uint32_t row = 0; row < forgetting->facts->tables[kind].rows && done; row++)
            if (!forgetting->keep[kind][row])
                done = leave(&leaving, (dora_kind)kind, row);
    done = done && leave_anchors(&leaving) && leave_spent(&leaving);
    for (int of = 0; of < DORA__KEYS && done; of++)
        done = dora__id_keys_order(&frozen->keys[of], frozen->memory);
    dora__map_free(&leaving.environments);
    return done;
}
