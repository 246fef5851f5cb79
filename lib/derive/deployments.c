/* SPDX-License-Identifier: MIT */
/*
 * Which deployments count: production, status, date. Also what the facts as a whole say about failing and rework, and
 * where the changes that deployments carry themselves (their own committed_at) go.
 */
#include "derive/step.h"

#include "base/sort.h"

#include <string.h>

/* Whether an environment is in the production set, asked again and again for few names. */
struct production {
    const char *names;
    const struct dora__pool *strings;
    struct dora__map known;
    uint32_t last;
    bool last_is;
};

static bool name_matches(const char *name, size_t name_size, dora_string environment) {
    if (name_size != environment.size)
        return false;
    for (size_t i = 0; i < name_size; i++) {
        char c = environment.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != name[i])
            return false;
    }
    return true;
}

static bool in_set(const char *names, dora_string environment) {
    for (const char *at = names;; at++) {
        size_t size = strcspn(at, ",");
        if (name_matches(at, size, environment))
            return true;
        at += size;
        if (!*at)
            return false;
    }
}

static bool is_production(struct production *production, uint32_t environment, bool *is) {
    if (environment == production->last) {
        *is = production->last_is;
        return true;
    }
    uint32_t *known = dora__map_at(&production->known, (uint64_t)environment + 1, 2);
    if (!known)
        return false;
    if (*known == 2) {
        dora_string name = {"production", 10};
        *known = in_set(production->names, environment ? dora__pool_get(production->strings, environment) : name);
    }
    production->last = environment;
    production->last_is = *known;
    *is = *known;
    return true;
}

static dora_disposition classify(const struct dora__chunk *chunk, uint32_t row, bool production) {
    if (!production)
        return DORA_NOT_PRODUCTION;
    int status = dora__byte_at(chunk, DORA__STATUS_FIELD, row) - 1;
    if (status < 0)
        status = dora__instant_at(chunk, DORA__FINISHED_AT, row) != DORA_ABSENT ? DORA_STATUS_SUCCESS
                                                                                : DORA_STATUS_IN_PROGRESS;
    if (status == DORA_STATUS_IN_PROGRESS)
        return DORA_IN_PROGRESS;
    if (status == DORA_STATUS_CANCELED)
        return DORA_CANCELED;
    if (dora__t(chunk, row) == DORA_ABSENT)
        return DORA_UNDATED;
    return status == DORA_STATUS_FAILURE ? DORA_FAILED_ATTEMPT : DORA_COUNTED;
}

/* A deployment's own change. */
static void account_inline(struct dora__steps *steps, const struct dora__chunk *chunk, uint32_t row, bool plus) {
    int64_t committed = dora__instant_at(chunk, DORA__COMMITTED_AT, row);
    if (committed == DORA_ABSENT)
        return;
    if (!plus) {
        dora__account_for(steps, DORA_KIND_CHANGE, DORA_UNDEPLOYED);
        return;
    }
    bool negative = dora__t(chunk, row) < committed;
    dora__account_for(steps, DORA_KIND_CHANGE, negative ? DORA_NEGATIVE : DORA_COUNTED);
    steps->derived->has_inline |= !negative;
}

void dora__note_evidence(const struct dora__chunk *chunk, uint32_t row, bool *failure, bool *rework) {
    bool rollback = dora__handle_at(chunk, DORA__ROLLBACK_OF, row) != 0;
    *failure |= rollback || dora__byte_at(chunk, DORA__FAILED, row) ||
                dora__instant_at(chunk, DORA__RESTORED_AT, row) != DORA_ABSENT ||
                dora__instant_at(chunk, DORA__ROLLED_BACK_AT, row) != DORA_ABSENT;
    *rework |= rollback || dora__byte_at(chunk, DORA__REWORK, row);
}

static bool count_environment(struct dora__derived *derived, struct dora__map *index, uint32_t environment,
                              uint64_t count) {
    size_t known = derived->environments_count;
    if (known && derived->environments[known - 1].name == environment) { /* nearly always there is but one */
        derived->environments[known - 1].count += count;
        return true;
    }
    uint32_t *at = dora__map_at(index, (uint64_t)environment + 1, (uint32_t)derived->environments_count);
    if (!at)
        return false;
    if (*at == derived->environments_count) {
        if (!dora__grow(derived->memory, (void **)&derived->environments, &derived->environments_capacity,
                        derived->environments_count + 1, sizeof *derived->environments))
            return false;
        derived->environments[derived->environments_count++] = (struct dora__environment){environment, 0};
    }
    derived->environments[*at].count += count;
    return true;
}

/* Where those are that were counted before. */
static bool index_environments(const struct dora__derived *derived, struct dora__map *index) {
    for (size_t i = 0; i < derived->environments_count; i++) {
        uint32_t *at = dora__map_at(index, (uint64_t)derived->environments[i].name + 1, 0);
        if (!at)
            return false;
        *at = (uint32_t)i;
    }
    return true;
}

static dora_string environment_name(const struct dora__derived *derived, uint32_t handle) {
    dora_string absent = {"production", 10};
    return handle ? dora__pool_get(&derived->facts->strings, handle) : absent;
}

static int compare_environments(const void *context, uint32_t a, uint32_t b) {
    const struct dora__derived *derived = context;
    const struct dora__environment *x = &derived->environments[a], *y = &derived->environments[b];
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    int order = dora__string_compare(environment_name(derived, x->name), environment_name(derived, y->name));
    return order ? order : (x->name > y->name) - (x->name < y->name);
}

/* The absent environment and one written "production" are one line of the list. */
static void join_absent(struct dora__derived *derived) {
    size_t absent = SIZE_MAX, written = SIZE_MAX;
    uint32_t handle = dora__pool_find(&derived->facts->strings, "production", 10);
    for (size_t i = 0; i < derived->environments_count; i++) {
        if (derived->environments[i].name == 0)
            absent = i;
        else if (derived->environments[i].name == handle)
            written = i;
    }
    if (absent == SIZE_MAX || written == SIZE_MAX)
        return;
    derived->environments[written].count += derived->environments[absent].count;
    derived->environments[absent] = derived->environments[--derived->environments_count];
}

static dora_status order_environments(struct dora__derived *derived) {
    join_absent(derived);
    bool done = dora__put_in_order(derived->memory, derived->environments, derived->environments_count,
                                   sizeof *derived->environments, compare_environments, derived);
    return done ? DORA_OK : DORA_ERROR_MEMORY;
}

static dora_status derive_row(struct dora__steps *steps, struct production *production, struct dora__map *index,
                              const struct dora__chunk *chunk, uint32_t row) {
    struct dora__derived *derived = steps->derived;
    if (dora__byte_at(chunk, DORA__DELETED, row) == 2) {
        dora__account_for(steps, DORA_KIND_DEPLOYMENT, DORA_DELETED);
        return DORA_OK;
    }
    uint32_t environment = dora__handle_at(chunk, DORA__ENVIRONMENT, row);
    bool is;
    if (!is_production(production, environment, &is) || !count_environment(derived, index, environment, 1))
        return DORA_ERROR_MEMORY;
    dora_disposition disposition = classify(chunk, row, is);
    dora__account_for(steps, DORA_KIND_DEPLOYMENT, disposition);
    bool plus = disposition == DORA_COUNTED;
    if (plus || disposition == DORA_FAILED_ATTEMPT)
        derived->flags[row] = plus ? DORA__IS_PLUS | DORA__IS_ATTEMPT : DORA__IS_ATTEMPT;
    account_inline(steps, chunk, row, plus);
    dora__note_evidence(chunk, row, &derived->failure_known, &derived->rework_known);
    return DORA_OK;
}

/* Whether every row of the chunk is in one environment. */
static bool one_environment(const struct dora__chunk *chunk, uint32_t count) {
    const uint32_t *environments = chunk->column[DORA__ENVIRONMENT];
    uint32_t differ = 0;
    for (uint32_t i = 0; environments && i < count; i++)
        differ |= environments[i] ^ environments[0];
    return differ == 0;
}

static bool any_byte(const struct dora__chunk *chunk, enum dora__field field, uint32_t count) {
    const uint8_t *column = chunk->column[field];
    uint8_t any = 0;
    for (uint32_t i = 0; column && i < count; i++)
        any |= column[i];
    return any != 0;
}

/* Of a narrow column. */
static bool any_instant(const struct dora__chunk *chunk, enum dora__field field, uint32_t count) {
    const uint32_t *column = dora__narrow_column(chunk, field);
    uint32_t all = DORA__NARROW_ABSENT;
    for (uint32_t i = 0; column && i < count; i++)
        all &= column[i];
    return all != DORA__NARROW_ABSENT;
}

/* The inline changes of deployments that all count where they are finished. */
static void account_inline_column(struct dora__steps *steps, const uint32_t *finished_s, const uint32_t *committed_s,
                                  uint32_t count) {
    uint32_t known = 0, deployed = 0, negative = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t is = committed_s[i] != DORA__NARROW_ABSENT, plus = finished_s[i] != DORA__NARROW_ABSENT;
        known += is;
        deployed += is & plus;
        negative += is & plus & (finished_s[i] < committed_s[i]);
    }
    uint64_t *account = steps->derived->account[DORA_KIND_CHANGE];
    account[DORA_UNDEPLOYED] += known - deployed;
    account[DORA_NEGATIVE] += negative;
    account[DORA_COUNTED] += deployed - negative;
    steps->derived->has_inline |= deployed > negative;
}

/*
 * A chunk whose rows are in production, state no status and have their times in whole seconds, as most have: each
 * counts if it is finished, else is in progress. False: it is not such a chunk, and nothing was done.
 */
static dora_status derive_columns(struct dora__steps *steps, struct production *production, struct dora__map *index,
                                  const struct dora__chunk *chunk, uint32_t row, uint32_t count, bool *done) {
    const uint64_t other = DORA__BIT(DORA__DELETED) | DORA__BIT(DORA__STATUS_FIELD) | DORA__BIT(DORA__ROLLBACK_OF);
    const uint32_t *finished_s = dora__narrow_column(chunk, DORA__FINISHED_AT);
    const uint32_t *committed_s = dora__narrow_column(chunk, DORA__COMMITTED_AT);
    struct dora__derived *derived = steps->derived;
    bool is;
    *done = false;
    if (!finished_s || chunk->columns & (other | chunk->wide) || !one_environment(chunk, count))
        return DORA_OK;
    uint32_t environment = dora__handle_at(chunk, DORA__ENVIRONMENT, row), plus = 0;
    if (!is_production(production, environment, &is))
        return DORA_ERROR_MEMORY;
    if (!is)
        return DORA_OK;
    if (!count_environment(derived, index, environment, count))
        return DORA_ERROR_MEMORY;
    uint8_t *flags = derived->flags + row;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t finished = finished_s[i] != DORA__NARROW_ABSENT;
        flags[i] = (uint8_t)(finished * (DORA__IS_PLUS | DORA__IS_ATTEMPT));
        plus += finished;
    }
    derived->account[DORA_KIND_DEPLOYMENT][DORA_COUNTED] += plus;
    derived->account[DORA_KIND_DEPLOYMENT][DORA_IN_PROGRESS] += count - plus;
    if (committed_s)
        account_inline_column(steps, finished_s, committed_s, count);
    if (!derived->failure_known)
        derived->failure_known = any_byte(chunk, DORA__FAILED, count) || any_instant(chunk, DORA__RESTORED_AT, count) ||
                                 any_instant(chunk, DORA__ROLLED_BACK_AT, count);
    if (!derived->rework_known)
        derived->rework_known = any_byte(chunk, DORA__REWORK, count);
    *done = true;
    return DORA_OK;
}

/* A dora__range_fn. */
static dora_status derive_range(struct dora__steps *steps, uint32_t row, uint32_t last) {
    struct dora__derived *derived = steps->derived;
    uint64_t key = steps->facts->strings.key;
    struct production production = {derived->linking.production, &steps->facts->strings, {0}, UINT32_MAX, false};
    struct dora__map index;
    dora__map_init(&production.known, steps->memory, key);
    dora__map_init(&index, steps->memory, key);
    dora_status status = index_environments(derived, &index) ? DORA_OK : DORA_ERROR_MEMORY;
    while (row < last && status == DORA_OK) {
        const struct dora__chunk *chunk = dora__chunk_of(steps->deployments, row);
        uint32_t begin = row, end = (row | (DORA__CHUNK_ROWS - 1)) + 1;
        bool done = false;
        if (end > last)
            end = last;
        if (row % DORA__CHUNK_ROWS == 0)
            status = derive_columns(steps, &production, &index, chunk, row, end - row, &done);
        for (row = done ? end : row; row < end && status == DORA_OK; row++)
            status = derive_row(steps, &production, &index, chunk, row);
        if (status == DORA_OK)
            status = dora__step_on(steps, end - begin);
    }
    dora__map_free(&production.known);
    dora__map_free(&index);
    return status;
}

bool dora__add_environments(struct dora__derived *derived, const struct dora__environment *environments, size_t count) {
    struct dora__map index;
    dora__map_init(&index, derived->memory, derived->facts->strings.key);
    bool done = index_environments(derived, &index);
    for (size_t i = 0; i < count && done; i++)
        done = count_environment(derived, &index, environments[i].name, environments[i].count);
    dora__map_free(&index);
    return done;
}

dora_status dora__derive_deployments(struct dora__steps *steps) {
    dora_status status = dora__in_ranges(steps, derive_range);
    return status == DORA_OK ? order_environments(steps->derived) : status;
}
