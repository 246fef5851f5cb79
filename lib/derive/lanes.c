/* SPDX-License-Identifier: MIT */
/*
 * On demand, D+ by service, in the order of deployments.
 */
#include "derive/step.h"

dora_status dora__make_lanes(struct dora__steps *steps) {
    struct dora__lanes *lanes = &steps->lanes;
    const struct dora__order *order = &steps->order;
    if (lanes->begin)
        return DORA_OK;
    dora_status status = dora__make_order(steps);
    if (status != DORA_OK)
        return status;
    size_t services = steps->derived->services, *begin = dora__alloc_zeroed(steps->memory, services + 2, sizeof *begin);
    if (!begin)
        return DORA_ERROR_MEMORY;
    lanes->begin = begin;
    lanes->count = order->count;
    if (!lanes->count)
        return DORA_OK;
    lanes->ranks = dora__alloc(steps->memory, lanes->count, sizeof *lanes->ranks);
    if (!lanes->ranks)
        return DORA_ERROR_MEMORY;
    for (uint32_t rank = 0; rank < order->count; rank++)
        begin[order->ranked[rank].service + 1]++;
    for (size_t service = 0; service <= services; service++)
        begin[service + 1] += begin[service];
    for (uint32_t rank = 0; rank < order->count; rank++) /* begin[s] runs to the end of lane s ... */
        lanes->ranks[begin[order->ranked[rank].service]++] = rank;
    for (size_t service = services + 1; service > 0; service--) /* ... which is where lane s + 1 begins */
        begin[service] = begin[service - 1];
    begin[0] = 0;
    return DORA_OK;
}
