/* SPDX-License-Identifier: MIT */
/*
 * The order of deployments and, on demand, D+ by service in that order.
 */
#include "derive/step.h"

#include "base/sort.h"

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

/* Two sets by their sorted strings, which is how lists of deployments without id are kept; a prefix first. */
static int compare_lists(const struct dora__pool *strings, const struct dora__list *a, const struct dora__list *b) {
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    uint32_t shorter = a->count < b->count ? a->count : b->count, i = 0;
    while (i < shorter && a->items[i] == b->items[i])
        i++;
    return i < shorter ? dora__pool_compare(strings, a->items[i], b->items[i]) : compare_numbers(a->count, b->count);
}

/* Deployments without id at the same t, by their other fields in the order of the table of fields. */
static int compare_fields(const struct dora__facts *facts, const struct dora__chunk *x, uint32_t a,
                          const struct dora__chunk *y, uint32_t b) {
    for (uint64_t left = dora__kinds[DORA_KIND_DEPLOYMENT].fields; left; left &= left - 1) {
        enum dora__field field = (enum dora__field)__builtin_ctzll(left);
        int order;
        switch (dora__fields[field].type) {
        case DORA__STRING:
            order = dora__pool_compare(&facts->strings, dora__handle_at(x, field, a), dora__handle_at(y, field, b));
            break;
        case DORA__SERVICE:
            order = dora__pool_compare(&facts->services, dora__handle_at(x, field, a), dora__handle_at(y, field, b));
            break;
        case DORA__LIST:
            order = compare_lists(&facts->strings, dora__list_at(x, field, a), dora__list_at(y, field, b));
            break;
        case DORA__INSTANT:
            order = compare_numbers(dora__instant_at(x, field, a), dora__instant_at(y, field, b));
            break;
        default:
            order = dora__byte_at(x, field, a) - dora__byte_at(y, field, b);
        }
        if (order)
            return order;
    }
    return 0;
}

int dora__compare_deployments(const void *context, uint32_t a, uint32_t b) {
    const struct dora__steps *steps = context;
    const struct dora__chunk *x = dora__chunk_of(steps->deployments, a), *y = dora__chunk_of(steps->deployments, b);
    int order = compare_numbers(dora__t(x, a), dora__t(y, b));
    if (order || a == b)
        return order;
    uint32_t id_a = dora__handle_at(x, DORA__ID, a), id_b = dora__handle_at(y, DORA__ID, b);
    if (id_a || id_b)
        return dora__pool_compare(&steps->facts->strings, id_a, id_b);
    return compare_fields(steps->facts, x, a, y, b);
}

static uint32_t service_of(const struct dora__steps *steps, uint32_t row) {
    return dora__table_handle(steps->deployments, DORA__SERVICE_NAME, row);
}

dora_status dora__make_lanes(struct dora__steps *steps) {
    struct dora__lanes *lanes = &steps->lanes;
    const struct dora__derived *derived = steps->derived;
    if (lanes->begin)
        return DORA_OK;
    size_t *begin = dora__alloc_zeroed(steps->memory, (size_t)derived->services + 2, sizeof *begin);
    if (!begin)
        return DORA_ERROR_MEMORY;
    lanes->begin = begin;
    for (uint32_t row = 0; row < derived->deployments; row++)
        if (derived->flags[row] & DORA__IS_PLUS)
            begin[service_of(steps, row) + 1]++;
    for (size_t service = 0; service <= derived->services; service++)
        begin[service + 1] += begin[service];
    lanes->count = (uint32_t)begin[derived->services + 1];
    if (!lanes->count)
        return DORA_OK;
    lanes->rows = dora__alloc(steps->memory, lanes->count, sizeof *lanes->rows);
    steps->scratch = dora__alloc(steps->memory, lanes->count, sizeof *steps->scratch);
    if (!lanes->rows || !steps->scratch)
        return DORA_ERROR_MEMORY;
    for (uint32_t row = 0; row < derived->deployments; row++) /* begin[s] runs to the end of lane s ... */
        if (derived->flags[row] & DORA__IS_PLUS)
            lanes->rows[begin[service_of(steps, row)]++] = row;
    for (size_t service = derived->services + 1; service > 0; service--) /* ... which is where lane s + 1 begins */
        begin[service] = begin[service - 1];
    begin[0] = 0;
    for (size_t service = 0; service <= derived->services; service++) {
        dora__sort_items(lanes->rows + begin[service], steps->scratch, begin[service + 1] - begin[service],
                         dora__compare_deployments, steps);
        dora_status status = dora__step_on(steps, begin[service + 1] - begin[service]);
        if (status != DORA_OK)
            return status;
    }
    return DORA_OK;
}
