/* SPDX-License-Identifier: MIT */
/*
 * Which deployments roll others back, stated or inferred, and what each deployment in D+ has come to in the end.
 */
#include "derive/step.h"

#include "base/sort.h"

/* `row` rolls `target` back (DORA__NO_ROW: one that is not known); either way it is rework. */
static bool roll_back(struct dora__steps *steps, uint32_t row, uint32_t target) {
    struct dora__derived *derived = steps->derived;
    derived->flags[row] |= DORA__IS_REWORK;
    if (target == DORA__NO_ROW)
        return true;
    int64_t *rolled_by = dora__deployment_column(steps, &derived->rolled_by, DORA_ABSENT);
    if (!rolled_by)
        return false;
    int64_t t = dora__t_of(steps, row);
    if (rolled_by[target] == DORA_ABSENT || t < rolled_by[target])
        rolled_by[target] = t;
    derived->flags[target] |= DORA__IS_ROLLED_BACK;
    return true;
}

/* One past the last row of the chunk that `row` is in. */
static uint32_t chunk_end(const struct dora__steps *steps, uint32_t row) {
    uint32_t end = (row | (DORA__CHUNK_ROWS - 1)) + 1, rows = steps->derived->deployments;
    return end < rows ? end : rows;
}

static dora_status stated_rollbacks(struct dora__steps *steps) {
    uint32_t rows = steps->derived->deployments;
    for (uint32_t row = 0; row < rows; row++) {
        const struct dora__chunk *chunk = dora__chunk_of(steps->deployments, row);
        if (!chunk->column[DORA__ROLLBACK_OF]) {
            row = chunk_end(steps, row) - 1;
            continue;
        }
        if (!(steps->derived->flags[row] & DORA__IS_PLUS))
            continue;
        uint32_t target = dora__handle_at(chunk, DORA__ROLLBACK_OF, row);
        if (target && target != dora__handle_at(chunk, DORA__ID, row) &&
            !roll_back(steps, row, dora__plus_by_id(steps, target)))
            return DORA_ERROR_MEMORY;
    }
    return DORA_OK;
}

static int compare_environment(const void *context, uint32_t a, uint32_t b) {
    const struct dora__steps *steps = context;
    uint32_t x = dora__table_handle(steps->deployments, DORA__ENVIRONMENT, a);
    uint32_t y = dora__table_handle(steps->deployments, DORA__ENVIRONMENT, b);
    return (x > y) - (x < y);
}

/* The deployments of one service and environment in order: a version that differs from the one before it and was there
   earlier is a return, which rolls back the first deployment after its last occurrence. */
static dora_status infer_in(struct dora__steps *steps, struct dora__map *last, const uint32_t *rows, size_t count) {
    uint32_t before = 0;
    dora__map_clear(last);
    for (size_t k = 0; k < count; k++) {
        uint32_t version = dora__table_handle(steps->deployments, DORA__VERSION, rows[k]);
        if (version) {
            uint32_t *at = dora__map_at(last, version, UINT32_MAX);
            if (!at)
                return DORA_ERROR_MEMORY;
            if (k && version != before && *at != UINT32_MAX && *at + 1 < k && !roll_back(steps, rows[k], rows[*at + 1]))
                return DORA_ERROR_MEMORY;
            *at = (uint32_t)k;
        }
        before = version;
    }
    return DORA_OK;
}

static dora_status inferred_rollbacks(struct dora__steps *steps) {
    dora_status status = dora__make_lanes(steps);
    const struct dora__lanes *lanes = &steps->lanes;
    if (status != DORA_OK || !lanes->count)
        return status;
    struct dora__map last;
    dora__map_init(&last, steps->memory, steps->facts->strings.key);
    uint32_t *rows = dora__alloc(steps->memory, lanes->count, 2 * sizeof *rows);
    if (!rows)
        return DORA_ERROR_MEMORY;
    uint32_t *scratch = rows + lanes->count;
    for (uint32_t i = 0; i < lanes->count; i++)
        rows[i] = steps->order.ranked[lanes->ranks[i]].row;
    for (size_t service = 0; service <= steps->derived->services && status == DORA_OK; service++) {
        size_t begin = lanes->begin[service], end = lanes->begin[service + 1];
        dora__sort_items(rows + begin, scratch, end - begin, compare_environment, steps);
        while (begin < end && status == DORA_OK) {
            size_t same = begin + 1;
            while (same < end && compare_environment(steps, rows[begin], rows[same]) == 0)
                same++;
            status = infer_in(steps, &last, rows + begin, same - begin);
            begin = same;
        }
    }
    dora__free(steps->memory, rows, lanes->count, 2 * sizeof *rows);
    dora__map_free(&last);
    return status;
}

dora_status dora__derive_rollbacks(struct dora__steps *steps) {
    dora_status status = stated_rollbacks(steps);
    if (status == DORA_OK && steps->derived->linking.infer_rollbacks) {
        steps->derived->failure_known = steps->derived->rework_known = true;
        status = inferred_rollbacks(steps);
    }
    return status;
}

int64_t dora__recovered_at(const struct dora__derived *derived, const struct dora__chunk *chunk, uint32_t row) {
    if (derived->flags[row] & DORA__IS_BLAMED)
        return derived->resolved[row] == INT64_MAX ? DORA_ABSENT : derived->resolved[row];
    int64_t restored = dora__instant_at(chunk, DORA__RESTORED_AT, row);
    if (restored != DORA_ABSENT)
        return restored;
    int64_t rolled_back = dora__instant_at(chunk, DORA__ROLLED_BACK_AT, row);
    if (rolled_back != DORA_ABSENT)
        return rolled_back;
    return derived->rolled_by ? derived->rolled_by[row] : DORA_ABSENT;
}

static bool is_emergency(const struct dora__steps *steps, uint32_t release, uint32_t emergency) {
    const struct dora__table *releases = &steps->facts->tables[DORA_KIND_RELEASE];
    uint32_t row = emergency ? dora__row_of(releases, release) : DORA__NO_ROW;
    return row != DORA__NO_ROW && dora__table_handle(releases, DORA__CATEGORY, row) == emergency &&
           !dora__is_deleted(releases, row);
}

static void derive_outcome(struct dora__derived *derived, const struct dora__chunk *chunk, uint32_t row, bool rework) {
    unsigned flags = derived->flags[row];
    if (!(flags & DORA__IS_PLUS))
        return;
    if (dora__instant_at(chunk, DORA__ROLLED_BACK_AT, row) != DORA_ABSENT)
        flags |= DORA__IS_ROLLED_BACK;
    if (dora__byte_at(chunk, DORA__FAILED, row) == 2 || flags & (DORA__IS_BLAMED | DORA__IS_ROLLED_BACK) ||
        dora__instant_at(chunk, DORA__RESTORED_AT, row) != DORA_ABSENT) {
        flags |= DORA__IS_FAILED;
        if (dora__recovered_at(derived, chunk, row) == DORA_ABSENT)
            flags |= DORA__IS_OPEN;
    }
    if (dora__byte_at(chunk, DORA__REWORK, row) == 2 || rework)
        flags |= DORA__IS_REWORK;
    derived->flags[row] = (uint8_t)flags;
}

/* Rows of a chunk of which only `failed` and restored_at decide. */
static void derive_failed(struct dora__derived *derived, const struct dora__chunk *chunk, uint32_t row, uint32_t end) {
    const uint32_t *restored_s = dora__narrow_column(chunk, DORA__RESTORED_AT);
    const uint8_t *failed = chunk->column[DORA__FAILED];
    uint8_t *flags = derived->flags + row;
    uint32_t count = end - row;
    for (uint32_t i = 0; failed && i < count; i++) /* without a time of recovery; corrected below */
        flags[i] |= (uint8_t)(((failed[i] == 2) & (flags[i] / DORA__IS_PLUS)) * (DORA__IS_FAILED | DORA__IS_OPEN));
    for (uint32_t i = 0; restored_s && i < count; i++) {
        uint32_t restored = (restored_s[i] != DORA__NARROW_ABSENT) & (flags[i] / DORA__IS_PLUS);
        flags[i] = (uint8_t)((flags[i] | restored * DORA__IS_FAILED) & ~(restored * DORA__IS_OPEN));
    }
}

/* Whether nothing but its `failed` and restored_at says what came of the deployments of a chunk. */
static bool is_plain(const struct dora__derived *derived, const struct dora__chunk *chunk, uint32_t emergency) {
    const uint64_t other = DORA__BIT(DORA__ROLLED_BACK_AT) | DORA__BIT(DORA__REWORK) |
                           (emergency ? DORA__BIT(DORA__RELEASE) : 0) | (chunk->wide & DORA__BIT(DORA__RESTORED_AT));
    return !(chunk->columns & other) && !derived->resolved && !derived->rolled_by;
}

/* A dora__range_fn. */
static dora_status derive_outcomes(struct dora__steps *steps, uint32_t row, uint32_t last) {
    struct dora__derived *derived = steps->derived;
    uint32_t emergency = dora__pool_find(&steps->facts->strings, "emergency", 9);
    dora_status status = DORA_OK;
    for (uint32_t end; row < last && status == DORA_OK; row = end) {
        const struct dora__chunk *chunk = dora__chunk_of(steps->deployments, row);
        uint32_t begin = row;
        end = chunk_end(steps, row);
        if (row % DORA__CHUNK_ROWS == 0 && is_plain(derived, chunk, emergency))
            derive_failed(derived, chunk, row, end);
        else
            for (; row < end; row++)
                derive_outcome(derived, chunk, row,
                               is_emergency(steps, dora__handle_at(chunk, DORA__RELEASE, row), emergency));
        status = dora__step_on(steps, end - begin);
    }
    return status;
}

dora_status dora__derive_outcomes(struct dora__steps *steps) {
    return dora__in_ranges(steps, derive_outcomes);
}
