/* SPDX-License-Identifier: MIT */
/*
 * Which facts other than changes can be forgotten. Deployments, incidents, releases and what hangs on these are put
 * together that one outcome depends on: who names whom, whose incident it is, which version belongs to which release.
 * Such a set is forgotten when each of its facts is before the day and finished; else all of it stays.
 */
#include "derive/forget.h"

/* The kinds that hang together, each with the fields by which it names a fact of another. */
static const struct {
    dora_kind kind;
    uint64_t names;
} kinds[] = {
    {DORA_KIND_DEPLOYMENT, DORA__BIT(DORA__ROLLBACK_OF) | DORA__BIT(DORA__RELEASE)},
    {DORA_KIND_INCIDENT, DORA__BIT(DORA__DEPLOYMENT)},
    {DORA_KIND_RELEASE, 0},
    {DORA_KIND_PHASE, DORA__BIT(DORA__RELEASE)},
    {DORA_KIND_DEFECT, DORA__BIT(DORA__RELEASE)},
    {DORA_KIND_DOWNTIME, DORA__BIT(DORA__RELEASE) | DORA__BIT(DORA__DEPLOYMENT)},
    {DORA_KIND_FEEDBACK, DORA__BIT(DORA__RELEASE)},
    {DORA_KIND_FLAG, DORA__BIT(DORA__RELEASE) | DORA__BIT(DORA__DEPLOYMENT)},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Sets by union and find: a fact is begin[kind] + its row. */
struct sets {
    const struct dora__forgetting *forgetting;
    const struct dora__table *tables;
    struct dora__steps *steps;
    uint32_t begin[DORA_KIND_COUNT];
    uint32_t count;
    uint32_t *parent;
    struct dora__map versions; /* of releases: version and service, to a release */
};

static uint32_t find(const struct sets *sets, uint32_t fact) {
    uint32_t *parent = sets->parent;
    while (parent[fact] != fact) {
        parent[fact] = parent[parent[fact]];
        fact = parent[fact];
    }
    return fact;
}

static void unite(const struct sets *sets, uint32_t a, uint32_t b) {
    a = find(sets, a);
    b = find(sets, b);
    sets->parent[a > b ? a : b] = a < b ? a : b;
}

static dora_kind named_kind(enum dora__field field) {
    return field == DORA__RELEASE ? DORA_KIND_RELEASE : DORA_KIND_DEPLOYMENT;
}

/* Puts a fact together with those that it names. Whether there are any. */
static bool unite_named(const struct sets *sets, dora_kind kind, uint64_t fields, uint32_t row) {
    const struct dora__chunk *chunk = dora__chunk_of(&sets->tables[kind], row);
    bool any = false;
    for (uint64_t left = fields; left; left &= left - 1) {
        enum dora__field field = (enum dora__field)__builtin_ctzll(left);
        dora_kind of = named_kind(field);
        uint32_t named = dora__row_of(&sets->tables[of], dora__handle_at(chunk, field, row));
        if (named == DORA__NO_ROW)
            continue;
        unite(sets, sets->begin[kind] + row, sets->begin[of] + named);
        any = true;
    }
    return any;
}

static uint64_t version_key(const struct dora__chunk *chunk, uint32_t row) {
    uint32_t version = dora__handle_at(chunk, DORA__VERSION, row);
    return version ? (uint64_t)version << 32 | dora__handle_at(chunk, DORA__SERVICE_NAME, row) : 0;
}

/* Releases of one version and service, and the deployments of these that name no release. */
static bool unite_versions(struct sets *sets) {
    const struct dora__table *releases = &sets->tables[DORA_KIND_RELEASE];
    const struct dora__table *deployments = &sets->tables[DORA_KIND_DEPLOYMENT];
    for (uint32_t row = 0; row < releases->rows; row++) {
        uint64_t key = version_key(dora__chunk_of(releases, row), row);
        uint32_t *peer = key ? dora__map_at(&sets->versions, key, row) : NULL;
        if (key && !peer)
            return false;
        if (peer)
            unite(sets, sets->begin[DORA_KIND_RELEASE] + row, sets->begin[DORA_KIND_RELEASE] + *peer);
    }
    for (uint32_t row = 0; releases->rows && row < deployments->rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(deployments, row);
        uint64_t key = dora__handle_at(chunk, DORA__RELEASE, row) ? 0 : version_key(chunk, row);
        uint32_t *peer = key ? dora__map_find(&sets->versions, key) : NULL;
        if (peer)
            unite(sets, sets->begin[DORA_KIND_DEPLOYMENT] + row, sets->begin[DORA_KIND_RELEASE] + *peer);
    }
    return true;
}

/* The deployment that an incident without a named one is blamed on, as derived, or DORA__NO_ROW. */
static void unite_blamed(const struct sets *sets) {
    const struct dora__table *incidents = &sets->tables[DORA_KIND_INCIDENT];
    for (uint32_t row = 0; row < incidents->rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(incidents, row);
        int64_t opened = dora__instant_at(chunk, DORA__OPENED_AT, row);
        if (opened == DORA_ABSENT || dora__handle_at(chunk, DORA__DEPLOYMENT, row))
            continue;
        uint32_t deployment = dora__last_before(sets->steps, dora__handle_at(chunk, DORA__SERVICE_NAME, row), opened);
        if (deployment != DORA__NO_ROW)
            unite(sets, sets->begin[DORA_KIND_INCIDENT] + row, sets->begin[DORA_KIND_DEPLOYMENT] + deployment);
    }
}

/* Of each service the last deployment before the day: an incident opened later may be blamed on it. */
static void keep_last(const struct sets *sets) {
    const struct dora__forgetting *forgetting = sets->forgetting;
    for (uint32_t service = 0; service <= forgetting->derived->services; service++) {
        uint32_t last = dora__last_before(sets->steps, service, forgetting->before_us - 1);
        if (last != DORA__NO_ROW)
            forgetting->keep[DORA_KIND_DEPLOYMENT][last] = 1;
    }
}

bool dora__forget_is_settled(const struct dora__forgetting *forgetting, uint32_t deployment) {
    const struct dora__chunk *chunk = dora__chunk_of(&forgetting->facts->tables[DORA_KIND_DEPLOYMENT], deployment);
    uint8_t status = dora__byte_at(chunk, DORA__STATUS_FIELD, deployment);
    bool in_progress = status ? status == 1 + DORA_STATUS_IN_PROGRESS
                              : dora__instant_at(chunk, DORA__FINISHED_AT, deployment) == DORA_ABSENT;
    bool is_final = !in_progress || dora__byte_at(chunk, DORA__DELETED, deployment) == 2;
    return is_final && dora__forget_early(forgetting, dora__t(chunk, deployment));
}

/* Whether all of these instants that are known are before the day, and one is. */
static bool all_early(const struct dora__forgetting *forgetting, const struct dora__chunk *chunk, uint32_t row,
                      uint64_t fields) {
    bool any = false;
    for (uint64_t left = fields; left; left &= left - 1) {
        int64_t at = dora__instant_at(chunk, (enum dora__field)__builtin_ctzll(left), row);
        if (at != DORA_ABSENT && !dora__forget_early(forgetting, at))
            return false;
        any |= at != DORA_ABSENT;
    }
    return any;
}

/* Whether a fact by itself is before the day and finished. What only hangs on others is as final as they are. */
static bool is_settled(const struct dora__forgetting *forgetting, dora_kind kind, uint32_t row, bool names_any) {
    const struct dora__chunk *chunk = dora__chunk_of(&forgetting->facts->tables[kind], row);
    bool deleted = dora__byte_at(chunk, DORA__DELETED, row) == 2;
    switch (kind) {
    case DORA_KIND_DEPLOYMENT:
        return dora__forget_is_settled(forgetting, row);
    case DORA_KIND_INCIDENT:
        return (deleted || dora__instant_at(chunk, DORA__RESOLVED_AT, row) != DORA_ABSENT) &&
               all_early(forgetting, chunk, row, DORA__BIT(DORA__OPENED_AT) | DORA__BIT(DORA__RESOLVED_AT));
    case DORA_KIND_RELEASE:
        return all_early(forgetting, chunk, row, DORA__BIT(DORA__RELEASED_AT));
    case DORA_KIND_FLAG:
        return all_early(forgetting, chunk, row, DORA__BIT(DORA__ENABLED_AT));
    default:
        return names_any;
    }
}

/* Marks the sets of which a fact stays, at their first fact; then all of them. */
static void keep_sets(const struct sets *sets, uint8_t *stays, const uint8_t *names_any) {
    for (int i = 0; i < KINDS; i++) {
        dora_kind kind = kinds[i].kind;
        for (uint32_t row = 0; row < sets->tables[kind].rows; row++) {
            uint32_t fact = sets->begin[kind] + row;
            if (sets->forgetting->keep[kind][row] || !is_settled(sets->forgetting, kind, row, names_any[fact]))
                stays[find(sets, fact)] = 1;
        }
    }
    for (int i = 0; i < KINDS; i++) {
        dora_kind kind = kinds[i].kind;
        for (uint32_t row = 0; row < sets->tables[kind].rows; row++)
            sets->forgetting->keep[kind][row] = stays[find(sets, sets->begin[kind] + row)];
    }
}

static dora_status begin_sets(struct sets *sets) {
    uint64_t count = 0;
    for (int i = 0; i < KINDS; i++) {
        sets->begin[kinds[i].kind] = (uint32_t)count;
        count += sets->tables[kinds[i].kind].rows;
        if (count > UINT32_MAX)
            return DORA_ERROR_LIMIT;
    }
    sets->count = (uint32_t)count;
    if (count && !(sets->parent = dora__alloc(sets->forgetting->memory, sets->count, sizeof *sets->parent)))
        return DORA_ERROR_MEMORY;
    for (uint32_t fact = 0; fact < sets->count; fact++)
        sets->parent[fact] = fact;
    return DORA_OK;
}

static dora_status divide(struct sets *sets) {
    struct dora__memory *memory = sets->forgetting->memory;
    uint8_t *stays = dora__alloc_zeroed(memory, sets->count, 2), *names_any = stays ? stays + sets->count : NULL;
    dora_status status = stays ? dora__make_lanes(sets->steps) : DORA_ERROR_MEMORY;
    if (status == DORA_OK && !unite_versions(sets))
        status = DORA_ERROR_MEMORY;
    if (status == DORA_OK) {
        for (int i = 0; i < KINDS; i++)
            for (uint32_t row = 0; row < sets->tables[kinds[i].kind].rows; row++)
                names_any[sets->begin[kinds[i].kind] + row] = unite_named(sets, kinds[i].kind, kinds[i].names, row);
        unite_blamed(sets);
        keep_last(sets);
        keep_sets(sets, stays, names_any);
    }
    dora__free(memory, stays, sets->count, 2);
    return status;
}

dora_status dora__forget_others(struct dora__forgetting *forgetting) {
    struct dora__steps steps = {.derived = forgetting->derived,
                                .facts = forgetting->facts,
                                .deployments = &forgetting->facts->tables[DORA_KIND_DEPLOYMENT],
                                .memory = forgetting->memory};
    struct sets sets = {.forgetting = forgetting, .tables = forgetting->facts->tables, .steps = &steps};
    dora__map_init(&sets.versions, forgetting->memory, forgetting->facts->strings.key);
    dora_status status = begin_sets(&sets);
    if (status == DORA_OK && sets.count)
        status = divide(&sets);
    dora__map_free(&sets.versions);
    dora__free(forgetting->memory, sets.parent, sets.count, sizeof *sets.parent);
    dora__steps_end(&steps);
    return status;
}
