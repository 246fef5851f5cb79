/* SPDX-License-Identifier: MIT */
/*
 * The order of deployments. Comparing two of them costs cache misses, so D+ is put in order once, by the leading bits
 * of t and a radix sort; only those that share these bits are compared. From then on all who need the order take the
 * number that a deployment has in it, its rank.
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

/* The least and greatest t of D+, and how many there are. */
static uint32_t find_extent(const struct dora__steps *steps, int64_t *least, int64_t *greatest) {
    const struct dora__derived *derived = steps->derived;
    uint32_t count = 0;
    *least = INT64_MAX;
    *greatest = INT64_MIN;
    for (uint32_t row = 0; row < derived->deployments; row++) {
        if (!(derived->flags[row] & DORA__IS_PLUS))
            continue;
        int64_t t = dora__t_of(steps, row);
        *least = t < *least ? t : *least;
        *greatest = t > *greatest ? t : *greatest;
        count++;
    }
    return count;
}

/* Rows of D+ in order, in `rows`. `keys` has room for two a row. */
static void sort_rows(struct dora__steps *steps, int64_t least, int64_t greatest, uint64_t *keys, uint32_t *rows,
                      uint32_t count) {
    const struct dora__derived *derived = steps->derived;
    unsigned shift = 0;
    while (((uint64_t)greatest - (uint64_t)least) >> shift > UINT32_MAX)
        shift++;
    size_t at = 0;
    for (uint32_t row = 0; row < derived->deployments; row++)
        if (derived->flags[row] & DORA__IS_PLUS)
            keys[at++] = ((uint64_t)dora__t_of(steps, row) - (uint64_t)least) >> shift << 32 | row;
    const uint64_t *sorted = dora__sort_u64(keys, keys + count, count, 32);
    for (size_t i = 0; i < count; i++)
        rows[i] = (uint32_t)sorted[i];
    uint32_t *scratch = (uint32_t *)(sorted == keys ? keys + count : keys);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && sorted[end] >> 32 == sorted[begin] >> 32;)
            end++;
        dora__sort_items(rows + begin, scratch, end - begin, dora__compare_deployments, steps);
    }
}

dora_status dora__make_order(struct dora__steps *steps) {
    struct dora__order *order = &steps->order;
    uint32_t deployments = steps->derived->deployments;
    if (order->rank || !deployments)
        return DORA_OK;
    int64_t least, greatest;
    uint32_t count = find_extent(steps, &least, &greatest);
    order->rank = dora__alloc(steps->memory, deployments, sizeof *order->rank);
    if (!order->rank)
        return DORA_ERROR_MEMORY;
    for (uint32_t row = 0; row < deployments; row++)
        order->rank[row] = DORA__NO_ROW;
    if (!count)
        return DORA_OK;
    order->count = count;
    order->ranked = dora__alloc(steps->memory, count, sizeof *order->ranked);
    uint64_t *keys = dora__alloc(steps->memory, count, 2 * sizeof *keys);
    uint32_t *rows = dora__alloc(steps->memory, count, sizeof *rows);
    if (order->ranked && keys && rows) {
        sort_rows(steps, least, greatest, keys, rows, count);
        for (uint32_t i = 0; i < count; i++)
            order->rank[rows[i]] = i;
        for (uint32_t row = 0; row < deployments; row++)
            if (order->rank[row] != DORA__NO_ROW)
                order->ranked[order->rank[row]] = (struct dora__ranked){
                    dora__t_of(steps, row), row, dora__table_handle(steps->deployments, DORA__SERVICE_NAME, row)};
    }
    dora__free(steps->memory, keys, count, 2 * sizeof *keys);
    dora__free(steps->memory, rows, count, sizeof *rows);
    return order->ranked && keys && rows ? dora__step_on(steps, deployments) : DORA_ERROR_MEMORY;
}

void dora__steps_end(struct dora__steps *steps) {
    struct dora__order *order = &steps->order;
    struct dora__lanes *lanes = &steps->lanes;
    dora__free(steps->memory, lanes->ranks, lanes->count, sizeof *lanes->ranks);
    dora__free(steps->memory, lanes->begin, (size_t)steps->derived->services + 2, sizeof *lanes->begin);
    dora__free(steps->memory, order->rank, steps->derived->deployments, sizeof *order->rank);
    dora__free(steps->memory, order->ranked, order->count, sizeof *order->ranked);
}
